/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The min cut of any network, by igraph. */
#include "check.h"
#include "describe.h"

#include "entcap/bound.h"
#include "oracle/convac.h"
#include "oracle/oracle.h"

#include <stdio.h>
#include <string.h>

static void cut_case(ec_cut *cut, const oracle_case *c)
{
    ec_network *net;
    ec_error err = {.status = EC_OK};

    assert_ok(ec_network_from_arch(&net, c->arch, NULL, &err), &err);
    assert_ok(ec_bound_min_cut_igraph(cut, net, &c->a, NULL, &err), &err);
    ec_network_free(net);
}

/* Rank, certificate and counts, the latter by an oracle that shares no code with the bound. */
static void assert_certificate(const ec_cut *cut, const oracle_case *c)
{
    oracle_net net;
    ec_int rank = {0};
    uint64_t count[64];
    size_t listed = 0;

    oracle_net_make(&net, c->arch);
    assert_int_equal(cut->n_tensors, net.n_tensors);
    assert_true(net.n_layers <= 64);
    oracle_cut_value(&rank, count, &net, &c->a, cut->side_a);
    assert_int_equal(ec_int_cmp(&rank, &cut->rank), 0);
    for (size_t l = 0; l < net.n_layers; l++) {
        if (count[l] == 0)
            continue;
        assert_true(listed < cut->n_layers);
        assert_string_equal(cut->layers[listed].name, net.layer_name[l]);
        assert_int_equal(cut->layers[listed++].count, count[l]);
    }
    assert_int_equal(listed, cut->n_layers);
    ec_int_clear(&rank);
    oracle_net_clear(&net);
}

static void assert_min_cut(const char *text, const char *sides, const char *rank)
{
    oracle_case c;
    ec_cut cut;

    oracle_case_parse(&c, text, sides);
    cut_case(&cut, &c);
    assert_int(&cut.rank, rank);
    assert_true(cut.certified);
    assert_close(cut.log2, ec_int_log2(&cut.rank), 0);
    assert_certificate(&cut, &c);
    ec_cut_clear(&cut);
    oracle_case_clear(&c);
}

static const char bridge[] = "name: bridge\n"
                             "network:\n"
                             "  indices: {a: 4, b: 11, w: 3, c: 4, d: 11}\n"
                             "  tensors: {T: [a, b, w], U: [c, d, w]}\n"
                             "  open: [a, b, c, d]\n";

static void bridge_network_has_44(void **state)
{
    (void)state;
    assert_min_cut(bridge, "ABBA", "44");
    assert_min_cut(bridge, "BAAB", "44");
    assert_min_cut(bridge, "AABB", "3");
}

static void copy_index_of_four_children_is_cut_once(void **state)
{
    (void)state;
    assert_min_cut("name: one window\n"
                   "input: {shape: [4], channels: 2}\n"
                   "layers: [{conv: {channels: 2}}, {pool: {window: 4}}, {dense: {outputs: 1}}]\n",
                   "AABB", "2");
}

static void window_of_three_has_min_cut_8(void **state)
{
    (void)state;
    assert_min_cut("name: gap\n"
                   "input: {shape: [9], channels: 2}\n"
                   "layers:\n"
                   "  - conv: {channels: 3, shared: false}\n"
                   "  - pool: {window: 3}\n"
                   "  - conv: {channels: 2, shared: false}\n"
                   "  - pool: {window: 3}\n"
                   "  - dense: {outputs: 1}\n",
                   "BAABBBAAB", "8");
}

static void parts_that_nothing_joins_have_cut_1(void **state)
{
    (void)state;
    assert_min_cut("name: apart\n"
                   "network: {indices: {a: 5, b: 7}, tensors: {T: [a], U: [b]}, open: [a, b]}\n",
                   "AB", "1");
}

static void index_of_dimension_1_costs_nothing(void **state)
{
    (void)state;
    assert_min_cut("name: ones\n"
                   "network:\n"
                   "  indices: {a: 5, b: 7, one: 1, two: 1}\n"
                   "  tensors: {T: [a, one, two], U: [b, one, two]}\n"
                   "  open: [a, b]\n",
                   "AB", "1");
    assert_min_cut("name: all ones\n"
                   "network: {indices: {a: 1, b: 1}, tensors: {T: [a, b]}, open: [a, b]}\n",
                   "AB", "1");
}

static void single_tensor_is_cut_at_its_smaller_side(void **state)
{
    (void)state;
    assert_min_cut("name: single\n"
                   "network:\n"
                   "  indices: {a: 3, b: 5, c: 7, free: 2}\n"
                   "  tensors: {T: [a, b, c, free]}\n"
                   "  open: [a, b, c]\n",
                   "ABA", "5");
}

