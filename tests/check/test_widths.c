/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "look.h"
#include "oracle/oracle.h"

#include <stdio.h>

/*
 * What is said of widths, held against enumeration on random small networks: every smaller width is
 * tried, every cut of every one of them is enumerated, and ranks are those of whole tensors.
 */

enum { MAX_WIDTHS = 12, MAX_TENSORS = 9 };

/* The widths of a case that may change. */
typedef struct widths {
    const oracle_case *of;
    ec_arch *arch;
    const ec_sites *a;
    const char *name[MAX_WIDTHS];
    uint32_t own[MAX_WIDTHS];
    size_t n;
} widths;

static void list_widths(widths *w, const oracle_case *c)
{
    ec_arch *arch = c->arch;

    *w = (widths){.of = c, .arch = arch, .a = &c->a};
    for (size_t l = 1; l < arch->n_levels; l++) {
        w->name[w->n] = arch->levels[l].name;
        w->own[w->n++] = arch->levels[l].dim;
    }
    for (size_t i = 0; i < arch->n_indices; i++) {
        bool open = false;

        for (size_t s = 0; s < arch->n_sites; s++)
            open = open || arch->open[s] == i;
        if (open)
            continue;
        w->name[w->n] = arch->indices[i].name;
        w->own[w->n++] = arch->indices[i].dim;
    }
}

/* Show the case, with its seed, where what is said of it is wrong. */
static void demand(const widths *w, bool right, const char *what)
{
    if (right)
        return;
    oracle_case_print(w->of);
    print_error("%s\n", what);
    fail();
}

static void set(const widths *w, size_t v, uint32_t width)
{
    char text[128];
    ec_error err = {.status = EC_OK};

    snprintf(text, sizeof text, "%s=%u", w->name[v], width);
    assert_ok(ec_arch_set(w->arch, text, &err), &err);
}

static void set_all(const widths *w, const uint32_t *width)
{
    for (size_t v = 0; v < w->n; v++)
        set(w, v, width[v]);
}

/* The smaller of min cut and shared bound, by enumeration. */
static uint64_t bound_of(const widths *w)
{
    oracle_net net;
    uint64_t shared = 0;

    oracle_net_make(&net, w->arch);
    uint64_t rank = oracle_min_cut(&net, w->a).rank;
    if (w->arch->n_levels > 0 && oracle_shared_bound(&shared, w->arch, w->a) && shared < rank)
        rank = shared;
    oracle_net_clear(&net);
    return rank;
}

static uint64_t parameters_of(const widths *w)
{
    ec_int count = {0};

    assert_ok(ec_arch_parameters(&count, w->arch, NULL), NULL);
    uint64_t n = ec_int_get_u64(&count);
    ec_int_clear(&count);
    return n;
}

/* Check the case across its own partition alone. */
static void look_across(ec_check *out, const oracle_case *c)
{
    ec_partition only = {.name = (char *)"only", .a = c->a};
    const ec_partitions given = {&only, 1};
    ec_check_options options;
    ec_run run = EC_RUN_INIT;
    ec_error err = {.status = EC_OK};

    ec_check_options_init(&options);
    options.bound.exact = false;
    assert_ok(ec_check_arch(out, c->arch, &given, &options, &run, &err), &err);
}

/* The least width that keeps the bound, one by one from above. */
static uint32_t least_by_trying(const widths *w, size_t v, uint64_t bound)
{
    uint32_t width = w->own[v];

    while (width > 1) {
        set(w, v, width - 1);
        if (bound_of(w) < bound)
            break;
        width--;
    }
    set(w, v, w->own[v]);
    return width;
}

/* The number that a finding of the rule about this width starts its remedy with; `none` if there is
 * no such finding. */
static uint32_t number_said(const ec_check *check, ec_rule_code rule, const char *fmt,
                            const char *name, uint32_t none)
{
    char part[128];

    snprintf(part, sizeof part, fmt, name);
    const ec_finding *finding = look_for(check, rule, part, 0);
    return finding != NULL ? (uint32_t)strtoul(finding->remedy, NULL, 10) : none;
}

static void check_idle(const widths *w, const ec_check *check, uint64_t bound, size_t *found)
{
    for (size_t v = 0; v < w->n; v++) {
        uint32_t least = least_by_trying(w, v, bound);
        uint32_t fill =
            number_said(check, EC_RULE_WIDTH_UNFILLABLE, "%s has ", w->name[v], UINT32_MAX);
        uint32_t said = number_said(check, EC_RULE_WIDTH_IDLE, " of %s could", w->name[v],
                                    fill < w->own[v] ? fill : w->own[v]);

        demand(w, said == (least < fill ? least : fill), "idle channels");
        *found += least < w->own[v];
    }
}

