/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "widths.h"

#include <string.h>

/* ------------------------------------------------------------------ ranges */

/* The first two levels of several values are the axes of the heat maps. */
static int choose_axes(const tool *t, widths *w, const ec_arch *arch)
{
    size_t n = 0;

    for (size_t l = 0; l < w->ranges.n_levels && n < 2; l++)
        if (w->ranges.level[l].n > 1)
            w->found.axis[n++] = l;
    if (n == 0)
        return tool_misuse(t, "--sweep: no width has more than one value; a heat map needs two "
                              "that have");
    if (n == 1)
        return tool_misuse(t,
                           "--sweep: %s alone has more than one value; a heat map needs two widths "
                           "that have: give --sweep for another, too",
                           arch->levels[w->found.axis[0]].name);
    for (size_t i = 0; i < 2; i++) {
        size_t values = w->ranges.level[w->found.axis[i]].n;

        if (values > WIDTHS_MAX_AXIS)
            return tool_misuse(t,
                               "--sweep: %s has %zu values, an axis of a heat map at most %d: "
                               "give a step, as in 2..512:x2",
                               arch->levels[w->found.axis[i]].name, values, WIDTHS_MAX_AXIS);
    }
    if (ec_ranges_count(&w->ranges) > WIDTHS_MAX_ALL)
        return tool_misuse(t,
                           "--sweep: %llu configurations, a page shows at most %d: give fewer or "
                           "larger steps",
                           (unsigned long long)ec_ranges_count(&w->ranges), WIDTHS_MAX_ALL);
    return TOOL_GO_ON;
}

/* The description's widths, but for the axes. */
static ec_status set_slice(widths *w, const ec_arch *arch, ec_error *err)
{
    ec_status status = ec_ranges_init(&w->slice_ranges, arch, err);

    for (size_t i = 0; i < 2 && status == EC_OK; i++) {
        const ec_range *from = &w->ranges.level[w->found.axis[i]];
        ec_range *to = &w->slice_ranges.level[w->found.axis[i]];
        uint32_t *values = ec_calloc(from->n, sizeof *values, err);

        if (values == NULL)
            return EC_ENOMEM;
        memcpy(values, from->values, from->n * sizeof *values);
        ec_free(to->values);
        *to = (ec_range){values, from->n};
    }
    return status;
}

static int set_ranges(const tool *t, widths *w, const tool_input *input, const tool_list *ranges)
{
    ec_error err = {0};

    if (ec_ranges_init(&w->ranges, input->arch, &err) != EC_OK)
        return tool_fail(t, input->file, &err);
    for (size_t i = 0; i < ranges->n; i++)
        if (ec_ranges_set(&w->ranges, input->arch, ranges->items[i], &err) != EC_OK)
            return err.status == EC_EINVAL ? tool_misuse(t, "--sweep: %s", err.msg)
                                           : tool_fail(t, input->file, &err);
    return choose_axes(t, w, input->arch);
}

/* ------------------------------------------------------------------- sweep */

static ec_status keep_rows(void *arg, const ec_sweep *sweep, const ec_sweep_rows *rows,
                           ec_error *err)
{
    (void)sweep;
    return ec_sweep_append(arg, rows, err);
}

/* Run a whole sweep into `rows`; *keep (or NULL) takes the sweep itself. */
static ec_status sweep(const tool *t, ec_sweep_rows *rows, ec_sweep **keep,
                       const ec_sweep_input *input, ec_error *err)
{
    ec_sweep *one = NULL;
    ec_status status = ec_sweep_new(&one, input, &t->run, err);

    rows->n_bounds = 2 * input->partitions->n;
    if (status == EC_OK)
        status = ec_sweep_run(one, 0, ec_sweep_units(one), keep_rows, rows, &t->run, err);
    if (keep != NULL)
        *keep = one;
    else
        ec_sweep_free(one);
    return status;
}

