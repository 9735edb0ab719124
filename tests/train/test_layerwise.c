/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "layered.h"

#include <stdio.h>
#include <unistd.h>

/* -------------------------------------------------------------------- oracle */

/*
 * The loss of a batch by the definition: channel after channel, position after position, straight
 * from the description; vectors[s][position][channel] of every sample. Small networks only.
 */
enum { SAMPLES = 6, PLACES = 16, WIDE = 8 };
typedef double field[SAMPLES][PLACES][WIDE];

static void plain_features(field out, const ec_arch *arch, const ec_weights *w, const double *x)
{
    for (size_t s = 0; s < SAMPLES; s++)
        for (size_t i = 0; i < arch->n_sites; i++) {
            double site[WIDE + 1];
            ec_model_features(site, w, &x[s * arch->n_sites + i], 1);
            memcpy(out[s][i], site, w->n_features * sizeof *site);
        }
}

static void plain_norm(field v, const ec_level *level, const ec_affine *a)
{
    size_t places = ec_level_positions(level);
    double n = (double)(SAMPLES * places);

    for (size_t c = 0; a->gamma != NULL && c < ec_level_channels(level); c++) {
        double mean = 0, variance = 0;
        for (size_t s = 0; s < SAMPLES; s++)
            for (size_t p = 0; p < places; p++)
                mean += v[s][p][c] / n;
        for (size_t s = 0; s < SAMPLES; s++)
            for (size_t p = 0; p < places; p++)
                variance += pow(v[s][p][c] - mean, 2) / n;
        a->mean[c] = mean;
        a->variance[c] = variance * n / (n - 1); /* as running statistics have it */
        for (size_t s = 0; s < SAMPLES; s++)
            for (size_t p = 0; p < places; p++)
                v[s][p][c] = a->gamma[c] * (v[s][p][c] - mean) / sqrt(variance + 1e-5) + a->beta[c];
    }
}

static double plain_verdict(const double *z, size_t n, uint32_t label, ec_loss loss)
{
    double squares = 0, sum = 0;

    for (size_t y = 0; y < n; y++) {
        squares += pow(z[y] - (y == label ? 1 : 0), 2);
        sum += exp(z[y] - z[label]);
    }
    return loss == EC_LOSS_SQUARED ? squares / (double)n : log(sum);
}

/* Rows over their root mean square, at the top of a network without affine parts. */
static void plain_unit(field v, size_t channels)
{
    for (size_t s = 0; s < SAMPLES; s++) {
        double square = 0;
        for (size_t c = 0; c < channels; c++)
            square += v[s][0][c] * v[s][0][c];
        for (size_t c = 0; c < channels; c++)
            v[s][0][c] /= sqrt(square / (double)channels);
    }
}

static void plain_level(field below, const ec_arch *arch, const ec_weights *w, size_t l)
{
    static field v;
    const ec_level *level = &arch->levels[l];
    size_t channels = ec_level_channels(level), rows = ec_level_rows(arch, l);

    for (size_t s = 0; s < SAMPLES; s++)
        for (size_t p = 0; p < ec_level_positions(level); p++)
            for (size_t c = 0; c < channels; c++) {
                v[s][p][c] = 1;
                for (size_t k = 0; k < ec_level_window(level); k++)
                    v[s][p][c] *= below[s][ec_level_child(level, p, k)][c];
            }
    if (w->affine != NULL)
        plain_norm(v, level, &w->affine[l]);
    else if (l + 1 == arch->n_levels)
        plain_unit(v, channels);
    for (size_t s = 0; s < SAMPLES; s++)
        for (size_t p = 0; p < ec_level_positions(level); p++)
            for (size_t r = 0; r < rows; r++) {
                const double *m = w->affine != NULL ? w->affine[l].weight : w->matrix[l];
                m += ((level->shared ? 0 : p) * rows + r) * channels;
                below[s][p][r] =
                    w->affine != NULL && w->affine[l].bias != NULL ? w->affine[l].bias[r] : 0;
                for (size_t c = 0; c < channels; c++)
                    below[s][p][r] += m[c] * v[s][p][c];
            }
}

