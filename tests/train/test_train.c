/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "shell.h"
#include "small.h"

#include <stdio.h>

static ec_train_options options_of(ec_optimizer optimizer, size_t epochs, size_t batch, double rate)
{
    return (ec_train_options){
        .optimizer = optimizer, .epochs = epochs, .batch = batch, .rate = rate};
}

static ec_weights start_of(const ec_arch *arch, uint64_t seed)
{
    ec_weights w;
    ec_rng rng;

    ec_rng_seed(&rng, seed);
    assert_ok(ec_train_start(&w, arch, &rng, NULL, NULL), NULL);
    return w;
}

static bool same_weights(const ec_weights *a, const ec_weights *b, const ec_arch *arch)
{
    bool same = true;
    size_t n;

    for (size_t k = 0; k < a->n_levels + 2; k++) {
        const double *x = small_vector(a, arch, k, &n);
        same = same && memcmp(x, small_vector(b, arch, k, &n), n * sizeof *x) == 0;
    }
    return same;
}

/* Mean gradient over all samples, each in double precision. */
static ec_weights mean_gradient(const ec_arch *arch, const ec_weights *w, const ec_dataset *data)
{
    ec_weights mean, g;
    double loss, *x = data->pixels.data;
    size_t n;

    assert_ok(ec_weights_init(&mean, arch, NULL, NULL), NULL);
    assert_ok(ec_weights_init(&g, arch, NULL, NULL), NULL);
    for (size_t i = 0; i < data->n; i++) {
        assert_ok(
            ec_train_gradient(&g, &loss, arch, w, x + i * arch->n_sites, data->label[i], NULL),
            NULL);
        for (size_t k = 0; k < w->n_levels + 2; k++) {
            double *to = small_vector(&mean, arch, k, &n);
            for (size_t j = 0; j < n; j++)
                to[j] += small_vector(&g, arch, k, &n)[j] / (double)data->n;
        }
    }
    ec_weights_clear(&g);
    return mean;
}

/* --------------------------------------------------------------- optimizers */

static void a_step_of_sgd_is_the_mean_gradient(void **state)
{
    (void)state;

    for (size_t net = 0; net < N_SMALL; net++)
        for (unsigned threads = 1; threads <= 3; threads++) {
            ec_arch *arch = small_arch(SMALL[net]);
            ec_dataset data = small_data(arch, 7, 1);
            ec_weights w = start_of(arch, 2), before = start_of(arch, 2);
            ec_weights g = mean_gradient(arch, &w, &data);
            ec_train_options o = options_of(EC_SGD, 1, 100, 0.25);
            ec_run run = EC_RUN_INIT;
            size_t n;

            run.threads = threads;
            assert_ok(ec_train(&w, arch, &data, NULL, &o, &run, NULL), NULL);
            for (size_t k = 0; k < w.n_levels + 2; k++) {
                const double *x = small_vector(&w, arch, k, &n);
                for (size_t j = 0; j < n; j++)
                    assert_close(x[j],
                                 small_vector(&before, arch, k, &n)[j] -
                                     0.25 * small_vector(&g, arch, k, &n)[j],
                                 2e-6);
            }
            ec_weights_clear(&w);
            ec_weights_clear(&before);
            ec_weights_clear(&g);
            ec_dataset_clear(&data);
            ec_arch_free(arch);
        }
}

/* Three steps written out, with their rates; batches of everything, so order is nothing. */
static void check_adam(ec_schedule schedule, const double *rates)
{
    ec_arch *arch = small_arch(SMALL[0]);
    ec_dataset data = small_data(arch, 5, 1);
    ec_weights w = start_of(arch, 2), mine = start_of(arch, 2), m, s;
    ec_train_options o = options_of(EC_ADAM, 3, 5, 0.01);
    size_t n;

    o.schedule = schedule;
    assert_ok(ec_weights_init(&m, arch, NULL, NULL), NULL);
    assert_ok(ec_weights_init(&s, arch, NULL, NULL), NULL);
    for (int step = 1; step <= 3; step++) {
        ec_weights g = mean_gradient(arch, &mine, &data);
        double rate = 0.01 * rates[step - 1];
        for (size_t k = 0; k < w.n_levels + 2; k++) {
            double *x = small_vector(&mine, arch, k, &n), *mk = small_vector(&m, arch, k, &n);
            double *sk = small_vector(&s, arch, k, &n), *gk = small_vector(&g, arch, k, &n);
            for (size_t j = 0; j < n; j++) {
                mk[j] = 0.9 * mk[j] + 0.1 * gk[j];
                sk[j] = 0.999 * sk[j] + 0.001 * gk[j] * gk[j];
                x[j] -= rate * mk[j] / (1 - pow(0.9, step)) /
                        (sqrt(sk[j] / (1 - pow(0.999, step))) + 1e-8);
            }
        }
        ec_weights_clear(&g);
    }
    assert_ok(ec_train(&w, arch, &data, NULL, &o, NULL, NULL), NULL);
    for (size_t k = 0; k < w.n_levels + 2; k++) {
        const double *x = small_vector(&w, arch, k, &n);
        for (size_t j = 0; j < n; j++)
            assert_close(x[j], small_vector(&mine, arch, k, &n)[j], 2e-4);
    }
    ec_weights_clear(&w);
    ec_weights_clear(&mine);
    ec_weights_clear(&m);
    ec_weights_clear(&s);
    ec_dataset_clear(&data);
    ec_arch_free(arch);
}

