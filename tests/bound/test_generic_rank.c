/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "describe.h"
#include "entcap/bound.h"
#include "oracle/oracle.h"

static ec_generic_rank rank_of(const oracle_case *c, const char *upper, uint64_t limit,
                               const ec_run *run)
{
    ec_generic_rank found;
    ec_int bound = {.alloc = 0};
    ec_error err = {.status = EC_OK};

    assert_ok(ec_int_parse(&bound, upper, &err), &err);
    assert_ok(ec_bound_generic_rank(&found, c->arch, &c->a, &(ec_rank_request){&bound, limit, 1, 0},
                                    run, &err),
              &err);
    ec_int_clear(&bound);
    return found;
}

/* 1-D ConvAC of 2^levels sites, windows of two, all channels r, left|right. */
static void tree_case(oracle_case *c, size_t levels, uint32_t m, uint32_t r, bool shared)
{
    uint32_t width[16];
    describe_uniform form = {.side = 2, .n = levels, .sites = m, .width = width, .shared = shared};

    for (size_t l = 0; l < levels; l++)
        width[l] = r;
    *c = (oracle_case){.arch = describe_uniform_arch(&form)};
    c->a = describe_sides(c->arch, "left-right");
}

static void rank_equal_to_the_bound_is_proved(void **state)
{
    (void)state;
    oracle_case c;
    ec_generic_rank found;

    tree_case(&c, 3, 2, 3, false);
    found = rank_of(&c, "3", 2048, NULL);
    assert_true(found.status == EC_RANK_PROVED && found.rank == 3 && found.error == 0);
    assert_true(found.prime >> 62 == 1 && found.prime % 2 == 1);
    found = rank_of(&c, "5", 2048, NULL);
    assert_true(found.status == EC_RANK_PROBABLE && found.rank == 3);
    /* minors of size 4; 15 tensors, 8 sites; 2 bits, 8 indices of 2 and 7 of 3 */
    assert_close(found.error * 0x1p62, 4 * (15 + 8 + 2 + 8 + 7 * 1.584962500721156), 1e-6);
    oracle_case_clear(&c);
}

static void thousands_of_sites_are_no_obstacle(void **state)
{
    (void)state;
    ec_generic_rank found;

    for (int shared = 0; shared < 2; shared++) {
        oracle_case c;
        tree_case(&c, 12, 4, 6, shared != 0);
        found = rank_of(&c, "6", 2048, NULL);
        assert_true(found.status == EC_RANK_PROVED && found.rank == 6);
        oracle_case_clear(&c);
    }
}

static void trials_lower_the_error_until_one_is_a_proof(void **state)
{
    (void)state;
    ec_int upper = {.alloc = 0};
    ec_generic_rank one, four;
    oracle_case c;

    tree_case(&c, 3, 2, 3, false);
    for (uint64_t bound = 3; bound <= 4; bound++) {
        ec_rank_request request = {&upper, 2048, 1, 0};

        ec_int_set_u64(&upper, bound);
        assert_ok(ec_bound_generic_rank(&one, c.arch, &c.a, &request, NULL, NULL), NULL);
        request.trials = 4;
        assert_ok(ec_bound_generic_rank(&four, c.arch, &c.a, &request, NULL, NULL), NULL);
        assert_true(one.rank == 3 && four.rank == 3 && one.trials == 1);
        assert_int_equal(four.trials, bound == 3 ? 1 : 4);
        assert_true(one.error == 0 ? four.error == 0
                                   : fabs(log2(four.error) - 4 * log2(one.error)) < 1e-9);
        request.trials = 100; /* underflows, but is no certainty */
        assert_ok(ec_bound_generic_rank(&four, c.arch, &c.a, &request, NULL, NULL), NULL);
        assert_true((four.error > 0) == (bound == 4));
    }
    ec_int_clear(&upper);
    oracle_case_clear(&c);
}