/* Leaves the batch's statistics, the variance unbiased, in w. */
static double plain_loss(const ec_arch *arch, const ec_weights *w, const ec_dataset *data,
                         ec_loss loss)
{
    static field v;
    double sum = 0;

    plain_features(v, arch, w, data->pixels.data);
    for (size_t l = 0; l < arch->n_levels; l++)
        plain_level(v, arch, w, l);
    for (size_t s = 0; s < SAMPLES; s++)
        sum += plain_verdict(v[s][0], arch->outputs, data->label[s], loss);
    return sum / SAMPLES;
}

/* --------------------------------------------------------------------- tests */

static void check_gradient(const char *text, uint64_t seed, ec_loss of)
{
    const double h = 1e-6;
    ec_arch *arch = small_arch(text);
    ec_weights w = layered_weights(arch, seed), g;
    ec_dataset data = small_data(arch, SAMPLES, seed + 100);
    vector at[64] = {{0}}, gradient[64] = {{0}};
    double loss, largest = 0;
    ec_error err = {0};

    assert_ok(ec_weights_init(&g, arch, NULL, NULL), NULL);
    assert_ok(ec_train_batch_gradient(&g, &loss, arch, &w, &data, of, &err), &err);
    assert_close(loss, plain_loss(arch, &w, &data, of), 1e-10 * (1 + loss));
    size_t n = list_learned(at, &w, arch);
    assert_int_equal(list_learned(gradient, &g, arch), n);
    for (size_t k = 0; k < n; k++)
        for (size_t i = 0; i < at[k].n; i++) {
            double here = at[k].values[i], found = gradient[k].values[i];
            at[k].values[i] = here + h;
            double up = plain_loss(arch, &w, &data, of);
            at[k].values[i] = here - h;
            double difference = (up - plain_loss(arch, &w, &data, of)) / (2 * h);
            at[k].values[i] = here;
            if (!(fabs(found - difference) <= 2e-6 * (1 + loss + fabs(difference))))
                fail_msg("seed %d, %s: vector %zu, entry %zu: %.10g, differences give %.10g",
                         (int)seed, arch->name, k, i, found, difference);
            largest = fmax(largest, fabs(difference));
        }
    assert_true(largest > 1e-3); /* there was something to check */
    ec_weights_clear(&w);
    ec_weights_clear(&g);
    ec_dataset_clear(&data);
    ec_arch_free(arch);
}

static void gradients_through_the_batch_are_those_of_central_differences(void **state)
{
    (void)state;

    for (size_t i = 0; i < N_LAYERED; i++)
        for (uint64_t draw = 0; draw < check_count(2); draw++) {
            check_gradient(LAYERED[i], check_seed() + draw, EC_LOSS_CROSS_ENTROPY);
            check_gradient(LAYERED[i], check_seed() + draw, EC_LOSS_SQUARED);
        }
}

static ec_train_options one_step(void)
{
    return (ec_train_options){.optimizer = EC_SGD, .epochs = 1, .batch = SAMPLES, .rate = 1e-3};
}

