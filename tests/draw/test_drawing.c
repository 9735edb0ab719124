/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "scene.h"

#include <stdlib.h>
#include <string.h>

/* What a drawing is made of, held against the hypergraph of the oracle. */

enum { CASES = 60, BASE = 9100 };

/* Pins of index e in the oracle's hypergraph, and whether they lie on both sides of the cut. */
static size_t pins_of(const oracle_net *net, const scene *s, size_t e, bool *cut)
{
    size_t n = 0, on_a = 0;

    for (size_t i = 0; i < net->n_sites; i++) {
        n += net->site_index[i] == e;
        on_a += net->site_index[i] == e && ec_sites_has(&s->c.a, i);
    }
    for (size_t v = 0; v < net->n_tensors; v++) {
        for (size_t i = net->leg_start[v]; i < net->leg_start[v + 1]; i++) {
            n += net->leg[i] == e;
            on_a += net->leg[i] == e && s->cut.side_a[v];
        }
    }
    *cut = on_a > 0 && on_a < n;
    return n;
}

static size_t count_kind(const ec_drawing *drawing, ec_draw_kind kind)
{
    size_t n = 0;

    for (size_t v = 0; v < drawing->n_nodes; v++)
        n += drawing->nodes[v].kind == kind;
    return n;
}

static const ec_draw_node *find_copy(const ec_drawing *drawing, size_t number)
{
    for (size_t v = 0; v < drawing->n_nodes; v++) {
        if (drawing->nodes[v].kind == EC_DRAW_COPY && drawing->nodes[v].number == number)
            return &drawing->nodes[v];
    }
    return NULL;
}

/* Sites, tensors and bonds are there once each, and exactly the cut indices are marked. */
static void check_against_oracle(const scene *s)
{
    oracle_net net;
    size_t n_bonds = 0, n_copies = 0, n_cut_pairs = 0, n_cut_drawn = 0;

    oracle_net_make(&net, s->c.arch);
    for (size_t e = 0; e < net.n_indices; e++) {
        bool cut;
        size_t n = pins_of(&net, s, e, &cut);
        const ec_draw_node *copy = find_copy(s->drawing, e);
        n_bonds += n == 2 ? 1 : n;
        n_copies += n != 2;
        n_cut_pairs += n == 2 && cut;
        assert_int_equal(copy != NULL, n != 2);
        assert_int_equal(copy != NULL && copy->cut, n != 2 && cut);
    }
    for (size_t i = 0; i < s->drawing->n_bonds; i++) {
        const ec_draw_bond *bond = &s->drawing->bonds[i];
        const ec_draw_node *lower = &s->drawing->nodes[bond->lower];
        const ec_draw_node *upper = &s->drawing->nodes[bond->upper];
        bool at_copy = lower->kind == EC_DRAW_COPY || upper->kind == EC_DRAW_COPY;
        n_cut_drawn += !at_copy && bond->cut;
        assert_int_equal(bond->cut,
                         at_copy ? lower->cut || upper->cut : lower->side != upper->side);
    }
    assert_int_equal(count_kind(s->drawing, EC_DRAW_SITE), net.n_sites);
    assert_int_equal(count_kind(s->drawing, EC_DRAW_TENSOR), net.n_tensors);
    assert_int_equal(count_kind(s->drawing, EC_DRAW_COPY), n_copies);
    assert_int_equal(s->drawing->n_bonds, n_bonds);
    assert_int_equal(n_cut_drawn, n_cut_pairs);
    oracle_net_clear(&net);
}

static void a_drawing_shows_the_network_and_marks_its_cut(void **state)
{
    (void)state;
    for (oracle_stratum stratum = 0; stratum < ORACLE_N_STRATA; stratum++) {
        for (uint64_t i = 0; i < check_count(CASES); i++) {
            scene s;
            scene_random(&s, stratum, check_seed() * BASE + i, EC_DRAW_FOLD_NEVER);
            check_against_oracle(&s);
            scene_clear(&s);
        }
    }
}

