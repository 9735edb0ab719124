/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "train_i.h"

#include <math.h>

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
    return (1 + ec_rng_normal(rng)) / 2;
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
    for (size_t l = 0; l < arch->n_levels; l++) {
        size_t count = ec_weights_count(arch, l);
        for (size_t i = 0; i < count; i++)
            out->matrix[l][i] = single(draw_entry(rng, arch, l));
    }
    ec_weights_spread_features(out);
    for (uint32_t d = 0; out->slope != NULL && d < out->n_features; d++) {
        out->slope[d] = single(out->slope[d]);
        out->offset[d] = single(out->offset[d]);
    }
    out->single = true;
    return EC_OK;
}
