/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "entcap/model.h"

#include "core/flow.h"

#include <math.h>

#define PORTION ((size_t)256) /* samples between two looks at run->progress */

/* A thread's buffers, and how its share of the samples went. */
typedef struct reader {
    double *values; /* of the sites */
    double *room;   /* for an image */
    double *sites;  /* n_sites x M */
    double *out;    /* Y */
    ec_status status;
    ec_error err;
} reader;

/* What all threads look at. */
typedef struct task {
    const ec_arch *arch;
    const ec_weights *weights;
    const ec_dataset *data;
} task;

static void readers_free(reader *readers, unsigned n)
{
    for (unsigned i = 0; readers != NULL && i < n; i++) {
        ec_free(readers[i].values);
        ec_free(readers[i].room);
        ec_free(readers[i].sites);
        ec_free(readers[i].out);
    }
    ec_free(readers);
}

static ec_status readers_new(reader **out, unsigned n, const task *t, const ec_run *run,
                             ec_error *err)
{
    ec_status status = EC_OK;
    size_t n_sites = t->arch->n_sites, image = t->data->image[0] * t->data->image[1];
    double doubles = (double)n_sites * (1.0 + t->arch->levels[0].dim) + (double)image;

    EC_TRY(ec_run_reserve(run, "evaluation", 8 * doubles * n, err));
    EC_NEW(*out, n);
    for (unsigned i = 0; i < n; i++) {
        EC_NEW((*out)[i].values, n_sites);
        EC_NEW((*out)[i].room, image);
        EC_NEW((*out)[i].sites, n_sites * t->arch->levels[0].dim);
        EC_NEW((*out)[i].out, t->arch->outputs);
    }
done:
    return status;
}

static uint32_t argmax(const double *x, uint32_t n, bool magnitude)
{
    uint32_t best = 0;

    for (uint32_t i = 1; i < n; i++)
        if (magnitude ? fabs(x[i]) > fabs(x[best]) : x[i] > x[best])
            best = i;
    return best;
}

static void read_share(reader *r, uint32_t *label, const task *t, size_t first, size_t end)
{
    double log_scale;

    r->status = EC_OK;
    for (size_t i = first; i < end && r->status == EC_OK; i++) {
        ec_data_sites(r->values, t->data, i, r->room);
        ec_model_features(r->sites, t->weights, r->values, t->arch->n_sites);
        r->status = ec_model_forward(r->out, &log_scale, t->arch, t->weights, r->sites, &r->err);
        label[i] = argmax(r->out, t->arch->outputs, ec_arch_predicts_magnitude(t->arch));
    }
}

ec_status ec_model_classify(uint32_t *label, const ec_arch *arch, const ec_weights *weights,
                            const ec_dataset *data, const ec_run *run, ec_error *err)
{
    ec_status status = EC_OK;
    unsigned n_readers = run != NULL && run->threads > 0 ? run->threads : 1;
    const task t = {arch, weights, data};
    reader *readers = NULL;

    if (weights->features.kind == EC_FEATURES_NONE)
        return ec_fail(err, EC_EINVAL,
                       "samples need a feature map: add 'features: {kind: "
                       "affine-relu}' to input");
    EC_TRY(readers_new(&readers, n_readers, &t, run, err));
    for (size_t first = 0; first < data->n; first += PORTION) {
        size_t n = data->n - first < PORTION ? data->n - first : PORTION;
#pragma omp parallel for num_threads(n_readers) schedule(static, 1)
        for (unsigned i = 0; i < n_readers; i++)
            read_share(&readers[i], label, &t, first + n * i / n_readers,
                       first + n * (i + 1) / n_readers);
        for (unsigned i = 0; i < n_readers; i++)
            if (readers[i].status != EC_OK) {
                status = ec_fail(err, readers[i].status, "%s", readers[i].err.msg);
                goto done;
            }
        EC_TRY(ec_run_step(run, "classifying", (double)(first + n), (double)data->n, err));
    }
done:
    readers_free(readers, n_readers);
    return status;
}
