/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "boxes.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Where everything stands. */

enum { CASES = 40, BASE = 9300 };

/* Nodes of a row stand at its height, in a ring its radius; sites outermost, no row twice. */
static void check_rows_are_aligned(const ec_drawing *drawing, uint32_t hub_row)
{
    for (size_t v = 0; v < drawing->n_nodes; v++) {
        const ec_draw_node *node = &drawing->nodes[v];
        if (drawing->shape != EC_DRAW_RING)
            assert_close(node->at.y, drawing->rows[node->row].at, 1e-9);
        else if (node->row <= hub_row)
            assert_close(hypot(node->at.x, node->at.y), drawing->rows[node->row].at, 1e-9);
    }
    for (size_t r = 1; r < drawing->n_rows; r++) {
        double step = drawing->rows[r].at - drawing->rows[r - 1].at;
        if (drawing->shape != EC_DRAW_RING)
            assert_true(step > 9);
        else if (r <= hub_row)
            assert_true(step < -7.5);
    }
}

/* Bonds join the middles of their nodes. */
static void check_bonds_are_attached(const ec_drawing *drawing)
{
    for (size_t i = 0; i < drawing->n_bonds; i++) {
        const ec_draw_bond *bond = &drawing->bonds[i];
        ec_point lower = drawing->nodes[bond->lower].at, upper = drawing->nodes[bond->upper].at;
        assert_close(hypot(bond->curve[0].x - lower.x, bond->curve[0].y - lower.y), 0, 1e-9);
        assert_close(hypot(bond->curve[3].x - upper.x, bond->curve[3].y - upper.y), 0, 1e-9);
        assert_true(bond->width > 0);
    }
}

/*
 * No two bonds of a row cross: going along it, the parents never go back. (Curves share their
 * shape, so that this is enough.)
 */
static void check_bonds_do_not_cross(const ec_drawing *drawing)
{
    for (size_t i = 0; i < drawing->n_bonds; i++) {
        for (size_t j = 0; j < i; j++) {
            const ec_draw_bond *a = &drawing->bonds[i], *b = &drawing->bonds[j];
            const ec_draw_node *nodes = drawing->nodes;
            if (nodes[a->lower].row != nodes[b->lower].row)
                continue;
            double below = nodes[a->lower].at.x - nodes[b->lower].at.x;
            double above = nodes[a->upper].at.x - nodes[b->upper].at.x;
            assert_true(below * above >= 0);
        }
    }
}

static void rows_are_aligned_and_nothing_overlaps(void **state)
{
    (void)state;
    for (oracle_stratum stratum = 0; stratum <= ORACLE_ADJACENT; stratum++) {
        for (uint64_t i = 0; i < check_count(CASES); i++) {
            ec_error err = {0};
            scene s;
            scene_random(&s, stratum, check_seed() * BASE + i,
                         i % 2 == 0 ? EC_DRAW_FOLD_NEVER : EC_DRAW_FOLD_ALWAYS);
            assert_ok(ec_drawing_layout(s.drawing, &err), &err);
            assert_int_equal(s.drawing->shape, EC_DRAW_ROWS);
            check_rows_are_aligned(s.drawing, 0);
            check_bonds_are_attached(s.drawing);
            check_bonds_do_not_cross(s.drawing);
            check_nothing_overlaps(s.drawing);
            scene_clear(&s);
        }
    }
}

/* A tree of windows of P over P^depth sites, every other one on side A. */
static void make_power(scene *s, unsigned window, unsigned depth, bool shared)
{
    char text[2048];
    size_t n = 1, used;

    for (unsigned l = 0; l < depth; l++)
        n *= window;
    used = (size_t)snprintf(text, sizeof text,
                            "{name: power, input: {shape: [%zu], channels: 3}, layers: [", n);
    for (unsigned l = 0; l < depth; l++)
        used += (size_t)snprintf(text + used, sizeof text - used,
                                 "{conv: {channels: %u, shared: %s}}, {pool: {window: %u}}, ",
                                 4 + l, shared ? "true" : "false", window);
    snprintf(text + used, sizeof text - used, "{dense: {outputs: 10}}]}");
    char *sides = ec_calloc(n + 1, 1, NULL);
    for (size_t i = 0; i < n; i++)
        sides[i] = i % 2 == 0 ? 'A' : 'B';
    scene_parse(s, text, sides, EC_DRAW_FOLD_NEVER);
    ec_free(sides);
}

