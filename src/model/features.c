/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "entcap/model.h"

#include <math.h>

static const double pi = 3.14159265358979323846;

void ec_weights_spread_features(ec_weights *weights)
{
    for (size_t n = 0; weights->frequency != NULL && n < weights->n_features / 2; n++)
        weights->frequency[n] = (double)(n + 1);
    if (weights->slope == NULL)
        return;
    for (uint32_t d = 0; d < weights->n_features; d++) {
        /* the knot; the first two features are a falling hinge at 1 and a rising one at 0 */
        double knot = d < 2 ? 1.0 - d : (d - 1.0) / (weights->n_features - 1.0);
        bool falls = d % 2 == 0;
        weights->slope[d] = falls ? -1 / knot : 1 / (1 - knot);
        weights->offset[d] = falls ? 1 : -knot / (1 - knot);
    }
}

/* sqrt(2d + 1) P_d(t), d < m, by (d + 1) P_(d+1) = (2d + 1) t P_d - d P_(d-1) */
static void legendre(double *out, size_t m, double t)
{
    double before = 0, p = 1;

    for (size_t d = 0; d < m; d++) {
        double n = (double)d, next = ((2 * n + 1) * t * p - n * before) / (n + 1);
        out[d] = sqrt(2 * n + 1) * p;
        before = p;
        p = next;
    }
}

static void site_features(double *out, const ec_weights *weights, double x)
{
    size_t m = weights->n_features;

    switch (weights->features.kind) {
    case EC_FEATURES_NONE:
        break;
    case EC_FEATURES_AFFINE_RELU:
        for (size_t d = 0; d < m; d++)
            out[d] = fmax(0, weights->slope[d] * x + weights->offset[d]);
        break;
    case EC_FEATURES_COS_SIN:
        for (size_t n = 0; n < m / 2; n++) {
            double angle = 2 * pi * weights->frequency[n] * x;
            out[2 * n] = cos(angle);
            out[2 * n + 1] = sin(angle);
        }
        break;
    case EC_FEATURES_POLYNOMIAL:
        legendre(out, m, 2 * x - 1);
        break;
    }
}

void ec_model_features(double *out, const ec_weights *weights, const double *x, size_t n)
{
    size_t m = weights->n_features + (weights->constant ? 1 : 0);

    for (size_t i = 0; i < n; i++) {
        site_features(out + i * m, weights, weights->features.scale * x[i]);
        if (weights->constant)
            out[i * m + m - 1] = 1;
    }
}
