/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Minimal sets of layers whose joint widening raises the bound, and ec_bound_compute around it. */
#include "check.h"

#include "describe.h"
#include "entcap/bound.h"
#include "oracle/convac.h"
#include "oracle/oracle.h"

#include <stdio.h>
#include <string.h>

static void compute(ec_bound *bound, const ec_arch *arch, const ec_sites *a)
{
    const ec_bound_options options = EC_BOUND_OPTIONS_INIT;
    ec_error err = {.status = EC_OK};

    assert_ok(ec_bound_compute(bound, arch, a, &options, NULL, &err), &err);
}

/* All sets as one string: names of a set with +, sets with a blank. */
static void print_sets(char *text, size_t size, const ec_bottleneck *b)
{
    size_t n = 0;

    *text = '\0';
    for (size_t k = 0; k < b->n_sets; k++)
        for (size_t i = b->set_start[k]; i < b->set_start[k + 1]; i++)
            n += (size_t)snprintf(text + n, size - n, "%s%s",
                                  n == 0                 ? ""
                                  : i == b->set_start[k] ? " "
                                                         : "+",
                                  b->name[i]);
}

static void assert_bottleneck(const char *description, const char *sides, const char *sets)
{
    oracle_case c;
    ec_bound bound;
    char text[1024];

    oracle_case_parse(&c, description, sides);
    compute(&bound, c.arch, &c.a);
    print_sets(text, sizeof text, &bound.bottleneck);
    assert_string_equal(text, sets);
    assert_true(bound.bottleneck.complete);
    ec_bound_clear(&bound);
    oracle_case_clear(&c);
}

#define TREE(m, r0, r1)                                                                            \
    "name: t\ninput: {shape: [4], channels: " #m "}\nlayers: [{conv: {channels: " #r0              \
    ", shared: false}}, {pool: {window: 2}}, {conv: {channels: " #r1                               \
    ", shared: false}}, {pool: {window: 2}}, {dense: {outputs: 1}}]\n"

static void single_tight_layer_is_the_bottleneck(void **state)
{
    (void)state;
    assert_bottleneck(TREE(9, 8, 3), "AABB", "r1");
    assert_bottleneck(TREE(9, 2, 3), "AABB", "r0");
    assert_bottleneck(TREE(2, 9, 9), "AABB", "input");
}

static void tied_layers_must_be_widened_together(void **state)
{
    (void)state;
    assert_bottleneck(TREE(9, 3, 3), "AABB", "r0+r1");
    assert_bottleneck(TREE(2, 4, 4), "AABB", "input+r0+r1"); /* 2^2 = 4 = 4 */
}

static void layers_of_one_cut_are_alternatives(void **state)
{
    (void)state;
    assert_bottleneck("name: n\nnetwork:\n  indices: {a: 2, b: 3, c: 50, d: 50}\n"
                      "  tensors: {T: [a, b, c], U: [a, b, d]}\n  open: [c, d]\n",
                      "AB", "a b");
}

static void cut_of_nothing_cannot_be_raised(void **state)
{
    (void)state;
    assert_bottleneck("name: apart\nnetwork: {indices: {a: 5, b: 7}, tensors: {T: [a], U: [b]}, "
                      "open: [a, b]}\n",
                      "AB", "");
    assert_bottleneck("name: one\nnetwork: {indices: {a: 5, b: 7, w: 1}, "
                      "tensors: {T: [a, w], U: [b, w]}, open: [a, b]}\n",
                      "AB", "w");
}

static void shared_bound_has_its_own_bottlenecks(void **state)
{
    (void)state;
    static const char *const shared =
        "name: s\ninput: {shape: [4], channels: 2}\nlayers: [{conv: {channels: 4}}, "
        "{pool: {window: 2}}, {conv: {channels: 4}}, {pool: {window: 2}}, {dense: {outputs: 1}}]\n";

    /* C(3, 2) = 3 hangs on the sites alone; the min cut 4 would name three layers */
    assert_bottleneck(shared, "AABB", "input");
}

/* ------------------------------------------------------------ against oracles */

