/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "state/four.h"
#include "state/state_i.h"

#include "entcap/linalg.h"

#include <math.h>

/* NaN would run through every matrix and come out as a spectrum of NaN, or as no rank at all */
static ec_status check_finite(const double *x, size_t n, const char *what, size_t layer,
                              ec_error *err)
{
    if (ec_entries_are_finite(x, n))
        return EC_OK;
    for (size_t i = 0; i < n; i++)
        if (!isfinite(x[i]))
            return ec_fail(err, EC_ENUMERIC, "%s of layer %zu: entry %zu is not finite", what,
                           layer, i);
    return EC_OK;
}

static ec_status check_weights(const ec_arch *arch, const ec_weights *weights, ec_error *err)
{
    ec_status status = EC_OK;

    if (weights->n_levels != arch->n_levels)
        return ec_fail(err, EC_EINVAL, "weights of %zu layers for a network of %zu",
                       weights->n_levels, arch->n_levels);
    for (size_t l = 0; l < arch->n_levels && status == EC_OK; l++)
        status = check_finite(weights->matrix[l], ec_weights_count(arch, l), "weights", l, err);
    return status;
}

bool ec_state_out_of_reach(ec_status *status, const ec_error *local, ec_error *err)
{
    if (*status == EC_ELIMIT) {
        *status = EC_OK;
        return true;
    }
    if (*status != EC_OK)
        ec_fail(err, local->status, "%s", local->msg);
    return false;
}

static ec_status check_basis(const ec_weights *weights, const ec_state_options *options,
                             ec_error *err)
{
    size_t m = ec_weights_site_length(weights), n = weights->n_features;
    ec_status status = EC_OK;

    if (options->basis == EC_BASIS_SITES)
        return EC_OK;
    if (weights->features.kind == EC_FEATURES_NONE)
        return ec_fail(err, EC_EINVAL, "basis features: the description has no feature map");
    if (options->basis == EC_BASIS_DATA && options->gram == NULL)
        return ec_fail(err, EC_EINVAL, "basis data: the Gram matrix of the features is missing");
    if (weights->slope != NULL)
        status = check_finite(weights->slope, n, "slopes", 0, err);
    if (status == EC_OK && weights->offset != NULL)
        status = check_finite(weights->offset, n, "offsets", 0, err);
    if (status == EC_OK && weights->frequency != NULL)
        status = check_finite(weights->frequency, n / 2, "frequencies", 0, err);
    if (status == EC_OK && options->basis == EC_BASIS_DATA)
        status = check_finite(options->gram, m * m, "Gram matrix", 0, err);
    return status;
}

ec_status ec_state_check(const ec_state_input *in, const ec_state_options *options, ec_error *err)
{
    ec_status status = EC_OK;

    if (ec_arch_is_network(in->arch))
        return ec_fail(err, EC_EINVAL,
                       "a network description has no weights: give it as input and layers");
    status = ec_linalg_load(err);
    if (status == EC_OK)
        status = ec_sites_check_sides(in->a, in->arch->n_sites, err);
    if (status == EC_OK)
        status = check_weights(in->arch, in->weights, err);
    return status == EC_OK ? check_basis(in->weights, options, err) : status;
}
