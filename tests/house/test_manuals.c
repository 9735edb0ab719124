/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "shell.h"

#include <stdlib.h>

/* The manual pages that the build makes from the tables of the program. */

static const char *build(void)
{
    const char *folder = getenv("BUILD");

    return folder != NULL ? folder : "build";
}

/* Run a command for every page, $page, and fail at the first for which it fails. */
static void each_page(const char *command)
{
    assert_exits(0, "for page in %s/man/man?/*; do { %s\n} || { echo \"in $page\"; exit 1; }; done",
                 build(), command);
}

static void every_topic_of_the_help_has_a_page(void **state)
{
    (void)state;
    assert_exits(
        0,
        "{ echo entcap.1; %s/entcap help --format list | tr ' ' - |"
        "sed -e 's/^/entcap-/' -e '/layers/s/$/.5/' -e '/layers/!s/$/.1/'; } |"
        "LC_ALL=C sort >%s/topics; ls %s/man/man? | grep '^entcap' | grep -v '^entcap-mpi' |"
        "LC_ALL=C sort | diff - %s/topics && rm %s/topics",
        build(), build(), build(), build(), build());
}

/* As lintian asks man; a warning is a line on standard error. */
static void man_warns_of_nothing(void **state)
{
    (void)state;
    each_page("LC_ALL=C.UTF-8 MANROFFSEQ='' MANWIDTH=80 man --warnings -E UTF-8 -l -Tutf8 -Z "
              "\"$page\" 2>&1 >/dev/null </dev/null | grep . && exit 1; :");
}

static void every_page_is_found_by_apropos(void **state)
{
    (void)state;
    each_page("name=${page##*/}; lexgrog \"$page\" | grep -q \": \\\"${name%.?} - \"");
}

static void pages_are_the_same_each_time(void **state)
{
    /* not against BUILD/man, which may be older than entcap-mpi */
    const char *folder = *state;

    assert_exits(0,
                 "tools/manuals %s %s/first && tools/manuals %s %s/again && "
                 "diff -r %s/first %s/again",
                 build(), folder, build(), folder, folder, folder);
}

/* Whatever --help says of a verb stands on its page, and can be searched for and typed. */
static void a_page_holds_what_the_help_says(void **state)
{
    assert_exits(
        0,
        "cd %s && entcap=%s/entcap; case $entcap in /*) ;; *) entcap=$OLDPWD/$entcap ;; esac\n"
        "\"$entcap\" help --format list | grep -v layers | while read -r topic; do\n"
        "\"$entcap\" help --format man $topic | LC_ALL=C.UTF-8 MANWIDTH=500 "
        "man -E UTF-8 -l -Tutf8 - | col -bx | tr -s ' \\n' '  ' >page\n"
        "\"$entcap\" help $topic | sed -n '/^Options$/,/^Options of\\|^Examples/p' |"
        "grep '^ ' | tr -s ' \\n' '\\n' | sed '/^(default$/,/)$/d' >words\n"
        "awk 'NR == FNR { page = page $0; next } !index(page, $0) { print; bad = 1 }"
        "END { exit bad }' page words || { echo \"not on the page of $topic\"; exit 1; }\n"
        "done",
        (char *)*state, build());
}

/* The options of an example are those of its verb. */
static void examples_use_options_that_exist(void **state)
{
    (void)state;
    assert_exits(0,
                 "source=%s/completion; bash -c '. $0; \n"
                 "for verb in \"${!_entcap_options[@]}\"; do\n"
                 "  '$PWD/%s'/entcap help $verb | sed \"1,/^Examples/d; s/|.*//\" | grep -oE -- \" "
                 "--?[a-z-]+\" |"
                 "  while read -r option; do\n"
                 "    grep -q -- \"^$option \" <<<\"${_entcap_options[$verb]}\" ||"
                 "    { echo \"$verb: $option\"; exit 1; }\n"
                 "  done || exit 1\n"
                 "done' $source",
                 build(), build());
}

/* A page does not depend on the machine that made it: the number of processors is one's own. */
static void threads_default_to_the_processors_of_the_reader(void **state)
{
    (void)state;
    assert_exits(0, "grep -A1 'threads' %s/man/man1/entcap.1 | grep -q 'one for each processor'",
                 build());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_topic_of_the_help_has_a_page),
        cmocka_unit_test(man_warns_of_nothing),
        cmocka_unit_test(every_page_is_found_by_apropos),
        cmocka_unit_test(pages_are_the_same_each_time),
        cmocka_unit_test(a_page_holds_what_the_help_says),
        cmocka_unit_test(examples_use_options_that_exist),
        cmocka_unit_test(threads_default_to_the_processors_of_the_reader),
    };

    return cmocka_run_group_tests(tests, shell_make_folder, shell_remove_folder);
}
