/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The upper bound for shared weights. */
#include "check.h"

#include "describe.h"
#include "entcap/bound.h"
#include "oracle/convac.h"
#include "oracle/oracle.h"

#include <stdio.h>
#include <string.h>

static bool shared_bound(ec_int *rank, const ec_arch *arch, const ec_sites *a)
{
    bool applies;
    ec_error err = {.status = EC_OK};

    assert_ok(ec_bound_shared(&applies, rank, arch, a, NULL, &err), &err);
    return applies;
}

static void assert_shared(const char *layers, const char *sides, const char *rank)
{
    char text[1024];
    oracle_case c;
    ec_int value = {0};

    snprintf(text, sizeof text, "name: shared\ninput: {shape: [%zu], channels: 2}\nlayers: [%s]\n",
             strlen(sides), layers);
    oracle_case_parse(&c, text, sides);
    assert_true(shared_bound(&value, c.arch, &c.a));
    assert_int(&value, rank);
    ec_int_clear(&value);
    oracle_case_clear(&c);
}

static void symmetric_subtrees_lower_4_to_3(void **state)
{
    (void)state;
    const char *layers = "{conv: {channels: 4}}, {pool: {window: 2}}, {conv: {channels: 4}}, "
                         "{pool: {window: 2}}, {dense: {outputs: 1}}";

    assert_shared(layers, "AABB", "3");
    assert_shared(layers, "BBAA", "3");
    assert_shared(layers, "ABBB", "2");
}

/* Known to be above the rank: 8 where it is 7, 15 where it is 14. */
static void loose_cases_keep_their_values(void **state)
{
    (void)state;
    oracle_case c;
    ec_int value = {0};

    assert_shared("{conv: {channels: 5}}, {pool: {window: 3}}, {conv: {channels: 2}}, "
                  "{pool: {window: 3}}, {dense: {outputs: 1}}",
                  "AAAABBABB", "8");
    oracle_case_parse(&c,
                      "name: mixed\ninput: {shape: [8], channels: 3}\n"
                      "layers: [{conv: {channels: 5}}, {pool: {window: 4}}, "
                      "{conv: {channels: 2}}, {pool: {window: 2}}, {dense: {outputs: 1}}]\n",
                      "ABAAABBB");
    assert_true(shared_bound(&value, c.arch, &c.a));
    assert_int(&value, "15");
    ec_int_clear(&value);
    oracle_case_clear(&c);
}

/* A window of n equal sites of dimension 2 spans n + 1, of dimension M: C(M + n - 1, n). */
static void single_window_counts_symmetric_tensors(void **state)
{
    (void)state;
    assert_shared("{conv: {channels: 1000}}, {pool: {window: 12}}, {dense: {outputs: 1}}",
                  "AAAAABBBBBBB", "6");
    assert_shared("{conv: {channels: 4}}, {pool: {window: 12}}, {dense: {outputs: 1}}",
                  "AAAAABBBBBBB", "4");
}

static void bound_does_not_apply_without_sharing_below_a_window(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "name: unshared\ninput: {shape: [4], channels: 2}\n"
        "layers: [{conv: {channels: 4, shared: false}}, {pool: {window: 2}}, "
        "{conv: {channels: 4}}, {pool: {window: 2}}, {dense: {outputs: 1}}]\n",
        "name: listed\nnetwork: {indices: {a: 2, b: 2, c: 2, d: 2}, "
        "tensors: {T: [a, b, c, d]}, open: [a, b, c, d]}\n",
    };
    oracle_case c;
    ec_int value = {0};
    bool applies;
    ec_error err = {.status = EC_OK};

    ec_int_set_u64(&value, 77);
    oracle_case_parse(&c, texts[0], "AABB");
    assert_false(shared_bound(&value, c.arch, &c.a));
    assert_int(&value, "77"); /* untouched */
    oracle_case_clear(&c);
    oracle_case_parse(&c, texts[1], "AABB");
    assert_int_equal(ec_bound_shared(&applies, &value, c.arch, &c.a, NULL, &err), EC_EINVAL);
    oracle_case_clear(&c);
    ec_int_clear(&value);
}

/* With weights shared below the first window only, the second one multiplies. */
static void partly_shared_networks_use_what_is_shared(void **state)
{
    (void)state;
    const char *all = "{conv: {channels: 9}}, {pool: {window: 2}}, {conv: {channels: 40}}, "
                      "{pool: {window: 2}}, {conv: {channels: 90}}, {pool: {window: 2}}, "
                      "{dense: {outputs: 1}}";
    const char *first = "{conv: {channels: 9}}, {pool: {window: 2}}, "
                        "{conv: {channels: 40, shared: false}}, {pool: {window: 2}}, "
                        "{conv: {channels: 90}}, {pool: {window: 2}}, {dense: {outputs: 1}}";

    assert_shared(all, "AAAABBBB", "6");   /* Sym^2 of Sym^2 of 2 dimensions: C(4, 2) */
    assert_shared(first, "AAAABBBB", "9"); /* 3 x 3, each Sym^2 of 2 dimensions */
}

