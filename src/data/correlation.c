/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "correlation.h"

#include "entcap/linalg.h"

#include "core/flow.h"

#include <math.h>

enum {
    CHUNK = 256, /* samples standardised at a time */
    SLAB = 256,  /* rows of products at a time */
};

/* A feature whose spread is below this share of its size is constant but for rounding. */
#define CONSTANT 1e-12

ec_status standard_init(standard *out, const ec_samples *samples, ec_error *err)
{
    ec_status status = EC_OK;
    size_t n = samples->grid[0] * samples->grid[1];
    double *row = NULL, count = (double)samples->n;

    *out = (standard){.n = n};
    EC_NEW(out->mean, n);
    EC_NEW(out->factor, n);
    EC_NEW(row, n);
    for (size_t i = 0; i < samples->n; i++) {
        ec_samples_row(row, samples, i);
        for (size_t f = 0; f < n; f++)
            out->mean[f] += row[f] / count;
    }
    for (size_t i = 0; i < samples->n; i++) {
        ec_samples_row(row, samples, i);
        for (size_t f = 0; f < n; f++)
            out->factor[f] += pow(row[f] - out->mean[f], 2);
    }
    for (size_t f = 0; f < n; f++) {
        double norm = sqrt(out->factor[f]);

        out->factor[f] = norm > CONSTANT * sqrt(count) * fabs(out->mean[f]) ? 1 / norm : 0;
    }
done:
    ec_free(row);
    return status;
}

void standard_clear(standard *s)
{
    ec_free(s->mean);
    ec_free(s->factor);
    *s = (standard){.n = 0};
}

/* Samples first .. first + n - 1, standardised: n x features. */
static void fill_chunk(double *out, const standard *s, const ec_samples *samples, size_t first,
                       size_t n)
{
    for (size_t i = 0; i < n; i++) {
        double *row = out + i * s->n;

        ec_samples_row(row, samples, first + i);
        for (size_t f = 0; f < s->n; f++)
            row[f] = (row[f] - s->mean[f]) * s->factor[f];
    }
}

/*
 * Add Z_band^T Z, (rows,n)(n,features) -> (rows,features), of a chunk Z of n samples; if the band
 * is everything, the product is symmetric and only slabs right of the diagonal are computed.
 */
static void add_products(double *out, const double *chunk, size_t n, const standard *s,
                         const size_t band[2], bool add)
{
    for (size_t r = 0; r < band[1]; r += SLAB) {
        size_t rows = band[1] - r < SLAB ? band[1] - r : SLAB;
        size_t from = band[1] == s->n ? r : 0;
        const ec_cmat left = {chunk + band[0] + r, n, rows, s->n, true};
        const ec_cmat right = {chunk + from, n, s->n - from, s->n, false};
        const ec_mat product = {out + r * s->n + from, rows, s->n - from, s->n};

        ec_linalg_gemm(product, 1, left, right, add);
    }
}

ec_status correlation_band(double *out, const standard *s, const ec_samples *samples, size_t first,
                           size_t rows, ec_error *err)
{
    double *chunk = ec_calloc(CHUNK * s->n, sizeof *chunk, err);

    if (chunk == NULL)
        return EC_ENOMEM;
    for (size_t i = 0; i < samples->n; i += CHUNK) {
        size_t n = samples->n - i < CHUNK ? samples->n - i : CHUNK;

        fill_chunk(chunk, s, samples, i, n);
        add_products(out, chunk, n, s, (size_t[]){first, rows}, i > 0);
    }
    for (size_t i = 0; i < rows && rows == s->n; i++)
        for (size_t j = 0; j < i; j++)
            out[i * s->n + j] = out[j * s->n + i];
    for (size_t i = 0; i < rows; i++) {
        for (size_t j = 0; j < s->n; j++)
            out[i * s->n + j] = fmin(fabs(out[i * s->n + j]), 1);
        out[i * s->n + first + i] = 0;
    }
    ec_free(chunk);
    return EC_OK;
}

double smallest_positive(const double *x, size_t n)
{
    double smallest = INFINITY;

    for (size_t i = 0; i < n; i++)
        if (x[i] > 0 && x[i] < smallest)
            smallest = x[i];
    return smallest;
}

/* Pairs with a constant feature get a weight of their own. */
static void fill_constant(double *c, const standard *s)
{
    double smallest = smallest_positive(c, s->n * s->n);
    double weight = isfinite(smallest) ? smallest / 10 : 0;

    for (size_t i = 0; i < s->n; i++)
        for (size_t j = 0; j < s->n; j++)
            if (i != j && (s->factor[i] <= 0 || s->factor[j] <= 0))
                c[i * s->n + j] = weight;
}

ec_status ec_data_correlation(double **out, const ec_samples *samples, const ec_run *run,
                              ec_error *err)
{
    ec_status status = EC_OK;
    standard s = {.n = 0};
    size_t n = samples->grid[0] * samples->grid[1];

    *out = NULL;
    EC_TRY(ec_run_reserve(run, "correlations of all pairs of features",
                          8 * (double)n * ((double)n + CHUNK), err));
    EC_TRY(ec_linalg_load(err));
    EC_TRY(standard_init(&s, samples, err));
    EC_NEW(*out, n * n);
    EC_TRY(correlation_band(*out, &s, samples, 0, n, err));
    fill_constant(*out, &s);
done:
    standard_clear(&s);
    if (status != EC_OK) {
        ec_free(*out);
        *out = NULL;
    }
    return status;
}

/* Which block of a level every feature is in. */
static void fill_owners(uint32_t *owner, const ec_blocks *blocks, size_t level)
{
    for (size_t b = 0; b < ec_blocks_count(blocks, level); b++) {
        ec_block block = ec_blocks_at(blocks, level, b);

        for (size_t r = 0; r < block.height; r++)
            for (size_t c = 0; c < block.width; c++)
                owner[(block.row + r) * blocks->grid[1] + block.column + c] = (uint32_t)b;
    }
}

ec_status data_surrogate(double *out, const double *correlation, const ec_blocks *blocks,
                         size_t level, ec_error *err)
{
    size_t n = blocks->grid[0] * blocks->grid[1], distinct = ec_blocks_distinct(blocks, level);
    uint32_t *owner = ec_calloc(n, sizeof *owner, err);

    if (owner == NULL)
        return EC_ENOMEM;
    fill_owners(owner, blocks, level);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++)
            if (owner[i] != owner[j] && owner[i] < distinct)
                out[owner[i]] += correlation[i * n + j];
    ec_free(owner);
    return EC_OK;
}
