/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "check.h"

#include <string.h>

#include "entcap/io.h"

static void input_goes_in_and_output_comes_out(void **state)
{
    const char *const argv[] = {"tr", "a-z", "A-Z", NULL};
    ec_text out = {0};
    ec_error err = {0};
    (void)state;

    ec_text_puts(&out, "> ");
    assert_ok(ec_program_run(&out, argv, "hello\n", 6, &err), &err);
    assert_string_equal(ec_text_get(&out), "> HELLO\n");
    ec_text_clear(&out);
}

static void more_than_a_pipe_holds_passes_both_ways(void **state)
{
    enum { SIZE = 1 << 20 };
    const char *const argv[] = {"cat", NULL};
    char *input = ec_calloc(SIZE, 1, NULL);
    ec_text out = {0};
    ec_error err = {0};
    (void)state;

    assert_non_null(input);
    memset(input, 'x', SIZE);
    assert_ok(ec_program_run(&out, argv, input, SIZE, &err), &err);
    assert_int_equal(out.size, SIZE);
    assert_memory_equal(out.bytes, input, SIZE);
    ec_text_clear(&out);
    ec_free(input);
}

static void no_shell_looks_at_the_arguments(void **state)
{
    const char *const argv[] = {"printf", "%s", "$(echo 1); `echo 2` '\"", NULL};
    ec_text out = {0};
    ec_error err = {0};
    (void)state;

    assert_ok(ec_program_run(&out, argv, "", 0, &err), &err);
    assert_string_equal(ec_text_get(&out), argv[2]);
    ec_text_clear(&out);
}

static void a_missing_program_is_an_error(void **state)
{
    const char *const argv[] = {"no-such-program", NULL};
    ec_text out = {0};
    ec_error err = {0};
    (void)state;

    assert_int_equal(ec_program_run(&out, argv, "", 0, &err), EC_EIO);
    assert_string_equal(err.msg, "cannot run no-such-program: No such file or directory");
    assert_false(ec_program_exists("no-such-program"));
    assert_true(ec_program_exists("cat"));
    assert_true(ec_program_exists("/bin/sh"));
    assert_false(ec_program_exists("/etc/passwd"));
    ec_text_clear(&out);
}

static void a_failing_program_is_quoted(void **state)
{
    const char *const argv[] = {"sh", "-c", "echo first >&2; echo last words >&2; exit 3", NULL};
    ec_text out = {0};
    ec_error err = {0};
    (void)state;

    assert_int_equal(ec_program_run(&out, argv, "", 0, &err), EC_EIO);
    assert_string_equal(err.msg, "sh ended with exit code 3: last words");
    ec_text_clear(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(input_goes_in_and_output_comes_out),
        cmocka_unit_test(more_than_a_pipe_holds_passes_both_ways),
        cmocka_unit_test(no_shell_looks_at_the_arguments),
        cmocka_unit_test(a_missing_program_is_an_error),
        cmocka_unit_test(a_failing_program_is_quoted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