static void steps_of_adam_are_those_of_its_formula(void **state)
{
    static const double linear[] = {1, 2. / 3, 1. / 3}, cosine[] = {1, 0.75, 0.25},
                        constant[] = {1, 1, 1};
    (void)state;

    check_adam(EC_SCHEDULE_LINEAR, linear);
    check_adam(EC_SCHEDULE_COSINE, cosine);
    check_adam(EC_SCHEDULE_CONSTANT, constant);
}

/* ----------------------------------------------------------------- learning */

typedef struct curve {
    ec_train_report report[64];
    size_t n, stop_after;
} curve;

static bool keep_report(void *arg, const ec_train_report *report)
{
    curve *c = arg;
    c->report[c->n++] = *report;
    return c->n != c->stop_after;
}

/* Labels 0 and 1 by brightness: what features and products can tell at once. */
static ec_dataset bright_or_dark(const ec_arch *arch, size_t n, uint64_t seed)
{
    ec_dataset data = small_data(arch, n, seed);
    double *x = data.pixels.data;

    for (size_t i = 0; i < n; i++) {
        data.label[i] = i % 2;
        for (size_t s = 0; s < arch->n_sites; s++, x++)
            *x = 0.5 * *x + (data.label[i] == 1 ? 0.5 : 0);
    }
    return data;
}

static void a_task_that_can_be_learned_is_learned(void **state)
{
    ec_arch *arch = small_arch(SMALL[0]);
    ec_dataset data = bright_or_dark(arch, 200, 1), test = bright_or_dark(arch, 100, 2);
    (void)state;

    for (ec_optimizer optimizer = EC_ADAM; optimizer <= EC_SGD; optimizer++) {
        curve c = {.n = 0};
        ec_weights w = start_of(arch, 1);
        ec_train_options o = options_of(optimizer, 10, 16, optimizer == EC_ADAM ? 0.02 : 0.2);
        o.report = keep_report;
        o.report_arg = &c;
        assert_ok(ec_train(&w, arch, &data, &test, &o, NULL, NULL), NULL);
        assert_int_equal(c.n, 10);
        assert_int_equal(c.report[9].epoch, 10);
        assert_int_equal(c.report[9].step, 130);
        assert_true(c.report[9].loss < 0.5 * c.report[0].loss);
        assert_true(c.report[9].train_accuracy > 0.95 && c.report[9].test_accuracy > 0.95);
        assert_true(w.single);
        ec_weights_clear(&w);
    }
    ec_dataset_clear(&data);
    ec_dataset_clear(&test);
    ec_arch_free(arch);
}

static void equal_seeds_give_equal_bits_whatever_the_threads(void **state)
{
    ec_arch *arch = small_arch(SMALL[1]);
    ec_dataset data = small_data(arch, 150, 1);
    ec_train_options o = options_of(EC_ADAM, 3, 70, 0.01);
    ec_weights w[4];
    (void)state;

    for (unsigned i = 0; i < 4; i++) {
        ec_run run = EC_RUN_INIT;
        run.threads = i < 3 ? 1 + 2 * i : 1;
        run.seed = i < 3 ? 5 : 6;
        w[i] = start_of(arch, 1);
        assert_ok(ec_train(&w[i], arch, &data, NULL, &o, &run, NULL), NULL);
    }
    assert_true(same_weights(&w[0], &w[1], arch));
    assert_true(same_weights(&w[0], &w[2], arch));
    assert_false(same_weights(&w[0], &w[3], arch));
    for (int i = 0; i < 4; i++)
        ec_weights_clear(&w[i]);
    ec_dataset_clear(&data);
    ec_arch_free(arch);
}

/* ----------------------------------------------------------------- failures */

static void assert_train_fails(const ec_train_options *o, const ec_run *run, ec_status status,
                               const char *msg)
{
    ec_arch *arch = small_arch(SMALL[0]);
    ec_dataset data = small_data(arch, 20, 1);
    ec_weights w = start_of(arch, 1), before = start_of(arch, 1);
    ec_error err = {0};

    assert_int_equal(ec_train(&w, arch, &data, &data, o, run, &err), status);
    assert_string_equal(err.msg, msg);
    assert_true(same_weights(&w, &before, arch));
    ec_weights_clear(&w);
    ec_weights_clear(&before);
    ec_dataset_clear(&data);
    ec_arch_free(arch);
}

