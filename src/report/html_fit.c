/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "report_i.h"

#include "core/flow.h"

#include <math.h>

static void put_smallest(ec_text *out, const ec_arch *arch, const ec_design_answer *answer)
{
    const ec_design *best = &answer->best;
    char number[EC_CELL];

    if (!answer->feasible) {
        ec_text_puts(out, "<p>No widths within the range have capacities that large. "
                          "<span class=\"label proved\">proved</span></p>\n");
        return;
    }
    ec_text_puts(out, "<p>Smallest widths with capacities that large:");
    for (size_t l = 0; l < best->n_levels; l++)
        ec_text_printf(out, " %s=%u", arch->levels[l].name, (unsigned)best->widths[l]);
    ec_text_printf(out, ", %s parameters. <span class=\"label %s\">%s</span></p>\n",
                   ec_format_count(number, best->parameters),
                   answer->optimal ? "proved" : "undecided",
                   answer->optimal ? "proved" : "best found");
}

static ec_status put_side(ec_text *out, const ec_report_page *page, const ec_fit_side *side,
                          const char *id, double largest, ec_error *err)
{
    const ec_fit *fit = page->fit->fit;
    ec_status status = EC_OK;
    ec_text script = {0};
    ec_table table = {0};

    if (page->charts) {
        ec_text_puts(out, "<figure>");
        ec_plot_fit(&script, fit, side, largest);
        EC_TRY(ec_plot_svg(out, &script, id, "Map of the entropy of every block", err));
        ec_text_printf(out,
                       "<figcaption>Entropy of each block of %s against the rest, for its most "
                       "demanding label; lighter is more.</figcaption></figure>\n",
                       fit->blocks.grid[0] == 1 ? "sites" : "pixels");
    }
    ec_fill_fit(&table, fit, side);
    ec_table_html(out, &table, "");
    put_smallest(out, page->fit->arch, &side->smallest);
done:
    ec_text_clear(&script);
    ec_table_clear(&table);
    return status;
}

ec_status ec_html_fit(ec_text *out, const ec_report_page *page, ec_error *err)
{
    ec_status status = EC_OK;
    char number[EC_CELL];

    if (page->fit == NULL)
        return EC_OK;

    const ec_fit *fit = page->fit->fit;
    const ec_entropies *e = &fit->as_is.entropies;
    double largest = ec_fit_extent(&fit->as_is);

    if (fit->has_rearranged)
        largest = fmax(largest, ec_fit_extent(&fit->rearranged));
    ec_html_section(out, "data", "What the data ask for");
    ec_text_printf(out,
                   "<p>Demand of the data, exp(entropy), against the capacity of the network, an "
                   "upper bound on the rank, across its canonical partitions. %s samples, ",
                   ec_format_count(number, fit->n_samples));
    if (e->samples < fit->n_samples)
        ec_text_printf(out, "%zu random subset%s of %s, ", e->batches, e->batches > 1 ? "s" : "",
                       ec_format_count(number, e->samples));
    ec_text_printf(out,
                   "theta %g. Entropies <span class=\"label measured\">measured</span>, "
                   "capacities <span class=\"label proved\">proved</span></p>\n"
                   "<p class=\"note\">A necessary condition: where the demand exceeds the "
                   "capacity, no weights give the tensor of the data. Where it does not, nothing "
                   "is said about how well the network fits.</p>\n<h3>Features as they "
                   "are</h3>\n",
                   page->fit->theta);
    EC_TRY(put_side(out, page, &fit->as_is, "data0", largest, err));
    if (fit->has_rearranged) {
        ec_text_puts(out, "<h3>Features rearranged</h3>\n<p class=\"note\">In the order that "
                          "recursive balanced cuts of their correlation graph give.</p>\n");
        EC_TRY(put_side(out, page, &fit->rearranged, "data1", largest, err));
    }
    ec_html_end_section(out);
done:
    return status;
}