static void random_min_cuts_agree_with_all_subsets(void **state)
{
    (void)state;
    size_t together = 0, alternatives = 0;

    for (size_t i = 0; i < check_count(400); i++) {
        oracle_case c;
        oracle_net net;
        ec_bound bound;
        uint64_t sets[64], expected, set;

        oracle_case_make(&c, (oracle_stratum)(i % ORACLE_N_STRATA), ORACLE_UNSHARED,
                         check_seed() + i);
        oracle_net_make(&net, c.arch);
        compute(&bound, c.arch, &c.a);
        expected = oracle_bottleneck(sets, 64, c.arch, &c.a);
        if (bound.bottleneck.n_sets != expected)
            oracle_case_print(&c);
        assert_int_equal(bound.bottleneck.n_sets, expected);
        assert_true(bound.bottleneck.complete);
        alternatives += expected > 1;
        for (size_t k = 0; k < expected; k++) {
            bool found = false;
            set = 0;
            for (size_t j = bound.bottleneck.set_start[k]; j < bound.bottleneck.set_start[k + 1];
                 j++)
                for (size_t l = 0; l < net.n_layers; l++)
                    if (strcmp(bound.bottleneck.name[j], net.layer_name[l]) == 0)
                        set |= (uint64_t)1 << l;
            together += (set & (set - 1)) != 0;
            for (size_t j = 0; j < expected; j++)
                found = found || sets[j] == set;
            assert_true(found);
        }
        ec_bound_clear(&bound);
        oracle_net_clear(&net);
        oracle_case_clear(&c);
    }
    print_message("%zu sets of several layers, %zu networks with alternatives\n", together,
                  alternatives);
    assert_true(together >= 30 && alternatives >= 30);
}

/* The bound with the levels of `set` wider by a factor. */
static void widened(ec_int *rank, const ec_arch *arch, const ec_sites *a, size_t set,
                    uint32_t factor)
{
    ec_level levels[8];
    ec_arch wide = *arch;
    bool applies;

    wide.levels = levels;
    for (size_t l = 0; l < arch->n_levels; l++) {
        levels[l] = arch->levels[l];
        levels[l].dim *= set >> l & 1 ? factor : 1;
    }
    assert_ok(ec_bound_shared(&applies, rank, &wide, a, NULL, NULL), NULL);
    assert_true(applies);
}

/* Every minimal set, by trying all subsets of levels, at two factors. */
static void random_shared_bounds_agree_with_all_subsets(void **state)
{
    (void)state;
    size_t below = 0, tried = 0;

    for (size_t i = 0; i < check_count(300); i++) {
        oracle_case c;
        ec_bound bound;
        size_t n_minimal = 0;
        bool raises[256] = {false};
        ec_int rank = {0};

        oracle_case_make(&c, (oracle_stratum)(i % ORACLE_HYPERGRAPH),
                         i % 3 == 0 ? ORACLE_PARTLY : ORACLE_SHARED, check_seed() + 900 + i);
        compute(&bound, c.arch, &c.a);
        for (size_t set = 1; bound.has_shared && set < (size_t)1 << c.arch->n_levels; set++) {
            bool minimal = true;
            widened(&rank, c.arch, &c.a, set, 2);
            raises[set] = ec_int_cmp(&rank, bound.rank) > 0;
            widened(&rank, c.arch, &c.a, set, 97);
            assert_int_equal(ec_int_cmp(&rank, bound.rank) > 0, raises[set]);
            for (size_t l = 0; l < c.arch->n_levels; l++)
                minimal = minimal && !((set >> l & 1) != 0 && raises[set & ~((size_t)1 << l)]);
            n_minimal += raises[set] && minimal;
        }
        if (bound.has_shared) {
            tried++;
            below += bound.from_shared;
            if (bound.bottleneck.n_sets != n_minimal)
                oracle_case_print(&c);
            assert_int_equal(bound.bottleneck.n_sets, n_minimal);
            for (size_t k = 0; k < bound.bottleneck.n_sets; k++) {
                size_t set = 0;
                for (size_t j = bound.bottleneck.set_start[k];
                     j < bound.bottleneck.set_start[k + 1]; j++)
                    for (size_t l = 0; l < c.arch->n_levels; l++)
                        if (strcmp(bound.bottleneck.name[j], c.arch->levels[l].name) == 0)
                            set |= (size_t)1 << l;
                assert_true(raises[set]);
            }
        }
        ec_int_clear(&rank);
        ec_bound_clear(&bound);
        oracle_case_clear(&c);
    }
    print_message("%zu tried, %zu below the min cut\n", tried, below);
    assert_true(tried >= 150 && below >= 10);
}

/* 40 bonds in series of one dimension: one set of 40. 70 bonds side by side: 70 sets, 64 shown. */
static void sets_beyond_the_limit_are_admitted(void **state)
{
    (void)state;
    char text[8192];
    size_t n = 0;
    ec_arch *arch;
    ec_sites a;
    ec_bound bound;
    ec_error err = {.status = EC_OK};

    n += (size_t)snprintf(text, sizeof text, "name: wide\nnetwork:\n  indices: {");
    for (int i = 0; i < 70; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "w%d: 2, a%d: 4, b%d: 4%s", i, i, i,
                              i < 69 ? ", " : "}\n  tensors:\n");
    for (int i = 0; i < 70; i++)
        n += (size_t)snprintf(text + n, sizeof text - n,
                              "    T%d: [w%d, a%d]\n    U%d: [w%d, b%d]\n", i, i, i, i, i, i);
    n += (size_t)snprintf(text + n, sizeof text - n, "  open: [");
    for (int i = 0; i < 140; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "%c%d%s", i < 70 ? 'a' : 'b', i % 70,
                              i < 139 ? ", " : "]\n");
    assert_ok(ec_arch_parse(&arch, text, n, "wide", &err), &err);
    assert_ok(ec_sites_init(&a, 140, NULL), NULL);
    for (size_t s = 0; s < 70; s++)
        ec_sites_add(&a, s);
    compute(&bound, arch, &a);
    assert_int_equal(bound.bottleneck.n_sets, 64);
    assert_false(bound.bottleneck.complete);
    assert_string_equal(bound.bottleneck.name[63], "w63");
    ec_bound_clear(&bound);
    ec_sites_clear(&a);
    ec_arch_free(arch);
}

