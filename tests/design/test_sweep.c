/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "scene.h"

#include <math.h>

#include "oracle/convac.h"

static void assert_log2(double log2, const ec_int *rank)
{
    double expected = ec_int_cmp_u64(rank, 0) == 0 ? INFINITY : ec_int_log2(rank);

    if (isinf(expected))
        assert_true(log2 == expected);
    else
        assert_close(log2, expected, 1e-13 * (1 + expected));
}

/* Everything that a row says, against the exact recursion on the network with these widths. */
static void assert_row(scene *s, const ec_sweep_rows *rows, size_t row)
{
    ec_int cut = {0}, shared = {0}, count = {0};
    ec_error err = {0};

    scene_apply(s, rows->index[row]);
    for (size_t k = 0; k < s->partitions.n; k++) {
        scene_bounds(&cut, &shared, s, k);
        assert_log2(rows->log2[row * rows->n_bounds + 2 * k], &cut);
        assert_log2(rows->log2[row * rows->n_bounds + 2 * k + 1], &shared);
    }
    assert_ok(ec_arch_parameters(&count, &s->arch, &err), &err);
    assert_int_equal(ec_int_cmp_u64(&count, rows->parameters[row]), 0);
    assert_ok(ec_arch_multiply_adds(&count, &s->arch, &err), &err);
    assert_int_equal(ec_int_cmp_u64(&count, rows->multiply_adds[row]), 0);
    ec_int_clear(&cut);
    ec_int_clear(&shared);
    ec_int_clear(&count);
}

static void every_row_agrees_with_the_exact_bounds(void **state)
{
    (void)state;
    ec_rng rng;

    ec_rng_seed(&rng, check_seed());
    for (size_t i = 0; i < check_count(300); i++) {
        scene s;
        ec_sweep_rows rows;
        scene_random(&s, &rng);
        scene_sweep(&rows, &s);
        assert_int_equal(rows.n, ec_ranges_count(&s.ranges));
        for (size_t row = 0; row < rows.n; row++) {
            assert_int_equal(rows.index[row], row);
            assert_row(&s, &rows, row);
        }
        ec_sweep_rows_clear(&rows);
        scene_clear(&s);
    }
}

static void a_constant_channel_stands_beside_those_that_are_swept(void **state)
{
    (void)state;
    ec_rng rng;

    ec_rng_seed(&rng, check_seed() + 1);
    for (size_t i = 0; i < check_count(100); i++) {
        scene s;
        ec_sweep_rows rows;
        scene_random(&s, &rng);
        size_t last = ec_rng_below(&rng, s.arch.n_levels);
        for (size_t l = 0; l <= last; l++) /* from the sites to the last affine part */
            s.arch.levels[l].constant = true;
        scene_sweep(&rows, &s);
        for (size_t row = 0; row < rows.n; row++)
            assert_row(&s, &rows, row);
        ec_sweep_rows_clear(&rows);
        scene_clear(&s);
    }
}

static void a_single_level_is_swept_too(void **state)
{
    (void)state;
    const convac_level level[] = {{2, 1, 4, false}};
    scene s = {.partitions = {.n = 0}};
    ec_sweep_rows rows;
    ec_sites a;

    convac_make(&s.arch, level, 1, 3);
    convac_sides(&a, "AABB");
    scene_add(&s, a);
    scene_begin(&s);
    scene_set_run(&s, 0, 1, 20);
    scene_sweep(&rows, &s);
    assert_int_equal(rows.n, 20);
    for (size_t row = 0; row < rows.n; row++)
        assert_row(&s, &rows, row);
    ec_sweep_rows_clear(&rows);
    scene_clear(&s);
}

