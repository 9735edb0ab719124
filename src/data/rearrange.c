/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "graph.h"

#include "core/flow.h"

#include <string.h>

void ec_order_clear(ec_order *order)
{
    if (order == NULL)
        return;
    ec_free(order->from);
    *order = (ec_order){.n = 0};
}

/* position[k]: where on the grid, row-major, place k is. */
static void fill_positions(uint32_t *position, const ec_blocks *blocks)
{
    size_t finest = blocks->n_levels, k = 0;

    for (size_t b = 0; b < ec_blocks_count(blocks, finest); b++) {
        ec_block block = ec_blocks_at(blocks, finest, b);

        for (size_t r = block.row; r < block.row + block.height; r++)
            for (size_t c = block.column; c < block.column + block.width; c++)
                position[k++] = (uint32_t)(r * blocks->grid[1] + c);
    }
}

static ec_status check_grid(const ec_blocks *blocks, const size_t grid[2], ec_error *err)
{
    if (blocks->grid[0] == grid[0] && blocks->grid[1] == grid[1])
        return EC_OK;
    return ec_fail(err, EC_EINVAL, "blocks of %zu x %zu features, samples of %zu x %zu",
                   blocks->grid[0], blocks->grid[1], grid[0], grid[1]);
}

/* ------------------------------------------------------------------- METIS */

/* The descent through the blocks: members of a block are dealt to its parts, and so on. */
typedef struct descent {
    const graph *g;
    const ec_blocks *blocks;
    const ec_run *run;
    uint32_t *from; /* takes the order */
} descent;

static size_t size_of(const ec_blocks *blocks, size_t level, size_t index)
{
    ec_block b = ec_blocks_at(blocks, level, index);

    return b.height * b.width;
}

/* Sort the members of a block by the part they are dealt to, keeping their order within it. */
static ec_status deal(const descent *d, uint32_t *member, const size_t *size, size_t parts,
                      size_t n, ec_error *err)
{
    ec_status status = EC_OK;
    graph inner = {.n = 0};
    uint32_t *part = NULL, *sorted = NULL;
    size_t filled = 0;

    EC_NEW(part, n);
    EC_NEW(sorted, n);
    EC_TRY(graph_induce(&inner, d->g, member, n, err));
    EC_TRY(graph_split(part, &inner, size, parts, d->run != NULL ? d->run->seed : 1, err));
    for (size_t p = 0; p < parts; p++)
        for (size_t i = 0; i < n; i++)
            if (part[i] == p)
                sorted[filled++] = member[i];
    memcpy(member, sorted, n * sizeof *member);
done:
    graph_clear(&inner);
    ec_free(part);
    ec_free(sorted);
    return status;
}

/* The block's members stand in d->from from `at` on, ascending. */
static ec_status descend(const descent *d, size_t level, size_t block, size_t at, ec_error *err)
{
    const ec_blocks *blocks = d->blocks;
    ec_status status = EC_OK;
    size_t *size = NULL, n = 0;

    if (level == blocks->n_levels)
        return EC_OK;
    size_t parts = blocks->split[level][0] * blocks->split[level][1];
    EC_TRY(ec_run_step(d->run, "cuts", (double)at, (double)d->g->n, err));
    EC_NEW(size, parts);
    for (size_t p = 0; p < parts; p++) {
        size[p] = size_of(blocks, level + 1, block * parts + p);
        n += size[p];
    }
    EC_TRY(deal(d, d->from + at, size, parts, n, err));
    for (size_t p = 0; p < parts; at += size[p++])
        EC_TRY(descend(d, level + 1, block * parts + p, at, err));
done:
    ec_free(size);
    return status;
}

/* --------------------------------------------------------------- surrogates */

/* Mean surrogate of the blocks of each level, with feature from[k] at place k. */
static ec_status fill_surrogates(double *mean, const graph *g, const uint32_t *from,
                                 const ec_blocks *blocks, ec_error *err)
{
    uint32_t *owner = ec_calloc(g->n, sizeof *owner, err);

    if (owner == NULL)
        return EC_ENOMEM;
    for (size_t l = 1; l <= blocks->n_levels; l++) {
        size_t n_blocks = ec_blocks_count(blocks, l), k = 0;

        for (size_t b = 0; b < n_blocks; b++)
            for (size_t end = k + size_of(blocks, l, b); k < end; k++)
                owner[from[k]] = (uint32_t)b;
        mean[l] = graph_crossing(g, owner) / (double)n_blocks;
    }
    ec_free(owner);
    return EC_OK;
}

/* Features as they are: place k holds the feature of its position. */
static ec_status compare(ec_order *out, const graph *g, const ec_blocks *blocks, ec_error *err)
{
    uint32_t *position = ec_calloc(out->n, sizeof *position, err);
    ec_status status = EC_ENOMEM;

    if (position == NULL)
        return status;
    fill_positions(position, blocks);
    status = fill_surrogates(out->before, g, position, blocks, err);
    if (status == EC_OK)
        status = fill_surrogates(out->after, g, out->from, blocks, err);
    out->dropped = g->dropped;
    ec_free(position);
    return status;
}

