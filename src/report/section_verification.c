/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "paper.h"

#include "core/flow.h"

#include <inttypes.h>
#include <stdio.h>

enum { MAX_LINES = 4, MAX_VALUES = 256 }; /* labels, and singular values of each, in a chart */

static ec_status put_spectra(ec_paper *paper, const ec_state *state, size_t number, ec_error *err)
{
    char id[32], title[MAX_LINES][24];
    ec_series series[MAX_LINES];
    size_t n = 0;

    for (size_t y = 0; y < state->n_labels && n < MAX_LINES; y++) {
        const ec_spectrum *spectrum = &state->labels[y].spectrum;

        if (!spectrum->known || spectrum->n == 0)
            continue;
        snprintf(title[n], sizeof title[n], "label %" PRIu32, state->labels[y].label);
        series[n] = (ec_series){title[n], NULL, spectrum->value,
                                spectrum->n < MAX_VALUES ? spectrum->n : MAX_VALUES};
        n++;
    }
    if (n == 0)
        return EC_OK;
    snprintf(id, sizeof id, "spectrum%zu", number);

    const ec_chart chart = {.id = id,
                            .label = "Singular values of the first labels, largest first",
                            .x_name = "index",
                            .y_name = "singular value",
                            .log_y = true,
                            .series = series,
                            .n_series = n};
    ec_status status = ec_paper_chart(paper, &chart, err);
    ec_paper_say(paper, EC_CAPTION,
                 "Singular values%s; their squares sum to 1. " EC_LABEL("measured"),
                 n < state->n_labels ? " of the first labels" : "");
    return status;
}

/* The larger of two numbers of which either may be absent; NULL if both are. */
static const ec_measured *larger(const ec_measured *a, const ec_measured *b)
{
    if (a == NULL || !a->known)
        return b->known ? b : NULL;
    return b->known && b->value > a->value ? b : a;
}

static void largest_rank_cell(ec_table *table, const ec_state *state, const ec_bound *bound)
{
    const ec_label_state *top = NULL;
    char number[EC_CELL];

    for (size_t y = 0; y < state->n_labels; y++) {
        const ec_label_state *label = &state->labels[y];

        if (label->rank.known && (top == NULL || label->rank.rank > top->rank.rank))
            top = label;
    }
    ec_table_cell(table, "%s", top != NULL ? ec_format_count(number, top->rank.rank) : "");
    if (top != NULL) {
        ec_chain_term chain[EC_N_CHAIN];

        ec_state_chain(chain, top, &state->bound, bound);
        ec_table_label(table, ec_statement_text(chain[EC_CHAIN_RANK].statement));
    }
}

/* Largest rank and entropies over the labels: how much of the capacity is used. */
static void overview_row(ec_table *table, const ec_report_page *page, size_t i)
{
    const ec_state *state = &page->states->states[i];
    const ec_bound *bound = &page->states->bounds[i];
    const ec_measured *von_neumann = NULL, *renyi2 = NULL;
    double most = ec_nats_of(&state->bound);
    char number[EC_CELL];

    for (size_t y = 0; y < state->n_labels; y++) {
        von_neumann = larger(von_neumann, &state->labels[y].von_neumann);
        renyi2 = larger(renyi2, &state->labels[y].renyi2);
    }
    ec_table_cell(table, "%s", page->states->partitions->items[i].name);
    ec_table_cell(table, "%s",
                  ec_is_claim(state, bound) ? ec_format_int(number, &state->bound)
                                            : ec_format_bound(number, bound));
    largest_rank_cell(table, state, bound);
    ec_table_cell(table, "%.4f", most);
    ec_measured_cell(table, von_neumann);
    if (von_neumann != NULL && most > 0)
        ec_table_share(table, von_neumann->value / most);
    else
        ec_table_cell(table, "-");
    ec_measured_cell(table, renyi2);
    ec_table_cell(table, "%s", "");
    ec_table_label(table, !ec_report_measured(state) ? "undecided"
                          : state->holds             ? "holds"
                                                     : "violated");
}

