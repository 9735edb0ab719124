/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "check.h"
#include "oracle/subject.h"

#include "entcap/linalg.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* everything floating with no spectrum allowed, so that four copies have to do */
static void measure(ec_state *out, const subject *s, ec_basis basis)
{
    ec_state_options options = EC_STATE_OPTIONS_INIT;
    ec_int bound = {0};
    ec_state_input in = subject_input(s, &bound);
    ec_error err = {0};

    ec_int_pow_u64(&bound, 2, 1 << 20); /* nothing is refuted here */
    options.basis = basis;
    options.rank = options.forward = false;
    options.spectrum_limit = 0;
    assert_ok(ec_state_verify(out, &in, &options, NULL, &err), &err);
    assert_true(out->holds);
    ec_int_clear(&bound);
}

/* S and S_2 of the whole matrix; NaN if it is zero */
static void entropies_of_matrix(double *von_neumann, double *renyi2, const subject *s, uint32_t y)
{
    size_t rows, cols;
    double *matrix = convac_matrix(&rows, &cols, &s->arch, &s->weights, y, &s->a, NULL);
    double *value = convac_singular_values(matrix, rows, cols), norm = 0, purity = 0;
    size_t n = rows < cols ? rows : cols;

    for (size_t i = 0; i < n; i++) {
        norm += value[i] * value[i];
        purity += pow(value[i], 4);
    }
    *renyi2 = norm > 0 ? -log(purity / (norm * norm)) : NAN;
    *von_neumann = norm > 0 ? 0 : NAN;
    for (size_t i = 0; i < n && value[i] > 0; i++) {
        double p = value[i] * value[i] / norm;

        *von_neumann -= p > 0 ? p * log(p) : 0;
    }
    ec_free(value);
    ec_free(matrix);
}

/* A label whose tensor is much smaller than its parts loses digits in each of four copies. The
   entropy says how many, and is given up when none are left; it happens to one label in 300. */
static const char cancellation[] = "cancellation: four copies of the tensor are lost to rounding";

/* Is the label's Renyi-2 entropy that of its matrix, within 1e-10 max(1, S_2)? Else it says so. */
static size_t compare_label(const ec_label_state *got, const subject *s)
{
    double want, von_neumann;

    entropies_of_matrix(&von_neumann, &want, s, got->label);
    if (got->von_neumann.known)
        assert_close(got->von_neumann.value, von_neumann, 1e-10 + got->von_neumann.error);
    if (isnan(want)) {
        assert_string_equal(got->renyi2.why, "the tensor is zero");
        return 1;
    }
    if (!got->renyi2.known) {
        assert_string_equal(got->renyi2.why, cancellation);
        return 0;
    }
    assert_close(got->renyi2.value, want, 1e-10 + got->renyi2.error);
    return fabs(got->renyi2.value - want) <= 1e-10 * fmax(1, want);
}

static void four_copies_agree_with_the_whole_tensor(void **state)
{
    size_t labels = 0, accurate = 0;
    ec_rng rng;

    (void)state;
    ec_rng_seed(&rng, check_seed());
    for (size_t i = 0; i < check_count(1500); i++) {
        ec_state got;
        subject s;

        subject_random(&s, &rng, i % 4 == 0);
        measure(&got, &s, EC_BASIS_SITES);
        for (uint32_t y = 0; y < s.arch.outputs; y++)
            accurate += compare_label(&got.labels[y], &s);
        labels += s.arch.outputs;
        ec_state_clear(&got);
        subject_clear(&s);
    }
    assert_true(labels - accurate <= labels / 100);
}

static void four_copies_agree_with_the_spectrum_in_the_feature_basis(void **state)
{
    const convac_level levels[] = {{2, 1, 2, true}, {3, 1, 2, true}, {4, 1, 2, false}};
    ec_spectrum spectra[3];
    ec_state got;
    subject s;

    (void)state;
    subject_make(&s, levels, 3, 3, "AABABABB");
    s.weights.features = (ec_features){EC_FEATURES_AFFINE_RELU, true, 1};
    s.weights.slope = ec_calloc(2, sizeof(double), NULL);
    s.weights.offset = ec_calloc(2, sizeof(double), NULL);
    s.weights.slope[0] = -1;
    s.weights.slope[1] = s.weights.offset[0] = 1;
    subject_measure(spectra, &s, EC_BASIS_FEATURES);
    measure(&got, &s, EC_BASIS_FEATURES);
    for (uint32_t y = 0; y < 3; y++)
        assert_close(got.labels[y].renyi2.value, ec_spectrum_renyi2(&spectra[y]).value, 1e-12);
    ec_state_clear(&got);
    subject_clear_spectra(spectra, &s);
    subject_clear(&s);
}

