/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "check.h"

#include "entcap/data.h"

#include <math.h>
#include <string.h>

enum { MAX_N = 64, SAMPLES = 120 };

/* Samples held in memory, as if they had been read: n features on a grid. */
static ec_samples new_samples(const size_t grid[2])
{
    size_t n = grid[0] * grid[1];
    ec_samples s = {.n = SAMPLES, .grid = {grid[0], grid[1]}};

    assert_ok(
        ec_array_init(&s.values, EC_F64, 3, (size_t[]){SAMPLES, grid[0], grid[1]}, NULL, NULL),
        NULL);
    s.scale = ec_calloc(n, sizeof *s.scale, NULL);
    s.offset = ec_calloc(n, sizeof *s.offset, NULL);
    for (size_t f = 0; f < n; f++)
        s.scale[f] = 1;
    return s;
}

/* Features of a group follow the group's own random number, with a little noise. */
static ec_samples grouped_samples(const size_t grid[2], const uint32_t *group, ec_rng *rng)
{
    ec_samples s = new_samples(grid);
    double *x = s.values.data;
    size_t n = grid[0] * grid[1];

    for (size_t i = 0; i < SAMPLES; i++) {
        double level[MAX_N];
        for (size_t k = 0; k < MAX_N; k++)
            level[k] = ec_rng_uniform(rng);
        for (size_t f = 0; f < n; f++)
            x[i * n + f] = 0.9 * level[group[f]] + 0.1 * ec_rng_uniform(rng);
    }
    return s;
}

static ec_order order_of(const ec_samples *s, const ec_blocks *blocks,
                         const ec_rearrange_options *options)
{
    ec_order order;
    ec_error err = {0};

    assert_ok(ec_data_rearrange(&order, s, blocks, options, NULL, &err), &err);
    return order;
}

static void assert_permutation(const ec_order *order, size_t n)
{
    bool seen[MAX_N] = {false};

    assert_int_equal(order->n, n);
    for (size_t k = 0; k < n; k++) {
        assert_true(order->from[k] < n && !seen[order->from[k]]);
        seen[order->from[k]] = true;
    }
}

/* Mean surrogate of a level, by its definition, from the samples in their new order. */
static double surrogate_after(const ec_samples *s, const ec_order *order, const ec_blocks *blocks,
                              size_t level)
{
    size_t n = order->n, n_blocks = ec_blocks_count(blocks, level);
    ec_samples moved = *s;
    double *c = NULL, sum = 0;

    assert_ok(ec_order_apply(&moved.values, &s->values, order, blocks, NULL, NULL), NULL);
    assert_ok(ec_data_correlation(&c, &moved, NULL, NULL), NULL);
    for (size_t k = 0; k < n_blocks; k++) {
        ec_block b = ec_blocks_at(blocks, level, k);
        for (size_t i = 0; i < n; i++)
            for (size_t j = 0; j < n; j++) {
                size_t r = i / blocks->grid[1], q = i % blocks->grid[1];
                size_t u = j / blocks->grid[1], v = j % blocks->grid[1];
                bool in = r - b.row < b.height && q - b.column < b.width;
                bool out = !(u - b.row < b.height && v - b.column < b.width);
                sum += in && out ? c[i * n + j] : 0;
            }
    }
    ec_free(c);
    ec_array_clear(&moved.values);
    return sum / (double)n_blocks;
}

/* ------------------------------------------------------------------- planted */

static void scattered_groups_are_brought_together(void **state)
{
    static const size_t grid[2] = {1, 32};
    const ec_rearrange_options options = {.method = EC_REARRANGE_METIS};
    uint32_t group[32];
    ec_blocks blocks;
    ec_rng rng;
    (void)state;

    ec_rng_seed(&rng, check_seed());
    assert_ok(ec_blocks_dyadic(&blocks, grid, 1, 2, NULL), NULL);
    for (size_t round = 0; round < check_count(5); round++) {
        for (size_t f = 0; f < 32; f++)
            group[f] = (uint32_t)f / 8;
        ec_rng_shuffle(&rng, group, 32);
        ec_samples s = grouped_samples(grid, group, &rng);
        ec_order order = order_of(&s, &blocks, &options);

        assert_permutation(&order, 32);
        for (size_t k = 0; k < 32; k++)
            assert_int_equal(group[order.from[k]], group[order.from[k / 8 * 8]]);
        assert_true(order.after[2] < order.before[2] / 2 && order.dropped == 0);
        ec_order_clear(&order);
        ec_samples_clear(&s);
    }
}

