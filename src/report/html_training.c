/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "report_i.h"

#include "core/flow.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { MAX_CURVES = 6 }; /* partitions whose entropy is drawn */

/* What the entropies of a partition are; both, where a spectrum is in reach at times only. */
enum { VON_NEUMANN = 1, RENYI2 = 2 };

/* Columns of a training log, a row for every line. */
typedef struct training {
    size_t n;
    double *step, *epoch, *loss, *train, *test; /* NaN where a line has none */
    double *recent;                             /* mean loss since the entropies before */
    double *entropy[MAX_CURVES];                /* mean over the labels */
    unsigned kinds[MAX_CURVES];
    char basis[16]; /* of the first measurement; those in another are left out */
} training;

static void clear(training *log)
{
    ec_free(log->step); /* the columns are one block */
    *log = (training){0};
}

/* One block for as many rows as the text has lines. */
static ec_status reserve(training *log, const char *text, size_t size, ec_error *err)
{
    size_t lines = 1;

    for (size_t i = 0; i < size; i++)
        lines += text[i] == '\n';

    double *block = ec_calloc(lines * (6 + MAX_CURVES), sizeof *block, err);

    if (block == NULL)
        return EC_ENOMEM;
    log->step = block;
    log->epoch = block + lines;
    log->loss = block + 2 * lines;
    log->train = block + 3 * lines;
    log->test = block + 4 * lines;
    log->recent = block + 5 * lines;
    for (size_t i = 0; i < MAX_CURVES; i++)
        log->entropy[i] = block + (6 + i) * lines;
    return EC_OK;
}

/* Of those that are numbers. */
static double mean(const ec_json_value *values)
{
    double sum = 0;
    size_t known = 0;

    for (size_t i = 0; i < ec_json_size(values); i++) {
        double value = ec_json_number(ec_json_at(values, i));
        if (isfinite(value)) {
            sum += value;
            known++;
        }
    }
    return known > 0 ? sum / (double)known : NAN;
}

static unsigned kind_of(const ec_json_value *row, const char *partition)
{
    const char *kind = ec_json_text(ec_json_get(ec_json_get(row, "kind"), partition));

    if (kind == NULL)
        return 0;
    return strcmp(kind, "von_neumann") == 0 ? VON_NEUMANN
           : strcmp(kind, "renyi2") == 0    ? RENYI2
                                            : 0;
}

/* A measurement has a line for every basis. */
static bool in_first_basis(training *log, const ec_json_value *row)
{
    const char *basis = ec_json_text(ec_json_get(row, "basis"));

    if (basis == NULL)
        return true;
    if (log->basis[0] == '\0')
        snprintf(log->basis, sizeof log->basis, "%s", basis);
    return strcmp(log->basis, basis) == 0;
}

static void read_entropies(training *log, size_t i, const ec_json_value *row,
                           const ec_partitions *partitions)
{
    const ec_json_value *entropy = in_first_basis(log, row) ? ec_json_get(row, "entropy") : NULL;

    log->recent[i] = entropy != NULL ? ec_json_number(ec_json_get(row, "recent_loss")) : NAN;
    for (size_t p = 0; p < MAX_CURVES; p++) {
        const char *name = p < partitions->n ? partitions->items[p].name : "";
        log->entropy[p][i] = p < partitions->n ? mean(ec_json_get(entropy, name)) : NAN;
        log->kinds[p] |= kind_of(row, name);
    }
}

static ec_status read_line(training *log, const char *line, size_t size, const ec_report_page *page,
                           ec_error *err)
{
    ec_json_value *row = NULL;
    ec_status status = ec_json_parse(&row, line, size, page->log_file, err);

    if (status != EC_OK)
        return status;

    size_t i = log->n++;

    log->step[i] = ec_json_number(ec_json_get(row, "step"));
    log->epoch[i] = ec_json_number(ec_json_get(row, "epoch"));
    log->loss[i] = ec_json_number(ec_json_get(row, "loss"));
    log->train[i] = 100 * ec_json_number(ec_json_get(row, "train_accuracy"));
    log->test[i] = 100 * ec_json_number(ec_json_get(row, "test_accuracy"));
    read_entropies(log, i, row, page->bounds.partitions);
    ec_json_free(row);
    return EC_OK;
}

