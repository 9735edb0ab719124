/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "train_log.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* ------------------------------------------------------------------- writing */

/* Close the line, add it to the log, write the log. */
static ec_status add_line(train_log *log, ec_json *line, ec_error *err)
{
    ec_status status = ec_json_finish(line, err);

    if (status == EC_OK) {
        ec_text_add(&log->text, ec_text_get(&line->text), line->text.size);
        status = ec_text_check(&log->text, err);
    }
    if (status == EC_OK)
        status = ec_file_write(log->file, ec_text_get(&log->text), log->text.size, err);
    return status;
}

void train_log_put_epoch(ec_json *json, const ec_train_report *report)
{
    ec_json_open(json, NULL, EC_JSON_OBJECT_LINE);
    ec_json_uint(json, "step", report->step);
    ec_json_uint(json, "epoch", report->epoch);
    ec_json_real(json, "loss", report->loss);
    ec_json_real(json, "train_accuracy", report->train_accuracy);
    ec_json_real(json, "test_accuracy", report->test_accuracy);
    ec_json_close(json);
}

ec_status train_log_epoch(train_log *log, const ec_train_report *report, ec_error *err)
{
    ec_json line = {.depth = 0};

    if (log->file == NULL)
        return EC_OK;
    train_log_put_epoch(&line, report);
    ec_status status = add_line(log, &line, err);
    ec_json_clear(&line);
    return status;
}

/* ----------------------------------------------------------------- entropies */

static const char *const basis_names[TRAIN_LOG_BASES] = {
    [EC_BASIS_SITES] = "sites", [EC_BASIS_FEATURES] = "features", [EC_BASIS_DATA] = "data"};

static int add_basis(train_log *log, const tool *t, const char *name)
{
    for (size_t b = 0; b < TRAIN_LOG_BASES; b++) {
        if (strcmp(name, basis_names[b]) != 0)
            continue;
        for (size_t i = 0; i < log->n_bases; i++)
            if (log->bases[i] == (ec_basis)b)
                return tool_misuse(t, "--basis: '%s' is given twice", name);
        log->bases[log->n_bases++] = (ec_basis)b;
        return TOOL_GO_ON;
    }
    return tool_misuse(t, "--basis: '%s' is none of features, sites, data", name);
}

int train_log_bases(train_log *log, const tool *t, const tool_list *names)
{
    int code = names->n == 0 ? add_basis(log, t, "features") : TOOL_GO_ON;

    for (size_t i = 0; code == TOOL_GO_ON && i < names->n; i++)
        code = add_basis(log, t, names->items[i]);
    return code;
}

/* The Gram matrix of the features over the first samples; NULL in another basis. */
static ec_status new_gram(double **out, const train_log *log, ec_basis basis,
                          const ec_weights *weights, ec_error *err)
{
    size_t m = ec_weights_site_length(weights);
    ec_dataset first = *log->data;

    *out = NULL;
    if (basis != EC_BASIS_DATA)
        return EC_OK;
    if (first.n > TRAIN_LOG_SAMPLES)
        first.n = TRAIN_LOG_SAMPLES;
    *out = ec_calloc(m * m, sizeof **out, err);
    return *out == NULL ? EC_ENOMEM
                        : ec_state_gram_over_data(*out, weights, &first, &log->t->run, err);
}

/* Have all labels an entropy from a spectrum? */
static bool has_spectra(const ec_state *state)
{
    for (size_t y = 0; y < state->n_labels; y++)
        if (!state->labels[y].von_neumann.known)
            return false;
    return true;
}

/* Entropies of every label, all of one kind; returns which. */
static const char *put_labels(ec_json *line, const char *name, const ec_state *state)
{
    bool spectra = has_spectra(state);

    ec_json_open(line, name, EC_JSON_ARRAY_LINE);
    for (size_t y = 0; y < state->n_labels; y++) {
        const ec_label_state *label = &state->labels[y];
        const ec_measured *entropy = spectra ? &label->von_neumann : &label->renyi2;
        if (entropy->known)
            ec_json_real(line, NULL, entropy->value);
        else
            ec_json_null(line, NULL);
    }
    ec_json_close(line);
    return spectra ? "von_neumann" : "renyi2";
}

/* Measure across partition i. */
static ec_status put_entropies(ec_json *line, const char **kind, train_log *log, size_t i,
                               const ec_weights *weights, const ec_state_options *options,
                               ec_error *err)
{
    const ec_partition *partition = &log->input->partitions.items[i];
    const ec_bound *bound = &log->bounds->items[i];
    const ec_state_input in = {log->input->arch, weights, &partition->a, bound->rank, bound};
    ec_state state;
    ec_status status = ec_state_verify(&state, &in, options, &log->t->run, err);

    if (status == EC_OK) {
        *kind = put_labels(line, partition->name, &state);
        if (!state.holds)
            tool_warn(log->t, "%s: an entropy exceeds its bound", partition->name);
    }
    ec_state_clear(&state);
    return status;
}

