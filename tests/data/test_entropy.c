/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "check.h"

#include "entcap/data.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define PI 3.14159265358979323846

/* Samples held in memory, as if they had been read; x is n x height x width. */
static ec_samples samples_of(const double *x, const uint32_t *label, size_t n, const size_t grid[2])
{
    ec_samples s = {.n = n, .grid = {grid[0], grid[1]}, .labels = 0};
    size_t features = grid[0] * grid[1];

    assert_ok(ec_array_init(&s.values, EC_F64, 3, (size_t[]){n, grid[0], grid[1]}, NULL, NULL),
              NULL);
    ec_array_set(&s.values, 0, n * features, x);
    s.scale = ec_calloc(features, sizeof *s.scale, NULL);
    s.offset = ec_calloc(features, sizeof *s.offset, NULL);
    s.label = ec_calloc(n, sizeof *s.label, NULL);
    for (size_t f = 0; f < features; f++)
        s.scale[f] = 1;
    for (size_t i = 0; i < n; i++) {
        s.label[i] = label[i];
        s.labels = label[i] >= s.labels ? label[i] + 1 : s.labels;
    }
    return s;
}

static void random_samples(ec_samples *out, size_t n, const size_t grid[2], uint32_t labels,
                           ec_rng *rng)
{
    double x[4096];
    uint32_t label[256];

    for (size_t i = 0; i < n * grid[0] * grid[1]; i++)
        x[i] = ec_rng_uniform(rng);
    for (size_t i = 0; i < n; i++)
        label[i] = (uint32_t)ec_rng_below(rng, labels);
    *out = samples_of(x, label, n, grid);
}

/* ------------------------------------------------------------------- oracle */

enum { MAX_FEATURES = 9, MAX_DENSE = 1 << MAX_FEATURES };

/* psi[d_1 .. d_N] = sum_i y_i prod_n (cos, sin)[d_n]: the tensor itself. */
static void dense_state(double *psi, const ec_samples *s, uint32_t positive, double theta)
{
    size_t features = s->grid[0] * s->grid[1];
    double x[MAX_FEATURES];

    memset(psi, 0, ((size_t)1 << features) * sizeof *psi);
    for (size_t i = 0; i < s->n; i++) {
        ec_samples_row(x, s, i);
        for (size_t d = 0; d < (size_t)1 << features; d++) {
            double product = s->label[i] == positive ? 1 : -1;
            for (size_t f = 0; f < features; f++)
                product *= d >> f & 1 ? sin(PI * theta * x[f]) : cos(PI * theta * x[f]);
            psi[d] += product;
        }
    }
}

/* Bits of d at the features of `mask`, packed. */
static size_t gather(size_t d, size_t mask)
{
    size_t out = 0, k = 0;

    for (size_t f = 0; mask >> f != 0; f++)
        if (mask >> f & 1)
            out |= (d >> f & 1) << k++;
    return out;
}

/* Entropy of the singular values of an m x n matrix, by one-sided Jacobi rotations of its rows. */
static double jacobi_entropy(double *a, size_t m, size_t n, double *geometric)
{
    double sum = 0, largest = 0, entropy = 0, off = 1;

    for (int sweep = 0; sweep < 60 && off > 1e-30; sweep++) {
        off = 0;
        for (size_t p = 0; p < m; p++)
            for (size_t q = p + 1; q < m; q++) {
                double *u = a + p * n, *v = a + q * n, uu = 0, vv = 0, uv = 0;
                for (size_t k = 0; k < n; k++) {
                    uu += u[k] * u[k];
                    vv += v[k] * v[k];
                    uv += u[k] * v[k];
                }
                if (uv * uv <= 1e-32 * uu * vv)
                    continue;
                off = fmax(off, uv * uv / (uu * vv));
                double z = (vv - uu) / (2 * uv);
                double t = (z < 0 ? -1 : 1) / (fabs(z) + sqrt(1 + z * z));
                double c = 1 / sqrt(1 + t * t), s = c * t;
                for (size_t k = 0; k < n; k++) {
                    double w = u[k];
                    u[k] = c * w - s * v[k];
                    v[k] = s * w + c * v[k];
                }
            }
    }
    for (size_t i = 0; i < m * n; i++)
        sum += a[i] * a[i];
    for (size_t i = 0; i < m; i++) {
        double p = 0;
        for (size_t k = 0; k < n; k++)
            p += a[i * n + k] * a[i * n + k] / sum;
        largest = fmax(largest, p);
        entropy -= p > 0 ? p * log(p) : 0;
    }
    *geometric = 1 - largest;
    return entropy;
}

