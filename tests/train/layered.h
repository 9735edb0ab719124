/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ENTCAP_TESTS_TRAIN_LAYERED_H
#define ENTCAP_TESTS_TRAIN_LAYERED_H

/** Small networks with affine parts, other feature maps, magnitudes; and what tests do to them. */

#include "small.h"

#define NORMED(kind, more)                                                                         \
    "name: normed " kind "\ninput: {shape: [2, 4], channels: 4, features: {kind: " kind more       \
    "}}\nlayers:\n  - conv: {channels: 5, norm: batch}\n  - pool: {window: [1, 2]}\n"              \
    "  - conv: {channels: 3, norm: batch}\n  - pool: {window: [1, 2]}\n"                           \
    "  - conv: {channels: 4, shared: false, norm: batch}\n  - pool: {window: [2, 1]}\n"            \
    "  - dense: {outputs: 3, norm: batch, bias: true, predict: magnitude}\n"

/** One of every kind. */
static const char *const LAYERED[] = {
    NORMED("cos-sin", ", learned: true, scale: 0.5"),
    NORMED("cos-sin", ""),
    NORMED("affine-relu", ", scale: 0.75"),
    NORMED("polynomial", ""),
    "name: bias alone\ninput: {shape: [4], channels: 2, features: {kind: affine-relu}}\nlayers:\n"
    "  - pool: {window: 2}\n  - conv: {channels: 3}\n  - pool: {window: 2}\n"
    "  - dense: {outputs: 2, bias: true}\n",
    "name: norm above a window of 3\ninput: {shape: [3, 3], channels: 4, features: {kind: "
    "cos-sin, learned: true}}\nlayers:\n  - conv: {channels: 3}\n  - pool: {window: [3, 3]}\n"
    "  - dense: {outputs: 3, norm: batch}\n",
    "name: nothing affine\ninput: {shape: [6], channels: 4, features: {kind: cos-sin, learned: "
    "true, scale: 0.5}}\nlayers:\n  - conv: {channels: 4}\n  - pool: {window: 3}\n  - conv: "
    "{channels: 3}\n"
    "  - pool: {window: 2}\n  - dense: {outputs: 3}\n",
    "name: magnitudes\ninput: {shape: [4], channels: 3, features: {kind: affine-relu}}\nlayers:\n"
    "  - conv: {channels: 4}\n  - pool: {window: 4}\n"
    "  - dense: {outputs: 3, predict: magnitude}\n",
};
#define N_LAYERED (sizeof LAYERED / sizeof *LAYERED)

/* ------------------------------------------------------------------- vectors */

typedef struct vector {
    double *values;
    size_t n;
} vector;

/* What is learned, up to 64 vectors; their number. */
static inline size_t list_learned(vector *out, const ec_weights *w, const ec_arch *arch)
{
    size_t n = 0;

    for (size_t l = 0; l < arch->n_levels; l++) {
        size_t channels = ec_level_channels(&arch->levels[l]);
        if (w->affine == NULL) {
            out[n++] = (vector){w->matrix[l], ec_weights_count(arch, l)};
            continue;
        }
        out[n++] = (vector){w->affine[l].weight, ec_weights_raw_count(arch, l)};
        if (w->affine[l].gamma != NULL) {
            out[n++] = (vector){w->affine[l].gamma, channels};
            out[n++] = (vector){w->affine[l].beta, channels};
        }
        if (w->affine[l].bias != NULL)
            out[n++] = (vector){w->affine[l].bias, arch->outputs};
    }
    if (arch->input.features.learned && w->slope != NULL) {
        out[n++] = (vector){w->slope, w->n_features};
        out[n++] = (vector){w->offset, w->n_features};
    }
    if (arch->input.features.learned && w->frequency != NULL)
        out[n++] = (vector){w->frequency, w->n_features / 2};
    return n;
}

static inline ec_weights layered_weights(const ec_arch *arch, uint64_t seed)
{
    ec_weights w;
    ec_rng rng;

    ec_rng_seed(&rng, seed);
    assert_ok(ec_weights_random(&w, arch, &rng, NULL, NULL), NULL);
    for (uint32_t d = 0; w.slope != NULL && d < w.n_features; d++)
        w.offset[d] += 0.3;
    for (uint32_t d = 0; w.frequency != NULL && d < w.n_features / 2; d++)
        w.frequency[d] += 0.1 * ec_rng_normal(&rng);
    return w;
}

/* Two labels that the mean of the pixels tells apart. */
static inline ec_dataset bright_and_dark(const ec_arch *arch, size_t n)
{
    ec_dataset data = small_data(arch, n, 8);
    double *x = data.pixels.data;

    for (size_t s = 0; s < n; s++) {
        data.label[s] = s % 2;
        for (size_t i = 0; i < arch->n_sites; i++)
            x[s * arch->n_sites + i] = 0.5 * x[s * arch->n_sites + i] + (s % 2 == 0 ? 0 : 0.5);
    }
    return data;
}

static inline ec_weights start_of(const ec_arch *arch, uint64_t seed)
{
    ec_weights w;
    ec_rng rng;
    ec_error err = {0};

    ec_rng_seed(&rng, seed);
    assert_ok(ec_train_start(&w, arch, &rng, NULL, &err), &err);
    return w;
}

static inline void assert_same_vectors(const ec_weights *a, const ec_weights *b,
                                       const ec_arch *arch)
{
    vector x[64] = {{0}}, y[64] = {{0}};
    size_t n = list_learned(x, a, arch);

    assert_int_equal(list_learned(y, b, arch), n);
    for (size_t k = 0; k < n; k++)
        assert_memory_equal(x[k].values, y[k].values, x[k].n * sizeof(double));
    for (size_t l = 0; l < arch->n_levels; l++) {
        size_t bytes = ec_level_channels(&arch->levels[l]) * sizeof(double);
        if (a->affine != NULL && a->affine[l].mean != NULL) {
            assert_memory_equal(a->affine[l].mean, b->affine[l].mean, bytes);
            assert_memory_equal(a->affine[l].variance, b->affine[l].variance, bytes);
        }
        assert_memory_equal(a->matrix[l], b->matrix[l], ec_weights_count(arch, l) * sizeof(double));
    }
}

#endif
