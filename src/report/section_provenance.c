/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "paper.h"

#include <inttypes.h>

/* A value as typed. */
static void put_code(ec_paper *paper, const char *term, const char *value)
{
    ec_text *line = ec_paper_term(paper, term);

    ec_text_puts(line, EC_MARK_CODE);
    ec_put_plain(line, value);
    ec_text_puts(line, EC_MARK_END);
    ec_paper_close(paper);
}

void ec_section_provenance(ec_paper *paper, const ec_report_page *page)
{
    ec_paper_section(paper, "provenance", "Provenance", "Provenance");
    ec_paper_terms(paper);
    ec_text_puts(ec_paper_term(paper, "Made by"), "entcap " EC_VERSION);
    ec_paper_close(paper);
    if (page->libraries != NULL)
        put_code(paper, "With", page->libraries);
    if (page->command != NULL)
        put_code(paper, "Command", page->command);
    ec_text_printf(ec_paper_term(paper, "Seed"), "%" PRIu64, page->seed);
    ec_paper_close(paper);
    for (size_t i = 0; i < page->n_sources; i++) {
        const ec_report_source *source = &page->sources[i];

        put_code(paper, source->role, source->path);
        put_code(paper, "SHA-256", source->sha256);
    }
    ec_paper_end_terms(paper);
    ec_paper_end_section(paper);
}
