/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "check.h"
#include "oracle/convac.h"

#include "bound/sampling.h"

#include <math.h>
#include <string.h>

/* A network over Z/p and a side of it. */
typedef struct subject {
    ec_arch arch;
    ec_sites a;
    uint64_t *matrix[16];
    ec_mod_weights weights;
} subject;

static const uint64_t prime = 4611686018427388039u; /* 2^62 + 135 */

static void fill_random(subject *s, ec_rng *rng)
{
    for (size_t l = 0; l < s->arch.n_levels; l++) {
        const ec_level *level = &s->arch.levels[l];
        size_t n = level->dim * level->out * (level->shared ? 1 : ec_level_positions(level));

        s->matrix[l] = ec_calloc(n, sizeof(uint64_t), NULL);
        assert_non_null(s->matrix[l]);
        for (size_t i = 0; i < n; i++)
            s->matrix[l][i] = ec_rng_below(rng, prime);
    }
    s->weights = (ec_mod_weights){prime, (const uint64_t *const *)s->matrix};
}

static void subject_make(subject *s, const convac_level *levels, size_t n, const char *sides)
{
    ec_rng rng;

    ec_rng_seed(&rng, check_seed());
    convac_make(&s->arch, levels, n, 2);
    convac_sides(&s->a, sides);
    fill_random(s, &rng);
}

static void subject_clear(subject *s)
{
    for (size_t l = 0; l < s->arch.n_levels; l++)
        ec_free(s->matrix[l]);
    ec_sites_clear(&s->a);
    convac_clear(&s->arch);
}

/* ranks of both labels, directly and through the highest and the lowest of the min cuts */
static void rank_all_ways(uint64_t rank[3][2], const subject *s, size_t inputs, unsigned threads)
{
    const ec_sampling what = {&s->arch, &s->a, inputs, s->arch.outputs < 2 ? 1 : 2};
    ec_run run = EC_RUN_INIT;

    assert_ok(ec_flint_load(NULL), NULL);
    run.threads = threads;
    ec_mod_work work = ec_mod_work_init(prime, &run, "test", 1);
    const ec_sampler sampler = {&what, &s->weights, check_seed(), &work};
    assert_ok(ec_direct_ranks(rank[0], &sampler, NULL), NULL);
    for (int highest = 0; highest < 2; highest++) {
        ec_mod_pieces pieces;

        assert_ok(ec_mod_pieces_init(&pieces, &what, highest, &run, NULL), NULL);
        assert_non_null(pieces.piece);
        assert_ok(ec_mod_pieces_ranks(rank[1 + highest], &pieces, &sampler, NULL), NULL);
        ec_mod_pieces_clear(&pieces);
    }
    if (what.n_labels == 1)
        for (int way = 0; way < 3; way++)
            rank[way][1] = rank[way][0];
}

static void assert_rank(const subject *s, uint64_t want)
{
    uint64_t rank[3][2];

    rank_all_ways(rank, s, (size_t)want + 5, 1);
    for (int way = 0; way < 3; way++)
        for (int y = 0; y < 2; y++)
            assert_int_equal(rank[way][y], want);
}

static void published_gaps_between_cut_and_rank_are_found(void **state)
{
    static const struct {
        convac_level level[3];
        const char *sides;
        uint64_t rank; /* the min cuts are 8, more than 8, and more than 15 */
    } gap[] = {
        {{{2, 1, 1, false}, {3, 1, 3, false}, {2, 1, 3, false}}, "BAABBBAAB", 7},
        {{{2, 1, 1, true}, {5, 1, 3, true}, {2, 1, 3, false}}, "AAAABBABB", 7},
        {{{3, 1, 1, true}, {5, 1, 4, true}, {2, 1, 2, false}}, "ABAAABBB", 14},
    };

    (void)state;
    for (size_t i = 0; i < sizeof gap / sizeof gap[0]; i++) {
        subject s;

        subject_make(&s, gap[i].level, 3, gap[i].sides);
        assert_rank(&s, gap[i].rank);
        subject_clear(&s);
    }
}

static void both_ways_agree_on_random_networks(void **state)
{
    ec_rng rng;

    (void)state;
    ec_rng_seed(&rng, check_seed());
    for (size_t round = 0; round < check_count(150); round++) {
        uint64_t rank[3][2];
        subject s;

        convac_random(&s.arch, 10, &rng);
        convac_random_side(&s.a, s.arch.n_sites, &rng);
        fill_random(&s, &rng);
        for (size_t l = 0; l < s.arch.n_levels; l++) /* zeros: singular matrices, zero tensors */
            if (ec_rng_below(&rng, 4) == 0)
                s.matrix[l][ec_rng_below(&rng, s.arch.levels[l].dim)] = 0;
        rank_all_ways(rank, &s, 70, 1 + (unsigned)round % 2);
        for (int y = 0; y < 2; y++) {
            uint64_t direct = rank[0][y];
            assert_int_equal(rank[1][y] < 70 ? rank[1][y] : 70, direct);
            assert_int_equal(rank[2][y], rank[1][y]);
        }
        subject_clear(&s);
    }
}

