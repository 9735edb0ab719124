/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "report_i.h"

#include "core/flow.h"

#include <inttypes.h>
#include <string.h>

enum { MAX_SUMMARY = 6 }; /* partitions that the summary lists */

static ec_status put_size(ec_text *out, const ec_arch *arch, ec_error *err)
{
    ec_status status = EC_OK;
    ec_int count = {0};
    char number[EC_CELL];

    ec_text_printf(out, "<p class=\"size\">%s sites", ec_format_count(number, arch->n_sites));
    if (!ec_arch_is_network(arch))
        ec_text_printf(out, " of %" PRIu32 " features", arch->input.channels);
    EC_TRY(ec_arch_parameters(&count, arch, err));
    ec_text_printf(out, " &middot; %s parameters", ec_format_int(number, &count));
    if (!ec_arch_is_network(arch)) {
        EC_TRY(ec_arch_multiply_adds(&count, arch, err));
        ec_text_printf(out, " &middot; %s multiply-adds for one sample",
                       ec_format_int(number, &count));
    }
    ec_text_puts(out, "</p>\n");
done:
    ec_int_clear(&count);
    return status;
}

/* "left-right: rank at most 16, S at most 2.77 nats; limited by r4" */
static void put_capacity(ec_text *out, const ec_partition *partition, const ec_bound *bound)
{
    char text[EC_CELL];

    ec_text_puts(out, "<li><strong>");
    ec_text_xml(out, partition->name);
    ec_text_puts(out, "</strong>: rank at most ");
    ec_html_number(out, ec_format_bound(text, bound));
    ec_text_printf(out, ", entanglement entropy at most %.2f&nbsp;nats", ec_nats_of(bound->rank));
    if (ec_format_bottleneck(text, &bound->bottleneck)[0] != '\0') {
        ec_text_puts(out, "; limited by ");
        ec_text_xml(out, text);
    }
    ec_text_puts(out, "</li>\n");
}

static void put_verdict(ec_text *out, const ec_states_found *found)
{
    size_t n = found->partitions->n, measured = 0, broken = 0;

    for (size_t i = 0; i < n; i++) {
        measured += ec_report_measured(&found->states[i]);
        broken += !found->states[i].holds;
    }
    if (broken == 0)
        ec_text_printf(out,
                       "<div class=\"verdict\"><p><strong>The bound holds</strong> for the network "
                       "with its weights: every label was measured across %zu of %zu partitions, "
                       "and none exceeds it.</p></div>\n",
                       measured, n);
    else
        ec_text_printf(out,
                       "<div class=\"verdict no\"><p><strong>The bound is violated</strong> across "
                       "%zu of %zu partitions, which is a bug in the input or in entcap: see "
                       "<a href=\"#verification\">Verification</a>.</p></div>\n",
                       broken, n);
}

ec_status ec_html_summary(ec_text *out, const ec_report_page *page, ec_error *err)
{
    const ec_bounds_found *found = &page->bounds;
    ec_status status = put_size(out, found->arch, err);

    if (page->states != NULL)
        put_verdict(out, page->states);
    ec_html_paragraph(out, "Whatever its weights, this architecture can carry:");
    ec_text_puts(out, "<ul class=\"plain\">\n");
    for (size_t i = 0; i < found->partitions->n && i < MAX_SUMMARY; i++)
        put_capacity(out, &found->partitions->items[i], &found->bounds[i]);
    if (found->partitions->n > MAX_SUMMARY)
        ec_text_printf(out, "<li>%zu more partitions: see <a href=\"#bounds\">Bounds</a></li>\n",
                       found->partitions->n - MAX_SUMMARY);
    ec_text_puts(out, "</ul>\n");
    return status;
}

void ec_html_requirements(ec_text *out, const ec_report_page *page)
{
    const ec_arch *arch = page->bounds.arch;
    ec_table table = {0};
    char number[EC_CELL];

    if (arch->n_requirements == 0 || page->required == NULL)
        return;
    ec_html_section(out, "requirements", "Requirements");
    ec_table_init(&table, "<partition|>asked for|>bound|>log2|<verdict");
    for (size_t i = 0; i < arch->n_requirements; i++) {
        const ec_requirement *requirement = &arch->requirements[i];
        const ec_bound *bound = &page->required[i];

        ec_table_cell(&table, "%s", requirement->partition);
        if (requirement->by_rank)
            ec_table_cell(&table, "rank %s", ec_format_int(number, &requirement->min_rank));
        else
            ec_table_cell(&table, "log2 rank %g", requirement->min_log2);
        ec_table_cell(&table, "%s", ec_format_bound(number, bound));
        ec_table_cell(&table, "%.2f", ec_log2_of(bound->rank));
        ec_table_cell(&table, "%s", "");
        ec_table_label(&table, ec_verdict_text(ec_check_verdict(requirement, bound)));
    }
    ec_table_html(out, &table, "");
    ec_html_paragraph(out, "Failed: no weights can meet it. Met: almost all weights do. Undecided: "
                           "neither is proved.");
    ec_table_clear(&table);
    ec_html_end_section(out);
}

void ec_html_bounds(ec_text *out, const ec_report_page *page)
{
    ec_table table = {0};
    ec_text notes = {0};

    ec_html_section(out, "bounds", "Bounds for every choice of weights");
    ec_html_paragraph(
        out, "A partition splits the sites into a side A and the rest. The rank of the network's "
             "tensor across it, and with it the entanglement, is at most the bound: the product "
             "of the dimensions that a cut between the two sides must sever. The bottleneck names "
             "the layers whose widening raises it. "
             "<span class=\"label proved\">proved</span>");
    ec_fill_bounds(&table, &page->bounds);
    ec_table_html(out, &table, "");
    ec_put_bound_notes(&notes, &page->bounds);
    ec_html_notes(out, &notes);
    ec_text_clear(&notes);
    ec_table_clear(&table);
    ec_html_end_section(out);
}

void ec_html_diagrams(ec_text *out, const ec_report_page *page)
{
    if (page->n_diagrams == 0)
        return;
    ec_html_section(out, "diagram", "Diagram");
    ec_text_puts(out, "<div class=\"charts diagrams\">\n");
    for (size_t i = 0; i < page->n_diagrams; i++) {
        const ec_report_diagram *diagram = &page->diagrams[i];
        const char *element = strstr(diagram->svg, "<svg"); /* without the document's prolog */

        ec_text_puts(out, diagram->wide ? "<figure class=\"diagram wide\">"
                                        : "<figure class=\"diagram\">");
        ec_text_puts(out, element != NULL ? element : "");
        ec_text_puts(out, "<figcaption>");
        ec_text_xml(out, diagram->caption);
        ec_text_puts(out, "</figcaption></figure>\n");
    }
    ec_text_puts(out, "</div>\n");
    ec_html_end_section(out);
}
