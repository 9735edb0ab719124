/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "check.h"
#include "oracle/oracle.h"

#include "bound/mod_product.h"

#include <string.h>

typedef unsigned __int128 wide;

static uint64_t *random_matrix(size_t n, uint64_t p, ec_rng *rng)
{
    uint64_t *x = ec_calloc(n, sizeof *x, NULL);

    assert_non_null(x);
    for (size_t i = 0; i < n; i++)
        x[i] = ec_rng_below(rng, p);
    return x;
}

static ec_mod_work work_of(uint64_t p, const ec_run *run)
{
    assert_ok(ec_flint_load(NULL), NULL);
    return ec_mod_work_init(p, run, "test", 1);
}

/* entry (i, j) of op(B), and of A op(B), one product at a time */
static uint64_t slow_entry(ec_mod_view a, ec_mod_view b, bool transposed, size_t i, size_t j,
                           uint64_t p)
{
    uint64_t sum = 0;

    for (size_t k = 0; k < a.cols; k++) {
        uint64_t x = transposed ? b.x[j * b.ld + k] : b.x[k * b.ld + j];
        sum = (uint64_t)((sum + (wide)a.x[i * a.ld + k] * x) % p);
    }
    return sum;
}

/* a shape around every limit of the blocks: thin, thick, several blocks of terms and of columns */
static void check_shape(const size_t n[3], uint64_t p, unsigned how, unsigned threads, ec_rng *rng)
{
    size_t ld[3] = {n[2] + 3, n[1] + 2, (how & EC_MOD_TRANSPOSED ? n[1] : n[2]) + 1};
    size_t rows_b = how & EC_MOD_TRANSPOSED ? n[2] : n[1];
    ec_mod_view c = {random_matrix(n[0] * ld[0], p, rng), n[0], n[2], ld[0]};
    ec_mod_view a = {random_matrix(n[0] * ld[1], p, rng), n[0], n[1], ld[1]};
    ec_mod_view b = {random_matrix(rows_b * ld[2], p, rng), rows_b, ld[2] - 1, ld[2]};
    uint64_t *before = random_matrix(n[0] * ld[0], p, rng);
    ec_run run = EC_RUN_INIT;
    ec_error err = {0};

    run.threads = threads;
    a.x[0] = p - 1; /* the largest digits */
    b.x[0] = p - 1;
    memcpy(before, c.x, n[0] * ld[0] * sizeof *before);
    ec_mod_work work = work_of(p, &run);
    assert_ok(ec_mod_product(c, a, b, how, &work, &err), &err);
    for (size_t i = 0; i < n[0]; i++)
        for (size_t j = 0; j < ld[0]; j++) {
            uint64_t old = before[i * ld[0] + j], got = c.x[i * ld[0] + j];

            if (j >= n[2]) {
                assert_true(got == old); /* not part of C */
                continue;
            }
            if ((i * 31 + j * 17) % 7 != 0 && n[0] * n[1] * n[2] > 1000000)
                continue; /* a seventh of the large ones */
            uint64_t x = slow_entry(a, b, how & EC_MOD_TRANSPOSED, i, j, p);
            assert_true(got == (how & EC_MOD_SUBTRACT ? (old + p - x) % p : x));
        }
    ec_free(c.x);
    ec_free(a.x);
    ec_free(b.x);
    ec_free(before);
}

static void product_is_the_sum_of_products(void **state)
{
    static const size_t shape[][3] = {{1, 1, 1},      {3, 5, 2},      {50, 39, 60},
                                      {40, 40, 20},   {45, 64, 19},   {200, 100, 30},
                                      {41, 1100, 50}, {193, 41, 1030}};
    static const uint64_t prime[] = {9223372036854775783u, 4611686018427388039u, 1000003, 3};
    ec_rng rng;

    (void)state;
    ec_rng_seed(&rng, check_seed());
    for (size_t s = 0; s < sizeof shape / sizeof shape[0]; s++)
        for (unsigned how = 0; how < 4; how++)
            check_shape(shape[s], prime[(s + how) % 4], how, 1 + how % 3, &rng);
}

