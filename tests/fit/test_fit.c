/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "check.h"

#include "entcap/fit.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static ec_arch *parse(const char *text)
{
    ec_arch *arch = NULL;
    ec_error err = {0};

    assert_ok(ec_arch_parse(&arch, text, strlen(text), "t", &err), &err);
    return arch;
}

static ec_arch *chain(unsigned width, unsigned outputs)
{
    char text[512];

    snprintf(text, sizeof text,
             "name: t\ninput: {shape: [8], channels: 2}\nlayers:\n- conv: {channels: 2}\n"
             "- pool: {window: 2}\n- conv: {channels: 3}\n- pool: {window: 2}\n"
             "- conv: {channels: %u}\n- pool: {window: 2}\n- dense: {outputs: %u}\n",
             width, outputs);
    return parse(text);
}

/* Random samples on a grid, each feature on a scale of its own, with labels below `labels`. */
static ec_samples random_samples(const size_t grid[2], size_t n, uint32_t labels, ec_rng *rng)
{
    ec_samples s = {.n = n, .grid = {grid[0], grid[1]}, .labels = labels};
    size_t features = grid[0] * grid[1];

    assert_ok(ec_array_init(&s.values, EC_F64, 3, (size_t[]){n, grid[0], grid[1]}, NULL, NULL),
              NULL);
    s.scale = ec_calloc(features, sizeof *s.scale, NULL);
    s.offset = ec_calloc(features, sizeof *s.offset, NULL);
    s.label = ec_calloc(n, sizeof *s.label, NULL);
    for (size_t f = 0; f < features; f++) {
        s.scale[f] = 1.0 / (double)(f + 1);
        s.offset[f] = 0.25 / (double)(f + 1);
    }
    for (size_t i = 0; i < n * features; i++)
        ((double *)s.values.data)[i] = ec_rng_uniform(rng) * (double)(i % features + 1) * 0.75;
    for (size_t i = 0; i < n; i++)
        s.label[i] = (uint32_t)i % labels;
    return s;
}

/* Two samples of opposite labels, all 0 and all 1: p = 1/2, 1/2 across the halves, entropy ln 2. */
static void one_channel_cannot_carry_two_vectors(void **state)
{
    const size_t grid[2] = {1, 8};
    ec_fit_options options = {.entropy = EC_ENTROPY_OPTIONS_INIT};
    ec_rng rng;
    ec_fit fit;
    ec_error err = {0};
    (void)state;

    ec_rng_seed(&rng, 1);
    for (unsigned width = 1; width <= 2; width++) {
        ec_arch *arch = chain(width, 2);
        ec_samples s = random_samples(grid, 2, 2, &rng);
        for (size_t f = 0; f < 8; f++) {
            s.scale[f] = 1;
            s.offset[f] = 0;
            ((double *)s.values.data)[f] = 0;
            ((double *)s.values.data)[8 + f] = 1;
        }
        assert_ok(ec_fit_samples(&fit, arch, &s, &options, NULL, &err), &err);
        assert_int_equal(fit.blocks.n_levels, 2);
        assert_close(fit.as_is.level[1].demand.mean, log(2), 1e-12);
        assert_int_equal(ec_int_get_u64(&fit.as_is.level[1].capacity), width);
        assert_int_equal(fit.as_is.level[1].excluded, width == 1);
        assert_int_equal(fit.as_is.excluded, width == 1);
        assert_true(fit.as_is.smallest.feasible && fit.as_is.smallest.optimal);
        assert_int_equal(ec_int_get_u64(&fit.as_is.smallest.best.ranks[0]), 2);
        ec_fit_clear(&fit);
        ec_samples_clear(&s);
        ec_arch_free(arch);
    }
}

/* One block: its name, its sites and its bound are those of the description's partition. */
static void assert_subtree(const ec_arch *arch, const ec_fit *fit, size_t level, size_t index)
{
    const ec_bound_options options = EC_BOUND_OPTIONS_INIT;
    ec_block block = ec_blocks_at(&fit->blocks, level, index);
    ec_partition p;
    ec_bound bound;
    char name[48];
    ec_error err = {0};

    ec_fit_block_name(name, &fit->blocks, level, index);
    assert_ok(ec_arch_partition(&p, arch, name, &err), &err);
    for (size_t i = 0; i < arch->n_sites; i++) {
        size_t r = i / arch->input.grid[1], c = i % arch->input.grid[1];

        assert_int_equal(ec_sites_has(&p.a, i),
                         r - block.row < block.height && c - block.column < block.width);
    }
    assert_ok(ec_bound_compute(&bound, arch, &p.a, &options, NULL, &err), &err);
    assert_int_equal(ec_int_cmp(bound.rank, &fit->as_is.level[level].capacity), 0);
    assert_int_equal(bound.from_shared, fit->as_is.level[level].from_shared);
    ec_bound_clear(&bound);
    ec_partition_clear(&p);
}

