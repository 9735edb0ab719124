/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bound/mod_product.h"

#include "core/flow.h"

#include <math.h>
#include <string.h>

/* columns eliminated at a time by FLINT, and rows of triangles that are inverted */
enum { PANEL = 64 };

/* per multiply-add of a panel */
#define PANEL_SECONDS 1.6e-9

/**
 * P A = L U by halves of the columns: the left half first; its L takes the right half's upper rows
 * to U and is subtracted from the lower ones, which are then eliminated in the same way. Rows are
 * swapped in whole. L is kept packed (column k of it in the k-th column of the part, also where the
 * rank is less than the columns); U is not kept.
 */
typedef struct elimination {
    ec_mod_view a;
    size_t *row;       /* number of the row that now stands here */
    uint64_t *swap;    /* a row */
    size_t *order;     /* a.rows: of a panel */
    uint64_t *solved;  /* PANEL x a.cols */
    uint64_t *inverse; /* PANEL x PANEL */
    ec_mod_work *work;
} elimination;

/* columns `from` .. `from + n` of the rows from `top` */
typedef struct part {
    size_t top, from, n;
} part;

static uint64_t *entry(const elimination *e, size_t i, size_t j)
{
    return e->a.x + i * e->a.ld + j;
}

/* ------------------------------------------------------------------- panels */

/* bring row order[i] (counted from `top`) to place i, for all i: cycle by cycle */
static void permute_rows(elimination *e, size_t top, size_t n)
{
    size_t bytes = e->a.cols * sizeof *e->a.x;

    for (size_t start = 0; start < n; start++) {
        size_t at = start, number = e->row[top + start];

        if (e->order[start] == start)
            continue;
        memcpy(e->swap, entry(e, top + start, 0), bytes);
        while (e->order[at] != start) {
            size_t from = e->order[at];
            memcpy(entry(e, top + at, 0), entry(e, top + from, 0), bytes);
            e->row[top + at] = e->row[top + from];
            e->order[at] = at;
            at = from;
        }
        memcpy(entry(e, top + at, 0), e->swap, bytes);
        e->row[top + at] = number;
        e->order[at] = at;
    }
}

/* FLINT aborts where malloc fails: see that it will not. */
static ec_status probe_memory(size_t words, ec_error *err)
{
    uint64_t *probe = ec_calloc(words, sizeof *probe, err);

    ec_free(probe);
    return probe != NULL ? EC_OK : EC_ENOMEM;
}

static ec_status eliminate_panel(size_t *rank, elimination *e, part p, ec_error *err)
{
    size_t n = e->a.rows - p.top;
    ec_status status = EC_OK;
    nmod_mat_t panel;

    EC_TRY(probe_memory(4 * n * (p.n + 1), err));
    ec_flint.nmod_mat_init(panel, (slong)n, (slong)p.n, e->work->mod.n);
    for (size_t i = 0; i < n; i++)
        memcpy(panel->rows[i], entry(e, p.top + i, p.from), p.n * sizeof *e->a.x);
    *rank = (size_t)ec_flint.nmod_mat_lu((slong *)e->order, panel, 0);
    permute_rows(e, p.top, n);
    for (size_t i = 0; i < n; i++)
        memcpy(entry(e, p.top + i, p.from), panel->rows[i],
               (i < *rank ? i : *rank) * sizeof *e->a.x);
    ec_flint.nmod_mat_clear(panel);
    EC_TRY(ec_mod_step(e->work, (double)n * (double)(p.n * p.n) * PANEL_SECONDS, err));
done:
    return status;
}

/* ---------------------------------------------------------------- triangles */

/* the inverse of the unit lower triangle at (at, from), n x n, n <= PANEL: X_i = 1_i - sum L_ij X_j
 */
static ec_mod_view invert_triangle(elimination *e, size_t at, size_t from, size_t n)
{
    nmod_t mod = e->work->mod;

    memset(e->inverse, 0, n * n * sizeof *e->inverse);
    for (size_t i = 0; i < n; i++) {
        uint64_t *x = e->inverse + i * n;
        for (size_t j = 0; j < i; j++)
            ec_flint._nmod_vec_scalar_addmul_nmod(x, e->inverse + j * n, (slong)(j + 1),
                                                  nmod_neg(*entry(e, at + i, from + j), mod), mod);
        x[i] = 1;
    }
    return ec_mod_view_of(e->inverse, n, n);
}

/* B <- L^-1 B: rows top .. top+n-1, columns of `right`, by the unit lower triangle at (top, from)
 */
