/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "design/optimize_i.h"

#include <math.h>
#include <string.h>

/* State of one depth-first search. */
typedef struct walk {
    ec_search *s;
    ec_relaxation *relaxation;
    const ec_run *run;
} walk;

static double tolerance(double objective)
{
    return EC_DESIGN_TOLERANCE * (1 + fabs(objective));
}

double ec_search_objective(const ec_search *s, const size_t *at)
{
    double sum = 0;

    for (size_t k = 0; k < s->problem->n_goals; k++) {
        if (s->weight[k] > 0)
            sum += s->weight[k] * ec_problem_log2(s->problem, k, at);
    }
    return sum;
}

/* The bound of a goal as an integer. */
static void exact_rank(ec_int *rank, const ec_problem *p, size_t goal, const size_t *at)
{
    uint32_t widths[EC_MAX_LEVELS];
    ec_int shared = {0};

    ec_problem_widths(widths, p, at);
    ec_formula_evaluate(rank, NULL, &p->formula[goal][0], widths);
    if (p->formula[goal][1].n_terms > 0) {
        ec_formula_evaluate(&shared, NULL, &p->formula[goal][1], widths);
        if (ec_int_cmp(&shared, rank) < 0)
            ec_int_swap(&shared, rank);
    }
    ec_int_clear(&shared);
}

bool ec_search_meets(const ec_search *s, const size_t *at)
{
    for (size_t k = 0; k < s->problem->n_goals; k++) {
        const ec_int *required = &s->min_rank[k];
        ec_int rank = {0};
        bool meets;
        if (ec_int_cmp_u64(required, 1) <= 0)
            continue;
        double difference = ec_problem_log2(s->problem, k, at) - ec_int_log2(required);
        meets = difference > 0;
        if (fabs(difference) < 1e-9 * (1 + ec_int_log2(required))) {
            exact_rank(&rank, s->problem, k, at);
            meets = ec_int_cmp(&rank, required) >= 0;
            ec_int_clear(&rank);
        }
        if (!meets)
            return false;
    }
    return true;
}

/* The objective that a choice must reach to be of use; the largest cost it may have. */
static double needed(const ec_search *s)
{
    if (!s->maximize || !s->found)
        return s->at_least;
    return fmax(s->at_least, s->objective + tolerance(s->objective));
}

static double allowed(const ec_search *s)
{
    return !s->maximize && s->found ? fmin(s->budget, s->cost - 1) : s->budget;
}

static bool is_rich_enough(const ec_search *s, const size_t *at)
{
    return ec_search_meets(s, at) && ec_search_objective(s, at) >= needed(s);
}

/* Take a choice if it is better than the best so far. */
static void offer(ec_search *s, const size_t *at)
{
    size_t bytes = s->problem->n_levels * sizeof *at;

    if (s->except != NULL && memcmp(s->except, at, bytes) == 0)
        return;
    double cost = ec_problem_cost(s->problem, at), objective = ec_search_objective(s, at);
    if (cost > allowed(s) || !is_rich_enough(s, at) || objective >= s->below)
        return;
    memcpy(s->best, at, bytes);
    s->found = true;
    s->objective = objective;
    s->cost = cost;
}

/* Lower the upper corner: a width that is too dear beside the cheapest others goes. */
static void cut_above(const ec_search *s, ec_box *box)
{
    for (size_t l = 0; l < s->problem->n_levels; l++) {
        size_t corner[EC_MAX_LEVELS], good = box->lo[l], bad = box->hi[l] + 1;
        memcpy(corner, box->lo, sizeof corner);
        while (bad - good > 1) {
            corner[l] = good + (bad - good) / 2;
            if (ec_problem_cost(s->problem, corner) <= allowed(s))
                good = corner[l];
            else
                bad = corner[l];
        }
        box->hi[l] = good;
    }
}

/* Raise the lower corner: a width that is too narrow beside the widest others goes. */
static bool cut_below(const ec_search *s, ec_box *box)
{
    bool changed = false;

    for (size_t l = 0; l < s->problem->n_levels; l++) {
        size_t corner[EC_MAX_LEVELS], before = box->lo[l], good = box->hi[l];
        memcpy(corner, box->hi, sizeof corner);
        while (good > box->lo[l]) {
            corner[l] = box->lo[l] + (good - box->lo[l]) / 2;
            if (is_rich_enough(s, corner))
                good = corner[l];
            else
                box->lo[l] = corner[l] + 1;
        }
        changed = changed || box->lo[l] != before;
    }
    return changed;
}

/* Shrink a box to what can still be of use; false if nothing is left. */
static bool shrink(const ec_search *s, ec_box *box)
{
    do {
        if (ec_problem_cost(s->problem, box->lo) > allowed(s) || !is_rich_enough(s, box->hi))
            return false;
        cut_above(s, box);
        if (!is_rich_enough(s, box->hi))
            return false;
    } while (cut_below(s, box));
    return ec_problem_cost(s->problem, box->lo) <= allowed(s) &&
           ec_search_objective(s, box->lo) < s->below;
}