static void put_overview(ec_paper *paper, const ec_report_page *page)
{
    ec_table table = {0};

    ec_table_init(&table, "<partition|>bound|>largest rank|>ln bound|>largest S (nats)|"
                          ">of the capacity|>largest S2 (nats)|<verdict");
    for (size_t i = 0; i < page->states->partitions->n; i++)
        overview_row(&table, page, i);
    ec_paper_table(paper, &table, "Over all labels; S is the von Neumann entropy");
    ec_table_clear(&table);
}

/* "... <= ln generic rank = 2.7726 <= ln bound = 2.7726", with the kind of statement of each */
static void put_chain(ec_paper *paper, const ec_state *state, const ec_bound *bound)
{
    ec_text *line = ec_paper_open(paper, EC_PARAGRAPH);
    ec_chain_term chain[EC_N_CHAIN];

    ec_state_chain(chain, &state->labels[0], &state->bound, bound);
    ec_text_puts(line, "S" EC_LOWERED("2") " ≤ S ≤ ln rank");
    for (int i = EC_CHAIN_GENERIC; i < EC_N_CHAIN; i++)
        if (chain[i].known)
            ec_text_printf(line, " ≤ %s = %.4f " EC_LABEL("%s"),
                           i == EC_CHAIN_GENERIC ? "ln generic rank" : "ln bound", chain[i].nats,
                           ec_statement_text(chain[i].statement));
    ec_paper_close(paper);
}

static ec_status put_partition(ec_paper *paper, const ec_report_page *page, size_t i, ec_error *err)
{
    const ec_state *state = &page->states->states[i];
    ec_status status = EC_OK;
    ec_table table = {0};
    ec_text notes = {0};

    ec_put_plain(ec_paper_open(paper, EC_HEADING), page->states->partitions->items[i].name);
    ec_paper_close(paper);
    put_chain(paper, state, &page->states->bounds[i]);
    ec_paper_columns(paper, " beside");
    if (paper->charts)
        EC_TRY(put_spectra(paper, state, i, err));
    if (ec_report_measured(state)) {
        ec_fill_labels(&table, state, &page->states->bounds[i], false);
        ec_paper_aside(paper, "Every label");
        ec_paper_table(paper, &table, "What was measured of each label");
        ec_paper_end_aside(paper);
    }
    ec_paper_end_columns(paper);
    ec_put_label_notes(&notes, state);
    ec_paper_notes(paper, &notes);
done:
    ec_text_clear(&notes);
    ec_table_clear(&table);
    return status;
}

ec_status ec_section_verification(ec_paper *paper, const ec_report_page *page, ec_error *err)
{
    ec_status status = EC_OK;

    if (page->states == NULL)
        return EC_OK;
    ec_paper_section(paper, "verification", "Verification of the network with its weights",
                     "Verification");
    ec_paper_say(
        paper, EC_PARAGRAPH,
        "What the weights really do, held against the bound: S" EC_LOWERED(
            "2") " ≤ S ≤ ln rank "
                 "≤ ln generic rank ≤ ln bound, all in nats. The rank is exact for the stored "
                 "weights, "
                 "found modulo a 63-bit prime: it is " EC_LABEL(
                     "proved") " where it meets the bound, "
                               "else " EC_LABEL(
                                   "probable") " (never too large). The generic rank is that of "
                                               "the "
                                               "architecture, for all weights but a null set. "
                                               "Spectrum and entropies are floating "
                                               "point: " EC_LABEL(
                                                   "measured") ". The forward check is an "
                                                               "independent witness: the rank "
                                                               "of the outputs of an ordinary "
                                                               "forward pass on random product "
                                                               "inputs. A broken link "
                                                               "would be a bug in the input or in "
                                                               "entcap.");
    ec_paper_say(paper, EC_PARAGRAPH, "%s.", ec_basis_note(page->states->states[0].basis));
    put_overview(paper, page);
    for (size_t i = 0; i < page->states->partitions->n; i++)
        EC_TRY(put_partition(paper, page, i, err));
    ec_paper_end_section(paper);
done:
    return status;
}