static void bad_options_are_refused(void **state)
{
    ec_train_options o = options_of(EC_ADAM, 0, 4, 0.1);
    (void)state;

    assert_train_fails(&o, NULL, EC_EINVAL, "0 epochs with batches of 4, both must be at least 1");
    o = options_of(EC_ADAM, 1, 4, NAN);
    assert_train_fails(&o, NULL, EC_EINVAL, "learning rate nan, must be positive");
}

static bool stop_at_samples(void *arg, const char *what, double done, double total)
{
    (void)what;
    assert_true(total == 60 || total == 20);
    return done < *(double *)arg;
}

static void training_stops_on_request_and_leaves_the_weights(void **state)
{
    ec_train_options o = options_of(EC_ADAM, 3, 4, 0.01);
    ec_run run = EC_RUN_INIT;
    double stop = 24;
    curve c = {.stop_after = 2};
    (void)state;

    run.progress = stop_at_samples;
    run.progress_arg = &stop;
    stop = 12;
    char msg[64] = "";
    ec_arch *arch = small_arch(SMALL[0]);
    ec_dataset data = small_data(arch, 20, 1);
    ec_weights w = start_of(arch, 1), before = start_of(arch, 1);
    ec_error err = {0};
    assert_int_equal(ec_train(&w, arch, &data, NULL, &o, &run, &err), EC_ECANCEL);
    snprintf(msg, sizeof msg, "%.15s", err.msg);
    assert_string_equal(msg, "training, loss ");
    assert_true(same_weights(&w, &before, arch));
    ec_weights_clear(&w);
    ec_weights_clear(&before);
    ec_dataset_clear(&data);
    ec_arch_free(arch);

    o.report = keep_report;
    o.report_arg = &c;
    assert_train_fails(&o, NULL, EC_ECANCEL, "training: stopped on request");
    assert_int_equal(c.n, 2);
}

/* Logits of 1e8: a loss that large points at the dense layer. */
static void divergence_names_layer_and_step(void **state)
{
    ec_arch *arch = small_arch(SMALL[0]);
    ec_dataset data = small_data(arch, 20, 1);
    ec_weights w = start_of(arch, 1);
    ec_train_options o = options_of(EC_SGD, 1, 20, 0.5);
    ec_error err = {0};
    (void)state;

    for (size_t i = 0; i < ec_weights_count(arch, 2); i++)
        w.matrix[2][i] *= 1e9;
    assert_int_equal(ec_train(&w, arch, &data, NULL, &o, NULL, &err), EC_ENUMERIC);
    assert_string_equal(err.msg, "training diverged at step 1: the loss is above 1000, with the "
                                 "largest weight in the dense layer (layers.2.weight); try a "
                                 "learning rate below 0.5");
    ec_weights_clear(&w);
    o = options_of(EC_SGD, 5, 4, 1e9); /* here the first step is still finite */
    w = start_of(arch, 1);
    err = (ec_error){0};
    assert_int_equal(ec_train(&w, arch, &data, NULL, &o, NULL, &err), EC_ENUMERIC);
    assert_non_null(strstr(err.msg, "training diverged at step 2: "));
    ec_weights_clear(&w);
    ec_dataset_clear(&data);
    ec_arch_free(arch);
}

/* Weights that are large from the start: the first products overflow float. */
static void a_product_that_overflows_is_named(void **state)
{
    ec_arch *arch = small_arch(SMALL[0]);
    ec_dataset data = small_data(arch, 4, 1);
    ec_weights w = start_of(arch, 1);
    ec_train_options o = options_of(EC_SGD, 1, 4, 0.1);
    ec_error err = {0};
    (void)state;

    for (size_t i = 0; i < ec_weights_count(arch, 1); i++)
        w.matrix[1][i] = 3e38;
    assert_int_equal(ec_train(&w, arch, &data, NULL, &o, NULL, &err), EC_ENUMERIC);
    assert_string_equal(err.msg, "training diverged at step 1: a product is not finite in layer r1 "
                                 "(layers.1.weight); try a learning rate below 0.1");
    ec_weights_clear(&w);
    ec_dataset_clear(&data);
    ec_arch_free(arch);
}

