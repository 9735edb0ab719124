/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tool.h"

#include <stdio.h>
#include <string.h>

/* `entcap --help` is spelt as an option where a verb stands. */
static const char *verb_of(const char *word)
{
    if (strcmp(word, "-h") == 0 || strcmp(word, "--help") == 0)
        return "help";
    return word;
}

int main(int argc, char **argv)
{
    tool t = {.run = EC_RUN_INIT};

    if (argc < 2) {
        fputs("usage: entcap VERB [options] FILE...\nTry 'entcap help'.\n", stderr);
        return TOOL_USAGE;
    }
    if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
        puts("entcap " EC_VERSION);
        return tool_flush(&t);
    }
    const tool_verb *verb = tool_find_verb(verb_of(argv[1]));
    if (verb == NULL)
        return TOOL_USAGE;
    tool_start(&t);
    return tool_run(&t, verb, argc - 1, argv + 1);
}
