/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "design/optimize_i.h"

#include <assert.h>
#include <math.h>

#include "design/formula_i.h"

void ec_problem_widths(uint32_t *widths, const ec_problem *p, const size_t *at)
{
    for (size_t l = 0; l < p->n_levels; l++)
        widths[l] = p->in->ranges->level[l].values[at[l]];
}

/* sum_l factor_l d_l d_{l+1}, and the dense layer */
double ec_problem_cost(const ec_problem *p, const size_t *at)
{
    uint32_t d[EC_MAX_LEVELS] = {0};
    double cost;

    assert(p->n_levels > 0);
    ec_problem_widths(d, p, at);
    cost = p->last_factor * d[p->n_levels - 1];
    for (size_t l = 0; l + 1 < p->n_levels; l++)
        cost += p->factor[l] * d[l] * d[l + 1];
    return cost;
}

double ec_problem_cost_at(double *gradient, const ec_problem *p, const double *x)
{
    size_t last = p->n_levels - 1;
    double term = p->last_factor * exp2(x[last]), cost = term;

    for (size_t l = 0; gradient != NULL && l < last; l++)
        gradient[l] = 0;
    if (gradient != NULL)
        gradient[last] = M_LN2 * term;
    for (size_t l = 0; l < last; l++) {
        term = p->factor[l] * exp2(x[l] + x[l + 1]);
        cost += term;
        if (gradient == NULL)
            continue;
        gradient[l] += M_LN2 * term;
        gradient[l + 1] += M_LN2 * term;
    }
    return cost;
}

double ec_problem_log2(const ec_problem *p, size_t goal, const size_t *at)
{
    uint32_t widths[EC_MAX_LEVELS];
    double plain, shared;

    ec_problem_widths(widths, p, at);
    plain = ec_formula_log2(&p->formula[goal][0], widths);
    if (p->formula[goal][1].n_terms == 0)
        return plain;
    shared = ec_formula_log2(&p->formula[goal][1], widths);
    return shared < plain ? shared : plain;
}

static ec_status check_input(const ec_design_input *in, ec_error *err)
{
    if (ec_arch_is_network(in->arch))
        return ec_fail(err, EC_EINVAL, "a design of widths needs input and layers, not a network");
    if (ec_arch_is_affine(in->arch))
        return ec_fail(err, EC_EINVAL,
                       "widths are chosen without norm and bias, whose constant channel changes no "
                       "width by itself: leave them out of the description");
    if (in->n_goals == 0)
        return ec_fail(err, EC_EINVAL,
                       "nothing to design for: name a partition to maximise, or a "
                       "rank to require");
    if (in->arch->n_levels > EC_MAX_LEVELS)
        return ec_fail(err, EC_ELIMIT, "%zu levels, a design takes at most %d", in->arch->n_levels,
                       EC_MAX_LEVELS);
    for (size_t l = 0; l < in->arch->n_levels; l++) {
        const ec_range *range = &in->ranges->level[l];
        for (size_t j = 1; j < range->n; j++) {
            if (range->values[j] <= range->values[j - 1])
                return ec_fail(err, EC_EINVAL, "the range of %s does not ascend: %u after %u",
                               in->arch->levels[l].name, range->values[j], range->values[j - 1]);
        }
    }
    return EC_OK;
}

static ec_status prepare_costs(ec_problem *p, ec_error *err)
{
    ec_status status = EC_OK;
    const ec_arch *arch = p->in->arch;
    size_t top[EC_MAX_LEVELS];

    EC_NEW(p->factor, p->n_levels);
    EC_NEW(p->log2_values, p->n_levels);
    for (size_t l = 0; l < p->n_levels; l++) {
        const ec_level *level = &arch->levels[l];
        const ec_range *range = &p->in->ranges->level[l];
        bool once = p->in->cost == EC_QUANTITY_PARAMETERS && level->shared;
        p->factor[l] = once ? 1 : (double)ec_level_positions(level);
        EC_NEW(p->log2_values[l], range->n);
        for (size_t j = 0; j < range->n; j++)
            p->log2_values[l][j] = log2(range->values[j]);
        top[l] = range->n - 1;
    }
    p->last_factor = p->factor[p->n_levels - 1] * arch->outputs;
    if (ec_problem_cost(p, top) >= 0x1p53)
        return ec_fail(err, EC_ELIMIT, "the largest widths cost %.3g, a design counts to 2^53",
                       ec_problem_cost(p, top));
done:
    return status;
}

static ec_status prepare_goal(ec_problem *p, size_t k, const ec_run *run, ec_error *err)
{
    ec_status status = EC_OK;
    const ec_sites *a = &p->in->partitions->items[p->in->goals[k].partition].a;

    EC_TRY(ec_design_formula(&p->formula[k][0], p->in->arch, a, false, run, err));
    if (ec_bound_has_sharing(p->in->arch))
        EC_TRY(ec_design_formula(&p->formula[k][1], p->in->arch, a, true, run, err));
done:
    return status;
}

static bool is_linear(const ec_formula *f, size_t term)
{
    for (size_t v = f->n_levels; v < f->n_variables; v++) {
        if (f->exponent[term * f->n_variables + v] > 0)
            return false;
    }
    return true;
}

/* The terms without symmetric powers of both formulas of every goal. */
static ec_status collect_terms(ec_problem *p, ec_error *err)
{
    ec_status status = EC_OK;
    size_t n = 0;

    for (size_t k = 0; k < p->n_goals; k++)
        n += p->formula[k][0].n_terms + p->formula[k][1].n_terms;
    EC_NEW(p->terms, n);
    for (size_t i = 0; i < 2 * p->n_goals; i++) {
        const ec_formula *f = &p->formula[i / 2][i % 2];
        for (size_t t = 0; t < f->n_terms; t++) {
            if (!is_linear(f, t))
                continue;
            ec_linear_term *term = &p->terms[p->n_terms++];
            term->goal = i / 2;
            for (size_t l = 0; l < p->n_levels; l++)
                term->coefficient[l] = (double)f->exponent[t * f->n_variables + l];
        }
    }
done:
    return status;
}

ec_status ec_problem_init(ec_problem *out, const ec_design_input *input, const ec_run *run,
                          ec_error *err)
{
    ec_status status = EC_OK;

    *out = (ec_problem){.in = input};
    EC_TRY(check_input(input, err));
    out->n_levels = input->arch->n_levels;
    EC_TRY(prepare_costs(out, err));
    EC_NEW(out->formula, input->n_goals);
    out->n_goals = input->n_goals;
    for (size_t k = 0; k < out->n_goals; k++)
        EC_TRY(prepare_goal(out, k, run, err));
    EC_TRY(collect_terms(out, err));
done:
    return status;
}

void ec_problem_clear(ec_problem *p)
{
    for (size_t k = 0; p->formula != NULL && k < p->n_goals; k++) {
        ec_formula_clear(&p->formula[k][0]);
        ec_formula_clear(&p->formula[k][1]);
    }
    for (size_t l = 0; p->log2_values != NULL && l < p->n_levels; l++)
        ec_free(p->log2_values[l]);
    ec_free(p->formula);
    ec_free(p->log2_values);
    ec_free(p->factor);
    ec_free(p->terms);
    *p = (ec_problem){0};
}