static void sixty_four_sites_stand_in_readable_rows(void **state)
{
    (void)state;
    for (int shared = 0; shared < 2; shared++) {
        ec_error err = {0};
        scene s;
        make_power(&s, 2, 6, shared);
        assert_ok(ec_drawing_layout(s.drawing, &err), &err);
        assert_int_equal(s.drawing->shape, EC_DRAW_ROWS);
        check_nothing_overlaps(s.drawing);
        check_bonds_do_not_cross(s.drawing);
        for (size_t v = 0; v < s.drawing->n_nodes; v++)
            assert_true(s.drawing->nodes[v].font >= 4.5);
        scene_clear(&s);
    }
}

static void many_sites_form_a_ring_and_nothing_overlaps(void **state)
{
    (void)state;
    static const unsigned shapes[][2] = {{2, 8}, {3, 5}, {4, 5}, {2, 10}, {16, 2}, {200, 1}};
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        ec_error err = {0};
        scene s;
        make_power(&s, shapes[i][0], shapes[i][1], true);
        assert_ok(ec_drawing_layout(s.drawing, &err), &err);
        assert_int_equal(s.drawing->shape, EC_DRAW_RING);
        check_rows_are_aligned(s.drawing, (uint32_t)s.drawing->n_rows - 2);
        check_bonds_are_attached(s.drawing);
        check_nothing_overlaps(s.drawing);
        scene_clear(&s);
    }
}

/* ------------------------------------------------------------------- planes */

static char *half_and_half(size_t height, size_t width)
{
    char *sides = ec_calloc(height * width + 1, 1, NULL);

    for (size_t i = 0; i < height * width; i++)
        sides[i] = i % width < width / 2 ? 'A' : 'B';
    return sides;
}

/* Nodes of a row by their places in its grid. */
static const ec_draw_node **by_place(const ec_drawing *drawing, uint32_t row, size_t n)
{
    const ec_draw_node **places = ec_calloc(n, sizeof *places, NULL);
    uint64_t first = UINT64_MAX;

    for (size_t v = 0; v < drawing->n_nodes; v++) {
        if (drawing->nodes[v].row == row && drawing->nodes[v].number < first)
            first = drawing->nodes[v].number;
    }
    for (size_t v = 0; v < drawing->n_nodes; v++) {
        if (drawing->nodes[v].row == row)
            places[drawing->nodes[v].number - first] = &drawing->nodes[v];
    }
    return places;
}

/* Columns go right, rows down and to the left; a grid is no wider than the one below it. */
static void check_planes(const ec_drawing *drawing)
{
    double below = INFINITY;

    for (uint32_t row = 0; row < drawing->n_rows; row += 2) {
        size_t height = drawing->rows[row].grid[0], width = drawing->rows[row].grid[1];
        assert_true(height > 0 && width > 0);
        const ec_draw_node **places = by_place(drawing, row, height * width);
        for (size_t p = 0; p < height * width; p++) {
            ec_point at = places[p]->at;
            if (p % width > 0) {
                assert_close(at.y, places[p - 1]->at.y, 1e-9);
                assert_true(at.x > places[p - 1]->at.x);
            }
            if (p >= width)
                assert_true(at.y < places[p - width]->at.y && at.x < places[p - width]->at.x);
        }
        assert_true(places[width - 1]->at.x - places[0]->at.x <= below);
        below = places[width - 1]->at.x - places[0]->at.x;
        ec_free(places);
    }
}

