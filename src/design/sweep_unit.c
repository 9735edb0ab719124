/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "design/sweep_i.h"

#include <string.h>

#include "design/formula_i.h"

/* Values of class c, side s of a task at a level. */
static double *values_of(double *const *table, const sweep_level *level, size_t task, size_t class,
                         int side)
{
    return table[task] + (2 * class + (size_t)side) * level->stride;
}

/* The branch that leaves a class's window whole: first += count f(child, side), for n prefixes. */
static void add_first(double *first, sweep_work *w, size_t task, size_t level, size_t entry,
                      int side, size_t n)
{
    const sweep_task *t = &w->sweep->tasks[task];
    const ec_quotient_level *q = &t->quotient->level[level];
    const sweep_level *below = &w->level[level - 1];
    uint32_t child = q->child[entry], count = q->count[entry];

    if (t->shared && count > 1 && child == t->quotient->level[level - 1].pure[1 - side] &&
        ec_arch_shared_below(w->sweep->in.arch, level - 1)) {
        for (size_t i = 0; i < n; i++)
            w->scratch[i] = ec_log2_symmetric(below->span[i], count);
        ec_kernel_axpy(first, 1.0, w->scratch, n);
        return;
    }
    ec_kernel_axpy(first, count, values_of(below->value, below, task, child, side), n);
}

/* Both branches of every class of a level, over the n prefixes of the level below. The root needs
   the smaller one of its sides alone. */
static void branch(sweep_work *w, size_t level, size_t n)
{
    sweep_level *here = &w->level[level], *below = &w->level[level - 1];

    for (size_t t = 0; t < w->sweep->n_tasks; t++) {
        const ec_quotient_level *q = &w->sweep->tasks[t].quotient->level[level];
        for (size_t c = 0; c < q->n_classes; c++) {
            double *second = here->second[t] + c * below->stride;
            ec_kernel_fill(second, 0, n);
            for (size_t e = q->start[c]; e < q->start[c + 1]; e++)
                ec_kernel_axpy_min(second, q->count[e],
                                   values_of(below->value, below, t, q->child[e], 0),
                                   values_of(below->value, below, t, q->child[e], 1), n);
            for (int side = 0; side < 2; side++) {
                double *first = values_of(here->first, below, t, c, side);
                ec_kernel_fill(first, 0, n);
                for (size_t e = q->start[c]; e < q->start[c + 1]; e++)
                    add_first(first, w, t, level, e, side, n);
            }
        }
        if (level + 1 == w->sweep->n_levels)
            ec_kernel_min(here->first[t], here->first[t] + below->stride, n);
    }
}

/* What the counts of the n prefixes of the level below grow by, for each channel. */
static void find_slopes(sweep_work *w, size_t level, size_t n)
{
    const ec_sweep *s = w->sweep;
    bool top = level + 1 == s->n_levels;

    for (size_t q = 0; q < SWEEP_COUNTS; q++) {
        uint64_t outputs = top ? s->factor[q][level] * s->in.arch->outputs : 0;
        for (size_t p = 0; p < n; p++)
            w->level[level].slope[q][p] =
                s->factor[q][level - 1] * w->level[level - 1].dim[p] + outputs;
    }
}

/* Consecutive configurations up to a level: prefixes of the level below, each with values of d_l.
 */
typedef struct block {
    size_t at; /* entry of the first */
    size_t prefix, n_prefixes, value, n_values;
} block;

/* Widths, counts and spans of a block. */
static void expand_counts(sweep_work *w, size_t level, const block *b)
{
    const ec_sweep *s = w->sweep;
    sweep_level *here = &w->level[level], *below = &w->level[level - 1];
    const uint32_t *values = s->values[level] + b->value;
    bool top = level + 1 == s->n_levels, shared = ec_arch_shared_below(s->in.arch, level - 1);
    uint32_t *dim = here->dim + b->at, *span = here->span + b->at;

    for (size_t q = 0; q < SWEEP_COUNTS; q++) {
        if (!top || s->counted[q])
            ec_kernel_affine(here->count[q] + b->at, below->count[q] + b->prefix,
                             here->slope[q] + b->prefix, b->n_prefixes, values, b->n_values);
    }
    for (size_t p = b->prefix; !top && p < b->prefix + b->n_prefixes; p++) {
        memcpy(dim, values, b->n_values * sizeof *values);
        for (size_t j = 0; shared && j < b->n_values; j++)
            span[j] = ec_grow_span(below->span[p], ec_level_window(&s->in.arch->levels[level]),
                                   ec_sweep_dim(s->in.arch, level, values[j]));
        dim += b->n_values;
        span += b->n_values;
    }
}

/* f(v, s) = min(first, log2 d_l + second) */
static void expand(sweep_work *w, size_t level, const block *b)
{
    sweep_level *here = &w->level[level], *below = &w->level[level - 1];
    const double *log_dim = w->sweep->log2_values[level] + b->value;
    int sides = level + 1 == w->sweep->n_levels ? 1 : 2;

    expand_counts(w, level, b);
    for (size_t t = 0; t < w->sweep->n_tasks; t++) {
        size_t n_classes = w->sweep->tasks[t].quotient->level[level].n_classes;
        for (size_t c = 0; c < n_classes; c++) {
            const double *second = here->second[t] + c * below->stride + b->prefix;
            for (int side = 0; side < sides; side++)
                ec_kernel_branch(values_of(here->value, here, t, c, side) + b->at,
                                 values_of(here->first, below, t, c, side) + b->prefix, second,
                                 b->n_prefixes, log_dim, b->n_values);
        }
    }
}

