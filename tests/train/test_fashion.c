/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "check.h"

#include "entcap/train.h"

#include <string.h>
#include <unistd.h>

/* The real thing, smaller: some thousand images of Fashion-MNIST, the saved weights read again. */

static double share_equal(const uint32_t *a, const uint32_t *b, size_t n)
{
    size_t equal = 0;

    for (size_t i = 0; i < n; i++)
        equal += a[i] == b[i];
    return (double)equal / (double)n;
}

/* Train for an epoch, on 6000 images; a thousand others to look at. */
static void train_model(ec_weights *w, ec_arch **arch, ec_dataset *test, const char *model)
{
    ec_data_source source = {"fashion-mnist", EC_DATA_TRAIN, 6000};
    ec_train_options options = EC_TRAIN_OPTIONS_INIT;
    ec_run run = EC_RUN_INIT;
    ec_dataset train;
    ec_rng rng;
    ec_error err = {0};

    run.threads = 2;
    ec_rng_seed(&rng, run.seed);
    assert_ok(ec_arch_read(arch, model, &err), &err);
    assert_ok(ec_data_read(&train, &source, *arch, &run, &err), &err);
    source = (ec_data_source){"fashion-mnist", EC_DATA_TEST, 1000};
    assert_ok(ec_data_read(test, &source, *arch, &run, &err), &err);
    assert_ok(ec_train_start(w, *arch, &rng, &run, &err), &err);
    assert_ok(ec_train(w, *arch, &train, test, &options, &run, &err), &err);
    ec_dataset_clear(&train);
}

static void saved_weights_classify_as_the_network_that_was_trained(void **state)
{
    const char *path = "build/test_fashion.safetensors";
    uint32_t trained[1000], read[1000];
    ec_dataset test;
    ec_weights w, saved;
    ec_arch *arch;
    ec_run run = EC_RUN_INIT;
    ec_error err = {0};
    (void)state;

    train_model(&w, &arch, &test, "models/fashion-convac.yaml");
    assert_ok(ec_weights_write(&w, arch, path, &err), &err);
    assert_ok(ec_weights_read(&saved, arch, path, &run, &err), &err);
    unlink(path);

    assert_true(saved.single);
    for (size_t l = 0; l < w.n_levels; l++)
        assert_memory_equal(saved.matrix[l], w.matrix[l],
                            ec_weights_count(arch, l) * sizeof(double));
    assert_ok(ec_train_classify(trained, arch, &w, &test, &run, &err), &err);
    assert_ok(ec_model_classify(read, arch, &saved, &test, &run, &err), &err);
    assert_true(share_equal(trained, read, test.n) == 1);
    assert_true(share_equal(read, test.label, test.n) > 0.4); /* 0.1 is chance */

    ec_weights_clear(&w);
    ec_weights_clear(&saved);
    ec_dataset_clear(&test);
    ec_arch_free(arch);
}

static void positions_of_their_own_are_learned_in_an_epoch(void **state)
{
    uint32_t found[1000];
    ec_dataset test;
    ec_weights w;
    ec_arch *arch;
    ec_error err = {0};
    (void)state;

    train_model(&w, &arch, &test, "models/fashion-unshared.yaml");
    assert_ok(ec_train_classify(found, arch, &w, &test, NULL, &err), &err);
    assert_true(share_equal(found, test.label, test.n) > 0.7);
    ec_weights_clear(&w);
    ec_dataset_clear(&test);
    ec_arch_free(arch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(saved_weights_classify_as_the_network_that_was_trained),
        cmocka_unit_test(positions_of_their_own_are_learned_in_an_epoch),
    };
    return cmocka_run_group_tests_name("train: Fashion-MNIST", tests, NULL, NULL);
}
