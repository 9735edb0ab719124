/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "report_i.h"

#include "core/flow.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* ------------------------------------------------------------------- bound */

static void generic_cell(ec_table *table, const ec_bound *bound)
{
    char number[EC_CELL];

    if (!bound->has_generic) {
        ec_table_cell(table, "%s", bound->generic.why[0] != '\0' ? "-" : ""); /* not asked for */
        return;
    }
    ec_table_cell(table, "%s", ec_format_count(number, bound->generic.rank));
    ec_table_label(table, bound->generic.status == EC_RANK_PROVED ? "proved" : "probable");
}

static void bound_row(ec_table *table, const ec_partition *partition, const ec_bound *bound)
{
    char number[EC_CELL], base[EC_CELL + 24] = "";

    ec_table_cell(table, "%s", partition->name);
    ec_table_cell(table, "%s", ec_format_count(number, ec_sites_count(&partition->a)));
    ec_table_cell(table, "%s", ec_format_bound(number, bound));
    ec_table_cell(table, "%.2f", ec_log2_of(bound->rank));
    ec_table_cell(table, "%s", bound->from_shared ? "shared" : "min cut");
    ec_table_cell(table, "%s", ec_format_cut_rank(number, &bound->min_cut));
    ec_table_cell(table, "%s", ec_format_cut(number, &bound->min_cut));
    ec_table_cell(table, "%s", bound->has_shared ? ec_format_shared(number, bound) : "");
    if (bound->has_power)
        snprintf(base, sizeof base, "%s (base %" PRIu32 ")",
                 ec_format_power(number, &bound->power_rank, bound->power_base), bound->power_base);
    ec_table_cell(table, "%s", base);
    generic_cell(table, bound);
    ec_table_cell(table, "%s", ec_format_bottleneck(number, &bound->bottleneck));
}

void ec_fill_bounds(ec_table *table, const ec_bounds_found *found)
{
    ec_table_init(table, "<partition|>sites in A|>bound|>log2|<from|>min cut|<cut|>shared|>power|"
                         "<generic rank|<bottleneck");
    for (size_t i = 0; i < found->partitions->n; i++)
        bound_row(table, &found->partitions->items[i], &found->bounds[i]);
}

static ec_status put_headline(ec_text *out, const ec_arch *arch, ec_error *err)
{
    ec_status status = EC_OK;
    ec_int count = {0};
    char number[EC_CELL];

    ec_put_plain(out, arch->name);
    ec_text_printf(out, ": %s sites", ec_format_count(number, arch->n_sites));
    EC_TRY(ec_arch_parameters(&count, arch, err));
    ec_text_printf(out, ", %s parameters", ec_format_int(number, &count));
    if (!ec_arch_is_network(arch)) {
        EC_TRY(ec_arch_multiply_adds(&count, arch, err));
        ec_text_printf(out, ", %s multiply-adds", ec_format_int(number, &count));
    }
    ec_text_puts(out, "\n\n");
done:
    ec_int_clear(&count);
    return status;
}

/* Why `what` is absent; a reason that begins with "what: " says it twice. */
static const char *reason(const char *why, const char *what)
{
    size_t n = strlen(what);

    return strncmp(why, what, n) == 0 && strncmp(why + n, ": ", 2) == 0 ? why + n + 2 : why;
}

static void start_note(ec_text *out, const char *what, const ec_partition *partition)
{
    ec_text_printf(out, "%s of ", what);
    ec_put_plain(out, partition->name);
}

void ec_put_bound_notes(ec_text *out, const ec_bounds_found *found)
{
    for (size_t i = 0; i < found->partitions->n; i++) {
        const ec_partition *partition = &found->partitions->items[i];
        const ec_bound *bound = &found->bounds[i];
        const ec_generic_rank *generic = &bound->generic;

        if (!bound->min_cut.certified) {
            start_note(out, "min cut", partition);
            ec_text_puts(out, ": a valid bound, but not proved to be the smallest cut\n");
        }
        if (bound->has_generic && generic->status == EC_RANK_PROBABLE) {
            start_note(out, "generic rank", partition);
            ec_text_printf(out, ": wrong (too small) with probability below %.1e\n",
                           generic->error);
        } else if (!bound->has_generic && generic->why[0] != '\0') {
            start_note(out, "generic rank", partition);
            ec_text_printf(out, " not computed: %s\n", reason(generic->why, "generic rank"));
        }
    }
}

