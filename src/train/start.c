/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "train_i.h"

#include <math.h>

#define START_GAMMA   0.25
#define TOP_DEVIATION 0.3 /* of logits at the start: near 0, so that no label is preferred */

/* Round to single precision, which is what training works in and what is saved. */
static double single(double x)
{
    return (double)(float)x;
}

static double draw_entry(ec_rng *rng, const ec_arch *arch, size_t level)
{
    if (level + 1 == arch->n_levels)
        return TOP_DEVIATION * ec_rng_normal(rng) / sqrt((double)arch->levels[level].dim);
    if (level == 0)
        return ec_rng_uniform(rng);
    double factors = (double)ec_level_window(&arch->levels[level + 1]);
    return (1 + ec_rng_normal(rng) * sqrt((double)arch->levels[level].dim / factors)) / 2;
}

/* n positive entries of sum 1: softmax(2 g) */
static void draw_mean(double *out, size_t n, ec_rng *rng)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += out[i] = exp(2 * ec_rng_normal(rng));
    for (size_t i = 0; i < n; i++)
        out[i] = single(out[i] / sum);
}

static void start_affine(ec_weights *out, const ec_arch *arch, ec_rng *rng)
{
    for (size_t l = 0; l < arch->n_levels; l++) {
        const ec_affine *a = &out->affine[l];
        size_t channels = ec_level_channels(&arch->levels[l]), n = ec_weights_raw_count(arch, l);

        for (size_t i = 0; i < n; i += channels)
            if (l + 1 < arch->n_levels)
                draw_mean(a->weight + i, channels, rng);
            else
                for (size_t j = 0; j < channels; j++)
                    a->weight[i + j] = single(ec_rng_normal(rng) / sqrt((double)channels));
        for (size_t c = 0; a->gamma != NULL && c < channels; c++) {
            a->gamma[c] = START_GAMMA;
            a->beta[c] = 1;
        }
    }
    ec_weights_compose(out, arch);
}

static void start_matrices(ec_weights *out, const ec_arch *arch, ec_rng *rng)
{
    for (size_t l = 0; l < arch->n_levels; l++) {
        size_t count = ec_weights_count(arch, l);
        for (size_t i = 0; i < count; i++)
            out->matrix[l][i] = single(draw_entry(rng, arch, l));
    }
}

ec_status ec_train_start(ec_weights *out, const ec_arch *arch, ec_rng *rng, const ec_run *run,
                         ec_error *err)
{
    *out = (ec_weights){.n_levels = 0};
    ec_status status = plan_check(arch, err);

    if (status == EC_OK)
        status = ec_weights_init(out, arch, run, err);
    if (status != EC_OK)
        return status;
    if (out->affine != NULL)
        start_affine(out, arch, rng);
    else
        start_matrices(out, arch, rng);
    ec_weights_spread_features(out);
    for (uint32_t d = 0; out->slope != NULL && d < out->n_features; d++) {
        out->slope[d] = single(out->slope[d]);
        out->offset[d] = single(out->offset[d]);
    }
    out->single = true;
    return EC_OK;
}