static void label_with_zeros_at_a_cut_top_has_fewer_terms(void **state)
{
    subject s;
    uint64_t rank[3][2];

    (void)state;
    subject_make(&s, (convac_level[]){{5, 1, 1, false}, {4, 1, 1, false}, {4, 1, 2, false}}, 3,
                 "AB");
    s.matrix[2][1] = s.matrix[2][3] = 0; /* of label 0: two of the four terms */
    rank_all_ways(rank, &s, 9, 1);
    for (int way = 0; way < 3; way++)
        assert_true(rank[way][0] == 2 && rank[way][1] == 4);
    memset(s.matrix[2] + 4, 0, 4 * sizeof(uint64_t)); /* label 1: nothing is left */
    rank_all_ways(rank, &s, 9, 1);
    for (int way = 0; way < 3; way++)
        assert_true(rank[way][0] == 2 && rank[way][1] == 0);
    subject_clear(&s);
}

/* 256 sites, left|right: one cut of 150, both pieces larger than a chunk and a panel */
static void rank_of_a_large_network_does_not_depend_on_threads(void **state)
{
    uint64_t one[3][2], three[3][2];
    char sides[257];
    subject s;

    (void)state;
    memset(sides, 'A', 128);
    memset(sides + 128, 'B', 128);
    sides[256] = '\0';
    subject_make(&s,
                 (convac_level[]){{3, 1, 1, false},
                                  {4, 1, 4, false},
                                  {5, 1, 4, false},
                                  {13, 1, 4, false},
                                  {150, 1, 4, false}},
                 5, sides);
    rank_all_ways(one, &s, 155, 1);
    rank_all_ways(three, &s, 155, 3);
    assert_memory_equal(one, three, sizeof one);
    for (int way = 0; way < 3; way++)
        assert_int_equal(one[way][0], 150);
    subject_clear(&s);
}

static void pieces_cover_every_site_and_label_once_a_side(void **state)
{
    ec_rng rng;

    (void)state;
    ec_rng_seed(&rng, check_seed());
    for (size_t round = 0; round < check_count(100); round++) {
        subject s;
        ec_cut cut = {.log2 = 0};
        ec_mod_pieces pieces;
        double columns[2] = {1, 1};
        size_t tops = 0;

        convac_random(&s.arch, 12, &rng);
        convac_random_side(&s.a, s.arch.n_sites, &rng);
        const ec_sampling what = {&s.arch, &s.a, 1, 1};
        assert_ok(ec_mod_pieces_init(&pieces, &what, round % 2, NULL, NULL), NULL);
        assert_ok(ec_bound_min_cut_tree(&cut, &s.arch, &s.a, false, NULL, NULL), NULL);
        assert_close(log2(pieces.columns), cut.log2, 1e-9); /* it is a minimum cut */
        for (size_t i = 0; i < pieces.n; i++) {
            columns[pieces.piece[i].on_a] *= (double)pieces.piece[i].columns;
            tops += pieces.piece[i].top;
        }
        assert_true(columns[0] == pieces.columns && columns[1] == pieces.columns);
        assert_int_equal(tops, pieces.top_is_cut ? 0 : 1);
        ec_mod_pieces_clear(&pieces);
        ec_cut_clear(&cut);
        ec_sites_clear(&s.a);
        convac_clear(&s.arch);
    }
}

static void cut_of_too_many_columns_has_no_pieces(void **state)
{
    subject s;
    ec_mod_pieces pieces;
    ec_sampled_cost cost;

    (void)state;
    subject_make(&s, (convac_level[]){{300, 1, 1, false}, {300, 1, 2, false}, {300, 1, 2, false}},
                 3, "ABAB");
    const ec_sampling what = {&s.arch, &s.a, 1, 1};
    assert_ok(ec_mod_pieces_init(&pieces, &what, true, NULL, NULL), NULL);
    assert_ok(ec_mod_pieces_cost(&cost, &pieces, 1, NULL), NULL);
    assert_true(isinf(cost.seconds) && isinf(cost.bytes));
    ec_mod_pieces_clear(&pieces);
    subject_clear(&s);
}

static ec_status rank_for_oom(void *arg, ec_error *err)
{
    const subject *s = arg;
    const ec_sampling what = {&s->arch, &s->a, 9, 2};
    ec_mod_pieces pieces;
    uint64_t rank[2];
    ec_status status = ec_mod_pieces_init(&pieces, &what, true, NULL, err);

    assert_ok(ec_flint_load(NULL), NULL);
    ec_mod_work work = ec_mod_work_init(prime, NULL, "test", 1);
    const ec_sampler sampler = {&what, &s->weights, 1, &work};
    if (status == EC_OK)
        status = ec_mod_pieces_ranks(rank, &pieces, &sampler, err);
    ec_mod_pieces_clear(&pieces);
    return status;
}

static void core_survives_every_failed_allocation(void **state)
{
    subject s;

    (void)state;
    subject_make(&s, (convac_level[]){{2, 1, 1, false}, {3, 1, 3, false}, {2, 1, 3, false}}, 3,
                 "BAABBBAAB");
    assert_survives_oom(rank_for_oom, &s);
    subject_clear(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_gaps_between_cut_and_rank_are_found),
        cmocka_unit_test(both_ways_agree_on_random_networks),
        cmocka_unit_test(label_with_zeros_at_a_cut_top_has_fewer_terms),
        cmocka_unit_test(rank_of_a_large_network_does_not_depend_on_threads),
        cmocka_unit_test(pieces_cover_every_site_and_label_once_a_side),
        cmocka_unit_test(cut_of_too_many_columns_has_no_pieces),
        cmocka_unit_test(core_survives_every_failed_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