static void blocks_are_the_subtrees_of_the_network(void **state)
{
    static const char *const texts[] = {
        "name: t\ninput: {shape: [4, 8], channels: 2}\nlayers:\n- conv: {channels: 3}\n"
        "- pool: {window: [2, 2]}\n- conv: {channels: 2}\n- pool: {window: [1, 2]}\n"
        "- conv: {channels: 4, shared: false}\n- pool: {window: [2, 2]}\n- dense: {outputs: 2}\n",
        "name: t\ninput: {shape: [12], channels: 3}\nlayers:\n- pool: {window: 2}\n"
        "- conv: {channels: 4}\n- conv: {channels: 3}\n- pool: {window: 3}\n"
        "- conv: {channels: 5}\n- pool: {window: 2}\n- dense: {outputs: 1}\n",
    };
    ec_fit_options options = {.entropy = EC_ENTROPY_OPTIONS_INIT};
    ec_rng rng;
    ec_error err = {0};
    (void)state;

    ec_rng_seed(&rng, check_seed());
    for (size_t k = 0; k < 2; k++) {
        ec_arch *arch = parse(texts[k]);
        ec_samples s = random_samples(arch->input.grid, 12, 2, &rng);
        ec_fit fit;

        assert_ok(ec_fit_samples(&fit, arch, &s, &options, NULL, &err), &err);
        assert_int_equal(fit.blocks.n_levels, 2);
        for (size_t l = 1; l <= 2; l++)
            for (size_t b = 0; b < ec_blocks_count(&fit.blocks, l); b++)
                assert_subtree(arch, &fit, l, b);
        ec_fit_clear(&fit);
        ec_samples_clear(&s);
        ec_arch_free(arch);
    }
}

/* The demand is the largest over labels and blocks; the widths reach it. */
static void smallest_widths_reach_the_demand_of_every_label(void **state)
{
    ec_fit_options options = {.entropy = EC_ENTROPY_OPTIONS_INIT};
    ec_arch *arch = chain(4, 3);
    ec_rng rng;
    ec_fit fit;
    ec_error err = {0};
    (void)state;

    ec_rng_seed(&rng, check_seed());
    options.entropy.theta = 0.4;
    ec_samples s = random_samples(arch->input.grid, 30, 3, &rng);
    assert_ok(ec_fit_samples(&fit, arch, &s, &options, NULL, &err), &err);
    const ec_entropies *e = &fit.as_is.entropies;
    assert_int_equal(e->n_labels, 3);
    for (size_t l = 1; l <= 2; l++) {
        const ec_fit_level *level = &fit.as_is.level[l];
        double most = 0;

        for (size_t y = 0; y < 3; y++)
            for (size_t b = e->start[l]; b < e->start[l + 1]; b++)
                most = fmax(most, ec_entropies_at(e, y, b).mean);
        assert_close(level->demand.mean, most, 0);
        assert_close(ec_entropies_at(e, level->label, level->worst).mean, most, 0);
        assert_true(fit.as_is.smallest.feasible);
        double rank = (double)ec_int_get_u64(&fit.as_is.smallest.best.ranks[l - 1]);
        assert_true(rank >= exp(most) - 1e-6);
    }
    ec_fit_clear(&fit);
    ec_samples_clear(&s);
    ec_arch_free(arch);
}

