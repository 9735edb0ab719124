/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "shell.h"

#include <stdio.h>

/* tools/check-files holds the rules that no compiler knows; here it meets trees that break them. */

#define LICENCE "/* SPDX-License-Identifier: GPL-3.0-or-later */\n"

static int setup(void **state)
{
    if (shell_make_folder(state) != 0)
        return -1;
    shell_write(*state, "include/entcap.h", LICENCE "#include \"entcap/core.h\"\n");
    shell_write(*state, "include/entcap/core.h", LICENCE);
    shell_write(*state, "src/core/memory.c", LICENCE "    p = malloc(n);\n");
    shell_write(*state, "src/core/int.c",
                LICENCE
                " * aborts, abort() that is\n    ec_int_print(x);\n    snprintf(t, 9, f);\n");
    return 0;
}

static void assert_caught(const char *folder, const char *message)
{
    assert_exits(1, "tools/check-files '%s'", folder);
    assert_printed(message);
}

static void shipped_tree_obeys_the_rules(void **state)
{
    (void)state;
    assert_exits(0, "tools/check-files .");
}

static void lawful_tree_is_accepted(void **state)
{
    assert_exits(0, "tools/check-files '%s'", (char *)*state);
}

static void stray_file_at_the_top_is_caught(void **state)
{
    shell_write(*state, "notes.txt", "");
    assert_caught(*state, "notes.txt: the top level has no place for this\n");
}

static void big_file_is_caught(void **state)
{
    assert_exits(0, "cd '%s' && mkdir models && truncate -s 1048577 models/a", (char *)*state);
    assert_caught(*state, "models/a: 1048577 bytes, at most 1048576\n");
}

static void missing_licence_line_is_caught(void **state)
{
    shell_write(*state, "src/core/rng.c", "int x;\n");
    assert_caught(*state, "src/core/rng.c: no SPDX-License-Identifier\n");
}

static void long_source_is_caught(void **state)
{
    assert_exits(0, "cd '%s' && { echo '" LICENCE "'; seq 500; } >src/core/a.c", (char *)*state);
    assert_caught(*state, "src/core/a.c: 502 lines, at most 500\n");
}

static void printing_library_is_caught(void **state)
{
    shell_write(*state, "src/core/a.c", LICENCE "\n    printf(\"%d\", x);\n");
    assert_caught(*state, "src/core/a.c:3:    printf(\"%d\", x);\n    the library never prints\n");
}

static void library_that_ends_the_process_is_caught(void **state)
{
    shell_write(*state, "src/core/a.c", LICENCE "    if (x)\n        exit(1);\n");
    assert_caught(*state, "src/core/a.c:3:        exit(1);\n    the library never ends");
}

static void memory_past_the_counter_is_caught(void **state)
{
    shell_write(*state, "src/core/a.c", LICENCE "    p = calloc(n, 8);\n");
    assert_caught(*state, "src/core/a.c:2:    p = calloc(n, 8);\n    memory comes from ec_calloc");
}

static void hidden_state_is_caught(void **state)
{
    shell_write(*state, "src/core/a.c", LICENCE "    x = rand();\n");
    assert_caught(*state, "src/core/a.c:2:    x = rand();\n    the library has no hidden state");
}

static void header_missing_in_the_umbrella_is_caught(void **state)
{
    shell_write(*state, "include/entcap/arch.h", LICENCE);
    assert_caught(*state, "include/entcap.h: does not include entcap/arch.h\n");
}

#define on_a_tree(test) cmocka_unit_test_setup_teardown(test, setup, shell_remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shipped_tree_obeys_the_rules),
        on_a_tree(lawful_tree_is_accepted),
        on_a_tree(stray_file_at_the_top_is_caught),
        on_a_tree(big_file_is_caught),
        on_a_tree(missing_licence_line_is_caught),
        on_a_tree(long_source_is_caught),
        on_a_tree(printing_library_is_caught),
        on_a_tree(library_that_ends_the_process_is_caught),
        on_a_tree(memory_past_the_counter_is_caught),
        on_a_tree(hidden_state_is_caught),
        on_a_tree(header_missing_in_the_umbrella_is_caught),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
