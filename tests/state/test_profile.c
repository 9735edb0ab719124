/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "check.h"
#include "oracle/subject.h"

#include "entcap/linalg.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { ALL = 1 << 20 };

/* fails the test if the call fails */
static void measure(ec_profile *out, const subject *s, size_t points, unsigned threads)
{
    ec_profile_options options = {EC_STATE_OPTIONS_INIT, points};
    ec_run run = EC_RUN_INIT;
    ec_error err = {0};

    run.threads = threads;
    assert_ok(ec_state_profile(out, &s->arch, &s->weights, &options, &run, &err), &err);
    assert_true(out->holds);
}

/* S_2 and S of a label across a cut, from the whole tensor; NaN if it is zero */
static void entropies(double *s2, double *s, const subject *sub, uint32_t y, const ec_sites *a)
{
    size_t rows, cols;
    double *matrix = convac_matrix(&rows, &cols, &sub->arch, &sub->weights, y, a, NULL);
    double *value = convac_singular_values(matrix, rows, cols), norm = 0, purity = 0;
    size_t n = rows < cols ? rows : cols;

    *s = 0;
    for (size_t i = 0; i < n; i++)
        norm += value[i] * value[i];
    for (size_t i = 0; i < n && norm > 0; i++) {
        double p = value[i] * value[i] / norm;
        purity += p * p;
        *s -= p > 0 ? p * log(p) : 0;
    }
    *s2 = norm > 0 ? -log(purity) : NAN;
    ec_free(value);
    ec_free(matrix);
}

/* Side A of a cut by other means: the rule that `--partition` knows, or site by site. */
static void side_of(ec_sites *out, const subject *s, ec_profile_kind kind, const char *name,
                    size_t first)
{
    const size_t *grid = s->arch.input.grid;

    if (kind == EC_PROFILE_BLOCK) {
        ec_partition block = {.name = NULL};

        assert_ok(ec_arch_partition(&block, &s->arch, name, NULL), NULL);
        *out = block.a;
        block.a = (ec_sites){.n = 0};
        ec_partition_clear(&block);
        return;
    }
    assert_ok(ec_sites_init(out, s->arch.n_sites, NULL), NULL);
    for (size_t i = 0; i < s->arch.n_sites; i++)
        if ((kind == EC_PROFILE_ROWS ? i / grid[1] : i % grid[1]) < first)
            ec_sites_add(out, i);
}

static void assert_point(const ec_profile_point *point, const subject *s, const char *name)
{
    ec_sites a;

    side_of(&a, s, point->kind, name, point->position);
    assert_int_equal(point->size_a, ec_sites_count(&a));
    for (uint32_t y = 0; y < s->arch.outputs; y++) {
        double s2, von_neumann;

        entropies(&s2, &von_neumann, s, y, &a);
        assert_int_equal(point->renyi2[y].known, !isnan(s2));
        if (isnan(s2))
            continue;
        assert_close(point->renyi2[y].value, s2, 1e-10);
        assert_true(point->von_neumann[y].known);
        assert_close(point->von_neumann[y].value, von_neumann, 1e-10);
    }
    ec_sites_clear(&a);
}

static void every_cut_agrees_with_the_whole_tensor(void **state)
{
    ec_rng rng;
    (void)state;

    ec_rng_seed(&rng, check_seed());
    for (size_t i = 0; i < check_count(20); i++) {
        char name[EC_PROFILE_NAME];
        ec_profile got;
        subject s;

        subject_random(&s, &rng, false);
        measure(&got, &s, ALL, 1);
        assert_true(got.n > 0);
        for (size_t k = 0; k < got.n; k++)
            assert_point(&got.points[k], &s, ec_profile_name(name, &got.points[k]));
        ec_profile_clear(&got);
        subject_clear(&s);
    }
}

/* is there a measured block of the level with these entropies? */
static bool is_measured(const ec_profile *got, size_t level, const double *s2)
{
    for (size_t k = 0; k < got->n; k++) {
        const ec_profile_point *point = &got->points[k];
        bool same = point->kind == EC_PROFILE_BLOCK && point->level == level;

        for (uint32_t y = 0; y < got->n_labels && same; y++)
            same = isnan(s2[y]) ? !point->renyi2[y].known
                                : fabs(point->renyi2[y].value - s2[y]) < 1e-10;
        if (same)
            return true;
    }
    return false;
}

