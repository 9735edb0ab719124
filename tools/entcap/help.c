/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tool.h"

#include <inttypes.h>
#include <string.h>

#define HELP_COLUMN 28
#define HELP_WIDTH  92

/* "  -o, --output FILE"; returns its width. */
static int print_name(const tool_option *option)
{
    int width = option->letter != 0 ? printf("  -%c, --%s", option->letter, option->name)
                                    : printf("      --%s", option->name);

    if (option->argument != NULL)
        width += printf(" %s", option->argument);
    return width;
}

/* Print a 64-bit size as one would write it: 4G, 512M, 1000. */
static int format_bytes(char *out, size_t size, uint64_t bytes)
{
    static const char *const suffix[] = {"", "K", "M", "G", "T"};
    size_t s = 0;

    while (s < 4 && bytes >= 1024 && bytes % 1024 == 0) {
        bytes /= 1024;
        s++;
    }
    return snprintf(out, size, "%" PRIu64 "%s", bytes, suffix[s]);
}

/* What the variable holds before parsing, or "" for nothing worth saying. */
static void format_default(char *out, size_t size, const tool_option *option)
{
    out[0] = '\0';
    switch (option->kind) {
    case TOOL_COUNT:
        snprintf(out, size, "%" PRIu64, *(const uint64_t *)option->value);
        break;
    case TOOL_BYTES:
        format_bytes(out, size, *(const uint64_t *)option->value);
        break;
    case TOOL_REAL:
        snprintf(out, size, "%g", *(const double *)option->value);
        break;
    case TOOL_TEXT:
        if (*(const char *const *)option->value != NULL)
            snprintf(out, size, "%s", *(const char *const *)option->value);
        break;
    case TOOL_CHOICE: {
        const char *word = option->argument;

        for (int i = 0; i < *(const int *)option->value; i++)
            word += strcspn(word, "|") + 1;
        snprintf(out, size, "%.*s", (int)strcspn(word, "|"), word);
        break;
    }
    case TOOL_FLAG:
    case TOOL_LIST:
        break;
    }
}

/* Break a paragraph at blanks; the first line goes on at column `at`, the others start at `indent`.
 */
static void print_wrapped(const char *text, int at, int indent)
{
    while (*text != '\0') {
        int length = (int)strcspn(text, " ");

        if (at > indent && at + 1 + length > HELP_WIDTH) {
            printf("\n%*s", indent, "");
            at = indent;
        }
        at += printf("%s%.*s", at > indent ? " " : "", length, text);
        text += length;
        text += strspn(text, " ");
    }
    putchar('\n');
}

static void print_option(const tool_option *option)
{
    char value[64], text[512];
    int width = print_name(option);

    format_default(value, sizeof value, option);
    snprintf(text, sizeof text, "%s%s%s%s", option->help, value[0] != '\0' ? " (default " : "",
             value, value[0] != '\0' ? ")" : "");
    if (width > HELP_COLUMN - 2) {
        putchar('\n');
        width = 0;
    }
    printf("%*s", HELP_COLUMN - width, "");
    print_wrapped(text, HELP_COLUMN, HELP_COLUMN);
}

void tool_print_help(const tool *t, const tool_usage *usage, const tool_option *rows, size_t n_own,
                     size_t n)
{
    printf("usage: entcap %s [options] %s\n\n%s", t->verb->name, usage->arguments, usage->about);
    if (n_own > 0)
        puts("\nOptions");
    for (size_t i = 0; i < n_own; i++)
        print_option(&rows[i]);
    puts("\nOptions of every verb");
    for (size_t i = n_own; i < n; i++)
        print_option(&rows[i]);
    if (usage->examples != NULL)
        printf("\nExamples\n%s", usage->examples);
}

static int print_overview(const tool *t)
{
    puts("entcap " EC_VERSION
         ": how much entanglement a convolutional arithmetic circuit can carry,\n"
         "proved from its architecture and checked on trained networks.\n"
         "\n"
         "usage: entcap VERB [options] FILE...\n"
         "\n"
         "Verbs");
    for (const tool_verb *verb = tool_verbs; verb->name != NULL; verb++)
        printf("  %-9s %s\n", verb->name, verb->summary);
    puts("\n"
         "Try\n"
         "  entcap help bound               the options of a verb, with examples\n"
         "  entcap help layers              what a description may hold\n"
         "\n"
         "Exit codes: 0 done, the answer is yes or undecided; 1 the answer is no; 2 misuse;\n"
         "3 bad input; 4 a limit or a numerical failure; 5 files or memory; 130 interrupted.");
    return tool_flush(t);
}

/* The tables of the reader: what it takes is what is printed. */
static int print_layers(const tool *t)
{
    const ec_layer_type *type;
    const ec_builtin_type *builtin;

    puts("Layers of a description, each a line of `layers:` such as `- conv: {channels: 16}`");
    for (size_t i = 0; (type = ec_arch_layer_type(i)) != NULL; i++) {
        printf("\n  %-24s", type->name);
        print_wrapped(type->doc, HELP_COLUMN, HELP_COLUMN);
        for (size_t j = 0; j < type->n_params; j++) {
            const ec_layer_param *param = &type->params[j];
            char text[512];

            snprintf(text, sizeof text, "%s%s%s%s", param->doc,
                     param->fallback != NULL ? " (default " : "",
                     param->fallback != NULL ? param->fallback : "",
                     param->fallback != NULL ? ")" : "");
            printf("    %-24s", param->name);
            print_wrapped(text, HELP_COLUMN, HELP_COLUMN);
        }
    }
    puts("\nFeature maps of a pixel x, input: {features: {kind: ..., scale: ...}}, x times the "
         "scale");
    for (size_t i = 1; (builtin = ec_arch_features_type(i)) != NULL; i++) {
        printf("  %-26s", builtin->name);
        print_wrapped(builtin->doc, HELP_COLUMN, HELP_COLUMN);
    }
    puts("\nPartitions that need not be listed");
    for (size_t i = 0; (builtin = ec_arch_builtin_type(i)) != NULL; i++) {
        printf("  %-26s", builtin->name);
        print_wrapped(builtin->doc, HELP_COLUMN, HELP_COLUMN);
    }
    return tool_flush(t);
}

/* A verb explains itself: its own function, asked for help; `second`: a verb below it, or NULL. */
static int print_verb(tool *t, const char *name, const char *second)
{
    char help[] = "--help", *argv[] = {(char *)name, second != NULL ? (char *)second : help,
                                       second != NULL ? help : NULL, NULL};

    t->verb = tool_find_verb(name);
    if (t->verb == NULL)
        return TOOL_USAGE;
    ec_free(t->files);
    t->files = NULL;
    t->argc = second != NULL ? 3 : 2;
    t->argv = argv;
    return t->verb->fn(t);
}

int cmd_help(tool *t)
{
    static const tool_usage usage = {
        .arguments = "[VERB | layers]",
        .max_files = 2, /* data has verbs of its own */
        .about = "Explain the verbs, one verb, or (`entcap help layers`) what a description may "
                 "hold.\n",
    };
    int code = tool_parse(t, &usage, &(tool_option){0});

    if (code != TOOL_GO_ON)
        return code;
    if (t->n_files == 0)
        return print_overview(t);
    if (t->n_files > 1 && strcmp(t->files[0], "data") != 0)
        return tool_misuse(t, "unexpected argument '%s'", t->files[1]);
    if (strcmp(t->files[0], "layers") == 0)
        return print_layers(t);
    return print_verb(t, t->files[0], t->n_files > 1 ? t->files[1] : NULL);
}
