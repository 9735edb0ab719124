/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "entcap/data.h"

#include "core/flow.h"

#include <math.h>
#include <string.h>

#define MAX_LABEL ((uint32_t)1 << 20)

void ec_samples_clear(ec_samples *samples)
{
    if (samples == NULL)
        return;
    ec_array_clear(&samples->values);
    ec_free(samples->scale);
    ec_free(samples->offset);
    ec_free(samples->label);
    *samples = (ec_samples){.n = 0};
}

void ec_samples_row(double *out, const ec_samples *samples, size_t i)
{
    size_t n = samples->grid[0] * samples->grid[1];

    ec_array_get(out, &samples->values, i * n, n);
    for (size_t f = 0; f < n; f++)
        out[f] = out[f] * samples->scale[f] + samples->offset[f];
}

/* ------------------------------------------------------------------- files */

static bool ends_with(const char *name, const char *tail)
{
    size_t n = strlen(name), m = strlen(tail);

    return n >= m && strcmp(name + n - m, tail) == 0;
}

bool ec_data_is_table(const char *path)
{
    return ends_with(path, ".csv") || ends_with(path, ".csv.gz");
}

/* An array of any of the formats; CSV without its header. */
static ec_status read_array(ec_array *out, const char *path, const ec_run *run, ec_error *err)
{
    static const unsigned char npy[] = {0x93, 'N', 'U', 'M', 'P', 'Y'};
    ec_bytes bytes;
    ec_csv csv = {.name = NULL};
    ec_status status;

    *out = (ec_array){.data = NULL};
    status = ec_file_read_gzip(&bytes, path, run, err);
    if (status == EC_OK && ec_data_is_table(path)) {
        status = ec_csv_parse(&csv, bytes.data, bytes.size, path, run, err);
        *out = csv.cells;
        csv.cells.data = NULL;
        ec_csv_clear(&csv);
    } else if (status == EC_OK) {
        bool is_npy = bytes.size >= sizeof npy && memcmp(bytes.data, npy, sizeof npy) == 0;
        status =
            (is_npy ? ec_npy_parse : ec_idx_parse)(out, bytes.data, bytes.size, path, run, err);
    }
    ec_bytes_clear(&bytes);
    return status;
}

/* Move one column of a table to an array of its own. */
static ec_status split_column(ec_array *column, ec_array *table, size_t at, const ec_run *run,
                              ec_error *err)
{
    size_t rows = table->shape[0], columns = table->shape[1];
    double *cell = table->data;

    ec_status status = ec_array_init(column, EC_F64, 1, &rows, run, err);
    if (status != EC_OK)
        return status;
    for (size_t i = 0, k = 0; i < rows * columns; i++) {
        if (i % columns == at)
            ((double *)column->data)[i / columns] = cell[i];
        else
            cell[k++] = cell[i];
    }
    table->shape[1]--;
    table->count -= rows;
    return EC_OK;
}

/* A CSV file with a column of labels. */
static ec_status read_table(ec_array *x, ec_array *y, const ec_samples_source *source,
                            const ec_run *run, ec_error *err)
{
    ec_status status = EC_OK;
    ec_csv csv = {.name = NULL};
    size_t column;

    if (!ec_data_is_table(source->x))
        return ec_fail_file(err, EC_EINVAL, source->x,
                            "no labels: --y must name their file; only CSV has them as a column");
    EC_TRY(ec_csv_read(&csv, source->x, run, err));
    column = csv.cells.shape[1] - 1;
    if (column == 0) {
        status = ec_fail_file(err, EC_EPARSE, source->x, "one column, must be features and labels");
        goto done;
    }
    if (source->column != NULL)
        EC_TRY(ec_csv_column(&column, &csv, source->column, err));
    EC_TRY(split_column(y, &csv.cells, column, run, err));
    *x = csv.cells;
    csv.cells.data = NULL;
    if (csv.name != NULL)
        csv.cells.shape[1]++; /* the names are all still there */
done:
    ec_csv_clear(&csv);
    return status;
}

