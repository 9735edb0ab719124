/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "check.h"
#include "oracle/convac.h"

#include "state/subtrees.h"

#include <string.h>

/* Equal subtrees: every matrix is compared with the one that stands for it, site by site. */

static void make(ec_subtrees *out, const ec_arch *arch, const ec_sites *a)
{
    ec_error err = {0};

    assert_ok(ec_subtrees_init(out, arch, a, NULL, &err), &err);
    assert_true(out->n >= 1);
    assert_int_equal(out->item[out->n - 1].level, arch->n_levels - 1);
}

/* sites below a subtree of the collapsed tree, by side; a pure one is on side `on_a` */
static void count_sites(size_t count[2], const ec_subtrees *s, const ec_arch *arch, uint32_t id,
                        bool on_a)
{
    const ec_subtree *item = &s->item[id];

    if (item->block) {
        size_t n = 1;

        for (size_t l = 0; l <= item->level; l++)
            n *= ec_level_window(&arch->levels[l]);
        count[on_a] += n;
        return;
    }
    for (size_t i = 0; i < item->n; i++) {
        const ec_child *child = &s->child[item->first + i];
        bool side = item->mixed ? child->on_a : on_a;

        for (uint32_t k = 0; k < child->count; k++)
            if (item->level == 0)
                count[side]++;
            else
                count_sites(count, s, arch, child->subtree, side);
    }
}

/* an order in which every child comes before its parents, and each subtree once */
static void assert_ordered(const ec_subtrees *s)
{
    size_t *at = ec_calloc(s->n, sizeof *at, NULL);
    uint32_t uses = 0, entries = 0;

    for (size_t i = 0; i < s->n; i++) {
        assert_int_equal(at[s->order[i]], 0);
        at[s->order[i]] = i + 1;
    }
    for (size_t id = 0; id < s->n; id++) {
        const ec_subtree *item = &s->item[id];

        uses += item->uses;
        for (size_t i = 0; item->level > 0 && i < item->n; i++, entries++)
            assert_true(at[s->child[item->first + i].subtree] < at[id]);
    }
    assert_int_equal(uses, entries);
    ec_free(at);
}

static void collapsing_keeps_every_site_on_its_side(void **state)
{
    ec_rng rng;

    (void)state;
    ec_rng_seed(&rng, check_seed());
    for (size_t i = 0; i < check_count(500); i++) {
        size_t count[2] = {0, 0};
        ec_subtrees s;
        ec_arch arch;
        ec_sites a;

        convac_random(&arch, 12, &rng);
        convac_random_side(&a, arch.n_sites, &rng);
        make(&s, &arch, &a);
        assert_ordered(&s);
        count_sites(count, &s, &arch, (uint32_t)s.n - 1, false);
        assert_int_equal(count[1], ec_sites_count(&a));
        assert_int_equal(count[0] + count[1], arch.n_sites);
        ec_subtrees_clear(&s);
        ec_sites_clear(&a);
        convac_clear(&arch);
    }
}

/* 64 sites, windows of 2; the number of subtrees that are left */
static size_t collapsed(const char *sides, bool shared)
{
    const convac_level levels[] = {{2, 1, 1, shared}, {3, 1, 2, shared}, {3, 1, 2, shared},
                                   {3, 1, 2, shared}, {3, 1, 2, shared}, {3, 1, 2, shared},
                                   {3, 1, 2, false}};
    ec_subtrees s;
    ec_arch arch;
    ec_sites a;
    size_t n;

    convac_make(&arch, levels, 7, 1);
    convac_sides(&a, sides);
    make(&s, &arch, &a);
    assert_ordered(&s);
    n = s.n;
    ec_subtrees_clear(&s);
    ec_sites_clear(&a);
    convac_clear(&arch);
    return n;
}

static void structured_partitions_leave_a_few_subtrees(void **state)
{
    char left_right[65] = "", interleaved[65] = "", mirrored[65] = "";

    (void)state;
    for (size_t i = 0; i < 64; i++) {
        left_right[i] = i < 32 ? 'A' : 'B';
        interleaved[i] = i % 2 == 0 ? 'A' : 'B';
        mirrored[i] = i % 4 == 0 || i % 4 == 3 ? 'A' : 'B'; /* AB and BA are the same window */
    }
    /* one for every level */
    assert_int_equal(collapsed(left_right, true), 7);
    assert_int_equal(collapsed(interleaved, true), 7);
    assert_int_equal(collapsed(mirrored, true), 7);
    /* every matrix is another: two blocks under the top row; 63 windows over 64 blocks of a site */
    assert_int_equal(collapsed(left_right, false), 3);
    assert_int_equal(collapsed(interleaved, false), 127);
}

static void a_window_counts_its_children_whatever_their_order(void **state)
{
    char sides[65] = "";

    (void)state;
    /* AA BB AB BA: pure windows are one whatever their side, mixed ones one whatever their order;
       above, (AA BB) and (AB BA) in turn, so that all from there up are equal */
    for (size_t i = 0; i < 64; i += 8)
        memcpy(sides + i, "AABBABBA", 8);
    /* site, pure, mixed; pure-pure, mixed-mixed; then one a level */
    assert_int_equal(collapsed(sides, true), 1 + 2 + 2 + 4);
}

static void large_sides_are_more_than_one_block(void **state)
{
    convac_level levels[12];
    char *sides = ec_calloc(2049, 1, NULL);
    ec_subtrees s;
    ec_arch arch;
    ec_sites a;

    (void)state;
    for (size_t l = 0; l < 12; l++)
        levels[l] = (convac_level){2, 1, l > 0 ? 2 : 1, false};
    convac_make(&arch, levels, 12, 1);
    memset(sides, 'A', 1024);
    memset(sides + 1024, 'B', 1024);
    convac_sides(&a, sides);
    make(&s, &arch, &a);
    assert_ordered(&s);
    /* blocks of 256 sites, 511 matrices: eight of them, and seven windows above */
    assert_int_equal(s.n, 8 + 7);
    ec_subtrees_clear(&s);
    ec_sites_clear(&a);
    convac_clear(&arch);
    ec_free(sides);
}

typedef struct tree {
    ec_arch arch;
    ec_sites a;
} tree;

static ec_status init_once(void *arg, ec_error *err)
{
    const tree *t = arg;
    ec_subtrees s;
    ec_status status = ec_subtrees_init(&s, &t->arch, &t->a, NULL, err);

    ec_subtrees_clear(&s);
    return status;
}

static void collapsing_survives_running_out_of_memory(void **state)
{
    const convac_level levels[] = {{2, 1, 2, true}, {2, 1, 2, true}, {2, 1, 2, false}};
    tree t;

    (void)state;
    convac_make(&t.arch, levels, 3, 1);
    convac_sides(&t.a, "AABABBBA");
    assert_survives_oom(init_once, &t);
    ec_sites_clear(&t.a);
    convac_clear(&t.arch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(collapsing_keeps_every_site_on_its_side),
        cmocka_unit_test(structured_partitions_leave_a_few_subtrees),
        cmocka_unit_test(a_window_counts_its_children_whatever_their_order),
        cmocka_unit_test(large_sides_are_more_than_one_block),
        cmocka_unit_test(collapsing_survives_running_out_of_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