static ec_status put_measurement(ec_json *line, train_log *log, const ec_train_report *report,
                                 const ec_weights *weights, const ec_state_options *options,
                                 ec_error *err)
{
    const ec_partitions *partitions = &log->input->partitions;
    const char **kind = ec_calloc(partitions->n, sizeof *kind, err);
    ec_status status = kind != NULL ? EC_OK : EC_ENOMEM;

    ec_json_open(line, NULL, EC_JSON_OBJECT_LINE);
    ec_json_uint(line, "step", report->step);
    ec_json_uint(line, "epoch", report->epoch);
    ec_json_real(line, "recent_loss", report->loss);
    ec_json_string(line, "basis", basis_names[options->basis]);
    ec_json_open(line, "entropy", EC_JSON_OBJECT_LINE);
    for (size_t i = 0; status == EC_OK && i < partitions->n; i++)
        status = put_entropies(line, &kind[i], log, i, weights, options, err);
    ec_json_close(line);
    ec_json_open(line, "kind", EC_JSON_OBJECT_LINE);
    for (size_t i = 0; status == EC_OK && i < partitions->n; i++)
        ec_json_string(line, partitions->items[i].name, kind[i]);
    ec_json_close(line);
    ec_json_close(line);
    ec_free(kind);
    return status;
}

static ec_status measure_in_basis(train_log *log, ec_basis basis, const ec_train_report *report,
                                  const ec_weights *weights, ec_error *err)
{
    ec_state_options options = EC_STATE_OPTIONS_INIT;
    ec_json line = {.depth = 0};
    double *gram = NULL;
    ec_status status = new_gram(&gram, log, basis, weights, err);

    options.basis = basis;
    options.gram = gram;
    options.rank = options.forward = false;
    if (status == EC_OK)
        status = put_measurement(&line, log, report, weights, &options, err);
    if (status == EC_OK)
        status = add_line(log, &line, err);
    ec_json_clear(&line);
    ec_free(gram);
    return status;
}

ec_status train_log_entropy(train_log *log, const ec_train_report *report,
                            const ec_weights *weights, ec_error *err)
{
    ec_status status = ec_linalg_threads(1, err);

    for (size_t i = 0; status == EC_OK && i < log->n_bases; i++)
        status = measure_in_basis(log, log->bases[i], report, weights, err);
    return status;
}

/* ------------------------------------------------------------------- resuming */

/* Does what the checkpoint holds include this line? */
static ec_status is_before(bool *out, const char *line, size_t size, const ec_train_resumed *at,
                           const char *file, ec_error *err)
{
    ec_json_value *row = NULL;
    ec_status status = ec_json_parse(&row, line, size, file, err);

    if (status != EC_OK)
        return status;
    if (ec_json_get(row, "entropy") != NULL)
        *out = at->measured != SIZE_MAX &&
               ec_json_number(ec_json_get(row, "step")) <= (double)at->measured;
    else
        *out = ec_json_number(ec_json_get(row, "epoch")) <= (double)at->epoch;
    ec_json_free(row);
    return EC_OK;
}

static ec_status keep_lines(train_log *log, const ec_bytes *old, const ec_train_resumed *at,
                            ec_error *err)
{
    const char *line = (const char *)old->data, *end = line + old->size;
    ec_status status = EC_OK;

    for (int number = 1; status == EC_OK && line < end; number++) {
        const char *stop = memchr(line, '\n', (size_t)(end - line));
        size_t size = (size_t)((stop != NULL ? stop + 1 : end) - line);
        bool keep = false;
        status = is_before(&keep, line, size, at, log->file, err);
        if (status == EC_EPARSE && err != NULL)
            err->line = number; /* of the log, not of its line */
        if (keep)
            ec_text_add(&log->text, line, size);
        line += size;
    }
    return status != EC_OK ? status : ec_text_check(&log->text, err);
}

ec_status train_log_resume(train_log *log, const ec_train_resumed *at, ec_error *err)
{
    ec_bytes old = {.size = 0};

    if (log->file == NULL || (access(log->file, F_OK) != 0 && errno == ENOENT))
        return EC_OK;
    ec_status status = ec_file_read(&old, log->file, &log->t->run, err);
    if (status == EC_OK)
        status = keep_lines(log, &old, at, err);
    ec_bytes_clear(&old);
    return status;
}