/* ---------------------------------------------------------------- geometry */

/* How the numbers of a sample lie on a grid. */
static ec_status set_grid(ec_samples *out, const ec_samples_source *source, ec_error *err)
{
    const ec_array *x = &out->values;
    char text[128];
    size_t n = 1;

    ec_shape_print(text, sizeof text, x->shape, x->n_dims);
    if (x->n_dims < 2 || x->n_dims > 3 || x->count == 0)
        return ec_fail_file(err, EC_EPARSE, source->x,
                            "shape %s, must be [samples, features] or [samples, height, width]",
                            text);
    for (size_t d = 1; d < x->n_dims; d++)
        n *= x->shape[d];
    out->n = x->shape[0];
    if (source->limit > 0 && source->limit < out->n)
        out->n = source->limit;
    out->grid[0] = 1;
    out->grid[1] = n;
    if (source->n_dims == 1)
        return EC_OK;
    size_t side = (size_t)llround(sqrt((double)n));
    if (x->n_dims == 2 && side * side != n)
        return ec_fail_file(err, EC_EPARSE, source->x,
                            "%zu features are no square: 2-D needs [samples, height, width]", n);
    out->grid[0] = x->n_dims == 3 ? x->shape[1] : side;
    out->grid[1] = x->n_dims == 3 ? x->shape[2] : side;
    return EC_OK;
}

/* ------------------------------------------------------------------ values */

static ec_status refuse(const ec_samples *samples, const char *file, size_t i, size_t f, double x,
                        ec_error *err)
{
    if (!isfinite(x))
        return ec_fail_file(err, EC_EPARSE, file, "sample %zu: feature %zu is %g, must be a number",
                            i, f, x);
    return ec_fail_file(err, EC_EPARSE, file, "sample %zu: feature %zu is %g, must lie in [0, 1]%s",
                        i, f, x,
                        samples->values.type == EC_U8 ? "" : " (--scale minmax brings it there)");
}

/* Find the extremes of every feature, in `scale` and `offset`: x = low + share (high - low). */
static ec_status fit_minmax(ec_samples *out, const char *file, ec_error *err)
{
    size_t n = out->grid[0] * out->grid[1];
    double *row = ec_calloc(n, sizeof *row, err), *low = out->offset, *high = out->scale;

    if (row == NULL)
        return EC_ENOMEM;
    ec_status status = EC_OK;
    for (size_t i = 0; i < out->n && status == EC_OK; i++) {
        ec_array_get(row, &out->values, i * n, n);
        for (size_t f = 0; f < n && status == EC_OK; f++) {
            if (!isfinite(row[f]))
                status = refuse(out, file, i, f, row[f], err);
            low[f] = i == 0 ? row[f] : fmin(low[f], row[f]);
            high[f] = i == 0 ? row[f] : fmax(high[f], row[f]);
        }
    }
    for (size_t f = 0; f < n; f++) {
        double width = high[f] - low[f];

        out->scale[f] = width > 0 ? 1 / width : 0;
        out->offset[f] = width > 0 ? -low[f] / width : 0;
    }
    ec_free(row);
    return status;
}

static ec_status check_values(const ec_samples *samples, const char *file, ec_error *err)
{
    size_t n = samples->grid[0] * samples->grid[1];
    double *row = ec_calloc(n, sizeof *row, err);
    ec_status status = EC_OK;

    if (row == NULL)
        return EC_ENOMEM;
    for (size_t i = 0; i < samples->n && status == EC_OK; i++) {
        ec_samples_row(row, samples, i);
        for (size_t f = 0; f < n && status == EC_OK; f++)
            if (!(row[f] >= 0 && row[f] <= 1))
                status = refuse(samples, file, i, f, row[f], err);
    }
    ec_free(row);
    return status;
}

