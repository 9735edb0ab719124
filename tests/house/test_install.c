/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "shell.h"

/*
 * `make install` into a folder, and the installed tree used as a stranger would use it. The build
 * tested is always the plain one; MAKEFLAGS must not carry SAN=1 or a job server into it.
 */

#define MAKE "env -u MAKEFLAGS -u MAKELEVEL -u BUILD -u SAN -u COV make --silent"

static int install(void **state)
{
    if (shell_make_folder(state) != 0)
        return -1;
    return shell(MAKE " install PREFIX=/usr DESTDIR='%s/root'", (char *)*state)->status;
}

/* Compile an example against the installed tree alone; `flags` for pkg-config. */
static void compile_example(const char *folder, const char *program, const char *flags)
{
    assert_exits(0,
                 "export PKG_CONFIG_SYSROOT_DIR=%s/root PKG_CONFIG_ALLOW_SYSTEM_LIBS=1\n"
                 "export PKG_CONFIG_PATH=%s/root/usr/lib/pkgconfig\n"
                 "cc -std=c11 -Wall -Werror -o %s/%s examples/%s.c "
                 "$(pkg-config --cflags --libs entcap) %s",
                 folder, folder, folder, program, program, flags);
}

static void every_file_has_its_place(void **state)
{
    /* entcap-mpi is there where it was built, with Open MPI */
    assert_string_equal(shell("cd %s/root/usr && find . ! -type d ! -path '*/include/entcap/*' "
                              "! -path '*/models/*' ! -name entcap-mpi | LC_ALL=C sort",
                              (char *)*state)
                            ->output,
                        "./bin/entcap\n"
                        "./bin/entcap-draw\n"
                        "./include/entcap.h\n"
                        "./lib/libentcap.a\n"
                        "./lib/libentcap.so\n"
                        "./lib/libentcap.so.0\n"
                        "./lib/libentcap.so." EC_VERSION "\n"
                        "./lib/pkgconfig/entcap.pc\n"
                        "./share/doc/entcap/CHANGELOG.md\n"
                        "./share/doc/entcap/LICENSE\n"
                        "./share/doc/entcap/README.md\n");
}

static void every_header_of_the_library_is_installed(void **state)
{
    assert_exits(0, "diff -r include %s/root/usr/include", (char *)*state);
}

static void shared_library_carries_a_soname(void **state)
{
    assert_exits(0, "readelf -d %s/root/usr/lib/libentcap.so", (char *)*state);
    assert_printed("Library soname: [libentcap.so.0]");
    assert_exits(0, "readlink %s/root/usr/lib/libentcap.so.0", (char *)*state);
    assert_printed("libentcap.so." EC_VERSION "\n");
}

static void program_built_by_pkg_config_uses_the_shared_library(void **state)
{
    const char *folder = *state;

    compile_example(folder, "compare_architectures", "");
    assert_exits(0, "readelf -d %s/compare_architectures", folder);
    assert_printed("Shared library: [libentcap.so.0]");
    assert_exits(0, "LD_LIBRARY_PATH=%s/root/usr/lib %s/compare_architectures 10", folder, folder);
    assert_printed("left-right");
}

static void program_links_the_static_library_alone(void **state)
{
    const char *folder = *state;

    assert_exits(0, "rm %s/root/usr/lib/libentcap.so*", folder);
    assert_exits(0,
                 "export PKG_CONFIG_PATH=%s/root/usr/lib/pkgconfig\n"
                 "cc -std=c11 -I%s/root/usr/include -o %s/bound examples/bound_left_right.c "
                 "-L%s/root/usr/lib $(pkg-config --static --libs entcap)",
                 folder, folder, folder, folder);
    assert_exits(0, "%s/bound models/bridge.yaml", folder);
}

static void installed_program_finds_its_drawing_program(void **state)
{
    const char *folder = *state;

    assert_exits(0, "%s/root/usr/bin/entcap draw models/bridge.yaml -o %s/bridge.dot", folder,
                 folder);
    assert_exits(0, "head -1 %s/bridge.dot", folder);
    assert_printed("graph");
}

static void version_is_one_everywhere(void **state)
{
    assert_exits(0, "%s/root/usr/bin/entcap --version", (char *)*state);
    assert_printed(EC_VERSION);
    assert_exits(0, "grep '^Version: " EC_VERSION "$' %s/root/usr/lib/pkgconfig/entcap.pc",
                 (char *)*state);
}

/* Graphviz is EPL, igraph GPL: no program may link or load both. */
static void graphviz_and_igraph_stay_apart(void **state)
{
    assert_exits(0, "ldd %s/root/usr/bin/entcap-draw", (char *)*state);
    assert_printed("libgvc");
    assert_exits(1, "ldd %s/root/usr/bin/entcap-draw | grep igraph", (char *)*state);
    assert_exits(1, "grep -q libigraph %s/root/usr/bin/entcap-draw", (char *)*state);
    assert_exits(0, "grep -q libigraph %s/root/usr/bin/entcap", (char *)*state); /* to be loaded */
    assert_exits(1, "grep -qE 'libgvc|libcgraph' %s/root/usr/bin/entcap", (char *)*state);
}

#define installed(test) cmocka_unit_test_setup_teardown(test, install, shell_remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        installed(every_file_has_its_place),
        installed(every_header_of_the_library_is_installed),
        installed(shared_library_carries_a_soname),
        installed(program_built_by_pkg_config_uses_the_shared_library),
        installed(program_links_the_static_library_alone),
        installed(installed_program_finds_its_drawing_program),
        installed(version_is_one_everywhere),
        installed(graphviz_and_igraph_stay_apart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
