/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "report_i.h"

#include <inttypes.h>
#include <math.h>

/* Printed where the numbers are: what the condition says, and what it does not. */
static const char necessary[] =
    "A necessary condition: where the demand exceeds the capacity, no weights give the\n"
    "tensor of the data. Where it does not, nothing is said about how well the network fits.\n";

static const char *verdict(bool excluded)
{
    return excluded ? "excluded" : "not excluded";
}

/* -------------------------------------------------------------------- JSON */

static void put_demand(ec_json *json, ec_estimate demand, size_t label)
{
    ec_json_real(json, "demand_nats", demand.mean);
    if (isfinite(demand.error))
        ec_json_real(json, "demand_error", demand.error);
    ec_json_real(json, "demand", exp(demand.mean));
    ec_json_uint(json, "label", label);
}

static void put_partition(ec_json *json, const ec_fit *fit, const ec_fit_side *side, size_t level,
                          size_t at)
{
    const ec_fit_level *l = &side->level[level];
    char name[48];
    size_t label = 0;
    ec_estimate demand = ec_fit_demand(&label, &side->entropies, at);

    ec_json_open(json, NULL, EC_JSON_OBJECT_LINE);
    ec_json_string(json, "name",
                   ec_fit_block_name(name, &fit->blocks, level, at - side->entropies.start[level]));
    put_demand(json, demand, label);
    ec_json_rank(json, "capacity", &l->capacity);
    ec_json_string(json, "verdict", verdict(demand.mean > l->capacity_nats + EC_FIT_TOLERANCE));
    ec_json_real(json, "slack_nats", l->capacity_nats - demand.mean);
    ec_json_close(json);
}

static void put_smallest(ec_json *json, const ec_arch *arch, const ec_design_answer *answer)
{
    const ec_design *best = &answer->best;

    if (!answer->feasible) {
        ec_json_null(json, "smallest");
        return;
    }
    ec_json_open(json, "smallest", EC_JSON_OBJECT_LINE);
    ec_json_open(json, "widths", EC_JSON_OBJECT_LINE);
    for (size_t l = 0; l < best->n_levels; l++)
        ec_json_uint(json, arch->levels[l].name, best->widths[l]);
    ec_json_close(json);
    ec_json_uint(json, "parameters", best->parameters);
    ec_json_bool(json, "optimal", answer->optimal);
    ec_json_close(json);
}

static void put_side(ec_json *json, const ec_arch *arch, const ec_fit *fit, const ec_fit_side *side)
{
    const ec_entropies *e = &side->entropies;

    ec_json_string(json, "verdict", verdict(side->excluded));
    ec_json_open(json, "levels", EC_JSON_ARRAY);
    for (size_t l = e->first; l <= e->last; l++) {
        const ec_fit_level *level = &side->level[l];

        ec_json_open(json, NULL, EC_JSON_OBJECT_LINE);
        ec_json_uint(json, "level", l);
        put_demand(json, level->demand, level->label);
        ec_json_real(json, "mean_demand_nats", ec_entropies_level(e, EC_ALL_LABELS, l).mean);
        ec_json_rank(json, "capacity", &level->capacity);
        ec_json_string(json, "verdict", verdict(level->excluded));
        ec_json_real(json, "slack_nats", level->capacity_nats - level->demand.mean);
        ec_json_close(json);
    }
    ec_json_close(json);
    ec_json_open(json, "partitions", EC_JSON_ARRAY);
    for (size_t l = e->first; l <= e->last; l++)
        for (size_t b = e->start[l]; b < e->start[l + 1]; b++)
            put_partition(json, fit, side, l, b);
    ec_json_close(json);
    put_smallest(json, arch, &side->smallest);
}

