/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "shell.h"
#include "small.h"

#include "entcap/io.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* 20 samples in batches of 6, three epochs: 12 steps, measured before every fifth. */
enum { N_SAMPLES = 20, N_STEPS = 12, MEASURE_EVERY = 5 };

/* All that a run tells, in words. */
typedef struct story {
    char text[4096];
    size_t length;
    double stop_at; /* samples after which it is stopped; 0: never */
    size_t went_on_from;
} story;

static bool tell_epoch(void *arg, const ec_train_report *r)
{
    story *s = arg;

    s->length += (size_t)snprintf(s->text + s->length, sizeof s->text - s->length,
                                  "epoch %zu step %zu: %a %a %a\n", r->epoch, r->step, r->loss,
                                  r->train_accuracy, r->test_accuracy);
    return true;
}

static ec_status tell_measurement(void *arg, const ec_train_report *r, const ec_weights *w,
                                  ec_error *err)
{
    story *s = arg;
    (void)err;

    s->length += (size_t)snprintf(s->text + s->length, sizeof s->text - s->length,
                                  "step %zu: %a %a, a weight is %a\n", r->step, r->loss,
                                  r->train_accuracy, w->matrix[1][0]);
    return EC_OK;
}

static ec_status note_resumption(void *arg, const ec_train_resumed *at, ec_error *err)
{
    story *s = arg;
    (void)err;

    s->went_on_from = at->step;
    return EC_OK;
}

static bool stop_when_told(void *arg, const char *what, double done, double total)
{
    const story *s = arg;
    (void)what;

    return s->stop_at == 0 || total != N_SAMPLES * 3 || done < s->stop_at;
}

static ec_train_options options_of(story *s, ec_optimizer optimizer, const char *path)
{
    return (ec_train_options){.optimizer = optimizer,
                              .epochs = 3,
                              .batch = 6,
                              .rate = 0.02,
                              .report = tell_epoch,
                              .measure = tell_measurement,
                              .resumed = note_resumption,
                              .report_arg = s,
                              .measure_every = MEASURE_EVERY,
                              .checkpoint = path};
}

typedef struct scene {
    ec_arch *arch;
    ec_dataset train, test;
    char path[300];
} scene;

static scene open_scene(const char *folder)
{
    scene s = {.arch = small_arch(SMALL[1])};

    s.train = small_data(s.arch, N_SAMPLES, 1);
    s.test = small_data(s.arch, 9, 2);
    snprintf(s.path, sizeof s.path, "%s/w.checkpoint", folder);
    return s;
}

static void close_scene(scene *s)
{
    ec_dataset_clear(&s->train);
    ec_dataset_clear(&s->test);
    ec_arch_free(s->arch);
}

static ec_status run_training(ec_weights *w, const scene *s, const ec_train_options *o, story *told,
                              ec_error *err)
{
    ec_run run = EC_RUN_INIT;
    ec_rng rng;

    run.progress = stop_when_told;
    run.progress_arg = told;
    ec_rng_seed(&rng, 4);
    assert_ok(ec_train_start(w, s->arch, &rng, NULL, NULL), NULL);
    return ec_train(w, s->arch, &s->train, &s->test, o, &run, err);
}

static void assert_same_weights(const ec_weights *a, const ec_weights *b, const ec_arch *arch)
{
    size_t n;

    for (size_t k = 0; k < a->n_levels + 2; k++) {
        const double *x = small_vector(a, arch, k, &n);
        assert_memory_equal(x, small_vector(b, arch, k, &n), n * sizeof *x);
    }
}

/* ----------------------------------------------------------------- resuming */

