/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ENTCAP_DESIGN_OPTIMIZE_I_H
#define ENTCAP_DESIGN_OPTIMIZE_I_H

/**
 * Shared inside the optimiser: the question in numbers, boxes of widths, the relaxation above a
 * box, and the search. All bounds grow with every width, and so does the cost.
 */

#include "core/flow.h"
#include "entcap/design.h"

#define EC_MAX_LEVELS 64

/** Widths by their numbers in the ranges: lo[l] .. hi[l] of every level. */
typedef struct ec_box {
    size_t lo[EC_MAX_LEVELS], hi[EC_MAX_LEVELS];
} ec_box;

/** One term of a bound that is linear in x = log2 of the widths: t_k <= sum coefficient x. */
typedef struct ec_linear_term {
    size_t goal;
    double coefficient[EC_MAX_LEVELS];
} ec_linear_term;

/** The question in numbers. */
typedef struct ec_problem {
    const ec_design_input *in;
    size_t n_levels, n_goals;
    ec_formula (*formula)[2]; /* per goal: min cut, shared bound (no terms if none applies) */
    double **log2_values;     /* per level: of the values of its range */
    double *factor;           /* per level: cost of one entry of its matrices */
    double last_factor;       /* of the dense layer: times d of the last level */
    ec_linear_term *terms;
    size_t n_terms;
} ec_problem;

/** Owns: *out, to be cleared, also after an error. Errors: as ec_design_solve */
EC_NODISCARD ec_status ec_problem_init(ec_problem *out, const ec_design_input *input,
                                       const ec_run *run, ec_error *err);
void ec_problem_clear(ec_problem *problem);

void ec_problem_widths(uint32_t *widths, const ec_problem *problem, const size_t *at);
double ec_problem_cost(const ec_problem *problem, const size_t *at);

/** Cost and its gradient at real x = log2 of the widths; gradient may be NULL. */
double ec_problem_cost_at(double *gradient, const ec_problem *problem, const double *x);

/** log2 of the bound of a goal. */
double ec_problem_log2(const ec_problem *problem, size_t goal, const size_t *at);

/** What a search accepts and what it is after. */
typedef struct ec_search {
    const ec_problem *problem;
    const double *weight;   /* per goal */
    const ec_int *min_rank; /* per goal */
    bool maximize;
    double at_least, below; /* the objective lies in [at_least, below) */
    double budget;          /* most cost */
    const size_t *except;   /* a choice that does not count, or NULL */
    size_t max_nodes;
    /* result */
    bool found, complete;
    size_t best[EC_MAX_LEVELS];
    double objective, cost;
    double price; /* of the budget at the root, in objective per unit */
    size_t n_nodes;
} ec_search;

/**
 * Find the best choice: the largest objective (equal within the tolerance: the first found), or the
 * smallest cost. `complete` says that it is proved.
 * Errors: EC_ENOMEM, EC_ENUMERIC, EC_ECANCEL
 */
EC_NODISCARD ec_status ec_search_run(ec_search *search, const ec_run *run, ec_error *err);

/** sum of weight * log2 bound. */
double ec_search_objective(const ec_search *search, const size_t *at);

/** Do all bounds reach their required ranks? Exactly, where logarithms are close. */
bool ec_search_meets(const ec_search *search, const size_t *at);

/* -------------------------------------------------------------- relaxation */

/** The linear program above a box; tangents of the cost are kept from box to box. */
typedef struct ec_relaxation ec_relaxation;

EC_NODISCARD ec_status ec_relaxation_new(ec_relaxation **out, const ec_search *search,
                                         ec_error *err);
void ec_relaxation_free(ec_relaxation *relaxation);

/**
 * An upper bound of the objective (maximize) or of minus the cost over a box, proved by the dual
 * values in double arithmetic, and the point x where the program has its optimum. +infinity and the
 * upper corner if the program was of no use.
 */
EC_NODISCARD ec_status ec_relaxation_solve(double *bound, double *x, double *price,
                                           ec_relaxation *relaxation, const ec_box *box,
                                           ec_error *err);

#endif
