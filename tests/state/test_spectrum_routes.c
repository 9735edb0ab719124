/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "check.h"
#include "oracle/subject.h"

#include "entcap/linalg.h"
#include "state/state_i.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Every route to a spectrum, against the dense matrix and against each other. */

enum { MAX_LABELS = 10 };

#define ALL_BUT(route) (~(1u << (route)))

/* Singular values are right to this share of the largest. */
#define TOLERANCE 1e-11

/* spectra by one route; side_a: of every matrix, NULL for the minimum cut. EC_ELIMIT is passed on
 */
static ec_status measure(ec_spectrum *got, const subject *s, const bool *side_a, ec_route route)
{
    ec_error err = {0};
    ec_cut cut;

    assert_ok(ec_bound_min_cut_tree(&cut, &s->arch, &s->a, true, NULL, &err), &err);
    ec_sweep sweep = {.arch = &s->arch,
                      .weights = &s->weights,
                      .a = &s->a,
                      .side_a = side_a != NULL ? side_a : cut.side_a,
                      .ledger = {.max_bytes = 1 << 24},
                      .without_routes = ALL_BUT(route)};
    memset(got, 0, s->arch.outputs * sizeof *got);
    ec_status status = ec_state_through_cut(got, &sweep, NULL, &err);
    if (status != EC_ELIMIT)
        assert_ok(status, &err);
    ec_sweep_clear(&sweep);
    ec_cut_clear(&cut);
    return status;
}

/* the singular values of the whole matrix of one label */
typedef struct truth {
    double *value;
    size_t n;
    double norm;
} truth;

static truth find_truth(const subject *s, uint32_t y)
{
    size_t rows, cols;
    double *matrix = convac_matrix(&rows, &cols, &s->arch, &s->weights, y, &s->a, NULL);
    truth t = {convac_singular_values(matrix, rows, cols), rows < cols ? rows : cols, 0};

    for (size_t i = 0; i < t.n; i++)
        t.norm += t.value[i] * t.value[i];
    t.norm = sqrt(t.norm);
    ec_free(matrix);
    return t;
}

/* worst |ds| / s_1 */
static double deviation(const ec_spectrum *got, const truth *want)
{
    double worst = 0;

    assert_int_equal(got->known, want->norm > 0);
    for (size_t i = 0; got->known && (i < want->n || i < got->n); i++) {
        double right = i < want->n ? want->value[i] / want->norm : 0;
        double ds = (i < got->n ? got->value[i] : 0) - right;
        worst = fmax(worst, fabs(ds) * want->norm / want->value[0]);
    }
    return worst;
}

/* what was seen of each route */
typedef struct tally {
    size_t networks;
    double worst;
} tally;

/* all labels of one network through one cut, by all routes */
static void check_routes(tally of[EC_N_ROUTES], const subject *s, const bool *side_a)
{
    ec_spectrum got[EC_N_ROUTES][MAX_LABELS];
    bool fits[EC_N_ROUTES];

    for (ec_route r = 0; r < EC_N_ROUTES; r++) {
        fits[r] = measure(got[r], s, side_a, r) == EC_OK;
        of[r].networks += fits[r];
    }
    for (uint32_t y = 0; y < s->arch.outputs; y++) {
        truth want = find_truth(s, y);
        for (ec_route r = 0; r < EC_N_ROUTES; r++) {
            if (!fits[r])
                continue;
            assert_true(!got[r][y].known || got[r][y].route == r);
            of[r].worst = fmax(of[r].worst, deviation(&got[r][y], &want));
        }
        ec_free(want.value);
    }
    for (ec_route r = 0; r < EC_N_ROUTES; r++)
        subject_clear_spectra(got[r], s);
}

static void assert_accurate(const tally of[EC_N_ROUTES], size_t networks)
{
    for (ec_route r = 0; r < EC_N_ROUTES; r++) {
        printf("%s: worst |ds| / s_1 = %.2g in %zu networks\n", ec_route_name(r), of[r].worst,
               of[r].networks);
        assert_true(of[r].worst < TOLERANCE);
        assert_true(10 * of[r].networks > 9 * networks);
    }
}

