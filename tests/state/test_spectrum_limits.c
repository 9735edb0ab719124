/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "check.h"
#include "oracle/subject.h"

#include "entcap/linalg.h"
#include "state/state_i.h"

#include <math.h>
#include <string.h>

enum { MAX_LABELS = 10 };

/* Spectra that are refused, absent, or cut short, and why. */

/* spectra through the minimum cut by one route under the limits of `ledger`, which then says what
   they took */
static ec_status measure_within(ec_ledger *ledger, const subject *s)
{
    ec_spectrum got[MAX_LABELS] = {0};
    ec_error err = {0};
    ec_cut cut;

    assert_ok(ec_bound_min_cut_tree(&cut, &s->arch, &s->a, true, NULL, &err), &err);
    ec_sweep sweep = {.arch = &s->arch,
                      .weights = &s->weights,
                      .a = &s->a,
                      .side_a = cut.side_a,
                      .ledger = *ledger,
                      .without_routes = ~(1u << ledger->route)};
    ec_status status = ec_state_through_cut(got, &sweep, NULL, &err);
    *ledger = sweep.ledger;
    ec_sweep_clear(&sweep);
    ec_cut_clear(&cut);
    subject_clear_spectra(got, s);
    return status;
}

/* What a run took is enough for the plan of the next, and any less is not. */
static void the_plan_is_what_the_run_takes(void **state)
{
    ec_rng rng;

    (void)state;
    ec_rng_seed(&rng, check_seed() + 3);
    for (size_t i = 0; i < check_count(60); i++) {
        ec_ledger took = {.route = i % EC_N_ROUTES};
        subject s;

        subject_random(&s, &rng, false);
        assert_int_equal(measure_within(&took, &s), EC_OK);
        ec_ledger enough = {
            .route = took.route, .max_flops = took.flops, .max_bytes = took.peak_bytes};
        assert_int_equal(measure_within(&enough, &s), EC_OK);
        ec_ledger slow = {.route = took.route, .max_flops = took.flops - 1};
        assert_int_equal(measure_within(&slow, &s), EC_ELIMIT);
        ec_ledger small = {.route = took.route, .max_bytes = took.peak_bytes - 1};
        assert_int_equal(measure_within(&small, &s), EC_ELIMIT);
        subject_clear(&s);
    }
}

/* the route that is taken with no more than another needs; its spectrum must be that of `want` */
static ec_route route_within(const ec_ledger *limit, const subject *s, const ec_spectrum *want)
{
    ec_state_options options = EC_STATE_OPTIONS_INIT;
    ec_state_input in = subject_input(s, NULL);
    ec_run run = EC_RUN_INIT;
    ec_spectrum got[1] = {0};
    ec_route route;

    run.memory_bytes = (uint64_t)limit->peak_bytes;
    options.max_flops = limit->flops;
    assert_ok(ec_state_spectra(got, &in, &options, &run, NULL), NULL);
    assert_true(got[0].known);
    assert_int_equal(got[0].n, want->n);
    for (size_t i = 0; i < want->n; i++)
        assert_close(got[0].value[i], want->value[i], 1e-13);
    route = got[0].route;
    subject_clear_spectra(got, s);
    return route;
}

/* of the routes, which took so much, the one that should be taken within a limit */
static ec_route best_within(const ec_ledger took[EC_N_ROUTES], const ec_ledger *limit)
{
    ec_route best = EC_N_ROUTES;

    for (ec_route r = 0; r < EC_N_ROUTES && best != EC_ROUTE_QR; r++)
        if (took[r].peak_bytes <= limit->peak_bytes && took[r].flops <= limit->flops &&
            (best == EC_N_ROUTES || took[r].flops < took[best].flops))
            best = r;
    return best;
}

/* Wide layers below a narrow one: the cut is 2, a product of two messages 4096 x 64. And two
   labels carried through wide layers. */
static void qr_or_else_the_cheapest_route_within_the_limits_is_taken(void **state)
{
    const convac_level narrow[] = {
        {4, 1, 1, true}, {16, 1, 2, true}, {64, 1, 2, true}, {64, 1, 2, true}, {2, 1, 2, false}};
    const convac_level labels[] = {{4, 1, 1, true},  {16, 1, 2, true}, {16, 1, 2, true},
                                   {16, 1, 2, true}, {16, 1, 2, true}, {16, 1, 2, false}};
    const char *letters[] = {"AAAAAAAABBBBBBBB", "AABBBBBBBBBBBBBBAABBBBBBBBBBBBBB"};
    bool taken[EC_N_ROUTES] = {false};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        ec_ledger took[EC_N_ROUTES] = {{0}};
        ec_spectrum want[1];
        subject s;

        subject_make(&s, i == 0 ? narrow : labels, 5 + i, 1, letters[i]);
        subject_measure(want, &s, EC_BASIS_SITES);
        assert_int_equal(want[0].route, EC_ROUTE_QR);
        for (ec_route r = 0; r < EC_N_ROUTES; r++) {
            took[r].route = r;
            assert_int_equal(measure_within(&took[r], &s), EC_OK);
        }
        for (ec_route r = 0; r < EC_N_ROUTES; r++) {
            ec_route best = best_within(took, &took[r]);
            assert_int_equal(route_within(&took[r], &s, want), best);
            taken[best] = true;
        }
        subject_clear_spectra(want, &s);
        subject_clear(&s);
    }
    for (ec_route r = 0; r < EC_N_ROUTES; r++)
        assert_true(taken[r]);
}

