/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "material.h"

#include "data.h"
#include "drawing.h"
#include "libraries.h"

#include <string.h>

#define MANY_SITES      EC_DRAW_ROWS_MAX /* of more, equal subtrees are drawn once, */
#define MANY_PARTITIONS 64               /* of more, widths are not judged */
#define MAX_SITES       ((size_t)4096)   /* and up to here one diagram shows all of them, too */

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

/* Of many partitions only requirements are judged: a finding on a width asks all of them. */
static int bound_many(tool *t, material *m, ec_check_options *options)
{
    for (int rule = EC_RULE_REQUIREMENT_REPEATED + 1; rule < EC_N_RULES; rule++)
        options->severity[rule] = EC_SEVERITY_OFF;
    m->widths_unjudged = true;
    return tool_bound(t, &m->input, &options->bound, &m->many);
}

/* Bounds of the partitions and of those that requirements name, and what is found by them. */
static int check(tool *t, material *m, const ec_bound_options *bound)
{
    const ec_partitions none = {.n = 0};
    bool many = m->input.partitions.n > MANY_PARTITIONS;
    ec_check_options options;
    ec_error err = {0};
    int code = TOOL_GO_ON;

    ec_check_options_init(&options);
    options.bound = *bound;
    if (many)
        code = bound_many(t, m, &options);
    if (code != TOOL_GO_ON)
        return code;
    tool_phase(t, "bounds and findings");
    ec_status status = ec_check_arch(&m->check, m->input.arch, many ? &none : &m->input.partitions,
                                     &options, &t->run, &err);
    if (status == EC_OK) {
        m->required = ec_calloc(m->check.n_requirements + 1, sizeof *m->required, &err);
        status = m->required == NULL ? EC_ENOMEM : EC_OK;
    }
    if (status != EC_OK)
        return tool_fail(t, m->input.file, &err);
    for (size_t i = 0; i < m->check.n_requirements; i++)
        m->required[i] = m->check.bounds[m->check.requirements[i].partition];
    m->bounds = many ? m->many : (tool_bounds){m->check.bounds, m->check.n_given};
    return TOOL_GO_ON;
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
    for (size_t i = 0; status == EC_OK && i < partitions->n && i < MATERIAL_DRAWN; i++)
        status = add_diagram(t, m, &partitions->items[i], false, &err);
    if (status == EC_OK && tree && n_sites > MANY_SITES && n_sites <= MAX_SITES)
        status = add_diagram(t, m, &partitions->items[0], true, &err);
    if (status == EC_OK || status == EC_ECANCEL || status == EC_ENOMEM)
        return status == EC_OK ? TOOL_GO_ON : tool_fail(t, m->input.file, &err);
    /* the page says the rest all the same */
    tool_warn(t, "the page has no further diagrams: %s", err.msg);
    return TOOL_GO_ON;
}

static int fit_data(tool *t, material *m, const char *spec)
{
    data_fit_options options = DATA_FIT_OPTIONS_INIT;

    options.data = spec;
    return data_fit(t, m->input.arch, &options, &m->fit);
}

/* The program that draws the charts, and the libraries of this one. */
static void list_versions(ec_text *out, bool pictures)
{
    static const char *const argv[] = {"gnuplot", "--version", NULL};
    ec_text version = {0};

    if (pictures && ec_program_run(&version, argv, "", 0, NULL) == EC_OK)
        ec_text_printf(out, "%.*s, ", (int)strcspn(ec_text_get(&version), "\n"),
                       ec_text_get(&version));
    ec_text_clear(&version);
    list_libraries(out);
}

int material_gather(tool *t, material *m, const material_options *o)
{
    ec_bound_options options = EC_BOUND_OPTIONS_INIT;
    int code;

    *m = (material){.n_sources = 0};
    options.exact = o->exact_limit > 0;
    options.exact_limit = o->exact_limit;
    code = tool_read(t, t->files[0], &m->input);
    if (code == TOOL_GO_ON && o->sweeps.n > 0)
        code = widths_sweep(t, &m->widths, &m->input, &o->sweeps, o->budget);
    if (code == TOOL_GO_ON)
        code = widths_formulas(t, &m->widths, &m->input);
    if (code == TOOL_GO_ON)
        code = add_source(t, m, "Description", t->files[0], NULL);
    if (code == TOOL_GO_ON)
        code = add_source(t, m, "Weights", o->measure.weights, NULL);
    if (code == TOOL_GO_ON)
        code = add_source(t, m, "Training log", o->log, &m->log);
    if (code == TOOL_GO_ON)
        code = check(t, m, &options);
    m->widths.found.bounds = m->bounds.items;
    if (code == TOOL_GO_ON && o->measure.weights != NULL)
        code = tool_measure(t, &m->input, &m->bounds, &o->measure, &m->states);
    if (code == TOOL_GO_ON && o->data != NULL)
        code = fit_data(t, m, o->data);
    if (code == TOOL_GO_ON && o->pictures)
        code = draw(t, m);
    if (code == TOOL_GO_ON)
        list_versions(&m->libraries, o->pictures);
    return code;
}

void material_clear(material *m)
{
    ec_fit_clear(&m->fit);
    widths_clear(&m->widths);
    ec_check_clear(&m->check);
    tool_bounds_clear(&m->many);
    ec_free(m->required);
    tool_states_clear(&m->states);
    tool_input_clear(&m->input);
    ec_bytes_clear(&m->log);
    ec_text_clear(&m->libraries);
    for (size_t i = 0; i < MATERIAL_DRAWN + 1; i++)
        ec_text_clear(&m->svg[i]);
}
