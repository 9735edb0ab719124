/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "shell.h"

#include <stdlib.h>
#include <string.h>

/*
 * `make install` into a folder, and the installed tree used as a stranger would use it. The build
 * tested is always the plain one; MAKEFLAGS must not carry SAN=1 or a job server into it.
 */

#define MAKE "env -u MAKEFLAGS -u MAKELEVEL -u BUILD -u SAN -u COV make --silent"

/* Once for all tests, with a umask that must not show. */
static int install(void **state)
{
    if (shell_make_folder(state) != 0)
        return -1;
    return shell("umask 077; " MAKE " examples install PREFIX=/usr DESTDIR='%s/root'",
                 (char *)*state)
        ->status;
}

/* Run a command, with the variables that let pkg-config find the installed tree alone. */
#define assert_builds(folder, ...)                                                                 \
    do {                                                                                           \
        setenv("PKG_CONFIG_SYSROOT_DIR", shell("printf %%s %s/root", folder)->output, 1);          \
        setenv("PKG_CONFIG_PATH", shell("printf %%s %s/root/usr/lib/pkgconfig", folder)->output,   \
               1);                                                                                 \
        setenv("PKG_CONFIG_ALLOW_SYSTEM_LIBS", "1", 1);                                            \
        assert_exits(0, __VA_ARGS__);                                                              \
        unsetenv("PKG_CONFIG_SYSROOT_DIR");                                                        \
        unsetenv("PKG_CONFIG_PATH");                                                               \
        unsetenv("PKG_CONFIG_ALLOW_SYSTEM_LIBS");                                                  \
    } while (0)

static void every_file_has_its_place(void **state)
{
    /* entcap-mpi is there where it was built, with Open MPI */
    assert_string_equal(shell("cd %s/root && find . ! -type d ! -path '*/include/entcap/*' "
                              "! -path '*/models/*' ! -path '*/man/*' ! -name 'entcap-mpi' |"
                              "LC_ALL=C sort",
                              (char *)*state)
                            ->output,
                        "./usr/bin/entcap\n"
                        "./usr/bin/entcap-draw\n"
                        "./usr/include/entcap.h\n"
                        "./usr/lib/libentcap.a\n"
                        "./usr/lib/libentcap.so\n"
                        "./usr/lib/libentcap.so.0\n"
                        "./usr/lib/libentcap.so." EC_VERSION "\n"
                        "./usr/lib/pkgconfig/entcap.pc\n"
                        "./usr/share/bash-completion/completions/entcap\n"
                        "./usr/share/doc/entcap/CHANGELOG.md\n"
                        "./usr/share/doc/entcap/LICENSE\n"
                        "./usr/share/doc/entcap/README.md\n");
    assert_exits(0, "diff -r build/man %s/root/usr/share/man", (char *)*state);
    assert_exits(0, "diff -r models %s/root/usr/share/entcap/models", (char *)*state);
}

/* The installing user's umask was 077. */
static void everybody_may_read_what_is_installed(void **state)
{
    assert_exits(0,
                 "cd %s/root && find . -type d ! -perm 755 -o -type f ! -perm 644 ! -path '*/bin/*'"
                 " -o -path '*/bin/*' ! -perm 755 | grep . && exit 1; :",
                 (char *)*state);
}

/* Neither where it was built nor where it was staged. */
static void installed_files_name_no_folder_of_the_build(void **state)
{
    const char *folder = *state;

    assert_exits(1, "grep -rlF -e \"$PWD\" -e '%s' %s/root", folder, folder);
}

static void every_header_of_the_library_is_installed(void **state)
{
    assert_exits(0, "diff -r include %s/root/usr/include", (char *)*state);
}

static void every_header_compiles_alone(void **state)
{
    assert_exits(0,
                 "cd %s/root/usr/include && for header in entcap.h entcap/*.h; do\n"
                 "echo \"#include <$header>\" | cc -std=c11 -Wall -Wextra -Wpedantic -Werror -I. "
                 "-fsyntax-only -x c - || exit 1; done",
                 (char *)*state);
}

