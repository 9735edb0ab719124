/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The integral flow that min cut and power bound stand on. */
#include "check.h"

#include "bound/bound_i.h"
#include "describe.h"
#include "oracle/oracle.h"

#include <pthread.h>

static const char chain[] = "name: chain\n"
                            "network:\n"
                            "  indices: {a: 2, b: 2, c: 2, d: 2}\n"
                            "  tensors: {S: [a, b], M: [b, c], T: [c, d]}\n"
                            "  open: [a, d]\n";

static ec_status flow_of(ec_flow *flow, const char *text, const char *sides,
                         const uint64_t *capacity, ec_error *err)
{
    oracle_case c;
    ec_network *net;
    ec_status status;

    oracle_case_parse(&c, text, sides);
    assert_ok(ec_network_from_arch(&net, c.arch, NULL, err), err);
    status = ec_bound_flow(flow, net, capacity, &c.a, NULL, err);
    ec_network_free(net);
    oracle_case_clear(&c);
    return status;
}

static void assert_flow(const char *text, const char *sides, const uint64_t *capacity,
                        uint64_t value)
{
    ec_flow flow;
    ec_error err = {.status = EC_OK};

    assert_ok(flow_of(&flow, text, sides, capacity, &err), &err);
    assert_true(flow.value == value);
    assert_true((flow.side_a == NULL) == (value == EC_FLOW_UNCUTTABLE));
    ec_free(flow.side_a);
}

static void smallest_capacity_of_a_chain_is_its_flow(void **state)
{
    (void)state;
    assert_flow(chain, "AB", (uint64_t[]){9, 5, 7, 9}, 5);
    assert_flow(chain, "BA", (uint64_t[]){9, 8, 7, 9}, 7);
    assert_flow(chain, "AB", (uint64_t[]){9, 0, 7, 9}, 0);
    assert_flow(chain, "AB", (uint64_t[]){9, EC_FLOW_MAX / 2, 7, 9}, 7);
}

static void uncuttable_index_moves_the_cut_elsewhere(void **state)
{
    (void)state;
    assert_flow(chain, "AB", (uint64_t[]){9, EC_FLOW_UNCUTTABLE, 7, 9}, 7);
    assert_flow(chain, "AB",
                (uint64_t[]){EC_FLOW_UNCUTTABLE, EC_FLOW_UNCUTTABLE, EC_FLOW_UNCUTTABLE, 9}, 9);
    assert_flow(chain, "AB",
                (uint64_t[]){EC_FLOW_UNCUTTABLE, EC_FLOW_UNCUTTABLE, EC_FLOW_UNCUTTABLE,
                             EC_FLOW_UNCUTTABLE},
                EC_FLOW_UNCUTTABLE);
}

/* One index that opens on both sides is cut whatever the tensors do. */
static void index_of_both_sides_is_always_cut(void **state)
{
    (void)state;
    static const char pool[] = "name: pool\n"
                               "input: {shape: [2], channels: 7}\n"
                               "layers: [{pool: {window: 2}}, {dense: {outputs: 2}}]\n";

    assert_flow(pool, "AB", (uint64_t[]){7}, 7);
    assert_flow(pool, "AB", (uint64_t[]){EC_FLOW_UNCUTTABLE}, EC_FLOW_UNCUTTABLE);
}

static void hyperedge_lets_its_capacity_through_once(void **state)
{
    (void)state;
    static const char star[] = "name: star\n"
                               "network:\n"
                               "  indices: {a: 2, b: 2, c: 2, d: 2, hub: 2}\n"
                               "  tensors: {S: [a, hub], T: [b, hub], U: [c, hub], V: [d, hub]}\n"
                               "  open: [a, b, c, d]\n";

    assert_flow(star, "AABB", (uint64_t[]){9, 9, 9, 9, 5}, 5);
    assert_flow(star, "AABB", (uint64_t[]){1, 2, 9, 9, 5}, 3);
    assert_flow(star, "ABAB", (uint64_t[]){9, 9, 9, 9, EC_FLOW_UNCUTTABLE}, 18);
}

static void capacities_beyond_exact_doubles_are_refused(void **state)
{
    (void)state;
    ec_flow flow;
    ec_error err = {.status = EC_OK};

    assert_int_equal(flow_of(&flow, chain, "AB", (uint64_t[]){EC_FLOW_MAX, 1, 1, 1}, &err),
                     EC_ELIMIT);
    assert_string_equal(err.msg,
                        "max flow: capacities sum up to 2251799813685251, at most 2^51 is exact");
    assert_null(flow.side_a);
}

/* igraph is not thread-safe: without the lock this aborts more often than not. */
static void *many_flows(void *arg)
{
    const ec_arch *arch = arg;
    ec_sites a = describe_sides(arch, "left-right");
    uint64_t capacity[1024];
    ec_network *net = NULL;
    size_t right = 0;

    for (size_t e = 0; e < 1024; e++)
        capacity[e] = 7;
    if (ec_network_from_arch(&net, arch, NULL, NULL) != EC_OK || net->n_indices > 1024)
        return NULL;
    for (int i = 0; i < 100; i++) {
        ec_flow flow = {.value = 0};
        if (ec_bound_flow(&flow, net, capacity, &a, NULL, NULL) == EC_OK)
            right += flow.value == 7;
        ec_free(flow.side_a);
    }
    ec_network_free(net);
    ec_sites_clear(&a);
    return right == 100 ? arg : NULL;
}

static void threads_take_turns(void **state)
{
    (void)state;
    static const uint32_t width[] = {3, 3, 3, 3, 3, 3, 3, 3};
    describe_uniform u = {false, 2, 8, 3, width, false};
    ec_arch *arch = describe_uniform_arch(&u);
    pthread_t thread[4];

    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, many_flows, arch), 0);
    for (int i = 0; i < 4; i++) {
        void *result;
        assert_int_equal(pthread_join(thread[i], &result), 0);
        assert_non_null(result);
    }
    ec_arch_free(arch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(smallest_capacity_of_a_chain_is_its_flow),
        cmocka_unit_test(uncuttable_index_moves_the_cut_elsewhere),
        cmocka_unit_test(index_of_both_sides_is_always_cut),
        cmocka_unit_test(hyperedge_lets_its_capacity_through_once),
        cmocka_unit_test(capacities_beyond_exact_doubles_are_refused),
        cmocka_unit_test(threads_take_turns),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
