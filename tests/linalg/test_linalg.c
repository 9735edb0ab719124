/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "check.h"

#include "entcap/linalg.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { MAX = 12 };

static void fill(double *x, size_t n, ec_rng *rng)
{
    for (size_t i = 0; i < n; i++)
        x[i] = ec_rng_normal(rng);
}

/* element (i, j) of op(A) */
static double element(ec_cmat a, size_t i, size_t j)
{
    return a.transposed ? a.data[j * a.ld + i] : a.data[i * a.ld + j];
}

static ec_cmat random_view(double *data, size_t rows, size_t cols, ec_rng *rng)
{
    ec_cmat view = {data, rows, cols, 0, ec_rng_below(rng, 2) == 0};

    if (view.transposed) {
        view.rows = cols;
        view.cols = rows;
    }
    view.ld = view.cols + (size_t)ec_rng_below(rng, 3);
    return view;
}

static void gemm_agrees_with_the_triple_loop(void **state)
{
    double a[MAX * MAX], b[MAX * MAX], c[MAX * MAX], want[MAX * MAX];
    ec_rng rng;

    (void)state;
    ec_rng_seed(&rng, check_seed());
    for (size_t round = 0; round < check_count(100); round++) {
        size_t m = ec_rng_below(&rng, 8), n = ec_rng_below(&rng, 8), k = ec_rng_below(&rng, 8);
        ec_cmat left = random_view(a, m, k, &rng), right = random_view(b, k, n, &rng);
        double alpha = ec_rng_normal(&rng), beta = (double)ec_rng_below(&rng, 2);

        fill(a, MAX * MAX, &rng);
        fill(b, MAX * MAX, &rng);
        fill(c, MAX * MAX, &rng);
        memcpy(want, c, sizeof c);
        for (size_t i = 0; i < m; i++)
            for (size_t j = 0; j < n; j++) {
                double sum = 0;
                for (size_t l = 0; l < k; l++)
                    sum += element(left, i, l) * element(right, l, j);
                want[i * MAX + j] = alpha * sum + beta * want[i * MAX + j];
            }
        ec_linalg_gemm((ec_mat){c, m, n, MAX}, alpha, left, right, beta);
        for (size_t i = 0; i < MAX * MAX; i++)
            assert_close(c[i], want[i], 1e-13);
    }
}

static void single_precision_gemm_multiplies_small_integers_exactly(void **state)
{
    const float a[6] = {1, 2, 3, 4, 5, 6}, b[6] = {1, -1, 2, 0, 3, 1};
    float c[4] = {1, 1, 1, 1};
    const float want[4] = {2 * 14 + 1, 2 * 2 + 1, 2 * 32 + 1, 2 * 2 + 1};

    (void)state;
    ec_linalg_gemm_f32(ec_matf_of(c, 2, 2), 2, ec_cmatf_of(a, 2, 3), ec_cmatf_of(b, 3, 2), 1);
    assert_memory_equal(c, want, sizeof c);
    ec_linalg_gemm_f32(ec_matf_of(c, 1, 1), 1, ec_cmatf_t(a, 6, 1), ec_cmatf_of(a, 6, 1), 0);
    assert_close(c[0], 91, 0);
}

static void with_beta_zero_the_old_content_is_not_read(void **state)
{
    double a = 2, b = 3, c = NAN;

    (void)state;
    ec_linalg_gemm(ec_mat_of(&c, 1, 1), 1, ec_cmat_of(&a, 1, 1), ec_cmat_of(&b, 1, 1), 0);
    assert_close(c, 6, 0);
}

/* G = X^T X for the packed m x n matrix X */
static void gram(double *g, const double *x, size_t m, size_t n)
{
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++) {
            g[i * n + j] = 0;
            for (size_t k = 0; k < m; k++)
                g[i * n + j] += x[k * n + i] * x[k * n + j];
        }
}

