/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "io_i.h"

#include "core/flow.h"

#include <csv.h>

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A table while libcsv reads it; the first failure is kept and the rest of the text ignored. */
typedef struct reader {
    ec_csv *out;
    const char *file;
    const ec_run *run;
    ec_error *err;
    ec_status status;
    double *cells;
    size_t n, room;       /* cells */
    size_t rows, columns; /* complete ones; columns of the first row */
    size_t at;            /* fields of the row in hand */
    size_t line;          /* of the text that is read, from 1 */
    const char *text;     /* that line */
    size_t length;
    size_t before; /* fields of the row in hand on earlier lines */
    bool carried;  /* the line begins within quotes */
    char **name;   /* the first row, as text, until it is known to be no header */
    size_t n_names;
    bool in_first, numeric; /* the first row; are its fields numbers so far? */
} reader;

/* Where field k of the line in hand begins: every comma outside quotes ends one. */
static size_t field_offset(const reader *r, size_t k)
{
    bool quoted = r->carried;
    size_t i = 0;

    for (; i < r->length && k > 0; i++) {
        quoted = r->text[i] == '"' ? !quoted : quoted;
        k -= r->text[i] == ',' && !quoted;
    }
    return i;
}

/* Report a fault in field k of the row in hand. */
static ec_status fail_at(reader *r, size_t k, const char *fmt, ...) EC_PRINTF(3, 4);
static ec_status fail_at(reader *r, size_t k, const char *fmt, ...)
{
    char msg[256];
    va_list args;

    va_start(args, fmt);
    vsnprintf(msg, sizeof msg, fmt, args);
    va_end(args);
    if (r->err != NULL && r->err->status == EC_OK) {
        size_t offset = field_offset(r, k > r->before ? k - r->before : 0);

        r->err->line = (int)r->line;
        r->err->col = (int)offset + 1;
        io_quote(r->err, r->text, r->length);
    }
    return ec_fail_file(r->err, EC_EPARSE, r->file, "%s", msg);
}

static void *allocate(void *p, size_t size)
{
    return ec_realloc(p, size, 1, NULL);
}

static void free_names(char **name, size_t n)
{
    for (size_t i = 0; name != NULL && i < n; i++)
        ec_free(name[i]);
    ec_free(name);
}

/* Room for one more, at least doubled, within the limit of the run. */
static ec_status grow(reader *r)
{
    size_t room = r->room > 0 ? 2 * r->room : 256;
    ec_status status = io_reserve(r->run, r->file, (double)room * sizeof(double), r->err);

    if (status != EC_OK)
        return status;
    double *cells = ec_realloc(r->cells, room, sizeof *cells, r->err);
    if (cells == NULL)
        return EC_ENOMEM;
    r->cells = cells;
    r->room = room;
    return EC_OK;
}

static bool parse_number(double *out, const char *text)
{
    char *end = NULL;

    *out = strtod(text, &end);
    return end != text && *end == '\0';
}

static ec_status add_cell(reader *r, double value)
{
    if (r->n == r->room) {
        ec_status status = grow(r);
        if (status != EC_OK)
            return status;
    }
    r->cells[r->n++] = value;
    return EC_OK;
}

static ec_status add_name(reader *r, const char *text)
{
    char **name = ec_realloc(r->name, r->n_names + 1, sizeof *name, r->err);

    if (name == NULL)
        return EC_ENOMEM;
    r->name = name;
    r->name[r->n_names] = ec_strdup(text, r->err);
    return r->name[r->n_names++] != NULL ? EC_OK : EC_ENOMEM;
}

static ec_status add_field(reader *r, const char *text)
{
    double value = 0;
    bool is_number = parse_number(&value, text);

    r->at++;
    if (r->in_first) {
        r->numeric = r->numeric && is_number;
        ec_status status = add_name(r, text);
        return status == EC_OK ? add_cell(r, value) : status;
    }
    if (!is_number)
        return fail_at(r, r->at - 1, "field %zu is '%.80s', must be a number", r->at, text);
    return add_cell(r, value);
}

static void on_field(void *text, size_t length, void *arg)
{
    reader *r = arg;

    if (r->status == EC_OK && memchr(text, '\0', length) != NULL)
        r->status = fail_at(r, r->at, "a zero byte");
    if (r->status == EC_OK)
        r->status = add_field(r, text != NULL ? text : "");
}

static void on_row(int c, void *arg)
{
    reader *r = arg;

    (void)c;
    if (r->status != EC_OK)
        return;
    if (r->in_first) {
        r->columns = r->at;
        if (!r->numeric)
            r->n = 0; /* it is a header: its cells were none */
    } else if (r->at != r->columns) {
        r->status = fail_at(r, 0, "%zu fields, must be %zu as in the first row", r->at, r->columns);
    }
    r->in_first = false;
    r->at = 0;
    r->rows++;
}

static ec_status finish(reader *r)
{
    size_t rows = r->columns > 0 ? r->n / r->columns : 0;

    if (rows == 0)
        return ec_fail_file(r->err, EC_EPARSE, r->file, "no rows of numbers");
    r->out->cells = (ec_array){
        .type = EC_F64, .n_dims = 2, .shape = {rows, r->columns}, .count = r->n, .data = r->cells};
    r->cells = NULL;
    if (!r->numeric) {
        r->out->name = r->name;
        r->name = NULL;
    }
    return EC_OK;
}

