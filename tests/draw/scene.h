/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ENTCAP_TESTS_SCENE_H
#define ENTCAP_TESTS_SCENE_H

/** scene: a description, a partition, its min cut, and the drawing of them. */

#include "check.h"

#include "entcap/draw.h"
#include "oracle/oracle.h"

typedef struct scene {
    oracle_case c;
    ec_partition partition;
    ec_cut cut;
    ec_drawing *drawing;
} scene;

/** Cut and draw s->c, which is set. */
static inline void scene_draw_as(scene *s, ec_draw_fold fold, ec_draw_view view)
{
    ec_network *network = NULL;
    ec_error err = {0};

    s->partition = (ec_partition){.name = (char *)(uintptr_t) "sides", .a = s->c.a};
    if (ec_arch_is_network(s->c.arch)) {
        assert_ok(ec_network_from_arch(&network, s->c.arch, NULL, &err), &err);
        assert_ok(ec_bound_min_cut_igraph(&s->cut, network, &s->c.a, NULL, &err), &err);
        ec_network_free(network);
    } else {
        assert_ok(ec_bound_min_cut_tree(&s->cut, s->c.arch, &s->c.a, true, NULL, &err), &err);
    }
    const ec_draw_options options = {
        .partition = &s->partition, .cut = &s->cut, .fold = fold, .view = view};
    assert_ok(ec_drawing_from_arch(&s->drawing, s->c.arch, &options, NULL, &err), &err);
}

/** The same in rows, or a ring of many sites, unless it is a network description. */
static inline void scene_draw(scene *s, ec_draw_fold fold)
{
    bool many = s->c.arch->n_sites > EC_DRAW_ROWS_MAX && fold != EC_DRAW_FOLD_ALWAYS;

    if (ec_arch_is_network(s->c.arch))
        scene_draw_as(s, fold, EC_DRAW_VIEW_AUTO);
    else
        scene_draw_as(s, fold, many ? EC_DRAW_VIEW_RING : EC_DRAW_VIEW_ROWS);
}

/** From literals: the description, and one letter A or B a site. */
static inline void scene_parse(scene *s, const char *text, const char *sides, ec_draw_fold fold)
{
    *s = (scene){0};
    oracle_case_parse(&s->c, text, sides);
    scene_draw(s, fold);
}

static inline void scene_view(scene *s, const char *text, const char *sides, ec_draw_view view)
{
    *s = (scene){0};
    oracle_case_parse(&s->c, text, sides);
    scene_draw_as(s, EC_DRAW_FOLD_AUTO, view);
}

static inline void scene_random(scene *s, oracle_stratum stratum, uint64_t seed, ec_draw_fold fold)
{
    *s = (scene){0};
    oracle_case_make(&s->c, stratum, ORACLE_PARTLY, seed);
    scene_draw(s, fold);
}

static inline void scene_clear(scene *s)
{
    ec_drawing_free(s->drawing);
    ec_cut_clear(&s->cut);
    oracle_case_clear(&s->c);
}

/** Four sites, windows of two. */
static const char scene_four[] = "{name: four, input: {shape: [4], channels: 2}, layers: ["
                                 "{conv: {channels: 4}}, {pool: {window: 2}}, "
                                 "{conv: {channels: 4}}, {pool: {window: 2}}, "
                                 "{dense: {outputs: 1}}]}";

/** 1,024 sites, windows of 2 x 2. */
static const char scene_grid[] =
    "{name: grid, input: {shape: [32, 32], channels: 10}, layers: ["
    "{conv: {channels: 16}}, {pool: {window: [2, 2]}}, {conv: {channels: 16}}, "
    "{pool: {window: [2, 2]}}, {conv: {channels: 16}}, {pool: {window: [2, 2]}}, "
    "{conv: {channels: 16}}, {pool: {window: [2, 2]}}, {conv: {channels: 16}}, "
    "{pool: {window: [2, 2]}}, {dense: {outputs: 10}}]}";

/** Two tensors on an index; an index of three pins; one of a single pin. */
static const char scene_network[] =
    "{name: net, network: {indices: {a: 4, b: 11, w: 3, h: 2, s: 5}, "
    "tensors: {T: [a, w, h], U: [b, w, h], V: [h, s]}, open: [a, b]}}";

/** Sides of a 32 x 32 grid: columns 0-15 are A; even row + column is A. */
static inline void scene_sides(char letters[1025], bool checkerboard)
{
    for (size_t i = 0; i < 1024; i++) {
        size_t row = i / 32, column = i % 32;
        bool a = checkerboard ? (row + column) % 2 == 0 : column < 16;
        letters[i] = a ? 'A' : 'B';
    }
    letters[1024] = '\0';
}

#endif
