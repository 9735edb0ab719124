/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "state/table_i.h"

#include "core/flow.h"

#include <float.h>
#include <limits.h>
#include <math.h>
#include <string.h>

/* numbers in x */
static size_t entries(const ec_table *t)
{
    return t->rows * t->cols * (t->gram ? 2 : 1);
}

static double table_bytes(const ec_table *t)
{
    return (double)t->rows * (double)t->cols * (t->gram ? 2 : 1) * sizeof *t->x;
}

ec_status ec_table_new(ec_table *out, ec_ledger *ledger, size_t rows, size_t n,
                       const ec_index *index, ec_error *err)
{
    *out = (ec_table){.rows = 0};
    if (n > EC_TABLE_INDICES)
        return ec_fail(err, EC_ELIMIT, "more than %d cut indices meet", EC_TABLE_INDICES);
    *out = (ec_table){.cols = 1};
    for (size_t k = 0; k < n; k++) {
        out->index[k] = index[k];
        out->cols *= index[k].dim;
        if (out->cols > INT_MAX)
            break;
    }
    out->n = n;
    out->gram = rows == EC_TABLE_GRAM;
    out->rows = rows == EC_TABLE_SQUARE || out->gram ? out->cols : rows;
    if (out->rows > INT_MAX || out->cols > INT_MAX) { /* LAPACK's integers */
        *out = (ec_table){.rows = 0};
        return ec_fail(err, EC_ELIMIT, "needs a matrix of more than 2^31 rows or columns");
    }
    ec_status status = ec_ledger_bytes(ledger, table_bytes(out), err);
    if (status != EC_OK || ledger->plan)
        return status;
    out->x = ec_calloc(entries(out), sizeof *out->x, err);
    return out->x != NULL ? EC_OK : EC_ENOMEM;
}

void ec_table_free(ec_table *t, ec_ledger *ledger)
{
    if (t->rows != 0)
        ledger->bytes -= table_bytes(t);
    ec_free(t->x);
    *t = (ec_table){.rows = 0};
}

ec_status ec_table_copy(ec_table *out, const ec_table *from, ec_ledger *ledger, ec_error *err)
{
    ec_status status = ec_table_new(out, ledger, from->gram ? EC_TABLE_GRAM : from->rows, from->n,
                                    from->index, err);

    out->log_scale = from->log_scale;
    out->error = from->error;
    if (status == EC_OK && out->x != NULL)
        memcpy(out->x, from->x, entries(from) * sizeof *from->x);
    return status;
}

void ec_table_move(ec_table *t, ec_table *u, ec_ledger *ledger)
{
    ec_table_free(t, ledger);
    *t = *u;
    *u = (ec_table){.rows = 0};
}

static double norm_of(const double *x, size_t n)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += x[i] * x[i];
    return sqrt(sum);
}

double ec_table_norm(const ec_table *t)
{
    double trace = 0;

    for (size_t i = 0; t->gram && i < t->cols; i++)
        trace += t->x[i * t->cols + i];
    return t->gram ? sqrt(fmax(0, trace)) : norm_of(t->x, t->rows * t->cols);
}

/* growth 1 is the ordinary case: as many signs as in a random sum */
double ec_table_grown_error(double error, double norms, double terms, double result)
{
    double growth = norms / (sqrt(terms) * result);

    return result > 0 ? error * growth + DBL_EPSILON * (1 + growth) : 0;
}

void ec_table_scale(ec_table *t)
{
    /* powers of two only, so that scaling never rounds; after every step, because a product of
       scaled tables can still be tiny: [1, e] * [e, 1] */
    size_t n = entries(t);
    double largest = 0;
    int exponent = 0;

    if (t->x == NULL)
        return;
    for (size_t i = 0; i < n; i++)
        largest = fmax(largest, fabs(t->x[i]));
    frexp(largest, &exponent);
    exponent -= t->gram ? exponent % 2 : 0; /* of a square, whose root is a power of two again */
    if (largest == 0 || exponent == 0)
        return;
    /* in two factors: one alone would overflow for the smallest numbers */
    double half = ldexp(1, -exponent / 2), rest = ldexp(1, -exponent + exponent / 2);
    for (size_t i = 0; i < n; i++)
        t->x[i] = t->x[i] * half * rest;
    t->log_scale += (t->gram ? exponent / 2 : exponent) * log(2);
}

