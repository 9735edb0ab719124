/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "explain.h"

#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MAX_OPTIONS 64
#define FIRST_LONG  256 /* getopt's value of table row i is FIRST_LONG + i */

/* The verb's table and the shared one, with what getopt_long wants to know of them. */
typedef struct parser {
    tool *t;
    tool_option row[MAX_OPTIONS];
    size_t n, n_own; /* the verb's own rows come first */
    struct option long_option[MAX_OPTIONS + 1];
    char letters[2 * MAX_OPTIONS + 2];
    size_t n_letters;
    bool help, version;
} parser;

static void add_row(parser *p, const tool_option *option)
{
    if (p->n == MAX_OPTIONS)
        return;

    size_t i = p->n++;
    bool takes = option->kind != TOOL_FLAG;

    p->row[i] = *option;
    p->long_option[i] = (struct option){option->name, takes ? required_argument : no_argument, NULL,
                                        FIRST_LONG + (int)i};
    if (option->letter != 0) {
        p->letters[p->n_letters++] = option->letter;
        if (takes)
            p->letters[p->n_letters++] = ':';
    }
}

static bool has_own(const parser *p, const char *name)
{
    for (size_t i = 0; i < p->n_own; i++)
        if (strcmp(p->row[i].name, name) == 0)
            return true;
    return false;
}

static void add_shared(parser *p)
{
    tool *t = p->t;
    const tool_option shared[] = {
        {"partition",
         0,
         TOOL_LIST,
         &t->partitions,
         "P",
         "a partition by its name (left-right, block:2:1) or sites (\"0-3,8\") instead of the "
         "description's; may be repeated",
         {0, 0}},
        {"set",
         0,
         TOOL_LIST,
         &t->sets,
         "NAME=N",
         "override a width: r0=16, or M=8 (also input=8), the channels of a site; may be repeated",
         {0, 0}},
        {"json", 0, TOOL_FLAG, &t->json, NULL, "print JSON", {0, 0}},
        {"quiet", 'q', TOOL_FLAG, &t->quiet, NULL, "no progress, no warnings", {0, 0}},
        {"seed", 0, TOOL_COUNT, &t->run.seed, "N", "of all random choices", {0, 0}},
        {"threads", 0, TOOL_COUNT, &t->threads, "N", "worker threads", {1, 1024}},
        {"memory",
         0,
         TOOL_BYTES,
         &t->run.memory_bytes,
         "BYTES",
         "refuse work estimated above it; suffixes K, M, G, T",
         {1, 0x1p62}},
        {"timings", 0, TOOL_FLAG, &t->timings, NULL, "print how long each phase took", {0, 0}},
        {"help", 'h', TOOL_FLAG, &p->help, NULL, "print this text", {0, 0}},
        {"version", 'V', TOOL_FLAG, &p->version, NULL, "print the version", {0, 0}},
    };

    for (size_t i = 0; i < sizeof shared / sizeof *shared; i++) {
        if (!has_own(p, shared[i].name)) /* a verb may give an option a wider meaning */
            add_row(p, &shared[i]);
    }
}

/* Number of the word in the list "auto|igraph|tree", or -1. */
static int find_choice(const char *list, const char *word)
{
    size_t length = strlen(word);

    for (int i = 0;; i++) {
        size_t n = strcspn(list, "|");

        if (n == length && memcmp(list, word, n) == 0)
            return i;
        if (list[n] == '\0')
            return -1;
        list += n + 1;
    }
}

bool tool_count(uint64_t *out, const char *text, bool bytes)
{
    static const char suffixes[] = "KMGT";
    char *end = NULL;
    uint64_t scale = 1;

    if (text[0] < '0' || text[0] > '9')
        return false;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (bytes && *end != '\0') {
        const char *suffix = strchr(suffixes, *end >= 'a' ? *end - 'a' + 'A' : *end);

        if (suffix == NULL)
            return false;
        scale = (uint64_t)1 << (10 * (suffix - suffixes + 1));
        end++;
        if (*end == 'i')
            end++;
        if (*end == 'B')
            end++;
    }
    if (errno != 0 || *end != '\0' || value > UINT64_MAX / scale)
        return false;
    *out = value * scale;
    return true;
}

static bool in_range(const tool_option *option, double x)
{
    if (option->range.min == 0 && option->range.max == 0)
        return true;
    return x >= option->range.min && x <= option->range.max;
}

static int bad_value(const parser *p, const tool_option *option, const char *text)
{
    const char *kind = option->kind == TOOL_REAL    ? "a number"
                       : option->kind == TOOL_BYTES ? "a size such as 512M or 4G"
                                                    : "a whole number";

    if (option->kind == TOOL_CHOICE)
        return tool_misuse(p->t, "--%s: '%s' is none of %s", option->name, text, option->argument);
    if (option->kind == TOOL_BYTES || (option->range.min == 0 && option->range.max == 0))
        return tool_misuse(p->t, "--%s: '%s' is not %s", option->name, text, kind);
    return tool_misuse(p->t, "--%s: '%s' is not %s within %.10g .. %.10g", option->name, text, kind,
                       option->range.min, option->range.max);
}

static int add_to_list(tool *t, tool_list *list, const char *text)
{
    ec_error err = {0};
    const char **items = ec_realloc(list->items, list->n + 1, sizeof *items, &err);

    if (items == NULL)
        return tool_fail(t, NULL, &err);
    list->items = items;
    list->items[list->n++] = text;
    return TOOL_GO_ON;
}