/* random networks, half through the minimum cut, half through random sides of all matrices: many
   pieces, many labels */
static void every_route_gives_the_spectrum_of_the_whole_tensor(void **state)
{
    tally of[EC_N_ROUTES] = {{0}};
    size_t rounds = check_count(2000);
    ec_rng rng;

    (void)state;
    ec_rng_seed(&rng, check_seed());
    for (size_t i = 0; i < rounds; i++) {
        bool side_a[64];
        subject s;

        subject_random(&s, &rng, i % 4 == 0);
        for (size_t v = 0; v < 64; v++)
            side_a[v] = ec_rng_below(&rng, 2) == 0;
        check_routes(of, &s, i % 2 == 0 ? NULL : side_a);
        subject_clear(&s);
    }
    assert_accurate(of, rounds);
}

/* 16 sites: mixed windows, shared and not, sides in several pieces */
static void every_route_measures_sixteen_sites(void **state)
{
    const convac_level levels[][4] = {
        {{2, 1, 1, true}, {3, 2, 2, true}, {5, 2, 2, false}},
        {{2, 1, 2, false}, {4, 1, 4, true}, {3, 1, 2, false}},
        {{2, 1, 1, false}, {3, 1, 2, false}, {4, 1, 2, false}, {2, 1, 4, false}},
        {{2, 1, 1, true}, {3, 1, 4, true}, {3, 1, 2, true}, {4, 1, 2, false}}};
    const size_t n_levels[] = {3, 3, 4, 4};
    const char *letters[] = {"AAAABBBBABABABBA", "ABBBABBBABBBABBB", "AABBBBBBBBBBBBBA"};
    tally of[EC_N_ROUTES] = {{0}};

    (void)state;
    for (size_t i = 0; i < 5; i++) {
        subject s;

        subject_make(&s, levels[i % 4], n_levels[i % 4], 1, letters[i % 3]);
        check_routes(of, &s, NULL);
        subject_clear(&s);
    }
    assert_accurate(of, 5);
}

/* exchange n numbers */
static void swap(double *x, double *y, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        double kept = x[i];
        x[i] = y[i];
        y[i] = kept;
    }
}

/* Two pieces of side A, each with a label of its own. A program that took the labels in the wrong
   order on one side would find the spectrum of the network with those pieces exchanged: that must
   not pass for the right one. */
static void labels_in_the_wrong_order_would_be_noticed(void **state)
{
    const convac_level levels[] = {
        {3, 1, 1, false}, {4, 1, 2, false}, {2, 1, 2, false}, {5, 1, 2, false}};
    ec_spectrum got[1];
    subject s;

    (void)state;
    subject_make(&s, levels, 4, 1, "AABBAABB");
    for (ec_route r = 0; r < EC_N_ROUTES; r++) {
        assert_int_equal(measure(got, &s, NULL, r), EC_OK);
        assert_int_equal(got[0].n, 4);
        truth right = find_truth(&s, 0);
        assert_true(deviation(&got[0], &right) < TOLERANCE);
        swap(s.weights.matrix[0], s.weights.matrix[0] + 4 * 12, 2 * 12);
        swap(s.weights.matrix[1], s.weights.matrix[1] + 2 * 8, 8);
        truth wrong = find_truth(&s, 0);
        assert_true(deviation(&got[0], &wrong) > 1e-3);
        ec_free(right.value);
        ec_free(wrong.value);
        subject_clear_spectra(got, &s);
    }
    subject_clear(&s);
}

/* ------------------------------------------------------------ graded networks */

