/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ENTCAP_LINALG_H
#define ENTCAP_LINALG_H

/**
 * linalg: dense matrices in double and single precision; the only place for BLAS and LAPACK.
 *
 * Every matrix is row-major: element (i, j) of a rows x cols matrix is data[i * ld + j], ld >=
 * cols. Shapes that do not fit each other are programming errors and asserted; so are dimensions
 * beyond INT_MAX, which callers exclude by their memory estimates. Factorizations take packed
 * matrices (ld = cols), allocate their workspace through ec_calloc and report a matrix that holds
 * NaN or infinity as EC_ENUMERIC before LAPACK sees it.
 */

#include "entcap/core.h"

/** A matrix to write to. */
typedef struct ec_mat {
    double *data;
    size_t rows, cols, ld;
} ec_mat;

typedef struct ec_matf {
    float *data;
    size_t rows, cols, ld;
} ec_matf;

/** A matrix to read: op(stored), rows x cols *as stored*; op transposes if `transposed`. */
typedef struct ec_cmat {
    const double *data;
    size_t rows, cols, ld;
    bool transposed;
} ec_cmat;

typedef struct ec_cmatf {
    const float *data;
    size_t rows, cols, ld;
    bool transposed;
} ec_cmatf;

/** Packed matrices: to write, to read, to read transposed (rows, cols as stored). */
static inline ec_mat ec_mat_of(double *data, size_t rows, size_t cols)
{
    return (ec_mat){data, rows, cols, cols};
}

static inline ec_cmat ec_cmat_of(const double *data, size_t rows, size_t cols)
{
    return (ec_cmat){data, rows, cols, cols, false};
}

static inline ec_cmat ec_cmat_t(const double *data, size_t rows, size_t cols)
{
    return (ec_cmat){data, rows, cols, cols, true};
}

static inline ec_matf ec_matf_of(float *data, size_t rows, size_t cols)
{
    return (ec_matf){data, rows, cols, cols};
}

static inline ec_cmatf ec_cmatf_of(const float *data, size_t rows, size_t cols)
{
    return (ec_cmatf){data, rows, cols, cols, false};
}

static inline ec_cmatf ec_cmatf_t(const float *data, size_t rows, size_t cols)
{
    return (ec_cmatf){data, rows, cols, cols, true};
}

/**
 * C = alpha op(A) op(B) + beta C, (m,k)(k,n) -> (m,n). With beta = 0 the old C is not read. NaN
 * propagates. Empty dimensions are fine. C may not overlap A or B.
 *
 * Needs: ec_linalg_load or ec_linalg_threads, once before.
 * Cost:  2 m n k flops; as many threads as ec_linalg_threads said.
 */
void ec_linalg_gemm(ec_mat c, double alpha, ec_cmat a, ec_cmat b, double beta);

/** As ec_linalg_gemm, in single precision. */
void ec_linalg_gemm_f32(ec_matf c, float alpha, ec_cmatf a, ec_cmatf b, float beta);

/**
 * C = A B, (m,k)(k,n) -> (m,n), neither transposed: for many products of matrices so small that
 * BLAS's preparations would take most of the time; large ones go to BLAS. C may not overlap A or B.
 *
 * Needs: as ec_linalg_gemm. One thread; may run on several at once.
 */
void ec_linalg_gemm_small(ec_mat c, ec_cmat a, ec_cmat b);

/**
 * Threads of BLAS from now on, process-wide; at least 1. OpenBLAS threads spin: on a loaded machine
 * two can be slower than one by far, so programs call this with 1 unless they know better.
 * Errors: EC_EIO (OpenBLAS cannot be loaded)
 */
EC_NODISCARD ec_status ec_linalg_threads(unsigned threads, ec_error *err);

/**
 * Load BLAS. Products need it, or ec_linalg_threads, once before: they have no way to report that
 * it is missing. Errors: EC_EIO
 */
EC_NODISCARD ec_status ec_linalg_load(ec_error *err);

/**
 * R of A = Q R for the m x n matrix A, m, n >= 1: min(m,n) x n, packed, upper trapezoidal with
 * zeros below; signs of its rows are not normalised. R^T R = A^T A to backward error eps |A|^2.
 * A is destroyed.
 *
 * Cost:   2 m n min(m,n) flops, (m + n) 32 doubles of workspace.
 * Errors: EC_ENUMERIC (not finite), EC_ENOMEM
 */
EC_NODISCARD ec_status ec_linalg_qr_r(double *r, double *a, size_t m, size_t n, ec_error *err);

/**
 * QR of stacked rows: R <- R' of [R; B] = Q R', R n x n and B m x n, m, n >= 1. Both are stored by
 * columns here, element (i, j) of R at r[i + j ldr], of B at b[i + j m]; only the upper triangle of
 * R is read or written. The last `trapezoid` <= min(m,n) rows of B are upper trapezoidal, and what
 * lies below is not read. B is destroyed. NaN propagates.
 *
 * Cost:   2 m n^2 flops, 2/3 n^3 for m = trapezoid = n; 64 n doubles of workspace.
 * Errors: EC_ENOMEM, EC_EIO
 */
