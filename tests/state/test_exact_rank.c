/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <string.h>

#include "check.h"
#include "oracle/subject.h"

#include "state/forward.h"

/* -------------------------------------------------------------- forward passes */

/* h_y modulo p of one whole input, position by position, one product at a time */
static void slow_pass(uint64_t *out, const subject *s, const ec_residues *w, const uint64_t *input)
{
    uint64_t *below = ec_calloc(4096, sizeof *below, NULL), p = w->prime;

    assert_non_null(below);
    memcpy(below, input, s->arch.n_sites * s->arch.levels[0].dim * sizeof *below);
    for (size_t l = 0; l < s->arch.n_levels; l++) {
        const ec_level *level = &s->arch.levels[l];
        uint64_t *next = ec_calloc(4096, sizeof *next, NULL);

        assert_non_null(next);
        for (size_t v = 0; v < ec_level_positions(level); v++)
            for (size_t o = 0; o < level->out; o++)
                for (size_t i = 0; i < level->dim; i++) {
                    size_t at = (level->shared ? 0 : v * level->out) + o;
                    uint64_t x = w->matrix[l][at * level->dim + i];

                    for (size_t k = 0; k < ec_level_window(level); k++)
                        x = ec_residues_mul(x, below[ec_level_child(level, v, k) * level->dim + i],
                                            p);
                    next[v * level->out + o] = (next[v * level->out + o] + x) % p;
                }
        ec_free(below);
        below = next;
    }
    memcpy(out, below, s->arch.outputs * sizeof *out);
    ec_free(below);
}

static uint64_t random_prime(ec_rng *rng)
{
    uint64_t p;

    assert_ok(ec_bound_random_prime(&p, rng, NULL), NULL);
    return p;
}

/* all outputs against slow passes of the same inputs, which `draw` yields again */
static void check_outputs(const subject *s, const ec_residues *w, size_t inputs, ec_rng draw)
{
    size_t n = s->arch.n_sites, m = s->arch.levels[0].dim, y_n = s->arch.outputs;
    uint64_t *x = ec_calloc(inputs * n * m, sizeof *x, NULL), slow[8];
    uint64_t *whole = ec_calloc(n * m, sizeof *whole, NULL);
    uint64_t *output = ec_calloc(y_n * inputs * inputs, sizeof *output, NULL);
    ec_run run = EC_RUN_INIT;
    ec_rng rng = draw;
    ec_forward f;

    assert_non_null(x);
    assert_non_null(whole);
    assert_non_null(output);
    run.threads = 2;
    assert_ok(ec_forward_init(&f, &s->arch, &s->a, inputs, NULL), NULL);
    assert_true(ec_forward_seconds(&f) > 0 && ec_forward_bytes(&f) > 0);
    assert_ok(ec_forward_outputs(output, &f, w, &rng, &run, NULL), NULL);
    for (size_t i = 0; i < inputs * n * m; i++)
        x[i] = ec_rng_below(&draw, w->prime);
    for (size_t k = 0; k < inputs * inputs; k += 1 + k % 5) {
        size_t from[2] = {k % inputs, k / inputs}; /* t, s */

        for (size_t i = 0; i < n; i++)
            memcpy(whole + i * m, x + (from[ec_sites_has(&s->a, i)] * n + i) * m,
                   m * sizeof *whole);
        slow_pass(slow, s, w, whole);
        for (size_t y = 0; y < y_n; y++)
            assert_true(output[y * inputs * inputs + k] == slow[y]);
    }
    ec_forward_clear(&f);
    ec_free(x);
    ec_free(whole);
    ec_free(output);
}

static void shared_passes_give_what_every_pass_gives(void **state)
{
    ec_rng rng;

    (void)state;
    ec_rng_seed(&rng, check_seed());
    for (size_t round = 0; round < check_count(60); round++) {
        subject s;
        ec_residues w;

        subject_random(&s, &rng, false);
        assert_ok(ec_residues_init(&w, &s.arch, &s.weights, random_prime(&rng), NULL, NULL), NULL);
        check_outputs(&s, &w, 1 + ec_rng_below(&rng, 70), rng);
        ec_residues_clear(&w);
        subject_clear(&s);
    }
}