/* rows of an n x n orthogonal matrix: Gram-Schmidt, twice */
static void orthogonal(double *q, size_t n, ec_rng *rng)
{
    for (size_t i = 0; i < n; i++) {
        double *row = q + i * n;
        for (size_t c = 0; c < n; c++)
            row[c] = ec_rng_normal(rng);
        for (size_t k = 0; k < 2 * i; k++) {
            const double *other = q + k % i * n;
            double dot = 0;
            for (size_t c = 0; c < n; c++)
                dot += row[c] * other[c];
            for (size_t c = 0; c < n; c++)
                row[c] -= dot * other[c];
        }
        double norm = 0;
        for (size_t c = 0; c < n; c++)
            norm += row[c] * row[c];
        for (size_t c = 0; c < n; c++)
            row[c] /= sqrt(norm);
    }
}

/**
 * Two sites with W_0 = D Q_p, then W_1 = V^T on both, then their product summed: the matrix is
 * (Q_1^T D V)(V^T D Q_2) = Q_1^T D^2 Q_2. Its singular values are those of D^2, graded from 1 to
 * `smallest`, all of them to relative accuracy eps; but V mixes them on the way, so that the Gram
 * matrix V^T D^2 V of either factor has them squared, one in the digits of the other.
 */
static void make_graded(subject *s, uint32_t n, double smallest)
{
    const convac_level levels[] = {{n, 1, 1, false}, {n, 1, 1, true}, {n, 1, 2, false}};
    double *v = ec_calloc((size_t)n * n, sizeof *v, NULL);
    ec_rng rng;

    ec_rng_seed(&rng, check_seed() + 5);
    subject_make(s, levels, 3, 1, "AB");
    for (size_t site = 0; site < 2; site++) {
        double *w = s->weights.matrix[0] + site * n * n;
        orthogonal(w, n, &rng);
        for (size_t i = 0; i < n; i++)
            for (size_t c = 0; c < n; c++)
                w[i * n + c] *= pow(smallest, 0.5 * (double)i / (n - 1));
    }
    orthogonal(v, n, &rng);
    for (size_t i = 0; i < (size_t)n * n; i++)
        s->weights.matrix[1][i % n * n + i / n] = v[i];
    for (size_t i = 0; i < n; i++)
        s->weights.matrix[2][i] = 1;
    ec_free(v);
}

/* the cut above V: only the top row is on side B with the second site */
static const bool above_v[] = {true, false, true, false, false};

/* G = (W_1 W_0)(W_1 W_0)^T of site p, in doubles */
static void gram_of_site(double *g, const subject *s, size_t p)
{
    size_t n = s->arch.levels[0].dim;
    double *x = ec_calloc(n * n, sizeof *x, NULL);

    ec_linalg_gemm(ec_mat_of(x, n, n), 1, ec_cmat_of(s->weights.matrix[1], n, n),
                   ec_cmat_of(s->weights.matrix[0] + p * n * n, n, n), 0);
    ec_linalg_gemm(ec_mat_of(g, n, n), 1, ec_cmat_of(x, n, n), ec_cmat_t(x, n, n), 0);
    ec_free(x);
}

/* g <- its square root by eigenvectors, negative eigenvalues clipped */
static void take_root(double *g, size_t n)
{
    double *value = ec_calloc(n, sizeof *value, NULL), *v = ec_calloc(2 * n * n, sizeof *v, NULL);

    memcpy(v, g, n * n * sizeof *v);
    assert_ok(ec_linalg_eigen_symmetric(value, v, n, NULL), NULL);
    for (size_t i = 0; i < n * n; i++)
        v[n * n + i] = v[i] * sqrt(fmax(0, value[i / n]));
    ec_linalg_gemm(ec_mat_of(g, n, n), 1, ec_cmat_t(v, n, n), ec_cmat_of(v + n * n, n, n), 0);
    ec_free(value);
    ec_free(v);
}

/* the route that is not taken: eigenvalues of G_X^(1/2) G_Z G_X^(1/2) in doubles, their roots
   counted above the threshold of ec_spectrum */
