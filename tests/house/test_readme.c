/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "shell.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the documents promise is there: commands run, links lead somewhere. */

static void every_command_of_the_readme_runs(void **state)
{
    const char *build = getenv("BUILD");
    char commands[4096];

    (void)state;
    assert_exits(0, "grep '^build/entcap' README.md | sed 's,build/,%s/,g; s,#.*,,'",
                 build != NULL ? build : "build");
    snprintf(commands, sizeof commands, "%s", shell_output());

    size_t n_commands = 0;
    for (char *rest, *line = strtok_r(commands, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        print_message("%s\n", line);
        assert_exits(0, "%s", line);
        n_commands++;
    }
    assert_true(n_commands >= 5);
}

static void every_link_of_the_documents_leads_somewhere(void **state)
{
    (void)state;
    assert_exits(0, "grep -ohE '\\]\\([^)#]+' *.md | sed 's,^](,,' | grep -v '^https*:' | sort -u |"
                    "while read -r f; do [ -e \"$f\" ] || { echo \"$f\"; exit 1; }; done");
}

static void every_file_named_in_the_documents_exists(void **state)
{
    (void)state;
    assert_exits(0,
                 "grep -ohE '`(src|tools|tests|models|examples|include)/[a-zA-Z0-9_./-]+`' *.md |"
                 "tr -d '`' | sort -u |"
                 "while read -r f; do [ -e \"$f\" ] || { echo \"$f\"; exit 1; }; done");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_command_of_the_readme_runs),
        cmocka_unit_test(every_link_of_the_documents_leads_somewhere),
        cmocka_unit_test(every_file_named_in_the_documents_exists),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
