/* SPDX-License-Identifier: GPL-3.0-or-later */

/**
 * Losses of one sample with n outputs z. See layerwise_t.h.
 */

/* softmax(z) - onehot into dz; the loss is -log softmax(z)_label */
static double T(cross_entropy)(REAL *dz, const REAL *z, size_t n, uint32_t label, double *softmax)
{
    double largest = (double)z[0], sum = 0;

    for (size_t y = 1; y < n; y++)
        largest = fmax(largest, (double)z[y]);
    for (size_t y = 0; y < n; y++) {
        softmax[y] = exp((double)z[y] - largest);
        sum += softmax[y];
    }
    for (size_t y = 0; y < n; y++)
        dz[y] = (REAL)(softmax[y] / sum - (y == label ? 1 : 0));
    return log(sum) + largest - (double)z[label];
}

/* 2 / n (z - onehot) into dz; the loss is sum_y (z_y - onehot_y)^2 / n */
static double T(squared)(REAL *dz, const REAL *z, size_t n, uint32_t label)
{
    double sum = 0;

    for (size_t y = 0; y < n; y++) {
        double d = (double)z[y] - (y == label ? 1 : 0);
        sum += d * d;
        dz[y] = (REAL)(2 * d / (double)n);
    }
    return sum / (double)n;
}