void ec_json_fit(ec_json *json, const char *key, const ec_fit_found *found)
{
    const ec_fit *fit = found->fit;

    ec_json_open(json, key, EC_JSON_OBJECT);
    ec_json_string(json, "name", found->arch->name);
    ec_json_uint(json, "samples", fit->n_samples);
    ec_json_uint(json, "batch", fit->as_is.entropies.samples);
    ec_json_uint(json, "batches", fit->as_is.entropies.batches);
    ec_json_real(json, "theta", found->theta);
    put_side(json, found->arch, fit, &fit->as_is);
    if (fit->has_rearranged) {
        ec_json_open(json, "rearranged", EC_JSON_OBJECT);
        put_side(json, found->arch, fit, &fit->rearranged);
        ec_json_close(json);
    } else {
        ec_json_null(json, "rearranged");
    }
    ec_json_close(json);
}

void ec_report_fit_json(ec_json *json, const ec_fit_found *found)
{
    ec_json_fit(json, NULL, found);
}

/* -------------------------------------------------------------------- text */

void ec_fill_fit(ec_table *table, const ec_fit *fit, const ec_fit_side *side)
{
    const ec_entropies *e = &side->entropies;
    char number[EC_CELL], name[48];

    ec_table_init(table, ">level|>partitions|<most demanding|>label|>entropy|>+-|>demand|>capacity|"
                         ">slack|<verdict");
    for (size_t l = e->first; l <= e->last; l++) {
        const ec_fit_level *level = &side->level[l];

        ec_table_cell(table, "%zu", l);
        ec_table_cell(table, "%zu", e->start[l + 1] - e->start[l]);
        ec_table_cell(table, "%s",
                      ec_fit_block_name(name, &fit->blocks, l, level->worst - e->start[l]));
        ec_table_cell(table, e->n_labels > 1 ? "%zu" : "-", level->label);
        ec_table_cell(table, "%.3f", level->demand.mean);
        if (isfinite(level->demand.error))
            ec_table_cell(table, "%.3f", level->demand.error);
        else
            ec_table_cell(table, "-");
        ec_table_cell(table, "%.2f", exp(level->demand.mean));
        ec_table_cell(table, "%s", ec_format_int(number, &level->capacity));
        ec_table_cell(table, "%+.3f", level->capacity_nats - level->demand.mean);
        ec_table_cell(table, "%s", verdict(level->excluded));
    }
}

static void put_smallest_text(ec_text *out, const ec_arch *arch, const ec_design_answer *answer)
{
    const ec_design *best = &answer->best;
    char number[EC_CELL];

    if (!answer->feasible) {
        ec_text_puts(out, "No widths within the range have capacities that large (proved).\n");
        return;
    }
    ec_text_puts(out, "Smallest widths with capacities that large:");
    for (size_t l = 0; l < best->n_levels; l++)
        ec_text_printf(out, " %s=%" PRIu32, arch->levels[l].name, best->widths[l]);
    ec_text_printf(out, ", %s parameters (%s)\n", ec_format_count(number, best->parameters),
                   answer->optimal ? "proved" : "best found");
}

static void put_side_text(ec_text *out, const ec_fit_found *found, const ec_fit_side *side,
                          bool color)
{
    ec_table table = {0};

    ec_fill_fit(&table, found->fit, side);
    ec_table_text(out, &table, color);
    ec_table_clear(&table);
    ec_text_puts(out, "\n");
    put_smallest_text(out, found->arch, &side->smallest);
}

void ec_report_fit_text(ec_text *out, const ec_fit_found *found, bool color)
{
    const ec_fit *fit = found->fit;
    const ec_entropies *e = &fit->as_is.entropies;
    char number[EC_CELL];

    ec_put_plain(out, found->arch->name);
    ec_text_printf(out, ": %s samples", ec_format_count(number, fit->n_samples));
    if (e->samples < fit->n_samples)
        ec_text_printf(out, ", %zu random subset%s of %s", e->batches, e->batches > 1 ? "s" : "",
                       ec_format_count(number, e->samples));
    ec_text_printf(out, ", theta %g\n\n", found->theta);
    put_side_text(out, found, &fit->as_is, color);
    if (fit->has_rearranged) {
        ec_text_puts(out, "\nWith the features rearranged (METIS)\n\n");
        put_side_text(out, found, &fit->rearranged, color);
    }
    ec_text_puts(out, "\nEntropies in nats, measured; demand = exp(entropy); capacities proved.\n");
    ec_text_puts(out, necessary);
}
