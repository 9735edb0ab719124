/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Additional permission under section 7 (linking with Graphviz): see LICENSE. */
#include "render.h"

#include <math.h>
#include <stdlib.h>

/* The cut of a free drawing: a line down the picture, or strokes. */

#define REACH   9.0  /* of a stroke, to either side */
#define BEYOND  14.0 /* of a line, above and below the picture */
#define WIDTH   1.8
#define NEAR    0.02 /* of a curve: what gives its direction */
#define SAMPLES 16   /* straight parts that stand for a Bezier curve */
#define CLEAR   3.0  /* of a line from nodes and labels */
#define BEND    0.35 /* of the way to the next point: how stiff the line is */

/* Where the cut meets a bond, and the direction across it. */
typedef struct meeting {
    ec_point at, across;
} meeting;

static ec_point curve_at(const ec_point *p, double t)
{
    double s = 1 - t, w[4] = {s * s * s, 3 * s * s * t, 3 * s * t * t, t * t * t};
    ec_point at = {0, 0};

    for (int i = 0; i < 4; i++) {
        at.x += w[i] * p[i].x;
        at.y += w[i] * p[i].y;
    }
    return at;
}

/* A point of a curve from its beginning (0) to its end (1), by the way along it. */
static ec_point spline_at(const spline *p, double t)
{
    size_t n = p->n / 3 * SAMPLES;
    double length = 0, way = 0;
    ec_point at = p->points[0], next;

    for (int pass = 0; pass < 2; pass++) {
        way = 0;
        at = p->points[0];
        for (size_t s = 1; s <= n; s++, at = next) {
            next = s == n ? p->points[p->n - 1]
                          : curve_at(p->points + s / SAMPLES * 3, (double)(s % SAMPLES) / SAMPLES);
            double step = hypot(next.x - at.x, next.y - at.y);
            if (pass == 1 && step > 0 && way + step >= t * length) {
                double share = (t * length - way) / step;
                return (ec_point){at.x + share * (next.x - at.x), at.y + share * (next.y - at.y)};
            }
            way += step;
        }
        length = way;
    }
    return at;
}

/* Where the cut meets a bond: the share `away` of it from its end on side B. */
static ec_status meet(meeting *out, const canvas *c, size_t i, double away, ec_error *err)
{
    const ec_draw_bond *bond = &c->drawing->bonds[i];
    const ec_draw_node *lower = &c->drawing->nodes[bond->lower];
    spline p;
    ec_status status = graph_path(&p, c, i, err);

    if (status == EC_OK && p.n > 3) {
        ec_point first = p.points[0], last = p.points[p.n - 1];
        bool from_lower = hypot(first.x - lower->at.x, first.y - lower->at.y) <
                          hypot(last.x - lower->at.x, last.y - lower->at.y);
        bool lower_b = lower->side == EC_DRAW_SIDE_B;
        double t = from_lower == lower_b ? away : 1 - away;
        ec_point before = spline_at(&p, t - NEAR), after = spline_at(&p, t + NEAR);
        double x = after.x - before.x, y = after.y - before.y, length = hypot(x, y);
        out->at = spline_at(&p, t);
        out->across = length > 0 ? (ec_point){-y / length, x / length} : (ec_point){0, 1};
    }
    ec_free(p.points);
    return status;
}

/* Is side A the one with fewer pins at this copy tensor? Only they are crossed then. */
static bool crosses_a(const ec_drawing *drawing, uint32_t copy)
{
    size_t n_a = 0, n_b = 0;

    for (size_t i = 0; i < drawing->n_bonds; i++) {
        const ec_draw_bond *bond = &drawing->bonds[i];
        if (bond->upper == copy) {
            n_a += drawing->nodes[bond->lower].side == EC_DRAW_SIDE_A;
            n_b += drawing->nodes[bond->lower].side == EC_DRAW_SIDE_B;
        }
    }
    return n_a < n_b;
}

static bool is_crossed(const ec_drawing *drawing, const ec_draw_bond *bond)
{
    if (!bond->cut || drawing->nodes[bond->upper].kind != EC_DRAW_COPY)
        return bond->cut;
    ec_draw_side side = crosses_a(drawing, bond->upper) ? EC_DRAW_SIDE_A : EC_DRAW_SIDE_B;
    return drawing->nodes[bond->lower].side == side;
}

static int compare_heights(const void *a, const void *b)
{
    const meeting *x = a, *y = b;

    return (x->at.y < y->at.y) - (x->at.y > y->at.y);
}

/* ------------------------------------------------------------------ one line */

