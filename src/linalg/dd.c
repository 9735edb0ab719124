/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "entcap/linalg.h"

#include "core/flow.h"
#include "core/hot.h"

#include <assert.h>
#include <math.h>
#include <string.h>

/**
 * Double-double arithmetic after Dekker and Knuth. Every rounding below is meant: this file may
 * not be compiled with -ffast-math, nor may products and sums be contracted (ISO C mode does not).
 * fma() is exact with or without hardware; the loops are compiled for both and vectorised, so every
 * machine computes the same bits.
 */

enum {
    PANEL = 32, /* pivots between two updates of what remains */
    TILE = 512  /* columns updated at a time: PANEL of them stay in the cache */
};

typedef struct dd {
    double hi, lo;
} dd;

/* hi + lo of a sum whose first term is the larger */
EC_HOT_PART dd quick_sum(double a, double b)
{
    double s = a + b;

    return (dd){s, b - (s - a)};
}

EC_HOT_PART dd sum(dd a, dd b)
{
    double s = a.hi + b.hi, v = s - a.hi;
    double e = (a.hi - (s - v)) + (b.hi - v);

    return quick_sum(s, e + (a.lo + b.lo));
}

EC_HOT_PART dd product(dd a, dd b)
{
    double p = a.hi * b.hi;
    double e = fma(a.hi, b.hi, -p);

    return quick_sum(p, fma(a.hi, b.lo, fma(a.lo, b.hi, e)));
}

/* 1 / sqrt(a), a > 0: one Newton step from the double */
static dd inverse_root(dd a)
{
    double x = 1 / sqrt(a.hi);
    dd ax2 = product(a, product((dd){x, 0}, (dd){x, 0}));
    dd rest = sum((dd){1, 0}, (dd){-ax2.hi, -ax2.lo}); /* 1 - a x^2, about 1e-16 */

    return sum((dd){x, 0}, (dd){x * 0.5 * rest.hi, 0});
}

/* -------------------------------------------------------------------- loops */

/* y += s x, x in doubles */
EC_HOT static void add_multiple(double *restrict hi, double *restrict lo, dd s,
                                const double *restrict x, size_t n)
{
    for (size_t j = 0; j < n; j++) {
        double p = s.hi * x[j];
        double e = fma(s.lo, x[j], fma(s.hi, x[j], -p));
        dd y = sum((dd){hi[j], lo[j]}, (dd){p, e});
        hi[j] = y.hi;
        lo[j] = y.lo;
    }
}

/* y -= s x */
EC_HOT static void subtract_multiple(double *restrict hi, double *restrict lo, dd s,
                                     const double *restrict x_hi, const double *restrict x_lo,
                                     size_t n)
{
    for (size_t j = 0; j < n; j++) {
        dd y = sum((dd){hi[j], lo[j]}, product((dd){-s.hi, -s.lo}, (dd){x_hi[j], x_lo[j]}));
        hi[j] = y.hi;
        lo[j] = y.lo;
    }
}

EC_HOT static void multiply_row(double *restrict hi, double *restrict lo, dd s, size_t n)
{
    for (size_t j = 0; j < n; j++) {
        dd y = product((dd){hi[j], lo[j]}, s);
        hi[j] = y.hi;
        lo[j] = y.lo;
    }
}

static dd at(ec_dd_mat a, size_t i, size_t j)
{
    return (dd){a.hi[i * a.cols + j], a.lo[i * a.cols + j]};
}

/* ----------------------------------------------------------------- products */

void ec_linalg_dd_gram(ec_dd_mat g, const double *x, size_t rows)
{
    size_t n = g.cols;

    assert(g.rows == n);
    memset(g.hi, 0, n * n * sizeof *g.hi);
    memset(g.lo, 0, n * n * sizeof *g.lo);
    for (size_t k = 0; k < rows; k++)
        for (size_t i = 0; i < n; i++)
            add_multiple(g.hi + i * n, g.lo + i * n, (dd){x[k * n + i], 0}, x + k * n, n);
}