/* 16 x 16 checkerboard, a cut of 2^64: identities below, sum_r a_r |r r ... r>, S_2 is known */
static void a_cut_beyond_any_spectrum_still_has_a_renyi2_entropy(void **state)
{
    const convac_level levels[] = {
        {4, 1, 1, true}, {4, 2, 2, true}, {4, 2, 2, true}, {4, 2, 2, true}, {4, 2, 2, false}};
    char letters[257] = "";
    ec_state got;
    subject s;

    (void)state;
    for (size_t i = 0; i < 256; i++)
        letters[i] = (i % 16 + i / 16) % 2 == 0 ? 'A' : 'B';
    subject_make(&s, levels, 5, 1, letters);
    for (size_t l = 0; l < 4; l++)
        for (size_t i = 0; i < 16; i++)
            s.weights.matrix[l][i] = i % 5 == 0 ? 1e100 : 0;
    for (size_t i = 0; i < 4; i++)
        s.weights.matrix[4][i] = i < 3 ? -1e-200 : 0;
    measure(&got, &s, EC_BASIS_SITES);
    assert_true(got.labels[0].renyi2.known);
    assert_close(got.labels[0].renyi2.value, log(3), 1e-12);
    ec_state_clear(&got);
    subject_clear(&s);
}

/* Shared weights let equal subtrees be contracted once; written out per position they are not. */
static void sharing_does_not_change_the_entropy(void **state)
{
    const char *letters = "ABABAABBBBABABBB";
    convac_level levels[] = {{2, 1, 1, true}, {3, 1, 2, true}, {4, 1, 2, true}, {4, 1, 4, false}};
    subject s, t;
    ec_state a, b;

    (void)state;
    subject_make(&s, levels, 4, 1, letters);
    for (size_t l = 0; l < 4; l++)
        levels[l].shared = false;
    subject_make(&t, levels, 4, 1, letters);
    for (size_t l = 0; l < 4; l++) {
        size_t n = ec_weights_count(&s.arch, l);
        for (size_t i = 0; i < ec_weights_count(&t.arch, l); i++)
            t.weights.matrix[l][i] = s.weights.matrix[l][i % n];
    }
    measure(&a, &s, EC_BASIS_SITES);
    measure(&b, &t, EC_BASIS_SITES);
    assert_close(a.labels[0].renyi2.value, b.labels[0].renyi2.value, 1e-13);
    ec_state_clear(&a);
    ec_state_clear(&b);
    subject_clear(&s);
    subject_clear(&t);
}

static void copies_beyond_the_limits_are_said_to_be(void **state)
{
    const convac_level levels[] = {{2, 1, 1, true}, {64, 1, 2, true}, {8, 1, 2, false}};
    ec_state_options options = EC_STATE_OPTIONS_INIT;
    ec_int bound = {0};
    ec_run run = EC_RUN_INIT;
    ec_state got;
    subject s;

    (void)state;
    subject_make(&s, levels, 3, 1, "ABAB");
    ec_state_input in = subject_input(&s, &bound);
    ec_int_set_u64(&bound, 4);
    options.spectrum_limit = 0;
    run.memory_bytes = (uint64_t)64 << 20;
    assert_ok(ec_state_verify(&got, &in, &options, &run, NULL), NULL);
    assert_false(got.labels[0].renyi2.known);
    assert_non_null(strstr(got.labels[0].renyi2.why, "the memory limit is 64 MiB; --memory "));
    assert_non_null(strstr(got.labels[0].renyi2.why, "M would do; partitions that divide no "
                                                     "subtree below r"));
    ec_state_clear(&got);
    run.memory_bytes = (uint64_t)1 << 30;
    options.max_flops = 1e6;
    assert_ok(ec_state_verify(&got, &in, &options, &run, NULL), NULL);
    assert_false(got.labels[0].renyi2.known);
    assert_non_null(strstr(got.labels[0].renyi2.why, "operations, the limit is 1e+06"));
    ec_state_clear(&got);
    ec_int_clear(&bound);
    subject_clear(&s);
}

static ec_status measure_once(void *arg, ec_error *err)
{
    ec_state_options options = EC_STATE_OPTIONS_INIT;
    ec_int bound = {0};
    ec_state_input in = subject_input(arg, &bound);
    ec_state got;
    ec_status status;

    options.rank = options.forward = false;
    options.spectrum_limit = 0;
    status = ec_state_verify(&got, &in, &options, NULL, err);
    ec_state_clear(&got);
    return status;
}

static void four_copies_survive_running_out_of_memory(void **state)
{
    const convac_level levels[] = {{2, 1, 1, true}, {3, 1, 2, true}, {3, 1, 2, false}};
    subject s;

    (void)state;
    subject_make(&s, levels, 3, 2, "ABAB");
    assert_survives_oom(measure_once, &s);
    subject_clear(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(four_copies_agree_with_the_whole_tensor),
        cmocka_unit_test(four_copies_agree_with_the_spectrum_in_the_feature_basis),
        cmocka_unit_test(a_cut_beyond_any_spectrum_still_has_a_renyi2_entropy),
        cmocka_unit_test(sharing_does_not_change_the_entropy),
        cmocka_unit_test(copies_beyond_the_limits_are_said_to_be),
        cmocka_unit_test(four_copies_survive_running_out_of_memory),
    };

    if (ec_linalg_threads(1, NULL) != EC_OK)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
