/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "state/four.h"

#include "entcap/linalg.h"

#include "core/hot.h"

size_t ec_four_scratch(size_t in, size_t out)
{
    return in * in + in * out + 2 * (in + out);
}

/* ------------------------------------------------------------------ entries */

/* how often the matrix of a pair occurs in all of m */
static double weight(size_t b, size_t d)
{
    return b < d ? 2 : 1;
}

EC_HOT double ec_entries_multiply(double *x, const double *y, const double *z, size_t n)
{
    double sum = 0;

#pragma omp simd reduction(+ : sum)
    for (size_t i = 0; i < n; i++) {
        double v = y[i] * z[i];
        x[i] = v;
        sum += v * v;
    }
    return sum;
}

EC_HOT double ec_entries_sum_of_squares(const double *x, size_t n)
{
    double sum = 0;

#pragma omp simd reduction(+ : sum)
    for (size_t i = 0; i < n; i++)
        sum += x[i] * x[i];
    return sum;
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
static void ring_vectors(double *e, double *f, const ec_ring *ring, size_t r, size_t b, size_t d)
{
    for (size_t a = 0; a < r; a++) {
        e[a] = (ring->h_a != NULL ? ring->h_a[d * r + a] : 1) *
               (ring->h_b != NULL ? ring->h_b[b * r + a] : 1);
        f[a] = (ring->h_a != NULL ? ring->h_a[b * r + a] : 1) *
               (ring->h_b != NULL ? ring->h_b[d * r + a] : 1);
    }
}

/* x = e f^T, times y unless that is NULL; the sum of squares */
EC_HOT static double outer(double *x, const double *y, const double *e, const double *f, size_t n)
{
    double sum = 0;

    for (size_t a = 0; a < n; a++) {
        double *to = x + a * n;
        double scale = e[a];

        if (y == NULL) {
            for (size_t c = 0; c < n; c++)
                to[c] = scale * f[c];
            continue;
        }
#pragma omp simd reduction(+ : sum)
        for (size_t c = 0; c < n; c++) {
            double v = scale * f[c] * y[a * n + c];
            to[c] = v;
            sum += v * v;
        }
    }
    return sum;
}

double ec_four_join(double *t, const double *u, const ec_ring *ring, size_t r, double *scratch)
{
    double *e = scratch, *f = scratch + r, sum = 0;

    for (size_t d = 0; d < r; d++)
        for (size_t b = 0; b <= d; b++, t += r * r, u += r * r) {
            ring_vectors(e, f, ring, r, b, d);
            sum += weight(b, d) * outer(t, u, e, f, r);
        }
    return sum;
}

double ec_four_expand(double *t, const ec_ring *ring, size_t r, double *scratch)
{
    double *e = scratch, *f = scratch + r, sum = 0;

    for (size_t d = 0; d < r; d++)
        for (size_t b = 0; b <= d; b++, t += r * r) {
            ring_vectors(e, f, ring, r, b, d);
            outer(t, NULL, e, f, r);
            sum += weight(b, d) * ec_entries_sum_of_squares(t, r * r);
        }
    return sum;
}

/* ----------------------------------------------------------------- matrices */

/* y = W x W^T, (out,in)(in,in)(in,out) -> (out,out) */
static void apply(double *y, const double *x, const ec_four_map *map, double *scratch)
{
    size_t in = map->in, out = map->out;

    ec_linalg_gemm_small(ec_mat_of(scratch, out, in), ec_cmat_of(map->w, out, in),
                         ec_cmat_of(x, in, in));
    ec_linalg_gemm_small(ec_mat_of(y, out, out), ec_cmat_of(scratch, out, in),
                         ec_cmat_of(map->transposed, in, out));
}

void ec_four_first(double *half, const double *t, const ec_four_map *map, size_t d)
{
    size_t in = map->in, out = map->out, first = ec_four_pairs(d);

    for (size_t pair = first; pair <= first + d; pair++)
        apply(half + pair * out * out, t + pair * in * in, map, map->scratch);
}

double ec_four_first_ring(double *half, const ec_ring *ring, const ec_four_map *map, size_t d)
{
    size_t in = map->in, out = map->out, first = ec_four_pairs(d);
    double *e = map->scratch, *w_e = e + 2 * in, sum = 0;

    /* W e f^T W^T = (W e) (W f)^T; e and f are the rows of one matrix */
    for (size_t b = 0; b <= d; b++) {
        ring_vectors(e, e + in, ring, in, b, d);
        sum +=
            weight(b, d) * ec_entries_sum_of_squares(e, in) * ec_entries_sum_of_squares(e + in, in);
        ec_linalg_gemm_small(ec_mat_of(w_e, 2, out), ec_cmat_of(e, 2, in),
                             ec_cmat_of(map->transposed, in, out));
        outer(half + (first + b) * out * out, NULL, w_e, w_e + out, out);
    }
    return sum;
}

/* u[b][d] = half[b, d] at (a, c); of pairs with b > d at (c, a) */
EC_HOT static void gather(double *u, const double *half, size_t in, size_t n, const size_t at[2])
{
    for (size_t d = 0; d < in; d++)
        for (size_t b = 0; b <= d; b++, half += n) {
            u[b * in + d] = half[at[0]];
            u[d * in + b] = half[at[1]];
        }
}

double ec_four_second(double *out_four, const double *half, const ec_four_map *map, size_t c)
{
    size_t in = map->in, out = map->out, first = ec_four_pairs(c);
    double *u = map->scratch, *scratch = u + in * in, sum = 0;

    for (size_t a = 0; a <= c; a++) {
        double *to = out_four + (first + a) * out * out;

        gather(u, half, in, out * out, (size_t[]){a * out + c, c * out + a});
        apply(to, u, map, scratch);
        sum += weight(a, c) * ec_entries_sum_of_squares(to, out * out);
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
