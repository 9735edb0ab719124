/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "report_i.h"

#include "core/flow.h"

#include <stdio.h>

static size_t count(const ec_profile *profile, ec_profile_kind kind)
{
    size_t n = 0;

    for (size_t i = 0; i < profile->n; i++)
        n += profile->points[i].kind == kind;
    return n;
}

static ec_status put_chart(ec_text *out, const ec_profile *profile, ec_profile_kind kind,
                           ec_error *err)
{
    static const char *const caption[] = {
        "The first sites against the rest", "The first columns against the rest",
        "The first rows against the rest", "One block against the rest, for the blocks of a level"};
    ec_text script = {0};
    char id[32], label[128];
    ec_status status = EC_OK;

    snprintf(id, sizeof id, "profile%d", (int)kind);
    snprintf(label, sizeof label, "Entropies and bound. %s", caption[kind]);
    EC_TRY(ec_plot_profile(&script, profile, kind, err));
    ec_text_puts(out, "<figure>");
    EC_TRY(ec_plot_svg(out, &script, id, label, err));
    ec_text_printf(out,
                   "<figcaption>%s. Entropies <span class=\"label measured\">measured</span>, "
                   "bound <span class=\"label proved\">proved</span></figcaption></figure>\n",
                   caption[kind]);
done:
    ec_text_clear(&script);
    return status;
}

static void put_table(ec_text *out, const ec_profile *profile)
{
    ec_table table = {0};

    ec_text_printf(out, "<details><summary>All %zu cuts, in nats</summary>\n", profile->n);
    ec_fill_profile(&table, profile);
    ec_table_html(out, &table, "");
    ec_text_puts(out, "</details>\n");
    ec_table_clear(&table);
}

ec_status ec_html_profile(ec_text *out, const ec_report_page *page, ec_error *err)
{
    const ec_profile *profile = page->states != NULL ? page->states->profile : NULL;
    ec_status status = EC_OK;
    ec_text notes = {0};

    if (profile == NULL || profile->n == 0)
        return EC_OK;
    ec_html_section(out, "profile", "Entanglement against the place of the cut");
    ec_html_paragraph(
        out, "How much the two sides of a cut know of each other, wherever the network is cut: "
             "S<sub>2</sub> &le; S &le; ln bound. The line is the mean over the labels, the band "
             "reaches from the least to the largest label; where S is missing, the cut is too "
             "large for its spectrum. Blocks are the network's own subtrees.");
    ec_text_printf(out, "<p>%s.</p>\n", ec_basis_note(profile->basis));
    if (page->charts) {
        ec_text_puts(out, "<div class=\"charts\">\n");
        for (int kind = EC_PROFILE_SITES; kind <= EC_PROFILE_BLOCK; kind++)
            if (count(profile, (ec_profile_kind)kind) > 1)
                EC_TRY(put_chart(out, profile, (ec_profile_kind)kind, err));
        ec_text_puts(out, "</div>\n");
    }
    put_table(out, profile);
    ec_put_profile_notes(&notes, profile);
    ec_html_notes(out, &notes);
    ec_html_end_section(out);
done:
    ec_text_clear(&notes);
    return status;
}
