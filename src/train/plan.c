/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "train_i.h"

#include "core/flow.h"

#include <stdio.h>

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

/* Children of every position, in the order of the positions. */
static void list_children(uint32_t *below, const ec_level *level, const uint32_t *place)
{
    for (size_t p = 0; p < ec_level_positions(level); p++)
        for (size_t k = 0; k < ec_level_window(level); k++)
            *below++ = (uint32_t)ec_level_child(level, place[p], k);
}

static void measure(plan *p)
{
    const ec_arch *arch = p->arch;

    for (size_t l = 0; l < p->n_levels; l++) {
        const ec_level *level = &arch->levels[l];
        p->widest = larger(p->widest, level->dim);
        p->window = larger(p->window, ec_level_window(level) * level->dim);
        p->largest_matrix = larger(p->largest_matrix, (size_t)level->dim * level->out);
        p->matrix_start[l + 1] = p->matrix_start[l] + ec_weights_count(arch, l);
    }
    p->n_parameters = p->matrix_start[p->n_levels] + 2 * (size_t)arch->input.channels;
}

ec_status plan_check(const ec_arch *arch, ec_error *err)
{
    if (!ec_arch_is_network(arch) && arch->input.features.kind == EC_FEATURES_AFFINE_RELU &&
        !ec_arch_is_affine(arch))
        return EC_OK;
    return ec_fail(err, EC_EINVAL,
                   "training needs a feature map: add 'features: {kind: affine-relu}' to input");
}

ec_status plan_init(plan *out, const ec_arch *arch, const ec_run *run, ec_error *err)
{
    ec_status status = EC_OK;

    *out = (plan){.arch = arch};
    EC_TRY(plan_check(arch, err));
    EC_TRY(ec_run_reserve(run, "training", 16.0 * (double)arch->n_sites, err));
    EC_NEW(out->matrix_start, arch->n_levels + 1);
    EC_NEW(out->place, arch->n_levels + 1);
    out->n_levels = arch->n_levels;
    for (size_t l = out->n_levels + 1; l-- > 0;) {
        EC_NEW(out->place[l], l == 0 ? arch->n_sites : ec_level_positions(&arch->levels[l - 1]));
        if (l < out->n_levels) /* above stands the root, position 0 */
            list_children(out->place[l], &arch->levels[l], out->place[l + 1]);
    }
    measure(out);
done:
    if (status != EC_OK)
        plan_clear(out);
    return status;
}

void plan_clear(plan *p)
{
    for (size_t l = 0; p->place != NULL && l <= p->n_levels; l++)
        ec_free(p->place[l]);
    ec_free(p->place);
    ec_free(p->matrix_start);
    *p = (plan){.arch = NULL};
}

size_t plan_level_of(const plan *p, size_t i)
{
    size_t level = 0;

    while (level < p->n_levels && i >= p->matrix_start[level + 1])
        level++;
    return level;
}

const char *plan_name(char *text, size_t room, const plan *p, size_t level)
{
    if (level == p->n_levels)
        snprintf(text, room, "the feature map");
    else if (level + 1 == p->n_levels)
        snprintf(text, room, "the dense layer (layers.%zu.weight)", level);
    else
        snprintf(text, room, "layer r%zu (layers.%zu.weight)", level, level);
    return text;
}

segment plan_segment(const plan *p, const ec_weights *weights, size_t k)
{
    size_t m = weights->n_features, maps = p->matrix_start[p->n_levels];

    if (k < p->n_levels)
        return (segment){p->matrix_start[k], p->matrix_start[k + 1] - p->matrix_start[k],
                         weights->matrix[k]};
    return k == p->n_levels ? (segment){maps, m, weights->slope}
                            : (segment){maps + m, m, weights->offset};
}

void plan_pack(float *parameters, const plan *p, const ec_weights *weights)
{
    for (size_t k = 0; k < p->n_levels + 2; k++) {
        segment s = plan_segment(p, weights, k);
        for (size_t i = 0; i < s.n; i++)
            parameters[s.start + i] = (float)s.values[i];
    }
}

void plan_unpack(ec_weights *weights, const plan *p, const float *parameters)
{
    for (size_t k = 0; k < p->n_levels + 2; k++) {
        segment s = plan_segment(p, weights, k);
        for (size_t i = 0; i < s.n; i++)
            s.values[i] = (double)parameters[s.start + i];
    }
    weights->single = true;
}

double pass_bytes(const plan *p)
{
    const ec_arch *arch = p->arch;
    double vectors = (double)arch->n_sites + 64.0 * (double)p->window + (double)p->largest_matrix;

    for (size_t l = 0; l < p->n_levels; l++)
        vectors += (double)ec_level_positions(&arch->levels[l]) *
                   (1.0 + arch->levels[l].dim + arch->levels[l].out);
    return vectors * PASS_LANES_F32 * sizeof(float);
}