static double dense_entropy(double *geometric, const double *psi, size_t features, size_t mask)
{
    static double matrix[MAX_DENSE];
    size_t all = ((size_t)1 << features) - 1, columns = gather(all, all & ~mask) + 1;

    for (size_t d = 0; d <= all; d++)
        matrix[gather(d, mask) * columns + gather(d, all & ~mask)] = psi[d];
    return jacobi_entropy(matrix, gather(all, mask) + 1, columns, geometric);
}

static size_t mask_of(const ec_blocks *blocks, size_t level, size_t index)
{
    ec_block b = ec_blocks_at(blocks, level, index);
    size_t mask = 0;

    for (size_t r = b.row; r < b.row + b.height; r++)
        for (size_t c = b.column; c < b.column + b.width; c++)
            mask |= (size_t)1 << (r * blocks->grid[1] + c);
    return mask;
}

/* All blocks of all labels against the tensor. */
static void assert_as_dense(const ec_samples *s, const ec_blocks *blocks, double theta)
{
    ec_entropy_options options = EC_ENTROPY_OPTIONS_INIT;
    ec_entropies e;
    ec_error err = {0};
    double psi[MAX_DENSE], geometric;

    options.theta = theta;
    options.all_labels = true;
    assert_ok(ec_data_entropy(&e, s, blocks, &options, NULL, &err), &err);
    assert_int_equal(e.n_labels, s->labels > 2 ? s->labels : 1);
    for (size_t y = 0; y < e.n_labels; y++) {
        dense_state(psi, s, e.n_labels == 1 ? 1 : (uint32_t)y, theta);
        for (size_t l = 1; l <= blocks->n_levels; l++)
            for (size_t b = 0; b < ec_blocks_distinct(blocks, l); b++) {
                double right =
                    dense_entropy(&geometric, psi, s->grid[0] * s->grid[1], mask_of(blocks, l, b));
                assert_close(ec_entropies_at(&e, y, e.start[l] + b).mean, right, 1e-10);
                assert_close(ec_entropies_geometric_at(&e, y, e.start[l] + b).mean, geometric,
                             1e-10);
            }
    }
    ec_entropies_clear(&e);
}

static void entropies_are_those_of_the_dense_tensor(void **state)
{
    static const size_t grids[][2] = {{1, 8}, {2, 4}, {3, 3}, {1, 7}, {1, 2}};
    ec_rng rng;
    (void)state;

    ec_rng_seed(&rng, check_seed());
    for (size_t k = 0; k < check_count(15); k++) {
        const size_t *grid = grids[k % 5];
        int n_dims = grid[0] == 1 ? 1 : 2;
        double theta = k % 3 == 0 ? 0.085 : 0.1 + ec_rng_uniform(&rng);
        ec_samples s;
        ec_blocks blocks;
        ec_error err = {0};

        random_samples(&s, 2 + ec_rng_below(&rng, 20), grid, k % 2 == 0 ? 2 : 4, &rng);
        assert_ok(ec_blocks_dyadic(&blocks, grid, n_dims, ec_blocks_depth(grid, n_dims), &err),
                  &err);
        assert_as_dense(&s, &blocks, theta);
        ec_samples_clear(&s);
    }
}

