/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model_i.h"

#include "core/flow.h"

#include <math.h>

size_t ec_weights_raw_count(const ec_arch *arch, size_t level)
{
    const ec_level *l = &arch->levels[level];
    return (l->shared ? 1 : ec_level_positions(l)) * ec_level_rows(arch, level) *
           ec_level_channels(l);
}

/* A norm that changes nothing. */
static ec_status init_norm(ec_affine *a, size_t channels, ec_error *err)
{
    ec_status status = EC_OK;

    EC_NEW(a->gamma, channels);
    EC_NEW(a->beta, channels);
    EC_NEW(a->mean, channels);
    EC_NEW(a->variance, channels);
    for (size_t c = 0; c < channels; c++)
        a->gamma[c] = a->variance[c] = 1;
done:
    return status;
}

ec_status ec_affine_init(ec_weights *out, const ec_arch *arch, ec_error *err)
{
    ec_status status = EC_OK;

    EC_NEW(out->affine, arch->n_levels);
    for (size_t l = 0; l < arch->n_levels; l++) {
        ec_affine *a = &out->affine[l];
        const ec_layer *layer = &arch->layers[arch->levels[l].layer];

        EC_NEW(a->weight, ec_weights_raw_count(arch, l));
        if (layer->norm)
            EC_TRY(init_norm(a, ec_level_channels(&arch->levels[l]), err));
        if (layer->bias)
            EC_NEW(a->bias, layer->channels);
    }
done:
    return status;
}

void ec_affine_clear(ec_weights *weights)
{
    for (size_t l = 0; weights->affine != NULL && l < weights->n_levels; l++) {
        const ec_affine *a = &weights->affine[l];
        double *const parts[] = {a->weight, a->gamma, a->beta, a->mean, a->variance, a->bias};
        for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
            ec_free(parts[i]);
    }
    ec_free(weights->affine);
}

/* One matrix [[W diag(g), W z + b], [0, 1]]; the last row only if the constant goes on. */
static void compose_matrix(double *matrix, const double *w, const ec_affine *a,
                           const ec_level *level, size_t rows)
{
    size_t channels = ec_level_channels(level);

    for (size_t i = 0; i < rows; i++) {
        double constant = a->bias != NULL ? a->bias[i] : 0;
        for (size_t c = 0; c < channels; c++) {
            double x = w[i * channels + c];
            double g = a->gamma != NULL ? a->gamma[c] / sqrt(a->variance[c] + EC_NORM_EPSILON) : 1;
            matrix[i * level->dim + c] = x * g;
            if (a->gamma != NULL)
                constant += x * (a->beta[c] - g * a->mean[c]);
        }
        if (level->constant)
            matrix[i * level->dim + channels] = constant;
    }
    if (level->out > rows) {
        for (size_t c = 0; c < channels; c++)
            matrix[rows * level->dim + c] = 0;
        matrix[rows * level->dim + channels] = 1;
    }
}

void ec_weights_compose(ec_weights *weights, const ec_arch *arch)
{
    for (size_t l = 0; weights->affine != NULL && l < arch->n_levels; l++) {
        const ec_level *level = &arch->levels[l];
        size_t rows = ec_level_rows(arch, l);
        size_t step = rows * ec_level_channels(level), n = ec_weights_raw_count(arch, l) / step;

        for (size_t p = 0; p < n; p++)
            compose_matrix(weights->matrix[l] + p * level->out * level->dim,
                           weights->affine[l].weight + p * step, &weights->affine[l], level, rows);
    }
}

void ec_affine_random(ec_weights *out, const ec_arch *arch, ec_rng *rng)
{
    for (size_t l = 0; l < arch->n_levels; l++) {
        const ec_affine *a = &out->affine[l];
        size_t channels = ec_level_channels(&arch->levels[l]);

        ec_normal_entries(a->weight, ec_weights_raw_count(arch, l), 0, 1 / sqrt((double)channels),
                          rng);
        if (a->gamma != NULL) {
            ec_normal_entries(a->gamma, channels, 1, 0.25, rng);
            ec_normal_entries(a->beta, channels, 0, 0.25, rng);
            ec_normal_entries(a->mean, channels, 0, 0.25, rng);
        }
        if (a->bias != NULL)
            ec_normal_entries(a->bias, arch->outputs, 0, 0.25, rng);
    }
    ec_weights_compose(out, arch);
}
