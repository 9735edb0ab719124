/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "state/state_i.h"

#include "core/flow.h"

#include <stdio.h>
#include <string.h>

#include "state/forward.h"

/**
 * The independent witness. For a claimed rank, K random inputs on side A and K on the other are
 * combined to K^2 whole inputs, each is sent through the network as any image would be, and the
 * outputs of a label, as a K x K matrix, have at most the rank of its tensor. Nothing here knows of
 * cuts, sides of matrices or hyperedges, and no code is shared with the exact rank.
 */

enum { MAX_INPUTS = 512, SPARE_INPUTS = 8 };

/* per multiply-add of an elimination */
#define ELIMINATION_SECONDS 1.5e-9

/* EC_ELIMIT, with a reason, if K^2 passes are out of reach */
static ec_status predict(const ec_measurement *m, const ec_forward *f, ec_error *err)
{
    double k = (double)f->inputs, labels = f->arch->outputs;
    const ec_sampled_cost cost = {
        .seconds = ec_forward_seconds(f) + labels * k * k * k / 3 * ELIMINATION_SECONDS,
        .bytes = ec_forward_bytes(f) + (labels + 2) * k * k * sizeof(uint64_t),
    };

    return ec_bound_check_cost(&cost, "forward check", m->options->max_seconds, m->run, err);
}

static ec_status rank_outputs(const ec_forward *f, const uint64_t *output, ec_measurement *m,
                              ec_error *err)
{
    ec_status status = EC_OK;

    for (size_t y = 0; y < m->out->n_labels; y++) {
        ec_forward_check *check = &m->out->labels[y].forward;
        const ec_mod_matrix matrix = {output + y * f->inputs * f->inputs, f->inputs, f->inputs,
                                      m->residues->prime};

        EC_TRY(ec_bound_rank_mod_p(&check->rank, matrix, m->run, err));
        check->inputs = f->inputs;
        check->known = true;
    }
done:
    return status;
}

/* min(bound + 8, 512) */
static size_t count_inputs(const ec_int *bound)
{
    uint64_t claim = ec_int_get_u64(bound);

    return claim < MAX_INPUTS - SPARE_INPUTS ? (size_t)claim + SPARE_INPUTS : MAX_INPUTS;
}

static void say_why(ec_state *state, const char *why)
{
    for (size_t y = 0; y < state->n_labels; y++)
        snprintf(state->labels[y].forward.why, sizeof state->labels[y].forward.why, "%.255s", why);
}

ec_status ec_state_forward_checks(ec_measurement *m, ec_error *err)
{
    const ec_arch *arch = m->in->arch;
    ec_error limit = {0};
    ec_status status = EC_OK;
    ec_forward f;
    uint64_t *output = NULL;

    EC_TRY(ec_forward_init(&f, arch, m->in->a, count_inputs(m->in->bound), err));
    status = predict(m, &f, &limit);
    if (status == EC_OK) {
        EC_NEW(output, arch->outputs * f.inputs * f.inputs);
        status = ec_forward_outputs(output, &f, m->residues, &m->rng, m->run, &limit);
    }
    if (status == EC_OK)
        status = rank_outputs(&f, output, m, &limit);
    if (ec_state_out_of_reach(&status, &limit, err))
        say_why(m->out, limit.msg);
done:
    ec_forward_clear(&f);
    ec_free(output);
    return status;
}