static void planes_show_every_grid_and_nothing_overlaps(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t height, width;
    } grids[] = {
        {scene_grid, 32, 32},
        {"{name: g, input: {shape: [2, 4], channels: 3}, layers: [{conv: {channels: 4}}, {pool: "
         "{window: [1, 2]}}, {conv: {channels: 6}}, {pool: {window: [2, 2]}}, {dense: {outputs: "
         "3}}]}",
         2, 4},
        {"{name: g, input: {shape: [28, 28], channels: 3}, layers: [{pool: {window: [2, 2]}}, "
         "{conv: {channels: 16}}, {pool: {window: [2, 2]}}, {conv: {channels: 999}}, {pool: "
         "{window: [7, 7]}}, {dense: {outputs: 3}}]}",
         28, 28},
        {"{name: g, input: {shape: [8, 8], channels: 3}, layers: [{conv: {channels: 16, shared: "
         "false}}, {pool: {window: [2, 2]}}, {conv: {channels: 16, shared: false}}, {pool: "
         "{window: [4, 4]}}, {dense: {outputs: 3}}]}",
         8, 8},
    };
    for (size_t i = 0; i < sizeof grids / sizeof *grids; i++) {
        ec_error err = {0};
        scene s;
        char *sides = half_and_half(grids[i].height, grids[i].width);
        scene_view(&s, grids[i].text, sides, EC_DRAW_VIEW_AUTO);
        assert_int_equal(s.drawing->shape, EC_DRAW_PLANES);
        assert_ok(ec_drawing_layout(s.drawing, &err), &err);
        check_bonds_are_attached(s.drawing);
        check_nothing_overlaps(s.drawing);
        check_planes(s.drawing);
        ec_free(sides);
        scene_clear(&s);
    }
}

/* ------------------------------------------------------------------- layers */

static void a_layer_is_one_box_and_nothing_overlaps(void **state)
{
    (void)state;
    char sides[1025];
    ec_error err = {0};
    scene s;

    for (int checkerboard = 0; checkerboard < 2; checkerboard++) {
        scene_sides(sides, checkerboard);
        scene_view(&s, scene_grid, sides, EC_DRAW_VIEW_LAYERS);
        assert_ok(ec_drawing_layout(s.drawing, &err), &err);
        /* both sides' sites, six matrices and five copy tensors, one of which is cut */
        assert_int_equal(s.drawing->n_nodes, 2 + 6 + 5);
        check_rows_are_aligned(s.drawing, 0);
        check_nothing_overlaps(s.drawing);
        uint64_t n_cut = 0;
        for (size_t v = 0; v < s.drawing->n_nodes; v++)
            n_cut += s.drawing->nodes[v].cut;
        assert_int_equal(n_cut, 1);
        assert_int_equal(s.drawing->nodes[0].times + s.drawing->nodes[1].times, 1024);
        assert_string_equal(s.drawing->rows[checkerboard ? 3 : 11].note,
                            checkerboard ? "dim 16, pool 2 \xc3\x97 2, cut \xc3\x97 256"
                                         : "dim 16, pool 2 \xc3\x97 2, cut");
        scene_clear(&s);
    }
}

/* In a ring left is left: the sites of the left half stand at negative x, whatever the window. */
static void check_left_is_left(const char *description, size_t height, size_t width)
{
    char *sides = half_and_half(height, width);
    ec_error err = {0};
    scene s;

    scene_parse(&s, description, sides, EC_DRAW_FOLD_NEVER);
    assert_ok(ec_drawing_layout(s.drawing, &err), &err);
    assert_int_equal(s.drawing->shape, EC_DRAW_RING);
    for (size_t v = 0; v < s.drawing->n_nodes; v++) {
        const ec_draw_node *node = &s.drawing->nodes[v];
        if (node->kind == EC_DRAW_SITE)
            assert_int_equal(node->at.x < 0, node->side == EC_DRAW_SIDE_A);
    }
    check_nothing_overlaps(s.drawing);
    ec_free(sides);
    scene_clear(&s);
}

static void a_ring_keeps_left_and_right_of_a_grid(void **state)
{
    (void)state;
    check_left_is_left(scene_grid, 32, 32);
    check_left_is_left("{name: g, input: {shape: [12, 16], channels: 3}, layers: ["
                       "{conv: {channels: 4}}, {pool: {window: [2, 4]}}, {conv: {channels: 4}}, "
                       "{pool: {window: [6, 4]}}, {dense: {outputs: 10}}]}",
                       12, 16);
    check_left_is_left("{name: line, input: {shape: [256], channels: 3}, layers: ["
                       "{conv: {channels: 4}}, {pool: {window: 16}}, {conv: {channels: 4}}, "
                       "{pool: {window: 16}}, {dense: {outputs: 10}}]}",
                       1, 256);
}

