/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "state/table_i.h"

#include "core/flow.h"

#include <float.h>
#include <string.h>

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
    size_t stride[EC_TABLE_INDICES] = {0}, digit[EC_TABLE_INDICES] = {0}, at = 0;

    /* how far one step of each index of `whole` goes in `part`; nowhere if it is not there */
    for (size_t k = 0; k < whole->n; k++) {
        size_t s = 1;
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

typedef ec_status join_work(ec_table *, const ec_join_map *, ec_ledger *, ec_error *);

/* work(map): the columns of `out` in t and u; a plan goes without the maps */
static ec_status
with_map(ec_table *out, const ec_table *t, const ec_table *u, ec_ledger *ledger,
         ec_status (*work)(ec_table *, const ec_join_map *, ec_ledger *, ec_error *), ec_error *err)
{
    ec_status status = EC_OK;
    size_t *map = NULL;

    if (!ledger->plan) {
        EC_NEW(map, 2 * out->cols);
        map_columns(map, out, t);
        map_columns(map + out->cols, out, u);
    }
    EC_TRY(work(out, &(ec_join_map){t, u, map, map + (map != NULL ? out->cols : 0), out->cols},
                ledger, err));
done:
    ec_free(map);
    return status;
}

/* out[(r1, r2); c] = t[r1; c restricted to t] u[r2; c restricted to u] */
static ec_status multiply_columns(ec_table *out, const ec_join_map *map, ec_ledger *ledger,
                                  ec_error *err)
{
    const ec_table *t = map->t, *u = map->u;
    double *to = out->x;

    if (!ledger->plan)
        for (size_t i = 0; i < t->rows; i++)
            for (size_t j = 0; j < u->rows; j++, to += out->cols)
                for (size_t c = 0; c < out->cols; c++)
                    to[c] = t->x[i * t->cols + map->of_t[c]] * u->x[j * u->cols + map->of_u[c]];
    return ec_ledger_flops(ledger, (double)out->rows * (double)out->cols, err);
}

/* is the product of so many rows and columns better streamed? */
static bool is_streamed(const ec_ledger *ledger, double rows, double cols)
{
    return ledger->route == EC_ROUTE_STREAMED && rows > 2 * cols;
}

double ec_table_join_flops(const ec_table *t, const ec_table *u, const ec_ledger *ledger)
{
    double cols = ec_table_union_cols(t, u);
    double rows = (double)(t->rows < t->cols ? t->rows : t->cols) *
                  (double)(u->rows < u->cols ? u->rows : u->cols);

    if (ledger->route == EC_ROUTE_GRAM)
        return EC_DD_FLOPS * cols * cols;
    if (is_streamed(ledger, rows, cols))
        return ec_stream_flops(t, u, cols);
    return rows * cols + (rows > cols ? 2 * rows * cols * cols : 0);
}

/* the product of reduced tables of one kind, into a new table */
static ec_status multiply(ec_table *out, const ec_table *t, const ec_table *u, uint32_t open,
                          ec_ledger *ledger, ec_error *err)
{
    ec_status status = EC_OK;
    ec_index index[2 * EC_TABLE_INDICES];
    size_t n = merge_indices(index, t, u, open), rows = t->rows * u->rows;
    bool streamed = is_streamed(ledger, (double)rows, ec_table_union_cols(t, u));
    join_work *work = t->gram ? ec_gram_multiply : streamed ? ec_stream_join : multiply_columns;

    if (t->gram || streamed)
        rows = t->gram ? EC_TABLE_GRAM : EC_TABLE_SQUARE;
    EC_TRY(ec_table_new(out, ledger, rows, n, index, err));
    EC_TRY(with_map(out, t, u, ledger, work, err));
    out->log_scale = t->log_scale + u->log_scale;
    /* every entry is one product: a sum of one term where all indices are shared. The norms of the
       operands say how much of them meets in the result. */
    if (!ledger->plan)
        out->error = ec_table_grown_error(t->error + u->error, ec_table_norm(t) * ec_table_norm(u),
                                          (double)t->cols * (double)u->cols / (double)out->cols,
                                          ec_table_norm(out)) +
                     (streamed ? DBL_EPSILON : 0);
done:
    return status;
}

ec_status ec_table_join(ec_table *t, const ec_table *u, uint32_t open, ec_ledger *ledger,
                        ec_error *err)
{
    ec_status status = EC_OK;
    ec_table out = {.rows = 0}, other = {.rows = 0};

    EC_TRY(ec_table_reduce(t, ledger, err));
    if (ledger->route == EC_ROUTE_GRAM) {
        EC_TRY(ec_gram_convert(t, ledger, err));
        if (!u->gram)
            EC_TRY(ec_gram_from(&other, u, ledger, err));
    }
    EC_TRY(multiply(&out, t, other.rows != 0 ? &other : u, open, ledger, err));
    ec_table_move(t, &out, ledger);
done:
    ec_table_free(&out, ledger);
    ec_table_free(&other, ledger);
    return status;
}

ec_status ec_table_close(ec_table *t, ec_ledger *ledger, ec_error *err)
{
    ec_status status = EC_OK;
    double one[2] = {1, 0};
    const ec_table unit = {.x = one, .rows = 1, .cols = 1, .gram = t->gram};
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
    EC_TRY(ec_table_new(&sorted, ledger, t->gram ? EC_TABLE_GRAM : t->rows, t->n, index, err));
    sorted.log_scale = t->log_scale;
    sorted.error = t->error;
    EC_TRY(with_map(&sorted, t, &unit, ledger, t->gram ? ec_gram_multiply : multiply_columns, err));
    ec_table_move(t, &sorted, ledger);
done:
    ec_table_free(&sorted, ledger);
    return status;
}
