/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "state/table_i.h"

#include "core/flow.h"

#include <float.h>
#include <math.h>
#include <string.h>

/**
 * The Gram matrix of a table's rows, G = X^T X over the columns of X, says all about X but the
 * basis of its rows, which does not matter. Rows do not appear in it: no product of messages is
 * ever larger than C r x C r, for C values of the labels and r of the open index. It squares the
 * condition number, so it is kept in double-double, twice the digits, and goes back to a factor
 * before anything else is asked of it.
 */

ec_dd_mat ec_gram_view(const ec_table *t)
{
    return (ec_dd_mat){t->x, t->x != NULL ? t->x + t->cols * t->cols : NULL, t->cols, t->cols};
}

ec_status ec_gram_from(ec_table *out, const ec_table *t, ec_ledger *ledger, ec_error *err)
{
    ec_status status = EC_OK;
    double n = (double)t->cols;

    EC_TRY(ec_table_new(out, ledger, EC_TABLE_GRAM, t->n, t->index, err));
    EC_TRY(ec_ledger_flops(ledger, EC_DD_FLOPS * n * n * (double)t->rows, err));
    out->log_scale = t->log_scale;
    out->error = t->error;
    /* G = X^T X, (cols, rows)(rows, cols) -> (cols, cols) */
    if (!ledger->plan)
        ec_linalg_dd_gram(ec_gram_view(out), t->x, t->rows);
    ec_table_scale(out);
done:
    return status;
}

ec_status ec_gram_convert(ec_table *t, ec_ledger *ledger, ec_error *err)
{
    ec_status status = EC_OK;
    ec_table gram = {.rows = 0};

    if (t->gram)
        return EC_OK;
    EC_TRY(ec_gram_from(&gram, t, ledger, err));
    ec_table_move(t, &gram, ledger);
done:
    ec_table_free(&gram, ledger);
    return status;
}

ec_status ec_gram_multiply(ec_table *out, const ec_join_map *map, ec_ledger *ledger, ec_error *err)
{
    /* G[c, c'] = G_t[c, c'] G_u[c, c'], each restricted to its indices */
    if (!ledger->plan)
        ec_linalg_dd_join(ec_gram_view(out), ec_gram_view(map->t), map->of_t, ec_gram_view(map->u),
                          map->of_u);
    return ec_ledger_flops(ledger, EC_DD_FLOPS * (double)out->cols * (double)out->cols, err);
}

/* the half-contracted matrix stands beside both: as large as one index was changed */
static ec_status contract_twice(ec_table *out, const ec_table *t, ec_cmat w, double *half,
                                ec_error *err)
{
    ec_status status = EC_OK;
    size_t n = t->cols * out->cols;
    ec_dd_mat middle = {half, half + n, out->cols, t->cols};

    /* H = (G (I (x) W))^T, then G' = (H (I (x) W))^T */
    EC_TRY(ec_linalg_dd_apply(middle, ec_gram_view(t), w, err));
    EC_TRY(ec_linalg_dd_apply(ec_gram_view(out), middle, w, err));
done:
    return status;
}

ec_status ec_gram_contract(ec_table *out, const ec_table *t, ec_cmat w, ec_ledger *ledger,
                           ec_error *err)
{
    ec_status status = EC_OK;
    double from = (double)t->cols, to = (double)out->cols, bytes = 16 * from * to;
    double in = (double)(w.transposed ? w.cols : w.rows);
    double *half = NULL;

    EC_TRY(ec_ledger_bytes(ledger, bytes, err));
    EC_TRY(ec_ledger_flops(ledger, EC_DD_FLOPS * (from + to) * to * in, err));
    if (!ledger->plan) {
        EC_NEW(half, 2 * t->cols * out->cols);
        EC_TRY(contract_twice(out, t, w, half, err));
    }
    EC_TRY(ec_ledger_bytes(ledger, -bytes, err));
done:
    ec_free(half);
    return status;
}

ec_status ec_table_factor(ec_table *t, ec_ledger *ledger, ec_error *err)
{
    ec_status status = EC_OK;
    double n = (double)t->cols;
    ec_table r = {.rows = 0};
    size_t rank = 0;

    if (!t->gram)
        return EC_OK;
    EC_TRY(ec_table_new(&r, ledger, t->cols, t->n, t->index, err));
    EC_TRY(ec_ledger_flops(ledger, ceil(EC_DD_FLOPS * n * n * n / 6), err));
    r.log_scale = t->log_scale;
    r.error = t->error + DBL_EPSILON;
    /* R^T R = G; rows that were not needed stay zero */
    if (!ledger->plan)
        EC_TRY(ec_linalg_dd_cholesky(r.x, &rank, ec_gram_view(t), ledger->run, err));
    ec_table_move(t, &r, ledger);
    ec_table_scale(t);
done:
    ec_table_free(&r, ledger);
    return status;
}