/* 1,024 sites on a grid; the cut has two indices of 16 and one of 200 above them */
static void rank_of_hundreds_at_a_thousand_sites_is_proved(void **state)
{
    const uint32_t width[] = {4, 4, 4, 16, 200};
    describe_uniform form = {.grid = true, .side = 2, .n = 5, .sites = 3, .width = width};
    oracle_case c = {.arch = describe_uniform_arch(&form)};
    ec_generic_rank found;
    ec_run run = EC_RUN_INIT;

    (void)state;
    c.a = describe_sides(c.arch, "left-right");
    run.memory_bytes = 16 << 20; /* a mixed subtree at 201 x 201 inputs would have 62 MiB */
    run.threads = 2;
    found = rank_of(&c, "200", 2048, &run);
    assert_true(found.status == EC_RANK_PROVED && found.rank == 200);
    found = rank_of(&c, "200", 100, &run);
    assert_true(found.status == EC_RANK_NONE);
    assert_non_null(strstr(found.why, "limit of 100 for exact ranks; it would need about "));
    oracle_case_clear(&c);
}

/* A chain of n tensors, each with a site of dimension 2, bonds of dimension 5. */
static void chain_case(oracle_case *c, size_t n)
{
    char text[4096], sides[64];
    int at = snprintf(text, sizeof text, "name: chain\nnetwork:\n  indices: {");

    for (size_t i = 0; i < n; i++)
        at += snprintf(text + at, sizeof text - (size_t)at, "s%zu: 2, b%zu: 5, ", i, i);
    at += snprintf(text + at, sizeof text - (size_t)at, "b%zu: 1}\n  tensors:\n", n);
    for (size_t i = 0; i < n; i++)
        at += snprintf(text + at, sizeof text - (size_t)at, "    T%zu: [b%zu, s%zu, b%zu]\n", i, i,
                       i, i + 1);
    at += snprintf(text + at, sizeof text - (size_t)at, "  open: [");
    for (size_t i = 0; i < n; i++) {
        at += snprintf(text + at, sizeof text - (size_t)at, "%ss%zu", i > 0 ? ", " : "", i);
        sides[i] = i < n / 2 ? 'A' : 'B';
    }
    snprintf(text + at, sizeof text - (size_t)at, "]\n");
    sides[n] = '\0';
    oracle_case_parse(c, text, sides);
}

static void long_chain_is_ranked_without_its_2_to_the_40_entries(void **state)
{
    (void)state;
    ec_run run = EC_RUN_INIT;
    oracle_case c;
    ec_generic_rank found;

    chain_case(&c, 40);
    run.memory_bytes = 1 << 20;
    found = rank_of(&c, "5", 2048, &run);
    assert_true(found.status == EC_RANK_PROVED && found.rank == 5);
    oracle_case_clear(&c);
}

static void lattice_is_contracted_in_a_good_order(void **state)
{
    (void)state;
    ec_run run = EC_RUN_INIT;
    oracle_case c = {.arch = describe_lattice(4, 2, 3, NULL)};
    ec_generic_rank found;

    c.a = describe_sides(c.arch, "left-right"); /* by rows: four bonds of three are cut */
    run.memory_bytes = 64 << 20;
    found = rank_of(&c, "81", 2048, &run);
    assert_true(found.status == EC_RANK_PROVED && found.rank == 81);
    run.memory_bytes = 1 << 20;
    found = rank_of(&c, "81", 2048, &run);
    assert_int_equal(found.status, EC_RANK_NONE);
    assert_non_null(strstr(found.why, "generic rank: needs about"));
    oracle_case_clear(&c);
}