static void units_meet_without_gap(void **state)
{
    (void)state;
    scene s;
    ec_sweep_rows rows;
    ec_sweep *sweep;
    ec_error err = {0};
    uint32_t widths[3];

    scene_large(&s);
    assert_ok(ec_sweep_new(&sweep, &s.in, NULL, &err), &err);
    assert_true(ec_sweep_units(sweep) > 5);
    assert_int_equal(ec_sweep_count(sweep), 97 * 89 * 3);
    scene_sweep(&rows, &s);
    assert_int_equal(rows.n, 97 * 89 * 3);
    for (size_t row = 0; row < rows.n; row++) {
        assert_int_equal(rows.index[row], row);
        ec_sweep_widths(widths, sweep, row);
        assert_int_equal(widths[0], 2 + row / (89 * 3));
        assert_int_equal(widths[1], 1 + row / 3 % 89);
        if (row % 61 == 0 || row % 4096 < 2 || row % 4096 == 4095)
            assert_row(&s, &rows, row);
    }
    ec_sweep_rows_clear(&rows);
    ec_sweep_free(sweep);
    scene_clear(&s);
}

/* More values than an array holds: a unit, and an array, begins and ends amid them. */
static void a_long_range_is_cut_into_arrays(void **state)
{
    (void)state;
    scene s;
    ec_sweep_rows rows;

    scene_large(&s);
    scene_set_run(&s, 0, 2, 3);
    scene_set_run(&s, 1, 1, 1);
    scene_set_run(&s, 2, 1, 4001);
    scene_sweep(&rows, &s);
    assert_int_equal(rows.n, 3 * 4001);
    for (size_t row = 0; row < rows.n; row++) {
        assert_int_equal(rows.index[row], row);
        if (row % 61 == 0 || row % 1024 < 4 || row % 1024 > 1020 || row % 4096 < 4)
            assert_row(&s, &rows, row);
    }
    ec_sweep_rows_clear(&rows);
    scene_clear(&s);
}

/* ------------------------------------------------------------------ filters */

/* The relations as they are written, in the order of ec_relation. */
static bool holds(int sign, ec_relation relation)
{
    const bool table[] = {sign <= 0, sign<0, sign >= 0, sign> 0, sign == 0};

    return table[relation];
}

/* Sweep with bound `relation` value of partition 0; the rows must be exactly those it holds for. */
static void assert_filter(scene *s, ec_relation relation, const ec_int *value)
{
    ec_filter filter = {.quantity = EC_QUANTITY_BOUND,
                        .relation = relation,
                        .log2 = ec_int_cmp_u64(value, 0) == 0 ? -INFINITY : ec_int_log2(value)};
    ec_sweep_rows rows;
    ec_int bound = {0};
    size_t at = 0;

    ec_int_set(&filter.value, value);
    s->in.filters = &filter;
    s->in.n_filters = 1;
    scene_sweep(&rows, s);
    for (uint64_t i = 0; i < ec_ranges_count(&s->ranges); i++) {
        scene_apply(s, i);
        scene_bound(&bound, s, 0);
        bool kept = at < rows.n && rows.index[at] == i;
        assert_int_equal(kept, holds(ec_int_cmp(&bound, value), relation));
        at += kept;
    }
    assert_int_equal(at, rows.n);
    ec_sweep_rows_clear(&rows);
    ec_int_clear(&bound);
    ec_filter_clear(&filter);
    s->in.filters = NULL;
    s->in.n_filters = 0;
}

/* The value itself is a tie of logarithms; those beside it nearly are where they are large. */
static void filters_at_ties_are_exact(void **state)
{
    (void)state;
    ec_rng rng;
    ec_int value = {0}, one = {0};

    ec_rng_seed(&rng, check_seed() + 1);
    ec_int_set_u64(&one, 1);
    for (size_t i = 0; i < check_count(100); i++) {
        scene s;
        scene_random(&s, &rng);
        scene_apply(&s, ec_rng_below(&rng, ec_ranges_count(&s.ranges)));
        scene_bound(&value, &s, 0);
        for (int d = 0; d < 3; d++) {
            for (int relation = EC_AT_MOST; relation <= EC_EQUAL; relation++)
                assert_filter(&s, (ec_relation)relation, &value);
            if (d == 0)
                ec_int_add(&value, &value, &one);
            else
                ec_int_sub(&value, &value, &one);
            if (d == 1)
                ec_int_sub(&value, &value, &one);
        }
        scene_clear(&s);
    }
    ec_int_clear(&value);
    ec_int_clear(&one);
}

