/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model_i.h"

#include "core/flow.h"

#include <math.h>

size_t ec_weights_count(const ec_arch *arch, size_t level)
{
    const ec_level *l = &arch->levels[level];
    return (l->shared ? 1 : ec_level_positions(l)) * l->out * l->dim;
}

static double weights_bytes(const ec_arch *arch)
{
    double entries = 2.0 * arch->input.channels;
    double copies = ec_arch_is_affine(arch) ? 2 : 1;

    for (size_t i = 0; i < arch->n_levels; i++) {
        const ec_level *l = &arch->levels[i];
        double positions = l->shared ? 1 : (double)ec_level_positions(l);
        entries += copies * positions * l->out * l->dim;
    }
    return entries * sizeof(double);
}

ec_status ec_weights_init(ec_weights *out, const ec_arch *arch, const ec_run *run, ec_error *err)
{
    ec_status status = EC_OK;

    *out = (ec_weights){.n_features = arch->input.channels,
                        .constant = ec_arch_is_affine(arch),
                        .features = arch->input.features};
    if (ec_arch_is_network(arch))
        return ec_fail(err, EC_EINVAL, "weights need a description with layers, not a network");
    EC_TRY(ec_run_reserve(run, "weights", weights_bytes(arch), err));
    EC_NEW(out->matrix, arch->n_levels);
    out->n_levels = arch->n_levels;
    for (size_t l = 0; l < arch->n_levels; l++)
        EC_NEW(out->matrix[l], ec_weights_count(arch, l));
    if (ec_arch_is_affine(arch))
        EC_TRY(ec_affine_init(out, arch, err));
    if (out->features.kind == EC_FEATURES_AFFINE_RELU) {
        EC_NEW(out->slope, out->n_features);
        EC_NEW(out->offset, out->n_features);
    }
    if (out->features.kind == EC_FEATURES_COS_SIN)
        EC_NEW(out->frequency, out->n_features / 2);
done:
    if (status != EC_OK)
        ec_weights_clear(out);
    return status;
}

void ec_weights_clear(ec_weights *weights)
{
    if (weights == NULL)
        return;
    for (size_t l = 0; l < weights->n_levels; l++)
        ec_free(weights->matrix[l]);
    ec_free(weights->matrix);
    ec_affine_clear(weights);
    ec_free(weights->slope);
    ec_free(weights->offset);
    ec_free(weights->frequency);
    *weights = (ec_weights){.n_levels = 0};
}

const double *ec_weights_at(const ec_weights *weights, const ec_arch *arch, size_t level,
                            size_t position)
{
    const ec_level *l = &arch->levels[level];
    return weights->matrix[level] + (l->shared ? 0 : position * l->out * l->dim);
}

void ec_normal_entries(double *out, size_t n, double mean, double deviation, ec_rng *rng)
{
    for (size_t i = 0; i < n; i++)
        out[i] = mean + deviation * ec_rng_normal(rng);
}

ec_status ec_weights_random(ec_weights *out, const ec_arch *arch, ec_rng *rng, const ec_run *run,
                            ec_error *err)
{
    ec_status status = ec_weights_init(out, arch, run, err);

    if (status != EC_OK)
        return status;
    if (out->affine != NULL)
        ec_affine_random(out, arch, rng);
    for (size_t l = 0; l < arch->n_levels && out->affine == NULL; l++)
        ec_normal_entries(out->matrix[l], ec_weights_count(arch, l), 0,
                          1 / sqrt((double)arch->levels[l].dim), rng);
    ec_weights_spread_features(out);
    return EC_OK;
}
