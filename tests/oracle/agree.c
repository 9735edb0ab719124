/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "oracle/agree.h"

#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "entcap/bound.h"

/* A case at work: what the oracles say of it, and what the library is given. */
typedef struct trial {
    const oracle_case *c;
    oracle_tally *tally;
    oracle_net net;
    ec_network *network;
    ec_run run;
    oracle_cut cut;
    uint64_t rank, upper;
} trial;

/* Fail with the case shown. */
#define AGREE(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            oracle_case_print(t->c);                                                               \
            print_error("rank %llu, min cut %llu\n", (unsigned long long)t->rank,                  \
                        (unsigned long long)t->cut.rank);                                          \
            assert_true(condition);                                                                \
        }                                                                                          \
    } while (0)

/* The certificate of a cut gives its rank, and its layers and factors count the same indices. */
static void check_certificate(const trial *t, const ec_cut *cut)
{
    ec_int value = {.alloc = 0}, product = {.alloc = 0}, power = {.alloc = 0};
    uint64_t *count = calloc(t->net.n_layers, sizeof *count), total = 0;

    assert_non_null(count);
    AGREE(cut->side_a != NULL && cut->n_tensors == t->net.n_tensors);
    oracle_cut_value(&value, count, &t->net, &t->c->a, cut->side_a);
    AGREE(ec_int_cmp(&value, &cut->rank) == 0);
    for (size_t i = 0; i < cut->n_layers; i++) {
        size_t l = 0;
        while (l < t->net.n_layers && strcmp(t->net.layer_name[l], cut->layers[i].name) != 0)
            l++;
        AGREE(l < t->net.n_layers && count[l] == cut->layers[i].count);
        total += cut->layers[i].count;
        count[l] = 0;
    }
    for (size_t l = 0; l < t->net.n_layers; l++)
        AGREE(count[l] == 0);
    ec_int_set_u64(&product, 1);
    for (size_t i = 0; i < cut->n_factors; i++) {
        AGREE(i == 0 || cut->factors[i - 1].dim < cut->factors[i].dim);
        ec_int_pow_u64(&power, cut->factors[i].dim, cut->factors[i].count);
        ec_int_mul(&product, &product, &power);
        total -= cut->factors[i].count;
    }
    AGREE(total == 0 && ec_int_cmp(&product, &cut->rank) == 0);
    free(count);
    ec_int_clear(&value);
    ec_int_clear(&product);
    ec_int_clear(&power);
}

static void check_cuts(trial *t)
{
    ec_cut igraph = {.log2 = 0}, tree = {.log2 = 0};
    ec_error err = {.status = EC_OK};

    assert_ok(ec_bound_min_cut_igraph(&igraph, t->network, &t->c->a, &t->run, &err), &err);
    AGREE(ec_int_cmp_u64(&igraph.rank, t->cut.rank) == 0);
    AGREE(igraph.certified);
    check_certificate(t, &igraph);
    if (!ec_arch_is_network(t->c->arch)) {
        assert_ok(ec_bound_min_cut_tree(&tree, t->c->arch, &t->c->a, true, &t->run, &err), &err);
        AGREE(ec_int_cmp_u64(&tree.rank, t->cut.rank) == 0);
        AGREE(tree.certified);
        check_certificate(t, &tree);
    }
    t->tally->ties += t->cut.n_cuts > 1;
    t->tally->copy_cuts += t->cut.joins > 0;
    ec_cut_clear(&igraph);
    ec_cut_clear(&tree);
}

static void check_shared(trial *t)
{
    bool applies = true, expected = false;
    uint64_t bound = 0;
    ec_int rank = {.alloc = 0};
    ec_error err = {.status = EC_OK};

    t->upper = t->cut.rank;
    if (ec_arch_is_network(t->c->arch))
        return;
    assert_ok(ec_bound_shared(&applies, &rank, t->c->arch, &t->c->a, &t->run, &err), &err);
    expected = oracle_shared_bound(&bound, t->c->arch, &t->c->a);
    AGREE(applies == expected);
    if (applies) {
        AGREE(ec_int_cmp_u64(&rank, bound) == 0);
        AGREE(bound <= t->cut.rank);
        t->tally->shared_smaller += bound < t->cut.rank;
        t->upper = bound;
    }
    ec_int_clear(&rank);
}

