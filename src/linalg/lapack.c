/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "entcap/linalg.h"

#include "core/flow.h"
#include "core/library.h"

#include <lapacke.h>

#include <assert.h>
#include <limits.h>
#include <math.h>
#include <string.h>

#define FUNCTIONS(X)                                                                               \
    X(LAPACKE_dgelqf_work)                                                                         \
    X(LAPACKE_dgesdd_work)                                                                         \
    X(LAPACKE_dsyevd_work) X(LAPACKE_dtpqrt_work) X(LAPACKE_dpstrf_work)

static struct {
    FUNCTIONS(EC_LIBRARY_MEMBER)
} lapack;

#define SYMBOL(f) {&lapack.f, #f},

static const ec_symbol symbols[] = {FUNCTIONS(SYMBOL)};
static ec_library library = EC_LIBRARY(EC_SONAME_LAPACKE, symbols);

/**
 * LAPACK works on column-major matrices. A packed row-major m x n matrix *is* a column-major n x m
 * matrix, its transpose, so that every call below is made for A^T and no copy is transposed (nor
 * does the row-major dgesdd's demand ldvt >= n arise): the QR of A is the LQ of A^T, singular
 * values do not change, and a symmetric matrix is its own transpose.
 */

/* LAPACKE's own prints on stdout; a library must not. Wrong arguments are asserted below. */
void LAPACKE_xerbla(const char *name, lapack_int info);
void LAPACKE_xerbla(const char *name, lapack_int info)
{
    (void)name;
    (void)info;
}

static ec_status require_finite(const double *a, size_t n, const char *what, ec_error *err)
{
    for (size_t i = 0; i < n; i++)
        if (!isfinite(a[i]))
            return ec_fail(err, EC_ENUMERIC, "%s of a matrix that is not finite", what);
    return EC_OK;
}

/* info of LAPACK: < 0 is a wrong argument, our fault; > 0 is the matrix's */
static ec_status from_info(lapack_int info, const char *what, ec_error *err)
{
    assert(info >= 0);
    if (info > 0)
        return ec_fail(err, EC_ENUMERIC, "%s did not converge (LAPACK info %d)", what, (int)info);
    return EC_OK;
}

static lapack_int to_int(size_t n)
{
    assert(n >= 1 && n <= INT_MAX);
    return (lapack_int)n;
}

/* LAPACK returns the wished workspace as a double; the queries' infos are of fixed arguments */
static ec_status new_work(double **work, lapack_int *lwork, double wish, ec_error *err)
{
    *lwork = to_int((size_t)wish);
    *work = ec_calloc((size_t)*lwork, sizeof **work, err);
    return *work != NULL ? EC_OK : EC_ENOMEM;
}

/* the upper trapezoid of the k x n row-major R that dgelqf left in A */
static void copy_trapezoid(double *r, const double *a, size_t k, size_t n)
{
    memset(r, 0, k * n * sizeof *r);
    for (size_t i = 0; i < k; i++)
        memcpy(r + i * n + i, a + i * n + i, (n - i) * sizeof *r);
}

ec_status ec_linalg_qr_r(double *r, double *a, size_t m, size_t n, ec_error *err)
{
    ec_status status = EC_OK;
    size_t k = m < n ? m : n;
    lapack_int rows = to_int(m), cols = to_int(n), lwork = -1;
    double *tau = NULL, *work = NULL, wish = 0;

    EC_TRY(ec_library_load(&library, err));
    EC_TRY(require_finite(a, m * n, "QR", err));
    EC_NEW(tau, k);
    /* A^T = L Q', L = R^T */
    EC_TRY(
        from_info(lapack.LAPACKE_dgelqf_work(LAPACK_COL_MAJOR, cols, rows, a, cols, tau, &wish, -1),
                  "QR", err));
    EC_TRY(new_work(&work, &lwork, wish, err));
    EC_TRY(from_info(
        lapack.LAPACKE_dgelqf_work(LAPACK_COL_MAJOR, cols, rows, a, cols, tau, work, lwork), "QR",
        err));
    copy_trapezoid(r, a, k, n);
done:
    ec_free(tau);
    ec_free(work);
    return status;
}

