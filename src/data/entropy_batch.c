/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "entropy_batch.h"

#include "entcap/linalg.h"

#include "core/flow.h"

#include <math.h>
#include <string.h>

enum { PANEL = 128 }; /* columns of a factor that are multiplied at a time */

/* Number of blocks of the levels 1 .. level. */
static size_t blocks_up_to(const ec_blocks *blocks, size_t level)
{
    size_t n = 0;

    for (size_t l = 1; l <= level; l++)
        n += ec_blocks_count(blocks, l);
    return n;
}

/* Packed triangles: one of every block, and one of the rest for every level on the way down. */
static double count_triangles(const ec_blocks *blocks)
{
    return (double)blocks_up_to(blocks, blocks->n_levels) + (double)blocks->n_levels;
}

double entropy_batch_bytes(const ec_blocks *blocks, size_t n)
{
    double features = (double)(blocks->grid[0] * blocks->grid[1]);

    return 8 * (count_triangles(blocks) * (double)gram_length(n) + 4 * (double)n * (double)n +
                2 * features * (double)n);
}

/* The walk over the blocks, and its matrices. */
typedef struct walk {
    const entropy_batch *batch;
    const ec_run *run;
    ec_block_entropy *value;
    size_t length;                            /* of a triangle */
    double *inside[EC_BLOCKS_MAX_LEVELS + 1]; /* per level: a triangle for each of its blocks */
    double *rest[EC_BLOCKS_MAX_LEVELS + 1];   /* per level: of the rest of the block in hand */
    double *full, *factor, *product, *small;  /* n x n each */
    double *eigenvalue;
    uint32_t *pivot;
    size_t n_measured;
} walk;

static void walk_clear(walk *w)
{
    for (size_t l = 0; l <= EC_BLOCKS_MAX_LEVELS; l++) {
        ec_free(w->inside[l]);
        ec_free(w->rest[l]);
    }
    ec_free(w->full);
    ec_free(w->factor);
    ec_free(w->product);
    ec_free(w->small);
    ec_free(w->eigenvalue);
    ec_free(w->pivot);
}

static ec_status walk_init(walk *w, ec_error *err)
{
    ec_status status = EC_OK;
    const ec_blocks *blocks = w->batch->blocks;
    size_t n = w->batch->n;

    w->length = gram_length(n);
    for (size_t l = 1; l <= blocks->n_levels; l++) {
        EC_NEW(w->inside[l], ec_blocks_count(blocks, l) * w->length);
        EC_NEW(w->rest[l], w->length);
    }
    EC_NEW(w->full, n * n);
    EC_NEW(w->factor, n * n);
    EC_NEW(w->product, n * n);
    EC_NEW(w->small, n * n);
    EC_NEW(w->eigenvalue, n);
    EC_NEW(w->pivot, n);
done:
    return status;
}

static size_t children(const ec_blocks *blocks, size_t level)
{
    return blocks->split[level][0] * blocks->split[level][1];
}

/* Grams of the finest blocks from the features, of the others as products of their children's. */
static ec_status fill_inside(walk *w, ec_error *err)
{
    const entropy_batch *batch = w->batch;
    const ec_blocks *blocks = batch->blocks;
    ec_status status = EC_OK;
    gram_angles angles = {.n = 0};
    size_t finest = blocks->n_levels;

    EC_TRY(gram_angles_init(&angles, batch->samples, batch->index, batch->n, batch->theta, err));
    for (size_t b = 0; b < ec_blocks_count(blocks, finest); b++) {
        ec_block block = ec_blocks_at(blocks, finest, b);

        EC_TRY(ec_run_step(w->run, "Gram matrices", (double)b,
                           (double)ec_blocks_count(blocks, finest), err));
        gram_of_block(w->inside[finest] + b * w->length, &angles, &block, blocks->grid[1]);
    }
    for (size_t l = finest - 1; l >= 1; l--) {
        size_t n_children = children(blocks, l);

        for (size_t b = 0; b < ec_blocks_count(blocks, l); b++) {
            double *g = w->inside[l] + b * w->length;
            const double *child = w->inside[l + 1] + b * n_children * w->length;

            gram_product(g, child, child + w->length, w->length);
            for (size_t c = 2; c < n_children; c++)
                gram_multiply(g, child + c * w->length, w->length);
        }
    }
done:
    gram_angles_clear(&angles);
    return status;
}

/* Gram of the rest of one child: its siblings and the rest of its parent (NULL: nothing). */
static void fill_rest(walk *w, size_t level, size_t block, const double *parent_rest)
{
    size_t n = children(w->batch->blocks, level - 1), first = block / n * n;
    double *g = w->rest[level];

    if (parent_rest != NULL)
        memcpy(g, parent_rest, w->length * sizeof *g);
    else
        for (size_t i = 0; i < w->length; i++)
            g[i] = 1;
    for (size_t b = first; b < first + n; b++)
        if (b != block)
            gram_multiply(g, w->inside[level] + b * w->length, w->length);
}