static void a_run_stopped_anywhere_goes_on_to_the_same_bits(void **state)
{
    (void)state;

    for (ec_optimizer optimizer = EC_ADAM; optimizer <= EC_SGD; optimizer++) {
        scene s = open_scene(*state);
        story whole = {.length = 0};
        ec_weights expected, w;
        ec_train_options o = options_of(&whole, optimizer, NULL);

        assert_ok(run_training(&expected, &s, &o, &whole, NULL), NULL);
        for (unsigned stop = 1; stop <= 3 * N_SAMPLES; stop += 3) {
            story told = {.stop_at = (double)stop};
            ec_error err = {0};
            o = options_of(&told, optimizer, s.path);
            assert_int_equal(run_training(&w, &s, &o, &told, &err), EC_ECANCEL);
            ec_weights_clear(&w);
            told.stop_at = 0;
            o.resume = true;
            assert_ok(run_training(&w, &s, &o, &told, &err), &err);
            assert_true(told.went_on_from > 0);
            assert_string_equal(told.text, whole.text);
            assert_same_weights(&w, &expected, s.arch);
            ec_weights_clear(&w);
        }
        ec_weights_clear(&expected);
        close_scene(&s);
    }
}

/* As if killed: the file of a step is all that is left, and what came after it comes again. */
static void a_checkpoint_in_the_middle_of_an_epoch_is_enough(void **state)
{
    scene s = open_scene(*state);
    story whole = {.length = 0}, killed = {.length = 0}, told = {.length = 0};
    ec_weights expected, w;
    ec_train_options o = options_of(&whole, EC_ADAM, NULL);
    char copy[320];

    assert_ok(run_training(&expected, &s, &o, &whole, NULL), NULL);
    snprintf(copy, sizeof copy, "%s.copy", s.path);
    o = options_of(&killed, EC_ADAM, copy);
    o.checkpoint_every = 7;
    killed.stop_at = 2 * N_SAMPLES - 2; /* step 7 is saved; the second epoch is not over */
    assert_int_equal(run_training(&w, &s, &o, &killed, NULL), EC_ECANCEL);
    ec_weights_clear(&w);
    assert_int_equal(rename(copy, s.path), 0);
    o = options_of(&told, EC_ADAM, s.path);
    o.resume = true;
    assert_ok(run_training(&w, &s, &o, &told, NULL), NULL);
    assert_int_equal(told.went_on_from, 7);
    assert_same_weights(&w, &expected, s.arch);
    ec_weights_clear(&w);
    ec_weights_clear(&expected);
    close_scene(&s);
}

static void without_a_checkpoint_resuming_is_starting(void **state)
{
    scene s = open_scene(*state);
    story whole = {.length = 0}, told = {.length = 0};
    ec_weights expected, w;
    ec_train_options o = options_of(&whole, EC_ADAM, NULL);

    assert_ok(run_training(&expected, &s, &o, &whole, NULL), NULL);
    o = options_of(&told, EC_ADAM, s.path);
    o.resume = true;
    assert_ok(run_training(&w, &s, &o, &told, NULL), NULL);
    assert_int_equal(told.went_on_from, 0);
    assert_same_weights(&w, &expected, s.arch);
    ec_weights_clear(&w);
    assert_ok(run_training(&w, &s, &o, &told, NULL), NULL); /* that of the end: nothing is left */
    assert_int_equal(told.went_on_from, N_STEPS);
    assert_same_weights(&w, &expected, s.arch);
    ec_weights_clear(&w);
    ec_weights_clear(&expected);
    close_scene(&s);
}

static void a_checkpoint_is_a_file_of_weights(void **state)
{
    scene s = open_scene(*state);
    story told = {.length = 0};
    ec_weights w, read;
    ec_train_options o = options_of(&told, EC_ADAM, s.path);

    assert_ok(run_training(&w, &s, &o, &told, NULL), NULL);
    assert_ok(ec_weights_read(&read, s.arch, s.path, NULL, NULL), NULL);
    assert_true(read.single);
    assert_same_weights(&w, &read, s.arch);
    ec_weights_clear(&w);
    ec_weights_clear(&read);
    close_scene(&s);
}

/* ---------------------------------------------------------------- refusals */

/* Resume with other options, or another scene; nothing is learned. */
static void assert_refused(const scene *s, const ec_train_options *o, ec_status status,
                           const char *msg)
{
    story told = {.length = 0};
    ec_weights w;
    ec_error err = {0};
    ec_train_options mine = *o;

    mine.report_arg = &told;
    mine.resume = true;
    assert_int_equal(run_training(&w, s, &mine, &told, &err), status);
    assert_string_equal(err.msg, msg);
    assert_string_equal(err.file, s->path);
    assert_int_equal(told.length, 0);
    ec_weights_clear(&w);
}

