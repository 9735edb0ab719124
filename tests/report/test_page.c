/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "page.h"
#include "sample.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static const char layers[] = SAMPLE_FOUR "requirements:\n"
                                         "  - {partition: left-right, min_rank: 5}\n";

static const char training_log[] =
    "{\"step\": 10, \"epoch\": 0, \"loss\": 2.25}\n"
    "\n"
    "{\"step\": 20, \"epoch\": 1, \"loss\": 1.5, \"train_accuracy\": 0.5, \"test_accuracy\": 0.25,"
    " \"entropy\": {\"left-right\": [0.5, 0.25]}}\n";

static ec_report_page page_of(const sample *s)
{
    return (ec_report_page){.bounds = s->found,
                            .states = &s->measured,
                            .required = s->bounds,
                            .log = training_log,
                            .log_size = sizeof training_log - 1,
                            .log_file = "log.jsonl",
                            .command = "entcap report",
                            .seed = 7,
                            .charts = ec_program_exists("gnuplot")};
}

static void write_page(ec_text *out, const ec_report_page *page)
{
    ec_error err = {0};

    assert_ok(ec_report_html(out, page, &err), &err);
}

static void a_page_is_well_formed_and_self_contained(void **state)
{
    static const char *const texts[] = {layers, SAMPLE_PAIR};
    (void)state;

    for (size_t i = 0; i < 2; i++) {
        sample s;
        ec_text html = {0};

        sample_init(&s, texts[i]);
        const ec_report_page page = page_of(&s);
        write_page(&html, &page);
        assert_well_formed(html.bytes);
        assert_self_contained(html.bytes);
        ec_text_clear(&html);
        sample_clear(&s);
    }
}

static void a_page_says_what_was_found(void **state)
{
    sample s;
    ec_text html = {0};
    (void)state;

    sample_init(&s, layers);
    ec_report_page page = page_of(&s);
    page.charts = false;
    write_page(&html, &page);
    assert_non_null(strstr(html.bytes, "<strong>left-right</strong>: rank at most 4"));
    assert_non_null(strstr(html.bytes, "The bound holds"));
    assert_non_null(strstr(html.bytes, "<span class=\"label failed\">failed</span>"));
    assert_non_null(strstr(html.bytes, "2 <span class=\"label probable\">probable</span>"));
    assert_non_null(strstr(html.bytes, "ln rank ≤ ln generic rank = 1.3863 <span class=\"label "
                                       "proved\">proved</span> ≤ ln bound = 1.3863"));
    assert_non_null(strstr(html.bytes, "<td>layers.1</td>"));
    assert_non_null(strstr(html.bytes, "<dt>Test accuracy</dt><dd>25.00 %"));
    assert_non_null(strstr(html.bytes, "<dt>Seed</dt><dd>7</dd>"));
    assert_null(strstr(html.bytes, "<figure"));
    s.states[0].holds = s.states[0].labels[0].holds = false;
    ec_text_clear(&html);
    write_page(&html, &page);
    assert_non_null(strstr(html.bytes, "The bound is violated"));
    ec_text_clear(&html);
    sample_clear(&s);
}

static void what_is_not_given_is_left_out(void **state)
{
    sample s;
    ec_text html = {0};
    (void)state;

    sample_init(&s, SAMPLE_PAIR);
    const ec_report_page page = {.bounds = s.found};
    write_page(&html, &page);
    assert_well_formed(html.bytes);
    assert_null(strstr(html.bytes, "id=\"verification\""));
    assert_null(strstr(html.bytes, "id=\"training\""));
    assert_null(strstr(html.bytes, "id=\"diagram\""));
    assert_null(strstr(html.bytes, "id=\"requirements\""));
    ec_text_clear(&html);
    sample_clear(&s);
}

