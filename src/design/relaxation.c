/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "design/optimize_i.h"

#include "design/glpk_i.h"
#include <math.h>

/*
 * Columns: x_l = log2 d_l; t_k <= log2 bound of goal k; z = cost / scale.
 * Rows (all <= right hand side):
 *     t_k - sum_l c_l x_l <= 0             a linear term of goal k
 *     -sum_k w_k t_k      <= -at_least     the objective that is asked for
 *     grad . x - s z      <= grad . x0 - cost(x0)   a tangent of the convex cost, divided by
 * cost(x0) Maximise sum_k w_k t_k, or -z. Only the bounds of the columns depend on the box.
 */
#define MAX_CUTS 48
#define ROUNDS   12

struct ec_relaxation {
    const ec_search *search;
    glp_prob *lp;
    size_t n_columns, n_rows, first_cut, capacity;
    double *row, *right, *objective; /* n_rows x n_columns, n_rows, n_columns */
    double *lower, *upper;           /* n_columns: of the box in hand */
    int *index;                      /* n_columns + 1, GLPK counts from 1 */
    double scale;
};

static size_t column_t(const ec_relaxation *r, size_t goal)
{
    return r->search->problem->n_levels + goal;
}

static size_t column_z(const ec_relaxation *r)
{
    return r->n_columns - 1;
}

/* Hand the last row filled in to GLPK. */
static void add_row(ec_relaxation *r)
{
    const double *row = r->row + r->n_rows * r->n_columns;
    int number = ec_glpk.glp_add_rows(r->lp, 1);

    ec_glpk.glp_set_mat_row(r->lp, number, (int)r->n_columns, r->index, row - 1);
    ec_glpk.glp_set_row_bnds(r->lp, number, GLP_UP, 0, r->right[r->n_rows]);
    r->n_rows++;
}

static void add_terms(ec_relaxation *r)
{
    const ec_problem *p = r->search->problem;

    for (size_t i = 0; i < p->n_terms; i++) {
        double *row = r->row + r->n_rows * r->n_columns;
        for (size_t l = 0; l < p->n_levels; l++)
            row[l] = -p->terms[i].coefficient[l];
        row[column_t(r, p->terms[i].goal)] = 1;
        add_row(r);
    }
    if (r->search->at_least > -INFINITY) {
        double *row = r->row + r->n_rows * r->n_columns;
        for (size_t k = 0; k < p->n_goals; k++)
            row[column_t(r, k)] = -r->search->weight[k];
        r->right[r->n_rows] = -r->search->at_least;
        add_row(r);
    }
    r->first_cut = r->n_rows;
}

/* A tangent of the cost at x0. With many, all start again: those that matter come back. */
static void add_tangent(ec_relaxation *r, const double *x0)
{
    const ec_problem *p = r->search->problem;
    double gradient[EC_MAX_LEVELS];
    double cost = ec_problem_cost_at(gradient, p, x0), right = -1;

    if (r->n_rows == r->capacity) {
        int cuts[MAX_CUTS + 1];
        for (int i = 1; i <= MAX_CUTS; i++)
            cuts[i] = (int)r->first_cut + i;
        ec_glpk.glp_del_rows(r->lp, MAX_CUTS, cuts);
        r->n_rows = r->first_cut;
    }
    double *row = r->row + r->n_rows * r->n_columns;
    for (size_t c = 0; c < r->n_columns; c++)
        row[c] = 0;
    for (size_t l = 0; l < p->n_levels; l++) {
        row[l] = gradient[l] / cost;
        right += row[l] * x0[l];
    }
    row[column_z(r)] = -r->scale / cost;
    r->right[r->n_rows] = right;
    add_row(r);
}

static ec_status allocate(ec_relaxation *r, ec_error *err)
{
    ec_status status = EC_OK;
    const ec_problem *p = r->search->problem;

    r->n_columns = p->n_levels + p->n_goals + 1;
    r->capacity = p->n_terms + 1 + MAX_CUTS;
    EC_NEW(r->row, r->capacity * r->n_columns);
    EC_NEW(r->right, r->capacity);
    EC_NEW(r->objective, r->n_columns);
    EC_NEW(r->lower, r->n_columns);
    EC_NEW(r->upper, r->n_columns);
    EC_NEW(r->index, r->n_columns + 1);
done:
    return status;
}

ec_status ec_relaxation_new(ec_relaxation **out, const ec_search *search, ec_error *err)
{
    ec_status status = EC_OK;
    const ec_problem *p = search->problem;
    size_t top[EC_MAX_LEVELS];
    ec_relaxation *r = NULL;

    *out = NULL;
    EC_NEW(r, 1);
    r->search = search;
    EC_TRY(allocate(r, err));
    for (size_t l = 0; l < p->n_levels; l++)
        top[l] = p->in->ranges->level[l].n - 1;
    r->scale = fmin(ec_problem_cost(p, top), search->budget);
    EC_TRY(ec_glpk_load(err));
    r->lp = ec_glpk.glp_create_prob();
    ec_glpk.glp_set_obj_dir(r->lp, GLP_MAX);
    ec_glpk.glp_add_cols(r->lp, (int)r->n_columns);
    for (size_t c = 0; c < r->n_columns; c++)
        r->index[c + 1] = (int)c + 1;
    for (size_t k = 0; k < p->n_goals && search->maximize; k++)
        r->objective[column_t(r, k)] = search->weight[k];
    if (!search->maximize)
        r->objective[column_z(r)] = -1;
    for (size_t c = 0; c < r->n_columns; c++)
        ec_glpk.glp_set_obj_coef(r->lp, (int)c + 1, r->objective[c]);
    add_terms(r);
    *out = r;
    r = NULL;
done:
    ec_relaxation_free(r);
    return status;
}

