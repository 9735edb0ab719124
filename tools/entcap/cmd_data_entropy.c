/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data.h"

#include <string.h>

static const tool_usage usage = {
    .arguments = "--x FILE [--y FILE]",
    .about =
        "The entanglement entropy that labelled samples show across their canonical\n"
        "partitions: each block of halves (1d) or quadrants (2d) against the rest. Beside it\n"
        "the surrogate, the sum of |correlation| over pairs across the border. A width-R tree\n"
        "fits the data only if no entropy is much above ln R.\n",
    .examples =
        "  entcap data entropy --x X.npy --y Y.npy --mode 2d\n"
        "  entcap data entropy --x table.csv --label class --scale minmax --levels 1-3\n"
        "  entcap data entropy --x train-images-idx3-ubyte.gz --y train-labels-idx1-ubyte.gz \\\n"
        "      --mode 2d --one-vs-rest --batch 500 --batches 5\n",
};

typedef struct entropy_options {
    data_options data;
    const char *levels;
    double theta;
    uint64_t batch, batches;
    bool one_vs_rest;
} entropy_options;

enum { DEFAULT_LEVELS = 4, DEFAULT_BATCHES = 5 };

static ec_status print(tool *t, const ec_entropies_found *found, ec_text *out, ec_error *err)
{
    ec_json json = {.depth = 0};

    if (!t->json) {
        ec_report_entropies_text(out, found, t->color);
        return EC_OK;
    }
    ec_report_entropies_json(&json, found);
    ec_status status = ec_json_finish(&json, err);
    *out = json.text;
    json.text = (ec_text){0};
    ec_json_clear(&json);
    return status;
}

static int measure(tool *t, const entropy_options *o, const ec_samples *samples)
{
    int n_dims = o->data.mode + 1;
    size_t depth = ec_blocks_depth(samples->grid, n_dims), fitting;
    size_t last = depth < DEFAULT_LEVELS ? depth : DEFAULT_LEVELS;
    ec_entropy_options options = EC_ENTROPY_OPTIONS_INIT;
    ec_entropies entropies = {.n_blocks = 0};
    ec_blocks blocks;
    ec_text text = {0};
    ec_error err = {0};
    const char *where = o->data.x;
    int code = TOOL_GO_ON;

    if (o->levels != NULL)
        code = data_levels(t, o->levels, depth, &options.first, &last);
    if (code != TOOL_GO_ON)
        return code;
    fitting = o->batch > 0 ? samples->n / o->batch : 1;
    options.theta = o->theta;
    options.batch = o->batch;
    options.batches = o->batches > 0              ? o->batches
                      : fitting < DEFAULT_BATCHES ? fitting
                                                  : DEFAULT_BATCHES;
    options.all_labels = o->one_vs_rest;
    tool_phase(t, "entropies");
    const ec_entropies_found found = {samples, &blocks, &options, &entropies};
    ec_status status = ec_blocks_dyadic(&blocks, samples->grid, n_dims, last, &err);
    if (status == EC_OK && o->data.y != NULL &&
        (status = ec_data_check_labels(samples, o->one_vs_rest, &err)) != EC_OK)
        where = o->data.y;
    if (status == EC_OK)
        status = ec_data_entropy(&entropies, samples, &blocks, &options, &t->run, &err);
    if (status == EC_OK)
        status = print(t, &found, &text, &err);
    code = status == EC_OK ? tool_print(t, &text) : tool_fail(t, where, &err);
    ec_text_clear(&text);
    ec_entropies_clear(&entropies);
    return code;
}

int cmd_data_entropy(tool *t)
{
    entropy_options o = {.theta = 0.085};
    const tool_option options[] = {
        DATA_OPTIONS(o.data),
        DATA_LABEL_OPTIONS(o.data),
        {"one-vs-rest",
         0,
         TOOL_FLAG,
         &o.one_vs_rest,
         NULL,
         "measure each label against the rest; without it labels are 0 and 1",
         {0, 0}},
        {"theta",
         0,
         TOOL_REAL,
         &o.theta,
         "T",
         "a feature x enters as cos, sin of pi T x",
         {1e-6, 1e3}},
        {"levels",
         0,
         TOOL_TEXT,
         &o.levels,
         "L-L",
         "levels to measure, 1 the coarsest (default 1-4, or as many as there are)",
         {0, 0}},
        {"batch",
         0,
         TOOL_COUNT,
         &o.batch,
         "N",
         "measure random subsets of N samples; 0: all samples at once",
         {0, 0}},
        {"batches",
         0,
         TOOL_COUNT,
         &o.batches,
         "K",
         "how many disjoint ones (at most 5 if it is not given); they give the error bars",
         {0, 0}},
        {0},
    };
    ec_samples samples = {.n = 0};
    int code = tool_parse(t, &usage, options);

    if (code == TOOL_GO_ON)
        code = data_read(t, &o.data, false, &samples);
    if (code == TOOL_GO_ON)
        code = measure(t, &o, &samples);
    ec_samples_clear(&samples);
    return code;
}
