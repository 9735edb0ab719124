/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "check.h"
#include "oracle/subject.h"

#include "entcap/linalg.h"

#include <stdio.h>
#include <string.h>

/**
 * Planted faults: wrong bounds that a wrong program could come to must be refuted, by the exact
 * rank and by the forward check each on their own.
 */

/* A network whose rank reaches its bound, and a pair of sites whose exchange lowers the bound. */
typedef struct planted {
    convac_level levels[5];
    size_t n;
    const char *letters;
    size_t swap[2];
} planted;

static const planted cases[] = {
    /* P = 2, unshared and shared */
    {{{2, 1, 1, false}, {3, 1, 2, false}, {5, 1, 2, false}, {4, 1, 2, false}},
     4,
     "AAABABBB",
     {3, 4}},
    {{{2, 1, 1, true}, {3, 1, 2, true}, {5, 1, 2, true}, {4, 1, 2, true}}, 4, "AAABABBB", {3, 4}},
    {{{3, 1, 1, false}, {3, 1, 2, false}, {9, 1, 2, false}}, 3, "ABAB", {1, 2}},
    {{{3, 1, 1, true}, {3, 1, 2, true}, {6, 1, 2, true}}, 3, "ABAB", {1, 2}},
    /* P = 4: windows 2 x 2 */
    {{{3, 1, 1, false}, {3, 2, 2, false}, {4, 2, 2, false}}, 3, "ABBBBBBBBBABBBBB", {0, 15}},
    {{{3, 1, 1, true}, {3, 2, 2, true}, {4, 2, 2, true}}, 3, "ABBBBBBBBBABBBBB", {0, 15}},
    {{{2, 1, 1, false}, {4, 1, 4, false}}, 2, "AABB", {0, 0}},
};

enum { N_CASES = sizeof cases / sizeof *cases };

static void make(subject *s, const planted *p)
{
    subject_make(s, p->levels, p->n, 2, p->letters);
}

/* the best upper bound of the network across side A */
static void bound_of(ec_int *out, const ec_arch *arch, const ec_sites *a)
{
    ec_int shared = {0};
    bool applies;
    ec_cut cut;

    assert_ok(ec_bound_min_cut_tree(&cut, arch, a, false, NULL, NULL), NULL);
    ec_int_swap(out, &cut.rank);
    assert_ok(ec_bound_shared(&applies, &shared, arch, a, NULL, NULL), NULL);
    if (applies && ec_int_cmp(&shared, out) < 0)
        ec_int_swap(out, &shared);
    ec_int_clear(&shared);
    ec_cut_clear(&cut);
}

/* measured with one witness alone, is the claim refuted? */
static bool is_refuted(const subject *s, const ec_int *claim, bool by_rank)
{
    ec_state_options options = EC_STATE_OPTIONS_INIT;
    ec_state_input in = subject_input(s, claim);
    ec_error err = {0};
    ec_state state;
    bool refuted;

    options.spectrum = false;
    options.rank = by_rank;
    options.forward = !by_rank;
    assert_ok(ec_state_verify(&state, &in, &options, NULL, &err), &err);
    refuted = !state.holds;
    ec_state_clear(&state);
    return refuted;
}

static void assert_refuted(const subject *s, const ec_int *claim)
{
    assert_true(is_refuted(s, claim, true));
    assert_true(is_refuted(s, claim, false));
    assert_false(subject_holds(s, claim));
}

static void the_bound_itself_holds_and_one_less_is_refuted(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_CASES; i++) {
        ec_int claim = {0}, one = {0};
        subject s;

        make(&s, &cases[i]);
        bound_of(&claim, &s.arch, &s.a);
        assert_true(subject_holds(&s, &claim));
        ec_int_set_u64(&one, 1);
        ec_int_sub(&claim, &claim, &one);
        assert_refuted(&s, &claim);
        ec_int_clear(&claim);
        ec_int_clear(&one);
        subject_clear(&s);
    }
}