static void r_has_the_gram_matrix_of_a_and_zeros_below(void **state)
{
    double a[MAX * MAX], r[MAX * MAX], want[MAX * MAX], got[MAX * MAX];
    ec_error err = {0};
    ec_rng rng;

    (void)state;
    ec_rng_seed(&rng, check_seed());
    for (size_t round = 0; round < check_count(50); round++) {
        size_t m = 1 + ec_rng_below(&rng, MAX), n = 1 + ec_rng_below(&rng, MAX);
        size_t k = m < n ? m : n;

        fill(a, m * n, &rng);
        gram(want, a, m, n);
        assert_ok(ec_linalg_qr_r(r, a, m, n, &err), &err);
        gram(got, r, k, n);
        for (size_t i = 0; i < n * n; i++)
            assert_close(got[i], want[i], 1e-12);
        for (size_t i = 0; i < k; i++)
            for (size_t j = 0; j < i; j++)
                assert_close(r[i * n + j], 0, 0);
    }
}

/* rows of two trapezoids and a full matrix appended one after the other, against all at once */
static void appended_rows_have_the_gram_matrix_of_all(void **state)
{
    ec_error err = {0};
    ec_rng rng;

    (void)state;
    ec_rng_seed(&rng, check_seed());
    for (size_t round = 0; round < check_count(50); round++) {
        double all[3 * MAX * MAX] = {0}, r[MAX * MAX] = {0}, b[MAX * MAX], want[MAX * MAX] = {0};
        size_t n = 1 + ec_rng_below(&rng, MAX), rows = 0;

        for (size_t block = 0; block < 3; block++) {
            size_t m = 1 + ec_rng_below(&rng, n), l = block == 0 ? 0 : ec_rng_below(&rng, m + 1);
            fill(b, m * n, &rng); /* by columns; below the trapezoid stands what must not be read */
            for (size_t i = 0; i < m; i++)
                for (size_t j = i + l > m ? i + l - m : 0; j < n; j++)
                    all[(rows + i) * n + j] = b[j * m + i];
            rows += m;
            assert_ok(ec_linalg_qr_append(r, n, n, b, m, l, &err), &err);
        }
        gram(want, all, rows, n);
        for (size_t i = 0; i < n; i++)
            for (size_t j = 0; j < n; j++) {
                double got = 0;
                for (size_t k = 0; k <= i && k <= j; k++)
                    got += r[i * n + k] * r[j * n + k];
                assert_close(got, want[i * n + j], 1e-12);
            }
    }
}

/* A <- (I - 2 v v^T / |v|^2) A: a random reflection of the m x n matrix's rows */
static void reflect_rows(double *a, size_t m, size_t n, ec_rng *rng)
{
    double v[MAX], norm = 0;

    fill(v, m, rng);
    for (size_t i = 0; i < m; i++)
        norm += v[i] * v[i];
    for (size_t j = 0; j < n; j++) {
        double dot = 0;
        for (size_t i = 0; i < m; i++)
            dot += v[i] * a[i * n + j];
        for (size_t i = 0; i < m; i++)
            a[i * n + j] -= 2 * v[i] * dot / norm;
    }
}

static void transpose(double *t, const double *a, size_t m, size_t n)
{
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j < n; j++)
            t[j * m + i] = a[i * n + j];
}

static void singular_values_of_a_rotated_diagonal_are_the_diagonal(void **state)
{
    double a[MAX * MAX], t[MAX * MAX], s[MAX];
    ec_error err = {0};
    ec_rng rng;

    (void)state;
    ec_rng_seed(&rng, check_seed());
    for (size_t round = 0; round < check_count(50); round++) {
        size_t m = 1 + ec_rng_below(&rng, MAX), n = 1 + ec_rng_below(&rng, MAX);
        size_t k = m < n ? m : n;

        memset(a, 0, sizeof a);
        for (size_t i = 0; i < k; i++)
            a[i * n + i] = (double)(k - i) * 0.5;
        reflect_rows(a, m, n, &rng);
        transpose(t, a, m, n);
        reflect_rows(t, n, m, &rng);
        assert_ok(ec_linalg_svd_values(s, t, n, m, &err), &err);
        for (size_t i = 0; i < k; i++)
            assert_close(s[i], (double)(k - i) * 0.5, 1e-13);
    }
}

