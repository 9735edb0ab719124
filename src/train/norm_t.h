/* SPDX-License-Identifier: GPL-3.0-or-later */

/**
 * Batch norm of the vectors of some positions: v, n x c, of LANES samples. See lanes_t.h.
 */

/** One norm while a batch passes, <> being means over the batch's samples and positions. */
typedef struct T(norm) {
    double *mean, *variance; /* of the batch */
    REAL *shift, *scale;     /* u = (v - shift) scale: the mean, and 1 / sqrt(variance + eps) */
    REAL *dy, *dyu;          /* <dy>, <dy u>, where y = gamma u + beta */
} T(norm);

/* Of every channel and lane: mean = sum_p v_p / n,  square = sum_p (v_p - mean)^2 */
INLINE void T(lane_moments)(VEC *mean, VEC *square, const VEC *v, size_t n, size_t c)
{
    memset(mean, 0, c * sizeof *mean);
    memset(square, 0, c * sizeof *square);
    for (size_t p = 0; p < n; p++)
        for (size_t j = 0; j < c; j++)
            mean[j] += v[p * c + j];
    for (size_t j = 0; j < c; j++)
        mean[j] /= (REAL)n;
    for (size_t p = 0; p < n; p++)
        for (size_t j = 0; j < c; j++) {
            VEC d = v[p * c + j] - mean[j];
            square[j] += d * d;
        }
}

/* v <- u */
INLINE void T(norm_unit)(VEC *v, const T(norm) * b, size_t n, size_t c)
{
    for (size_t p = 0; p < n; p++, v += c)
        for (size_t j = 0; j < c; j++)
            v[j] = (v[j] - b->shift[j]) * b->scale[j];
}

/* y = gamma u + beta */
INLINE void T(norm_affine)(VEC *y, const VEC *u, const REAL *gamma, const REAL *beta, size_t n,
                           size_t c)
{
    for (size_t p = 0; p < n; p++, y += c, u += c)
        for (size_t j = 0; j < c; j++)
            y[j] = gamma[j] * u[j] + beta[j];
}

/* sum of dy and of dy u over the positions, added to those of the lanes */
INLINE void T(norm_sums)(VEC *sum, VEC *dot, const VEC *dy, const VEC *u, size_t n, size_t c)
{
    for (size_t p = 0; p < n; p++, dy += c, u += c)
        for (size_t j = 0; j < c; j++) {
            sum[j] += dy[j];
            dot[j] += dy[j] * u[j];
        }
}

/** dy -> dv = gamma scale (dy - <dy> - u <dy u>) in place; 0 in lanes where `alive` is 0. */
typedef struct T(norm_back) {
    VEC *dy;
    const VEC *u;
    const T(norm) * norm;
    const REAL *gamma;
    const VEC *alive; /* 1, and 0 in idle lanes, whose dy is 0 */
    size_t n, c;
} T(norm_back);

INLINE void T(norm_back_run)(const T(norm_back) * b)
{
    const T(norm) *m = b->norm;
    const VEC *u = b->u;
    VEC *dy = b->dy;

    for (size_t p = 0; p < b->n; p++, dy += b->c, u += b->c)
        for (size_t j = 0; j < b->c; j++) {
            VEC through = *b->alive * (m->dy[j] + u[j] * m->dyu[j]);
            dy[j] = b->gamma[j] * m->scale[j] * (dy[j] - through);
        }
}