static void tensor_beyond_any_memory_is_refused_at_once(void **state)
{
    (void)state;
    char text[4096], sides[131];
    int at = snprintf(text, sizeof text, "name: one tensor\nnetwork:\n  indices: {i0: 2");
    oracle_case c;
    ec_generic_rank found;

    for (int part = 0; part < 3; part++) {
        static const char *const open[] = {"", "}\n  tensors: {T: [i0", "]}\n  open: [i0"};
        at += snprintf(text + at, sizeof text - (size_t)at, "%s", open[part]);
        for (int i = 1; i < 130; i++)
            at +=
                snprintf(text + at, sizeof text - (size_t)at, part == 0 ? ", i%d: 2" : ", i%d", i);
    }
    snprintf(text + at, sizeof text - (size_t)at, "]\n");
    memset(sides, 'B', 130);
    sides[130] = '\0';
    sides[0] = 'A';
    oracle_case_parse(&c, text, sides);
    found = rank_of(&c, "2", 2048, NULL);
    assert_int_equal(found.status, EC_RANK_NONE);
    assert_non_null(strstr(found.why, "generic rank: needs about 9.9e+27 TiB"));
    oracle_case_clear(&c);
}

static void listed_network_and_tree_agree(void **state)
{
    (void)state;
    oracle_case tree, listed;

    tree_case(&tree, 2, 3, 5, false);
    oracle_case_parse(&listed,
                      "name: the same tree, listed\n"
                      "network:\n"
                      "  indices: {s0: 3, s1: 3, s2: 3, s3: 3, u: 5, v: 5, w: 5}\n"
                      "  tensors: {A: [s0, u], B: [s1, u], C: [s2, v], D: [s3, v],\n"
                      "            E: [u, w], F: [v, w], G: [w]}\n"
                      "  open: [s0, s1, s2, s3]\n",
                      "AABB");
    assert_int_equal(rank_of(&tree, "9", 2048, NULL).rank, 5);
    assert_int_equal(rank_of(&listed, "9", 2048, NULL).rank, 5);
    oracle_case_clear(&tree);
    oracle_case_clear(&listed);
}

static void loose_ends_do_not_matter(void **state)
{
    (void)state;
    oracle_case c;

    /* z joins one tensor and no site; P and Q are apart from the rest and from each other */
    oracle_case_parse(&c,
                      "name: loose ends\n"
                      "network:\n"
                      "  indices: {a: 3, b: 2, c: 3, z: 4, d: 2, e: 5}\n"
                      "  tensors: {T: [a, b, z], U: [b, c], P: [d], Q: [e]}\n"
                      "  open: [a, c, d, e]\n",
                      "ABAB");
    assert_int_equal(rank_of(&c, "3", 2048, NULL).rank, 2);
    assert_int_equal(oracle_rank(c.arch, &c.a, 1), 2);
    oracle_case_clear(&c);
}

static void what_is_out_of_reach_says_why(void **state)
{
    (void)state;
    ec_run small = EC_RUN_INIT;
    oracle_case tree, chain;
    ec_generic_rank found;

    tree_case(&tree, 3, 2, 3, false);
    chain_case(&chain, 8);
    found = rank_of(&tree, "1267650600228229401496703205376", 2048, NULL);
    assert_int_equal(found.status, EC_RANK_NONE);
    assert_string_equal(found.why, "the bound, 2^100, is above the limit of 2048 for exact ranks");
    found = rank_of(&tree, "3", 2, NULL);
    assert_non_null(strstr(found.why, "the bound, 2^1.58496, is above the limit of 2 for exact "
                                      "ranks; it would need about "));
    small.memory_bytes = 1000;
    found = rank_of(&tree, "16", 2048, &small);
    assert_int_equal(found.status, EC_RANK_NONE);
    assert_non_null(strstr(found.why, "generic rank: needs about"));
    found = rank_of(&chain, "16", 2048, &small);
    assert_int_equal(found.status, EC_RANK_NONE);
    assert_non_null(strstr(found.why, "needs about"));
    oracle_case_clear(&tree);
    oracle_case_clear(&chain);
}

