/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Additional permission under section 7 (linking with Graphviz): see LICENSE. */
#include "draw/draw_i.h"

#include <math.h>

#define RISE        32.0 /* from row to row */
#define BARE_RISE   20.0 /* to and from a row that only names the index of a straight bond */
#define SITE        16.0
#define SITE_STEP   44.0 /* between the sites of either side */
#define BOX_HEIGHT  21.0
#define BOX_WIDTH   58.0 /* of a layer with one position, */
#define BOX_GROWTH  15.0 /* and how much wider one with twice as many is */
#define BOX_PAD     14.0
#define COPY        8.0
#define FONT        9.5
#define LABEL_SHIFT 6.0
#define CUT_LABEL   0.64 /* the label of a cut bond stands above the stroke through it */

static ec_status place_rows(ec_drawing *drawing, size_t *n_nodes, ec_error *err)
{
    ec_status status = EC_OK;
    size_t *n = NULL;

    EC_NEW(n, drawing->n_rows);
    for (size_t v = 0; v < drawing->n_nodes; v++)
        n[drawing->nodes[v].row]++;
    *n_nodes = n[0];
    drawing->rows[0].at = 0;
    for (size_t r = 1; r < drawing->n_rows; r++) {
        bool bare = n[r] == 0 || n[r - 1] == 0;
        drawing->rows[r].at = drawing->rows[r - 1].at + (bare ? BARE_RISE : RISE);
    }
done:
    ec_free(n);
    return status;
}

static void place_node(ec_drawing *drawing, size_t v, size_t n_sites)
{
    ec_draw_node *node = &drawing->nodes[v];

    node->at = (ec_point){0, drawing->rows[node->row].at};
    node->font = FONT;
    if (node->kind == EC_DRAW_TENSOR) {
        double label = ec_draw_text_width(node->label, FONT, false) + BOX_PAD;
        node->height = BOX_HEIGHT;
        node->width = fmax(label, BOX_WIDTH + BOX_GROWTH * log2((double)node->times));
    } else if (node->kind == EC_DRAW_COPY) {
        node->width = node->height = COPY;
    } else {
        node->width = node->height = draw_site_size(node->side, SITE);
        node->at.x = SITE_STEP * ((double)v - 0.5 * ((double)n_sites - 1));
    }
}

/* Upright, its label at the right. */
static void place_bond(ec_draw_bond *bond, const ec_drawing *drawing)
{
    const ec_draw_node *lower = &drawing->nodes[bond->lower];
    const ec_draw_node *upper = &drawing->nodes[bond->upper];
    double low = lower->at.y + lower->height / 2, high = upper->at.y - upper->height / 2;

    bond->curve[0] = bond->curve[1] = lower->at;
    bond->curve[2] = bond->curve[3] = upper->at;
    if (upper->kind == EC_DRAW_TENSOR) /* wide enough to meet it right above */
        bond->curve[2].x = bond->curve[3].x = lower->at.x;
    bond->width = draw_line_width(bond->dim, 1);
    bond->dashed = bond->cut;
    bond->font = FONT;
    double label = ec_draw_text_width(bond->label, bond->font, bond->cut);
    bond->label_at.x = lower->at.x + LABEL_SHIFT + bond->width / 2 + label / 2;
    bond->label_at.y = low + (bond->cut ? CUT_LABEL : 0.5) * (high - low);
}

ec_status draw_layers(ec_drawing *drawing, ec_error *err)
{
    ec_status status = EC_OK;
    size_t n_sites = 0;

    EC_TRY(place_rows(drawing, &n_sites, err));
    for (size_t v = 0; v < drawing->n_nodes; v++)
        place_node(drawing, v, n_sites);
    for (size_t i = 0; i < drawing->n_bonds; i++)
        place_bond(&drawing->bonds[i], drawing);
    EC_TRY(draw_name_rows(drawing, err));
done:
    return status;
}
