/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "check.h"
#include "oracle/subject.h"

#include "entcap/linalg.h"
#include "state/residues.h"

#include <math.h>
#include <string.h>

/* everything about one network, held against a claim; fails the test if the call fails */
static void verify(ec_state *out, const subject *s, uint64_t claim)
{
    ec_state_options options = EC_STATE_OPTIONS_INIT;
    ec_int bound = {0};
    ec_state_input in = subject_input(s, &bound);
    ec_error err = {0};

    ec_int_set_u64(&bound, claim);
    assert_ok(ec_state_verify(out, &in, &options, NULL, &err), &err);
    ec_int_clear(&bound);
}

static uint64_t min_cut(const subject *s)
{
    ec_cut cut;
    uint64_t rank;

    assert_ok(ec_bound_min_cut_tree(&cut, &s->arch, &s->a, false, NULL, NULL), NULL);
    rank = ec_int_get_u64(&cut.rank);
    ec_cut_clear(&cut);
    return rank;
}

/* ----------------------------------------------------------------- residues */

static void residues_of_doubles_are_exact(void **state)
{
    const convac_level levels[] = {{5, 1, 2, false}};
    const uint64_t p = ((uint64_t)1 << 61) - 1, inverse_of_8 = (uint64_t)1 << 58;
    const double values[5] = {0, -3, 0x1.8p+1000, 1.0 / 8, 0x1p-1074};
    ec_residues r;
    subject s;

    (void)state;
    subject_make(&s, levels, 1, 1, "AB");
    memcpy(s.weights.matrix[0], values, sizeof values);
    assert_ok(ec_residues_init(&r, &s.arch, &s.weights, p, NULL, NULL), NULL);
    assert_true(r.matrix[0][0] == 0);
    assert_true(r.matrix[0][1] == p - 3);
    assert_true(r.matrix[0][2] == 3 * ((uint64_t)1 << 23)); /* 2^61 = 1: 3 2^999, 999 = 23 mod 61 */
    assert_true(r.matrix[0][3] == inverse_of_8);
    assert_true(r.matrix[0][4] == (uint64_t)1 << 24); /* -1074 = 24 mod 61 */
    ec_residues_clear(&r);
    subject_clear(&s);
}

/* -------------------------------------------------------------------- ranks */

static void ranks_are_those_of_the_whole_tensor(void **state)
{
    ec_rng rng;

    (void)state;
    ec_rng_seed(&rng, check_seed());
    for (size_t i = 0; i < check_count(100); i++) {
        ec_state got;
        subject s;

        subject_random(&s, &rng, true);
        uint64_t bound = min_cut(&s);
        verify(&got, &s, bound);
        assert_true(got.holds);
        for (uint32_t y = 0; y < s.arch.outputs; y++) {
            const ec_label_state *label = &got.labels[y];
            size_t rank = convac_rank(&s.arch, &s.weights, y, &s.a);

            assert_true(label->holds && label->rank.known && label->forward.known);
            assert_int_equal(label->rank.rank, rank);
            assert_int_equal(label->forward.inputs, bound < 504 ? bound + 8 : 512);
            assert_int_equal(label->forward.rank,
                             rank < label->forward.inputs ? rank : label->forward.inputs);
        }
        ec_state_clear(&got);
        subject_clear(&s);
    }
}

/* Weights a forward pass in floating point would lose: 1, 2^-500 and 2^-1000 in one matrix */
static void the_rank_sees_weights_of_any_size(void **state)
{
    const convac_level levels[] = {{3, 1, 1, true}, {3, 1, 2, false}};
    ec_state got;
    subject s;

    (void)state;
    subject_make(&s, levels, 2, 1, "AB");
    for (size_t i = 0; i < 9; i++)
        s.weights.matrix[0][i] = i % 4 == 0 ? ldexp(1, -125 * (int)i) : 0;
    verify(&got, &s, 3);
    assert_int_equal(got.labels[0].rank.rank, 3);
    assert_int_equal(got.labels[0].forward.rank, 3);
    assert_int_equal(got.labels[0].spectrum.numeric_rank, 1);
    assert_true(got.holds);
    ec_state_clear(&got);
    subject_clear(&s);
}

