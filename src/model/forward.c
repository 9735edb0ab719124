/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "entcap/model.h"

#include "core/flow.h"

#include <math.h>
#include <string.h>

/* Divide v by its largest magnitude, whose logarithm is added to *log_scale; zero stays zero. */
static void scale_down(double *v, size_t n, double *log_scale)
{
    double largest = 0;

    for (size_t i = 0; i < n; i++)
        largest = fabs(v[i]) > largest || isnan(v[i]) ? fabs(v[i]) : largest;
    if (largest == 0)
        return;
    for (size_t i = 0; i < n; i++)
        v[i] /= largest;
    *log_scale += log(largest);
}

/* One window: out_d = prod over its positions of below_d, scaled after every factor. */
static void pool_window(double *out, const double *below, const ec_level *level, size_t grid_width,
                        size_t position, double *log_scale)
{
    size_t dim = level->dim;
    size_t row = position / level->grid[1] * level->window[0];
    size_t col = position % level->grid[1] * level->window[1];

    for (size_t d = 0; d < dim; d++)
        out[d] = 1;
    for (size_t i = 0; i < level->window[0]; i++)
        for (size_t j = 0; j < level->window[1]; j++) {
            const double *factor = below + ((row + i) * grid_width + col + j) * dim;
            for (size_t d = 0; d < dim; d++)
                out[d] *= factor[d];
            scale_down(out, dim, log_scale);
        }
}

static void multiply(double *out, const double *matrix, const double *v, size_t rows, size_t cols)
{
    for (size_t r = 0; r < rows; r++) {
        double sum = 0;
        for (size_t c = 0; c < cols; c++)
            sum += matrix[r * cols + c] * v[c];
        out[r] = sum;
    }
}

/* Largest number of entries that the vectors of a level and of the one above it take. */
static size_t widest(const ec_arch *arch)
{
    size_t most = 0;

    for (size_t l = 0; l < arch->n_levels; l++) {
        const ec_level *level = &arch->levels[l];
        size_t wider = level->out > level->dim ? level->out : level->dim;
        if (ec_level_positions(level) * wider > most)
            most = ec_level_positions(level) * wider;
    }
    return most;
}

ec_status ec_model_forward(double *out, double *log_scale, const ec_arch *arch,
                           const ec_weights *weights, const double *sites, ec_error *err)
{
    ec_status status = EC_OK;
    const double *below = sites;
    size_t below_width = arch->input.grid[1];
    double *pooled = NULL, *mapped = NULL;

    *log_scale = 0;
    EC_NEW(pooled, widest(arch));
    EC_NEW(mapped, widest(arch));
    for (size_t l = 0; l < arch->n_levels; l++) {
        const ec_level *level = &arch->levels[l];
        size_t n = ec_level_positions(level);
        /* all windows before the first product: it overwrites what they read */
        for (size_t p = 0; p < n; p++)
            pool_window(pooled + p * level->dim, below, level, below_width, p, log_scale);
        for (size_t p = 0; p < n; p++)
            multiply(mapped + p * level->out, ec_weights_at(weights, arch, l, p),
                     pooled + p * level->dim, level->out, level->dim);
        below = mapped;
        below_width = level->grid[1];
    }
    scale_down(mapped, arch->outputs, log_scale);
    memcpy(out, mapped, arch->outputs * sizeof *out);
    for (uint32_t y = 0; y < arch->outputs; y++)
        if (!isfinite(out[y])) {
            status = ec_fail(err, EC_ENUMERIC,
                             "output %u is not finite: a weight or an input "
                             "is infinite, not a number, or too large",
                             y);
            break;
        }
done:
    ec_free(pooled);
    ec_free(mapped);
    return status;
}
