/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "describe.h"
#include "entcap/bound.h"
#include "oracle/oracle.h"

/*
 * Certificates of networks that are far too large to enumerate: the side of every tensor must give
 * the cut that is claimed, counted by the oracle, and no change of the sides that is tried may give
 * a smaller one.
 */

static size_t ties_that_differed; /* cuts of the same value with other sides, in all tests */

typedef struct trial {
    ec_arch *arch;
    ec_sites a;
    oracle_net net;
    uint64_t *count; /* per layer, as the oracle counts */
} trial;

static void trial_begin(trial *t, ec_arch *arch, ec_sites a)
{
    *t = (trial){.arch = arch, .a = a};
    oracle_net_make(&t->net, arch);
    t->count = calloc(t->net.n_layers, sizeof *t->count);
    assert_non_null(t->count);
}

static void trial_end(trial *t)
{
    free(t->count);
    oracle_net_clear(&t->net);
    ec_sites_clear(&t->a);
    ec_arch_free(t->arch);
}

static void assert_certificate(const trial *t, const ec_cut *cut)
{
    ec_int value = {.alloc = 0};
    uint64_t claimed = 0, counted = 0;

    assert_int_equal(cut->n_tensors, t->net.n_tensors);
    oracle_cut_value(&value, t->count, &t->net, &t->a, cut->side_a);
    assert_true(ec_int_cmp(&value, &cut->rank) == 0);
    assert_close(cut->log2, ec_int_log2(&value), 1e-9 * cut->log2);
    for (size_t i = 0; i < cut->n_layers; i++)
        claimed += cut->layers[i].count;
    for (size_t l = 0; l < t->net.n_layers; l++)
        counted += t->count[l];
    assert_int_equal(claimed, counted);
    ec_int_clear(&value);
}

/* Move random sets of tensors that hang together to the other side: never a smaller cut. */
static void assert_no_smaller_neighbour(const trial *t, ec_cut *cut, ec_rng *rng)
{
    ec_int value = {.alloc = 0};
    const oracle_net *net = &t->net;

    for (size_t k = 0; k < 200; k++) {
        size_t v = (size_t)ec_rng_below(rng, net->n_tensors), flipped[12], n = 0;
        size_t size = 1 + (size_t)ec_rng_below(rng, 12);
        for (; n < size && v < net->n_tensors; v++) { /* neighbours in number share a window */
            flipped[n++] = v;
            cut->side_a[v] = !cut->side_a[v];
        }
        oracle_cut_value(&value, t->count, net, &t->a, cut->side_a);
        assert_true(ec_int_cmp(&value, &cut->rank) >= 0);
        for (size_t i = 0; i < n; i++)
            cut->side_a[flipped[i]] = !cut->side_a[flipped[i]];
    }
    ec_int_clear(&value);
}

/* However ties are broken, the sides give the same value; returns how many ways differ. */
static size_t check_ties(const trial *t, const ec_cut *cut, ec_rng *rng)
{
    bool *on_tie = calloc(t->arch->n_levels, sizeof *on_tie);
    ec_int value = {.alloc = 0};
    size_t differ = 0;

    assert_non_null(on_tie);
    for (size_t k = 0; k < 4; k++) {
        ec_cut other;

        for (size_t l = 0; l < t->arch->n_levels; l++)
            on_tie[l] = ec_rng_below(rng, 2) == 0;
        assert_ok(ec_bound_min_cut_ties(&other, t->arch, &t->a, &(ec_ties){on_tie, k % 2 == 0},
                                        NULL, NULL),
                  NULL);
        oracle_cut_value(&value, t->count, &t->net, &t->a, other.side_a);
        assert_true(ec_int_cmp(&value, &cut->rank) == 0);
        differ += memcmp(other.side_a, cut->side_a, cut->n_tensors * sizeof *cut->side_a) != 0;
        ec_cut_clear(&other);
    }
    ec_int_clear(&value);
    free(on_tie);
    return differ;
}

