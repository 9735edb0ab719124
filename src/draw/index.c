/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Additional permission under section 7 (linking with Graphviz): see LICENSE. */
#include "draw/draw_i.h"

ec_draw_side draw_site_side(const ec_draw_options *options, size_t site)
{
    if (options->partition == NULL)
        return EC_DRAW_NO_SIDE;
    return ec_sites_has(&options->partition->a, site) ? EC_DRAW_SIDE_A : EC_DRAW_SIDE_B;
}

ec_draw_side draw_tensor_side(const ec_draw_options *options, size_t tensor)
{
    if (options->cut == NULL)
        return EC_DRAW_NO_SIDE;
    return options->cut->side_a[tensor] ? EC_DRAW_SIDE_A : EC_DRAW_SIDE_B;
}

const char *draw_side_name(ec_draw_side side)
{
    static const char *const names[] = {"", "A", "B"};

    return names[side];
}

ec_status draw_level_starts(size_t **out, const ec_arch *arch, ec_error *err)
{
    size_t *starts = ec_calloc(arch->n_levels + 1, sizeof *starts, err);

    *out = starts;
    if (starts == NULL)
        return EC_ENOMEM;
    for (size_t level = 0; level < arch->n_levels; level++)
        starts[level + 1] = starts[level] + ec_level_positions(&arch->levels[level]);
    return EC_OK;
}

size_t draw_child(const ec_arch *arch, size_t level, size_t position, size_t c)
{
    const ec_level *l = &arch->levels[level];
    size_t height = l->window[0], width = l->window[1];
    size_t row = position / l->grid[1] * height + c / width;
    size_t column = position % l->grid[1] * width + c % width;

    return row * (l->grid[1] * width) + column;
}
