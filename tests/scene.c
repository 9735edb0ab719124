/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "scene.h"

#include "describe.h"
#include "oracle/convac.h"

#include <stdio.h>
#include <string.h>

void scene_add(scene *s, ec_sites a)
{
    size_t k = s->partitions.n++;

    snprintf(s->names[k], sizeof s->names[k], "p%zu", k);
    s->items[k] = (ec_partition){.name = s->names[k], .a = a};
    s->partitions.items = s->items;
}

void scene_set(scene *s, size_t level, const uint32_t *values, size_t n)
{
    ec_range *range = &s->ranges.level[level];

    ec_free(range->values);
    range->values = ec_calloc(n, sizeof *values, NULL);
    assert_non_null(range->values);
    memcpy(range->values, values, n * sizeof *values);
    range->n = n;
}

void scene_set_run(scene *s, size_t level, uint32_t first, size_t n)
{
    uint32_t values[4096];

    for (size_t i = 0; i < n; i++)
        values[i] = first + (uint32_t)i;
    scene_set(s, level, values, n);
}

void scene_begin(scene *s)
{
    ec_error err = {0};

    assert_ok(ec_ranges_init(&s->ranges, &s->arch, &err), &err);
    s->in = (ec_sweep_input){.arch = &s->arch, .partitions = &s->partitions, .ranges = &s->ranges};
}

void scene_clear(scene *s)
{
    for (size_t k = 0; k < s->partitions.n; k++)
        ec_sites_clear(&s->items[k].a);
    ec_ranges_clear(&s->ranges);
    convac_clear(&s->arch);
}

void scene_random(scene *s, ec_rng *rng)
{
    static const uint32_t palette[] = {9, 2, 16, 3, 4, 1, 8, 27};

    *s = (scene){.partitions = {.n = 0}};
    describe_random(&s->arch, 64, rng);
    for (size_t k = 1 + ec_rng_below(rng, SCENE_PARTITIONS); k > 0; k--)
        scene_add(s, describe_random_sides(s->arch.n_sites, rng));
    scene_begin(s);
    for (int i = 0; i < 3; i++) {
        size_t level = ec_rng_below(rng, s->arch.n_levels), n = 2 + ec_rng_below(rng, 3);
        scene_set(s, level, palette + ec_rng_below(rng, 5), n);
    }
}

static ec_status keep_rows(void *arg, const ec_sweep *sweep, const ec_sweep_rows *rows,
                           ec_error *err)
{
    (void)sweep;
    return ec_sweep_append(arg, rows, err);
}

ec_status scene_try(ec_sweep_rows *rows, const ec_sweep_input *in, unsigned threads, ec_error *err)
{
    ec_run run = EC_RUN_INIT;
    ec_sweep *sweep = NULL;
    ec_status status = ec_sweep_new(&sweep, in, &run, err);

    *rows = (ec_sweep_rows){.n_bounds = 2 * in->partitions->n};
    run.threads = threads;
    if (status == EC_OK)
        status = ec_sweep_run(sweep, 0, ec_sweep_units(sweep), keep_rows, rows, &run, err);
    ec_sweep_free(sweep);
    return status;
}

void scene_sweep(ec_sweep_rows *rows, const scene *s)
{
    ec_error err = {0};

    assert_ok(scene_try(rows, &s->in, 1, &err), &err);
}

void scene_apply(scene *s, uint64_t index)
{
    for (size_t l = s->arch.n_levels; l > 0; l--) {
        const ec_range *range = &s->ranges.level[l - 1];
        s->arch.levels[l - 1].dim =
            range->values[index % range->n] + (s->arch.levels[l - 1].constant ? 1 : 0);
        if (l > 1)
            s->arch.levels[l - 2].out = s->arch.levels[l - 1].dim;
        index /= range->n;
    }
}

void scene_bounds(ec_int *cut, ec_int *shared, const scene *s, size_t k)
{
    ec_cut found = {0};
    ec_error err = {0};
    bool applies;

    assert_ok(ec_bound_min_cut_tree(&found, &s->arch, &s->items[k].a, false, NULL, &err), &err);
    ec_int_set(cut, &found.rank);
    ec_int_set_u64(shared, 0);
    assert_ok(ec_bound_shared(&applies, shared, &s->arch, &s->items[k].a, NULL, &err), &err);
    ec_cut_clear(&found);
}

void scene_bound(ec_int *bound, const scene *s, size_t k)
{
    ec_int shared = {0};

    scene_bounds(bound, &shared, s, k);
    if (ec_int_cmp_u64(&shared, 0) > 0 && ec_int_cmp(&shared, bound) < 0)
        ec_int_swap(&shared, bound);
    ec_int_clear(&shared);
}

void scene_large(scene *s)
{
    const convac_level levels[] = {{2, 1, 2, true}, {3, 1, 2, true}, {4, 1, 2, false}};
    const uint32_t top[] = {7, 64, 5};
    ec_sites halves, comb;

    *s = (scene){.partitions = {.n = 0}};
    convac_make(&s->arch, levels, 3, 10);
    convac_sides(&halves, "AAAABBBB");
    convac_sides(&comb, "ABABABAB");
    scene_add(s, halves);
    scene_add(s, comb);
    scene_begin(s);
    scene_set_run(s, 0, 2, 97);
    scene_set_run(s, 1, 1, 89);
    scene_set(s, 2, top, 3);
}