static void a_block_that_is_left_out_equals_one_that_is_measured(void **state)
{
    size_t left_out = 0;
    ec_rng rng;
    (void)state;

    ec_rng_seed(&rng, check_seed() + 1);
    for (size_t i = 0; i < check_count(20); i++) {
        size_t levels = 0, stand_for[16] = {0};
        ec_profile got;
        subject s;

        subject_random(&s, &rng, false);
        measure(&got, &s, ALL, 1);
        for (size_t k = 0; k < got.n; k++)
            if (got.points[k].kind == EC_PROFILE_BLOCK) {
                levels = got.points[k].level;
                stand_for[levels] += got.points[k].equal;
                left_out += got.points[k].equal - 1;
            }
        for (size_t level = 1; level <= levels; level++) {
            ec_partition block = {.name = NULL};
            size_t n = 0;

            for (char name[64];; n++) {
                double s2[8] = {0}, unused;

                snprintf(name, sizeof name, "block:%zu:%zu", level, n);
                if (ec_arch_partition(&block, &s.arch, name, NULL) != EC_OK)
                    break;
                for (uint32_t y = 0; y < s.arch.outputs; y++)
                    entropies(&s2[y], &unused, &s, y, &block.a);
                assert_true(is_measured(&got, level, s2));
                ec_partition_clear(&block);
            }
            assert_int_equal(stand_for[level], n);
        }
        ec_profile_clear(&got);
        subject_clear(&s);
    }
    assert_true(left_out > 5);
}

static size_t count(const ec_profile *p, ec_profile_kind kind, size_t level)
{
    size_t n = 0;

    for (size_t k = 0; k < p->n; k++)
        n += p->points[k].kind == kind && p->points[k].level == level;
    return n;
}

static void shared_weights_need_one_block_a_level(void **state)
{
    const convac_level shared[] = {{2, 2, 2, true}, {3, 2, 2, true}, {3, 2, 2, false}};
    const convac_level middle[] = {{2, 2, 2, true}, {3, 2, 2, false}, {3, 2, 2, false}};
    const convac_level lowest[] = {{2, 2, 2, false}, {3, 2, 2, true}, {3, 2, 2, false}};
    /* blocks of levels 1, 2, 3 (sites) that differ */
    const struct {
        const convac_level *levels;
        size_t want[3];
    } cases[] = {{shared, {1, 1, 1}}, {middle, {4, 4, 4}}, {lowest, {4, 16, 16}}};
    char letters[65];
    (void)state;

    memset(letters, 'A', 64);
    letters[63] = 'B';
    letters[64] = '\0';
    for (size_t i = 0; i < 3; i++) {
        ec_profile got;
        subject s;

        subject_make(&s, cases[i].levels, 3, 1, letters);
        measure(&got, &s, ALL, 1);
        for (size_t level = 1; level <= 3; level++)
            assert_int_equal(count(&got, EC_PROFILE_BLOCK, level), cases[i].want[level - 1]);
        assert_int_equal(count(&got, EC_PROFILE_COLUMNS, 0), 7);
        assert_int_equal(count(&got, EC_PROFILE_ROWS, 0), 7);
        assert_int_equal(count(&got, EC_PROFILE_SITES, 0), 0);
        ec_profile_clear(&got);
        subject_clear(&s);
    }
}

/* how many cuts are measured for themselves */
static size_t n_measured(const ec_profile *p, ec_profile_kind kind)
{
    size_t n = 0;

    for (size_t k = 0; k < p->n; k++)
        n += p->points[k].kind == kind && p->points[k].same_as == k;
    return n;
}

/* A cut that was not measured, measured by itself. */
static void assert_copy(const ec_profile_point *point, const subject *s)
{
    ec_state_options options = EC_STATE_OPTIONS_INIT;
    ec_state_input in = subject_input(s, &point->bound);
    ec_sites a;
    ec_state got;

    side_of(&a, s, point->kind, NULL, point->position);
    in.a = &a;
    assert_ok(ec_state_verify(&got, &in, &options, NULL, NULL), NULL);
    assert_true(got.holds);
    for (uint32_t y = 0; y < s->arch.outputs; y++)
        assert_close(got.labels[y].renyi2.value, point->renyi2[y].value, 1e-10);
    ec_state_clear(&got);
    ec_sites_clear(&a);
}