static void sides_are_those_of_the_partition_and_the_cut(void **state)
{
    (void)state;
    scene s;
    scene_parse(&s, scene_four, "ABBA", EC_DRAW_FOLD_NEVER);
    for (size_t v = 0; v < s.drawing->n_nodes; v++) {
        const ec_draw_node *node = &s.drawing->nodes[v];
        bool a = node->kind == EC_DRAW_SITE ? node->number == 0 || node->number == 3
                                            : s.cut.side_a[node->number];
        if (node->kind != EC_DRAW_COPY)
            assert_int_equal(node->side, a ? EC_DRAW_SIDE_A : EC_DRAW_SIDE_B);
    }
    scene_clear(&s);
}

/* How many of each kind the nodes stand for, and how many cut copy tensors. */
typedef struct census {
    uint64_t times[3], cut;
} census;

static census count_all(oracle_stratum stratum, uint64_t seed, ec_draw_fold fold)
{
    census count = {{0}, 0};
    scene s;

    scene_random(&s, stratum, seed, fold);
    assert_int_equal(s.drawing->folded, fold == EC_DRAW_FOLD_ALWAYS);
    for (size_t v = 0; v < s.drawing->n_nodes; v++) {
        const ec_draw_node *node = &s.drawing->nodes[v];
        count.times[node->kind] += node->times;
        count.cut += node->cut ? node->times : 0;
    }
    scene_clear(&s);
    return count;
}

/* Folded or not, everything occurs as often as it does. */
static void folding_keeps_all_numbers(void **state)
{
    (void)state;
    for (oracle_stratum stratum = 0; stratum <= ORACLE_ADJACENT; stratum++) {
        for (uint64_t i = 0; i < check_count(CASES); i++) {
            uint64_t seed = check_seed() * BASE + i;
            census full = count_all(stratum, seed, EC_DRAW_FOLD_NEVER);
            census folded = count_all(stratum, seed, EC_DRAW_FOLD_ALWAYS);
            assert_memory_equal(&full, &folded, sizeof full);
        }
    }
}

static size_t folded_nodes(const char *sides)
{
    scene s;
    scene_parse(&s, scene_four, sides, EC_DRAW_FOLD_ALWAYS);
    size_t n = s.drawing->n_nodes;
    scene_clear(&s);
    return n;
}

static void only_equal_subtrees_are_folded(void **state)
{
    (void)state;
    /* dense, copy; below it one subtree (W1, copy, two W0, A, B), or two of them, whose order of
     * sites does not matter */
    assert_int_equal(folded_nodes("ABAB"), 2 + 6);
    assert_int_equal(folded_nodes("ABBA"), 2 + 6);
    assert_int_equal(folded_nodes("AABB"), 2 + 2 * 4);
    assert_int_equal(folded_nodes("AAAB"), 2 + 4 + 6);
}

/* The same sites in both halves, but a cut that runs through one of them only. */
static void subtrees_that_the_cut_treats_differently_are_not_folded(void **state)
{
    (void)state;
    scene s;
    scene_parse(&s, scene_four, "ABAB", EC_DRAW_FOLD_ALWAYS);
    assert_int_equal(s.drawing->n_nodes, 8);
    ec_drawing_free(s.drawing);
    s.cut.side_a[4] = !s.cut.side_a[4]; /* W1 of the first half */
    const ec_draw_options options = {
        .partition = &s.partition, .cut = &s.cut, .fold = EC_DRAW_FOLD_ALWAYS};
    ec_error err = {0};
    assert_ok(ec_drawing_from_arch(&s.drawing, s.c.arch, &options, NULL, &err), &err);
    assert_int_equal(s.drawing->n_nodes, 2 + 2 * 6);
    scene_clear(&s);
}

static void the_checkerboard_of_1024_sites_folds_to_a_chain(void **state)
{
    (void)state;
    char sides[1025];
    scene s;

    scene_sides(sides, true);
    scene_parse(&s, scene_grid, sides, EC_DRAW_FOLD_ALWAYS);
    /* dense; five copies; W4 .. W1; then W0 and its site for either side */
    assert_int_equal(s.drawing->n_nodes, 1 + 5 + 4 + 2 + 2);
    assert_string_equal(s.drawing->caption,
                        "sides: rank \xe2\x89\xa4 2\xc2\xb9\xe2\x81\xb0\xc2\xb2\xe2\x81\xb4 = "
                        "r0\xc2\xb2\xe2\x81\xb5\xe2\x81\xb6");
    scene_clear(&s);
}

