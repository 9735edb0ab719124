/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "state/state_i.h"

#include "core/flow.h"

#include <stdio.h>

void ec_state_say_why(ec_measured *m, const char *why)
{
    *m = (ec_measured){.known = false};
    snprintf(m->why, sizeof m->why, "%.255s", why);
}

/* entropies by their own way for labels that have no spectrum */
static ec_status measure_copies(ec_measurement *m, ec_error *err)
{
    ec_status status = EC_OK;
    ec_label_entropies *entropies = NULL;

    EC_NEW(entropies, m->out->n_labels);
    EC_TRY(ec_state_copies(entropies, m->in, m->options, m->run, err));
    for (size_t y = 0; y < m->out->n_labels; y++) {
        ec_label_state *label = &m->out->labels[y];

        if (label->spectrum.known)
            continue;
        label->renyi2 = entropies[y].renyi2;
        if (entropies[y].von_neumann.known)
            label->von_neumann = entropies[y].von_neumann;
    }
done:
    ec_free(entropies);
    return status;
}

/* spectra, and entropies from them where they are known */
static ec_status measure_spectra(ec_measurement *m, ec_error *err)
{
    ec_status status = EC_OK;
    ec_spectrum *spectra = NULL;
    size_t n = m->out->n_labels;
    bool missing = false;

    EC_NEW(spectra, n);
    EC_TRY(ec_state_spectra(spectra, m->in, m->options, m->run, err));
    for (size_t y = 0; y < n; y++) {
        ec_label_state *label = &m->out->labels[y];

        label->spectrum = spectra[y];
        spectra[y] = (ec_spectrum){.known = false};
        label->von_neumann = ec_spectrum_von_neumann(&label->spectrum);
        label->renyi2 = ec_spectrum_renyi2(&label->spectrum);
        missing = missing || !label->spectrum.known;
    }
    if (missing)
        EC_TRY(measure_copies(m, err));
done:
    for (size_t y = 0; y < n && spectra != NULL; y++)
        ec_spectrum_clear(&spectra[y]);
    ec_free(spectra);
    return status;
}

static void say_why_modulo_prime(ec_state *state, const char *rank_why, const char *forward_why)
{
    for (size_t y = 0; y < state->n_labels; y++) {
        ec_label_state *label = &state->labels[y];

        if (rank_why != NULL)
            snprintf(label->rank.why, sizeof label->rank.why, "%.255s", rank_why);
        if (forward_why != NULL)
            snprintf(label->forward.why, sizeof label->forward.why, "%.255s", forward_why);
    }
}

/* both exact parts, with one prime drawn for this call */
static ec_status measure_modulo_prime(ec_measurement *m, ec_error *err)
{
    ec_status status = EC_OK;
    ec_residues residues;
    ec_error limit = {0};
    uint64_t prime;

    status = ec_bound_random_prime(&prime, &m->rng, err);
    if (status != EC_OK)
        return status;
    status = ec_residues_init(&residues, m->in->arch, m->in->weights, prime, m->run, &limit);
    if (ec_state_out_of_reach(&status, &limit, err)) {
        say_why_modulo_prime(m->out, limit.msg, limit.msg);
        goto done;
    }
    EC_TRY(status);
    m->residues = &residues;
    if (m->options->rank)
        EC_TRY(ec_state_exact_ranks(m, err));
    if (m->options->forward)
        EC_TRY(ec_state_forward_checks(m, err));
done:
    m->residues = NULL;
    ec_residues_clear(&residues);
    return status;
}

/* a tensor that is exactly zero has no spectrum, whatever rounding left of it */
static void drop_noise(ec_label_state *label)
{
    static const char why[] = "the tensor is zero";

    if (!label->rank.known || label->rank.rank > 0)
        return;
    if (label->spectrum.known) {
        ec_spectrum_clear(&label->spectrum);
        snprintf(label->spectrum.why, sizeof label->spectrum.why, "%s", why);
        ec_state_say_why(&label->von_neumann, why);
    }
    if (label->renyi2.known)
        ec_state_say_why(&label->renyi2, why);
}

static ec_status state_init(ec_state *out, const ec_state_input *in,
                            const ec_state_options *options, ec_error *err)
{
    static const char why[] = "not asked for";

    *out = (ec_state){.basis = options->basis, .holds = true};
    ec_int_set(&out->bound, in->bound);
    out->labels = ec_calloc(in->arch->outputs, sizeof *out->labels, err);
    if (out->labels == NULL)
        return EC_ENOMEM;
    out->n_labels = in->arch->outputs;
    for (uint32_t y = 0; y < in->arch->outputs; y++) {
        ec_label_state *label = &out->labels[y];

        label->label = y;
        ec_state_say_why(&label->von_neumann, why);
        ec_state_say_why(&label->renyi2, why);
        snprintf(label->spectrum.why, sizeof label->spectrum.why, "%s", why);
    }
    say_why_modulo_prime(out, options->rank ? NULL : why, options->forward ? NULL : why);
    return EC_OK;
}

ec_status ec_state_verify(ec_state *out, const ec_state_input *in, const ec_state_options *options,
                          const ec_run *run, ec_error *err)
{
    ec_measurement m = {.in = in, .options = options, .run = run, .out = out};
    ec_status status = EC_OK;

    *out = (ec_state){.n_labels = 0};
    EC_TRY(ec_state_check(in, options, err));
    EC_TRY(state_init(out, in, options, err));
    ec_rng_seed(&m.rng, run != NULL ? run->seed : 1);
    if (options->rank || options->forward)
        EC_TRY(measure_modulo_prime(&m, err));
    if (options->spectrum)
        EC_TRY(measure_spectra(&m, err));
    for (size_t y = 0; y < out->n_labels; y++) {
        drop_noise(&out->labels[y]);
        ec_state_judge(&out->labels[y], in->bound, in->proved);
        out->holds = out->holds && out->labels[y].holds;
    }
done:
    return status;
}

void ec_state_clear(ec_state *state)
{
    if (state == NULL)
        return;
    for (size_t y = 0; y < state->n_labels; y++)
        ec_spectrum_clear(&state->labels[y].spectrum);
    ec_free(state->labels);
    ec_int_clear(&state->bound);
    *state = (ec_state){.n_labels = 0};
}