static void largest_residues_do_not_overflow(void **state)
{
    enum { N = 64, DEPTH = 1024 };
    uint64_t p = 9223372036854775783u; /* the largest prime below 2^63 */
    ec_mod_work work = work_of(p, NULL);
    uint64_t *x = ec_calloc(N * DEPTH, sizeof *x, NULL), *c = ec_calloc(N * N, sizeof *c, NULL);

    (void)state;
    assert_non_null(x);
    assert_non_null(c);
    for (size_t i = 0; i < (size_t)N * DEPTH; i++)
        x[i] = p - 1;
    assert_ok(ec_mod_product(ec_mod_view_of(c, N, N), ec_mod_view_of(x, N, DEPTH),
                             ec_mod_view_of(x, N, DEPTH), EC_MOD_TRANSPOSED, &work, NULL),
              NULL);
    for (size_t i = 0; i < (size_t)N * N; i++)
        assert_int_equal(c[i], DEPTH); /* (-1)^2 each */
    ec_free(x);
    ec_free(c);
}

/* -------------------------------------------------------------------- ranks */

/* rows x cols of rank `inner` at most; its first `zero` columns are multiples of the first one */
static uint64_t *product_of_factors(size_t rows, size_t cols, size_t inner, size_t alike,
                                    uint64_t p, ec_rng *rng)
{
    uint64_t *u = random_matrix(rows * inner, p, rng), *v = random_matrix(inner * cols, p, rng);
    uint64_t *x = random_matrix(rows * cols, p, rng);
    ec_mod_work work = work_of(p, NULL);

    for (size_t j = 1; j < alike; j++)
        for (size_t k = 0; k < inner; k++)
            v[k * cols + j] = (uint64_t)((wide)v[k * cols] * (j + 1) % p);
    assert_ok(ec_mod_product(ec_mod_view_of(x, rows, cols), ec_mod_view_of(u, rows, inner),
                             ec_mod_view_of(v, inner, cols), 0, &work, NULL),
              NULL);
    ec_free(u);
    ec_free(v);
    return x;
}

static void rank_known_by_construction_is_found(void **state)
{
    /* rows, columns, inner dimension, columns alike at the left: halves that are not of full rank
     */
    static const size_t shape[][4] = {{300, 300, 300, 0},   {300, 280, 170, 0}, {280, 300, 170, 0},
                                      {300, 300, 250, 150}, {100, 500, 90, 70}, {500, 100, 60, 3},
                                      {130, 130, 1, 0},     {65, 65, 65, 40}};
    const uint64_t p = 4611686018427388039u;
    ec_rng rng;

    (void)state;
    ec_rng_seed(&rng, check_seed());
    for (size_t s = 0; s < sizeof shape / sizeof shape[0]; s++) {
        size_t rows = shape[s][0], cols = shape[s][1], inner = shape[s][2], alike = shape[s][3];
        size_t free_columns = alike > 0 ? cols - alike + 1 : cols, pivots[500];
        size_t want = inner < free_columns ? inner : free_columns;
        uint64_t *x = product_of_factors(rows, cols, inner, alike, p, &rng), rank;
        uint64_t *copy = random_matrix(rows * cols, p, &rng);
        ec_mod_work work = work_of(p, NULL);

        want = want < rows ? want : rows;
        memcpy(copy, x, rows * cols * sizeof *copy);
        assert_ok(ec_mod_rank(&rank, pivots, ec_mod_view_of(copy, rows, cols), &work, NULL), NULL);
        assert_int_equal(rank, want);
        for (size_t i = 0; i < rank; i++) /* the pivots span the row space */
            memcpy(copy + i * cols, x + pivots[i] * cols, cols * sizeof *copy);
        assert_ok(ec_mod_rank(&rank, NULL, ec_mod_view_of(copy, want, cols), &work, NULL), NULL);
        assert_int_equal(rank, want);
        ec_free(x);
        ec_free(copy);
    }
}