ec_status ec_linalg_dd_apply(ec_dd_mat c, ec_dd_mat a, ec_cmat w, ec_error *err)
{
    ec_status status = EC_OK;
    size_t in = w.transposed ? w.cols : w.rows, out = w.transposed ? w.rows : w.cols;
    size_t copies = a.cols / in;
    double *matrix = NULL, *hi;

    assert(a.cols == copies * in && c.rows == copies * out && c.cols == a.rows);
    EC_NEW(matrix, in * out + 2 * out); /* W, a row of the result */
    for (size_t i = 0; i < in; i++)
        for (size_t j = 0; j < out; j++)
            matrix[i * out + j] = w.data[w.transposed ? j * w.ld + i : i * w.ld + j];
    hi = matrix + in * out;
    for (size_t row = 0; row < a.rows; row++)
        for (size_t k = 0; k < copies; k++) {
            memset(hi, 0, 2 * out * sizeof *hi);
            for (size_t i = 0; i < in; i++)
                add_multiple(hi, hi + out, at(a, row, k * in + i), matrix + i * out, out);
            for (size_t j = 0; j < out; j++) {
                c.hi[(k * out + j) * c.cols + row] = hi[j];
                c.lo[(k * out + j) * c.cols + row] = hi[out + j];
            }
        }
done:
    ec_free(matrix);
    return status;
}

void ec_linalg_dd_join(ec_dd_mat c, ec_dd_mat a, const size_t *p, ec_dd_mat b, const size_t *q)
{
    assert(c.rows == c.cols);
    for (size_t i = 0; i < c.rows; i++)
        for (size_t j = 0; j < c.cols; j++) {
            dd x = product(at(a, p[i], p[j]), at(b, q[i], q[j]));
            c.hi[i * c.cols + j] = x.hi;
            c.lo[i * c.cols + j] = x.lo;
        }
}

/* ----------------------------------------------------------------- Cholesky */

/* what remains of G between panels: m x m, packed, its upper triangle valid */
typedef struct trailing {
    ec_dd_mat g;
    size_t *column;  /* where each of the m columns was at first */
    double *first;   /* its diagonal element then */
    dd *left;        /* and now */
    bool *taken;     /* a pivot of this panel */
    double *hi, *lo; /* PANEL x m: rows of R of this panel */
    size_t rows;     /* of the panel */
    double tolerance;
} trailing;

static ec_status trailing_init(trailing *rest, ec_dd_mat g, ec_error *err)
{
    ec_status status = EC_OK;
    size_t n = g.cols;

    *rest = (trailing){.g = g, .tolerance = (double)n * ldexp(1, -100)};
    EC_NEW(rest->column, n);
    EC_NEW(rest->first, n);
    EC_NEW(rest->left, n);
    EC_NEW(rest->taken, n);
    EC_NEW(rest->hi, PANEL * n);
    EC_NEW(rest->lo, PANEL * n);
    for (size_t i = 0; i < n; i++) {
        rest->column[i] = i;
        rest->left[i] = at(g, i, i);
        rest->first[i] = rest->left[i].hi;
        if (!isfinite(rest->first[i]))
            return ec_fail(err, EC_ENUMERIC, "Cholesky of a matrix that is not finite");
    }
done:
    return status;
}

static void trailing_clear(trailing *rest)
{
    ec_free(rest->column);
    ec_free(rest->first);
    ec_free(rest->left);
    ec_free(rest->taken);
    ec_free(rest->hi);
    ec_free(rest->lo);
}

/* the next pivot; false if no column has anything left */
static bool find_pivot(size_t *pivot, const trailing *rest)
{
    double most = 0;

    for (size_t j = 0; j < rest->g.cols; j++)
        if (!rest->taken[j] && rest->left[j].hi > rest->tolerance * rest->first[j] &&
            rest->left[j].hi > most) {
            most = rest->left[j].hi;
            *pivot = j;
        }
    return most > 0;
}

