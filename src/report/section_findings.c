/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "paper.h"

/* "warning EC009, line 26: what is wrong (proved) — what to do" */
static void put_finding(ec_paper *paper, const ec_finding *finding)
{
    const ec_check_rule *rule = ec_check_rule_at(finding->rule);
    ec_text *line = ec_paper_open(paper, EC_ITEM);

    ec_text_printf(line, EC_STRONG("%s %s"), ec_severity_text(finding->severity), rule->code);
    if (finding->place.line > 0)
        ec_text_printf(line, ", line %d", finding->place.line);
    ec_text_puts(line, ": ");
    ec_put_plain(line, finding->message);
    ec_text_printf(line, " " EC_LABEL("%s"), ec_certainty_text(finding->certainty));
    if (finding->remedy != NULL && finding->remedy[0] != '\0') {
        ec_text_puts(line, " — ");
        ec_put_plain(line, finding->remedy);
    }
    ec_paper_close(paper);
}

void ec_section_findings(ec_paper *paper, const ec_report_page *page)
{
    const ec_check *check = page->check;

    if (check == NULL || (check->n_findings == 0 && !page->widths_unjudged))
        return;
    ec_paper_section(paper, "findings", "Findings on the description", "Findings");
    ec_paper_say(paper, EC_PARAGRAPH,
                 "What " EC_MARK_CODE "entcap check" EC_MARK_END " finds before anything is "
                 "trained; " EC_MARK_CODE "entcap explain CODE" EC_MARK_END " explains a code.");
    if (page->widths_unjudged)
        ec_paper_say(paper, EC_NOTE, "Widths are not judged: %zu partitions are too many.",
                     page->bounds.partitions->n);
    ec_paper_list(paper);
    for (size_t i = 0; i < check->n_findings; i++)
        put_finding(paper, &check->findings[i]);
    ec_paper_end_list(paper);
    ec_paper_end_section(paper);
}
