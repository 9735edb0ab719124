/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ENTCAP_BOUND_MOD_PRODUCT_H
#define ENTCAP_BOUND_MOD_PRODUCT_H

/**
 * Matrices over Z/p, p a prime below 2^63: products and elimination at the speed of BLAS. All
 * results are exact, so they do not depend on the number of threads. Private to the module bound.
 */

#include "bound/flint_i.h"
#include "entcap/bound.h"

/** Part of a row-major matrix: (i, j) is x[i ld + j]. */
typedef struct ec_mod_view {
    uint64_t *x;
    size_t rows, cols, ld;
} ec_mod_view;

static inline ec_mod_view ec_mod_view_of(uint64_t *x, size_t rows, size_t cols)
{
    return (ec_mod_view){x, rows, cols, cols};
}

/** Rows from..., columns from... of a view. */
static inline ec_mod_view ec_mod_block(ec_mod_view a, const size_t from[2], const size_t size[2])
{
    return (ec_mod_view){a.x + from[0] * a.ld + from[1], size[0], size[1], a.ld};
}

/** Work in Z/p under way: its prime, its threads, and how much of it is done. */
typedef struct ec_mod_work {
    nmod_t mod;
    unsigned threads;  /* at least 1 */
    const ec_run *run; /* told of progress, may cancel; NULL: on a thread that must not */
    const char *what;
    double done, total; /* seconds, as estimated */
} ec_mod_work;

/** FLINT is loaded. run may be NULL. */
ec_mod_work ec_mod_work_init(uint64_t prime, const ec_run *run, const char *what, double total);

/** So many more seconds' work is done. Errors: EC_ECANCEL */
EC_NODISCARD ec_status ec_mod_step(ec_mod_work *work, double seconds, ec_error *err);

/**
 * C = A B or C = C - A B; B^T in place of B with EC_MOD_TRANSPOSED. (m,k)(k,n) -> (m,n)
 *
 * Residues are cut into three digits of 21 bits; digits and their pairwise sums go through six
 * products in double precision (Karatsuba), exact since 512 * 2^44 = 2^53; thin products are plain
 * sums of 128-bit words.
 *
 * Cost:   see ec_mod_product_seconds; 24 MiB and 14 MiB a thread at most
 * Needs:  no overlap of C with A or B
 * Errors: EC_EIO (BLAS cannot be loaded), EC_ENOMEM, EC_ECANCEL
 */
enum { EC_MOD_SUBTRACT = 1, EC_MOD_TRANSPOSED = 2 };
EC_NODISCARD ec_status ec_mod_product(ec_mod_view c, ec_mod_view a, ec_mod_view b, unsigned how,
                                      ec_mod_work *work, ec_error *err);

/** Seconds of (m,k)(k,n) -> (m,n) on one core, by rates measured on a 2.6 GHz AMD EPYC (Zen 4). */
double ec_mod_product_seconds(double m, double k, double n);

/** Seconds of n products of residues, by the same measure. */
double ec_mod_multiply_seconds(double n);

/** Bytes that a product (m,k)(k,n) -> (m,n) allocates. */
double ec_mod_product_bytes(double m, double k, double n, unsigned threads);

/**
 * Rank of A, which is destroyed. Elimination by halves of the columns (FLINT for 64 columns, exact
 * products for the rest). `pivots`, if not NULL, has room for A's rows; the first *rank of them
 * become numbers of rows that span the row space.
 *
 * Errors: EC_EIO, EC_ENOMEM, EC_ECANCEL
 */
EC_NODISCARD ec_status ec_mod_rank(uint64_t *rank, size_t *pivots, ec_mod_view a, ec_mod_work *work,
                                   ec_error *err);

/** Seconds of that, on one core, and the bytes that it allocates. */
double ec_mod_rank_seconds(double rows, double cols);
double ec_mod_rank_bytes(double rows, double cols, unsigned threads);

#endif
