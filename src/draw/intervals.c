/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Additional permission under section 7 (linking with Graphviz): see LICENSE. */
#include "draw/draw_i.h"

#include <math.h>

/* A node is never narrower than its label, whatever stands below it. */
#define LABEL_FONT 9.0
#define LABEL_PAD  16.0

static double own_width(const ec_draw_node *node, double pitch)
{
    double label = ec_draw_text_width(node->label, LABEL_FONT, false) + LABEL_PAD;

    return node->kind == EC_DRAW_TENSOR && node->times > 1 ? fmax(pitch, label) : pitch;
}

/* Widths, children first: a node takes what its children take, and the gap between windows. */
static void measure(draw_intervals *t, const ec_drawing *drawing, double pitch, double gap)
{
    for (size_t v = 0; v < drawing->n_nodes; v++)
        t->width[v] = 0;
    for (size_t v = 0; v < drawing->n_nodes; v++) {
        const ec_draw_node *node = &drawing->nodes[v];
        double *spacing = &t->row_spacing[node->row];
        t->width[v] = fmax(t->width[v], own_width(node, pitch));
        if (node->kind == EC_DRAW_COPY)
            t->width[v] += gap;
        if (t->parent[v] != v)
            t->width[t->parent[v]] += t->width[v];
        *spacing = *spacing > 0 ? fmin(*spacing, t->width[v]) : t->width[v];
    }
}

/*
 * Left ends, parents first. A node's children stand side by side, in the order of their numbers, in
 * the middle of its interval; `filled` is how much of it they have taken.
 */
static ec_status place(draw_intervals *t, const ec_drawing *drawing, ec_error *err)
{
    ec_status status = EC_OK;
    double *filled = NULL, *content = NULL;

    EC_NEW(filled, drawing->n_nodes);
    EC_NEW(content, drawing->n_nodes);
    for (size_t v = 0; v + 1 < drawing->n_nodes; v++)
        content[t->parent[v]] += t->width[v];
    for (size_t v = drawing->n_nodes - 1; v-- > 0;) {
        uint32_t p = t->parent[v];
        double middle = t->left[p] + t->width[p] / 2;
        filled[p] += t->width[v];
        t->left[v] = middle + content[p] / 2 - filled[p]; /* the last child comes first here */
    }
done:
    ec_free(filled);
    ec_free(content);
    return status;
}

ec_status draw_intervals_init(draw_intervals *out, const ec_drawing *drawing, double pitch,
                              double gap, ec_error *err)
{
    ec_status status = EC_OK;

    *out = (draw_intervals){0};
    EC_NEW(out->parent, drawing->n_nodes);
    EC_NEW(out->left, drawing->n_nodes);
    EC_NEW(out->width, drawing->n_nodes);
    EC_NEW(out->row_spacing, drawing->n_rows);
    out->parent[drawing->n_nodes - 1] = (uint32_t)drawing->n_nodes - 1;
    for (size_t i = 0; i < drawing->n_bonds; i++)
        out->parent[drawing->bonds[i].lower] = drawing->bonds[i].upper;
    measure(out, drawing, pitch, gap);
    EC_TRY(place(out, drawing, err));
done:
    return status;
}

void draw_intervals_clear(draw_intervals *t)
{
    ec_free(t->parent);
    ec_free(t->left);
    ec_free(t->width);
    ec_free(t->row_spacing);
    *t = (draw_intervals){0};
}