/* The root alone, above a single window: min(d_0, prod of the sites on one side) = d_0. */
static void start_single(sweep_work *w, const double *log_dim, size_t n)
{
    const ec_sweep *s = w->sweep;
    sweep_level *here = &w->level[0];

    for (size_t j = 0; j < n; j++) {
        for (size_t q = 0; q < SWEEP_COUNTS; q++)
            here->count[q][j] = s->factor[q][0] * s->in.arch->outputs * here->dim[j];
    }
    for (size_t t = 0; t < s->n_tasks; t++)
        memcpy(here->value[t], log_dim, n * sizeof *log_dim);
}

/* Level 0: a site is free on its own side; on the other its index is cut. */
static void start(sweep_work *w, size_t value, size_t n)
{
    sweep_level *here = &w->level[0];
    const double *log_dim = w->sweep->log2_values[0] + value;

    for (size_t j = 0; j < n; j++) {
        here->dim[j] = w->sweep->in.ranges->level[0].values[value + j];
        here->span[j] = ec_sweep_dim(w->sweep->in.arch, 0, here->dim[j]);
        for (size_t q = 0; q < SWEEP_COUNTS; q++)
            here->count[q][j] = 0;
    }
    if (w->sweep->n_levels == 1) {
        start_single(w, log_dim, n);
        return;
    }
    for (size_t t = 0; t < w->sweep->n_tasks; t++) {
        for (size_t c = 0; c < EC_N_CLASSES_0; c++) {
            for (int side = 0; side < 2; side++) {
                double *value_of = values_of(here->value, here, t, c, side);
                bool free = c == (side == 0 ? EC_CLASS_A : EC_CLASS_B);
                ec_kernel_fill(value_of, 0, n);
                ec_kernel_axpy(value_of, free ? 0 : 1, log_dim, n);
            }
        }
    }
}

/* The next block of a level, from configuration `number` on: whole prefixes that fit, or a part. */
static block next_block(const sweep_work *w, size_t level, uint64_t number, uint64_t end, size_t at)
{
    const sweep_level *here = &w->level[level];
    size_t n_values = w->sweep->in.ranges->level[level].n;
    size_t room = end - number < here->capacity - at ? (size_t)(end - number) : here->capacity - at;
    block b = {.at = at,
               .prefix = (size_t)(number / n_values - w->level[level - 1].base),
               .n_prefixes = 1,
               .value = (size_t)(number % n_values)};

    b.n_values = n_values - b.value < room ? n_values - b.value : room;
    if (b.n_values == n_values)
        b.n_prefixes = room / n_values;
    return b;
}

/* Run through all values of the levels above `level`, whose arrays hold n prefixes. */
static ec_status descend(sweep_work *w, size_t level, size_t n, ec_error *err)
{
    ec_status status = EC_OK;
    size_t at = 0, up = level + 1, n_values;
    uint64_t number, end;

    if (up == w->sweep->n_levels)
        return ec_sweep_collect(w, n, err);
    sweep_level *here = &w->level[up];
    n_values = w->sweep->in.ranges->level[up].n;
    number = w->level[level].base * n_values;
    end = number + n * n_values < here->hi ? number + n * n_values : here->hi;
    number = number > here->lo ? number : here->lo;
    branch(w, up, n);
    find_slopes(w, up, n);
    while (number < end) {
        block b = next_block(w, up, number, end, at);
        if (at == 0)
            here->base = number;
        expand(w, up, &b);
        at += b.n_prefixes * b.n_values;
        number += b.n_prefixes * b.n_values;
        if (number == end || here->capacity - at < n_values) {
            EC_TRY(descend(w, up, at, err));
            at = 0;
        }
    }
done:
    return status;
}

/* Number of the unit's first configuration, and for every level, of its prefixes up to there. */
static void set_limits(sweep_work *w, size_t unit)
{
    const ec_sweep *s = w->sweep;
    uint64_t first = unit * s->per_unit, below = 1;
    uint64_t last = s->n - first < s->per_unit ? s->n - 1 : first + s->per_unit - 1;

    w->next = first;
    for (size_t l = s->n_levels; l > 0; l--) {
        w->level[l - 1].lo = first / below;
        w->level[l - 1].hi = last / below + 1;
        below *= s->in.ranges->level[l - 1].n;
    }
}

ec_status ec_sweep_unit(sweep_work *w, ec_sweep_rows *rows, size_t unit, ec_error *err)
{
    ec_status status = EC_OK;
    sweep_level *bottom = &w->level[0];
    size_t take;

    w->rows = rows;
    w->reduced = rows->n = 0;
    set_limits(w, unit);
    for (uint64_t j = bottom->lo; j < bottom->hi; j += take) {
        take = bottom->hi - j < bottom->capacity ? (size_t)(bottom->hi - j) : bottom->capacity;
        bottom->base = j;
        start(w, (size_t)j, take);
        EC_TRY(descend(w, 0, take, err));
    }
done:
    return status;
}
