/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "design/sweep_i.h"

#include <math.h>
#include <string.h>

/* Logarithms this close (relative) are equal for the Pareto order, and decided exactly by filters.
   Integers up to 2^32 with logarithms this close are equal: the next one is 2^-32 / ln 2 away. */
#define SAME 1e-12

void ec_sweep_rows_clear(ec_sweep_rows *rows)
{
    if (rows == NULL)
        return;
    ec_free(rows->index);
    ec_free(rows->parameters);
    ec_free(rows->multiply_adds);
    ec_free(rows->log2);
    *rows = (ec_sweep_rows){.n_bounds = rows->n_bounds};
}

static ec_status grow(void *array, size_t n, size_t size, ec_error *err)
{
    void **p = array, *grown = ec_realloc(*p, n, size, err);

    if (grown == NULL)
        return EC_ENOMEM;
    *p = grown;
    return EC_OK;
}

static ec_status reserve(ec_sweep_rows *rows, size_t n, ec_error *err)
{
    ec_status status = EC_OK;
    size_t capacity = rows->capacity > 0 ? rows->capacity : 64;

    if (n <= rows->capacity)
        return EC_OK;
    while (capacity < n)
        capacity *= 2;
    EC_TRY(grow(&rows->index, capacity, sizeof *rows->index, err));
    EC_TRY(grow(&rows->parameters, capacity, sizeof *rows->parameters, err));
    EC_TRY(grow(&rows->multiply_adds, capacity, sizeof *rows->multiply_adds, err));
    EC_TRY(grow(&rows->log2, capacity, rows->n_bounds * sizeof *rows->log2, err));
    rows->capacity = capacity;
done:
    return status;
}

ec_status ec_sweep_append(ec_sweep_rows *rows, const ec_sweep_rows *from, ec_error *err)
{
    ec_status status = reserve(rows, rows->n + from->n, err);

    if (status != EC_OK || from->n == 0)
        return status;
    memcpy(rows->index + rows->n, from->index, from->n * sizeof *from->index);
    memcpy(rows->parameters + rows->n, from->parameters, from->n * sizeof *from->parameters);
    memcpy(rows->multiply_adds + rows->n, from->multiply_adds,
           from->n * sizeof *from->multiply_adds);
    memcpy(rows->log2 + rows->n * rows->n_bounds, from->log2,
           from->n * rows->n_bounds * sizeof *from->log2);
    rows->n += from->n;
    return EC_OK;
}

static void copy_row(ec_sweep_rows *rows, size_t to, size_t from)
{
    rows->index[to] = rows->index[from];
    rows->parameters[to] = rows->parameters[from];
    rows->multiply_adds[to] = rows->multiply_adds[from];
    for (size_t b = 0; b < rows->n_bounds; b++)
        rows->log2[to * rows->n_bounds + b] = rows->log2[from * rows->n_bounds + b];
}

static double bound_of(const ec_sweep_rows *rows, size_t row, size_t partition)
{
    const double *log2 = rows->log2 + row * rows->n_bounds + 2 * partition;

    return log2[0] < log2[1] ? log2[0] : log2[1];
}

/* Does row x beat row y, or equal it and come first? */
static bool beats(const ec_sweep_rows *rows, const uint64_t *cost, size_t x, size_t y)
{
    bool better = cost[x] < cost[y];

    if (cost[x] > cost[y])
        return false;
    for (size_t k = 0; 2 * k < rows->n_bounds; k++) {
        double a = bound_of(rows, x, k), b = bound_of(rows, y, k);
        double same = SAME * (1 + fabs(b));
        if (a < b - same)
            return false;
        better = better || a > b + same;
    }
    return better || rows->index[x] < rows->index[y];
}

static const uint64_t *cost_of(const ec_sweep_rows *rows, ec_quantity cost)
{
    return cost == EC_QUANTITY_MULTIPLY_ADDS ? rows->multiply_adds : rows->parameters;
}

ec_status ec_sweep_reduce(ec_sweep_rows *rows, ec_quantity cost, ec_error *err)
{
    const uint64_t *costs = cost_of(rows, cost);
    bool *beaten = ec_calloc(rows->n, sizeof *beaten, err);
    size_t n = 0;

    if (beaten == NULL)
        return EC_ENOMEM;
    for (size_t y = 0; y < rows->n; y++) {
        for (size_t x = 0; x < rows->n && !beaten[y]; x++)
            beaten[y] = x != y && !beaten[x] && beats(rows, costs, x, y);
    }
    for (size_t y = 0; y < rows->n; y++) {
        if (!beaten[y])
            copy_row(rows, n++, y);
    }
    rows->n = n;
    ec_free(beaten);
    return EC_OK;
}

/* -------------------------------------------------------------- collecting */

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

static int compare_count(uint64_t count, const ec_int *value)
{
    int sign = ec_int_cmp_u64(value, count);

    return (sign < 0) - (sign > 0);
}

/* The exact bound of one configuration: by the formulas, or by the recursion if they are too long.
 */