EC_NODISCARD ec_status ec_linalg_qr_append(double *r, size_t ldr, size_t n, double *b, size_t m,
                                           size_t trapezoid, ec_error *err);

/**
 * Singular values of the m x n matrix A, m, n >= 1, largest first: min(m,n) of them, each right to
 * a small multiple of eps times the largest. A is destroyed.
 *
 * Cost:   about 4 m n min(m,n) flops.
 * Errors: EC_ENUMERIC (not finite, or no convergence), EC_ENOMEM
 */
EC_NODISCARD ec_status ec_linalg_svd_values(double *s, double *a, size_t m, size_t n,
                                            ec_error *err);

/**
 * Eigendecomposition A = V^T diag(values) V of a symmetric n x n matrix, n >= 1; only its lower
 * triangle is read. Values ascend; row i of A becomes the unit eigenvector of values[i].
 *
 * Cost:   about 9 n^3 flops.
 * Errors: EC_ENUMERIC (not finite, or no convergence), EC_ENOMEM
 */
EC_NODISCARD ec_status ec_linalg_eigen_symmetric(double *values, double *a, size_t n,
                                                 ec_error *err);

/**
 * Eigenvalues of a symmetric n x n matrix, n >= 1, ascending; only its lower triangle is read. A is
 * destroyed.
 *
 * Cost:   4/3 n^3 flops.
 * Errors: EC_ENUMERIC (not finite, or no convergence), EC_ENOMEM
 */
EC_NODISCARD ec_status ec_linalg_eigenvalues_symmetric(double *values, double *a, size_t n,
                                                       ec_error *err);

/**
 * Cholesky with diagonal pivots of a symmetric positive semidefinite n x n matrix, n >= 1:
 *
 *     A[pivot[i], pivot[j]] = sum_{k < rank} L[i, k] L[j, k]
 *
 * until no diagonal element of what is left exceeds n eps times the largest of A. Only the lower
 * triangle of A is read; L replaces it: element (i, k), k <= i, k < rank. What stands above the
 * diagonal and from column `rank` on means nothing.
 *
 * Cost:   n rank^2 flops.
 * Owns:   pivot: n entries.
 * Errors: EC_ENUMERIC (not finite), EC_ENOMEM
 */
EC_NODISCARD ec_status ec_linalg_cholesky_pivoted(size_t *rank, uint32_t *pivot, double *a,
                                                  size_t n, ec_error *err);

/* ---------------------------------------------------------- double-double */

/**
 * A packed row-major matrix of double-doubles: element (i, j) is the unevaluated sum hi + lo of
 * hi[i cols + j] and lo[i cols + j], |lo| <= ulp(hi) / 2, about 106 bits. Sums here are right to
 * 2^-102 of the sum of their terms' magnitudes. NaN propagates.
 */
typedef struct ec_dd_mat {
    double *hi, *lo;
    size_t rows, cols;
} ec_dd_mat;

/** Floating-point operations of one multiply-add of double-doubles, for estimates. */
#define EC_DD_FLOPS 20.0

/** G = X^T X for the packed `rows` x n matrix X of doubles, whose products are exact. Cost: n^2
 * rows multiply-adds. */
void ec_linalg_dd_gram(ec_dd_mat g, const double *x, size_t rows);

/**
 * C = (A (I (x) W))^T, W a x b in doubles: A has m rows and k a columns, C k b rows and m columns.
 * Twice in a row it is (I (x) W)^T A (I (x) W).
 * Cost: m k a b multiply-adds. Errors: EC_ENOMEM
 */
EC_NODISCARD ec_status ec_linalg_dd_apply(ec_dd_mat c, ec_dd_mat a, ec_cmat w, ec_error *err);

/** C[i, j] = A[p[i], p[j]] B[q[i], q[j]] for square C. */
void ec_linalg_dd_join(ec_dd_mat c, ec_dd_mat a, const size_t *p, ec_dd_mat b, const size_t *q);

/**
 * R with R^T R = G for a symmetric positive semidefinite n x n matrix G: Cholesky with the largest
 * remaining diagonal element as pivot, in double-double, each row of R rounded to doubles once it
 * is done. Row k of the packed n x n matrix R belongs to pivot k; columns keep their places, so R
 * is triangular up to a permutation. Columns count as dependent, and *rank rows were found, when
 * what is left of their diagonal is below n 2^-100 of it. G is destroyed; only its upper triangle
 * is read.
 *
 * Exact:  graded matrices keep the relative accuracy of their small parts.
 * Cost:   n^3 / 6 multiply-adds.
 * Errors: EC_ENUMERIC (not finite), EC_ENOMEM, EC_ECANCEL
 */
EC_NODISCARD ec_status ec_linalg_dd_cholesky(double *r, size_t *rank, ec_dd_mat g,
                                             const ec_run *run, ec_error *err);

#endif
