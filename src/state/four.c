/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "state/four.h"

#include "entcap/linalg.h"

#include "core/hot.h"

#include <string.h>

/* pairs that are taken from their places together */
enum { GATHERED = 4 };

/* ------------------------------------------------------------------ entries */

/* how often the matrix of a pair occurs in all of m */
static double weight(size_t b, size_t d)
{
    return b < d ? 2 : 1;
}

/* Sums run in LANES parts, which the compiler keeps in registers: one part alone would wait for
   itself at every step. */
enum { LANES = 16 };

EC_HOT_PART double sum_of_lanes(const double *lane)
{
    double sum = 0;

    for (size_t i = 0; i < LANES; i++)
        sum += lane[i];
    return sum;
}

EC_HOT double ec_entries_multiply(double *x, const double *y, const double *z, size_t n)
{
    double lane[LANES] = {0};
    size_t i = 0;

    for (; i + LANES <= n; i += LANES)
#pragma omp simd
        for (size_t j = 0; j < LANES; j++) {
            double v = y[i + j] * z[i + j];
            x[i + j] = v;
            lane[j] += v * v;
        }
    for (; i < n; i++) {
        x[i] = y[i] * z[i];
        lane[0] += x[i] * x[i];
    }
    return sum_of_lanes(lane);
}

EC_HOT double ec_entries_sum_of_squares(const double *x, size_t n)
{
    double lane[LANES] = {0};
    size_t i = 0;

    for (; i + LANES <= n; i += LANES)
#pragma omp simd
        for (size_t j = 0; j < LANES; j++)
            lane[j] += x[i + j] * x[i + j];
    for (; i < n; i++)
        lane[0] += x[i] * x[i];
    return sum_of_lanes(lane);
}

EC_HOT bool ec_entries_are_finite(const double *x, size_t n)
{
    double lane[LANES] = {0};
    size_t i = 0;

    /* 0 x is 0 or, for what is not finite, NaN */
    for (; i + LANES <= n; i += LANES)
#pragma omp simd
        for (size_t j = 0; j < LANES; j++)
            lane[j] += 0 * x[i + j];
    for (; i < n; i++)
        lane[0] += 0 * x[i];
    return sum_of_lanes(lane) == 0;
}

double ec_four_sum_of_squares(const double *t, size_t r)
{
    double sum = 0;

    for (size_t d = 0; d < r; d++)
        for (size_t b = 0; b <= d; b++, t += r * r)
            sum += weight(b, d) * ec_entries_sum_of_squares(t, r * r);
    return sum;
}

double ec_four_multiply(double *t, const double *u, const double *v, size_t r)
{
    size_t n = r * r;
    double sum = 0;

    for (size_t d = 0; d < r; d++)
        for (size_t b = 0; b <= d; b++, t += n, u += n, v += n)
            sum += weight(b, d) * ec_entries_multiply(t, u, v, n);
    return sum;
}

/* the matrix of pair (b, d) of a ring is e f^T, e_a = H_A[a,d] H_B[a,b], f_c = H_A[b,c] H_B[c,d] */
static void ring_vectors(double *e, double *f, const ec_factors *x, size_t r, size_t b, size_t d)
{
    for (size_t a = 0; a < r; a++) {
        e[a] = (x->h_a != NULL ? x->h_a[d * r + a] : 1) * (x->h_b != NULL ? x->h_b[b * r + a] : 1);
        f[a] = (x->h_a != NULL ? x->h_a[b * r + a] : 1) * (x->h_b != NULL ? x->h_b[d * r + a] : 1);
    }
}

/* x = e f^T */
EC_HOT static void outer(double *x, const double *e, const double *f, size_t n)
{
    for (size_t a = 0; a < n; a++)
        for (size_t c = 0; c < n; c++)
            x[a * n + c] = e[a] * f[c];
}

/* x = y e f^T, entry by entry; x may be y */
EC_HOT static void times_outer(double *x, const double *y, const double *e, const double *f,
                               size_t n)
{
    for (size_t a = 0; a < n; a++)
#pragma omp simd
        for (size_t c = 0; c < n; c++)
            x[a * n + c] = e[a] * f[c] * y[a * n + c];
}

/* x = the matrix of pair (b, d) of the product; the sum of squares */
static double write_pair(double *x, const ec_factors *factors, size_t r, const size_t pair[2],
                         double *scratch)
{
    size_t b = pair[0], d = pair[1], n = r * r, at = (ec_four_pairs(d) + b) * n;
    double *e = scratch, *f = scratch + r, sum;

    if (factors->t == NULL) { /* a ring alone */
        ring_vectors(e, f, factors, r, b, d);
        outer(x, e, f, r);
        return ec_entries_sum_of_squares(x, n);
    }
    if (factors->u != NULL) {
        sum = ec_entries_multiply(x, factors->t + at, factors->u + at, n);
    } else {
        memmove(x, factors->t + at, n * sizeof *x); /* they may be the same */
        sum = ec_entries_sum_of_squares(x, n);
    }
    if (factors->h_a == NULL && factors->h_b == NULL)
        return sum;
    ring_vectors(e, f, factors, r, b, d);
    times_outer(x, x, e, f, r);
    return ec_entries_sum_of_squares(x, n);
}

