/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "oracle/oracle.h"

#include "check.h"

/* The oracles themselves: held against results known by construction and against each other. */

static void rank_of_a_product_of_matrices_is_its_inner_dimension(void **state)
{
    (void)state;
    enum { M = 6, N = 9 };
    ec_rng rng;

    ec_rng_seed(&rng, check_seed());
    for (size_t k = 0; k <= M; k++) {
        uint64_t x[M * N] = {0};
        for (size_t i = 0; i < k; i++) { /* a sum of k rank-one matrices, entries below 2^40 */
            uint64_t u[M], v[N];
            for (size_t r = 0; r < M; r++)
                u[r] = ec_rng_below(&rng, 1 << 18);
            for (size_t c = 0; c < N; c++)
                v[c] = ec_rng_below(&rng, 1 << 18);
            for (size_t r = 0; r < M; r++)
                for (size_t c = 0; c < N; c++)
                    x[r * N + c] += u[r] * v[c];
        }
        assert_int_equal(oracle_matrix_rank(x, M, N), k);
    }
}

static void forward_pass_and_summation_give_one_rank(void **state)
{
    (void)state;
    static const oracle_stratum strata[] = {ORACLE_TERNARY, ORACLE_GRID, ORACLE_LEADING,
                                            ORACLE_ADJACENT};
    size_t compared = 0;

    for (size_t i = 0; i < 60; i++) {
        oracle_case c;
        oracle_net net;
        double terms = 1;
        oracle_case_make(&c, strata[i % 4], (oracle_sharing)(i / 4 % 3), check_seed() + i);
        oracle_net_make(&net, c.arch);
        for (size_t e = 0; e < net.n_indices; e++)
            terms *= (double)net.dim[e];
        if (terms < 20000) {
            compared++;
            assert_int_equal(oracle_rank(c.arch, &c.a, i),
                             oracle_rank_by_summation(c.arch, &c.a, i));
        }
        oracle_net_clear(&net);
        oracle_case_clear(&c);
    }
    assert_true(compared >= 15);
}

static const char chain[] = "name: chain of two ties\n"
                            "network:\n"
                            "  indices: {a: 6, b: 4, c: 4, d: 9}\n"
                            "  tensors: {T: [a, b], U: [b, c], V: [c, d]}\n"
                            "  open: [a, d]\n";

static void chain_is_cut_at_either_of_its_equal_bonds(void **state)
{
    (void)state;
    oracle_case c;
    oracle_net net;
    oracle_cut cut;
    uint64_t sets[4];

    oracle_case_parse(&c, chain, "AB");
    oracle_net_make(&net, c.arch);
    cut = oracle_min_cut(&net, &c.a);
    assert_true(cut.rank == 4 && cut.n_cuts == 2 && cut.joins == 0);
    assert_int_equal(oracle_bottleneck(sets, 4, c.arch, &c.a), 1);
    assert_int_equal(sets[0], 6); /* b and c together */
    assert_int_equal(oracle_rank(c.arch, &c.a, 1), 4);
    oracle_net_clear(&net);
    oracle_case_clear(&c);
}

static void certificate_counts_what_it_cuts(void **state)
{
    (void)state;
    oracle_case c;
    oracle_net net;
    ec_int rank = {.alloc = 0};
    uint64_t count[4];

    oracle_case_parse(&c, chain, "AB");
    oracle_net_make(&net, c.arch);
    oracle_cut_value(&rank, count, &net, &c.a, (bool[]){true, false, false});
    assert_int(&rank, "4");
    assert_true(count[0] == 0 && count[1] == 1 && count[2] == 0 && count[3] == 0);
    oracle_cut_value(&rank, count, &net, &c.a, (bool[]){false, true, false}); /* all but d */
    assert_int(&rank, "96");
    ec_int_clear(&rank);
    oracle_net_clear(&net);
    oracle_case_clear(&c);
}

static void copy_index_is_cut_once(void **state)
{
    (void)state;
    oracle_case c;
    oracle_net net;

    oracle_case_parse(&c,
                      "name: one window of four\n"
                      "input: {shape: [4], channels: 2}\n"
                      "layers:\n"
                      "  - conv: {channels: 2, shared: false}\n"
                      "  - pool: {window: 4}\n"
                      "  - dense: {outputs: 1}\n",
                      "AABB");
    oracle_net_make(&net, c.arch);
    assert_true(oracle_min_cut(&net, &c.a).rank == 2 && oracle_min_cut(&net, &c.a).joins == 1);
    assert_int_equal(oracle_rank(c.arch, &c.a, 1), 2);
    oracle_net_clear(&net);
    oracle_case_clear(&c);
}

static void power_bound_takes_the_best_base(void **state)
{
    (void)state;
    oracle_case c;
    oracle_net net;
    uint32_t base = 0;

    oracle_case_parse(&c,
                      "name: one bond of 28\n"
                      "network:\n"
                      "  indices: {a: 30, b: 28, c: 60}\n"
                      "  tensors: {T: [a, b], U: [b, c]}\n"
                      "  open: [a, c]\n",
                      "AB");
    oracle_net_make(&net, c.arch);
    assert_int_equal(oracle_power_bound(&base, &net, &c.a), 28); /* 2^4, 3^3, 5^2, 28^1 */
    assert_int_equal(base, 28);
    oracle_net_clear(&net);
    oracle_case_clear(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rank_of_a_product_of_matrices_is_its_inner_dimension),
        cmocka_unit_test(forward_pass_and_summation_give_one_rank),
        cmocka_unit_test(chain_is_cut_at_either_of_its_equal_bonds),
        cmocka_unit_test(certificate_counts_what_it_cuts),
        cmocka_unit_test(copy_index_is_cut_once),
        cmocka_unit_test(power_bound_takes_the_best_base),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
