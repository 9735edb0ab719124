/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ENTCAP_DESIGN_MONOMIALS_H
#define ENTCAP_DESIGN_MONOMIALS_H

/**
 * Sets of monomials, each a vector of exponents, standing for their minimum over all values >= 1
 * of the variables. min of two sets is their union, the product their Minkowski sum, the k-th
 * power multiplies every vector by k (the power of a minimum is the minimum of the powers).
 */

#include "core/flow.h"

/** Rows of n_variables exponents. */
typedef struct ec_monomials {
    size_t n, capacity, n_variables;
    uint64_t *exponent; /* n x n_variables, row-major */
} ec_monomials;

void ec_monomials_clear(ec_monomials *set);

/** Append one row; EC_ELIMIT beyond EC_FORMULA_MAX_WORK rows. */
EC_NODISCARD ec_status ec_monomials_add(ec_monomials *set, const uint64_t *row, ec_error *err);

/** Append a single variable: row e_variable. */
EC_NODISCARD ec_status ec_monomials_add_variable(ec_monomials *set, size_t variable, ec_error *err);

/** Append the rows of `from`: the minimum of both. */
EC_NODISCARD ec_status ec_monomials_unite(ec_monomials *set, const ec_monomials *from,
                                          ec_error *err);

/** set = set * factor^power; the empty set is infinity and stays empty. */
EC_NODISCARD ec_status ec_monomials_multiply(ec_monomials *set, const ec_monomials *factor,
                                             uint64_t power, ec_error *err);

/** Multiply every row by one variable. */
void ec_monomials_shift(ec_monomials *set, size_t variable);

/**
 * Reduce to the rows that are the strict minimum for some real values >= 1 of the variables, in
 * lexicographic order. Row x goes exactly if it is at least a convex combination of the others in
 * every component. Rows are collected by Clarkson's method (a linear program per row, against
 * those already kept), then each is tested against the kept ones in rational arithmetic.
 *
 * Cost:   O(n^2) comparisons and about 2 n small LPs.
 * Errors: EC_ELIMIT (more than EC_FORMULA_MAX_TERMS), EC_ECANCEL, EC_ENOMEM, EC_ENUMERIC (the
 *         solver failed)
 */
EC_NODISCARD ec_status ec_monomials_reduce(ec_monomials *set, const ec_run *run, ec_error *err);

#endif