static void shared_library_carries_a_soname(void **state)
{
    assert_exits(0, "readelf -d %s/root/usr/lib/libentcap.so", (char *)*state);
    assert_printed("Library soname: [libentcap.so.0]");
    assert_exits(0, "readlink %s/root/usr/lib/libentcap.so.0", (char *)*state);
    assert_printed("libentcap.so." EC_VERSION "\n");
}

/* Every program of examples/, by pkg-config; -lm, for some call it themselves. */
static void every_example_is_built_with_the_shared_library(void **state)
{
    const char *folder = *state;

    assert_builds(
        folder,
        "for source in examples/*.c; do program=%s/$(basename $source .c)\n"
        "cc -std=c11 -Wall -Werror -o $program $source $(pkg-config --cflags --libs entcap) -lm"
        " && readelf -d $program | grep -q 'library: \\[libentcap.so.0\\]' || exit 1; done",
        folder);
    assert_exits(0, "LD_LIBRARY_PATH=%s/root/usr/lib %s/compare_architectures 10", folder, folder);
    assert_printed("left-right");
}

static void every_example_is_built_with_the_static_library(void **state)
{
    const char *folder = *state;

    assert_builds(folder,
                  "cp -r %s/root %s/static && rm %s/static/usr/lib/libentcap.so*\n"
                  "PKG_CONFIG_SYSROOT_DIR=%s/static PKG_CONFIG_PATH=%s/static/usr/lib/pkgconfig\n"
                  "for source in examples/*.c; do program=%s/$(basename $source .c)-static\n"
                  "cc -std=c11 -Wall -Werror -o $program $source "
                  "$(pkg-config --static --cflags --libs entcap) || exit 1; done",
                  folder, folder, folder, folder, folder, folder);
}

/* With the same output as those of the build, whichever way they were linked. */
static void examples_do_what_those_of_the_build_do(void **state)
{
    static const char *const commands[] = {
        "bound_left_right models/bridge.yaml",
        "widen_bottleneck models/fashion-convac.yaml left-right 1024",
        "compare_architectures 10",
        "verify_random models/gap-p3.yaml BAABBBAAB 7",
        "data_demand tests/data/digits38_8x8_x.npy tests/data/digits38_8x8_y01.npy",
    };
    const char *folder = *state;

    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        const char *command = commands[i];
        int program = (int)strcspn(command, " ");

        assert_exits(0,
                     "build/examples/%s >%s/wanted && "
                     "LD_LIBRARY_PATH=%s/root/usr/lib %s/%s >%s/from-shared && cmp %s/wanted "
                     "%s/from-shared && "
                     "%s/%.*s-static%s >%s/from-static && cmp %s/wanted %s/from-static",
                     command, folder, folder, folder, command, folder, folder, folder, folder,
                     program, command, command + program, folder, folder, folder);
    }
    assert_exits(0, "[ $(ls examples/*.c | wc -l) = %zu ]", sizeof commands / sizeof *commands);
}

