/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "train_i.h"

#include "core/flow.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define PARTS_OF_LEVEL 6 /* at most: weight, gamma, beta, bias, mean, variance */

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
    }
}

static void add_part(plan *p, part_kind kind, size_t level, size_t n)
{
    p->parts[p->n_parts++] = (part){kind, level, p->n_parameters, n};
    p->n_parameters += n;
}

static void add_level(plan *p, size_t l)
{
    const ec_layer *layer = &p->arch->layers[p->arch->levels[l].layer];
    size_t channels = ec_level_channels(&p->arch->levels[l]);

    p->matrix_start[l] = p->n_parameters;
    add_part(p, PART_WEIGHT, l,
             ec_arch_is_affine(p->arch) ? ec_weights_raw_count(p->arch, l)
                                        : ec_weights_count(p->arch, l));
    p->layerwise = p->layerwise || layer->norm;
    if (layer->norm) {
        add_part(p, PART_GAMMA, l, channels);
        add_part(p, PART_BETA, l, channels);
    }
    if (layer->bias)
        add_part(p, PART_BIAS, l, p->arch->levels[l].out);
}

/* Parameters in their order; see plan. */
static void add_parts(plan *p)
{
    const ec_arch *arch = p->arch;
    const ec_features *features = &arch->input.features;
    size_t m = arch->input.channels;

    for (size_t l = 0; l < p->n_levels; l++)
        add_level(p, l);
    p->matrix_start[p->n_levels] = p->n_learned = p->n_parameters;
    if (features->kind == EC_FEATURES_AFFINE_RELU) {
        add_part(p, PART_SLOPE, p->n_levels, m);
        add_part(p, PART_OFFSET, p->n_levels, m);
    } else if (features->kind == EC_FEATURES_COS_SIN) {
        add_part(p, PART_FREQUENCY, p->n_levels, m / 2);
    }
    if (features->learned)
        p->n_learned = p->n_parameters;
    for (size_t l = 0; l < p->n_levels; l++)
        if (arch->layers[arch->levels[l].layer].norm) {
            add_part(p, PART_MEAN, l, ec_level_channels(&arch->levels[l]));
            add_part(p, PART_VARIANCE, l, ec_level_channels(&arch->levels[l]));
        }
}

ec_status plan_check(const ec_arch *arch, ec_error *err)
{
    if (!ec_arch_is_network(arch) && arch->input.features.kind != EC_FEATURES_NONE)
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
    EC_NEW(out->parts, PARTS_OF_LEVEL * arch->n_levels + 2);
    out->n_levels = arch->n_levels;
    for (size_t l = out->n_levels + 1; l-- > 0;) {
        EC_NEW(out->place[l], l == 0 ? arch->n_sites : ec_level_positions(&arch->levels[l - 1]));
        if (l < out->n_levels) /* above stands the root, position 0 */
            list_children(out->place[l], &arch->levels[l], out->place[l + 1]);
    }
    measure(out);
    add_parts(out);
    out->scaled = !ec_arch_is_affine(arch);
    out->loss = ec_arch_predicts_magnitude(arch) ? EC_LOSS_SQUARED : EC_LOSS_CROSS_ENTROPY;
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
    ec_free(p->parts);
    *p = (plan){.arch = NULL};
}

size_t plan_level_of(const plan *p, size_t i)
{
    size_t k = 0;

    while (k + 1 < p->n_parts && i >= p->parts[k + 1].start)
        k++;
    return p->parts[k].level;
}

size_t plan_find(const plan *p, part_kind kind, size_t level)
{
    for (size_t k = 0; k < p->n_parts; k++)
        if (p->parts[k].kind == kind && p->parts[k].level == level)
            return p->parts[k].start;
    return SIZE_MAX;
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

static double *affine_values(const ec_affine *a, part_kind kind)
{
    switch (kind) {
    case PART_GAMMA:
        return a->gamma;
    case PART_BETA:
        return a->beta;
    case PART_BIAS:
        return a->bias;
    case PART_MEAN:
        return a->mean;
    case PART_VARIANCE:
        return a->variance;
    default:
        return a->weight;
    }
}

double *plan_values(const plan *p, const ec_weights *weights, size_t k)
{
    const part *x = &p->parts[k];

    if (x->level < p->n_levels)
        return weights->affine != NULL ? affine_values(&weights->affine[x->level], x->kind)
                                       : weights->matrix[x->level];
    if (x->kind == PART_FREQUENCY)
        return weights->frequency;
    return x->kind == PART_SLOPE ? weights->slope : weights->offset;
}

void plan_pack(float *parameters, const plan *p, const ec_weights *weights)
{
    for (size_t k = 0; k < p->n_parts; k++) {
        const double *values = plan_values(p, weights, k);
        for (size_t i = 0; i < p->parts[k].n; i++)
            parameters[p->parts[k].start + i] = (float)values[i];
    }
}

void plan_unpack(ec_weights *weights, const plan *p, const float *parameters)
{
    for (size_t k = 0; k < p->n_parts; k++) {
        double *values = plan_values(p, weights, k);
        for (size_t i = 0; i < p->parts[k].n; i++)
            values[i] = (double)parameters[p->parts[k].start + i];
    }
    ec_weights_compose(weights, p->arch);
    weights->single = true;
}

void plan_pack_f64(double *parameters, const plan *p, const ec_weights *weights)
{
    for (size_t k = 0; k < p->n_parts; k++)
        memcpy(parameters + p->parts[k].start, plan_values(p, weights, k),
               p->parts[k].n * sizeof *parameters);
}

void plan_unpack_f64(ec_weights *weights, const plan *p, const double *parameters)
{
    for (size_t k = 0; k < p->n_parts; k++)
        memcpy(plan_values(p, weights, k), parameters + p->parts[k].start,
               p->parts[k].n * sizeof *parameters);
}

double pass_bytes(const plan *p)
{
    const ec_arch *arch = p->arch;
    double vectors = (double)arch->n_sites + 64.0 * (double)p->window + (double)p->largest_matrix;
    double largest = 0; /* of the gradients below a level's matrix */

    for (size_t l = 0; l < p->n_levels; l++)
        vectors += (double)ec_level_positions(&arch->levels[l]) *
                   (1.0 + arch->levels[l].dim + arch->levels[l].out);
    for (size_t l = 0; p->layerwise && l < p->n_levels; l++)
        largest = fmax(largest, (double)ec_level_positions(&arch->levels[l]) * arch->levels[l].dim);
    vectors += largest;
    return vectors * PASS_LANES_F32 * sizeof(float);
}
