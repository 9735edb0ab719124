/* SPDX-License-Identifier: GPL-3.0-or-later */

/**
 * The top of a pass: the vector below the dense layer is divided by its root mean square, the
 * logits are judged by cross-entropy. See lanes_t.h and entcap/train.h.
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

/* Loss and argmax of sample s from the logits z, which become softmax(z) - onehot(label). */
INLINE verdict T(judge)(VEC *z, unsigned s, uint32_t label, size_t outputs, double *softmax)
{
    verdict result = {.finite = true};
    double sum = 0;

    for (uint32_t y = 1; y < outputs; y++)
        if (z[y][s] > z[result.label][s])
            result.label = y;
    double largest = (double)z[result.label][s];
    for (size_t y = 0; y < outputs; y++) {
        softmax[y] = exp((double)z[y][s] - largest);
        sum += softmax[y];
    }
    result.loss = log(sum) + largest - (double)z[label][s];
    for (size_t y = 0; y < outputs; y++)
        z[y][s] = (REAL)(softmax[y] / sum - (y == label ? 1 : 0));
    return result;
}