static void sites_of_one_leading_window_are_cut_together(void **state)
{
    (void)state;
    const char *text = "name: leading\n"
                       "input: {shape: [4], channels: 3}\n"
                       "layers:\n"
                       "  - pool: {window: 2}\n"
                       "  - conv: {channels: 20}\n"
                       "  - pool: {window: 2}\n"
                       "  - dense: {outputs: 1}\n";

    assert_min_cut(text, "ABAB", "9"); /* both indices of dimension 3 are cut whatever happens */
    assert_min_cut(text, "AABB", "3");
}

/* a b < c d by one part in 10^12: rounding at a coarse scale returns 10^12. */
static void near_tie_is_told_apart(void **state)
{
    (void)state;
    assert_min_cut("name: tie\n"
                   "network:\n"
                   "  indices: {s: 1048576, t: 1048576, u: 1048576, v: 1048576, a: 999999, "
                   "b: 1000001, c: 1000000, d: 1000000}\n"
                   "  tensors: {S: [s, t, a, b], M: [a, b, c, d], T: [c, d, u, v]}\n"
                   "  open: [s, t, u, v]\n",
                   "AABB", "999999999999");
}

typedef struct text {
    char s[16384];
    size_t n;
} text;

static void put(text *t, const char *fmt, ...) EC_PRINTF(2, 3);
static void put(text *t, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    t->n += (size_t)vsnprintf(t->s + t->n, sizeof t->s - t->n, fmt, args);
    va_end(args);
    assert_true(t->n < sizeof t->s);
}

/* n near ties (x-1)(x+1) < x x side by side, S = M = T, with ends too wide to be cut. */
static ec_arch *parallel_ties(size_t n, unsigned x)
{
    text t = {.n = 0};
    ec_arch *arch;
    ec_error err = {.status = EC_OK};

    put(&t, "name: ties\nnetwork:\n  indices: {");
    for (size_t i = 0; i < n; i++)
        put(&t, "a%zu: %u, b%zu: %u, c%zu: %u, d%zu: %u, ", i, x - 1, i, x + 1, i, x, i, x);
    for (size_t i = 0; i < 2 * n; i++)
        put(&t, "s%zu: 1048576, t%zu: 1048576%s", i, i, i + 1 < 2 * n ? ", " : "}\n");
    put(&t, "  tensors: {S: [");
    for (size_t i = 0; i < n; i++)
        put(&t, "a%zu, b%zu, s%zu, s%zu%s", i, i, 2 * i, 2 * i + 1, i + 1 < n ? ", " : "], M: [");
    for (size_t i = 0; i < n; i++)
        put(&t, "a%zu, b%zu, c%zu, d%zu%s", i, i, i, i, i + 1 < n ? ", " : "], T: [");
    for (size_t i = 0; i < n; i++)
        put(&t, "c%zu, d%zu, t%zu, t%zu%s", i, i, 2 * i, 2 * i + 1, i + 1 < n ? ", " : "]}\n");
    put(&t, "  open: [s0");
    for (size_t i = 1; i < 4 * n; i++)
        put(&t, ", %c%zu", i < 2 * n ? 's' : 't', i % (2 * n));
    put(&t, "]\n");
    assert_ok(ec_arch_parse(&arch, t.s, t.n, "ties", &err), &err);
    return arch;
}

/* Whatever comes out, a cut that is not the smallest must not be called certified. Twenty ties of
 * 683695 are rounded the wrong way round at every scale that is tried, of 657267 at the first. */
static void many_near_ties_are_solved_or_left_uncertified(void **state)
{
    (void)state;
    static const struct {
        unsigned n, x;
        bool certified;
    } ties[] = {{1, 1000000, true}, {2, 1000000, true}, {20, 657267, true}, {20, 683695, false}};

    for (size_t i = 0; i < sizeof ties / sizeof *ties; i++) {
        oracle_case c = {.arch = parallel_ties(ties[i].n, ties[i].x)};
        ec_int minimum = {0};
        ec_cut cut;
        int order;

        assert_ok(ec_sites_init(&c.a, c.arch->n_sites, NULL), NULL);
        for (size_t s = 0; s < c.arch->n_sites / 2; s++)
            ec_sites_add(&c.a, s);
        cut_case(&cut, &c);
        ec_int_pow_u64(&minimum, (uint64_t)ties[i].x * ties[i].x - 1, ties[i].n);
        order = ec_int_cmp(&cut.rank, &minimum);
        assert_true(cut.certified ? order == 0 : order > 0);
        assert_int_equal(cut.certified, ties[i].certified);
        ec_int_clear(&minimum);
        ec_cut_clear(&cut);
        oracle_case_clear(&c);
    }
}

