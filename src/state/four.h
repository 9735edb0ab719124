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

#include <stdbool.h>
#include <stddef.h>

/** Numbers stored: r^2 r (r + 1) / 2; of a half-way one, r^2 for every pair of `in`. */
static inline size_t ec_four_pairs(size_t r)
{
    return r * (r + 1) / 2;
}

/** W, out x in, and its transpose; `scratch` is the calling thread's, ec_map_scratch numbers. */
typedef struct ec_map {
    size_t in, out;
    const double *w, *transposed;
    double norm; /* of W, Frobenius */
    double *scratch;
} ec_map;

/** Numbers of scratch; in floating point because dimensions can be anything. */
double ec_map_scratch(double in, double out);

/** transposed <- the transpose of w, rows x cols. */
void ec_map_transpose(double *transposed, const double *w, size_t rows, size_t cols);

/** y = W x W^T, (out,in)(in,in)(in,out) -> (out,out); x = NULL: the identity. */
void ec_map_apply(double *y, const double *x, const ec_map *map);

/**
 * The four copies of a window as the product that they are: of at most two messages, and of a ring,
 * which is what pure subtrees make together: H_A[a,d] H_A[b,c] H_B[a,b] H_B[c,d]. The matrix of
 * every pair of a ring has rank one, e f^T.
 */
typedef struct ec_factors {
    const double *t, *u;     /* NULL: none */
    const double *h_a, *h_b; /* r x r, symmetric; NULL: none */
} ec_factors;

/** x = y z, n numbers; x may be y. Returns the sum of squares. */
double ec_entries_multiply(double *x, const double *y, const double *z, size_t n);
double ec_entries_sum_of_squares(const double *x, size_t n);
bool ec_entries_are_finite(const double *x, size_t n);

double ec_four_sum_of_squares(const double *t, size_t r);

/** t = u v, entry by entry; t may be u. Returns the sum of squares. */
double ec_four_multiply(double *t, const double *u, const double *v, size_t r);

/** t = the product, written out; t may be factors->t. Returns the sum of squares. */
double ec_four_expand(double *t, const ec_factors *factors, size_t r, double *scratch);

/**
 * half = W on copies a and c of the pairs with this d: half[pair][a'][c']. Returns their share in
 * the sum of squares of the product.
 */
double ec_four_first(double *half, const ec_factors *factors, const ec_map *map, size_t d);

/** out = W on the other two copies: of the pairs (a', c') with this c', at which out is stored.
 * Returns their share in the sum of squares. */
double ec_four_second(double *out, const double *half, const ec_map *map, size_t c);

/** sum m[a,b,c,d] v_a v_b v_c v_d */
double ec_four_contract(const double *t, const double *v, size_t r);

#endif