static ec_status pass_for_oom(void *arg, ec_error *err)
{
    const subject *s = arg;
    ec_residues w = {.n_levels = 0};
    ec_forward f;
    ec_rng rng;
    uint64_t *output = ec_calloc(s->arch.outputs * 9, sizeof *output, err);
    ec_status status = ec_forward_init(&f, &s->arch, &s->a, 3, err);

    ec_rng_seed(&rng, 1);
    if (status == EC_OK)
        status = output == NULL
                     ? EC_ENOMEM
                     : ec_residues_init(&w, &s->arch, &s->weights, 4611686018427388039u, NULL, err);
    if (status == EC_OK)
        status = ec_forward_outputs(output, &f, &w, &rng, NULL, err);
    ec_residues_clear(&w);
    ec_forward_clear(&f);
    ec_free(output);
    return status;
}

static void passes_survive_every_failed_allocation(void **state)
{
    subject s;

    (void)state;
    subject_make(&s, (convac_level[]){{2, 1, 1, true}, {3, 1, 2, true}, {2, 1, 2, false}}, 3, 2,
                 "ABAA");
    assert_survives_oom(pass_for_oom, &s);
    subject_clear(&s);
}

/* ------------------------------------------------------------------ exact ranks */

static const convac_level gap[] = {{2, 1, 1, false}, {3, 1, 3, false}, {2, 1, 3, false}};

static ec_exact_rank rank_of(const subject *s, uint64_t bound, const ec_state_options *options,
                             const ec_run *run)
{
    ec_int claim = {0};
    ec_state got;
    ec_error err = {0};

    ec_int_set_u64(&claim, bound);
    ec_state_input in = subject_input(s, &claim);
    assert_ok(ec_state_verify(&got, &in, options, run, &err), &err);
    ec_exact_rank rank = got.labels[0].rank;
    assert_true(got.holds == (rank.rank <= bound));
    ec_state_clear(&got);
    ec_int_clear(&claim);
    return rank;
}

static void trials_multiply_the_probability_of_an_error(void **state)
{
    ec_state_options options = EC_STATE_OPTIONS_INIT;
    ec_exact_rank one, three;
    subject s;

    (void)state;
    options.spectrum = options.forward = false;
    subject_make(&s, gap, 3, 1, "BAABBBAAB");
    one = rank_of(&s, 8, &options, NULL);
    options.trials = 3;
    three = rank_of(&s, 8, &options, NULL);
    assert_true(one.known && one.rank == 7 && one.trials == 1);
    assert_true(three.known && three.rank == 7 && three.trials == 3);
    assert_close(log2(three.error), 3 * log2(one.error), 1e-9);
    /* minors of 8; 9 sites, 2 and 3 bits; 9 indices of 2, 3 of 3, 1 of 2; 13 weights, each with
       at most 21 bits, whichever they are */
    double least = 8 * (9 + 3 + 9 + 3 * log2(3) + 1), most = least + 8 * 13 * 22;
    assert_true(one.error * 0x1p62 > least && one.error * 0x1p62 <= most);
    options.trials = 400; /* underflows, but is no certainty */
    assert_true(rank_of(&s, 8, &options, NULL).error > 0);
    subject_clear(&s);
}

static void full_rank_leaves_no_doubt(void **state)
{
    ec_state_options options = EC_STATE_OPTIONS_INIT;
    ec_exact_rank rank;
    subject s;

    (void)state;
    subject_make(&s, (convac_level[]){{3, 1, 1, false}, {9, 1, 1, false}, {9, 1, 2, false}}, 3, 1,
                 "AB");
    rank = rank_of(&s, 3, &options, NULL);
    assert_true(rank.known && rank.rank == 3 && rank.error == 0);
    subject_clear(&s);
}

