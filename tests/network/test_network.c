/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "check.h"

#include "entcap/network.h"
#include "oracle/convac.h"

#include <string.h>

static ec_arch *parse(const char *text)
{
    ec_arch *arch;
    ec_error err = {.status = EC_OK};

    assert_ok(ec_arch_parse(&arch, text, strlen(text), "test.yaml", &err), &err);
    return arch;
}

static ec_network *lower(const ec_arch *arch)
{
    ec_network *net;
    ec_error err = {.status = EC_OK};

    assert_ok(ec_network_from_arch(&net, arch, NULL, &err), &err);
    return net;
}

/* The members of one list of a CSR table are exactly these. */
static void assert_row(const size_t *start, const uint32_t *item, size_t row, size_t n,
                       const uint32_t *expected)
{
    assert_int_equal(start[row + 1] - start[row], n);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(item[start[row] + i], expected[i]);
}

static void four_sites_and_windows_of_two_are_a_tree_of_seven(void **state)
{
    (void)state;
    ec_arch *arch = parse("name: tree\n"
                          "input: {shape: [4], channels: 5}\n"
                          "layers:\n"
                          "  - conv: {channels: 6}\n"
                          "  - pool: {window: 2}\n"
                          "  - conv: {channels: 7}\n"
                          "  - pool: {window: 2}\n"
                          "  - dense: {outputs: 3}\n");
    ec_network *net = lower(arch);
    static const uint32_t dim[] = {5, 5, 5, 5, 6, 6, 7}, layer[] = {0, 0, 0, 0, 1, 1, 2};

    assert_int_equal(net->n_tensors, 7);
    assert_int_equal(net->n_indices, 7);
    assert_int_equal(net->n_layers, 3);
    for (size_t e = 0; e < 7; e++) {
        assert_int_equal(net->dim[e], dim[e]);
        assert_int_equal(net->layer[e], layer[e]);
    }
    assert_string_equal(net->layer_name[0], "input");
    assert_string_equal(net->layer_name[2], "r1");
    assert_row(net->pin_start, net->pin, 2, 1, (uint32_t[]){2});
    assert_row(net->pin_start, net->pin, 5, 3, (uint32_t[]){2, 3, 5});
    assert_row(net->pin_start, net->pin, 6, 3, (uint32_t[]){4, 5, 6});
    assert_row(net->leg_start, net->leg, 1, 2, (uint32_t[]){1, 4});
    assert_row(net->leg_start, net->leg, 4, 2, (uint32_t[]){4, 6});
    assert_row(net->leg_start, net->leg, 6, 1, (uint32_t[]){6}); /* the label never enters */
    for (uint32_t s = 0; s < 4; s++)
        assert_int_equal(net->site_index[s], s);
    ec_network_free(net);
    ec_arch_free(arch);
}

static void windows_of_a_grid_are_blocks(void **state)
{
    (void)state;
    ec_arch *arch = parse("name: grid\n"
                          "input: {shape: [4, 6], channels: 2}\n"
                          "layers:\n"
                          "  - conv: {channels: 3}\n"
                          "  - pool: {window: [2, 3]}\n"
                          "  - conv: {channels: 4}\n"
                          "  - pool: {window: [2, 2]}\n"
                          "  - dense: {outputs: 1}\n");
    ec_network *net = lower(arch);

    /* the 2 x 3 block of rows 2-3, columns 3-5 of 6, and the matrix above it */
    assert_row(net->pin_start, net->pin, net->level_start[1] + 3, 7,
               (uint32_t[]){15, 16, 17, 21, 22, 23, 27});
    assert_int_equal(ec_network_parent(arch, 0, 14), 2);
    assert_int_equal(ec_network_parent(arch, 1, 3), 0);
    assert_int_equal(ec_network_parent(arch, SIZE_MAX, 14), 14);
    ec_network_free(net);
    ec_arch_free(arch);
}

static void leading_pool_joins_the_sites_own_indices(void **state)
{
    (void)state;
    ec_arch *arch = parse("name: leading\n"
                          "input: {shape: [2, 4], channels: 2}\n"
                          "layers:\n"
                          "  - pool: {window: [2, 1]}\n"
                          "  - conv: {channels: 3}\n"
                          "  - pool: {window: [1, 4]}\n"
                          "  - dense: {outputs: 1}\n");
    ec_network *net = lower(arch);
    static const uint32_t site_index[] = {0, 1, 2, 3, 0, 1, 2, 3};

    assert_int_equal(net->n_indices, 5);
    for (size_t s = 0; s < 8; s++)
        assert_int_equal(net->site_index[s], site_index[s]);
    assert_row(net->pin_start, net->pin, 0, 1, (uint32_t[]){0});
    assert_row(net->pin_start, net->pin, 4, 5, (uint32_t[]){0, 1, 2, 3, 4});
    ec_network_free(net);
    ec_arch_free(arch);
}

static void adjacent_convs_are_joined_by_a_bond_of_two_pins(void **state)
{
    (void)state;
    ec_arch *arch = parse("name: bonds\n"
                          "input: {shape: [2], channels: 2}\n"
                          "layers:\n"
                          "  - conv: {channels: 3}\n"
                          "  - conv: {channels: 4}\n"
                          "  - pool: {window: 2}\n"
                          "  - conv: {channels: 5}\n"
                          "  - dense: {outputs: 1}\n");
    ec_network *net = lower(arch);

    assert_row(net->pin_start, net->pin, net->level_start[1] + 1, 2, (uint32_t[]){1, 3});
    assert_row(net->pin_start, net->pin, net->level_start[2], 3, (uint32_t[]){2, 3, 4});
    assert_row(net->pin_start, net->pin, net->level_start[3], 2, (uint32_t[]){4, 5});
    ec_network_free(net);
    ec_arch_free(arch);
}

