/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "page.h"
#include "sample.h"

#include "report/report_i.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char layers[] = "name: eight\n"
                             "input: {shape: [8], channels: 3}\n"
                             "layers:\n"
                             "  - conv: {channels: 3}\n"
                             "  - pool: {window: 2}\n"
                             "  - conv: {channels: 4}\n"
                             "  - pool: {window: 2}\n"
                             "  - conv: {channels: 6}\n"
                             "  - pool: {window: 2}\n"
                             "  - dense: {outputs: 2}\n"
                             "partitions: [left-right, interleaved]\n";

enum { N_PARTITIONS = 2 };

/* A page with charts of widths, and all that it rests on. */
typedef struct swept {
    sample s;
    ec_ranges ranges, slice_ranges;
    ec_sweep *sweep;
    ec_sweep_rows all, slice, fronts[N_PARTITIONS];
    ec_formula formulas[2 * N_PARTITIONS];
    ec_widths_found found;
    ec_report_page page;
} swept;

static ec_status keep_rows(void *arg, const ec_sweep *sweep, const ec_sweep_rows *rows,
                           ec_error *err)
{
    (void)sweep;
    return ec_sweep_append(arg, rows, err);
}

static ec_sweep *run(ec_sweep_rows *rows, const ec_sweep_input *input)
{
    const ec_run limits = EC_RUN_INIT;
    ec_sweep *sweep = NULL;
    ec_error err = {0};

    rows->n_bounds = 2 * input->partitions->n;
    assert_ok(ec_sweep_new(&sweep, input, &limits, &err), &err);
    assert_ok(ec_sweep_run(sweep, 0, ec_sweep_units(sweep), keep_rows, rows, &limits, &err), &err);
    return sweep;
}

static void set(ec_ranges *ranges, const ec_arch *arch, const char *const *text, size_t n)
{
    ec_error err = {0};

    assert_ok(ec_ranges_init(ranges, arch, &err), &err);
    for (size_t i = 0; i < n; i++)
        assert_ok(ec_ranges_set(ranges, arch, text[i], &err), &err);
}

static void add_formulas(swept *w)
{
    const ec_run limits = EC_RUN_INIT;
    ec_error err = {0};

    for (size_t i = 0; i < 2 * N_PARTITIONS; i++)
        assert_ok(ec_design_formula(&w->formulas[i], w->s.arch, &w->s.partitions.items[i / 2].a,
                                    i % 2 == 1, &limits, &err),
                  &err);
}

/* r1 and r2 are the axes, r0 runs, too. */
static void swept_init(swept *w, uint64_t budget)
{
    static const char *const ranges[] = {"r1=2..10:+2", "r2=3..12:+3", "r0=2,3,5"};

    *w = (swept){.sweep = NULL};
    sample_init(&w->s, layers);
    set(&w->ranges, w->s.arch, ranges, 3);
    set(&w->slice_ranges, w->s.arch, ranges, 2);
    ec_sweep_input input = {
        .arch = w->s.arch, .partitions = &w->s.partitions, .ranges = &w->ranges};
    w->sweep = run(&w->all, &input);
    input.ranges = &w->slice_ranges;
    ec_sweep_free(run(&w->slice, &input));
    input.ranges = &w->ranges;
    input.pareto = true;
    for (size_t k = 0; k < N_PARTITIONS; k++) {
        const ec_partitions one = {.items = &w->s.partitions.items[k], .n = 1};

        input.partitions = &one;
        ec_sweep_free(run(&w->fronts[k], &input));
    }
    add_formulas(w);
    w->found = (ec_widths_found){.arch = w->s.arch,
                                 .partitions = &w->s.partitions,
                                 .bounds = w->s.bounds,
                                 .ranges = &w->ranges,
                                 .axis = {2, 3},
                                 .cost = EC_QUANTITY_PARAMETERS,
                                 .budget = budget,
                                 .sweep = w->sweep,
                                 .slice = &w->slice,
                                 .all = &w->all,
                                 .fronts = w->fronts};
    w->page = (ec_report_page){.bounds = w->s.found,
                               .widths = &w->found,
                               .formulas = w->formulas,
                               .charts = ec_program_exists("gnuplot")};
}

