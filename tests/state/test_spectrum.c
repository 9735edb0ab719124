/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "check.h"
#include "oracle/subject.h"

#include "entcap/linalg.h"
#include "state/state_i.h"

#include <math.h>
#include <string.h>

enum { MAX_LABELS = 10 };

/* Compare with the singular values of the whole matrix of label y; site: as for convac_matrix. */
static void assert_is_spectrum_of(const ec_spectrum *got, const subject *s, uint32_t y,
                                  const double *site)
{
    size_t rows, cols, n;
    double *matrix = convac_matrix(&rows, &cols, &s->arch, &s->weights, y, &s->a, site);
    double *want = convac_singular_values(matrix, rows, cols), norm = 0;

    n = rows < cols ? rows : cols;
    for (size_t i = 0; i < n; i++)
        norm += want[i] * want[i];
    norm = sqrt(norm);
    assert_int_equal(got->known, norm > 0);
    if (got->known)
        assert_close(got->log_norm, log(norm), 1e-9);
    for (size_t i = 0; got->known && (i < n || i < got->n); i++)
        assert_close(i < got->n ? got->value[i] : 0, i < n ? want[i] / norm : 0, 1e-10);
    ec_free(want);
    ec_free(matrix);
}

static void assert_same_spectrum(const ec_spectrum *a, const ec_spectrum *b, double tol)
{
    assert_true(a->known && b->known);
    for (size_t i = 0; i < a->n || i < b->n; i++)
        assert_close(i < a->n ? a->value[i] : 0, i < b->n ? b->value[i] : 0, tol);
}

/* ------------------------------------------------------------------- oracles */

static void spectrum_is_that_of_the_whole_tensor(void **state)
{
    ec_rng rng;

    (void)state;
    ec_rng_seed(&rng, check_seed());
    for (size_t i = 0; i < check_count(300); i++) {
        ec_spectrum got[MAX_LABELS];
        subject s;

        subject_random(&s, &rng, i % 4 == 0);
        subject_measure(got, &s, EC_BASIS_SITES);
        for (uint32_t y = 0; y < s.arch.outputs; y++)
            assert_is_spectrum_of(&got[y], &s, y, NULL);
        subject_clear_spectra(got, &s);
        subject_clear(&s);
    }
}

/* Any cut is right in algebra: random sides for all matrices give many pieces and labels. */
static void spectrum_does_not_depend_on_the_cut(void **state)
{
    size_t refused = 0, rounds = check_count(300);
    ec_rng rng;

    (void)state;
    ec_rng_seed(&rng, check_seed() + 1);
    for (size_t i = 0; i < rounds; i++) {
        ec_spectrum got[MAX_LABELS] = {0};
        bool side_a[64];
        ec_error err = {0};
        subject s;

        subject_random(&s, &rng, false);
        for (size_t v = 0; v < 64; v++)
            side_a[v] = ec_rng_below(&rng, 2) == 0;
        ec_sweep sweep = {.arch = &s.arch, .weights = &s.weights, .a = &s.a, .side_a = side_a};
        sweep.ledger.max_bytes = 1 << 24;
        ec_status status = ec_state_through_cut(got, &sweep, NULL, &err);
        if (status == EC_ELIMIT)
            refused++;
        else
            assert_ok(status, &err);
        for (uint32_t y = 0; y < s.arch.outputs && status == EC_OK; y++)
            assert_is_spectrum_of(&got[y], &s, y, NULL);
        ec_sweep_clear(&sweep);
        subject_clear_spectra(got, &s);
        subject_clear(&s);
    }
    assert_true(refused * 10 < rounds);
}

/* root of a 2 x 2 Gram matrix by Cholesky, transposed: rows are orthonormal coordinates */
static void cholesky_root(double root[4], double g00, double g01, double g11)
{
    root[0] = sqrt(g00);
    root[1] = g01 / root[0];
    root[2] = 0;
    root[3] = sqrt(g11 - root[1] * root[1]);
}

/* f_0 = 1 - x, f_1 = max(0, 2 x - 1): G_00 = 1/3, G_11 = 1/6, G_01 = 1/24 */
static void feature_basis_uses_the_gram_matrix_of_the_feature_map(void **state)
{
    const convac_level levels[] = {{2, 1, 2, true}, {3, 1, 2, true}, {4, 1, 2, false}};
    double root[4];
    ec_spectrum got[2];
    subject s;

    (void)state;
    subject_make(&s, levels, 3, 2, "AABABABB");
    s.weights.features = (ec_features){EC_FEATURES_AFFINE_RELU, true, 1};
    s.weights.slope = ec_calloc(2, sizeof(double), NULL);
    s.weights.offset = ec_calloc(2, sizeof(double), NULL);
    s.weights.slope[0] = -1;
    s.weights.offset[0] = 1;
    s.weights.slope[1] = 2;
    s.weights.offset[1] = -1;
    cholesky_root(root, 1.0 / 3, 1.0 / 24, 1.0 / 6);
    subject_measure(got, &s, EC_BASIS_FEATURES);
    for (uint32_t y = 0; y < 2; y++)
        assert_is_spectrum_of(&got[y], &s, y, root);
    subject_clear_spectra(got, &s);
    subject_clear(&s);
}