static ec_status solve(elimination *e, size_t from, size_t n, part right, ec_error *err)
{
    ec_status status = EC_OK;
    size_t half = n / 2;
    part lower = {right.top + half, right.from, right.n};
    size_t top[2] = {right.top, right.from};
    ec_mod_view b = ec_mod_block(e->a, top, (size_t[]){n, right.n});

    if (n <= PANEL) {
        ec_mod_view solved = ec_mod_view_of(e->solved, n, right.n);
        ec_mod_view inverse = invert_triangle(e, right.top, from, n);

        EC_TRY(ec_mod_product(solved, inverse, b, 0, e->work, err));
        for (size_t i = 0; i < n; i++)
            memcpy(b.x + i * b.ld, solved.x + i * solved.ld, right.n * sizeof *b.x);
        goto done;
    }
    EC_TRY(solve(e, from, half, right, err));
    b.rows = half;
    EC_TRY(ec_mod_product(
        ec_mod_block(e->a, (size_t[]){lower.top, right.from}, (size_t[]){n - half, right.n}),
        ec_mod_block(e->a, (size_t[]){lower.top, from}, (size_t[]){n - half, half}), b,
        EC_MOD_SUBTRACT, e->work, err));
    EC_TRY(solve(e, from + half, n - half, lower, err));
done:
    return status;
}

/* ------------------------------------------------------------------- halves */

/* move the right half's L beside the left one's, where that has fewer columns than its half */
static void pack(elimination *e, part right, size_t from, size_t rank)
{
    for (size_t i = right.top; from != right.from && i < e->a.rows; i++) {
        size_t n = i - right.top < rank ? i - right.top : rank;
        memmove(entry(e, i, from), entry(e, i, right.from), n * sizeof *e->a.x);
    }
}

static ec_status eliminate(size_t *rank, elimination *e, part p, ec_error *err)
{
    ec_status status = EC_OK;
    size_t half = p.n / 2, left, rest, below;
    part right = {p.top, p.from + half, p.n - half};

    *rank = 0;
    if (p.top == e->a.rows || p.n == 0)
        return EC_OK;
    if (p.n <= PANEL)
        return eliminate_panel(rank, e, p, err);
    EC_TRY(eliminate(&left, e, (part){p.top, p.from, half}, err));
    if (left > 0) {
        below = e->a.rows - p.top - left;
        EC_TRY(solve(e, p.from, left, right, err));
        EC_TRY(ec_mod_product(
            ec_mod_block(e->a, (size_t[]){p.top + left, right.from}, (size_t[]){below, right.n}),
            ec_mod_block(e->a, (size_t[]){p.top + left, p.from}, (size_t[]){below, left}),
            ec_mod_block(e->a, (size_t[]){p.top, right.from}, (size_t[]){left, right.n}),
            EC_MOD_SUBTRACT, e->work, err));
    }
    right.top += left;
    EC_TRY(eliminate(&rest, e, right, err));
    pack(e, right, p.from + left, rest);
    *rank = left + rest;
done:
    return status;
}

double ec_mod_rank_seconds(double rows, double cols)
{
    double n = rows < cols ? rows : cols, panel = n < PANEL ? n : PANEL;
    double most = n * (rows * cols - (rows + cols) * n / 2 + n * n / 3); /* multiply-adds */

    return ec_mod_product_seconds(most / (PANEL * PANEL), PANEL, PANEL) * (cols > PANEL) * 0.8 +
           rows * cols * panel * PANEL_SECONDS * 0.6;
}

double ec_mod_rank_bytes(double rows, double cols, unsigned threads)
{
    double panel = fmin(cols, PANEL);

    /* the panel (FLINT, four times at most), what is solved for, the largest product */
    return sizeof(uint64_t) * (4 * rows * (panel + 1) + PANEL * (cols + PANEL) + 2 * rows + cols) +
           ec_mod_product_bytes(rows, cols / 2, cols / 2, threads);
}

ec_status ec_mod_rank(uint64_t *rank, size_t *pivots, ec_mod_view a, ec_mod_work *work,
                      ec_error *err)
{
    elimination e = {.a = a, .work = work};
    ec_status status = EC_OK;
    size_t found = 0;

    EC_NEW(e.row, a.rows);
    EC_NEW(e.order, a.rows);
    EC_NEW(e.swap, a.cols);
    EC_NEW(e.solved, PANEL * a.cols);
    EC_NEW(e.inverse, (size_t)PANEL * PANEL);
    for (size_t i = 0; i < a.rows; i++)
        e.row[i] = i;
    EC_TRY(eliminate(&found, &e, (part){0, 0, a.cols}, err));
    *rank = found;
    if (pivots != NULL)
        memcpy(pivots, e.row, found * sizeof *pivots);
done:
    ec_free(e.row);
    ec_free(e.order);
    ec_free(e.swap);
    ec_free(e.solved);
    ec_free(e.inverse);
    return status;
}
