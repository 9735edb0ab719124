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

typedef enum ec_notation { EC_NOTATION_TEXT, EC_NOTATION_LATEX } ec_notation;

/**
 * "min(r4, r3^2, r2^8, M^512)"; one term stands without min(). Symmetric powers print as
 * C(g1+7,8) with g1 explained by ec_formula_print_definitions. To be freed by ec_free.
 */
char *ec_formula_print(const ec_formula *formula, ec_notation notation, ec_error *err);

/** "g1 = min(r0, C(M+1,2))", a line per G in use; "" if there are none. To be freed by ec_free.
 */
char *ec_formula_print_definitions(const ec_formula *formula, ec_notation notation, ec_error *err);

#endif