/* Two product states with opposite labels: across any border p are those of two vectors. */
static void two_samples_have_the_entropy_of_two_vectors(void **state)
{
    const double x[4] = {0, 0, 1, 1}, theta = 0.25, c = cos(PI * theta);
    const uint32_t label[2] = {0, 1};
    ec_samples s = samples_of(x, label, 2, (size_t[]){1, 2});
    ec_entropy_options options = EC_ENTROPY_OPTIONS_INIT;
    ec_blocks blocks;
    ec_entropies e;
    (void)state;

    options.theta = theta;
    assert_ok(ec_blocks_dyadic(&blocks, s.grid, 1, 1, NULL), NULL);
    assert_ok(ec_data_entropy(&e, &s, &blocks, &options, NULL, NULL), NULL);
    /* psi = u u' - v v', Gram [1 c; c 1] on both sides: sigma^2 = (1 - c^2) twice, p = 1/2, 1/2 */
    assert_true(c > 0 && c < 1);
    assert_close(ec_entropies_at(&e, 0, 0).mean, log(2), 1e-12);
    assert_close(ec_entropies_geometric_at(&e, 0, 0).mean, 0.5, 1e-12);
    assert_true(isnan(ec_entropies_at(&e, 0, 0).error));
    ec_entropies_clear(&e);
    ec_samples_clear(&s);
}

/* ---------------------------------------------------------------- reference */

static ec_json_value *read_expected(void)
{
    ec_bytes bytes;
    ec_json_value *json = NULL;
    ec_error err = {0};

    assert_ok(ec_file_read(&bytes, "tests/data/digits38_expected.json", NULL, &err), &err);
    assert_ok(ec_json_parse(&json, (const char *)bytes.data, bytes.size, "json", &err), &err);
    ec_bytes_clear(&bytes);
    return json;
}

static void read_digits(ec_samples *s, int n_dims)
{
    const ec_samples_source source = {.x = "tests/data/digits38_8x8_x.npy",
                                      .y = "tests/data/digits38_8x8_y01.npy",
                                      .n_dims = n_dims};
    ec_error err = {0};

    assert_ok(ec_samples_read(s, &source, NULL, &err), &err);
    assert_true(s->n == 357 && s->labels == 2);
}

static void assert_reference(int n_dims, size_t n_levels, double theta, const char *key)
{
    ec_json_value *json = read_expected();
    const ec_json_value *part = ec_json_get(json, n_dims == 1 ? "1d" : "2d");
    ec_entropy_options options = EC_ENTROPY_OPTIONS_INIT;
    ec_samples s;
    ec_blocks blocks;
    ec_entropies e;
    ec_error err = {0};
    char name[64], level[16];

    read_digits(&s, n_dims);
    options.theta = theta;
    assert_ok(ec_blocks_dyadic(&blocks, s.grid, n_dims, n_levels, &err), &err);
    assert_ok(ec_data_entropy(&e, &s, &blocks, &options, NULL, &err), &err);
    for (size_t l = 1; l <= n_levels; l++) {
        snprintf(level, sizeof level, "level_%zu", l);
        assert_close(ec_entropies_level(&e, 0, l).mean,
                     ec_json_number(ec_json_get(ec_json_get(part, key), level)), 1e-8);
        assert_close(ec_entropies_surrogate(&e, l),
                     ec_json_number(ec_json_get(ec_json_get(part, "se"), level)), 1e-8);
        snprintf(name, sizeof name, "ee_clean_per_partition_theta0.085");
        const ec_json_value *each = ec_json_get(ec_json_get(part, name), level);
        for (size_t b = 0; theta < 0.1 && b < ec_json_size(each); b++)
            assert_close(ec_entropies_at(&e, 0, e.start[l] + b).mean,
                         ec_json_number(ec_json_at(each, b)), 1e-8);
        assert_true(ec_json_size(each) == e.start[l + 1] - e.start[l]);
    }
    ec_entropies_clear(&e);
    ec_samples_clear(&s);
    ec_json_free(json);
}

static void digits_have_the_published_entropies_and_surrogates(void **state)
{
    (void)state;
    assert_reference(1, 4, 0.085, "ee_clean_theta0.085");
    assert_reference(2, 2, 0.085, "ee_clean_theta0.085");
}