static void swept_clear(swept *w)
{
    ec_sweep_free(w->sweep);
    ec_sweep_rows_clear(&w->all);
    ec_sweep_rows_clear(&w->slice);
    for (size_t k = 0; k < N_PARTITIONS; k++)
        ec_sweep_rows_clear(&w->fronts[k]);
    for (size_t i = 0; i < 2 * N_PARTITIONS; i++)
        ec_formula_clear(&w->formulas[i]);
    ec_ranges_clear(&w->ranges);
    ec_ranges_clear(&w->slice_ranges);
    sample_clear(&w->s);
}

static void write_page(ec_text *out, const ec_report_page *page)
{
    ec_error err = {0};

    assert_ok(ec_report_html(out, page, &err), &err);
    assert_well_formed(out->bytes);
    assert_self_contained(out->bytes);
}

/* Bound and parameters of one configuration by the engine of `entcap bound`. */
static double bound_at(uint64_t *parameters, const uint32_t width[3], const char *partition)
{
    ec_bound_options options = EC_BOUND_OPTIONS_INIT;
    const ec_run limits = EC_RUN_INIT;
    ec_arch *arch = NULL;
    ec_partitions one = {0};
    ec_bound bound = {.has_shared = false};
    ec_int count = {0};
    ec_error err = {0};
    char text[32];

    assert_ok(ec_arch_parse(&arch, layers, sizeof layers - 1, "eight.yaml", &err), &err);
    for (unsigned l = 0; l < 3; l++) {
        snprintf(text, sizeof text, "r%u=%u", l, (unsigned)width[l]);
        assert_ok(ec_arch_set(arch, text, &err), &err);
    }
    assert_ok(ec_arch_partitions(&one, arch, &partition, 1, &err), &err);
    assert_ok(ec_bound_compute(&bound, arch, &one.items[0].a, &options, &limits, &err), &err);
    assert_ok(ec_arch_parameters(&count, arch, &err), &err);
    *parameters = ec_int_get_u64(&count);
    double log2 = ec_int_log2(bound.rank);
    ec_int_clear(&count);
    ec_bound_clear(&bound);
    ec_partitions_clear(&one);
    ec_arch_free(arch);
    return log2;
}

/* The row of the best design, found by trying all; its log2. */
static double expected_row(char row[256], const char *partition, uint64_t budget)
{
    static const uint32_t r0[] = {2, 3, 5};
    double best = -1;
    uint64_t best_cost = 0;

    for (size_t i = 0; i < 3 * 5 * 4; i++) {
        const uint32_t width[3] = {r0[i / 20], (uint32_t)(2 * (i / 4 % 5) + 2),
                                   (uint32_t)(3 * (i % 4) + 3)};
        uint64_t cost;
        double log2 = bound_at(&cost, width, partition);

        if (cost > budget || log2 < best - 1e-9 || (log2 < best + 1e-9 && cost >= best_cost))
            continue;
        best = log2;
        best_cost = cost;
        snprintf(row, 256,
                 "<td>input=3 r0=%u r1=%u r2=%u</td><td class=\"n\">%u</td><td class=\"n\">%.2f ",
                 width[0], width[1], width[2], (unsigned)cost, log2);
    }
    assert_true(best >= 0);
    return best;
}

static void the_best_design_is_the_best_of_all_configurations(void **state)
{
    static const uint64_t budgets[] = {40, 75, 110, 200};
    bool seen[2] = {false, false};
    (void)state;

    for (size_t b = 0; b < sizeof budgets / sizeof *budgets; b++) {
        swept w;
        ec_text html = {0};

        swept_init(&w, budgets[b]);
        w.page.charts = false;
        write_page(&html, &w.page);
        assert_int_equal(page_count(html.bytes, "<th scope=\"row\">best within "), N_PARTITIONS);
        size_t better = 0;
        for (size_t k = 0; k < N_PARTITIONS; k++) {
            char row[256];

            double best = expected_row(row, w.s.partitions.items[k].name, budgets[b]);
            better += best > ec_int_log2(w.s.bounds[k].rank) + 1e-9;
            if (strstr(html.bytes, row) == NULL)
                fail_msg("budget %u: no %s", (unsigned)budgets[b], row);
        }
        /* the summary says what to change, where that is of use */
        assert_int_equal(page_count(html.bytes, ", within the budget at "), better);
        seen[better > 0] = true;
        ec_text_clear(&html);
        swept_clear(&w);
    }
    assert_true(seen[0] && seen[1]);
}

