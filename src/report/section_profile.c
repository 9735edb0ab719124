/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "paper.h"

#include "core/flow.h"

#include <stdio.h>

static size_t count(const ec_profile *profile, ec_profile_kind kind)
{
    size_t n = 0;

    for (size_t i = 0; i < profile->n; i++)
        n += profile->points[i].kind == kind;
    return n;
}

static ec_status put_chart(ec_paper *paper, const ec_profile *profile, ec_profile_kind kind,
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
    EC_TRY(ec_paper_plot(paper, &script, id, label, err));
    ec_paper_say(paper, EC_CAPTION,
                 "%s. Entropies " EC_LABEL("measured") ", bound " EC_LABEL("proved"),
                 caption[kind]);
done:
    ec_text_clear(&script);
    return status;
}

static void put_table(ec_paper *paper, const ec_profile *profile)
{
    ec_table table = {0};
    char summary[64];

    snprintf(summary, sizeof summary, "All %zu cuts, in nats", profile->n);
    ec_paper_details(paper, summary);
    ec_fill_profile(&table, profile);
    ec_paper_table(paper, &table, "Entropies over the labels and bounds, a row for each cut");
    ec_paper_end_details(paper);
    ec_table_clear(&table);
}

ec_status ec_section_profile(ec_paper *paper, const ec_report_page *page, ec_error *err)
{
    const ec_profile *profile = page->states != NULL ? page->states->profile : NULL;
    ec_status status = EC_OK;
    ec_text notes = {0};

    if (profile == NULL || profile->n == 0)
        return EC_OK;
    ec_paper_section(paper, "profile", "Entanglement against the place of the cut", "Profile");
    ec_paper_say(
        paper, EC_PARAGRAPH,
        "How much the two sides of a cut know of each other, wherever the network is cut: "
        "S" EC_LOWERED(
            "2") " ≤ S ≤ ln bound. The line is the mean over the labels, the band "
                 "reaches from the least to the largest label; where S is missing, the cut is too "
                 "large for its spectrum. Blocks are the network's own subtrees.");
    ec_paper_say(paper, EC_PARAGRAPH, "%s.", ec_basis_note(profile->basis));
    if (paper->charts) {
        ec_paper_columns(paper, "");
        for (int kind = EC_PROFILE_SITES; kind <= EC_PROFILE_BLOCK; kind++)
            if (count(profile, (ec_profile_kind)kind) > 1)
                EC_TRY(put_chart(paper, profile, (ec_profile_kind)kind, err));
        ec_paper_end_columns(paper);
    }
    put_table(paper, profile);
    ec_put_profile_notes(&notes, profile);
    ec_paper_notes(paper, &notes);
    ec_paper_end_section(paper);
done:
    ec_text_clear(&notes);
    return status;
}
