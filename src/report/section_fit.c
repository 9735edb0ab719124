/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "paper.h"

#include "core/flow.h"

#include <inttypes.h>
#include <math.h>

static void put_smallest(ec_paper *paper, const ec_arch *arch, const ec_design_answer *answer)
{
    const ec_design *best = &answer->best;
    char number[EC_CELL];

    if (!answer->feasible) {
        ec_paper_say(paper, EC_PARAGRAPH,
                     "No widths within the range have capacities that large. " EC_LABEL("proved"));
        return;
    }

    ec_text *line = ec_paper_open(paper, EC_PARAGRAPH);

    ec_text_puts(line, "Smallest widths with capacities that large:");
    for (size_t l = 0; l < best->n_levels; l++)
        ec_text_printf(line, " %s=%" PRIu32, arch->levels[l].name, best->widths[l]);
    ec_text_printf(line, ", %s parameters. %s", ec_format_count(number, best->parameters),
                   answer->optimal ? EC_LABEL("proved") : EC_LABEL("undecided") " best found");
    ec_paper_close(paper);
}

static ec_status put_side(ec_paper *paper, const ec_report_page *page, const ec_fit_side *side,
                          const char *id, double largest, ec_error *err)
{
    const ec_fit *fit = page->fit->fit;
    ec_status status = EC_OK;
    ec_text script = {0};
    ec_table table = {0};

    if (paper->charts) {
        ec_plot_fit(&script, fit, side, largest);
        EC_TRY(ec_paper_plot(paper, &script, id, "Map of the entropy of every block", err));
        ec_paper_say(paper, EC_CAPTION,
                     "Entropy of each block of %s against the rest, for its most demanding label; "
                     "lighter is more.",
                     fit->blocks.grid[0] == 1 ? "sites" : "pixels");
    }
    ec_fill_fit(&table, fit, side);
    ec_paper_table(paper, &table,
                   "Demand (entropy in nats) against capacity, a row for each level");
    put_smallest(paper, page->fit->arch, &side->smallest);
done:
    ec_text_clear(&script);
    ec_table_clear(&table);
    return status;
}

/* What is held against what, and what follows. */
static void put_introduction(ec_paper *paper, const ec_fit *fit, double theta)
{
    const ec_entropies *e = &fit->as_is.entropies;
    ec_text *line = ec_paper_open(paper, EC_PARAGRAPH);
    char number[EC_CELL];

    ec_text_printf(line,
                   "Demand of the data, exp(entropy), against the capacity of the network, an "
                   "upper bound on the rank, across its canonical partitions. %s samples, ",
                   ec_format_count(number, fit->n_samples));
    if (e->samples < fit->n_samples)
        ec_text_printf(line, "%zu random subset%s of %s, ", e->batches, e->batches > 1 ? "s" : "",
                       ec_format_count(number, e->samples));
    ec_text_printf(line,
                   "theta %g. Entropies " EC_LABEL("measured") ", capacities " EC_LABEL("proved"),
                   theta);
    ec_paper_close(paper);
    ec_paper_say(paper, EC_NOTE,
                 "A necessary condition: where the demand exceeds the capacity, no weights give "
                 "the tensor of the data. Where it does not, nothing is said about how well the "
                 "network fits.");
}

ec_status ec_section_fit(ec_paper *paper, const ec_report_page *page, ec_error *err)
{
    ec_status status = EC_OK;

    if (page->fit == NULL)
        return EC_OK;

    const ec_fit *fit = page->fit->fit;
    double largest = ec_fit_extent(&fit->as_is);

    if (fit->has_rearranged)
        largest = fmax(largest, ec_fit_extent(&fit->rearranged));
    ec_paper_section(paper, "data", "What the data ask for", "Data");
    put_introduction(paper, fit, page->fit->theta);
    ec_paper_say(paper, EC_HEADING, "Features as they are");
    EC_TRY(put_side(paper, page, &fit->as_is, "data0", largest, err));
    if (fit->has_rearranged) {
        ec_paper_say(paper, EC_HEADING, "Features rearranged");
        ec_paper_say(paper, EC_NOTE,
                     "In the order that recursive balanced cuts of their correlation graph give.");
        EC_TRY(put_side(paper, page, &fit->rearranged, "data1", largest, err));
    }
    ec_paper_end_section(paper);
done:
    return status;
}
