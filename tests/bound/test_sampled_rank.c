/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "check.h"
#include "oracle/convac.h"

#include "entcap/bound.h"

#include <string.h>

/* The weights of an integer network over Z/p. */
typedef struct residues {
    uint64_t *matrix[8];
    ec_mod_weights weights;
} residues;

static void residues_of(residues *out, const ec_arch *arch, const ec_weights *w, uint64_t prime)
{
    for (size_t l = 0; l < arch->n_levels; l++) {
        const ec_level *level = &arch->levels[l];
        size_t n = level->dim * level->out * (level->shared ? 1 : ec_level_positions(level));

        out->matrix[l] = ec_calloc(n, sizeof(uint64_t), NULL);
        assert_non_null(out->matrix[l]);
        for (size_t i = 0; i < n; i++)
            out->matrix[l][i] = w->matrix[l][i] < 0 ? prime - (uint64_t)-w->matrix[l][i]
                                                    : (uint64_t)w->matrix[l][i];
    }
    out->weights = (ec_mod_weights){prime, (const uint64_t *const *)out->matrix};
}

static void residues_free(residues *r, size_t n_levels)
{
    for (size_t l = 0; l < n_levels; l++)
        ec_free(r->matrix[l]);
}

static uint64_t random_prime(ec_rng *rng)
{
    uint64_t p;

    assert_ok(ec_bound_random_prime(&p, rng, NULL), NULL);
    return p;
}

static void random_primes_are_prime_and_of_63_bits(void **state)
{
    ec_rng rng;

    (void)state;
    ec_rng_seed(&rng, check_seed());
    for (size_t round = 0; round < check_count(20); round++) {
        uint64_t p = random_prime(&rng);

        assert_true(p >> 62 == 1);
        for (uint64_t d = 2; d < 2000; d++)
            assert_true(p % d != 0);
    }
}

static void rank_of_a_product_of_random_factors_is_its_inner_dimension(void **state)
{
    enum { ROWS = 12, COLS = 9 };
    uint64_t u[ROWS * COLS], v[COLS * COLS], x[ROWS * COLS] = {0}, rank, p = 1000003;
    ec_rng rng;

    (void)state;
    ec_rng_seed(&rng, check_seed());
    for (size_t inner = 0; inner <= COLS; inner++) {
        memset(x, 0, sizeof x);
        for (size_t i = 0; i < ROWS * inner; i++)
            u[i] = ec_rng_below(&rng, p);
        for (size_t i = 0; i < inner * COLS; i++)
            v[i] = ec_rng_below(&rng, p);
        for (size_t i = 0; i < ROWS; i++)
            for (size_t j = 0; j < COLS; j++)
                for (size_t k = 0; k < inner; k++)
                    x[i * COLS + j] = (x[i * COLS + j] + u[i * inner + k] * v[k * COLS + j]) % p;
        assert_ok(ec_bound_rank_mod_p(&rank, (ec_mod_matrix){x, ROWS, COLS, p}, NULL, NULL), NULL);
        assert_int_equal(rank, inner);
    }
}

static void a_matrix_beyond_the_memory_limit_is_refused(void **state)
{
    ec_run run = EC_RUN_INIT;
    uint64_t x = 1, rank = 7;
    ec_error err = {0};

    (void)state;
    run.memory_bytes = 1;
    assert_int_equal(ec_bound_rank_mod_p(&rank, (ec_mod_matrix){&x, 1, 1, 7}, &run, &err),
                     EC_ELIMIT);
    assert_int_equal(rank, 0);
}

