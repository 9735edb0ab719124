/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ENTCAP_TESTS_TRAIN_SMALL_H
#define ENTCAP_TESTS_TRAIN_SMALL_H

/** Small networks and data for the tests of training. */

#include "check.h"

#include "entcap/train.h"

#include <math.h>
#include <string.h>

#define FEATURES ", features: {kind: affine-relu}}\nlayers:\n"

/** One of every structure that a pass can meet. */
static const char *const SMALL[] = {
    "name: shared grid\ninput: {shape: [4, 4], channels: 3" FEATURES
    "  - conv: {channels: 4}\n  - pool: {window: [2, 2]}\n  - conv: {channels: 2}\n"
    "  - pool: {window: [2, 2]}\n  - dense: {outputs: 3}\n",
    "name: unshared row\ninput: {shape: [8], channels: 2" FEATURES
    "  - conv: {channels: 3, shared: false}\n  - pool: {window: 2}\n"
    "  - conv: {channels: 4, shared: false}\n  - pool: {window: 2}\n"
    "  - conv: {channels: 3, shared: false}\n  - pool: {window: 2}\n  - dense: {outputs: 4}\n",
    "name: leading pool, mixed sharing\ninput: {shape: [6], channels: 3" FEATURES
    "  - pool: {window: 2}\n  - conv: {channels: 4}\n  - pool: {window: 3}\n"
    "  - conv: {channels: 2}\n  - dense: {outputs: 3}\n",
    "name: bonds between convs\ninput: {shape: [2, 2], channels: 2" FEATURES
    "  - conv: {channels: 3}\n  - conv: {channels: 4, shared: false}\n  - conv: {channels: 2}\n"
    "  - pool: {window: [2, 2]}\n  - dense: {outputs: 2}\n",
    "name: dense alone\ninput: {shape: [4], channels: 5" FEATURES
    "  - pool: {window: 4}\n  - dense: {outputs: 3}\n",
    "name: windows of 9 and 5\ninput: {shape: [3, 15], channels: 3" FEATURES
    "  - conv: {channels: 3}\n  - pool: {window: [3, 3]}\n  - conv: {channels: 3}\n"
    "  - pool: {window: [1, 5]}\n  - dense: {outputs: 3}\n",
};
#define N_SMALL (sizeof SMALL / sizeof *SMALL)

static inline ec_arch *small_arch(const char *text)
{
    ec_arch *arch = NULL;
    ec_error err = {0};

    assert_ok(ec_arch_parse(&arch, text, strlen(text), "small", &err), &err);
    return arch;
}

/** Random weights; hinges of the features well away from each other. */
static inline ec_weights small_weights(const ec_arch *arch, uint64_t seed)
{
    ec_weights w;
    ec_rng rng;

    ec_rng_seed(&rng, seed);
    assert_ok(ec_weights_random(&w, arch, &rng, NULL, NULL), NULL);
    for (uint32_t d = 0; d < w.n_features; d++) {
        w.slope[d] += 0.2 * ec_rng_normal(&rng);
        w.offset[d] += 0.3;
    }
    return w;
}

/** n random samples for an architecture. */
static inline ec_dataset small_data(const ec_arch *arch, size_t n, uint64_t seed)
{
    ec_dataset data = {.n = n, .scale = 1};
    ec_rng rng;

    ec_rng_seed(&rng, seed);
    for (int i = 0; i < 2; i++)
        data.image[i] = data.grid[i] = arch->input.grid[i];
    assert_ok(ec_array_init(&data.pixels, EC_F64, 2, (size_t[]){n, arch->n_sites}, NULL, NULL),
              NULL);
    for (size_t i = 0; i < data.pixels.count; i++)
        ((double *)data.pixels.data)[i] = ec_rng_uniform(&rng);
    data.label = ec_calloc(n, sizeof *data.label, NULL);
    assert_non_null(data.label);
    for (size_t i = 0; i < n; i++)
        data.label[i] = (uint32_t)ec_rng_below(&rng, arch->outputs);
    return data;
}

/** The weights as a list of vectors: matrices, slopes, offsets; NULL after the last. */
static inline double *small_vector(const ec_weights *w, const ec_arch *arch, size_t k, size_t *n)
{
    *n = k < w->n_levels ? ec_weights_count(arch, k) : w->n_features;
    if (k < w->n_levels)
        return w->matrix[k];
    return k == w->n_levels ? w->slope : k == w->n_levels + 1 ? w->offset : NULL;
}

#endif
