/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "shell.h"

/*
 * The sources of the Debian packages agree with the rest of the tree. The packages themselves are
 * built and looked at by `make deb-test`, which takes its minutes.
 */

static void version_of_the_packages_is_that_of_the_library(void **state)
{
    (void)state;
    assert_exits(0, "grep -x 'entcap (" EC_VERSION ") .*' tools/deb/changelog | head -1");
    assert_printed(EC_VERSION);
}

/* gcc, libc6-dev and make are in build-essential, which every build has. */
static void what_the_build_needs_is_what_the_packages_ask_for(void **state)
{
    assert_exits(0,
                 "sed -n '/^Build-Depends:/,/^$/s/^ \\(.*\\),$/\\1/p' tools/deb/control |"
                 "grep -v debhelper-compat | LC_ALL=C sort >%s/asked\n"
                 "awk '$1 == \"build\" { print $2 }' tools/packages |"
                 "grep -vx -e gcc -e libc6-dev -e make | LC_ALL=C sort | diff - %s/asked",
                 (char *)*state, (char *)*state);
}

/* What a program linked with libentcap.a links, too, comes with libentcap-dev. */
static void static_linking_finds_its_libraries(void **state)
{
    (void)state;
    assert_exits(0,
                 "depends=$(sed -n '/^Package: libentcap-dev/,$p' tools/deb/control)\n"
                 "for library in $(sed -n 's/^LINKED_PKGS *:= //p' Makefile) csv; do\n"
                 "case $library in zlib) package=zlib1g-dev ;; yaml-0.1) package=libyaml-dev ;;\n"
                 "*) package=lib${library#lib}-dev ;; esac\n"
                 "echo \"$depends\" | grep -qx \" $package,\" || { echo $package; exit 1; }; done");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(version_of_the_packages_is_that_of_the_library),
        cmocka_unit_test(what_the_build_needs_is_what_the_packages_ask_for),
        cmocka_unit_test(static_linking_finds_its_libraries),
    };

    return cmocka_run_group_tests(tests, shell_make_folder, shell_remove_folder);
}