static size_t rank_by_plain_grams(const subject *s)
{
    size_t n = s->arch.levels[0].dim, rank = 0;
    double *g = ec_calloc(3 * n * n, sizeof *g, NULL), *z = g + n * n, *gz = z + n * n;
    double *value = ec_calloc(n, sizeof *value, NULL);

    gram_of_site(g, s, 0);
    gram_of_site(z, s, 1);
    take_root(g, n);
    ec_linalg_gemm(ec_mat_of(gz, n, n), 1, ec_cmat_of(g, n, n), ec_cmat_of(z, n, n), 0);
    ec_linalg_gemm(ec_mat_of(z, n, n), 1, ec_cmat_of(gz, n, n), ec_cmat_of(g, n, n), 0);
    assert_ok(ec_linalg_eigen_symmetric(value, z, n, NULL), NULL);
    double threshold = (double)n * 0x1p-52 * sqrt(value[n - 1]);
    for (size_t i = 0; i < n; i++)
        rank += sqrt(fmax(0, value[i])) > threshold;
    ec_free(g);
    ec_free(value);
    return rank;
}

/* all singular values are far above the rounding errors of a spectrum, but not their squares */
static void numeric_rank_is_right_where_plain_grams_count_wrong(void **state)
{
    enum { N = 200 };
    ec_spectrum got[1];
    subject s;

    (void)state;
    make_graded(&s, N, 1e-10);
    size_t plain = rank_by_plain_grams(&s);
    printf("plain Gram matrices count %zu of %d\n", plain, N);
    assert_true(plain < N);
    for (ec_route r = 0; r < EC_N_ROUTES; r++) {
        assert_int_equal(measure(got, &s, above_v, r), EC_OK);
        assert_int_equal(got[0].numeric_rank, N);
        assert_close(got[0].value[N - 1] / got[0].value[0], 1e-10, 1e-14);
        subject_clear_spectra(got, &s);
    }
    subject_clear(&s);
}

/* down to 1e-24 s_1 and to relative accuracy: each side has half of the range, squared 1e-24 */
static void double_doubles_find_all_graded_singular_values(void **state)
{
    enum { N = 40 };
    ec_spectrum got[1];
    subject s;

    (void)state;
    make_graded(&s, N, 1e-24);
    assert_int_equal(measure(got, &s, above_v, EC_ROUTE_GRAM), EC_OK);
    for (size_t i = 0; i < N; i++) {
        double want = pow(1e-24, (double)i / (N - 1));
        assert_close(got[0].value[i] / got[0].value[0], want, 1e-8 * want);
    }
    subject_clear_spectra(got, &s);
    subject_clear(&s);
}

static ec_status measure_by_all_routes(void *arg, ec_error *err)
{
    const subject *s = arg;
    ec_status status = EC_OK;
    bool side_a[] = {true, true, false, false, true, false, true, false, true};

    for (ec_route r = 0; r < EC_N_ROUTES && status == EC_OK; r++) {
        ec_spectrum got[2] = {0};
        ec_sweep sweep = {.arch = &s->arch,
                          .weights = &s->weights,
                          .a = &s->a,
                          .side_a = side_a,
                          .without_routes = ALL_BUT(r)};

        status = ec_state_through_cut(got, &sweep, NULL, err);
        ec_sweep_clear(&sweep);
        subject_clear_spectra(got, s);
    }
    return status;
}

static void every_route_survives_running_out_of_memory(void **state)
{
    const convac_level levels[] = {{3, 1, 2, false}, {3, 1, 2, true}, {4, 1, 2, false}};
    subject s;

    (void)state;
    subject_make(&s, levels, 3, 2, "AABABABB");
    assert_survives_oom(measure_by_all_routes, &s);
    subject_clear(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_route_gives_the_spectrum_of_the_whole_tensor),
        cmocka_unit_test(every_route_measures_sixteen_sites),
        cmocka_unit_test(labels_in_the_wrong_order_would_be_noticed),
        cmocka_unit_test(numeric_rank_is_right_where_plain_grams_count_wrong),
        cmocka_unit_test(double_doubles_find_all_graded_singular_values),
        cmocka_unit_test(every_route_survives_running_out_of_memory),
    };

    if (ec_linalg_threads(1, NULL) != EC_OK)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