static void a_dead_feature_leaves_the_spectrum_of_the_others(void **state)
{
    const convac_level levels[] = {{2, 1, 1, true}, {3, 1, 2, true}, {4, 1, 2, false}};
    double root[4] = {0, 0, sqrt(1.0 / 3), 0}; /* f_0 = x alone */
    ec_spectrum got[1];
    subject s;

    (void)state;
    subject_make(&s, levels, 3, 1, "ABAB");
    s.weights.features = (ec_features){EC_FEATURES_AFFINE_RELU, true, 1};
    s.weights.slope = ec_calloc(2, sizeof(double), NULL);
    s.weights.offset = ec_calloc(2, sizeof(double), NULL);
    s.weights.slope[0] = 1;
    s.weights.offset[1] = -1;
    subject_measure(got, &s, EC_BASIS_FEATURES);
    assert_is_spectrum_of(&got[0], &s, 0, root);
    assert_int_equal(got[0].numeric_rank, 1);
    subject_clear_spectra(got, &s);
    subject_clear(&s);
}

/* ----------------------------------------------------- known by construction */

/* rank-one matrices everywhere: every message is a fixed vector times a number */
static void product_states_have_no_entropy(void **state)
{
    const convac_level levels[] = {{3, 1, 1, true}, {4, 1, 2, true}, {3, 1, 4, false}};
    ec_spectrum got[2];
    subject s;

    (void)state;
    subject_make(&s, levels, 3, 2, "AABABBBA");
    for (size_t o = 0; o < 4; o++)
        for (size_t i = 0; i < 3; i++)
            s.weights.matrix[0][o * 3 + i] = (double)(o + 1) * (double)(i + 2);
    subject_measure(got, &s, EC_BASIS_SITES);
    for (uint32_t y = 0; y < 2; y++) {
        assert_int_equal(got[y].numeric_rank, 1);
        assert_close(ec_spectrum_von_neumann(&got[y]).value, 0, 1e-12);
        assert_close(ec_spectrum_renyi2(&got[y]).value, 0, 1e-12);
    }
    subject_clear_spectra(got, &s);
    subject_clear(&s);
}

/* identities below one window: sum_r a_r |r r ... r>, singular values |a_r| across every cut */
static void copy_states_have_the_entropy_of_their_weights(void **state)
{
    const convac_level levels[] = {{4, 1, 1, true}, {4, 1, 6, false}};
    const double row[2][4] = {{1, -1, 1, 1}, {1, 1e-30, 0, 0}};
    ec_spectrum got[2];
    subject s;

    (void)state;
    subject_make(&s, levels, 2, 2, "ABBABB");
    for (size_t i = 0; i < 16; i++)
        s.weights.matrix[0][i] = i % 5 == 0;
    memcpy(s.weights.matrix[1], row, sizeof row);
    subject_measure(got, &s, EC_BASIS_SITES);
    assert_close(ec_spectrum_von_neumann(&got[0]).value, log(4), 1e-14);
    assert_close(ec_spectrum_renyi2(&got[0]).value, log(4), 1e-14);
    assert_close(got[0].log_norm, log(2), 1e-14);
    assert_int_equal(got[0].numeric_rank, 4);
    assert_int_equal(got[1].numeric_rank, 1);
    assert_close(got[1].value[1], 1e-30, 1e-40);
    assert_close(got[1].gap, 1e30, 1e20);
    subject_clear_spectra(got, &s);
    subject_clear(&s);
}

/* ---------------------------------------------------------------- invariants */

static void both_sides_have_the_same_spectrum(void **state)
{
    ec_rng rng;

    (void)state;
    ec_rng_seed(&rng, check_seed() + 2);
    for (size_t i = 0; i < check_count(50); i++) {
        ec_spectrum a[MAX_LABELS], b[MAX_LABELS];
        subject s;

        subject_random(&s, &rng, false);
        subject_measure(a, &s, EC_BASIS_SITES);
        for (size_t k = 0; k < s.a.n; k++)
            s.a.bits[0] ^= (uint64_t)1 << k;
        subject_measure(b, &s, EC_BASIS_SITES);
        for (uint32_t y = 0; y < s.arch.outputs; y++)
            assert_same_spectrum(&a[y], &b[y], 1e-12);
        subject_clear_spectra(a, &s);
        subject_clear_spectra(b, &s);
        subject_clear(&s);
    }
}

/* W_0 <- W_0 Q with a rotation Q of the sites' first two coordinates */
static void an_orthogonal_site_basis_changes_nothing(void **state)
{
    const convac_level levels[] = {{3, 1, 1, false}, {4, 1, 3, true}, {5, 1, 4, false}};
    ec_spectrum a[2], b[2];
    subject s;

    (void)state;
    subject_make(&s, levels, 3, 2, "AABBABAABBBA");
    subject_measure(a, &s, EC_BASIS_SITES);
    for (size_t row = 0; row < 12 * 4; row++) {
        double *w = s.weights.matrix[0] + row * 3, x = w[0], y = w[1];
        w[0] = 0.6 * x - 0.8 * y;
        w[1] = 0.8 * x + 0.6 * y;
    }
    subject_measure(b, &s, EC_BASIS_SITES);
    for (uint32_t y = 0; y < 2; y++)
        assert_same_spectrum(&a[y], &b[y], 1e-13);
    subject_clear_spectra(a, &s);
    subject_clear_spectra(b, &s);
    subject_clear(&s);
}

