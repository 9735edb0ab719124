/* SPDX-License-Identifier: GPL-3.0-or-later */

/**
 * Batch norm of the rows of a matrix, n x c, and what stands for it at the top of a network without
 * affine parts. See layerwise_t.h. Sums are in double precision, row after row.
 */

#define MOMENTUM 0.1 /* of running statistics */

/* mean_j = sum_i x_ij / n,  variance_j = sum_i (x_ij - mean_j)^2 / n */
static void T(statistics)(double *mean, double *variance, const REAL *x, size_t n, size_t c)
{
    memset(mean, 0, c * sizeof *mean);
    memset(variance, 0, c * sizeof *variance);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < c; j++)
            mean[j] += (double)x[i * c + j];
    for (size_t j = 0; j < c; j++)
        mean[j] /= (double)n;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < c; j++) {
            double d = (double)x[i * c + j] - mean[j];
            variance[j] += d * d;
        }
    for (size_t j = 0; j < c; j++)
        variance[j] /= (double)n;
}

/** A norm of n rows of c channels. */
typedef struct T(norm_of) {
    size_t n, c;
    const double *mean, *inverse; /* 1 / sqrt(variance + eps) */
    const REAL *gamma, *beta;
} T(norm_of);

/* x <- u = (x - mean) / sqrt(variance + eps) in place,  out = gamma u + beta */
static void T(norm)(REAL *out, REAL *x, const T(norm_of) * b)
{
    for (size_t i = 0; i < b->n; i++, x += b->c, out += b->c)
        for (size_t j = 0; j < b->c; j++) {
            double unit = ((double)x[j] - b->mean[j]) * b->inverse[j];
            x[j] = (REAL)unit;
            out[j] = (REAL)((double)b->gamma[j] * unit + (double)b->beta[j]);
        }
}

/*
 * dy -> dx in place, through the statistics, with <> the mean over rows:
 * dbeta = sum dy,  dgamma = sum dy u,  dx = gamma / sqrt(variance + eps) (dy - <dy> - u <dy u>)
 */
static void T(norm_back)(REAL *dy, const REAL *unit, const T(norm_of) * b, REAL *dgamma,
                         REAL *dbeta, double *sums)
{
    size_t c = b->c;
    double *dot = sums + c;

    memset(sums, 0, 2 * c * sizeof *sums);
    for (size_t i = 0; i < b->n; i++)
        for (size_t j = 0; j < c; j++) {
            sums[j] += (double)dy[i * c + j];
            dot[j] += (double)dy[i * c + j] * (double)unit[i * c + j];
        }
    for (size_t j = 0; j < c; j++) {
        dbeta[j] = (REAL)sums[j];
        dgamma[j] = (REAL)dot[j];
        sums[j] /= (double)b->n;
        dot[j] /= (double)b->n;
    }
    for (size_t i = 0; i < b->n; i++)
        for (size_t j = 0; j < c; j++) {
            double d = (double)dy[i * c + j] - sums[j] - (double)unit[i * c + j] * dot[j];
            dy[i * c + j] = (REAL)((double)b->gamma[j] * b->inverse[j] * d);
        }
}

/* rows w = t / rho in place, rho the root mean square of a row; 0 where t = 0 */
static void T(unit_rows)(REAL *t, size_t n, size_t c, double *rho)
{
    for (size_t i = 0; i < n; i++) {
        double square = 0;
        for (size_t j = 0; j < c; j++)
            square += (double)t[i * c + j] * (double)t[i * c + j];
        rho[i] = sqrt(square / (double)c);
        for (size_t j = 0; j < c && rho[i] > 0; j++)
            t[i * c + j] = (REAL)((double)t[i * c + j] / rho[i]);
    }
}

/* dt = (dw - w (w . dw) / c) / rho in place */
static void T(unit_rows_back)(REAL *dw, const REAL *w, size_t n, size_t c, const double *rho)
{
    for (size_t i = 0; i < n; i++) {
        double along = 0;
        for (size_t j = 0; j < c; j++)
            along += (double)w[i * c + j] * (double)dw[i * c + j] / (double)c;
        for (size_t j = 0; j < c; j++) {
            double d = (double)dw[i * c + j] - along * (double)w[i * c + j];
            dw[i * c + j] = rho[i] > 0 ? (REAL)(d / rho[i]) : 0;
        }
    }
}