ec_status ec_linalg_qr_append(double *r, size_t ldr, size_t n, double *b, size_t m,
                              size_t trapezoid, ec_error *err)
{
    ec_status status = EC_OK;
    size_t block = n < 32 ? n : 32; /* reflections applied at a time */
    double *work = NULL;

    assert(trapezoid <= m && trapezoid <= n && ldr >= n);
    EC_TRY(ec_library_load(&library, err));
    EC_NEW(work, 2 * block * n);
    EC_TRY(
        from_info(lapack.LAPACKE_dtpqrt_work(LAPACK_COL_MAJOR, to_int(m), to_int(n),
                                             (lapack_int)trapezoid, to_int(block), r, to_int(ldr),
                                             b, to_int(m), work, to_int(block), work + block * n),
                  "QR", err));
done:
    ec_free(work);
    return status;
}

ec_status ec_linalg_svd_values(double *s, double *a, size_t m, size_t n, ec_error *err)
{
    ec_status status = EC_OK;
    lapack_int rows = to_int(m), cols = to_int(n), lwork = -1, *iwork = NULL;
    double *work = NULL, wish = 0, none = 0;

    EC_TRY(ec_library_load(&library, err));
    EC_TRY(require_finite(a, m * n, "SVD", err));
    EC_NEW(iwork, 8 * (m < n ? m : n));
    EC_TRY(from_info(lapack.LAPACKE_dgesdd_work(LAPACK_COL_MAJOR, 'N', cols, rows, a, cols, s,
                                                &none, 1, &none, 1, &wish, -1, iwork),
                     "SVD", err));
    EC_TRY(new_work(&work, &lwork, wish, err));
    EC_TRY(from_info(lapack.LAPACKE_dgesdd_work(LAPACK_COL_MAJOR, 'N', cols, rows, a, cols, s,
                                                &none, 1, &none, 1, work, lwork, iwork),
                     "SVD", err));
done:
    ec_free(work);
    ec_free(iwork);
    return status;
}

/* Eigenvalues ('N'), or vectors, too ('V'), which replace A. The row-major lower triangle is the
   column-major upper one; eigenvector i fills column i, which is row i here. */
static ec_status eigen(double *values, double *a, size_t n, char job, ec_error *err)
{
    static const char what[] = "eigendecomposition";
    ec_status status = EC_OK;
    lapack_int order = to_int(n), lwork = -1, *iwork = NULL, iwish = 0;
    double *work = NULL, wish = 0;

    EC_TRY(ec_library_load(&library, err));
    EC_TRY(require_finite(a, n * n, what, err));
    EC_TRY(from_info(lapack.LAPACKE_dsyevd_work(LAPACK_COL_MAJOR, job, 'U', order, a, order, values,
                                                &wish, -1, &iwish, -1),
                     what, err));
    EC_TRY(new_work(&work, &lwork, wish, err));
    EC_NEW(iwork, (size_t)iwish);
    EC_TRY(from_info(lapack.LAPACKE_dsyevd_work(LAPACK_COL_MAJOR, job, 'U', order, a, order, values,
                                                work, lwork, iwork, iwish),
                     what, err));
done:
    ec_free(work);
    ec_free(iwork);
    return status;
}

ec_status ec_linalg_eigen_symmetric(double *values, double *a, size_t n, ec_error *err)
{
    return eigen(values, a, n, 'V', err);
}

ec_status ec_linalg_eigenvalues_symmetric(double *values, double *a, size_t n, ec_error *err)
{
    return eigen(values, a, n, 'N', err);
}

ec_status ec_linalg_cholesky_pivoted(size_t *rank, uint32_t *pivot, double *a, size_t n,
                                     ec_error *err)
{
    ec_status status = EC_OK;
    lapack_int order = to_int(n), found = 0, *from = NULL;
    double *work = NULL;

    *rank = 0;
    EC_TRY(ec_library_load(&library, err));
    EC_TRY(require_finite(a, n * n, "Cholesky decomposition", err));
    EC_NEW(from, n);
    EC_NEW(work, 2 * n);
    /* P^T A P = U^T U, column-major, U^T = L row-major; info 1: the rank is below n */
    lapack_int info =
        lapack.LAPACKE_dpstrf_work(LAPACK_COL_MAJOR, 'U', order, a, order, from, &found, -1, work);
    assert(info >= 0);
    *rank = info >= 0 ? (size_t)found : 0;
    for (size_t i = 0; i < n; i++)
        pivot[i] = (uint32_t)(from[i] - 1);
done:
    ec_free(from);
    ec_free(work);
    return status;
}
