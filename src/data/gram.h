/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ENTCAP_DATA_GRAM_H
#define ENTCAP_DATA_GRAM_H

/**
 * Gram matrices of samples over blocks of features. A symmetric S x S matrix is stored as its
 * packed lower triangle, element (i, j <= i) at i (i + 1) / 2 + j, so that an elementwise product
 * of two is one loop over S (S + 1) / 2 numbers.
 */

#include "entcap/data.h"

/** Length of a packed triangle. */
static inline size_t gram_length(size_t n)
{
    return n * (n + 1) / 2;
}

/** cos and sin of pi theta x of a batch of samples: features x samples, row-major. */
typedef struct gram_angles {
    double *cos, *sin;
    size_t n, n_features;
} gram_angles;

/** The batch is the samples `index` 0 .. n-1. Owns: *out, to be cleared. Errors: EC_ENOMEM */
EC_NODISCARD ec_status gram_angles_init(gram_angles *out, const ec_samples *samples,
                                        const uint32_t *index, size_t n, double theta,
                                        ec_error *err);
void gram_angles_clear(gram_angles *angles);

/** G[i, j] = prod over the features of a block (in a grid `width` wide) of cos(a_i - a_j). */
void gram_of_block(double *g, const gram_angles *angles, const ec_block *block, size_t width);

/** g = a o b, and g = g o a, elementwise. */
void gram_product(double *restrict g, const double *restrict a, const double *restrict b,
                  size_t length);
void gram_multiply(double *restrict g, const double *restrict a, size_t length);

/** The lower triangle as a square matrix, zeros above. */
void gram_unpack_lower(double *restrict full, const double *restrict g, size_t n);

/** The whole symmetric matrix with samples in another order: full[i, j] = g[order[i], order[j]]. */
void gram_unpack_ordered(double *restrict full, const double *restrict g, const uint32_t *order,
                         size_t n);

#endif
