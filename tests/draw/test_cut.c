/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "scene.h"

/* Where the cut is drawn through. */

enum { CASES = 40, BASE = 9700 };

/* Does segment a b cross segment c d? */
static bool segments_cross(ec_point a, ec_point b, ec_point c, ec_point d)
{
    double x = b.x - a.x, y = b.y - a.y, u = d.x - c.x, v = d.y - c.y;
    double across = x * v - y * u, p = c.x - a.x, q = c.y - a.y;
    double s = (p * v - q * u) / across, t = (p * y - q * x) / across;

    return s >= 0 && s < 1 && t >= 0 && t < 1;
}

static ec_point bezier(const ec_point c[4], double t)
{
    double s = 1 - t, w[4] = {s * s * s, 3 * s * s * t, 3 * s * t * t, t * t * t};
    ec_point p = {0, 0};

    for (int i = 0; i < 4; i++) {
        p.x += w[i] * c[i].x;
        p.y += w[i] * c[i].y;
    }
    return p;
}

/* How often strokes of the cut, whose curves are straight, cross a bond. */
static unsigned count_crossings(const ec_drawing *drawing, const ec_draw_bond *bond)
{
    enum { STEPS = 40 };
    unsigned n = 0;

    for (size_t i = 0; i < drawing->n_strokes; i++) {
        const ec_draw_stroke *stroke = &drawing->strokes[i];
        for (size_t k = 0; stroke->cut && k + 3 < stroke->n; k += 3) {
            for (int s = 0; s < STEPS; s++)
                n += segments_cross(stroke->points[k], stroke->points[k + 3],
                                    bezier(bond->curve, (double)s / STEPS),
                                    bezier(bond->curve, (s + 1.0) / STEPS));
        }
    }
    return n;
}

/* On the way from a node that has a side to the tensor above it: crossed if the sides differ. */
static void check_cut_is_drawn_through(const ec_drawing *drawing)
{
    unsigned *crossings = ec_calloc(drawing->n_nodes, sizeof *crossings, NULL);
    uint32_t *above = ec_calloc(drawing->n_nodes, sizeof *above, NULL);

    for (size_t i = 0; i < drawing->n_bonds; i++) {
        crossings[drawing->bonds[i].lower] = count_crossings(drawing, &drawing->bonds[i]);
        above[drawing->bonds[i].lower] = drawing->bonds[i].upper;
        assert_true(drawing->bonds[i].cut || crossings[drawing->bonds[i].lower] == 0);
    }
    for (size_t v = 0; v + 1 < drawing->n_nodes; v++) {
        uint32_t upper = above[v];
        unsigned n = crossings[v];
        if (drawing->nodes[v].kind == EC_DRAW_COPY)
            continue;
        if (drawing->nodes[upper].kind == EC_DRAW_COPY) {
            n += crossings[upper];
            upper = above[upper];
        }
        assert_int_equal(n, drawing->nodes[v].side != drawing->nodes[upper].side);
    }
    ec_free(crossings);
    ec_free(above);
}

static void the_cut_is_drawn_through_what_it_cuts_and_nothing_else(void **state)
{
    (void)state;
    for (oracle_stratum stratum = 0; stratum <= ORACLE_ADJACENT; stratum++) {
        for (uint64_t i = 0; i < check_count(CASES); i++) {
            ec_error err = {0};
            scene s;
            scene_random(&s, stratum, check_seed() * BASE + i,
                         i % 2 == 0 ? EC_DRAW_FOLD_NEVER : EC_DRAW_FOLD_ALWAYS);
            assert_ok(ec_drawing_layout(s.drawing, &err), &err);
            check_cut_is_drawn_through(s.drawing);
            s.drawing->shape = EC_DRAW_RING;
            for (size_t k = 0; k < s.drawing->n_strokes; k++)
                ec_free(s.drawing->strokes[k].points);
            s.drawing->n_strokes = 0;
            assert_ok(ec_drawing_layout(s.drawing, &err), &err);
            check_cut_is_drawn_through(s.drawing);
            scene_clear(&s);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_cut_is_drawn_through_what_it_cuts_and_nothing_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
