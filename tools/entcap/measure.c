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

/* What is measured, and how. */
typedef struct tool_subject {
    const tool_input *input;
    const tool_bounds *bounds;
    const tool_measure_options *options;
    ec_weights weights;
    double *gram; /* of the features over --data, or NULL */
    ec_state_options what;
} tool_subject;

/* Gram matrix of the features over samples. */
static ec_status get_gram(tool_subject *subject, tool *t, ec_error *err)
{
    const tool_measure_options *options = subject->options;
    const ec_data_source source = {options->data, EC_DATA_TRAIN, (size_t)options->data_limit};
    size_t m = ec_weights_site_length(&subject->weights);
    ec_dataset data = {.n = 0};

    tool_phase(t, "data");
    ec_status status = ec_data_read(&data, &source, subject->input->arch, &t->run, err);
    if (status == EC_OK) {
        subject->gram = ec_calloc(m * m, sizeof *subject->gram, err);
        status = subject->gram != NULL ? ec_state_gram_over_data(subject->gram, &subject->weights,
                                                                 &data, &t->run, err)
                                       : EC_ENOMEM;
    }
    ec_dataset_clear(&data);
    subject->what.gram = subject->gram;
    return status;
}

static ec_basis basis_of(const tool_input *input, const tool_measure_options *options)
{
    if (options->data != NULL)
        return EC_BASIS_DATA;
    if (options->basis >= 0)
        return (ec_basis)options->basis;
    return input->arch->input.features.kind != EC_FEATURES_NONE ? EC_BASIS_FEATURES
                                                                : EC_BASIS_SITES;
}

static ec_status subject_init(tool_subject *subject, tool *t, ec_error *err)
{
    const tool_measure_options *options = subject->options;

    subject->what.spectrum_limit = options->spectrum_limit;
    subject->what.trials = (unsigned)options->trials;
    if (options->rank_limit != 0)
        subject->what.rank_limit = options->rank_limit;
    if (options->max_seconds != 0)
        subject->what.max_seconds = options->max_seconds;
    /* who asks for larger cuts has time for them */
    subject->what.max_flops = ec_spectrum_flops(options->spectrum_limit);
    subject->what.basis = basis_of(subject->input, options);
    tool_phase(t, "weights");
    ec_status status = ec_linalg_threads(t->run.threads, err);
    if (status == EC_OK)
        status =
            get_weights(&subject->weights, subject->input->arch, options->weights, &t->run, err);
    if (status == EC_OK && options->data != NULL)
        status = get_gram(subject, t, err);
    return status;
}

/* Every partition against its bound, or what is claimed instead. */
static ec_status measure_all(tool_states *out, tool *t, const tool_subject *subject, ec_error *err)
{
    const tool_measure_options *options = subject->options;
    ec_status status = EC_OK;

    tool_phase(t, "verification");
    t->n_items = out->n;
    for (size_t i = 0; status == EC_OK && i < out->n; i++) {
        bool claimed = options->claims != NULL && options->claims[i].given;
        const ec_bound *proved = &subject->bounds->items[i];
        const ec_state_input in = {.arch = subject->input->arch,
                                   .weights = &subject->weights,
                                   .a = &subject->input->partitions.items[i].a,
                                   .bound = claimed ? &options->claims[i].rank : proved->rank,
                                   .proved = proved};

        t->item = i + 1;
        status = ec_state_verify(&out->items[i], &in, &subject->what, &t->run, err);
    }
    t->n_items = 0;
    return status;
}

/* Cuts run in parallel, each of them on one thread. */
static ec_status measure_profile(tool_states *out, tool *t, const tool_subject *subject,
                                 ec_error *err)
{
    const ec_profile_options options = {subject->what, (size_t)subject->options->points};

    tool_phase(t, "profile");
    ec_status status = ec_linalg_threads(1, err);
    return status == EC_OK ? ec_state_profile(&out->profile, subject->input->arch,
                                              &subject->weights, &options, &t->run, err)
                           : status;
}

int tool_measure(tool *t, const tool_input *input, const tool_bounds *bounds,
                 const tool_measure_options *options, tool_states *out)
{
    tool_subject subject = {
        .input = input, .bounds = bounds, .options = options, .what = EC_STATE_OPTIONS_INIT};
    ec_error err = {0};

    *out = (tool_states){.n = bounds != NULL ? input->partitions.n : 0};
    ec_status status = subject_init(&subject, t, &err);
    if (status == EC_OK && out->n > 0) {
        out->items = ec_calloc(out->n, sizeof *out->items, &err);
        status = out->items != NULL ? measure_all(out, t, &subject, &err) : EC_ENOMEM;
    }
    if (status == EC_OK && options->profile)
        status = measure_profile(out, t, &subject, &err);
    ec_free(subject.gram);
    ec_weights_clear(&subject.weights);
    return status == EC_OK ? TOOL_GO_ON : tool_fail(t, input->file, &err);
}

void tool_states_clear(tool_states *states)
{
    for (size_t i = 0; states->items != NULL && i < states->n; i++)
        ec_state_clear(&states->items[i]);
    ec_free(states->items);
    ec_profile_clear(&states->profile);
    *states = (tool_states){.n = 0};
}
