/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "design/sweep_i.h"

#include <math.h>
#include <string.h>

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

ec_status ec_sweep_reserve(ec_sweep_rows *rows, size_t n, ec_error *err)
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
    ec_status status = ec_sweep_reserve(rows, rows->n + from->n, err);

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

double ec_sweep_bound(const ec_sweep_rows *rows, size_t row, size_t partition)
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
        double a = ec_sweep_bound(rows, x, k), b = ec_sweep_bound(rows, y, k);
        double same = EC_SWEEP_SAME * (1 + fabs(b));
        if (a < b - same)
            return false;
        better = better || a > b + same;
    }
    return better || rows->index[x] < rows->index[y];
}

const uint64_t *ec_sweep_costs(const ec_sweep_rows *rows, ec_quantity cost)
{
    return cost == EC_QUANTITY_MULTIPLY_ADDS ? rows->multiply_adds : rows->parameters;
}

ec_status ec_sweep_reduce(ec_sweep_rows *rows, ec_quantity cost, ec_error *err)
{
    const uint64_t *costs = ec_sweep_costs(rows, cost);
    bool *beaten = ec_calloc(rows->n, sizeof *beaten, err);
    size_t n = 0, winner = 0;

    if (beaten == NULL)
        return EC_ENOMEM;
    for (size_t y = 0; y < rows->n; y++) { /* what beats one mostly beats the next */
        beaten[y] = winner != y && !beaten[winner] && beats(rows, costs, winner, y);
        for (size_t x = 0; x < rows->n && !beaten[y]; x++) {
            beaten[y] = x != y && !beaten[x] && beats(rows, costs, x, y);
            winner = beaten[y] ? x : winner;
        }
    }
    for (size_t y = 0; y < rows->n; y++) {
        if (!beaten[y])
            copy_row(rows, n++, y);
    }
    rows->n = n;
    ec_free(beaten);
    return EC_OK;
}

ec_status ec_sweep_reduce_some(ec_sweep_rows *rows, size_t *reduced, ec_quantity cost,
                               ec_error *err)
{
    if (rows->n <= 2 * *reduced + 256)
        return EC_OK;

    ec_status status = ec_sweep_reduce(rows, cost, err);

    *reduced = rows->n;
    return status;
}

ec_status ec_sweep_merge(ec_sweep_rows *best, size_t *reduced, const ec_sweep_rows *unit,
                         ec_quantity cost, ec_error *err)
{
    ec_status status = ec_sweep_append(best, unit, err);

    return status != EC_OK ? status : ec_sweep_reduce_some(best, reduced, cost, err);
}
