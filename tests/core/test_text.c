/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "check.h"

#include <string.h>

static void an_empty_text_reads_as_an_empty_string(void **state)
{
    ec_text text = {0};
    (void)state;
    assert_string_equal(ec_text_get(&text), "");
    assert_ok(ec_text_check(&text, NULL), NULL);
    ec_text_clear(&text);
}

static void appends_join_in_order(void **state)
{
    ec_text text = {0};
    (void)state;
    ec_text_puts(&text, "a");
    ec_text_printf(&text, "%d-%s", 12, "b");
    ec_text_add(&text, "c\0d", 3);
    ec_text_add(&text, NULL, 0);
    ec_text_repeat(&text, "=", 3);
    assert_int_equal(text.size, 11);
    assert_memory_equal(text.bytes, "a12-bc\0d===", 12);
    ec_text_clear(&text);
    assert_null(text.bytes);
}

static void a_long_text_keeps_every_byte(void **state)
{
    ec_text text = {0};
    (void)state;
    for (int i = 0; i < 1000; i++)
        ec_text_printf(&text, "%04d", i);
    assert_int_equal(text.size, 4000);
    assert_int_equal(strlen(text.bytes), 4000);
    assert_memory_equal(text.bytes + 4 * 637, "0637", 4);
    ec_text_clear(&text);
}

static ec_status build(void *arg, ec_error *err)
{
    ec_text text = {0};
    (void)arg;
    ec_text_repeat(&text, "0123456789", 100);
    ec_text_printf(&text, "%d", 1);
    ec_status status = ec_text_check(&text, err);
    ec_text_clear(&text);
    return status;
}

static void a_failed_append_is_reported_at_the_end(void **state)
{
    (void)state;
    assert_survives_oom(build, NULL);
}

static const char *nearest(const char *word)
{
    static const char *const known[] = {"bound", "verify", "train", "draw", "report"};
    ec_nearest search = {.word = word};

    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        ec_nearest_offer(&search, known[i]);
    return search.best;
}

/* Escape, DEL, C1, an override of the direction, a stray byte, an overlong form; é and tabs stay.
 */
static void what_a_terminal_acts_on_becomes_question_marks(void **state)
{
    char text[] = "a\033[31m\tb\x7f\xc2\x9b\xe2\x80\xae"
                  "c\xff\xc0\xaf\xc3\xa9\n";

    (void)state;
    ec_make_printable(text);
    assert_string_equal(text, "a?[31m\tb??"
                              "????"
                              "c???\xc3\xa9?");
}

static void the_nearest_word_is_few_edits_away(void **state)
{
    (void)state;
    assert_string_equal(nearest("boudn"), "bound"); /* a swap is one edit */
    assert_string_equal(nearest("reprot"), "report");
    assert_string_equal(nearest("drw"), "draw");
    assert_null(nearest("histogram"));
    assert_null(nearest(""));
}

static void markup_loses_its_meaning(void **state)
{
    (void)state;
    ec_text text = {0};

    ec_text_xml(&text, "a<b>&\"c\"'`d`\n\x1b\xc3\xa9");
    assert_string_equal(
        ec_text_get(&text),
        "a&lt;b&gt;&amp;&quot;c&quot;&#39;&#96;d&#96;\xef\xbf\xbd\xef\xbf\xbd\xc3\xa9");
    ec_text_clear(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(markup_loses_its_meaning),
        cmocka_unit_test(an_empty_text_reads_as_an_empty_string),
        cmocka_unit_test(appends_join_in_order),
        cmocka_unit_test(a_long_text_keeps_every_byte),
        cmocka_unit_test(a_failed_append_is_reported_at_the_end),
        cmocka_unit_test(what_a_terminal_acts_on_becomes_question_marks),
        cmocka_unit_test(the_nearest_word_is_few_edits_away),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
