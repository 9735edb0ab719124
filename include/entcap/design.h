/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ENTCAP_DESIGN_H
#define ENTCAP_DESIGN_H

/**
 * design: which widths to choose. The bound of a partition as an exact formula in the widths, its
 * value over ranges of widths, and the widths that are proved best under a budget or a requirement.
 *
 * Everything here is about ConvACs (the layers form). Widths are the dimensions d_0 = M, d_1 = r0,
 * d_2 = r1, ... of the levels (arch.h); a configuration is one value per level.
 */

#include "entcap/bound.h"

/* ----------------------------------------------------------------- formula */

/**
 * A variable of a formula: the width d_l of a level (power 0), or what only the shared-weights
 * bound uses, the dimension of the symmetric power
 *
 *     C(G_l + q - 1, q),   G_0 = d_0,   G_l = min(d_l, C(G_{l-1} + P_l - 1, P_l))
 *
 * that q equal subtrees below the next level span together; each spans G_l dimensions before its
 * matrix W_l.
 */
typedef struct ec_formula_variable {
    size_t level;
    uint64_t power; /* 0: the width; q >= 2: the symmetric power */
} ec_formula_variable;

/**
 * A bound as the minimum of monomials: min over terms t of prod_v value(v)^exponent[t, v].
 *
 * Exact: for every configuration of widths >= 1 the minimum is the bound of the tree recursion.
 * Irredundant where all variables are widths: every term is the strict minimum for some real
 * widths >= 1 (one linear program per term, solved in rational arithmetic). With symmetric powers,
 * which depend on each other, some terms may never be the minimum.
 */
typedef struct ec_formula {
    ec_formula_variable *variables; /* widths of all levels first, in order */
    size_t n_variables, n_levels;
    char (*name)[16];   /* n_levels: "M", "r0", ... */
    size_t *window;     /* n_levels: P_l */
    uint64_t *exponent; /* n_terms x n_variables, row-major; highest layers first */
    size_t n_terms;
} ec_formula;

/** Most terms of a formula; beyond, ec_design_formula answers EC_ELIMIT. */
#define EC_FORMULA_MAX_TERMS 10000

/**
 * The min cut (shared = false) or the shared-weights bound of one partition as a formula: the tree
 * recursion over sets of monomials, product = Minkowski sum, min = union, pruned at every node.
 *
 * Cost:   O(classes) set operations, one small LP per surviving term.
 * Owns:   *out, to be cleared, also after an error.
 * Errors: EC_EINVAL (a network description; shared where no window has all layers below it shared;
 *         a bad side), EC_ELIMIT (more than EC_FORMULA_MAX_TERMS terms at some node; memory),
 *         EC_ENOMEM, EC_ENUMERIC (the LP solver failed)
 * Source: [LYCS18] for the cut; symbolic form: ARCHITECTURE.md
 */
EC_NODISCARD ec_status ec_design_formula(ec_formula *out, const ec_arch *arch, const ec_sites *a,
                                         bool shared, const ec_run *run, ec_error *err);

void ec_formula_clear(ec_formula *formula);

/** Value at widths[n_levels] (each >= 1), exact; *argmin (may be NULL) is the first minimal term.
 */
void ec_formula_evaluate(ec_int *value, size_t *argmin, const ec_formula *formula,
                         const uint32_t *widths);

/** "r0" or "C(g1+7,8)": a variable in text notation, cut to `size` bytes. */
void ec_formula_variable_name(char *name, size_t size, const ec_formula *formula, size_t variable);

typedef enum ec_notation { EC_NOTATION_TEXT, EC_NOTATION_LATEX } ec_notation;

/**
 * "min(r4, r3^2, r2^8, M^512)"; one term stands without min(). Symmetric powers print as
 * C(g1+7,8) with g1 explained by ec_formula_print_definitions. To be freed by ec_free.
 */
char *ec_formula_print(const ec_formula *formula, ec_notation notation, ec_error *err);

/** "g1 = min(r0, C(M+1,2))", a line per G in use; "" if there are none. To be freed by ec_free.
 */
char *ec_formula_print_definitions(const ec_formula *formula, ec_notation notation, ec_error *err);

/* ------------------------------------------------------------------ ranges */

/** The values that the width of one level runs through, in the order given, none twice. */
typedef struct ec_range {
    uint32_t *values;
    size_t n;
} ec_range;

/** A range for every level; a width that was not given has one value, its own. */
typedef struct ec_ranges {
    ec_range *level;
    size_t n_levels;
} ec_ranges;

/**
 * The widths of the description, each a range of one value.
 * Owns: *out, to be cleared, also after an error. Errors: EC_EINVAL (a network), EC_ENOMEM
 */
EC_NODISCARD ec_status ec_ranges_init(ec_ranges *out, const ec_arch *arch, ec_error *err);
void ec_ranges_clear(ec_ranges *ranges);

