/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The min cut of a ConvAC by the tree recursion. */
#include "check.h"

#include "describe.h"
#include "entcap/bound.h"
#include "oracle/convac.h"
#include "oracle/oracle.h"

#include <string.h>

static ec_cut tree_cut(const ec_arch *arch, const ec_sites *a)
{
    ec_cut cut;
    ec_error err = {.status = EC_OK};

    assert_ok(ec_bound_min_cut_tree(&cut, arch, a, true, NULL, &err), &err);
    assert_true(cut.certified);
    return cut;
}

/* The sides of the cut make exactly the cut, by an oracle that shares no code with the bound. */
static void assert_certificate(const ec_cut *cut, const ec_arch *arch, const ec_sites *a)
{
    oracle_net net;
    ec_int rank = {0};
    uint64_t count[32];
    size_t listed = 0;

    oracle_net_make(&net, arch);
    assert_true(net.n_layers <= 32);
    assert_int_equal(cut->n_tensors, net.n_tensors);
    oracle_cut_value(&rank, count, &net, a, cut->side_a);
    assert_int_equal(ec_int_cmp(&rank, &cut->rank), 0);
    for (size_t l = 0; l < net.n_layers; l++)
        if (count[l] != 0)
            assert_int_equal(cut->layers[listed++].count, count[l]);
    assert_int_equal(listed, cut->n_layers);
    ec_int_clear(&rank);
    oracle_net_clear(&net);
}

/* ------------------------------------------------------------- closed forms */

/* The smallest of some powers base^exponent. */
typedef struct smallest {
    ec_int value;
    bool any;
} smallest;

static void take(smallest *s, uint64_t base, uint64_t exponent)
{
    ec_int power = {0};

    ec_int_pow_u64(&power, base, exponent);
    if (!s->any || ec_int_cmp(&power, &s->value) < 0)
        ec_int_swap(&s->value, &power);
    s->any = true;
    ec_int_clear(&power);
}

static void assert_tree(const ec_arch *arch, ec_sites a, smallest *expected)
{
    ec_cut cut = tree_cut(arch, &a);

    assert_int_equal(ec_int_cmp(&cut.rank, &expected->value), 0);
    assert_close(cut.log2, ec_int_log2(&expected->value), 1e-12 * (1 + cut.log2));
    assert_certificate(&cut, arch, &a);
    ec_cut_clear(&cut);
    ec_int_clear(&expected->value);
    ec_sites_clear(&a);
}

static uint64_t power(uint64_t base, size_t exponent)
{
    uint64_t x = 1;

    for (size_t i = 0; i < exponent; i++)
        x = x > UINT64_C(1) << 40 ? x : x * base; /* larger than any width is large enough */
    return x;
}

static uint64_t least(uint64_t x, uint64_t y)
{
    return x < y ? x : y;
}

/* A random uniform network of windows of P; F[k] is what a subtree of P^k sites can span. */
typedef struct uniform {
    ec_arch *arch;
    describe_uniform u;
    uint32_t width[8];
    uint64_t span[9];
    size_t window, n_sites;
} uniform;

static void uniform_make(uniform *x, bool grid, uint32_t side, size_t n, ec_rng *rng)
{
    uint32_t limit = ec_rng_below(rng, 2) == 0 ? 6 : 300;

    *x = (uniform){.window = grid ? side * side : side, .n_sites = 1};
    for (size_t l = 0; l < n; l++) {
        x->width[l] = 1 + (uint32_t)ec_rng_below(rng, limit);
        x->n_sites *= x->window;
    }
    x->u = (describe_uniform){grid, side, n, 1 + (uint32_t)ec_rng_below(rng, 6), x->width, false};
    x->arch = describe_uniform_arch(&x->u);
    x->span[0] = x->u.sites;
    for (size_t k = 1; k <= n; k++)
        x->span[k] = least(x->width[k - 1], power(x->span[k - 1], x->window));
}

/* P, levels and form of the i-th case: 1-D with P = 2, 3, 4, 6 and 2-D with 2 x 2. */
static void uniform_case(uniform *x, size_t i, ec_rng *rng)
{
    static const struct {
        bool grid;
        uint32_t side;
        size_t max;
    } shapes[] = {{false, 2, 7}, {false, 3, 4}, {false, 4, 4}, {false, 6, 3}, {true, 2, 4}};
    size_t k = i % 5;

    uniform_make(x, shapes[k].grid, shapes[k].side, 1 + (size_t)ec_rng_below(rng, shapes[k].max),
                 rng);
}

