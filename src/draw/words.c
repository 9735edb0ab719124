/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Additional permission under section 7 (linking with Graphviz): see LICENSE. */
#include "draw/draw_i.h"

#define TIMES "\xc3\x97"

/* "32 x 32", in 1-D "32" */
static void put_grid(ec_text *text, const ec_arch *arch, size_t height, size_t width)
{
    if (arch->input.n_dims == 2)
        ec_text_printf(text, "%zu " TIMES " ", height);
    ec_text_printf(text, "%zu", width);
}

/* " at position 5 (row 1, column 1)"; nothing where there is one position only */
static void put_position(ec_text *text, const ec_arch *arch, size_t level, size_t position)
{
    const ec_level *l = &arch->levels[level];

    if (ec_level_positions(l) == 1)
        return;
    ec_text_printf(text, " at position %zu", position);
    if (arch->input.n_dims == 2)
        ec_text_printf(text, " (row %zu, column %zu)", position / l->grid[1],
                       position % l->grid[1]);
}

static void put_side_and_times(ec_text *text, ec_draw_side side, uint64_t times)
{
    if (side != EC_DRAW_NO_SIDE)
        ec_text_printf(text, ", side %s", draw_side_name(side));
    if (times > 1)
        ec_text_printf(text, ", one of %llu equal ones", (unsigned long long)times);
}

void draw_put_site_tip(ec_text *text, const ec_arch *arch, const ec_draw_node *site)
{
    size_t width = arch->input.grid[1], number = (size_t)site->number;

    ec_text_printf(text, "site %zu", number);
    if (arch->input.n_dims == 2)
        ec_text_printf(text, " (row %zu, column %zu)", number / width, number % width);
    ec_text_printf(text, ", dimension %u", arch->levels[0].dim);
    put_side_and_times(text, site->side, site->times);
}

void draw_put_matrix_name(ec_text *text, const ec_arch *arch, size_t level)
{
    if (level + 1 == arch->n_levels)
        ec_text_puts(text, "dense");
    else
        ec_text_printf(text, "W%zu", level);
}

void draw_put_matrix_label(ec_text *text, const ec_arch *arch, size_t level, size_t position)
{
    const ec_level *l = &arch->levels[level];

    draw_put_matrix_name(text, arch, level);
    if (!l->shared && ec_level_positions(l) > 1)
        ec_text_printf(text, ",%zu", position);
}

void draw_put_matrix_tip(ec_text *text, const ec_arch *arch, size_t level, size_t position,
                         const ec_draw_node *matrix)
{
    const ec_level *l = &arch->levels[level];

    draw_put_matrix_name(text, arch, level);
    put_position(text, arch, level, position);
    ec_text_puts(text, level + 1 == arch->n_levels ? ", one row of " : ", ");
    ec_text_printf(text, "%u " TIMES " %u%s", l->out, l->dim, l->shared ? ", shared" : "");
    put_side_and_times(text, matrix->side, matrix->times);
}

void draw_put_copy_tip(ec_text *text, const ec_arch *arch, size_t level, size_t position,
                       const ec_draw_node *copy)
{
    const ec_level *l = &arch->levels[level];

    ec_text_printf(text, "copy tensor of %s", l->name);
    put_position(text, arch, level, position);
    ec_text_printf(text, ", dimension %u, %zu pins%s", l->dim, ec_level_window(l) + 1,
                   copy->cut ? ", cut" : "");
    put_side_and_times(text, EC_DRAW_NO_SIDE, copy->times);
}

void draw_put_sites_note(ec_text *text, const ec_arch *arch)
{
    put_grid(text, arch, arch->input.grid[0], arch->input.grid[1]);
}

void draw_put_index_note(ec_text *text, const ec_arch *arch, size_t level, uint64_t n_cut)
{
    const ec_level *l = &arch->levels[level];

    ec_text_printf(text, "dim %u", l->dim);
    if (ec_level_window(l) > 1) {
        ec_text_puts(text, ", pool ");
        put_grid(text, arch, l->window[0], l->window[1]);
    }
    if (n_cut == 1)
        ec_text_puts(text, ", cut");
    else if (n_cut > 1)
        ec_text_printf(text, ", cut " TIMES " %llu", (unsigned long long)n_cut);
}

void draw_put_matrix_note(ec_text *text, const ec_arch *arch, size_t level)
{
    const ec_level *l = &arch->levels[level];
    size_t n = ec_level_positions(l);

    if (level + 1 == arch->n_levels)
        ec_text_puts(text, "row of ");
    ec_text_printf(text, "%u " TIMES " %u", l->out, l->dim);
    if (n > 1)
        ec_text_printf(text, ", %s%zu", l->shared ? "shared by " : "one for each of ", n);
}
