/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "check.h"

#include <stdio.h>
#include <string.h>

#include "entcap/design.h"

static ec_arch *parse(const char *text)
{
    ec_arch *arch;
    ec_error err = {0};

    assert_ok(ec_arch_parse(&arch, text, strlen(text), "test.yaml", &err), &err);
    return arch;
}

/* A 1-D network: windows[l] below conv l+1, `shared` for every conv, all widths 2. */
static ec_arch *network_1d(const size_t *windows, size_t n, bool shared)
{
    ec_text text = {0};
    size_t sites = 1;

    for (size_t l = 0; l < n; l++)
        sites *= windows[l];
    ec_text_printf(&text, "name: t\ninput: {shape: [%zu], channels: 2}\nlayers:\n", sites);
    for (size_t l = 0; l < n; l++)
        ec_text_printf(&text, "  - conv: {channels: 2, shared: %s}\n  - pool: {window: %zu}\n",
                       shared ? "true" : "false", windows[l]);
    ec_text_puts(&text, "  - dense: {outputs: 3}\n");
    ec_arch *arch = parse(ec_text_get(&text));
    ec_text_clear(&text);
    return arch;
}

static void assert_formula(const ec_arch *arch, const char *partition, bool shared,
                           const char *text, const char *latex)
{
    ec_partition p;
    ec_formula f;
    ec_error err = {0};

    assert_ok(ec_arch_partition(&p, arch, partition, &err), &err);
    assert_ok(ec_design_formula(&f, arch, &p.a, shared, NULL, &err), &err);
    char *plain = ec_formula_print(&f, EC_NOTATION_TEXT, &err);
    char *tex = ec_formula_print(&f, EC_NOTATION_LATEX, &err);
    assert_string_equal(plain, text);
    if (latex != NULL)
        assert_string_equal(tex, latex);
    ec_free(plain);
    ec_free(tex);
    ec_formula_clear(&f);
    ec_partition_clear(&p);
}

static void closed_forms_come_out_as_published(void **state)
{
    (void)state;
    const size_t two[] = {2, 2, 2, 2}, four[] = {4, 4, 4}, one[] = {6};
    ec_arch *binary = network_1d(two, 4, false), *quad = network_1d(four, 3, false);
    ec_arch *single = network_1d(one, 1, false);

    assert_formula(binary, "left-right", false, "min(r3, r2, r1^2, r0^4, M^8)",
                   "\\min\\left(r_{3},\\, r_{2},\\, r_{1}^{2},\\, r_{0}^{4},\\, M^{8}\\right)");
    assert_formula(binary, "interleaved", false, "min(r0^8, M^8)", NULL);
    assert_formula(binary, "scale:1", false, "min(r1^4, r0^4, M^8)", NULL);
    assert_formula(binary, "0-3", false, "min(r2, r1, r0^2, M^4)", NULL);
    assert_formula(quad, "left-right", false, "min(r2, r1^2, r0^8, M^32)", NULL);
    assert_formula(quad, "interleaved", false, "min(r0^16, M^32)", NULL);
    assert_formula(quad, "scale:1", false, "min(r1^4, r0^8, M^32)", NULL);
    assert_formula(single, "0,3", false, "min(r0, M^2)", NULL);
    ec_arch_free(binary);
    ec_arch_free(quad);
    ec_arch_free(single);
}

static void shared_bound_prints_its_binomials(void **state)
{
    (void)state;
    const size_t windows[] = {2, 4};
    ec_arch *arch = network_1d(windows, 2, true);
    ec_partition p;
    ec_formula f;
    ec_error err = {0};

    assert_formula(arch, "0-3", true, "min(C(g1+1,2), r1)",
                   "\\min\\left(\\binom{g_{1}+1}{2},\\, r_{1}\\right)");
    assert_ok(ec_arch_partition(&p, arch, "0-3", &err), &err);
    assert_ok(ec_design_formula(&f, arch, &p.a, true, NULL, &err), &err);
    char *text = ec_formula_print_definitions(&f, EC_NOTATION_TEXT, &err);
    char *latex = ec_formula_print_definitions(&f, EC_NOTATION_LATEX, &err);
    assert_string_equal(text, "g1 = min(r0, C(M+1,2))\n");
    assert_string_equal(latex, "g_{1} = \\min(r_{0}, \\binom{M+1}{2})\n");
    ec_free(text);
    ec_free(latex);
    ec_formula_clear(&f);
    ec_partition_clear(&p);
    ec_arch_free(arch);
}