static void captions_say_rank_and_cut(void **state)
{
    (void)state;
    scene s;
    ec_int three = {0};
    ec_error err = {0};
    ec_drawing *drawing = NULL;

    scene_parse(&s, scene_four, "AABB", EC_DRAW_FOLD_NEVER);
    assert_string_equal(s.drawing->caption, "sides: rank \xe2\x89\xa4 4 = input\xc2\xb2");
    ec_int_set_u64(&three, 3);
    const ec_draw_options options = {
        .partition = &s.partition, .cut = &s.cut, .shared_rank = &three};
    assert_ok(ec_drawing_from_arch(&drawing, s.c.arch, &options, NULL, &err), &err);
    assert_string_equal(drawing->caption, "sides: rank \xe2\x89\xa4 3 by shared weights, min cut 4 "
                                          "= input\xc2\xb2");
    ec_drawing_free(drawing);
    assert_ok(ec_drawing_from_arch(&drawing, s.c.arch, &(ec_draw_options){0}, NULL, &err), &err);
    assert_string_equal(drawing->caption, "");
    ec_drawing_free(drawing);
    ec_int_clear(&three);
    scene_clear(&s);
}

static void rows_name_the_layers_from_the_sites_up(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"sites", "4"},
        {"input", "dim 2, cut \xc3\x97 2"},
        {"W0", "4 \xc3\x97 2, shared by 4"},
        {"r0", "dim 4, pool 2"},
        {"W1", "4 \xc3\x97 4, shared by 2"},
        {"r1", "dim 4, pool 2"},
        {"dense", "row of 1 \xc3\x97 4"},
    };
    scene s;
    scene_parse(&s, scene_four, "AABB", EC_DRAW_FOLD_NEVER);
    assert_int_equal(s.drawing->n_rows, 7);
    for (size_t r = 0; r < 7; r++) {
        assert_string_equal(s.drawing->rows[r].name, rows[r][0]);
        assert_string_equal(s.drawing->rows[r].note, rows[r][1]);
        assert_int_equal(s.drawing->rows[r].cut, r == 1);
    }
    scene_clear(&s);
}

/* Control characters, broken UTF-8 and endless names never reach a picture. */
static void hostile_names_are_tamed(void **state)
{
    (void)state;
    char name[2000];
    ec_error err = {0};
    ec_drawing *drawing = NULL;
    oracle_case c = {0};

    oracle_case_parse(&c, scene_four, "AABB");
    ec_free(c.arch->name);
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    memcpy(name,
           "a\x01"
           "b\xff\xc3(\xed\xa0\x80",
           9);
    c.arch->name = ec_strdup(name, &err);
    assert_ok(ec_drawing_from_arch(&drawing, c.arch, &(ec_draw_options){0}, NULL, &err), &err);
#define BAD "\xef\xbf\xbd"
    assert_memory_equal(drawing->name, "a" BAD "b" BAD BAD "(" BAD BAD BAD "xxx", 24);
    assert_int_equal(strlen(drawing->name), 80 + 2 * 6 + 3);
    assert_string_equal(drawing->name + strlen(drawing->name) - 4, "x\xe2\x80\xa6");
    ec_drawing_free(drawing);
    oracle_case_clear(&c);
}

static void check_refused(const ec_arch *arch, const ec_draw_options *options, ec_status status,
                          const char *msg)
{
    ec_drawing *drawing = NULL;
    ec_error err = {0};

    assert_int_equal(ec_drawing_from_arch(&drawing, arch, options, NULL, &err), status);
    assert_string_equal(err.msg, msg);
    assert_null(drawing);
}

