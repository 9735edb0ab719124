/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "check.h"
#include "oracle/convac.h"

#include "entcap/state.h"
#include "state/state_i.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A network with weights and a side. */
typedef struct subject {
    ec_arch arch;
    ec_weights weights;
    ec_sites a;
} subject;

static void subject_random(subject *s, ec_rng *rng)
{
    convac_random(&s->arch, 12, rng);
    convac_random_side(&s->a, s->arch.n_sites, rng);
    assert_ok(ec_weights_random(&s->weights, &s->arch, rng, NULL, NULL), NULL);
}

static void subject_clear(subject *s)
{
    ec_sites_clear(&s->a);
    ec_weights_clear(&s->weights);
    convac_clear(&s->arch);
}

static ec_state_input input_of(const subject *s)
{
    return (ec_state_input){.arch = &s->arch, .weights = &s->weights, .a = &s->a};
}

/* all spectra, or a failed test */
static void measure(ec_spectrum *out, const subject *s, ec_basis basis)
{
    ec_state_options options = EC_STATE_OPTIONS_INIT;
    ec_state_input in = input_of(s);
    ec_error err = {0};

    options.basis = basis;
    memset(out, 0, s->arch.outputs * sizeof *out);
    assert_ok(ec_state_spectra(out, &in, &options, NULL, &err), &err);
}

static void clear_all(ec_spectrum *spectra, const subject *s)
{
    for (uint32_t y = 0; y < s->arch.outputs; y++)
        ec_spectrum_clear(&spectra[y]);
}

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
    if (norm == 0) {
        assert_false(got->known);
    } else {
        assert_true(got->known);
        assert_close(got->log_norm, log(norm), 1e-9);
        for (size_t i = 0; i < n || i < got->n; i++)
            assert_close(i < got->n ? got->value[i] : 0, i < n ? want[i] / norm : 0, 1e-10);
    }
    ec_free(want);
    ec_free(matrix);
}

static void spectrum_is_that_of_the_whole_tensor(void **state)
{
    ec_rng rng;

    (void)state;
    ec_rng_seed(&rng, check_seed());
    for (size_t i = 0; i < check_count(300); i++) {
        ec_spectrum got[3];
        subject s;

        subject_random(&s, &rng);
        measure(got, &s, EC_BASIS_SITES);
        for (uint32_t y = 0; y < s.arch.outputs; y++)
            assert_is_spectrum_of(&got[y], &s, y, NULL);
        clear_all(got, &s);
        subject_clear(&s);
    }
}

/* Any cut is right in algebra: random sides for all matrices give many pieces and labels. */
static void spectrum_does_not_depend_on_the_cut(void **state)
{
    ec_rng rng;

    size_t refused = 0, rounds = check_count(300);

    (void)state;
    ec_rng_seed(&rng, check_seed() + 1);
    for (size_t i = 0; i < rounds; i++) {
        ec_spectrum got[3] = {0};
        bool side_a[64];
        ec_error err = {0};
        subject s;

        subject_random(&s, &rng);
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
        clear_all(got, &s);
        subject_clear(&s);
    }
    assert_true(refused * 10 < rounds);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spectrum_is_that_of_the_whole_tensor),
        cmocka_unit_test(spectrum_does_not_depend_on_the_cut),
    };

    ec_linalg_threads(1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
