/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "paper.h"

#include "core/flow.h"
#include "training.h"

#include <math.h>
#include <stdio.h>

enum {
    MAX_ROWS = 64,      /* of the log as a table: more are thinned out */
    LOG_FROM_RATIO = 30 /* of a bound to the largest entropy */
};

/* ------------------------------------------------------------------- terms */

static void put_result(ec_paper *paper, const ec_training *log)
{
    static const char *const terms[] = {"Epochs", "Last loss", "Training accuracy",
                                        "Test accuracy"};
    const double last[] = {ec_column_last(log->epoch, log->n), ec_column_last(log->loss, log->n),
                           100 * ec_column_last(log->train, log->n),
                           100 * ec_column_last(log->test, log->n)};

    ec_paper_terms(paper);
    for (int i = 0; i < 4; i++) {
        if (isnan(last[i]))
            continue;

        ec_text *line = ec_paper_term(paper, terms[i]);

        if (i < 2)
            ec_text_printf(line, i == 0 ? "%g" : "%.4f nats", last[i]);
        else
            ec_text_printf(line, "%.2f %%", last[i]);
        ec_paper_close(paper);
    }
    ec_paper_end_terms(paper);
}

/* ------------------------------------------------------------------ charts */

static ec_status put_chart(ec_paper *paper, const ec_chart *chart, const char *caption,
                           ec_error *err)
{
    ec_status status = ec_paper_chart(paper, chart, err);

    ec_paper_say(paper, EC_CAPTION, "%s " EC_LABEL("measured"), caption);
    return status;
}

/* Entropies of one partition below what the architecture allows: the bound as a line. */
static ec_status put_entropy_chart(ec_paper *paper, const ec_training *log,
                                   const ec_report_page *page, size_t p, ec_error *err)
{
    double bound = ec_nats_of(page->bounds.bounds[p].rank), most = 0;
    const double ends[] = {ec_column_first(log->step, log->n), ec_column_last(log->step, log->n)};
    const double bounds[] = {bound, bound};
    const ec_series series[] = {{"mean over the labels", log->step, log->entropy[p], log->n},
                                {"largest label", log->step, log->largest[p], log->n},
                                {"ln bound", ends, bounds, 2}};
    char id[32];

    for (size_t i = 0; i < log->n; i++)
        most = fmax(most, log->largest[p][i]);
    snprintf(id, sizeof id, "entropy%zu", p);

    const ec_chart chart = {.id = id,
                            .label = "Entanglement entropy during training, and its bound",
                            .x_name = "step",
                            .y_name = "entropy (nats)",
                            .log_y = most > 0 && bound > LOG_FROM_RATIO * most,
                            .series = series,
                            .n_series = 3};
    ec_status status = ec_paper_chart(paper, &chart, err);
    ec_text *line = ec_paper_open(paper, EC_CAPTION);

    ec_put_plain(line, page->bounds.partitions->items[p].name);
    ec_text_printf(
        line,
        ": entanglement entropy %s " EC_LABEL("measured") " below ln bound " EC_LABEL("proved"),
        ec_training_kind(log->kinds[p]));
    ec_paper_close(paper);
    return status;
}

/* The number of partitions that a log may have entropies of. */
static size_t count_curves(const ec_report_page *page)
{
    size_t n = page->bounds.partitions->n;

    return n < EC_TRAINING_CURVES ? n : EC_TRAINING_CURVES;
}

/* How many numbers a column has. */
static size_t count(const double *column, size_t n)
{
    size_t known = 0;

    for (size_t i = 0; i < n; i++)
        known += isnan(column[i]) ? 0 : 1;
    return known;
}

static bool has_entropy(const ec_training *log, size_t p)
{
    return !isnan(ec_column_last(log->entropy[p], log->n));
}

