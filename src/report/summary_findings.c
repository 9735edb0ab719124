/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "paper.h"

#include <inttypes.h>
#include <math.h>

/* The verdicts and the data in three lists; a list of nothing is left out. */

enum verdict_list { FITS, DOES_NOT, CHANGE, N_LISTS };
enum { MAX_REMEDIES = 6 };

#define SAME_LOG2 1e-9 /* bounds this close are equal */

/* A list under construction: its heading comes with its first item. */
typedef struct list {
    ec_paper *paper;
    const char *heading;
    bool begun;
} list;

static ec_text *open_item(list *l)
{
    if (!l->begun) {
        ec_paper_say(l->paper, EC_PARAGRAPH, EC_STRONG("%s"), l->heading);
        ec_paper_list(l->paper);
    }
    l->begun = true;
    return ec_paper_open(l->paper, EC_ITEM);
}

static void end_list(list *l)
{
    if (l->begun)
        ec_paper_end_list(l->paper);
}

/* "left-right: rank 16 is asked for, at most 8 is possible" */
static void put_requirement(ec_text *line, const ec_requirement *requirement, const ec_bound *bound)
{
    ec_verdict verdict = ec_check_verdict(requirement, bound);
    char number[EC_CELL];

    ec_text_puts(line, EC_MARK_STRONG);
    ec_put_plain(line, requirement->partition);
    ec_text_puts(line, EC_MARK_END ": ");
    if (requirement->by_rank) {
        ec_text_puts(line, "rank ");
        ec_put_number(line, ec_format_int(number, &requirement->min_rank));
    } else {
        ec_text_printf(line, "log2 rank %g", requirement->min_log2);
    }
    ec_text_printf(line, " is required, at most ");
    ec_put_number(line, ec_format_bound(number, bound));
    ec_text_printf(line, " is possible: " EC_MARK_LABEL "%s" EC_MARK_END, ec_verdict_text(verdict));
    if (verdict == EC_VERDICT_UNDECIDED)
        ec_text_puts(line, ", for no lower bound is known that reaches it");
}

static void put_requirements(list *l, const ec_report_page *page, bool failed)
{
    const ec_arch *arch = page->bounds.arch;

    for (size_t i = 0; page->required != NULL && i < arch->n_requirements; i++) {
        ec_verdict verdict = ec_check_verdict(&arch->requirements[i], &page->required[i]);

        if (failed == (verdict == EC_VERDICT_MET))
            continue;
        put_requirement(open_item(l), &arch->requirements[i], &page->required[i]);
        ec_paper_close(l->paper);
    }
}

static bool has_finding(const ec_check *check, ec_rule_code rule)
{
    for (size_t i = 0; i < check->n_findings; i++)
        if (check->findings[i].rule == rule)
            return true;
    return false;
}

/* Not those that say of one layer what another finding says of all of them together. */
static bool is_remedy(const ec_check *check, const ec_finding *finding, ec_severity severity)
{
    return finding->severity == severity && finding->remedy != NULL && finding->remedy[0] != '\0' &&
           !(finding->rule == EC_RULE_WIDTH_IDLE && has_finding(check, EC_RULE_WIDTHS_IDLE));
}

/* "872 of 1344 parameters could go (proved) — r1 = 2, r2 = 3 together; no fewer do" */
static void put_remedies(list *l, const ec_check *check)
{
    size_t n = 0, left = 0;

    for (int severity = EC_SEVERITY_ERROR; severity >= EC_SEVERITY_NOTE; severity--)
        for (size_t i = 0; i < check->n_findings; i++) {
            const ec_finding *finding = &check->findings[i];

            if (!is_remedy(check, finding, (ec_severity)severity))
                continue;
            if (n++ >= MAX_REMEDIES) {
                left++;
                continue;
            }

            ec_text *line = open_item(l);

            ec_put_plain(line, finding->message);
            ec_text_printf(line, " " EC_LABEL("%s") " — ", ec_certainty_text(finding->certainty));
            ec_put_plain(line, finding->remedy);
            ec_paper_close(l->paper);
        }
    if (left > 0) {
        ec_text_printf(open_item(l), "%zu more: see Findings", left);
        ec_paper_close(l->paper);
    }
}

