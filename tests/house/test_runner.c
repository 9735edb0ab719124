/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "shell.h"

#include <stdio.h>

/* tools/run-tests says whether a change is good, so it is tried on programs that go wrong. */

#define HEAD                                                                                       \
    "#include <setjmp.h>\n#include <stdarg.h>\n#include <stddef.h>\n#include <stdint.h>\n"         \
    "#include <cmocka.h>\n#include <stdlib.h>\n#include <unistd.h>\n"                              \
    "static void good(void **s) { (void)s; }\n"                                                    \
    "static void bad(void **s) { (void)s; fail(); }\n"                                             \
    "static void skipped(void **s) { (void)s; skip(); }\n"                                         \
    "static void leaves(void **s) { (void)s; _exit(0); }\n"                                        \
    "static void crashes(void **s) { (void)s; kill(getpid(), 9); }\n"                              \
    "static void hangs(void **s) { (void)s; sleep(60); }\n"                                        \
    "int main(void) { const struct CMUnitTest t[] = {\n"

#define TAIL "}; return cmocka_run_group_tests(t, NULL, NULL); }\n"

/* Build FOLDER/NAME, a program with these tests. */
static void build(const char *folder, const char *name, const char *tests)
{
    char text[4096], path[64];

    snprintf(text, sizeof text, "%s%s%s", HEAD, tests, TAIL);
    snprintf(path, sizeof path, "%s.c", name);
    shell_write(folder, path, text);
    assert_exits(0, "cc -w -include signal.h -o %s/%s %s/%s.c -lcmocka", folder, name, folder,
                 name);
}

/* Run these programs of FOLDER: the runner ends with this status and this last line. */
static void assert_run(const char *folder, const char *programs, int status, const char *last_line)
{
    assert_exits(status,
                 "runner=$PWD/tools/run-tests; cd '%s' || exit 99\n"
                 "TEST_SECONDS=2 $runner %s >log; code=$?; tail -n 1 log; exit $code",
                 folder, programs);
    assert_printed(last_line);
}

static void passing_programs_are_summed(void **state)
{
    build(*state, "one", "cmocka_unit_test(good),");
    build(*state, "two", "cmocka_unit_test(good), cmocka_unit_test(good),");
    assert_run(*state, "./one ./two", 0, "3 passed, 0 failed\n");
}

static void failed_tests_are_counted_once_each(void **state)
{
    build(*state, "one", "cmocka_unit_test(bad), cmocka_unit_test(good), cmocka_unit_test(bad),");
    build(*state, "two", "cmocka_unit_test(good),");
    assert_run(*state, "./one ./two", 1, "2 passed, 2 failed\n");
}

static void crash_is_a_failure(void **state)
{
    build(*state, "one", "cmocka_unit_test(good), cmocka_unit_test(crashes),");
    assert_run(*state, "./one", 1, ", 1 failed\n");
}

static void program_that_leaves_early_is_a_failure(void **state)
{
    build(*state, "one", "cmocka_unit_test(leaves),");
    assert_run(*state, "./one", 1, "0 passed, 1 failed\n");
}

static void program_that_leaves_between_tests_is_a_failure(void **state)
{
    build(*state, "one", "cmocka_unit_test(good), cmocka_unit_test(leaves),");
    assert_run(*state, "./one", 1, ", 1 failed\n");
}

static void hang_is_a_failure(void **state)
{
    build(*state, "one", "cmocka_unit_test(hangs),");
    assert_run(*state, "./one", 1, "0 passed, 1 failed\n");
}

static void missing_program_is_a_failure(void **state)
{
    assert_run(*state, "./none", 1, "0 passed, 1 failed\n");
}

static void program_without_tests_is_a_failure(void **state)
{
    build(*state, "one", "");
    build(*state, "two", "cmocka_unit_test(good),");
    assert_run(*state, "./one ./two", 1, "1 passed, 1 failed\n");
}

static void skipped_test_did_not_pass(void **state)
{
    build(*state, "one", "cmocka_unit_test(skipped), cmocka_unit_test(good),");
    assert_run(*state, "./one", 0, "1 passed, 0 failed\n");
    build(*state, "two", "cmocka_unit_test(skipped),");
    assert_run(*state, "./two", 1, "0 passed, 1 failed\n");
}

static void no_program_at_all_is_a_failure(void **state)
{
    assert_run(*state, "", 1, "0 passed, 0 failed\n");
}

#define in_a_folder(test)                                                                          \
    cmocka_unit_test_setup_teardown(test, shell_make_folder, shell_remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_a_folder(passing_programs_are_summed),
        in_a_folder(failed_tests_are_counted_once_each),
        in_a_folder(crash_is_a_failure),
        in_a_folder(program_that_leaves_early_is_a_failure),
        in_a_folder(program_that_leaves_between_tests_is_a_failure),
        in_a_folder(hang_is_a_failure),
        in_a_folder(missing_program_is_a_failure),
        in_a_folder(program_without_tests_is_a_failure),
        in_a_folder(skipped_test_did_not_pass),
        in_a_folder(no_program_at_all_is_a_failure),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