static void scaled_weights_change_the_norm_alone(void **state)
{
    const convac_level levels[] = {{2, 1, 1, false}, {4, 1, 2, true}, {5, 1, 4, false}};
    ec_spectrum a[1], b[1];
    subject s;

    (void)state;
    subject_make(&s, levels, 3, 1, "AABBABAB");
    subject_measure(a, &s, EC_BASIS_SITES);
    for (size_t i = 0; i < 8 * 8;
         i++) /* half of the sites' matrices up, half down, one window up */
        s.weights.matrix[0][i] *= i < 8 * 4 ? 1e200 : 1e-200;
    for (size_t i = 0; i < 20; i++)
        s.weights.matrix[1][i] *= 1e200;
    subject_measure(b, &s, EC_BASIS_SITES);
    assert_same_spectrum(&a[0], &b[0], 1e-13);
    assert_close(b[0].log_norm - a[0].log_norm, 4 * 200 * log(10), 1e-9);
    subject_clear_spectra(a, &s);
    subject_clear_spectra(b, &s);
    subject_clear(&s);
}

/* Shared weights let equal subtrees be swept once; written out per position they are not. */
static void sharing_does_not_change_the_spectrum(void **state)
{
    const convac_level shared[] = {
        {2, 1, 1, true}, {3, 1, 2, true}, {4, 1, 2, true}, {4, 1, 2, false}};
    convac_level written_out[4];
    ec_spectrum a[2], b[2];
    subject s, t;

    (void)state;
    memcpy(written_out, shared, sizeof shared);
    for (size_t l = 0; l < 4; l++)
        written_out[l].shared = false;
    subject_make(&s, shared, 4, 2, "AAAABBAB");
    subject_make(&t, written_out, 4, 2, "AAAABBAB");
    for (size_t l = 0; l < 4; l++) {
        size_t n = ec_weights_count(&s.arch, l);
        for (size_t i = 0; i < ec_weights_count(&t.arch, l); i++)
            t.weights.matrix[l][i] = s.weights.matrix[l][i % n];
    }
    subject_measure(a, &s, EC_BASIS_SITES);
    subject_measure(b, &t, EC_BASIS_SITES);
    for (uint32_t y = 0; y < 2; y++)
        assert_same_spectrum(&a[y], &b[y], 1e-13);
    subject_clear_spectra(a, &s);
    subject_clear_spectra(b, &t);
    subject_clear(&s);
    subject_clear(&t);
}

/* 32 x 32 sites, width 16, 10 labels, left | right: the whole tensor would have 10^1024 entries */
static void a_thousand_sites_are_measured(void **state)
{
    const convac_level levels[] = {{10, 1, 1, true}, {16, 2, 2, true},  {16, 2, 2, true},
                                   {16, 2, 2, true}, {16, 2, 2, false}, {16, 2, 2, false}};
    char letters[1025] = "";
    ec_spectrum got[MAX_LABELS];
    subject s;

    (void)state;
    for (size_t i = 0; i < 1024; i++)
        letters[i] = i % 32 < 16 ? 'A' : 'B';
    subject_make(&s, levels, 6, MAX_LABELS, letters);
    subject_measure(got, &s, EC_BASIS_SITES);
    for (uint32_t y = 0; y < MAX_LABELS; y++) {
        assert_true(got[y].known);
        assert_int_equal(got[y].n, 16);
        assert_true(ec_spectrum_renyi2(&got[y]).value <=
                    ec_spectrum_von_neumann(&got[y]).value + 1e-12);
        assert_true(ec_spectrum_von_neumann(&got[y]).value <= log(16) + 1e-12);
    }
    subject_clear_spectra(got, &s);
    subject_clear(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spectrum_is_that_of_the_whole_tensor),
        cmocka_unit_test(spectrum_does_not_depend_on_the_cut),
        cmocka_unit_test(feature_basis_uses_the_gram_matrix_of_the_feature_map),
        cmocka_unit_test(a_dead_feature_leaves_the_spectrum_of_the_others),
        cmocka_unit_test(product_states_have_no_entropy),
        cmocka_unit_test(copy_states_have_the_entropy_of_their_weights),
        cmocka_unit_test(both_sides_have_the_same_spectrum),
        cmocka_unit_test(an_orthogonal_site_basis_changes_nothing),
        cmocka_unit_test(scaled_weights_change_the_norm_alone),
        cmocka_unit_test(sharing_does_not_change_the_spectrum),
        cmocka_unit_test(a_thousand_sites_are_measured),
    };

    if (ec_linalg_threads(1, NULL) != EC_OK)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