/* -------------------------------------------------------------------- compute */

static void methods_agree_and_the_bound_is_the_smaller_one(void **state)
{
    (void)state;
    ec_rng rng;

    ec_rng_seed(&rng, check_seed());
    for (size_t i = 0; i < check_count(60); i++) {
        ec_arch arch;
        ec_bound tree, by_igraph;
        ec_bound_options options = EC_BOUND_OPTIONS_INIT;
        ec_error err = {.status = EC_OK};

        describe_random(&arch, 60, &rng);
        ec_sites a = describe_random_sides(arch.n_sites, &rng);
        options.sides = true;
        assert_ok(ec_bound_compute(&tree, &arch, &a, &options, NULL, &err), &err);
        options.method = EC_METHOD_IGRAPH;
        assert_ok(ec_bound_compute(&by_igraph, &arch, &a, &options, NULL, &err), &err);
        assert_int_equal(ec_int_cmp(&tree.min_cut.rank, &by_igraph.min_cut.rank), 0);
        assert_int_equal(ec_int_cmp(tree.rank, by_igraph.rank), 0);
        assert_true(tree.rank == (tree.from_shared ? &tree.shared_rank : &tree.min_cut.rank));
        if (tree.has_shared)
            assert_int_equal(tree.from_shared,
                             ec_int_cmp(&tree.shared_rank, &tree.min_cut.rank) < 0);
        assert_non_null(tree.min_cut.side_a);
        ec_bound_clear(&tree);
        ec_bound_clear(&by_igraph);
        ec_sites_clear(&a);
        convac_clear(&arch);
    }
}

static void tree_method_refuses_a_network(void **state)
{
    (void)state;
    oracle_case c;
    ec_bound bound;
    ec_bound_options options = EC_BOUND_OPTIONS_INIT;
    ec_error err = {.status = EC_OK};

    oracle_case_parse(&c,
                      "name: listed\n"
                      "network: {indices: {a: 2, b: 2}, tensors: {T: [a, b]}, open: [a, b]}\n",
                      "AB");
    options.method = EC_METHOD_TREE;
    assert_int_equal(ec_bound_compute(&bound, c.arch, &c.a, &options, NULL, &err), EC_EINVAL);
    assert_string_equal(err.msg, "method tree: 'listed' is a network, not a description with "
                                 "layers; use igraph or auto");
    ec_bound_clear(&bound);
    oracle_case_clear(&c);
}

static ec_status compute_and_clear(void *arg, ec_error *err)
{
    const oracle_case *c = arg;
    const ec_bound_options options = EC_BOUND_OPTIONS_INIT;
    ec_bound bound;
    ec_status status = ec_bound_compute(&bound, c->arch, &c->a, &options, NULL, err);

    ec_bound_clear(&bound);
    return status;
}

static void computing_survives_failing_allocations(void **state)
{
    (void)state;
    oracle_case c;

    oracle_case_parse(&c, TREE(2, 4, 4), "AABB");
    assert_survives_oom(compute_and_clear, &c);
    oracle_case_clear(&c);
    oracle_case_parse(&c,
                      "name: n\nnetwork:\n  indices: {a: 2, b: 3, c: 50}\n"
                      "  tensors: {T: [a, b, c], U: [a, b]}\n  open: [c, a]\n",
                      "AB");
    assert_survives_oom(compute_and_clear, &c);
    oracle_case_clear(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(single_tight_layer_is_the_bottleneck),
        cmocka_unit_test(tied_layers_must_be_widened_together),
        cmocka_unit_test(layers_of_one_cut_are_alternatives),
        cmocka_unit_test(cut_of_nothing_cannot_be_raised),
        cmocka_unit_test(shared_bound_has_its_own_bottlenecks),
        cmocka_unit_test(random_min_cuts_agree_with_all_subsets),
        cmocka_unit_test(random_shared_bounds_agree_with_all_subsets),
        cmocka_unit_test(sets_beyond_the_limit_are_admitted),
        cmocka_unit_test(methods_agree_and_the_bound_is_the_smaller_one),
        cmocka_unit_test(tree_method_refuses_a_network),
        cmocka_unit_test(computing_survives_failing_allocations),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
