/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "shell.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The examples of examples/hooks and examples/ci, at work. */

#define DESCRIPTION(required)                                                                      \
    "name: pair\n"                                                                                 \
    "input: {shape: [2], channels: 2}\n"                                                           \
    "layers:\n"                                                                                    \
    "  - conv: {channels: 2}\n"                                                                    \
    "  - pool: {window: 2}\n"                                                                      \
    "  - dense: {outputs: 1}\n"                                                                    \
    "requirements: [{partition: left-right, min_rank: " #required "}]\n"

static char top[2048], entcap[4096]; /* the top folder, and the program as it was built */

static void find_entcap(void)
{
    const char *build = getenv("BUILD");

    assert_non_null(getcwd(top, sizeof top));
    build = build != NULL ? build : "build";
    if (build[0] == '/')
        snprintf(entcap, sizeof entcap, "%s/entcap", build);
    else
        snprintf(entcap, sizeof entcap, "%s/%s/entcap", top, build);
    setenv("ENTCAP", entcap, 1);
}

/* An empty repository with the hook. */
static int make_repository(void **state)
{
    if (shell_make_folder(state) != 0)
        return -1;
    find_entcap();
    return shell("unset GIT_DIR GIT_INDEX_FILE GIT_WORK_TREE; git init -q '%s' && cd '%s' && "
                 "git config user.name test && git config user.email test@localhost && "
                 "git config commit.gpgsign false && cp '%s/examples/hooks/pre-commit' "
                 ".git/hooks/pre-commit",
                 (const char *)*state, (const char *)*state, top)
        ->status;
}

/* git in the repository, as if nothing of the caller's were set. */
#define GIT "unset GIT_DIR GIT_INDEX_FILE GIT_WORK_TREE; cd '%s' && git "

static void a_good_description_is_committed(void **state)
{
    const char *folder = *state;

    shell_write(folder, "models/pair.yaml", DESCRIPTION(2));
    shell_write(folder, "other.yaml", "a: [1, 2]\n"); /* no description */
    shell_write(folder, "a b.yaml", DESCRIPTION(2));
    shell_write(folder, "-dash.yaml", DESCRIPTION(2));
    assert_exits(0, GIT "add . && git commit -q -m one", folder);
    assert_printed("models/pair.yaml: 0 errors");
    assert_printed("a b.yaml: 0 errors");
    assert_printed("-dash.yaml: 0 errors");
    assert_null(strstr(shell_output(), "other.yaml"));
    assert_exits(0, GIT "log --oneline", folder);
    assert_printed("one");
}

static void a_description_that_fails_is_not(void **state)
{
    const char *folder = *state;

    shell_write(folder, "models/pair.yaml", DESCRIPTION(3));
    assert_exits(1, GIT "add . && git commit -q -m one", folder);
    assert_printed("models/pair.yaml:7:16: error: left-right is asked for rank 3");
    assert_printed("[EC002]");
    assert_printed("pre-commit: entcap check says no");
    shell_write(folder, "models/pair.yaml", "name: pair\nlayers: 3\n");
    assert_exits(1, GIT "add . && git commit -q -m one", folder);
    assert_printed("a description lacks the key 'input'");
}

/* What is committed is what is checked, whatever lies in the work tree. */
static void the_staged_version_is_checked(void **state)
{
    const char *folder = *state;

    shell_write(folder, "pair.yaml", DESCRIPTION(2));
    assert_exits(0, GIT "add .", folder);
    shell_write(folder, "pair.yaml", DESCRIPTION(3));
    assert_exits(0, GIT "commit -q -m good", folder);
    assert_exits(0, GIT "add .", folder);
    shell_write(folder, "pair.yaml", DESCRIPTION(2));
    assert_exits(1, GIT "commit -q -m bad", folder);
}

static void a_commit_without_descriptions_passes(void **state)
{
    const char *folder = *state;

    shell_write(folder, "pair.yaml", DESCRIPTION(2));
    assert_exits(0, GIT "add . && git commit -q -m one", folder);
    assert_exits(0, GIT "rm -q pair.yaml && git commit -q -m two", folder); /* a deletion */
    shell_write(folder, "notes.txt", "text\n");
    assert_exits(0, GIT "add . && git commit -q -m three", folder);
}

static void options_reach_the_check(void **state)
{
    const char *folder = *state;

    shell_write(folder, "pair.yaml", DESCRIPTION(1)); /* trivial: a warning */
    assert_exits(0, GIT "add .", folder);
    assert_exits(1, "export ENTCAP_CHECK='--strict --format github'; " GIT "commit -q -m one",
                 folder);
    assert_printed("::warning file=pair.yaml,line=7");
    assert_exits(0, GIT "commit -q -m one", folder);
}

/* Every command of the workflow that calls entcap, in this repository. */
static void the_commands_of_the_workflow_run(void **state)
{
    (void)state;
    find_entcap();
    assert_exits(0, "grep -c '^ *entcap check' examples/ci/entcap.yml");
    assert_int_equal(strtol(shell_output(), NULL, 10), 2);
    assert_exits(
        0,
        "top=$PWD; out=$(mktemp -d) && ln -s \"$top/models\" \"$out/models\" && cd \"$out\" "
        "&& grep '^ *entcap check' \"$top/examples/ci/entcap.yml\" | "
        "sed \"s,^ *entcap,'%s',\" >commands && sh -e commands >github && "
        "grep -c '\"version\": \"2.1.0\"' entcap.sarif && rm -r \"$out\"",
        entcap);
}

int main(void)
{
#define IN_A_REPOSITORY(test)                                                                      \
    cmocka_unit_test_setup_teardown(test, make_repository, shell_remove_folder)
    const struct CMUnitTest tests[] = {
        IN_A_REPOSITORY(a_good_description_is_committed),
        IN_A_REPOSITORY(a_description_that_fails_is_not),
        IN_A_REPOSITORY(the_staged_version_is_checked),
        IN_A_REPOSITORY(a_commit_without_descriptions_passes),
        IN_A_REPOSITORY(options_reach_the_check),
        cmocka_unit_test(the_commands_of_the_workflow_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
