/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "design/sweep_i.h"

#include <string.h>

#include "design/formula_i.h"

/* Values of class c, side s of a task at a level. */
static double *values_of(double *const *table, const sweep_level *level, size_t task, size_t class,
                         int side)
{
    return table[task] + (2 * class + (size_t)side) * level->capacity;
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

/* Both branches of every class of a level, over the n prefixes of the level below. */
static void branch(sweep_work *w, size_t level, size_t n)
{
    sweep_level *here = &w->level[level], *below = &w->level[level - 1];

    for (size_t t = 0; t < w->sweep->n_tasks; t++) {
        const ec_quotient_level *q = &w->sweep->tasks[t].quotient->level[level];
        for (size_t c = 0; c < q->n_classes; c++) {
            double *second = here->second[t] + c * below->capacity;
            ec_kernel_fill(second, 0, n);
            for (size_t e = q->start[c]; e < q->start[c + 1]; e++)
                ec_kernel_axpy_min(second, q->count[e],
                                   values_of(below->value, below, t, q->child[e], 0),
                                   values_of(below->value, below, t, q->child[e], 1), n);
            for (int side = 0; side < 2; side++) {
                double *first = here->first[t] + (2 * c + (size_t)side) * below->capacity;
                ec_kernel_fill(first, 0, n);
                for (size_t e = q->start[c]; e < q->start[c + 1]; e++)
                    add_first(first, w, t, level, e, side, n);
            }
        }
    }
}

/* Widths, counts and spans of prefix p with n values of a level. */
static void expand_counts(sweep_work *w, size_t level, size_t p, size_t at, const uint32_t *values,
                          size_t n)
{
    const ec_sweep *s = w->sweep;
    sweep_level *here = &w->level[level], *below = &w->level[level - 1];
    uint64_t in = below->dim[p];
    uint64_t parameters = s->parameters[level - 1] * in;
    uint64_t multiply_adds = s->multiply_adds[level - 1] * in;

    if (level + 1 == s->n_levels) { /* the outputs' matrix, too */
        parameters += s->parameters[level] * s->in.arch->outputs;
        multiply_adds += s->multiply_adds[level] * s->in.arch->outputs;
    }
    ec_kernel_affine(here->parameters + at, below->parameters[p], parameters, values, n);
    ec_kernel_affine(here->multiply_adds + at, below->multiply_adds[p], multiply_adds, values, n);
    if (level + 1 == s->n_levels)
        return;
    memcpy(here->dim + at, values, n * sizeof *values);
    if (!ec_arch_shared_below(s->in.arch, level - 1))
        return;
    for (size_t j = 0; j < n; j++)
        here->span[at + j] =
            ec_grow_span(below->span[p], ec_level_window(&s->in.arch->levels[level]), values[j]);
}

static double smaller(double a, double b)
{
    return a < b ? a : b;
}

/* f(v, s) = min(first, log2 d_l + second): prefix p with n values of d_l from number `value`. */
static void expand(sweep_work *w, size_t level, size_t p, size_t at, size_t value, size_t n)
{
    sweep_level *here = &w->level[level], *below = &w->level[level - 1];
    const double *log_dim = w->sweep->log2_values[level] + value;

    expand_counts(w, level, p, at, w->sweep->in.ranges->level[level].values + value, n);
    for (size_t t = 0; t < w->sweep->n_tasks; t++) {
        const double *second = here->second[t] + p, *first = here->first[t] + p;
        double *out = here->value[t] + at;
        if (level + 1 == w->sweep->n_levels) {
            ec_kernel_branch(out, smaller(first[0], first[below->capacity]), *second, log_dim, n);
            continue;
        }
        for (size_t c = 0; c < w->sweep->tasks[t].quotient->level[level].n_classes; c++) {
            for (int side = 0; side < 2; side++) {
                ec_kernel_branch(out, *first, *second, log_dim, n);
                out += here->capacity;
                first += below->capacity;
            }
            second += below->capacity;
        }
    }
}

/* The root alone, above a single window: min(d_0, prod of the sites on one side) = d_0. */
static void start_single(sweep_work *w, const double *log_dim, size_t n)
{
    const ec_sweep *s = w->sweep;
    sweep_level *here = &w->level[0];

    for (size_t j = 0; j < n; j++) {
        here->parameters[j] = s->parameters[0] * s->in.arch->outputs * here->dim[j];
        here->multiply_adds[j] = s->multiply_adds[0] * s->in.arch->outputs * here->dim[j];
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
        here->dim[j] = here->span[j] = w->sweep->in.ranges->level[0].values[value + j];
        here->parameters[j] = here->multiply_adds[j] = 0;
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

static ec_status descend(sweep_work *w, size_t level, size_t n, ec_error *err);

/* Prefix p with the values of a level that belong to the unit; the level's arrays hold *at entries
   and are run when they are full. */
static ec_status extend(sweep_work *w, size_t level, size_t p, size_t *at, ec_error *err)
{
    ec_status status = EC_OK;
    sweep_level *here = &w->level[level];
    uint64_t n_values = w->sweep->in.ranges->level[level].n;
    uint64_t number = (w->level[level - 1].base + p) * n_values;
    size_t j = number < here->lo ? (size_t)(here->lo - number) : 0, take;
    size_t end = (size_t)(number + n_values > here->hi ? here->hi - number : n_values);

    for (; j < end; j += take) {
        size_t room = here->capacity - *at;
        take = end - j < room ? end - j : room;
        if (*at == 0)
            here->base = number + j;
        expand(w, level, p, *at, j, take);
        *at += take;
        if (take == room) {
            EC_TRY(descend(w, level, *at, err));
            *at = 0;
        }
    }
done:
    return status;
}

/* Run through all values of the levels above `level`, whose arrays hold n configurations. */
static ec_status descend(sweep_work *w, size_t level, size_t n, ec_error *err)
{
    ec_status status = EC_OK;
    size_t at = 0, up = level + 1;

    if (up == w->sweep->n_levels)
        return ec_sweep_collect(w, n, err);
    branch(w, up, n);
    for (size_t p = 0; p < n; p++)
        EC_TRY(extend(w, up, p, &at, err));
    if (at > 0)
        EC_TRY(descend(w, up, at, err));
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
