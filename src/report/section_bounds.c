/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "paper.h"

void ec_section_requirements(ec_paper *paper, const ec_report_page *page)
{
    const ec_arch *arch = page->bounds.arch;
    ec_table table = {0};
    char number[EC_CELL];

    if (arch->n_requirements == 0 || page->required == NULL)
        return;
    ec_paper_section(paper, "requirements", "Requirements", "Requirements");
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
    ec_paper_table(paper, &table, "What is asked of the partitions, held against their bounds");
    ec_paper_say(paper, EC_PARAGRAPH,
                 "Failed: no weights can meet it. Met: almost all weights do. Undecided: neither "
                 "is proved.");
    ec_table_clear(&table);
    ec_paper_end_section(paper);
}

void ec_section_bounds(ec_paper *paper, const ec_report_page *page)
{
    ec_table table = {0};
    ec_text notes = {0};

    ec_paper_section(paper, "bounds", "Bounds for every choice of weights", "Bounds");
    ec_paper_say(
        paper, EC_PARAGRAPH,
        "A partition splits the sites into a side A and the rest. The rank of the network's "
        "tensor across it, and with it the entanglement, is at most the bound: the product "
        "of the dimensions that a cut between the two sides must sever. The bottleneck names "
        "the layers whose widening raises it. " EC_LABEL("proved"));
    ec_fill_bounds(&table, &page->bounds);
    ec_paper_table(paper, &table, "Bounds, a row for each partition");
    ec_put_bound_notes(&notes, &page->bounds);
    ec_paper_notes(paper, &notes);
    ec_text_clear(&notes);
    ec_table_clear(&table);
    ec_paper_end_section(paper);
}

void ec_section_diagrams(ec_paper *paper, const ec_report_page *page)
{
    if (page->n_diagrams == 0 || paper->markdown)
        return;
    ec_paper_section(paper, "diagram", "Diagrams of the cuts", "Diagrams");
    ec_paper_columns(paper, " diagrams");
    for (size_t i = 0; i < page->n_diagrams; i++) {
        const ec_report_diagram *diagram = &page->diagrams[i];

        ec_paper_svg(paper, diagram->svg, diagram->wide ? "diagram wide" : "diagram",
                     diagram->caption);
        ec_put_plain(ec_paper_open(paper, EC_CAPTION), diagram->caption);
        ec_paper_close(paper);
    }
    ec_paper_end_columns(paper);
    ec_paper_end_section(paper);
}
