/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "check/check_i.h"

#include "core/flow.h"

#include <math.h>
#include <string.h>

enum { MAX_PARTITIONS = 128 }; /* a formula of each takes up to 20 ms */

/* ---------------------------------------------------------------------- forks */

ec_status ec_arch_fork(ec_arch *out, const ec_arch *arch, ec_error *err)
{
    ec_status status = EC_OK;

    *out = *arch;
    out->levels = NULL;
    out->layers = NULL;
    out->indices = NULL;
    EC_NEW(out->levels, arch->n_levels);
    EC_NEW(out->layers, arch->n_layers);
    EC_NEW(out->indices, arch->n_indices);
    if (arch->n_levels > 0)
        memcpy(out->levels, arch->levels, arch->n_levels * sizeof *arch->levels);
    if (arch->n_layers > 0)
        memcpy(out->layers, arch->layers, arch->n_layers * sizeof *arch->layers);
    if (arch->n_indices > 0)
        memcpy(out->indices, arch->indices, arch->n_indices * sizeof *arch->indices);
done:
    return status;
}

void ec_arch_unfork(ec_arch *fork)
{
    ec_free(fork->levels);
    ec_free(fork->layers);
    ec_free(fork->indices);
    *fork = (ec_arch){.n_sites = 0};
}

/* -------------------------------------------------------------------- widths */

static void list_levels(ec_gauge *g)
{
    const ec_arch *arch = &g->arch;

    for (size_t l = 0; l < arch->n_levels; l++) {
        const ec_level *level = &arch->levels[l];

        g->widths[l] =
            (ec_width){.name = level->name,
                       .place = l == 0 ? arch->input.place : arch->layers[level[-1].layer].place,
                       .width = level->dim,
                       .constant = level->constant,
                       .fixed = l == 0};
    }
}

static void list_indices(ec_gauge *g)
{
    const ec_arch *arch = &g->arch;

    for (size_t i = 0; i < arch->n_indices; i++)
        g->widths[i] = (ec_width){.name = arch->indices[i].name,
                                  .place = arch->indices[i].place,
                                  .width = arch->indices[i].dim};
    for (size_t s = 0; s < arch->n_sites; s++)
        g->widths[arch->open[s]].fixed = true;
}

/* Make the fork a description of these widths. */
static void apply(ec_gauge *g, const uint32_t *widths)
{
    ec_arch *arch = &g->arch;

    for (size_t i = 0; i < arch->n_indices; i++)
        arch->indices[i].dim = widths[i];
    for (size_t l = 0; l < arch->n_levels; l++) {
        arch->levels[l].dim = widths[l];
        if (l == 0)
            arch->input.channels = ec_width_channels(&g->widths[l], widths[l]);
        else {
            arch->levels[l - 1].out = widths[l];
            arch->layers[arch->levels[l - 1].layer].channels =
                ec_width_channels(&g->widths[l], widths[l]);
        }
    }
}

ec_status ec_gauge_parameters(ec_int *count, ec_gauge *g, const uint32_t *widths, ec_error *err)
{
    apply(g, widths);
    return ec_arch_parameters(count, &g->arch, err);
}

/* -------------------------------------------------------------------- bounds */

/* Formulas of all partitions; left out where one has too many terms. */
static ec_status make_formulas(ec_gauge *g, ec_error *err)
{
    ec_status status = EC_OK;
    ec_error report = {.status = EC_OK};
    bool sharing = ec_bound_has_sharing(&g->arch);

    EC_NEW(g->formula, 2 * g->partitions->n);
    for (size_t i = 0; i < g->partitions->n && status == EC_OK; i++) {
        const ec_sites *a = &g->partitions->items[i].a;

        status = ec_design_formula(&g->formula[2 * i], &g->arch, a, false, g->run, &report);
        if (status == EC_OK && sharing)
            status = ec_design_formula(&g->formula[2 * i + 1], &g->arch, a, true, g->run, &report);
    }
    if (status == EC_ELIMIT) {
        for (size_t i = 0; i < 2 * g->partitions->n; i++)
            ec_formula_clear(&g->formula[i]);
        ec_free(g->formula);
        g->formula = NULL;
        return EC_OK;
    }
    if (status != EC_OK && err != NULL && err->status == EC_OK)
        *err = report;
done:
    return status;
}

