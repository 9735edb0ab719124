/* SPDX-License-Identifier: GPL-3.0-or-later */

/**
 * The top of a pass: where no part is affine, the vector below the dense layer is divided by its
 * root mean square; the outputs z are judged. See lanes_t.h and entcap/train.h.
 */

/* w = t / rho in place, rho = 0 where t = 0 */
INLINE void T(normalise)(VEC *t, size_t n, double *rho)
{
    for (unsigned s = 0; s < LANES; s++) {
        double square = 0;
        for (size_t d = 0; d < n; d++)
            square += (double)t[d][s] * (double)t[d][s];
        rho[s] = sqrt(square / (double)n);
        for (size_t d = 0; d < n && rho[s] > 0; d++)
            t[d][s] = (REAL)((double)t[d][s] / rho[s]);
    }
}

/* dt = (dw - w (w . dw) / d) / rho in place */
INLINE void T(normalise_back)(VEC *dw, const VEC *unit, size_t n, const double *rho)
{
    for (unsigned s = 0; s < LANES; s++) {
        double along = 0;
        for (size_t d = 0; d < n; d++)
            along += (double)dw[d][s] * (double)unit[d][s];
        along /= (double)n;
        for (size_t d = 0; d < n; d++)
            dw[d][s] =
                rho[s] > 0 ? (REAL)(((double)dw[d][s] - along * (double)unit[d][s]) / rho[s]) : 0;
    }
}

/* The largest of n outputs z of sample s, or the largest |z|; the first of equal ones. */
INLINE uint32_t T(largest)(const VEC *z, unsigned s, size_t n, bool magnitude)
{
    uint32_t best = 0;

    for (uint32_t y = 1; y < n; y++) {
        double here = (double)z[y][s], old = (double)z[best][s];
        if (magnitude ? fabs(here) > fabs(old) : here > old)
            best = y;
    }
    return best;
}

/* z becomes softmax(z) - onehot; -log softmax(z)_label */
INLINE double T(cross_entropy)(VEC *z, unsigned s, size_t n, uint32_t label, double *softmax)
{
    double largest = (double)z[T(largest)(z, s, n, false)][s], sum = 0;

    for (size_t y = 0; y < n; y++) {
        softmax[y] = exp((double)z[y][s] - largest);
        sum += softmax[y];
    }
    double loss = log(sum) + largest - (double)z[label][s];
    for (size_t y = 0; y < n; y++)
        z[y][s] = (REAL)(softmax[y] / sum - (y == label ? 1 : 0));
    return loss;
}

/* z becomes 2 / n (z - onehot); sum_y (z_y - onehot_y)^2 / n */
INLINE double T(squared)(VEC *z, unsigned s, size_t n, uint32_t label)
{
    double sum = 0;

    for (size_t y = 0; y < n; y++) {
        double d = (double)z[y][s] - (y == label ? 1 : 0);
        sum += d * d;
        z[y][s] = (REAL)(2 * d / (double)n);
    }
    return sum / (double)n;
}

/* What the outputs z of sample s say; their gradient takes their place. */
INLINE verdict T(judge)(VEC *z, unsigned s, uint32_t label, const plan *p, double *softmax)
{
    size_t n = p->arch->outputs;
    verdict v = {.label = T(largest)(z, s, n, ec_arch_predicts_magnitude(p->arch))};

    v.loss = p->loss == EC_LOSS_SQUARED ? T(squared)(z, s, n, label)
                                        : T(cross_entropy)(z, s, n, label, softmax);
    v.finite = isfinite(v.loss);
    return v;
}
