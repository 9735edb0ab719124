/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "design/optimize_i.h"

#include <math.h>

void ec_design_clear(ec_design *design)
{
    if (design == NULL)
        return;
    for (size_t k = 0; design->ranks != NULL && k < design->n_goals; k++)
        ec_int_clear(&design->ranks[k]);
    ec_free(design->ranks);
    ec_free(design->widths);
    *design = (ec_design){0};
}

void ec_design_answer_clear(ec_design_answer *answer)
{
    if (answer == NULL)
        return;
    ec_design_clear(&answer->best);
    ec_design_clear(&answer->runner_up);
    ec_design_clear(&answer->next);
    *answer = (ec_design_answer){0};
}

/* The three searches of one question share its numbers, weights and requirements. */
typedef struct solver {
    ec_problem problem;
    double *weight;
    ec_int *min_rank;
    const ec_run *run;
    ec_design_answer *out;
} solver;

static void solver_clear(solver *s)
{
    for (size_t k = 0; s->min_rank != NULL && k < s->problem.n_goals; k++)
        ec_int_clear(&s->min_rank[k]);
    ec_free(s->weight);
    ec_free(s->min_rank);
    ec_problem_clear(&s->problem);
}

static ec_search search_of(const solver *s, bool maximize)
{
    uint64_t budget = s->problem.in->budget;
    size_t max_nodes = s->problem.in->max_nodes;

    return (ec_search){.problem = &s->problem,
                       .weight = s->weight,
                       .min_rank = s->min_rank,
                       .maximize = maximize,
                       .at_least = -INFINITY,
                       .below = INFINITY,
                       .budget = budget == UINT64_MAX ? 0x1p60 : (double)budget,
                       .max_nodes = max_nodes > 0 ? max_nodes : EC_DESIGN_MAX_NODES};
}

static ec_status run_search(solver *s, ec_search *search, ec_error *err)
{
    ec_status status = ec_search_run(search, s->run, err);

    s->out->n_nodes += search->n_nodes;
    return status;
}

static uint64_t count(const ec_problem *p, const uint32_t *widths, bool every_position)
{
    uint64_t sum = 0;

    for (size_t l = 0; l < p->n_levels; l++) {
        const ec_level *level = &p->in->arch->levels[l];
        uint64_t out = l + 1 < p->n_levels ? widths[l + 1] : p->in->arch->outputs;
        bool once = level->shared && !every_position;
        sum += (once ? 1 : ec_level_positions(level)) * out * widths[l];
    }
    return sum;
}

/* Fill a design from a search's result. */
static ec_status describe(ec_design *out, const solver *s, const size_t *at, ec_error *err)
{
    ec_status status = EC_OK;
    const ec_problem *p = &s->problem;
    ec_int shared = {0};

    ec_design_clear(out);
    EC_NEW(out->widths, p->n_levels);
    out->n_levels = p->n_levels;
    ec_problem_widths(out->widths, p, at);
    out->parameters = count(p, out->widths, false);
    out->multiply_adds = count(p, out->widths, true);
    EC_NEW(out->ranks, p->n_goals);
    out->n_goals = p->n_goals;
    for (size_t k = 0; k < p->n_goals; k++) {
        ec_formula_evaluate(&out->ranks[k], NULL, &p->formula[k][0], out->widths);
        if (p->formula[k][1].n_terms > 0) {
            ec_formula_evaluate(&shared, NULL, &p->formula[k][1], out->widths);
            if (ec_int_cmp(&shared, &out->ranks[k]) < 0)
                ec_int_swap(&shared, &out->ranks[k]);
        }
        out->objective += p->in->goals[k].weight * ec_int_log2(&out->ranks[k]);
    }
done:
    ec_int_clear(&shared);
    return status;
}

static double margin(double objective)
{
    return 4 * EC_DESIGN_TOLERANCE * (1 + fabs(objective));
}

/* The cheapest choice with the objective in [at_least, below). */
static ec_status cheapest(ec_design *out, bool *complete, solver *s, double at_least, double below,
                          double budget, ec_error *err)
{
    ec_search search = search_of(s, false);
    ec_status status;

    search.at_least = at_least;
    search.below = below;
    search.budget = budget;
    status = run_search(s, &search, err);
    *complete = search.complete;
    if (status != EC_OK || !search.found)
        return status;
    return describe(out, s, search.best, err);
}