static ec_status sweep_all(const tool *t, widths *w, const ec_arch *arch, ec_error *err)
{
    ec_sweep_input input = {
        .arch = arch, .partitions = &w->charted, .ranges = &w->ranges, .cost = w->found.cost};
    ec_status status = sweep(t, &w->all, &w->sweep, &input, err);

    input.ranges = &w->slice_ranges;
    if (status == EC_OK)
        status = set_slice(w, arch, err);
    if (status == EC_OK)
        status = sweep(t, &w->slice, NULL, &input, err);
    input.ranges = &w->ranges;
    input.pareto = true;
    for (size_t k = 0; k < w->charted.n && status == EC_OK; k++) {
        const ec_partitions one = {.items = &w->charted.items[k], .n = 1};

        input.partitions = &one;
        status = sweep(t, &w->fronts[k], NULL, &input, err);
    }
    return status;
}

int widths_sweep(tool *t, widths *w, const tool_input *input, const tool_list *ranges,
                 const char *budget)
{
    ec_error err = {0};
    int code;

    w->found = (ec_widths_found){.arch = input->arch,
                                 .partitions = &w->charted,
                                 .ranges = &w->ranges,
                                 .cost = EC_QUANTITY_PARAMETERS,
                                 .budget = UINT64_MAX,
                                 .slice = &w->slice,
                                 .all = &w->all,
                                 .fronts = w->fronts};
    w->charted = input->partitions;
    w->charted.n = w->charted.n < WIDTHS_CHARTED ? w->charted.n : WIDTHS_CHARTED;
    code = set_ranges(t, w, input, ranges);
    if (code == TOOL_GO_ON && budget != NULL)
        code = tool_budget(t, budget, &w->found.cost, &w->found.budget);
    if (code != TOOL_GO_ON)
        return code;
    tool_phase(t, "sweep");
    if (sweep_all(t, w, input->arch, &err) != EC_OK)
        return tool_fail(t, input->file, &err);
    w->found.sweep = w->sweep;
    return TOOL_GO_ON;
}

/* ---------------------------------------------------------------- formulas */

int widths_formulas(tool *t, widths *w, const tool_input *input)
{
    size_t n = input->partitions.n;
    bool sharing = ec_bound_has_sharing(input->arch);
    ec_status status = EC_OK;
    ec_error err = {0};

    if (ec_arch_is_network(input->arch) || n > WIDTHS_MAX_FORMULAS)
        return TOOL_GO_ON;
    tool_phase(t, "formulas");
    w->formulas = ec_calloc(2 * n, sizeof *w->formulas, &err);
    if (w->formulas == NULL)
        return tool_fail(t, input->file, &err);
    w->n_formulas = 2 * n;
    for (size_t i = 0; i < 2 * n && status == EC_OK; i += sharing ? 1 : 2) {
        ec_error too_long = {0};

        status = ec_design_formula(&w->formulas[i], input->arch, &input->partitions.items[i / 2].a,
                                   i % 2 == 1, &t->run, &too_long);
        if (status == EC_ELIMIT) { /* the page says so */
            ec_formula_clear(&w->formulas[i]);
            status = EC_OK;
        }
        err = too_long;
    }
    return status == EC_OK ? TOOL_GO_ON : tool_fail(t, input->file, &err);
}

void widths_clear(widths *w)
{
    ec_sweep_free(w->sweep);
    ec_sweep_rows_clear(&w->all);
    ec_sweep_rows_clear(&w->slice);
    for (size_t k = 0; k < WIDTHS_CHARTED; k++)
        ec_sweep_rows_clear(&w->fronts[k]);
    ec_ranges_clear(&w->ranges);
    ec_ranges_clear(&w->slice_ranges);
    for (size_t i = 0; i < w->n_formulas; i++)
        ec_formula_clear(&w->formulas[i]);
    ec_free(w->formulas);
    *w = (widths){.formulas = NULL};
}