static void a_budget_that_nothing_meets_is_said(void **state)
{
    swept w;
    ec_text html = {0};
    (void)state;

    swept_init(&w, 5);
    write_page(&html, &w.page);
    assert_int_equal(page_count(html.bytes, "Every configuration costs more: there is no best "
                                            "within 5 parameters."),
                     N_PARTITIONS);
    assert_null(strstr(html.bytes, "<th scope=\"row\">best"));
    ec_text_clear(&html);
    swept_clear(&w);
}

static void every_partition_has_a_heat_map_and_a_pareto_plot(void **state)
{
    swept w;
    ec_text html = {0}, again = {0};
    (void)state;

    swept_init(&w, 110);
    if (!w.page.charts)
        skip();
    write_page(&html, &w.page);
    assert_int_equal(page_count(html.bytes, "aria-label=\"Heat map"), N_PARTITIONS);
    assert_int_equal(page_count(html.bytes, "aria-label=\"Pareto plot"), N_PARTITIONS);
    assert_int_equal(page_count(html.bytes, "width of r1 (channels)"), N_PARTITIONS);
    assert_int_equal(page_count(html.bytes, "width of r2 (channels)"), N_PARTITIONS);
    assert_non_null(strstr(html.bytes, "each of 60 configurations"));
    assert_ids_differ(html.bytes, 4 * 15);
    assert_int_equal(page_count(html.bytes, "<title>gnuplot"), 0);
    /* a chart names a mark twice, in its legend and as a title, the table once; what is described
       lies on both charts, the best on the map only if its r0 is the described one */
    assert_int_equal(page_count(html.bytes, ">as described<"), 5 * N_PARTITIONS);
    assert_in_range(page_count(html.bytes, ">best within 110 parameters<"), 3 * N_PARTITIONS,
                    5 * N_PARTITIONS);
    write_page(&again, &w.page);
    assert_string_equal(html.bytes, again.bytes);
    ec_text_clear(&again);
    ec_text_clear(&html);
    swept_clear(&w);
}

/* What gnuplot is told: column, row and log2 of every cell, and where the frames are. */
static void every_cell_of_a_map_holds_the_bound_of_its_widths(void **state)
{
    uint32_t described[] = {3, 3, 4, 6}, best[] = {3, 3, 8, 12};
    const ec_widths_mark marks[] = {{"as described", described, 0, 0}, {"best", best, 0, 0}};
    swept w;
    (void)state;

    swept_init(&w, 110);
    for (size_t k = 0; k < N_PARTITIONS; k++) {
        ec_text script = {0};

        ec_plot_heat_map(&script, &w.found, k, marks);
        for (unsigned i = 0; i < 5 * 4; i++) {
            const uint32_t width[3] = {3, 2 * (i / 4) + 2, 3 * (i % 4) + 3};
            char start[32];
            uint64_t cost;

            snprintf(start, sizeof start, "\n%u %u ", i / 4, i % 4);
            const char *cell = strstr(script.bytes, start);
            assert_non_null(cell);
            assert_float_equal(strtod(cell + strlen(start), NULL),
                               bound_at(&cost, width, w.s.partitions.items[k].name), 0.0051);
        }
        assert_non_null(strstr(script.bytes, "set xtics ('2' 0,'4' 1,'6' 2,'8' 3,'10' 4)"));
        assert_non_null(strstr(script.bytes, "set ytics ('3' 0,'6' 1,'9' 2,'12' 3)"));
        assert_non_null(strstr(script.bytes, "$m0 << EOD\n0.53 0.53\n1.47 0.53\n"));
        assert_non_null(strstr(script.bytes, "$m1 << EOD\n2.64 2.64\n3.36 2.64\n"));
        ec_text_clear(&script);
        best[1] = 2; /* not the described r0: not on the map */
        ec_plot_heat_map(&script, &w.found, k, marks);
        assert_null(strstr(script.bytes, "$m1"));
        best[1] = 3;
        ec_text_clear(&script);
    }
    swept_clear(&w);
}

