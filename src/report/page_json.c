/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "training.h"

#include "core/flow.h"

#include <math.h>

/*
 * What a page says, for machines. Its parts are the documents of the verbs that find them; what
 * the page leaves out is absent.
 */

/* --------------------------------------------------------------- questions */

static void put_requirements(ec_json *json, const ec_report_page *page)
{
    const ec_arch *arch = page->bounds.arch;

    ec_json_open(json, "requirements", EC_JSON_ARRAY);
    for (size_t i = 0; page->required != NULL && i < arch->n_requirements; i++) {
        const ec_requirement *requirement = &arch->requirements[i];
        const ec_bound *bound = &page->required[i];

        ec_json_open(json, NULL, EC_JSON_OBJECT_LINE);
        ec_json_string(json, "partition", requirement->partition);
        if (requirement->by_rank)
            ec_json_rank(json, "min_rank", &requirement->min_rank);
        else
            ec_json_real(json, "min_log2", requirement->min_log2);
        ec_json_rank(json, "bound", bound->rank);
        ec_json_real(json, "bound_log2", ec_log2_of(bound->rank));
        ec_json_string(json, "verdict", ec_verdict_text(ec_check_verdict(requirement, bound)));
        ec_json_bottleneck(json, "bottleneck", &bound->bottleneck);
        ec_json_close(json);
    }
    ec_json_close(json);
}

/* ------------------------------------------------------------ architecture */

static void put_layer(ec_json *json, const ec_layer *layer, const ec_level *level)
{
    ec_json_open(json, NULL, EC_JSON_OBJECT_LINE);
    if (level == NULL) {
        ec_json_string(json, "layer", "pool");
        ec_json_open(json, "window", EC_JSON_ARRAY);
        ec_json_uint(json, NULL, layer->window[0]);
        ec_json_uint(json, NULL, layer->window[1]);
        ec_json_close(json);
    } else {
        ec_json_string(json, "layer", layer->kind == EC_LAYER_DENSE ? "dense" : "conv");
        ec_json_open(json, "grid", EC_JSON_ARRAY);
        ec_json_uint(json, NULL, level->grid[0]);
        ec_json_uint(json, NULL, level->grid[1]);
        ec_json_close(json);
        ec_json_uint(json, "in", level->dim);
        ec_json_uint(json, "out", level->out);
        ec_json_bool(json, "shared", level->shared);
    }
    ec_json_close(json);
}

static void put_tensor(ec_json *json, const ec_arch *arch, const ec_named_tensor *tensor)
{
    ec_json_open(json, NULL, EC_JSON_OBJECT_LINE);
    ec_json_string(json, "tensor", tensor->name);
    ec_json_open(json, "indices", EC_JSON_OBJECT);
    for (size_t i = 0; i < tensor->n_indices; i++)
        ec_json_uint(json, arch->indices[tensor->index[i]].name,
                     arch->indices[tensor->index[i]].dim);
    ec_json_close(json);
    ec_json_close(json);
}

static void put_architecture(ec_json *json, const ec_arch *arch)
{
    ec_json_open(json, ec_arch_is_network(arch) ? "tensors" : "layers", EC_JSON_ARRAY);
    for (size_t i = 0; i < arch->n_tensors; i++)
        put_tensor(json, arch, &arch->tensors[i]);
    for (size_t i = 0, l = 0; i < arch->n_layers; i++) {
        const ec_level *level =
            l < arch->n_levels && arch->levels[l].layer == i ? &arch->levels[l] : NULL;

        put_layer(json, &arch->layers[i], level);
        l += level != NULL;
    }
    ec_json_close(json);
}

/* ---------------------------------------------------------------- formulas */

