/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Additional permission under section 7 (linking with Graphviz): see LICENSE. */
#include "draw/draw_i.h"

#include <math.h>
#include <string.h>

/* Sites share WIDTH as long as each gets between PITCH_MIN and PITCH_MAX points. */
#define WIDTH     1100.0
#define PITCH_MAX 46.0
#define PITCH_MIN 18.0
#define GAP       0.4 /* between windows, of the pitch */

/* Sizes where a node has PITCH_MAX of room or more; below they shrink with their row's room. */
#define FONT        9.0
#define FONT_MIN    5.5
#define SITE        15.0
#define BOX_HEIGHT  19.0
#define BOX_PAD     9.0
#define COPY        7.0
#define LABEL_SHIFT 4.0
#define CUT_LABEL   0.64 /* the label of a cut bond stands above the stroke through it */

/* Between rows: straight bonds are short; bonds that spread rise with their spread, so far. */
#define RISE        30.0
#define SPREAD_RISE 0.17
#define RISE_MAX    120.0

/* How far a row is shrunk for lack of room: 0 < scale <= 1. */
static double row_scale(const draw_intervals *t, size_t row)
{
    double room = t->row_spacing[row];

    return room > 0 ? fmin(1, room / PITCH_MAX) : 1;
}

static double row_font(const draw_intervals *t, size_t row)
{
    return fmax(FONT_MIN, FONT * row_scale(t, row));
}

/* Of a label "W0,12" only the number, if the row's name must do for the rest. */
static void shorten(char *label, double font, double room)
{
    const char *comma = strchr(label, ',');

    if (comma != NULL && ec_draw_text_width(label, font, false) > room)
        memmove(label, comma + 1, strlen(comma + 1) + 1);
}

static void place_node(ec_draw_node *node, const draw_intervals *t, size_t v)
{
    double scale = row_scale(t, node->row), font = row_font(t, node->row);

    node->at.x = t->left[v] + t->width[v] / 2;
    node->font = font;
    if (node->kind == EC_DRAW_SITE) {
        node->width = node->height = draw_site_size(node->side, SITE * fmax(scale, 0.55));
        node->font = font * 0.9;
    } else if (node->kind == EC_DRAW_COPY) {
        node->width = node->height = COPY * fmax(scale, 0.6);
    } else {
        shorten(node->label, font, t->width[v] - BOX_PAD);
        double label = ec_draw_text_width(node->label, font, false);
        node->height = BOX_HEIGHT * fmax(scale, 0.6);
        node->width = fmax(label + BOX_PAD * scale, 1.3 * node->height);
        node->width = fmin(node->width, 0.94 * t->width[v]);
    }
}

/* The largest horizontal way of the bonds that end in each row. */
static ec_status measure_spread(double **out, const ec_drawing *drawing, ec_error *err)
{
    ec_status status = EC_OK;

    EC_NEW(*out, drawing->n_rows);
    for (size_t i = 0; i < drawing->n_bonds; i++) {
        const ec_draw_node *lower = &drawing->nodes[drawing->bonds[i].lower];
        const ec_draw_node *upper = &drawing->nodes[drawing->bonds[i].upper];
        double *spread = &(*out)[upper->row];
        *spread = fmax(*spread, fabs(lower->at.x - upper->at.x));
    }
done:
    return status;
}

static ec_status place_rows(ec_drawing *drawing, const draw_intervals *t, ec_error *err)
{
    ec_status status = EC_OK;
    double *spread = NULL;

    EC_TRY(measure_spread(&spread, drawing, err));
    drawing->rows[0].at = 0;
    for (size_t r = 1; r < drawing->n_rows; r++) {
        /* a row without nodes only names the index half way up a straight bond */
        double rise = t->row_spacing[r] > 0 ? RISE * fmax(row_scale(t, r - 1), 0.72) : RISE * 0.6;
        rise = fmin(rise + SPREAD_RISE * spread[r], RISE_MAX);
        drawing->rows[r].at = drawing->rows[r - 1].at + rise;
    }
    for (size_t v = 0; v < drawing->n_nodes; v++)
        drawing->nodes[v].at.y = drawing->rows[drawing->nodes[v].row].at;
done:
    ec_free(spread);
    return status;
}

/*
 * The label stands between the edges of the bond's ends, half way if none cuts it, on the right, or
 * on the left of one that bends to the right. Bonds beside each other do the same: it has the width
 * of the lower end's interval, or there is none.
 */
static void place_label(ec_draw_bond *bond, const ec_drawing *drawing, const draw_intervals *t)
{
    const ec_draw_node *lower = &drawing->nodes[bond->lower];
    const ec_draw_node *upper = &drawing->nodes[bond->upper];
    double low = lower->at.y + lower->height / 2, high = upper->at.y - upper->height / 2;
    double scale = fmax(row_scale(t, lower->row), 0.5),
           shift = LABEL_SHIFT * scale + bond->width / 2;

    bond->font = fmax(FONT_MIN, 0.92 * row_font(t, lower->row));
    double width = ec_draw_text_width(bond->label, bond->font, bond->cut);
    bond->label_at.x = lower->at.x + (lower->at.x < upper->at.x - 1 ? -1 : 1) * (shift + width / 2);
    bond->label_at.y = low + (bond->cut ? CUT_LABEL : 0.5) * (high - low);
    if (width + 2 * shift > t->width[bond->lower])
        bond->font = 0;
}

/* A bond leaves its lower end upwards and bends towards the upper one. */
static void place_bond(ec_draw_bond *bond, const ec_drawing *drawing, const draw_intervals *t)
{
    const ec_draw_node *lower = &drawing->nodes[bond->lower];
    ec_point a = lower->at, b = drawing->nodes[bond->upper].at;
    double rise = b.y - a.y;

    bond->curve[0] = a;
    bond->curve[1] = (ec_point){a.x, a.y + 0.5 * rise};
    bond->curve[2] = (ec_point){b.x + 0.35 * (a.x - b.x), b.y - 0.22 * rise};
    bond->curve[3] = b;
    bond->width = draw_line_width(bond->dim, fmax(row_scale(t, lower->row), 0.5));
    bond->dashed = bond->cut;
    place_label(bond, drawing, t);
}

ec_status draw_rows(ec_drawing *drawing, ec_error *err)
{
    ec_status status = EC_OK;
    draw_intervals t = {0};
    double pitch = WIDTH / (double)draw_count_sites(drawing);

    pitch = fmin(fmax(pitch, PITCH_MIN), PITCH_MAX);
    EC_TRY(draw_intervals_init(&t, drawing, pitch, GAP * pitch, err));
    for (size_t v = 0; v < drawing->n_nodes; v++)
        place_node(&drawing->nodes[v], &t, v);
    EC_TRY(place_rows(drawing, &t, err));
    for (size_t i = 0; i < drawing->n_bonds; i++)
        place_bond(&drawing->bonds[i], drawing, &t);
    EC_TRY(draw_name_rows(drawing, err));
done:
    draw_intervals_clear(&t);
    return status;
}
