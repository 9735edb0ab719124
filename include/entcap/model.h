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

/** Added to the variance of a batch norm. */
#define EC_NORM_EPSILON 1e-5

/**
 * A layer with an affine part as it is trained: weight is W over channels, shaped as matrix[l] but
 * without the constant's row and column; the others have an entry per channel (bias: per output),
 * and are NULL where the layer has no norm (no bias).
 */
typedef struct ec_affine {
    double *weight;
    double *gamma, *beta, *mean, *variance;
    double *bias;
} ec_affine;

/**
 * Weights of an architecture, always held in double precision.
 *
 * matrix[l] is W_l: [out, in] row-major if levels[l].shared, else [positions, out, in], positions
 * row-major; out = levels[l].out, in = levels[l].dim. A weight file names it layers.l.weight.
 * Where the description has affine parts, affine[l] is what is trained and stored, and matrix[l]
 * follows from it (ec_weights_compose): everything but training and files
 * reads matrix[l] alone. A weight file then has layers.l.weight over channels, and
 * layers.l.norm.weight (gamma), .bias (beta), .mean, .variance and layers.l.bias where they apply.
 *
 * Feature map, with x the pixel times features.scale; NULL where the kind has no such parameter:
 *     affine-relu  max(0, slope[d] x + offset[d]); features.weight [M] or [M, 1], features.bias [M]
 *     cos-sin      cos(2 pi w_n x), sin(2 pi w_n x) for d = 2n, 2n + 1; features.frequency [M / 2]
 *     polynomial   sqrt(2d + 1) P_d(2x - 1), P_d of Legendre
 * The site's vector has a last entry 1 where levels[0] carries the constant channel.
 */
typedef struct ec_weights {
    size_t n_levels;
    double **matrix;
    ec_affine *affine;   /* n_levels, or NULL without affine parts */
    uint32_t n_features; /* M */
    bool constant;       /* a site's vector ends with a 1: it has M + 1 entries */
    ec_features features;
    double *slope, *offset; /* M */
    double *frequency;      /* M / 2 */
    bool single;            /* the file holds F32 (all values are exactly representable in float) */
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

/** Entries of affine[level].weight: (shared ? 1 : positions) times channels above and below. */
size_t ec_weights_raw_count(const ec_arch *arch, size_t level);

/**
 * Set every matrix[l] = [[W diag(g), W z + b], [0, 1]] from affine[l], with g = gamma /
 * sqrt(variance
 * + EC_NORM_EPSILON) and z = beta - g mean; see the head of arch.h. Nothing to do without affine
 * parts. Source: [AC21]
 */
void ec_weights_compose(ec_weights *weights, const ec_arch *arch);

/**
 * Features to start from. cos-sin: frequencies 1, 2, ... affine-relu: 1 - x and x, then hinges at M
 * - 2 inner knots t_k = k / (M - 1), in turn falling, max(0, 1 - x / t), and rising, max(0, (x - t)
 * / (1 - t)): linearly independent, and for M >= 2 nowhere all zero. Nothing to do without a
 * feature map.
 */
void ec_weights_spread_features(ec_weights *weights);

/** Independent normal entries of variance 1/in, deviations from identity norms of 1/4; features
 * spread over [0, 1]. As ec_weights_init. */
EC_NODISCARD ec_status ec_weights_random(ec_weights *out, const ec_arch *arch, ec_rng *rng,
                                         const ec_run *run, ec_error *err);

/**
 * Read a safetensors file, F32 or F64, and check every name, type and shape against `arch`: every
 * tensor is there, none besides, all entries finite. A matrix that stands at a single position may
 * come as [out, in] or [1, out, in]. Tensors named train.* are skipped: a checkpoint of training is
 * a weight file, too.
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

/** As ec_weights_read, from the tensors of the file `path`. */
EC_NODISCARD ec_status ec_weights_from_tensors(ec_weights *out, const ec_arch *arch,
                                               const ec_tensors *tensors, const char *path,
                                               const ec_run *run, ec_error *err);

/**
 * The tensors that ec_weights_write writes, with room for `more` behind them (items holds n +
 * more). Owns: *out, to be cleared, also after an error. Errors: EC_ENOMEM
 */
EC_NODISCARD ec_status ec_weights_to_tensors(ec_tensors *out, const ec_weights *weights,
                                             const ec_arch *arch, size_t more, ec_error *err);

/** Entries of a site's vector: M, or M + 1 with the constant. */
static inline size_t ec_weights_site_length(const ec_weights *weights)
{
    return weights->n_features + (weights->constant ? 1 : 0);
}

/**
 * Site vectors of n pixels: out[i m + d] = f_d(x[i]), m = M, or M + 1 with the constant last. */
void ec_model_features(double *out, const ec_weights *weights, const double *x, size_t n);

/**
 * Reference forward pass of one sample given as site vectors, `sites` n_sites x levels[0].dim:
 * after every product each position is scaled by its largest magnitude and the logarithm kept, so
 * that nothing overflows at any number of sites.
 *
 *     h_y = out[y] exp(*log_scale),  y < Y;  max |out[y]| = 1 unless h = 0
 *
 * Errors: EC_ENOMEM, EC_ENUMERIC (a weight or input is not finite)
 */
EC_NODISCARD ec_status ec_model_forward(double *out, double *log_scale, const ec_arch *arch,
                                        const ec_weights *weights, const double *sites,
                                        ec_error *err);

/**
 * Label of every sample by ec_model_forward: the argmax of h (of |h| if the description says
 * predict: magnitude), the first of equal ones; data->n entries. On run->threads threads.
 *
 * Errors: EC_EINVAL (no feature map), EC_ENUMERIC, EC_ECANCEL, EC_ELIMIT, EC_ENOMEM
 */
EC_NODISCARD ec_status ec_model_classify(uint32_t *label, const ec_arch *arch,
                                         const ec_weights *weights, const ec_dataset *data,
                                         const ec_run *run, ec_error *err);

#endif