/* Random sides of 1024 sites have formulas out of reach. */
static void ties_of_large_ranks_need_no_formula(void **state)
{
    (void)state;
    convac_level levels[10];
    scene s = {.partitions = {.n = 0}};
    ec_int value = {0}, one = {0};
    ec_sites a;
    ec_rng rng;

    ec_rng_seed(&rng, check_seed() + 3);
    for (size_t l = 0; l < 10; l++)
        levels[l] = (convac_level){2 + 5 * (uint32_t)l, 1, 2, false};
    convac_make(&s.arch, levels, 10, 1);
    convac_random_side(&a, s.arch.n_sites, &rng);
    scene_add(&s, a);
    scene_begin(&s);
    scene_set_run(&s, 1, 2, 4);
    scene_set_run(&s, 9, 1000000, 4);
    scene_set_run(&s, 8, 1000000, 2);
    scene_set_run(&s, 7, 999999, 1);
    scene_set_run(&s, 6, 999998, 1);
    scene_apply(&s, 9);
    scene_bound(&value, &s, 0);
    assert_true(ec_int_log2(&value) > 33); /* beyond what logarithms decide */
    assert_filter(&s, EC_AT_LEAST, &value);
    assert_filter(&s, EC_LESS, &value);
    ec_int_set_u64(&one, 1);
    ec_int_add(&value, &value, &one);
    assert_filter(&s, EC_AT_LEAST, &value);
    ec_int_clear(&value);
    ec_int_clear(&one);
    scene_clear(&s);
}

static void filters_on_costs_hold(void **state)
{
    (void)state;
    scene s;
    ec_sweep_rows all, rows;
    ec_filter filters[2] = {{.quantity = EC_QUANTITY_PARAMETERS, .relation = EC_LESS},
                            {.quantity = EC_QUANTITY_MULTIPLY_ADDS, .relation = EC_AT_LEAST}};
    size_t at = 0;

    scene_large(&s);
    scene_sweep(&all, &s);
    ec_int_set_u64(&filters[0].value, all.parameters[5000]);
    ec_int_set_u64(&filters[1].value, all.multiply_adds[3000]);
    s.in.filters = filters;
    s.in.n_filters = 2;
    scene_sweep(&rows, &s);
    for (size_t i = 0; i < all.n; i++) {
        bool keep = all.parameters[i] < all.parameters[5000] &&
                    all.multiply_adds[i] >= all.multiply_adds[3000];
        if (keep)
            assert_int_equal(rows.index[at++], i);
    }
    assert_int_equal(at, rows.n);
    assert_in_range(at, 1, all.n - 1);
    ec_sweep_rows_clear(&all);
    ec_sweep_rows_clear(&rows);
    ec_filter_clear(&filters[0]);
    ec_filter_clear(&filters[1]);
    scene_clear(&s);
}

/* ------------------------------------------------------------------ threads */

static void rows_are_the_same_for_any_number_of_threads(void **state)
{
    (void)state;
    scene s;
    ec_sweep_rows one, more;
    ec_error err = {0};

    scene_large(&s);
    scene_set_run(&s, 2, 1, 70); /* enough work for three */
    for (int pareto = 0; pareto < 2; pareto++) {
        s.in.pareto = pareto == 1;
        scene_sweep(&one, &s);
        for (unsigned threads = 2; threads <= 3; threads++) {
            assert_ok(scene_try(&more, &s.in, threads, &err), &err);
            assert_int_equal(more.n, one.n);
            assert_memory_equal(more.index, one.index, one.n * sizeof *one.index);
            assert_memory_equal(more.log2, one.log2, one.n * one.n_bounds * sizeof *one.log2);
            assert_memory_equal(more.parameters, one.parameters, one.n * sizeof *one.parameters);
            ec_sweep_rows_clear(&more);
        }
        ec_sweep_rows_clear(&one);
    }
    scene_clear(&s);
}