void ec_relaxation_free(ec_relaxation *r)
{
    if (r == NULL)
        return;
    if (r->lp != NULL)
        ec_glpk.glp_delete_prob(r->lp);
    ec_free(r->row);
    ec_free(r->right);
    ec_free(r->objective);
    ec_free(r->lower);
    ec_free(r->upper);
    ec_free(r->index);
    ec_free(r);
}

static void set_bounds(ec_relaxation *r, const ec_box *box)
{
    const ec_search *s = r->search;
    const ec_problem *p = s->problem;

    for (size_t l = 0; l < p->n_levels; l++) {
        r->lower[l] = p->log2_values[l][box->lo[l]];
        r->upper[l] = p->log2_values[l][box->hi[l]];
    }
    for (size_t k = 0; k < p->n_goals; k++) {
        size_t c = column_t(r, k);
        r->upper[c] = ec_problem_log2(p, k, box->hi);
        r->lower[c] = ec_int_cmp_u64(&s->min_rank[k], 1) > 0
                          ? fmin(ec_int_log2(&s->min_rank[k]), r->upper[c])
                          : 0;
    }
    /* the budget is a bound only where the objective is after more: else the program stays feasible
     */
    r->lower[column_z(r)] = 0;
    r->upper[column_z(r)] =
        (s->maximize ? fmin(s->budget, ec_problem_cost(p, box->hi)) : ec_problem_cost(p, box->hi)) /
        r->scale;
    for (size_t c = 0; c < r->n_columns; c++)
        ec_glpk.glp_set_col_bnds(r->lp, (int)c + 1, r->lower[c] < r->upper[c] ? GLP_DB : GLP_FX,
                                 r->lower[c], r->upper[c]);
}

/*
 * Weak duality: for any y >= 0,  max c v  <=  y b + sum_j max over [lower, upper] of (c - y A)_j
 * v_j. The sum is rounded up generously.
 */
static double proved_bound(const ec_relaxation *r, double *price)
{
    double bound = 0, size = 1;

    for (size_t i = 0; i < r->n_rows; i++) {
        double y = fmax(0, ec_glpk.glp_get_row_dual(r->lp, (int)i + 1));
        bound += y * r->right[i];
        size += fabs(y * r->right[i]);
    }
    for (size_t c = 0; c < r->n_columns; c++) {
        double reduced = r->objective[c];
        for (size_t i = 0; i < r->n_rows; i++) {
            double y = fmax(0, ec_glpk.glp_get_row_dual(r->lp, (int)i + 1));
            reduced -= y * r->row[i * r->n_columns + c];
        }
        bound += reduced * (reduced > 0 ? r->upper[c] : r->lower[c]);
        size += fabs(reduced) * r->upper[c];
        if (c == column_z(r))
            *price = fmax(0, reduced) / r->scale;
    }
    return bound + 1e-13 * size;
}

static bool solve_once(ec_relaxation *r, double *x)
{
    glp_smcp options;

    ec_glpk.glp_init_smcp(&options);
    options.msg_lev = GLP_MSG_OFF;
    options.meth = GLP_DUALP;
    ec_glpk.glp_std_basis(r->lp);
    if (ec_glpk.glp_simplex(r->lp, &options) != 0 || ec_glpk.glp_get_status(r->lp) != GLP_OPT)
        return false;
    for (size_t l = 0; l < r->search->problem->n_levels; l++)
        x[l] = fmin(fmax(ec_glpk.glp_get_col_prim(r->lp, (int)l + 1), r->lower[l]), r->upper[l]);
    return true;
}

ec_status ec_relaxation_solve(double *bound, double *x, double *price, ec_relaxation *r,
                              const ec_box *box, ec_error *err)
{
    ec_status status = EC_OK;
    size_t n_levels = r->search->problem->n_levels;

    (void)err;
    set_bounds(r, box);
    *bound = INFINITY;
    *price = 0;
    for (size_t l = 0; l < n_levels; l++)
        x[l] = r->upper[l];
    for (int round = 0; round < ROUNDS; round++) {
        if (!solve_once(r, x))
            break;
        *bound = fmin(*bound, proved_bound(r, price));
        double z = ec_glpk.glp_get_col_prim(r->lp, (int)column_z(r) + 1) * r->scale;
        if (ec_problem_cost_at(NULL, r->search->problem, x) <= z * (1 + 1e-6))
            break;
        add_tangent(r, x);
    }
    if (!r->search->maximize && *bound < INFINITY)
        *bound *= r->scale; /* of minus the cost itself */
    return status;
}