/**
 * Replace one range: "r0=8", "r0=8,16,32", "r0=4..64" (step 1), "r0=4..64:+4", "r0=4..64:x2", or
 * several joined by commas; "input=..." or "M=..." for M.
 * Errors: EC_EINVAL (an unknown width, with the nearest known one; a value outside 1 .. 2^20, a
 *         range that runs backwards, a step of 0 or x1, a repeated value), EC_ENOMEM
 */
EC_NODISCARD ec_status ec_ranges_set(ec_ranges *ranges, const ec_arch *arch, const char *text,
                                     ec_error *err);

/** Number of configurations, prod n_l; UINT64_MAX if it is larger. */
uint64_t ec_ranges_count(const ec_ranges *ranges);

/* ------------------------------------------------------------------- sweep */

typedef enum ec_quantity {
    EC_QUANTITY_PARAMETERS,
    EC_QUANTITY_MULTIPLY_ADDS,
    EC_QUANTITY_BOUND /* the smaller of min cut and shared bound of one partition */
} ec_quantity;

typedef enum ec_relation { EC_AT_MOST, EC_LESS, EC_AT_LEAST, EC_MORE, EC_EQUAL } ec_relation;

/** A condition on a configuration: quantity relation value. */
typedef struct ec_filter {
    ec_quantity quantity;
    size_t partition; /* EC_QUANTITY_BOUND: which */
    ec_relation relation;
    ec_int value; /* of the count, or of the rank */
    double log2;  /* of value; -infinity for 0 */
} ec_filter;

/**
 * Read a condition: NAME, one of <= < >= > =, and a decimal integer; NAME is `params`, `madds` or
 * the name of one of the partitions, whose rank is meant.
 * Owns: *out, to be cleared, also after an error. Errors: EC_EINVAL
 */
EC_NODISCARD ec_status ec_filter_parse(ec_filter *out, const char *text,
                                       const ec_partitions *partitions, ec_error *err);
void ec_filter_clear(ec_filter *filter);

/** What to sweep. Widths are channels; a constant channel adds 1 to a dimension, which bounds see.
 * All borrowed: they outlive the ec_sweep made from them. */
typedef struct ec_sweep_input {
    const ec_arch *arch;
    const ec_partitions *partitions;
    const ec_ranges *ranges;
    const ec_filter *filters;
    size_t n_filters;
    bool pareto;      /* keep only configurations that no other beats, see ec_sweep_reduce */
    ec_quantity cost; /* of pareto: parameters or multiply-adds */
    bool apart;       /* of pareto: emit the best of every unit, for ec_sweep_merge */
} ec_sweep_input;

/**
 * Configurations and what they cost and carry. Number k of `partitions` has its log2 min cut in
 * log2[row, 2 k] and its log2 shared bound in log2[row, 2 k + 1], +infinity where none applies.
 */
typedef struct ec_sweep_rows {
    size_t n, capacity, n_bounds; /* n_bounds = 2 * partitions */
    uint64_t *index;              /* n: which configuration, see ec_sweep_widths */
    uint64_t *parameters, *multiply_adds;
    double *log2; /* n x n_bounds, row-major */
} ec_sweep_rows;

void ec_sweep_rows_clear(ec_sweep_rows *rows);

/** A prepared sweep. Read-only once made: units may be run from several threads. */
typedef struct ec_sweep ec_sweep;

/**
 * Prepare a sweep: collapse equal subtrees once per partition and cut the configurations, in
 * lexicographic order with the lowest level slowest, into units of consecutive ones.
 *
 * Errors: EC_EINVAL (a network; a bad side), EC_ELIMIT (2^53 configurations or more, counts that
 *         reach 2^62, memory), EC_ENOMEM
 */
EC_NODISCARD ec_status ec_sweep_new(ec_sweep **out, const ec_sweep_input *input, const ec_run *run,
                                    ec_error *err);
void ec_sweep_free(ec_sweep *sweep);

/** Number of units; of configurations. */
size_t ec_sweep_units(const ec_sweep *sweep);
uint64_t ec_sweep_count(const ec_sweep *sweep);

/** Widths of all levels of a configuration. */
void ec_sweep_widths(uint32_t *widths, const ec_sweep *sweep, uint64_t index);

/** Takes rows as they are found; any other status than EC_OK ends the sweep with it. */
typedef ec_status ec_sweep_emit(void *arg, const ec_sweep *sweep, const ec_sweep_rows *rows,
                                ec_error *err);

/**
 * Run units first .. first + n - 1 by run->threads threads. `emit` is called with the rows that
 * pass the filters, in order, part by part (with pareto: once, with those that no other row beats);
 * what it gets is the same for any number of threads.
 *
 * The tree recursion runs level by level over arrays of configurations with a common prefix, so
 * that lower levels are computed once per prefix. Values are double logarithms with a relative
 * error below 1e-13; a filter on a rank that is closer than 1e-12 is decided by exact integers.
 *
 * Cost:   O(classes of the top level) per configuration, plus the prefixes.
 * Errors: what `emit` returns; EC_ENOMEM, EC_ECANCEL
 */
EC_NODISCARD ec_status ec_sweep_run(const ec_sweep *sweep, size_t first, size_t n,
                                    ec_sweep_emit *emit, void *arg, const ec_run *run,
                                    ec_error *err);