static void leave_checkpoint(const scene *s)
{
    story told = {.stop_at = 15};
    ec_weights w;
    ec_train_options o = options_of(&told, EC_ADAM, s->path);

    assert_int_equal(run_training(&w, s, &o, &told, NULL), EC_ECANCEL);
    ec_weights_clear(&w);
}

static void checkpoints_of_other_runs_are_refused(void **state)
{
    scene s = open_scene(*state), other = s;
    ec_train_options o = options_of(NULL, EC_SGD, s.path);

    leave_checkpoint(&s);
    assert_refused(&s, &o, EC_EINVAL, "checkpoint of training with optimizer 0, not 1");
    o = options_of(NULL, EC_ADAM, s.path);
    o.batch = 7;
    assert_refused(&s, &o, EC_EINVAL, "checkpoint of training with batch 6, not 7");
    o = options_of(NULL, EC_ADAM, s.path);
    o.epochs = 4;
    assert_refused(&s, &o, EC_EINVAL, "checkpoint of training with epochs 3, not 4");
    o = options_of(NULL, EC_ADAM, s.path);
    o.rate = 0.01;
    assert_refused(&s, &o, EC_EINVAL, "checkpoint of training with lr 0.02, not 0.01");
    o = options_of(NULL, EC_ADAM, s.path);
    o.schedule = EC_SCHEDULE_COSINE;
    assert_refused(&s, &o, EC_EINVAL, "checkpoint of training with schedule 0, not 1");
    o = options_of(NULL, EC_ADAM, s.path);
    o.measure_every = 4;
    assert_refused(&s, &o, EC_EINVAL, "checkpoint of training with entropy-every 5, not 4");
    o = options_of(NULL, EC_ADAM, s.path);
    ((double *)s.train.pixels.data)[3] += 0.25;
    assert_refused(&s, &o, EC_EINVAL, "checkpoint of training on other data");
    ((double *)s.train.pixels.data)[3] -= 0.25;
    other.arch = small_arch(SMALL[0]);
    other.train = small_data(other.arch, N_SAMPLES, 1);
    other.test = small_data(other.arch, 9, 2);
    assert_refused(&other, &o, EC_EINVAL, "checkpoint of another network");
    close_scene(&other);
    close_scene(&s);
}

static void weights_alone_are_no_checkpoint(void **state)
{
    scene s = open_scene(*state);
    ec_train_options o = options_of(NULL, EC_ADAM, s.path);
    ec_weights w = small_weights(s.arch, 1);

    assert_ok(ec_weights_write(&w, s.arch, s.path, NULL), NULL);
    assert_refused(&s, &o, EC_EPARSE,
                   "not a checkpoint: there is no tensor 'train.state' of 34 F64 numbers");
    ec_weights_clear(&w);
    close_scene(&s);
}

/* Cut anywhere, or with any one bit turned, it is not taken for a checkpoint. */
static void damaged_checkpoints_are_refused(void **state)
{
    scene s = open_scene(*state);
    ec_bytes file;
    ec_rng rng;

    leave_checkpoint(&s);
    assert_ok(ec_file_read(&file, s.path, NULL, NULL), NULL);
    ec_rng_seed(&rng, check_seed());
    for (size_t i = 0; i < check_count(400); i++) {
        story told = {.length = 0};
        ec_train_options o = options_of(&told, EC_ADAM, s.path);
        size_t at = (size_t)ec_rng_below(&rng, file.size);
        unsigned char bit = (unsigned char)(1u << ec_rng_below(&rng, 8));
        ec_weights w;
        ec_error err = {0};
        o.resume = true;
        if (i % 4 == 0) {
            assert_ok(ec_file_write(s.path, file.data, at, NULL), NULL);
        } else {
            file.data[at] ^= bit;
            assert_ok(ec_file_write(s.path, file.data, file.size, NULL), NULL);
            file.data[at] ^= bit;
        }
        if (run_training(&w, &s, &o, &told, &err) == EC_OK)
            fail_msg("seed %d: byte %zu, bit %u of %zu is not missed", (int)check_seed(), at, bit,
                     file.size);
        assert_true(err.msg[0] != '\0' && told.length == 0);
        ec_weights_clear(&w);
    }
    ec_bytes_clear(&file);
    close_scene(&s);
}