static void scale_partitions_have_their_closed_form(void **state)
{
    (void)state;
    ec_rng rng;

    ec_rng_seed(&rng, check_seed());
    for (size_t i = 0; i < check_count(100); i++) {
        uniform x;
        uniform_case(&x, i, &rng);
        size_t windows = x.n_sites / x.window;
        for (size_t k = 0; k < x.u.n && x.window % 2 == 0; k++, windows /= x.window) {
            uint64_t half = power(x.span[k], x.window / 2);
            smallest expected = {.any = false};
            take(&expected, least(x.width[k], half), windows);
            assert_tree(x.arch, describe_sides(x.arch, "scale:%zu", k), &expected);
        }
        ec_arch_free(x.arch);
    }
}

static void interleaved_has_its_closed_form(void **state)
{
    (void)state;
    ec_rng rng;

    ec_rng_seed(&rng, check_seed());
    for (size_t i = 0; i < check_count(40); i++) {
        uniform x;
        smallest expected = {.any = false};
        uniform_make(&x, i % 2 == 1, 2, 1 + i % 4, &rng);
        uint64_t half = x.u.grid ? (uint64_t)x.u.sites * x.u.sites : x.u.sites;
        take(&expected, least(x.width[0], half), x.n_sites / x.window);
        assert_tree(x.arch, describe_sides(x.arch, "interleaved"), &expected);
        ec_arch_free(x.arch);
    }
}

/* min(M^{N/2}, r_{L-1}, min over l <= L-2 of r_l^{P^{L-1-l}/2}) */
static void left_right_has_its_closed_form(void **state)
{
    (void)state;
    ec_rng rng;

    ec_rng_seed(&rng, check_seed());
    for (size_t i = 0; i < check_count(100); i++) {
        uniform x;
        smallest expected = {.any = false};
        uniform_case(&x, i, &rng);
        if (x.window % 2 == 0) {
            size_t indices = x.n_sites / x.window;
            take(&expected, x.u.sites, x.n_sites / 2);
            for (size_t l = 0; l < x.u.n; l++, indices /= x.window)
                take(&expected, x.width[l], indices > 1 ? indices / 2 : 1);
            assert_tree(x.arch, describe_sides(x.arch, "left-right"), &expected);
        }
        ec_arch_free(x.arch);
    }
}

static void one_block_against_the_rest_has_its_closed_form(void **state)
{
    (void)state;
    ec_rng rng;

    ec_rng_seed(&rng, check_seed());
    for (size_t i = 0; i < check_count(60); i++) {
        uniform x;
        uniform_case(&x, i, &rng);
        size_t blocks = x.n_sites;
        for (size_t k = 0; k < x.u.n; k++, blocks /= x.window) {
            smallest expected = {.any = false};
            take(&expected, least(x.width[k], x.span[k]), 1);
            assert_tree(x.arch,
                        describe_sides(x.arch, "block:%zu:%zu", x.u.n - k,
                                       (size_t)ec_rng_below(&rng, blocks)),
                        &expected);
        }
        ec_arch_free(x.arch);
    }
}

static void single_window_has_its_closed_form(void **state)
{
    (void)state;
    ec_rng rng;

    ec_rng_seed(&rng, check_seed());
    for (size_t i = 0; i < check_count(60); i++) {
        uniform x;
        smallest expected = {.any = false};
        uniform_make(&x, false, 2 + (uint32_t)ec_rng_below(&rng, 12), 1, &rng);
        ec_sites a = describe_random_sides(x.n_sites, &rng);
        take(&expected, x.width[0], 1);
        take(&expected, x.u.sites, ec_sites_count(&a));
        take(&expected, x.u.sites, x.n_sites - ec_sites_count(&a));
        assert_tree(x.arch, a, &expected);
        ec_arch_free(x.arch);
    }
}

/* ------------------------------------------------------------- against igraph */

