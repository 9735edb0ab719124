/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "check.h"

#include "entcap/linalg.h"

#include <math.h>
#include <string.h>

/* Double-doubles against numbers of 113 bits, which the compiler brings. */
typedef __float128 quad;

enum { MAX = 24 };

#define EPSILON 0x1p-98

typedef struct matrix {
    double hi[MAX * MAX], lo[MAX * MAX];
    ec_dd_mat view;
} matrix;

static void shape(matrix *m, size_t rows, size_t cols)
{
    m->view = (ec_dd_mat){m->hi, m->lo, rows, cols};
}

static quad at(const matrix *m, size_t i, size_t j)
{
    return (quad)m->hi[i * m->view.cols + j] + (quad)m->lo[i * m->view.cols + j];
}

static quad magnitude(quad x)
{
    return x < 0 ? -x : x;
}

static void fill(double *x, size_t n, ec_rng *rng)
{
    for (size_t i = 0; i < n; i++)
        x[i] = ec_rng_normal(rng) * pow(10, 6 * ec_rng_uniform(rng) - 3);
}

/* numbers with all their bits */
static void fill_matrix(matrix *m, size_t rows, size_t cols, ec_rng *rng)
{
    shape(m, rows, cols);
    fill(m->hi, rows * cols, rng);
    for (size_t i = 0; i < rows * cols; i++)
        m->lo[i] = m->hi[i] * 0x1p-54 * (2 * ec_rng_uniform(rng) - 1);
}

static void assert_near(quad got, quad want, quad scale)
{
    assert_true(magnitude(got - want) <= (quad)EPSILON * scale);
}

static void grams_have_a_hundred_bits(void **state)
{
    double x[MAX * MAX];
    matrix g;
    ec_rng rng;

    (void)state;
    ec_rng_seed(&rng, check_seed());
    for (size_t round = 0; round < check_count(50); round++) {
        size_t rows = 1 + ec_rng_below(&rng, MAX), n = 1 + ec_rng_below(&rng, MAX);

        fill(x, rows * n, &rng);
        shape(&g, n, n);
        ec_linalg_dd_gram(g.view, x, rows);
        for (size_t i = 0; i < n; i++)
            for (size_t j = 0; j < n; j++) {
                quad want = 0, scale = 0;
                for (size_t k = 0; k < rows; k++) {
                    quad term = (quad)x[k * n + i] * (quad)x[k * n + j];
                    want += term;
                    scale += magnitude(term);
                }
                assert_near(at(&g, i, j), want, scale);
            }
    }
}

/* C[(k, b), row] = sum_a A[row, (k, a)] W[a, b] */
static void check_apply(const matrix *c, const matrix *a, ec_cmat w)
{
    size_t in = w.transposed ? w.cols : w.rows, out = w.transposed ? w.rows : w.cols;

    for (size_t row = 0; row < a->view.rows; row++)
        for (size_t col = 0; col < c->view.rows; col++) {
            quad want = 0, scale = 0;
            for (size_t i = 0; i < in; i++) {
                size_t b = col % out;
                quad term = at(a, row, col / out * in + i) *
                            (quad)w.data[w.transposed ? b * w.ld + i : i * w.ld + b];
                want += term;
                scale += magnitude(term);
            }
            assert_near(at(c, col, row), want, scale);
        }
}

static void matrices_are_applied_to_the_last_index(void **state)
{
    ec_rng rng;

    (void)state;
    ec_rng_seed(&rng, check_seed() + 1);
    for (size_t round = 0; round < check_count(50); round++) {
        size_t in = 1 + ec_rng_below(&rng, 5), out = 1 + ec_rng_below(&rng, 5);
        size_t copies = 1 + ec_rng_below(&rng, 4), rows = 1 + ec_rng_below(&rng, MAX);
        double w[25];
        matrix a, c;

        fill(w, in * out, &rng);
        fill_matrix(&a, rows, copies * in, &rng);
        shape(&c, copies * out, rows);
        ec_cmat op = round % 2 == 0 ? ec_cmat_of(w, in, out) : ec_cmat_t(w, out, in);
        assert_ok(ec_linalg_dd_apply(c.view, a.view, op, NULL), NULL);
        check_apply(&c, &a, op);
    }
}

static void joins_multiply_the_chosen_elements(void **state)
{
    matrix a, b, c;
    size_t p[MAX], q[MAX];
    ec_rng rng;

    (void)state;
    ec_rng_seed(&rng, check_seed() + 2);
    fill_matrix(&a, 5, 5, &rng);
    fill_matrix(&b, 3, 3, &rng);
    shape(&c, MAX, MAX);
    for (size_t i = 0; i < MAX; i++) {
        p[i] = ec_rng_below(&rng, 5);
        q[i] = ec_rng_below(&rng, 3);
    }
    ec_linalg_dd_join(c.view, a.view, p, b.view, q);
    for (size_t i = 0; i < MAX; i++)
        for (size_t j = 0; j < MAX; j++) {
            quad want = at(&a, p[i], p[j]) * at(&b, q[i], q[j]);
            assert_near(at(&c, i, j), want, magnitude(want));
        }
}

/* R^T R = G to the rounding of R, element by element */
static void assert_is_root_of(const double *r, size_t n, const matrix *g)
{
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++) {
            quad got = 0, scale = 0;
            for (size_t k = 0; k < n; k++) {
                quad term = (quad)r[k * n + i] * (quad)r[k * n + j];
                got += term;
                scale += magnitude(term);
            }
            assert_true(magnitude(got - at(g, i, j)) <= (quad)0x1p-51 * scale);
        }
}

