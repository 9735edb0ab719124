/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ENTCAP_TRAINING_H
#define ENTCAP_TRAINING_H

/** A training log, JSON lines, as columns. */

#include "report_i.h"

enum { EC_TRAINING_CURVES = 6 }; /* partitions whose entropy is read */

/* What the entropies of a partition are; both, where a spectrum is in reach at times only. */
enum { EC_TRAINING_VON_NEUMANN = 1, EC_TRAINING_RENYI2 = 2 };

/** A row for every line; NaN where a line has none. Accuracies are shares of 1. */
typedef struct ec_training {
    size_t n;
    double *step, *epoch, *loss, *train, *test;
    double *recent;                      /* mean loss since the entropies before */
    double *entropy[EC_TRAINING_CURVES]; /* nats, mean over the labels */
    double *largest[EC_TRAINING_CURVES]; /* nats, largest of any label */
    unsigned kinds[EC_TRAINING_CURVES];
    char basis[16]; /* of the first measurement; those in another are left out */
} ec_training;

/**
 * Read page->log. Owns: *log, to be cleared, also after an error.
 * Errors: EC_EPARSE (with the line of the log), EC_ENOMEM
 */
EC_NODISCARD ec_status ec_training_read(ec_training *log, const ec_report_page *page,
                                        ec_error *err);
void ec_training_clear(ec_training *log);

/** The first and the last number of a column; NaN if there is none. */
double ec_column_first(const double *column, size_t n);
double ec_column_last(const double *column, size_t n);

/** Pearson's correlation of the *n rows that have both; NaN for fewer than three or a constant. */
double ec_column_correlation(size_t *n, const double *x, const double *y, size_t rows);

/** "S", "S2", "S or S2", "" */
const char *ec_training_kind(unsigned kinds);

#endif
