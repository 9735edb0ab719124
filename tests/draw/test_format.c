/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "scene.h"

#include <string.h>

/* The text in which drawings travel. */

enum { CASES = 20, BASE = 9200 };

static void check_round_trip(const ec_drawing *drawing)
{
    char *text = NULL, *again = NULL;
    size_t size = 0, size_again = 0;
    ec_drawing *read = NULL;
    ec_error err = {0};

    assert_ok(ec_drawing_write(&text, &size, drawing, &err), &err);
    assert_int_equal(size, strlen(text));
    assert_ok(ec_drawing_parse(&read, text, size, &err), &err);
    assert_ok(ec_drawing_write(&again, &size_again, read, &err), &err);
    assert_string_equal(text, again);
    assert_int_equal(read->n_rows, drawing->n_rows);
    assert_int_equal(read->n_nodes, drawing->n_nodes);
    assert_int_equal(read->n_bonds, drawing->n_bonds);
    ec_drawing_free(read);
    ec_free(text);
    ec_free(again);
}

static void what_is_written_is_read_back(void **state)
{
    (void)state;
    for (oracle_stratum stratum = 0; stratum < ORACLE_N_STRATA; stratum++) {
        for (uint64_t i = 0; i < check_count(CASES); i++) {
            scene s;
            scene_random(&s, stratum, check_seed() * BASE + i,
                         i % 2 == 0 ? EC_DRAW_FOLD_NEVER : EC_DRAW_FOLD_ALWAYS);
            check_round_trip(s.drawing);
            scene_clear(&s);
        }
    }
}

static void names_may_hold_quotes_and_backslashes(void **state)
{
    (void)state;
    static const char name[] = "a \"b\" \\c\\ \\\" \xc3\xa9 <i>&amp;";
    ec_error err = {0};
    scene s;

    scene_parse(&s, scene_four, "AABB", EC_DRAW_FOLD_NEVER);
    ec_free(s.drawing->name);
    s.drawing->name = ec_strdup(name, &err);
    check_round_trip(s.drawing);
    scene_clear(&s);
}

#define HEAD                                                                                       \
    "entcap-drawing 1\nid \"x\"\nform tree\nshape rows\nfolded no\nname \"n\"\ncaption \"\"\n"
#define PLANES                                                                                     \
    "entcap-drawing 1\nid \"x\"\nform tree\nshape planes\nfolded no\nname \"n\"\ncaption \"\"\n"
#define ROWS "row - 1 2 \"sites\" \"2\"\nrow - 0 0 \"top\" \"\"\n"
#define NODES                                                                                      \
    "node site A 0 0 1 - \"0\" \"zero\"\nnode site B 0 1 1 - \"1\" \"one\"\n"                      \
    "node tensor - 1 0 1 - \"T\" \"top\"\n"
#define BONDS "bond 0 2 4 - \"4\"\nbond 1 2 4 cut \"4\"\n"
#define SMALL HEAD ROWS NODES BONDS "end\n"