static void version_is_one_everywhere(void **state)
{
    assert_exits(0, "%s/root/usr/bin/entcap --version", (char *)*state);
    assert_printed(EC_VERSION);
    assert_exits(0, "grep '^Version: " EC_VERSION "$' %s/root/usr/lib/pkgconfig/entcap.pc",
                 (char *)*state);
    assert_exits(0, "grep '\"entcap " EC_VERSION "\"' %s/root/usr/share/man/man1/entcap.1",
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

/* ------------------------------------------------------ the drawing program */

/* `command` draws: $bin is the folder of the installed programs, $T an empty one. */
static void assert_draws(void **state, const char *command)
{
    const char *folder = *state;

    assert_exits(0,
                 "bin=%s/root/usr/bin T=%s/draw entcap=$bin/entcap\n"
                 "rm -rf $T && mkdir $T && model=$PWD/models/bridge.yaml\n"
                 "%s\n"
                 "[ \"$(head -c 5 $T/out.dot)\" = graph ]",
                 folder, folder, command);
}

static void entcap_draw_is_found_beside_entcap(void **state)
{
    assert_draws(state, "$entcap draw $model -o $T/out.dot");
    assert_draws(state, "PATH= $entcap draw $model -o $T/out.dot");
    assert_draws(state, "cd $bin && ./entcap draw $model -o $T/out.dot");
}

static void entcap_draw_is_found_through_links(void **state)
{
    assert_draws(state, "ln -s $entcap $T/ec && PATH= $T/ec draw $model -o $T/out.dot");
    assert_draws(state, "ln -s $bin $T/programs && ln -s programs/entcap $T/ec && PATH=$T:$PATH\n"
                        "ec draw $model -o $T/out.dot");
}

static void entcap_draw_is_found_after_the_tree_moves(void **state)
{
    assert_draws(state, "cp -r $bin/.. \"$T/a moved tree\" && "
                        "PATH= \"$T/a moved tree/bin/entcap\" draw $model -o $T/out.dot");
}

static void entcap_draw_is_found_in_path(void **state)
{
    assert_draws(state, "cp $entcap $T && PATH=/nowhere:$bin:$PATH $T/entcap draw $model "
                        "-o $T/out.dot");
}

static void missing_entcap_draw_is_named(void **state)
{
    const char *folder = *state;

    assert_exits(5,
                 "mkdir %s/alone && cp %s/root/usr/bin/entcap %s/alone && PATH= "
                 "%s/alone/entcap draw models/bridge.yaml -o %s/alone/out.svg",
                 folder, folder, folder, folder, folder);
    assert_printed("entcap-draw is neither beside entcap nor in PATH");
    assert_exits(1, "test -e %s/alone/out.svg", folder);
}

/* ------------------------------------------------------ prefixes, uninstall */

/* The prefix in entcap.pc may be any path, and the libraries may be elsewhere. */
static void prefix_and_libdir_are_kept(void **state)
{
    assert_exits(0,
                 "cd . && " MAKE " install DESTDIR=%s/other PREFIX='/opt/a&b, c' "
                 "LIBDIR='/opt/a&b, c/lib/x86'\n"
                 "grep -Fx -e 'prefix=/opt/a&b, c' -e 'libdir=${prefix}/lib/x86' "
                 "\"%s/other/opt/a&b, c/lib/x86/pkgconfig/entcap.pc\" | wc -l | grep -x 2",
                 (char *)*state, (char *)*state);
    assert_exits(2, MAKE " install DESTDIR=%s/other PREFIX=usr", (char *)*state);
    assert_printed("PREFIX='usr' LIBDIR='usr/lib': both must be absolute paths");
}

/* Files of others stay. */
static void uninstall_takes_away_what_was_installed(void **state)
{
    const char *folder = *state;

    assert_exits(0,
                 "cp -r %s/root %s/gone && touch %s/gone/usr/bin/other && "
                 "touch %s/gone/usr/share/entcap/models/mine.yaml && " MAKE
                 " uninstall PREFIX=/usr DESTDIR=%s/gone",
                 folder, folder, folder, folder, folder);
    assert_string_equal(shell("cd %s/gone && find . ! -type d | LC_ALL=C sort", folder)->output,
                        "./usr/bin/other\n"
                        "./usr/share/entcap/models/mine.yaml\n");
    assert_exits(1, "test -d %s/gone/usr/include/entcap", folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_file_has_its_place),
        cmocka_unit_test(everybody_may_read_what_is_installed),
        cmocka_unit_test(installed_files_name_no_folder_of_the_build),
        cmocka_unit_test(every_header_of_the_library_is_installed),
        cmocka_unit_test(every_header_compiles_alone),
        cmocka_unit_test(shared_library_carries_a_soname),
        cmocka_unit_test(every_example_is_built_with_the_shared_library),
        cmocka_unit_test(every_example_is_built_with_the_static_library),
        cmocka_unit_test(examples_do_what_those_of_the_build_do),
        cmocka_unit_test(version_is_one_everywhere),
        cmocka_unit_test(graphviz_and_igraph_stay_apart),
        cmocka_unit_test(entcap_draw_is_found_beside_entcap),
        cmocka_unit_test(entcap_draw_is_found_through_links),
        cmocka_unit_test(entcap_draw_is_found_after_the_tree_moves),
        cmocka_unit_test(entcap_draw_is_found_in_path),
        cmocka_unit_test(missing_entcap_draw_is_named),
        cmocka_unit_test(prefix_and_libdir_are_kept),
        cmocka_unit_test(uninstall_takes_away_what_was_installed),
    };

    return cmocka_run_group_tests(tests, install, shell_remove_folder);
}