/* The side of every tensor, a line for those of a layer. */
static ec_status put_certificates(ec_text *out, const ec_bounds_found *found, ec_error *err)
{
    for (size_t p = 0; p < found->partitions->n; p++) {
        ec_tensor_group group = {.n = 0};

        start_note(out, "\nsides of the tensors that prove the cut", &found->partitions->items[p]);
        ec_text_puts(out, "\n");
        for (size_t i = 0; ec_next_group(&group, found->arch, i); i++) {
            char *sides = ec_sides_text(&found->bounds[p].min_cut, &group, err);

            if (sides == NULL)
                return EC_ENOMEM;
            ec_text_puts(out, "  ");
            ec_put_plain(out, group.name);
            ec_text_puts(out, "  ");
            ec_text_puts(out, sides);
            ec_text_puts(out, "\n");
            ec_free(sides);
        }
    }
    return EC_OK;
}

ec_status ec_report_bounds_text(ec_text *out, const ec_bounds_found *found, bool certificate,
                                bool color, ec_error *err)
{
    ec_table table = {0};
    ec_status status = EC_OK;

    EC_TRY(put_headline(out, found->arch, err));
    ec_fill_bounds(&table, found);
    ec_table_text(out, &table, color);
    ec_text_puts(out, "\nNo weights have a rank above the bound (proved).\n");
    ec_put_bound_notes(out, found);
    if (certificate)
        EC_TRY(put_certificates(out, found, err));
    status = ec_text_check(out, err);
done:
    ec_table_clear(&table);
    return status;
}

/* ------------------------------------------------------------------ verify */

static void witness_cells(ec_table *table, const ec_label_state *label)
{
    char number[EC_CELL];

    if (label->rank.known)
        ec_table_cell(table, "%s", ec_format_count(number, label->rank.rank));
    else
        ec_table_cell(table, "-");
    if (label->forward.known)
        ec_table_cell(table, "%" PRIu64 " of %" PRIu64, label->forward.rank, label->forward.inputs);
    else
        ec_table_cell(table, "-");
    if (label->spectrum.known)
        ec_table_cell(table, "%zu", label->spectrum.numeric_rank);
    else
        ec_table_cell(table, "-");
}

void ec_measured_cell(ec_table *table, const ec_measured *measured)
{
    if (measured != NULL && measured->known)
        ec_table_cell(table, measured->value < 1e-3 ? "%.1e" : "%.4f", measured->value);
    else
        ec_table_cell(table, "-");
}

/* what is measured needs no label: it stands in two columns of its own */
static void chain_cell(ec_table *table, const ec_chain_term *term)
{
    if (!term->known) {
        ec_table_cell(table, "-");
        return;
    }
    ec_table_cell(table, "%.4f", term->nats);
    ec_table_label(table, ec_statement_text(term->statement));
}

void ec_fill_labels(ec_table *table, const ec_state *state, const ec_bound *bound, bool whole)
{
    int n = whole ? EC_N_CHAIN : EC_CHAIN_GENERIC;

    ec_table_init(table, whole ? "<label|>S2 (nats)|>S (nats)|<ln rank|<ln generic rank|<ln bound|"
                                 ">rank|<forward check|>numeric rank|<verdict"
                               : "<label|>S2 (nats)|>S (nats)|<ln rank|"
                                 ">rank|<forward check|>numeric rank|<verdict");
    for (size_t y = 0; y < state->n_labels; y++) {
        const ec_label_state *label = &state->labels[y];
        ec_chain_term chain[EC_N_CHAIN];

        ec_state_chain(chain, label, &state->bound, bound);
        ec_table_cell(table, "%" PRIu32, label->label);
        ec_measured_cell(table, &label->renyi2);
        ec_measured_cell(table, &label->von_neumann);
        for (int i = EC_CHAIN_RANK; i < n; i++)
            chain_cell(table, &chain[i]);
        witness_cells(table, label);
        ec_table_cell(table, "%s", "");
        if (!label->holds)
            ec_table_label(table, "violated");
    }
}

