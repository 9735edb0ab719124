/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "check.h"
#include "oracle/subject.h"

#include "entcap/linalg.h"
#include "state/state_i.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Every route to a spectrum, against the dense matrix and against each other. */

enum { MAX_LABELS = 10 };

#define ALL_BUT(route) (~(1u << (route)))

/* Singular values are right to this share of the largest. */
#define TOLERANCE 1e-11

/* spectra by one route; side_a: of every matrix, NULL for the minimum cut. EC_ELIMIT is passed on
 */
static ec_status measure(ec_spectrum *got, const subject *s, const bool *side_a, ec_route route)
{
    ec_error err = {0};
    ec_cut cut;

    assert_ok(ec_bound_min_cut_tree(&cut, &s->arch, &s->a, true, NULL, &err), &err);
    ec_sweep sweep = {.arch = &s->arch,
                      .weights = &s->weights,
                      .a = &s->a,
                      .side_a = side_a != NULL ? side_a : cut.side_a,
                      .ledger = {.max_bytes = 1 << 24},
                      .without_routes = ALL_BUT(route)};
    memset(got, 0, s->arch.outputs * sizeof *got);
    ec_status status = ec_state_through_cut(got, &sweep, NULL, &err);
    if (status != EC_ELIMIT)
        assert_ok(status, &err);
    ec_sweep_clear(&sweep);
    ec_cut_clear(&cut);
    return status;
}

/* the singular values of the whole matrix of one label */
typedef struct truth {
    double *value;
    size_t n;
    double norm;
} truth;

static truth find_truth(const subject *s, uint32_t y)
{
    size_t rows, cols;
    double *matrix = convac_matrix(&rows, &cols, &s->arch, &s->weights, y, &s->a, NULL);
    truth t = {convac_singular_values(matrix, rows, cols), rows < cols ? rows : cols, 0};

    for (size_t i = 0; i < t.n; i++)
        t.norm += t.value[i] * t.value[i];
    t.norm = sqrt(t.norm);
    ec_free(matrix);
    return t;
}

/* worst |ds| / s_1 */
static double deviation(const ec_spectrum *got, const truth *want)
{
    double worst = 0;

    assert_int_equal(got->known, want->norm > 0);
    for (size_t i = 0; got->known && (i < want->n || i < got->n); i++) {
        double right = i < want->n ? want->value[i] / want->norm : 0;
        double ds = (i < got->n ? got->value[i] : 0) - right;
        worst = fmax(worst, fabs(ds) * want->norm / want->value[0]);
    }
    return worst;
}

/* what was seen of each route */
typedef struct tally {
    size_t networks;
    double worst;
} tally;

/* all labels of one network through one cut, by all routes */
static void check_routes(tally of[EC_N_ROUTES], const subject *s, const bool *side_a)
{
    ec_spectrum got[EC_N_ROUTES][MAX_LABELS];
    bool fits[EC_N_ROUTES];

    for (ec_route r = 0; r < EC_N_ROUTES; r++) {
        fits[r] = measure(got[r], s, side_a, r) == EC_OK;
        of[r].networks += fits[r];
    }
    for (uint32_t y = 0; y < s->arch.outputs; y++) {
        truth want = find_truth(s, y);
        for (ec_route r = 0; r < EC_N_ROUTES; r++) {
            if (!fits[r])
                continue;
            assert_true(!got[r][y].known || got[r][y].route == r);
            of[r].worst = fmax(of[r].worst, deviation(&got[r][y], &want));
        }
        ec_free(want.value);
    }
    for (ec_route r = 0; r < EC_N_ROUTES; r++)
        subject_clear_spectra(got[r], s);
}

static void assert_accurate(const tally of[EC_N_ROUTES], size_t networks)
{
    for (ec_route r = 0; r < EC_N_ROUTES; r++) {
        printf("%s: worst |ds| / s_1 = %.2g in %zu networks\n", ec_route_name(r), of[r].worst,
               of[r].networks);
        assert_true(of[r].worst < TOLERANCE);
        assert_true(10 * of[r].networks > 9 * networks);
    }
}

/* random networks, half through the minimum cut, half through random sides of all matrices: many
   pieces, many labels */
static void every_route_gives_the_spectrum_of_the_whole_tensor(void **state)
{
    tally of[EC_N_ROUTES] = {{0}};
    size_t rounds = check_count(2000);
    ec_rng rng;

    (void)state;
    ec_rng_seed(&rng, check_seed());
    for (size_t i = 0; i < rounds; i++) {
        bool side_a[64];
        subject s;

        subject_random(&s, &rng, i % 4 == 0);
        for (size_t v = 0; v < 64; v++)
            side_a[v] = ec_rng_below(&rng, 2) == 0;
        check_routes(of, &s, i % 2 == 0 ? NULL : side_a);
        subject_clear(&s);
    }
    assert_accurate(of, rounds);
}

/* 16 sites: mixed windows, shared and not, sides in several pieces */
static void every_route_measures_sixteen_sites(void **state)
{
    const convac_level levels[][4] = {
        {{2, 1, 1, true}, {3, 2, 2, true}, {5, 2, 2, false}},
        {{2, 1, 2, false}, {4, 1, 4, true}, {3, 1, 2, false}},
        {{2, 1, 1, false}, {3, 1, 2, false}, {4, 1, 2, false}, {2, 1, 4, false}},
        {{2, 1, 1, true}, {3, 1, 4, true}, {3, 1, 2, true}, {4, 1, 2, false}}};
    const size_t n_levels[] = {3, 3, 4, 4};
    const char *letters[] = {"AAAABBBBABABABBA", "ABBBABBBABBBABBB", "AABBBBBBBBBBBBBA"};
    tally of[EC_N_ROUTES] = {{0}};

    (void)state;
    for (size_t i = 0; i < 5; i++) {
        subject s;

        subject_make(&s, levels[i % 4], n_levels[i % 4], 1, letters[i % 3]);
        check_routes(of, &s, NULL);
        subject_clear(&s);
    }
    assert_accurate(of, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_route_gives_the_spectrum_of_the_whole_tensor),
        cmocka_unit_test(every_route_measures_sixteen_sites),
    };

    if (ec_linalg_threads(1, NULL) != EC_OK)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