/* the panel's next row of R: row p of what remains, less the panel's rows so far, scaled */
static bool eliminate(trailing *rest, size_t p)
{
    size_t m = rest->g.cols;
    double *hi = rest->hi + rest->rows * m, *lo = rest->lo + rest->rows * m;

    for (size_t j = 0; j < m; j++) {
        dd x = j < p ? at(rest->g, j, p) : at(rest->g, p, j);
        hi[j] = x.hi;
        lo[j] = x.lo;
    }
    for (size_t k = 0; k < rest->rows; k++) {
        const double *x = rest->hi + k * m, *x_lo = rest->lo + k * m;
        subtract_multiple(hi, lo, (dd){x[p], x_lo[p]}, x, x_lo, m);
    }
    rest->left[p] =
        (dd){hi[p], lo[p]}; /* the same but for roundings, which may change the answer */
    if (!(hi[p] > rest->tolerance * rest->first[p]))
        return false;
    rest->taken[p] = true;
    multiply_row(hi, lo, inverse_root((dd){hi[p], lo[p]}), m);
    for (size_t j = 0; j < m; j++) {
        if (rest->taken[j] && j != p)
            hi[j] = lo[j] = 0;
        rest->left[j] = sum(rest->left[j], product((dd){-hi[j], -lo[j]}, (dd){hi[j], lo[j]}));
    }
    rest->rows++;
    return true;
}

/* G -= R^T R with the panel's rows, upper triangle */
static void update(trailing *rest)
{
    size_t m = rest->g.cols;

    for (size_t tile = 0; tile < m; tile += TILE)
        for (size_t i = 0; i < m && i < tile + TILE; i++) {
            size_t first = i > tile ? i : tile, end = tile + TILE < m ? tile + TILE : m;
            if (rest->taken[i])
                continue;
            for (size_t k = 0; k < rest->rows; k++)
                subtract_multiple(rest->g.hi + i * m + first, rest->g.lo + i * m + first,
                                  (dd){rest->hi[k * m + i], rest->lo[k * m + i]},
                                  rest->hi + k * m + first, rest->lo + k * m + first, end - first);
        }
}

/* leave the panel's pivots out of what remains */
static void compact(trailing *rest)
{
    size_t m = rest->g.cols, kept = m - rest->rows, to = 0, column = 0;

    rest->g.rows = rest->g.cols = kept;
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; !rest->taken[i] && j < m; j++) {
            if (rest->taken[j])
                continue;
            rest->g.hi[to] = rest->g.hi[i * m + j];
            rest->g.lo[to++] = rest->g.lo[i * m + j];
        }
    for (size_t j = 0; j < m; j++) {
        if (rest->taken[j])
            continue;
        rest->column[column] = rest->column[j];
        rest->first[column++] = rest->first[j];
    }
    for (size_t j = 0; j < kept; j++) {
        rest->left[j] = at(rest->g, j, j);
        rest->taken[j] = false;
    }
    rest->rows = 0;
}

ec_status ec_linalg_dd_cholesky(double *r, size_t *rank, ec_dd_mat g, const ec_run *run,
                                ec_error *err)
{
    ec_status status = EC_OK;
    size_t n = g.cols, pivot = 0;
    trailing rest;

    assert(g.rows == n);
    *rank = 0;
    memset(r, 0, n * n * sizeof *r);
    EC_TRY(trailing_init(&rest, g, err));
    while (find_pivot(&pivot, &rest)) {
        size_t m = rest.g.cols;
        if (eliminate(&rest, pivot)) {
            for (size_t j = 0; j < m; j++)
                r[*rank * n + rest.column[j]] = rest.hi[(rest.rows - 1) * m + j];
            ++*rank;
        }
        if (rest.rows < PANEL)
            continue;
        update(&rest);
        compact(&rest);
        EC_TRY(ec_run_step(run, "Cholesky", (double)*rank, (double)n, err));
    }
done:
    trailing_clear(&rest);
    return status;
}