static void eigenvectors_rebuild_the_symmetric_matrix(void **state)
{
    double a[MAX * MAX], v[MAX * MAX], values[MAX];
    ec_error err = {0};
    ec_rng rng;

    (void)state;
    ec_rng_seed(&rng, check_seed());
    for (size_t n = 1; n <= MAX; n++) {
        fill(a, n * n, &rng);
        for (size_t i = 0; i < n; i++)
            for (size_t j = 0; j < i; j++)
                a[j * n + i] = a[i * n + j];
        memcpy(v, a, n * n * sizeof *a);
        for (size_t i = 0; i < n; i++) /* only the lower triangle may be read */
            for (size_t j = i + 1; j < n; j++)
                v[i * n + j] = 1e3;
        assert_ok(ec_linalg_eigen_symmetric(values, v, n, &err), &err);
        for (size_t i = 0; i < n; i++)
            for (size_t j = 0; j < n; j++) {
                double sum = 0;
                for (size_t k = 0; k < n; k++)
                    sum += v[k * n + i] * values[k] * v[k * n + j];
                assert_close(sum, a[i * n + j], 1e-12);
            }
        for (size_t k = 1; k < n; k++)
            assert_true(values[k - 1] <= values[k]);
    }
}

static void eigenvalues_alone_are_the_same(void **state)
{
    double a[MAX * MAX], b[MAX * MAX], with[MAX], without[MAX];
    ec_error err = {0};
    ec_rng rng;

    (void)state;
    ec_rng_seed(&rng, check_seed());
    for (size_t n = 1; n <= MAX; n++) {
        fill(a, n * n, &rng);
        memcpy(b, a, n * n * sizeof *a);
        assert_ok(ec_linalg_eigen_symmetric(with, a, n, &err), &err);
        assert_ok(ec_linalg_eigenvalues_symmetric(without, b, n, &err), &err);
        for (size_t i = 0; i < n; i++)
            assert_close(without[i], with[i], 1e-12);
    }
}

/* A = X X^T with X n x r of random numbers: rank r, and L L^T gives it back. */
static void pivoted_cholesky_finds_the_rank_it_was_built_with(void **state)
{
    double x[MAX * MAX], a[MAX * MAX], l[MAX * MAX];
    uint32_t pivot[MAX];
    ec_error err = {0};
    ec_rng rng;

    (void)state;
    ec_rng_seed(&rng, check_seed());
    for (size_t round = 0; round < check_count(40); round++) {
        size_t n = 1 + ec_rng_below(&rng, MAX), r = 1 + ec_rng_below(&rng, n), rank = 0;

        fill(x, n * r, &rng);
        memset(a, 0, sizeof a);
        for (size_t i = 0; i < n * n; i++)
            for (size_t k = 0; k < r; k++)
                a[i] += x[i / n * r + k] * x[i % n * r + k];
        memcpy(l, a, sizeof a);
        for (size_t i = 0; i < n; i++) /* only the lower triangle may be read */
            for (size_t j = i + 1; j < n; j++)
                l[i * n + j] = 1e3;
        assert_ok(ec_linalg_cholesky_pivoted(&rank, pivot, l, n, &err), &err);
        assert_int_equal(rank, r);
        for (size_t i = 0; i < n; i++)
            for (size_t j = 0; j <= i; j++) {
                double sum = 0;
                for (size_t k = 0; k <= j && k < r; k++)
                    sum += l[i * n + k] * l[j * n + k];
                assert_close(sum, a[pivot[i] * n + pivot[j]], 1e-11);
            }
    }
}