static bool same_formula(const ec_formula *x, const ec_formula *y)
{
    size_t size = x->n_terms * x->n_variables;

    if (x->n_terms != y->n_terms || x->n_variables != y->n_variables)
        return false;
    for (size_t v = 0; v < x->n_variables; v++)
        if (x->variables[v].level != y->variables[v].level ||
            x->variables[v].power != y->variables[v].power)
            return false;
    return size == 0 || memcmp(x->exponent, y->exponent, size * sizeof *x->exponent) == 0;
}

/* Blocks of one level, for instance, have one bound, whatever the widths. */
static void find_twins(ec_gauge *g)
{
    for (size_t i = 0; i < g->partitions->n; i++) {
        size_t k = 0;

        while (k < i && (g->twin[k] != k || g->formula == NULL ||
                         !same_formula(&g->formula[2 * k], &g->formula[2 * i]) ||
                         !same_formula(&g->formula[2 * k + 1], &g->formula[2 * i + 1])))
            k++;
        g->twin[i] = k;
    }
}

/* log2 of a term, NaN if it has symmetric powers. */
static double log2_of_term(const ec_formula *formula, size_t term, const uint32_t *widths)
{
    const uint64_t *exponent = formula->exponent + term * formula->n_variables;
    double sum = 0;

    for (size_t v = 0; v < formula->n_variables; v++) {
        if (exponent[v] > 0 && formula->variables[v].power > 0)
            return NAN;
        if (exponent[v] > 0)
            sum += (double)exponent[v] * log2(widths[formula->variables[v].level]);
    }
    return sum;
}

/* The least term, multiplied out; terms that are larger beyond doubt are not. */
static void evaluate(ec_int *rank, const ec_formula *formula, const uint32_t *widths)
{
    ec_formula one = *formula;
    ec_int value = {0};
    double least = INFINITY;
    bool any = false;

    for (size_t t = 0; t < formula->n_terms; t++)
        least = fmin(least, log2_of_term(formula, t, widths));
    one.n_terms = 1;
    for (size_t t = 0; t < formula->n_terms; t++) {
        if (log2_of_term(formula, t, widths) > least + 1e-9 * (1 + least))
            continue;
        one.exponent = formula->exponent + t * formula->n_variables;
        ec_formula_evaluate(&value, NULL, &one, widths);
        if (!any || ec_int_cmp(&value, rank) < 0)
            ec_int_swap(rank, &value);
        any = true;
    }
    ec_int_clear(&value);
}

/* The smaller of min cut and shared bound by their formulas. */
static void rank_by_formula(ec_int *rank, const ec_gauge *g, const uint32_t *widths,
                            size_t partition)
{
    const ec_formula *formula = &g->formula[2 * partition];
    ec_int shared = {0};

    evaluate(rank, &formula[0], widths);
    if (formula[1].n_terms == 0)
        return;
    evaluate(&shared, &formula[1], widths);
    if (ec_int_cmp(&shared, rank) < 0)
        ec_int_swap(rank, &shared);
    ec_int_clear(&shared);
}

/* How much one cut visits. */
static double work_of_a_cut(const ec_arch *arch)
{
    double pins = (double)arch->n_sites;

    for (size_t t = 0; t < arch->n_tensors; t++)
        pins += (double)arch->tensors[t].n_indices;
    return pins;
}

static ec_status rank_by_cut(ec_int *rank, ec_gauge *g, const uint32_t *widths, size_t partition,
                             ec_error *err)
{
    const ec_bound_options options = EC_BOUND_OPTIONS_INIT;
    const ec_sites *a = &g->partitions->items[partition].a;
    ec_status status = EC_OK;
    ec_network *network = NULL;
    ec_cut cut = {.n_factors = 0};
    ec_bound bound = {.rank = NULL};

    g->work += work_of_a_cut(&g->arch);
    if (g->work > g->max_work)
        return ec_fail(err, EC_ELIMIT, "that takes more than %.0f cuts of this network",
                       g->max_work / work_of_a_cut(&g->arch));
    apply(g, widths);
    if (ec_arch_is_network(&g->arch)) {
        EC_TRY(ec_network_from_arch(&network, &g->arch, g->run, err));
        EC_TRY(ec_bound_min_cut_igraph(&cut, network, a, g->run, err));
        g->unsure = g->unsure || !cut.certified;
        ec_int_swap(rank, &cut.rank);
    } else {
        EC_TRY(ec_bound_compute(&bound, &g->arch, a, &options, g->run, err));
        ec_int_set(rank, bound.rank);
    }
done:
    ec_bound_clear(&bound);
    ec_cut_clear(&cut);
    ec_network_free(network);
    return status;
}