static ec_status set_scale(ec_samples *out, const ec_samples_source *source, ec_error *err)
{
    size_t n = out->grid[0] * out->grid[1];
    ec_status status = EC_OK;

    EC_NEW(out->scale, n);
    EC_NEW(out->offset, n);
    if (source->minmax)
        return fit_minmax(out, source->x, err); /* what it gives is within [0, 1] */
    for (size_t f = 0; f < n; f++)
        out->scale[f] = out->values.type == EC_U8 ? 1.0 / 255 : 1;
    if (out->values.type != EC_U8 && out->values.type != EC_BOOL)
        status = check_values(out, source->x, err);
done:
    return status;
}

/* ------------------------------------------------------------------ labels */

static ec_status set_labels(ec_samples *out, const ec_array *y, const ec_samples_source *source,
                            ec_error *err)
{
    const char *file = source->y != NULL ? source->y : source->x;
    char text[128];
    ec_status status = EC_OK;

    if (y->n_dims == 0 || y->shape[0] != y->count)
        return ec_fail_file(err, EC_EPARSE, file, "labels have shape %s, must be [samples]",
                            ec_shape_print(text, sizeof text, y->shape, y->n_dims));
    if (y->count != out->values.shape[0])
        return ec_fail_file(err, EC_EPARSE, file, "%zu labels for %zu samples", y->count,
                            out->values.shape[0]);
    EC_NEW(out->label, out->n);
    for (size_t i = 0; i < out->n; i++) {
        double value;

        ec_array_get(&value, y, i, 1);
        if (!(value >= 0 && value < MAX_LABEL) || value != floor(value)) {
            status = ec_fail_file(err, EC_EPARSE, file,
                                  "label %zu is %g, must be an integer from 0 to %u", i, value,
                                  MAX_LABEL - 1);
            break;
        }
        out->label[i] = (uint32_t)value;
        if (out->label[i] >= out->labels)
            out->labels = out->label[i] + 1;
    }
done:
    return status;
}

ec_status ec_samples_read(ec_samples *out, const ec_samples_source *source, const ec_run *run,
                          ec_error *err)
{
    ec_status status = EC_OK;
    ec_array labels = {.data = NULL};

    *out = (ec_samples){.n = 0};
    if (source->unlabelled || source->y != NULL)
        EC_TRY(read_array(&out->values, source->x, run, err));
    else
        EC_TRY(read_table(&out->values, &labels, source, run, err));
    if (!source->unlabelled && source->y != NULL)
        EC_TRY(read_array(&labels, source->y, run, err));
    EC_TRY(set_grid(out, source, err));
    EC_TRY(set_scale(out, source, err));
    if (!source->unlabelled)
        EC_TRY(set_labels(out, &labels, source, err));
done:
    ec_array_clear(&labels);
    if (status != EC_OK)
        ec_samples_clear(out);
    return status;
}

/* ----------------------------------------------------------------- dataset */

ec_status ec_samples_from_dataset(ec_samples *out, const ec_dataset *data, const ec_run *run,
                                  ec_error *err)
{
    ec_status status = EC_OK;
    size_t n = data->grid[0] * data->grid[1];
    double *room = NULL, *row = NULL;

    *out = (ec_samples){.n = data->n, .grid = {data->grid[0], data->grid[1]}};
    EC_TRY(ec_array_init(&out->values, EC_F64, 3, (size_t[]){data->n, data->grid[0], data->grid[1]},
                         run, err));
    EC_NEW(out->scale, n);
    EC_NEW(out->offset, n);
    EC_NEW(out->label, data->n);
    EC_NEW(room, data->image[0] * data->image[1]);
    EC_NEW(row, n);
    for (size_t f = 0; f < n; f++)
        out->scale[f] = 1;
    for (size_t i = 0; i < data->n; i++) {
        ec_data_sites(row, data, i, room);
        ec_array_set(&out->values, i * n, n, row);
        out->label[i] = data->label[i];
        if (out->label[i] >= out->labels)
            out->labels = out->label[i] + 1;
    }
done:
    ec_free(room);
    ec_free(row);
    if (status != EC_OK)
        ec_samples_clear(out);
    return status;
}
