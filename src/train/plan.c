/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "train_i.h"

#include "entcap/linalg.h"

#include "core/flow.h"

#include <stdio.h>

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

/* children of a window, row-major, in the grid below */
static void list_children(uint32_t *child, const ec_level *level, size_t width_below)
{
    for (size_t p = 0; p < ec_level_positions(level); p++) {
        size_t row = p / level->grid[1] * level->window[0];
        size_t col = p % level->grid[1] * level->window[1];
        for (size_t i = 0; i < level->window[0]; i++)
            for (size_t j = 0; j < level->window[1]; j++)
                *child++ = (uint32_t)((row + i) * width_below + col + j);
    }
}

static void measure(plan *p)
{
    const ec_arch *arch = p->arch;

    p->widest = arch->n_sites * arch->input.channels;
    for (size_t l = 0; l < p->n_levels; l++) {
        const ec_level *level = &arch->levels[l];
        p->widest = larger(p->widest, ec_level_positions(level) * larger(level->dim, level->out));
        p->window = larger(p->window, ec_level_window(level) * level->dim);
        p->matrix_start[l + 1] = p->matrix_start[l] + ec_weights_count(arch, l);
    }
    p->n_parameters = p->matrix_start[p->n_levels] + 2 * (size_t)arch->input.channels;
}

ec_status plan_check(const ec_arch *arch, ec_error *err)
{
    if (!ec_arch_is_network(arch) && arch->input.features != EC_FEATURES_NONE)
        return EC_OK;
    return ec_fail(err, EC_EINVAL,
                   "training needs a feature map: add 'features: {kind: affine-relu}' to input");
}

ec_status plan_init(plan *out, const ec_arch *arch, const ec_run *run, ec_error *err)
{
    ec_status status = EC_OK;

    *out = (plan){.arch = arch};
    EC_TRY(plan_check(arch, err));
    EC_TRY(ec_linalg_load(err)); /* before the first product */
    EC_TRY(ec_run_reserve(run, "training", 16.0 * (double)arch->n_sites, err));
    EC_NEW(out->matrix_start, arch->n_levels + 1);
    EC_NEW(out->child, arch->n_levels);
    out->n_levels = arch->n_levels;
    for (size_t l = 0; l < out->n_levels; l++) {
        const ec_level *level = &arch->levels[l];
        EC_NEW(out->child[l], ec_level_positions(level) * ec_level_window(level));
        list_children(out->child[l], level, l == 0 ? arch->input.grid[1] : level[-1].grid[1]);
    }
    measure(out);
done:
    if (status != EC_OK)
        plan_clear(out);
    return status;
}

void plan_clear(plan *p)
{
    for (size_t l = 0; l < p->n_levels; l++)
        ec_free(p->child[l]);
    ec_free(p->child);
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
    double numbers = (double)arch->n_sites * (2.0 + arch->input.channels) + 2 * (double)p->widest +
                     2 * (double)p->window + arch->outputs;

    for (size_t l = 0; l < p->n_levels; l++)
        numbers += (double)ec_level_positions(&arch->levels[l]) *
                   (1.0 + arch->levels[l].dim + arch->levels[l].out);
    return numbers * sizeof(double);
}
