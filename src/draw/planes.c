/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Additional permission under section 7 (linking with Graphviz): see LICENSE. */
#include "draw/draw_i.h"

#include <math.h>

/* The cells of the lowest grid are squares of this width, seen at a slant. */
#define CELL_MAX 56.0
#define CELL_MIN 22.0
#define WIDTH    460.0 /* wished for; divided by the longer side of the grid: the cell */
#define DEPTH    0.38  /* what a length away from the reader shrinks to, */
/* How far that leads to the right: by 0.382 columns a row, so that upright bonds seldom coincide.
 */
#define SHEAR  1.005
#define SHRINK 0.6  /* a grid of 1/k as many columns is 1/k^SHRINK as wide */
#define GAP    40.0 /* between planes */
#define PAD    5.0  /* of an outline around the cells of its plane */

/* Of the depth of a cell: */
#define BOX  0.42 /* a matrix, */
#define DOT  0.3  /* the copy tensor in front of it, */
#define STEM 0.27 /* each so far from the middle of the cell, */
#define SITE 0.68 /* and a site */
#define ROOM 0.66 /* width of a box at most, of a cell's width */

#define BOX_MAX     18.0
#define DOT_MAX     7.0
#define STEM_MAX    15.0
#define SITE_MAX    15.0
#define FONT        9.0
#define FONT_MIN    5.0
#define LABEL_PAD   8.0
#define LINE        0.038 /* width of a bond, of the height of its box */
#define LETTER_FROM 7.5   /* size of a site that shows the letter of its side */
#define DASH_FROM   5.0   /* width of a bond's lower end from which it is dashed where it is cut */

/* One level: its matrices, with their copy tensors before them; or the sites. */
typedef struct plane {
    double width, depth; /* on the paper */
    double y;            /* of its middle */
    double cell[2];      /* depth and width of a cell */
} plane;

/* Point (right, away) of a plane, both from its middle, on the paper. */
static ec_point project(const plane *p, double right, double away)
{
    ec_point at = {.x = right + SHEAR * away, .y = p->y + away};

    return at;
}

static void measure(plane *p, const ec_draw_row *row, const ec_draw_row *lowest, double cell)
{
    double h = row->grid[0], w = row->grid[1], h0 = lowest->grid[0], w0 = lowest->grid[1];

    p->width = cell * w0 * pow(w / w0, SHRINK);
    p->depth = cell * DEPTH * h0 * pow(h / h0, SHRINK);
    p->cell[0] = p->depth / h;
    p->cell[1] = p->width / w;
}

/* Plane of each row: an index and its matrix share one. */
static void stack(plane *planes, ec_drawing *drawing)
{
    ec_draw_row *rows = drawing->rows;
    double longer = fmax(rows[0].grid[0], rows[0].grid[1]);
    double cell = fmin(CELL_MAX, fmax(CELL_MIN, WIDTH / longer)), top = 0;

    for (size_t r = 0; r < drawing->n_rows; r++) {
        bool paired = r % 2 == 1 && r + 1 < drawing->n_rows;
        if (r > 0 && r % 2 == 0) {
            planes[r] = planes[r - 1];
        } else {
            measure(&planes[r], &rows[paired ? r + 1 : r], &rows[0], cell);
            planes[r].y = r == 0 ? 0 : top + GAP + planes[r].depth / 2;
            top = planes[r].y + planes[r].depth / 2;
        }
        rows[r].at = planes[r].y + (r == 0 ? 0 : r % 2 == 1 ? -FONT : FONT);
    }
}

static void size_box(ec_draw_node *node, const plane *p)
{
    double room = ROOM * p->cell[1];

    node->height = fmin(BOX_MAX, BOX * p->cell[0]);
    node->font = fmin(FONT, 0.62 * node->height);
    double label = ec_draw_text_width(node->label, node->font, false) + LABEL_PAD;
    if (node->font < FONT_MIN || label > room)
        node->font = 0;
    node->width = fmin(room, node->font > 0 ? fmax(label, 1.3 * node->height) : 1.6 * node->height);
}

