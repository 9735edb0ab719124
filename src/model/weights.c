/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "entcap/model.h"

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

    for (size_t i = 0; i < arch->n_levels; i++) {
        const ec_level *l = &arch->levels[i];
        double positions = l->shared ? 1 : (double)ec_level_positions(l);
        entries += positions * l->out * l->dim;
    }
    return entries * sizeof(double);
}

ec_status ec_weights_init(ec_weights *out, const ec_arch *arch, const ec_run *run, ec_error *err)
{
    ec_status status = EC_OK;

    *out = (ec_weights){.n_features = arch->input.channels};
    if (ec_arch_is_network(arch))
        return ec_fail(err, EC_EINVAL, "weights need a description with layers, not a network");
    EC_TRY(ec_run_reserve(run, "weights", weights_bytes(arch), err));
    EC_NEW(out->matrix, arch->n_levels);
    out->n_levels = arch->n_levels;
    for (size_t l = 0; l < arch->n_levels; l++)
        EC_NEW(out->matrix[l], ec_weights_count(arch, l));
    if (arch->input.features != EC_FEATURES_NONE) {
        EC_NEW(out->slope, out->n_features);
        EC_NEW(out->offset, out->n_features);
    }
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
    ec_free(weights->slope);
    ec_free(weights->offset);
    *weights = (ec_weights){.n_levels = 0};
}

const double *ec_weights_at(const ec_weights *weights, const ec_arch *arch, size_t level,
                            size_t position)
{
    const ec_level *l = &arch->levels[level];
    return weights->matrix[level] + (l->shared ? 0 : position * l->out * l->dim);
}

void ec_weights_spread_features(ec_weights *weights)
{
    if (weights->slope == NULL)
        return;
    for (uint32_t d = 0; d < weights->n_features; d++) {
        /* the knot; the first two features are a falling hinge at 1 and a rising one at 0 */
        double knot = d < 2 ? 1.0 - d : (d - 1.0) / (weights->n_features - 1.0);
        bool falls = d % 2 == 0;
        weights->slope[d] = falls ? -1 / knot : 1 / (1 - knot);
        weights->offset[d] = falls ? 1 : -knot / (1 - knot);
    }
}

ec_status ec_weights_random(ec_weights *out, const ec_arch *arch, ec_rng *rng, const ec_run *run,
                            ec_error *err)
{
    ec_status status = ec_weights_init(out, arch, run, err);

    if (status != EC_OK)
        return status;
    for (size_t l = 0; l < arch->n_levels; l++) {
        size_t count = ec_weights_count(arch, l);
        double deviation = 1 / sqrt((double)arch->levels[l].dim);
        for (size_t i = 0; i < count; i++)
            out->matrix[l][i] = deviation * ec_rng_normal(rng);
    }
    ec_weights_spread_features(out);
    return EC_OK;
}
