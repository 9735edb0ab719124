/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Additional permission under section 7 (linking with Graphviz): see LICENSE. */
#include "draw/draw_i.h"

#include <math.h>

#define PI 3.14159265358979323846

#define PITCH      2.5   /* of the sites along the ring, at least */
#define RADIUS_MIN 300.0 /* of the ring */
#define GAP        0.3   /* between windows, of the pitch */

/* Radial room: a straight bond's, a spreading bond's; both grow by a part of themselves inwards. */
#define STRAIGHT 1.0
#define SPREAD   2.5
#define INWARDS  0.05
#define HALF     0.8  /* of it, for the two parts of a bond with an index row half way */
#define UNIT_MIN 11.0 /* points for each such unit, so that the rows' names fit */

#define CHAIN     26.0 /* between the tensors that stand in the middle of the ring */
#define INNER     66.0 /* room around them */
#define NODE_MAX  11.0
#define NODE_MIN  1.2
#define DISC      0.92 /* of the room along the ring that a circle takes, */
#define SQUARE    0.7  /* that anything square takes, lest corners meet where the ring is slanted */
#define DASH_FROM 5.0  /* node width from which bonds are long enough for dashes */

#define FONT   7.2
#define MARGIN 9.0  /* between the names of the rows and what is beside them */
#define USUAL  0.15 /* the usual opening for these names, in radians */

#define MARGIN_FONT 9.0
#define MARGIN_GAP  24.0
#define LINE        1.6 /* from line to line at the margin, of the font size */

/* A ring: the tree with its line of sites bent clockwise around the node `hub` in the middle. */
typedef struct ring {
    draw_intervals t;
    size_t n;         /* nodes */
    size_t hub;       /* the highest node with several children, or else the root */
    double opening;   /* angle at the bottom where the rows' names stand */
    double direction; /* from the hub to the tensors above it */
} ring;

static ec_point polar(double radius, double angle)
{
    ec_point p = {.x = radius * cos(angle), .y = radius * sin(angle)};

    return p;
}

/* How much of the line is node v's. */
static double share_of(const ring *g, size_t v)
{
    return g->t.width[v] / g->t.width[g->n - 1];
}

/* Angle of node v: its place on the line, clockwise from the bottom. */
static double angle_of(const ring *g, size_t v)
{
    double middle = (g->t.left[v] + g->t.width[v] / 2) / g->t.width[g->n - 1];

    return 1.5 * PI - g->opening / 2 - middle * (2 * PI - g->opening);
}

/* The number of children of node v, and one of them. */
static size_t count_children(const ring *g, size_t v, size_t *child)
{
    size_t n = 0;

    for (size_t c = 0; c < v; c++) {
        if (g->t.parent[c] == v) {
            n++;
            *child = c;
        }
    }
    return n;
}

/* The hub: from the root down while there is a single child. */
static void find_hub(ring *g)
{
    size_t child = g->n - 1, n_children = 1;

    while (n_children == 1) {
        g->hub = child;
        n_children = count_children(g, g->hub, &child);
    }
    /* the tensors above it go straight up, unless the middle child stands there */
    g->direction = PI / 2 - (n_children % 2 == 1 ? PI / (double)n_children : 0);
}

/*
 * Radii of the rows: 0 from the hub's row on, growing outwards. A row without nodes only names the
 * index half way along a straight bond.
 */
static void place_rings(const ring *g, ec_drawing *drawing)
{
    size_t hub_row = drawing->nodes[g->hub].row, n_above = drawing->n_nodes - 1 - g->hub;
    const double *spacing = g->t.row_spacing;
    double outer = fmax(RADIUS_MIN, PITCH * (double)draw_count_sites(drawing) / (2 * PI - USUAL));
    double inner = INNER + CHAIN * (double)n_above, sum = 0;

    for (size_t r = 0; r < drawing->n_rows; r++)
        drawing->rows[r].at = 0;
    for (size_t r = 0; r + 1 < hub_row; r++) {
        bool spreads = spacing[r] > 0 && spacing[r + 1] > 1.5 * spacing[r];
        double room = (spreads ? SPREAD : STRAIGHT) * (1 + INWARDS * (double)r);
        if (spacing[r] <= 0 || spacing[r + 1] <= 0)
            room *= HALF;
        sum += room;
        drawing->rows[r].at = room;
    }
    outer = fmax(outer, inner + UNIT_MIN * sum);
    if (sum <= 0) /* the sites stand around the hub itself */
        inner = fmax(inner, outer);
    for (size_t r = hub_row; r-- > 0;) {
        double room = r + 1 < hub_row ? drawing->rows[r].at * (outer - inner) / sum : inner;
        drawing->rows[r].at = drawing->rows[r + 1].at + room;
    }
}