static void assert_hostile_is_harmless(const ec_report_page *page, size_t at_least)
{
    ec_text html = {0};

    write_page(&html, page);
    assert_well_formed(html.bytes);
    assert_self_contained(html.bytes);
    assert_true(page_count(html.bytes, PAGE_HARMLESS) >= at_least);
    for (size_t i = 0; i < html.size; i++)
        assert_true((unsigned char)html.bytes[i] >= 0x20 || isspace((unsigned char)html.bytes[i]));
    assert_null(strchr(html.bytes, 0x7f));
    ec_text_clear(&html);
}

static void no_name_acts_on_a_page(void **state)
{
    const ec_report_source source = {.role = "Description", .path = PAGE_HOSTILE, .sha256 = "00"};
    const ec_report_diagram diagram = {
        "<?xml version='1.0'?><svg xmlns=\"http://www.w3.org/2000/svg\"></svg>", PAGE_HOSTILE,
        false};
    sample s;
    (void)state;

    sample_init(&s, layers);
    sample_rename(&s.arch->name, PAGE_HOSTILE);
    sample_rename(&s.partitions.items[0].name, PAGE_HOSTILE);
    sample_rename(&s.arch->requirements[0].partition, PAGE_HOSTILE);
    ec_report_page page = page_of(&s);
    page.sources = &source;
    page.n_sources = 1;
    page.command = PAGE_HOSTILE;
    page.diagrams = &diagram;
    page.n_diagrams = 1;
    memcpy(s.states[0].labels[1].spectrum.why, PAGE_HOSTILE, sizeof PAGE_HOSTILE);
    assert_hostile_is_harmless(&page, 9);
    sample_clear(&s);

    sample_init(&s, SAMPLE_PAIR);
    sample_rename(&s.arch->tensors[0].name, PAGE_HOSTILE);
    sample_rename(&s.arch->indices[0].name, PAGE_HOSTILE);
    page = page_of(&s);
    assert_hostile_is_harmless(&page, 2);
    sample_clear(&s);
}

/* A legend is a string in gnuplot, which runs commands in some strings, and then text in SVG. */
static void no_name_acts_in_a_chart(void **state)
{
    static const char attack[] =
        "x' ; system 'touch /tmp/entcap-test-attack' ; `touch /tmp/entcap-test-attack` <b>&";
    sample s;
    ec_text html = {0};
    char log[512];
    (void)state;

    if (!ec_program_exists("gnuplot"))
        skip();
    remove("/tmp/entcap-test-attack");
    sample_init(&s, layers);
    sample_rename(&s.partitions.items[0].name, attack);
    ec_report_page page = page_of(&s);
    snprintf(log, sizeof log, "{\"step\": 1, \"entropy\": {\"%s\": [0.5]}}\n", attack);
    page.log = log;
    page.log_size = strlen(log);
    write_page(&html, &page);
    assert_well_formed(html.bytes);
    assert_non_null(strstr(html.bytes, "Entanglement entropy during training"));
    assert_null(strstr(html.bytes, "<b>"));
    assert_int_not_equal(remove("/tmp/entcap-test-attack"), 0);
    ec_text_clear(&html);
    sample_clear(&s);
}

/* Charts come with the same ids, all of them. */
static void no_two_things_on_a_page_share_an_id(void **state)
{
    sample s;
    ec_text html = {0};
    (void)state;

    sample_init(&s, layers);
    const ec_report_page page = page_of(&s);
    write_page(&html, &page);
    assert_ids_differ(html.bytes, page.charts ? 40 : 6);
    ec_text_clear(&html);
    sample_clear(&s);
}

/* gnuplot would have a script show them. */
static void charts_say_their_values_where_the_mouse_rests(void **state)
{
    sample s;
    ec_text html = {0};
    (void)state;

    sample_init(&s, layers);
    const ec_report_page page = page_of(&s);
    if (!page.charts)
        skip();
    write_page(&html, &page);
    assert_non_null(strstr(html.bytes, "<g><title>step 10, loss (nats) 2.25</title>"));
    assert_non_null(strstr(html.bytes, "<g><title>step 20, entropy (nats) 0.375</title>"));
    assert_non_null(strstr(html.bytes, "<g><title>step 20, entropy (nats) 1.38629</title>"));
    assert_null(strstr(html.bytes, "onmouse"));
    assert_null(strstr(html.bytes, "gnuplot_svg"));
    ec_text_clear(&html);
    sample_clear(&s);
}

