/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "check.h"
#include "page.h"

#include "report/paper.h"

#include <stdio.h>
#include <string.h>

/* The digits on a network, and the section that a page has of them. */
typedef struct shown {
    ec_arch *arch;
    ec_fit fit;
    ec_text html;
} shown;

static void show(shown *s, int n_dims, bool rearrange, bool charts)
{
    const ec_samples_source source = {.x = "tests/data/digits38_8x8_x.npy",
                                      .y = "tests/data/digits38_8x8_y01.npy",
                                      .n_dims = n_dims,
                                      .limit = 60};
    const ec_fit_options options = {.entropy = EC_ENTROPY_OPTIONS_INIT, .rearrange = rearrange};
    const ec_fit_found found = {NULL, &s->fit, 0.085};
    ec_samples samples;
    ec_error err = {0};
    char text[512];

    snprintf(text, sizeof text,
             "name: t\ninput: {shape: %s, channels: 2}\nlayers:\n- conv: {channels: 2}\n"
             "- pool: {window: %s}\n- conv: {channels: 1}\n- pool: {window: %s}\n"
             "- conv: {channels: 3}\n- pool: {window: %s}\n- dense: {outputs: 2}\n",
             n_dims == 1 ? "[64]" : "[8, 8]", n_dims == 1 ? "4" : "[2, 2]",
             n_dims == 1 ? "4" : "[2, 2]", n_dims == 1 ? "4" : "[2, 2]");
    *s = (shown){.arch = NULL};
    assert_ok(ec_arch_parse(&s->arch, text, strlen(text), "t", &err), &err);
    assert_ok(ec_samples_read(&samples, &source, NULL, &err), &err);
    assert_ok(ec_fit_samples(&s->fit, s->arch, &samples, &options, NULL, &err), &err);
    ec_samples_clear(&samples);

    ec_fit_found with_arch = found;
    with_arch.arch = s->arch;
    const ec_report_page page = {.fit = &with_arch, .charts = charts};
    ec_paper paper = {.out = &s->html, .charts = charts};
    assert_ok(ec_section_fit(&paper, &page, &err), &err);
    ec_paper_clear(&paper);
}

static void hide(shown *s)
{
    ec_fit_clear(&s->fit);
    ec_arch_free(s->arch);
    ec_text_clear(&s->html);
}

static void both_orders_have_a_map_and_a_table(void **state)
{
    shown s;
    (void)state;

    show(&s, 2, true, true);
    assert_int_equal(page_count(s.html.bytes, "<svg role=\"img\""), 2);
    assert_int_equal(page_count(s.html.bytes, "<table>"), 2);
    assert_non_null(strstr(s.html.bytes, "level 2"));
    assert_non_null(strstr(s.html.bytes, "Features rearranged"));
    /* one channel carries nothing across the quadrants of quadrants */
    assert_true(s.fit.as_is.level[2].excluded);
    assert_non_null(strstr(s.html.bytes, "<td>excluded</td>"));
    assert_non_null(strstr(s.html.bytes, "A necessary condition"));
    hide(&s);
}

static void rows_have_strips_with_their_numbers(void **state)
{
    shown s;
    char number[32];
    (void)state;

    show(&s, 1, false, true);
    assert_int_equal(page_count(s.html.bytes, "<svg role=\"img\""), 1);
    assert_null(strstr(s.html.bytes, "Features rearranged"));
    for (size_t b = 0; b < 4; b++) { /* the four blocks of level 1 */
        snprintf(number, sizeof number, ">%.2f<",
                 ec_fit_demand(NULL, &s.fit.as_is.entropies, b).mean);
        assert_non_null(strstr(s.html.bytes, number));
    }
    hide(&s);
}

static void without_gnuplot_the_tables_stand_alone(void **state)
{
    shown s;
    (void)state;

    show(&s, 1, true, false);
    assert_null(strstr(s.html.bytes, "<svg"));
    assert_int_equal(page_count(s.html.bytes, "<table>"), 2);
    hide(&s);
}

static void pages_without_data_have_no_such_section(void **state)
{
    const ec_report_page page = {.fit = NULL};
    ec_text html = {0};
    (void)state;

    ec_paper paper = {.out = &html};
    assert_ok(ec_section_fit(&paper, &page, NULL), NULL);
    assert_int_equal(html.size, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_orders_have_a_map_and_a_table),
        cmocka_unit_test(rows_have_strips_with_their_numbers),
        cmocka_unit_test(without_gnuplot_the_tables_stand_alone),
        cmocka_unit_test(pages_without_data_have_no_such_section),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