static void check_power(trial *t)
{
    bool applies = true, unshared = true;
    uint32_t base = 0, best_base = 0;
    ec_int rank = {.alloc = 0};
    ec_error err = {.status = EC_OK};

    for (size_t l = 0; l < t->c->arch->n_levels; l++)
        unshared = unshared && !t->c->arch->levels[l].shared;
    assert_ok(ec_bound_power(&applies, &rank, &base, t->c->arch, &t->c->a, &t->run, &err), &err);
    AGREE(applies == unshared);
    if (applies) {
        uint64_t bound = oracle_power_bound(&best_base, &t->net, &t->c->a);
        AGREE(ec_int_cmp_u64(&rank, bound) == 0);
        AGREE(base == best_base);
        AGREE(bound <= t->rank);
        t->tally->power_smaller += bound < t->cut.rank;
        t->tally->odd_base += base != 2;
    }
    ec_int_clear(&rank);
}

static void check_generic_rank(trial *t)
{
    ec_generic_rank generic;
    ec_int upper = {.alloc = 0};
    ec_error err = {.status = EC_OK};

    AGREE(t->rank <= t->upper);
    ec_int_set_u64(&upper, t->upper);
    assert_ok(ec_bound_generic_rank(&generic, t->c->arch, &t->c->a,
                                    &(ec_rank_request){&upper, 2048, 1, 0}, &t->run, &err),
              &err);
    AGREE(generic.rank == t->rank);
    AGREE(generic.status == (t->rank == t->upper ? EC_RANK_PROVED : EC_RANK_PROBABLE));
    AGREE(generic.error < 1e-12 && (generic.error == 0) == (generic.status == EC_RANK_PROVED));
    t->tally->gaps += t->rank < t->upper;
    ec_int_clear(&upper);
}

/* The library's sets of layers as bit sets, ascending like the oracle's. */
static void sort_sets(uint64_t *sets, const trial *t, const ec_bottleneck *bottleneck)
{
    for (size_t i = 0; i < bottleneck->n_sets; i++) {
        uint64_t set = 0;
        size_t at = i;
        for (size_t k = bottleneck->set_start[i]; k < bottleneck->set_start[i + 1]; k++)
            for (size_t l = 0; l < t->net.n_layers; l++)
                if (strcmp(t->net.layer_name[l], bottleneck->name[k]) == 0)
                    set |= (uint64_t)1 << l;
        for (; at > 0 && sets[at - 1] > set; at--)
            sets[at] = sets[at - 1];
        sets[at] = set;
    }
}

static void check_bottleneck(trial *t)
{
    enum { MAX_SETS = 64 };
    uint64_t expected[MAX_SETS], found[MAX_SETS];
    ec_bound_options options = EC_BOUND_OPTIONS_INIT;
    ec_bound bound;
    ec_error err = {.status = EC_OK};
    size_t n = oracle_bottleneck(expected, MAX_SETS, t->c->arch, &t->c->a);

    options.network = t->network;
    assert_ok(ec_bound_compute(&bound, t->c->arch, &t->c->a, &options, &t->run, &err), &err);
    AGREE(ec_int_cmp_u64(bound.rank, t->upper) == 0);
    assert_true(bound.bottleneck.n_sets <= MAX_SETS);
    sort_sets(found, t, &bound.bottleneck);
    if (bound.bottleneck.n_sets != n || !bound.bottleneck.complete) {
        for (size_t i = 0; i < n; i++)
            print_error("expected bottleneck %llx\n", (unsigned long long)expected[i]);
        for (size_t i = 0; i < bound.bottleneck.n_sets; i++)
            print_error("found bottleneck %llx\n", (unsigned long long)found[i]);
    }
    AGREE(bound.bottleneck.complete && bound.bottleneck.n_sets == n);
    AGREE(memcmp(found, expected, n * sizeof *found) == 0);
    t->tally->bottlenecks++;
    ec_bound_clear(&bound);
}