static void listed_network_keeps_its_order_and_names(void **state)
{
    (void)state;
    ec_arch *arch = parse("name: listed\n"
                          "network:\n"
                          "  indices: {a: 4, hyper: 3, b: 2, loose: 5}\n"
                          "  tensors: {T: [hyper, a], U: [b, hyper], V: [hyper, loose]}\n"
                          "  open: [b, loose, a]\n");
    ec_network *net;

    arch->tensors[2].n_indices = 1; /* the reader refuses an index without a tensor */
    net = lower(arch);

    assert_int_equal(net->n_tensors, 3);
    assert_null(net->level_start);
    assert_row(net->leg_start, net->leg, 0, 2, (uint32_t[]){1, 0});
    assert_row(net->leg_start, net->leg, 1, 2, (uint32_t[]){2, 1});
    assert_row(net->pin_start, net->pin, 1, 3, (uint32_t[]){0, 1, 2});
    assert_row(net->pin_start, net->pin, 3, 0, NULL); /* an open end without a tensor */
    assert_int_equal(net->site_index[0], 2);
    assert_int_equal(net->site_index[1], 3);
    assert_int_equal(net->site_index[2], 0);
    assert_string_equal(net->layer_name[1], "hyper");
    ec_network_free(net);
    ec_arch_free(arch);
}

/* Pins and legs list the same incidences, and every index of a level has its window's pins. */
static void random_trees_are_consistent(void **state)
{
    (void)state;
    ec_rng rng;

    ec_rng_seed(&rng, check_seed());
    for (size_t i = 0; i < check_count(300); i++) {
        ec_arch arch;
        ec_network *net;
        size_t n_incidences = 0;

        convac_random(&arch, 12, &rng);
        net = lower(&arch);
        assert_true(ec_network_bytes(&arch) >= (double)(net->n_tensors * 16));
        for (size_t e = 0; e < net->n_indices; e++) {
            size_t window = net->layer[e] == 0 ? 0 : ec_level_window(&arch.levels[net->layer[e]]);
            assert_int_equal(net->pin_start[e + 1] - net->pin_start[e], window + 1);
            for (size_t k = net->pin_start[e]; k < net->pin_start[e + 1]; k++, n_incidences++) {
                uint32_t v = net->pin[k];
                size_t j = net->leg_start[v];
                while (j < net->leg_start[v + 1] && net->leg[j] != e)
                    j++;
                assert_true(j < net->leg_start[v + 1]);
                assert_true(k == net->pin_start[e] || net->pin[k - 1] < v);
            }
        }
        assert_int_equal(n_incidences, net->leg_start[net->n_tensors]);
        assert_int_equal(net->level_start[arch.n_levels], net->n_tensors);
        ec_network_free(net);
        convac_clear(&arch);
    }
}

static void network_beyond_the_memory_limit_is_refused_before_it_is_made(void **state)
{
    (void)state;
    ec_arch *arch = parse("name: large\n"
                          "input: {shape: [16777216], channels: 2}\n"
                          "layers:\n"
                          "  - conv: {channels: 2}\n"
                          "  - pool: {window: 4096}\n"
                          "  - conv: {channels: 2}\n"
                          "  - pool: {window: 4096}\n"
                          "  - dense: {outputs: 1}\n");
    ec_run run = EC_RUN_INIT;
    ec_network *net;
    ec_error err = {.status = EC_OK};
    long live = ec_memory_live();

    run.memory_bytes = 1 << 20;
    assert_int_equal(ec_network_from_arch(&net, arch, &run, &err), EC_ELIMIT);
    assert_string_equal(err.msg, "network: needs about 704 MiB, the memory limit is 1 MiB");
    assert_null(net);
    assert_int_equal(ec_memory_live(), live);
    ec_arch_free(arch);
}

static ec_status lower_and_free(void *arg, ec_error *err)
{
    ec_network *net;
    ec_status status = ec_network_from_arch(&net, arg, NULL, err);

    ec_network_free(net);
    return status;
}

static void lowering_survives_failing_allocations(void **state)
{
    (void)state;
    ec_arch *tree = parse("name: t\ninput: {shape: [2], channels: 2}\n"
                          "layers: [{conv: {channels: 2}}, {pool: {window: 2}}, "
                          "{dense: {outputs: 1}}]\n");
    ec_arch *listed = parse("name: n\nnetwork: {indices: {a: 2, b: 2}, tensors: {T: [a, b]}, "
                            "open: [a, b]}\n");

    assert_survives_oom(lower_and_free, tree);
    assert_survives_oom(lower_and_free, listed);
    ec_arch_free(tree);
    ec_arch_free(listed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(four_sites_and_windows_of_two_are_a_tree_of_seven),
        cmocka_unit_test(windows_of_a_grid_are_blocks),
        cmocka_unit_test(leading_pool_joins_the_sites_own_indices),
        cmocka_unit_test(adjacent_convs_are_joined_by_a_bond_of_two_pins),
        cmocka_unit_test(listed_network_keeps_its_order_and_names),
        cmocka_unit_test(random_trees_are_consistent),
        cmocka_unit_test(network_beyond_the_memory_limit_is_refused_before_it_is_made),
        cmocka_unit_test(lowering_survives_failing_allocations),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
