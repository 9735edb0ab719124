/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tool.h"

#include <string.h>

static const tool_usage usage = {
    .arguments = "FILE...",
    .min_files = 1,
    .max_files = SIZE_MAX,
    .about =
        "Check descriptions before anything is trained, for a commit hook or CI: the verdict on\n"
        "every requirement (failed: the bound is below it; met: a proved lower bound reaches it;\n"
        "else undecided), wasted and starved widths, and more. Every finding has a code that\n"
        "`entcap explain CODE` explains, its place, what to do, and says whether it is proved.\n"
        "Exit code 1 if there is an error, with --strict also if there is a warning; of several\n"
        "files all are checked, and the worst code counts.\n",
    .examples = "  entcap check models/fashion-convac.yaml\n"
                "  entcap check --strict --format github models/*.yaml\n"
                "  entcap check --format sarif --disable EC007 models/*.yaml >entcap.sarif\n",
};

enum { FORMAT_TEXT, FORMAT_JSON, FORMAT_SARIF, FORMAT_GITHUB };

typedef struct check_options {
    ec_check_options check;
    int format;
    bool strict;
    tool_list disable, severity;
} check_options;

/* One file, its bytes and what was found in it. */
typedef struct checked {
    const char *file;
    ec_bytes bytes;
    ec_check check;
} checked;

/* ------------------------------------------------------------------ severities */

/* "EC007" or "EC007=error"; `level` where none is written. What is required stays an error. */
static int set_severity(tool *t, check_options *o, const char *text, const char *option)
{
    static const char *const levels[] = {"off", "note", "warning", "error"};
    char word[64];
    const char *equals = strchr(text, '=');
    bool leveled = strcmp(option, "severity") == 0;
    size_t n = leveled && equals != NULL ? (size_t)(equals - text) : strlen(text), level = 0;

    snprintf(word, sizeof word, "%.*s", (int)(n < sizeof word ? n : sizeof word - 1), text);
    size_t rule = ec_check_find_rule(word);
    if (rule == EC_N_RULES)
        return tool_misuse(t, "--%s: there is no finding '%s'; see 'entcap explain'", option, word);
    if (rule <= EC_RULE_REQUIREMENT_HOPELESS)
        return tool_misuse(t, "--%s: %s is the answer itself and stays an error", option,
                           ec_check_rule_at(rule)->code);
    if (leveled) {
        while (level < 4 && (equals == NULL || strcmp(equals + 1, levels[level]) != 0))
            level++;
        if (level == 4)
            return tool_misuse(t, "--severity: '%.80s': expected CODE=off, note, warning or error",
                               text);
    }
    o->check.severity[rule] = (int)level;
    return TOOL_GO_ON;
}

static int set_severities(tool *t, check_options *o)
{
    int code = TOOL_GO_ON;

    for (size_t i = 0; i < o->severity.n && code == TOOL_GO_ON; i++)
        code = set_severity(t, o, o->severity.items[i], "severity");
    for (size_t i = 0; i < o->disable.n && code == TOOL_GO_ON; i++)
        code = set_severity(t, o, o->disable.items[i], "disable");
    return code;
}

/* ----------------------------------------------------------------------- files */

/* What is wrong with a file is said on standard error, and is a finding of its own. */
static int fail_file(tool *t, checked *c, const ec_error *report)
{
    ec_error err = {0};
    int code = tool_fail(t, c->file, report);

    ec_check_clear(&c->check);
    if (ec_check_unreadable(&c->check, report, &err) != EC_OK)
        return tool_fail(t, c->file, &err);
    return code;
}

static int verdict_of(const check_options *o, const ec_check *check)
{
    size_t errors = ec_check_count(check, EC_SEVERITY_ERROR);
    size_t warnings = ec_check_count(check, EC_SEVERITY_WARNING);

    return errors > 0 || (o->strict && warnings > 0) ? TOOL_NO : TOOL_YES;
}

static int check_file(tool *t, const check_options *o, const char *path, checked *c)
{
    tool_input input = {.file = path};
    ec_error err = {0};
    ec_run limit = t->run;

    limit.memory_bytes = EC_ARCH_MAX_TEXT;
    c->file = strcmp(path, "-") == 0 ? "<stdin>" : path;
    tool_phase(t, "read");
    ec_status status = ec_file_read(&c->bytes, path, &limit, &err);
    if (status == EC_OK)
        status =
            ec_arch_parse(&input.arch, (const char *)c->bytes.data, c->bytes.size, c->file, &err);
    if (status != EC_OK)
        return fail_file(t, c, &err);

    int code = tool_override(t, &input);
    tool_phase(t, "check");
    if (code == TOOL_GO_ON) {
        status = ec_check_arch(&c->check, input.arch, &input.partitions, &o->check, &t->run, &err);
        code = status == EC_OK ? verdict_of(o, &c->check) : fail_file(t, c, &err);
    }
    tool_input_clear(&input);
    return code;
}