double ec_four_expand(double *t, const ec_factors *factors, size_t r, double *scratch)
{
    double sum = 0;

    for (size_t d = 0; d < r; d++)
        for (size_t b = 0; b <= d; b++, t += r * r)
            sum += weight(b, d) * write_pair(t, factors, r, (size_t[]){b, d}, scratch);
    return sum;
}

/* ----------------------------------------------------------------- matrices */

/* W x, the matrices of some pairs, and the vectors of a ring */
double ec_map_scratch(double in, double out)
{
    return GATHERED * in * in + in * out + 2 * (in + out);
}

/* four rows at a time: the columns of a strip are stored together */
EC_HOT void ec_map_transpose(double *transposed, const double *w, size_t rows, size_t cols)
{
    size_t i = 0;

    for (; i + 4 <= rows; i += 4)
        for (size_t k = 0; k < cols; k++) {
            const double *from = w + i * cols + k;
            double *to = transposed + k * rows + i;

            to[0] = from[0];
            to[1] = from[cols];
            to[2] = from[2 * cols];
            to[3] = from[3 * cols];
        }
    for (; i < rows; i++)
        for (size_t k = 0; k < cols; k++)
            transposed[k * rows + i] = w[i * cols + k];
}

void ec_map_apply(double *y, const double *x, const ec_map *map)
{
    size_t in = map->in, out = map->out;
    const double *w_x = map->w;

    if (x != NULL) {
        ec_linalg_gemm_small(ec_mat_of(map->scratch, out, in), ec_cmat_of(map->w, out, in),
                             ec_cmat_of(x, in, in));
        w_x = map->scratch;
    }
    ec_linalg_gemm_small(ec_mat_of(y, out, out), ec_cmat_of(w_x, out, in),
                         ec_cmat_of(map->transposed, in, out));
}

/* half = W e f^T W^T = (W e) (W f)^T for a pair of a ring; the sum of squares of e f^T */
static double first_of_ring(double *half, const ec_factors *factors, const ec_map *map, size_t b,
                            size_t d)
{
    size_t in = map->in, out = map->out;
    double *e = map->scratch, *w_e = e + 2 * in;

    ring_vectors(e, e + in, factors, in, b, d);
    /* e and f are the rows of one matrix, (2,in)(in,out) -> (2,out) */
    ec_linalg_gemm_small(ec_mat_of(w_e, 2, out), ec_cmat_of(e, 2, in),
                         ec_cmat_of(map->transposed, in, out));
    outer(half, w_e, w_e + out, out);
    return ec_entries_sum_of_squares(e, in) * ec_entries_sum_of_squares(e + in, in);
}

double ec_four_first(double *half, const ec_factors *factors, const ec_map *map, size_t d)
{
    size_t in = map->in, out = map->out;
    double *x = map->scratch + in * out, *vectors = x + in * in, sum = 0;

    half += ec_four_pairs(d) * out * out;
    for (size_t b = 0; b <= d; b++, half += out * out) {
        if (factors->t == NULL) {
            sum += weight(b, d) * first_of_ring(half, factors, map, b, d);
            continue;
        }
        /* in the first cache, and at once through the matrix */
        sum += weight(b, d) * write_pair(x, factors, in, (size_t[]){b, d}, vectors);
        ec_map_apply(half, x, map);
    }
    return sum;
}

/* u[k][b][d] = half[b, d] at (a + k, c), of pairs with b > d at (c, a + k), for n neighbours a:
   what lies side by side is read together */
EC_HOT_PART void gather(double *u, const double *half, const ec_map *map, const size_t at[2],
                        size_t n)
{
    size_t in = map->in, out = map->out;

    for (size_t d = 0; d < in; d++)
        for (size_t b = 0; b <= d; b++, half += out * out) {
            const double *column = half + at[0] * out + at[1], *row = half + at[1] * out + at[0];

            for (size_t k = 0; k < n; k++) {
                u[k * in * in + b * in + d] = column[k * out];
                u[k * in * in + d * in + b] = row[k];
            }
        }
}

EC_HOT static void gather_four(double *u, const double *half, const ec_map *map, const size_t at[2])
{
    gather(u, half, map, at, GATHERED);
}

EC_HOT static void gather_one(double *u, const double *half, const ec_map *map, const size_t at[2])
{
    gather(u, half, map, at, 1);
}

double ec_four_second(double *out_four, const double *half, const ec_map *map, size_t c)
{
    size_t in = map->in, out = map->out, n;
    double *u = map->scratch + in * out, *to = out_four + ec_four_pairs(c) * out * out, sum = 0;

    for (size_t a = 0; a <= c; a += n) {
        n = a + GATHERED <= c + 1 ? GATHERED : 1;
        (n == 1 ? gather_one : gather_four)(u, half, map, (size_t[]){a, c});
        for (size_t k = 0; k < n; k++, to += out * out) {
            ec_map_apply(to, u + k * in * in, map);
            sum += weight(a + k, c) * ec_entries_sum_of_squares(to, out * out);
        }
    }
    return sum;
}

double ec_four_contract(const double *t, const double *v, size_t r)
{
    double sum = 0;

    for (size_t d = 0; d < r; d++)
        for (size_t b = 0; b <= d; b++, t += r * r) {
            double inner = 0;

            for (size_t a = 0; a < r; a++) {
                double row = 0;

                for (size_t c = 0; c < r; c++)
                    row += t[a * r + c] * v[c];
                inner += v[a] * row;
            }
            sum += weight(b, d) * v[b] * v[d] * inner;
        }
    return sum;
}
