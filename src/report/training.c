/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "training.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

void ec_training_clear(ec_training *log)
{
    ec_free(log->step); /* the columns are one block */
    *log = (ec_training){0};
}

/* One block for as many rows as the text has lines. */
static ec_status reserve(ec_training *log, const char *text, size_t size, ec_error *err)
{
    double **const columns[] = {&log->step,  &log->epoch, &log->loss,
                                &log->train, &log->test,  &log->recent};
    enum { N_COLUMNS = sizeof columns / sizeof *columns };
    size_t lines = 1;

    for (size_t i = 0; i < size; i++)
        lines += text[i] == '\n';

    double *block = ec_calloc(lines * (N_COLUMNS + 2 * EC_TRAINING_CURVES), sizeof *block, err);

    if (block == NULL)
        return EC_ENOMEM;
    for (size_t i = 0; i < N_COLUMNS; i++, block += lines)
        *columns[i] = block;
    for (size_t p = 0; p < EC_TRAINING_CURVES; p++, block += 2 * lines) {
        log->entropy[p] = block;
        log->largest[p] = block + lines;
    }
    return EC_OK;
}

/* Mean and largest of those that are numbers. */
static void over_labels(double *mean, double *largest, const ec_json_value *values)
{
    double sum = 0, most = -INFINITY;
    size_t known = 0;

    for (size_t i = 0; i < ec_json_size(values); i++) {
        double value = ec_json_number(ec_json_at(values, i));

        if (isfinite(value)) {
            sum += value;
            most = fmax(most, value);
            known++;
        }
    }
    *mean = known > 0 ? sum / (double)known : NAN;
    *largest = known > 0 ? most : NAN;
}

static unsigned kind_of(const ec_json_value *row, const char *partition)
{
    const char *kind = ec_json_text(ec_json_get(ec_json_get(row, "kind"), partition));

    if (kind == NULL)
        return 0;
    return strcmp(kind, "von_neumann") == 0 ? EC_TRAINING_VON_NEUMANN
           : strcmp(kind, "renyi2") == 0    ? EC_TRAINING_RENYI2
                                            : 0;
}

/* A measurement has a line for every basis. */
static bool in_first_basis(ec_training *log, const ec_json_value *row)
{
    const char *basis = ec_json_text(ec_json_get(row, "basis"));

    if (basis == NULL)
        return true;
    if (log->basis[0] == '\0')
        snprintf(log->basis, sizeof log->basis, "%s", basis);
    return strcmp(log->basis, basis) == 0;
}

static void read_entropies(ec_training *log, size_t i, const ec_json_value *row,
                           const ec_partitions *partitions)
{
    const ec_json_value *entropy = in_first_basis(log, row) ? ec_json_get(row, "entropy") : NULL;

    log->recent[i] = entropy != NULL ? ec_json_number(ec_json_get(row, "recent_loss")) : NAN;
    for (size_t p = 0; p < EC_TRAINING_CURVES; p++) {
        bool exists = p < partitions->n;
        const char *name = exists ? partitions->items[p].name : "";

        over_labels(&log->entropy[p][i], &log->largest[p][i],
                    exists ? ec_json_get(entropy, name) : NULL);
        log->kinds[p] |= kind_of(row, name);
    }
}

static ec_status read_line(ec_training *log, const char *line, size_t size,
                           const ec_report_page *page, ec_error *err)
{
    ec_json_value *row = NULL;
    ec_status status = ec_json_parse(&row, line, size, page->log_file, err);

    if (status != EC_OK)
        return status;

    size_t i = log->n++;

    log->step[i] = ec_json_number(ec_json_get(row, "step"));
    log->epoch[i] = ec_json_number(ec_json_get(row, "epoch"));
    log->loss[i] = ec_json_number(ec_json_get(row, "loss"));
    log->train[i] = ec_json_number(ec_json_get(row, "train_accuracy"));
    log->test[i] = ec_json_number(ec_json_get(row, "test_accuracy"));
    read_entropies(log, i, row, page->bounds.partitions);
    ec_json_free(row);
    return EC_OK;
}

ec_status ec_training_read(ec_training *log, const ec_report_page *page, ec_error *err)
{
    const char *line = page->log, *end = page->log + page->log_size;

    *log = (ec_training){0};

    ec_status status = reserve(log, page->log, page->log_size, err);

    for (int number = 1; status == EC_OK && line < end; number++) {
        const char *stop = memchr(line, '\n', (size_t)(end - line));
        size_t length = (size_t)((stop != NULL ? stop : end) - line);

        if (length > 0)
            status = read_line(log, line, length, page, err);
        if (status == EC_EPARSE && err != NULL)
            err->line = number; /* of the log, not of its line */
        line += length + 1;
    }
    return status;
}

double ec_column_first(const double *column, size_t n)
{
    size_t i = 0;

    while (i < n && isnan(column[i]))
        i++;
    return i < n ? column[i] : NAN;
}

double ec_column_last(const double *column, size_t n)
{
    while (n > 0 && isnan(column[n - 1]))
        n--;
    return n > 0 ? column[n - 1] : NAN;
}

/* Pearson's, of the rows that have both; NaN for fewer than three or a constant. */
double ec_column_correlation(size_t *n, const double *x, const double *y, size_t rows)
{
    double mx = 0, my = 0, xx = 0, yy = 0, xy = 0;

    *n = 0;
    for (size_t i = 0; i < rows; i++)
        if (isfinite(x[i]) && isfinite(y[i])) {
            ++*n;
            double dx = x[i] - mx, dy = y[i] - my; /* from the means so far */
            mx += dx / (double)*n;
            my += dy / (double)*n;
            xx += dx * (x[i] - mx);
            yy += dy * (y[i] - my);
            xy += dx * (y[i] - my);
        }
    return *n >= 3 && xx > 0 && yy > 0 ? xy / sqrt(xx * yy) : NAN;
}

const char *ec_training_kind(unsigned kinds)
{
    static const char *const text[] = {"", "S", "S2", "S or S2"};

    return text[kinds];
}
