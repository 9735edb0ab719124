/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "page.h"
#include "sample.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char layers[] = "name: four\n"
                             "input: {shape: [4], channels: 2}\n"
                             "layers:\n"
                             "  - conv: {channels: 2}\n"
                             "  - pool: {window: 2}\n"
                             "  - conv: {channels: 2}\n"
                             "  - pool: {window: 2}\n"
                             "  - dense: {outputs: 2}\n";

enum { N_POINTS = 3 };

/* Two blocks' level and two cuts, two labels; of the last cut's second label nothing is known. */
typedef struct made {
    ec_profile profile;
    ec_profile_point points[N_POINTS];
    ec_measured values[N_POINTS][4]; /* S, S, S2, S2 */
} made;

static void made_init(made *m)
{
    static const double s2[N_POINTS][2] = {{0.25, 0.5}, {0.125, 0.375}, {1e-5, 0}};

    *m = (made){.profile = {.n_labels = 2, .n = N_POINTS, .holds = true}};
    m->profile.points = m->points;
    for (size_t i = 0; i < N_POINTS; i++) {
        ec_profile_point *point = &m->points[i];

        *point = (ec_profile_point){.kind = i == 0 ? EC_PROFILE_BLOCK : EC_PROFILE_SITES,
                                    .level = i == 0,
                                    .position = i,
                                    .equal = i == 0 ? 2 : 1,
                                    .same_as = i,
                                    .size_a = i == 0 ? 2 : i,
                                    .von_neumann = m->values[i],
                                    .renyi2 = m->values[i] + 2};
        ec_int_set_u64(&point->bound, 2);
        for (size_t y = 0; y < 2; y++) {
            point->renyi2[y] = (ec_measured){.known = true, .value = s2[i][y]};
            point->von_neumann[y] = (ec_measured){.known = true, .value = s2[i][y] + 0.0625};
        }
    }
    m->points[2].renyi2[1] = (ec_measured){.why = "too many copies"};
    m->points[2].von_neumann[0] = m->points[2].von_neumann[1] = (ec_measured){.why = "too wide"};
}

static void made_clear(made *m)
{
    for (size_t i = 0; i < N_POINTS; i++)
        ec_int_clear(&m->points[i].bound);
}

static void the_table_has_the_range_over_labels(void **state)
{
    ec_text text = {0};
    made m;
    (void)state;

    made_init(&m);
    assert_ok(ec_report_profile_text(&text, &m.profile, false, NULL), NULL);
    assert_non_null(strstr(text.bytes,
                           "\n"
                           "block:1:0               2             2     0.2500    "
                           "0.3750       0.5000   0.4375      0.5625    0.6931      2"));
    assert_non_null(strstr(text.bytes, "\n"
                                       "first 2 sites           2                  1.0e-05   "
                                       "1.0e-05      1.0e-05        -           -    0.6931      "
                                       "2"));
    assert_non_null(strstr(text.bytes, "S2 not computed for 1 of 3 cuts; first 2 sites: "
                                       "too many copies"));
    assert_non_null(strstr(text.bytes, "S not computed for 1 of 3 cuts; first 2 sites: too wide"));
    assert_non_null(strstr(text.bytes, "The bound holds for every label and cut."));
    assert_null(strstr(text.bytes, "cuts were measured"));
    ec_text_clear(&text);
    made_clear(&m);
}

static void a_broken_cut_is_told_everywhere(void **state)
{
    ec_text text = {0};
    ec_json json = {0};
    sample s;
    made m;
    (void)state;

    sample_init(&s, layers);
    made_init(&m);
    m.profile.holds = false;
    strcpy(m.points[1].violation, "label 1: S2 <= S is broken: 0.5 > 0.4");
    assert_ok(ec_report_profile_text(&text, &m.profile, false, NULL), NULL);
    assert_non_null(strstr(text.bytes, "first 1 site: label 1: S2 <= S is broken: 0.5 > 0.4"));
    assert_non_null(strstr(text.bytes, "violated"));
    assert_non_null(strstr(text.bytes, "The chain does NOT hold"));
    s.measured.profile = &m.profile;
    assert_false(ec_report_holds(&s.measured));
    assert_ok(ec_report_states_json(&json, &s.measured, NULL), NULL);
    assert_non_null(strstr(json.text.bytes, "\"violation\": \"label 1: S2 <= S is broken"));
    ec_json_clear(&json);
    ec_text_clear(&text);
    made_clear(&m);
    sample_clear(&s);
}

static void csv_has_a_line_for_every_cut_and_label(void **state)
{
    ec_text text = {0};
    made m;
    (void)state;

    made_init(&m);
    assert_ok(ec_report_profile_csv(&text, &m.profile, NULL), NULL);
    assert_string_equal(text.bytes,
                        "cut,level,position,equal,sites_in_a,label,renyi2,von_neumann,ln_bound\n"
                        "block:1:0,1,0,2,2,0,0.25,0.3125,0.69314718055994529\n"
                        "block:1:0,1,0,2,2,1,0.5,0.5625,0.69314718055994529\n"
                        "first 1 site,0,1,1,1,0,0.125,0.1875,0.69314718055994529\n"
                        "first 1 site,0,1,1,1,1,0.375,0.4375,0.69314718055994529\n"
                        "first 2 sites,0,2,1,2,0,1.0000000000000001e-05,,0.69314718055994529\n"
                        "first 2 sites,0,2,1,2,1,,,0.69314718055994529\n");
    ec_text_clear(&text);
    made_clear(&m);
}

