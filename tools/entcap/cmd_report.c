/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data.h"
#include "material.h"

#include <string.h>

static const tool_usage usage = {
    .arguments = "FILE",
    .min_files = 1,
    .max_files = 1,
    .about = "Write one HTML page that needs nothing else: what fits and what to change, the\n"
             "architecture, its bounds with diagrams, the training curve, the verification of its\n"
             "weights. The same without pictures as Markdown for pull requests, or as JSON. The\n"
             "ending of the output file says the format: .html, .md or .json. Exit code 1 if the\n"
             "weights break a bound.\n",
    .examples = "  entcap report models/fashion-convac.yaml -o report.html\n"
                "  entcap report models/fashion-convac.yaml --weights W.safetensors \\\n"
                "                --log LOG.jsonl -o report.html\n"
                "  entcap report models/fashion-convac.yaml --format md\n"
                "  entcap report models/fashion-convac.yaml --sweep r3=2..64:x2 \\\n"
                "                --sweep r4=2..64:x2 --budget params=1500 -o report.html\n",
};

/* As --format names them. */
enum { FORMAT_HTML, FORMAT_MARKDOWN, FORMAT_JSON };
#define FORMATS "html|md|json"

typedef struct report_options {
    const char *output; /* NULL or "-": standard output */
    int format;         /* -1: by the ending of the output */
    ec_text command;    /* as typed */
    material_options from;
} report_options;

/* What scripts want to know of a page: where it is, and what it says. */
static int print_summary(tool *t, const report_options *o, const ec_report_page *page)
{
    const ec_arch *arch = page->bounds.arch;
    ec_json json = {.depth = 0};
    ec_error err = {0};
    int code;

    ec_json_open(&json, NULL, EC_JSON_OBJECT);
    ec_json_string(&json, "name", arch->name);
    ec_json_string(&json, "output", o->output);
    if (page->states != NULL)
        ec_json_bool(&json, "holds", ec_report_holds(page->states));
    else
        ec_json_null(&json, "holds");
    ec_json_open(&json, "requirements", EC_JSON_ARRAY);
    for (size_t i = 0; i < arch->n_requirements; i++) {
        ec_verdict verdict = ec_check_verdict(&arch->requirements[i], &page->required[i]);

        ec_json_open(&json, NULL, EC_JSON_OBJECT_LINE);
        ec_json_string(&json, "partition", arch->requirements[i].partition);
        ec_json_string(&json, "verdict", ec_verdict_text(verdict));
        ec_json_close(&json);
    }
    ec_json_close(&json);
    ec_json_close(&json);
    code =
        ec_json_finish(&json, &err) == EC_OK ? tool_print(t, &json.text) : tool_fail(t, NULL, &err);
    ec_json_clear(&json);
    return code;
}

static ec_status make_page(ec_text *out, int format, const ec_report_page *page, ec_error *err)
{
    ec_json json = {.depth = 0};
    ec_status status;

    if (format == FORMAT_HTML)
        return ec_report_html(out, page, err);
    if (format == FORMAT_MARKDOWN)
        return ec_report_markdown(out, page, err);
    status = ec_report_json(&json, page, err);
    if (status == EC_OK)
        status = ec_json_finish(&json, err);
    *out = json.text; /* and with it its bytes */
    return status;
}

static bool is_stdout(const report_options *o)
{
    return o->output == NULL || strcmp(o->output, "-") == 0;
}

static int write_page(tool *t, const report_options *o, const ec_report_page *page)
{
    ec_text text = {0};
    ec_error err = {0};
    int code = TOOL_YES;

    tool_phase(t, "page");
    ec_status status = make_page(&text, o->format, page, &err);
    if (status == EC_OK && !is_stdout(o))
        status = ec_file_write(o->output, text.bytes, text.size, &err);
    if (status != EC_OK)
        code = tool_fail(t, is_stdout(o) ? t->files[0] : o->output, &err);
    else if (is_stdout(o))
        code = tool_print(t, &text);
    else if (t->json)
        code = print_summary(t, o, page);
    ec_text_clear(&text);
    if (code == TOOL_YES && page->states != NULL && !ec_report_holds(page->states))
        code = TOOL_NO;
    return code;
}

static int report(tool *t, const report_options *o)
{
    material m;
    int code = material_gather(t, &m, &o->from);

    if (code == TOOL_GO_ON) {
        const ec_states_found states = {m.input.arch, &m.input.partitions, m.states.items,
                                        m.bounds.items,
                                        o->from.measure.profile ? &m.states.profile : NULL};
        const ec_fit_found fit = {m.input.arch, &m.fit, DATA_FIT_THETA};
        const ec_report_page page = {
            .bounds = {m.input.arch, &m.input.partitions, m.bounds.items},
            .states = o->from.measure.weights != NULL ? &states : NULL,
            .required = m.required,
            .check = &m.check,
            .widths_unjudged = m.widths_unjudged,
            .widths = o->from.sweeps.n > 0 ? &m.widths.found : NULL,
            .fit = o->from.data != NULL ? &fit : NULL,
            .formulas = m.widths.formulas,
            .log = (const char *)m.log.data,
            .log_size = m.log.size,
            .log_file = o->from.log,
            .diagrams = m.diagrams,
            .n_diagrams = m.n_diagrams,
            .sources = m.sources,
            .n_sources = m.n_sources,
            .libraries = ec_text_get(&m.libraries),
            .command = ec_text_get(&o->command),
            .seed = t->run.seed,
            .charts = o->format == FORMAT_HTML && ec_program_exists("gnuplot"),
        };

        if (!page.charts && o->format == FORMAT_HTML)
            tool_warn(t, "gnuplot is not installed: the page has no charts");
        code = write_page(t, o, &page);
    }
    material_clear(&m);
    return code;
}