/* A smooth curve through n points, from the top down. */
static ec_status join(spline *out, const ec_point *points, size_t n, ec_error *err)
{
    *out = (spline){ec_calloc(3 * n - 2, sizeof *out->points, err), 3 * n - 2};
    if (out->points == NULL)
        return EC_ENOMEM;
    for (size_t i = 0; i < n; i++) {
        const ec_point *last = &points[i > 0 ? i - 1 : 0], *next = &points[i + 1 < n ? i + 1 : i];
        double x = next->x - last->x, y = next->y - last->y, length = hypot(x, y);
        double back = BEND * hypot(points[i].x - last->x, points[i].y - last->y);
        double on = BEND * hypot(next->x - points[i].x, next->y - points[i].y);
        x = length > 0 ? x / length : 0;
        y = length > 0 ? y / length : 0;
        out->points[3 * i] = points[i];
        if (i > 0)
            out->points[3 * i - 1] = (ec_point){points[i].x - back * x, points[i].y - back * y};
        if (i + 1 < n)
            out->points[3 * i + 1] = (ec_point){points[i].x + on * x, points[i].y + on * y};
    }
    return EC_OK;
}

static bool segments_cross(ec_point a, ec_point b, ec_point c, ec_point d)
{
    double x = b.x - a.x, y = b.y - a.y, u = d.x - c.x, v = d.y - c.y;
    double across = x * v - y * u, p = c.x - a.x, q = c.y - a.y;
    double s = p * v - q * u, t = p * y - q * x;

    if (across < 0)
        across = -across, s = -s, t = -t;
    return across > 0 && s >= 0 && s < across && t >= 0 && t < across;
}

/* May two Bezier curves meet? Each lies within the box around its control points. */
static bool boxes_meet(const ec_point *a, const ec_point *b)
{
    ec_point low[2] = {a[0], b[0]}, high[2] = {a[0], b[0]};

    for (int i = 0; i < 8; i++) {
        const ec_point *p = i < 4 ? &a[i] : &b[i - 4];
        ec_point *l = &low[i / 4], *h = &high[i / 4];
        *l = (ec_point){fmin(l->x, p->x), fmin(l->y, p->y)};
        *h = (ec_point){fmax(h->x, p->x), fmax(h->y, p->y)};
    }
    return low[0].x <= high[1].x && low[1].x <= high[0].x && low[0].y <= high[1].y &&
           low[1].y <= high[0].y;
}

/* How often two curves cross, both taken as polygons. */
static size_t count_crossings(const spline *a, const spline *b)
{
    size_t n = 0;

    for (size_t i = 0; i + 3 < a->n; i += 3) {
        for (size_t k = 0; k + 3 < b->n; k += 3) {
            bool near = boxes_meet(a->points + i, b->points + k);
            for (int s = 0; near && s < SAMPLES * SAMPLES; s++) {
                int line = s / SAMPLES;
                double t = line, u = s % SAMPLES;
                n += segments_cross(curve_at(a->points + i, t / SAMPLES),
                                    curve_at(a->points + i, (t + 1) / SAMPLES),
                                    curve_at(b->points + k, u / SAMPLES),
                                    curve_at(b->points + k, (u + 1) / SAMPLES));
            }
        }
    }
    return n;
}

/* Does the line run through a box, or close by? */
static bool meets_box(const spline *line, ec_point at, double width, double height)
{
    for (size_t i = 0; i + 3 < line->n; i += 3) {
        for (int s = 0; s <= SAMPLES; s++) {
            ec_point p = curve_at(line->points + i, (double)s / SAMPLES);
            if (fabs(p.x - at.x) < width / 2 + CLEAR && fabs(p.y - at.y) < height / 2 + CLEAR)
                return true;
        }
    }
    return false;
}

static bool meets_label(const canvas *c, const spline *line, size_t i)
{
    const ec_draw_bond *bond = &c->drawing->bonds[i];
    ec_point at;

    if (bond->label[0] == '\0' || !graph_label_at(&at, c, i))
        return false;
    return meets_box(line, at, ec_draw_text_width(bond->label, bond->font, bond->cut), bond->font);
}

#define ALL SIZE_MAX

