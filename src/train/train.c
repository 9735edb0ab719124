/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "train_i.h"

#include "core/flow.h"

#include <math.h>
#include <stdio.h>

#define DIVERGED 1000 /* nats; guessing among 2^20 labels costs 14 */

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
    if (!(o->decay >= 0) || !isfinite(o->decay))
        return ec_fail(err, EC_EINVAL, "weight decay %g, must not be negative", o->decay);
    return EC_OK;
}

static ec_status trainer_init(trainer *t, ec_error *err)
{
    ec_status status = EC_OK;
    const ec_train_options *o = t->options;
    size_t n = t->train->n;

    EC_TRY(check_options(t->train, o, err));
    EC_TRY(plan_init(&t->plan, t->arch, t->run, err));
    if (o->loss != EC_LOSS_DEFAULT)
        t->plan.loss = o->loss;
    EC_TRY(engine_init(&t->engine, &t->plan, t->train, o->batch < n ? o->batch : n, t->run, err));
    EC_TRY(optimizer_init(&t->optimizer, o->optimizer, t->plan.n_learned, err));
    t->optimizer.decay = o->decay;
    EC_NEW(t->parameters, t->plan.n_parameters);
    EC_NEW(t->order, n);
    ec_rng_seed(&t->rng, t->run != NULL ? t->run->seed : 1);
    t->n_steps = o->epochs * (n / o->batch + (n % o->batch != 0));
    t->saved_step = t->measured_step = SIZE_MAX;
    t->sum.bad.finite = true;
    if (o->checkpoint != NULL)
        checkpoint_identify(t);
done:
    return status;
}

static void trainer_clear(trainer *t)
{
    engine_clear(&t->engine);
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
    char name[64], kept[300] = "";

    if (t->saved_step != SIZE_MAX)
        snprintf(kept, sizeof kept, "; %.200s holds step %zu", t->options->checkpoint,
                 t->saved_step);
    return ec_fail(err, EC_ENUMERIC,
                   "training diverged at step %zu: %s in %s; try a learning rate "
                   "below %g%s",
                   t->step + 1, what, plan_name(name, sizeof name, &t->plan, level),
                   t->options->rate, kept);
}

static void add_tally(tally *sum, const tally *batch)
{
    sum->loss += batch->loss;
    sum->right += batch->right;
    sum->n += batch->n;
}

/* One batch: loss, gradient, step. */
static ec_status take_step(trainer *t, ec_error *err)
{
    size_t left = t->train->n - t->position,
           n = t->options->batch < left ? t->options->batch : left;
    double rate = schedule_rate(t->options, t->step, t->n_steps);
    job j = {t->parameters, t->train, t->order + t->position, n, .learn = true};
    tally batch = engine_run(&t->engine, &j);

    if (!batch.bad.finite)
        return diverged(t, "a product is not finite", batch.bad.level, err);
    if (batch.loss > DIVERGED * (double)n)
        return diverged(t, "the loss is above 1000, with the largest weight", largest_level(t),
                        err);
    size_t bad =
        optimizer_step(&t->optimizer, t->parameters, t->engine.gradient, 1 / (double)n, rate);
    if (bad < t->plan.n_learned)
        return diverged(t, "a gradient is not finite", plan_level_of(&t->plan, bad), err);
    engine_keep_statistics(&t->engine, t->parameters);
    for (size_t i = 0; i < t->plan.n_parameters; i++)
        if (!isfinite(t->parameters[i]))
            return diverged(t, "a weight is not finite", plan_level_of(&t->plan, i), err);
    t->step++;
    t->position += n;
    add_tally(&t->sum, &batch);
    add_tally(&t->recent, &batch);
    return EC_OK;
}

/* Show the weights of this step, if it is due and was not done before. */
static ec_status measure_if_due(trainer *t, ec_error *err)
{
    const ec_train_options *o = t->options;
    ec_train_report report = {.step = t->step,
                              .epoch = t->epoch,
                              .loss = t->recent.loss / (double)t->recent.n,
                              .train_accuracy = (double)t->recent.right / (double)t->recent.n,
                              .test_accuracy = NAN};

    if (o->measure == NULL || o->measure_every == 0 || t->step % o->measure_every != 0 ||
        t->measured_step == t->step)
        return EC_OK;
    plan_unpack(t->weights, &t->plan, t->parameters);
    ec_status status = o->measure(o->report_arg, &report, t->weights, err);
    if (status == EC_OK) {
        t->measured_step = t->step;
        t->recent = (tally){.n = 0};
    }
    return status;
}