/* Line by line, so that a fault has a place: 0, or what libcsv says. */
static int parse_lines(struct csv_parser *parser, reader *r, const char *text, size_t size)
{
    const char *end = text + size;

    while (text < end && r->status == EC_OK) {
        const char *stop = memchr(text, '\n', (size_t)(end - text));
        size_t length = (size_t)((stop != NULL ? stop + 1 : end) - text);

        r->line++;
        r->text = text;
        r->length = stop != NULL ? length - 1 : length;
        r->before = r->at;
        r->carried = parser->quoted != 0;
        if (csv_parse(parser, text, length, on_field, on_row, r) != length)
            return csv_error(parser);
        text += length;
    }
    return csv_fini(parser, on_field, on_row, r) == 0 ? 0 : csv_error(parser);
}

ec_status ec_csv_parse(ec_csv *out, const unsigned char *data, size_t size, const char *file,
                       const ec_run *run, ec_error *err)
{
    reader r = {
        .out = out, .file = file, .run = run, .err = err, .in_first = true, .numeric = true};
    struct csv_parser parser;

    *out = (ec_csv){.name = NULL};
    csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI | CSV_APPEND_NULL);
    csv_set_realloc_func(&parser, allocate);
    csv_set_free_func(&parser, ec_free);
    int fault = parse_lines(&parser, &r, (const char *)data, size);
    if (r.status == EC_OK && fault == CSV_ENOMEM)
        r.status = ec_fail(err, EC_ENOMEM, "out of memory");
    else if (r.status == EC_OK && fault != 0)
        r.status = fail_at(&r, r.at, "a quote out of place, or one that is not closed");
    if (r.status == EC_OK)
        r.status = finish(&r);
    csv_free(&parser);
    ec_free(r.cells);
    free_names(r.name, r.n_names);
    return r.status;
}

ec_status ec_csv_read(ec_csv *out, const char *path, const ec_run *run, ec_error *err)
{
    ec_bytes bytes;
    ec_status status = ec_file_read_gzip(&bytes, path, run, err);

    *out = (ec_csv){.name = NULL};
    if (status == EC_OK)
        status = ec_csv_parse(out, bytes.data, bytes.size, path, run, err);
    ec_bytes_clear(&bytes);
    return status;
}

void ec_csv_clear(ec_csv *csv)
{
    if (csv == NULL)
        return;
    free_names(csv->name, csv->cells.n_dims > 1 ? csv->cells.shape[1] : 0);
    ec_array_clear(&csv->cells);
    csv->name = NULL;
}

ec_status ec_csv_column(size_t *column, const ec_csv *csv, const char *name, ec_error *err)
{
    size_t n = csv->cells.shape[1];
    ec_nearest near = {.word = name};
    char *end = NULL;

    for (size_t i = 0; csv->name != NULL && i < n; i++) {
        if (strcmp(csv->name[i], name) == 0) {
            *column = i;
            return EC_OK;
        }
        ec_nearest_offer(&near, csv->name[i]);
    }
    errno = 0;
    unsigned long number = strtoul(name, &end, 10);
    if (name[0] >= '0' && name[0] <= '9' && *end == '\0' && errno == 0 && number < n) {
        *column = number;
        return EC_OK;
    }
    return ec_fail(err, EC_EINVAL, "no column '%.80s' among %zu%s%.80s%s", name, n,
                   near.best != NULL ? "; did you mean '" : "", near.best != NULL ? near.best : "",
                   near.best != NULL ? "'?" : "");
}

/* A field in quotes, those within doubled. */
static ec_status put_name(ec_text *out, const char *name, ec_error *err)
{
    size_t size = 2 * strlen(name) + 2;
    char *quoted = ec_calloc(size, 1, err);

    if (quoted == NULL)
        return EC_ENOMEM;
    size = csv_write(quoted, size, name, strlen(name));
    ec_text_add(out, quoted, size);
    ec_free(quoted);
    return EC_OK;
}

/* The shortest decimal that reads back as the same number. */
static void put_number(ec_text *out, double x)
{
    char text[32];

    for (int digits = 1; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, x);
        if (strtod(text, NULL) == x) /* never for NaN: it ends with all digits */
            break;
    }
    ec_text_puts(out, text);
}

ec_status ec_csv_write(const ec_array *array, char *const *names, const char *path, ec_error *err)
{
    ec_status status = EC_OK;
    ec_text text = {0};

    if (array->n_dims != 2)
        return ec_fail_file(err, EC_EINVAL, path, "a table has 2 dimensions, not %zu",
                            array->n_dims);
    for (size_t j = 0; names != NULL && j < array->shape[1]; j++) {
        ec_text_puts(&text, j > 0 ? "," : "");
        EC_TRY(put_name(&text, names[j], err));
    }
    ec_text_puts(&text, names != NULL ? "\r\n" : "");
    for (size_t i = 0; i < array->shape[0]; i++) {
        for (size_t j = 0; j < array->shape[1]; j++) {
            double value;

            ec_array_get(&value, array, i * array->shape[1] + j, 1);
            ec_text_puts(&text, j > 0 ? "," : "");
            put_number(&text, value);
        }
        ec_text_puts(&text, "\r\n");
    }
    EC_TRY(ec_text_check(&text, err));
    EC_TRY(ec_file_write(path, ec_text_get(&text), text.size, err));
done:
    ec_text_clear(&text);
    return status;
}
