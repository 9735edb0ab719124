/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ENTCAP_MODEL_H
#define ENTCAP_MODEL_H

/**
 * model: a ConvAC with weights. Reading, writing and drawing weights at random, the feature map
 * that turns a pixel into a site's M features, and the reference evaluation, log-scaled and without
 * normalisation, that shares no code with training.
 */

#include "entcap/arch.h"
#include "entcap/data.h"

/**
 * Weights of an architecture, always held in double precision.
 *
 * matrix[l] is W_l: [out, in] row-major if levels[l].shared, else [positions, out, in], positions
 * row-major; out = levels[l].out, in = levels[l].dim. A weight file names it layers.l.weight.
 * feature map (affine-relu):  f_d(x) = max(0, slope[d] x + offset[d]),  d < M; in a weight file
 * features.weight [M] or [M, 1] and features.bias [M]. NULL where the description has none.
 */
typedef struct ec_weights {
    size_t n_levels;
    double **matrix;
    uint32_t n_features; /* M */
    double *slope, *offset;
    bool single; /* the file holds F32 (all values are exactly representable in float) */
} ec_weights;

/** Zero weights of the right shapes, `single` false. Owns: *out, to be cleared. Errors: EC_EINVAL
 * (network), EC_ELIMIT, EC_ENOMEM. */
EC_NODISCARD ec_status ec_weights_init(ec_weights *out, const ec_arch *arch, const ec_run *run,
                                       ec_error *err);
void ec_weights_clear(ec_weights *weights);

/** Entries of matrix[l]: (shared ? 1 : positions) out in. */
size_t ec_weights_count(const ec_arch *arch, size_t level);

/** W_l at a position (row-major in the level's grid): out x in, row-major. */
const double *ec_weights_at(const ec_weights *weights, const ec_arch *arch, size_t level,
                            size_t position);

/**
 * Features spread over [0, 1]: 1 - x and x, then hinges at M - 2 inner knots t_k = k / (M - 1),
 * in turn falling, max(0, 1 - x / t), and rising, max(0, (x - t) / (1 - t)): linearly independent,
 * and for M >= 2 nowhere all zero. Nothing to do without a feature map.
 */
void ec_weights_spread_features(ec_weights *weights);

/** Independent normal entries of variance 1/in; features spread over [0, 1]. As
 * ec_weights_init. */
EC_NODISCARD ec_status ec_weights_random(ec_weights *out, const ec_arch *arch, ec_rng *rng,
                                         const ec_run *run, ec_error *err);

/**
 * Read a safetensors file, F32 or F64, and check every name, type and shape against `arch`: every
 * tensor is there, none besides, all entries finite. A matrix that stands at a single position may
 * come as [out, in] or [1, out, in].
 *
 * Owns: *out, to be cleared, also after an error.
 * Errors: EC_EIO, EC_EPARSE (what tensor, which shape, which one would be right), EC_ELIMIT,
 * EC_ENOMEM
 */
EC_NODISCARD ec_status ec_weights_read(ec_weights *out, const ec_arch *arch, const char *path,
                                       const ec_run *run, ec_error *err);

/**
 * Write a safetensors file atomically: F32 if weights->single, else F64. Shapes are [out, in], or
 * [positions, out, in] for a conv that was declared unshared. Errors: EC_EIO, EC_ENOMEM
 */
EC_NODISCARD ec_status ec_weights_write(const ec_weights *weights, const ec_arch *arch,
                                        const char *path, ec_error *err);

/** Features of n pixels: out[i M + d] = f_d(x[i]). */
void ec_model_features(double *out, const ec_weights *weights, const double *x, size_t n);

/**
 * Reference forward pass of one sample given as site vectors, `sites` n_sites x M: after every
 * product each position is scaled by its largest magnitude and the logarithm kept, so that nothing
 * overflows at any number of sites.
 *
 *     h_y = out[y] exp(*log_scale),  y < Y;  max |out[y]| = 1 unless h = 0
 *
 * Errors: EC_ENOMEM, EC_ENUMERIC (a weight or input is not finite)
 */
EC_NODISCARD ec_status ec_model_forward(double *out, double *log_scale, const ec_arch *arch,
                                        const ec_weights *weights, const double *sites,
                                        ec_error *err);

/**
 * Label of every sample by ec_model_forward: the argmax of h, the first of equal ones; data->n
 * entries. On run->threads threads.
 *
 * Errors: EC_EINVAL (no feature map), EC_ENUMERIC, EC_ECANCEL, EC_ELIMIT, EC_ENOMEM
 */
EC_NODISCARD ec_status ec_model_classify(uint32_t *label, const ec_arch *arch,
                                         const ec_weights *weights, const ec_dataset *data,
                                         const ec_run *run, ec_error *err);

#endif