static void count_form(trial *t)
{
    const ec_arch *arch = t->c->arch;
    size_t window = 0, shared = 0, unshared = 0;
    bool mixed = false;

    for (size_t l = 0; l < arch->n_levels; l++) {
        size_t p = ec_level_window(&arch->levels[l]);
        mixed = mixed || (p > 1 && window > 1 && p != window);
        window = p > 1 ? p : window;
        shared += arch->levels[l].shared;
        unshared += !arch->levels[l].shared && ec_level_positions(&arch->levels[l]) > 1;
    }
    t->tally->cases++;
    t->tally->mixed_windows += mixed;
    t->tally->partly_shared += shared > 0 && unshared > 0;
}

void oracle_agree(oracle_tally *tally, const oracle_case *c, bool bottleneck)
{
    trial at = {.c = c, .tally = tally, .run = EC_RUN_INIT}, *t = &at;
    ec_error err = {.status = EC_OK};

    t->run.seed = c->seed;
    oracle_net_make(&t->net, c->arch);
    assert_ok(ec_network_from_arch(&t->network, c->arch, &t->run, &err), &err);
    t->cut = oracle_min_cut(&t->net, &c->a);
    t->rank = oracle_rank(c->arch, &c->a, c->seed);
    check_cuts(t);
    check_shared(t);
    check_power(t);
    check_generic_rank(t);
    if (bottleneck)
        check_bottleneck(t);
    count_form(t);
    ec_network_free(t->network);
    oracle_net_clear(&t->net);
}

/* ------------------------------------------------------------------- plans */

typedef struct phenomenon {
    const char *name;
    size_t found, per_1000;
} phenomenon;

/* Print how often each phenomenon occurred, and demand that it was often enough. */
static void report(const oracle_plan *plan, const oracle_tally *n)
{
    static const char *const sharing[] = {"unshared", "shared", "partly shared"};
    const oracle_tally *least = &plan->at_least;
    const phenomenon rows[] = {
        {"gaps", n->gaps, least->gaps},
        {"ties", n->ties, least->ties},
        {"shared < min cut", n->shared_smaller, least->shared_smaller},
        {"power < min cut", n->power_smaller, least->power_smaller},
        {"bases other than 2", n->odd_base, least->odd_base},
        {"cut copy indices", n->copy_cuts, least->copy_cuts},
        {"mixed windows", n->mixed_windows, least->mixed_windows},
        {"partly shared", n->partly_shared, least->partly_shared},
        {"bottlenecks", n->bottlenecks, least->bottlenecks},
    };
    bool enough = true;

    print_message("%s, %s: %zu cases", oracle_stratum_name[plan->stratum], sharing[plan->sharing],
                  n->cases);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        size_t floor = rows[i].per_1000 * n->cases / 1000;
        print_message(", %zu %s", rows[i].found, rows[i].name);
        if (n->cases < 200 || rows[i].found >= floor) /* few cases make no statistics */
            continue;
        print_error("\n%zu expected, found: %zu %s", floor, rows[i].found, rows[i].name);
        enough = false;
    }
    print_message("\n");
    assert_true(enough);
}

void oracle_run_plan(void **state)
{
    const oracle_plan *plan = *state;
    oracle_tally tally = {.cases = 0};
    size_t cases = check_count(plan->cases);
    uint64_t seed = check_seed() * 1000 + plan->stratum * 10u + plan->sharing;

    for (size_t i = 0; i < cases; i++) {
        oracle_case c;
        oracle_case_make(&c, plan->stratum, plan->sharing, seed * 1000000 + i);
        oracle_agree(&tally, &c, i % ORACLE_BOTTLENECK_EVERY == 0);
        oracle_case_clear(&c);
    }
    report(plan, &tally);
}
