/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "entcap/linalg.h"

#include "core/library.h"

#include <cblas.h>

#include <assert.h>
#include <limits.h>

#define FUNCTIONS(X) X(cblas_dgemm) X(cblas_sgemm) X(openblas_set_num_threads)

static struct {
    FUNCTIONS(EC_LIBRARY_MEMBER)
} blas;

#define SYMBOL(f) {&blas.f, #f},

static const ec_symbol symbols[] = {FUNCTIONS(SYMBOL)};
static ec_library library = EC_LIBRARY(EC_SONAME_OPENBLAS, symbols);

/** Products C = alpha op(A) op(B) + beta C as BLAS wants them. */
typedef struct shape {
    int m, n, k;
} shape;

static int to_int(size_t n)
{
    assert(n <= INT_MAX);
    return (int)n;
}

/* leading dimension; BLAS wants at least 1 even where a matrix is empty */
static int to_ld(size_t ld)
{
    return to_int(ld != 0 ? ld : 1);
}

static CBLAS_TRANSPOSE to_op(bool transposed)
{
    return transposed ? CblasTrans : CblasNoTrans;
}

/* (m,k)(k,n) -> (m,n), checked: rows and cols of op(A), op(B), C */
static shape match(const size_t a[2], const size_t b[2], const size_t c[2])
{
    assert(a[1] == b[0] && a[0] == c[0] && b[1] == c[1]);
    return (shape){to_int(a[0]), to_int(b[1]), to_int(a[1])};
}

void ec_linalg_gemm(ec_mat c, double alpha, ec_cmat a, ec_cmat b, double beta)
{
    shape s = match((size_t[]){a.transposed ? a.cols : a.rows, a.transposed ? a.rows : a.cols},
                    (size_t[]){b.transposed ? b.cols : b.rows, b.transposed ? b.rows : b.cols},
                    (size_t[]){c.rows, c.cols});

    assert(library.loaded);
    if (s.m == 0 || s.n == 0)
        return;
    blas.cblas_dgemm(CblasRowMajor, to_op(a.transposed), to_op(b.transposed), s.m, s.n, s.k, alpha,
                     a.data, to_ld(a.ld), b.data, to_ld(b.ld), beta, c.data, to_ld(c.ld));
}

void ec_linalg_gemm_f32(ec_matf c, float alpha, ec_cmatf a, ec_cmatf b, float beta)
{
    shape s = match((size_t[]){a.transposed ? a.cols : a.rows, a.transposed ? a.rows : a.cols},
                    (size_t[]){b.transposed ? b.cols : b.rows, b.transposed ? b.rows : b.cols},
                    (size_t[]){c.rows, c.cols});

    assert(library.loaded);
    if (s.m == 0 || s.n == 0)
        return;
    blas.cblas_sgemm(CblasRowMajor, to_op(a.transposed), to_op(b.transposed), s.m, s.n, s.k, alpha,
                     a.data, to_ld(a.ld), b.data, to_ld(b.ld), beta, c.data, to_ld(c.ld));
}

ec_status ec_linalg_threads(unsigned threads, ec_error *err)
{
    ec_status status = ec_library_load(&library, err);

    if (status == EC_OK)
        blas.openblas_set_num_threads(threads > 0 && threads <= INT_MAX ? (int)threads : 1);
    return status;
}

ec_status ec_linalg_load(ec_error *err)
{
    return ec_library_load(&library, err);
}