static void matrices_that_are_not_finite_are_reported(void **state)
{
    double a[4] = {1, 2, NAN, 4}, s[4];
    uint32_t pivot[2];
    size_t rank;
    ec_error err = {0};

    (void)state;
    assert_int_equal(ec_linalg_svd_values(s, a, 2, 2, &err), EC_ENUMERIC);
    assert_string_equal(err.msg, "SVD of a matrix that is not finite");
    a[2] = INFINITY;
    err = (ec_error){0};
    assert_int_equal(ec_linalg_qr_r(s, a, 2, 2, &err), EC_ENUMERIC);
    assert_string_equal(err.msg, "QR of a matrix that is not finite");
    err = (ec_error){0};
    assert_int_equal(ec_linalg_eigen_symmetric(s, a, 2, &err), EC_ENUMERIC);
    assert_string_equal(err.msg, "eigendecomposition of a matrix that is not finite");
    err = (ec_error){0};
    assert_int_equal(ec_linalg_cholesky_pivoted(&rank, pivot, a, 2, &err), EC_ENUMERIC);
    assert_string_equal(err.msg, "Cholesky decomposition of a matrix that is not finite");
}

static ec_status all_factorizations(void *arg, ec_error *err)
{
    double a[6] = {1, 2, 3, 4, 5, 7}, r[6], s[2], symmetric[4] = {2, 1, 1, 2};
    ec_status status = ec_linalg_qr_r(r, a, 3, 2, err);

    (void)arg;
    if (status == EC_OK)
        status = ec_linalg_svd_values(s, r, 2, 2, err);
    if (status == EC_OK)
        status = ec_linalg_eigen_symmetric(s, symmetric, 2, err);
    if (status == EC_OK)
        status = ec_linalg_qr_append(r, 2, 2, s, 1, 0, err);
    return status;
}

static void factorizations_survive_running_out_of_memory(void **state)
{
    (void)state;
    assert_survives_oom(all_factorizations, NULL);
}

/* tiles, their ragged edges, and what goes to BLAS */
static void small_products_agree_with_gemm(void **state)
{
    static const size_t dims[] = {0, 1, 3, 4, 5, 8, 9, 13, 81};
    static const size_t n_dims = sizeof dims / sizeof *dims;
    enum { LARGEST = 81 * 83 };
    double *x = ec_calloc(4 * LARGEST, sizeof *x, NULL);
    double *a = x, *b = a + LARGEST, *c = b + LARGEST, *want = c + LARGEST;
    ec_rng rng;

    (void)state;
    ec_rng_seed(&rng, check_seed());
    for (size_t i = 0; i < n_dims * n_dims * n_dims; i++) {
        size_t m = dims[i % n_dims], n = dims[i / n_dims % n_dims], k = dims[i / n_dims / n_dims];

        fill(a, 3 * (size_t)LARGEST, &rng);
        memcpy(want, c, LARGEST * sizeof *c);
        ec_linalg_gemm((ec_mat){want, m, n, n + 2}, 1, (ec_cmat){a, m, k, k + 1, false},
                       ec_cmat_of(b, k, n), 0);
        ec_linalg_gemm_small((ec_mat){c, m, n, n + 2}, (ec_cmat){a, m, k, k + 1, false},
                             ec_cmat_of(b, k, n));
        for (size_t e = 0; e < LARGEST; e++)
            assert_close(c[e], want[e], 1e-12);
    }
    ec_free(x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gemm_agrees_with_the_triple_loop),
        cmocka_unit_test(small_products_agree_with_gemm),
        cmocka_unit_test(single_precision_gemm_multiplies_small_integers_exactly),
        cmocka_unit_test(with_beta_zero_the_old_content_is_not_read),
        cmocka_unit_test(r_has_the_gram_matrix_of_a_and_zeros_below),
        cmocka_unit_test(appended_rows_have_the_gram_matrix_of_all),
        cmocka_unit_test(singular_values_of_a_rotated_diagonal_are_the_diagonal),
        cmocka_unit_test(eigenvectors_rebuild_the_symmetric_matrix),
        cmocka_unit_test(eigenvalues_alone_are_the_same),
        cmocka_unit_test(pivoted_cholesky_finds_the_rank_it_was_built_with),
        cmocka_unit_test(matrices_that_are_not_finite_are_reported),
        cmocka_unit_test(factorizations_survive_running_out_of_memory),
    };

    if (ec_linalg_threads(1, NULL) != EC_OK)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