static void rank_agrees_with_plain_elimination(void **state)
{
    const uint64_t p = ((uint64_t)1 << 61) - 1; /* the oracle's */
    ec_rng rng;

    (void)state;
    ec_rng_seed(&rng, check_seed());
    for (size_t round = 0; round < check_count(60); round++) {
        size_t rows = 1 + ec_rng_below(&rng, 150), cols = 1 + ec_rng_below(&rng, 150);
        size_t inner = 1 + ec_rng_below(&rng, 150), alike = ec_rng_below(&rng, cols);
        uint64_t *x = product_of_factors(rows, cols, inner, alike, p, &rng), rank;
        uint64_t *copy = random_matrix(rows * cols, p, &rng);
        ec_mod_work work = work_of(p, NULL);

        for (size_t k = 0; k < rows * cols; k += 1 + ec_rng_below(&rng, rows * cols))
            x[k] = ec_rng_below(&rng, p); /* some entries off the product */
        memcpy(copy, x, rows * cols * sizeof *copy);
        assert_ok(ec_mod_rank(&rank, NULL, ec_mod_view_of(copy, rows, cols), &work, NULL), NULL);
        assert_int_equal(rank, oracle_matrix_rank(x, rows, cols));
        ec_free(x);
        ec_free(copy);
    }
}

/* ------------------------------------------------------------------- running */

typedef struct stopper {
    size_t calls, allowed;
} stopper;

static bool stop_later(void *arg, const char *what, double done, double total)
{
    stopper *s = arg;

    assert_string_equal(what, "test");
    assert_true(done >= 0 && done <= total);
    return s->calls++ < s->allowed;
}

static void elimination_can_be_stopped_anywhere(void **state)
{
    enum { N = 260 };
    const uint64_t p = 4611686018427388039u;
    ec_rng rng;
    ec_run run = EC_RUN_INIT;
    ec_status status = EC_ECANCEL;
    stopper stop = {.allowed = 0};

    (void)state;
    ec_rng_seed(&rng, check_seed());
    run.progress = stop_later;
    run.progress_arg = &stop;
    for (; status == EC_ECANCEL; stop.allowed++) {
        uint64_t *x = random_matrix(N * N, p, &rng), rank = 0;
        ec_mod_work work = work_of(p, &run);
        ec_error err = {0};

        stop.calls = 0;
        status = ec_mod_rank(&rank, NULL, ec_mod_view_of(x, N, N), &work, &err);
        assert_true(status == EC_OK ? rank == N : status == EC_ECANCEL);
        ec_free(x);
        assert_int_equal(ec_memory_live(), 0);
    }
    assert_true(stop.allowed > 10);
}

static ec_status rank_for_oom(void *arg, ec_error *err)
{
    enum { N = 140 };
    ec_mod_work work = work_of(4611686018427388039u, NULL);
    uint64_t *x = ec_calloc((size_t)N * N, sizeof *x, err), rank;
    ec_status status = EC_ENOMEM;

    (void)arg;
    for (size_t i = 0; x != NULL && i < (size_t)N * N; i++)
        x[i] = i * i % 1009 + (i % (N + 1) == 0);
    if (x != NULL)
        status = ec_mod_rank(&rank, NULL, ec_mod_view_of(x, N, N), &work, err);
    ec_free(x);
    return status;
}

static void elimination_survives_every_failed_allocation(void **state)
{
    (void)state;
    assert_survives_oom(rank_for_oom, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(product_is_the_sum_of_products),
        cmocka_unit_test(largest_residues_do_not_overflow),
        cmocka_unit_test(rank_known_by_construction_is_found),
        cmocka_unit_test(rank_agrees_with_plain_elimination),
        cmocka_unit_test(elimination_can_be_stopped_anywhere),
        cmocka_unit_test(elimination_survives_every_failed_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
