/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "design/sweep_i.h"

#include <math.h>
#include <string.h>

/*
 * From the arrays of the top level to rows: first flags for all configurations in hand, by loops
 * over arrays, then the few that are left one by one.
 */

/* Configurations that are judged together for the Pareto order. */
#define BLOCK 256

/* ------------------------------------------------------------------ filters */

static bool compare(int sign, ec_relation relation)
{
    switch (relation) {
    case EC_AT_MOST:
        return sign <= 0;
    case EC_LESS:
        return sign < 0;
    case EC_AT_LEAST:
        return sign >= 0;
    case EC_MORE:
        return sign > 0;
    default:
        return sign == 0;
    }
}

/* The integers that stand in a relation to `value`, as lo .. hi; none: lo > hi. */
static void interval(uint64_t *lo, uint64_t *hi, ec_relation relation, const ec_int *value)
{
    bool fits = ec_int_fits_u64(value); /* no count reaches 2^64 - 1 */
    uint64_t v = ec_int_get_u64(value);

    *lo = 0;
    *hi = UINT64_MAX - 1;
    if (relation == EC_AT_LEAST || relation == EC_EQUAL)
        *lo = v;
    if (relation == EC_MORE)
        *lo = fits ? v + (v < UINT64_MAX) : v;
    if (fits && (relation == EC_AT_MOST || relation == EC_EQUAL))
        *hi = v;
    if (fits && relation == EC_LESS) {
        *hi = v > 0 ? v - 1 : 0;
        *lo = v == 0; /* nothing is less */
    }
}

/* The task of a partition's bound: with shared weights where that applies, it is the smaller one.
 */
static size_t task_of(const ec_sweep *s, size_t partition)
{
    return s->n_tasks / s->in.partitions->n * (partition + 1) - 1;
}

/* The logarithms that stand in a relation to that of a rank, as lo .. hi: ties count as equal, or
   as both if they are to be decided later. */
static void log_interval(double *lo, double *hi, const ec_filter *f, double same, bool ties)
{
    *lo = -INFINITY;
    *hi = INFINITY;
    if (f->relation == EC_AT_LEAST || f->relation == EC_EQUAL || (ties && f->relation == EC_MORE))
        *lo = f->log2 - same;
    else if (f->relation == EC_MORE)
        *lo = nextafter(f->log2 + same, INFINITY);
    if (f->relation == EC_AT_MOST || f->relation == EC_EQUAL || (ties && f->relation == EC_LESS))
        *hi = f->log2 + same;
    else if (f->relation == EC_LESS)
        *hi = nextafter(f->log2 - same, -INFINITY);
}

/* Number of the next configuration with a flag, from i on; n: none. */
static size_t next_set(const uint8_t *flags, size_t i, size_t n)
{
    const uint8_t *found = memchr(flags + i, 1, n - i);

    return found != NULL ? (size_t)(found - flags) : n;
}

/* Decide the ties of a filter by exact ranks. */
static ec_status decide_ties(sweep_work *w, const ec_filter *f, double same, size_t n,
                             ec_error *err)
{
    ec_status status = EC_OK;
    uint8_t *tie = w->beaten;

    memcpy(tie, w->keep, n);
    ec_kernel_between(tie, w->bound[f->partition], f->log2 - same, f->log2 + same, n);
    for (size_t i = 0; (i = next_set(tie, i, n)) < n && status == EC_OK; i++) {
        ec_int rank = {0};
        status = ec_sweep_exact(&rank, w->sweep, task_of(w->sweep, f->partition), w->next + i, err);
        w->keep[i] = compare(ec_int_cmp(&rank, &f->value), f->relation);
        ec_int_clear(&rank);
    }
    return status;
}

/* Ties of small ranks are equal; those of large ones are decided one by one. */
static ec_status filter_bounds(sweep_work *w, const ec_filter *f, size_t n, ec_error *err)
{
    bool exact = f->log2 > EC_SWEEP_PLAIN_LOG2;
    double lo, hi, same = isinf(f->log2) ? 0 : EC_SWEEP_SAME * (1 + f->log2); /* infinite: of 0 */

    log_interval(&lo, &hi, f, same, exact);
    ec_kernel_between(w->keep, w->bound[f->partition], lo, hi, n);
    return exact ? decide_ties(w, f, same, n, err) : EC_OK;
}

static ec_status apply_filter(sweep_work *w, size_t filter, size_t n, ec_error *err)
{
    const ec_filter *f = &w->sweep->in.filters[filter];
    const sweep_level *top = &w->level[w->sweep->n_levels - 1];
    uint64_t lo, hi;

    if (f->quantity == EC_QUANTITY_BOUND)
        return filter_bounds(w, f, n, err);
    interval(&lo, &hi, f->relation, &f->value);
    ec_kernel_within(w->keep, top->count[f->quantity], lo, hi, n);
    return EC_OK;
}