/* Returns whether igraph's cut is certified: in a large network its rounding may hide another. */
static bool check_trial(const trial *t, ec_rng *rng)
{
    ec_cut igraph, tree;
    ec_network *network = NULL;
    ec_error err = {.status = EC_OK};
    bool certified;

    assert_ok(ec_network_from_arch(&network, t->arch, NULL, &err), &err);
    assert_ok(ec_bound_min_cut_igraph(&igraph, network, &t->a, NULL, &err), &err);
    assert_certificate(t, &igraph);
    certified = igraph.certified;
    if (certified)
        assert_no_smaller_neighbour(t, &igraph, rng);
    if (!ec_arch_is_network(t->arch)) {
        int difference;
        assert_ok(ec_bound_min_cut_tree(&tree, t->arch, &t->a, true, NULL, &err), &err);
        assert_true(tree.certified);
        assert_certificate(t, &tree);
        assert_no_smaller_neighbour(t, &tree, rng);
        ties_that_differed += check_ties(t, &tree, rng);
        difference = ec_int_cmp(&igraph.rank, &tree.rank);
        assert_true(certified ? difference == 0 : difference >= 0);
        ec_cut_clear(&tree);
    }
    ec_cut_clear(&igraph);
    ec_network_free(network);
    return certified;
}

static void ties_were_broken_in_different_ways(void **state)
{
    (void)state;
    assert_true(ties_that_differed > 0);
}

static void certificates_of_1024_sites_hold(void **state)
{
    (void)state;
    static const char *const sides[] = {"left-right", "interleaved", "block:1:0"};
    ec_rng rng;
    size_t certified = 0;

    ec_rng_seed(&rng, check_seed());
    for (size_t i = 0; i < sizeof sides / sizeof *sides; i++) {
        uint32_t width[5];
        describe_uniform form = {.grid = true, .side = 2, .n = 5, .sites = 10, .width = width};
        trial t;
        ec_arch *arch;
        for (size_t l = 0; l < 5; l++)
            width[l] = 2 + (uint32_t)ec_rng_below(&rng, 40);
        arch = describe_uniform_arch(&form);
        trial_begin(&t, arch, describe_sides(arch, "%s", sides[i]));
        certified += check_trial(&t, &rng);
        trial_end(&t);
    }
    print_message("%zu certified by igraph\n", certified);
    assert_true(certified > 0);
}

static void certificates_of_random_sides_hold(void **state)
{
    (void)state;
    ec_rng rng;

    ec_rng_seed(&rng, check_seed() + 1);
    for (size_t i = 0; i < check_count(3); i++) {
        uint32_t width[10];
        describe_uniform form = {.side = 2 + i % 3 % 2, .n = i % 3 == 1 ? 6 : 10, .width = width};
        trial t;
        ec_arch *arch;
        form.sites = 2 + (uint32_t)ec_rng_below(&rng, 6);
        for (size_t l = 0; l < form.n; l++)
            width[l] = 1 + (uint32_t)ec_rng_below(&rng, 30);
        arch = describe_uniform_arch(&form);
        trial_begin(&t, arch, describe_random_sides(arch->n_sites, &rng));
        check_trial(&t, &rng);
        trial_end(&t);
    }
}

static void certificates_of_networks_with_loops_hold(void **state)
{
    (void)state;
    ec_rng rng;
    size_t certified = 0;

    ec_rng_seed(&rng, check_seed() + 2);
    for (size_t i = 0; i < check_count(5); i++) {
        ec_arch *arch = describe_lattice(4 + 2 * i, 10, 6, &rng);
        trial t;
        trial_begin(&t, arch,
                    i % 2 == 0 ? describe_sides(arch, "left-right")
                               : describe_random_sides(arch->n_sites, &rng));
        certified += check_trial(&t, &rng);
        trial_end(&t);
    }
    print_message("%zu certified by igraph\n", certified);
    assert_true(certified > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(certificates_of_1024_sites_hold),
        cmocka_unit_test(certificates_of_random_sides_hold),
        cmocka_unit_test(certificates_of_networks_with_loops_hold),
        cmocka_unit_test(ties_were_broken_in_different_ways),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