static void a_claim_below_the_rank_is_refuted_with_the_whole_rank(void **state)
{
    const convac_level levels[] = {{3, 1, 1, false}, {9, 1, 2, false}, {81, 1, 2, false}};
    ec_state got;
    subject s;

    (void)state;
    subject_make(&s, levels, 3, 1, "ABAB"); /* rank 9 */
    verify(&got, &s, 2);
    assert_false(got.holds);
    assert_int_equal(got.labels[0].rank.rank, 9);
    assert_int_equal(got.labels[0].forward.rank, 9);
    assert_string_equal(got.labels[0].violation, "rank <= bound is broken: 9 > 2");
    ec_state_clear(&got);
    subject_clear(&s);
}

/* ------------------------------------------------------------------ the chain */

static void the_chain_of_entropies_holds_for_random_networks(void **state)
{
    ec_rng rng;

    (void)state;
    ec_rng_seed(&rng, check_seed() + 1);
    for (size_t i = 0; i < check_count(100); i++) {
        ec_state got;
        subject s;

        subject_random(&s, &rng, false);
        verify(&got, &s, min_cut(&s));
        assert_true(got.holds);
        for (uint32_t y = 0; y < s.arch.outputs; y++) {
            const ec_label_state *label = &got.labels[y];

            assert_true(label->von_neumann.known && label->renyi2.known);
            assert_true(label->renyi2.value <= label->von_neumann.value + EC_STATE_TOLERANCE);
            assert_true(label->von_neumann.value <=
                        log((double)label->rank.rank) + EC_STATE_TOLERANCE);
            assert_true(label->spectrum.numeric_rank <= label->rank.rank);
        }
        ec_state_clear(&got);
        subject_clear(&s);
    }
}

/* Without exact arithmetic the entropy alone refutes a claim below exp(S). */
static void the_entropy_alone_refutes_a_claim_below_it(void **state)
{
    const convac_level levels[] = {{4, 1, 1, true}, {4, 1, 2, false}};
    ec_state_options options = EC_STATE_OPTIONS_INIT;
    ec_int bound = {0};
    ec_state got;
    subject s;

    (void)state;
    subject_make(&s, levels, 2, 1, "AB");
    for (size_t i = 0; i < 16; i++)
        s.weights.matrix[0][i] = i % 5 == 0;
    for (size_t i = 0; i < 4; i++)
        s.weights.matrix[1][i] = 1; /* S = ln 4 */
    ec_state_input in = subject_input(&s, &bound);
    options.rank = options.forward = false;
    for (uint64_t claim = 0; claim < 6; claim++) {
        ec_int_set_u64(&bound, claim);
        assert_ok(ec_state_verify(&got, &in, &options, NULL, NULL), NULL);
        assert_int_equal(got.holds, claim >= 4);
        assert_false(got.labels[0].rank.known);
        assert_string_equal(got.labels[0].rank.why, "not asked for");
        if (claim == 3)
            assert_string_equal(got.labels[0].violation,
                                "S <= ln bound is broken: 1.38629436112 > 1.09861228867");
        ec_state_clear(&got);
    }
    ec_int_clear(&bound);
    subject_clear(&s);
}

static void a_zero_tensor_keeps_every_claim(void **state)
{
    const convac_level levels[] = {{2, 1, 1, true}, {3, 1, 2, false}};
    ec_state got;
    subject s;

    (void)state;
    subject_make(&s, levels, 2, 1, "AB");
    memset(s.weights.matrix[1], 0, 3 * sizeof(double));
    verify(&got, &s, 0);
    assert_true(got.holds);
    assert_true(got.labels[0].rank.known && got.labels[0].forward.known);
    assert_int_equal(got.labels[0].rank.rank, 0);
    assert_int_equal(got.labels[0].forward.rank, 0);
    assert_false(got.labels[0].von_neumann.known);
    assert_string_equal(got.labels[0].von_neumann.why, "the tensor is zero");
    ec_state_clear(&got);
    subject_clear(&s);
}

