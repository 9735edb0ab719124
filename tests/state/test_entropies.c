/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "check.h"
#include "oracle/subject.h"

#include "entcap/linalg.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/** Entropies by four copies, of networks whose entropies are known, or too large for any matrix. */

enum { MOST_LABELS = 3 };

static void measure_on(ec_label_entropies out[MOST_LABELS], const subject *s, const ec_run *run)
{
    ec_state_options options = EC_STATE_OPTIONS_INIT;
    ec_state_input in = subject_input(s, NULL);
    ec_error err = {0};

    assert_true(s->arch.outputs <= MOST_LABELS);
    assert_ok(ec_state_entropies(out, &in, &options, run, &err), &err);
}

static double renyi2_of(const subject *s)
{
    ec_label_entropies got[MOST_LABELS];

    measure_on(got, s, NULL);
    assert_true(got[0].renyi2.known);
    return got[0].renyi2.value;
}

/* letters of a random side A of n sites, neither empty nor everything */
static void random_letters(char *letters, size_t n, ec_rng *rng)
{
    for (size_t i = 0; i < n; i++)
        letters[i] = ec_rng_below(rng, 2) == 0 ? 'A' : 'B';
    letters[n] = '\0';
    letters[0] = 'A';
    letters[n - 1] = 'B';
}

/* -------------------------------------------------------- by construction */

static void a_network_of_width_one_is_a_product_state(void **state)
{
    const convac_level levels[] = {
        {4, 1, 1, false}, {1, 1, 3, false}, {1, 1, 4, true}, {1, 1, 2, false}};
    char letters[25];
    ec_rng rng;

    (void)state;
    ec_rng_seed(&rng, check_seed());
    for (size_t i = 0; i < check_count(20); i++) {
        ec_label_entropies got[MOST_LABELS];
        subject s;

        random_letters(letters, 24, &rng);
        subject_make(&s, levels, 4, 2, letters);
        measure_on(got, &s, NULL);
        assert_close(got[0].renyi2.value, 0, 1e-13);
        assert_close(got[1].renyi2.value, 0, 1e-13);
        subject_clear(&s);
    }
}

/* identities below, ones on top: sum_r |r r ... r>, S = S_2 = ln r whatever the partition */
static void a_ghz_state_has_the_logarithm_of_its_width(void **state)
{
    char letters[37];
    ec_rng rng;

    (void)state;
    ec_rng_seed(&rng, check_seed());
    for (uint32_t r = 2; r <= 6; r++) {
        const convac_level levels[] = {
            {r, 1, 1, r % 2 == 0}, {r, 1, 3, r > 3}, {r, 1, 4, true}, {r, 1, 3, false}};
        ec_label_entropies got[MOST_LABELS];
        subject s;

        random_letters(letters, 36, &rng);
        subject_make(&s, levels, 4, 1, letters);
        for (size_t l = 0; l < 4; l++)
            for (size_t i = 0; i < ec_weights_count(&s.arch, l); i++)
                s.weights.matrix[l][i] = l == 3 || i / r % r == i % r;
        measure_on(got, &s, NULL);
        assert_close(got[0].renyi2.value, log(r), 1e-13);
        if (got[0].von_neumann.known)
            assert_close(got[0].von_neumann.value, log(r), 1e-13);
        subject_clear(&s);
    }
}

/* W = 1 where digit `at` of the row (of `digits` in base 2) is a permutation of the column, which
   has `width` digits: one digit of a wide index is handed down, the others are free */
static void fill_digits(double *w, size_t digits, size_t width, size_t at, size_t flip)
{
    size_t out = (size_t)1 << digits, in = (size_t)1 << width;

    for (size_t o = 0; o < out; o++)
        for (size_t i = 0; i < in; i++)
            w[o * in + i] = ((o >> at) & (in - 1)) == (i ^ flip);
}

/* The power bound's digits: an index of dimension 2^k has k binary digits, a window hands the lower
   half to its first child and the upper half to its second. On top site i and site i + 4 share a
   digit: each such pair is maximally entangled, and nothing else is. */