static void json_has_an_entry_for_every_label(void **state)
{
    ec_json json = {0};
    ec_json_value *document;
    made m;
    (void)state;

    made_init(&m);
    ec_json_open(&json, NULL, EC_JSON_OBJECT);
    ec_report_profile_json(&json, "profile", &m.profile);
    ec_json_close(&json);
    assert_ok(ec_json_finish(&json, NULL), NULL);
    assert_ok(ec_json_parse(&document, json.text.bytes, json.text.size, "profile", NULL), NULL);
    const ec_json_value *cuts = ec_json_get(ec_json_get(document, "profile"), "cuts");
    assert_int_equal(ec_json_size(cuts), 3);
    const ec_json_value *block = ec_json_at(cuts, 0), *last = ec_json_at(cuts, 2);
    assert_string_equal(ec_json_text(ec_json_get(block, "cut")), "block:1:0");
    assert_string_equal(ec_json_text(ec_json_get(block, "bound")), "2");
    assert_close(ec_json_number(ec_json_get(block, "ln_bound")), log(2), 1e-15);
    assert_close(ec_json_number(ec_json_at(ec_json_get(block, "renyi2"), 1)), 0.5, 0);
    assert_close(ec_json_number(ec_json_at(ec_json_get(block, "von_neumann"), 0)), 0.3125, 0);
    assert_null(ec_json_get(block, "renyi2_why"));
    assert_true(ec_json_is_null(ec_json_at(ec_json_get(last, "renyi2"), 1)));
    assert_string_equal(ec_json_text(ec_json_get(last, "renyi2_why")), "too many copies");
    assert_string_equal(ec_json_text(ec_json_get(last, "von_neumann_why")), "too wide");
    ec_json_free(document);
    ec_json_clear(&json);
    made_clear(&m);
}

static void write_page(ec_text *out, sample *s, bool charts)
{
    const ec_report_page page = {
        .bounds = s->found, .states = &s->measured, .command = "entcap report", .charts = charts};
    ec_error err = {0};

    assert_ok(ec_report_html(out, &page, &err), &err);
    assert_well_formed(out->bytes);
    assert_self_contained(out->bytes);
}

/* A chart needs two places of the cut: the scan has them, the blocks do not. */
static void a_page_shows_the_profile(void **state)
{
    ec_text html = {0};
    sample s;
    made m;
    (void)state;

    sample_init(&s, layers);
    made_init(&m);
    s.measured.profile = &m.profile;
    write_page(&html, &s, ec_program_exists("gnuplot"));
    assert_non_null(strstr(html.bytes, "<a href=\"#profile\">"));
    assert_non_null(strstr(html.bytes, "<section id=\"profile\""));
    assert_non_null(strstr(html.bytes, "All 3 cuts"));
    assert_non_null(strstr(html.bytes, "first 2 sites"));
    if (ec_program_exists("gnuplot")) {
        assert_int_equal(page_count(html.bytes, "aria-label=\"Entropies and bound."), 1);
        assert_non_null(strstr(html.bytes, "sites in A</tspan>"));
        assert_non_null(strstr(html.bytes, "ln bound</text>"));
    }
    assert_ids_differ(html.bytes, 5);
    ec_text_clear(&html);
    s.measured.profile = NULL;
    write_page(&html, &s, false);
    assert_null(strstr(html.bytes, "profile"));
    ec_text_clear(&html);
    made_clear(&m);
    sample_clear(&s);
}

static ec_status write_once(void *arg, ec_error *err)
{
    const ec_report_page page = {
        .bounds = ((sample *)arg)->found, .states = &((sample *)arg)->measured, .charts = true};
    ec_text html = {0};
    ec_status status = ec_report_html(&html, &page, err);

    ec_text_clear(&html);
    return status;
}

static void a_page_with_a_profile_survives_failed_allocations(void **state)
{
    sample s;
    made m;
    (void)state;

    if (!ec_program_exists("gnuplot"))
        skip();
    sample_init(&s, layers);
    made_init(&m);
    s.measured.profile = &m.profile;
    assert_survives_oom(write_once, &s);
    made_clear(&m);
    sample_clear(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table_has_the_range_over_labels),
        cmocka_unit_test(a_broken_cut_is_told_everywhere),
        cmocka_unit_test(csv_has_a_line_for_every_cut_and_label),
        cmocka_unit_test(json_has_an_entry_for_every_label),
        cmocka_unit_test(a_page_shows_the_profile),
        cmocka_unit_test(a_page_with_a_profile_survives_failed_allocations),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