static void what_does_not_fit_together_is_refused(void **state)
{
    (void)state;
    scene s;
    scene_parse(&s, scene_four, "AABB", EC_DRAW_FOLD_NEVER);
    ec_partition other = {.name = s.partition.name, .a = {.n = 5, .bits = s.c.a.bits}};
    ec_draw_options options = {.id = "a b"};
    check_refused(s.c.arch, &options, EC_EINVAL,
                  "drawing id 'a b': letters, digits, '-' and '_' only");
    options = (ec_draw_options){.partition = &other};
    check_refused(s.c.arch, &options, EC_EINVAL, "partition of 5 sites, the architecture has 4");
    options = (ec_draw_options){.cut = &s.cut};
    check_refused(s.c.arch, &options, EC_EINVAL, "a cut is drawn with its partition and its sides");
    s.cut.n_tensors = 8;
    options.partition = &s.partition;
    check_refused(s.c.arch, &options, EC_EINVAL, "cut of 8 tensors, the architecture has 7");
    scene_clear(&s);
}

/* 16,384 sites in windows of 128. */
static const char large[] = "{name: large, input: {shape: [16384], channels: 2}, layers: ["
                            "{conv: {channels: 4}}, {pool: {window: 128}}, "
                            "{conv: {channels: 4}}, {pool: {window: 128}}, "
                            "{dense: {outputs: 1}}]}";

static void too_many_nodes_are_folded_or_refused(void **state)
{
    (void)state;
    ec_drawing *drawing = NULL;
    ec_error err = {0};
    ec_arch *arch = NULL;
    ec_draw_options options = {.fold = EC_DRAW_FOLD_NEVER};

    assert_ok(ec_arch_parse(&arch, large, strlen(large), "large", &err), &err);
    check_refused(arch, &options, EC_ELIMIT,
                  "drawing: 33026 nodes, at most 12000 can be drawn one by one; fold equal "
                  "subtrees");
    options.fold = EC_DRAW_FOLD_AUTO;
    assert_ok(ec_drawing_from_arch(&drawing, arch, &options, NULL, &err), &err);
    assert_true(drawing->folded);
    assert_int_equal(drawing->n_nodes, 6);
    ec_drawing_free(drawing);
    ec_arch_free(arch);
}

static ec_status draw_again(void *arg, ec_error *err)
{
    const scene *s = arg;
    const ec_draw_options options = {.partition = &s->partition,
                                     .cut = &s->cut,
                                     .fold = s->drawing->folded ? EC_DRAW_FOLD_ALWAYS
                                                                : EC_DRAW_FOLD_NEVER};
    ec_drawing *drawing = NULL;
    ec_status status = ec_drawing_from_arch(&drawing, s->c.arch, &options, NULL, err);

    ec_drawing_free(drawing);
    return status;
}

static void drawing_survives_running_out_of_memory(void **state)
{
    (void)state;
    scene s;
    scene_parse(&s, scene_four, "AABB", EC_DRAW_FOLD_NEVER);
    assert_survives_oom(draw_again, &s);
    scene_clear(&s);
    scene_parse(&s, scene_four, "ABAB", EC_DRAW_FOLD_ALWAYS);
    assert_survives_oom(draw_again, &s);
    scene_clear(&s);
    scene_parse(&s, scene_network, "AB", EC_DRAW_FOLD_AUTO);
    assert_survives_oom(draw_again, &s);
    scene_clear(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_drawing_shows_the_network_and_marks_its_cut),
        cmocka_unit_test(sides_are_those_of_the_partition_and_the_cut),
        cmocka_unit_test(folding_keeps_all_numbers),
        cmocka_unit_test(only_equal_subtrees_are_folded),
        cmocka_unit_test(subtrees_that_the_cut_treats_differently_are_not_folded),
        cmocka_unit_test(the_checkerboard_of_1024_sites_folds_to_a_chain),
        cmocka_unit_test(captions_say_rank_and_cut),
        cmocka_unit_test(rows_name_the_layers_from_the_sites_up),
        cmocka_unit_test(hostile_names_are_tamed),
        cmocka_unit_test(what_does_not_fit_together_is_refused),
        cmocka_unit_test(too_many_nodes_are_folded_or_refused),
        cmocka_unit_test(drawing_survives_running_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
