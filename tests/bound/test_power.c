/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>

#include "check.h"
#include "describe.h"
#include "entcap/bound.h"
#include "oracle/oracle.h"

static void assert_power(const oracle_case *c, const char *rank, uint32_t base)
{
    bool applies = false;
    ec_int found = {.alloc = 0};
    uint32_t found_base = 0;
    ec_run run = EC_RUN_INIT;
    ec_error err = {.status = EC_OK};

    assert_ok(ec_bound_power(&applies, &found, &found_base, c->arch, &c->a, &run, &err), &err);
    assert_true(applies);
    assert_int(&found, rank);
    assert_int_equal(found_base, base);
    ec_int_clear(&found);
}

/* a - T - b - U - c with sites a and c */
static void bond_case(oracle_case *c, unsigned a, unsigned b, unsigned d)
{
    char text[256];

    snprintf(text, sizeof text,
             "name: bond\nnetwork:\n  indices: {a: %u, b: %u, c: %u}\n"
             "  tensors: {T: [a, b], U: [b, c]}\n  open: [a, c]\n",
             a, b, d);
    oracle_case_parse(c, text, "AB");
}

static void base_is_the_best_and_smallest(void **state)
{
    (void)state;
    static const struct {
        unsigned a, b, c;
        const char *rank;
        uint32_t base;
    } rows[] = {
        {30, 28, 60, "28", 28}, /* 2^4, 3^3, 5^2 are less */
        {30, 27, 60, "27", 3},  /* 27^1 is as much with a larger base */
        {64, 16, 64, "16", 2},  /* 4^2 and 16^1, too */
        {7, 50, 7, "7", 7},     {100, 36, 100, "36", 6},
        {1, 5, 5, "1", 2},      {1048576, 1048575, 1048576, "1048575", 1048575},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        oracle_case c;
        bond_case(&c, rows[i].a, rows[i].b, rows[i].c);
        assert_power(&c, rows[i].rank, rows[i].base);
        oracle_case_clear(&c);
    }
}

/* 1-D ConvAC of 2^levels sites, windows of two, all channels r, every window cut. */
static void tree_case(oracle_case *c, size_t levels, uint32_t m, uint32_t r)
{
    uint32_t width[16];
    describe_uniform form = {.side = 2, .n = levels, .sites = m, .width = width};

    for (size_t l = 0; l < levels; l++)
        width[l] = r;
    *c = (oracle_case){.arch = describe_uniform_arch(&form)};
    c->a = describe_sides(c->arch, "interleaved");
}

static void powers_of_one_integer_leave_no_gap_to_the_min_cut(void **state)
{
    (void)state;
    static const unsigned bases[] = {2, 3, 5};
    ec_rng rng;

    ec_rng_seed(&rng, check_seed());
    for (size_t i = 0; i < 60; i++) {
        unsigned base = bases[i % 3], d[3] = {base, base, base};
        oracle_case c;
        oracle_net net;
        char text[512], sides[] = "AABABBAB", expected[32];
        for (size_t k = 0; k < 3; k++)
            if (ec_rng_below(&rng, 2) == 0)
                d[k] *= base;
        for (size_t s = 0; s < 8; s++)
            sides[s] = ec_rng_below(&rng, 2) == 0 || s == 0 ? 'A' : 'B';
        sides[7] = 'B';
        snprintf(text, sizeof text,
                 "name: powers\ninput: {shape: [8], channels: %u}\nlayers:\n"
                 "  - conv: {channels: %u, shared: false}\n  - pool: {window: 2}\n"
                 "  - conv: {channels: %u, shared: false}\n  - pool: {window: 4}\n"
                 "  - dense: {outputs: 2}\n",
                 d[0], d[1], d[2]);
        oracle_case_parse(&c, text, sides);
        oracle_net_make(&net, c.arch);
        snprintf(expected, sizeof expected, "%llu",
                 (unsigned long long)oracle_min_cut(&net, &c.a).rank);
        assert_power(&c, expected, base);
        oracle_net_clear(&net);
        oracle_case_clear(&c);
    }
}

static void many_sites_are_no_obstacle(void **state)
{
    (void)state;
    ec_int rank = {.alloc = 0};
    char *decimal;
    oracle_case c;

    tree_case(&c, 16, 7, 11); /* min(M, r_0)^(N/2) */
    ec_int_pow_u64(&rank, 7, 32768);
    decimal = ec_int_print(&rank, NULL);
    assert_non_null(decimal);
    assert_power(&c, decimal, 7);
    oracle_case_clear(&c);
    ec_free(decimal);
    ec_int_clear(&rank);
}

/* 24727/15601 is a convergent of log2 3: the logarithms of the two powers agree to nine digits */
enum { TWOS = 24727, THREES = 15601 };

/*
 * One tensor with 2 TWOS sites, every other of them in A, and each side with THREES sites of
 * dimension 3, the rest of dimension 2: 2^TWOS against 3^THREES. A long text, so built by hand.
 */
static void star(ec_arch *arch, ec_sites *a)
{
    static ec_named_index indices[2 * TWOS];
    static uint32_t open[2 * TWOS];
    static ec_named_tensor tensor = {.index = open, .n_indices = 2 * TWOS};
    static char name[] = "i";

    *arch = (ec_arch){.n_sites = 2 * TWOS,
                      .n_indices = 2 * TWOS,
                      .indices = indices,
                      .n_tensors = 1,
                      .tensors = &tensor,
                      .open = open};
    assert_ok(ec_sites_init(a, 2 * TWOS, NULL), NULL);
    for (size_t i = 0; i < 2 * TWOS; i++) {
        indices[i] = (ec_named_index){.name = name, .dim = i / 2 < THREES ? 3 : 2};
        open[i] = (uint32_t)i;
        if (i % 2 == 0)
            ec_sites_add(a, i);
    }
}