/* The largest value of a range within the box that is at most 2^x. */
static size_t round_down(const ec_problem *p, const ec_box *box, size_t level, double x)
{
    size_t good = box->lo[level], bad = box->hi[level] + 1;

    while (bad - good > 1) {
        size_t middle = good + (bad - good) / 2;
        if (p->log2_values[level][middle] <= x + 1e-9)
            good = middle;
        else
            bad = middle;
    }
    return good;
}

/* Offer the corners and the roundings of the program's optimum, and raise these while it helps. */
static void offer_near(ec_search *s, const ec_box *box, const double *x)
{
    const ec_problem *p = s->problem;
    size_t at[EC_MAX_LEVELS], up[EC_MAX_LEVELS];

    for (size_t l = 0; l < p->n_levels; l++) {
        at[l] = round_down(p, box, l, x[l]);
        up[l] = at[l] + (at[l] < box->hi[l] && p->log2_values[l][at[l]] < x[l] - 1e-9);
    }
    offer(s, at);
    offer(s, up);
    for (size_t l = p->n_levels; l > 0; l--) {
        if (up[l - 1] == at[l - 1])
            continue;
        at[l - 1]++;
        offer(s, at);
        if (ec_problem_cost(p, at) > allowed(s))
            at[l - 1]--;
    }
}

/* Does one corner settle the box? The upper in maximising, the lower in minimising. */
static bool is_settled(walk *w, const ec_box *box)
{
    ec_search *s = w->s;
    const size_t *corner = s->maximize ? box->hi : box->lo;
    bool single = memcmp(box->lo, box->hi, s->problem->n_levels * sizeof *box->lo) == 0;
    bool is_except =
        s->except != NULL && memcmp(s->except, corner, s->problem->n_levels * sizeof *corner) == 0;

    if (!single && (is_except || ec_problem_cost(s->problem, corner) > allowed(s) ||
                    !is_rich_enough(s, corner) || ec_search_objective(s, corner) >= s->below))
        return false;
    offer(s, corner);
    return true;
}

/* The level to split: where the optimum lies farthest inside its range, else the widest. */
static size_t split_level(const ec_problem *p, const ec_box *box, const double *x, size_t *middle)
{
    size_t best = 0;
    double most = -1;

    for (size_t l = 0; l < p->n_levels; l++) {
        if (box->lo[l] == box->hi[l])
            continue;
        double low = p->log2_values[l][box->lo[l]], high = p->log2_values[l][box->hi[l]];
        double inside = fmin(x[l] - low, high - x[l]);
        double score = 1e-3 * (high - low) + fmax(inside, 0);
        if (score > most) {
            most = score;
            best = l;
        }
    }
    *middle = round_down(p, box, best, x[best]);
    if (*middle == box->hi[best])
        (*middle)--;
    return best;
}

static ec_status visit(walk *w, ec_box box, ec_error *err);

static ec_status split(walk *w, const ec_box *box, const double *x, ec_error *err)
{
    ec_status status = EC_OK;
    size_t middle, level = split_level(w->s->problem, box, x, &middle);
    ec_box low = *box, high = *box;

    low.hi[level] = middle;
    high.lo[level] = middle + 1;
    EC_TRY(visit(w, w->s->maximize ? high : low, err));
    EC_TRY(visit(w, w->s->maximize ? low : high, err));
done:
    return status;
}

static ec_status visit(walk *w, ec_box box, ec_error *err)
{
    ec_status status = EC_OK;
    ec_search *s = w->s;
    double bound, price, x[EC_MAX_LEVELS];

    if (s->n_nodes >= s->max_nodes) {
        s->complete = false;
        return EC_OK;
    }
    if (s->n_nodes++ % 256 == 0)
        EC_TRY(ec_run_step(w->run, "design", (double)s->n_nodes, (double)s->max_nodes, err));
    if (!shrink(s, &box) || is_settled(w, &box))
        return EC_OK;
    EC_TRY(ec_relaxation_solve(&bound, x, &price, w->relaxation, &box, err));
    if (s->n_nodes == 1)
        s->price = price;
    if (s->maximize ? bound < needed(s) : -bound * (1 - 1e-9) > allowed(s))
        return EC_OK;
    offer_near(s, &box, x);
    EC_TRY(split(w, &box, x, err));
done:
    return status;
}

ec_status ec_search_run(ec_search *search, const ec_run *run, ec_error *err)
{
    ec_status status = EC_OK;
    walk w = {.s = search, .run = run};
    ec_box box = {{0}, {0}};

    for (size_t l = 0; l < search->problem->n_levels; l++)
        box.hi[l] = search->problem->in->ranges->level[l].n - 1;
    search->complete = true;
    EC_TRY(ec_relaxation_new(&w.relaxation, search, err));
    EC_TRY(visit(&w, box, err));
done:
    ec_relaxation_free(w.relaxation);
    return status;
}
