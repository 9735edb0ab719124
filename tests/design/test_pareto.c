/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "scene.h"

/* Exact bounds of all configurations, partition by partition, and their cost. */
typedef struct truth {
    size_t n, n_partitions;
    ec_int *bound;
    uint64_t *cost;
} truth;

static truth find_truth(scene *s)
{
    truth t = {.n = ec_ranges_count(&s->ranges), .n_partitions = s->partitions.n};
    ec_int cost = {0};
    ec_error err = {0};

    t.bound = ec_calloc(t.n * t.n_partitions, sizeof *t.bound, NULL);
    t.cost = ec_calloc(t.n, sizeof *t.cost, NULL);
    assert_non_null(t.bound);
    assert_non_null(t.cost);
    for (size_t i = 0; i < t.n; i++) {
        scene_apply(s, i);
        assert_ok(s->in.cost == EC_QUANTITY_PARAMETERS
                      ? ec_arch_parameters(&cost, &s->arch, &err)
                      : ec_arch_multiply_adds(&cost, &s->arch, &err),
                  &err);
        t.cost[i] = ec_int_get_u64(&cost);
        for (size_t k = 0; k < t.n_partitions; k++)
            scene_bound(&t.bound[i * t.n_partitions + k], s, k);
    }
    ec_int_clear(&cost);
    return t;
}

static void truth_clear(truth *t)
{
    for (size_t i = 0; i < t->n * t->n_partitions; i++)
        ec_int_clear(&t->bound[i]);
    ec_free(t->bound);
    ec_free(t->cost);
}

/* Straight from the definition: nowhere worse, somewhere better or equal and first. */
static bool beats(const truth *t, size_t x, size_t y)
{
    bool worse = t->cost[x] > t->cost[y], better = t->cost[x] < t->cost[y];

    for (size_t k = 0; k < t->n_partitions; k++) {
        int sign =
            ec_int_cmp(&t->bound[x * t->n_partitions + k], &t->bound[y * t->n_partitions + k]);
        worse = worse || sign < 0;
        better = better || sign > 0;
    }
    return !worse && (better || x < y);
}

static void pareto_keeps_exactly_what_nothing_beats(void **state)
{
    (void)state;
    ec_rng rng;

    ec_rng_seed(&rng, check_seed() + 2);
    for (size_t i = 0; i < check_count(150); i++) {
        scene s;
        ec_sweep_rows rows;
        size_t at = 0;
        scene_random(&s, &rng);
        s.in.cost = i % 2 == 0 ? EC_QUANTITY_PARAMETERS : EC_QUANTITY_MULTIPLY_ADDS;
        truth t = find_truth(&s);
        s.in.pareto = true;
        scene_sweep(&rows, &s);
        for (size_t y = 0; y < t.n; y++) {
            bool beaten = false, kept = at < rows.n && rows.index[at] == y;
            for (size_t x = 0; x < t.n && !beaten; x++)
                beaten = x != y && beats(&t, x, y);
            assert_int_equal(kept, !beaten);
            at += kept;
        }
        assert_int_equal(at, rows.n);
        truth_clear(&t);
        ec_sweep_rows_clear(&rows);
        scene_clear(&s);
    }
}

/* Rows that survive in their unit but not beside another's: against one reduction of all. */
static void pareto_merges_units(void **state)
{
    (void)state;
    scene s;
    ec_sweep_rows all, best;
    ec_error err = {0};

    scene_large(&s);
    scene_sweep(&all, &s);
    size_t n = all.n;
    assert_ok(ec_sweep_reduce(&all, EC_QUANTITY_PARAMETERS, &err), &err);
    s.in.pareto = true;
    scene_sweep(&best, &s);
    assert_in_range(best.n, 2, n / 4);
    assert_int_equal(best.n, all.n);
    assert_memory_equal(best.index, all.index, best.n * sizeof *best.index);
    ec_sweep_rows_clear(&all);
    ec_sweep_rows_clear(&best);
    scene_clear(&s);
}

typedef struct parts {
    ec_sweep_rows best;
    size_t reduced, n;
} parts;

static ec_status merge_part(void *arg, const ec_sweep *sweep, const ec_sweep_rows *rows,
                            ec_error *err)
{
    parts *p = arg;

    (void)sweep;
    p->n++;
    return ec_sweep_merge(&p->best, &p->reduced, rows, EC_QUANTITY_PARAMETERS, err);
}

/* Unit by unit, as several processes would, each running some of them. */
static void units_apart_merge_to_the_same(void **state)
{
    (void)state;
    scene s;
    ec_sweep *sweep;
    ec_sweep_rows best;
    ec_error err = {0};

    scene_large(&s);
    s.in.pareto = true;
    scene_sweep(&best, &s);
    s.in.apart = true;
    assert_ok(ec_sweep_new(&sweep, &s.in, NULL, &err), &err);
    size_t n_units = ec_sweep_units(sweep);
    assert_in_range(n_units, 4, 1000);
    parts p = {.best = {.n_bounds = best.n_bounds}};
    for (size_t unit = 0; unit < n_units; unit += 3)
        assert_ok(ec_sweep_run(sweep, unit, n_units - unit < 3 ? n_units - unit : 3, merge_part, &p,
                               NULL, &err),
                  &err);
    assert_int_equal(p.n, n_units);
    assert_ok(ec_sweep_reduce(&p.best, EC_QUANTITY_PARAMETERS, &err), &err);
    assert_int_equal(p.best.n, best.n);
    assert_memory_equal(p.best.index, best.index, best.n * sizeof *best.index);
    ec_sweep_rows_clear(&p.best);
    ec_sweep_rows_clear(&best);
    ec_sweep_free(sweep);
    scene_clear(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pareto_keeps_exactly_what_nothing_beats),
        cmocka_unit_test(pareto_merges_units),
        cmocka_unit_test(units_apart_merge_to_the_same),
    };
    return cmocka_run_group_tests_name("design: pareto", tests, NULL, NULL);
}
