/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "report_i.h"

#include <inttypes.h>

static void put_term(ec_text *out, const char *term, const char *value)
{
    ec_text_printf(out, "<dt>%s</dt><dd><code>", term);
    ec_text_xml(out, value);
    ec_text_puts(out, "</code></dd>\n");
}

void ec_html_provenance(ec_text *out, const ec_report_page *page)
{
    ec_html_section(out, "provenance", "Provenance");
    ec_text_puts(out, "<dl>\n<dt>Made by</dt><dd>entcap " EC_VERSION "</dd>\n");
    if (page->command != NULL)
        put_term(out, "Command", page->command);
    ec_text_printf(out, "<dt>Seed</dt><dd>%" PRIu64 "</dd>\n", page->seed);
    for (size_t i = 0; i < page->n_sources; i++) {
        const ec_report_source *source = &page->sources[i];

        put_term(out, source->role, source->path);
        put_term(out, "SHA-256", source->sha256);
    }
    ec_text_puts(out, "</dl>\n");
    ec_html_end_section(out);
}
