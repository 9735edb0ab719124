/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "design/monomials.h"

#include "design/glpk_i.h"
#include "entcap/design.h"
#include <string.h>

/* Collected rows beyond which the true number is not awaited; rounding collects a few too many. */
#define MAX_KEPT ((size_t)EC_FORMULA_MAX_TERMS * 5 / 4)

/*
 * Row x is the strict minimum somewhere iff max { t : (y - x) w >= t for all kept y, w >= 0 } > 0.
 * Columns of the program: t, then w_1 .. w_n, all in [0, 1]. It is feasible (0) and bounded, the
 * data are integers, and glp_exact decides the sign of t in rational arithmetic.
 */
typedef struct envelope {
    const ec_monomials *set;
    const ec_run *run; /* progress, and a way to stop: the work is not known beforehand */
    size_t *kept;      /* row numbers */
    size_t n_kept;
    double *weight; /* n_variables: w of the last program */
    int *column;    /* n_variables + 2, GLPK counts from 1 */
    double *value;
} envelope;

static const uint64_t *row_at(const envelope *e, size_t i)
{
    return e->set->exponent + i * e->set->n_variables;
}

static void envelope_clear(envelope *e)
{
    ec_free(e->kept);
    ec_free(e->weight);
    ec_free(e->column);
    ec_free(e->value);
}

static ec_status envelope_init(envelope *e, const ec_monomials *set, const ec_run *run,
                               ec_error *err)
{
    ec_status status = EC_OK;

    *e = (envelope){.set = set, .run = run};
    EC_NEW(e->kept, set->n + 1);
    EC_NEW(e->weight, set->n_variables);
    EC_NEW(e->column, set->n_variables + 2);
    EC_NEW(e->value, set->n_variables + 2);
done:
    return status;
}

static void add_constraint(glp_prob *lp, envelope *e, size_t x, size_t y)
{
    int row = ec_glpk.glp_add_rows(lp, 1), n = 1;

    ec_glpk.glp_set_row_bnds(lp, row, GLP_LO, 0.0, 0.0);
    e->column[1] = 1; /* -t */
    e->value[1] = -1.0;
    for (size_t v = 0; v < e->set->n_variables; v++) {
        double difference = (double)row_at(e, y)[v] - (double)row_at(e, x)[v];
        if (difference != 0) {
            n++;
            e->column[n] = (int)v + 2;
            e->value[n] = difference;
        }
    }
    ec_glpk.glp_set_mat_row(lp, row, n, e->column, e->value);
}

/* Is row x the strict minimum of x and the kept rows (without kept[skip]) somewhere? */
static ec_status is_strict(bool *strict, envelope *e, size_t x, size_t skip, ec_error *err)
{
    int n_columns = (int)e->set->n_variables + 1, failure;
    glp_prob *lp;
    glp_smcp options;

    *strict = true;
    if (e->n_kept == 0 || (e->n_kept == 1 && skip == 0)) /* GLPK refuses programs without rows */
        return EC_OK;
    lp = ec_glpk.glp_create_prob();
    ec_glpk.glp_set_obj_dir(lp, GLP_MAX);
    ec_glpk.glp_add_cols(lp, n_columns);
    for (int c = 1; c <= n_columns; c++)
        ec_glpk.glp_set_col_bnds(lp, c, GLP_DB, 0.0, 1.0);
    ec_glpk.glp_set_obj_coef(lp, 1, 1.0);
    for (size_t k = 0; k < e->n_kept; k++) {
        if (k != skip)
            add_constraint(lp, e, x, e->kept[k]);
    }
    ec_glpk.glp_init_smcp(&options);
    options.msg_lev = GLP_MSG_OFF;
    ec_glpk.glp_simplex(lp, &options); /* only a good start for the exact solver */
    failure = ec_glpk.glp_exact(lp, &options);
    *strict = ec_glpk.glp_get_obj_val(lp) > 0;
    for (size_t v = 0; v < e->set->n_variables; v++)
        e->weight[v] = ec_glpk.glp_get_col_prim(lp, (int)v + 2);
    if (failure == 0 && ec_glpk.glp_get_status(lp) != GLP_OPT)
        failure = -1;
    ec_glpk.glp_delete_prob(lp);
    if (failure != 0)
        return ec_fail(err, EC_ENUMERIC, "the linear program of a formula term failed (code %d)",
                       failure);
    return EC_OK;
}

static double weighted(const envelope *e, size_t i)
{
    double sum = 0;

    for (size_t v = 0; v < e->set->n_variables; v++)
        sum += e->weight[v] * (double)row_at(e, i)[v];
    return sum;
}

/* The row that is smallest at the last weights; x on ties. */
static size_t smallest_row(const envelope *e, size_t x)
{
    size_t best = x;
    double smallest = weighted(e, x);

    for (size_t i = 0; i < e->set->n; i++) {
        double value = weighted(e, i);
        if (value < smallest) {
            smallest = value;
            best = i;
        }
    }
    return best;
}