static void shared_weights_need_half_of_a_scan(void **state)
{
    const convac_level square[] = {{2, 2, 2, true}, {3, 2, 2, true}, {3, 2, 2, false}};
    const convac_level oblong[] = {{2, 2, 2, true}, {3, 1, 2, true}, {3, 4, 2, false}};
    const convac_level unshared[] = {{2, 2, 2, true}, {3, 2, 2, false}, {3, 2, 2, false}};
    const struct {
        const convac_level *levels;
        size_t columns, rows;
    } cases[] = {{square, 4, 0}, {oblong, 4, 4}, {unshared, 7, 7}};
    char letters[65];
    (void)state;

    memset(letters, 'A', 64);
    letters[63] = 'B';
    letters[64] = '\0';
    for (size_t i = 0; i < 3; i++) {
        ec_profile got;
        subject s;

        subject_make(&s, cases[i].levels, 3, 1, letters);
        measure(&got, &s, ALL, 1);
        assert_int_equal(n_measured(&got, EC_PROFILE_COLUMNS), cases[i].columns);
        assert_int_equal(n_measured(&got, EC_PROFILE_ROWS), cases[i].rows);
        for (size_t k = 0; k < got.n; k++)
            if (got.points[k].same_as != k)
                assert_copy(&got.points[k], &s);
        ec_profile_clear(&got);
        subject_clear(&s);
    }
}

static void too_many_positions_are_thinned_out_evenly(void **state)
{
    const convac_level levels[] = {{2, 1, 1, false}, {3, 1, 4, false}, {3, 1, 4, false}};
    ec_profile got;
    subject s;
    (void)state;

    subject_make(&s, levels, 3, 1, "AAAAAAAABBBBBBBB");
    measure(&got, &s, 15, 1);
    assert_int_equal(count(&got, EC_PROFILE_SITES, 0), 15);
    assert_int_equal(count(&got, EC_PROFILE_BLOCK, 1), 4);
    assert_int_equal(count(&got, EC_PROFILE_BLOCK, 2), 8); /* every second of 16 */
    ec_profile_clear(&got);
    measure(&got, &s, 4, 1);
    assert_int_equal(count(&got, EC_PROFILE_SITES, 0), 3); /* 4, 8, 12 */
    assert_int_equal(got.points[got.n - 3].position, 4);
    assert_int_equal(got.points[got.n - 1].position, 12);
    ec_profile_clear(&got);
    subject_clear(&s);
}

static void threads_change_no_bit(void **state)
{
    const convac_level levels[] = {{2, 1, 2, true}, {4, 1, 2, false}, {5, 1, 2, false}};
    ec_profile one, three;
    subject s;
    (void)state;

    subject_make(&s, levels, 3, 2, "AAAABBBB");
    measure(&one, &s, ALL, 1);
    measure(&three, &s, ALL, 3);
    assert_int_equal(one.n, three.n);
    for (size_t k = 0; k < one.n; k++)
        for (uint32_t y = 0; y < 2; y++) {
            assert_true(one.points[k].renyi2[y].value == three.points[k].renyi2[y].value);
            assert_true(one.points[k].von_neumann[y].value == three.points[k].von_neumann[y].value);
        }
    ec_profile_clear(&one);
    ec_profile_clear(&three);
    subject_clear(&s);
}

static void a_network_description_has_no_profile(void **state)
{
    ec_profile_options options = {EC_STATE_OPTIONS_INIT, 64};
    ec_arch network = {.n_tensors = 1};
    ec_weights weights = {.n_levels = 0};
    ec_error err = {0};
    ec_profile got;
    (void)state;

    assert_int_equal(ec_state_profile(&got, &network, &weights, &options, NULL, &err), EC_EINVAL);
    assert_string_equal(err.msg, "a profile needs input and layers, not a network");
    ec_profile_clear(&got);
}