/* L of the block's Gram, (n, rank), lower trapezoidal, samples in the order of the pivots. */
static ec_status factorize(walk *w, size_t *rank, const double *g, ec_error *err)
{
    size_t n = w->batch->n;

    gram_unpack_lower(w->full, g, n);
    ec_status status = ec_linalg_cholesky_pivoted(rank, w->pivot, w->full, n, err);
    if (status != EC_OK)
        return status;
    for (size_t i = 0; i < n; i++) {
        double *row = w->factor + i * *rank;
        size_t filled = i + 1 < *rank ? i + 1 : *rank;

        memcpy(row, w->full + i * n, filled * sizeof *row);
        memset(row + filled, 0, (*rank - filled) * sizeof *row);
    }
    return EC_OK;
}

/*
 * Lower triangle of M = A^T G A for the lower trapezoidal A, (n,r), in panels of columns: panel J
 * of A begins at row J, and so does what M needs of T = G A. A quarter of the work of whole
 * products where r = n.
 */
static void project(walk *w, size_t rank)
{
    size_t n = w->batch->n;

    for (size_t j = 0; j < rank; j += PANEL) {
        size_t columns = rank - j < PANEL ? rank - j : PANEL;
        const ec_mat t = {w->product, n - j, columns, columns};

        /* T_J = G[J.., J..] A[J.., J], (n-j,n-j)(n-j,columns) -> (n-j,columns) */
        ec_linalg_gemm(t, 1, (ec_cmat){w->full + j * n + j, n - j, n - j, n, false},
                       (ec_cmat){w->factor + j * rank + j, n - j, columns, rank, false}, 0);
        for (size_t i = j; i < rank; i += PANEL) {
            size_t rows = rank - i < PANEL ? rank - i : PANEL;
            const ec_mat m = {w->small + i * rank + j, rows, columns, rank};

            /* M[I, J] = A[I.., I]^T T_J[I..], (rows,n-i)(n-i,columns) -> (rows,columns) */
            ec_linalg_gemm(
                m, 1, (ec_cmat){w->factor + i * rank + i, n - i, rows, rank, true},
                (ec_cmat){w->product + (i - j) * columns, n - i, columns, columns, false}, 0);
        }
    }
}

/* Entropies of the distribution that non-negative numbers are in proportion to; clipped at 0. */
static ec_block_entropy entropies_of(const double *x, size_t n)
{
    double sum = 0, largest = 0, entropy = 0;

    for (size_t i = 0; i < n; i++) {
        sum += fmax(x[i], 0);
        largest = fmax(x[i], largest);
    }
    if (sum <= 0)
        return (ec_block_entropy){0, 0};
    for (size_t i = 0; i < n; i++)
        if (x[i] > 0)
            entropy -= x[i] / sum * log(x[i] / sum);
    return (ec_block_entropy){fmax(entropy, 0), fmax(1 - largest / sum, 0)};
}

/* Rows of samples with another label change their sign; doing it twice undoes it. */
static void apply_signs(walk *w, size_t label, size_t rank)
{
    const entropy_batch *batch = w->batch;
    uint32_t positive = batch->layout->n_labels == 1 ? 1 : (uint32_t)label;

    for (size_t i = 0; i < batch->n; i++)
        if (batch->samples->label[batch->index[w->pivot[i]]] != positive)
            for (size_t k = 0; k < rank; k++)
                w->factor[i * rank + k] *= -1;
}

/* One block against its rest, for all labels. */
static ec_status measure(walk *w, size_t level, size_t block, ec_error *err)
{
    const ec_entropies *layout = w->batch->layout;
    ec_status status = EC_OK;
    size_t n = w->batch->n, rank = 0;

    EC_TRY(ec_run_step(w->run, "entropies", w->batch->done + (double)w->n_measured++,
                       w->batch->total, err));
    EC_TRY(factorize(w, &rank, w->inside[level] + block * w->length, err));
    gram_unpack_ordered(w->full, w->rest[level], w->pivot, n);
    for (size_t y = 0; y < layout->n_labels; y++) {
        apply_signs(w, y, rank);
        project(w, rank);
        apply_signs(w, y, rank);
        EC_TRY(ec_linalg_eigenvalues_symmetric(w->eigenvalue, w->small, rank, err));
        w->value[y * layout->n_blocks + layout->start[level] + block] =
            entropies_of(w->eigenvalue, rank);
    }
done:
    return status;
}

/* All blocks below one, whose rest's Gram is given (NULL: there is no rest). */
static ec_status descend(walk *w, size_t level, size_t block, const double *rest, ec_error *err)
{
    const ec_blocks *blocks = w->batch->blocks;
    size_t n = children(blocks, level);
    ec_status status = EC_OK;

    for (size_t child = block * n; child < (block + 1) * n; child++) {
        fill_rest(w, level + 1, child, rest);
        if (level + 1 >= w->batch->layout->first && child < ec_blocks_distinct(blocks, level + 1))
            EC_TRY(measure(w, level + 1, child, err));
        if (level + 1 < blocks->n_levels)
            EC_TRY(descend(w, level + 1, child, w->rest[level + 1], err));
    }
done:
    return status;
}

ec_status entropy_batch_run(ec_block_entropy *value, const entropy_batch *batch, const ec_run *run,
                            ec_error *err)
{
    ec_status status = EC_OK;
    walk w = {.batch = batch, .run = run, .value = value};

    EC_TRY(ec_linalg_load(err));
    EC_TRY(walk_init(&w, err));
    EC_TRY(fill_inside(&w, err));
    EC_TRY(descend(&w, 0, 0, NULL, err));
done:
    walk_clear(&w);
    return status;
}