static void digit_permutations_are_maximally_entangled(void **state)
{
    const convac_level levels[] = {
        {2, 1, 1, false}, {4, 1, 2, false}, {16, 1, 2, false}, {16, 1, 2, false}};
    ec_rng rng;

    (void)state;
    ec_rng_seed(&rng, check_seed());
    for (size_t i = 0; i < check_count(60); i++) {
        char letters[9];
        size_t split = 0;
        ec_label_entropies got[MOST_LABELS];
        subject s;

        random_letters(letters, 8, &rng);
        for (size_t k = 0; k < 4; k++)
            split += letters[k] != letters[k + 4];
        subject_make(&s, levels, 4, 1, letters);
        for (size_t p = 0; p < 8; p++)
            fill_digits(s.weights.matrix[0] + p * 8, 2, 1, p % 2, ec_rng_below(&rng, 2));
        for (size_t p = 0; p < 4; p++)
            fill_digits(s.weights.matrix[1] + p * 64, 4, 2, p % 2 * 2, ec_rng_below(&rng, 4));
        for (size_t p = 0; p < 2; p++)
            fill_digits(s.weights.matrix[2] + p * 256, 4, 4, 0, ec_rng_below(&rng, 16));
        for (size_t k = 0; k < 16; k++)
            s.weights.matrix[3][k] = 1;
        measure_on(got, &s, NULL);
        assert_close(got[0].renyi2.value, (double)split * log(2), 1e-13);
        if (got[0].von_neumann.known)
            assert_close(got[0].von_neumann.value, (double)split * log(2), 1e-13);
        subject_clear(&s);
    }
}

/* A GHZ state of which one half below is weighted (1, e), the other (e, 1). Together they are even,
   but in four copies what is left of them is e^4: with small e any rounding below would cover it,
   and with smaller ones its square is no number any more. */
static void products_far_below_their_factors_are_given_up(void **state)
{
    static const double e[] = {0.5, 0x1p-30, 0x1p-200};
    const convac_level levels[] = {
        {2, 1, 1, true}, {2, 1, 2, false}, {2, 1, 2, true}, {2, 1, 2, false}};

    (void)state;
    for (size_t k = 0; k < 3; k++) {
        ec_label_entropies got[MOST_LABELS];
        subject s;

        subject_make(&s, levels, 4, 1, "ABBAABAB");
        for (size_t i = 0; i < 4; i++)
            s.weights.matrix[0][i] = s.weights.matrix[2][i] = i % 3 == 0;
        for (size_t i = 0; i < 16; i++)
            s.weights.matrix[1][i] = i % 4 % 3 != 0 ? 0 : (i / 4 + i % 4 / 3) % 2 == 0 ? 1 : e[k];
        s.weights.matrix[3][0] = s.weights.matrix[3][1] = 1;
        measure_on(got, &s, NULL);
        assert_int_equal(got[0].renyi2.known, k == 0);
        if (k == 0)
            assert_close(got[0].renyi2.value, log(2), 1e-13);
        else
            assert_string_equal(got[0].renyi2.why,
                                "cancellation: four copies of the tensor are lost to rounding");
        subject_clear(&s);
    }
}

/* -------------------------------------------------------------- invariants */

static const convac_level large[] = {
    {3, 1, 1, false}, {4, 2, 2, false}, {5, 2, 2, true}, {3, 2, 1, false}, {4, 1, 2, false}};
enum { LARGE_LEVELS = 5, LARGE_SITES = 64 };

static void make_large(subject *s, ec_rng *rng)
{
    char letters[LARGE_SITES * 2 + 1];
    const size_t n = 8 * 8;

    random_letters(letters, n, rng);
    subject_make(s, large, LARGE_LEVELS, 2, letters);
    subject_fill(s, rng);
}

static void both_sides_have_the_same_entropy(void **state)
{
    ec_rng rng;

    (void)state;
    ec_rng_seed(&rng, check_seed());
    for (size_t i = 0; i < check_count(10); i++) {
        subject s;
        double a;

        make_large(&s, &rng);
        a = renyi2_of(&s);
        assert_true(a > 1);
        for (size_t k = 0; k < s.a.n; k++)
            if (ec_sites_has(&s.a, k))
                ec_sites_remove(&s.a, k);
            else
                ec_sites_add(&s.a, k);
        assert_close(renyi2_of(&s), a, 1e-11 * a);
        subject_clear(&s);
    }
}