static ec_status put_formula(ec_json *json, const char *key, const ec_formula *formula,
                             ec_error *err)
{
    char *text = NULL, *definitions = NULL;
    ec_status status = EC_OK;

    if (formula->n_terms == 0) { /* too many */
        ec_json_null(json, key);
        return EC_OK;
    }
    text = ec_formula_print(formula, EC_NOTATION_TEXT, err);
    definitions = ec_formula_print_definitions(formula, EC_NOTATION_TEXT, err);
    if (text == NULL || definitions == NULL) {
        status = EC_ENOMEM;
        goto done;
    }
    ec_json_open(json, key, EC_JSON_OBJECT_LINE);
    ec_json_string(json, "text", text);
    ec_json_string(json, "definitions", definitions);
    ec_json_close(json);
done:
    ec_free(text);
    ec_free(definitions);
    return status;
}

static ec_status put_formulas(ec_json *json, const ec_report_page *page, ec_error *err)
{
    ec_status status = EC_OK;

    if (page->formulas == NULL)
        return EC_OK;
    ec_json_open(json, "formulas", EC_JSON_ARRAY);
    for (size_t k = 0; k < page->bounds.partitions->n; k++) {
        ec_json_open(json, NULL, EC_JSON_OBJECT);
        ec_json_string(json, "name", page->bounds.partitions->items[k].name);
        EC_TRY(put_formula(json, "min_cut", &page->formulas[2 * k], err));
        if (ec_bound_has_sharing(page->bounds.arch))
            EC_TRY(put_formula(json, "shared_bound", &page->formulas[2 * k + 1], err));
        else
            ec_json_null(json, "shared_bound");
        ec_json_close(json);
    }
    ec_json_close(json);
done:
    return status;
}

/* ------------------------------------------------------------------ widths */

/* A design as an object on one line. */
static void put_design(ec_json *json, const char *key, const ec_arch *arch,
                       const ec_widths_mark *design)
{
    ec_json_open(json, key, EC_JSON_OBJECT_LINE);
    ec_json_open(json, "widths", EC_JSON_OBJECT);
    for (size_t l = 0; l < arch->n_levels; l++)
        ec_json_uint(json, arch->levels[l].name, design->widths[l]);
    ec_json_close(json);
    ec_json_uint(json, "cost", design->cost);
    ec_json_real(json, "log2", design->log2);
    ec_json_close(json);
}

/* The best within the budget, null where there is none, and the front from the cheapest up. */
static ec_status put_designs(ec_json *json, const ec_widths_found *found, size_t partition,
                             ec_error *err)
{
    const ec_sweep_rows *front = &found->fronts[partition];
    ec_front_point *points = NULL;
    uint32_t *widths = NULL;
    ec_status status = EC_OK;

    EC_NEW(widths, found->arch->n_levels);
    EC_TRY(ec_front_points(&points, front, found->cost, err));

    ec_widths_mark design = {.widths = widths};

    ec_mark_best(&design, found, partition);
    if (design.widths != NULL)
        put_design(json, "best", found->arch, &design);
    else
        ec_json_null(json, "best");
    ec_json_open(json, "front", EC_JSON_ARRAY);
    for (size_t i = 0; i < front->n; i++) {
        ec_sweep_widths(widths, found->sweep, front->index[points[i].row]);
        design = (ec_widths_mark){.widths = widths, .cost = points[i].cost, .log2 = points[i].log2};
        put_design(json, NULL, found->arch, &design);
    }
    ec_json_close(json);
done:
    ec_free(points);
    ec_free(widths);
    return status;
}

static ec_status put_widths(ec_json *json, const ec_widths_found *found, ec_error *err)
{
    ec_status status = EC_OK;

    if (found == NULL)
        return EC_OK;
    ec_json_open(json, "sweep", EC_JSON_OBJECT);
    ec_json_uint(json, "configurations", found->all->n);
    ec_json_string(json, "cost", ec_cost_unit(found->cost));
    if (found->budget == UINT64_MAX)
        ec_json_null(json, "budget");
    else
        ec_json_uint(json, "budget", found->budget);
    ec_json_open(json, "partitions", EC_JSON_ARRAY);
    for (size_t k = 0; k < found->partitions->n; k++) {
        ec_json_open(json, NULL, EC_JSON_OBJECT);
        ec_json_string(json, "name", found->partitions->items[k].name);
        EC_TRY(put_designs(json, found, k, err));
        ec_json_close(json);
    }
    ec_json_close(json);
    ec_json_close(json);
done:
    return status;
}

