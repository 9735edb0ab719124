/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Additional permission under section 7 (linking with Graphviz): see LICENSE. */
#include "draw/draw_i.h"

#include <math.h>
#include <stdlib.h>

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

/* A place in a window, seen from its centre. */
typedef struct place {
    double turn; /* from straight down, clockwise, 0 .. 2 pi */
    size_t child;
} place;

static int compare_places(const void *a, const void *b)
{
    const place *x = a, *y = b;

    if (fabs(x->turn - y->turn) > 1e-9)
        return x->turn < y->turn ? -1 : 1;
    return (x->child > y->child) - (x->child < y->child);
}

ec_status draw_clockwise(size_t **out, const uint32_t window[2], ec_error *err)
{
    ec_status status = EC_OK;
    size_t n = (size_t)window[0] * window[1];
    place *places = NULL;

    *out = NULL;
    if (window[0] == 1 || window[1] == 1)
        return EC_OK;
    EC_NEW(places, n);
    EC_NEW(*out, n);
    for (size_t c = 0; c < n; c++) {
        size_t row = c / window[1], column = c % window[1];
        /* right and down from the centre; atan2 of (left, down) turns clockwise from down */
        double right = (double)column - 0.5 * (window[1] - 1);
        double down = (double)row - 0.5 * (window[0] - 1);
        double turn = atan2(-right, down);
        places[c] = (place){.turn = turn < 0 ? turn + 2 * acos(-1) : turn, .child = c};
    }
    qsort(places, n, sizeof *places, compare_places);
    for (size_t c = 0; c < n; c++)
        (*out)[c] = places[c].child;
done:
    ec_free(places);
    return status;
}
