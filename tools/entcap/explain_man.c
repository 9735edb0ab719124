/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "explain.h"

#include <ctype.h>
#include <string.h>

/*
 * Manual pages. Every text goes through put(), so that none of it can be a request of roff; a
 * hyphen is always \-, for what a page says must be found, and typed, as it stands there.
 */

static void put_char(char c)
{
    static const char special[] = "\\-'`^~\"";
    static const char *const as[] = {"\\e", "\\-", "\\(aq", "\\(ga", "\\(ha", "\\(ti", "\\(dq"};
    const char *found = c != '\0' ? strchr(special, c) : NULL;

    if (found != NULL)
        fputs(as[found - special], stdout);
    else
        putchar(c);
}

/* n bytes of a text; at the start of a line a full stop would begin a request. */
static void put_some(const char *text, size_t from, size_t n)
{
    for (size_t i = from; i < from + n; i++) {
        if (text[i] == '.' && (i == 0 || text[i - 1] == '\n'))
            fputs("\\&", stdout);
        put_char(text[i]);
    }
}

static void put(const char *text)
{
    put_some(text, 0, strlen(text));
}

/* Length of the option that begins here, "--exact" or "-o"; 0 if none does. */
static size_t option_here(const char *text, bool at_start)
{
    size_t n = 2;

    if (!at_start || text[0] != '-' ||
        !(text[1] == '-' ? isalpha((unsigned char)text[2]) : isalpha((unsigned char)text[1])))
        return 0;
    while (isalnum((unsigned char)text[n]) ||
           (text[n] == '-' && isalnum((unsigned char)text[n + 1])))
        n++;
    return n;
}

/* Prose: options are bold. */
static void put_prose(const char *text)
{
    for (size_t i = 0, n; text[i] != '\0'; i += n) {
        n = option_here(text + i, i == 0 || strchr(" \n(['", text[i - 1]) != NULL);
        if (n > 0)
            fputs("\\fB", stdout);
        put_some(text, i, n > 0 ? n : 1);
        if (n > 0)
            fputs("\\fR", stdout);
        n = n > 0 ? n : 1;
    }
}

