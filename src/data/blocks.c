/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "entcap/data.h"

size_t ec_blocks_depth(const size_t grid[2], int n_dims)
{
    size_t side = n_dims == 2 && grid[0] < grid[1] ? grid[0] : grid[1], depth = 0;

    while (side >> (depth + 1) > 0 && depth < EC_BLOCKS_MAX_LEVELS)
        depth++;
    return depth;
}

ec_status ec_blocks_dyadic(ec_blocks *out, const size_t grid[2], int n_dims, size_t n_levels,
                           ec_error *err)
{
    size_t depth = ec_blocks_depth(grid, n_dims);

    *out = (ec_blocks){.grid = {grid[0], grid[1]}, .n_levels = n_levels};
    if (n_dims == 1 && grid[0] != 1)
        return ec_fail(err, EC_EINVAL, "a grid of %zu rows has no 1-D blocks", grid[0]);
    if (n_levels < 1 || n_levels > depth)
        return ec_fail(err, EC_EINVAL,
                       "%zu levels of %s: %zu x %zu features can be cut %zu times, each into "
                       "non-empty parts",
                       n_levels, n_dims == 1 ? "halves" : "quadrants", grid[0], grid[1], depth);
    for (size_t l = 0; l < n_levels; l++) {
        out->split[l][0] = n_dims == 1 ? 1 : 2;
        out->split[l][1] = 2;
    }
    return EC_OK;
}

ec_status ec_blocks_of_arch(ec_blocks *out, const ec_arch *arch, ec_error *err)
{
    *out = (ec_blocks){.grid = {arch->input.grid[0], arch->input.grid[1]}};
    if (ec_arch_is_network(arch))
        return ec_fail(err, EC_EINVAL, "a network has no canonical blocks, only layers have");
    for (size_t l = arch->n_levels; l-- > 0;) {
        const ec_level *level = &arch->levels[l];

        if (ec_level_window(level) == 1)
            continue;
        if (out->n_levels == EC_BLOCKS_MAX_LEVELS)
            return ec_fail(err, EC_EINVAL, "more than %d levels of pooling", EC_BLOCKS_MAX_LEVELS);
        out->split[out->n_levels][0] = level->window[0];
        out->split[out->n_levels++][1] = level->window[1];
    }
    if (out->n_levels > 1) /* below the lowest window stand single sites */
        out->n_levels--;
    return EC_OK;
}

size_t ec_blocks_count(const ec_blocks *blocks, size_t level)
{
    size_t n = 1;

    for (size_t l = 0; l < level; l++)
        n *= blocks->split[l][0] * blocks->split[l][1];
    return n;
}

size_t ec_blocks_distinct(const ec_blocks *blocks, size_t level)
{
    size_t n = ec_blocks_count(blocks, level);

    return n == 2 ? 1 : n;
}

ec_block ec_blocks_at(const ec_blocks *blocks, size_t level, size_t index)
{
    size_t below = ec_blocks_count(blocks, level);
    ec_block b = {0, 0, blocks->grid[0], blocks->grid[1]};

    for (size_t l = 0; l < level; l++) {
        size_t rows = blocks->split[l][0], columns = blocks->split[l][1];
        below /= rows * columns;
        size_t child = index / below % (rows * columns);
        size_t i = child / columns, j = child % columns;
        size_t top = i * b.height / rows, left = j * b.width / columns;

        b = (ec_block){b.row + top, b.column + left, (i + 1) * b.height / rows - top,
                       (j + 1) * b.width / columns - left};
    }
    return b;
}