static const struct {
    const char *text;
    int line;
    const char *msg;
} bad[] = {
    {"", 1, "expected 'entcap-drawing 1'"},
    {"entcap-drawing 2\n", 1, "expected 'entcap-drawing 1'"},
    {"entcap-drawing 1 \n", 1, "expected the end of the line"},
    {"entcap-drawing 1\nname \"x\"\n", 2, "expected 'id'"},
    {"entcap-drawing 1\nid x\n", 2, "expected a quoted text"},
    {"entcap-drawing 1\nid \"x\nform tree\n", 2,
     "a text holds a control or malformed character, or does not end"},
    {"entcap-drawing 1\nid \"\\n\"\n", 2, "a backslash stands before a quote or a backslash only"},
    {"entcap-drawing 1\nid \"x y\"\n", 2, "id 'x y': letters, digits, '-' and '_' only"},
    {"entcap-drawing 1\nid \"x\"\nform bush\n", 3, "expected 'tree' or another of its kind"},
    {"entcap-drawing 1\nid \"x\"\nform tree\nshape heap\n", 4,
     "expected 'rows' or another of its kind"},
    {PLANES ROWS NODES BONDS "end\n", 16, "row 1 of planes has no grid"},
    {HEAD "row - 12001 1 \"\" \"\"\n", 8, "number above 12000"},
    {HEAD "end\n", 9, "a tree without nodes or rows"},
    {HEAD ROWS NODES BONDS, 15, "expected 'row' or another of its kind"},
    {HEAD ROWS NODES BONDS ROWS "end\n", 15, "'row' after 'bond'"},
    {HEAD ROWS "node door A 0 0 1 - \"\" \"\"\n", 10, "expected 'site' or another of its kind"},
    {HEAD ROWS "node site A 2 0 1 - \"\" \"\"\n", 10, "number above 1"},
    {HEAD ROWS "node site A 0 01 1 - \"\" \"\"\n", 10, "expected a number"},
    {HEAD ROWS "node site A 0 -1 1 - \"\" \"\"\n", 10, "expected a number"},
    {HEAD ROWS "node site A 0 99999999999999999999 1 - \"\" \"\"\n", 10,
     "number above 18446744073709551615"},
    {HEAD ROWS "node site A 0 0 1 -  \"\" \"\"\n", 10, "expected a quoted text"},
    {HEAD ROWS "node site A 0 0 1 - \"\"\n", 10, "expected a blank"},
    {HEAD "bond 0 1 4 - \"4\"\n", 8, "a bond before any node"},
    {HEAD ROWS NODES "bond 0 3 4 - \"4\"\n", 13, "number above 2"},
    {HEAD ROWS NODES "bond 2 2 4 - \"4\"\n", 13, "a bond from node 2 to node 2"},
    {HEAD ROWS NODES "bond 2 1 4 - \"4\"\n", 13, "a bond from node 2 to node 1"},
    {HEAD ROWS NODES "bond 0 2 1048577 - \"4\"\n", 13, "number above 1048576"},
    {HEAD ROWS NODES "bond 0 2 4 - \"4\"\nend\n", 15, "a tree of 3 nodes with 1 bonds"},
    {HEAD ROWS NODES "bond 0 2 4 - \"4\"\nbond 0 2 4 - \"4\"\nend\n", 16,
     "bond 1 does not fit into a tree"},
    {HEAD ROWS NODES "bond 0 1 4 - \"4\"\nbond 1 2 4 - \"4\"\nend\n", 16,
     "bond 0 does not fit into a tree"},
    {SMALL "\n", 16, "text after the end"},
};

static void every_mistake_is_reported_with_its_line(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        ec_drawing *drawing = NULL;
        ec_error err = {0};
        assert_int_equal(ec_drawing_parse(&drawing, bad[i].text, strlen(bad[i].text), &err),
                         EC_EPARSE);
        assert_string_equal(err.msg, bad[i].msg);
        assert_int_equal(err.line, bad[i].line);
        assert_string_equal(err.file, "drawing");
        assert_null(drawing);
    }
}

static void no_beginning_of_a_text_is_accepted(void **state)
{
    (void)state;
    ec_drawing *drawing = NULL;
    ec_error err = {0};

    assert_ok(ec_drawing_parse(&drawing, SMALL, strlen(SMALL), &err), &err);
    ec_drawing_free(drawing);
    for (size_t size = 0; size < strlen(SMALL); size++) {
        err = (ec_error){0};
        assert_int_equal(ec_drawing_parse(&drawing, SMALL, size, &err), EC_EPARSE);
    }
}

/* There is one way to write a drawing: a text with a byte changed is refused, or kept as it is. */
static void a_changed_byte_is_refused_or_kept(void **state)
{
    (void)state;
    size_t accepted = 0;

    for (size_t at = 0; at < strlen(SMALL); at++) {
        for (int byte = 0; byte < 256; byte++) {
            char changed[] = SMALL, *again = NULL;
            size_t size = 0;
            ec_drawing *drawing = NULL;
            changed[at] = (char)byte;
            if (ec_drawing_parse(&drawing, changed, strlen(SMALL), NULL) != EC_OK)
                continue;
            assert_ok(ec_drawing_write(&again, &size, drawing, NULL), NULL);
            assert_int_equal(size, strlen(SMALL));
            assert_memory_equal(again, changed, size);
            accepted++;
            ec_free(again);
            ec_drawing_free(drawing);
        }
    }
    assert_true(accepted > 1000 && accepted < strlen(SMALL) * 128);
}

static ec_status read_and_write(void *arg, ec_error *err)
{
    ec_drawing *drawing = NULL;
    char *text = NULL;
    size_t size = 0;
    ec_status status = ec_drawing_parse(&drawing, arg, strlen(arg), err);

    if (status == EC_OK)
        status = ec_drawing_write(&text, &size, drawing, err);
    ec_free(text);
    ec_drawing_free(drawing);
    return status;
}

static void reading_survives_running_out_of_memory(void **state)
{
    (void)state;
    char text[] = SMALL;
    assert_survives_oom(read_and_write, text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read_back),
        cmocka_unit_test(names_may_hold_quotes_and_backslashes),
        cmocka_unit_test(every_mistake_is_reported_with_its_line),
        cmocka_unit_test(no_beginning_of_a_text_is_accepted),
        cmocka_unit_test(a_changed_byte_is_refused_or_kept),
        cmocka_unit_test(reading_survives_running_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
