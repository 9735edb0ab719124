/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "explain.h"

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

void explain_default(char *out, size_t size, const tool_option *option)
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
    case TOOL_SPEC:
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

    explain_default(value, sizeof value, option);
    snprintf(text, sizeof text, "%s%s%s%s", option->help, value[0] != '\0' ? " (default " : "",
             value, value[0] != '\0' ? ")" : "");
    if (width > HELP_COLUMN - 2) {
        putchar('\n');
        width = 0;
    }
    printf("%*s", HELP_COLUMN - width, "");
    print_wrapped(text, HELP_COLUMN, HELP_COLUMN);
}

static size_t verb_width(const tool_verb *verbs)
{
    size_t width = 0;

    for (const tool_verb *verb = verbs; verb->name != NULL; verb++)
        width = strlen(verb->name) > width ? strlen(verb->name) : width;
    return width;
}

void explain_text(const tool *t, const tool_usage *usage, const tool_option *rows, size_t n_own,
                  size_t n)
{
    const tool_verb *below = t->verb->below;

    if (below != NULL)
        printf("usage: entcap %s VERB [options]\n\n%s\nVerbs\n", t->verb->name, usage->about);
    else
        printf("usage: entcap %s [options]%s%s\n\n%s", t->verb->name,
               usage->arguments[0] != '\0' ? " " : "", usage->arguments, usage->about);
    for (const tool_verb *verb = below; below != NULL && verb->name != NULL; verb++)
        printf("  %-*s  %s\n", (int)verb_width(below), verb->name, verb->summary);
    if (n_own > 0)
        puts("\nOptions");
    for (size_t i = 0; i < n_own; i++)
        print_option(&rows[i]);
    if (n > n_own)
        puts("\nOptions of every verb");
    for (size_t i = n_own; i < n; i++)
        print_option(&rows[i]);
    if (usage->examples != NULL)
        printf("\nExamples\n%s", usage->examples);
}

void explain_fallback(char *out, size_t size, const ec_layer_param *param)
{
    out[0] = '\0';
    if (param->fallback != NULL)
        snprintf(out, size, " (default %s)", param->fallback);
}

/* "  NAME ... what it is", the name indented by `indent`. */
static void print_item(int indent, const char *name, const char *doc)
{
    printf("%*s%-*s", indent, "", HELP_COLUMN - indent, name);
    print_wrapped(doc, HELP_COLUMN, HELP_COLUMN);
}

/* The tables of the reader: what it takes is what is printed. */
void explain_layers_text(void)
{
    const ec_layer_type *type;
    const ec_builtin_type *builtin;

    puts("Layers of a description, each a line of `layers:` such as `- conv: {channels: 16}`");
    for (size_t i = 0; (type = ec_arch_layer_type(i)) != NULL; i++) {
        putchar('\n');
        print_item(2, type->name, type->doc);
        for (size_t j = 0; j < type->n_params; j++) {
            char fallback[64], text[512];

            explain_fallback(fallback, sizeof fallback, &type->params[j]);
            snprintf(text, sizeof text, "%s%s", type->params[j].doc, fallback);
            print_item(4, type->params[j].name, text);
        }
    }
    puts("\nFeature maps of a pixel x, input: {features: {kind: ..., scale: ...}}, x times the "
         "scale");
    for (size_t i = 1; (builtin = ec_arch_features_type(i)) != NULL; i++)
        print_item(2, builtin->name, builtin->doc);
    puts("\nPartitions that need not be listed");
    for (size_t i = 0; (builtin = ec_arch_builtin_type(i)) != NULL; i++)
        print_item(2, builtin->name, builtin->doc);
}