static ec_status put_charts(ec_paper *paper, const ec_training *log, const ec_report_page *page,
                            ec_error *err)
{
    bool measured = !isnan(ec_column_last(log->recent, log->n));
    const ec_series loss[] = {{measured ? "epoch" : "", log->step, log->loss, log->n},
                              {"measured steps", log->step, log->recent, log->n}};
    const ec_series accuracy[] = {{"test", log->step, log->test, log->n},
                                  {"training", log->step, log->train, log->n}};
    const ec_chart charts[] = {
        {"loss", "Loss during training", "step", "loss (nats)", false, loss, measured ? 2 : 1},
        {"accuracy", "Accuracy during training", "step", "accuracy (share)", false, accuracy, 2}};
    ec_status status = EC_OK;

    ec_paper_columns(paper, "");
    if (!isnan(ec_column_last(log->loss, log->n)))
        EC_TRY(put_chart(paper, &charts[0], "Cross-entropy loss", err));
    if (count(log->test, log->n) > 1 && count(log->train, log->n) > 1) /* one point is no curve */
        EC_TRY(put_chart(paper, &charts[1], "Accuracy", err));
    for (size_t p = 0; p < count_curves(page); p++)
        if (has_entropy(log, p))
            EC_TRY(put_entropy_chart(paper, log, page, p, err));
    ec_paper_end_columns(paper);
done:
    return status;
}

/* ------------------------------------------------------------------ tables */

static void number_cell(ec_table *table, const char *fmt, double value) EC_PRINTF(2, 0);
static void number_cell(ec_table *table, const char *fmt, double value)
{
    char text[32];

    snprintf(text, sizeof text, fmt, value);
    ec_table_cell(table, "%s", isnan(value) ? "-" : text);
}

/* How the entropy of a partition went, and whether it went with the loss. */
static void put_entropy_table(ec_paper *paper, const ec_training *log, const ec_report_page *page)
{
    ec_table table = {0};

    ec_table_init(&table, "<partition|<entropy|>first|>last|>ln bound|>correlation with the loss|"
                          ">measurements");
    for (size_t p = 0; p < count_curves(page); p++) {
        size_t n = 0;
        double r = ec_column_correlation(&n, log->recent, log->entropy[p], log->n);

        if (!has_entropy(log, p))
            continue;
        ec_table_cell(&table, "%s", page->bounds.partitions->items[p].name);
        ec_table_cell(&table, "%s", ec_training_kind(log->kinds[p]));
        number_cell(&table, "%.4g", ec_column_first(log->entropy[p], log->n));
        number_cell(&table, "%.4g", ec_column_last(log->entropy[p], log->n));
        number_cell(&table, "%.4g", ec_nats_of(page->bounds.bounds[p].rank));
        number_cell(&table, "%+.2f", r);
        ec_table_cell(&table, "%zu", n);
    }
    if (table.n_cells > 0)
        ec_paper_table(paper, &table,
                       "Entropies (nats, mean over the labels) beside the loss, the mean over the "
                       "steps since the measurement before; correlation: Pearson");
    ec_table_clear(&table);
}

static void put_rows(ec_paper *paper, const ec_training *log)
{
    size_t step = log->n / MAX_ROWS + 1;
    ec_table table = {0};

    ec_table_init(&table, ">step|>epoch|>loss|>training accuracy|>test accuracy|>recent loss");
    for (size_t i = (log->n - 1) % step; i < log->n; i += step) { /* the last one is among them */
        number_cell(&table, "%.0f", log->step[i]);
        number_cell(&table, "%g", log->epoch[i]);
        number_cell(&table, "%.4f", log->loss[i]);
        number_cell(&table, "%.4f", log->train[i]);
        number_cell(&table, "%.4f", log->test[i]);
        number_cell(&table, "%.4f", log->recent[i]);
    }
    ec_paper_details(paper, "The log as a table");
    ec_paper_table(paper, &table, step > 1 ? "Some lines of the log" : "Every line of the log");
    ec_paper_end_details(paper);
    ec_table_clear(&table);
}

ec_status ec_section_training(ec_paper *paper, const ec_report_page *page, ec_error *err)
{
    ec_status status = EC_OK;
    ec_training log = {0};

    if (page->log == NULL)
        return EC_OK;
    EC_TRY(ec_training_read(&log, page, err));
    if (log.n == 0)
        goto done;
    ec_paper_section(paper, "training", "Training", "Training");
    put_result(paper, &log);
    if (paper->charts)
        EC_TRY(put_charts(paper, &log, page, err));
    put_entropy_table(paper, &log, page);
    put_rows(paper, &log);
    ec_paper_end_section(paper);
done:
    ec_training_clear(&log);
    return status;
}
