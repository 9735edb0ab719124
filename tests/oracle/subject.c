/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "oracle/subject.h"

#include "check.h"

#include <string.h>

void subject_fill(subject *s, ec_rng *rng)
{
    for (size_t l = 0; l < s->arch.n_levels; l++) {
        size_t n = ec_weights_count(&s->arch, l);
        for (size_t i = 0; i < n; i++)
            s->weights.matrix[l][i] =
                ((double)ec_rng_below(rng, 2u << 20) - (1u << 20)) / (1u << 20);
    }
}

void subject_make(subject *s, const convac_level *levels, size_t n, uint32_t outputs,
                  const char *letters)
{
    ec_rng rng;

    ec_rng_seed(&rng, check_seed());
    convac_make(&s->arch, levels, n, outputs);
    convac_sides(&s->a, letters);
    assert_int_equal(s->a.n, s->arch.n_sites);
    assert_ok(ec_weights_init(&s->weights, &s->arch, NULL, NULL), NULL);
    subject_fill(s, &rng);
}

void subject_random(subject *s, ec_rng *rng, bool integers)
{
    convac_random(&s->arch, 12, rng);
    convac_random_side(&s->a, s->arch.n_sites, rng);
    assert_ok(ec_weights_random(&s->weights, &s->arch, rng, NULL, NULL), NULL);
    if (integers)
        convac_integer_weights(&s->weights, &s->arch, 9, rng);
}

void subject_clear(subject *s)
{
    ec_sites_clear(&s->a);
    ec_weights_clear(&s->weights);
    convac_clear(&s->arch);
}

ec_state_input subject_input(const subject *s, const ec_int *bound)
{
    return (ec_state_input){.arch = &s->arch, .weights = &s->weights, .a = &s->a, .bound = bound};
}

void subject_measure(ec_spectrum *out, const subject *s, ec_basis basis)
{
    ec_state_options options = EC_STATE_OPTIONS_INIT;
    ec_state_input in = subject_input(s, NULL);
    ec_error err = {0};

    options.basis = basis;
    memset(out, 0, s->arch.outputs * sizeof *out);
    assert_ok(ec_state_spectra(out, &in, &options, NULL, &err), &err);
}

void subject_clear_spectra(ec_spectrum *spectra, const subject *s)
{
    for (uint32_t y = 0; y < s->arch.outputs; y++)
        ec_spectrum_clear(&spectra[y]);
}

bool subject_holds(const subject *s, const ec_int *claim)
{
    ec_state_options options = EC_STATE_OPTIONS_INIT;
    ec_state_input in = subject_input(s, claim);
    ec_state state;
    ec_error err = {0};
    bool holds;

    assert_ok(ec_state_verify(&state, &in, &options, NULL, &err), &err);
    holds = state.holds;
    ec_state_clear(&state);
    return holds;
}
