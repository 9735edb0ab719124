/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "train_i.h"

#include "core/flow.h"

#include <math.h>
#include <stdio.h>

#define DIVERGED 1000 /* nats; guessing among 2^20 labels costs 14 */

/* A training run. */
typedef struct trainer {
    plan plan;
    workers workers;
    optimizer optimizer;
    float *parameters;
    uint32_t *order; /* the samples in the order of the epoch */
    ec_rng rng;
    size_t step, n_steps;
    const ec_dataset *train, *test;
    const ec_train_options *options;
    const ec_run *run;
} trainer;

/* -------------------------------------------------------------------- setup */

static ec_status check_options(const ec_dataset *train, const ec_train_options *o, ec_error *err)
{
    if (train->n == 0 || train->n > UINT32_MAX)
        return ec_fail(err, EC_EINVAL, "%zu training samples, must be 1 to 2^32-1", train->n);
    if (o->epochs == 0 || o->batch == 0)
        return ec_fail(err, EC_EINVAL, "%zu epochs with batches of %zu, both must be at least 1",
                       o->epochs, o->batch);
    if (!(o->rate > 0) || !isfinite(o->rate))
        return ec_fail(err, EC_EINVAL, "learning rate %g, must be positive", o->rate);
    return EC_OK;
}

static ec_status trainer_init(trainer *t, const ec_arch *arch, ec_error *err)
{
    ec_status status = EC_OK;
    size_t n = t->train->n;

    EC_TRY(check_options(t->train, t->options, err));
    EC_TRY(plan_init(&t->plan, arch, t->run, err));
    EC_TRY(workers_init(&t->workers, &t->plan, t->train, true, t->run, err));
    EC_TRY(optimizer_init(&t->optimizer, t->options->optimizer, t->plan.n_parameters, err));
    EC_NEW(t->parameters, t->plan.n_parameters);
    EC_NEW(t->order, n);
    for (size_t i = 0; i < n; i++)
        t->order[i] = (uint32_t)i;
    ec_rng_seed(&t->rng, t->run != NULL ? t->run->seed : 1);
    t->n_steps = t->options->epochs * (n / t->options->batch + (n % t->options->batch != 0));
done:
    return status;
}

static void trainer_clear(trainer *t)
{
    workers_clear(&t->workers);
    optimizer_clear(&t->optimizer);
    ec_free(t->parameters);
    ec_free(t->order);
    plan_clear(&t->plan);
}

/* -------------------------------------------------------------------- steps */

/* The matrix with the largest entry: what a loss that grows without bound points at. */
static size_t largest_level(const trainer *t)
{
    size_t at = 0;

    for (size_t i = 0; i < t->plan.n_parameters; i++)
        if (fabsf(t->parameters[i]) > fabsf(t->parameters[at]))
            at = i;
    return plan_level_of(&t->plan, at);
}

static ec_status diverged(const trainer *t, const char *what, size_t level, ec_error *err)
{
    char name[64];

    return ec_fail(err, EC_ENUMERIC,
                   "training diverged at step %zu: %s in %s; try a learning rate "
                   "below %g",
                   t->step + 1, what, plan_name(name, sizeof name, &t->plan, level),
                   t->options->rate);
}

/* One batch: loss, gradient, step; the batch's figures are added to those of the epoch. */
static ec_status take_step(trainer *t, tally *epoch, size_t first, size_t n, ec_error *err)
{
    double rate = t->options->rate * (1 - (double)t->step / (double)t->n_steps);
    job j = {t->parameters, t->train, t->order + first, n, .learn = true};
    tally batch = workers_run(&t->workers, &j);

    if (!batch.bad.finite)
        return diverged(t, "a product is not finite", batch.bad.level, err);
    if (batch.loss > DIVERGED * (double)n)
        return diverged(t, "the loss is above 1000, with the largest weight", largest_level(t),
                        err);
    size_t bad =
        optimizer_step(&t->optimizer, t->parameters, t->workers.gradient[0], 1 / (double)n, rate);
    if (bad < t->plan.n_parameters)
        return diverged(t, "a gradient is not finite", plan_level_of(&t->plan, bad), err);
    t->step++;
    epoch->loss += batch.loss;
    epoch->right += batch.right;
    epoch->n += n;
    return EC_OK;
}

static ec_status run_epoch(trainer *t, tally *epoch, size_t number, ec_error *err)
{
    size_t n = t->train->n, batch = t->options->batch;
    double total = (double)n * (double)t->options->epochs;
    char what[64];

    *epoch = (tally){.n = 0};
    ec_rng_shuffle(&t->rng, t->order, n);
    for (size_t first = 0; first < n; first += batch) {
        size_t size = n - first < batch ? n - first : batch;
        ec_status status = take_step(t, epoch, first, size, err);
        if (status != EC_OK)
            return status;
        snprintf(what, sizeof what, "training, loss %.4f", epoch->loss / (double)epoch->n);
        status = ec_run_step(t->run, what, (double)(number * n + first + size), total, err);
        if (status != EC_OK)
            return status;
    }
    return EC_OK;
}

/* -------------------------------------------------------------------- epochs */

/* Share of the labels that are found; NaN if there are no samples. */
static ec_status accuracy(double *out, trainer *t, const ec_dataset *data, ec_error *err)
{
    ec_status status = EC_OK;
    uint32_t *found = NULL;
    size_t right = 0;

    *out = NAN;
    if (data == NULL || data->n == 0)
        return EC_OK;
    EC_NEW(found, data->n);
    EC_TRY(workers_classify(found, &t->workers, t->parameters, data, t->run, err));
    for (size_t i = 0; i < data->n; i++)
        right += found[i] == data->label[i];
    *out = (double)right / (double)data->n;
done:
    ec_free(found);
    return status;
}

static ec_status report_epoch(trainer *t, const tally *epoch, size_t number, ec_error *err)
{
    ec_train_report report = {.step = t->step,
                              .epoch = number + 1,
                              .loss = epoch->loss / (double)epoch->n,
                              .train_accuracy = (double)epoch->right / (double)epoch->n};
    ec_status status = accuracy(&report.test_accuracy, t, t->test, err);

    if (status == EC_OK && t->options->report != NULL &&
        !t->options->report(t->options->report_arg, &report))
        status = ec_fail(err, EC_ECANCEL, "training: stopped on request");
    return status;
}

ec_status ec_train(ec_weights *weights, const ec_arch *arch, const ec_dataset *train,
                   const ec_dataset *test, const ec_train_options *options, const ec_run *run,
                   ec_error *err)
{
    ec_status status = EC_OK;
    trainer t = {.train = train, .test = test, .options = options, .run = run};
    tally epoch;

    EC_TRY(trainer_init(&t, arch, err));
    plan_pack(t.parameters, &t.plan, weights);
    for (size_t number = 0; number < options->epochs; number++) {
        EC_TRY(run_epoch(&t, &epoch, number, err));
        EC_TRY(report_epoch(&t, &epoch, number, err));
    }
    plan_unpack(weights, &t.plan, t.parameters);
done:
    trainer_clear(&t);
    return status;
}
