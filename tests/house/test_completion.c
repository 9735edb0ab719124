/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "shell.h"

#include <stdlib.h>
#include <string.h>

/*
 * The completion of bash: its file is sourced, and its function called with the words that readline
 * would set.
 */

static const char *build(void)
{
    const char *folder = getenv("BUILD");

    return folder != NULL ? folder : "build";
}

/* A folder with files of all kinds, and the completion as it is installed. */
static int setup(void **state)
{
    static const char *const files[] = {"net.yaml",  "net.json", "net.yml",   "w.safetensors",
                                        "log.jsonl", "x.npy",    "notes.txt", "deep/y.npy"};

    if (shell_make_folder(state) != 0)
        return -1;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        shell_write(*state, files[i], "");
    return shell("cp %s/completion %s/.completion", build(), (char *)*state)->status;
}

/* What is offered after a line: all of it, a line each. */
static void assert_offers(void **state, const char *line, const char *offers)
{
    assert_exits(0, "here=$PWD; cd %s && $here/tests/house/complete.bash .completion '%s'",
                 (char *)*state, line);
    if (strcmp(shell_output(), offers) != 0) {
        print_error("after '%s' not\n%sbut\n%s", line, offers, shell_output());
        fail();
    }
}

static void verbs_are_offered_first(void **state)
{
    assert_offers(state, "entcap bou", "bound\n");
    assert_offers(state, "entcap he", "help\n");
    assert_offers(state, "entcap --v", "--version\n");
    assert_offers(state, "entcap data ", "entropy\nfit\nrearrange\n");
    assert_offers(state, "entcap data re", "rearrange\n");
    assert_offers(state, "entcap frobnicate ", "");
}

/* The list of the program is the list of the completion. */
static void every_verb_is_offered(void **state)
{
    assert_exits(0,
                 "here=$PWD; cd %s && { $here/%s/entcap help --format list | grep -v ' \\|layers'; "
                 "echo --help; echo --version; } | LC_ALL=C sort >verbs\n"
                 "$here/tests/house/complete.bash .completion 'entcap ' | diff - verbs",
                 (char *)*state, build());
}

/* Every option that the help of a verb names is offered, and nothing else. */
static void every_option_of_every_verb_is_offered(void **state)
{
    assert_exits(
        0,
        "here=$PWD; cd %s && $here/%s/entcap help --format list | grep -v 'layers\\|^data$' |"
        "while read -r verb; do\n"
        "$here/%s/entcap help $verb | sed '/^Examples/q' |"
        "grep -oE '^  (-[a-zA-Z], |    )--[a-z0-9-]+' |"
        "grep -oE -- '--.*' | LC_ALL=C sort >all\n"
        "$here/tests/house/complete.bash .completion \"entcap $verb --\" | diff - all ||"
        "{ echo \"$verb\"; exit 1; }; done",
        (char *)*state, build(), build());
}

static void options_are_completed(void **state)
{
    assert_offers(state, "entcap bound --exact", "--exact\n--exact-limit\n--exact-seconds\n");
    assert_offers(state, "entcap data fit --le", "--levels\n");
    assert_offers(state, "entcap bound net.yaml --cert", "--certificate\n");
}

static void words_of_a_choice_are_offered(void **state)
{
    assert_offers(state, "entcap bound --method ", "auto\nigraph\ntree\n");
    assert_offers(state, "entcap bound --method ig", "igraph\n");
    assert_offers(state, "entcap bound --method=", "auto\nigraph\ntree\n");
    assert_offers(state, "entcap bound --method=t", "tree\n");
    assert_offers(state, "entcap data entropy --mode ", "1d\n2d\n");
    assert_offers(state, "entcap design --minimize ", "madds\nparams\n");
}

static void descriptions_and_folders_are_arguments(void **state)
{
    assert_offers(state, "entcap bound ", "deep\nnet.json\nnet.yaml\nnet.yml\n");
    assert_offers(state, "entcap bound net.yaml net.j", "net.json\n");
    assert_offers(state, "entcap bound --exact net.y", "net.yaml\nnet.yml\n");
    assert_offers(state, "entcap data entropy ", "");
}