/* --------------------------------------------------------------------- rows */

/* A count of configuration i, whether all were counted or not. */
static uint64_t count_of(const sweep_work *w, size_t i, ec_quantity count)
{
    const ec_sweep *s = w->sweep;
    const sweep_level *top = &w->level[s->n_levels - 1], *below = top - 1;
    uint64_t n_values = s->in.ranges->level[s->n_levels - 1].n, number = w->next + i;

    if (s->counted[count] || s->n_levels == 1)
        return top->count[count][i];
    size_t p = (size_t)(number / n_values - below->base);
    return below->count[count][p] +
           top->slope[count][p] * s->values[s->n_levels - 1][number % n_values];
}

/* Append configuration i. */
static ec_status add_row(sweep_work *w, size_t i, ec_error *err)
{
    ec_sweep_rows *rows = w->rows;
    const ec_sweep *s = w->sweep;
    const sweep_level *top = &w->level[s->n_levels - 1];

    if (ec_sweep_reserve(rows, rows->n + 1, err) != EC_OK)
        return EC_ENOMEM;

    size_t at = rows->n++;
    double *log2 = rows->log2 + at * rows->n_bounds;

    rows->index[at] = w->next + i;
    rows->parameters[at] = count_of(w, i, EC_QUANTITY_PARAMETERS);
    rows->multiply_adds[at] = count_of(w, i, EC_QUANTITY_MULTIPLY_ADDS);
    for (size_t b = 0; b < rows->n_bounds; b++)
        log2[b] = INFINITY;
    for (size_t t = 0; t < s->n_tasks; t++)
        log2[s->tasks[t].bound] = top->value[t][i];
    return EC_OK;
}

/* ------------------------------------------------------------------- pareto */

static const uint64_t *costs_of(const sweep_work *w)
{
    return w->level[w->sweep->n_levels - 1].count[w->sweep->in.cost];
}

/* The largest x that is no better than a bound: x - same (1 + x) <= bound. */
static double no_better(double bound)
{
    return (bound + EC_SWEEP_SAME) / (1 - EC_SWEEP_SAME);
}

/* Clear the flags of the configurations first .. end - 1 that a row beats, which comes before them:
   those that are nowhere better. */
static void remove_beaten(sweep_work *w, size_t row, size_t first, size_t end)
{
    size_t n = end - first;

    ec_kernel_at_least(w->beaten, costs_of(w) + first,
                       ec_sweep_costs(w->rows, w->sweep->in.cost)[row], n);
    for (size_t k = 0; k < w->sweep->in.partitions->n; k++)
        ec_kernel_at_most(w->beaten, w->bound[k] + first,
                          no_better(ec_sweep_bound(w->rows, row, k)), n);
    ec_kernel_remove(w->keep + first, w->beaten, n);
}

/* Does a row beat configuration i, which comes later? */
static bool beats(const sweep_work *w, size_t row, size_t i)
{
    if (ec_sweep_costs(w->rows, w->sweep->in.cost)[row] > costs_of(w)[i])
        return false;
    for (size_t k = 0; k < w->sweep->in.partitions->n; k++) {
        if (w->bound[k][i] > no_better(ec_sweep_bound(w->rows, row, k)))
            return false;
    }
    return true;
}

/* Keep what no row so far beats. A row that beats one configuration mostly beats its neighbours. */
static ec_status collect_best(sweep_work *w, size_t first, size_t end, ec_error *err)
{
    ec_status status = EC_OK;

    first = next_set(w->keep, first, end);
    if (first < end && w->winner < w->rows->n)
        remove_beaten(w, w->winner, first, end);
    for (size_t i = first; (i = next_set(w->keep, i, end)) < end; i++) {
        size_t row = w->rows->n;
        while (row > 0 && !beats(w, row - 1, i))
            row--;
        if (row == 0)
            EC_TRY(add_row(w, i, err));
        w->winner = row > 0 ? row - 1 : w->rows->n - 1;
        remove_beaten(w, w->winner, i + 1, end);
    }
done:
    return status;
}

ec_status ec_sweep_collect(sweep_work *w, size_t n, ec_error *err)
{
    ec_status status = EC_OK;
    ec_sweep_rows *rows = w->rows;
    const ec_sweep_input *in = &w->sweep->in;

    memset(w->keep, 1, n);
    for (size_t f = 0; f < in->n_filters; f++)
        EC_TRY(apply_filter(w, f, n, err));
    for (size_t first = 0; in->pareto && first < n; first += BLOCK)
        EC_TRY(collect_best(w, first, n - first < BLOCK ? n : first + BLOCK, err));
    for (size_t i = 0; !in->pareto && (i = next_set(w->keep, i, n)) < n; i++)
        EC_TRY(add_row(w, i, err));
    w->next += n;
    if (in->pareto)
        EC_TRY(ec_sweep_reduce_some(rows, &w->reduced, in->cost, err));
done:
    return status;
}