static void rank_above_the_bound_is_an_error(void **state)
{
    (void)state;
    oracle_case c;
    ec_generic_rank found;
    ec_int upper = {.alloc = 0};
    ec_error err = {.status = EC_OK};

    tree_case(&c, 3, 2, 3, false);
    ec_int_set_u64(&upper, 2);
    assert_int_equal(ec_bound_generic_rank(&found, c.arch, &c.a,
                                           &(ec_rank_request){&upper, 2048, 1, 0}, NULL, &err),
                     EC_ENUMERIC);
    assert_non_null(strstr(err.msg, "rank 3 found modulo "));
    assert_non_null(strstr(err.msg, ": 2 is no upper bound of the rank"));
    ec_int_clear(&upper);
    oracle_case_clear(&c);
}

static void seed_decides_the_prime(void **state)
{
    (void)state;
    ec_run one = EC_RUN_INIT, two = EC_RUN_INIT;
    oracle_case c;
    ec_generic_rank a, b, other;

    tree_case(&c, 3, 2, 3, true);
    two.seed = 2;
    a = rank_of(&c, "4", 2048, &one);
    b = rank_of(&c, "4", 2048, &one);
    other = rank_of(&c, "4", 2048, &two);
    assert_true(a.prime == b.prime && a.prime != other.prime);
    assert_true(a.rank == b.rank && a.rank == other.rank);
    oracle_case_clear(&c);
}

static bool stop_at_once(void *arg, const char *what, double done, double total)
{
    (void)arg, (void)what, (void)done, (void)total;
    return false;
}

static void work_can_be_cancelled(void **state)
{
    (void)state;
    ec_run run = EC_RUN_INIT;
    oracle_case c;
    ec_generic_rank found;
    ec_int upper = {.alloc = 0};
    ec_error err = {.status = EC_OK};

    chain_case(&c, 8);
    run.progress = stop_at_once;
    ec_int_set_u64(&upper, 5);
    assert_int_equal(ec_bound_generic_rank(&found, c.arch, &c.a,
                                           &(ec_rank_request){&upper, 2048, 1, 0}, &run, &err),
                     EC_ECANCEL);
    assert_string_equal(err.msg, "generic rank: stopped on request");
    ec_int_clear(&upper);
    oracle_case_clear(&c);
}

static ec_status rank_for_oom(void *arg, ec_error *err)
{
    const oracle_case *c = arg;
    ec_generic_rank found;
    ec_int upper = {.alloc = 0};
    ec_status status;

    ec_int_set_u64(&upper, 5);
    status = ec_bound_generic_rank(&found, c->arch, &c->a, &(ec_rank_request){&upper, 2048, 1, 0},
                                   NULL, err);
    ec_int_clear(&upper);
    return status;
}

static void survives_every_failed_allocation(void **state)
{
    (void)state;
    oracle_case tree, chain;

    tree_case(&tree, 2, 2, 3, false);
    chain_case(&chain, 5);
    assert_survives_oom(rank_for_oom, &tree);
    assert_survives_oom(rank_for_oom, &chain);
    oracle_case_clear(&tree);
    oracle_case_clear(&chain);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rank_equal_to_the_bound_is_proved),
        cmocka_unit_test(thousands_of_sites_are_no_obstacle),
        cmocka_unit_test(trials_lower_the_error_until_one_is_a_proof),
        cmocka_unit_test(rank_of_hundreds_at_a_thousand_sites_is_proved),
        cmocka_unit_test(long_chain_is_ranked_without_its_2_to_the_40_entries),
        cmocka_unit_test(lattice_is_contracted_in_a_good_order),
        cmocka_unit_test(tensor_beyond_any_memory_is_refused_at_once),
        cmocka_unit_test(listed_network_and_tree_agree),
        cmocka_unit_test(loose_ends_do_not_matter),
        cmocka_unit_test(what_is_out_of_reach_says_why),
        cmocka_unit_test(rank_above_the_bound_is_an_error),
        cmocka_unit_test(seed_decides_the_prime),
        cmocka_unit_test(work_can_be_cancelled),
        cmocka_unit_test(survives_every_failed_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