/* 982470 938965 974147 and 957439 925003 1014703 differ by 1 in 9 10^17, which long doubles cannot
 * see: only the integers themselves can. */
static void tie_beyond_logarithms_is_not_certified_falsely(void **state)
{
    (void)state;
    oracle_case c;
    ec_int minimum = {0};
    ec_cut cut;

    oracle_case_parse(&c,
                      "name: consecutive\n"
                      "network:\n"
                      "  indices: {s: 1048576, t: 1048576, u: 1048576, v: 1048576, w: 1048576, "
                      "x: 1048576, y: 1048576, z: 1048576,\n"
                      "    a: 982470, b: 938965, c: 974147, d: 957439, e: 925003, f: 1014703}\n"
                      "  tensors: {S: [s, t, u, v, a, b, c], M: [a, b, c, d, e, f], "
                      "T: [d, e, f, w, x, y, z]}\n"
                      "  open: [s, t, u, v, w, x, y, z]\n",
                      "AAAABBBB");
    ec_int_set_u64(&minimum, UINT64_C(982470) * 938965);
    ec_int_mul_u64(&minimum, &minimum, 974147);
    cut_case(&cut, &c);
    assert_true(!cut.certified || ec_int_cmp(&cut.rank, &minimum) == 0);
    ec_int_clear(&minimum);
    ec_cut_clear(&cut);
    oracle_case_clear(&c);
}

/* Small networks of every kind against all cuts, with certificates. */
static void random_networks_agree_with_all_cuts(void **state)
{
    (void)state;
    for (size_t i = 0; i < check_count(400); i++) {
        oracle_case c;
        oracle_net net;
        ec_cut cut, back;

        oracle_case_make(&c, (oracle_stratum)(i % ORACLE_N_STRATA), ORACLE_UNSHARED,
                         check_seed() + i);
        oracle_net_make(&net, c.arch);
        cut_case(&cut, &c);
        if (ec_int_get_u64(&cut.rank) != oracle_min_cut(&net, &c.a).rank || !cut.certified)
            oracle_case_print(&c);
        assert_int_equal(ec_int_get_u64(&cut.rank), oracle_min_cut(&net, &c.a).rank);
        assert_true(cut.certified);
        assert_certificate(&cut, &c);
        for (size_t s = 0; s < c.a.n; s++) { /* transposing changes nothing */
            if (ec_sites_has(&c.a, s))
                ec_sites_remove(&c.a, s);
            else
                ec_sites_add(&c.a, s);
        }
        cut_case(&back, &c);
        assert_int_equal(ec_int_cmp(&cut.rank, &back.rank), 0);
        ec_cut_clear(&cut);
        ec_cut_clear(&back);
        oracle_net_clear(&net);
        oracle_case_clear(&c);
    }
}

static void sides_that_make_no_partition_are_refused(void **state)
{
    (void)state;
    oracle_case c;
    ec_network *net;
    ec_sites a;
    ec_cut cut;
    ec_error err = {.status = EC_OK};

    oracle_case_parse(&c, bridge, "AAAA");
    assert_ok(ec_network_from_arch(&net, c.arch, NULL, &err), &err);
    assert_int_equal(ec_bound_min_cut_igraph(&cut, net, &c.a, NULL, &err), EC_EINVAL);
    assert_string_equal(err.msg, "side A holds all of the 4 sites, both sides need one");
    err = (ec_error){.status = EC_OK};
    assert_ok(ec_sites_init(&a, 4, NULL), NULL);
    assert_int_equal(ec_bound_min_cut_igraph(&cut, net, &a, NULL, &err), EC_EINVAL);
    assert_string_equal(err.msg, "side A holds none of the 4 sites, both sides need one");
    ec_sites_clear(&a);
    err = (ec_error){.status = EC_OK};
    assert_ok(ec_sites_init(&a, 5, NULL), NULL);
    assert_int_equal(ec_bound_min_cut_igraph(&cut, net, &a, NULL, &err), EC_EINVAL);
    assert_string_equal(err.msg, "side A is drawn from 5 sites, the network has 4");
    ec_sites_clear(&a);
    ec_network_free(net);
    oracle_case_clear(&c);
}

