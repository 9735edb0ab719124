/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "arch_i.h"

#include "core/flow.h"

#include <stdio.h>
#include <string.h>

/* *out += a b c */
static void add_product(ec_int *out, uint64_t a, uint64_t b, uint64_t c)
{
    ec_int product = {.limbs = NULL};

    ec_int_set_u64(&product, a);
    ec_int_mul_u64(&product, &product, b);
    ec_int_mul_u64(&product, &product, c);
    ec_int_add(out, out, &product);
    ec_int_clear(&product);
}

/* Product of the dimensions of axes lo .. hi-1; halving keeps the factors of each product alike. */
static void tensor_size(ec_int *out, const ec_arch *arch, const ec_named_tensor *tensor, size_t lo,
                        size_t hi)
{
    ec_int right = {.limbs = NULL};
    size_t middle = lo + (hi - lo) / 2;

    if (hi - lo == 1) {
        ec_int_set_u64(out, arch->indices[tensor->index[lo]].dim);
        return;
    }
    tensor_size(out, arch, tensor, lo, middle);
    tensor_size(&right, arch, tensor, middle, hi);
    ec_int_mul(out, out, &right);
    ec_int_clear(&right);
}

/* A shared layer has one matrix, whatever the number of positions. */
ec_status ec_arch_parameters(ec_int *out, const ec_arch *arch, ec_error *err)
{
    (void)err;
    ec_int_set_u64(out, 0);
    for (size_t l = 0; l < arch->n_levels; l++) {
        const ec_level *level = &arch->levels[l];
        add_product(out, level->shared ? 1 : ec_level_positions(level), ec_level_rows(arch, l),
                    ec_level_channels(level));
    }
    for (size_t t = 0; t < arch->n_tensors; t++) {
        ec_int size = {.limbs = NULL};
        tensor_size(&size, arch, &arch->tensors[t], 0, arch->tensors[t].n_indices);
        ec_int_add(out, out, &size);
        ec_int_clear(&size);
    }
    return EC_OK;
}

ec_status ec_arch_multiply_adds(ec_int *out, const ec_arch *arch, ec_error *err)
{
    ec_int_set_u64(out, 0);
    if (ec_arch_is_network(arch))
        return ec_fail(err, EC_EINVAL, "a network description has no forward pass to count");
    for (size_t l = 0; l < arch->n_levels; l++) {
        const ec_level *level = &arch->levels[l];
        add_product(out, ec_level_positions(level), ec_level_rows(arch, l),
                    ec_level_channels(level));
    }
    return EC_OK;
}

bool ec_arch_is_affine(const ec_arch *arch)
{
    return arch->n_levels > 0 && arch->levels[0].constant;
}

bool ec_arch_shared_below(const ec_arch *arch, size_t level)
{
    for (size_t l = 0; l <= level && l < arch->n_levels; l++)
        if (!arch->levels[l].shared)
            return false;
    return true;
}

/* -------------------------------------------------------------------- overrides */

size_t ec_arch_find_level(const ec_arch *arch, const char *name)
{
    size_t l = 0;

    if (strcmp(name, "M") == 0)
        return 0;
    while (l < arch->n_levels && strcmp(arch->levels[l].name, name) != 0)
        l++;
    return l;
}

/* The most channels that fit beside the constant one, and that the feature map takes. */
static ec_status check_channels(const ec_arch *arch, const ec_level *level, uint32_t channels,
                                ec_error *err)
{
    if (level->constant && channels == EC_ARCH_MAX_DIMENSION)
        return ec_fail(err, EC_EINVAL, "%s carries a constant channel: at most %u others are fine",
                       level->name, EC_ARCH_MAX_DIMENSION - 1);
    if (level == arch->levels && arch->input.features.kind == EC_FEATURES_COS_SIN &&
        channels % 2 != 0)
        return ec_fail(err, EC_EINVAL, "cos-sin needs an even number of channels, not %u",
                       channels);
    return EC_OK;
}

/* Set the widths that a name stands for; *found: there is one of the name. */
static ec_status set_width(bool *found, ec_arch *arch, const char *name, uint32_t dim,
                           ec_error *err)
{
    ec_status status = EC_OK;

    *found = true;
    for (size_t i = 0; i < arch->n_indices; i++)
        if (strcmp(arch->indices[i].name, name) == 0) {
            arch->indices[i].dim = dim;
            return EC_OK;
        }

    size_t l = ec_arch_find_level(arch, name);
    ec_level *level = &arch->levels[l];
    *found = l < arch->n_levels;
    if (!*found)
        return EC_OK;
    EC_TRY(check_channels(arch, level, dim, err));
    level->dim = dim + (level->constant ? 1 : 0);
    if (l == 0)
        arch->input.channels = dim;
    else {
        level[-1].out = level->dim;
        arch->layers[level[-1].layer].channels = dim;
    }
done:
    return status;
}

ec_status ec_arch_set(ec_arch *arch, const char *assignment, ec_error *err)
{
    /* the last =: an index of a network may have one in its name */
    const char *equals = strrchr(assignment, '='), *end = NULL;
    ec_nearest nearest;
    uint64_t dim = 0;
    bool found = false;
    ec_status status;
    char name[EC_ARCH_MAX_NAME + 1];

    if (equals == NULL || equals == assignment)
        return ec_fail(err, EC_EINVAL, "%s is no assignment; write one as r0=16",
                       ec_quote(assignment).text);
    if (!ec_value_scan(&dim, equals + 1, &end) || *end != '\0' || dim < 1 ||
        dim > EC_ARCH_MAX_DIMENSION)
        return ec_fail(err, EC_EINVAL, "%s: a width is a plain integer from 1 to %u",
                       ec_quote(assignment).text, EC_ARCH_MAX_DIMENSION);
    snprintf(name, sizeof name, "%.*s",
             equals - assignment < EC_ARCH_MAX_NAME ? (int)(equals - assignment) : EC_ARCH_MAX_NAME,
             assignment);
    status = set_width(&found, arch, name, (uint32_t)dim, err);
    if (found || status != EC_OK)
        return status;
    nearest = (ec_nearest){.word = name};
    for (size_t i = 0; i < arch->n_indices; i++)
        ec_nearest_offer(&nearest, arch->indices[i].name);
    for (size_t l = 0; l < arch->n_levels; l++)
        ec_nearest_offer(&nearest, arch->levels[l].name);
    return ec_fail(err, EC_EINVAL, "there is no width %s; %s", ec_quote(name).text,
                   ec_hint(nearest.best, ec_arch_is_network(arch)
                                             ? "name an index of the network"
                                             : "the widths are input, r0, r1, ...")
                       .text);
}