/* --------------------------------------------------------------------- limits */

static void what_is_out_of_reach_is_absent_with_a_reason(void **state)
{
    const convac_level levels[] = {
        {2, 1, 1, true}, {4, 1, 2, true}, {16, 1, 2, true}, {9, 1, 2, false}};
    ec_state_options options = EC_STATE_OPTIONS_INIT;
    ec_int bound = {0};
    ec_run run = EC_RUN_INIT;
    ec_state got;
    subject s;

    (void)state;
    subject_make(&s, levels, 4, 2, "ABABABAB");
    ec_state_input in = subject_input(&s, &bound);
    ec_int_set_u64(&bound, 9);
    options.rank_limit = 5;
    options.max_seconds = 1e-6;
    assert_ok(ec_state_verify(&got, &in, &options, &run, NULL), NULL);
    assert_true(got.holds && !got.labels[1].rank.known && !got.labels[1].forward.known);
    assert_string_equal(got.labels[1].rank.why,
                        "the bound is above the limit of 5 for exact ranks");
    assert_memory_equal(got.labels[1].forward.why, "forward check: needs about ", 27);
    assert_non_null(strstr(got.labels[1].forward.why, ", the time limit is 1e-06 s"));
    ec_state_clear(&got);
    options = (ec_state_options)EC_STATE_OPTIONS_INIT;
    run.memory_bytes = 100;
    assert_ok(ec_state_verify(&got, &in, &options, &run, NULL), NULL);
    assert_non_null(strstr(got.labels[0].rank.why, "the memory limit is"));
    assert_non_null(strstr(got.labels[0].forward.why, "the memory limit is"));
    assert_false(got.labels[0].spectrum.known);
    ec_state_clear(&got);
    ec_int_clear(&bound);
    subject_clear(&s);
}

/* a part that the limit stops, wherever it does, must not take the others with it */
static void no_limit_of_memory_takes_more_than_what_exceeds_it(void **state)
{
    const convac_level levels[] = {
        {4, 1, 1, true}, {16, 1, 2, false}, {128, 1, 2, false}, {128, 1, 4, false}};
    ec_state_options options = EC_STATE_OPTIONS_INIT;
    ec_int bound = {0};
    ec_run run = EC_RUN_INIT;
    subject s;

    (void)state;
    subject_make(&s, levels, 4, 1, "AAAABBBBAAAABBBB");
    ec_state_input in = subject_input(&s, &bound);
    ec_int_set_u64(&bound, 128);
    options.rank_limit = 1;
    for (uint64_t bytes = 1000; bytes < 1 << 23; bytes += bytes / 4) {
        ec_state got;
        ec_error err = {0};
        run.memory_bytes = bytes;
        assert_ok(ec_state_verify(&got, &in, &options, &run, &err), &err);
        assert_true(got.holds);
        assert_true(got.labels[0].forward.known == (got.labels[0].forward.why[0] == '\0'));
        ec_state_clear(&got);
    }
    ec_int_clear(&bound);
    subject_clear(&s);
}

