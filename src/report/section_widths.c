/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "paper.h"

#include "core/flow.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { MAX_FRONT = 64 }; /* rows of a front as a table */

/* ------------------------------------------------------------------- marks */

/* What is marked on the charts of a partition; owns its widths. */
typedef struct marking {
    ec_widths_mark mark[EC_N_MARKS];
    char best_title[EC_CELL];
    uint32_t *widths; /* EC_N_MARKS times those of all levels */
} marking;

static ec_status mark_described(ec_widths_mark *mark, const ec_widths_found *found,
                                size_t partition, ec_error *err)
{
    ec_status status = EC_OK;
    ec_int cost = {0};

    for (size_t l = 0; l < found->arch->n_levels; l++)
        mark->widths[l] = ec_level_channels(&found->arch->levels[l]);
    if (found->cost == EC_QUANTITY_MULTIPLY_ADDS)
        EC_TRY(ec_arch_multiply_adds(&cost, found->arch, err));
    else
        EC_TRY(ec_arch_parameters(&cost, found->arch, err));
    mark->cost = ec_int_get_u64(&cost);
    mark->log2 = ec_log2_of(found->bounds[partition].rank);
done:
    ec_int_clear(&cost);
    return status;
}

/* The best within the budget: of the front, where dearer is better, the dearest that is not over
 * it. */
void ec_mark_best(ec_widths_mark *mark, const ec_widths_found *found, size_t partition)
{
    const ec_sweep_rows *front = &found->fronts[partition];
    const uint64_t *cost =
        found->cost == EC_QUANTITY_MULTIPLY_ADDS ? front->multiply_adds : front->parameters;
    size_t best = front->n;

    for (size_t i = 0; i < front->n; i++)
        if (cost[i] <= found->budget && (best == front->n || cost[i] > cost[best]))
            best = i;
    if (found->budget == UINT64_MAX || best == front->n) {
        mark->widths = NULL;
        return;
    }
    ec_sweep_widths(mark->widths, found->sweep, front->index[best]);
    mark->cost = cost[best];
    mark->log2 = ec_row_log2(front, best, 0);
}

static ec_status mark(marking *out, const ec_widths_found *found, size_t partition, ec_error *err)
{
    char number[EC_CELL];

    *out = (marking){.widths =
                         ec_calloc(EC_N_MARKS * found->arch->n_levels, sizeof *out->widths, err)};
    if (out->widths == NULL)
        return EC_ENOMEM;
    snprintf(out->best_title, sizeof out->best_title, "best within %.40s %s",
             ec_format_count(number, found->budget), ec_cost_unit(found->cost));
    out->mark[EC_MARK_DESCRIBED] = (ec_widths_mark){"as described", out->widths, 0, 0};
    out->mark[EC_MARK_BEST] =
        (ec_widths_mark){out->best_title, out->widths + found->arch->n_levels, 0, 0};
    ec_mark_best(&out->mark[EC_MARK_BEST], found, partition);
    return mark_described(&out->mark[EC_MARK_DESCRIBED], found, partition, err);
}

/* ------------------------------------------------------------------ charts */

/* "r0=16, r1=16": the widths that the heat maps hold fixed. */
static void put_fixed(ec_text *out, const ec_widths_found *found)
{
    const char *comma = "";

    for (size_t l = 0; l < found->arch->n_levels; l++) {
        if (l == found->axis[0] || l == found->axis[1])
            continue;
        ec_text_printf(out, "%s%s=%" PRIu32, comma, found->arch->levels[l].name,
                       ec_level_channels(&found->arch->levels[l]));
        comma = ", ";
    }
}

static void put_map_caption(ec_paper *paper, const ec_widths_found *found, size_t partition)
{
    ec_text *line = ec_paper_open(paper, EC_CAPTION);
    double low, high;

    ec_put_plain(line, found->partitions->items[partition].name);
    ec_text_printf(line,
                   ": the proved upper bound for every pair of %s and %s, all other widths as "
                   "described (",
                   found->arch->levels[found->axis[0]].name,
                   found->arch->levels[found->axis[1]].name);
    put_fixed(line, found);
    ec_text_puts(line, "). ");
    if (!ec_slice_extent(&low, &high, found, partition))
        ec_text_puts(line, "It is the same for all of them. ");
    ec_text_puts(line, "A frame marks a design of the table that lies on this map.");
    ec_paper_close(paper);
}

static void put_plot_caption(ec_paper *paper, const ec_widths_found *found, size_t partition)
{
    ec_text *line = ec_paper_open(paper, EC_CAPTION);
    char number[EC_CELL];

    ec_put_plain(line, found->partitions->items[partition].name);
    ec_text_printf(line,
                   ": the proved upper bound of each of %s configurations against its cost. No "
                   "configuration has a larger bound at the same cost than the front.",
                   ec_format_count(number, found->all->n));
    ec_paper_close(paper);
}

static ec_status put_charts(ec_paper *paper, const ec_widths_found *found, size_t partition,
                            const marking *m, ec_error *err)
{
    ec_status status = EC_OK;
    ec_text script = {0};
    char id[32];

    ec_paper_columns(paper, "");
    snprintf(id, sizeof id, "heat%zu", partition);
    ec_plot_heat_map(&script, found, partition, m->mark);
    EC_TRY(ec_paper_plot(paper, &script, id, "Heat map: the bound over two widths", err));
    put_map_caption(paper, found, partition);
    ec_text_clear(&script);
    snprintf(id, sizeof id, "pareto%zu", partition);
    EC_TRY(ec_plot_pareto(&script, found, partition, m->mark, err));
    EC_TRY(ec_paper_plot(paper, &script, id, "Pareto plot: the bound against the cost", err));
    put_plot_caption(paper, found, partition);
    ec_paper_end_columns(paper);
done:
    ec_text_clear(&script);
    return status;
}

