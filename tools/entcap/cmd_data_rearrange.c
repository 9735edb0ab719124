/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data.h"

#include <string.h>

static const tool_usage usage = {
    .arguments = "--x FILE [-o PERM.npy] [--apply OUT]",
    .about =
        "Find an order of the features that keeps correlated ones together: recursive balanced\n"
        "cuts of the correlation graph (METIS), or IGTD. New feature k is old feature PERM[k];\n"
        "in 2d k counts in Z-order. --swaps shuffles instead. --apply writes the samples in\n"
        "the new order, as npy, idx or (*.csv) a table without header.\n",
    .examples =
        "  entcap data rearrange --x X.npy -o PERM.npy --apply NEW.npy --mode 2d\n"
        "  entcap data rearrange --x TEST.npy --perm PERM.npy --apply NEW_TEST.npy --mode 2d\n"
        "  entcap data rearrange --x images-idx3-ubyte.gz --swaps 500 --seed 3 --mode 2d \\\n"
        "      --apply shuffled-idx3-ubyte\n",
};

typedef struct rearrange_options {
    data_options data;
    const char *output, *apply, *perm;
    int method;
    uint64_t swaps, neighbours;
} rearrange_options;

static bool ends_with(const char *name, const char *tail)
{
    size_t n = strlen(name), m = strlen(tail);

    return n >= m && strcmp(name + n - m, tail) == 0;
}

static ec_status write_order(const ec_order *order, const char *path, ec_error *err)
{
    ec_array array;
    ec_status status = ec_order_array(&array, order, err);

    if (status == EC_OK)
        status = ec_npy_write(&array, path, err);
    ec_array_clear(&array);
    return status;
}

/* The samples in the new order, in the format that the name of the file says. */
static ec_status write_applied(const tool *t, const ec_samples *samples, const ec_order *order,
                               const ec_blocks *blocks, const char *path, ec_error *err)
{
    ec_array array;
    ec_status status = ec_order_apply(&array, &samples->values, order, blocks, &t->run, err);

    if (status != EC_OK)
        return status;
    if (ends_with(path, ".npy"))
        status = ec_npy_write(&array, path, err);
    else if (ends_with(path, ".csv"))
        status = ec_csv_write(&array, NULL, path, err);
    else
        status = ec_idx_write(&array, path, err);
    ec_array_clear(&array);
    return status;
}

/* ------------------------------------------------------------------ results */

static const char *method_name(const rearrange_options *o)
{
    if (o->perm != NULL)
        return "as given";
    return o->swaps > 0 ? "swaps" : o->method == 0 ? "metis" : "igtd";
}

static void put_json(ec_json *json, const rearrange_options *o, const ec_order *order,
                     const ec_blocks *blocks)
{
    bool measured = o->perm == NULL && o->swaps == 0;

    ec_json_open(json, NULL, EC_JSON_OBJECT);
    ec_json_uint(json, "features", order->n);
    ec_json_string(json, "method", method_name(o));
    if (measured) {
        ec_json_real(json, "dropped", order->dropped);
        ec_json_open(json, "levels", EC_JSON_ARRAY);
        for (size_t l = 1; l <= blocks->n_levels; l++) {
            ec_json_open(json, NULL, EC_JSON_OBJECT_LINE);
            ec_json_uint(json, "level", l);
            ec_json_real(json, "surrogate_before", order->before[l]);
            ec_json_real(json, "surrogate_after", order->after[l]);
            ec_json_close(json);
        }
        ec_json_close(json);
    }
    ec_json_close(json);
}

static void put_text(const tool *t, ec_text *out, const rearrange_options *o, const ec_order *order,
                     const ec_blocks *blocks)
{
    ec_table table = {0};

    ec_text_printf(out, "%zu features, %s\n", order->n, method_name(o));
    if (o->perm != NULL || o->swaps > 0)
        return;
    ec_table_init(&table, ">level|>surrogate before|>after|>change");
    for (size_t l = 1; l <= blocks->n_levels; l++) {
        double before = order->before[l], after = order->after[l];

        ec_table_cell(&table, "%zu", l);
        ec_table_cell(&table, "%.3f", before);
        ec_table_cell(&table, "%.3f", after);
        ec_table_cell(&table, "%+.1f %%", before > 0 ? 100 * (after / before - 1) : 0);
    }
    ec_text_puts(out, "\n");
    ec_table_text(out, &table, t->color);
    ec_table_clear(&table);
    if (order->dropped > 0)
        ec_text_printf(out,
                       "\nThe graph leaves out %.3g %% of the sum of all correlations: surrogates "
                       "are too small by\nat most that much of the sum.\n",
                       100 * order->dropped);
}

