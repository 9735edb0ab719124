/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drawing.h"
#include "tool.h"

#include <string.h>

enum {
    MAX_SOURCES = 3,
    MAX_DRAWN = 6,                 /* partitions that get a diagram */
    MAX_SITES = 4096,              /* of a network that is drawn whole, too */
    MANY_SITES = EC_DRAW_ROWS_MAX, /* more: equal subtrees are drawn once */
};

static const tool_usage usage = {
    .arguments = "FILE",
    .min_files = 1,
    .max_files = 1,
    .about = "Write one HTML page that needs nothing else: the architecture, its bounds and what\n"
             "limits them, the verification of its weights, the training curve, a diagram. Exit\n"
             "code 1 if the weights break a bound.\n",
    .examples = "  entcap report models/fashion-convac.yaml -o report.html\n"
                "  entcap report models/fashion-convac.yaml --weights W.safetensors \\\n"
                "                --log LOG.jsonl -o report.html\n",
};

typedef struct report_options {
    const char *output, *log;
    ec_text command; /* as typed */
    uint64_t exact_limit;
    tool_measure_options measure;
} report_options;

/* What the page is made from; all of it is released by clear(). */
typedef struct material {
    tool_input input;
    tool_bounds bounds, required; /* required: one per requirement */
    tool_states states;
    ec_bytes log;
    ec_report_source sources[MAX_SOURCES];
    size_t n_sources;
    ec_report_diagram diagrams[MAX_DRAWN + 1];
    ec_text svg[MAX_DRAWN + 1];
    char captions[MAX_DRAWN + 1][320];
    size_t n_diagrams;
} material;

static void clear(material *m)
{
    tool_bounds_clear(&m->bounds);
    tool_bounds_clear(&m->required);
    tool_states_clear(&m->states);
    tool_input_clear(&m->input);
    ec_bytes_clear(&m->log);
    for (size_t i = 0; i < MAX_DRAWN + 1; i++)
        ec_text_clear(&m->svg[i]);
}

/* Name a file and its hash; `keep`: where its bytes go, or NULL. */
static int add_source(tool *t, material *m, const char *role, const char *path, ec_bytes *keep)
{
    ec_report_source *source = &m->sources[m->n_sources];
    ec_bytes bytes = {0};
    ec_error err = {0};

    if (path == NULL || strcmp(path, "-") == 0) /* standard input is gone */
        return TOOL_GO_ON;
    if (ec_file_read(&bytes, path, &t->run, &err) != EC_OK)
        return tool_fail(t, path, &err);
    *source = (ec_report_source){.role = role, .path = path};
    ec_sha256(source->sha256, bytes.data, bytes.size);
    m->n_sources++;
    if (keep != NULL)
        *keep = bytes;
    else
        ec_bytes_clear(&bytes);
    return TOOL_GO_ON;
}

/* Bounds of the partitions that requirements name; they need not be among the others. */
static int bound_requirements(tool *t, material *m, const ec_bound_options *options)
{
    const ec_arch *arch = m->input.arch;
    const char **names = NULL;
    ec_error err = {0};
    int code = TOOL_GO_ON;

    if (arch->n_requirements == 0)
        return TOOL_GO_ON;
    names = ec_calloc(arch->n_requirements, sizeof *names, &err);
    if (names == NULL)
        return tool_fail(t, m->input.file, &err);
    for (size_t i = 0; i < arch->n_requirements; i++)
        names[i] = arch->requirements[i].partition;

    tool_input required = {.file = m->input.file, .arch = m->input.arch};
    if (ec_arch_partitions(&required.partitions, arch, names, arch->n_requirements, &err) != EC_OK)
        code = tool_fail(t, m->input.file, &err);
    else
        code = tool_bound(t, &required, options, &m->required);
    ec_partitions_clear(&required.partitions);
    ec_free(names);
    return code;
}

static ec_status add_diagram(tool *t, material *m, const ec_partition *partition, bool whole,
                             ec_error *err)
{
    size_t i = m->n_diagrams;
    bool folded = !whole && m->input.arch->n_sites > MANY_SITES;
    ec_drawing *drawing = NULL;
    char id[32];

    snprintf(id, sizeof id, "diagram%zu", i);
    snprintf(m->captions[i], sizeof m->captions[i], "%s: the network and the minimum cut%s",
             partition->name, folded ? "; equal subtrees are drawn once" : "");
    ec_status status = drawing_make(&drawing, m->input.arch, partition, id,
                                    folded ? EC_DRAW_FOLD_ALWAYS : EC_DRAW_FOLD_AUTO, &t->run, err);
    if (status == EC_OK)
        status = drawing_render(&m->svg[i], drawing, "svg-inline", err);
    ec_drawing_free(drawing);
    m->diagrams[i] = (ec_report_diagram){ec_text_get(&m->svg[i]), m->captions[i], !folded};
    m->n_diagrams += status == EC_OK;
    return status;
}