/* --------------------------------------------------------------------- results */

static void put_text(ec_text *out, const tool *t, const ec_checked_file *files, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const ec_check *check = files[i].check;

        if (check->n_findings > 0 && check->findings[0].rule == EC_RULE_UNREADABLE)
            continue; /* said on standard error */
        ec_check_print_text(out, &files[i], t->color);
    }
}

static void put_json(ec_json *json, const ec_checked_file *files, size_t n)
{
    if (n > 1)
        ec_json_open(json, NULL, EC_JSON_ARRAY);
    for (size_t i = 0; i < n; i++)
        ec_check_print_json(json, &files[i]);
    if (n > 1)
        ec_json_close(json);
}

static int print_files(tool *t, int format, const ec_checked_file *files, size_t n, bool success)
{
    ec_text text = {0};
    ec_json json = {.depth = 0};
    ec_error err = {0};
    ec_status status = EC_OK;

    tool_phase(t, "print");
    if (format == FORMAT_TEXT)
        put_text(&text, t, files, n);
    for (size_t i = 0; i < n && format == FORMAT_GITHUB; i++)
        ec_check_print_github(&text, &files[i]);
    if (format == FORMAT_JSON)
        put_json(&json, files, n);
    if (format == FORMAT_SARIF)
        ec_check_print_sarif(&json, files, n, success);
    bool is_json = format == FORMAT_JSON || format == FORMAT_SARIF;
    if (is_json)
        status = ec_json_finish(&json, &err);
    int code =
        status == EC_OK ? tool_print(t, is_json ? &json.text : &text) : tool_fail(t, NULL, &err);
    ec_json_clear(&json);
    ec_text_clear(&text);
    return code;
}

static int check_all(tool *t, const check_options *o, checked *all, ec_checked_file *files)
{
    int code = TOOL_YES;

    t->n_items = t->n_files;
    for (size_t i = 0; i < t->n_files; i++) {
        t->item = i + 1;

        int one = check_file(t, o, t->files[i], &all[i]);

        if (one == TOOL_USAGE || one == TOOL_INTERRUPT)
            return one;
        code = one > code ? one : code;
        files[i] = (ec_checked_file){all[i].file, (const char *)all[i].bytes.data,
                                     all[i].bytes.size, &all[i].check};
    }
    t->n_items = 0;

    int printed = print_files(t, o->format, files, t->n_files, code <= TOOL_NO);

    return printed != TOOL_YES ? printed : code;
}

static int check_files(tool *t, const check_options *o)
{
    ec_error err = {0};
    checked *all = ec_calloc(t->n_files, sizeof *all, &err);
    ec_checked_file *files = ec_calloc(t->n_files, sizeof *files, &err);
    int code =
        all != NULL && files != NULL ? check_all(t, o, all, files) : tool_fail(t, NULL, &err);

    for (size_t i = 0; all != NULL && i < t->n_files; i++) {
        ec_check_clear(&all[i].check);
        ec_bytes_clear(&all[i].bytes);
    }
    ec_free(all);
    ec_free(files);
    return code;
}

int cmd_check(tool *t)
{
    check_options o = {.format = FORMAT_TEXT};
    const tool_option options[] = {
        {"format",
         0,
         TOOL_CHOICE,
         &o.format,
         "text|json|sarif|github",
         "how findings are printed; github: workflow commands",
         {0, 0}},
        {"strict", 0, TOOL_FLAG, &o.strict, NULL, "warnings give exit code 1, too", {0, 0}},
        {"disable",
         0,
         TOOL_LIST,
         &o.disable,
         "CODE",
         "do not look for this finding; may be repeated",
         {0, 0}},
        {"severity",
         0,
         TOOL_LIST,
         &o.severity,
         "CODE=LEVEL",
         "make a finding an error, a warning or a note, or off; may be repeated",
         {0, 0}},
        {"exact-limit",
         0,
         TOOL_COUNT,
         &o.check.bound.exact_limit,
         "N",
         "largest bound for which the generic rank is tried",
         {1, 1e9}},
        {"exact-seconds",
         0,
         TOOL_REAL,
         &o.check.bound.exact_seconds,
         "SECONDS",
         "most that it may take, estimated",
         {1e-9, 1e9}},
        {0},
    };

    ec_check_options_init(&o.check);
    int code = tool_parse(t, &usage, options);

    if (code == TOOL_GO_ON)
        code = set_severities(t, &o);
    if (code == TOOL_GO_ON && t->json)
        o.format = FORMAT_JSON;
    if (code == TOOL_GO_ON)
        code = check_files(t, &o);
    ec_free(o.disable.items);
    ec_free(o.severity.items);
    return code;
}
