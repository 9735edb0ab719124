/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "gram.h"

#include "core/flow.h"
#include "core/hot.h"

#include <math.h>
#include <string.h>

/*
 * The hot loops: every machine computes the same bits, for nothing is summed over more than the two
 * terms of the cosine.
 */

#define PI 3.14159265358979323846

enum { TILE = 512 }; /* elements of a row that stay in cache while features pass over them */

ec_status gram_angles_init(gram_angles *out, const ec_samples *samples, const uint32_t *index,
                           size_t n, double theta, ec_error *err)
{
    ec_status status = EC_OK;
    size_t n_features = samples->grid[0] * samples->grid[1];
    double *row = NULL;

    *out = (gram_angles){.n = n, .n_features = n_features};
    EC_NEW(row, n_features);
    EC_NEW(out->cos, n_features * n);
    EC_NEW(out->sin, n_features * n);
    for (size_t i = 0; i < n; i++) {
        ec_samples_row(row, samples, index[i]);
        for (size_t f = 0; f < n_features; f++) {
            out->cos[f * n + i] = cos(PI * theta * row[f]);
            out->sin[f * n + i] = sin(PI * theta * row[f]);
        }
    }
done:
    ec_free(row);
    if (status != EC_OK)
        gram_angles_clear(out);
    return status;
}

void gram_angles_clear(gram_angles *angles)
{
    ec_free(angles->cos);
    ec_free(angles->sin);
    *angles = (gram_angles){.n = 0};
}

/* g[j] *= cos(a - a_j) = c c_j + s s_j */
EC_HOT_EXACT static void multiply_row(double *restrict g, double c, double s,
                                      const double *restrict cos_j, const double *restrict sin_j,
                                      size_t n)
{
    for (size_t j = 0; j < n; j++)
        g[j] *= c * cos_j[j] + s * sin_j[j];
}

/* Two features at a time: half the traffic on g. */
EC_HOT_EXACT static void multiply_row_2(double *restrict g, const double c[2], const double s[2],
                                        const double *restrict cos_j, const double *restrict sin_j,
                                        size_t stride, size_t n)
{
    for (size_t j = 0; j < n; j++)
        g[j] *= (c[0] * cos_j[j] + s[0] * sin_j[j]) *
                (c[1] * cos_j[stride + j] + s[1] * sin_j[stride + j]);
}

/* A tile of row i: columns first .. first + n - 1, all features of the block. */
static void fill_tile(double *g, const gram_angles *a, const ec_block *block, size_t width,
                      const size_t at[2], size_t n)
{
    size_t i = at[0], first = at[1];

    for (size_t r = block->row; r < block->row + block->height; r++) {
        size_t f = r * width + block->column, end = f + block->width;

        for (; f + 1 < end; f += 2) {
            const double c[2] = {a->cos[f * a->n + i], a->cos[(f + 1) * a->n + i]};
            const double s[2] = {a->sin[f * a->n + i], a->sin[(f + 1) * a->n + i]};
            multiply_row_2(g, c, s, a->cos + f * a->n + first, a->sin + f * a->n + first, a->n, n);
        }
        if (f < end)
            multiply_row(g, a->cos[f * a->n + i], a->sin[f * a->n + i], a->cos + f * a->n + first,
                         a->sin + f * a->n + first, n);
    }
}

void gram_of_block(double *g, const gram_angles *angles, const ec_block *block, size_t width)
{
    for (size_t i = 0; i < angles->n; i++) {
        double *row = g + gram_length(i);

        for (size_t j = 0; j <= i; j += TILE) {
            size_t n = i + 1 - j < TILE ? i + 1 - j : TILE;

            for (size_t k = 0; k < n; k++)
                row[j + k] = 1;
            fill_tile(row + j, angles, block, width, (size_t[]){i, j}, n);
        }
    }
}

EC_HOT_EXACT void gram_product(double *restrict g, const double *restrict a,
                               const double *restrict b, size_t length)
{
    for (size_t i = 0; i < length; i++)
        g[i] = a[i] * b[i];
}

EC_HOT_EXACT void gram_multiply(double *restrict g, const double *restrict a, size_t length)
{
    for (size_t i = 0; i < length; i++)
        g[i] *= a[i];
}

void gram_unpack_lower(double *restrict full, const double *restrict g, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        memcpy(full + i * n, g + gram_length(i), (i + 1) * sizeof *full);
        memset(full + i * n + i + 1, 0, (n - i - 1) * sizeof *full);
    }
}

void gram_unpack_ordered(double *restrict full, const double *restrict g, const uint32_t *order,
                         size_t n)
{
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j <= i; j++) {
            size_t a = order[i] > order[j] ? order[i] : order[j];
            size_t b = order[i] > order[j] ? order[j] : order[i];

            full[i * n + j] = g[gram_length(a) + b];
        }
    }
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < i; j++)
            full[j * n + i] = full[i * n + j];
}
