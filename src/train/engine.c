/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "train_i.h"

#include "core/flow.h"

#define LAYERWISE_LEAST 128 /* samples that are evaluated at once */

static ec_status layerwise_init(engine *e, const ec_dataset *data, const ec_run *run, ec_error *err)
{
    ec_status status = EC_OK;
    unsigned n = workers_threads(run);

    EC_TRY(ec_team_new(&e->team, n, err));
    EC_TRY(layerwise_new_f32(&e->layerwise, e->p, e->team, e->batch, run, err));
    EC_NEW(e->values, n);
    for (; e->n_threads < n; e->n_threads++)
        EC_NEW(e->values[e->n_threads], e->p->arch->n_sites + data->image[0] * data->image[1]);
    EC_NEW(e->label, e->batch);
    EC_NEW(e->verdict, e->batch);
    EC_NEW(e->gradient, e->p->n_parameters);
done:
    return status;
}

ec_status engine_init(engine *out, const plan *p, const ec_dataset *data, size_t batch,
                      const ec_run *run, ec_error *err)
{
    ec_status status;

    *out = (engine){.p = p, .batch = batch > LAYERWISE_LEAST ? batch : LAYERWISE_LEAST};
    if (p->layerwise)
        status = layerwise_init(out, data, run, err);
    else
        status = workers_init(&out->workers, p, data, batch, run, err);
    if (status != EC_OK)
        engine_clear(out);
    else if (!p->layerwise && batch > 0)
        out->gradient = out->workers.gradient[0];
    return status;
}

void engine_clear(engine *e)
{
    workers_clear(&e->workers);
    if (e->p != NULL && e->p->layerwise) {
        for (unsigned i = 0; i < e->n_threads; i++)
            ec_free(e->values[i]);
        layerwise_free_f32(e->layerwise);
        ec_team_free(e->team);
        ec_free(e->values);
        ec_free(e->label);
        ec_free(e->verdict);
        ec_free(e->gradient);
    }
    *e = (engine){.p = NULL};
}

/* Samples of a job that go to the lanes. */
typedef struct load {
    engine *e;
    const job *j;
    size_t first, n;
} load;

static void load_some(void *arg, unsigned thread, unsigned item)
{
    const load *l = arg;
    engine *e = l->e;
    double *values = e->values[thread], *room = values + e->p->arch->n_sites;

    for (size_t s = l->n * item / WORKERS_BLOCKS; s < l->n * (item + 1) / WORKERS_BLOCKS; s++) {
        uint32_t sample = l->j->samples[l->first + s];
        e->label[s] = l->j->data->label[sample];
        ec_data_sites(values, l->j->data, sample, room);
        layerwise_load_f32(e->layerwise, s, values);
    }
}

/* Samples first .. first + n - 1 of a job, n <= batch, added to the sum. */
static void run_layerwise(tally *sum, engine *e, const job *j, size_t first, size_t n)
{
    ec_team_run(e->team, WORKERS_BLOCKS, load_some, &(load){e, j, first, n});
    layerwise_run_f32(e->layerwise, j->learn ? e->gradient : NULL, j->parameters,
                      &(pass_batch){(unsigned)n, e->label, e->verdict,
                                    j->z != NULL ? j->z + first * e->p->arch->outputs : NULL});
    for (size_t s = 0; s < n; s++) {
        const verdict *v = &e->verdict[s];
        sum->n++;
        sum->loss += v->loss;
        sum->right += v->label == e->label[s];
        if (!v->finite && sum->bad.finite)
            sum->bad = *v;
        if (j->found != NULL)
            j->found[first + s] = v->label;
    }
}

tally engine_run(engine *e, const job *j)
{
    tally sum = {.bad.finite = true};

    if (!e->p->layerwise)
        return workers_run(&e->workers, j);
    for (size_t first = 0; first < j->n; first += e->batch)
        run_layerwise(&sum, e, j, first, j->n - first < e->batch ? j->n - first : e->batch);
    return sum;
}

void engine_keep_statistics(const engine *e, float *parameters)
{
    if (e->p->layerwise)
        layerwise_keep_f32(e->layerwise, parameters);
}

ec_status engine_classify(uint32_t *label, double *z, engine *e, const float *parameters,
                          const ec_dataset *data, const ec_run *run, ec_error *err)
{
    uint32_t samples[ENGINE_PORTION] = {0};

    for (size_t first = 0; first < data->n; first += ENGINE_PORTION) {
        job j = {.parameters = parameters, .data = data, .samples = samples};
        j.n = data->n - first < ENGINE_PORTION ? data->n - first : ENGINE_PORTION;
        j.found = label + first;
        j.z = z != NULL ? z + first * e->p->arch->outputs : NULL;
        for (size_t k = 0; k < j.n; k++)
            samples[k] = (uint32_t)(first + k);
        if (!engine_run(e, &j).bad.finite)
            return ec_fail(err, EC_ENUMERIC, "the outputs of a sample are not finite");
        ec_status status =
            ec_run_step(run, "evaluating", (double)(first + j.n), (double)data->n, err);
        if (status != EC_OK)
            return status;
    }
    return EC_OK;
}