static void a_description_without_features_is_refused(void **state)
{
    ec_arch *arch = small_arch("name: t\ninput: {shape: [2], channels: 2}\nlayers:\n"
                               "  - conv: {channels: 2}\n  - pool: {window: 2}\n"
                               "  - dense: {outputs: 2}\n");
    ec_dataset data = small_data(arch, 2, 1);
    ec_weights w;
    ec_train_options o = EC_TRAIN_OPTIONS_INIT;
    uint32_t label[2];
    ec_error err = {0};
    ec_rng rng;
    (void)state;

    ec_rng_seed(&rng, 1);
    assert_int_equal(ec_train_start(&w, arch, &rng, NULL, &err), EC_EINVAL);
    assert_string_equal(err.msg, "training needs a feature map: add 'features: {kind: "
                                 "affine-relu}' to input");
    err = (ec_error){0};
    assert_ok(ec_weights_init(&w, arch, NULL, NULL), NULL);
    assert_int_equal(ec_train(&w, arch, &data, NULL, &o, NULL, &err), EC_EINVAL);
    assert_string_equal(err.msg, "training needs a feature map: add 'features: {kind: "
                                 "affine-relu}' to input");
    err = (ec_error){0};
    assert_int_equal(ec_model_classify(label, arch, &w, &data, NULL, &err), EC_EINVAL);
    ec_weights_clear(&w);
    ec_dataset_clear(&data);
    ec_arch_free(arch);
}

/* features: {learned: false, scale} count in training as they do in the model */
static void features_are_scaled_and_stay_if_they_are_not_learned(void **state)
{
    ec_arch *arch = small_arch("name: t\ninput: {shape: [4], channels: 3, features: {kind: "
                               "affine-relu, learned: false, scale: 0.5}}\nlayers:\n"
                               "  - conv: {channels: 4}\n  - pool: {window: 4}\n"
                               "  - dense: {outputs: 3}\n");
    ec_dataset data = small_data(arch, 60, 1);
    ec_weights before = start_of(arch, 1), w = start_of(arch, 1);
    ec_train_options o = options_of(EC_ADAM, 5, 10, 0.05);
    uint32_t mine[60], model[60];
    (void)state;

    assert_ok(ec_train(&w, arch, &data, NULL, &o, NULL, NULL), NULL);
    assert_memory_equal(w.slope, before.slope, 3 * sizeof *w.slope);
    assert_memory_equal(w.offset, before.offset, 3 * sizeof *w.offset);
    assert_ok(ec_train_classify(mine, arch, &w, &data, NULL, NULL), NULL);
    assert_ok(ec_model_classify(model, arch, &w, &data, NULL, NULL), NULL);
    assert_memory_equal(mine, model, sizeof mine);
    ec_weights_clear(&before);
    ec_weights_clear(&w);
    ec_dataset_clear(&data);
    ec_arch_free(arch);
}

typedef struct task {
    const ec_arch *arch;
    const ec_dataset *data;
} task;

static ec_status start_train_classify(void *arg, ec_error *err)
{
    const task *t = arg;
    ec_train_options o = options_of(EC_ADAM, 1, 2, 0.01);
    uint32_t label[3];
    ec_weights w;
    ec_rng rng;

    ec_rng_seed(&rng, 1);
    ec_status status = ec_train_start(&w, t->arch, &rng, NULL, err);
    if (status == EC_OK)
        status = ec_train(&w, t->arch, t->data, t->data, &o, NULL, err);
    if (status == EC_OK)
        status = ec_model_classify(label, t->arch, &w, t->data, NULL, err);
    ec_weights_clear(&w);
    return status;
}

static void training_survives_want_of_memory(void **state)
{
    ec_arch *arch = small_arch(SMALL[4]);
    ec_dataset data = small_data(arch, 3, 1);
    ec_run run = EC_RUN_INIT;
    ec_train_options o = EC_TRAIN_OPTIONS_INIT;
    ec_weights w = start_of(arch, 1);
    ec_error err = {0};
    task t = {arch, &data};
    (void)state;

    assert_survives_oom(start_train_classify, &t);
    run.memory_bytes = 1000;
    assert_int_equal(ec_train(&w, arch, &data, NULL, &o, &run, &err), EC_ELIMIT);
    ec_weights_clear(&w);
    ec_dataset_clear(&data);
    ec_arch_free(arch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_step_of_sgd_is_the_mean_gradient),
        cmocka_unit_test(steps_of_adam_are_those_of_its_formula),
        cmocka_unit_test(a_task_that_can_be_learned_is_learned),
        cmocka_unit_test(equal_seeds_give_equal_bits_whatever_the_threads),
        cmocka_unit_test(bad_options_are_refused),
        cmocka_unit_test(training_stops_on_request_and_leaves_the_weights),
        cmocka_unit_test(divergence_names_layer_and_step),
        cmocka_unit_test(a_product_that_overflows_is_named),
        cmocka_unit_test(a_description_without_features_is_refused),
        cmocka_unit_test(features_are_scaled_and_stay_if_they_are_not_learned),
        cmocka_unit_test(training_survives_want_of_memory),
    };
    return cmocka_run_group_tests_name("train", tests, NULL, NULL);
}