static void another_theta_agrees_too(void **state)
{
    (void)state;
    assert_reference(1, 4, 0.5, "ee_clean_theta0.5");
    assert_reference(2, 2, 0.5, "ee_clean_theta0.5");
}

/* --------------------------------------------------------------- invariants */

static void order_of_samples_and_sign_of_labels_do_not_matter(void **state)
{
    ec_samples s;
    ec_blocks blocks;
    ec_entropies a, b;
    ec_entropy_options options = EC_ENTROPY_OPTIONS_INIT;
    ec_run run = EC_RUN_INIT;
    ec_rng rng;
    (void)state;

    ec_rng_seed(&rng, check_seed());
    random_samples(&s, 40, (size_t[]){4, 4}, 2, &rng);
    assert_ok(ec_blocks_dyadic(&blocks, s.grid, 2, 2, NULL), NULL);
    assert_ok(ec_data_entropy(&a, &s, &blocks, &options, &run, NULL), NULL);
    for (size_t i = 0; i < s.n; i++)
        s.label[i] = 1 - s.label[i];
    options.batch = 40; /* all, but shuffled */
    options.first = 2;
    assert_ok(ec_data_entropy(&b, &s, &blocks, &options, &run, NULL), NULL);
    assert_true(a.n_blocks == 20 && b.n_blocks == 16);
    for (size_t k = 0; k < 16; k++)
        assert_close(ec_entropies_at(&b, 0, k).mean, ec_entropies_at(&a, 0, 4 + k).mean, 1e-11);
    ec_entropies_clear(&a);
    ec_entropies_clear(&b);
    ec_samples_clear(&s);
}

static void batches_are_disjoint_and_give_errors(void **state)
{
    ec_samples s;
    ec_blocks blocks;
    ec_entropies e, again;
    ec_entropy_options options = EC_ENTROPY_OPTIONS_INIT;
    ec_run run = EC_RUN_INIT;
    ec_error err = {0};
    ec_rng rng;
    (void)state;

    ec_rng_seed(&rng, check_seed());
    random_samples(&s, 60, (size_t[]){1, 8}, 2, &rng);
    assert_ok(ec_blocks_dyadic(&blocks, s.grid, 1, 2, NULL), NULL);
    options.batch = 20;
    options.batches = 3;
    run.seed = 7;
    assert_ok(ec_data_entropy(&e, &s, &blocks, &options, &run, NULL), NULL);
    assert_true(e.batches == 3 && e.samples == 20);
    double x[3], mean = 0, squares = 0;
    for (size_t k = 0; k < 3; k++)
        mean += (x[k] = e.value[k * e.n_blocks].von_neumann) / 3;
    for (size_t k = 0; k < 3; k++)
        squares += (x[k] - mean) * (x[k] - mean);
    assert_close(ec_entropies_at(&e, 0, 0).mean, mean, 1e-15);
    assert_close(ec_entropies_at(&e, 0, 0).error, sqrt(squares / 6), 1e-15);
    assert_true(squares > 0);
    assert_ok(ec_data_entropy(&again, &s, &blocks, &options, &run, NULL), NULL);
    assert_memory_equal(e.value, again.value, 3 * e.n_blocks * sizeof *e.value);
    ec_entropies_clear(&again);
    ec_entropies_clear(&e);
    options.batches = 4;
    assert_int_equal(ec_data_entropy(&e, &s, &blocks, &options, &run, &err), EC_EINVAL);
    assert_string_equal(err.msg, "4 batches of 20 different samples, but there are 60 samples");
    ec_samples_clear(&s);
}

/* ----------------------------------------------------------------- refusals */

static void other_labels_need_to_be_asked_for(void **state)
{
    const double x[6] = {0};
    const uint32_t label[3] = {0, 2, 1};
    ec_samples s = samples_of(x, label, 3, (size_t[]){1, 2});
    ec_entropy_options options = EC_ENTROPY_OPTIONS_INIT;
    ec_blocks blocks;
    ec_entropies e;
    ec_error err = {0};
    (void)state;

    assert_ok(ec_blocks_dyadic(&blocks, s.grid, 1, 1, NULL), NULL);
    assert_int_equal(ec_data_entropy(&e, &s, &blocks, &options, NULL, &err), EC_EINVAL);
    assert_string_equal(err.msg, "label 1 is 2, must be 0 or 1, unless each label is measured "
                                 "against the rest (--one-vs-rest)");
    assert_null(e.value);
    ec_samples_clear(&s);
}

