/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sample.h"

#include <math.h>
#include <string.h>

static ec_json_value *parse(const ec_json *json)
{
    ec_json_value *document = NULL;
    ec_error err = {0};

    assert_ok(ec_json_parse(&document, json->text.bytes, json->text.size, "printed", &err), &err);
    return document;
}

static ec_json_value *bounds_document(const sample *s, bool certificate)
{
    ec_json json = {.depth = 0};
    ec_error err = {0};

    assert_ok(ec_report_bounds_json(&json, &s->found, certificate, &err), &err);
    assert_ok(ec_json_finish(&json, &err), &err);
    ec_json_value *document = parse(&json);
    ec_json_clear(&json);
    return document;
}

static ec_json_value *states_document(const sample *s)
{
    ec_json json = {.depth = 0};
    ec_error err = {0};

    assert_ok(ec_report_states_json(&json, &s->measured, &err), &err);
    assert_ok(ec_json_finish(&json, &err), &err);
    ec_json_value *document = parse(&json);
    ec_json_clear(&json);
    return document;
}

static void keys_are(const ec_json_value *object, const char *const *keys)
{
    size_t n = 0;

    for (; keys[n] != NULL; n++) {
        assert_non_null(ec_json_key(object, n));
        assert_string_equal(ec_json_key(object, n), keys[n]);
    }
    assert_int_equal(ec_json_size(object), n);
}

static void bounds_have_the_keys_of_the_contract_in_order(void **state)
{
    static const char *const top[] = {"name",          "sites",      "parameters",
                                      "multiply_adds", "partitions", NULL};
    static const char *const each[] = {"name",         "size_a",       "bound",
                                       "min_cut",      "shared_bound", "power_bound",
                                       "generic_rank", "bottleneck",   NULL};
    static const char *const cut[] = {"rank", "log2", "factors", "certified", "cut", NULL};
    sample s;
    (void)state;

    sample_init(&s, SAMPLE_FOUR);
    ec_json_value *document = bounds_document(&s, false);
    const ec_json_value *first = ec_json_at(ec_json_get(document, "partitions"), 0);
    keys_are(document, top);
    keys_are(first, each);
    keys_are(ec_json_get(first, "min_cut"), cut);
    assert_string_equal(ec_json_text(ec_json_get(document, "parameters")), "72");
    assert_string_equal(ec_json_text(ec_json_get(ec_json_get(first, "bound"), "rank")), "4");
    assert_string_equal(ec_json_text(ec_json_get(ec_json_get(first, "bound"), "from")), "min_cut");
    assert_true(ec_json_is_null(ec_json_get(first, "shared_bound")));
    ec_json_free(document);
    sample_clear(&s);
}

static void a_rank_beyond_4000_digits_is_null_with_its_factors(void **state)
{
    sample s;
    (void)state;

    sample_init(&s, SAMPLE_WIDE);
    ec_json_value *document = bounds_document(&s, false);
    const ec_json_value *first = ec_json_at(ec_json_get(document, "partitions"), 0);
    const ec_json_value *cut = ec_json_get(first, "min_cut");
    assert_true(ec_json_is_null(ec_json_get(cut, "rank")));
    assert_close(ec_json_number(ec_json_get(cut, "log2")), 14000, 1e-9);
    assert_close(ec_json_number(ec_json_get(ec_json_get(cut, "factors"), "4")), 7000, 0);
    assert_true(ec_json_is_null(ec_json_get(first, "generic_rank")));
    assert_non_null(ec_json_text(ec_json_get(first, "generic_rank_why")));
    ec_json_free(document);
    sample_clear(&s);
}

/* The certificate, multiplied out again, is the cut: its letters are the sides. */
static void the_certificate_has_a_letter_for_every_tensor(void **state)
{
    static const size_t positions[] = {4, 2, 1};
    sample s;
    (void)state;

    sample_init(&s, SAMPLE_FOUR);
    ec_json_value *document = bounds_document(&s, true);
    const ec_json_value *first = ec_json_at(ec_json_get(document, "partitions"), 0);
    const ec_json_value *certificate = ec_json_get(first, "certificate");
    size_t tensor = 0;
    assert_int_equal(ec_json_size(certificate), 3);
    for (size_t l = 0; l < 3; l++) {
        const char *sides = ec_json_text(ec_json_get(ec_json_at(certificate, l), "sides"));

        assert_int_equal(strlen(sides), positions[l]);
        for (size_t i = 0; i < positions[l]; i++, tensor++)
            assert_int_equal(sides[i] == 'A', s.bounds[0].min_cut.side_a[tensor]);
    }
    ec_json_free(document);
    sample_clear(&s);
}