/* The command as one could type it again. */
static void put_command(ec_text *out, const tool *t)
{
    ec_text_puts(out, "entcap");
    for (int i = 0; i < t->argc; i++) {
        bool plain = t->argv[i][0] != '\0' &&
                     strspn(t->argv[i], "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                        "0123456789-_./=:,+%@") == strlen(t->argv[i]);

        ec_text_puts(out, plain ? " " : " '");
        for (const char *c = t->argv[i]; *c != '\0'; c++) {
            if (*c == '\'')
                ec_text_puts(out, "'\\''");
            else
                ec_text_add(out, c, 1);
        }
        ec_text_puts(out, plain ? "" : "'");
    }
}

/* The format that a file name's ending asks for; -1 for any other. */
static int format_of(const char *path)
{
    static const struct {
        const char *ending;
        int format;
    } endings[] = {{".html", FORMAT_HTML},
                   {".htm", FORMAT_HTML},
                   {".md", FORMAT_MARKDOWN},
                   {".markdown", FORMAT_MARKDOWN},
                   {".json", FORMAT_JSON}};
    const char *dot = strrchr(path, '.');

    for (size_t i = 0; dot != NULL && i < sizeof endings / sizeof *endings; i++)
        if (strcmp(dot, endings[i].ending) == 0)
            return endings[i].format;
    return -1;
}

static int check_options(tool *t, report_options *o)
{
    if (o->output == NULL && o->format < 0)
        return tool_misuse(t, "-o FILE is missing: where to write the page");
    if (o->format < 0)
        o->format = format_of(o->output);
    if (o->format < 0)
        return tool_misuse(t,
                           "-o %s: the ending says no format: .html, .md or .json; or give "
                           "--format",
                           o->output);
    if (is_stdout(o) && t->json)
        return tool_misuse(t, "--json prints its summary where the page goes: give -o FILE, or "
                              "--format json alone");
    if (o->from.budget != NULL && o->from.sweeps.n == 0)
        return tool_misuse(t, "--budget needs --sweep: the ranges to choose from");
    if (o->from.measure.profile && o->from.measure.weights == NULL)
        return tool_misuse(t, "--profile needs --weights: what to measure");
    o->from.pictures = o->format == FORMAT_HTML;
    return TOOL_GO_ON;
}

/* The options in the order of the help: what the page shows of the description... */
static size_t add_page(tool_option *rows, report_options *o)
{
    const tool_option own[] = {
        {"output",
         'o',
         TOOL_TEXT,
         &o->output,
         "FILE.html|md|json",
         "the page to write; -, or none with --format: standard output",
         {0, 0}},
        {"format",
         0,
         TOOL_CHOICE,
         &o->format,
         FORMATS,
         "what to write, whatever the ending of the file",
         {0, 0}},
        {"log",
         0,
         TOOL_TEXT,
         &o->from.log,
         "FILE.jsonl",
         "training log (JSON lines) for the curve",
         {0, 0}},
        {"sweep",
         0,
         TOOL_LIST,
         &o->from.sweeps,
         "WIDTH=VALUES",
         "chart the bounds over these widths: r3=2..64:x2, r4=4..32:+4, r4=3,5,8; twice at least",
         {0, 0}},
        {"data",
         0,
         TOOL_SPEC,
         &o->from.data,
         "SPEC",
         "hold these data against the architecture, as `entcap data fit` does",
         {0, 0}},
        {"budget",
         0,
         TOOL_TEXT,
         &o->from.budget,
         "WHAT=N",
         "mark the best of the sweep within it: params=N, madds=N, memory=BYTES",
         {0, 0}},
    };

    memcpy(rows, own, sizeof own);
    return sizeof own / sizeof *own;
}

/* ... and of its weights. */
static void add_measuring(tool_option *rows, report_options *o)
{
    const tool_option own[] = {
        {"weights",
         'w',
         TOOL_TEXT,
         &o->from.measure.weights,
         "FILE.safetensors",
         "verify these weights (safetensors)",
         {0, 0}},
        {"profile",
         0,
         TOOL_FLAG,
         &o->from.measure.profile,
         NULL,
         "the entanglement profile of the weights, too",
         {0, 0}},
        {"exact-limit",
         0,
         TOOL_COUNT,
         &o->from.exact_limit,
         "N",
         "largest bound for which the generic rank is found; 0: never",
         {0, 0}},
        {"spectrum-limit",
         0,
         TOOL_COUNT,
         &o->from.measure.spectrum_limit,
         "N",
         "largest cut for which the spectrum is computed; work is allowed up to 70 N^3 operations",
         {0, 0}},
        {"time-limit",
         0,
         TOOL_REAL,
         &o->from.measure.max_seconds,
         "SECONDS",
         "most that a partition's exact ranks, and its forward check, may take by their estimate",
         {1e-9, 1e9}},
        {0},
    };

    memcpy(rows, own, sizeof own);
}

int cmd_report(tool *t)
{
    report_options o = {
        .format = -1,
        .from = {
            .exact_limit = 2048,
            .measure = {.basis = -1, .spectrum_limit = 1024, .points = 64, .max_seconds = 120}}};
    tool_option options[18];

    add_measuring(options + add_page(options, &o), &o);
    put_command(&o.command, t); /* before the options are sorted from the files */

    int code = tool_parse(t, &usage, options);

    if (code == TOOL_GO_ON)
        code = check_options(t, &o);
    if (code == TOOL_GO_ON)
        code = report(t, &o);
    ec_free(o.from.sweeps.items);
    ec_text_clear(&o.command);
    return code;
}