/* ------------------------------------------------------------------ tables */

/* The next cell: all widths of a configuration. */
static void widths_cell(ec_table *table, const ec_arch *arch, const uint32_t *widths)
{
    ec_text text = {0};

    for (size_t l = 0; l < arch->n_levels; l++)
        ec_text_printf(&text, "%s%s=%" PRIu32, l > 0 ? " " : "", arch->levels[l].name, widths[l]);
    ec_table_cell(table, "%s", ec_text_get(&text));
    ec_text_clear(&text);
}

static void mark_row(ec_table *table, const ec_widths_found *found, const ec_widths_mark *mark)
{
    char number[EC_CELL];

    ec_table_cell(table, "%s", mark->title);
    widths_cell(table, found->arch, mark->widths);
    ec_table_cell(table, "%s", ec_format_count(number, mark->cost));
    ec_table_cell(table, "%.2f", mark->log2);
    ec_table_label(table, "proved");
}

static void put_marks(ec_paper *paper, const ec_widths_found *found, const marking *m)
{
    ec_table table = {0};

    ec_table_init(&table, found->cost == EC_QUANTITY_MULTIPLY_ADDS
                              ? "<design|<widths|>multiply-adds|>log2 bound"
                              : "<design|<widths|>parameters|>log2 bound");
    for (int k = 0; k < EC_N_MARKS; k++)
        if (m->mark[k].widths != NULL)
            mark_row(&table, found, &m->mark[k]);
    ec_paper_table(paper, &table, "The network as described and, within a budget, the best");
    ec_table_clear(&table);
}

/* The front as numbers, from the cheapest up. */
static ec_status put_front(ec_paper *paper, const ec_widths_found *found, size_t partition,
                           ec_error *err)
{
    const ec_sweep_rows *front = &found->fronts[partition];
    uint32_t *widths = NULL;
    ec_front_point *points = NULL;
    ec_status status = EC_OK;
    ec_table table = {0};
    char number[EC_CELL];

    EC_NEW(widths, found->arch->n_levels);
    EC_TRY(ec_front_points(&points, front, found->cost, err));
    ec_table_init(&table, found->cost == EC_QUANTITY_MULTIPLY_ADDS
                              ? ">multiply-adds|>log2 bound|<widths"
                              : ">parameters|>log2 bound|<widths");
    for (size_t i = 0; i < front->n && i < MAX_FRONT; i++) {
        ec_sweep_widths(widths, found->sweep, front->index[points[i].row]);
        ec_table_cell(&table, "%s", ec_format_count(number, points[i].cost));
        ec_table_cell(&table, "%.2f", points[i].log2);
        widths_cell(&table, found->arch, widths);
    }
    ec_paper_details(paper, "The Pareto front as a table");
    ec_paper_table(paper, &table,
                   front->n > MAX_FRONT ? "The cheapest designs of the front"
                                        : "Every design of the front");
    ec_paper_end_details(paper);
done:
    ec_table_clear(&table);
    ec_free(points);
    ec_free(widths);
    return status;
}

/* ----------------------------------------------------------------- section */

static ec_status put_partition(ec_paper *paper, const ec_widths_found *found, size_t partition,
                               ec_error *err)
{
    ec_status status = EC_OK;
    marking m;

    EC_TRY(mark(&m, found, partition, err));
    ec_put_plain(ec_paper_open(paper, EC_HEADING), found->partitions->items[partition].name);
    ec_paper_close(paper);
    if (paper->charts)
        EC_TRY(put_charts(paper, found, partition, &m, err));
    put_marks(paper, found, &m);
    if (found->budget != UINT64_MAX && m.mark[EC_MARK_BEST].widths == NULL)
        ec_paper_say(paper, EC_NOTE, "Every configuration costs more: there is no %s.",
                     m.best_title);
    status = put_front(paper, found, partition, err);
done:
    ec_free(m.widths);
    return status;
}

ec_status ec_section_widths(ec_paper *paper, const ec_report_page *page, ec_error *err)
{
    const ec_widths_found *found = page->widths;
    ec_status status = EC_OK;
    char number[EC_CELL];

    if (found == NULL)
        return EC_OK;
    ec_paper_section(paper, "widths", "Bounds over widths", "Widths");
    ec_paper_say(paper, EC_PARAGRAPH,
                 "Which widths would carry more, and at what cost: all %s configurations of the "
                 "ranges asked for, each with its bound for every choice of weights (the smaller "
                 "of min cut and shared-weights bound). %s" EC_LABEL("proved"),
                 ec_format_count(number, found->all->n),
                 found->budget != UINT64_MAX
                     ? "The best within the budget is the best of all of them, not an estimate: of "
                       "equal bounds the cheapest. "
                     : "");
    for (size_t k = 0; k < found->partitions->n; k++)
        EC_TRY(put_partition(paper, found, k, err));
    if (page->bounds.partitions->n > found->partitions->n)
        ec_paper_say(paper, EC_NOTE, "%zu more partitions have no charts.",
                     page->bounds.partitions->n - found->partitions->n);
    ec_paper_end_section(paper);
done:
    return status;
}