/* W_0 <- W_0 (1 - 2 v v^T / v^T v) at every site: a reflection of the site's basis */
static void a_rotated_site_basis_does_not_change_the_entropy(void **state)
{
    ec_rng rng;

    (void)state;
    ec_rng_seed(&rng, check_seed());
    for (size_t i = 0; i < check_count(10); i++) {
        size_t m = large[0].dim;
        subject s;
        double before;

        make_large(&s, &rng);
        before = renyi2_of(&s);
        for (size_t p = 0; p < s.arch.n_sites; p++) {
            double v[3], norm = 0;

            for (size_t d = 0; d < m; d++) {
                v[d] = ec_rng_normal(&rng);
                norm += v[d] * v[d];
            }
            for (size_t o = 0; o < large[1].dim; o++) {
                double *row = s.weights.matrix[0] + (p * large[1].dim + o) * m, dot = 0;

                for (size_t d = 0; d < m; d++)
                    dot += row[d] * v[d];
                for (size_t d = 0; d < m; d++)
                    row[d] -= 2 * dot / norm * v[d];
            }
        }
        assert_close(renyi2_of(&s), before, 1e-11 * before);
        subject_clear(&s);
    }
}

/* a matrix that is scaled, at one place, scales the whole tensor */
static void scaling_a_matrix_does_not_change_the_entropy(void **state)
{
    ec_rng rng;
    subject s;
    double before;

    (void)state;
    ec_rng_seed(&rng, check_seed());
    make_large(&s, &rng);
    before = renyi2_of(&s);
    for (size_t l = 0; l < LARGE_LEVELS; l++) {
        size_t n = (size_t)s.arch.levels[l].out * s.arch.levels[l].dim;

        for (size_t i = 0; i < n; i++)
            s.weights.matrix[l][i] *= l % 2 == 0 ? 0x1p200 : 0x1p-250;
    }
    assert_close(renyi2_of(&s), before, 1e-11 * before);
    subject_clear(&s);
}

static void assert_same(const ec_measured *a, const ec_measured *b)
{
    assert_int_equal(a->known, b->known);
    assert_memory_equal(&a->value, &b->value, sizeof a->value);
    assert_memory_equal(&a->error, &b->error, sizeof a->error);
}

static void threads_do_not_change_a_bit(void **state)
{
    static const convac_level deep[] = {{2, 1, 1, false}, {3, 1, 2, false}, {4, 1, 2, false},
                                        {5, 1, 2, false}, {4, 1, 2, false}, {3, 1, 2, false}};
    char letters[33];
    ec_rng rng;

    (void)state;
    ec_rng_seed(&rng, check_seed());
    for (size_t i = 0; i < check_count(12); i++) {
        ec_label_entropies one[MOST_LABELS], many[MOST_LABELS];
        ec_run run = EC_RUN_INIT;
        subject s;

        if (i % 2 == 0) {
            make_large(&s, &rng);
        } else {
            random_letters(letters, 32, &rng);
            if (i % 4 == 1) /* blocks on both sides, and nothing but the top window between */
                for (size_t k = 0; k < 32; k++)
                    letters[k] = k < 16 ? 'A' : 'B';
            subject_make(&s, deep, 6, 2, letters);
        }
        measure_on(one, &s, &run);
        run.threads = 2 + (unsigned)(i % 4);
        measure_on(many, &s, &run);
        for (uint32_t y = 0; y < 2; y++) {
            assert_same(&one[y].renyi2, &many[y].renyi2);
            assert_same(&one[y].von_neumann, &many[y].von_neumann);
        }
        subject_clear(&s);
    }
}

/* ---------------------------------------------------------- files and limits */

/* the same network from a file in single, and in double precision */
static void weights_of_either_precision_are_measured(void **state)
{
    static const char text[] = "name: f\ninput: {shape: [12], channels: 2}\nlayers:\n"
                               "  - conv: {channels: 3}\n  - pool: {window: 3}\n"
                               "  - conv: {channels: 3, shared: false}\n  - pool: {window: 4}\n"
                               "  - dense: {outputs: 1}\n";
    char path[] = "/tmp/entcap-test-XXXXXX";
    int file = mkstemp(path);
    ec_arch *arch;

    (void)state;
    assert_true(file >= 0);
    close(file);
    assert_ok(ec_arch_parse(&arch, text, strlen(text), "f.yaml", NULL), NULL);
    for (int single = 0; single < 2; single++) {
        subject s = {.arch = *arch};
        double want, unshared;
        ec_rng rng;

        ec_rng_seed(&rng, check_seed());
        convac_sides(&s.a, "ABAABBABABBA");
        assert_ok(ec_weights_random(&s.weights, arch, &rng, NULL, NULL), NULL);
        unshared = s.weights.matrix[1][0];
        for (size_t l = 0; l < 3; l++)
            for (size_t i = 0; single && i < ec_weights_count(arch, l); i++)
                s.weights.matrix[l][i] = (float)s.weights.matrix[l][i];
        assert_int_equal(s.weights.matrix[1][0] == unshared, !single);
        want = renyi2_of(&s);
        s.weights.single = single;
        assert_ok(ec_weights_write(&s.weights, arch, path, NULL), NULL);
        ec_weights_clear(&s.weights);
        assert_ok(ec_weights_read(&s.weights, arch, path, NULL, NULL), NULL);
        assert_int_equal(s.weights.single, single);
        assert_close(renyi2_of(&s), want, 0);
        ec_weights_clear(&s.weights);
        ec_sites_clear(&s.a);
    }
    ec_arch_free(arch);
    unlink(path);
}