/* A reason, once for all labels that share it. */
static void put_why(ec_text *out, const char *what, const char *why, const char *before)
{
    if (before == NULL || strcmp(why, before) != 0)
        ec_text_printf(out, "%s not computed: %s\n", what, reason(why, what));
}

void ec_put_label_notes(ec_text *out, const ec_state *state)
{
    for (size_t y = 0; y < state->n_labels; y++) {
        const ec_label_state *label = &state->labels[y];
        const ec_label_state *last = y > 0 ? &state->labels[y - 1] : NULL;

        if (!label->holds)
            ec_text_printf(out, "label %" PRIu32 ": %s\n", label->label, label->violation);
        if (!label->rank.known)
            put_why(out, "rank", label->rank.why, last != NULL ? last->rank.why : NULL);
        if (!label->forward.known)
            put_why(out, "forward check", label->forward.why,
                    last != NULL ? last->forward.why : NULL);
        if (!label->spectrum.known)
            put_why(out, "spectrum", label->spectrum.why, last != NULL ? last->spectrum.why : NULL);
        if (!label->renyi2.known)
            put_why(out, "S2", label->renyi2.why, last != NULL ? last->renyi2.why : NULL);
    }
}

bool ec_is_claim(const ec_state *state, const ec_bound *bound)
{
    return ec_int_cmp(&state->bound, bound->rank) != 0;
}

/* One partition: what is claimed, what was measured of each label, what was not and why. */
static void put_state(ec_text *out, const ec_states_found *found, size_t i, bool color)
{
    const ec_state *state = &found->states[i];
    bool measured = ec_report_measured(state), claim = ec_is_claim(state, &found->bounds[i]);
    ec_table table = {0};
    char number[EC_CELL];

    ec_put_plain(out, found->partitions->items[i].name);
    ec_text_printf(out, ": %srank <= %s, S <= %.4f nats: %s\n", claim ? "claimed " : "",
                   ec_format_int(number, &state->bound), ec_nats_of(&state->bound),
                   !state->holds && claim ? "REFUTED"
                   : !state->holds        ? "VIOLATED"
                   : !measured            ? "undecided"
                                          : "holds");
    if (measured) {
        ec_fill_labels(&table, state, &found->bounds[i], true);
        ec_table_text(out, &table, color);
        ec_table_clear(&table);
    }
    ec_put_label_notes(out, state);
    ec_text_puts(out, "\n");
}

/* is a claim refuted, or something proved? */
static bool refuted(const ec_states_found *found, bool claims)
{
    for (size_t i = 0; i < found->partitions->n; i++)
        if (!found->states[i].holds && ec_is_claim(&found->states[i], &found->bounds[i]) == claims)
            return true;
    return false;
}

static void put_answer(ec_text *out, const ec_states_found *found, size_t measured)
{
    size_t n = found->partitions->n;

    if (refuted(found, false))
        ec_text_puts(out, "The chain does NOT hold: a bug in the input or in entcap.\n");
    if (refuted(found, true))
        ec_text_puts(out, "The claim does NOT hold: the broken links refute it.\n");
    if (refuted(found, false) || refuted(found, true))
        return;
    if (measured == 0)
        ec_text_puts(out, "Nothing could be measured.\n");
    else if (measured == n)
        ec_text_puts(out, "The bound holds for every label and partition.\n");
    else
        ec_text_printf(out,
                       "The bound holds for every label of the %zu of %zu partitions that "
                       "could be measured.\n",
                       measured, n);
}

ec_status ec_report_states_text(ec_text *out, const ec_states_found *found, bool color,
                                ec_error *err)
{
    size_t n = found->partitions->n, measured = 0;

    for (size_t i = 0; i < n; i++) {
        put_state(out, found, i, color);
        measured += ec_report_measured(&found->states[i]);
    }
    if (measured > 0)
        ec_text_printf(out,
                       "chain: S2 <= S <= ln rank <= ln generic rank <= ln bound\n"
                       "measured: S2, S, numeric rank; exact, never too large: rank, forward "
                       "check\n%s\n",
                       ec_basis_note(found->states[0].basis));
    put_answer(out, found, measured);
    return found->profile != NULL ? ec_report_profile_text(out, found->profile, color, err)
                                  : ec_text_check(out, err);
}