/* Features f and f + 4 are alike: another order lowers the demand, as measured on such samples. */
static void rearranged_samples_are_measured_in_their_new_order(void **state)
{
    ec_fit_options options = {.entropy = EC_ENTROPY_OPTIONS_INIT, .rearrange = true};
    const ec_rearrange_options how = {.method = EC_REARRANGE_METIS};
    ec_arch *arch = chain(4, 2);
    ec_order order;
    ec_entropies e;
    ec_fit fit;
    ec_rng rng;
    ec_error err = {0};
    double x[8];
    (void)state;

    ec_rng_seed(&rng, check_seed());
    ec_samples s = random_samples(arch->input.grid, 40, 2, &rng);
    ec_samples moved = random_samples(arch->input.grid, 40, 2, &rng);
    for (size_t i = 0; i < 40; i++) {
        double *row = (double *)s.values.data + i * 8;

        for (size_t f = 0; f < 4; f++)
            row[f + 4] = row[f] * (double)(f + 5) / (double)(f + 1);
    }
    assert_ok(ec_fit_samples(&fit, arch, &s, &options, NULL, &err), &err);
    assert_true(fit.has_rearranged);
    assert_ok(ec_data_rearrange(&order, &s, &fit.blocks, &how, NULL, &err), &err);
    for (size_t i = 0; i < 40; i++) {
        ec_samples_row(x, &s, i);
        for (size_t k = 0; k < 8; k++) /* in 1-D place k is position k */
            ((double *)moved.values.data)[i * 8 + k] =
                (x[order.from[k]] - moved.offset[k]) / moved.scale[k];
    }
    assert_ok(ec_data_entropy(&e, &moved, &fit.blocks, &options.entropy, NULL, &err), &err);
    assert_int_equal(e.n_blocks, fit.rearranged.entropies.n_blocks);
    for (size_t b = 0; b < e.n_blocks; b++)
        assert_close(ec_entropies_at(&fit.rearranged.entropies, 0, b).mean,
                     ec_entropies_at(&e, 0, b).mean, 1e-9);
    assert_true(fit.rearranged.level[2].demand.mean < fit.as_is.level[2].demand.mean);
    ec_entropies_clear(&e);
    ec_order_clear(&order);
    ec_fit_clear(&fit);
    ec_samples_clear(&s);
    ec_samples_clear(&moved);
    ec_arch_free(arch);
}

/* ----------------------------------------------------------------- refusals */

static void networks_and_other_grids_are_refused(void **state)
{
    ec_fit_options options = {.entropy = EC_ENTROPY_OPTIONS_INIT};
    ec_arch *arch = parse("name: t\nnetwork:\n  indices: {a: 2, b: 2}\n  tensors: {T: [a, b]}\n"
                          "  open: [a, b]\n");
    ec_rng rng;
    ec_fit fit;
    ec_error err = {0};
    (void)state;

    ec_rng_seed(&rng, 1);
    ec_samples s = random_samples((size_t[]){1, 4}, 4, 2, &rng);
    assert_int_equal(ec_fit_samples(&fit, arch, &s, &options, NULL, &err), EC_EINVAL);
    assert_string_equal(err.msg, "a network has no canonical blocks, only layers have");
    ec_arch_free(arch);
    arch = chain(2, 2);
    err = (ec_error){0};
    assert_int_equal(ec_fit_samples(&fit, arch, &s, &options, NULL, &err), EC_EINVAL);
    assert_string_equal(err.msg, "blocks of 1 x 8 features, samples of 1 x 4");
    ec_arch_free(arch);
    ec_samples_clear(&s);
}

typedef struct subject {
    ec_arch *arch;
    ec_samples samples;
} subject;

static ec_status run_fit(void *arg, ec_error *err)
{
    const subject *s = arg;
    const ec_fit_options options = {
        .entropy = EC_ENTROPY_OPTIONS_INIT, .rearrange = true, .max_width = 2};
    ec_fit fit;
    ec_status status = ec_fit_samples(&fit, s->arch, &s->samples, &options, NULL, err);

    ec_fit_clear(&fit);
    return status;
}

static void every_failed_allocation_is_reported(void **state)
{
    subject s = {.arch = parse("name: t\ninput: {shape: [4], channels: 2}\nlayers:\n"
                               "- pool: {window: 2}\n- conv: {channels: 2}\n"
                               "- pool: {window: 2}\n- dense: {outputs: 2}\n")};
    ec_rng rng;
    (void)state;

    ec_rng_seed(&rng, 1);
    s.samples = random_samples(s.arch->input.grid, 3, 2, &rng);
    assert_survives_oom(run_fit, &s);
    ec_samples_clear(&s.samples);
    ec_arch_free(s.arch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_channel_cannot_carry_two_vectors),
        cmocka_unit_test(blocks_are_the_subtrees_of_the_network),
        cmocka_unit_test(smallest_widths_reach_the_demand_of_every_label),
        cmocka_unit_test(rearranged_samples_are_measured_in_their_new_order),
        cmocka_unit_test(networks_and_other_grids_are_refused),
        cmocka_unit_test(every_failed_allocation_is_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