/* ----------------------------------------------------------------- methods */

static void swap_at_random(ec_order *out, size_t swaps, uint64_t seed)
{
    ec_rng rng;

    ec_rng_seed(&rng, seed);
    for (size_t s = 0; s < swaps && out->n > 1; s++) {
        size_t i = ec_rng_below(&rng, out->n), j = ec_rng_below(&rng, out->n - 1);
        uint32_t swap = out->from[i];

        j += j >= i;
        out->from[i] = out->from[j];
        out->from[j] = swap;
    }
}

/* IGTD answers by grid position; an order goes by places. */
static ec_status arrange_igtd(ec_order *out, const ec_samples *samples, const ec_blocks *blocks,
                              const ec_run *run, ec_error *err)
{
    ec_status status = EC_OK;
    uint32_t *feature = NULL;

    EC_NEW(feature, out->n);
    EC_TRY(igtd_arrange(feature, samples, run, err));
    fill_positions(out->from, blocks);
    for (size_t k = 0; k < out->n; k++)
        out->from[k] = feature[out->from[k]];
done:
    ec_free(feature);
    return status;
}

ec_status ec_data_rearrange(ec_order *out, const ec_samples *samples, const ec_blocks *blocks,
                            const ec_rearrange_options *options, const ec_run *run, ec_error *err)
{
    ec_status status = EC_OK;
    graph g = {.n = 0};

    *out = (ec_order){.n = samples->grid[0] * samples->grid[1]};
    EC_TRY(check_grid(blocks, samples->grid, err));
    EC_NEW(out->from, out->n);
    if (options->method == EC_REARRANGE_SWAPS) {
        fill_positions(out->from, blocks);
        swap_at_random(out, options->swaps, run != NULL ? run->seed : 1);
        goto done;
    }
    EC_TRY(graph_of_samples(&g, samples, options->neighbours, run, err));
    if (options->method == EC_REARRANGE_IGTD) {
        EC_TRY(arrange_igtd(out, samples, blocks, run, err));
    } else {
        for (size_t k = 0; k < out->n; k++)
            out->from[k] = (uint32_t)k;
        EC_TRY(descend(&(descent){&g, blocks, run, out->from}, 0, 0, 0, err));
    }
    EC_TRY(compare(out, &g, blocks, err));
done:
    graph_clear(&g);
    if (status != EC_OK)
        ec_order_clear(out);
    return status;
}

/* ------------------------------------------------------------------- arrays */

ec_status ec_order_init(ec_order *out, const ec_array *from, ec_error *err)
{
    ec_status status = EC_OK;
    bool *seen = NULL;

    *out = (ec_order){.n = from->count};
    EC_NEW(out->from, out->n);
    EC_NEW(seen, out->n);
    for (size_t k = 0; k < out->n; k++) {
        double x;

        ec_array_get(&x, from, k, 1);
        bool valid = x >= 0 && x < (double)out->n && x == (double)(uint32_t)x;
        if (!valid || seen[(uint32_t)x]) {
            status = ec_fail(err, EC_EINVAL, "entry %zu is %g%s, must be a permutation of 0 to %zu",
                             k, x, valid ? " again" : "", out->n - 1);
            goto done;
        }
        seen[(uint32_t)x] = true;
        out->from[k] = (uint32_t)x;
    }
done:
    ec_free(seen);
    if (status != EC_OK)
        ec_order_clear(out);
    return status;
}

ec_status ec_order_array(ec_array *out, const ec_order *order, ec_error *err)
{
    ec_status status = ec_array_init(out, EC_I64, 1, &order->n, NULL, err);

    for (size_t k = 0; k < order->n && status == EC_OK; k++)
        ((int64_t *)out->data)[k] = order->from[k];
    return status;
}

ec_status ec_order_apply(ec_array *out, const ec_array *values, const ec_order *order,
                         const ec_blocks *blocks, const ec_run *run, ec_error *err)
{
    ec_status status = EC_OK;
    size_t element = ec_dtype_size(values->type), samples = values->shape[0];
    uint32_t *position = NULL;

    *out = (ec_array){.data = NULL};
    if (values->n_dims < 2 || samples * order->n != values->count ||
        blocks->grid[0] * blocks->grid[1] != order->n)
        return ec_fail(
            err, EC_EINVAL, "an order of %zu features, but samples of %zu on a grid of %zu x %zu",
            order->n, samples > 0 ? values->count / samples : 0, blocks->grid[0], blocks->grid[1]);
    EC_NEW(position, order->n);
    fill_positions(position, blocks);
    EC_TRY(ec_array_init(out, values->type, values->n_dims, values->shape, run, err));
    for (size_t i = 0; i < samples; i++) {
        const unsigned char *old = (const unsigned char *)values->data + i * order->n * element;
        unsigned char *new = (unsigned char *)out->data + i * order->n *element;

        for (size_t k = 0; k < order->n; k++)
            memcpy(new + position[k] * element, old + order->from[k] * element, element);
    }
done:
    ec_free(position);
    if (status != EC_OK)
        ec_array_clear(out);
    return status;
}