static ec_status exact_bound(ec_int *rank, const ec_sweep *s, size_t filter, uint64_t index,
                             ec_error *err)
{
    ec_status status = EC_OK;
    const ec_formula *formula = s->formula[filter];
    uint32_t widths[EC_SWEEP_MAX_LEVELS];
    ec_level levels[EC_SWEEP_MAX_LEVELS];
    ec_arch arch = *s->in.arch;
    ec_bound bound = {0};

    ec_sweep_widths(widths, s, index);
    if (formula[0].n_terms > 0) {
        /* the shared bound is never above the min cut */
        ec_formula_evaluate(rank, NULL, &formula[formula[1].n_terms > 0], widths);
        return EC_OK;
    }
    arch.levels = levels;
    for (size_t l = 0; l < s->n_levels; l++) {
        levels[l] = s->in.arch->levels[l];
        levels[l].dim = widths[l];
        if (l > 0)
            levels[l - 1].out = widths[l];
    }
    EC_TRY(ec_bound_compute(&bound, &arch,
                            &s->in.partitions->items[s->in.filters[filter].partition].a,
                            &(ec_bound_options){.method = EC_METHOD_TREE}, NULL, err));
    ec_int_set(rank, bound.rank);
done:
    ec_bound_clear(&bound);
    return status;
}

/* The sign of a rank minus the value of a filter. */
static ec_status compare_bound(int *sign, const sweep_work *w, size_t filter, size_t row,
                               ec_error *err)
{
    const ec_filter *f = &w->sweep->in.filters[filter];
    double difference = bound_of(w->rows, row, f->partition) - f->log2;
    ec_int rank = {0};
    ec_status status = EC_OK;

    *sign = (difference > 0) - (difference < 0);
    if (isinf(difference) || fabs(difference) > SAME * (1 + fabs(f->log2)))
        return EC_OK; /* infinite: the value is 0 */
    *sign = 0;
    if (f->log2 <= EC_SWEEP_PLAIN_LOG2)
        return EC_OK;
    status = exact_bound(&rank, w->sweep, filter, w->rows->index[row], err);
    if (status == EC_OK)
        *sign = ec_int_cmp(&rank, &f->value);
    ec_int_clear(&rank);
    return status;
}

static ec_status passes(bool *yes, const sweep_work *w, size_t filter, size_t row, ec_error *err)
{
    const ec_filter *f = &w->sweep->in.filters[filter];
    int sign = 0;
    ec_status status = EC_OK;

    if (f->quantity == EC_QUANTITY_PARAMETERS)
        sign = compare_count(w->rows->parameters[row], &f->value);
    else if (f->quantity == EC_QUANTITY_MULTIPLY_ADDS)
        sign = compare_count(w->rows->multiply_adds[row], &f->value);
    else
        status = compare_bound(&sign, w, filter, row, err);
    *yes = compare(sign, f->relation);
    return status;
}

/* Rows wait behind rows->n while they are judged. */
static void write_row(sweep_work *w, size_t i)
{
    ec_sweep_rows *rows = w->rows;
    const ec_sweep *s = w->sweep;
    const sweep_level *top = &w->level[s->n_levels - 1];
    size_t root = s->n_levels == 1 ? EC_CLASS_MIXED : 0, at = rows->n;
    uint64_t last = (uint64_t)s->in.arch->outputs * top->dim[i];

    rows->index[at] = w->next + i;
    rows->parameters[at] = top->parameters[i] + s->parameters[s->n_levels - 1] * last;
    rows->multiply_adds[at] = top->multiply_adds[i] + s->multiply_adds[s->n_levels - 1] * last;
    for (size_t b = 0; b < rows->n_bounds; b++)
        rows->log2[at * rows->n_bounds + b] = INFINITY;
    for (size_t t = 0; t < s->n_tasks; t++) {
        const double *a = top->value[t] + 2 * root * top->capacity, *b = a + top->capacity;
        rows->log2[at * rows->n_bounds + s->tasks[t].bound] = a[i] < b[i] ? a[i] : b[i];
    }
}

/* Is the waiting row beaten by one that is kept? The last winner is asked first. */
static bool is_beaten(sweep_work *w)
{
    const uint64_t *cost = cost_of(w->rows, w->sweep->in.cost);
    size_t n = w->rows->n;

    if (w->hint < n && beats(w->rows, cost, w->hint, n))
        return true;
    for (size_t x = n; x > 0; x--) {
        if (beats(w->rows, cost, x - 1, n)) {
            w->hint = x - 1;
            return true;
        }
    }
    return false;
}

ec_status ec_sweep_collect(sweep_work *w, size_t n, ec_error *err)
{
    ec_status status = EC_OK;
    ec_sweep_rows *rows = w->rows;
    const ec_sweep_input *in = &w->sweep->in;

    EC_TRY(reserve(rows, rows->n + n + 1, err));
    for (size_t i = 0; i < n; i++) {
        bool keep = true;
        write_row(w, i);
        for (size_t f = 0; f < in->n_filters && keep; f++)
            EC_TRY(passes(&keep, w, f, rows->n, err));
        if (keep && in->pareto)
            keep = !is_beaten(w);
        rows->n += keep;
    }
    w->next += n;
    if (in->pareto && rows->n > 2 * w->reduced + 256) {
        EC_TRY(ec_sweep_reduce(rows, in->cost, err));
        w->reduced = rows->n;
    }
done:
    return status;
}