ec_status ec_table_reduce(ec_table *t, ec_ledger *ledger, ec_error *err)
{
    ec_status status = EC_OK;
    ec_table r = {.rows = 0};

    /* t = Q R: Q is orthonormal on the sites that are in t already, and no singular value of
       anything that t is part of depends on it */
    if (t->rows > t->cols) {
        EC_TRY(ec_ledger_flops(ledger, 2.0 * (double)t->rows * (double)t->cols * (double)t->cols,
                               err));
        EC_TRY(ec_table_new(&r, ledger, t->cols, t->n, t->index, err));
        r.log_scale = t->log_scale;
        r.error = t->error + DBL_EPSILON;
        if (!ledger->plan)
            EC_TRY(ec_linalg_qr_r(r.x, t->x, t->rows, t->cols, err));
        ec_table_move(t, &r, ledger);
    }
    ec_table_scale(t);
done:
    ec_table_free(&r, ledger);
    return status;
}

/* out = t op(W), (row and labels, a)(a, b) -> (row and labels, b) */
static ec_status contract_rows(ec_table *out, const ec_table *t, ec_cmat w, ec_ledger *ledger,
                               ec_error *err)
{
    size_t in = w.transposed ? w.cols : w.rows, to = w.transposed ? w.rows : w.cols;
    size_t rows = t->rows * (t->cols / in);

    if (!ledger->plan)
        ec_linalg_gemm(ec_mat_of(out->x, rows, to), 1, ec_cmat_of(t->x, rows, in), w, 0);
    return ec_ledger_flops(ledger, 2.0 * (double)rows * (double)in * (double)to, err);
}

ec_status ec_table_contract(ec_table *t, ec_cmat w, ec_index b, ec_ledger *ledger, ec_error *err)
{
    ec_status status = EC_OK;
    ec_table out = {.rows = 0};
    ec_index index[EC_TABLE_INDICES];
    double in = t->index[t->n - 1].dim;

    if (ledger->route == EC_ROUTE_GRAM)
        EC_TRY(ec_gram_convert(t, ledger, err));
    memcpy(index, t->index, sizeof index);
    index[t->n - 1] = b;
    EC_TRY(ec_table_new(&out, ledger, t->gram ? EC_TABLE_GRAM : t->rows, t->n, index, err));
    EC_TRY((t->gram ? ec_gram_contract : contract_rows)(&out, t, w, ledger, err));
    out.log_scale = t->log_scale;
    if (out.x != NULL) /* else a plan */
        out.error = ec_table_grown_error(
            t->error, ec_table_norm(t) * norm_of(w.data, w.rows * w.cols), in, ec_table_norm(&out));
    ec_table_scale(&out);
    ec_table_move(t, &out, ledger);
done:
    ec_table_free(&out, ledger);
    return status;
}

double ec_table_union_cols(const ec_table *t, const ec_table *u)
{
    double cols = (double)t->cols;

    for (size_t j = 0; j < u->n; j++) {
        bool shared = false;
        for (size_t i = 0; i < t->n; i++)
            shared = shared || t->index[i].id == u->index[j].id;
        cols *= shared ? 1 : u->index[j].dim;
    }
    return cols;
}

/* indices are few: plain double loops in these three */
bool ec_table_shares_index(const ec_table *t, const ec_table *u)
{
    for (size_t i = 0; i < t->n; i++)
        for (size_t j = 0; j < u->n; j++)
            if (t->index[i].id == u->index[j].id)
                return true;
    return false;
}

bool ec_table_same_indices(const ec_table *t, const ec_table *u)
{
    if (t->n != u->n)
        return false;
    for (size_t i = 0; i < t->n; i++)
        if (t->index[i].id != u->index[i].id)
            return false;
    return true;
}