/* ----------------------------------------------------------------- failures */

static ec_status run_scene(void *arg, ec_error *err)
{
    ec_sweep_rows rows;
    ec_status status = scene_try(&rows, arg, 1, err);

    ec_sweep_rows_clear(&rows);
    return status;
}

static void sweep_survives_lack_of_memory(void **state)
{
    (void)state;
    const convac_level levels[] = {{2, 1, 2, true}, {3, 1, 2, true}};
    scene s = {.partitions = {.n = 0}};
    ec_filter filter = {.quantity = EC_QUANTITY_BOUND, .relation = EC_AT_LEAST};
    ec_sites a;

    convac_make(&s.arch, levels, 2, 1);
    convac_sides(&a, "AABB");
    scene_add(&s, a);
    scene_begin(&s);
    scene_set_run(&s, 1, 1, 9);
    ec_int_set_u64(&filter.value, 3);
    filter.log2 = log2(3);
    s.in.filters = &filter;
    s.in.n_filters = 1;
    assert_survives_oom(run_scene, &s.in);
    s.in.pareto = true;
    assert_survives_oom(run_scene, &s.in);
    ec_filter_clear(&filter);
    scene_clear(&s);
}

static ec_status refuse(void *arg, const ec_sweep *sweep, const ec_sweep_rows *rows, ec_error *err)
{
    (void)sweep;
    (void)rows;
    ++*(int *)arg;
    return ec_fail(err, EC_EIO, "no more");
}

static void a_failing_receiver_ends_the_sweep(void **state)
{
    (void)state;
    scene s;
    ec_sweep *sweep;
    ec_error err = {0};
    int calls = 0;

    scene_large(&s);
    assert_ok(ec_sweep_new(&sweep, &s.in, NULL, &err), &err);
    assert_int_equal(ec_sweep_run(sweep, 0, ec_sweep_units(sweep), refuse, &calls, NULL, &err),
                     EC_EIO);
    assert_string_equal(err.msg, "no more");
    assert_int_equal(calls, 1);
    ec_sweep_free(sweep);
    scene_clear(&s);
}

static void too_much_is_refused(void **state)
{
    (void)state;
    scene s;
    ec_sweep *sweep;
    ec_error err = {0};
    const uint32_t huge[] = {1 << 20};
    size_t real;

    scene_large(&s);
    real = s.ranges.level[0].n;
    s.ranges.level[0].n = (size_t)1 << 46; /* never read: the count comes first */
    assert_int_equal(ec_sweep_new(&sweep, &s.in, NULL, &err), EC_ELIMIT);
    assert_string_equal(err.msg, "2^53 configurations or more; narrow the ranges");
    assert_null(sweep);
    s.ranges.level[0].n = real;
    err = (ec_error){0};
    scene_set(&s, 1, huge, 1);
    scene_set(&s, 2, huge, 1);
    s.arch.levels[1].grid[1] = (size_t)1 << 22;
    assert_int_equal(ec_sweep_new(&sweep, &s.in, NULL, &err), EC_ELIMIT);
    assert_string_equal(err.msg, "up to 4.61e+18 multiply-adds, a sweep counts to 2^62");
    scene_clear(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_agrees_with_the_exact_bounds),
        cmocka_unit_test(a_constant_channel_stands_beside_those_that_are_swept),
        cmocka_unit_test(a_single_level_is_swept_too),
        cmocka_unit_test(units_meet_without_gap),
        cmocka_unit_test(a_long_range_is_cut_into_arrays),
        cmocka_unit_test(filters_at_ties_are_exact),
        cmocka_unit_test(ties_of_large_ranks_need_no_formula),
        cmocka_unit_test(filters_on_costs_hold),
        cmocka_unit_test(rows_are_the_same_for_any_number_of_threads),
        cmocka_unit_test(sweep_survives_lack_of_memory),
        cmocka_unit_test(a_failing_receiver_ends_the_sweep),
        cmocka_unit_test(too_much_is_refused),
    };
    return cmocka_run_group_tests_name("design: sweep", tests, NULL, NULL);
}
