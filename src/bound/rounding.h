/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ENTCAP_BOUND_ROUNDING_H
#define ENTCAP_BOUND_ROUNDING_H

/**
 * Logarithms of dimensions as integral capacities, and what the rounding can hide.
 *
 *     capacity(d) = round(s log2 d),   s the largest power of two that keeps all sums exact
 *
 * or log_b d, exactly, if every dimension is a power of one integer b.
 */

#include "entcap/bound.h"

/** An integer that is no perfect power, and the dimensions that are its powers. */
typedef struct ec_root {
    uint32_t base;
    uint64_t most;            /* its exponent in the product of all dimensions */
    long double log2;         /* of base */
    long double most_through; /* largest capacity(base^m) / m among the dimensions */
} ec_root;

typedef struct ec_rounding {
    ec_factor
        *dims; /* the distinct dimensions above 1, ascending, and how many indices have each */
    size_t n_dims;
    ec_root *roots; /* of the dimensions; the one with the most powers first */
    size_t n_roots;
    size_t *root; /* n_dims: the root of each dimension */
    bool exact;   /* one root at most: nothing is rounded */
    long double largest_scale, scale;
    uint64_t n_rounded;     /* indices whose capacity is rounded: all but powers of 2 */
    long double lower_log2; /* no cut is below, by all flows so far */
} ec_rounding;

/** Scales that are worth a try. */
#define EC_ROUNDING_TRIES 3

/**
 * For n dimensions 1 .. 2^20; `dim` is sorted on the way.
 * Owns: *out, to be cleared, also after an error. Errors: EC_ENOMEM
 */
EC_NODISCARD ec_status ec_rounding_init(ec_rounding *out, uint32_t *dim, size_t n, ec_error *err);
void ec_rounding_clear(ec_rounding *rounding);

/** Choose the scale of the given try: the largest one times 1, 7/8, 6/8. */
void ec_rounding_choose(ec_rounding *rounding, int attempt);

/** capacity(dim) at the scale chosen. */
uint64_t ec_rounding_capacity(const ec_rounding *rounding, uint32_t dim);

/**
 * Is the cut proved minimal, given the maximum flow at the scale chosen? A smaller cut C has at
 * most log2 V / log2 dmin indices, E of them rounded, and
 *
 *     flow <= capacity(C) <= s log2 prod(C) + E/2,   so log2 prod(C) is in [(flow - E/2)/s, log2
 * V).
 *
 * Proved if no integer has its logarithm there, log2 V - (flow - E/2)/s < log2(V/(V-1)), or no
 * product of the dimensions that lets the flow through is smaller than V, as an integer.
 * Errors: EC_ENOMEM
 */
EC_NODISCARD ec_status ec_rounding_certify(bool *certified, ec_rounding *rounding,
                                           const ec_cut *cut, uint64_t flow, ec_error *err);

#endif