static int print(tool *t, const rearrange_options *o, const ec_order *order,
                 const ec_blocks *blocks)
{
    ec_json json = {.depth = 0};
    ec_text text = {0};
    ec_error err = {0};
    int code;

    if (t->json) {
        put_json(&json, o, order, blocks);
        code = ec_json_finish(&json, &err) == EC_OK ? tool_print(t, &json.text)
                                                    : tool_fail(t, NULL, &err);
    } else {
        put_text(t, &text, o, order, blocks);
        code = tool_print(t, &text);
    }
    ec_json_clear(&json);
    ec_text_clear(&text);
    return code;
}

/* --------------------------------------------------------------------- work */

/* An order of n features. */
static ec_status read_order(tool *t, ec_order *order, size_t n, const char *path, ec_error *err)
{
    ec_array array;
    ec_status status = ec_npy_read(&array, path, &t->run, err);

    if (status == EC_OK && array.count != n)
        status = ec_fail(err, EC_EINVAL, "an order of %zu features, but the samples have %zu",
                         array.count, n);
    if (status == EC_OK)
        status = ec_order_init(order, &array, err);
    ec_array_clear(&array);
    return status;
}

static int rearrange(tool *t, const rearrange_options *o, const ec_samples *samples)
{
    int n_dims = o->data.mode + 1;
    const ec_rearrange_options options = {.method = o->swaps > 0     ? EC_REARRANGE_SWAPS
                                                    : o->method == 0 ? EC_REARRANGE_METIS
                                                                     : EC_REARRANGE_IGTD,
                                          .swaps = o->swaps,
                                          .neighbours = o->neighbours};
    ec_order order = {.n = 0};
    ec_blocks blocks;
    ec_error err = {0};
    const char *where = o->data.x;

    tool_phase(t, "order");
    ec_status status = ec_blocks_dyadic(&blocks, samples->grid, n_dims,
                                        ec_blocks_depth(samples->grid, n_dims), &err);
    if (status == EC_OK && o->perm != NULL) {
        where = o->perm;
        status = read_order(t, &order, samples->grid[0] * samples->grid[1], o->perm, &err);
    } else if (status == EC_OK) {
        status = ec_data_rearrange(&order, samples, &blocks, &options, &t->run, &err);
    }
    tool_phase(t, "write");
    if (status == EC_OK && o->output != NULL)
        status = write_order(&order, where = o->output, &err);
    if (status == EC_OK && o->apply != NULL)
        status = write_applied(t, samples, &order, &blocks, where = o->apply, &err);
    int code = status == EC_OK ? print(t, o, &order, &blocks) : tool_fail(t, where, &err);
    ec_order_clear(&order);
    return code;
}

int cmd_data_rearrange(tool *t)
{
    rearrange_options o = {.output = NULL};
    const tool_option options[] = {
        DATA_OPTIONS(o.data),
        {"label",
         0,
         TOOL_TEXT,
         &o.data.column,
         "COLUMN",
         "a column of the CSV file that holds labels, not features: by name or number from 0",
         {0, 0}},
        {"method", 0, TOOL_CHOICE, &o.method, "metis|igtd", "how to find the order", {0, 0}},
        {"swaps",
         0,
         TOOL_COUNT,
         &o.swaps,
         "K",
         "K random swaps of two features instead (--seed)",
         {1, 1e12}},
        {"perm",
         0,
         TOOL_TEXT,
         &o.perm,
         "FILE.npy",
         "take this order instead, of an earlier -o",
         {0, 0}},
        {"neighbours",
         0,
         TOOL_COUNT,
         &o.neighbours,
         "K",
         "keep only each feature's K strongest correlations; 0: all, or 64 of more than 16,384 "
         "features",
         {0, 1e6}},
        {"output", 'o', TOOL_TEXT, &o.output, "FILE.npy", "write the order, as int64", {0, 0}},
        {"apply", 0, TOOL_TEXT, &o.apply, "FILE", "write all samples in the new order", {0, 0}},
        {0},
    };
    ec_samples samples = {.n = 0};
    int code = tool_parse(t, &usage, options);

    if (code == TOOL_GO_ON && o.swaps > 0 && o.perm != NULL)
        code = tool_misuse(t, "--swaps and --perm exclude each other");
    if (code == TOOL_GO_ON && o.apply != NULL && ends_with(o.apply, ".gz"))
        code = tool_misuse(t, "--apply: '%.200s': what is written is not compressed: omit .gz",
                           o.apply);
    if (code == TOOL_GO_ON)
        code = data_read(t, &o.data, o.data.column == NULL, &samples);
    if (code == TOOL_GO_ON)
        code = rearrange(t, &o, &samples);
    ec_samples_clear(&samples);
    return code;
}