ec_status ec_gauge_rank(ec_int *rank, ec_gauge *g, const uint32_t *widths, size_t partition,
                        ec_error *err)
{
    if (g->formula == NULL)
        return rank_by_cut(rank, g, widths, partition, err);
    rank_by_formula(rank, g, widths, partition);
    return ec_run_step(g->run, "widths", 0, 0, err);
}

ec_status ec_gauge_reaches(bool *reaches, ec_gauge *g, const uint32_t *widths, ec_goals goals,
                           ec_error *err)
{
    ec_status status = EC_OK;
    ec_int rank = {0};

    *reaches = true;
    for (size_t k = 0; k < goals.n && *reaches; k++) {
        const ec_goal *goal = &goals.items[k];

        EC_TRY(ec_gauge_rank(&rank, g, widths, goal->partition, err));
        *reaches = goal->rank != NULL ? ec_int_cmp(&rank, goal->rank) >= 0
                                      : ec_requirement_reached(goal->requirement, &rank);
    }
done:
    ec_int_clear(&rank);
    return status;
}

ec_status ec_gauge_least(uint32_t *least, ec_gauge *g, uint32_t *widths, size_t v,
                         const uint32_t range[2], ec_goals goals, ec_error *err)
{
    ec_status status = EC_OK;
    uint32_t kept = widths[v], low = range[0], high = range[1];
    bool reaches;

    if (low < high) { /* most often not even one channel can go */
        widths[v] = high - 1;
        EC_TRY(ec_gauge_reaches(&reaches, g, widths, goals, err));
        high -= reaches ? 1 : 0;
        low = reaches ? low : high;
    }
    while (low < high) {
        widths[v] = low + (high - low) / 2;
        EC_TRY(ec_gauge_reaches(&reaches, g, widths, goals, err));
        if (reaches)
            high = widths[v];
        else
            low = widths[v] + 1;
    }
    *least = high;
done:
    widths[v] = kept;
    return status;
}

/* --------------------------------------------------------------------- whole */

/* Two ways to one number: what is said of widths rests on it. */
static ec_status check_formulas(ec_gauge *g, const ec_bound *bounds, ec_error *err)
{
    ec_status status = EC_OK;
    ec_int rank = {0};

    for (size_t i = 0; i < g->partitions->n && status == EC_OK; i++) {
        rank_by_formula(&rank, g, g->own, i);
        if (ec_int_cmp(&rank, bounds[i].rank) != 0)
            status = ec_fail(err, EC_ENUMERIC, "%s: the formula of the bound is not the bound",
                             g->partitions->items[i].name);
    }
    ec_int_clear(&rank);
    return status;
}

ec_status ec_gauge_init(ec_gauge *out, const ec_arch *arch, const ec_partitions *partitions,
                        const ec_bound *bounds, double max_work, const ec_run *run, ec_error *err)
{
    ec_status status = EC_OK;
    bool is_network = ec_arch_is_network(arch);

    *out = (ec_gauge){.n = 0};
    if (partitions->n > MAX_PARTITIONS)
        return ec_fail(err, EC_ELIMIT, "%zu partitions are too many; at most %d are fine",
                       partitions->n, MAX_PARTITIONS);
    *out = (ec_gauge){.partitions = partitions,
                      .run = run,
                      .n = is_network ? arch->n_indices : arch->n_levels,
                      .max_work = max_work};
    for (size_t i = 0; i < partitions->n; i++)
        out->unsure = out->unsure || !bounds[i].min_cut.certified;
    EC_TRY(ec_arch_fork(&out->arch, arch, err));
    EC_NEW(out->widths, out->n);
    EC_NEW(out->own, out->n);
    EC_NEW(out->twin, partitions->n);
    if (is_network)
        list_indices(out);
    else
        list_levels(out);
    for (size_t v = 0; v < out->n; v++)
        out->own[v] = out->widths[v].width;
    if (!is_network)
        EC_TRY(make_formulas(out, err));
    if (out->formula != NULL)
        EC_TRY(check_formulas(out, bounds, err));
    find_twins(out);
done:
    return status;
}

void ec_gauge_clear(ec_gauge *g)
{
    if (g == NULL)
        return;
    for (size_t i = 0; g->formula != NULL && i < 2 * g->partitions->n; i++)
        ec_formula_clear(&g->formula[i]);
    ec_free(g->formula);
    ec_free(g->widths);
    ec_free(g->own);
    ec_free(g->twin);
    ec_arch_unfork(&g->arch);
    *g = (ec_gauge){.n = 0};
}
