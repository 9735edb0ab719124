/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "layered.h"

/* Weights after some steps with batches of 50 and 30. */
static ec_weights trained_by(const ec_arch *arch, unsigned threads)
{
    ec_dataset data = bright_and_dark(arch, 80);
    ec_train_options o = {.epochs = 3, .batch = 50, .rate = 0.02, .decay = 0.01};
    ec_weights w = start_of(arch, 7);
    ec_run run = EC_RUN_INIT;
    ec_error err = {0};

    run.threads = threads;
    assert_ok(ec_train(&w, arch, &data, NULL, &o, &run, &err), &err);
    ec_dataset_clear(&data);
    return w;
}

static void threads_change_no_bit(void **state)
{
    (void)state;

    for (size_t i = 0; i < N_LAYERED; i++) {
        ec_arch *arch = small_arch(LAYERED[i]);
        ec_weights one = trained_by(arch, 1);
        for (unsigned n = 2; n < 9; n += 3) {
            ec_weights many = trained_by(arch, n);
            assert_same_vectors(&one, &many, arch);
            ec_weights_clear(&many);
        }
        ec_weights_clear(&one);
        ec_arch_free(arch);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_change_no_bit),
    };
    return cmocka_run_group_tests_name("batches", tests, NULL, NULL);
}
