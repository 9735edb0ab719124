/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "state/copies.h"

#include "core/flow.h"

#include <math.h>

static ec_status vector_new(ec_table *out, size_t r, int copies, ec_ledger *ledger, ec_error *err)
{
    double n = pow((double)r, copies);

    *out = (ec_table){.rows = 0};
    if (n > 0x1p31)
        return ec_fail(err, EC_ELIMIT, "needs %.3g numbers for four copies of width %zu", n, r);
    return ec_table_new(out, ledger, (size_t)n, 0, NULL, err);
}

/* t <- t u, entry by entry */
static void multiply(ec_table *t, const ec_table *u)
{
    double norms = ec_table_norm(t) * ec_table_norm(u);

    for (size_t i = 0; i < t->rows; i++)
        t->x[i] *= u->x[i];
    t->error = ec_table_grown_error(t->error + u->error, norms, (double)t->rows, ec_table_norm(t));
    t->log_scale += u->log_scale;
    ec_table_scale(t);
}

/* four[a,b,c,d] of a pure subtree */
static void write_four(ec_table *four, const ec_copies *u)
{
    const double *h = u->gram.x;
    size_t r = u->r;
    double *to = four->x;

    for (size_t a = 0; a < r; a++)
        for (size_t b = 0; b < r; b++)
            for (size_t c = 0; c < r; c++)
                for (size_t d = 0; d < r; d++)
                    *to++ = u->on[1] ? h[a * r + d] * h[b * r + c] : h[a * r + b] * h[c * r + d];
    four->log_scale = 2 * u->gram.log_scale;
    four->error = 2 * u->gram.error;
}

/* give a pure message its four copies, as a mixed one has them */
static ec_status expand(ec_table *four, const ec_copies *u, ec_ledger *ledger, ec_error *err)
{
    ec_status status = vector_new(four, u->r, 4, ledger, err);

    if (status == EC_OK && four->x != NULL)
        write_four(four, u);
    return status;
}

/* out[o, i_1, .., i_(k-1)] = sum_i t[i_1, .., i_(k-1), i] W[o, i]: the last of k indices of equal
   dimension goes through W and comes out first */
static ec_status apply_once(ec_table *out, const ec_table *t, const ec_table *w, ec_ledger *ledger,
                            ec_error *err)
{
    size_t rest = t->rows / w->cols;
    ec_status status = EC_OK;

    EC_TRY(ec_ledger_flops(ledger, 2.0 * (double)t->rows * (double)w->rows, err));
    EC_TRY(ec_table_new(out, ledger, rest * w->rows, 0, NULL, err));
    if (ledger->plan)
        goto done;
    /* out = W t^T, (out,in)(in,rest) -> (out,rest) */
    ec_linalg_gemm(ec_mat_of(out->x, w->rows, rest), 1, ec_cmat_of(w->x, w->rows, w->cols),
                   ec_cmat_t(t->x, rest, w->cols), 0);
    out->log_scale = t->log_scale;
    out->error = ec_table_grown_error(t->error, ec_table_norm(t) * ec_table_norm(w),
                                      (double)w->cols, ec_table_norm(out));
    ec_table_scale(out);
done:
    return status;
}

ec_status ec_copies_transform(ec_table *t, int copies, const ec_table *w, ec_ledger *ledger,
                              ec_error *err)
{
    ec_status status = EC_OK;
    ec_table out = {.rows = 0};

    /* each turn takes the last index to the front: after all of them the order is the old one */
    for (int k = 0; k < copies; k++) {
        EC_TRY(apply_once(&out, t, w, ledger, err));
        ec_table_free(t, ledger);
        *t = out;
        out = (ec_table){.rows = 0};
    }
done:
    ec_table_free(&out, ledger);
    return status;
}

/* ----------------------------------------------------------------- interface */

ec_status ec_copies_site(ec_copies *out, size_t m, const double *root, bool on_a, ec_ledger *ledger,
                         ec_error *err)
{
    ec_status status = EC_OK;

    *out = (ec_copies){.r = m, .on = {!on_a, on_a}};
    EC_TRY(vector_new(&out->gram, m, 2, ledger, err));
    if (out->gram.x == NULL)
        goto done;
    if (root != NULL)
        ec_linalg_gemm(ec_mat_of(out->gram.x, m, m), 1, ec_cmat_t(root, m, m),
                       ec_cmat_of(root, m, m), 0);
    for (size_t d = 0; d < m && root == NULL; d++)
        out->gram.x[d * m + d] = 1;
done:
    return status;
}

void ec_copies_free(ec_copies *u, ec_ledger *ledger)
{
    ec_table_free(&u->gram, ledger);
    ec_table_free(&u->four, ledger);
    *u = (ec_copies){.r = 0};
}

ec_status ec_copies_copy(ec_copies *out, const ec_copies *u, ec_ledger *ledger, ec_error *err)
{
    ec_status status = EC_OK;

    *out = (ec_copies){.r = u->r, .on = {u->on[0], u->on[1]}};
    EC_TRY(ec_table_copy(&out->gram, &u->gram, ledger, err));
    if (ec_copies_mixed(u))
        EC_TRY(ec_table_copy(&out->four, &u->four, ledger, err));
done:
    return status;
}

ec_status ec_copies_absorb(ec_copies *t, ec_copies *u, ec_ledger *ledger, ec_error *err)
{
    ec_status status = EC_OK;
    bool mixed = (t->on[0] || u->on[0]) && (t->on[1] || u->on[1]);

    if (t->r == 0) {
        *t = *u;
        *u = (ec_copies){.r = 0};
        return EC_OK;
    }
    /* A with B makes a mixed message: from here on four indices must be kept */
    if (mixed && !ec_copies_mixed(t))
        EC_TRY(expand(&t->four, t, ledger, err));
    if (mixed && !ec_copies_mixed(u))
        EC_TRY(expand(&u->four, u, ledger, err));
    EC_TRY(ec_ledger_flops(ledger, (double)t->gram.rows + (double)t->four.rows, err));
    if (!ledger->plan)
        multiply(&t->gram, &u->gram);
    if (!ledger->plan && mixed)
        multiply(&t->four, &u->four);
    t->on[0] = t->on[0] || u->on[0];
    t->on[1] = t->on[1] || u->on[1];
done:
    ec_copies_free(u, ledger);
    return status;
}

ec_status ec_copies_apply(ec_copies *u, const ec_table *w, ec_ledger *ledger, ec_error *err)
{
    ec_status status = EC_OK;

    EC_TRY(ec_copies_transform(&u->gram, 2, w, ledger, err));
    if (ec_copies_mixed(u))
        EC_TRY(ec_copies_transform(&u->four, 4, w, ledger, err));
    u->r = w->rows;
done:
    return status;
}