static void the_bound_of_a_partition_with_two_sites_swapped_is_refuted(void **state)
{
    size_t planted_faults = 0;

    (void)state;
    for (size_t i = 0; i < N_CASES; i++) {
        const size_t *swap = cases[i].swap;
        ec_sites swapped;
        ec_int claim = {0};
        subject s;

        if (swap[0] == swap[1])
            continue;
        make(&s, &cases[i]);
        assert_ok(ec_sites_copy(&swapped, &s.a, NULL), NULL);
        for (size_t k = 0; k < 2; k++)
            if (ec_sites_has(&s.a, swap[k]))
                ec_sites_add(&swapped, swap[1 - k]);
            else
                ec_sites_remove(&swapped, swap[1 - k]);
        bound_of(&claim, &s.arch, &swapped);
        assert_refuted(&s, &claim);
        planted_faults++;
        ec_int_clear(&claim);
        ec_sites_clear(&swapped);
        subject_clear(&s);
    }
    assert_true(planted_faults >= 6);
}

/* the network form of an architecture in which every copy tensor keeps its first leg below only */
static void describe_without_legs(char *text, size_t size, const ec_arch *arch)
{
    size_t at = 0;
    const char *comma = "";

    at += (size_t)snprintf(text + at, size - at, "name: legless\nnetwork:\n  indices: {");
    for (size_t l = 0; l < arch->n_levels; l++)
        for (size_t p = 0; p < ec_level_positions(&arch->levels[l]); p++, comma = ", ")
            at += (size_t)snprintf(text + at, size - at, "%se%zu_%zu: %u", comma, l, p,
                                   arch->levels[l].dim);
    at += (size_t)snprintf(text + at, size - at, "}\n  tensors:\n");
    for (size_t l = 0; l < arch->n_levels; l++)
        for (size_t p = 0; p < ec_level_positions(&arch->levels[l]); p++) {
            bool top = l + 1 == arch->n_levels;
            size_t parent = top ? 0 : ec_network_parent(arch, l, p);

            at += (size_t)snprintf(text + at, size - at, "    w%zu_%zu: [e%zu_%zu", l, p, l, p);
            if (!top && ec_level_child(&arch->levels[l + 1], parent, 0) == p)
                at += (size_t)snprintf(text + at, size - at, ", e%zu_%zu", l + 1, parent);
            at += (size_t)snprintf(text + at, size - at, "]\n");
        }
    at += (size_t)snprintf(text + at, size - at, "  open: [");
    for (size_t p = 0; p < arch->n_sites; p++)
        at += (size_t)snprintf(text + at, size - at, "%se0_%zu", p > 0 ? ", " : "", p);
    at += (size_t)snprintf(text + at, size - at, "]\n");
    assert_true(at < size);
}

static void the_bound_of_a_network_without_copy_legs_is_refuted(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_CASES; i++) {
        char text[4096];
        ec_network *network;
        ec_error err = {0};
        ec_arch *legless;
        ec_cut cut;
        subject s;

        make(&s, &cases[i]);
        describe_without_legs(text, sizeof text, &s.arch);
        assert_ok(ec_arch_parse(&legless, text, strlen(text), "legless.yaml", &err), &err);
        assert_ok(ec_network_from_arch(&network, legless, NULL, &err), &err);
        assert_ok(ec_bound_min_cut_igraph(&cut, network, &s.a, NULL, &err), &err);
        assert_refuted(&s, &cut.rank);
        ec_cut_clear(&cut);
        ec_network_free(network);
        ec_arch_free(legless);
        subject_clear(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_bound_itself_holds_and_one_less_is_refuted),
        cmocka_unit_test(the_bound_of_a_partition_with_two_sites_swapped_is_refuted),
        cmocka_unit_test(the_bound_of_a_network_without_copy_legs_is_refuted),
    };

    if (ec_linalg_threads(1, NULL) != EC_OK)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