static void a_faulty_log_is_reported_with_its_line(void **state)
{
    sample s;
    ec_text html = {0};
    ec_error err = {0};
    (void)state;

    sample_init(&s, layers);
    ec_report_page page = page_of(&s);
    page.log = "{\"step\": 1}\n{\"step\": }\n";
    page.log_size = strlen(page.log);
    assert_int_equal(ec_report_html(&html, &page, &err), EC_EPARSE);
    assert_string_equal(err.file, "log.jsonl");
    assert_int_equal(err.line, 2);
    assert_string_equal(err.source, "{\"step\": }");
    ec_text_clear(&html);
    sample_clear(&s);
}

/* Means 0.5, 0.25, 1 beside losses 2, 4, 1: r = -1.0833 / sqrt(0.29167 x 4.6667) = -0.9286. */
static void entropies_are_held_against_the_loss(void **state)
{
    sample s;
    ec_text html = {0};
    (void)state;

    sample_init(&s, layers);
    ec_report_page page = page_of(&s);
    page.charts = false;
    page.log = "{\"step\": 0, \"recent_loss\": null, \"basis\": \"data\","
               " \"entropy\": {\"left-right\": [9]}}\n"
               "{\"step\": 1, \"recent_loss\": 2, \"entropy\": {\"left-right\": [0.25, 0.75]},"
               " \"kind\": {\"left-right\": \"von_neumann\"}}\n"
               /* of the bases the first is shown */
               "{\"step\": 1, \"recent_loss\": 2, \"basis\": \"sites\","
               " \"entropy\": {\"left-right\": [100]}}\n"
               "{\"step\": 2, \"epoch\": 1, \"loss\": 3}\n"
               "{\"step\": 3, \"recent_loss\": 4, \"entropy\": {\"left-right\": [0.25, null]},"
               " \"kind\": {\"left-right\": \"renyi2\"}}\n"
               "{\"step\": 5, \"recent_loss\": 1, \"entropy\": {\"left-right\": [1]}}\n";
    page.log_size = strlen(page.log);
    write_page(&html, &page);
    assert_well_formed(html.bytes);
    const char *row = strstr(html.bytes, "S or S2");
    assert_non_null(row);
    static const char *const cells[] = {">9<", ">1<", ">-0.93<", ">3<"};
    for (size_t i = 0; i < sizeof cells / sizeof *cells; i++) {
        row = strstr(row, cells[i]);
        assert_non_null(row);
    }
    ec_text_clear(&html);
    sample_clear(&s);
}

static ec_status write_without_charts(void *arg, ec_error *err)
{
    ec_report_page page = page_of(arg);
    ec_text html = {0};

    page.charts = false; /* gnuplot need not be run a thousand times */
    ec_status status = ec_report_html(&html, &page, err);
    ec_text_clear(&html);
    return status;
}

static void a_page_survives_failed_allocations(void **state)
{
    sample s;
    (void)state;

    sample_init(&s, layers);
    assert_survives_oom(write_without_charts, &s);
    sample_clear(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_page_is_well_formed_and_self_contained),
        cmocka_unit_test(a_page_says_what_was_found),
        cmocka_unit_test(what_is_not_given_is_left_out),
        cmocka_unit_test(no_name_acts_on_a_page),
        cmocka_unit_test(no_name_acts_in_a_chart),
        cmocka_unit_test(no_two_things_on_a_page_share_an_id),
        cmocka_unit_test(charts_say_their_values_where_the_mouse_rests),
        cmocka_unit_test(a_faulty_log_is_reported_with_its_line),
        cmocka_unit_test(entropies_are_held_against_the_loss),
        cmocka_unit_test(a_page_survives_failed_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