static void place_node(const ring *g, ec_drawing *drawing, size_t v)
{
    ec_draw_node *node = &drawing->nodes[v];
    double radius = drawing->rows[node->row].at, size = NODE_MAX;

    if (v < g->hub) {
        node->at = polar(radius, angle_of(g, v));
        bool disc = node->kind == EC_DRAW_SITE && node->side != EC_DRAW_SIDE_B;
        size = disc ? DISC : SQUARE;
        size = fmin(NODE_MAX, size * share_of(g, v) * (2 * PI - g->opening) * radius);
    } else {
        node->at = polar(CHAIN * (double)(v - g->hub), g->direction);
    }
    if (node->kind == EC_DRAW_COPY)
        size *= 0.55;
    node->width = node->height = fmax(size, NODE_MIN);
    node->font = 0;
}

/* A bond leaves both ends along the radius. */
static void place_bond(const ring *g, ec_drawing *drawing, ec_draw_bond *bond)
{
    const ec_draw_node *lower = &drawing->nodes[bond->lower];
    const ec_draw_node *upper = &drawing->nodes[bond->upper];
    ec_point a = lower->at, b = upper->at;

    bond->curve[0] = bond->curve[1] = a;
    bond->curve[2] = bond->curve[3] = b;
    if (bond->upper < g->hub) {
        double middle = (drawing->rows[lower->row].at + drawing->rows[upper->row].at) / 2;
        bond->curve[1] = polar(middle, atan2(a.y, a.x));
        bond->curve[2] = polar(middle, atan2(b.y, b.x));
    }
    bond->width = draw_line_width(bond->dim, fmin(1, 0.14 + 0.075 * lower->width));
    bond->dashed = bond->cut && lower->width >= DASH_FROM;
    bond->font = 0;
}

/* The name of each ring in the opening. The hub and what is above it need none. */
static ec_status name_rings(const ring *g, ec_drawing *drawing, ec_error *err)
{
    ec_status status = EC_OK;

    for (size_t r = 0; r < drawing->nodes[g->hub].row; r++) {
        const ec_draw_row *row = &drawing->rows[r];
        ec_draw_text text = {.at = {0, -row->at}, .size = FONT, .bold = true};
        text.ink = row->cut ? EC_DRAW_CUT_INK : EC_DRAW_BLACK;
        text.text = ec_strdup(row->name, err);
        EC_TRY(draw_add_text(drawing, text, err));
    }
done:
    return status;
}

/* All rows at the left margin, the outermost ring lowest. */
static ec_status list_rows(ec_drawing *drawing, ec_error *err)
{
    ec_status status = EC_OK;
    double line = LINE * MARGIN_FONT, middle = (double)(drawing->n_rows - 1) / 2;
    double left = -drawing->rows[0].at - MARGIN_GAP - draw_name_column(drawing, MARGIN_FONT) -
                  draw_note_column(drawing, MARGIN_FONT);

    for (size_t r = 0; r < drawing->n_rows; r++) {
        ec_point at = {left, ((double)r - middle) * line};
        EC_TRY(draw_add_row_text(drawing, &drawing->rows[r], at, MARGIN_FONT, err));
    }
done:
    return status;
}

/*
 * The opening: so wide that in each row the first node is clear of the row's name. A node of share
 * s of the line stands s/2 (2 pi - opening) away from the edge of the opening.
 */
static void open_ring(ring *g, const ec_drawing *drawing)
{
    for (size_t v = 0; v < g->hub; v++) {
        const ec_draw_row *row = &drawing->rows[drawing->nodes[v].row];
        double half = ec_draw_text_width(row->name, FONT, true) / 2 + MARGIN;
        double clear = asin(fmin(1, half / row->at)), share = share_of(g, v);
        g->opening = fmax(g->opening, 2 * (clear - share * PI) / (1 - share));
    }
}

ec_status draw_ring(ec_drawing *drawing, ec_error *err)
{
    ec_status status = EC_OK;
    ring g = {.n = drawing->n_nodes};

    EC_TRY(draw_intervals_init(&g.t, drawing, 1, GAP, err));
    find_hub(&g);
    place_rings(&g, drawing);
    open_ring(&g, drawing);
    for (size_t v = 0; v < drawing->n_nodes; v++)
        place_node(&g, drawing, v);
    for (size_t i = 0; i < drawing->n_bonds; i++)
        place_bond(&g, drawing, &drawing->bonds[i]);
    EC_TRY(name_rings(&g, drawing, err));
    EC_TRY(list_rows(drawing, err));
done:
    draw_intervals_clear(&g.t);
    return status;
}
