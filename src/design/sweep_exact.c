/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "design/sweep_i.h"

#include "design/formula_i.h"

/* The recursion of one task for one configuration, in exact integers. */
typedef struct exact {
    const sweep_task *task;
    const ec_arch *arch;
    const uint32_t *dims; /* d_l */
    uint32_t span[EC_SWEEP_MAX_LEVELS];
    ec_int *here, *below; /* [class, side] of a level and of the one below it */
} exact;

/* x *= y^n */
static void multiply_power(ec_int *x, const ec_int *y, uint64_t n)
{
    ec_int square = {0};

    ec_int_set(&square, y);
    for (; n > 0; n >>= 1) {
        if (n & 1)
            ec_int_mul(x, x, &square);
        if (n > 1)
            ec_int_mul(&square, &square, &square);
    }
    ec_int_clear(&square);
}

/* x *= what `count` children of a class yield if their window is whole on a side. */
static void multiply_children(ec_int *x, const exact *e, size_t level, size_t entry, int side)
{
    const ec_quotient_level *q = &e->task->quotient->level[level];
    uint32_t child = q->child[entry], count = q->count[entry];
    ec_int symmetric = {0};

    if (!e->task->shared || count == 1 || !ec_arch_shared_below(e->arch, level - 1) ||
        child != e->task->quotient->level[level - 1].pure[1 - side]) {
        multiply_power(x, &e->below[2 * (size_t)child + (size_t)side], count);
        return;
    }
    ec_int_set_u64(&symmetric, (uint64_t)e->span[level - 1] + count - 1);
    ec_int_binomial(&symmetric, &symmetric, count);
    ec_int_mul(x, x, &symmetric);
    ec_int_clear(&symmetric);
}

/* f(v, s) = min(prod f(c, s), d prod min_t f(c, t)) for both sides of a class. */
static void evaluate_class(exact *e, size_t level, size_t class)
{
    const ec_quotient_level *q = &e->task->quotient->level[level];
    ec_int *value = e->here + 2 * class, second = {0};

    ec_int_set_u64(&second, e->dims[level]);
    for (size_t i = q->start[class]; i < q->start[class + 1]; i++) {
        const ec_int *f = e->below + 2 * (size_t)q->child[i];
        multiply_power(&second, &f[ec_int_cmp(&f[1], &f[0]) < 0], q->count[i]);
    }
    for (int side = 0; side < 2; side++) {
        ec_int_set_u64(&value[side], 1);
        for (size_t i = q->start[class]; i < q->start[class + 1]; i++)
            multiply_children(&value[side], e, level, i, side);
        if (ec_int_cmp(&second, &value[side]) < 0)
            ec_int_set(&value[side], &second);
    }
    ec_int_clear(&second);
}

static void start(exact *e)
{
    e->span[0] = e->dims[0];
    for (size_t c = 0; c < EC_N_CLASSES_0; c++) {
        ec_int_set_u64(&e->here[2 * c], c == EC_CLASS_A ? 1 : e->dims[0]);
        ec_int_set_u64(&e->here[2 * c + 1], c == EC_CLASS_B ? 1 : e->dims[0]);
    }
}

static void climb(exact *e, size_t level)
{
    ec_int *swap = e->below;

    e->below = e->here;
    e->here = swap;
    e->span[level] =
        ec_grow_span(e->span[level - 1], ec_level_window(&e->arch->levels[level]), e->dims[level]);
    for (size_t c = 0; c < e->task->quotient->level[level].n_classes; c++)
        evaluate_class(e, level, c);
}

ec_status ec_sweep_exact(ec_int *rank, const ec_sweep *sweep, size_t task, uint64_t index,
                         ec_error *err)
{
    ec_status status = EC_OK;
    uint32_t dims[EC_SWEEP_MAX_LEVELS];
    exact e = {.task = &sweep->tasks[task], .arch = sweep->in.arch, .dims = dims};
    size_t most = 0, root = 2 * (size_t)(sweep->n_levels == 1 ? EC_CLASS_MIXED : 0);

    for (size_t l = 0; l < sweep->n_levels; l++) {
        if (e.task->quotient->level[l].n_classes > most)
            most = e.task->quotient->level[l].n_classes;
    }
    EC_NEW(e.here, 2 * most);
    EC_NEW(e.below, 2 * most);
    ec_sweep_widths(dims, sweep, index);
    for (size_t l = 0; l < sweep->n_levels; l++)
        dims[l] = ec_sweep_dim(e.arch, l, dims[l]);
    start(&e);
    for (size_t l = 1; l < sweep->n_levels; l++)
        climb(&e, l);
    ec_int_set(rank, &e.here[root + (ec_int_cmp(&e.here[root + 1], &e.here[root]) < 0)]);
done:
    for (size_t i = 0; i < 2 * most; i++) {
        if (e.here != NULL)
            ec_int_clear(&e.here[i]);
        if (e.below != NULL)
            ec_int_clear(&e.below[i]);
    }
    ec_free(e.here);
    ec_free(e.below);
    return status;
}
