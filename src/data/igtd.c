/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "graph.h"

#include "core/flow.h"

#include <math.h>
#include <stdlib.h>

enum { MAX_STEPS = 30000 }; /* as its authors have it */

/* Ranks of the pairwise dissimilarities of features, and of the distances of positions. */
typedef struct igtd {
    size_t n;
    float *unlike; /* n x n: rank of 1 - |correlation| */
    float *far;    /* n x n: rank of the Euclidean distance */
    uint32_t *at;  /* n: which feature is at a position */
    size_t *last;  /* n: the step at which a feature was last considered */
} igtd;

typedef struct pair {
    double value;
    uint32_t i, j;
} pair;

static int by_value(const void *a, const void *b)
{
    double x = ((const pair *)a)->value, y = ((const pair *)b)->value;

    return (x > y) - (x < y);
}

/* Ranks 1, 2, ... of the pairs' values, equal ones sharing their mean. */
static void fill_ranks(float *rank, pair *pairs, size_t count, size_t n)
{
    qsort(pairs, count, sizeof *pairs, by_value);
    for (size_t first = 0, end; first < count; first = end) {
        for (end = first + 1; end < count && pairs[end].value <= pairs[first].value; end++)
            ;
        float mean = (float)((double)(first + 1 + end) / 2);
        for (size_t k = first; k < end; k++) {
            rank[pairs[k].i * n + pairs[k].j] = mean;
            rank[pairs[k].j * n + pairs[k].i] = mean;
        }
    }
}

static ec_status rank_all(igtd *t, const ec_samples *samples, const ec_run *run, ec_error *err)
{
    ec_status status = EC_OK;
    double *correlation = NULL;
    pair *pairs = NULL;
    size_t n = t->n, width = samples->grid[1], count = n * (n - 1) / 2;

    EC_TRY(ec_data_correlation(&correlation, samples, run, err));
    EC_NEW(pairs, count);
    for (size_t i = 0, k = 0; i < n; i++)
        for (size_t j = 0; j < i; j++)
            pairs[k++] = (pair){1 - correlation[i * n + j], (uint32_t)i, (uint32_t)j};
    fill_ranks(t->unlike, pairs, count, n);
    for (size_t i = 0, k = 0; i < n; i++)
        for (size_t j = 0; j < i; j++) {
            size_t row_i = i / width, row_j = j / width;
            double rows = (double)row_i - (double)row_j;
            double columns = (double)(i - row_i * width) - (double)(j - row_j * width);

            pairs[k++] = (pair){rows * rows + columns * columns, (uint32_t)i, (uint32_t)j};
        }
    fill_ranks(t->far, pairs, count, n);
done:
    ec_free(correlation);
    ec_free(pairs);
    return status;
}

/* How the error changes if the features at p and q change places. */
static double swap_change(const igtd *t, size_t p, size_t q)
{
    const float *far_p = t->far + p * t->n, *far_q = t->far + q * t->n;
    const float *here = t->unlike + t->at[p] * t->n, *there = t->unlike + t->at[q] * t->n;
    double change = 0;

    for (size_t k = 0; k < t->n; k++) {
        float a = here[t->at[k]], b = there[t->at[k]];

        if (k != p && k != q)
            change += (double)(fabsf(far_p[k] - b) + fabsf(far_q[k] - a) - fabsf(far_p[k] - a) -
                               fabsf(far_q[k] - b));
    }
    return change;
}

/* Position of the feature that has waited longest. */
static size_t longest_waiting(const igtd *t)
{
    size_t p = 0;

    for (size_t k = 1; k < t->n; k++)
        if (t->last[t->at[k]] < t->last[t->at[p]])
            p = k;
    return p;
}

/* Swaps, until none helps any feature or the steps are used up. */
static ec_status improve(igtd *t, const ec_run *run, ec_error *err)
{
    size_t idle = 0;

    for (size_t step = 1; step <= MAX_STEPS && idle < t->n; step++) {
        ec_status status = ec_run_step(run, "swaps", (double)step, MAX_STEPS, err);
        if (status != EC_OK)
            return status;

        size_t p = longest_waiting(t), best = p;
        double least = 0;

        for (size_t q = 0; q < t->n; q++) {
            double change = q != p ? swap_change(t, p, q) : 0;

            if (change < least) {
                least = change;
                best = q;
            }
        }
        t->last[t->at[p]] = step;
        t->last[t->at[best]] = step;
        uint32_t swap = t->at[p];
        t->at[p] = t->at[best];
        t->at[best] = swap;
        idle = best == p ? idle + 1 : 0;
    }
    return EC_OK;
}

ec_status igtd_arrange(uint32_t *feature, const ec_samples *samples, const ec_run *run,
                       ec_error *err)
{
    ec_status status = EC_OK;
    igtd t = {.n = samples->grid[0] * samples->grid[1], .at = feature};

    EC_TRY(ec_run_reserve(run, "distances of all pairs of features", 24 * (double)t.n * (double)t.n,
                          err));
    EC_NEW(t.unlike, t.n * t.n);
    EC_NEW(t.far, t.n * t.n);
    EC_NEW(t.last, t.n);
    EC_TRY(rank_all(&t, samples, run, err));
    for (size_t k = 0; k < t.n; k++)
        feature[k] = (uint32_t)k;
    EC_TRY(improve(&t, run, err));
done:
    ec_free(t.unlike);
    ec_free(t.far);
    ec_free(t.last);
    return status;
}
