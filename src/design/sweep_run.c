/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "design/sweep_i.h"

#include <omp.h>

static void level_clear(sweep_level *level, size_t n_tasks)
{
    double **tables[] = {level->value, level->first, level->second};

    for (size_t i = 0; i < 3; i++) {
        for (size_t t = 0; tables[i] != NULL && t < n_tasks; t++)
            ec_free(tables[i][t]);
        ec_free(tables[i]);
    }
    ec_free(level->dim);
    ec_free(level->span);
    for (size_t q = 0; q < SWEEP_COUNTS; q++) {
        ec_free(level->count[q]);
        ec_free(level->slope[q]);
    }
}

static ec_status level_init(sweep_level *out, const ec_sweep *s, size_t l, ec_error *err)
{
    ec_status status = EC_OK;

    size_t below = l > 0 ? s->capacity[l - 1] + EC_SWEEP_PAD : 0;

    out->capacity = s->capacity[l];
    out->stride = out->capacity + EC_SWEEP_PAD;
    EC_NEW(out->dim, out->capacity);
    EC_NEW(out->span, out->capacity);
    for (size_t q = 0; q < SWEEP_COUNTS; q++) {
        EC_NEW(out->count[q], out->stride);
        EC_NEW(out->slope[q], below);
    }
    EC_NEW(out->value, s->n_tasks);
    EC_NEW(out->first, s->n_tasks);
    EC_NEW(out->second, s->n_tasks);
    for (size_t t = 0; t < s->n_tasks; t++) {
        size_t n_classes = s->tasks[t].quotient->level[l].n_classes;
        EC_NEW(out->value[t], (l + 1 < s->n_levels ? 2 : 1) * n_classes * out->stride);
        EC_NEW(out->first[t], 2 * n_classes * below);
        EC_NEW(out->second[t], n_classes * below);
    }
done:
    return status;
}

ec_status ec_sweep_work_init(sweep_work *out, const ec_sweep *sweep, ec_error *err)
{
    ec_status status = EC_OK;

    *out = (sweep_work){.sweep = sweep};
    EC_NEW(out->scratch, EC_SWEEP_CHUNK);
    EC_NEW(out->keep, EC_SWEEP_CHUNK);
    EC_NEW(out->beaten, EC_SWEEP_CHUNK);
    EC_NEW(out->bound, sweep->in.partitions->n);
    EC_NEW(out->level, sweep->n_levels);
    for (size_t l = 0; l < sweep->n_levels; l++)
        EC_TRY(level_init(&out->level[l], sweep, l, err));
    /* the shared bound comes second where it applies, and is never above the min cut */
    for (size_t t = 0; t < sweep->n_tasks; t++)
        out->bound[sweep->tasks[t].bound / 2] = out->level[sweep->n_levels - 1].value[t];
done:
    return status;
}

void ec_sweep_work_clear(sweep_work *work)
{
    for (size_t l = 0; work->level != NULL && l < work->sweep->n_levels; l++)
        level_clear(&work->level[l], work->sweep->n_tasks);
    ec_free(work->level);
    ec_free(work->scratch);
    ec_free(work->keep);
    ec_free(work->beaten);
    ec_free(work->bound);
    *work = (sweep_work){0};
}

/* Units of a batch, per thread: so many rows wait in memory to be emitted in order. There are few
   of those that no other beats, and fewer waits for the slowest unit. */
#define UNITS_PER_THREAD  8
#define PARETO_PER_THREAD 64

/* Configurations for each thread at least: about a millisecond, ten times what its start takes. */
#define LEAST_PER_THREAD ((uint64_t)1 << 18)

/* Units that run side by side: rows and failure of each, work of each thread. */
typedef struct batch {
    ec_sweep_rows *rows;
    ec_error *failure;
    size_t n;
    sweep_work *work;
    size_t n_threads;
} batch;

static void batch_clear(batch *b)
{
    for (size_t i = 0; b->rows != NULL && i < b->n; i++)
        ec_sweep_rows_clear(&b->rows[i]);
    for (size_t i = 0; b->work != NULL && i < b->n_threads; i++)
        ec_sweep_work_clear(&b->work[i]);
    ec_free(b->rows);
    ec_free(b->failure);
    ec_free(b->work);
}

/* As many threads as may run and find enough to do in n units. */
static size_t count_threads(const ec_sweep *sweep, size_t n, const ec_run *run)
{
    size_t most = run != NULL && run->threads > 1 ? run->threads : 1;
    uint64_t busy = (n * sweep->per_unit + LEAST_PER_THREAD - 1) / LEAST_PER_THREAD;

    return busy == 0 ? 1 : busy < most ? (size_t)busy : most;
}

static ec_status batch_init(batch *b, const ec_sweep *sweep, size_t n, const ec_run *run,
                            ec_error *err)
{
    ec_status status = EC_OK;

    *b = (batch){.n_threads = count_threads(sweep, n, run)};
    b->n = b->n_threads * (sweep->in.pareto ? PARETO_PER_THREAD : UNITS_PER_THREAD);
    b->n = b->n < n ? b->n : n;
    EC_NEW(b->rows, b->n);
    for (size_t i = 0; i < b->n; i++)
        b->rows[i].n_bounds = 2 * sweep->in.partitions->n;
    EC_NEW(b->failure, b->n);
    EC_NEW(b->work, b->n_threads);
    for (size_t i = 0; i < b->n_threads; i++)
        EC_TRY(ec_sweep_work_init(&b->work[i], sweep, err));
done:
    return status;
}

static ec_status run_batch(batch *b, size_t first, size_t n, ec_error *err)
{
#pragma omp parallel for schedule(dynamic) num_threads((int)b->n_threads)
    for (size_t i = 0; i < n; i++) {
        sweep_work *work = &b->work[omp_get_thread_num()];
        b->failure[i] = (ec_error){0};
        if (ec_sweep_unit(work, &b->rows[i], first + i, &b->failure[i]) != EC_OK)
            b->rows[i].n = 0; /* the report says why */
    }
    for (size_t i = 0; i < n; i++) {
        if (b->failure[i].status != EC_OK)
            return ec_fail(err, b->failure[i].status, "%s", b->failure[i].msg);
    }
    return EC_OK;
}

ec_status ec_sweep_run(const ec_sweep *sweep, size_t first, size_t n, ec_sweep_emit *emit,
                       void *arg, const ec_run *run, ec_error *err)
{
    ec_status status = EC_OK;
    batch b;
    ec_sweep_rows best = {.n_bounds = 2 * sweep->in.partitions->n};
    size_t reduced = 0;
    bool merged = sweep->in.pareto && !sweep->in.apart;

    EC_TRY(batch_init(&b, sweep, n, run, err));
    for (size_t done = 0; done < n; done += b.n) {
        size_t part = n - done < b.n ? n - done : b.n;
        EC_TRY(ec_run_step(run, "sweep", (double)done, (double)n, err));
        EC_TRY(run_batch(&b, first + done, part, err));
        for (size_t i = 0; i < part; i++) {
            if (merged)
                EC_TRY(ec_sweep_merge(&best, &reduced, &b.rows[i], sweep->in.cost, err));
            else
                EC_TRY(emit(arg, sweep, &b.rows[i], err));
        }
    }
    if (merged) {
        EC_TRY(ec_sweep_reduce(&best, sweep->in.cost, err));
        EC_TRY(emit(arg, sweep, &best, err));
    }
done:
    batch_clear(&b);
    ec_sweep_rows_clear(&best);
    return status;
}
