/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tool.h"

static ec_status get_weights(ec_weights *out, const ec_arch *arch, const char *path,
                             const ec_run *run, ec_error *err)
{
    ec_rng rng;

    if (path != NULL)
        return ec_weights_read(out, arch, path, run, err);
    ec_rng_seed(&rng, run->seed);
    return ec_weights_random(out, arch, &rng, run, err);
}

int tool_measure(tool *t, const tool_input *input, const tool_bounds *bounds,
                 const tool_measure_options *options, tool_states *out)
{
    bool has_features = input->arch->input.features != EC_FEATURES_NONE;
    ec_state_options what = EC_STATE_OPTIONS_INIT;
    ec_weights weights = {.n_levels = 0};
    ec_error err = {0};

    what.spectrum_limit = options->spectrum_limit;
    what.basis = options->basis >= 0 ? (ec_basis)options->basis
                 : has_features      ? EC_BASIS_FEATURES
                                     : EC_BASIS_SITES;
    *out = (tool_states){.n = input->partitions.n};
    tool_phase(t, "weights");
    ec_status status = get_weights(&weights, input->arch, options->weights, &t->run, &err);
    if (status == EC_OK) {
        out->items = ec_calloc(out->n, sizeof *out->items, &err);
        status = out->items != NULL ? EC_OK : EC_ENOMEM;
    }
    tool_phase(t, "verification");
    t->n_items = out->n;
    for (size_t i = 0; status == EC_OK && i < out->n; i++) {
        bool claimed = options->claims != NULL && options->claims[i].given;
        const ec_state_input in = {.arch = input->arch,
                                   .weights = &weights,
                                   .a = &input->partitions.items[i].a,
                                   .bound =
                                       claimed ? &options->claims[i].rank : bounds->items[i].rank};

        t->item = i + 1;
        status = ec_state_verify(&out->items[i], &in, &what, &t->run, &err);
    }
    t->n_items = 0;
    ec_weights_clear(&weights);
    return status == EC_OK ? TOOL_GO_ON : tool_fail(t, input->file, &err);
}

void tool_states_clear(tool_states *states)
{
    for (size_t i = 0; states->items != NULL && i < states->n; i++)
        ec_state_clear(&states->items[i]);
    ec_free(states->items);
    *states = (tool_states){.n = 0};
}