static void random_trees_agree_with_igraph(void **state)
{
    (void)state;
    ec_rng rng;
    size_t large = 0, bonds = 0, leading = 0;

    ec_rng_seed(&rng, check_seed());
    for (size_t i = 0; i < check_count(400); i++) {
        ec_arch arch;
        ec_network *net;
        ec_cut by_igraph, cut;
        ec_error err = {.status = EC_OK};

        describe_random(&arch, i % 20 == 0 ? 1500 : 60, &rng);
        ec_sites a = describe_random_sides(arch.n_sites, &rng);
        large += arch.n_sites > 500;
        leading += ec_level_window(&arch.levels[0]) > 1;
        for (size_t l = 1; l < arch.n_levels; l++)
            bonds += ec_level_window(&arch.levels[l]) == 1;
        cut = tree_cut(&arch, &a);
        assert_ok(ec_network_from_arch(&net, &arch, NULL, &err), &err);
        assert_ok(ec_bound_min_cut_igraph(&by_igraph, net, &a, NULL, &err), &err);
        assert_int_equal(ec_int_cmp(&cut.rank, &by_igraph.rank), 0);
        assert_certificate(&cut, &arch, &a);
        assert_certificate(&by_igraph, &arch, &a);
        ec_network_free(net);
        ec_cut_clear(&by_igraph);
        ec_cut_clear(&cut);
        ec_sites_clear(&a);
        convac_clear(&arch);
    }
    print_message("%zu large, %zu bonds, %zu leading pools\n", large, bonds, leading);
    assert_true(large >= 5 && bonds >= 50 && leading >= 50);
}

static void transposed_partition_has_the_same_cut(void **state)
{
    (void)state;
    ec_rng rng;

    ec_rng_seed(&rng, check_seed());
    for (size_t i = 0; i < check_count(200); i++) {
        ec_arch arch;
        ec_cut cut, back;

        describe_random(&arch, 200, &rng);
        ec_sites a = describe_random_sides(arch.n_sites, &rng), b;
        assert_ok(ec_sites_init(&b, arch.n_sites, NULL), NULL);
        for (size_t s = 0; s < arch.n_sites; s++)
            if (!ec_sites_has(&a, s))
                ec_sites_add(&b, s);
        cut = tree_cut(&arch, &a);
        back = tree_cut(&arch, &b);
        assert_int_equal(ec_int_cmp(&cut.rank, &back.rank), 0);
        ec_cut_clear(&cut);
        ec_cut_clear(&back);
        ec_sites_clear(&a);
        ec_sites_clear(&b);
        convac_clear(&arch);
    }
}

/* --------------------------------------------------------------- single cases */

static void assert_case(const char *text, const char *sides, const char *rank)
{
    oracle_case c;
    ec_cut cut;

    oracle_case_parse(&c, text, sides);
    cut = tree_cut(c.arch, &c.a);
    assert_int(&cut.rank, rank);
    assert_certificate(&cut, c.arch, &c.a);
    ec_cut_clear(&cut);
    oracle_case_clear(&c);
}

static void copy_index_of_four_children_is_cut_once(void **state)
{
    (void)state;
    assert_case("name: one window\n"
                "input: {shape: [4], channels: 2}\n"
                "layers: [{conv: {channels: 2}}, {pool: {window: 4}}, {dense: {outputs: 1}}]\n",
                "AABB", "2");
}

static void window_of_three_has_min_cut_8(void **state)
{
    (void)state;
    assert_case("name: gap\n"
                "input: {shape: [9], channels: 2}\n"
                "layers:\n"
                "  - conv: {channels: 3, shared: false}\n"
                "  - pool: {window: 3}\n"
                "  - conv: {channels: 2, shared: false}\n"
                "  - pool: {window: 3}\n"
                "  - dense: {outputs: 1}\n",
                "BAABBBAAB", "8");
}

static void sites_pooled_at_once_are_cut_at_their_one_index(void **state)
{
    (void)state;
    assert_case("name: pool\n"
                "input: {shape: [3], channels: 7}\n"
                "layers: [{pool: {window: 3}}, {dense: {outputs: 2}}]\n",
                "ABA", "7");
    assert_case("name: width one\n"
                "input: {shape: [4], channels: 7}\n"
                "layers: [{conv: {channels: 1}}, {pool: {window: 4}}, {dense: {outputs: 2}}]\n",
                "ABAB", "1");
}

