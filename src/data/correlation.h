/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ENTCAP_DATA_CORRELATION_H
#define ENTCAP_DATA_CORRELATION_H

/** Correlations of features, a band of rows at a time, and what crosses the borders of blocks. */

#include "entcap/data.h"

/** z = (x - mean) factor per feature: sums of z^2 over the samples are 1, or 0 if constant. */
typedef struct standard {
    double *mean, *factor;
    size_t n; /* features */
} standard;

/** Owns: *out, to be cleared, also after an error. Errors: EC_ENOMEM */
EC_NODISCARD ec_status standard_init(standard *out, const ec_samples *samples, ec_error *err);
void standard_clear(standard *s);

/**
 * |correlation| of features first .. first + rows - 1 with all: rows x n, zero on the diagonal and
 * for constant features. Needs ec_linalg_load. Cost: S rows n multiply-adds. Errors: EC_ENOMEM
 */
EC_NODISCARD ec_status correlation_band(double *out, const standard *s, const ec_samples *samples,
                                        size_t first, size_t rows, ec_error *err);

/** Smallest number above 0 among n; INFINITY if there is none. */
double smallest_positive(const double *x, size_t n);

/** Add to out[b], for every distinct block b of a level, the correlations across its border. */
EC_NODISCARD ec_status data_surrogate(double *out, const double *correlation,
                                      const ec_blocks *blocks, size_t level, ec_error *err);

#endif
