/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "state/table.h"

#include "core/flow.h"

#include <float.h>
#include <limits.h>
#include <math.h>
#include <string.h>

ec_ledger ec_ledger_of(const ec_run *run, double max_flops, const char *what)
{
    double bytes = run != NULL ? fmax(1, (double)run->memory_bytes) : 0;

    return (ec_ledger){.max_bytes = bytes, .max_flops = max_flops, .run = run, .what = what};
}

void ec_ledger_start(ec_ledger *ledger, bool plan)
{
    ledger->planned_flops = ledger->flops;
    ledger->plan = plan;
    ledger->bytes = ledger->peak_bytes = ledger->flops = 0;
}

ec_status ec_ledger_bytes(ec_ledger *ledger, double bytes, ec_error *err)
{
    ledger->bytes += bytes;
    ledger->peak_bytes = fmax(ledger->peak_bytes, ledger->bytes);
    if (ledger->max_bytes <= 0 || ledger->bytes <= ledger->max_bytes)
        return EC_OK;

    char needed[EC_SIZE_TEXT], limit[EC_SIZE_TEXT];

    return ec_fail(err, EC_ELIMIT, "needs more than %s, the memory limit is %s",
                   ec_size_text(needed, ledger->bytes), ec_size_text(limit, ledger->max_bytes));
}

ec_status ec_ledger_flops(ec_ledger *ledger, double flops, ec_error *err)
{
    ledger->flops += flops;
    if (ledger->max_flops > 0 && ledger->flops > ledger->max_flops)
        return ec_fail(err, EC_ELIMIT, "needs more than %.3g operations, the limit is %.3g",
                       ledger->flops, ledger->max_flops);
    if (ledger->plan)
        return EC_OK;
    return ec_run_step(ledger->run, ledger->what, ledger->flops, ledger->planned_flops, err);
}

/* ------------------------------------------------------------------- tables */

static double table_bytes(const ec_table *t)
{
    return (double)t->rows * (double)t->cols * sizeof *t->x;
}

ec_status ec_table_new(ec_table *out, ec_ledger *ledger, size_t rows, size_t n,
                       const ec_index *index, ec_error *err)
{
    *out = (ec_table){.rows = 0};
    if (n > EC_TABLE_INDICES)
        return ec_fail(err, EC_ELIMIT, "more than %d cut indices meet", EC_TABLE_INDICES);
    *out = (ec_table){.rows = rows, .cols = 1};
    for (size_t k = 0; k < n; k++) {
        out->index[k] = index[k];
        out->cols *= index[k].dim;
        if (out->cols > INT_MAX)
            break;
    }
    out->n = n;
    if (rows > INT_MAX || out->cols > INT_MAX) { /* LAPACK's integers */
        *out = (ec_table){.rows = 0};
        return ec_fail(err, EC_ELIMIT, "needs a matrix of more than 2^31 rows or columns");
    }
    ec_status status = ec_ledger_bytes(ledger, table_bytes(out), err);
    if (status != EC_OK || ledger->plan)
        return status;
    out->x = ec_calloc(rows * out->cols, sizeof *out->x, err);
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
    ec_status status = ec_table_new(out, ledger, from->rows, from->n, from->index, err);

    out->log_scale = from->log_scale;
    out->error = from->error;
    if (status == EC_OK && out->x != NULL)
        memcpy(out->x, from->x, from->rows * from->cols * sizeof *from->x);
    return status;
}

/* t <- u; u is left empty */
static void table_move(ec_table *t, ec_table *u, ec_ledger *ledger)
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
    return norm_of(t->x, t->rows * t->cols);
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
    size_t n = t->rows * t->cols;
    double largest = 0;
    int exponent = 0;

    if (t->x == NULL)
        return;
    for (size_t i = 0; i < n; i++)
        largest = fmax(largest, fabs(t->x[i]));
    frexp(largest, &exponent);
    if (largest == 0 || exponent == 0)
        return;
    /* in two factors: one alone would overflow for the smallest numbers */
    double half = ldexp(1, -exponent / 2), rest = ldexp(1, -exponent + exponent / 2);
    for (size_t i = 0; i < n; i++)
        t->x[i] = t->x[i] * half * rest;
    t->log_scale += exponent * log(2);
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
        table_move(t, &r, ledger);
    }
    ec_table_scale(t);
done:
    ec_table_free(&r, ledger);
    return status;
}

/* ascending union of the indices of t and u, `open` last; their number */
static size_t merge_indices(ec_index *out, const ec_table *t, const ec_table *u, uint32_t open)
{
    size_t n = 0, i = 0, j = 0, t_n = t->n, u_n = u->n;
    ec_index last = {EC_NO_INDEX, 0};

    if (t_n > 0 && t->index[t_n - 1].id == open)
        last = t->index[--t_n];
    if (u_n > 0 && u->index[u_n - 1].id == open)
        last = u->index[--u_n];
    while (i < t_n || j < u_n) {
        if (j == u_n || (i < t_n && t->index[i].id <= u->index[j].id)) {
            if (j < u_n && t->index[i].id == u->index[j].id)
                j++;
            out[n++] = t->index[i++];
        } else {
            out[n++] = u->index[j++];
        }
    }
    if (last.id != EC_NO_INDEX)
        out[n++] = last;
    return n;
}

