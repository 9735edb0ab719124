/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "design/sweep_i.h"

#include "core/hot.h"

/*
 * The hot loops of a sweep. Every machine computes the same bits: there is no reduction, and small
 * integers times logarithms are rounded once.
 */

EC_HOT_EXACT void ec_kernel_fill(double *restrict x, double value, size_t n)
{
    for (size_t i = 0; i < n; i++)
        x[i] = value;
}

EC_HOT_EXACT void ec_kernel_axpy(double *restrict x, double k, const double *restrict y, size_t n)
{
    for (size_t i = 0; i < n; i++)
        x[i] += k * y[i];
}

EC_HOT_EXACT void ec_kernel_axpy_min(double *restrict x, double k, const double *restrict y,
                                     const double *restrict z, size_t n)
{
    for (size_t i = 0; i < n; i++)
        x[i] += k * (y[i] < z[i] ? y[i] : z[i]);
}

EC_HOT_EXACT void ec_kernel_min(double *restrict x, const double *restrict y, size_t n)
{
    for (size_t i = 0; i < n; i++)
        x[i] = x[i] < y[i] ? x[i] : y[i];
}

/*
 * The next two run over few values for each of many prefixes. A prefix is filled up to a multiple
 * of EC_SWEEP_PAD entries, so that no scalar loop takes care of the last ones; the next prefix
 * overwrites what is too much.
 */

static size_t padded(size_t n)
{
    return (n + EC_SWEEP_PAD - 1) / EC_SWEEP_PAD * EC_SWEEP_PAD;
}

EC_HOT_EXACT void ec_kernel_branch(double *restrict x, const double *restrict first,
                                   const double *restrict second, size_t n_prefixes,
                                   const double *restrict log_dim, size_t n_values)
{
    const size_t n = padded(n_values);

    for (size_t p = 0; p < n_prefixes; p++, x += n_values) {
        for (size_t j = 0; j < n; j++) {
            double cut = log_dim[j] + second[p];
            x[j] = first[p] < cut ? first[p] : cut;
        }
    }
}

EC_HOT_EXACT void ec_kernel_affine(uint64_t *restrict x, const uint64_t *restrict base,
                                   const uint64_t *restrict slope, size_t n_prefixes,
                                   const uint32_t *restrict values, size_t n_values)
{
    const size_t n = padded(n_values);

    for (size_t p = 0; p < n_prefixes; p++, x += n_values) {
        for (size_t j = 0; j < n; j++)
            x[j] = base[p] + slope[p] * values[j];
    }
}

EC_HOT_EXACT void ec_kernel_within(uint8_t *restrict keep, const uint64_t *restrict x, uint64_t lo,
                                   uint64_t hi, size_t n)
{
    for (size_t i = 0; i < n; i++)
        keep[i] = (uint8_t)(keep[i] & (x[i] >= lo) & (x[i] <= hi));
}

EC_HOT_EXACT void ec_kernel_between(uint8_t *restrict keep, const double *restrict x, double lo,
                                    double hi, size_t n)
{
    for (size_t i = 0; i < n; i++)
        keep[i] = (uint8_t)(keep[i] & (x[i] >= lo) & (x[i] <= hi));
}

EC_HOT_EXACT void ec_kernel_at_least(uint8_t *restrict flag, const uint64_t *restrict x,
                                     uint64_t lo, size_t n)
{
    for (size_t i = 0; i < n; i++)
        flag[i] = x[i] >= lo;
}

EC_HOT_EXACT void ec_kernel_at_most(uint8_t *restrict flag, const double *restrict x, double hi,
                                    size_t n)
{
    for (size_t i = 0; i < n; i++)
        flag[i] = (uint8_t)(flag[i] & (x[i] <= hi));
}

EC_HOT_EXACT void ec_kernel_remove(uint8_t *restrict keep, const uint8_t *restrict beaten, size_t n)
{
    for (size_t i = 0; i < n; i++)
        keep[i] = (uint8_t)(keep[i] & ~beaten[i]);
}
