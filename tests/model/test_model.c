/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "check.h"

#include "entcap/io.h"
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
    .input = {.n_dims = 2,
              .grid = {4, 2},
              .channels = 3,
              .features = {EC_FEATURES_AFFINE_RELU, true, 1}},
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

/* ------------------------------------------------------- files of others */

#define PATH "build/test_model.safetensors"

/* A tensor as somebody else might have saved it: entries 0.5, 1.5, ... */
static ec_tensor tensor_of(const char *name, ec_dtype type, size_t n_dims, const size_t *shape)
{
    ec_tensor t;

    t.name = ec_strdup(name, NULL);
    assert_ok(ec_array_init(&t.array, type, n_dims, shape, NULL, NULL), NULL);
    for (size_t i = 0; i < t.array.count; i++)
        ec_array_set(&t.array, i, 1, (double[]){0.5 + (double)i});
    return t;
}

/* The tensors of the architecture above in another order, the single positions with a leading 1 */
static ec_tensors foreign(void)
{
    ec_tensors t = {ec_calloc(6, sizeof *t.items, NULL), 5};

    t.items[0] = tensor_of("features.bias", EC_F32, 1, (size_t[]){3});
    t.items[1] = tensor_of("layers.2.weight", EC_F32, 3, (size_t[]){1, 5, 2});
    t.items[2] = tensor_of("layers.1.weight", EC_F64, 3, (size_t[]){2, 2, 4});
    t.items[3] = tensor_of("features.weight", EC_F32, 2, (size_t[]){3, 1});
    t.items[4] = tensor_of("layers.0.weight", EC_F32, 2, (size_t[]){4, 3});
    return t;
}

static void weights_of_others_are_read(void **state)
{
    ec_tensors t = foreign();
    ec_weights w;
    ec_error err = {0};
    (void)state;

    assert_ok(ec_safetensors_write(&t, PATH, NULL), NULL);
    assert_ok(ec_weights_read(&w, &arch, PATH, NULL, &err), &err);
    assert_false(w.single); /* one tensor is F64 */
    assert_true(w.matrix[2][9] == 9.5 && w.slope[2] == 2.5 && w.offset[0] == 0.5);
    assert_true(ec_weights_at(&w, &arch, 1, 1)[0] == 8.5);
    assert_true(ec_weights_at(&w, &arch, 0, 7) == w.matrix[0]);
    ec_weights_clear(&w);
    ec_tensors_clear(&t);
    unlink(PATH);
}

static void assert_unfit(const ec_tensors *t, const char *msg)
{
    ec_weights w;
    ec_error err = {0};

    assert_ok(ec_safetensors_write(t, PATH, NULL), NULL);
    assert_int_equal(ec_weights_read(&w, &arch, PATH, NULL, &err), EC_EPARSE);
    assert_true(w.n_levels == 0 && w.matrix == NULL);
    assert_string_equal(err.file, PATH);
    assert_string_equal(err.msg, msg);
    unlink(PATH);
}

static void replace_tensor(ec_tensors *t, size_t i, ec_tensor by)
{
    ec_free(t->items[i].name);
    ec_array_clear(&t->items[i].array);
    t->items[i] = by;
}

static void weights_of_another_architecture_are_refused(void **state)
{
    ec_tensors t = foreign();
    (void)state;

    replace_tensor(&t, 4, tensor_of("layers.0.weight", EC_F32, 2, (size_t[]){3, 4}));
    assert_unfit(&t, "tensor 'layers.0.weight' has shape [3, 4], must be [4, 3]");
    replace_tensor(&t, 4, tensor_of("layers.0.weight", EC_F32, 3, (size_t[]){1, 4, 3}));
    assert_unfit(&t, "tensor 'layers.0.weight' has shape [1, 4, 3], must be [4, 3]");
    replace_tensor(&t, 4, tensor_of("layers.0.weight", EC_F32, 2, (size_t[]){4, 3}));
    replace_tensor(&t, 2, tensor_of("layers.1.weight", EC_F32, 2, (size_t[]){2, 4}));
    assert_unfit(&t, "tensor 'layers.1.weight' has shape [2, 4], must be [2, 2, 4]");
    replace_tensor(&t, 2, tensor_of("layers.7.weight", EC_F32, 2, (size_t[]){2, 4}));
    assert_unfit(&t, "tensor 'layers.7.weight' is not of this architecture, which has "
                     "layers.0.weight to layers.2.weight, features.weight and features.bias");
    replace_tensor(&t, 2, tensor_of("layers.1.weight", EC_F32, 3, (size_t[]){2, 2, 4}));
    ec_array_set(&t.items[0].array, 1, 1, (double[]){NAN});
    assert_unfit(&t, "tensor 'features.bias': entry 1 is nan, must be finite");
    ec_tensor last = t.items[4];
    replace_tensor(&t, 0, last);
    t.n = 4; /* without features.bias */
    assert_unfit(&t, "tensor 'features.bias' of shape [3] is missing");
    ec_tensors_clear(&t);
}