/* What "r0 = 3, r1 = 2 together" says, into widths. */
static void read_widths(uint32_t *width, const widths *w, const char *text)
{
    for (size_t v = 0; v < w->n; v++) {
        char part[128];
        const char *at = text;

        width[v] = w->own[v];
        snprintf(part, sizeof part, "%s = ", w->name[v]);
        while ((at = strstr(at, part)) != NULL) {
            if (at == text || at[-1] == ' ')
                width[v] = (uint32_t)strtoul(at + strlen(part), NULL, 10);
            at++;
        }
    }
}

/* The fewest parameters of all choices that keep the bound: every one is tried. */
static uint64_t fewest_by_trying(const widths *w, uint64_t bound, uint64_t limit)
{
    uint32_t trial[MAX_WIDTHS];
    uint64_t fewest = parameters_of(w);
    size_t v = 0;

    for (v = 0; v < w->n; v++)
        trial[v] = 1;
    for (uint64_t k = 0; k < limit; k++) {
        set_all(w, trial);
        if (parameters_of(w) < fewest && bound_of(w) >= bound)
            fewest = parameters_of(w);
        for (v = 0; v < w->n && trial[v] == w->own[v]; v++)
            trial[v] = 1;
        if (v == w->n)
            break;
        trial[v]++;
    }
    set_all(w, w->own);
    return fewest;
}

static void check_together(const widths *w, const ec_check *check, uint64_t bound, size_t *found)
{
    enum { MOST = 3000 };
    const ec_finding *finding = look_for(check, EC_RULE_WIDTHS_IDLE, "", 0);
    uint32_t width[MAX_WIDTHS];
    uint64_t choices = 1;

    if (finding == NULL)
        return;
    read_widths(width, w, finding->remedy);
    set_all(w, width);
    demand(w, bound_of(w) >= bound, "widths together keep the bound");
    uint64_t said = parameters_of(w);
    set_all(w, w->own);
    demand(w, said < parameters_of(w), "widths together save parameters");
    for (size_t v = 0; v < w->n; v++)
        choices *= w->own[v];
    if (finding->certainty != EC_CERTAINTY_PROVED || choices > MOST)
        return;
    demand(w, said == fewest_by_trying(w, bound, choices), "nothing has fewer parameters");
    (*found)++;
}

/* As many functions as before: no rank across any partition tried is smaller. */
static void check_unfillable(const widths *w, const ec_check *check, uint64_t seed, size_t *found)
{
    for (size_t v = 0; v < w->n; v++) {
        uint32_t fill =
            number_said(check, EC_RULE_WIDTH_UNFILLABLE, "%s has ", w->name[v], w->own[v]);

        if (fill == w->own[v])
            continue;
        size_t before = oracle_rank(w->arch, w->a, seed);
        set(w, v, fill);
        demand(w, oracle_rank(w->arch, w->a, seed + 1) == before, "an unfillable width");
        set(w, v, w->own[v]);
        (*found)++;
    }
}

/* Entries of the whole tensor, which oracle_rank makes. */
static bool small_enough(const oracle_case *c)
{
    oracle_net net;
    double entries = 1;

    oracle_net_make(&net, c->arch);
    bool small = net.n_tensors <= MAX_TENSORS;
    for (size_t s = 0; s < net.n_sites; s++)
        entries *= (double)net.dim[net.site_index[s]];
    oracle_net_clear(&net);
    return small && entries <= 4096;
}

static void widths_agree_with_enumeration(void **state)
{
    size_t cases = 0, idle = 0, together = 0, unfillable = 0;
    (void)state;

    for (uint64_t seed = check_seed(); cases < check_count(1000); seed++) {
        oracle_case c;
        widths w;
        ec_check check;

        oracle_case_make(&c, (oracle_stratum)(seed % ORACLE_N_STRATA),
                         (oracle_sharing)(seed / ORACLE_N_STRATA % 3), seed);
        list_widths(&w, &c);
        if (small_enough(&c) && w.n <= MAX_WIDTHS) {
            look_across(&check, &c);
            uint64_t bound = bound_of(&w);
            check_idle(&w, &check, bound, &idle);
            check_together(&w, &check, bound, &together);
            check_unfillable(&w, &check, seed, &unfillable);
            ec_check_clear(&check);
            cases++;
        }
        oracle_case_clear(&c);
    }
    print_message("%zu cases: %zu idle, %zu together, %zu unfillable\n", cases, idle, together,
                  unfillable);
    assert_true(idle >= 200 && together >= 40 && unfillable >= 40);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(widths_agree_with_enumeration),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