/* rows from `first` are nothing but rounding errors of their columns */
static void assert_negligible(const double *r, size_t n, size_t first, const matrix *g)
{
    for (size_t k = first; k < n; k++)
        for (size_t j = 0; j < n; j++)
            assert_true(fabs(r[k * n + j]) <= 1e-11 * sqrt(g->hi[j * n + j]));
}

/* columns graded over 40 orders of magnitude, and no more rows than the rank */
static void cholesky_finds_rank_and_root_of_graded_matrices(void **state)
{
    ec_rng rng;

    (void)state;
    ec_rng_seed(&rng, check_seed() + 3);
    for (size_t round = 0; round < check_count(50); round++) {
        size_t n = 1 + ec_rng_below(&rng, MAX), rows = 1 + ec_rng_below(&rng, n), rank;
        double x[MAX * MAX], r[MAX * MAX];
        matrix g, kept;

        for (size_t i = 0; i < rows * n; i++)
            x[i] = ec_rng_normal(&rng) * pow(10, -40.0 * (double)(i * 7 % n) / (double)n);
        shape(&g, n, n);
        ec_linalg_dd_gram(g.view, x, rows);
        kept = g;
        assert_ok(ec_linalg_dd_cholesky(r, &rank, g.view, NULL, NULL), NULL);
        assert_true(rank >= rows);
        assert_negligible(r, n, rows, &kept);
        assert_is_root_of(r, n, &kept);
    }
}

/* Hilbert's 1 / (i + j + 1): condition 1e25 for n = 17, which plain doubles take for rank 12 or so
 */
static void cholesky_goes_beyond_the_condition_of_doubles(void **state)
{
    enum { N = 17 };
    double r[MAX * MAX];
    matrix g, kept;
    size_t rank;

    (void)state;
    shape(&g, N, N);
    for (size_t i = 0; i < N; i++)
        for (size_t j = 0; j < N; j++) {
            quad x = (quad)1 / (quad)(i + j + 1);
            g.hi[i * N + j] = (double)x;
            g.lo[i * N + j] = (double)(x - (quad)(double)x);
        }
    kept = g;
    assert_ok(ec_linalg_dd_cholesky(r, &rank, g.view, NULL, NULL), NULL);
    assert_int_equal(rank, N);
    assert_is_root_of(r, N, &kept);
}

/* more pivots than one panel, and more columns than one tile */
static void cholesky_works_in_panels(void **state)
{
    enum { N = 600, RANK = 70 };
    double *x = ec_calloc(RANK * N, sizeof *x, NULL), *g = ec_calloc(2 * N * N, sizeof *g, NULL);
    double *r = ec_calloc(N * N, sizeof *r, NULL);
    ec_rng rng;
    size_t rank;

    (void)state;
    ec_rng_seed(&rng, check_seed() + 4);
    fill(x, RANK * N, &rng);
    ec_linalg_dd_gram((ec_dd_mat){g, g + N * N, N, N}, x, RANK);
    assert_ok(ec_linalg_dd_cholesky(r, &rank, (ec_dd_mat){g, g + N * N, N, N}, NULL, NULL), NULL);
    assert_int_equal(rank, RANK);
    for (size_t i = 0; i < N; i += 13)
        for (size_t j = 0; j < N; j += 17) {
            double got = 0, want = 0, scale = 0;
            for (size_t k = 0; k < RANK; k++) {
                got += r[k * N + i] * r[k * N + j];
                want += x[k * N + i] * x[k * N + j];
                scale += fabs(x[k * N + i] * x[k * N + j]);
            }
            assert_close(got, want, 1e-14 * scale);
        }
    ec_free(x);
    ec_free(g);
    ec_free(r);
}

static void what_is_not_finite_is_reported(void **state)
{
    double g[8] = {1, 0, 0, NAN, 0, 0, 0, 0}, r[4];
    ec_error err = {0};
    size_t rank;

    (void)state;
    assert_int_equal(ec_linalg_dd_cholesky(r, &rank, (ec_dd_mat){g, g + 4, 2, 2}, NULL, &err),
                     EC_ENUMERIC);
    assert_string_equal(err.msg, "Cholesky of a matrix that is not finite");
}

static ec_status factor_once(void *arg, ec_error *err)
{
    double g[8] = {2, 1, 1, 2, 0, 0, 0, 0}, c[8], w[4] = {1, 2, 3, 4}, r[4];
    ec_dd_mat view = {g, g + 4, 2, 2};
    size_t rank;
    ec_status status =
        ec_linalg_dd_apply((ec_dd_mat){c, c + 4, 2, 2}, view, ec_cmat_of(w, 2, 2), err);

    (void)arg;
    return status == EC_OK ? ec_linalg_dd_cholesky(r, &rank, view, NULL, err) : status;
}

static void double_doubles_survive_running_out_of_memory(void **state)
{
    (void)state;
    assert_survives_oom(factor_once, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grams_have_a_hundred_bits),
        cmocka_unit_test(matrices_are_applied_to_the_last_index),
        cmocka_unit_test(joins_multiply_the_chosen_elements),
        cmocka_unit_test(cholesky_finds_rank_and_root_of_graded_matrices),
        cmocka_unit_test(cholesky_goes_beyond_the_condition_of_doubles),
        cmocka_unit_test(cholesky_works_in_panels),
        cmocka_unit_test(what_is_not_finite_is_reported),
        cmocka_unit_test(double_doubles_survive_running_out_of_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