static void quadrants_of_an_image_are_found_too(void **state)
{
    static const size_t grid[2] = {4, 4};
    const ec_rearrange_options options = {.method = EC_REARRANGE_METIS};
    uint32_t group[16];
    ec_blocks blocks;
    ec_rng rng;
    (void)state;

    ec_rng_seed(&rng, check_seed());
    for (size_t f = 0; f < 16; f++)
        group[f] = (uint32_t)f % 4;
    ec_samples s = grouped_samples(grid, group, &rng);
    assert_ok(ec_blocks_dyadic(&blocks, grid, 2, 2, NULL), NULL);
    ec_order order = order_of(&s, &blocks, &options);
    for (size_t k = 0; k < 16; k++)
        assert_int_equal(group[order.from[k]], group[order.from[k / 4 * 4]]);
    for (size_t l = 1; l <= 2; l++)
        assert_close(order.after[l], surrogate_after(&s, &order, &blocks, l), 1e-5);
    ec_order_clear(&order);
    ec_samples_clear(&s);
}

/* A chain in which neighbours are alike: IGTD puts like ones near each other. */
static void igtd_straightens_a_chain(void **state)
{
    static const size_t grid[2] = {1, 32};
    const ec_rearrange_options options = {.method = EC_REARRANGE_IGTD};
    ec_samples s = new_samples(grid);
    double *x = s.values.data;
    uint32_t place[32];
    ec_blocks blocks;
    ec_rng rng;
    (void)state;

    ec_rng_seed(&rng, check_seed());
    for (uint32_t f = 0; f < 32; f++)
        place[f] = f;
    ec_rng_shuffle(&rng, place, 32);
    for (size_t i = 0; i < SAMPLES; i++) {
        double value = 0.5;
        for (size_t f = 0; f < 32; f++) {
            value = 0.8 * value + 0.2 * ec_rng_uniform(&rng);
            x[i * 32 + place[f]] = value;
        }
    }
    assert_ok(ec_blocks_dyadic(&blocks, grid, 1, 3, NULL), NULL);
    ec_order order = order_of(&s, &blocks, &options);
    assert_permutation(&order, 32);
    assert_true(order.after[1] < 0.8 * order.before[1]);
    assert_close(order.after[1], surrogate_after(&s, &order, &blocks, 1), 1e-4);
    ec_order_clear(&order);
    ec_samples_clear(&s);
}

/* --------------------------------------------------------------- odd inputs */

static void other_counts_and_constant_features_are_dealt_evenly(void **state)
{
    static const size_t grids[][2] = {{1, 2}, {1, 5}, {1, 37}, {1, 63}, {3, 5}, {7, 6}, {2, 2}};
    const ec_rearrange_options options = {.method = EC_REARRANGE_METIS};
    ec_rng rng;
    (void)state;

    ec_rng_seed(&rng, check_seed());
    for (size_t g = 0; g < sizeof grids / sizeof *grids; g++) {
        int n_dims = grids[g][0] == 1 ? 1 : 2;
        size_t n = grids[g][0] * grids[g][1];
        ec_blocks blocks;
        uint32_t group[MAX_N];

        for (size_t f = 0; f < n; f++)
            group[f] = (uint32_t)ec_rng_below(&rng, 5);
        ec_samples s = grouped_samples(grids[g], group, &rng);
        for (size_t i = 0; i < SAMPLES; i++) /* two constant features */
            ((double *)s.values.data)[i * n] = ((double *)s.values.data)[i * n + n - 1] = 0.3;
        assert_ok(
            ec_blocks_dyadic(&blocks, grids[g], n_dims, ec_blocks_depth(grids[g], n_dims), NULL),
            NULL);
        ec_order order = order_of(&s, &blocks, &options);
        assert_permutation(&order, n);
        assert_close(order.after[1], surrogate_after(&s, &order, &blocks, 1), 1e-3);
        ec_order_clear(&order);
        ec_samples_clear(&s);
    }
}

/* |Pearson correlation| of two features, by its definition. */
static double correlation_of(const ec_samples *s, size_t a, size_t b)
{
    size_t n = s->grid[0] * s->grid[1];
    const double *x = s->values.data;
    double mean_a = 0, mean_b = 0, ab = 0, aa = 0, bb = 0;

    for (size_t i = 0; i < s->n; i++) {
        mean_a += x[i * n + a] / (double)s->n;
        mean_b += x[i * n + b] / (double)s->n;
    }
    for (size_t i = 0; i < s->n; i++) {
        double p = x[i * n + a] - mean_a, q = x[i * n + b] - mean_b;

        ab += p * q;
        aa += p * p;
        bb += q * q;
    }
    return fabs(ab) / sqrt(aa * bb);
}