static void put_data(list *l, const ec_report_page *page, bool excluded)
{
    if (page->fit == NULL)
        return;

    const ec_fit_side *side = &page->fit->fit->as_is;

    for (size_t level = side->entropies.first; level <= side->entropies.last; level++) {
        const ec_fit_level *found = &side->level[level];
        char number[EC_CELL];

        if (found->excluded != excluded)
            continue;

        ec_text *line = open_item(l);

        ec_text_printf(line,
                       EC_STRONG("Data, level %zu") ": they ask for exp(entropy) = %.2f, at most ",
                       level, exp(found->demand.mean));
        ec_put_number(line, ec_format_int(number, &found->capacity));
        ec_text_puts(line, excluded ? " is possible" : " is possible: necessary, not sufficient");
        ec_paper_close(l->paper);
    }
}

/* The smallest widths with the capacities that the data ask for. */
static void put_smallest(list *l, const ec_report_page *page)
{
    if (page->fit == NULL || !page->fit->fit->as_is.excluded)
        return;

    const ec_design_answer *answer = &page->fit->fit->as_is.smallest;
    ec_text *line = open_item(l);

    ec_text_puts(line, EC_STRONG("Data") ": ");
    if (!answer->feasible) {
        ec_text_puts(line, "no widths within the range have capacities as large as they ask for");
    } else {
        ec_text_puts(line, "the smallest widths with capacities as large as they ask for are");
        for (size_t i = 0; i < answer->best.n_levels; i++)
            ec_text_printf(line, " %s=%" PRIu32, page->bounds.arch->levels[i].name,
                           answer->best.widths[i]);
    }
    ec_paper_close(l->paper);
}

/* "left-right: r0=16 r1=8 carry 2^5 instead of 2^4, with 1,376 parameters" */
static void put_better(list *l, const ec_widths_found *found, size_t partition)
{
    double described = ec_log2_of(found->bounds[partition].rank);
    uint32_t *widths = ec_calloc(found->arch->n_levels, sizeof *widths, NULL);
    ec_widths_mark best = {.widths = widths};
    char number[EC_CELL];

    if (widths == NULL) {
        l->paper->out->status = EC_ENOMEM;
        return;
    }
    ec_mark_best(&best, found, partition);
    if (best.widths != NULL && best.log2 > described + SAME_LOG2) {
        ec_text *line = open_item(l);

        ec_text_puts(line, EC_MARK_STRONG);
        ec_put_plain(line, found->partitions->items[partition].name);
        ec_text_printf(line,
                       EC_MARK_END ": log2 of the bound %.2f instead of %.2f, within the "
                                   "budget at %s %s " EC_LABEL("proved") " —",
                       best.log2, described, ec_format_count(number, best.cost),
                       ec_cost_unit(found->cost));
        for (size_t i = 0; i < found->arch->n_levels; i++)
            ec_text_printf(line, " %s=%" PRIu32, found->arch->levels[i].name, widths[i]);
        ec_paper_close(l->paper);
    }
    ec_free(widths);
}

void ec_summary_findings(ec_paper *paper, const ec_report_page *page)
{
    list lists[N_LISTS] = {{paper, "What fits", false},
                           {paper, "What does not fit, or is not known to", false},
                           {paper, "What to change", false}};

    put_requirements(&lists[FITS], page, false);
    put_data(&lists[FITS], page, false);
    end_list(&lists[FITS]);
    put_requirements(&lists[DOES_NOT], page, true);
    put_data(&lists[DOES_NOT], page, true);
    end_list(&lists[DOES_NOT]);
    if (page->check != NULL)
        put_remedies(&lists[CHANGE], page->check);
    for (size_t k = 0; page->widths != NULL && k < page->widths->partitions->n; k++)
        put_better(&lists[CHANGE], page->widths, k);
    put_smallest(&lists[CHANGE], page);
    end_list(&lists[CHANGE]);
}