static void sizes_are_refused_before_the_work(void **state)
{
    ec_samples s = {.n = 60000, .grid = {32, 32}, .labels = 2};
    ec_entropy_options options = EC_ENTROPY_OPTIONS_INIT;
    ec_run run = EC_RUN_INIT;
    ec_blocks blocks;
    ec_entropies e;
    ec_error err = {0};
    (void)state;

    s.label = ec_calloc(s.n, sizeof *s.label, NULL);
    assert_ok(ec_blocks_dyadic(&blocks, s.grid, 2, 4, NULL), NULL);
    assert_int_equal(ec_data_entropy(&e, &s, &blocks, &options, &run, &err), EC_ELIMIT);
    assert_non_null(strstr(err.msg, "Gram matrices of a batch"));
    assert_int_equal(ec_blocks_dyadic(&blocks, s.grid, 2, 6, &err), EC_EINVAL);
    assert_int_equal(ec_blocks_dyadic(&blocks, s.grid, 1, 2, &err), EC_EINVAL);
    ec_free(s.label);
}

static ec_status measure(void *arg, ec_error *err)
{
    const ec_samples *s = arg;
    ec_entropy_options options = EC_ENTROPY_OPTIONS_INIT;
    ec_blocks blocks;
    ec_entropies e = {.n_blocks = 0};

    ec_status status = ec_blocks_dyadic(&blocks, s->grid, 1, 2, err);
    if (status == EC_OK)
        status = ec_data_entropy(&e, s, &blocks, &options, NULL, err);
    ec_entropies_clear(&e);
    return status;
}

static void every_failed_allocation_is_reported(void **state)
{
    ec_samples s;
    ec_rng rng;
    (void)state;

    ec_rng_seed(&rng, 1);
    random_samples(&s, 6, (size_t[]){1, 4}, 2, &rng);
    assert_survives_oom(measure, &s);
    ec_samples_clear(&s);
}

/* ------------------------------------------------------------------- blocks */

static void blocks_are_nested_and_in_z_order(void **state)
{
    ec_blocks blocks;
    (void)state;

    assert_ok(ec_blocks_dyadic(&blocks, (size_t[]){4, 4}, 2, 2, NULL), NULL);
    ec_block b = ec_blocks_at(&blocks, 2, 6); /* second quadrant (top right), its third part */
    assert_true(b.row == 1 && b.column == 2 && b.height == 1 && b.width == 1);
    assert_ok(ec_blocks_dyadic(&blocks, (size_t[]){1, 5}, 1, 2, NULL), NULL);
    const size_t start[5] = {0, 1, 2, 3, 5};
    for (size_t k = 0; k < 4; k++) {
        b = ec_blocks_at(&blocks, 2, k);
        assert_true(b.column == start[k] && b.width == start[k + 1] - start[k]);
    }
    assert_true(ec_blocks_distinct(&blocks, 1) == 1 && ec_blocks_distinct(&blocks, 2) == 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entropies_are_those_of_the_dense_tensor),
        cmocka_unit_test(two_samples_have_the_entropy_of_two_vectors),
        cmocka_unit_test(digits_have_the_published_entropies_and_surrogates),
        cmocka_unit_test(another_theta_agrees_too),
        cmocka_unit_test(order_of_samples_and_sign_of_labels_do_not_matter),
        cmocka_unit_test(batches_are_disjoint_and_give_errors),
        cmocka_unit_test(other_labels_need_to_be_asked_for),
        cmocka_unit_test(sizes_are_refused_before_the_work),
        cmocka_unit_test(every_failed_allocation_is_reported),
        cmocka_unit_test(blocks_are_nested_and_in_z_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