/* More features than are multiplied at a time, and a rest. */
static void correlations_of_many_features_are_those_of_pairs(void **state)
{
    static const size_t grid[2] = {20, 30}, some[] = {0, 1, 255, 256, 511, 512, 599};
    const size_t n = 600;
    double *c = NULL;
    ec_rng rng;
    (void)state;

    ec_rng_seed(&rng, check_seed());
    ec_samples s = new_samples(grid);
    for (size_t i = 0; i < s.values.count; i++)
        ((double *)s.values.data)[i] = ec_rng_uniform(&rng);
    assert_ok(ec_data_correlation(&c, &s, NULL, NULL), NULL);
    for (size_t k = 0; k < sizeof some / sizeof *some; k++)
        for (size_t f = 0; f < n; f++) {
            double wanted = f == some[k] ? 0 : correlation_of(&s, some[k], f);

            assert_close(c[some[k] * n + f], wanted, 1e-10);
            assert_close(c[f * n + some[k]], wanted, 1e-10);
        }
    ec_free(c);
    ec_samples_clear(&s);
}

static void sparse_graph_says_what_it_leaves_out(void **state)
{
    static const size_t grid[2] = {1, 16};
    ec_rearrange_options options = {.method = EC_REARRANGE_METIS};
    uint32_t group[16];
    double *c = NULL, total = 0, kept = 0;
    ec_blocks blocks;
    ec_rng rng;
    (void)state;

    ec_rng_seed(&rng, check_seed());
    for (size_t f = 0; f < 16; f++)
        group[f] = (uint32_t)f % 4;
    ec_samples s = grouped_samples(grid, group, &rng);
    assert_ok(ec_blocks_dyadic(&blocks, grid, 1, 2, NULL), NULL);
    assert_ok(ec_data_correlation(&c, &s, NULL, NULL), NULL);
    for (size_t k = 0; k < 256; k++) {
        total += c[k];
        kept += group[k / 16] == group[k % 16] ? c[k] : 0;
    }
    options.neighbours = 3; /* the others of one's group */
    ec_order order = order_of(&s, &blocks, &options);
    assert_close(order.dropped, 1 - kept / total, 1e-6);
    assert_true(order.dropped > 0.01 && order.after[2] < 1e-6);
    ec_order_clear(&order);
    options.neighbours = 15;
    order = order_of(&s, &blocks, &options);
    assert_close(order.dropped, 0, 1e-6);
    ec_order_clear(&order);
    ec_free(c);
    ec_samples_clear(&s);
}

/* --------------------------------------------------------------------- swaps */

static void swaps_are_counted_and_follow_the_seed(void **state)
{
    static const size_t grid[2] = {4, 4};
    ec_rearrange_options options = {.method = EC_REARRANGE_SWAPS, .swaps = 1};
    ec_samples s = new_samples(grid);
    ec_blocks blocks;
    ec_order order, again;
    ec_run run = EC_RUN_INIT;
    const uint32_t z_order[16] = {0, 1, 4, 5, 2, 3, 6, 7, 8, 9, 12, 13, 10, 11, 14, 15};
    size_t moved = 0;
    (void)state;

    assert_ok(ec_blocks_dyadic(&blocks, grid, 2, 2, NULL), NULL);
    order = order_of(&s, &blocks, &options);
    assert_permutation(&order, 16);
    for (size_t k = 0; k < 16; k++)
        moved += order.from[k] != z_order[k];
    assert_int_equal(moved, 2);
    ec_order_clear(&order);
    options.swaps = 50;
    run.seed = 4;
    assert_ok(ec_data_rearrange(&order, &s, &blocks, &options, &run, NULL), NULL);
    assert_ok(ec_data_rearrange(&again, &s, &blocks, &options, &run, NULL), NULL);
    assert_memory_equal(order.from, again.from, 16 * sizeof *order.from);
    ec_order_clear(&again);
    run.seed = 5;
    assert_ok(ec_data_rearrange(&again, &s, &blocks, &options, &run, NULL), NULL);
    assert_memory_not_equal(order.from, again.from, 16 * sizeof *order.from);
    ec_order_clear(&order);
    ec_order_clear(&again);
    ec_samples_clear(&s);
}

/* -------------------------------------------------------------------- arrays */