/* a random small network with integer weights, a random side, and what both ways say of it */
static void sampled_rank_is_the_rank_of_the_whole_tensor(void **state)
{
    ec_rng rng;

    (void)state;
    ec_rng_seed(&rng, check_seed());
    for (size_t round = 0; round < check_count(60); round++) {
        uint64_t rank[3];
        ec_arch arch;
        ec_sites a;
        ec_weights w;
        residues r;

        convac_random(&arch, 8, &rng);
        convac_random_side(&a, arch.n_sites, &rng);
        assert_ok(ec_weights_init(&w, &arch, NULL, NULL), NULL);
        convac_integer_weights(&w, &arch, 1 + (unsigned)ec_rng_below(&rng, 9), &rng);
        residues_of(&r, &arch, &w, random_prime(&rng));
        for (size_t inputs = 1; inputs < 200; inputs += 49) {
            ec_sampling sampling = {&arch, &a, inputs, arch.outputs};
            ec_sampled_cost cost;
            ec_error err = {0};

            assert_ok(ec_bound_sampled_ranks(rank, &sampling, &r.weights, &rng, NULL, &err), &err);
            assert_ok(ec_bound_sampled_cost(&cost, &sampling, NULL, &err), &err);
            assert_true(cost.bytes > 0 && cost.seconds > 0);
            for (uint32_t y = 0; y < arch.outputs; y++) {
                size_t whole = convac_rank(&arch, &w, y, &a);
                assert_int_equal(rank[y], whole < inputs ? whole : inputs);
            }
        }
        residues_free(&r, arch.n_levels);
        ec_weights_clear(&w);
        ec_sites_clear(&a);
        convac_clear(&arch);
    }
}

/* one network for the tests below: 4 sites, two windows of 2 */
typedef struct small {
    ec_arch arch;
    ec_sites a;
    ec_weights weights;
    residues residues;
} small;

static void small_make(small *s)
{
    ec_rng rng;

    ec_rng_seed(&rng, check_seed());
    convac_make(&s->arch, (convac_level[]){{2, 1, 1, true}, {3, 1, 2, true}, {2, 1, 2, false}}, 3,
                2);
    convac_sides(&s->a, "ABAB");
    assert_ok(ec_weights_random(&s->weights, &s->arch, &rng, NULL, NULL), NULL);
    convac_integer_weights(&s->weights, &s->arch, 5, &rng);
    residues_of(&s->residues, &s->arch, &s->weights, 1000003);
}

static void small_clear(small *s)
{
    residues_free(&s->residues, s->arch.n_levels);
    ec_weights_clear(&s->weights);
    ec_sites_clear(&s->a);
    convac_clear(&s->arch);
}

static ec_status rank_of_small(void *arg, ec_error *err)
{
    small *s = arg;
    ec_sampling sampling = {&s->arch, &s->a, 5, 2};
    uint64_t rank[2];
    ec_rng rng;

    ec_rng_seed(&rng, 1);
    return ec_bound_sampled_ranks(rank, &sampling, &s->residues.weights, &rng, NULL, err);
}

static void sampled_rank_survives_running_out_of_memory(void **state)
{
    small s;

    (void)state;
    small_make(&s);
    assert_survives_oom(rank_of_small, &s);
    small_clear(&s);
}

static void wrong_sides_and_sizes_are_rejected(void **state)
{
    small s;
    uint64_t rank[2];
    ec_rng rng;
    ec_run run = EC_RUN_INIT;

    (void)state;
    small_make(&s);
    ec_rng_seed(&rng, 1);
    run.memory_bytes = 1000;
    ec_sampling sampling = {&s.arch, &s.a, 100, 2};
    ec_error err = {0};
    assert_int_equal(ec_bound_sampled_ranks(rank, &sampling, &s.residues.weights, &rng, &run, &err),
                     EC_ELIMIT);
    for (size_t i = 0; i < 4; i++)
        ec_sites_add(&s.a, i);
    err = (ec_error){0};
    assert_int_equal(ec_bound_sampled_ranks(rank, &sampling, &s.residues.weights, &rng, NULL, &err),
                     EC_EINVAL);
    assert_string_equal(err.msg, "side A holds all of the 4 sites, both sides need one");
    s.a.n = 3;
    err = (ec_error){0};
    assert_int_equal(ec_bound_sampled_ranks(rank, &sampling, &s.residues.weights, &rng, NULL, &err),
                     EC_EINVAL);
    assert_string_equal(err.msg, "side A is drawn from 3 sites, the network has 4");
    small_clear(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_primes_are_prime_and_of_63_bits),
        cmocka_unit_test(rank_of_a_product_of_random_factors_is_its_inner_dimension),
        cmocka_unit_test(a_matrix_beyond_the_memory_limit_is_refused),
        cmocka_unit_test(sampled_rank_is_the_rank_of_the_whole_tensor),
        cmocka_unit_test(sampled_rank_survives_running_out_of_memory),
        cmocka_unit_test(wrong_sides_and_sizes_are_rejected),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