/* Say what differs, so that the case can be repeated by hand. */
static void explain(const ec_arch *arch, const ec_sites *a, const ec_formula *f, bool shared,
                    const ec_int *value, const ec_int *rank)
{
    char *formula = ec_formula_print(f, EC_NOTATION_TEXT, NULL);
    char *definitions = ec_formula_print_definitions(f, EC_NOTATION_TEXT, NULL);
    char *left = ec_int_print(value, NULL), *right = ec_int_print(rank, NULL);

    for (size_t l = 0; l < arch->n_levels; l++)
        print_error("window %zu, %s=%u%s\n", ec_level_window(&arch->levels[l]),
                    arch->levels[l].name, (unsigned)arch->levels[l].dim,
                    arch->levels[l].shared ? " shared above" : "");
    for (size_t i = 0; i < a->n; i++)
        print_error("%c", ec_sites_has(a, i) ? 'A' : 'B');
    print_error(" %s: %s gives %s, the recursion %s\n%s", shared ? "shared" : "min cut", formula,
                left, right, definitions);
    ec_free(formula);
    ec_free(definitions);
    ec_free(left);
    ec_free(right);
}

/* Set every width at random and compare the formula with the recursion of module bound. */
static void compare_at_random_widths(ec_arch *arch, const ec_sites *a, const ec_formula *f,
                                     bool shared, ec_rng *rng)
{
    uint32_t widths[8];
    ec_int value = {0}, rank = {0};
    ec_cut cut = {0};
    ec_error err = {0};
    bool applies = true;

    for (size_t l = 0; l < arch->n_levels; l++) {
        char set[32];
        widths[l] = 1 + (uint32_t)ec_rng_below(rng, ec_rng_below(rng, 4) == 0 ? 300 : 9);
        snprintf(set, sizeof set, "%s=%u", arch->levels[l].name, (unsigned)widths[l]);
        assert_ok(ec_arch_set(arch, set, &err), &err);
    }
    ec_formula_evaluate(&value, NULL, f, widths);
    if (shared) {
        assert_ok(ec_bound_shared(&applies, &rank, arch, a, NULL, &err), &err);
        assert_true(applies);
    } else {
        assert_ok(ec_bound_min_cut_tree(&cut, arch, a, false, NULL, &err), &err);
        ec_int_set(&rank, &cut.rank);
    }
    if (ec_int_cmp(&value, &rank) != 0)
        explain(arch, a, f, shared, &value, &rank);
    assert_int_equal(ec_int_cmp(&value, &rank), 0);
    ec_cut_clear(&cut);
    ec_int_clear(&value);
    ec_int_clear(&rank);
}

static void random_side(ec_sites *a, size_t n, ec_rng *rng)
{
    assert_ok(ec_sites_init(a, n, NULL), NULL);
    for (size_t i = 0; i < n; i++) {
        if (ec_rng_below(rng, 2) == 0)
            ec_sites_add(a, i);
    }
    if (ec_sites_count(a) == 0)
        ec_sites_add(a, 0);
    if (ec_sites_count(a) == n)
        ec_sites_remove(a, n - 1);
}

static void formula_equals_recursion_at_random_widths(void **state)
{
    (void)state;
    ec_rng rng;
    size_t most_terms = 0, compared = 0;

    ec_rng_seed(&rng, check_seed());
    for (size_t k = check_count(40); k > 0; k--) {
        size_t windows[4], n = 1 + (size_t)ec_rng_below(&rng, 4), sites = 1;
        bool shared = ec_rng_below(&rng, 2) == 0;
        for (size_t l = 0; l < n; l++) {
            windows[l] = 1 + (size_t)ec_rng_below(&rng, 4);
            windows[l] += l == 0; /* at least two sites, and a window that pools */
            sites *= windows[l];
        }
        ec_arch *arch = network_1d(windows, n, shared);
        ec_sites a;
        ec_formula f;
        ec_error err = {0};
        random_side(&a, sites, &rng);
        assert_ok(ec_design_formula(&f, arch, &a, shared, NULL, &err), &err);
        most_terms = f.n_terms > most_terms ? f.n_terms : most_terms;
        for (int i = 0; i < 50; i++, compared++)
            compare_at_random_widths(arch, &a, &f, shared, &rng);
        ec_formula_clear(&f);
        ec_sites_clear(&a);
        ec_arch_free(arch);
    }
    print_message("%zu comparisons, up to %zu terms\n", compared, most_terms);
    assert_true(most_terms >= 8);
}

