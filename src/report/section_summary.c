/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "paper.h"

#include "core/flow.h"

#include <inttypes.h>
#include <stdio.h>

/*
 * What a reader takes away who reads nothing else: is the bound kept, what fits, what does not,
 * and what to change.
 */

enum { MAX_LISTED = 6 }; /* partitions that the summary lists */

static ec_status put_size(ec_paper *paper, const ec_arch *arch, ec_error *err)
{
    ec_text *line = ec_paper_open(paper, EC_SIZE);
    ec_status status = EC_OK;
    ec_int count = {0};
    char number[EC_CELL];

    ec_text_printf(line, "%s sites", ec_format_count(number, arch->n_sites));
    if (!ec_arch_is_network(arch))
        ec_text_printf(line, " of %" PRIu32 " features", arch->input.channels);
    EC_TRY(ec_arch_parameters(&count, arch, err));
    ec_text_printf(line, " · %s parameters", ec_format_int(number, &count));
    if (!ec_arch_is_network(arch)) {
        EC_TRY(ec_arch_multiply_adds(&count, arch, err));
        ec_text_printf(line, " · %s multiply-adds for one sample", ec_format_int(number, &count));
    }
    ec_paper_close(paper);
done:
    ec_int_clear(&count);
    return status;
}

static void put_verdict(ec_paper *paper, const ec_states_found *found)
{
    size_t n = found->partitions->n, measured = 0, broken = 0;

    for (size_t i = 0; i < n; i++) {
        measured += ec_report_measured(&found->states[i]);
        broken += !found->states[i].holds;
    }
    if (broken == 0)
        ec_paper_say(paper, EC_GOOD,
                     EC_STRONG("The bound holds") " for the network with its weights: every label "
                                                  "was measured across %zu of %zu partitions, and "
                                                  "none exceeds it.",
                     measured, n);
    else
        ec_paper_say(
            paper, EC_BAD,
            EC_STRONG("The bound is violated") " across %zu of %zu partitions, which is a "
                                               "bug in the input or in entcap: see Verification.",
            broken, n);
}

/* "left-right: rank at most 16, S at most 2.77 nats; limited by r4" */
static void put_capacity(ec_paper *paper, const ec_partition *partition, const ec_bound *bound)
{
    ec_text *line = ec_paper_open(paper, EC_ITEM);
    char text[EC_CELL];

    ec_text_puts(line, EC_MARK_STRONG);
    ec_put_plain(line, partition->name);
    ec_text_puts(line, EC_MARK_END ": rank at most ");
    ec_put_number(line, ec_format_bound(text, bound));
    ec_text_printf(line, ", entanglement entropy at most %.2f nats", ec_nats_of(bound->rank));
    if (ec_format_bottleneck(text, &bound->bottleneck)[0] != '\0') {
        ec_text_puts(line, "; limited by ");
        ec_put_plain(line, text);
    }
    ec_paper_close(paper);
}

static void put_capacities(ec_paper *paper, const ec_bounds_found *found)
{
    ec_paper_say(paper, EC_PARAGRAPH, "Whatever its weights, this architecture can carry:");
    ec_paper_list(paper);
    for (size_t i = 0; i < found->partitions->n && i < MAX_LISTED; i++)
        put_capacity(paper, &found->partitions->items[i], &found->bounds[i]);
    if (found->partitions->n > MAX_LISTED)
        ec_paper_say(paper, EC_ITEM, "%zu more partitions: see Bounds",
                     found->partitions->n - MAX_LISTED);
    ec_paper_end_list(paper);
}

ec_status ec_section_summary(ec_paper *paper, const ec_report_page *page, ec_error *err)
{
    ec_status status = put_size(paper, page->bounds.arch, err);

    if (page->states != NULL)
        put_verdict(paper, page->states);
    ec_summary_findings(paper, page);
    put_capacities(paper, &page->bounds);
    return status;
}
