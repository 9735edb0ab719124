/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "check.h"

#include "entcap/model.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* 4 x 2 sites of length 3; windows 1x1, 2x2, 2x1; W_0 shared, W_1 at two positions, dense. */
static ec_layer layers[] = {
    {.kind = EC_LAYER_CONV, .channels = 4, .shared = true},
    {.kind = EC_LAYER_POOL, .window = {2, 2}},
    {.kind = EC_LAYER_CONV, .channels = 2, .shared = false},
    {.kind = EC_LAYER_POOL, .window = {2, 1}},
    {.kind = EC_LAYER_DENSE, .channels = 5},
};
static ec_level levels[] = {
    {.dim = 3, .window = {1, 1}, .grid = {4, 2}, .out = 4, .shared = true, .layer = 0},
    {.dim = 4, .window = {2, 2}, .grid = {2, 1}, .out = 2, .shared = false, .layer = 2},
    {.dim = 2, .window = {2, 1}, .grid = {1, 1}, .out = 5, .shared = false, .layer = 4},
};
static const ec_arch arch = {
    .n_sites = 8,
    .input = {.n_dims = 2, .grid = {4, 2}, .channels = 3, .features = EC_FEATURES_AFFINE_RELU},
    .layers = layers,
    .n_layers = 5,
    .levels = levels,
    .n_levels = 3,
    .outputs = 5,
};

static ec_weights random_weights(uint64_t seed)
{
    ec_weights w;
    ec_rng rng;

    ec_rng_seed(&rng, seed);
    assert_ok(ec_weights_random(&w, &arch, &rng, NULL, NULL), NULL);
    return w;
}

/* h_y written out for this one architecture, in plain loops over its formula. */
static void write_out(double *h, const ec_weights *w, double x[8][3])
{
    double top[2] = {1, 1};

    for (int q = 0; q < 2; q++) {
        double pooled[4] = {1, 1, 1, 1};
        for (int site = 4 * q; site < 4 * q + 4; site++)
            for (int c = 0; c < 4; c++)
                pooled[c] *= w->matrix[0][3 * c] * x[site][0] +
                             w->matrix[0][3 * c + 1] * x[site][1] +
                             w->matrix[0][3 * c + 2] * x[site][2];
        for (int c = 0; c < 2; c++) {
            double sum = 0;
            for (int k = 0; k < 4; k++)
                sum += w->matrix[1][q * 8 + c * 4 + k] * pooled[k];
            top[c] *= sum;
        }
    }
    for (int y = 0; y < 5; y++)
        h[y] = w->matrix[2][2 * y] * top[0] + w->matrix[2][2 * y + 1] * top[1];
}

static void forward_is_the_formula_written_out(void **state)
{
    (void)state;
    ec_weights w = random_weights(check_seed());
    double x[8][3], h[5], out[5], log_scale;
    ec_rng rng;

    ec_rng_seed(&rng, 5);
    for (int i = 0; i < 24; i++)
        x[i / 3][i % 3] = ec_rng_normal(&rng);
    write_out(h, &w, x);
    assert_ok(ec_model_forward(out, &log_scale, &arch, &w, &x[0][0], NULL), NULL);
    double largest = 0;
    for (int y = 0; y < 5; y++) {
        assert_close(out[y] * exp(log_scale), h[y], 1e-13 * fabs(h[y]));
        largest = fmax(largest, fabs(out[y]));
    }
    assert_close(largest, 1, 0);
    ec_weights_clear(&w);
}

static void weights_survive_a_file(void **state)
{
    (void)state;
    const char *path = "build/test_model.safetensors";
    ec_weights w = random_weights(3), back;
    ec_error err = {0};

    assert_ok(ec_weights_write(&w, &arch, path, &err), &err);
    assert_ok(ec_weights_read(&back, &arch, path, NULL, &err), &err);
    assert_false(back.single);
    for (size_t l = 0; l < arch.n_levels; l++)
        assert_memory_equal(back.matrix[l], w.matrix[l],
                            ec_weights_count(&arch, l) * sizeof(double));
    assert_memory_equal(back.slope, w.slope, 3 * sizeof(double));
    ec_weights_clear(&w);
    ec_weights_clear(&back);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forward_is_the_formula_written_out),
        cmocka_unit_test(weights_survive_a_file),
    };
    return cmocka_run_group_tests_name("model", tests, NULL, NULL);
}