/* Slow oracle for one term: does some point of a grid of logarithms make it the strict minimum? */
static bool strict_somewhere(const ec_formula *f, size_t term, ec_rng *rng)
{
    for (int trial = 0; trial < 20000; trial++) {
        double w[8], own = 0;
        bool strict = true;
        for (size_t v = 0; v < f->n_levels; v++)
            w[v] = ec_rng_below(rng, 3) == 0
                       ? 0
                       : ec_rng_uniform(rng) / (double)(1 + ec_rng_below(rng, 20));
        for (size_t v = 0; v < f->n_levels; v++)
            own += w[v] * (double)f->exponent[term * f->n_variables + v];
        for (size_t t = 0; t < f->n_terms && strict; t++) {
            double sum = 0;
            for (size_t v = 0; v < f->n_levels; v++)
                sum += w[v] * (double)f->exponent[t * f->n_variables + v];
            strict = t == term || own < sum;
        }
        if (strict)
            return true;
    }
    return false;
}

static void every_term_is_the_minimum_somewhere(void **state)
{
    (void)state;
    const size_t windows[] = {3, 2, 2};
    ec_rng rng;
    size_t terms = 0;

    ec_rng_seed(&rng, check_seed());
    for (int k = 0; k < 20; k++) {
        ec_arch *arch = network_1d(windows, 3, false);
        ec_sites a;
        ec_formula f;
        ec_error err = {0};
        random_side(&a, 12, &rng);
        assert_ok(ec_design_formula(&f, arch, &a, false, NULL, &err), &err);
        for (size_t t = 0; t < f.n_terms; t++, terms++)
            assert_true(strict_somewhere(&f, t, &rng));
        ec_formula_clear(&f);
        ec_sites_clear(&a);
        ec_arch_free(arch);
    }
    assert_true(terms > 60);
}

static ec_status make_formula(void *arg, ec_error *err)
{
    const ec_arch *arch = arg;
    ec_sites a = {0};
    ec_formula f = {0};
    ec_status status = ec_sites_init(&a, arch->n_sites, err);

    if (status == EC_OK) {
        ec_sites_add(&a, 0);
        ec_sites_add(&a, 3);
        status = ec_design_formula(&f, arch, &a, true, NULL, err);
    }
    ec_formula_clear(&f);
    ec_sites_clear(&a);
    return status;
}

static void formula_survives_lack_of_memory(void **state)
{
    (void)state;
    const size_t windows[] = {2, 2};
    ec_arch *arch = network_1d(windows, 2, true);

    assert_survives_oom(make_formula, arch);
    ec_arch_free(arch);
}

static void networks_and_empty_sides_are_refused(void **state)
{
    (void)state;
    const size_t windows[] = {2, 2};
    ec_arch *arch = network_1d(windows, 2, false);
    ec_arch *bridge = parse("name: b\nnetwork:\n  indices: {a: 2, b: 2}\n"
                            "  tensors: {T: [a, b]}\n  open: [a, b]\n");
    ec_formula f;
    ec_sites a;
    ec_error err = {0};

    assert_ok(ec_sites_init(&a, 4, NULL), NULL);
    assert_int_equal(ec_design_formula(&f, arch, &a, false, NULL, &err), EC_EINVAL);
    assert_string_equal(err.msg, "side A has 0 of 4 sites, expected some but not all of 4");
    err = (ec_error){0};
    ec_sites_add(&a, 0);
    assert_int_equal(ec_design_formula(&f, arch, &a, true, NULL, &err), EC_EINVAL);
    assert_string_equal(err.msg, "no pooling window has all layers below it shared");
    err = (ec_error){0};
    assert_int_equal(ec_design_formula(&f, bridge, &a, false, NULL, &err), EC_EINVAL);
    assert_string_equal(err.msg, "a formula in the widths needs input and layers, not a network");
    ec_sites_clear(&a);
    ec_arch_free(arch);
    ec_arch_free(bridge);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(closed_forms_come_out_as_published),
        cmocka_unit_test(shared_bound_prints_its_binomials),
        cmocka_unit_test(formula_equals_recursion_at_random_widths),
        cmocka_unit_test(every_term_is_the_minimum_somewhere),
        cmocka_unit_test(formula_survives_lack_of_memory),
        cmocka_unit_test(networks_and_empty_sides_are_refused),
    };
    return cmocka_run_group_tests_name("design: formula", tests, NULL, NULL);
}