static void place_node(ec_draw_node *node, const plane *p, const ec_draw_row *row, uint64_t first)
{
    uint64_t position = node->number - first;
    uint64_t line = position / row->grid[1], column = position % row->grid[1];
    double right = ((double)column + 0.5) * p->cell[1] - p->width / 2;
    double away = p->depth / 2 - ((double)line + 0.5) * p->cell[0];
    double stem = fmin(STEM_MAX, STEM * p->cell[0]);

    node->at = project(p, right, away);
    node->font = 0;
    if (node->kind == EC_DRAW_TENSOR) {
        size_box(node, p);
        node->at.y += stem;
    } else if (node->kind == EC_DRAW_COPY) {
        node->width = node->height = fmin(DOT_MAX, DOT * p->cell[0]);
        node->at.y -= stem;
    } else {
        double size = draw_site_size(node->side, fmin(SITE_MAX, SITE * p->cell[0]));
        node->width = node->height = size;
        node->font = size >= LETTER_FROM ? 0.6 * size : 0;
        node->label[0] = '\0'; /* its number would lie on its neighbour */
    }
}

/* Straight; labelled where it stands upright in front of its box and there is room. */
static void place_bond(ec_draw_bond *bond, const ec_drawing *drawing)
{
    const ec_draw_node *lower = &drawing->nodes[bond->lower];
    const ec_draw_node *upper = &drawing->nodes[bond->upper];
    double low = lower->at.y + lower->height / 2, high = upper->at.y - upper->height / 2;
    double box = lower->kind == EC_DRAW_COPY ? upper->height : lower->height;

    bond->curve[0] = bond->curve[1] = lower->at;
    bond->curve[2] = bond->curve[3] = upper->at;
    bond->width = draw_line_width(bond->dim, fmin(0.9, LINE * box));
    bond->dashed = bond->cut && lower->width >= DASH_FROM;
    bond->font = fmin(FONT, 0.95 * (high - low));
    if (lower->kind != EC_DRAW_COPY || bond->font < FONT_MIN)
        bond->font = 0;
    double label = ec_draw_text_width(bond->label, bond->font, bond->cut);
    bond->label_at.x = lower->at.x + draw_stroke_reach(drawing, bond) + label / 2 + 2;
    bond->label_at.y = (low + high) / 2;
}

static ec_status outline(ec_drawing *drawing, const plane *p, ec_error *err)
{
    double right = p->width / 2 + PAD, away = p->depth / 2 + PAD * DEPTH;
    ec_point corners[5] = {project(p, -right, -away), project(p, right, -away),
                           project(p, right, away), project(p, -right, away)};

    corners[4] = corners[0];
    return draw_add_polyline(drawing, corners, 5, false, 0.5, err);
}

ec_status draw_planes(ec_drawing *drawing, ec_error *err)
{
    ec_status status = EC_OK;
    plane *planes = NULL;
    uint64_t *first = NULL; /* number in each row */

    EC_NEW(planes, drawing->n_rows);
    EC_NEW(first, drawing->n_rows);
    for (size_t r = 0; r < drawing->n_rows; r++)
        first[r] = UINT64_MAX;
    for (size_t v = 0; v < drawing->n_nodes; v++) {
        uint64_t *of_row = &first[drawing->nodes[v].row];
        *of_row = drawing->nodes[v].number < *of_row ? drawing->nodes[v].number : *of_row;
    }
    stack(planes, drawing);
    for (size_t v = 0; v < drawing->n_nodes; v++) {
        ec_draw_node *node = &drawing->nodes[v];
        place_node(node, &planes[node->row], &drawing->rows[node->row], first[node->row]);
    }
    for (size_t i = 0; i < drawing->n_bonds; i++)
        place_bond(&drawing->bonds[i], drawing);
    for (size_t r = 0; r < drawing->n_rows; r += 2)
        EC_TRY(outline(drawing, &planes[r], err));
    EC_TRY(draw_name_rows(drawing, err));
done:
    ec_free(planes);
    ec_free(first);
    return status;
}
