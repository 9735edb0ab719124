/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "design/sweep_i.h"

#include <math.h>

/*
 * The hot loops of a sweep. gcc vectorises them at -O3, once per instruction set named here; the
 * machine's own is picked when the program is loaded. A clone computes the same bits as another:
 * there is no reduction, and the products are exact (small integers times logarithms are rounded
 * once, contraction to fused operations is off).
 */
#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__) &&                             \
    !defined(__SANITIZE_ADDRESS__)
#define HOT __attribute__((optimize("O3", "fp-contract=off"), target_clones("avx2", "default")))
#else
#define HOT
#endif

HOT void ec_kernel_fill(double *restrict x, double value, size_t n)
{
    for (size_t i = 0; i < n; i++)
        x[i] = value;
}

HOT void ec_kernel_axpy(double *restrict x, double k, const double *restrict y, size_t n)
{
    for (size_t i = 0; i < n; i++)
        x[i] += k * y[i];
}

HOT void ec_kernel_axpy_min(double *restrict x, double k, const double *restrict y,
                            const double *restrict z, size_t n)
{
    for (size_t i = 0; i < n; i++)
        x[i] += k * (y[i] < z[i] ? y[i] : z[i]);
}

HOT void ec_kernel_branch(double *restrict x, double first, double second,
                          const double *restrict log_dim, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        double cut = log_dim[i] + second;
        x[i] = first < cut ? first : cut;
    }
}

HOT void ec_kernel_affine(uint64_t *restrict x, uint64_t base, uint64_t slope,
                          const uint32_t *restrict values, size_t n)
{
    for (size_t i = 0; i < n; i++)
        x[i] = base + slope * values[i];
}

HOT void ec_kernel_within(uint8_t *restrict keep, const uint64_t *restrict x, uint64_t lo,
                          uint64_t hi, size_t n)
{
    for (size_t i = 0; i < n; i++)
        keep[i] = (uint8_t)(keep[i] & (x[i] >= lo) & (x[i] <= hi));
}

HOT void ec_kernel_judge(uint8_t *restrict keep, uint8_t *restrict tie, const double *restrict x,
                         const sweep_threshold *threshold, size_t n)
{
    const double value = threshold->value, same = threshold->same;
    const uint8_t less = threshold->less, more = threshold->more, equal = threshold->equal;

    for (size_t i = 0; i < n; i++) {
        double difference = x[i] - value;
        uint8_t near = fabs(difference) <= same, verdict = difference < 0 ? less : more;
        keep[i] &= near ? equal : verdict;
        tie[i] = near & keep[i];
    }
}

HOT void ec_kernel_no_cheaper(uint8_t *restrict beaten, const uint64_t *restrict cost, uint64_t by,
                              size_t n)
{
    for (size_t i = 0; i < n; i++)
        beaten[i] = cost[i] >= by;
}

HOT void ec_kernel_no_better(uint8_t *restrict beaten, const double *restrict x, double by,
                             double same, size_t n)
{
    for (size_t i = 0; i < n; i++)
        beaten[i] = (uint8_t)(beaten[i] & (x[i] - same * (1 + x[i]) <= by));
}

HOT void ec_kernel_remove(uint8_t *restrict keep, const uint8_t *restrict beaten, size_t n)
{
    for (size_t i = 0; i < n; i++)
        keep[i] = (uint8_t)(keep[i] & ~beaten[i]);
}