/* column of `part` that belongs to every column of `whole` */
static void map_columns(size_t *map, const ec_table *whole, const ec_table *part)
{
    size_t stride[EC_TABLE_INDICES], digit[EC_TABLE_INDICES] = {0}, at = 0;

    /* how far one step of each index of `whole` goes in `part`; nowhere if it is not there */
    for (size_t k = 0; k < whole->n; k++) {
        size_t s = 1;
        stride[k] = 0;
        for (size_t m = part->n; m-- > 0; s *= part->index[m].dim)
            if (part->index[m].id == whole->index[k].id)
                stride[k] = s;
    }
    /* count through the columns like an odometer, the last index fastest */
    for (size_t c = 0; c < whole->cols; c++) {
        map[c] = at;
        for (size_t k = whole->n; k-- > 0;) {
            at += stride[k];
            if (++digit[k] < whole->index[k].dim)
                break;
            digit[k] = 0;
            at -= stride[k] * whole->index[k].dim;
        }
    }
}

/* out[(r1, r2); c] = t[r1; c restricted to t] u[r2; c restricted to u] */
static ec_status multiply_columns(ec_table *out, const ec_table *t, const ec_table *u,
                                  ec_error *err)
{
    ec_status status = EC_OK;
    size_t *map = NULL;
    double *to = out->x;

    EC_NEW(map, 2 * out->cols);
    map_columns(map, out, t);
    map_columns(map + out->cols, out, u);
    for (size_t i = 0; i < t->rows; i++)
        for (size_t j = 0; j < u->rows; j++, to += out->cols)
            for (size_t c = 0; c < out->cols; c++)
                to[c] = t->x[i * t->cols + map[c]] * u->x[j * u->cols + map[out->cols + c]];
done:
    ec_free(map);
    return status;
}

ec_status ec_table_join(ec_table *t, const ec_table *u, uint32_t open, ec_ledger *ledger,
                        ec_error *err)
{
    ec_status status = EC_OK;
    ec_table out = {.rows = 0};
    ec_index index[2 * EC_TABLE_INDICES];

    EC_TRY(ec_table_reduce(t, ledger, err));
    EC_TRY(ec_table_new(&out, ledger, t->rows * u->rows, merge_indices(index, t, u, open), index,
                        err));
    EC_TRY(ec_ledger_flops(ledger, (double)out.rows * (double)out.cols, err));
    out.log_scale = t->log_scale + u->log_scale;
    /* every entry is one product: a sum of one term where all indices are shared. The norms of the
       operands say how much of them meets in the result. */
    if (!ledger->plan) {
        EC_TRY(multiply_columns(&out, t, u, err));
        out.error = ec_table_grown_error(t->error + u->error, ec_table_norm(t) * ec_table_norm(u),
                                         (double)t->cols * (double)u->cols / (double)out.cols,
                                         ec_table_norm(&out));
    }
    table_move(t, &out, ledger);
done:
    ec_table_free(&out, ledger);
    return status;
}

ec_status ec_table_contract(ec_table *t, ec_cmat w, ec_index b, ec_ledger *ledger, ec_error *err)
{
    ec_status status = EC_OK;
    ec_table out = {.rows = 0};
    ec_index index[EC_TABLE_INDICES];
    size_t in = t->index[t->n - 1].dim, rows = t->rows * (t->cols / in);

    memcpy(index, t->index, sizeof index);
    index[t->n - 1] = b;
    EC_TRY(ec_table_new(&out, ledger, t->rows, t->n, index, err));
    EC_TRY(ec_ledger_flops(ledger, 2.0 * (double)rows * (double)in * b.dim, err));
    out.log_scale = t->log_scale;
    /* out = t op(W), (row and labels, a)(a, b) -> (row and labels, b) */
    if (!ledger->plan) {
        ec_linalg_gemm(ec_mat_of(out.x, rows, b.dim), 1, ec_cmat_of(t->x, rows, in), w, 0);
        out.error =
            ec_table_grown_error(t->error, ec_table_norm(t) * norm_of(w.data, w.rows * w.cols),
                                 (double)in, ec_table_norm(&out));
    }
    ec_table_scale(&out);
    table_move(t, &out, ledger);
done:
    ec_table_free(&out, ledger);
    return status;
}

ec_status ec_table_close(ec_table *t, ec_ledger *ledger, ec_error *err)
{
    ec_status status = EC_OK;
    double one = 1;
    const ec_table unit = {.x = &one, .rows = 1, .cols = 1};
    ec_table sorted = {.rows = 0};
    ec_index index[EC_TABLE_INDICES], open;
    size_t k = t->n - 1;

    memcpy(index, t->index, sizeof index);
    open = index[k];
    if (open.dim == 1) { /* columns stay as they are */
        t->n--;
        return EC_OK;
    }
    /* insertion of the last index into the ascending rest, then the columns after it */
    for (; k > 0 && index[k - 1].id > open.id; k--)
        index[k] = index[k - 1];
    index[k] = open;
    EC_TRY(ec_table_new(&sorted, ledger, t->rows, t->n, index, err));
    sorted.log_scale = t->log_scale;
    sorted.error = t->error;
    if (!ledger->plan)
        EC_TRY(multiply_columns(&sorted, t, &unit, err));
    table_move(t, &sorted, ledger);
done:
    ec_table_free(&sorted, ledger);
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