static bool set_number(const tool_option *option, const char *text)
{
    if (option->kind == TOOL_REAL) {
        char *end = NULL;
        double value = strtod(text, &end);

        if (end == text || *end != '\0' || !isfinite(value) || !in_range(option, value))
            return false;
        *(double *)option->value = value;
        return true;
    }

    uint64_t value = 0;
    if (!tool_count(&value, text, option->kind == TOOL_BYTES) || !in_range(option, (double)value))
        return false;
    *(uint64_t *)option->value = value;
    return true;
}

static int set_value(const parser *p, const tool_option *option, const char *text)
{
    ec_error err = {0};

    switch (option->kind) {
    case TOOL_FLAG:
        *(bool *)option->value = true;
        return TOOL_GO_ON;
    case TOOL_SPEC:
        if (ec_data_check_spec(text, &err) != EC_OK)
            /* "data 'foo': must be ...", of the option instead */
            return tool_misuse(p->t, "--%s%s", option->name, err.msg + strcspn(err.msg, " "));
        *(const char **)option->value = text;
        return TOOL_GO_ON;
    case TOOL_TEXT:
        *(const char **)option->value = text;
        return TOOL_GO_ON;
    case TOOL_LIST:
        return add_to_list(p->t, option->value, text);
    case TOOL_CHOICE: {
        int choice = find_choice(option->argument, text);

        *(int *)option->value = choice;
        return choice >= 0 ? TOOL_GO_ON : bad_value(p, option, text);
    }
    case TOOL_COUNT:
    case TOOL_BYTES:
    case TOOL_REAL:
        break;
    }
    return set_number(option, text) ? TOOL_GO_ON : bad_value(p, option, text);
}

/* getopt_long met something that is in no table: say what is nearest. */
static int unknown_option(const parser *p, const char *word, int letter)
{
    char name[64];
    ec_nearest near = {.word = name};
    size_t n = strcspn(word, "=");

    if (letter != 0 && letter < FIRST_LONG)
        return tool_misuse(p->t, "unknown option '-%c'", letter);
    if (letter >= FIRST_LONG)
        return tool_misuse(p->t, "--%s takes no value", p->row[letter - FIRST_LONG].name);
    snprintf(name, sizeof name, "%.*s", n > 2 ? (int)n - 2 : 0, word + (n > 2 ? 2 : 0));
    for (size_t i = 0; i < p->n; i++)
        ec_nearest_offer(&near, p->row[i].name);
    if (near.best != NULL)
        return tool_misuse(p->t, "unknown option '--%s'; did you mean '--%s'?", name, near.best);
    return tool_misuse(p->t, "unknown option '%.*s'", (int)n, word);
}

static const tool_option *row_of(const parser *p, int c)
{
    if (c >= FIRST_LONG)
        return &p->row[c - FIRST_LONG];
    for (size_t i = 0; i < p->n; i++)
        if (p->row[i].letter == c)
            return &p->row[i];
    return NULL;
}

static int parse_options(parser *p)
{
    tool *t = p->t;
    int code = TOOL_GO_ON;

    opterr = 0;
    optind = 0; /* start anew: `help VERB` parses twice */
    while (code == TOOL_GO_ON) {
        int c = getopt_long(t->argc, t->argv, p->letters, p->long_option, NULL);

        if (c == -1)
            break;
        if (c == '?')
            code = unknown_option(p, t->argv[optind - 1], optopt);
        else if (c == ':')
            code = tool_misuse(t, "--%s needs a value", row_of(p, optopt)->name);
        else
            code = set_value(p, row_of(p, c), optarg);
    }
    return code;
}

static int collect_files(tool *t, const tool_usage *usage)
{
    size_t n = (size_t)(t->argc - optind);
    ec_error err = {0};

    if (n < usage->min_files)
        return tool_misuse(t, "missing argument; usage: entcap %s [options] %s", t->verb->name,
                           usage->arguments);
    if (n > usage->max_files)
        return tool_misuse(t, "unexpected argument '%s'",
                           t->argv[(size_t)optind + usage->max_files]);
    t->files = ec_calloc(n, sizeof *t->files, &err);
    if (t->files == NULL)
        return tool_fail(t, NULL, &err);
    for (size_t i = 0; i < n; i++)
        t->files[i] = t->argv[(size_t)optind + i];
    t->n_files = n;
    return TOOL_GO_ON;
}

int tool_explain(const tool *t, const tool_usage *usage)
{
    (t->explain != NULL ? t->explain : explain_text)(t, usage, NULL, 0, 0);
    return tool_flush(t);
}

int tool_parse(tool *t, const tool_usage *usage, const tool_option *options)
{
    parser p = {.t = t, .letters = ":", .n_letters = 1};

    for (; options->name != NULL; options++)
        add_row(&p, options);
    p.n_own = p.n;
    t->threads = t->run.threads;
    add_shared(&p);

    int code = parse_options(&p);

    if (code != TOOL_GO_ON)
        return code;
    t->run.threads = (unsigned)t->threads;
    if (p.help) {
        (t->explain != NULL ? t->explain : explain_text)(t, usage, p.row, p.n_own, p.n);
        return tool_flush(t);
    }
    if (p.version) {
        puts("entcap " EC_VERSION);
        return tool_flush(t);
    }
    return collect_files(t, usage);
}