static void running_statistics_follow_the_batch_with_momentum(void **state)
{
    ec_arch *arch = small_arch(LAYERED[0]);
    ec_weights before = layered_weights(arch, 3), w = layered_weights(arch, 3);
    ec_dataset data = small_data(arch, SAMPLES, 4);
    ec_train_options o = one_step();
    ec_weights batch = layered_weights(arch, 3);
    ec_error err = {0};
    (void)state;

    plain_loss(arch, &batch, &data, EC_LOSS_SQUARED);
    assert_ok(ec_train(&w, arch, &data, NULL, &o, NULL, &err), &err);
    for (size_t l = 0; l < arch->n_levels; l++)
        for (size_t c = 0; c < ec_level_channels(&arch->levels[l]); c++) {
            const ec_affine *a = &w.affine[l], *b = &batch.affine[l], *old = &before.affine[l];
            assert_close(a->mean[c], 0.9 * old->mean[c] + 0.1 * b->mean[c],
                         1e-5 * (1 + fabs(b->mean[c])));
            assert_close(a->variance[c], 0.9 * old->variance[c] + 0.1 * b->variance[c],
                         1e-5 * (1 + b->variance[c]));
        }
    ec_weights_clear(&before);
    ec_weights_clear(&batch);
    ec_weights_clear(&w);
    ec_dataset_clear(&data);
    ec_arch_free(arch);
}

static void every_feature_map_learns_what_model_then_finds(void **state)
{
    (void)state;

    for (size_t i = 0; i < N_LAYERED; i++) {
        ec_arch *arch = small_arch(LAYERED[i]);
        ec_dataset data = bright_and_dark(arch, 200);
        ec_weights w = start_of(arch, 5);
        ec_train_options o = {.epochs = 30, .batch = 32, .rate = 0.02, .decay = 1e-3};
        uint32_t mine[200], model[200];
        size_t right = 0;
        ec_error err = {0};

        assert_ok(ec_train(&w, arch, &data, NULL, &o, NULL, &err), &err);
        assert_ok(ec_train_classify(mine, arch, &w, &data, NULL, &err), &err);
        assert_ok(ec_model_classify(model, arch, &w, &data, NULL, &err), &err);
        for (size_t s = 0; s < data.n; s++) {
            right += mine[s] == data.label[s];
            assert_int_equal(mine[s], model[s]);
        }
        if (right < 190)
            fail_msg("%s: %zu of 200 right", arch->name, right);
        ec_weights_clear(&w);
        ec_dataset_clear(&data);
        ec_arch_free(arch);
    }
}

/* Stop after `left` reports. */
static bool stop(void *arg, const ec_train_report *report)
{
    size_t *left = arg;
    (void)report;

    return --*left > 0;
}

static void training_resumed_gives_the_bits_of_training_at_one_go(void **state)
{
    char path[64];
    ec_arch *arch = small_arch(LAYERED[0]);
    ec_dataset data = bright_and_dark(arch, 50);
    ec_weights whole = start_of(arch, 6), parts = start_of(arch, 6);
    size_t left = 2;
    ec_train_options o = {.epochs = 4, .batch = 16, .rate = 0.01, .decay = 0.1};
    ec_error err = {0};
    (void)state;

    snprintf(path, sizeof path, "/tmp/entcap-layerwise-%d", (int)getpid());
    assert_ok(ec_train(&whole, arch, &data, NULL, &o, NULL, &err), &err);
    o.checkpoint = path;
    o.resume = true;
    o.report = stop;
    o.report_arg = &left;
    assert_int_equal(ec_train(&parts, arch, &data, NULL, &o, NULL, NULL), EC_ECANCEL);
    o.report = NULL;
    o.loss = EC_LOSS_CROSS_ENTROPY; /* the default was squared */
    assert_int_equal(ec_train(&parts, arch, &data, NULL, &o, NULL, &err), EC_EINVAL);
    assert_non_null(strstr(err.msg, "checkpoint of training with loss 2, not 1"));
    err = (ec_error){0};
    o.loss = EC_LOSS_SQUARED;
    assert_ok(ec_train(&parts, arch, &data, NULL, &o, NULL, &err), &err);
    assert_same_vectors(&whole, &parts, arch);
    unlink(path);
    ec_weights_clear(&whole);
    ec_weights_clear(&parts);
    ec_dataset_clear(&data);
    ec_arch_free(arch);
}