static void claim_below_the_rank_is_caught_twice(void **state)
{
    ec_int claim = {0};
    ec_state got;
    subject s;

    (void)state;
    subject_make(
        &s,
        (convac_level[]){{4, 1, 1, false}, {8, 1, 2, false}, {40, 1, 2, false}, {30, 1, 2, false}},
        4, 2, "AAAABBBB");
    ec_state_input in = subject_input(&s, &claim);
    for (uint64_t bound = 1; bound < 31; bound += 4) {
        ec_int_set_u64(&claim, bound);
        assert_ok(ec_state_verify(&got, &in, &(ec_state_options)EC_STATE_OPTIONS_INIT, NULL, NULL),
                  NULL);
        assert_true(got.holds == (bound >= 30));
        for (int y = 0; y < 2; y++) {
            assert_true(got.labels[y].rank.known && got.labels[y].rank.rank == 30);
            assert_int_equal(got.labels[y].forward.rank, bound + 8 < 30 ? bound + 8 : 30);
        }
        ec_state_clear(&got);
    }
    ec_int_clear(&claim);
    subject_clear(&s);
}

/* 4,096 entries a side would be 4 million; ranks of hundreds come from matrices of that size */
static void rank_of_hundreds_is_exact(void **state)
{
    ec_state_options options = EC_STATE_OPTIONS_INIT;
    ec_exact_rank rank;
    subject s;

    (void)state;
    options.spectrum = options.forward = false;
    subject_make(&s,
                 (convac_level[]){
                     {5, 1, 1, false}, {18, 1, 2, false}, {17, 1, 2, false}, {260, 1, 4, false}},
                 4, 1, "AAAAAAAABBBBBBBB");
    rank = rank_of(&s, 260, &options, NULL); /* of the cut: 260 < 17^2 */
    assert_true(rank.known && rank.rank == 260);
    memset(s.weights.matrix[3], 0, 60 * sizeof(double)); /* a^y ends 60 of the terms */
    rank = rank_of(&s, 260, &options, NULL);
    assert_true(rank.known && rank.rank == 200);
    subject_clear(&s);
}

typedef struct stopper {
    const char *what;
    size_t calls;
} stopper;

static bool stop_at(void *arg, const char *what, double done, double total)
{
    stopper *s = arg;

    (void)done, (void)total;
    return strcmp(what, s->what) != 0 || s->calls++ < 2;
}

static void long_work_can_be_stopped(void **state)
{
    static const char *const parts[] = {"exact rank", "forward check"};
    ec_int claim = {0};
    ec_state got;
    subject s;

    (void)state;
    subject_make(&s, gap, 3, 1, "BAABBBAAB");
    ec_int_set_u64(&claim, 8);
    ec_state_input in = subject_input(&s, &claim);
    for (size_t i = 0; i < 2; i++) {
        ec_run run = EC_RUN_INIT;
        stopper stop = {parts[i], 0};
        ec_error err = {0};

        run.progress = stop_at;
        run.progress_arg = &stop;
        assert_int_equal(
            ec_state_verify(&got, &in, &(ec_state_options)EC_STATE_OPTIONS_INIT, &run, &err),
            EC_ECANCEL);
        assert_memory_equal(err.msg, parts[i], strlen(parts[i]));
        ec_state_clear(&got);
    }
    ec_int_clear(&claim);
    subject_clear(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shared_passes_give_what_every_pass_gives),
        cmocka_unit_test(passes_survive_every_failed_allocation),
        cmocka_unit_test(trials_multiply_the_probability_of_an_error),
        cmocka_unit_test(full_rank_leaves_no_doubt),
        cmocka_unit_test(claim_below_the_rank_is_caught_twice),
        cmocka_unit_test(rank_of_hundreds_is_exact),
        cmocka_unit_test(long_work_can_be_stopped),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