static void places_are_in_z_order(void **state)
{
    const uint8_t old[8] = {0, 1, 2, 3, 10, 11, 12, 13}; /* two samples of 2 x 2 */
    const int64_t from[4] = {3, 0, 1, 2};
    ec_array values, order_array, out, back;
    ec_blocks blocks;
    ec_order order;
    ec_error err = {0};
    (void)state;

    assert_ok(ec_array_init(&values, EC_U8, 3, (size_t[]){2, 2, 2}, NULL, NULL), NULL);
    memcpy(values.data, old, 8);
    assert_ok(ec_array_init(&order_array, EC_I64, 1, (size_t[]){4}, NULL, NULL), NULL);
    memcpy(order_array.data, from, sizeof from);
    assert_ok(ec_blocks_dyadic(&blocks, (size_t[]){2, 2}, 2, 1, NULL), NULL);
    assert_ok(ec_order_init(&order, &order_array, &err), &err);
    assert_ok(ec_order_apply(&out, &values, &order, &blocks, NULL, &err), &err);
    assert_memory_equal(out.data, ((uint8_t[]){3, 0, 1, 2, 13, 10, 11, 12}), 8);
    assert_ok(ec_order_array(&back, &order, NULL), NULL);
    assert_memory_equal(back.data, from, sizeof from);
    ec_array_clear(&out);
    values.shape[0] = 3; /* another number of features */
    assert_int_equal(ec_order_apply(&out, &values, &order, &blocks, NULL, &err), EC_EINVAL);
    assert_null(out.data);
    ec_array_clear(&values);
    ec_array_clear(&order_array);
    ec_array_clear(&back);
    ec_order_clear(&order);
}

static void what_is_no_permutation_is_refused(void **state)
{
    static const struct {
        double x[3];
        const char *msg;
    } cases[] = {
        {{0, 1, 3}, "entry 2 is 3, must be a permutation of 0 to 2"},
        {{0, 1, 0}, "entry 2 is 0 again, must be a permutation of 0 to 2"},
        {{0, -1, 2}, "entry 1 is -1, must be a permutation of 0 to 2"},
        {{0.5, 1, 2}, "entry 0 is 0.5, must be a permutation of 0 to 2"},
        {{NAN, 1, 2}, "entry 0 is nan, must be a permutation of 0 to 2"},
    };
    (void)state;

    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        ec_array a;
        ec_order order;
        ec_error err = {0};

        assert_ok(ec_array_init(&a, EC_F64, 1, (size_t[]){3}, NULL, NULL), NULL);
        ec_array_set(&a, 0, 3, cases[k].x);
        assert_int_equal(ec_order_init(&order, &a, &err), EC_EINVAL);
        assert_string_equal(err.msg, cases[k].msg);
        assert_null(order.from);
        ec_array_clear(&a);
    }
}

/* -------------------------------------------------------------------- memory */

typedef struct subject {
    ec_samples samples;
    ec_rearrange_options options;
} subject;

static ec_status rearrange(void *arg, ec_error *err)
{
    const subject *s = arg;
    ec_blocks blocks;
    ec_order order = {.n = 0};

    ec_status status = ec_blocks_dyadic(&blocks, s->samples.grid, 1, 2, err);
    if (status == EC_OK)
        status = ec_data_rearrange(&order, &s->samples, &blocks, &s->options, NULL, err);
    ec_order_clear(&order);
    return status;
}

static void every_failed_allocation_is_reported(void **state)
{
    const uint32_t group[8] = {0, 1, 0, 1, 0, 1, 2, 2};
    const ec_rearrange_options options[] = {
        {.method = EC_REARRANGE_METIS},
        {.method = EC_REARRANGE_METIS, .neighbours = 2},
        {.method = EC_REARRANGE_IGTD},
    };
    ec_rng rng;
    (void)state;

    ec_rng_seed(&rng, 1);
    for (size_t k = 0; k < 3; k++) {
        subject s = {grouped_samples((size_t[]){1, 8}, group, &rng), options[k]};
        assert_survives_oom(rearrange, &s);
        ec_samples_clear(&s.samples);
    }
}

static void large_graphs_are_refused_before_the_work(void **state)
{
    const ec_samples s = {.n = 10, .grid = {1, 16000}};
    const ec_rearrange_options options = {.method = EC_REARRANGE_METIS};
    ec_run run = EC_RUN_INIT;
    ec_blocks blocks;
    ec_order order;
    ec_error err = {0};
    (void)state;

    assert_ok(ec_blocks_dyadic(&blocks, s.grid, 1, 2, NULL), NULL);
    assert_int_equal(ec_data_rearrange(&order, &s, &blocks, &options, &run, &err), EC_ELIMIT);
    assert_non_null(strstr(err.msg, "correlation graph"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scattered_groups_are_brought_together),
        cmocka_unit_test(quadrants_of_an_image_are_found_too),
        cmocka_unit_test(igtd_straightens_a_chain),
        cmocka_unit_test(other_counts_and_constant_features_are_dealt_evenly),
        cmocka_unit_test(correlations_of_many_features_are_those_of_pairs),
        cmocka_unit_test(sparse_graph_says_what_it_leaves_out),
        cmocka_unit_test(swaps_are_counted_and_follow_the_seed),
        cmocka_unit_test(places_are_in_z_order),
        cmocka_unit_test(what_is_no_permutation_is_refused),
        cmocka_unit_test(every_failed_allocation_is_reported),
        cmocka_unit_test(large_graphs_are_refused_before_the_work),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
