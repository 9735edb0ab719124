/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ENTCAP_STATE_FOUR_H
#define ENTCAP_STATE_FOUR_H

/**
 * Four: the message m[a,b,c,d] of a mixed subtree (copies.h), r^4 numbers stored by half.
 * Exchanging the copies in pairs changes nothing:
 *
 *     m[a,b,c,d] = m[c,d,a,b] = m[b,a,d,c] = m[d,c,b,a]
 *
 * so that b <= d is enough, as one r x r matrix over (a, c) for every such pair:
 *
 *     x[pair(b, d)][a][c],   pair(b, d) = d (d + 1) / 2 + b
 *
 * All pairs of one d are neighbours, and the unit of work shared among threads. Sums of squares
 * are over all r^4 entries.
 */

#include <stddef.h>

/** Numbers stored: r^2 r (r + 1) / 2; of a half-way one, r^2 for every pair of `in`. */
static inline size_t ec_four_pairs(size_t r)
{
    return r * (r + 1) / 2;
}

/** W, out x in, and its transpose; `scratch` is the calling thread's, ec_four_scratch numbers. */
typedef struct ec_four_map {
    size_t in, out;
    const double *w, *transposed;
    double *scratch;
} ec_four_map;

size_t ec_four_scratch(size_t in, size_t out);

/**
 * Two pure subtrees, or products of such, in one window: m = H_A[a,d] H_A[b,c] H_B[a,b] H_B[c,d],
 * for which the matrix of every pair has rank one, e f^T.
 */
typedef struct ec_ring {
    const double *h_a, *h_b; /* r x r, symmetric; NULL: all ones */
} ec_ring;

/** x = y z, n numbers; x may be y. Returns the sum of squares. */
double ec_entries_multiply(double *x, const double *y, const double *z, size_t n);
double ec_entries_sum_of_squares(const double *x, size_t n);

double ec_four_sum_of_squares(const double *t, size_t r);

/** t = u v, entry by entry; t may be u. Returns the sum of squares. */
double ec_four_multiply(double *t, const double *u, const double *v, size_t r);

/** t = u times a ring; t may be u. Returns the sum of squares. */
double ec_four_join(double *t, const double *u, const ec_ring *ring, size_t r, double *scratch);

/** t = a ring. Returns the sum of squares. */
double ec_four_expand(double *t, const ec_ring *ring, size_t r, double *scratch);

/**
 * half = W on copies a and c of the pairs with this d: half[pair][a'][c'], from t or, if it is
 * NULL, from a ring, whose share in the sum of squares is returned.
 */
void ec_four_first(double *half, const double *t, const ec_four_map *map, size_t d);
double ec_four_first_ring(double *half, const ec_ring *ring, const ec_four_map *map, size_t d);

/** out = W on the other two copies: of the pairs (a', c') with this c', at which out is stored.
 * Returns their share in the sum of squares. */
double ec_four_second(double *out, const double *half, const ec_four_map *map, size_t c);

/** sum m[a,b,c,d] v_a v_b v_c v_d */
double ec_four_contract(const double *t, const double *v, size_t r);

#endif
