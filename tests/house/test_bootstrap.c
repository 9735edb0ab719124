/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "shell.h"

#include <stdio.h>

/* tools/bootstrap on machines that are not this one: dpkg-query, apt-get, id, sudo and make are
 * scripts in a folder of their own that comes first in PATH (or is all of it). */

/* A machine where `package` alone is missing and apt-get writes down what it is asked for. */
static int setup(void **state)
{
    if (shell_make_folder(state) != 0)
        return -1;
    shell_write(*state, "bin/dpkg-query",
                "#!/bin/sh\n"
                "case \"$4\" in libgmp-dev | clang-tidy) exit 1 ;; esac\n"
                "echo installed\n");
    shell_write(*state, "bin/apt-get", "#!/bin/sh\necho \"apt-get $*\" >>\"$LOG\"\n");
    shell_write(*state, "bin/make", "#!/bin/sh\necho \"make $*\" >>\"$LOG\"\n");
    shell_write(*state, "bin/nproc", "#!/bin/sh\necho 2\n");
    shell_write(*state, "bin/id", "#!/bin/sh\necho ${TEST_UID:-0}\n");
    assert_exits(0, "chmod +x '%s'/bin/*", (char *)*state);
    return 0;
}

/* Run tools/bootstrap there, then print what apt-get and make were asked for. */
static void assert_bootstrap(const char *folder, const char *settings, const char *targets,
                             int status)
{
    assert_exits(status,
                 "LOG=%s/log PATH=%s/bin:$PATH %s tools/bootstrap %s; code=$?\n"
                 "[ -f %s/log ] && cat %s/log; exit $code",
                 folder, folder, settings, targets, folder, folder);
}

static void missing_packages_of_the_target_are_installed_once(void **state)
{
    assert_bootstrap(*state, "", "test", 0);
    assert_printed("apt-get update -qq\n"
                   "apt-get install -y -qq --no-install-recommends libgmp-dev\n"
                   "make -s -j2 all\nmake -j2 test\n");
}

static void lint_needs_its_tools_too(void **state)
{
    assert_bootstrap(*state, "", "lint", 0);
    assert_printed("--no-install-recommends clang-tidy libgmp-dev\n");
}

static void nothing_is_installed_where_everything_is_there(void **state)
{
    shell_write(*state, "bin/dpkg-query", "#!/bin/sh\necho installed\n");
    assert_bootstrap(*state, "", "demo", 0);
    assert_string_equal(shell("cat %s/log", (char *)*state)->output,
                        "make -s -j2 all\nmake -j2 demo\n");
}

static void sudo_is_used_by_others_than_root(void **state)
{
    shell_write(*state, "bin/sudo", "#!/bin/sh\necho \"sudo\" >>\"$LOG\"\nexec \"$@\"\n");
    assert_exits(0, "chmod +x '%s/bin/sudo'", (char *)*state);
    assert_bootstrap(*state, "TEST_UID=1000", "demo", 0);
    assert_printed("sudo\napt-get update -qq\nsudo\napt-get install");
}

static void without_root_or_sudo_it_says_what_to_install(void **state)
{
    /* a PATH without the machine's own sudo */
    assert_exits(0,
                 "cd '%s/bin' && for t in sh awk sort paste env dirname; do\n"
                 "ln -s \"$(command -v $t)\" $t; done",
                 (char *)*state);
    assert_exits(2, "PATH='%s/bin' TEST_UID=1000 LOG=/dev/null tools/bootstrap demo",
                 (char *)*state);
    assert_printed("bootstrap: neither root nor sudo; as root: apt-get install libgmp-dev\n");
}

static void other_systems_are_told_where_the_list_is(void **state)
{
    assert_exits(0,
                 "cd '%s/bin' && rm apt-get && for t in sh awk sort paste dirname; do\n"
                 "ln -s \"$(command -v $t)\" $t; done",
                 (char *)*state);
    assert_exits(2, "PATH='%s/bin' tools/bootstrap demo", (char *)*state);
    assert_printed("bootstrap: no apt-get, so this is not Debian; tools/packages lists what");
}

static void failure_of_apt_get_is_reported(void **state)
{
    shell_write(*state, "bin/apt-get", "#!/bin/sh\nexit 100\n");
    assert_bootstrap(*state, "", "demo", 2);
    assert_printed("bootstrap: apt-get could not install: libgmp-dev\n");
}

static void unknown_target_is_refused(void **state)
{
    assert_bootstrap(*state, "", "dmeo", 2);
    assert_printed("bootstrap: no target 'dmeo'; there are all, demo, test");
}

static void readme_names_every_package(void **state)
{
    (void)state;
    assert_exits(0, "awk '!/^#/ { print $2 }' tools/packages | while read -r p; do\n"
                    "grep -q \"| $p \" README.md || { echo \"$p\"; exit 1; }; done");
}

#define on_a_machine(test) cmocka_unit_test_setup_teardown(test, setup, shell_remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        on_a_machine(missing_packages_of_the_target_are_installed_once),
        on_a_machine(lint_needs_its_tools_too),
        on_a_machine(nothing_is_installed_where_everything_is_there),
        on_a_machine(sudo_is_used_by_others_than_root),
        on_a_machine(without_root_or_sudo_it_says_what_to_install),
        on_a_machine(other_systems_are_told_where_the_list_is),
        on_a_machine(failure_of_apt_get_is_reported),
        on_a_machine(unknown_target_is_refused),
        cmocka_unit_test(readme_names_every_package),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