static void what_was_not_measured_is_null_with_its_reason(void **state)
{
    sample s;
    (void)state;

    sample_init(&s, SAMPLE_FOUR);
    ec_json_value *document = states_document(&s);
    const ec_json_value *partition = ec_json_at(ec_json_get(document, "partitions"), 0);
    const ec_json_value *first = ec_json_at(ec_json_get(partition, "classes"), 0);
    const ec_json_value *second = ec_json_at(ec_json_get(partition, "classes"), 1);
    assert_true(ec_json_is_true(ec_json_get(document, "holds")));
    assert_string_equal(ec_json_text(ec_json_get(document, "basis")), "sites");
    assert_string_equal(ec_json_text(ec_json_get(partition, "bound")), "4");
    assert_string_equal(ec_json_text(ec_json_get(first, "rank")), "2");
    assert_int_equal(ec_json_size(ec_json_get(first, "spectrum")), 2);
    assert_true(ec_json_is_null(ec_json_get(ec_json_get(first, "numeric_rank"), "gap")));
    assert_close(ec_json_number(ec_json_get(ec_json_get(first, "forward_check"), "inputs")), 12, 0);
    assert_true(ec_json_is_null(ec_json_get(second, "spectrum")));
    assert_string_equal(ec_json_text(ec_json_get(second, "spectrum_why")), "too wide");
    assert_string_equal(ec_json_text(ec_json_get(second, "von_neumann_why")), "no spectrum");
    assert_string_equal(ec_json_text(ec_json_get(second, "forward_check_why")), "no time");
    ec_json_free(document);
    sample_clear(&s);
}

static void a_broken_label_breaks_the_whole_answer(void **state)
{
    sample s;
    ec_text text = {0};
    (void)state;

    sample_init(&s, SAMPLE_FOUR);
    s.states[1].holds = s.states[1].labels[1].holds = false;
    s.states[1].labels[1].broken = (ec_broken_link){"rank", "bound", log(5), log(4)};
    strcpy(s.states[1].labels[1].violation, "rank <= bound is broken: 5 > 4");
    ec_json_value *document = states_document(&s);
    assert_false(ec_report_holds(&s.measured));
    assert_false(ec_json_is_true(ec_json_get(document, "holds")));
    assert_ok(ec_report_states_text(&text, &s.measured, false, NULL), NULL);
    assert_non_null(strstr(text.bytes, "violated"));
    assert_non_null(strstr(text.bytes, "label 1: rank <= bound is broken: 5 > 4"));
    assert_non_null(strstr(text.bytes, "The chain does NOT hold: a bug in the input or in entcap"));
    const ec_json_value *partition = ec_json_at(ec_json_get(document, "partitions"), 1);
    const ec_json_value *label = ec_json_at(ec_json_get(partition, "classes"), 1);
    const ec_json_value *broken = ec_json_get(label, "broken_link");
    assert_string_equal(ec_json_text(ec_json_get(broken, "lower")), "rank");
    assert_string_equal(ec_json_text(ec_json_get(broken, "upper")), "bound");
    assert_close(ec_json_number(ec_json_get(broken, "lower_nats")), log(5), 0);
    assert_close(ec_json_number(ec_json_get(broken, "upper_nats")), log(4), 0);
    ec_text_clear(&text);
    ec_json_free(document);
    sample_clear(&s);
}

static void what_was_not_measured_is_undecided(void **state)
{
    sample s;
    ec_text text = {0};
    (void)state;

    sample_init(&s, SAMPLE_FOUR);
    for (size_t y = 0; y < 2; y++)
        s.states[1].labels[y].rank.known = s.states[1].labels[y].forward.known =
            s.states[1].labels[y].von_neumann.known = s.states[1].labels[y].renyi2.known = false;
    assert_true(ec_report_measured(&s.states[0]));
    assert_false(ec_report_measured(&s.states[1]));
    assert_ok(ec_report_states_text(&text, &s.measured, false, NULL), NULL);
    assert_non_null(strstr(text.bytes, "interleaved: rank <= 4, S <= 1.3863 nats: undecided"));
    assert_non_null(strstr(text.bytes, "1 of 2 partitions that could be measured"));
    ec_text_clear(&text);
    sample_clear(&s);
}

