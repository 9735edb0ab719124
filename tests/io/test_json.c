/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "check.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "entcap/io.h"

static void members_have_a_line_each_and_lines_stay_lines(void **state)
{
    ec_json json = {0};
    (void)state;

    ec_json_open(&json, NULL, EC_JSON_OBJECT);
    ec_json_string(&json, "name", "a");
    ec_json_open(&json, "parts", EC_JSON_ARRAY);
    ec_json_open(&json, NULL, EC_JSON_OBJECT_LINE);
    ec_json_uint(&json, "n", 1);
    ec_json_open(&json, "more", EC_JSON_ARRAY);
    ec_json_bool(&json, NULL, true);
    ec_json_null(&json, NULL);
    ec_json_close(&json);
    ec_json_close(&json);
    ec_json_open(&json, NULL, EC_JSON_ARRAY);
    ec_json_close(&json);
    ec_json_close(&json);
    ec_json_close(&json);
    assert_ok(ec_json_finish(&json, NULL), NULL);
    assert_string_equal(ec_text_get(&json.text), "{\n"
                                                 "  \"name\": \"a\",\n"
                                                 "  \"parts\": [\n"
                                                 "    {\"n\": 1, \"more\": [true, null]},\n"
                                                 "    []\n"
                                                 "  ]\n"
                                                 "}\n");
    ec_json_clear(&json);
}

/* The text of one value as an element of an array. */
static void write_real(char *out, size_t size, double value)
{
    ec_json json = {0};

    ec_json_open(&json, NULL, EC_JSON_ARRAY_LINE);
    ec_json_real(&json, NULL, value);
    ec_json_close(&json);
    assert_ok(ec_json_finish(&json, NULL), NULL);
    assert_true(json.text.size < size);
    memcpy(out, json.text.bytes, json.text.size + 1);
    ec_json_clear(&json);
}

static void reals_are_as_short_as_they_can_be(void **state)
{
    static const struct {
        double value;
        const char *text;
    } cases[] = {{4, "[4.0]\n"},       {0.1, "[0.1]\n"},
                 {1e-12, "[1e-12]\n"}, {1.0 / 3, "[0.3333333333333333]\n"},
                 {-0.0, "[-0.0]\n"},   {1e300, "[1e300]\n"}};
    char text[64];
    (void)state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        write_real(text, sizeof text, cases[i].value);
        assert_string_equal(text, cases[i].text);
    }
}

static void what_is_not_finite_is_null(void **state)
{
    char text[64];
    (void)state;

    write_real(text, sizeof text, NAN);
    assert_string_equal(text, "[null]\n");
    write_real(text, sizeof text, INFINITY);
    assert_string_equal(text, "[null]\n");
    write_real(text, sizeof text, -INFINITY);
    assert_string_equal(text, "[null]\n");
}

static double read_back(const char *text)
{
    ec_json_value *document = NULL;
    ec_error err = {0};

    assert_ok(ec_json_parse(&document, text, strlen(text), "t", &err), &err);
    double value = ec_json_number(ec_json_at(document, 0));
    ec_json_free(document);
    return value;
}

static void every_finite_double_reads_back_as_itself(void **state)
{
    ec_rng rng;
    char text[64];
    (void)state;

    ec_rng_seed(&rng, check_seed());
    for (size_t i = 0; i < check_count(2000); i++) {
        uint64_t bits = ec_rng_u64(&rng);
        double value;

        memcpy(&value, &bits, sizeof value);
        if (!isfinite(value) ||
            fabs(value) < DBL_MIN) /* jansson reports subnormals as out of range */
            continue;
        write_real(text, sizeof text, value);
        assert_true(read_back(text) == value);
    }
}

static void hostile_strings_are_escaped_and_read_back(void **state)
{
    static const char hostile[] = "a\"b\\c/<>&'\x01\n\t\x7f \xc3\xa9\xf0\x9f\x98\x80";
    ec_json json = {0};
    ec_json_value *document = NULL;
    ec_error err = {0};
    (void)state;

    ec_json_open(&json, NULL, EC_JSON_OBJECT);
    ec_json_string(&json, hostile, hostile);
    ec_json_string(&json, "latin1", "caf\xe9");
    ec_json_close(&json);
    assert_ok(ec_json_finish(&json, &err), &err);
    assert_null(strchr(json.text.bytes, '\x01'));
    assert_ok(ec_json_parse(&document, json.text.bytes, json.text.size, "t", &err), &err);
    assert_string_equal(ec_json_key(document, 0), hostile);
    assert_string_equal(ec_json_text(ec_json_get(document, hostile)), hostile);
    assert_string_equal(ec_json_text(ec_json_get(document, "latin1")), "caf?");
    ec_json_free(document);
    ec_json_clear(&json);
}