/* Two cuts of 16 x 16 = 256: the wide index at the top, above two small pieces, or the two narrow
   ones below it, whose labels would then be carried through the top: 65,536 columns. */
static void of_equal_cuts_the_cheaper_is_taken(void **state)
{
    const convac_level levels[] = {
        {4, 1, 1, true}, {16, 1, 2, true}, {16, 1, 2, true}, {256, 1, 4, false}};
    ec_ledger took = {.route = EC_ROUTE_QR};
    ec_state_options options = EC_STATE_OPTIONS_INIT;
    ec_spectrum got[1] = {0};
    ec_run run = EC_RUN_INIT;
    subject s;

    (void)state;
    subject_make(&s, levels, 4, 1, "AAAABBBBAAAABBBB");
    ec_state_input in = subject_input(&s, NULL);
    assert_int_equal(measure_within(&took, &s), EC_OK); /* the first that is found */
    assert_true(took.peak_bytes > 1.6e7);
    run.memory_bytes = (uint64_t)(took.peak_bytes / 4);
    assert_ok(ec_state_spectra(got, &in, &options, &run, NULL), NULL);
    assert_true(got[0].known);
    assert_int_equal(got[0].n, 256);
    assert_int_equal(got[0].route, EC_ROUTE_QR);
    subject_clear_spectra(got, &s);
    subject_clear(&s);
}

/* Three blocks of 8 x 8 in 32 x 32 sites, width 16: a cut of 4096, and three labels that ride
   through all that lies between them, for ten outputs. Refused within a moment, with what it would
   take. */
static void what_takes_too_long_is_refused_with_an_estimate(void **state)
{
    const convac_level levels[] = {{10, 1, 1, true}, {16, 2, 2, true},  {16, 2, 2, true},
                                   {16, 2, 2, true}, {16, 2, 2, false}, {16, 2, 2, false}};
    ec_state_options options = EC_STATE_OPTIONS_INIT;
    ec_spectrum got[MAX_LABELS] = {0};
    ec_run run = EC_RUN_INIT;
    char letters[1025] = "";
    subject s;

    (void)state;
    for (size_t i = 0; i < 1024; i++) {
        size_t block = i / 256 * 4 + i % 32 / 8;
        letters[i] = block == 0 || block == 6 || block == 13 ? 'A' : 'B';
    }
    subject_make(&s, levels, 6, MAX_LABELS, letters);
    ec_state_input in = subject_input(&s, NULL);
    options.spectrum_limit = 4096;
    options.max_flops = 4.8e12;
    assert_ok(ec_state_spectra(got, &in, &options, &run, NULL), NULL);
    for (uint32_t y = 0; y < MAX_LABELS; y++) {
        assert_false(got[y].known);
        assert_string_equal(got[y].why,
                            "needs 5.85e+12 operations (about 9.8 min) and 1.13 GiB, the limit is "
                            "4.8e+12 operations; --spectrum-limit 4373 would allow "
                            "it; Renyi-2 and the exact rank need no spectrum");
    }
    subject_clear_spectra(got, &s);
    subject_clear(&s);
}

static void a_cut_beyond_the_limit_is_said_to_be(void **state)
{
    const convac_level levels[] = {{2, 1, 1, true}, {8, 1, 2, false}, {8, 1, 4, false}};
    ec_state_options options = EC_STATE_OPTIONS_INIT;
    ec_spectrum got[1] = {0};
    ec_run run = EC_RUN_INIT;
    subject s;

    (void)state;
    subject_make(&s, levels, 3, 1, "ABABABAB");
    ec_state_input in = subject_input(&s, NULL);
    options.spectrum_limit = 15;
    assert_ok(ec_state_spectra(got, &in, &options, &run, NULL), NULL);
    assert_false(got[0].known);
    assert_non_null(strstr(got[0].why, "the cut is 2^4, the spectrum limit 15; needs "));
    assert_non_null(strstr(got[0].why, "; --spectrum-limit 16 would allow it; "));
    assert_non_null(strstr(got[0].why, "Renyi-2 and the exact rank need no spectrum"));
    options.spectrum_limit = 16;
    run.memory_bytes = 4000;
    assert_ok(ec_state_spectra(got, &in, &options, &run, NULL), NULL);
    assert_false(got[0].known);
    assert_non_null(strstr(got[0].why, "the memory limit is 3.91 KiB; --memory 1M would allow it"));
    run.memory_bytes = 1 << 20;
    options.max_flops = 100;
    assert_ok(ec_state_spectra(got, &in, &options, &run, NULL), NULL);
    assert_false(got[0].known);
    assert_non_null(
        strstr(got[0].why, " would allow it; Renyi-2 and the exact rank need no spectrum"));
    options.max_flops = 1e6;
    assert_ok(ec_state_spectra(got, &in, &options, &run, NULL), NULL);
    assert_true(got[0].known);
    subject_clear_spectra(got, &s);
    subject_clear(&s);
}

