/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "report_i.h"

#include <math.h>

enum { MAX_LISTED = 16 }; /* blocks of a level that the text lists one by one */

static size_t blocks_on(const ec_entropies *e, size_t level)
{
    return e->start[level + 1] - e->start[level];
}

/* -------------------------------------------------------------------- JSON */

/* A mean as NAME, its error as NAME_error where there is one. */
static void put_estimate(ec_json *json, const char *name, const char *error_name, ec_estimate x)
{
    ec_json_real(json, name, x.mean);
    if (isfinite(x.error))
        ec_json_real(json, error_name, x.error);
}

static void put_block(ec_json *json, const ec_entropies *e, size_t level, size_t block)
{
    size_t at = e->start[level] + block;

    ec_json_open(json, NULL, EC_JSON_OBJECT_LINE);
    ec_json_uint(json, "block", block);
    put_estimate(json, "entropy", "entropy_error", ec_entropies_at(e, EC_ALL_LABELS, at));
    ec_json_real(json, "geometric", ec_entropies_geometric_at(e, EC_ALL_LABELS, at).mean);
    ec_json_real(json, "surrogate", e->surrogate[at]);
    if (e->n_labels > 1) {
        ec_json_open(json, "labels", EC_JSON_ARRAY);
        for (size_t y = 0; y < e->n_labels; y++)
            ec_json_real(json, NULL, ec_entropies_at(e, y, at).mean);
        ec_json_close(json);
    }
    ec_json_close(json);
}

void ec_report_entropies_json(ec_json *json, const ec_entropies_found *found)
{
    const ec_entropies *e = found->entropies;

    ec_json_open(json, NULL, EC_JSON_OBJECT);
    ec_json_uint(json, "samples", e->samples);
    ec_json_uint(json, "features", found->samples->grid[0] * found->samples->grid[1]);
    ec_json_real(json, "theta", found->options->theta);
    ec_json_uint(json, "batches", e->batches);
    ec_json_uint(json, "labels", e->n_labels);
    ec_json_open(json, "levels", EC_JSON_ARRAY);
    for (size_t l = e->first; l <= e->last; l++) {
        ec_json_open(json, NULL, EC_JSON_OBJECT);
        ec_json_uint(json, "level", l);
        put_estimate(json, "mean_entropy", "mean_entropy_error",
                     ec_entropies_level(e, EC_ALL_LABELS, l));
        ec_json_real(json, "mean_surrogate", ec_entropies_surrogate(e, l));
        ec_json_open(json, "blocks", EC_JSON_ARRAY);
        for (size_t b = 0; b < blocks_on(e, l); b++)
            put_block(json, e, l, b);
        ec_json_close(json);
        ec_json_close(json);
    }
    ec_json_close(json);
    ec_json_close(json);
}

/* -------------------------------------------------------------------- text */

static void put_cells(ec_table *table, ec_estimate x)
{
    ec_table_cell(table, "%.4f", x.mean);
    if (isfinite(x.error))
        ec_table_cell(table, "%.4f", x.error);
    else
        ec_table_cell(table, "-");
}

static void fill_levels(ec_table *table, const ec_entropies *e)
{
    ec_table_init(table, ">level|>partitions|>mean entropy|>+-|>mean surrogate");
    for (size_t l = e->first; l <= e->last; l++) {
        ec_table_cell(table, "%zu", l);
        ec_table_cell(table, "%zu", blocks_on(e, l));
        put_cells(table, ec_entropies_level(e, EC_ALL_LABELS, l));
        ec_table_cell(table, "%.3f", ec_entropies_surrogate(e, l));
    }
}

/* "0-31" of a row of features; in 2-D "rows 0-3, columns 4-7". */
static void put_place(ec_table *table, const ec_block *b, bool flat)
{
    if (flat)
        ec_table_cell(table, "%zu-%zu", b->column, b->column + b->width - 1);
    else
        ec_table_cell(table, "rows %zu-%zu, columns %zu-%zu", b->row, b->row + b->height - 1,
                      b->column, b->column + b->width - 1);
}

static void fill_blocks(ec_table *table, const ec_entropies_found *found)
{
    const ec_entropies *e = found->entropies;

    ec_table_init(table, ">level|>block|<features|>entropy|>+-|>exp|>geometric|>surrogate");
    for (size_t l = e->first; l <= e->last; l++) {
        for (size_t b = 0; b < blocks_on(e, l) && blocks_on(e, l) <= MAX_LISTED; b++) {
            size_t at = e->start[l] + b;
            ec_block block = ec_blocks_at(found->blocks, l, b);
            ec_estimate entropy = ec_entropies_at(e, EC_ALL_LABELS, at);

            ec_table_cell(table, "%zu", l);
            ec_table_cell(table, "%zu", b);
            put_place(table, &block, found->blocks->grid[0] == 1);
            put_cells(table, entropy);
            ec_table_cell(table, "%.3f", exp(entropy.mean));
            ec_table_cell(table, "%.4f", ec_entropies_geometric_at(e, EC_ALL_LABELS, at).mean);
            ec_table_cell(table, "%.3f", e->surrogate[at]);
        }
    }
}

void ec_report_entropies_text(ec_text *out, const ec_entropies_found *found, bool color)
{
    const ec_entropies *e = found->entropies;
    ec_table table = {0};
    char number[EC_CELL];

    ec_text_printf(out, "%s samples", ec_format_count(number, found->samples->n));
    if (e->batches > 1 || e->samples < found->samples->n)
        ec_text_printf(out, " (%zu batch%s of %s)", e->batches, e->batches > 1 ? "es" : "",
                       ec_format_count(number, e->samples));
    ec_text_printf(out, " of %s features",
                   ec_format_count(number, found->samples->grid[0] * found->samples->grid[1]));
    ec_text_printf(out, ", theta %g", found->options->theta);
    if (e->n_labels > 1)
        ec_text_printf(out, ", mean over %zu labels, each against the rest", e->n_labels);
    ec_text_puts(out, "\n\n");
    fill_levels(&table, e);
    ec_table_text(out, &table, color);
    ec_table_clear(&table);
    ec_text_puts(out, "\n");
    fill_blocks(&table, found);
    if (table.n_cells > 0)
        ec_table_text(out, &table, color);
    ec_table_clear(&table);
    ec_text_puts(out, "\nEntropies in nats, measured. exp(entropy) is the smallest rank that a "
                      "flat spectrum of this\nentropy would need.\n");
}
