/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rows.h"

#include <math.h>
#include <string.h>

#define TABLE_ROWS 50 /* most rows that are printed as a table */
#define FLUSH_AT   (1 << 16)
#define MAX_LEVELS 64 /* of a sweep */
#define DECIMALS   9  /* of a logarithm: ranks up to 10^9 are told apart */

/* ------------------------------------------------------------------- values */

static void put_count(ec_text *out, uint64_t value)
{
    char digits[20], *at = digits + sizeof digits;

    do {
        *--at = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    ec_text_add(out, at, (size_t)(digits + sizeof digits - at));
}

/* A logarithm of a rank, >= 0 and below 2^29, with up to 9 decimals; no zeros at the end. */
static void put_log2(ec_text *out, double value)
{
    uint64_t scaled = (uint64_t)llround(value * 1e9);
    uint32_t rest = (uint32_t)(scaled % 1000000000);
    char digits[DECIMALS + 1] = ".";
    size_t n = DECIMALS;

    put_count(out, scaled / 1000000000);
    if (rest == 0)
        return;
    for (; rest % 10 == 0; n--)
        rest /= 10;
    for (size_t i = n; i > 0; i--, rest /= 10)
        digits[i] = (char)('0' + rest % 10);
    ec_text_add(out, digits, n + 1);
}

/* ------------------------------------------------------------------ columns */

/* A name as a field of CSV (RFC 4180). */
static void put_field(ec_text *out, const char *prefix, const char *name)
{
    bool plain = strpbrk(name, ",\"\r\n") == NULL;

    ec_text_puts(out, plain ? "" : "\"");
    ec_text_puts(out, prefix);
    for (; *name != '\0'; name++) {
        ec_text_puts(out, !plain && *name == '"' ? "\"" : "");
        ec_text_add(out, name, 1);
    }
    ec_text_puts(out, plain ? "" : "\"");
}

/* A name as a string of JSON. */
static void put_string(ec_text *out, const char *name)
{
    ec_text_puts(out, "\"");
    for (; *name != '\0'; name++) {
        if ((unsigned char)*name < 0x20) {
            ec_text_printf(out, "\\u%04x", (unsigned)*name);
            continue;
        }
        ec_text_puts(out, *name == '"' || *name == '\\' ? "\\" : "");
        ec_text_add(out, name, 1);
    }
    ec_text_puts(out, "\"");
}

static size_t per_partition(const row_writer *w)
{
    return ec_bound_has_sharing(w->input->arch) ? 2 : 1;
}

/* The heading; every value but the first stands after a comma. */
static void start_csv(row_writer *w)
{
    const ec_arch *arch = w->input->arch;
    const ec_partitions *p = &w->input->partitions;

    for (size_t c = 1; c < w->n_columns; c++)
        ec_text_puts(&w->before[c], ",");
    w->after = "\n";
    for (size_t l = 0; l < arch->n_levels; l++)
        ec_text_printf(&w->out, "%s,", arch->levels[l].name);
    ec_text_puts(&w->out, "parameters,multiply_adds");
    for (size_t k = 0; k < p->n; k++) {
        ec_text_puts(&w->out, ",");
        put_field(&w->out, "log2_min_cut:", p->items[k].name);
        if (per_partition(w) == 1)
            continue;
        ec_text_puts(&w->out, ",");
        put_field(&w->out, "log2_shared_bound:", p->items[k].name);
    }
    ec_text_puts(&w->out, "\n");
}

/* The keys; what opens and closes objects goes with them. */
static void start_json(row_writer *w)
{
    const ec_arch *arch = w->input->arch;
    const ec_partitions *p = &w->input->partitions;
    ec_text *before = w->before;
    bool sharing = per_partition(w) == 2;
    const char *end = sharing ? "}}" : ", \"shared_bound\": null}}";

    for (size_t l = 0; l < arch->n_levels; l++)
        ec_text_printf(before++, "%s\"%s\": ", l == 0 ? "{\"widths\": {" : ", ",
                       arch->levels[l].name);
    ec_text_puts(before++, "}, \"parameters\": \"");
    ec_text_puts(before++, "\", \"multiply_adds\": \"");
    for (size_t k = 0; k < p->n; k++) {
        ec_text_puts(before, k == 0 ? "\", \"partitions\": [" : end);
        ec_text_puts(before, k == 0 ? "{\"name\": " : ", {\"name\": ");
        put_string(before, p->items[k].name);
        ec_text_puts(before++, ", \"log2\": {\"min_cut\": ");
        if (sharing)
            ec_text_puts(before++, ", \"shared_bound\": ");
    }
    w->after = sharing ? "}}]}" : ", \"shared_bound\": null}}]}";
    if (w->format == ROWS_JSON) {
        ec_text_puts(&w->out, "{\n  \"name\": ");
        put_string(&w->out, arch->name);
        ec_text_puts(&w->out, ",\n  \"configurations\": \"");
        put_count(&w->out, ec_sweep_count(w->sweep));
        ec_text_puts(&w->out, "\",\n  \"rows\": [");
    }
}

int rows_start(row_writer *w)
{
    ec_error err = {0};

    w->code = TOOL_GO_ON;
    w->few.n_bounds = 2 * w->input->partitions.n;
    w->n_columns = w->input->arch->n_levels + 2 + per_partition(w) * w->input->partitions.n;
    w->before = ec_calloc(w->n_columns, sizeof *w->before, &err);
    if (w->before == NULL)
        return tool_fail(w->t, w->input->file, &err);
    if (w->format == ROWS_JSON || w->format == ROWS_JSONL)
        start_json(w);
    else
        start_csv(w);
    return TOOL_GO_ON;
}

/* --------------------------------------------------------------------- rows */

static void put_row(row_writer *w, const ec_sweep_rows *rows, size_t row)
{
    uint32_t widths[MAX_LEVELS];
    const ec_text *before = w->before;
    const double *log2 = rows->log2 + row * rows->n_bounds;
    size_t step = per_partition(w) == 2 ? 1 : 2; /* without shared weights, every other one */

    ec_sweep_widths(widths, w->sweep, rows->index[row]);
    if (w->format == ROWS_JSON)
        ec_text_puts(&w->out, w->n == 0 ? "\n    " : ",\n    ");
    for (size_t l = 0; l < w->input->arch->n_levels; l++, before++) {
        ec_text_add(&w->out, before->bytes, before->size);
        put_count(&w->out, widths[l]);
    }
    ec_text_add(&w->out, before->bytes, before->size);
    put_count(&w->out, rows->parameters[row]);
    before++;
    ec_text_add(&w->out, before->bytes, before->size);
    put_count(&w->out, rows->multiply_adds[row]);
    before++;
    for (size_t b = 0; b < rows->n_bounds; b += step, before++) {
        ec_text_add(&w->out, before->bytes, before->size);
        put_log2(&w->out, log2[b]);
    }
    ec_text_puts(&w->out, w->after);
    if (w->format == ROWS_JSONL)
        ec_text_puts(&w->out, "\n");
    w->n++;
}

static ec_status print(row_writer *w, ec_error *err)
{
    int code = tool_print(w->t, &w->out);

    if (code == TOOL_YES)
        return EC_OK;
    w->code = code;
    return ec_fail(err, EC_EIO, "standard output cannot be written");
}

/* Hand the text over, once it is long enough. */
static ec_status flush(row_writer *w, size_t at_least, ec_error *err)
{
    ec_status status;

    if (w->out.size < at_least && w->out.status == EC_OK)
        return EC_OK;
    status = w->take != NULL ? w->take(w->take_arg, &w->out, w->n - w->n_out, err) : print(w, err);
    w->out.size = 0;
    w->n_out = w->n;
    if (status != EC_OK)
        return status;
    return tool_interrupted() ? ec_fail(err, EC_ECANCEL, "sweep: stopped on request") : EC_OK;
}

static ec_status put_rows(row_writer *w, const ec_sweep_rows *rows, ec_error *err)
{
    ec_status status = EC_OK;

    for (size_t i = 0; i < rows->n && status == EC_OK; i++) {
        put_row(w, rows, i);
        status = flush(w, FLUSH_AT, err);
    }
    return status;
}

/* There are too many rows for one. */
static ec_status give_up_table(row_writer *w, ec_error *err)
{
    w->format = ROWS_CSV;
    return put_rows(w, &w->few, err);
}

ec_status rows_emit(void *arg, const ec_sweep *sweep, const ec_sweep_rows *rows, ec_error *err)
{
    row_writer *w = arg;
    ec_status status;

    (void)sweep;
    if (w->format != ROWS_AUTO)
        return put_rows(w, rows, err);
    if (w->few.n + rows->n <= TABLE_ROWS)
        return ec_sweep_append(&w->few, rows, err);
    status = give_up_table(w, err);
    return status != EC_OK ? status : put_rows(w, rows, err);
}

/* ------------------------------------------------- parts, by several writers */

void rows_start_part(row_writer *w, row_format format)
{
    w->format = format;
    w->few.n = w->out.size = 0;
    w->n = w->n_out = 1; /* a row of JSON stands after others: rows_emit_text knows the first one */
}

ec_status rows_end_part(row_writer *w, ec_error *err)
{
    return w->format == ROWS_AUTO || w->n == w->n_out ? EC_OK : flush(w, 0, err);
}

ec_status rows_emit_text(row_writer *w, const char *text, size_t size, uint64_t n, ec_error *err)
{
    ec_status status = w->format == ROWS_AUTO ? give_up_table(w, err) : EC_OK;
    size_t comma = w->format == ROWS_JSON && w->n == 0 && size > 0 ? 1 : 0;

    if (status != EC_OK)
        return status;
    ec_text_add(&w->out, text + comma, size - comma);
    w->n += n;
    return flush(w, FLUSH_AT, err);
}

/* -------------------------------------------------------------------- table */

/* A name as a heading, which '|' would end. */
static void put_heading(ec_text *out, const char *name, const char *what)
{
    ec_text_puts(out, "|>");
    for (; *name != '\0'; name++)
        ec_text_add(out, *name == '|' || ((unsigned char)*name < 0x20) ? "?" : name, 1);
    ec_text_puts(out, what);
}

static void put_table(row_writer *w)
{
    const ec_arch *arch = w->input->arch;
    const ec_partitions *p = &w->input->partitions;
    uint32_t widths[MAX_LEVELS];
    ec_table table = {0};
    ec_text columns = {0};

    for (size_t l = 0; l < arch->n_levels; l++)
        ec_text_printf(&columns, "%s%s", l == 0 ? ">" : "|>", arch->levels[l].name);
    ec_text_puts(&columns, "|>parameters|>multiply-adds");
    for (size_t k = 0; k < p->n; k++) {
        put_heading(&columns, p->items[k].name, "");
        put_heading(&columns, p->items[k].name, ", shared");
    }
    ec_table_init(&table, ec_text_get(&columns));
    for (size_t i = 0; i < w->few.n; i++) {
        ec_sweep_widths(widths, w->sweep, w->few.index[i]);
        for (size_t l = 0; l < arch->n_levels; l++)
            ec_table_cell(&table, "%lu", (unsigned long)widths[l]);
        ec_table_cell(&table, "%llu", (unsigned long long)w->few.parameters[i]);
        ec_table_cell(&table, "%llu", (unsigned long long)w->few.multiply_adds[i]);
        for (size_t b = 0; b < w->few.n_bounds; b++) {
            double log2 = w->few.log2[i * w->few.n_bounds + b];
            ec_table_cell(&table, isinf(log2) ? "-" : "%.2f", log2);
        }
    }
    w->out.size = 0; /* the heading of the CSV that it could have been */
    ec_text_printf(&w->out, "%s: %zu of %llu configurations, log2 of the bounds\n\n", arch->name,
                   w->few.n, (unsigned long long)ec_sweep_count(w->sweep));
    ec_table_text(&w->out, &table, w->t->color);
    ec_table_clear(&table);
    ec_text_clear(&columns);
}

int rows_finish(row_writer *w)
{
    if (w->format == ROWS_AUTO) {
        w->n = w->few.n;
        w->out.size = w->n == 0 ? 0 : w->out.size;
        if (w->n > 0)
            put_table(w);
    }
    if (w->format == ROWS_JSON)
        ec_text_puts(&w->out, w->n == 0 ? "]\n}\n" : "\n  ]\n}\n");
    return tool_print(w->t, &w->out);
}

void rows_break_off(row_writer *w, const ec_error *err)
{
    if (w->code != TOOL_GO_ON || w->format == ROWS_AUTO)
        return;
    if (w->format == ROWS_JSON) {
        ec_text_puts(&w->out, w->n == 0 ? "],\n  \"error\": " : "\n  ],\n  \"error\": ");
        put_string(&w->out, err->status == EC_ECANCEL ? "interrupted" : err->msg);
        ec_text_puts(&w->out, "\n}\n");
    }
    w->code = tool_print(w->t, &w->out);
}

void rows_clear(row_writer *w)
{
    for (size_t c = 0; w->before != NULL && c < w->n_columns; c++)
        ec_text_clear(&w->before[c]);
    ec_free(w->before);
    ec_text_clear(&w->out);
    ec_sweep_rows_clear(&w->few);
}
