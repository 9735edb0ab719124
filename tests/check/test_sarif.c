/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "shell.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* SARIF logs held against the schema of the standard, by Debian's python3-jsonschema. */

#define VALID                                                                                      \
    "/usr/bin/python3 tests/check/valid_sarif.py tests/check/sarif-2.1.0-rtm.5.json %s/log"

static const char *build(void)
{
    const char *folder = getenv("BUILD");

    return folder != NULL ? folder : "build";
}

/* The folder of the test, or a skipped test where the validator is not installed. */
static const char *folder_of(void **state)
{
    if (shell("/usr/bin/python3 -c 'import jsonschema'")->status != 0)
        skip();
    return *state;
}

static void a_log_of_all_models_is_valid(void **state)
{
    const char *folder = folder_of(state);

    assert_exits(0, "%s/entcap check --format sarif models/*.yaml >%s/log", build(), folder);
    assert_exits(0, VALID, folder);
    assert_int_equal(strtol(shell_output(), NULL, 10) >= 20, true);
}

static void a_log_of_every_kind_of_finding_is_valid(void **state)
{
    const char *folder = folder_of(state);

    shell_write(folder, "f.yaml",
                "name: failing\n"
                "input: {shape: [8], channels: 1}\n"
                "layers:\n"
                "  - conv: {channels: 4}\n"
                "  - conv: {channels: 4}\n"
                "  - pool: {window: 1}\n"
                "  - pool: {window: 8}\n"
                "  - dense: {outputs: 1}\n"
                "partitions: [left-right, {name: again, a: \"0-3\"}]\n"
                "requirements:\n"
                "  - {partition: left-right, min_rank: 3}\n"
                "  - {partition: left-right, min_log2: 0}\n");
    assert_exits(5, "%s/entcap check --format sarif %s/f.yaml tests/bad/*.yaml %s/none >%s/log",
                 build(), folder, folder, folder);
    assert_exits(0, VALID, folder);
    assert_int_equal(strtol(shell_output(), NULL, 10) >= 100, true);
}

static void a_hostile_name_is_a_uri_and_a_string(void **state)
{
    const char *folder = folder_of(state);

    shell_write(folder, "list",
                "name: \"<b>&\\\"'\\\\ \xc3\xa9 \xf0\x9f\x8c\x8d\"\n"
                "input: {shape: [4], channels: 2}\n"
                "layers:\n"
                "  - conv: {channels: 9}\n"
                "  - pool: {window: 4}\n"
                "  - dense: {outputs: 1}\n"
                "partitions: [{name: \"</script> $(x) `y` \xe2\x82\xac\", a: \"0-1\"}]\n");
    assert_exits(0,
                 "cd %s && for n in ' a b' 'x:y?z#w%%41' \"q'\\\"\" \"$(printf 'n\\nl')\" "
                 "\"$(printf 'bad\\377byte')\" -dash; do cp -- list \"$n\"; done",
                 folder);
    assert_exits(0, "here=$PWD; cd %s && \"$here\"/%s/entcap check --format sarif -- * >log",
                 folder, build());
    assert_exits(0, VALID, folder);
    assert_true(strtol(shell_output(), NULL, 10) >= 7);
}

/* The check of the check: a log that is wrong is refused. */
static void the_schema_refuses_what_is_wrong(void **state)
{
    const char *folder = folder_of(state);
    static const char *const faults[] = {
        "s/\"level\": \"note\"/\"level\": \"remark\"/", "s/\"startLine\": 1/\"startLine\": -1/",
        "s/\"ruleIndex\": 6/\"ruleIndex\": 7/", "s/\"columnKind\"/\"columnSort\"/"};

    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        assert_exits(0, "%s/entcap check --format sarif models/shared-4.yaml | sed '%s' >%s/log",
                     build(), faults[i], folder);
        assert_exits(1, VALID, folder);
    }
}

int main(void)
{
#define IN_A_FOLDER(test)                                                                          \
    cmocka_unit_test_setup_teardown(test, shell_make_folder, shell_remove_folder)
    const struct CMUnitTest tests[] = {
        IN_A_FOLDER(a_log_of_all_models_is_valid),
        IN_A_FOLDER(a_log_of_every_kind_of_finding_is_valid),
        IN_A_FOLDER(a_hostile_name_is_a_uri_and_a_string),
        IN_A_FOLDER(the_schema_refuses_what_is_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