static void a_zero_tensor_has_no_spectrum(void **state)
{
    const convac_level levels[] = {{2, 1, 1, true}, {3, 1, 2, true}, {3, 1, 2, false}};
    ec_spectrum got[2];
    subject s;

    (void)state;
    subject_make(&s, levels, 3, 2, "AABB");
    for (size_t i = 0; i < 3; i++)
        s.weights.matrix[2][i] = 0; /* label 0 alone */
    subject_measure(got, &s, EC_BASIS_SITES);
    assert_false(got[0].known);
    assert_string_equal(got[0].why, "the tensor is zero");
    assert_false(ec_spectrum_von_neumann(&got[0]).known);
    assert_string_equal(ec_spectrum_renyi2(&got[0]).why, "the tensor is zero");
    assert_true(got[1].known);
    subject_clear_spectra(got, &s);
    subject_clear(&s);
}

/* 0.1 + 0.2 - 0.3 of doubles is not 0, but a double sum says nothing about it */
static void what_cancellation_left_is_not_taken_for_a_spectrum(void **state)
{
    const convac_level levels[] = {{2, 1, 1, true}, {3, 1, 1, true}, {2, 1, 2, false}};
    const double w0[] = {0.1, 0.1, 0.2, 0.2, 0.3, 0.3}, w1[] = {1, 1, -1, 1, 1, -1};
    ec_spectrum got[1];
    subject s;

    (void)state;
    subject_make(&s, levels, 3, 1, "AB");
    memcpy(s.weights.matrix[0], w0, sizeof w0);
    memcpy(s.weights.matrix[1], w1, sizeof w1);
    subject_measure(got, &s, EC_BASIS_SITES);
    assert_false(got[0].known);
    assert_non_null(strstr(got[0].why, "cancellation"));
    subject_clear_spectra(got, &s);
    subject_clear(&s);
}

static void weights_that_are_not_finite_are_an_error(void **state)
{
    const convac_level levels[] = {{2, 1, 1, true}, {3, 1, 2, false}};
    ec_state_options options = EC_STATE_OPTIONS_INIT;
    ec_spectrum got[1] = {0};
    ec_error err = {0};
    subject s;

    (void)state;
    subject_make(&s, levels, 2, 1, "AB");
    ec_state_input in = subject_input(&s, NULL);
    s.weights.matrix[1][2] = NAN;
    assert_int_equal(ec_state_spectra(got, &in, &options, NULL, &err), EC_ENUMERIC);
    assert_string_equal(err.msg, "weights of layer 1: entry 2 is not finite");
    subject_clear(&s);
}

static ec_status measure_once(void *arg, ec_error *err)
{
    ec_state_options options = EC_STATE_OPTIONS_INIT;
    const subject *s = arg;
    ec_state_input in = subject_input(s, NULL);
    ec_spectrum got[2] = {0};
    ec_status status;

    options.basis =
        s->weights.features.kind != EC_FEATURES_NONE ? EC_BASIS_FEATURES : EC_BASIS_SITES;
    status = ec_state_spectra(got, &in, &options, NULL, err);
    subject_clear_spectra(got, s);
    return status;
}

static void spectra_survive_running_out_of_memory(void **state)
{
    const convac_level levels[] = {{2, 1, 2, false}, {3, 1, 2, true}, {4, 1, 2, false}};
    subject s;

    (void)state;
    subject_make(&s, levels, 3, 2, "AABABABB");
    assert_survives_oom(measure_once, &s);
    s.weights.features = (ec_features){EC_FEATURES_AFFINE_RELU, true, 1};
    s.weights.slope = ec_calloc(2, sizeof(double), NULL);
    s.weights.offset = ec_calloc(2, sizeof(double), NULL);
    s.weights.slope[0] = s.weights.slope[1] = s.weights.offset[0] = 1;
    assert_survives_oom(measure_once, &s);
    subject_clear(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_plan_is_what_the_run_takes),
        cmocka_unit_test(qr_or_else_the_cheapest_route_within_the_limits_is_taken),
        cmocka_unit_test(of_equal_cuts_the_cheaper_is_taken),
        cmocka_unit_test(what_takes_too_long_is_refused_with_an_estimate),
        cmocka_unit_test(a_cut_beyond_the_limit_is_said_to_be),
        cmocka_unit_test(a_zero_tensor_has_no_spectrum),
        cmocka_unit_test(what_cancellation_left_is_not_taken_for_a_spectrum),
        cmocka_unit_test(weights_that_are_not_finite_are_an_error),
        cmocka_unit_test(spectra_survive_running_out_of_memory),
    };

    if (ec_linalg_threads(1, NULL) != EC_OK)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