/* Random networks: equal to the plain recursion of the oracle, never above the min cut. */
static void random_networks_agree_with_the_plain_recursion(void **state)
{
    (void)state;
    size_t smaller = 0, applied = 0;

    for (size_t i = 0; i < check_count(600); i++) {
        oracle_case c;
        ec_int value = {0};
        uint64_t expected;
        ec_cut cut;

        oracle_case_make(&c, (oracle_stratum)(i % ORACLE_HYPERGRAPH),
                         i % 3 == 0 ? ORACLE_PARTLY : ORACLE_SHARED, check_seed() + i);
        if (oracle_shared_bound(&expected, c.arch, &c.a)) {
            applied++;
            assert_true(shared_bound(&value, c.arch, &c.a));
            if (ec_int_get_u64(&value) != expected)
                oracle_case_print(&c);
            assert_int_equal(ec_int_get_u64(&value), expected);
            assert_ok(ec_bound_min_cut_tree(&cut, c.arch, &c.a, false, NULL, NULL), NULL);
            assert_true(ec_int_cmp(&value, &cut.rank) <= 0);
            smaller += ec_int_cmp(&value, &cut.rank) < 0;
            ec_cut_clear(&cut);
        }
        ec_int_clear(&value);
        oracle_case_clear(&c);
    }
    print_message("%zu apply, %zu below the min cut\n", applied, smaller);
    assert_true(applied >= 300 && smaller >= 25);
}

/* The one thing that matters most. */
static void no_rank_is_ever_above_the_bound(void **state)
{
    (void)state;
    size_t tight = 0;

    for (size_t i = 0; i < check_count(150); i++) {
        oracle_case c;
        ec_int value = {0};

        oracle_case_make(&c, (oracle_stratum)(i % ORACLE_HYPERGRAPH),
                         i % 3 == 0 ? ORACLE_PARTLY : ORACLE_SHARED, check_seed() + 5000 + i);
        if (shared_bound(&value, c.arch, &c.a)) {
            size_t rank = oracle_rank(c.arch, &c.a, i);
            if (ec_int_cmp_u64(&value, rank) < 0)
                oracle_case_print(&c);
            assert_true(ec_int_cmp_u64(&value, rank) >= 0);
            tight += ec_int_cmp_u64(&value, rank) == 0;
        }
        ec_int_clear(&value);
        oracle_case_clear(&c);
    }
    print_message("%zu tight\n", tight);
    assert_true(tight >= 50);
}

/* Two halves of 2^19 sites, everything shared: the value of a product of symmetric powers. */
static void million_shared_sites_are_quick(void **state)
{
    (void)state;
    static const uint32_t width[20] = {64, 64, 64, 64, 64, 64, 64, 64, 64, 64,
                                       64, 64, 64, 64, 64, 64, 64, 64, 64, 64};
    describe_uniform u = {false, 2, 20, 10, width, true};
    ec_arch *arch = describe_uniform_arch(&u);
    ec_sites a = describe_sides(arch, "scale:1");
    ec_int value = {0}, expected = {0};

    assert_true(shared_bound(&value, arch, &a));
    /* each window of level 1 has one child of two sites on either side: Sym^2 of 10 dimensions */
    ec_int_pow_u64(&expected, 55, 1 << 18);
    assert_int_equal(ec_int_cmp(&value, &expected), 0);
    ec_int_clear(&value);
    ec_int_clear(&expected);
    ec_sites_clear(&a);
    ec_arch_free(arch);
}

static ec_status bound_and_clear(void *arg, ec_error *err)
{
    const oracle_case *c = arg;
    bool applies;
    ec_int rank = {0};
    ec_status status = ec_bound_shared(&applies, &rank, c->arch, &c->a, NULL, err);

    ec_int_clear(&rank);
    return status;
}

static void shared_bound_survives_failing_allocations(void **state)
{
    (void)state;
    oracle_case c;

    oracle_case_parse(&c,
                      "name: t\ninput: {shape: [8], channels: 2}\n"
                      "layers: [{conv: {channels: 3}}, {pool: {window: 2}}, {conv: {channels: 4}}, "
                      "{pool: {window: 4}}, {dense: {outputs: 1}}]\n",
                      "AAAABBBA");
    assert_survives_oom(bound_and_clear, &c);
    oracle_case_clear(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(symmetric_subtrees_lower_4_to_3),
        cmocka_unit_test(loose_cases_keep_their_values),
        cmocka_unit_test(single_window_counts_symmetric_tensors),
        cmocka_unit_test(bound_does_not_apply_without_sharing_below_a_window),
        cmocka_unit_test(partly_shared_networks_use_what_is_shared),
        cmocka_unit_test(random_networks_agree_with_the_plain_recursion),
        cmocka_unit_test(no_rank_is_ever_above_the_bound),
        cmocka_unit_test(million_shared_sites_are_quick),
        cmocka_unit_test(shared_bound_survives_failing_allocations),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
