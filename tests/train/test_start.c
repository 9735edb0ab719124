/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "small.h"

#include "entcap/state.h"

/* The weights that training starts from: their distribution, and what it is for. */

/* 256 sites; d = 12 below the products of 4 factors, 24 below those of 2, and 8 at the top. */
static const char net[] = "name: start\ninput: {shape: [16, 16], channels: 6" FEATURES
                          "  - conv: {channels: 12, shared: false}\n  - pool: {window: [2, 2]}\n"
                          "  - conv: {channels: 24, shared: false}\n  - pool: {window: [2, 2]}\n"
                          "  - conv: {channels: 24, shared: false}\n  - pool: {window: [2, 1]}\n"
                          "  - conv: {channels: 8, shared: false}\n  - pool: {window: [2, 2]}\n"
                          "  - conv: {channels: 8, shared: false}\n  - pool: {window: [1, 2]}\n"
                          "  - dense: {outputs: 10}\n";

/* Mean, deviation, smallest of the entries of a matrix. */
typedef struct moments {
    double mean, deviation, least, n;
} moments;

static moments moments_of(const ec_weights *w, const ec_arch *arch, size_t level)
{
    moments m = {.least = INFINITY, .n = (double)ec_weights_count(arch, level)};

    for (size_t i = 0; i < ec_weights_count(arch, level); i++) {
        double x = w->matrix[level][i];
        m.mean += x / m.n;
        m.deviation += x * x / m.n;
        m.least = fmin(m.least, x);
    }
    m.deviation = sqrt(m.deviation - m.mean * m.mean);
    return m;
}

static void entries_are_drawn_as_the_header_says(void **state)
{
    static const double expected[][2] = {{0.5, 0.288675}, /* uniform: 1 / sqrt(12) */
                                         {0.5, 0.866025}, /* sqrt(12 / 4) / 2 */
                                         {0.5, 1.732051}, /* sqrt(24 / 2) / 2 */
                                         {0.5, 1.224745}, /* sqrt(24 / 4) / 2 */
                                         {0.5, 1},        /* sqrt(8 / 2) / 2 */
                                         {0, 0.106066}};  /* 0.3 / sqrt(8) */
    ec_arch *arch = small_arch(net);
    ec_weights w;
    ec_rng rng;
    (void)state;

    ec_rng_seed(&rng, 1);
    assert_ok(ec_train_start(&w, arch, &rng, NULL, NULL), NULL);
    for (size_t l = 0; l < arch->n_levels; l++) {
        moments m = moments_of(&w, arch, l);
        double error = expected[l][1] / sqrt(m.n); /* of the mean; that of the deviation is less */
        assert_close(m.mean, expected[l][0], 4 * error);
        assert_close(m.deviation, expected[l][1], 4 * error);
        assert_true(l != 0 || m.least >= 0);
    }
    ec_weights_clear(&w);
    ec_arch_free(arch);
}

/* Mean entropy of the labels across left and right. */
static double mean_entropy(const ec_arch *arch, const ec_weights *w)
{
    const char *const names[] = {"left-right"};
    ec_state_options options = EC_STATE_OPTIONS_INIT;
    ec_label_entropies found[10];
    ec_partitions partitions;
    ec_error err = {0};
    double sum = 0;

    options.basis = EC_BASIS_FEATURES;
    assert_ok(ec_arch_partitions(&partitions, arch, names, 1, &err), &err);
    const ec_state_input in = {.arch = arch, .weights = w, .a = &partitions.items[0].a};
    assert_ok(ec_state_entropies(found, &in, &options, NULL, &err), &err);
    for (size_t y = 0; y < 10; y++) {
        assert_true(found[y].von_neumann.known);
        sum += found[y].von_neumann.value / 10;
    }
    ec_partitions_clear(&partitions);
    return sum;
}

/* Neither a product state nor, of at most ln 8 nats, much of all there could be. */
static void the_start_is_entangled(void **state)
{
    ec_arch *arch = small_arch(net);
    double sum = 0;
    (void)state;

    for (uint64_t seed = 1; seed <= 5; seed++) {
        ec_weights w;
        ec_rng rng;
        ec_rng_seed(&rng, seed);
        assert_ok(ec_train_start(&w, arch, &rng, NULL, NULL), NULL);
        sum += mean_entropy(arch, &w) / 5;
        ec_weights_clear(&w);
    }
    assert_true(sum > 0.2 && sum < 1.8);
    ec_arch_free(arch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entries_are_drawn_as_the_header_says),
        cmocka_unit_test(the_start_is_entangled),
    };
    return cmocka_run_group_tests_name("train: start", tests, NULL, NULL);
}
