/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Additional permission under section 7 (linking with Graphviz): see LICENSE. */
#include "draw/tree_i.h"

/* The layer view: a site for either side, then a copy tensor and a matrix for each level. */

static const char times_sign[] = "\xc3\x97";

static ec_draw_side child_side(const tree_builder *b, size_t level, size_t child)
{
    if (level == 0)
        return draw_site_side(b->options, child);
    return draw_tensor_side(b->options, b->starts[level - 1] + child);
}

/* How many indices of a level have pins on both sides of the cut? */
static uint64_t count_cut(const tree_builder *b, size_t level)
{
    const ec_level *l = &b->arch->levels[level];
    size_t n_positions = ec_level_positions(l), window = ec_level_window(l);
    uint64_t n_cut = 0;

    for (size_t p = 0; b->options->cut != NULL && p < n_positions; p++) {
        ec_draw_side above = draw_tensor_side(b->options, b->starts[level] + p);
        bool cut = false;
        for (size_t c = 0; c < window && !cut; c++)
            cut = child_side(b, level, draw_child(b->arch, level, p, c)) != above;
        n_cut += cut;
    }
    return n_cut;
}

/* The sites of one side, if there are any, as one node with their number below it. */
static ec_status add_sites(tree_builder *b, ec_draw_side side)
{
    size_t first = 0;
    uint64_t n = 0;

    for (size_t s = b->arch->n_sites; s-- > 0;) {
        if (draw_site_side(b->options, s) == side) {
            first = s;
            n++;
        }
    }
    if (n == 0)
        return EC_OK;
    ec_draw_node node = {.kind = EC_DRAW_SITE, .side = side, .number = first, .times = n};
    const char *of_side = draw_side_name(side);
    node.label = draw_format(b->err, "%llu", (unsigned long long)n);
    node.tip = draw_format(b->err, "%llu sites%s%s, dimension %u", (unsigned long long)n,
                           *of_side != '\0' ? " of side " : "", of_side, b->arch->levels[0].dim);
    return draw_add_node(b->drawing, node, b->err);
}

/* The matrices of a level as one node that says their shape. */
static ec_status add_matrices(tree_builder *b, size_t level)
{
    const ec_level *l = &b->arch->levels[level];
    ec_draw_node node = {.kind = EC_DRAW_TENSOR,
                         .row = 2 * (uint32_t)level + 2,
                         .number = b->starts[level],
                         .times = ec_level_positions(l)};
    ec_text tip = {0};

    draw_put_matrix_name(&tip, b->arch, level);
    ec_text_puts(&tip, ": ");
    draw_put_matrix_note(&tip, b->arch, level);
    node.label = draw_format(b->err, "%u %s %u", l->out, times_sign, l->dim);
    node.tip = draw_take(&tip, b->err);
    return draw_add_node(b->drawing, node, b->err);
}

/* The copy tensors of a level as one node. */
static ec_status add_copies(tree_builder *b, size_t level)
{
    const ec_level *l = &b->arch->levels[level];
    ec_draw_node node = {.kind = EC_DRAW_COPY,
                         .row = 2 * (uint32_t)level + 1,
                         .number = b->starts[level],
                         .times = ec_level_positions(l),
                         .cut = b->n_cut[level] > 0};
    ec_text tip = {0};

    ec_text_printf(&tip, "%s: ", l->name);
    draw_put_index_note(&tip, b->arch, level, b->n_cut[level]);
    node.label = ec_strdup("", b->err);
    node.tip = draw_take(&tip, b->err);
    return draw_add_node(b->drawing, node, b->err);
}

/* A level on top of the last n_below nodes. */
static ec_status add_level(tree_builder *b, size_t level, size_t n_below)
{
    ec_status status = EC_OK;
    const ec_level *l = &b->arch->levels[level];
    uint32_t upper = (uint32_t)b->drawing->n_nodes, window = (uint32_t)ec_level_window(l);

    b->n_cut[level] = count_cut(b, level);
    ec_draw_bond bond = {.upper = upper, .dim = l->dim, .cut = b->n_cut[level] > 0};
    if (window > 1)
        EC_TRY(add_copies(b, level));
    EC_TRY(add_matrices(b, level));
    for (size_t i = 0; i < n_below; i++) {
        bond.lower = upper - (uint32_t)(n_below - i);
        if (window > 1)
            EC_TRY(tree_add_bond(b, bond, times_sign, n_below == 1 ? window : 0));
        else
            EC_TRY(tree_add_bond(b, bond, "", i == 0 ? l->dim : 0));
    }
    if (window > 1) {
        bond.lower = bond.upper++;
        EC_TRY(tree_add_bond(b, bond, "", l->dim));
    }
done:
    return status;
}

ec_status tree_collapse(tree_builder *b)
{
    ec_status status = EC_OK;

    b->drawing->shape = EC_DRAW_LAYERS;
    for (ec_draw_side side = EC_DRAW_NO_SIDE; side <= EC_DRAW_SIDE_B; side++)
        EC_TRY(add_sites(b, side));
    EC_TRY(add_level(b, 0, b->drawing->n_nodes));
    for (size_t level = 1; level < b->arch->n_levels; level++)
        EC_TRY(add_level(b, level, 1));
done:
    return status;
}