static void a_string_longer_than_any_buffer_is_written_whole(void **state)
{
    ec_json json = {0};
    char text[5001];
    (void)state;

    memset(text, '\\', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    ec_json_string(&json, NULL, text);
    assert_ok(ec_json_finish(&json, NULL), NULL);
    assert_int_equal(json.text.size, 2 * 5000 + 3);
    ec_json_clear(&json);
}

static void the_largest_integer_is_exact(void **state)
{
    ec_json json = {0};
    (void)state;

    ec_json_uint(&json, NULL, UINT64_MAX);
    assert_ok(ec_json_finish(&json, NULL), NULL);
    assert_string_equal(json.text.bytes, "18446744073709551615\n");
    ec_json_clear(&json);
}

static void absent_and_foreign_values_answer_nothing(void **state)
{
    static const char text[] = "{\"a\": [1, 2.5], \"b\": null, \"c\": true}";
    ec_json_value *document = NULL;
    (void)state;

    assert_ok(ec_json_parse(&document, text, strlen(text), "t", NULL), NULL);
    const ec_json_value *a = ec_json_get(document, "a");
    assert_int_equal(ec_json_size(document), 3);
    assert_int_equal(ec_json_size(a), 2);
    assert_close(ec_json_number(ec_json_at(a, 1)), 2.5, 0);
    assert_true(isnan(ec_json_number(ec_json_at(a, 2))));
    assert_true(isnan(ec_json_number(a)));
    assert_null(ec_json_text(a));
    assert_null(ec_json_get(a, "x"));
    assert_null(ec_json_at(ec_json_get(document, "x"), 0));
    assert_null(ec_json_key(document, 3));
    assert_true(ec_json_is_null(ec_json_get(document, "b")));
    assert_false(ec_json_is_null(ec_json_get(document, "x")));
    assert_true(ec_json_is_true(ec_json_get(document, "c")));
    assert_int_equal(ec_json_size(NULL), 0);
    ec_json_free(document);
}

static void malformed_text_is_reported_with_its_place(void **state)
{
    static const char text[] = "{\n  \"a\": 1,\n  \"a\": 2\n}";
    ec_json_value *document = NULL;
    ec_error err = {0};
    (void)state;

    assert_int_equal(ec_json_parse(&document, text, strlen(text), "log.jsonl", &err), EC_EPARSE);
    assert_null(document);
    assert_string_equal(err.file, "log.jsonl");
    assert_int_equal(err.line, 3);
    assert_string_equal(err.source, "  \"a\": 2");
    assert_string_equal(err.msg, "JSON: duplicate object key near '\"a\"'");
}

static void text_after_the_document_is_an_error(void **state)
{
    static const char text[] = "{} {}";
    ec_json_value *document = NULL;
    ec_error err = {0};
    (void)state;

    assert_int_equal(ec_json_parse(&document, text, strlen(text), "t", &err), EC_EPARSE);
    assert_int_equal(err.line, 1);
}

static ec_status write_something(void *arg, ec_error *err)
{
    ec_json json = {0};
    (void)arg;

    ec_json_open(&json, NULL, EC_JSON_ARRAY);
    for (int i = 0; i < 20; i++)
        ec_json_string(&json, NULL, "0123456789");
    ec_json_close(&json);
    ec_status status = ec_json_finish(&json, err);
    ec_json_clear(&json);
    return status;
}

static void a_failed_allocation_is_reported_at_the_end(void **state)
{
    (void)state;
    assert_survives_oom(write_something, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_have_a_line_each_and_lines_stay_lines),
        cmocka_unit_test(reals_are_as_short_as_they_can_be),
        cmocka_unit_test(what_is_not_finite_is_null),
        cmocka_unit_test(every_finite_double_reads_back_as_itself),
        cmocka_unit_test(hostile_strings_are_escaped_and_read_back),
        cmocka_unit_test(a_string_longer_than_any_buffer_is_written_whole),
        cmocka_unit_test(the_largest_integer_is_exact),
        cmocka_unit_test(absent_and_foreign_values_answer_nothing),
        cmocka_unit_test(malformed_text_is_reported_with_its_place),
        cmocka_unit_test(text_after_the_document_is_an_error),
        cmocka_unit_test(a_failed_allocation_is_reported_at_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
