/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "state/table_i.h"

#include "core/flow.h"

#include <float.h>
#include <math.h>
#include <string.h>

/**
 * A join and its QR at once. The rows of the product t . u come in blocks, one for every row j of
 * the one operand (`step`),
 *
 *     R <- R' of [R; block diag(step[j, :])] = Q R'
 *
 * so that nothing larger than R is ever there, where the product has as many rows as both
 * operands multiplied. An operand with all columns of the product is brought to a trapezoid
 * first: as a block it then stays one, and a row j of `step` begins with j zeros, so that the
 * first j columns of R need not be touched.
 */

/* who takes which part; `full`: it has all columns of the product */
typedef struct roles {
    const ec_table *step, *block;
    bool step_full, block_full;
} roles;

static roles assign(const ec_table *t, const ec_table *u, double cols)
{
    bool t_full = (double)t->cols == cols, u_full = (double)u->cols == cols;
    bool u_block = t_full == u_full ? u->rows >= t->rows : u_full;

    return u_block ? (roles){t, u, t_full, u_full} : (roles){u, t, u_full, t_full};
}

static double rows_of(const ec_table *t)
{
    return (double)(t->rows < t->cols ? t->rows : t->cols);
}

/* sum over the n columns of 4 x rows below the diagonal so far x columns still to come, of m rows,
   the last l of them trapezoidal */
static double append_flops(double m, double l, double n)
{
    return 2 * (m - l) * n * n + 2 * n * l * l - 4.0 / 3 * l * l * l + 2 * l * (n - l) * (n - l);
}

/* step j of them */
static double step_flops(const roles *r, double cols, double j)
{
    double m = rows_of(r->block), first = r->step_full && r->block_full ? j : 0;

    return append_flops(m, r->block_full ? fmax(0, m - first) : 0, cols - first) + m * cols;
}

double ec_stream_flops(const ec_table *t, const ec_table *u, double cols)
{
    roles r = assign(t, u, cols);
    double m = rows_of(r.block), n = rows_of(r.step);
    /* a cubic in j at most: Simpson's rule for the sum over the steps */
    double steps =
        n / 6 *
        (step_flops(&r, cols, 0) + 4 * step_flops(&r, cols, n / 2) + step_flops(&r, cols, n));

    return ceil(steps + (r.step_full ? 2 * n * n * cols : 0) +
                (r.block_full ? 2 * m * m * cols : 0));
}

/* the rows of an operand, as a trapezoid if it is full; to be released */
static ec_status load(double **out, const ec_table *t, bool full, ec_error *err)
{
    ec_status status = EC_OK;
    size_t n = t->rows * t->cols;
    double *copy = NULL;

    EC_NEW(*out, n);
    if (!full) {
        memcpy(*out, t->x, n * sizeof *copy);
        return EC_OK;
    }
    EC_NEW(copy, n);
    memcpy(copy, t->x, n * sizeof *copy);
    EC_TRY(ec_linalg_qr_r(*out, copy, t->rows, t->cols, err));
done:
    ec_free(copy);
    return status;
}

/* bytes beside the operands and the result */
static double workspace(const roles *r, double cols)
{
    double step = (double)r->step->rows * (double)r->step->cols;
    double block = (double)r->block->rows * (double)r->block->cols;
    double copies = step + block + fmax(r->step_full ? step : 0, r->block_full ? block : 0);

    return 8 * (copies + cols * ((double)r->block->rows + 64)) + 16 * cols;
}

/* block[i, c] step[j, c] for columns from `first`, by columns; a trapezoid's zeros are left out */
static void fill(double *b, const roles *r, const ec_join_map *map, const double *rows[2],
                 const size_t at[2])
{
    const size_t *step_map = r->step == map->t ? map->of_t : map->of_u;
    const size_t *block_map = r->block == map->t ? map->of_t : map->of_u;
    const double *step = rows[0] + at[0] * r->step->cols;
    size_t m = r->block->rows;

    for (size_t c = at[1]; c < map->cols; c++, b += m) {
        double factor = step[step_map[c]];
        const double *x = rows[1] + block_map[c];
        size_t end = r->block_full && c < m ? c + 1 : m;
        for (size_t i = 0; i < end; i++)
            b[i] = x[i * r->block->cols] * factor;
    }
}

static void transpose(double *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        for (size_t j = i + 1; j < n; j++) {
            double swap = x[i * n + j];
            x[i * n + j] = x[j * n + i];
            x[j * n + i] = swap;
        }
}

/* columns of R that the rows from step j leave as they are */
static size_t untouched(const roles *r, size_t j)
{
    return r->step_full && r->block_full ? j : 0;
}

/* all steps; rows: of step and block */
static ec_status run_steps(double *x, double *b, const roles *r, const ec_join_map *map,
                           const double *rows[2], ec_ledger *ledger, ec_error *err)
{
    ec_status status = EC_OK;
    size_t n = map->cols, m = r->block->rows;

    for (size_t j = 0; j < r->step->rows; j++) {
        size_t first = untouched(r, j), l = r->block_full && m > first ? m - first : 0;

        fill(b, r, map, rows, (size_t[]){j, first});
        EC_TRY(ec_linalg_qr_append(x + first * (n + 1), n, n - first, b, m, l, err));
        EC_TRY(ec_ledger_flops(ledger, 0, err)); /* long work: let it be cancelled */
    }
done:
    return status;
}

ec_status ec_stream_join(ec_table *out, const ec_join_map *map, ec_ledger *ledger, ec_error *err)
{
    ec_status status = EC_OK;
    roles r = assign(map->t, map->u, (double)out->cols);
    double *step = NULL, *block = NULL, *b = NULL, bytes = workspace(&r, (double)out->cols);

    EC_TRY(ec_ledger_bytes(ledger, bytes, err));
    EC_TRY(ec_ledger_flops(ledger, ec_stream_flops(map->t, map->u, (double)out->cols), err));
    if (!ledger->plan) {
        EC_TRY(load(&step, r.step, r.step_full, err));
        EC_TRY(load(&block, r.block, r.block_full, err));
        EC_NEW(b, r.block->rows * out->cols);
        EC_TRY(run_steps(out->x, b, &r, map, (const double *[]){step, block}, ledger, err));
        transpose(out->x, out->cols);
    }
    EC_TRY(ec_ledger_bytes(ledger, -bytes, err));
done:
    ec_free(step);
    ec_free(block);
    ec_free(b);
    return status;
}
