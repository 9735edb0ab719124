/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "train_i.h"

#include "core/flow.h"

#include <string.h>

ec_status workers_init(workers *out, const plan *p, const ec_dataset *data, bool with_gradients,
                       const ec_run *run, ec_error *err)
{
    ec_status status = EC_OK;
    unsigned n = run != NULL && run->threads > 0 ? run->threads : 1;
    size_t room = p->arch->n_sites + data->image[0] * data->image[1];
    double bytes = pass_bytes(p) + (double)p->n_parameters * sizeof(float);

    *out = (workers){.p = p};
    EC_TRY(ec_run_reserve(run, "training", bytes * n, err));
    EC_NEW(out->pass, n);
    EC_NEW(out->gradient, n);
    EC_NEW(out->values, n);
    EC_NEW(out->tally, n);
    out->n = n;
    for (unsigned i = 0; i < n; i++) {
        EC_TRY(pass_new_f32(&out->pass[i], p, err));
        EC_NEW(out->values[i], room);
        if (with_gradients)
            EC_NEW(out->gradient[i], p->n_parameters);
    }
done:
    if (status != EC_OK)
        workers_clear(out);
    return status;
}

void workers_clear(workers *w)
{
    for (unsigned i = 0; i < w->n; i++) {
        pass_free_f32(w->pass[i]);
        ec_free(w->gradient[i]);
        ec_free(w->values[i]);
    }
    ec_free(w->pass);
    ec_free(w->gradient);
    ec_free(w->values);
    ec_free(w->tally);
    *w = (workers){.n = 0};
}

/* Samples k .. k + n - 1 of a job through the pass of worker i. */
static void run_lanes(workers *w, unsigned i, const job *j, size_t k, unsigned n)
{
    uint32_t label[PASS_LANES_F32];
    verdict verdicts[PASS_LANES_F32];
    double *values = w->values[i], *room = values + w->p->arch->n_sites;
    tally *sum = &w->tally[i];

    for (unsigned s = 0; s < n; s++) {
        label[s] = j->data->label[j->samples[k + s]];
        ec_data_sites(values, j->data, j->samples[k + s], room);
        pass_load_f32(w->pass[i], s, values);
    }
    pass_run_f32(w->pass[i], j->learn ? w->gradient[i] : NULL, j->parameters,
                 &(pass_batch){n, label, verdicts});
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

/* Worker i's share of the samples, a contiguous part of them in whole passes. */
static void run_share(workers *w, unsigned i, const job *j)
{
    size_t passes = j->n / PASS_LANES_F32 + (j->n % PASS_LANES_F32 != 0);
    size_t end = passes * (i + 1) / w->n;

    w->tally[i] = (tally){.bad.finite = true};
    if (j->learn)
        memset(w->gradient[i], 0, w->p->n_parameters * sizeof *w->gradient[i]);
    for (size_t k = passes * i / w->n; k < end; k++) {
        size_t left = j->n - k * PASS_LANES_F32;
        run_lanes(w, i, j, k * PASS_LANES_F32,
                  left < PASS_LANES_F32 ? (unsigned)left : PASS_LANES_F32);
    }
}

/* gradient[0] = sum of all, entry by entry in the order of the workers */
static void add_gradients(workers *w)
{
#pragma omp parallel for num_threads(w->n) schedule(static)
    for (size_t k = 0; k < w->p->n_parameters; k++)
        for (unsigned i = 1; i < w->n; i++)
            w->gradient[0][k] += w->gradient[i][k];
}

tally workers_run(workers *w, const job *j)
{
    tally sum = {.bad.finite = true};

#pragma omp parallel for num_threads(w->n) schedule(static, 1)
    for (unsigned i = 0; i < w->n; i++)
        run_share(w, i, j);
    for (unsigned i = 0; i < w->n; i++) {
        sum.n += w->tally[i].n;
        sum.loss += w->tally[i].loss;
        sum.right += w->tally[i].right;
        if (sum.bad.finite)
            sum.bad = w->tally[i].bad;
    }
    if (j->learn && w->n > 1)
        add_gradients(w);
    return sum;
}

ec_status workers_classify(uint32_t *label, workers *w, const float *parameters,
                           const ec_dataset *data, const ec_run *run, ec_error *err)
{
    enum { PORTION = 1024 };
    uint32_t samples[PORTION] = {0};

    for (size_t first = 0; first < data->n; first += PORTION) {
        job j = {.parameters = parameters, .data = data, .samples = samples};
        j.n = data->n - first < PORTION ? data->n - first : PORTION;
        j.found = label + first;
        for (size_t k = 0; k < j.n; k++)
            samples[k] = (uint32_t)(first + k);
        if (!workers_run(w, &j).bad.finite)
            return ec_fail(err, EC_ENUMERIC, "the outputs of a sample are not finite");
        ec_status status =
            ec_run_step(run, "evaluating", (double)(first + j.n), (double)data->n, err);
        if (status != EC_OK)
            return status;
    }
    return EC_OK;
}