static bool has_key(const ec_drawing *drawing, ec_draw_sample sample)
{
    for (size_t i = 0; i < drawing->n_keys; i++) {
        if (drawing->keys[i].sample == sample)
            return true;
    }
    return false;
}

static void the_key_explains_what_occurs_and_nothing_else(void **state)
{
    (void)state;
    ec_error err = {0};
    ec_drawing *bare = NULL;
    scene s;

    scene_parse(&s, scene_four, "ABAB", EC_DRAW_FOLD_ALWAYS);
    assert_ok(ec_drawing_layout(s.drawing, &err), &err);
    assert_true(has_key(s.drawing, EC_DRAW_KEY_SITE_A) && has_key(s.drawing, EC_DRAW_KEY_SITE_B));
    assert_true(has_key(s.drawing, EC_DRAW_KEY_TIMES) && has_key(s.drawing, EC_DRAW_KEY_CUT));
    assert_false(has_key(s.drawing, EC_DRAW_KEY_SITE) || has_key(s.drawing, EC_DRAW_KEY_TENSOR));
    assert_ok(ec_drawing_from_arch(&bare, s.c.arch, &(ec_draw_options){0}, NULL, &err), &err);
    assert_ok(ec_drawing_layout(bare, &err), &err);
    assert_true(has_key(bare, EC_DRAW_KEY_SITE) && has_key(bare, EC_DRAW_KEY_TENSOR));
    assert_false(has_key(bare, EC_DRAW_KEY_SITE_A) || has_key(bare, EC_DRAW_KEY_CUT));
    assert_false(has_key(bare, EC_DRAW_KEY_TIMES));
    ec_drawing_free(bare);
    scene_clear(&s);
}

static void lines_widen_with_the_dimension(void **state)
{
    (void)state;
    ec_error err = {0};
    scene s;
    double last = 0;

    scene_parse(&s,
                "{name: n, network: {indices: {a: 1, b: 2, c: 4, d: 1024}, tensors: {T: [a, b, "
                "c, d]}, open: [a, b, c, d]}}",
                "AABB", EC_DRAW_FOLD_AUTO);
    assert_ok(ec_drawing_layout(s.drawing, &err), &err);
    for (size_t i = 0; i < 4; i++) {
        assert_true(s.drawing->bonds[i].width > last);
        last = s.drawing->bonds[i].width;
    }
    scene_clear(&s);
}

static ec_status lay_out_again(void *arg, ec_error *err)
{
    const char *text = arg;
    ec_drawing *drawing = NULL;
    ec_status status = ec_drawing_parse(&drawing, text, strlen(text), err);

    if (status == EC_OK)
        status = ec_drawing_layout(drawing, err);
    ec_drawing_free(drawing);
    return status;
}

static void layout_survives_running_out_of_memory(void **state)
{
    (void)state;
    for (unsigned window = 4; window <= 162; window += 158) {
        char *text = NULL;
        size_t size = 0;
        ec_error err = {0};
        scene s;
        make_power(&s, window, 1, true);
        assert_ok(ec_drawing_write(&text, &size, s.drawing, &err), &err);
        assert_survives_oom(lay_out_again, text);
        ec_free(text);
        scene_clear(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_aligned_and_nothing_overlaps),
        cmocka_unit_test(sixty_four_sites_stand_in_readable_rows),
        cmocka_unit_test(many_sites_form_a_ring_and_nothing_overlaps),
        cmocka_unit_test(planes_show_every_grid_and_nothing_overlaps),
        cmocka_unit_test(a_layer_is_one_box_and_nothing_overlaps),
        cmocka_unit_test(a_ring_keeps_left_and_right_of_a_grid),
        cmocka_unit_test(the_key_explains_what_occurs_and_nothing_else),
        cmocka_unit_test(lines_widen_with_the_dimension),
        cmocka_unit_test(layout_survives_running_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