static bool is_kept(const envelope *e, size_t i)
{
    for (size_t k = 0; k < e->n_kept; k++) {
        if (e->kept[k] == i)
            return true;
    }
    return false;
}

static ec_status too_many(ec_error *err)
{
    return ec_fail(err, EC_ELIMIT,
                   "the formula has more than %d terms; sweep and design use the "
                   "recursion instead",
                   EC_FORMULA_MAX_TERMS);
}

/* Clarkson: keep rows until no row beats the kept ones anywhere. */
static ec_status collect(envelope *e, ec_error *err)
{
    ec_status status = EC_OK;
    bool strict;

    for (size_t x = 0; x < e->set->n; x++) {
        EC_TRY(ec_run_step(e->run, "terms of the formula", (double)x, (double)e->set->n, err));
        while (!is_kept(e, x)) {
            EC_TRY(is_strict(&strict, e, x, SIZE_MAX, err));
            if (!strict)
                break;
            size_t row = smallest_row(e, x);
            e->kept[e->n_kept++] = is_kept(e, row) ? x : row;
            if (e->n_kept > MAX_KEPT)
                return too_many(err);
        }
    }
done:
    return status;
}

/* Rounded weights may have kept too many: test each kept row against the others. */
static ec_status confirm(envelope *e, ec_error *err)
{
    ec_status status = EC_OK;
    bool strict;

    for (size_t k = 0; k < e->n_kept;) {
        EC_TRY(ec_run_step(e->run, "irredundant terms", (double)k, (double)e->n_kept, err));
        EC_TRY(is_strict(&strict, e, e->kept[k], k, err));
        if (strict)
            k++;
        else
            e->kept[k] = e->kept[--e->n_kept];
    }
    if (e->n_kept > EC_FORMULA_MAX_TERMS)
        return too_many(err);
done:
    return status;
}

/* Does row y make row x superfluous: y <= x everywhere, the first of equals staying? */
static bool dominates(const ec_monomials *set, size_t y, size_t x)
{
    const uint64_t *a = set->exponent + y * set->n_variables;
    const uint64_t *b = set->exponent + x * set->n_variables;
    bool equal = true;

    for (size_t v = 0; v < set->n_variables; v++) {
        if (a[v] > b[v])
            return false;
        equal = equal && a[v] == b[v];
    }
    return !equal || y < x;
}

static ec_status drop_dominated(ec_monomials *set, const ec_run *run, ec_error *err)
{
    ec_status status = EC_OK;
    size_t n = 0, bytes = set->n_variables * sizeof *set->exponent;

    for (size_t x = 0; x < set->n; x++) {
        EC_TRY(ec_run_step(run, "products of terms", (double)x, (double)set->n, err));
        bool superfluous = false;
        for (size_t y = 0; y < n && !superfluous; y++)
            superfluous = dominates(set, y, x);
        for (size_t y = x + 1; y < set->n && !superfluous; y++)
            superfluous = dominates(set, y, x);
        if (!superfluous)
            memmove(set->exponent + n++ * set->n_variables, set->exponent + x * set->n_variables,
                    bytes);
    }
    set->n = n;
done:
    return status;
}

/* Does row x come before row y: the highest layer first, as formulas are read? */
static bool precedes(const uint64_t *x, const uint64_t *y, size_t n_variables)
{
    for (size_t v = n_variables; v > 0; v--) {
        if (x[v - 1] != y[v - 1])
            return x[v - 1] > y[v - 1];
    }
    return false;
}

/* Insertion sort: the sets are small once they are reduced. */
static void sort_rows(ec_monomials *set)
{
    for (size_t i = 1; i < set->n; i++) {
        for (size_t j = i; j > 0; j--) {
            uint64_t *x = set->exponent + (j - 1) * set->n_variables, *y = x + set->n_variables;
            if (!precedes(y, x, set->n_variables))
                break;
            for (size_t v = 0; v < set->n_variables; v++) {
                uint64_t t = x[v];
                x[v] = y[v];
                y[v] = t;
            }
        }
    }
}

ec_status ec_monomials_reduce(ec_monomials *set, const ec_run *run, ec_error *err)
{
    ec_status status = EC_OK;
    envelope e = {.set = set};
    ec_monomials reduced = {.n_variables = set->n_variables};

    EC_TRY(drop_dominated(set, run, err));
    if (set->n > 1) {
        EC_TRY(ec_glpk_load(err));
        EC_TRY(envelope_init(&e, set, run, err));
        EC_TRY(collect(&e, err));
        EC_TRY(confirm(&e, err));
        for (size_t k = 0; k < e.n_kept; k++)
            EC_TRY(ec_monomials_add(&reduced, row_at(&e, e.kept[k]), err));
        ec_monomials_clear(set);
        *set = reduced;
        reduced = (ec_monomials){.n = 0};
    }
    sort_rows(set);
done:
    envelope_clear(&e);
    ec_monomials_clear(&reduced);
    return status;
}
