/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "shell.h"

/*
 * tools/demo itself, with a script in the place of entcap, so that it takes no time and can go
 * wrong on purpose. The real demo is `make demo`.
 */

/* A build folder whose entcap writes down its arguments and, if asked, contradicts itself. */
static int setup(void **state)
{
    if (shell_make_folder(state) != 0)
        return -1;
    shell_write(*state, "entcap",
                "#!/bin/sh\n"
                "echo \"$*\" >>\"$LOG\"\n"
                "[ \"$1\" != \"$FAILS\" ] || exit 1\n"
                "case \"$*\" in\n"
                "*igraph*--json*) echo \"${IGRAPH_SAYS:-16}\" ;;\n"
                "*tree*--json*) echo 16 ;;\n"
                "predict*) echo \"a: 7 of 9 right; ${SAME:-9} of 9 as in training\" ;;\n"
                "esac\n");
    assert_exits(0, "chmod +x %s/entcap", (char *)*state);
    return 0;
}

static void demo_goes_from_bounds_to_report(void **state)
{
    const char *folder = *state;

    assert_exits(0, "LOG=%s/log BUILD=%s tools/demo %s/out", folder, folder, folder);
    assert_exits(0, "cut -d ' ' -f 1 %s/log | uniq | tr '\\n' ' '", folder);
    assert_printed("bound train predict verify draw report ");
}

static void demo_fails_where_the_two_methods_differ(void **state)
{
    const char *folder = *state;

    assert_exits(1, "LOG=%s/log IGRAPH_SAYS=15 BUILD=%s tools/demo %s/out", folder, folder, folder);
    assert_printed("demo: the two methods differ");
}

static void demo_fails_where_the_saved_weights_predict_otherwise(void **state)
{
    const char *folder = *state;

    assert_exits(1, "LOG=%s/log SAME=8 BUILD=%s tools/demo %s/out", folder, folder, folder);
    assert_printed("demo: the saved weights are not the network that was trained");
}

static void demo_fails_where_a_step_fails(void **state)
{
    const char *folder = *state;

    for (const char *const *verb =
             (const char *const[]){"bound", "train", "predict", "verify", "draw", "report", NULL};
         *verb != NULL; verb++)
        assert_exits(1, "LOG=%s/log FAILS=%s BUILD=%s tools/demo %s/out", folder, *verb, folder,
                     folder);
}

#define in_a_folder(test) cmocka_unit_test_setup_teardown(test, setup, shell_remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_a_folder(demo_goes_from_bounds_to_report),
        in_a_folder(demo_fails_where_the_two_methods_differ),
        in_a_folder(demo_fails_where_the_saved_weights_predict_otherwise),
        in_a_folder(demo_fails_where_a_step_fails),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