/* Largest objective, then cheapest; the runner-up has a smaller objective. */
static ec_status maximize_sum(solver *s, ec_error *err)
{
    ec_status status = EC_OK;
    ec_design_answer *out = s->out;
    ec_search search = search_of(s, true), second = search_of(s, true);
    bool complete, cheap;

    EC_TRY(run_search(s, &search, err));
    out->feasible = search.found;
    out->optimal = search.complete;
    if (!search.found)
        goto done;
    out->price = search.price;
    EC_TRY(cheapest(&out->best, &cheap, s, search.objective - margin(search.objective) / 4,
                    INFINITY, search.budget, err));
    out->optimal = out->optimal && cheap;
    second.below = search.objective - margin(search.objective);
    EC_TRY(run_search(s, &second, err));
    if (second.found)
        EC_TRY(cheapest(&out->runner_up, &complete, s,
                        second.objective - margin(second.objective) / 4, second.below,
                        second.budget, err));
    EC_TRY(cheapest(&out->next, &complete, s, search.objective + margin(search.objective), INFINITY,
                    0x1p60, err));
done:
    return status;
}

/* Goal after goal: each at its best becomes a requirement of those behind it. */
static ec_status maximize_in_order(solver *s, ec_error *err)
{
    ec_status status = EC_OK;
    ec_design step = {0};

    for (size_t k = 0; k < s->problem.n_goals; k++) {
        ec_search search = search_of(s, true);
        for (size_t j = 0; j < s->problem.n_goals; j++)
            s->weight[j] = j == k;
        EC_TRY(run_search(s, &search, err));
        s->out->feasible = search.found;
        s->out->optimal = search.complete && (k == 0 || s->out->optimal);
        if (!search.found || k + 1 == s->problem.n_goals)
            break;
        EC_TRY(describe(&step, s, search.best, err));
        ec_int_set(&s->min_rank[k], &step.ranks[k]);
    }
    if (s->out->feasible)
        EC_TRY(maximize_sum(s, err)); /* the last goal, the others being requirements */
done:
    ec_design_clear(&step);
    return status;
}

static ec_status minimize_cost(solver *s, ec_error *err)
{
    ec_status status = EC_OK;
    ec_design_answer *out = s->out;
    ec_search search = search_of(s, false), second = search_of(s, false);

    EC_TRY(run_search(s, &search, err));
    out->feasible = search.found;
    out->optimal = search.complete;
    if (!search.found) {
        bool complete;
        EC_TRY(cheapest(&out->next, &complete, s, -INFINITY, INFINITY, 0x1p60, err));
        goto done;
    }
    EC_TRY(describe(&out->best, s, search.best, err));
    second.except = search.best;
    EC_TRY(run_search(s, &second, err));
    if (second.found)
        EC_TRY(describe(&out->runner_up, s, second.best, err));
done:
    return status;
}

ec_status ec_design_solve(ec_design_answer *out, const ec_design_input *input, const ec_run *run,
                          ec_error *err)
{
    ec_status status = EC_OK;
    solver s = {.run = run, .out = out};

    *out = (ec_design_answer){0};
    EC_TRY(ec_problem_init(&s.problem, input, run, err));
    EC_NEW(s.weight, input->n_goals);
    EC_NEW(s.min_rank, input->n_goals);
    for (size_t k = 0; k < input->n_goals; k++) {
        s.weight[k] = input->goals[k].weight;
        ec_int_set(&s.min_rank[k], &input->goals[k].min_rank);
    }
    if (!input->maximize)
        EC_TRY(minimize_cost(&s, err));
    else if (input->lexicographic)
        EC_TRY(maximize_in_order(&s, err));
    else
        EC_TRY(maximize_sum(&s, err));
    if (input->maximize && !out->feasible) { /* what budget would do */
        bool complete;
        EC_TRY(cheapest(&out->next, &complete, &s, -INFINITY, INFINITY, 0x1p60, err));
    }
done:
    solver_clear(&s);
    if (status != EC_OK)
        ec_design_answer_clear(out);
    return status;
}