static void a_rank_is_proved_only_where_it_meets_a_proved_bound(void **state)
{
    sample s;
    ec_text text = {0};
    (void)state;

    sample_init(&s, SAMPLE_FOUR);
    s.states[0].labels[1].rank.rank = 4;
    assert_ok(ec_report_states_text(&text, &s.measured, false, NULL), NULL);
    assert_non_null(strstr(text.bytes, "0.6931 probable"));
    assert_non_null(strstr(text.bytes, "1.3863 proved    1.3863 proved"));

    /* a claim proves nothing, even if the rank meets it */
    ec_int_set_u64(&s.states[0].bound, 2);
    ec_text_clear(&text);
    assert_ok(ec_report_states_text(&text, &s.measured, false, NULL), NULL);
    assert_non_null(strstr(text.bytes, "left-right: claimed rank <= 2"));
    assert_non_null(strstr(text.bytes, "0.6931 probable"));
    ec_text_clear(&text);
    sample_clear(&s);
}

static void no_name_acts_on_a_terminal(void **state)
{
    sample s;
    ec_text text = {0};
    (void)state;

    sample_init(&s, SAMPLE_FOUR);
    sample_rename(&s.arch->name, "\033[2Jx\ry");
    sample_rename(&s.partitions.items[0].name, "a\nb\x7f\x01 proved");
    assert_ok(ec_report_bounds_text(&text, &s.found, true, false, NULL), NULL);
    assert_ok(ec_report_states_text(&text, &s.measured, false, NULL), NULL);
    for (size_t i = 0; i < text.size; i++)
        assert_true((unsigned char)text.bytes[i] >= 0x20 || text.bytes[i] == '\n');
    assert_null(strchr(text.bytes, 0x7f));
    assert_non_null(strstr(text.bytes, "?[2Jx?y: 4 sites"));
    assert_non_null(strstr(text.bytes, "a?b?? proved"));
    ec_text_clear(&text);
    sample_clear(&s);
}

static void columns_align_by_characters_not_bytes(void **state)
{
    ec_table table = {0};
    ec_text text = {0};
    (void)state;

    ec_table_init(&table, "<name|>n|<never|<last");
    ec_table_cell(&table, "%s", "\xc3\xa9\xc3\xa8");
    ec_table_cell(&table, "%d", 7);
    ec_table_cell(&table, "%s", "");
    ec_table_cell(&table, "x");
    ec_table_cell(&table, "%s", "long name");
    ec_table_cell(&table, "%d", 1000);
    ec_table_cell(&table, "-");
    ec_table_cell(&table, "y");
    ec_table_label(&table, "proved");
    ec_table_text(&text, &table, false);
    assert_string_equal(ec_text_get(&text), "name          n  last\n"
                                            "---------  ----  --------\n"
                                            "\xc3\xa9\xc3\xa8            7  x\n"
                                            "long name  1000  y proved\n");
    ec_text_clear(&text);
    ec_table_clear(&table);
}

static ec_status print_everything(void *arg, ec_error *err)
{
    const sample *s = arg;
    ec_json json = {.depth = 0};
    ec_text text = {0};
    ec_status status = ec_report_bounds_json(&json, &s->found, true, err);

    if (status == EC_OK)
        status = ec_report_bounds_text(&text, &s->found, true, true, err);
    if (status == EC_OK)
        status = ec_report_states_text(&text, &s->measured, true, err);
    ec_json_clear(&json);
    if (status == EC_OK)
        status = ec_report_states_json(&json, &s->measured, err);
    ec_json_clear(&json);
    ec_text_clear(&text);
    return status;
}

static void printing_survives_failed_allocations(void **state)
{
    sample s;
    (void)state;

    sample_init(&s, SAMPLE_FOUR);
    assert_survives_oom(print_everything, &s);
    sample_clear(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bounds_have_the_keys_of_the_contract_in_order),
        cmocka_unit_test(a_rank_beyond_4000_digits_is_null_with_its_factors),
        cmocka_unit_test(the_certificate_has_a_letter_for_every_tensor),
        cmocka_unit_test(what_was_not_measured_is_null_with_its_reason),
        cmocka_unit_test(a_broken_label_breaks_the_whole_answer),
        cmocka_unit_test(what_was_not_measured_is_undecided),
        cmocka_unit_test(a_rank_is_proved_only_where_it_meets_a_proved_bound),
        cmocka_unit_test(no_name_acts_on_a_terminal),
        cmocka_unit_test(columns_align_by_characters_not_bytes),
        cmocka_unit_test(printing_survives_failed_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
