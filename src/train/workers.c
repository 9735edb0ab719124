/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "train_i.h"

#include "core/flow.h"

#include <string.h>

static size_t passes_of(size_t n_samples)
{
    return n_samples / PASS_LANES_F32 + (n_samples % PASS_LANES_F32 != 0);
}

/* Samples are summed block by block, whatever the number of threads: so it changes no bit. */
static size_t blocks_of(size_t n_samples)
{
    size_t passes = passes_of(n_samples);
    return passes < WORKERS_BLOCKS ? passes : WORKERS_BLOCKS;
}

unsigned workers_threads(const ec_run *run)
{
    unsigned n = run != NULL && run->threads > 0 ? run->threads : 1;
    return n < WORKERS_BLOCKS ? n : WORKERS_BLOCKS;
}

ec_status workers_init(workers *out, const plan *p, const ec_dataset *data, size_t batch,
                       const ec_run *run, ec_error *err)
{
    ec_status status = EC_OK;
    unsigned n = workers_threads(run);
    size_t room = p->arch->n_sites + data->image[0] * data->image[1], blocks = blocks_of(batch);
    double bytes = (double)p->n_parameters * sizeof(float) * (double)blocks;

    *out = (workers){.p = p};
    EC_TRY(ec_team_new(&out->team, n, err));
    EC_TRY(ec_run_reserve(run, "training", pass_bytes(p) * n + bytes, err));
    EC_NEW(out->pass, n);
    EC_NEW(out->values, n);
    out->n = n;
    for (unsigned i = 0; i < n; i++) {
        EC_TRY(pass_new_f32(&out->pass[i], p, err));
        EC_NEW(out->values[i], room);
    }
    EC_NEW(out->gradient, blocks);
    for (; out->n_gradients < blocks; out->n_gradients++)
        EC_NEW(out->gradient[out->n_gradients], p->n_parameters);
done:
    if (status != EC_OK)
        workers_clear(out);
    return status;
}

void workers_clear(workers *w)
{
    for (unsigned i = 0; i < w->n; i++) {
        pass_free_f32(w->pass[i]);
        ec_free(w->values[i]);
    }
    for (size_t b = 0; b < w->n_gradients; b++)
        ec_free(w->gradient[b]);
    ec_team_free(w->team);
    ec_free(w->pass);
    ec_free(w->gradient);
    ec_free(w->values);
    *w = (workers){.n = 0};
}

/* Samples k .. k + n - 1 of a job, of block b, through the pass of thread i. */
static void run_lanes(workers *w, unsigned i, const job *j, size_t b, size_t k)
{
    size_t left = j->n - k;
    unsigned n = left < PASS_LANES_F32 ? (unsigned)left : PASS_LANES_F32;
    uint32_t label[PASS_LANES_F32];
    verdict verdicts[PASS_LANES_F32];
    double *values = w->values[i], *room = values + w->p->arch->n_sites;
    tally *sum = &w->tally[b];

    for (unsigned s = 0; s < n; s++) {
        label[s] = j->data->label[j->samples[k + s]];
        ec_data_sites(values, j->data, j->samples[k + s], room);
        pass_load_f32(w->pass[i], s, values);
    }
    pass_run_f32(
        w->pass[i], j->learn ? w->gradient[b] : NULL, j->parameters,
        &(pass_batch){n, label, verdicts, j->z != NULL ? j->z + k * w->p->arch->outputs : NULL});
    for (unsigned s = 0; s < n; s++) {
        sum->n++;
        sum->loss += verdicts[s].loss;
        sum->right += verdicts[s].label == label[s];
        if (!verdicts[s].finite && sum->bad.finite)
            sum->bad = verdicts[s];
        if (j->found != NULL)
            j->found[k + s] = verdicts[s].label;
    }
}

/* What the team is at. */
typedef struct task {
    workers *w;
    const job *j;
    size_t blocks;
} task;

static void run_block(void *arg, unsigned i, unsigned b)
{
    const task *t = arg;
    workers *w = t->w;
    size_t passes = passes_of(t->j->n), n = t->blocks;

    w->tally[b] = (tally){.bad.finite = true};
    if (t->j->learn)
        memset(w->gradient[b], 0, w->p->n_parameters * sizeof *w->gradient[b]);
    for (size_t k = passes * b / n; k < passes * (b + 1) / n; k++)
        run_lanes(w, i, t->j, b, k * PASS_LANES_F32);
}

/* A slice of gradient[0] = sum of all, entry by entry in the order of the blocks */
static void add_slice(void *arg, unsigned i, unsigned slice)
{
    const task *t = arg;
    size_t n = t->w->p->n_parameters;
    (void)i;

    for (size_t b = 1; b < t->blocks; b++)
        for (size_t k = n * slice / WORKERS_BLOCKS; k < n * (slice + 1) / WORKERS_BLOCKS; k++)
            t->w->gradient[0][k] += t->w->gradient[b][k];
}

tally workers_run(workers *w, const job *j)
{
    tally sum = {.bad.finite = true};
    task t = {w, j, blocks_of(j->n)};

    ec_team_run(w->team, (unsigned)t.blocks, run_block, &t);
    for (size_t b = 0; b < t.blocks; b++) {
        sum.n += w->tally[b].n;
        sum.loss += w->tally[b].loss;
        sum.right += w->tally[b].right;
        if (sum.bad.finite)
            sum.bad = w->tally[b].bad;
    }
    if (j->learn)
        ec_team_run(w->team, WORKERS_BLOCKS, add_slice, &t);
    return sum;
}