static void what_cannot_be_measured_is_rejected(void **state)
{
    const convac_level levels[] = {{2, 1, 1, true}, {3, 1, 2, false}};
    ec_state_options options = EC_STATE_OPTIONS_INIT;
    ec_int bound = {0};
    ec_state got;
    ec_error err = {0};
    subject s;

    (void)state;
    subject_make(&s, levels, 2, 1, "AB");
    ec_state_input in = subject_input(&s, &bound);
    options.basis = EC_BASIS_FEATURES;
    assert_int_equal(ec_state_verify(&got, &in, &options, NULL, &err), EC_EINVAL);
    assert_string_equal(err.msg, "basis features: the description has no feature map");
    ec_state_clear(&got);
    ec_sites_add(&s.a, 1);
    err = (ec_error){0};
    assert_int_equal(ec_state_verify(&got, &in, &options, NULL, &err), EC_EINVAL);
    assert_string_equal(err.msg, "side A holds all of the 2 sites, both sides need one");
    ec_state_clear(&got);
    s.arch.n_levels = 0; /* what a network description has */
    err = (ec_error){0};
    assert_int_equal(ec_state_verify(&got, &in, &options, NULL, &err), EC_EINVAL);
    assert_string_equal(err.msg,
                        "a network description has no weights: give it as input and layers");
    ec_state_clear(&got);
    s.arch.n_levels = 2;
    subject_clear(&s);
}

static ec_status verify_once(void *arg, ec_error *err)
{
    ec_state_options options = EC_STATE_OPTIONS_INIT;
    ec_int bound = {0};
    ec_state_input in = subject_input(arg, &bound);
    ec_state got;
    ec_status status;

    ec_int_set_u64(&bound, 1); /* below the rank: measured twice */
    status = ec_state_verify(&got, &in, &options, NULL, err);
    ec_state_clear(&got);
    ec_int_clear(&bound);
    return status;
}

static void verify_survives_running_out_of_memory(void **state)
{
    const convac_level levels[] = {{2, 1, 1, true}, {3, 1, 2, true}, {4, 1, 2, false}};
    subject s;

    (void)state;
    subject_make(&s, levels, 3, 2, "AABB");
    assert_survives_oom(verify_once, &s);
    subject_clear(&s);
}

static bool stop(void *arg, const char *what, double done, double total)
{
    (void)what;
    assert_true(done <= total);
    return --*(int *)arg > 0;
}

static void progress_can_stop_it_anywhere(void **state)
{
    const convac_level levels[] = {{2, 1, 1, true}, {3, 1, 2, true}, {4, 1, 2, false}};
    ec_state_options options = EC_STATE_OPTIONS_INIT;
    ec_status status = EC_ECANCEL;
    ec_run run = EC_RUN_INIT;
    ec_int bound = {0};
    int steps = 1, left;
    subject s;

    (void)state;
    subject_make(&s, levels, 3, 2, "AABB");
    ec_int_set_u64(&bound, 4);
    ec_state_input in = subject_input(&s, &bound);
    run.progress = stop;
    run.progress_arg = &left;
    for (; status != EC_OK; steps++) {
        ec_state got;
        left = steps;
        status = ec_state_verify(&got, &in, &options, &run, NULL);
        assert_true(status == EC_OK || status == EC_ECANCEL);
        ec_state_clear(&got);
    }
    assert_true(steps > 10);
    ec_int_clear(&bound);
    subject_clear(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(residues_of_doubles_are_exact),
        cmocka_unit_test(ranks_are_those_of_the_whole_tensor),
        cmocka_unit_test(the_rank_sees_weights_of_any_size),
        cmocka_unit_test(a_claim_below_the_rank_is_refuted_with_the_whole_rank),
        cmocka_unit_test(the_chain_of_entropies_holds_for_random_networks),
        cmocka_unit_test(the_entropy_alone_refutes_a_claim_below_it),
        cmocka_unit_test(a_zero_tensor_keeps_every_claim),
        cmocka_unit_test(what_is_out_of_reach_is_absent_with_a_reason),
        cmocka_unit_test(no_limit_of_memory_takes_more_than_what_exceeds_it),
        cmocka_unit_test(what_cannot_be_measured_is_rejected),
        cmocka_unit_test(verify_survives_running_out_of_memory),
        cmocka_unit_test(progress_can_stop_it_anywhere),
    };

    if (ec_linalg_threads(1, NULL) != EC_OK)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
