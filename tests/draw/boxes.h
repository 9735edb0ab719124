/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ENTCAP_TESTS_BOXES_H
#define ENTCAP_TESTS_BOXES_H

/** boxes: the room that everything in a laid out drawing takes, and that nothing shares it. */

#include "scene.h"

#include <math.h>

typedef struct box {
    double left, right, low, high;
    bool round; /* the disc in it */
} box;

static inline box box_of(ec_point middle, double width, double height)
{
    return (box){middle.x - width / 2, middle.x + width / 2, middle.y - height / 2,
                 middle.y + height / 2, false};
}

/* Is the disc in a (the box, if it is not round) clear of box b? */
static inline bool clear_of(box a, box b)
{
    double x = (a.left + a.right) / 2, y = (a.low + a.high) / 2;
    double dx = fmax(fmax(b.left - x, x - b.right), 0), dy = fmax(fmax(b.low - y, y - b.high), 0);

    if (a.round)
        return hypot(dx, dy) >= (a.right - a.left) / 2;
    return a.left >= b.right || b.left >= a.right || a.low >= b.high || b.low >= a.high;
}

static inline bool overlap(box a, box b)
{
    if (a.round && b.round)
        return hypot(a.left + a.right - b.left - b.right, a.low + a.high - b.low - b.high) <
               a.right - a.left + b.right - b.left;
    return !clear_of(a, b) && !clear_of(b, a);
}

/* A stroke that runs along a row. */
static inline box box_of_stroke(const ec_draw_stroke *stroke)
{
    box b = {INFINITY, -INFINITY, INFINITY, -INFINITY, false};

    for (size_t i = 0; i < stroke->n; i++) {
        b.left = fmin(b.left, stroke->points[i].x);
        b.right = fmax(b.right, stroke->points[i].x);
        b.low = fmin(b.low, stroke->points[i].y - stroke->width / 2);
        b.high = fmax(b.high, stroke->points[i].y + stroke->width / 2);
    }
    return b;
}

/* Every node, text, label and, where they are level, stroke: what may not lie on each other. */
static inline box *gather(const ec_drawing *drawing, size_t *n)
{
    size_t max = drawing->n_nodes + drawing->n_texts + drawing->n_bonds + drawing->n_keys +
                 drawing->n_strokes;
    box *boxes = ec_calloc(max, sizeof *boxes, NULL);
    bool level = drawing->shape == EC_DRAW_ROWS || drawing->shape == EC_DRAW_LAYERS;

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
    for (size_t i = 0; level && i < drawing->n_strokes; i++)
        boxes[(*n)++] = box_of_stroke(&drawing->strokes[i]);
    return boxes;
}

static inline void check_nothing_overlaps(const ec_drawing *drawing)
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

#endif