static void a_weight_that_is_no_number_is_reported(void **state)
{
    const convac_level levels[] = {{2, 1, 2, true}, {3, 1, 2, false}};
    ec_profile_options options = {EC_STATE_OPTIONS_INIT, 64};
    ec_run run = EC_RUN_INIT;
    ec_error err = {0};
    ec_profile got;
    subject s;
    (void)state;

    run.threads = 2;
    subject_make(&s, levels, 2, 1, "AABB");
    s.weights.matrix[0][0] = NAN;
    assert_int_equal(ec_state_profile(&got, &s.arch, &s.weights, &options, &run, &err),
                     EC_ENUMERIC);
    assert_string_equal(err.msg, "weights of layer 0: entry 0 is not finite");
    ec_profile_clear(&got);
    subject_clear(&s);
}

static void more_numbers_than_memory_are_refused_before_the_work(void **state)
{
    const convac_level levels[] = {{2, 1, 2, true}, {3, 1, 2, false}};
    ec_profile_options options = {EC_STATE_OPTIONS_INIT, 64};
    ec_run run = EC_RUN_INIT;
    ec_error err = {0};
    ec_profile got;
    subject s;
    (void)state;

    run.memory_bytes = 2000;
    subject_make(&s, levels, 2, 1, "AABB");
    assert_int_equal(ec_state_profile(&got, &s.arch, &s.weights, &options, &run, &err), EC_ELIMIT);
    assert_non_null(strstr(err.msg, "profile"));
    ec_profile_clear(&got);
    subject_clear(&s);
}

/* --------------------------------------------------------------------- memory, stop */

static ec_status measure_once(void *arg, ec_error *err)
{
    const subject *s = arg;
    ec_profile_options options = {EC_STATE_OPTIONS_INIT, 2};
    ec_profile got;
    ec_status status = ec_state_profile(&got, &s->arch, &s->weights, &options, NULL, err);

    ec_profile_clear(&got);
    return status;
}

static void a_profile_survives_running_out_of_memory(void **state)
{
    const convac_level levels[] = {{2, 1, 2, true}, {3, 1, 2, false}};
    subject s;
    (void)state;

    subject_make(&s, levels, 2, 1, "AABB");
    assert_survives_oom(measure_once, &s);
    subject_clear(&s);
}

static bool stop(void *arg, const char *what, double done, double total)
{
    assert_string_equal(what, "profile");
    assert_true(done <= total);
    return --*(int *)arg > 0;
}

static void a_profile_can_be_stopped_anywhere(void **state)
{
    const convac_level levels[] = {{2, 1, 2, true}, {3, 1, 2, false}};
    ec_profile_options options = {EC_STATE_OPTIONS_INIT, 64};
    ec_status status = EC_ECANCEL;
    ec_run run = EC_RUN_INIT;
    int steps = 1, left;
    subject s;
    (void)state;

    subject_make(&s, levels, 2, 1, "AABB");
    run.threads = 2;
    run.progress = stop;
    run.progress_arg = &left;
    for (; status != EC_OK && steps < 1000; steps++) {
        ec_profile got;

        left = steps;
        status = ec_state_profile(&got, &s.arch, &s.weights, &options, &run, NULL);
        assert_true(status == EC_OK || status == EC_ECANCEL);
        ec_profile_clear(&got);
    }
    assert_true(status == EC_OK && steps > 2);
    subject_clear(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_cut_agrees_with_the_whole_tensor),
        cmocka_unit_test(a_block_that_is_left_out_equals_one_that_is_measured),
        cmocka_unit_test(shared_weights_need_one_block_a_level),
        cmocka_unit_test(shared_weights_need_half_of_a_scan),
        cmocka_unit_test(too_many_positions_are_thinned_out_evenly),
        cmocka_unit_test(threads_change_no_bit),
        cmocka_unit_test(a_network_description_has_no_profile),
        cmocka_unit_test(a_weight_that_is_no_number_is_reported),
        cmocka_unit_test(more_numbers_than_memory_are_refused_before_the_work),
        cmocka_unit_test(a_profile_survives_running_out_of_memory),
        cmocka_unit_test(a_profile_can_be_stopped_anywhere),
    };

    if (ec_linalg_threads(1, NULL) != EC_OK)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
