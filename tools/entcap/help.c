/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "explain.h"

#include <string.h>

#define LAYERS "layers" /* a topic that is no verb */

/* In which form a topic is explained; the words of --format. */
enum { FORMAT_TEXT, FORMAT_MAN, FORMAT_BASH, FORMAT_LIST };

static const tool_usage usage = {
    .arguments = "[VERB [VERB] | " LAYERS "]",
    .max_files = 2, /* data has verbs of its own */
    .about =
        "Explain the verbs, one verb, or (`entcap help layers`) what a description may hold.\n"
        "--format man prints the manual page instead; bash prints, for all verbs, the tables that\n"
        "the completion of bash reads; list prints all topics, a line each.\n",
    .examples = "  entcap help bound\n"
                "  entcap help data entropy\n"
                "  entcap help layers\n"
                "  entcap help --format man verify | man -l -\n",
};

static void print_overview(void)
{
    const char *group = "";

    puts("entcap " EC_VERSION
         ": how much entanglement a convolutional arithmetic circuit can carry,\n"
         "proved from its architecture and checked on trained networks.\n"
         "\n"
         "usage: entcap VERB [options] FILE...");
    for (const tool_verb *verb = tool_verbs; verb->name != NULL; verb++) {
        if (strcmp(verb->group, group) != 0)
            printf("\n%s\n", verb->group);
        group = verb->group;
        printf("  %-9s %s\n", verb->name, verb->summary);
    }
    puts("\n"
         "Try\n"
         "  entcap help bound               the options of a verb, with examples\n"
         "  entcap help layers              what a description may hold\n"
         "\n"
         "Exit codes: 0 done, the answer is yes or undecided; 1 the answer is no; 2 misuse;\n"
         "3 bad input; 4 a limit or a numerical failure; 5 files or memory; 130 interrupted.");
}

/* All topics, as they are typed after `entcap help`. */
static void print_list(void)
{
    for (const tool_verb *verb = tool_verbs; verb->name != NULL; verb++) {
        puts(verb->name);
        for (const tool_verb *low = verb->below; low != NULL && low->name != NULL; low++)
            puts(low->name);
    }
    puts(LAYERS);
}

/* A verb explains itself: its own function, asked for help; `second`: a verb below it, or NULL. */
static int explain_verb(tool *t, const tool_verb *verb, const char *second)
{
    char help[] = "--help", *argv[] = {(char *)verb->name, second != NULL ? (char *)second : help,
                                       second != NULL ? help : NULL, NULL};

    ec_free(t->files);
    t->files = NULL;
    t->verb = verb;
    t->argc = second != NULL ? 3 : 2;
    t->argv = argv;
    return verb->fn(t);
}

/* The tables of every verb, as bash reads them. */
static int print_bash(tool *t)
{
    int code = TOOL_YES;

    explain_bash_names();
    t->explain = explain_bash;
    for (const tool_verb *verb = tool_verbs; code == TOOL_YES && verb->name != NULL; verb++) {
        code = explain_verb(t, verb, NULL);
        for (const tool_verb *low = verb->below;
             code == TOOL_YES && low != NULL && low->name != NULL; low++)
            code = explain_verb(t, verb, strchr(low->name, ' ') + 1);
    }
    return code;
}

/* Everything at once, or what has no table of options. */
static int explain_overview(tool *t, int format)
{
    const tool_verb *self = t->verb;

    if (format == FORMAT_BASH)
        return print_bash(t);
    if (format == FORMAT_MAN) {
        t->explain = explain_man_overview;
        return explain_verb(t, self, NULL);
    }
    if (format == FORMAT_LIST)
        print_list();
    else
        print_overview();
    return tool_flush(t);
}

/* The verb of that name; NULL after an error message. */
static const tool_verb *find_topic(const tool *t, const char *name)
{
    ec_nearest near = {.word = name};

    for (const tool_verb *verb = tool_verbs; verb->name != NULL; verb++)
        ec_nearest_offer(&near, verb->name);
    ec_nearest_offer(&near, LAYERS);
    if (near.best == NULL || strcmp(near.best, LAYERS) != 0)
        return tool_find_verb(name);
    tool_misuse(t, "unknown topic '%.80s'; did you mean '" LAYERS "'?", name);
    return NULL;
}

static int explain_topic(tool *t, int format, const char *name, const char *second)
{
    if (strcmp(name, LAYERS) == 0 && second == NULL) {
        (format == FORMAT_MAN ? explain_layers_man : explain_layers_text)();
        return tool_flush(t);
    }

    const tool_verb *verb = find_topic(t, name);
    if (verb == NULL)
        return TOOL_USAGE;
    if (second != NULL && verb->below == NULL)
        return tool_misuse(t, "unexpected argument '%s'", second);
    t->explain = format == FORMAT_MAN ? explain_man : explain_text;
    return explain_verb(t, verb, second);
}

int cmd_help(tool *t)
{
    int format = FORMAT_TEXT;
    const tool_option options[] = {
        {"format",
         0,
         TOOL_CHOICE,
         &format,
         "text|man|bash|list",
         "text to read, a manual page, tables for the completion of bash, or the topics",
         {0, 0}},
        {0},
    };
    int code = tool_parse(t, &usage, options);

    if (code != TOOL_GO_ON)
        return code;
    if (t->n_files == 0)
        return explain_overview(t, format);
    if (format == FORMAT_BASH || format == FORMAT_LIST)
        return tool_misuse(t, "--format %s is of all verbs, not of one",
                           format == FORMAT_BASH ? "bash" : "list");
    return explain_topic(t, format, t->files[0], t->n_files > 1 ? t->files[1] : NULL);
}
