/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "check.h"

#include "entcap/io.h"
#include "entcap/model.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Norm before every matrix, one of them unshared, a bias; 4 sites of 2 features. */
static const char description[] =
    "name: t\ninput: {shape: [4], channels: 2, features: {kind: cos-sin, scale: 0.5}}\nlayers:\n"
    "  - conv: {channels: 3, norm: batch}\n  - pool: {window: 2}\n"
    "  - conv: {channels: 4, shared: false, norm: batch}\n  - pool: {window: 2}\n"
    "  - dense: {outputs: 2, norm: batch, bias: true}\n";

static ec_arch *parse(const char *text)
{
    ec_arch *arch;
    ec_error err = {0};

    assert_ok(ec_arch_parse(&arch, text, strlen(text), "text", &err), &err);
    return arch;
}

static ec_weights draw(const ec_arch *arch, uint64_t seed)
{
    ec_weights w;
    ec_rng rng;

    ec_rng_seed(&rng, seed);
    assert_ok(ec_weights_random(&w, arch, &rng, NULL, NULL), NULL);
    return w;
}

/* W norm(x) (+ bias), as the layer is defined */
static void layer(double *out, const double *x, const double *w, const ec_affine *a, size_t n[2])
{
    for (size_t i = 0; i < n[0]; i++) {
        out[i] = a->bias != NULL ? a->bias[i] : 0;
        for (size_t c = 0; c < n[1]; c++)
            out[i] +=
                w[i * n[1] + c] *
                (a->gamma[c] * (x[c] - a->mean[c]) / sqrt(a->variance[c] + 1e-5) + a->beta[c]);
    }
}

static void the_constant_channel_computes_what_norms_and_bias_do(void **state)
{
    (void)state;
    ec_arch *arch = parse(description);

    for (uint64_t seed = 1; seed <= 20; seed++) {
        ec_weights w = draw(arch, seed);
        ec_rng rng;
        double pixel[4], sites[4 * 3], mid[2][3] = {{1, 1, 1}, {1, 1, 1}}, top[4] = {1, 1, 1, 1};
        double expected[2], got[2], log_scale;
        ec_error err = {0};

        ec_rng_seed(&rng, 100 + seed);
        for (size_t c = 0; c < 4; c++)
            w.affine[1].variance[c % 3] = 0.5 + ec_rng_uniform(&rng);
        ec_weights_compose(&w, arch);
        for (size_t s = 0; s < 4; s++) {
            double out[3], f[2];
            pixel[s] = ec_rng_uniform(&rng);
            f[0] = cos(M_PI * pixel[s]); /* 2 pi 1 x, x half the pixel */
            f[1] = sin(M_PI * pixel[s]);
            layer(out, f, w.affine[0].weight, &w.affine[0], (size_t[]){3, 2});
            for (size_t c = 0; c < 3; c++)
                mid[s / 2][c] *= out[c];
        }
        for (size_t p = 0; p < 2; p++) {
            double out[4];
            layer(out, mid[p], w.affine[1].weight + p * 12, &w.affine[1], (size_t[]){4, 3});
            for (size_t c = 0; c < 4; c++)
                top[c] *= out[c];
        }
        layer(expected, top, w.affine[2].weight, &w.affine[2], (size_t[]){2, 4});
        ec_model_features(sites, &w, pixel, 4);
        assert_ok(ec_model_forward(got, &log_scale, arch, &w, sites, &err), &err);
        for (size_t y = 0; y < 2; y++)
            assert_close(got[y] * exp(log_scale), expected[y], 1e-13 * (1 + fabs(expected[y])));
        ec_weights_clear(&w);
    }
    ec_arch_free(arch);
}

static void affine_weights_survive_a_file(void **state)
{
    (void)state;
    ec_arch *arch = parse(description);
    ec_weights w = draw(arch, 3), back;
    char path[] = "/tmp/entcap-affine-XXXXXX";
    ec_error err = {0};

    close(mkstemp(path));
    assert_ok(ec_weights_write(&w, arch, path, &err), &err);
    assert_ok(ec_weights_read(&back, arch, path, NULL, &err), &err);
    for (size_t l = 0; l < arch->n_levels; l++) {
        size_t channels = ec_level_channels(&arch->levels[l]);
        assert_memory_equal(back.matrix[l], w.matrix[l],
                            ec_weights_count(arch, l) * sizeof(double));
        assert_memory_equal(back.affine[l].gamma, w.affine[l].gamma, channels * sizeof(double));
        assert_memory_equal(back.affine[l].mean, w.affine[l].mean, channels * sizeof(double));
    }
    assert_memory_equal(back.affine[2].bias, w.affine[2].bias, 2 * sizeof(double));
    assert_memory_equal(back.frequency, w.frequency, sizeof(double));
    ec_weights_clear(&back);

    w.affine[1].variance[2] = -0.5;
    assert_ok(ec_weights_write(&w, arch, path, &err), &err);
    assert_int_equal(ec_weights_read(&back, arch, path, NULL, &err), EC_EPARSE);
    assert_string_equal(err.msg,
                        "tensor 'layers.1.norm.variance': entry 2 is -0.5, must not be negative");
    ec_weights_clear(&w);
    unlink(path);
    ec_arch_free(arch);
}

/* Integrals over [0, 1] by the midpoint rule, far from the library's own quadrature. */
static void polynomial_features_are_orthonormal(void **state)
{
    (void)state;
    enum { M = 6, N = 20000 };
    ec_arch *arch =
        parse("name: t\ninput: {shape: [2], channels: 6, features: {kind: polynomial}}\n"
              "layers:\n  - pool: {window: 2}\n  - dense: {outputs: 1}\n");
    ec_weights w = draw(arch, 1);
    double gram[M][M] = {{0}}, f[M];

    for (size_t i = 0; i < N; i++) {
        double x = ((double)i + 0.5) / N;
        ec_model_features(f, &w, &x, 1);
        for (size_t d = 0; d < M; d++)
            for (size_t e = 0; e < M; e++)
                gram[d][e] += f[d] * f[e] / N;
    }
    for (size_t d = 0; d < M; d++)
        for (size_t e = 0; e < M; e++)
            assert_close(gram[d][e], d == e, 1e-6);
    assert_close(f[2], sqrt(5), 1e-3); /* P_2(1) = 1 */
    ec_weights_clear(&w);
    ec_arch_free(arch);
}

static ec_status make_and_clear(void *arg, ec_error *err)
{
    ec_weights w;
    ec_status status = ec_weights_init(&w, arg, NULL, err);

    ec_weights_clear(&w);
    return status;
}

static void running_out_of_memory_is_survived(void **state)
{
    (void)state;
    ec_arch *arch = parse(description);

    assert_survives_oom(make_and_clear, arch);
    ec_arch_free(arch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_constant_channel_computes_what_norms_and_bias_do),
        cmocka_unit_test(affine_weights_survive_a_file),
        cmocka_unit_test(polynomial_features_are_orthonormal),
        cmocka_unit_test(running_out_of_memory_is_survived),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