static void graph_beyond_the_memory_limit_is_refused(void **state)
{
    (void)state;
    oracle_case c;
    ec_network *net;
    ec_run run = EC_RUN_INIT;
    ec_cut cut;
    ec_error err = {.status = EC_OK};

    oracle_case_parse(&c, bridge, "ABBA");
    assert_ok(ec_network_from_arch(&net, c.arch, NULL, &err), &err);
    run.memory_bytes = 1000;
    assert_int_equal(ec_bound_min_cut_igraph(&cut, net, &c.a, &run, &err), EC_ELIMIT);
    assert_non_null(strstr(err.msg, "max flow: needs about"));
    ec_cut_clear(&cut);
    ec_network_free(net);
    oracle_case_clear(&c);
}

/* What is refused by the architecture alone, would be refused by its max flow. The estimates differ
   by the arcs of the sites, which depend on their sides. */
static void refusals_before_lowering_are_no_others(void **state)
{
    (void)state;
    ec_rng rng;

    ec_rng_seed(&rng, check_seed());
    for (size_t i = 0; i < check_count(200); i++) {
        ec_arch arch;
        ec_network *net;
        ec_run run = EC_RUN_INIT;
        ec_cut cut;
        ec_error err = {.status = EC_OK};
        size_t refused = 0, granted = 1 << 24;

        describe_random(&arch, 64, &rng);
        ec_sites a = describe_random_sides(arch.n_sites, &rng);
        while (granted - refused > 1) { /* the estimate is between these bytes */
            run.memory_bytes = refused + (granted - refused) / 2;
            *(ec_bound_reserve_flow(&arch, &run, NULL) == EC_OK ? &granted : &refused) =
                run.memory_bytes;
        }
        assert_true(granted >= 100 * ec_level_positions(&arch.levels[0]));
        run.memory_bytes = refused;
        assert_ok(ec_network_from_arch(&net, &arch, NULL, &err), &err);
        assert_int_equal(ec_bound_min_cut_igraph(&cut, net, &a, &run, &err), EC_ELIMIT);
        assert_non_null(strstr(err.msg, "max flow: needs about"));
        ec_cut_clear(&cut);
        ec_network_free(net);
        ec_sites_clear(&a);
        convac_clear(&arch);
    }
}

static bool stop(void *arg, const char *what, double done, double total)
{
    (void)arg, (void)what, (void)done, (void)total;
    return false;
}

static void search_stops_on_request(void **state)
{
    (void)state;
    oracle_case c;
    ec_network *net;
    ec_run run = EC_RUN_INIT;
    ec_cut cut;
    ec_error err = {.status = EC_OK};

    oracle_case_parse(&c, bridge, "ABBA");
    assert_ok(ec_network_from_arch(&net, c.arch, NULL, &err), &err);
    run.progress = stop;
    assert_int_equal(ec_bound_min_cut_igraph(&cut, net, &c.a, &run, &err), EC_ECANCEL);
    ec_network_free(net);
    oracle_case_clear(&c);
}

static ec_status cut_and_clear(void *arg, ec_error *err)
{
    const oracle_case *c = arg;
    ec_network *net = NULL;
    ec_cut cut = {.n_factors = 0};
    ec_status status = ec_network_from_arch(&net, c->arch, NULL, err);

    if (status == EC_OK)
        status = ec_bound_min_cut_igraph(&cut, net, &c->a, NULL, err);
    ec_cut_clear(&cut);
    ec_network_free(net);
    return status;
}

static void min_cut_survives_failing_allocations(void **state)
{
    (void)state;
    oracle_case c;

    oracle_case_parse(&c, bridge, "ABBA");
    assert_survives_oom(cut_and_clear, &c);
    oracle_case_clear(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bridge_network_has_44),
        cmocka_unit_test(copy_index_of_four_children_is_cut_once),
        cmocka_unit_test(window_of_three_has_min_cut_8),
        cmocka_unit_test(parts_that_nothing_joins_have_cut_1),
        cmocka_unit_test(index_of_dimension_1_costs_nothing),
        cmocka_unit_test(single_tensor_is_cut_at_its_smaller_side),
        cmocka_unit_test(sites_of_one_leading_window_are_cut_together),
        cmocka_unit_test(near_tie_is_told_apart),
        cmocka_unit_test(many_near_ties_are_solved_or_left_uncertified),
        cmocka_unit_test(tie_beyond_logarithms_is_not_certified_falsely),
        cmocka_unit_test(random_networks_agree_with_all_cuts),
        cmocka_unit_test(sides_that_make_no_partition_are_refused),
        cmocka_unit_test(graph_beyond_the_memory_limit_is_refused),
        cmocka_unit_test(refusals_before_lowering_are_no_others),
        cmocka_unit_test(search_stops_on_request),
        cmocka_unit_test(min_cut_survives_failing_allocations),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