static void files_of_an_option_are_those_of_its_ending(void **state)
{
    assert_offers(state, "entcap verify net.yaml --weights ", "deep\nw.safetensors\n");
    assert_offers(state, "entcap verify net.yaml -w ", "deep\nw.safetensors\n");
    assert_offers(state, "entcap verify net.yaml --weights=w", "w.safetensors\n");
    assert_offers(state, "entcap data rearrange --perm ", "deep\nx.npy\n");
    assert_offers(state, "entcap data entropy --x deep/", "deep/y.npy\n");
}

static void data_sets_are_names_or_files(void **state)
{
    assert_offers(state, "entcap train net.yaml --data ", "fashion-mnist\nidx:\nmnist\nnpy:\n");
    assert_offers(state, "entcap train net.yaml -d fa", "fashion-mnist\n");
    assert_offers(state, "entcap train net.yaml --data npy:", "deep\nx.npy\n");
    assert_offers(state, "entcap train net.yaml --data npy:x.npy,de", "x.npy,deep\n");
    assert_offers(state, "entcap train net.yaml --data idx:no", "notes.txt\n");
}

static void built_in_partitions_are_offered(void **state)
{
    assert_offers(
        state, "entcap bound net.yaml --partition ",
        "block:\ncanonical\ncolumns\ninterleaved\nleft-right\nrows\nscale:\ntop-bottom\n");
    assert_offers(state, "entcap bound --partition=le", "left-right\n");
    assert_offers(state, "entcap verify --claim le", "left-right=\n");
}

static void partitions_that_a_description_lists_are_offered(void **state)
{
    shell_write(*state, "net.yaml",
                "partitions:\n  - rows\n  - {name: corner-1, a: \"0-3\"}\n"
                "  - {name: \"$(touch bad)\", a: \"0\"}\n");
    assert_offers(state, "entcap bound net.yaml --partition corn", "corner-1\n");
    assert_offers(state, "entcap bound net.yaml --partition=c", "canonical\ncolumns\ncorner-1\n");
    assert_exits(1, "test -e %s/bad", (char *)*state);
}

static void widths_and_budgets_are_begun(void **state)
{
    assert_offers(state, "entcap bound --set i", "input=\n");
    assert_offers(state, "entcap design --budget ", "madds=\nmemory=\nparams=\n");
    assert_offers(state, "entcap design --range M", "M=\n");
}

static void codes_of_findings_are_offered(void **state)
{
    assert_offers(state, "entcap explain EC001", "EC001\n");
    assert_offers(state, "entcap check --disable EC002", "EC002\n");
    assert_offers(state, "entcap check --severity EC003", "EC003=\n");
}

static void help_takes_a_topic(void **state)
{
    assert_offers(state, "entcap help la", "layers\n");
    assert_offers(state, "entcap help da", "data\n");
    assert_offers(state, "entcap help data f", "fit\n");
    assert_offers(state, "entcap help --format m", "man\n");
    assert_offers(state, "entcap help bound --fo", "--format\n");
}

/* A name with a blank is one word, and what is in it is not carried out. */
static void hostile_file_names_are_offered_as_they_are(void **state)
{
    assert_exits(0, "cd %s && touch 'a b$(touch bad)`touch bad`'\\''.yaml'", (char *)*state);
    assert_offers(state, "entcap bound a", "a b$(touch bad)`touch bad`'.yaml\n");
    assert_exits(1, "test -e %s/bad", (char *)*state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(verbs_are_offered_first),
        cmocka_unit_test(every_verb_is_offered),
        cmocka_unit_test(every_option_of_every_verb_is_offered),
        cmocka_unit_test(options_are_completed),
        cmocka_unit_test(words_of_a_choice_are_offered),
        cmocka_unit_test(descriptions_and_folders_are_arguments),
        cmocka_unit_test(files_of_an_option_are_those_of_its_ending),
        cmocka_unit_test(data_sets_are_names_or_files),
        cmocka_unit_test(built_in_partitions_are_offered),
        cmocka_unit_test(partitions_that_a_description_lists_are_offered),
        cmocka_unit_test(widths_and_budgets_are_begun),
        cmocka_unit_test(codes_of_findings_are_offered),
        cmocka_unit_test(help_takes_a_topic),
        cmocka_unit_test(hostile_file_names_are_offered_as_they_are),
    };

    return cmocka_run_group_tests(tests, setup, shell_remove_folder);
}