static ec_status write_and_read(void *arg, ec_error *err)
{
    ec_weights w = {.n_levels = 0};
    ec_status status = ec_weights_write(arg, &arch, PATH, err);

    if (status == EC_OK)
        status = ec_weights_read(&w, &arch, PATH, NULL, err);
    ec_weights_clear(&w);
    return status;
}

static void weights_survive_want_of_memory(void **state)
{
    ec_weights w = random_weights(1);
    ec_run run = EC_RUN_INIT;
    ec_weights none;
    ec_error err = {0};
    (void)state;

    assert_survives_oom(write_and_read, &w);
    run.memory_bytes = 100;
    assert_int_equal(ec_weights_init(&none, &arch, &run, &err), EC_ELIMIT);
    ec_weights_clear(&w);
    unlink(PATH);
}

/* --------------------------------------------------------------- features */

static void features_span_the_pixels_and_never_all_vanish(void **state)
{
    ec_weights w = {.n_features = 5,
                    .features = {EC_FEATURES_AFFINE_RELU, true, 1},
                    .slope = (double[5]){0},
                    .offset = (double[5]){0}};
    (void)state;

    ec_weights_spread_features(&w);
    for (int i = 0; i <= 100; i++) {
        double f[5], x = i / 100.0, t[3] = {0.25, 0.5, 0.75};
        ec_model_features(f, &w, &x, 1);
        assert_close(f[0] + f[1], 1, 1e-15); /* 1 - x and x */
        assert_close(f[2], fmax(0, 1 - x / t[0]), 1e-14);
        assert_close(f[3], fmax(0, (x - t[1]) / (1 - t[1])), 1e-14);
        assert_close(f[4], fmax(0, 1 - x / t[2]), 1e-14);
    }
}

static void what_is_not_finite_is_reported(void **state)
{
    ec_weights w = random_weights(1);
    double x[24], out[5], log_scale;
    ec_error err = {0};
    (void)state;

    for (int i = 0; i < 24; i++)
        x[i] = 1;
    x[5] = INFINITY;
    assert_int_equal(ec_model_forward(out, &log_scale, &arch, &w, x, &err), EC_ENUMERIC);
    x[5] = 1;
    w.matrix[1][3] = NAN;
    assert_int_equal(ec_model_forward(out, &log_scale, &arch, &w, x, NULL), EC_ENUMERIC);
    ec_weights_clear(&w);
}

static void forward_is_multilinear_at_any_scale(void **state)
{
    ec_weights w = random_weights(2);
    double x[24], out[5], scaled[5], log_scale, log_scaled;
    (void)state;

    for (int i = 0; i < 24; i++)
        x[i] = 1 + 0.1 * i;
    assert_ok(ec_model_forward(out, &log_scale, &arch, &w, x, NULL), NULL);
    for (int i = 0; i < 24; i++)
        x[i] *= 1e200; /* eight sites: h is 1e1600 times as large */
    assert_ok(ec_model_forward(scaled, &log_scaled, &arch, &w, x, NULL), NULL);
    assert_close(log_scaled - log_scale, 1600 * log(10), 1e-10);
    for (int y = 0; y < 5; y++)
        assert_close(scaled[y], out[y], 1e-12);
    x[0] = x[1] = x[2] = 0; /* a site that is zero makes h zero */
    assert_ok(ec_model_forward(out, &log_scale, &arch, &w, x, NULL), NULL);
    for (int y = 0; y < 5; y++)
        assert_true(out[y] == 0);
    ec_weights_clear(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forward_is_the_formula_written_out),
        cmocka_unit_test(weights_survive_a_file),
        cmocka_unit_test(weights_of_others_are_read),
        cmocka_unit_test(weights_of_another_architecture_are_refused),
        cmocka_unit_test(weights_survive_want_of_memory),
        cmocka_unit_test(features_span_the_pixels_and_never_all_vanish),
        cmocka_unit_test(what_is_not_finite_is_reported),
        cmocka_unit_test(forward_is_multilinear_at_any_scale),
    };
    return cmocka_run_group_tests_name("model", tests, NULL, NULL);
}
