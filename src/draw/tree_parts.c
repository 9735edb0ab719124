/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Additional permission under section 7 (linking with Graphviz): see LICENSE. */
#include "draw/tree_i.h"

ec_status tree_add_site(tree_builder *b, size_t site, uint64_t times, uint32_t *node)
{
    ec_draw_node n = {.kind = EC_DRAW_SITE,
                      .side = draw_site_side(b->options, site),
                      .number = site,
                      .times = times};
    ec_text tip = {0};

    draw_put_site_tip(&tip, b->arch, &n);
    n.label = b->class_of == NULL ? draw_format(b->err, "%zu", site) : ec_strdup("", b->err);
    n.tip = draw_take(&tip, b->err);
    *node = (uint32_t)b->drawing->n_nodes;
    return draw_add_node(b->drawing, n, b->err);
}

ec_status tree_add_matrix(tree_builder *b, size_t level, size_t position, uint64_t times,
                          uint32_t *node)
{
    uint64_t number = b->starts[level] + position;
    ec_draw_node n = {.kind = EC_DRAW_TENSOR,
                      .side = draw_tensor_side(b->options, (size_t)number),
                      .row = 2 * (uint32_t)level + 2,
                      .number = number,
                      .times = times};
    ec_text label = {0}, tip = {0};

    if (times == 1)
        draw_put_matrix_label(&label, b->arch, level, position);
    else
        draw_put_matrix_name(&label, b->arch, level);
    draw_put_matrix_tip(&tip, b->arch, level, position, &n);
    n.label = draw_take(&label, b->err);
    n.tip = draw_take(&tip, b->err);
    *node = (uint32_t)b->drawing->n_nodes;
    return draw_add_node(b->drawing, n, b->err);
}

ec_status tree_add_copy(tree_builder *b, size_t level, size_t position, uint64_t times, bool cut)
{
    ec_draw_node n = {.kind = EC_DRAW_COPY,
                      .row = 2 * (uint32_t)level + 1,
                      .number = b->starts[level] + position,
                      .times = times,
                      .cut = cut};
    ec_text tip = {0};

    draw_put_copy_tip(&tip, b->arch, level, position, &n);
    n.label = ec_strdup("", b->err);
    n.tip = draw_take(&tip, b->err);
    return draw_add_node(b->drawing, n, b->err);
}

ec_status tree_add_bond(tree_builder *b, ec_draw_bond bond, const char *prefix, uint64_t number)
{
    bond.label = number != 0 ? draw_format(b->err, "%s%llu", prefix, (unsigned long long)number)
                             : ec_strdup("", b->err);
    return draw_add_bond(b->drawing, bond, b->err);
}

/* Append a row over a grid. Takes: both texts. */
static ec_status add_row(tree_builder *b, ec_text *name, ec_text *note, const size_t grid[2],
                         bool cut)
{
    ec_draw_row row = {.cut = cut};

    if (b->drawing->shape == EC_DRAW_PLANES) {
        row.grid[0] = (uint32_t)grid[0];
        row.grid[1] = (uint32_t)grid[1];
    }
    row.name = draw_take(name, b->err);
    row.note = draw_take(note, b->err);
    return draw_add_row(b->drawing, row, b->err);
}

ec_status tree_add_rows(tree_builder *b)
{
    ec_status status = EC_OK;
    ec_text name = {0}, note = {0};

    ec_text_puts(&name, "sites");
    draw_put_sites_note(&note, b->arch);
    EC_TRY(add_row(b, &name, &note, b->arch->input.grid, false));
    for (size_t level = 0; level < b->arch->n_levels; level++) {
        const size_t *grid = b->arch->levels[level].grid;
        ec_text_puts(&name, b->arch->levels[level].name);
        draw_put_index_note(&note, b->arch, level, b->n_cut[level]);
        EC_TRY(add_row(b, &name, &note, grid, b->n_cut[level] > 0));
        draw_put_matrix_name(&name, b->arch, level);
        draw_put_matrix_note(&note, b->arch, level);
        EC_TRY(add_row(b, &name, &note, grid, false));
    }
done:
    return status;
}