/* Threads would keep more messages; where these do not fit, one thread goes on with what does. */
static void little_memory_takes_fewer_messages_at_a_time(void **state)
{
    static const convac_level levels[] = {{12, 1, 1, false}, {12, 1, 2, false}, {12, 1, 2, false},
                                          {12, 1, 2, false}, {12, 1, 2, false}, {12, 1, 2, false}};
    ec_label_entropies got[MOST_LABELS];
    ec_run run = EC_RUN_INIT;
    char letters[33];
    size_t known = 0;
    ec_rng rng;
    subject s;

    (void)state;
    ec_rng_seed(&rng, check_seed());
    random_letters(letters, 32, &rng);
    subject_make(&s, levels, 6, 1, letters);
    run.threads = 4;
    for (run.memory_bytes = 1 << 16; run.memory_bytes < 1 << 26; run.memory_bytes *= 2) {
        measure_on(got, &s, &run);
        if (got[0].renyi2.known) {
            assert_close(got[0].renyi2.value, renyi2_of(&s), 0);
            known++;
        } else {
            assert_int_equal(known, 0);
            assert_non_null(strstr(got[0].renyi2.why, "operations, the memory limit is "));
        }
    }
    assert_in_range(known, 4, 8); /* 64 MiB are plenty; a message alone has 90 KiB */
    subject_clear(&s);
}

static bool stop(void *arg, const char *what, double done, double total)
{
    (void)what;
    assert_true(done <= total);
    return --*(int *)arg > 0;
}

static void a_contraction_can_be_stopped(void **state)
{
    ec_state_options options = EC_STATE_OPTIONS_INIT;
    ec_label_entropies got[MOST_LABELS];
    ec_run run = EC_RUN_INIT;
    int left = 3;
    ec_rng rng;
    subject s;

    (void)state;
    ec_rng_seed(&rng, check_seed());
    make_large(&s, &rng);
    run.progress = stop;
    run.progress_arg = &left;
    const ec_state_input in = subject_input(&s, NULL);
    assert_int_equal(ec_state_entropies(got, &in, &options, &run, NULL), EC_ECANCEL);
    assert_int_equal(left, 0);
    subject_clear(&s);
}

static ec_status measure_once(void *arg, ec_error *err)
{
    ec_state_options options = EC_STATE_OPTIONS_INIT;
    ec_state_input in = subject_input(arg, NULL);
    ec_label_entropies got[MOST_LABELS];
    ec_run run = EC_RUN_INIT;

    run.threads = 2;
    return ec_state_entropies(got, &in, &options, &run, err);
}

static void entropies_survive_running_out_of_memory(void **state)
{
    const convac_level levels[] = {{2, 1, 1, false}, {3, 1, 2, false}, {3, 1, 2, false}};
    static const char *const letters[] = {"AABB", "ABAB"};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        subject s;

        subject_make(&s, levels, 3, 2, letters[i]);
        assert_survives_oom(measure_once, &s);
        subject_clear(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_network_of_width_one_is_a_product_state),
        cmocka_unit_test(a_ghz_state_has_the_logarithm_of_its_width),
        cmocka_unit_test(digit_permutations_are_maximally_entangled),
        cmocka_unit_test(products_far_below_their_factors_are_given_up),
        cmocka_unit_test(both_sides_have_the_same_entropy),
        cmocka_unit_test(a_rotated_site_basis_does_not_change_the_entropy),
        cmocka_unit_test(scaling_a_matrix_does_not_change_the_entropy),
        cmocka_unit_test(threads_do_not_change_a_bit),
        cmocka_unit_test(weights_of_either_precision_are_measured),
        cmocka_unit_test(little_memory_takes_fewer_messages_at_a_time),
        cmocka_unit_test(a_contraction_can_be_stopped),
        cmocka_unit_test(entropies_survive_running_out_of_memory),
    };

    if (ec_linalg_threads(1, NULL) != EC_OK)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