static void million_sites_are_quick(void **state)
{
    (void)state;
    static const uint32_t width[20] = {7, 6, 7, 6, 7, 6, 7, 6, 7, 6, 7, 6, 7, 6, 7, 6, 7, 6, 7, 6};
    describe_uniform u = {false, 2, 20, 10, width, true};
    ec_arch *arch = describe_uniform_arch(&u);
    ec_sites a = describe_sides(arch, "interleaved");
    ec_run run = EC_RUN_INIT;
    ec_int expected = {0};
    ec_cut cut;
    ec_error err = {.status = EC_OK};

    run.memory_bytes = 64 << 20;
    assert_ok(ec_bound_min_cut_tree(&cut, arch, &a, false, &run, &err), &err);
    ec_int_pow_u64(&expected, 7, 524288);
    assert_int_equal(ec_int_cmp(&cut.rank, &expected), 0);
    assert_int_equal(cut.n_layers, 1);
    assert_string_equal(cut.layers[0].name, "r0");
    assert_int_equal(cut.factors[0].count, 524288);
    assert_null(cut.side_a);
    ec_int_clear(&expected);
    ec_cut_clear(&cut);
    ec_sites_clear(&a);
    ec_arch_free(arch);
}

static void work_beyond_the_memory_limit_is_refused(void **state)
{
    (void)state;
    static const uint32_t width[20] = {2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2};
    describe_uniform u = {false, 2, 20, 2, width, true};
    ec_arch *arch = describe_uniform_arch(&u);
    ec_sites a = describe_sides(arch, "interleaved");
    ec_run run = EC_RUN_INIT;
    ec_cut cut;
    ec_error err = {.status = EC_OK};

    run.memory_bytes = 1 << 20;
    assert_int_equal(ec_bound_min_cut_tree(&cut, arch, &a, true, &run, &err), EC_ELIMIT);
    assert_non_null(strstr(err.msg, "tree recursion: needs about"));
    ec_cut_clear(&cut);
    ec_sites_clear(&a);
    ec_arch_free(arch);
}

static void what_is_no_tree_or_no_partition_is_refused(void **state)
{
    (void)state;
    oracle_case c;
    ec_cut cut;
    ec_error err = {.status = EC_OK};

    oracle_case_parse(&c,
                      "name: listed\n"
                      "network: {indices: {a: 2, b: 2}, tensors: {T: [a, b]}, open: [a, b]}\n",
                      "AB");
    assert_int_equal(ec_bound_min_cut_tree(&cut, c.arch, &c.a, true, NULL, &err), EC_EINVAL);
    assert_string_equal(err.msg, "the tree recursion is for descriptions with layers, 'listed' is "
                                 "a network");
    oracle_case_clear(&c);
    err = (ec_error){.status = EC_OK};
    oracle_case_parse(&c,
                      "name: t\ninput: {shape: [2], channels: 2}\n"
                      "layers: [{pool: {window: 2}}, {dense: {outputs: 1}}]\n",
                      "BB");
    assert_int_equal(ec_bound_min_cut_tree(&cut, c.arch, &c.a, true, NULL, &err), EC_EINVAL);
    assert_string_equal(err.msg, "side A holds none of the 2 sites, both sides need one");
    oracle_case_clear(&c);
}

static ec_status cut_and_clear(void *arg, ec_error *err)
{
    const oracle_case *c = arg;
    ec_cut cut;
    ec_status status = ec_bound_min_cut_tree(&cut, c->arch, &c->a, true, NULL, err);

    ec_cut_clear(&cut);
    return status;
}

static void tree_recursion_survives_failing_allocations(void **state)
{
    (void)state;
    oracle_case c;

    oracle_case_parse(&c,
                      "name: t\ninput: {shape: [8], channels: 2}\n"
                      "layers: [{conv: {channels: 3}}, {pool: {window: 2}}, {conv: {channels: 4}}, "
                      "{pool: {window: 4}}, {dense: {outputs: 1}}]\n",
                      "ABAABBBA");
    assert_survives_oom(cut_and_clear, &c);
    oracle_case_clear(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scale_partitions_have_their_closed_form),
        cmocka_unit_test(interleaved_has_its_closed_form),
        cmocka_unit_test(left_right_has_its_closed_form),
        cmocka_unit_test(one_block_against_the_rest_has_its_closed_form),
        cmocka_unit_test(single_window_has_its_closed_form),
        cmocka_unit_test(random_trees_agree_with_igraph),
        cmocka_unit_test(transposed_partition_has_the_same_cut),
        cmocka_unit_test(copy_index_of_four_children_is_cut_once),
        cmocka_unit_test(window_of_three_has_min_cut_8),
        cmocka_unit_test(sites_pooled_at_once_are_cut_at_their_one_index),
        cmocka_unit_test(million_sites_are_quick),
        cmocka_unit_test(work_beyond_the_memory_limit_is_refused),
        cmocka_unit_test(what_is_no_tree_or_no_partition_is_refused),
        cmocka_unit_test(tree_recursion_survives_failing_allocations),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