static ec_status save_if_due(trainer *t, bool epoch_done, ec_error *err)
{
    size_t every = t->options->checkpoint_every;

    if (t->options->checkpoint == NULL || (!epoch_done && (every == 0 || t->step % every != 0)))
        return EC_OK;
    return checkpoint_write(t, err);
}

/* -------------------------------------------------------------------- epochs */

/* The order of an epoch is that of its random state, and of nothing before. */
static void shuffle(trainer *t, ec_rng *after)
{
    *after = t->rng;
    for (size_t i = 0; i < t->train->n; i++)
        t->order[i] = (uint32_t)i;
    ec_rng_shuffle(after, t->order, t->train->n);
}

/* The rest of the samples of this epoch. */
static ec_status run_epoch(trainer *t, ec_error *err)
{
    ec_status status = EC_OK;
    size_t n = t->train->n;
    double total = (double)n * (double)t->options->epochs;
    char what[64];

    while (t->position < n) {
        EC_TRY(measure_if_due(t, err));
        EC_TRY(take_step(t, err));
        EC_TRY(save_if_due(t, false, err));
        snprintf(what, sizeof what, "training, loss %.4f", t->sum.loss / (double)t->sum.n);
        EC_TRY(ec_run_step(t->run, what, (double)(t->epoch * n + t->position), total, err));
    }
done:
    return status;
}

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
    EC_TRY(engine_classify(found, NULL, &t->engine, t->parameters, data, t->run, err));
    for (size_t i = 0; i < data->n; i++)
        right += found[i] == data->label[i];
    *out = (double)right / (double)data->n;
done:
    ec_free(found);
    return status;
}

static ec_status report_epoch(trainer *t, ec_error *err)
{
    ec_train_report report = {.step = t->step,
                              .epoch = t->epoch + 1,
                              .loss = t->sum.loss / (double)t->sum.n,
                              .train_accuracy = (double)t->sum.right / (double)t->sum.n};
    ec_status status = accuracy(&report.test_accuracy, t, t->test, err);

    if (status == EC_OK && t->options->report != NULL &&
        !t->options->report(t->options->report_arg, &report))
        status = ec_fail(err, EC_ECANCEL, "training: stopped on request");
    return status;
}

static ec_status run_epochs(trainer *t, ec_error *err)
{
    ec_status status = EC_OK;
    ec_rng after;

    while (t->epoch < t->options->epochs) {
        shuffle(t, &after);
        EC_TRY(run_epoch(t, err));
        EC_TRY(report_epoch(t, err));
        t->epoch++;
        t->position = 0;
        t->sum = (tally){.n = 0};
        t->rng = after;
        EC_TRY(save_if_due(t, true, err));
    }
    EC_TRY(measure_if_due(t, err));
done:
    return status;
}

static ec_status resume(trainer *t, ec_error *err)
{
    ec_status status = checkpoint_read(t, err);
    ec_train_resumed at = {t->step, t->epoch, t->measured_step};

    if (status != EC_OK || t->saved_step == SIZE_MAX || t->options->resumed == NULL)
        return status;
    return t->options->resumed(t->options->report_arg, &at, err);
}

/* Training was stopped: leave a checkpoint. That it cannot be written is then what went wrong. */
static ec_status save_where_stopped(trainer *t, ec_error *err)
{
    ec_error inner = {0};

    if (t->options->checkpoint == NULL || checkpoint_write(t, &inner) == EC_OK)
        return EC_ECANCEL;
    if (err != NULL)
        *err = inner;
    return inner.status;
}

ec_status ec_train(ec_weights *weights, const ec_arch *arch, const ec_dataset *train,
                   const ec_dataset *test, const ec_train_options *options, const ec_run *run,
                   ec_error *err)
{
    ec_status status = EC_OK;
    ec_weights shown = {.n_levels = 0}; /* to those who measure */
    trainer t = {.arch = arch,
                 .train = train,
                 .test = test,
                 .options = options,
                 .run = run,
                 .weights = &shown};

    EC_TRY(trainer_init(&t, err));
    EC_TRY(ec_weights_init(&shown, arch, run, err));
    plan_pack(t.parameters, &t.plan, weights);
    if (options->checkpoint != NULL && options->resume)
        EC_TRY(resume(&t, err));
    status = run_epochs(&t, err);
    if (status == EC_ECANCEL)
        status = save_where_stopped(&t, err);
    if (status == EC_OK)
        plan_unpack(weights, &t.plan, t.parameters);
done:
    ec_weights_clear(&shown);
    trainer_clear(&t);
    return status;
}