/* What went wrong, and which state is left; the file is as good as before. */
static void divergence_keeps_the_last_good_state(void **state)
{
    scene s = open_scene(*state);
    story told = {.length = 0};
    ec_train_options o = options_of(&told, EC_SGD, s.path);
    ec_weights w, kept;
    ec_error err = {0};
    char expected[400];

    o.rate = 1e9; /* the first step is still finite */
    o.checkpoint_every = 1;
    assert_int_equal(run_training(&w, &s, &o, &told, &err), EC_ENUMERIC);
    snprintf(expected, sizeof expected, "; try a learning rate below 1e+09; %s holds step 1",
             s.path);
    assert_non_null(strstr(err.msg, "training diverged at step 2: "));
    assert_non_null(strstr(err.msg, expected));
    assert_ok(ec_weights_read(&kept, s.arch, s.path, NULL, NULL), NULL);
    ec_weights_clear(&kept);
    ec_weights_clear(&w);
    close_scene(&s);
}

static void a_checkpoint_that_cannot_be_written_is_said(void **state)
{
    scene s = open_scene(*state);
    story told = {.stop_at = 15};
    ec_train_options o = options_of(&told, EC_ADAM, "/proc/none/w.checkpoint");
    ec_weights w;
    ec_error err = {0};

    assert_int_equal(run_training(&w, &s, &o, &told, &err), EC_EIO);
    assert_string_equal(err.file, "/proc/none/w.checkpoint");
    ec_weights_clear(&w);
    close_scene(&s);
}

static ec_status stop_and_go_on(void *arg, ec_error *err)
{
    const scene *s = arg;
    story told = {.stop_at = 15};
    ec_run run = EC_RUN_INIT;
    ec_train_options o = options_of(&told, EC_ADAM, s->path);
    ec_weights w;

    ec_status status = ec_weights_init(&w, s->arch, NULL, err);
    run.progress = stop_when_told;
    run.progress_arg = &told;
    ec_weights_spread_features(&w);
    if (status == EC_OK)
        status = ec_train(&w, s->arch, &s->train, NULL, &o, &run, err);
    if (status == EC_ECANCEL) {
        if (err != NULL)
            *err = (ec_error){0};
        told.stop_at = 0;
        o.resume = true;
        status = ec_train(&w, s->arch, &s->train, NULL, &o, &run, err);
    }
    ec_weights_clear(&w);
    return status;
}

static void checkpoints_survive_want_of_memory(void **state)
{
    scene s = open_scene(*state);

    assert_survives_oom(stop_and_go_on, &s);
    close_scene(&s);
}

#define IN_FOLDER(test)                                                                            \
    cmocka_unit_test_setup_teardown(test, shell_make_folder, shell_remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(a_run_stopped_anywhere_goes_on_to_the_same_bits),
        IN_FOLDER(a_checkpoint_in_the_middle_of_an_epoch_is_enough),
        IN_FOLDER(without_a_checkpoint_resuming_is_starting),
        IN_FOLDER(a_checkpoint_is_a_file_of_weights),
        IN_FOLDER(checkpoints_of_other_runs_are_refused),
        IN_FOLDER(weights_alone_are_no_checkpoint),
        IN_FOLDER(damaged_checkpoints_are_refused),
        IN_FOLDER(divergence_keeps_the_last_good_state),
        IN_FOLDER(a_checkpoint_that_cannot_be_written_is_said),
        IN_FOLDER(checkpoints_survive_want_of_memory),
    };
    return cmocka_run_group_tests_name("train: checkpoints", tests, NULL, NULL);
}
