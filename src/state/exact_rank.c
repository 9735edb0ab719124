/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "state/state_i.h"

#include "core/flow.h"

#include <float.h>
#include <math.h>
#include <stdio.h>

/**
 * The rank of the stored weights: bound + 1 random product inputs on each side show any rank up to
 * bound + 1, enough to see whether the claim is true without knowing how large the tensor is.
 */

static void say_why(ec_state *state, const char *why)
{
    for (size_t y = 0; y < state->n_labels; y++)
        if (!state->labels[y].rank.known)
            snprintf(state->labels[y].rank.why, sizeof state->labels[y].rank.why, "%.255s", why);
}

/* dimension of the smaller side, M^min(|A|, |B|), or `most` if that is less */
static uint64_t side_dimension(const ec_state_input *in, uint64_t most)
{
    size_t in_a = ec_sites_count(in->a), sites = in_a < in->a->n - in_a ? in_a : in->a->n - in_a;
    uint64_t m = in->arch->levels[0].dim, dim = 1;

    for (size_t i = 0; i < sites && m > 1 && dim < most; i++)
        dim *= m;
    return dim < most ? dim : most;
}

/* one more than the claim, so that a rank above it is seen; never more than a side's dimension */
static uint64_t first_inputs(const ec_state_input *in, uint64_t full)
{
    if (!ec_int_fits_u64(in->bound) || ec_int_get_u64(in->bound) >= full)
        return full;
    return ec_int_get_u64(in->bound) + 1;
}

/* EC_ELIMIT, with a reason, if `sampling` is out of reach */
static ec_status predict(const ec_measurement *m, const ec_sampling *sampling, ec_error *err)
{
    ec_sampled_cost cost = {.bytes = 0};
    ec_status status = EC_OK;

    if (sampling->inputs > m->options->rank_limit + 1)
        return ec_fail(err, EC_ELIMIT, "the bound is above the limit of %llu for exact ranks",
                       (unsigned long long)m->options->rank_limit);
    EC_TRY(ec_bound_sampled_cost(&cost, sampling, m->run, err));
    cost.seconds *= m->options->trials > 1 ? m->options->trials : 1;
    EC_TRY(ec_bound_check_cost(&cost, "exact rank", m->options->max_seconds, m->run, err));
done:
    return status;
}

/* see ec_exact_rank; never 0, whatever underflows */
static double error_probability(const ec_arch *arch, const ec_residues *residues,
                                const ec_exact_rank *r)
{
    double minor = (double)r->rank + 1, bits = residues->bits, error;

    for (size_t l = 0; l < arch->n_levels; l++)
        bits += (double)ec_level_positions(&arch->levels[l]) * log2(arch->levels[l].dim);
    error = minor * ((double)arch->n_sites + log2(minor) + bits) * 0x1p-62;
    return fmax(pow(fmin(error, 1), r->trials), DBL_MIN);
}

/* a trial with these residues: what is known before, and the larger of both ranks */
static ec_status try_once(ec_measurement *m, const ec_residues *residues,
                          const ec_sampling *sampling, uint64_t full, ec_error *err)
{
    const ec_mod_weights weights = {residues->prime, (const uint64_t *const *)residues->matrix};
    ec_status status = EC_OK;
    uint64_t *rank = NULL;

    EC_NEW(rank, sampling->n_labels);
    EC_TRY(ec_bound_sampled_ranks(rank, sampling, &weights, &m->rng, m->run, err));
    for (uint32_t y = 0; y < sampling->n_labels; y++) {
        ec_exact_rank *r = &m->out->labels[y].rank;

        if (r->trials++ == 0 || rank[y] > r->rank) {
            r->rank = rank[y];
            r->prime = weights.prime;
        }
        r->inputs = sampling->inputs;
        r->known = r->rank < sampling->inputs || sampling->inputs == full;
        r->error = r->rank == full ? 0 : error_probability(sampling->arch, residues, r);
    }
done:
    ec_free(rank);
    return status;
}

/* a prime of its own for every trial after the first */
static ec_status try_again(ec_measurement *m, const ec_sampling *sampling, uint64_t full,
                           ec_error *err)
{
    ec_residues residues = {.n_levels = 0};
    ec_status status = EC_OK;
    uint64_t prime;

    EC_TRY(ec_bound_random_prime(&prime, &m->rng, err));
    EC_TRY(ec_residues_init(&residues, m->in->arch, m->in->weights, prime, m->run, err));
    EC_TRY(try_once(m, &residues, sampling, full, err));
done:
    ec_residues_clear(&residues);
    return status;
}

/* measure with so many inputs; *saturated: some label may have a larger rank than they show */
static ec_status measure(bool *saturated, ec_measurement *m, const ec_sampling *sampling,
                         uint64_t full, ec_error *err)
{
    ec_status status = EC_OK;

    for (uint32_t y = 0; y < sampling->n_labels; y++)
        m->out->labels[y].rank.trials = 0;
    EC_TRY(try_once(m, m->residues, sampling, full, err));
    for (unsigned i = 1; i < m->options->trials; i++)
        EC_TRY(try_again(m, sampling, full, err));
    *saturated = false;
    for (uint32_t y = 0; y < sampling->n_labels; y++)
        *saturated = *saturated || !m->out->labels[y].rank.known;
done:
    return status;
}

ec_status ec_state_exact_ranks(ec_measurement *m, ec_error *err)
{
    const ec_state_input *in = m->in;
    uint64_t full = side_dimension(in, (uint64_t)1 << 40);
    ec_sampling sampling = {in->arch, in->a, first_inputs(in, full), in->arch->outputs};
    ec_status status = EC_OK;
    ec_error limit = {0};
    bool saturated = true;

    /* a claim that the rank breaks is measured again with more inputs, to say by how much */
    while (saturated) {
        status = predict(m, &sampling, &limit);
        if (status == EC_OK)
            status = measure(&saturated, m, &sampling, full, &limit);
        if (status != EC_OK)
            break;
        sampling.inputs = 2 * sampling.inputs < full ? 2 * sampling.inputs : full;
    }
    if (ec_state_out_of_reach(&status, &limit, err))
        say_why(m->out, limit.msg);
    return status;
}
