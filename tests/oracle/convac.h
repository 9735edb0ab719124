/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ENTCAP_TESTS_ORACLE_CONVAC_H
#define ENTCAP_TESTS_ORACLE_CONVAC_H

/**
 * convac: small ConvACs made straight in the normal form of arch.h, and the whole tensor of one, as
 * defined, entry by entry: h_y on standard basis vectors, by recursion over the levels. Shares no
 * code with src beyond the numbers of an ec_arch and an ec_weights.
 */

#include "entcap/model.h"

/** One level: dimension of its indices, window, sharing of the matrices above. */
typedef struct convac_level {
    uint32_t dim, height, width;
    bool shared;
} convac_level;

/** An architecture of n levels and `outputs` labels, without names; sites follow from the windows.
 * Clear it. */
void convac_make(ec_arch *out, const convac_level *levels, size_t n, uint32_t outputs);
void convac_clear(ec_arch *arch);

/**
 * Random windows (1 to 4 children, 1-D or 2-D, leading pools and ordinary bonds included), widths
 * 1 to 5, sharing per level; at most max_sites sites, at least 2, and M^sites <= 4096.
 */
void convac_random(ec_arch *out, size_t max_sites, ec_rng *rng);

/** A random side A, neither empty nor everything. */
void convac_random_side(ec_sites *out, size_t n_sites, ec_rng *rng);

/** Side A from a string of A and B, one letter a site. */
void convac_sides(ec_sites *out, const char *letters);

/**
 * The matrix of label y: rows are the values of the sites of A (first site slowest), columns those
 * of the rest; *rows and *cols are filled. Site vectors are the rows of `site` (M x M, row d is the
 * vector of value d), or standard basis vectors if it is NULL. To be released by ec_free.
 */
double *convac_matrix(size_t *rows, size_t *cols, const ec_arch *arch, const ec_weights *weights,
                      uint32_t y, const ec_sites *a, const double *site);

/**
 * The rank of the same matrix, exactly: all weights must be integers of magnitude < 2^53; entries
 * and elimination modulo 2^31 - 1.
 */
size_t convac_rank(const ec_arch *arch, const ec_weights *weights, uint32_t y, const ec_sites *a);

/**
 * Singular values of a rows x cols row-major matrix, largest first, min(rows, cols) of them:
 * one-sided Jacobi, which needs no library. The matrix is destroyed. To be released by ec_free.
 */
double *convac_singular_values(double *matrix, size_t rows, size_t cols);

/** Fill with random integers -range .. range. */
void convac_integer_weights(ec_weights *weights, const ec_arch *arch, unsigned range, ec_rng *rng);

#endif