/* Exchange the first and the last row: fronts come in the order of their widths. */
static void shuffle(ec_sweep_rows *rows)
{
    size_t last = rows->n - 1, size = rows->n_bounds * sizeof *rows->log2;
    uint64_t parameters = rows->parameters[0];
    double log2[2] = {rows->log2[0], rows->log2[1]};

    assert_int_equal(size, sizeof log2);
    rows->parameters[0] = rows->parameters[last];
    rows->parameters[last] = parameters;
    memcpy(rows->log2, rows->log2 + 2 * last, size);
    memcpy(rows->log2 + 2 * last, log2, size);
}

/* The front is drawn from the left to the right, higher with every step. */
static void a_front_ascends(void **state)
{
    const ec_widths_mark marks[EC_N_MARKS] = {{.widths = NULL}, {.widths = NULL}};
    ec_text script = {0};
    ec_error err = {0};
    double x = 0, y = -1;
    size_t n = 0;
    swept w;
    (void)state;

    swept_init(&w, 110);
    shuffle(&w.fronts[0]);
    assert_ok(ec_plot_pareto(&script, &w.found, 0, marks, &err), &err);
    char *point = strstr(script.bytes, "$front << EOD\n");
    assert_non_null(point);
    for (point += strlen("$front << EOD\n"); *point != 'E'; point++, n++) {
        double cost = strtod(point, &point), log2 = strtod(point, &point);

        assert_true(cost > x && log2 > y);
        x = cost;
        y = log2;
    }
    assert_int_equal(n, w.fronts[0].n);
    assert_true(n >= 4);
    ec_text_clear(&script);
    swept_clear(&w);
}

static void formulas_are_shown_with_raised_exponents(void **state)
{
    swept w;
    ec_text html = {0};
    (void)state;

    swept_init(&w, UINT64_MAX);
    w.page.charts = false;
    write_page(&html, &w.page);
    assert_non_null(strstr(
        html.bytes, "Min cut: rank ≤ <code>min(r2, r1, r0<sup>2</sup>, M<sup>4</sup>)</code>"));
    assert_non_null(strstr(html.bytes, "where <code>g1 = min(r0, C(M+1,2))</code>"));
    assert_null(strstr(html.bytes, "best within"));
    ec_text_clear(&html);

    ec_formula_clear(&w.formulas[0]); /* as for one of more than 10,000 terms */
    w.page.widths = NULL;
    write_page(&html, &w.page);
    assert_non_null(strstr(html.bytes, "<p>Min cut: too many terms to print</p>"));
    assert_null(strstr(html.bytes, "id=\"widths\""));
    ec_text_clear(&html);
    swept_clear(&w);
}

static void no_name_acts_among_the_charts(void **state)
{
    swept w;
    ec_text html = {0};
    (void)state;

    swept_init(&w, 110);
    sample_rename(&w.s.partitions.items[0].name, PAGE_HOSTILE);
    write_page(&html, &w.page);
    assert_true(page_count(html.bytes, PAGE_HARMLESS) >= (w.page.charts ? 5 : 3));
    assert_null(strchr(html.bytes, '\x01'));
    ec_text_clear(&html);
    swept_clear(&w);
}

static ec_status write_without_charts(void *arg, ec_error *err)
{
    ec_report_page page = ((const swept *)arg)->page;
    ec_text html = {0};

    page.charts = false; /* gnuplot need not be run a thousand times */
    ec_status status = ec_report_html(&html, &page, err);
    ec_text_clear(&html);
    return status;
}

static void a_page_of_widths_survives_failed_allocations(void **state)
{
    swept w;
    (void)state;

    swept_init(&w, 110);
    assert_survives_oom(write_without_charts, &w);
    swept_clear(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_best_design_is_the_best_of_all_configurations),
        cmocka_unit_test(a_budget_that_nothing_meets_is_said),
        cmocka_unit_test(every_partition_has_a_heat_map_and_a_pareto_plot),
        cmocka_unit_test(every_cell_of_a_map_holds_the_bound_of_its_widths),
        cmocka_unit_test(a_front_ascends),
        cmocka_unit_test(formulas_are_shown_with_raised_exponents),
        cmocka_unit_test(no_name_acts_among_the_charts),
        cmocka_unit_test(a_page_of_widths_survives_failed_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