/** Append the rows of `from`; both have the same n_bounds. Errors: EC_ENOMEM */
EC_NODISCARD ec_status ec_sweep_append(ec_sweep_rows *rows, const ec_sweep_rows *from,
                                       ec_error *err);

/**
 * Keep the rows that no other row beats: no larger cost, no smaller bound of any partition, and one
 * of them better; of equals the first stays. Logarithms within 1e-12 (relative) count as equal.
 * Order is kept.
 * Cost: O(n f), f the rows that stay. Errors: EC_ENOMEM
 */
EC_NODISCARD ec_status ec_sweep_reduce(ec_sweep_rows *rows, ec_quantity cost, ec_error *err);

/**
 * Add the best rows of one more unit to the best so far. *reduced, 0 at first, is how many the last
 * reduction left: it is done now and then. All units in order, and ec_sweep_reduce at the end, make
 * what ec_sweep_run emits.
 * Errors: EC_ENOMEM
 */
EC_NODISCARD ec_status ec_sweep_merge(ec_sweep_rows *best, size_t *reduced,
                                      const ec_sweep_rows *unit, ec_quantity cost, ec_error *err);

/* ---------------------------------------------------------- optimal widths */

/** What a design is to reach across one partition. */
typedef struct ec_design_goal {
    size_t partition; /* of ec_design_input.partitions */
    double weight;    /* of its log2 bound in the objective; 0: none */
    ec_int min_rank;  /* required; 0 or 1: nothing */
} ec_design_goal;

/** The question. All borrowed. */
typedef struct ec_design_input {
    const ec_arch *arch;
    const ec_partitions *partitions;
    const ec_ranges *ranges; /* widths to choose from, ascending in every level */
    const ec_design_goal *goals;
    size_t n_goals;
    bool maximize;      /* the objective, within the budget; else minimise the cost */
    bool lexicographic; /* maximise goal after goal, in order, instead of the weighted sum */
    ec_quantity cost;   /* parameters or multiply-adds */
    uint64_t budget;    /* most cost; UINT64_MAX: none */
    size_t max_nodes;   /* of every search; 0: EC_DESIGN_MAX_NODES */
} ec_design_input;

/** One choice of widths. */
typedef struct ec_design {
    uint32_t *widths; /* one per level; NULL if there is no such design */
    size_t n_levels;
    uint64_t parameters, multiply_adds;
    ec_int *ranks; /* per goal: the bound, exact */
    size_t n_goals;
    double objective; /* sum of weight * log2 rank */
} ec_design;

void ec_design_clear(ec_design *design);

/** The answer. */
typedef struct ec_design_answer {
    bool feasible;
    bool optimal;        /* proved: no design is better by more than EC_DESIGN_TOLERANCE */
    ec_design best;      /* of equally good ones the cheapest, then the lexicographically first */
    ec_design runner_up; /* the next best design: with a smaller objective, or at a higher cost */
    ec_design next;      /* maximise: the cheapest with a larger objective than `best`, whatever the
                            budget; minimise and infeasible: the cheapest that meets the requirements */
    double price;        /* maximise: objective that one more unit of budget buys in the continuous
                            relaxation at the optimum (dual of the budget; an estimate) */
    size_t n_nodes;      /* branch-and-bound nodes */
} ec_design_answer;

/** Relative tolerance of objectives, in log2 of a rank. */
#define EC_DESIGN_TOLERANCE 1e-9

/**
 * The best widths, proved by branch and bound.
 *
 *     maximise  sum_k w_k log2 bound_k(d)   subject to  cost(d) <= budget, bound_k(d) >= R_k
 *     or minimise cost(d);   d_l in ranges,  cost(d) = sum_l c_l d_{l+1} d_l
 *
 * In x = log2 d every bound is a minimum of linear functions (its formula) and the cost is convex,
 * so that tangents of the cost give a linear program above every box of widths. Its dual values
 * prove the box's bound in double arithmetic whatever the solver did (weak duality over the box),
 * and boxes are split until no bound is better than the best design found by more than the
 * tolerance. Terms with symmetric powers enter by their value at the box's upper corner.
 * Requirements and reported ranks are exact integers.
 *
 * Cost:   exponential in the number of levels at worst; thousands of nodes for six levels in
 *         practice. After max_nodes nodes the best design so far is returned with
 *         optimal = false.
 * Owns:   *out, to be cleared, also after an error.
 * Errors: EC_EINVAL (a network, a range that does not ascend, no goal), EC_ELIMIT (a formula of
 * more than EC_FORMULA_MAX_TERMS terms, more than 64 levels, counts of 2^62), EC_ENUMERIC,
 *         EC_ENOMEM, EC_ECANCEL
 */
EC_NODISCARD ec_status ec_design_solve(ec_design_answer *out, const ec_design_input *input,
                                       const ec_run *run, ec_error *err);

#define EC_DESIGN_MAX_NODES 2000000

void ec_design_answer_clear(ec_design_answer *answer);

#endif
