/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "scene.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Where everything stands. */

enum { CASES = 40, BASE = 9300 };

typedef struct box {
    double left, right, low, high;
    bool round; /* the disc in it */
} box;

static box box_of(ec_point middle, double width, double height)
{
    return (box){middle.x - width / 2, middle.x + width / 2, middle.y - height / 2,
                 middle.y + height / 2, false};
}

/* Is the disc in a (the box, if it is not round) clear of box b? */
static bool clear_of(box a, box b)
{
    double x = (a.left + a.right) / 2, y = (a.low + a.high) / 2;
    double dx = fmax(fmax(b.left - x, x - b.right), 0), dy = fmax(fmax(b.low - y, y - b.high), 0);

    if (a.round)
        return hypot(dx, dy) >= (a.right - a.left) / 2;
    return a.left >= b.right || b.left >= a.right || a.low >= b.high || b.low >= a.high;
}

static bool overlap(box a, box b)
{
    if (a.round && b.round)
        return hypot(a.left + a.right - b.left - b.right, a.low + a.high - b.low - b.high) <
               a.right - a.left + b.right - b.left;
    return !clear_of(a, b) && !clear_of(b, a);
}

/* Every node, text and label: what may not lie on top of each other. */
static box *gather(const ec_drawing *drawing, size_t *n)
{
    size_t max = drawing->n_nodes + drawing->n_texts + drawing->n_bonds + drawing->n_keys;
    box *boxes = ec_calloc(max, sizeof *boxes, NULL);

    *n = 0;
    for (size_t i = 0; i < drawing->n_nodes; i++) {
        const ec_draw_node *node = &drawing->nodes[i];
        boxes[*n] = box_of(node->at, node->width, node->height);
        boxes[(*n)++].round = node->kind == EC_DRAW_COPY ||
                              (node->kind == EC_DRAW_SITE && node->side == EC_DRAW_SIDE_A);
    }
    for (size_t i = 0; i < drawing->n_texts; i++) {
        const ec_draw_text *text = &drawing->texts[i];
        double width = ec_draw_text_width(text->text, text->size, text->bold);
        ec_point middle = {text->at.x + (text->left ? width / 2 : 0), text->at.y};
        boxes[(*n)++] = box_of(middle, width, text->size);
    }
    for (size_t i = 0; i < drawing->n_bonds; i++) {
        const ec_draw_bond *bond = &drawing->bonds[i];
        if (bond->font > 0 && bond->label[0] != '\0')
            boxes[(*n)++] = box_of(bond->label_at,
                                   ec_draw_text_width(bond->label, bond->font, false), bond->font);
    }
    for (size_t i = 0; i < drawing->n_keys; i++)
        boxes[(*n)++] = box_of(drawing->keys[i].at, EC_DRAW_KEY_WIDTH, 11);
    return boxes;
}

static void check_nothing_overlaps(const ec_drawing *drawing)
{
    size_t n;
    box *boxes = gather(drawing, &n);

    for (size_t i = 0; i < n; i++) {
        assert_true(isfinite(boxes[i].left) && isfinite(boxes[i].high));
        for (size_t j = 0; j < i; j++) {
            if (overlap(boxes[i], boxes[j]))
                fail_msg("%zu and %zu of %zu nodes and then texts overlap", j, i, drawing->n_nodes);
        }
    }
    ec_free(boxes);
}

/* Nodes of a row stand at its height (rows) or radius (ring); sites outermost, no row twice. */
static void check_rows_are_aligned(const ec_drawing *drawing, uint32_t hub_row)
{
    for (size_t v = 0; v < drawing->n_nodes; v++) {
        const ec_draw_node *node = &drawing->nodes[v];
        if (drawing->shape == EC_DRAW_ROWS)
            assert_close(node->at.y, drawing->rows[node->row].at, 1e-9);
        else if (node->row <= hub_row)
            assert_close(hypot(node->at.x, node->at.y), drawing->rows[node->row].at, 1e-9);
    }
    for (size_t r = 1; r < drawing->n_rows; r++) {
        double step = drawing->rows[r].at - drawing->rows[r - 1].at;
        if (drawing->shape == EC_DRAW_ROWS)
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

/* In a ring left is left: the sites of the left half stand at negative x, whatever the window. */
static void check_left_is_left(const char *description, size_t height, size_t width)
{
    char *sides = ec_calloc(height * width + 1, 1, NULL);
    ec_error err = {0};
    scene s;

    for (size_t i = 0; i < height * width; i++)
        sides[i] = i % width < width / 2 ? 'A' : 'B';
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
        cmocka_unit_test(a_ring_keeps_left_and_right_of_a_grid),
        cmocka_unit_test(the_key_explains_what_occurs_and_nothing_else),
        cmocka_unit_test(lines_widen_with_the_dimension),
        cmocka_unit_test(layout_survives_running_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