static void powers_are_compared_exactly(void **state)
{
    (void)state;
    ec_int power_of_two = {.alloc = 0}, power_of_three = {.alloc = 0}, rank = {.alloc = 0};
    bool applies = false, two_is_larger;
    uint32_t base = 0;
    ec_error err = {.status = EC_OK};
    ec_run run = EC_RUN_INIT;
    ec_arch arch;
    ec_sites a;

    star(&arch, &a);
    ec_int_pow_u64(&power_of_two, 2, TWOS);
    ec_int_pow_u64(&power_of_three, 3, THREES);
    two_is_larger = ec_int_cmp(&power_of_two, &power_of_three) > 0;
    assert_close(ec_int_log2(&power_of_two), ec_int_log2(&power_of_three), 5e-5);
    assert_ok(ec_bound_power(&applies, &rank, &base, &arch, &a, &run, &err), &err);
    assert_true(ec_int_cmp(&rank, two_is_larger ? &power_of_two : &power_of_three) == 0);
    assert_int_equal(base, two_is_larger ? 2 : 3);
    ec_int_clear(&power_of_two);
    ec_int_clear(&power_of_three);
    ec_int_clear(&rank);
    ec_sites_clear(&a);
}

/* A network of four sites of two features, cut in the middle. */
static void assert_no_power(const char *layers)
{
    bool applies = true;
    ec_int rank = {.alloc = 0};
    uint32_t base = 0;
    oracle_case c;
    char text[512];
    ec_error err = {.status = EC_OK};

    snprintf(text, sizeof text, "name: none\ninput: {shape: [4], channels: 2}\nlayers:\n%s",
             layers);
    oracle_case_parse(&c, text, "AABB");
    assert_ok(ec_bound_power(&applies, &rank, &base, c.arch, &c.a, NULL, &err), &err);
    assert_false(applies);
    assert_int(&rank, "0"); /* untouched */
    oracle_case_clear(&c);
}

static void shared_weights_have_no_power_bound(void **state)
{
    (void)state;
    assert_no_power("  - conv: {channels: 4, shared: false}\n  - pool: {window: 2}\n"
                    "  - conv: {channels: 4}\n  - pool: {window: 2}\n  - dense: {outputs: 1}\n");
}

static void affine_parts_have_no_power_bound(void **state)
{
    (void)state;
    assert_no_power("  - conv: {channels: 4, shared: false, norm: batch}\n"
                    "  - pool: {window: 4}\n  - dense: {outputs: 1}\n");
}

static void bad_sides_are_refused(void **state)
{
    (void)state;
    bool applies = true;
    ec_int rank = {.alloc = 0};
    uint32_t base = 0;
    oracle_case c;
    ec_error err = {.status = EC_OK};

    bond_case(&c, 2, 2, 2);
    ec_sites_add(&c.a, 1);
    assert_int_equal(ec_bound_power(&applies, &rank, &base, c.arch, &c.a, NULL, &err), EC_EINVAL);
    assert_string_equal(err.msg, "side A holds all of the 2 sites, both sides need one");
    assert_false(applies);
    oracle_case_clear(&c);
}

static bool stop_at_once(void *arg, const char *what, double done, double total)
{
    (void)arg;
    assert_true(what != NULL && done <= total);
    return false;
}

static void search_can_be_cancelled_and_limited(void **state)
{
    (void)state;
    ec_run stopped = EC_RUN_INIT, small = EC_RUN_INIT;
    bool applies = true;
    ec_int rank = {.alloc = 0};
    uint32_t base = 0;
    oracle_case c;
    ec_error err = {.status = EC_OK};

    tree_case(&c, 3, 3, 5);
    stopped.progress = stop_at_once;
    assert_int_equal(ec_bound_power(&applies, &rank, &base, c.arch, &c.a, &stopped, &err),
                     EC_ECANCEL);
    assert_string_equal(err.msg, "power bound: stopped on request");
    small.memory_bytes = 10;
    err = (ec_error){.status = EC_OK};
    assert_int_equal(ec_bound_power(&applies, &rank, &base, c.arch, &c.a, &small, &err), EC_ELIMIT);
    oracle_case_clear(&c);
}

static ec_status power_of(void *arg, ec_error *err)
{
    const oracle_case *c = arg;
    bool applies = false;
    ec_int rank = {.alloc = 0};
    uint32_t base = 0;
    ec_status status = ec_bound_power(&applies, &rank, &base, c->arch, &c->a, NULL, err);

    ec_int_clear(&rank);
    return status;
}

static void survives_every_failed_allocation(void **state)
{
    (void)state;
    oracle_case tree, network;

    tree_case(&tree, 2, 3, 5);
    bond_case(&network, 6, 10, 15);
    assert_survives_oom(power_of, &tree);
    assert_survives_oom(power_of, &network);
    oracle_case_clear(&tree);
    oracle_case_clear(&network);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(base_is_the_best_and_smallest),
        cmocka_unit_test(powers_of_one_integer_leave_no_gap_to_the_min_cut),
        cmocka_unit_test(many_sites_are_no_obstacle),
        cmocka_unit_test(powers_are_compared_exactly),
        cmocka_unit_test(shared_weights_have_no_power_bound),
        cmocka_unit_test(affine_parts_have_no_power_bound),
        cmocka_unit_test(bad_sides_are_refused),
        cmocka_unit_test(search_can_be_cancelled_and_limited),
        cmocka_unit_test(survives_every_failed_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