/* A diagram for each of the first partitions; of a large tree one that shows all of it, too. */
static int draw(tool *t, material *m)
{
    const ec_partitions *partitions = &m->input.partitions;
    size_t n_sites = m->input.arch->n_sites;
    bool tree = !ec_arch_is_network(m->input.arch);
    ec_status status = EC_OK;
    ec_error err = {0};

    if (!drawing_available()) {
        tool_warn(t, "entcap-draw is not installed: the page has no diagrams");
        return TOOL_GO_ON;
    }
    tool_phase(t, "diagrams");
    for (size_t i = 0; status == EC_OK && i < partitions->n && i < MAX_DRAWN; i++)
        status = add_diagram(t, m, &partitions->items[i], false, &err);
    if (status == EC_OK && tree && n_sites > MANY_SITES && n_sites <= MAX_SITES)
        status = add_diagram(t, m, &partitions->items[0], true, &err);
    if (status == EC_OK || status == EC_ECANCEL || status == EC_ENOMEM)
        return status == EC_OK ? TOOL_GO_ON : tool_fail(t, m->input.file, &err);
    tool_warn(t, "the page has no further diagrams: %s",
              err.msg); /* it says the rest all the same */
    return TOOL_GO_ON;
}

static int gather(tool *t, material *m, const report_options *o)
{
    ec_bound_options options = EC_BOUND_OPTIONS_INIT;
    int code = tool_read(t, t->files[0], &m->input);

    options.exact = o->exact_limit > 0;
    options.exact_limit = o->exact_limit;
    if (code == TOOL_GO_ON)
        code = add_source(t, m, "Description", t->files[0], NULL);
    if (code == TOOL_GO_ON)
        code = add_source(t, m, "Weights", o->measure.weights, NULL);
    if (code == TOOL_GO_ON)
        code = add_source(t, m, "Training log", o->log, &m->log);
    if (code == TOOL_GO_ON)
        code = tool_bound(t, &m->input, &options, &m->bounds);
    if (code == TOOL_GO_ON)
        code = bound_requirements(t, m, &options);
    if (code == TOOL_GO_ON && o->measure.weights != NULL)
        code = tool_measure(t, &m->input, &m->bounds, &o->measure, &m->states);
    if (code == TOOL_GO_ON)
        code = draw(t, m);
    return code;
}

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
        ec_verdict verdict = ec_report_verdict(&arch->requirements[i], &page->required[i]);

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

static int write_page(tool *t, const report_options *o, const ec_report_page *page)
{
    ec_text html = {0};
    ec_error err = {0};
    int code = TOOL_YES;

    tool_phase(t, "page");
    ec_status status = ec_report_html(&html, page, &err);
    if (status == EC_OK)
        status = ec_file_write(o->output, html.bytes, html.size, &err);
    ec_text_clear(&html);
    if (status != EC_OK)
        return tool_fail(t, o->output, &err);
    if (t->json)
        code = print_summary(t, o, page);
    if (code == TOOL_YES && page->states != NULL && !ec_report_holds(page->states))
        code = TOOL_NO;
    return code;
}

static int report(tool *t, const report_options *o)
{
    material m = {.n_sources = 0};
    int code = gather(t, &m, o);

    if (code == TOOL_GO_ON) {
        const ec_states_found states = {m.input.arch, &m.input.partitions, m.states.items};
        const ec_report_page page = {
            .bounds = {m.input.arch, &m.input.partitions, m.bounds.items},
            .states = o->measure.weights != NULL ? &states : NULL,
            .required = m.required.items,
            .log = (const char *)m.log.data,
            .log_size = m.log.size,
            .log_file = o->log,
            .diagrams = m.diagrams,
            .n_diagrams = m.n_diagrams,
            .sources = m.sources,
            .n_sources = m.n_sources,
            .command = ec_text_get(&o->command),
            .seed = t->run.seed,
            .charts = ec_program_exists("gnuplot"),
        };

        if (!page.charts)
            tool_warn(t, "gnuplot is not installed: the page has no charts");
        code = write_page(t, o, &page);
    }
    clear(&m);
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

int cmd_report(tool *t)
{
    report_options o = {.exact_limit = 2048, .measure = {.basis = -1, .spectrum_limit = 1024}};
    const tool_option options[] = {
        {"output", 'o', TOOL_TEXT, &o.output, "FILE", "the page to write", {0, 0}},
        {"weights",
         'w',
         TOOL_TEXT,
         &o.measure.weights,
         "FILE",
         "verify these weights (safetensors)",
         {0, 0}},
        {"log", 0, TOOL_TEXT, &o.log, "FILE", "training log (JSON lines) for the curve", {0, 0}},
        {"exact-limit",
         0,
         TOOL_COUNT,
         &o.exact_limit,
         "N",
         "largest bound for which the generic rank is found; 0: never",
         {0, 0}},
        {"spectrum-limit",
         0,
         TOOL_COUNT,
         &o.measure.spectrum_limit,
         "N",
         "largest cut for which the spectrum is computed",
         {0, 0}},
        {0},
    };
    put_command(&o.command, t); /* before the options are sorted from the files */

    int code = tool_parse(t, &usage, options);

    if (code == TOOL_GO_ON && o.output == NULL)
        code = tool_misuse(t, "-o FILE is missing: where to write the page");
    if (code == TOOL_GO_ON)
        code = report(t, &o);
    ec_text_clear(&o.command);
    return code;
}