/* ---------------------------------------------------------------- training */

static void put_row(ec_json *json, const ec_training *log, size_t i,
                    const ec_partitions *partitions)
{
    const struct {
        const char *key;
        const double *column;
    } columns[] = {{"step", log->step},          {"epoch", log->epoch},
                   {"loss", log->loss},          {"train_accuracy", log->train},
                   {"test_accuracy", log->test}, {"recent_loss", log->recent}};
    bool measured = false;

    ec_json_open(json, NULL, EC_JSON_OBJECT_LINE);
    for (size_t c = 0; c < sizeof columns / sizeof *columns; c++)
        if (isfinite(columns[c].column[i]))
            ec_json_real(json, columns[c].key, columns[c].column[i]);
    for (size_t p = 0; p < EC_TRAINING_CURVES && p < partitions->n; p++) {
        if (isnan(log->entropy[p][i]))
            continue;
        if (!measured)
            ec_json_open(json, "mean_entropy", EC_JSON_OBJECT);
        measured = true;
        ec_json_real(json, partitions->items[p].name, log->entropy[p][i]);
    }
    if (measured)
        ec_json_close(json);
    ec_json_close(json);
}

static ec_status put_training(ec_json *json, const ec_report_page *page, ec_error *err)
{
    ec_training log = {0};
    ec_status status = EC_OK;

    if (page->log == NULL)
        return EC_OK;
    EC_TRY(ec_training_read(&log, page, err));
    ec_json_open(json, "training", EC_JSON_ARRAY);
    for (size_t i = 0; i < log.n; i++)
        put_row(json, &log, i, page->bounds.partitions);
    ec_json_close(json);
done:
    ec_training_clear(&log);
    return status;
}

/* -------------------------------------------------------------- provenance */

static void put_provenance(ec_json *json, const ec_report_page *page)
{
    ec_json_open(json, "provenance", EC_JSON_OBJECT);
    ec_json_string(json, "entcap", EC_VERSION);
    if (page->libraries != NULL)
        ec_json_string(json, "libraries", page->libraries);
    if (page->command != NULL)
        ec_json_string(json, "command", page->command);
    ec_json_uint(json, "seed", page->seed);
    ec_json_open(json, "files", EC_JSON_ARRAY);
    for (size_t i = 0; i < page->n_sources; i++) {
        ec_json_open(json, NULL, EC_JSON_OBJECT_LINE);
        ec_json_string(json, "role", page->sources[i].role);
        ec_json_string(json, "path", page->sources[i].path);
        ec_json_string(json, "sha256", page->sources[i].sha256);
        ec_json_close(json);
    }
    ec_json_close(json);
    ec_json_close(json);
}

ec_status ec_report_json(ec_json *json, const ec_report_page *page, ec_error *err)
{
    ec_status status = EC_OK;

    ec_json_open(json, NULL, EC_JSON_OBJECT);
    ec_json_string(json, "name", page->bounds.arch->name);
    if (page->states != NULL)
        ec_json_bool(json, "holds", ec_report_holds(page->states));
    else
        ec_json_null(json, "holds");
    put_requirements(json, page);
    if (page->check != NULL) {
        ec_check_print_findings(json, page->check);
        ec_json_bool(json, "widths_judged", !page->widths_unjudged);
    }
    put_architecture(json, page->bounds.arch);
    EC_TRY(ec_json_bounds(json, "bound", &page->bounds, false, err));
    EC_TRY(put_formulas(json, page, err));
    EC_TRY(put_widths(json, page->widths, err));
    EC_TRY(put_training(json, page, err));
    if (page->states != NULL)
        EC_TRY(ec_json_states(json, "verify", page->states, err));
    if (page->fit != NULL)
        ec_json_fit(json, "fit", page->fit);
    put_provenance(json, page);
    ec_json_close(json);
    status = ec_text_check(&json->text, err);
done:
    return status;
}
