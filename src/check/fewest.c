/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The fewest parameters that keep every bound: by design's proof, else by taking what can go. */
#include "check/check_i.h"

#include "core/flow.h"

#include <stdio.h>
#include <string.h>

#define MAX_BITS 65536 /* of all ranks that a search is to keep */

/* The question to design: widths 1 .. widths[l] of every level, M as it is. */
typedef struct question {
    ec_ranges ranges;
    ec_design_goal *goals;
    ec_design_input input;
} question;

static void question_clear(question *q)
{
    for (size_t k = 0; q->goals != NULL && k < q->input.n_goals; k++)
        ec_int_clear(&q->goals[k].min_rank);
    ec_free(q->goals);
    ec_ranges_clear(&q->ranges);
}

/* Terms of all formulas of the goals: what one node of the search costs. */
static size_t count_terms(const ec_gauge *g, ec_goals goals)
{
    size_t n = 1;

    for (size_t k = 0; k < goals.n; k++)
        n += g->formula[2 * goals.items[k].partition].n_terms +
             g->formula[2 * goals.items[k].partition + 1].n_terms;
    return n;
}

static ec_status ask(question *q, const ec_finder *f, const uint32_t *widths, ec_goals goals,
                     ec_error *err)
{
    ec_status status = EC_OK;

    EC_TRY(ec_ranges_init(&q->ranges, f->arch, err));
    for (size_t l = 1; l < f->arch->n_levels; l++) {
        char text[64];

        snprintf(text, sizeof text, "%s=1..%u", f->arch->levels[l].name, (unsigned)widths[l]);
        EC_TRY(ec_ranges_set(&q->ranges, f->arch, text, err));
    }
    EC_NEW(q->goals, goals.n);
    q->input =
        (ec_design_input){.arch = f->arch,
                          .partitions = &f->out->partitions,
                          .ranges = &q->ranges,
                          .goals = q->goals,
                          .n_goals = goals.n,
                          .cost = EC_QUANTITY_PARAMETERS,
                          .budget = UINT64_MAX,
                          .max_nodes = 1 + f->options->max_search / count_terms(f->gauge, goals)};
    for (size_t k = 0; k < goals.n; k++) {
        q->goals[k].partition = goals.items[k].partition;
        ec_int_set(&q->goals[k].min_rank, goals.items[k].rank);
    }
done:
    return status;
}

/* *found: `widths` are now those of the best design, in goals of ranks. */
static ec_status by_design(uint32_t *widths, bool *found, bool *proved, ec_finder *f,
                           ec_goals goals, ec_error *err)
{
    ec_status status = EC_OK;
    question q = {.goals = NULL};
    ec_design_answer answer = {.feasible = false};

    *found = *proved = false;
    EC_TRY(ask(&q, f, widths, goals, err));
    EC_TRY(ec_design_solve(&answer, &q.input, f->run, err));
    *found = answer.feasible;
    *proved = answer.feasible && answer.optimal;
    if (*found)
        memcpy(widths, answer.best.widths, f->gauge->n * sizeof *widths);
done:
    ec_design_answer_clear(&answer);
    question_clear(&q);
    return status;
}

/* One width after the other to the least that the others leave it. */
static ec_status by_hand(uint32_t *widths, ec_finder *f, ec_goals goals, ec_error *err)
{
    ec_gauge *g = f->gauge;
    ec_status status = EC_OK;

    for (size_t v = 0; v < g->n && status == EC_OK; v++) {
        const uint32_t range[2] = {ec_width_least(&g->widths[v]), widths[v]};
        uint32_t least = widths[v];

        if (g->widths[v].fixed)
            continue;
        status = ec_gauge_least(&least, g, widths, v, range, goals, err);
        widths[v] = least;
    }
    return status;
}

/* Is a search within reach? It multiplies ranks out exactly, again and again. */
static bool can_search(const ec_finder *f, ec_goals goals)
{
    double bits = 0;

    for (size_t k = 0; k < goals.n; k++)
        bits += ec_int_log2(goals.items[k].rank);
    return !ec_arch_is_network(f->arch) && !ec_arch_is_affine(f->arch) &&
           f->gauge->formula != NULL && bits <= MAX_BITS;
}

/* Take what was found by hand where it has fewer parameters. */
static ec_status take_fewer(uint32_t *widths, const uint32_t *other, ec_gauge *g, ec_error *err)
{
    ec_int count = {0}, other_count = {0};
    ec_status status = ec_gauge_parameters(&count, g, widths, err);

    if (status == EC_OK)
        status = ec_gauge_parameters(&other_count, g, other, err);
    if (status == EC_OK && ec_int_cmp(&other_count, &count) < 0)
        memcpy(widths, other, g->n * sizeof *widths);
    ec_int_clear(&count);
    ec_int_clear(&other_count);
    return status;
}

ec_status ec_fewest_widths(uint32_t *widths, bool *proved, ec_finder *f, ec_goals goals,
                           ec_error *err)
{
    ec_gauge *g = f->gauge;
    ec_error report = {.status = EC_OK};
    ec_status status = EC_OK;
    uint32_t *own = NULL;
    bool found = false, reaches = false;

    *proved = false;
    EC_NEW(own, g->n);
    memcpy(own, widths, g->n * sizeof *own);
    if (can_search(f, goals))
        status = by_design(widths, &found, proved, f, goals, &report);
    if (status != EC_OK && status != EC_ELIMIT && err != NULL && err->status == EC_OK)
        *err = report;
    if (status == EC_ELIMIT)
        status = EC_OK; /* too many terms or parameters for a search */
    EC_TRY(status);
    if (found) {
        EC_TRY(ec_gauge_reaches(&reaches, g, widths, goals, err));
        if (!reaches)
            status = ec_fail(err, EC_ENUMERIC, "the fewest parameters found miss a bound");
    }
    if (status != EC_OK || *proved)
        goto done;
    EC_TRY(by_hand(own, f, goals, err));
    EC_TRY(take_fewer(widths, own, g, err));
done:
    ec_free(own);
    return status;
}
