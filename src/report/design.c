/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "report/report_i.h"

#include <stdio.h>

#include "core/flow.h"

static const char *partition_name(const ec_design_found *found, size_t goal)
{
    const ec_design_input *q = found->question;

    return q->partitions->items[q->goals[goal].partition].name;
}

static uint64_t cost_of(const ec_design_found *found, const ec_design *design)
{
    return found->question->cost == EC_QUANTITY_MULTIPLY_ADDS ? design->multiply_adds
                                                              : design->parameters;
}

/* -------------------------------------------------------------------- JSON */

static void put_count(ec_json *json, const char *key, uint64_t count)
{
    char decimal[32];

    snprintf(decimal, sizeof decimal, "%llu", (unsigned long long)count);
    ec_json_string(json, key, decimal);
}

static void put_widths(ec_json *json, const ec_design_found *found, const ec_design *design)
{
    ec_json_open(json, "widths", EC_JSON_OBJECT_LINE);
    for (size_t l = 0; l < design->n_levels; l++)
        ec_json_uint(json, found->arch->levels[l].name, design->widths[l]);
    ec_json_close(json);
}

/* Members of a design; `bounds` tell what limits it. */
static void put_design(ec_json *json, const ec_design_found *found, const ec_design *design,
                       const ec_bound *bounds)
{
    put_widths(json, found, design);
    put_count(json, "parameters", design->parameters);
    put_count(json, "multiply_adds", design->multiply_adds);
    ec_json_real(json, "objective", design->objective);
    ec_json_open(json, "partitions", EC_JSON_ARRAY);
    for (size_t k = 0; k < design->n_goals; k++) {
        ec_json_open(json, NULL, EC_JSON_OBJECT_LINE);
        ec_json_string(json, "name", partition_name(found, k));
        ec_json_rank(json, "rank", &design->ranks[k]);
        ec_json_real(json, "log2", ec_log2_of(&design->ranks[k]));
        if (bounds != NULL)
            ec_json_bottleneck(json, "limited_by", &bounds[k].bottleneck);
        ec_json_close(json);
    }
    ec_json_close(json);
}

static void put_other(ec_json *json, const char *key, const ec_design_found *found,
                      const ec_design *design)
{
    if (design->widths == NULL) {
        ec_json_null(json, key);
        return;
    }
    ec_json_open(json, key, EC_JSON_OBJECT);
    put_design(json, found, design, NULL);
    ec_json_close(json);
}

void ec_report_design_json(ec_json *json, const ec_design_found *found)
{
    const ec_design_answer *a = found->answer;

    ec_json_open(json, NULL, EC_JSON_OBJECT);
    ec_json_string(json, "name", found->arch->name);
    ec_json_bool(json, "feasible", a->feasible);
    ec_json_bool(json, "optimal", a->optimal);
    if (a->best.widths != NULL)
        put_design(json, found, &a->best, found->bounds);
    else
        ec_json_null(json, "widths");
    put_other(json, "runner_up", found, &a->runner_up);
    put_other(json, "next", found, &a->next);
    if (found->question->maximize && a->feasible)
        ec_json_real(json, "shadow_price", a->price);
    ec_json_uint(json, "nodes", a->n_nodes);
    ec_json_close(json);
}

/* -------------------------------------------------------------------- text */

static void put_widths_text(ec_text *out, const ec_design_found *found, const ec_design *design)
{
    for (size_t l = 0; l < design->n_levels; l++)
        ec_text_printf(out, "%s%s=%u", l > 0 ? " " : "", found->arch->levels[l].name,
                       (unsigned)design->widths[l]);
}

static void put_table(ec_text *out, const ec_design_found *found, bool color)
{
    const ec_design *best = &found->answer->best;
    ec_table table = {0};
    char number[EC_CELL];

    ec_table_init(&table, "<partition|>bound|>log2|<cut|<limited by");
    for (size_t k = 0; k < best->n_goals; k++) {
        const ec_bound *bound = &found->bounds[k];
        ec_table_cell(&table, "%s", partition_name(found, k));
        ec_table_cell(&table, "%s", ec_format_bound(number, bound));
        ec_table_cell(&table, "%.2f", ec_log2_of(&best->ranks[k]));
        ec_table_cell(&table, "%s",
                      bound->from_shared ? "shared weights"
                                         : ec_format_cut(number, &bound->min_cut));
        ec_table_cell(&table, "%s", ec_format_bottleneck(number, &bound->bottleneck));
    }
    ec_table_text(out, &table, color);
    ec_table_clear(&table);
}

/* "Runner-up: r0=8 ..., 345 parameters, log2 bounds 3.58, 7.00" */
static void put_other_text(ec_text *out, const char *what, const ec_design_found *found,
                           const ec_design *design)
{
    char number[EC_CELL];

    ec_text_printf(out, "%s: ", what);
    put_widths_text(out, found, design);
    ec_text_printf(out, "\n    %s %s, log2 bounds", ec_format_count(number, cost_of(found, design)),
                   ec_cost_unit(found->question->cost));
    for (size_t k = 0; k < design->n_goals; k++)
        ec_text_printf(out, "%s %s %.2f", k > 0 ? "," : "", partition_name(found, k),
                       ec_log2_of(&design->ranks[k]));
    ec_text_puts(out, "\n");
}

static bool requires_something(const ec_design_found *found)
{
    const ec_design_input *q = found->question;

    for (size_t k = 0; k < q->n_goals; k++)
        if (ec_int_cmp_u64(&q->goals[k].min_rank, 1) > 0)
            return true;
    return false;
}

static void put_infeasible(ec_text *out, const ec_design_found *found)
{
    char number[EC_CELL];
    const ec_design *next = &found->answer->next;

    if (next->widths == NULL) {
        ec_text_puts(out, "No widths within the ranges meet the requirements, whatever they cost "
                          "(proved); --range widens them.\n");
        return;
    }
    ec_text_printf(out, "%s (proved); the smallest budget that would do: %s %s.\n",
                   requires_something(found) ? "No design within the budget meets the requirements"
                                             : "No design in the ranges is within the budget",
                   ec_format_count(number, cost_of(found, next)),
                   ec_cost_unit(found->question->cost));
    put_other_text(out, "With it", found, next);
}

static void put_best(ec_text *out, const ec_design_found *found, bool color)
{
    const ec_design_answer *a = found->answer;
    char number[EC_CELL];

    ec_text_puts(out, "Widths: ");
    put_widths_text(out, found, &a->best);
    ec_text_printf(out, "\n%s parameters", ec_format_count(number, a->best.parameters));
    ec_text_printf(out, ", %s multiply-adds\n\n", ec_format_count(number, a->best.multiply_adds));
    put_table(out, found, color);
    ec_text_printf(out, "\n%s (%zu nodes of branch and bound).\n",
                   a->optimal ? "Proved optimal" : "Best found, NOT proved optimal", a->n_nodes);
    if (a->runner_up.widths != NULL)
        put_other_text(out, "Runner-up", found, &a->runner_up);
    if (!found->question->maximize)
        return;
    if (a->next.widths != NULL)
        put_other_text(out, "The next larger objective", found, &a->next);
    ec_text_printf(out,
                   "One more of the budget buys about %.3g of the objective (relaxation, "
                   "estimate).\n",
                   a->price);
}

ec_status ec_report_design_text(ec_text *out, const ec_design_found *found, bool color,
                                ec_error *err)
{
    ec_put_plain(out, found->arch->name);
    ec_text_puts(out, "\n");
    if (found->answer->feasible)
        put_best(out, found, color);
    else
        put_infeasible(out, found);
    return ec_text_check(out, err);
}
