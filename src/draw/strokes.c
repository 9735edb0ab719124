/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Additional permission under section 7 (linking with Graphviz): see LICENSE. */
#include "draw/draw_i.h"

#include <math.h>
#include <string.h>

#define REACH_MAX   8.0
#define REACH_SHARE 0.4 /* of the size of the larger end of the bond */
#define INNER       0.3 /* of the reach, before the way to the next bond */
#define WIDTH       1.8 /* of a stroke of the largest reach */
#define WIDTH_MIN   0.5
#define BISECTIONS  30

double draw_stroke_reach(const ec_drawing *drawing, const ec_draw_bond *bond)
{
    double lower = drawing->nodes[bond->lower].width, upper = drawing->nodes[bond->upper].width;

    return fmin(REACH_MAX, REACH_SHARE * fmax(lower, upper));
}

/* Point on a Bezier curve, and its direction there. */
static ec_point curve_at(const ec_point c[4], double t, ec_point *direction)
{
    double s = 1 - t, w[4] = {s * s * s, 3 * s * s * t, 3 * s * t * t, t * t * t};
    double d[4] = {-s * s, s * s - 2 * s * t, 2 * s * t - t * t, t * t};
    ec_point p = {0, 0};

    *direction = (ec_point){0, 0};
    for (int i = 0; i < 4; i++) {
        p.x += w[i] * c[i].x;
        p.y += w[i] * c[i].y;
        direction->x += d[i] * c[i].x;
        direction->y += d[i] * c[i].y;
    }
    return p;
}

/* Where the cut meets a bond: not far from its lower end, measured along the line of both ends. */
static ec_point meet(const ec_drawing *drawing, const ec_draw_bond *bond, ec_point *normal)
{
    const ec_draw_node *lower = &drawing->nodes[bond->lower];
    const ec_draw_node *upper = &drawing->nodes[bond->upper];
    double x = upper->at.x - lower->at.x, y = upper->at.y - lower->at.y, length = hypot(x, y);
    double hidden = lower->height / 2, visible = length - hidden - upper->height / 2;
    double goal = hidden + DRAW_STROKE_AT * fmax(visible, 0), low = 0, high = 1;
    ec_point at = lower->at, direction = {x, y};

    for (int i = 0; i < BISECTIONS && length > 0; i++) {
        double t = (low + high) / 2;
        at = curve_at(bond->curve, t, &direction);
        bool before = (at.x - lower->at.x) * x + (at.y - lower->at.y) * y < goal * length;
        *(before ? &low : &high) = t;
    }
    double size = hypot(direction.x, direction.y);
    *normal = (ec_point){1, 0};
    if (size > 0)
        *normal = (ec_point){direction.y / size, -direction.x / size};
    return at;
}

ec_status draw_add_polyline(ec_drawing *drawing, const ec_point *points, size_t n, bool cut,
                            double width, ec_error *err)
{
    ec_status status = EC_OK;
    ec_draw_stroke stroke = {.cut = cut, .width = width, .n = 3 * (n - 1) + 1};

    EC_NEW(stroke.points, stroke.n);
    for (size_t i = 0; i < stroke.n; i++)
        stroke.points[i] = points[(i + 1) / 3];
    status = draw_add_stroke(drawing, stroke, err);
done:
    return status;
}

ec_status ec_drawing_add_cut(ec_drawing *drawing, const ec_point *points, size_t n, double width,
                             ec_error *err)
{
    ec_status status = EC_OK;
    ec_draw_stroke stroke = {.cut = true, .width = width, .n = n};

    EC_NEW(stroke.points, n);
    memcpy(stroke.points, points, n * sizeof *points);
    status = draw_add_stroke(drawing, stroke, err);
done:
    return status;
}

/* A stroke straight across each of n bonds side by side, reaching beyond the first and the last. */
static ec_status add_run(ec_drawing *drawing, size_t first, size_t n, ec_error *err)
{
    ec_status status = EC_OK;
    const ec_draw_bond *bonds = drawing->bonds + first;
    double reach = draw_stroke_reach(drawing, bonds);
    ec_point *points = NULL, normal;

    EC_NEW(points, 2 * n);
    for (size_t i = 0; i < n; i++) {
        ec_point at = meet(drawing, &bonds[i], &normal);
        double before = i == 0 ? reach : INNER * reach, behind = i + 1 == n ? reach : INNER * reach;
        points[2 * i] = (ec_point){at.x - before * normal.x, at.y - before * normal.y};
        points[2 * i + 1] = (ec_point){at.x + behind * normal.x, at.y + behind * normal.y};
    }
    EC_TRY(draw_add_polyline(drawing, points, 2 * n, true,
                             fmax(WIDTH_MIN, WIDTH * reach / REACH_MAX), err));
done:
    ec_free(points);
    return status;
}

/* What the cut does to each copy tensor's children, and the side of the tensor above it. */
typedef struct hub {
    ec_draw_side above;
    bool keeps; /* some child is on the side above: the cut runs below the copy tensor */
} hub;

static void fill_hubs(hub *hubs, const ec_drawing *drawing)
{
    const ec_draw_node *nodes = drawing->nodes;

    for (size_t i = 0; i < drawing->n_bonds; i++)
        hubs[drawing->bonds[i].lower].above = nodes[drawing->bonds[i].upper].side;
    for (size_t i = 0; i < drawing->n_bonds; i++) {
        const ec_draw_bond *bond = &drawing->bonds[i];
        hub *h = &hubs[bond->upper];
        h->keeps = h->keeps || (h->above != EC_DRAW_NO_SIDE && nodes[bond->lower].side == h->above);
    }
}

static bool is_crossed(const ec_drawing *drawing, const hub *hubs, const ec_draw_bond *bond)
{
    const ec_draw_node *lower = &drawing->nodes[bond->lower];
    const ec_draw_node *upper = &drawing->nodes[bond->upper];

    if (!bond->cut)
        return false;
    if (upper->kind == EC_DRAW_COPY)
        return hubs[bond->upper].keeps && lower->side != hubs[bond->upper].above;
    return lower->kind != EC_DRAW_COPY || !hubs[bond->lower].keeps;
}

ec_status draw_cut_strokes(ec_drawing *drawing, ec_error *err)
{
    ec_status status = EC_OK;
    const ec_draw_bond *bonds = drawing->bonds;
    size_t n_bonds = drawing->n_bonds;
    bool alone = drawing->shape != EC_DRAW_ROWS; /* elsewhere the next bond may be far away */
    hub *hubs = NULL;

    EC_NEW(hubs, drawing->n_nodes);
    fill_hubs(hubs, drawing);
    for (size_t i = 0, n; i < n_bonds; i += n) {
        for (n = 0; i + n < n_bonds && is_crossed(drawing, hubs, &bonds[i + n]); n++) {
            if (n > 0 && (alone || bonds[i + n].upper != bonds[i].upper))
                break;
        }
        if (n > 0)
            EC_TRY(add_run(drawing, i, n, err));
        else
            n = 1;
    }
done:
    ec_free(hubs);
    return status;
}