/* Does the line cross one bond, or all that the cut crosses, once, and touch nothing else? */
static ec_status is_clean(bool *clean, const canvas *c, const spline *line, size_t bond,
                          ec_error *err)
{
    ec_status status = EC_OK;
    const ec_drawing *drawing = c->drawing;

    *clean = true;
    for (size_t v = 0; v < drawing->n_nodes && *clean; v++)
        *clean = !meets_box(line, drawing->nodes[v].at, drawing->nodes[v].width,
                            drawing->nodes[v].height);
    for (size_t i = 0; i < drawing->n_bonds && *clean && status == EC_OK; i++) {
        bool crossed = bond == ALL ? is_crossed(drawing, &drawing->bonds[i]) : i == bond;
        spline p;
        status = graph_path(&p, c, i, err);
        if (status == EC_OK)
            *clean = count_crossings(line, &p) == crossed && !meets_label(c, line, i);
        ec_free(p.points);
    }
    return status;
}

/* ------------------------------------------------------------------- strokes */

static const double tries[] = {0.3, 0.2, 0.4, 0.5, 0.6, 0.7, 0.8};
enum { N_TRIES = sizeof tries / sizeof *tries };

/* A stroke across one bond where it meets nothing else, else at its middle. */
static ec_status add_stroke(const canvas *c, size_t bond, ec_error *err)
{
    ec_status status = EC_OK;
    ec_point ends[4] = {{0, 0}};
    const spline line = {ends, 4};
    bool clean = false;

    for (int i = 0; i <= N_TRIES && status == EC_OK && !clean; i++) {
        meeting m = {{0, 0}, {0, 1}};
        status = meet(&m, c, bond, i < N_TRIES ? tries[i] : 0.5, err);
        ends[0] = ends[1] = (ec_point){m.at.x - REACH * m.across.x, m.at.y - REACH * m.across.y};
        ends[2] = ends[3] = (ec_point){m.at.x + REACH * m.across.x, m.at.y + REACH * m.across.y};
        if (status == EC_OK)
            status = is_clean(&clean, c, &line, bond, err);
    }
    if (status == EC_OK)
        status = ec_drawing_add_cut(c->drawing, ends, 4, WIDTH, err);
    return status;
}

/* One line down through all meetings, which are sorted from the top. */
static ec_status make_line(spline *line, const meeting *meetings, size_t n, double low, double high,
                           ec_error *err)
{
    ec_point *points = ec_calloc(n + 2, sizeof *points, err);

    *line = (spline){NULL, 0};
    if (points == NULL)
        return EC_ENOMEM;
    for (size_t i = 0; i < n; i++)
        points[i + 1] = meetings[i].at;
    points[0] = (ec_point){points[1].x, high};
    points[n + 1] = (ec_point){points[n].x, low};
    ec_status status = join(line, points, n + 2, err);
    ec_free(points);
    return status;
}

/* Where the cut meets all that it crosses, from the top down. */
static ec_status meet_all(meeting *meetings, size_t *n, const canvas *c, double away, ec_error *err)
{
    const ec_drawing *drawing = c->drawing;
    ec_status status = EC_OK;

    *n = 0;
    for (size_t i = 0; i < drawing->n_bonds && status == EC_OK; i++) {
        if (is_crossed(drawing, &drawing->bonds[i]))
            status = meet(&meetings[(*n)++], c, i, away, err);
    }
    qsort(meetings, *n, sizeof *meetings, compare_heights);
    return status;
}

/* One line through all, if there is one that meets nothing else. */
static ec_status add_line(bool *done, const canvas *c, double low, double high, ec_error *err)
{
    meeting *meetings = ec_calloc(c->drawing->n_bonds, sizeof *meetings, err);
    ec_status status = meetings != NULL ? EC_OK : EC_ENOMEM;

    *done = false;
    for (int i = 0; i < N_TRIES && status == EC_OK && !*done; i++) {
        spline line = {NULL, 0};
        size_t n = 0;
        status = meet_all(meetings, &n, c, tries[i], err);
        if (status == EC_OK && n > 0)
            status = make_line(&line, meetings, n, low, high, err);
        if (status == EC_OK && n > 0)
            status = is_clean(done, c, &line, ALL, err);
        if (status == EC_OK && *done)
            status = ec_drawing_add_cut(c->drawing, line.points, line.n, WIDTH, err);
        ec_free(line.points);
    }
    ec_free(meetings);
    return status;
}

ec_status cut_free(const canvas *c, ec_point *low, ec_point *high, ec_error *err)
{
    const ec_drawing *drawing = c->drawing;
    bool done = false;
    ec_status status = add_line(&done, c, low->y - BEYOND, high->y + BEYOND, err);

    if (done) {
        low->y -= BEYOND;
        high->y += BEYOND;
    }
    for (size_t i = 0; i < drawing->n_bonds && status == EC_OK && !done; i++) {
        if (is_crossed(drawing, &drawing->bonds[i]))
            status = add_stroke(c, i, err);
    }
    return status;
}