static ec_status read_log(training *log, const ec_report_page *page, ec_error *err)
{
    const char *line = page->log, *end = page->log + page->log_size;
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

/* The last number of a column; NaN if there is none. */
static double last_of(const double *column, size_t n)
{
    while (n > 0 && isnan(column[n - 1]))
        n--;
    return n > 0 ? column[n - 1] : NAN;
}

static void put_result(ec_text *out, const training *log)
{
    double epoch = last_of(log->epoch, log->n), loss = last_of(log->loss, log->n);
    double train = last_of(log->train, log->n), test = last_of(log->test, log->n);

    ec_text_puts(out, "<dl>");
    if (!isnan(epoch))
        ec_text_printf(out, "<dt>Epochs</dt><dd>%g</dd>", epoch);
    if (!isnan(loss))
        ec_text_printf(out, "<dt>Last loss</dt><dd>%.4f nats</dd>", loss);
    if (!isnan(train))
        ec_text_printf(out, "<dt>Training accuracy</dt><dd>%.2f&nbsp;%%</dd>", train);
    if (!isnan(test))
        ec_text_printf(out, "<dt>Test accuracy</dt><dd>%.2f&nbsp;%%</dd>", test);
    ec_text_puts(out, "</dl>\n");
}

static ec_status put_chart(ec_text *out, const ec_chart *chart, const char *caption, ec_error *err)
{
    ec_text_puts(out, "<figure>");
    ec_status status = ec_chart_svg(out, chart, err);
    ec_text_printf(out, "<figcaption>%s</figcaption></figure>\n", caption);
    return status;
}

/* ------------------------------------------------------------- entanglement */

static const char *kind_text(unsigned kinds)
{
    static const char *const text[] = {"", "S", "S2", "S or S2"};
    return text[kinds];
}

/* Pearson's, of the rows that have both; NaN for fewer than three or a constant. */
static double correlation(const double *x, const double *y, size_t rows, size_t *n)
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

/* The first number of a column; NaN if there is none. */
static double first_of(const double *column, size_t n)
{
    size_t i = 0;

    while (i < n && isnan(column[i]))
        i++;
    return i < n ? column[i] : NAN;
}

static bool has_entropies(const training *log)
{
    for (size_t p = 0; p < MAX_CURVES; p++)
        if (!isnan(last_of(log->entropy[p], log->n)))
            return true;
    return false;
}

/* How the entropy of a partition went, and whether it went with the loss. */
static void put_entropy_table(ec_text *out, const training *log, const ec_report_page *page)
{
    const ec_partitions *partitions = page->bounds.partitions;
    ec_table table = {0};

    ec_table_init(&table, "<partition|<entropy|>first|>last|>correlation with the loss|>measured");
    for (size_t p = 0; p < MAX_CURVES && p < partitions->n; p++) {
        const double *entropy = log->entropy[p];
        size_t n = 0;
        double r = correlation(log->recent, entropy, log->n, &n);

        if (isnan(last_of(entropy, log->n)))
            continue;
        ec_table_cell(&table, "%s", partitions->items[p].name);
        ec_table_cell(&table, "%s", kind_text(log->kinds[p]));
        ec_table_cell(&table, "%.4g", first_of(entropy, log->n));
        ec_table_cell(&table, "%.4g", last_of(entropy, log->n));
        if (isnan(r))
            ec_table_cell(&table, "-");
        else
            ec_table_cell(&table, "%+.2f", r);
        ec_table_cell(&table, "%zu times", n);
    }
    ec_table_html(out, &table,
                  "Entropies (nats, mean over the labels) beside the loss, the mean over the steps "
                  "since the measurement before; correlation: Pearson");
    ec_table_clear(&table);
}

static ec_status put_entropies(ec_text *out, const training *log, const ec_report_page *page,
                               ec_error *err)
{
    ec_series series[MAX_CURVES];
    size_t n = 0;

    for (size_t p = 0; p < MAX_CURVES && p < page->bounds.partitions->n; p++)
        if (!isnan(last_of(log->entropy[p], log->n)))
            series[n++] = (ec_series){page->bounds.partitions->items[p].name, log->step,
                                      log->entropy[p], log->n};
    if (n == 0)
        return EC_OK;

    const ec_chart chart = {.id = "entropies",
                            .label = "Entanglement entropy during training",
                            .x_name = "step",
                            .y_name = "entropy (nats)",
                            .series = series,
                            .n_series = n};
    return put_chart(out, &chart, "Entanglement entropy, mean over the labels", err);
}

static ec_status put_charts(ec_text *out, const training *log, const ec_report_page *page,
                            ec_error *err)
{
    bool measured = !isnan(last_of(log->recent, log->n));
    const ec_series loss[] = {{measured ? "epoch" : "", log->step, log->loss, log->n},
                              {"measured steps", log->step, log->recent, log->n}};
    const ec_series accuracy[] = {{"test", log->step, log->test, log->n},
                                  {"training", log->step, log->train, log->n}};
    const ec_chart charts[] = {
        {"loss", "Loss during training", "step", "loss (nats)", false, loss, measured ? 2 : 1},
        {"accuracy", "Accuracy during training", "step", "accuracy (%)", false, accuracy, 2}};
    ec_status status = EC_OK;

    ec_text_puts(out, "<div class=\"charts\">\n");
    if (!isnan(last_of(log->loss, log->n)))
        EC_TRY(put_chart(out, &charts[0], "Cross-entropy loss", err));
    if (!isnan(last_of(log->test, log->n)) && !isnan(last_of(log->train, log->n)))
        EC_TRY(put_chart(out, &charts[1], "Accuracy", err));
    EC_TRY(put_entropies(out, log, page, err));
    ec_text_puts(out, "</div>\n");
done:
    return status;
}

ec_status ec_html_training(ec_text *out, const ec_report_page *page, ec_error *err)
{
    ec_status status = EC_OK;
    training log = {0};

    if (page->log == NULL)
        return EC_OK;
    EC_TRY(read_log(&log, page, err));
    ec_html_section(out, "training", "Training");
    put_result(out, &log);
    if (page->charts && log.n > 0)
        EC_TRY(put_charts(out, &log, page, err));
    if (has_entropies(&log))
        put_entropy_table(out, &log, page);
    ec_html_end_section(out);
done:
    clear(&log);
    return status;
}