/* What is typed: what stands for something else, in capitals, is italic, options are bold. */
static void put_usage(const char *text)
{
    for (size_t i = 0, n; text[i] != '\0'; i += n) {
        const char *font = "\\fI";

        n = strspn(text + i, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_");
        if (n == 0) {
            n = option_here(text + i, i == 0 || strchr(" [", text[i - 1]) != NULL);
            font = "\\fB";
        }
        if (n > 0)
            fputs(font, stdout);
        put_some(text, i, n > 0 ? n : 1);
        if (n > 0)
            fputs("\\fR", stdout);
        n = n > 0 ? n : 1;
    }
}

/* "entcap-data-entropy" of "data entropy" */
static void put_page(const char *verb)
{
    fputs("entcap\\-", stdout);
    for (; *verb != '\0'; verb++)
        put_char((char)(*verb == ' ' ? '-' : *verb));
}

/* Lines that stay as they are. */
static void put_lines(const char *text, size_t n)
{
    puts(".EX");
    put_some(text, 0, n);
    puts(".EE");
}

/* Paragraphs: an empty line parts them, and lines that begin with a blank stay lines. */
static void put_paragraphs(const char *text)
{
    while (*text != '\0') {
        size_t n = strcspn(text, "\n") + 1;

        if (text[0] == '\n') {
            puts(".PP");
        } else if (text[0] == ' ') {
            while (text[n] == ' ')
                n += strcspn(text + n, "\n") + 1;
            put_lines(text, n);
        } else {
            char line[512];

            snprintf(line, sizeof line, "%.*s", (int)n, text);
            put_prose(line);
        }
        text += n;
    }
}

static void put_title(const char *page, const char *section, const char *manual)
{
    fputs(".\\\" made from the tables that parse, by entcap help --format man\n.TH \"", stdout);
    for (; *page != '\0'; page++)
        put_char((char)toupper((unsigned char)(*page == ' ' ? '-' : *page)));
    printf("\" \"%s\" \"\" \"entcap %s\" \"%s\"\n.nh\n.ad l\n.SH NAME\n", section, EC_VERSION,
           manual);
}

/* ------------------------------------------------------------------ options */

static void put_option(const tool *t, const tool_option *option)
{
    char value[64] = "one for each processor"; /* the default of --threads is this machine's */

    puts(".TP");
    if (option->letter != 0)
        printf("\\fB\\-%c\\fR, ", option->letter);
    fputs("\\fB\\-\\-", stdout);
    put(option->name);
    fputs("\\fR", stdout);
    if (option->argument != NULL) {
        putchar(' ');
        if (option->kind == TOOL_CHOICE)
            put(option->argument);
        else
            put_usage(option->argument);
    }
    putchar('\n');
    put_prose(option->help);
    if (option->value != &t->threads)
        explain_default(value, sizeof value, option);
    if (value[0] != '\0') {
        fputs(" (default ", stdout);
        put(value);
        putchar(')');
    }
    putchar('\n');
}

static void put_options(const tool *t, const tool_usage *usage, const tool_option *rows,
                        size_t n_own, size_t n)
{
    (void)usage;
    if (n > 0)
        puts(".SH OPTIONS");
    for (size_t i = 0; i < n_own; i++)
        put_option(t, &rows[i]);
    if (n > n_own)
        puts(".PP\nThose of every verb, explained in\n.BR entcap (1):");
    for (size_t i = n_own; i < n; i++) {
        fputs("\\fB\\-\\-", stdout);
        put(rows[i].name);
        puts(i + 1 < n ? "\\fR," : "\\fR.");
    }
}

/* ---------------------------------------------------------------- the pages */

static void put_heading(const char *text)
{
    fputs(".SS ", stdout);
    put(text);
    putchar('\n');
}

static void put_verb_item(const tool_verb *verb)
{
    puts(".TP");
    fputs("\\fB", stdout);
    put_page(verb->name);
    puts("\\fR(1)");
    put_prose(verb->summary);
    putchar('\n');
}

static void put_examples(const char *examples)
{
    if (examples == NULL)
        return;
    puts(".SH EXAMPLES");
    put_lines(examples, strlen(examples));
}

static void put_see_also(const tool_verb *verb)
{
    const char *blank = strchr(verb->name, ' ');

    puts(".SH SEE ALSO");
    if (blank != NULL)
        printf(".BR entcap\\-%.*s (1),\n", (int)(blank - verb->name), verb->name);
    puts(".BR entcap (1),\n.BR entcap\\-layers (5)");
}

void explain_man(const tool *t, const tool_usage *usage, const tool_option *rows, size_t n_own,
                 size_t n)
{
    const tool_verb *below = t->verb->below;
    char page[80];

    snprintf(page, sizeof page, "entcap %s", t->verb->name);
    put_title(page, "1", "User Commands");
    put_page(t->verb->name);
    fputs(" \\- ", stdout);
    put(t->verb->summary);
    fputs("\n.SH SYNOPSIS\n\\fB", stdout);
    put(page);
    fputs("\\fR ", stdout);
    put_usage(below != NULL ? "VERB " : "");
    fputs("[\\fIoptions\\fR] ", stdout);
    put_usage(below != NULL ? "" : usage->arguments);
    puts("\n.SH DESCRIPTION");
    put_paragraphs(usage->about);
    if (below != NULL)
        puts(".SH VERBS");
    for (const tool_verb *verb = below; below != NULL && verb->name != NULL; verb++)
        put_verb_item(verb);
    put_options(t, usage, rows, n_own, n);
    put_examples(usage->examples);
    put_see_also(t->verb);
}

static void put_table(const char *heading, const char *const (*rows)[2])
{
    printf(".SH %s\n", heading);
    for (; (*rows)[0] != NULL; rows++) {
        fputs(".TP\n\\fB", stdout);
        put((*rows)[0]);
        puts("\\fR");
        put_prose((*rows)[1]);
        putchar('\n');
    }
}

/* What every verb has in common, besides its options. */
static void put_common(void)
{
    static const char *const exit_status[][2] = {
        {"0", "Done, and the answer is yes, or undecided, with a warning."},
        {"1",
         "The answer is no: a bound does not hold, a requirement is not met; with --strict also "
         "undecided."},
        {"2", "Misuse: a verb, an option or a value that is not known."},
        {"3", "Bad input, reported as FILE:LINE:COL: error: what, and what would be right."},
        {"4",
         "A limit, or a numerical failure; work that is too large is refused before it starts."},
        {"5", "Files or memory."},
        {"130", "Interrupted by Ctrl-C; nothing is half-written."},
        {NULL, NULL},
    };
    static const char *const environment[][2] = {
        {"NO_COLOR",
         "If it is set and not empty, nothing is coloured. Otherwise terminals get colour, "
         "files and pipes never."},
        {"PATH",
         "Where gnuplot is looked for, which makes the charts of reports, and entcap-draw, if "
         "it is not beside entcap."},
        {NULL, NULL},
    };

    put_table("EXIT STATUS", exit_status);
    put_table("ENVIRONMENT", environment);
}

void explain_man_overview(const tool *t, const tool_usage *usage, const tool_option *rows,
                          size_t n_own, size_t n)
{
    const char *group = "";

    (void)usage;
    put_title("entcap", "1", "User Commands");
    puts(
        "entcap \\- bound, measure and design the entanglement of ConvACs\n"
        ".SH SYNOPSIS\n"
        "\\fBentcap\\fR \\fIVERB\\fR [\\fIoptions\\fR] \\fIFILE\\fR...\n"
        ".SH DESCRIPTION\n"
        "How much entanglement a convolutional arithmetic circuit (ConvAC), or any tensor "
        "network,\n"
        "can carry between two groups of its inputs: proved from its architecture, and checked on\n"
        "trained networks.\n"
        "Results go to standard output, everything else to standard error.\n"
        ".SH VERBS");
    for (const tool_verb *verb = tool_verbs; verb->name != NULL; verb++) {
        if (strcmp(verb->group, group) != 0)
            put_heading(verb->group);
        group = verb->group;
        put_verb_item(verb);
    }
    puts(".SH OPTIONS\nThese are options of every verb.");
    for (size_t i = n_own; i < n; i++)
        put_option(t, &rows[i]);
    put_common();
    puts(".SH SEE ALSO\n.BR entcap\\-layers (5)");
}

/* ------------------------------------------------------------ entcap-layers */

static void put_item(const char *name, const char *doc, const char *after)
{
    fputs(".TP\n\\fB", stdout);
    put(name);
    puts("\\fR");
    put_prose(doc);
    put(after);
    putchar('\n');
}

static void put_layers_start(void)
{
    static const char example[] = "name: fashion-convac\n"
                                  "input:\n"
                                  "  shape: [32, 32]          # sites: [n] or [height, width]\n"
                                  "  channels: 10             # length of each site's vector\n"
                                  "layers:                    # until one position is left\n"
                                  "  - conv: {channels: 16}\n"
                                  "  - pool: {window: [32, 32]}\n"
                                  "  - dense: {outputs: 10}\n"
                                  "partitions:\n"
                                  "  - left-right\n"
                                  "  - {name: corner, a: \"0-3,8\"}   # side A: sites, row-major\n"
                                  "requirements:\n"
                                  "  - {partition: left-right, min_rank: 16}\n";
    static const char network[] = "name: bridge\n"
                                  "network:\n"
                                  "  indices: {a: 4, b: 11, w: 3, c: 4, d: 11}\n"
                                  "  tensors: {T: [a, b, w], U: [c, d, w]}\n"
                                  "  open: [a, b, c, d]       # the sites\n"
                                  "partitions: [{name: across, a: \"0,3\"}]\n";

    put_title("entcap layers", "5", "File Formats");
    puts("entcap\\-layers \\- descriptions of networks, and the layers that they may have\n"
         ".SH DESCRIPTION\nA description is a document in YAML or JSON:");
    put_lines(example, sizeof example - 1);
    puts(".PP\nor, instead of input and layers, any tensor network:");
    put_lines(network, sizeof network - 1);
}

void explain_layers_man(void)
{
    const ec_layer_type *type;
    const ec_builtin_type *builtin;
    char fallback[64];

    put_layers_start();
    puts(".SH LAYERS");
    for (size_t i = 0; (type = ec_arch_layer_type(i)) != NULL; i++) {
        put_heading(type->name);
        put_prose(type->doc);
        putchar('\n');
        for (size_t j = 0; j < type->n_params; j++) {
            explain_fallback(fallback, sizeof fallback, &type->params[j]);
            put_item(type->params[j].name, type->params[j].doc, fallback);
        }
    }
    puts(".SH FEATURE MAPS\nOf a pixel x, as in");
    put_lines("input: {features: {kind: ..., scale: ...}}\n", 43);
    puts(".PP\nx is multiplied by the scale first.");
    for (size_t i = 1; (builtin = ec_arch_features_type(i)) != NULL; i++)
        put_item(builtin->name, builtin->doc, "");
    puts(".SH PARTITIONS\nThese need not be listed.");
    for (size_t i = 0; (builtin = ec_arch_builtin_type(i)) != NULL; i++)
        put_item(builtin->name, builtin->doc, "");
    puts(".SH SEE ALSO\n.BR entcap (1)");
}