static void features_that_are_not_learned_stay(void **state)
{
    ec_arch *arch = small_arch(LAYERED[1]);
    ec_dataset data = small_data(arch, SAMPLES, 4);
    ec_weights w = start_of(arch, 1);
    ec_train_options o = {.epochs = 2, .batch = 3, .rate = 0.1, .decay = 1};
    ec_error err = {0};
    (void)state;

    assert_ok(ec_train(&w, arch, &data, NULL, &o, NULL, &err), &err);
    for (uint32_t d = 0; d < w.n_features / 2; d++)
        assert_true(w.frequency[d] == d + 1.0);
    ec_weights_clear(&w);
    ec_dataset_clear(&data);
    ec_arch_free(arch);
}

static void bad_options_are_refused(void **state)
{
    ec_arch *arch = small_arch(SMALL[0]), *normed = small_arch(LAYERED[0]);
    ec_dataset data = small_data(arch, 3, 4);
    ec_weights w = start_of(arch, 1), v = start_of(normed, 1);
    ec_train_options o = {.epochs = 1, .batch = 3, .rate = 0.1, .decay = -1};
    double loss;
    ec_error err = {0};
    (void)state;

    assert_int_equal(ec_train(&w, arch, &data, NULL, &o, NULL, &err), EC_EINVAL);
    assert_string_equal(err.msg, "weight decay -1, must not be negative");
    err = (ec_error){0};
    assert_int_equal(ec_train_gradient(&v, &loss, normed, &v, data.pixels.data, 0, &err),
                     EC_EINVAL);
    assert_string_equal(err.msg, "the gradient of this network is that of a batch");
    ec_weights_clear(&w);
    ec_weights_clear(&v);
    ec_dataset_clear(&data);
    ec_arch_free(arch);
    ec_arch_free(normed);
}

typedef struct task {
    const ec_arch *arch;
    const ec_dataset *data;
} task;

static ec_status start_train_classify(void *arg, ec_error *err)
{
    const task *t = arg;
    ec_train_options o = {.epochs = 1, .batch = 4, .rate = 0.01};
    uint32_t label[SAMPLES];
    double loss;
    ec_weights w;
    ec_rng rng;

    ec_rng_seed(&rng, 1);
    ec_status status = ec_train_start(&w, t->arch, &rng, NULL, err);
    if (status == EC_OK)
        status = ec_train(&w, t->arch, t->data, t->data, &o, NULL, err);
    if (status == EC_OK)
        status = ec_train_classify(label, t->arch, &w, t->data, NULL, err);
    if (status == EC_OK)
        status = ec_train_batch_gradient(&w, &loss, t->arch, &w, t->data, EC_LOSS_DEFAULT, err);
    ec_weights_clear(&w);
    return status;
}

static void training_survives_want_of_memory(void **state)
{
    ec_arch *arch = small_arch(LAYERED[4]);
    ec_dataset data = small_data(arch, SAMPLES, 1);
    ec_run run = EC_RUN_INIT;
    ec_train_options o = one_step();
    ec_weights w = start_of(arch, 1);
    task t = {arch, &data};
    (void)state;

    assert_survives_oom(start_train_classify, &t);
    run.memory_bytes = 1000;
    assert_int_equal(ec_train(&w, arch, &data, NULL, &o, &run, NULL), EC_ELIMIT);
    ec_weights_clear(&w);
    ec_dataset_clear(&data);
    ec_arch_free(arch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gradients_through_the_batch_are_those_of_central_differences),
        cmocka_unit_test(running_statistics_follow_the_batch_with_momentum),
        cmocka_unit_test(every_feature_map_learns_what_model_then_finds),
        cmocka_unit_test(training_resumed_gives_the_bits_of_training_at_one_go),
        cmocka_unit_test(features_that_are_not_learned_stay),
        cmocka_unit_test(bad_options_are_refused),
        cmocka_unit_test(training_survives_want_of_memory),
    };
    return cmocka_run_group_tests_name("layerwise", tests, NULL, NULL);
}
