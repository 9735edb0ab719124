/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "state/basis.h"

#include "entcap/linalg.h"

#include "core/flow.h"

#include <math.h>

static double feature(const ec_weights *weights, size_t d, double x)
{
    return fmax(0, weights->slope[d] * x + weights->offset[d]);
}

/* where f_d = max(0, slope x + offset) bends, kept within [0, 1] */
static double knot(const ec_weights *weights, size_t d)
{
    if (weights->slope[d] == 0)
        return 0;
    return fmin(1, fmax(0, -weights->offset[d] / weights->slope[d]));
}

/* int_a^b f_d f_e, without a knot of either inside */
static double integrate(const ec_weights *weights, size_t d, size_t e, double a, double b)
{
    double middle = 0.5 * (a + b), half = 0.5 * (b - a), node = half / sqrt(3);
    double left = middle - node, right = middle + node;

    return half * (feature(weights, d, left) * feature(weights, e, left) +
                   feature(weights, d, right) * feature(weights, e, right));
}

static double gram_entry(const ec_weights *weights, size_t d, size_t e)
{
    double k = knot(weights, d), m = knot(weights, e), low = fmin(k, m), high = fmax(k, m);

    return integrate(weights, d, e, 0, low) + integrate(weights, d, e, low, high) +
           integrate(weights, d, e, high, 1);
}

ec_status ec_basis_feature_root(double **root, const ec_weights *weights, ec_error *err)
{
    ec_status status = EC_OK;
    size_t m = weights->n_features;
    double *value = NULL;

    *root = NULL;
    EC_NEW(value, m);
    EC_NEW(*root, m * m);
    for (size_t d = 0; d < m; d++)
        for (size_t e = 0; e < m; e++)
            (*root)[d * m + e] = gram_entry(weights, d, e);
    /* G = V^T diag(value) V = R^T R, R = diag(sqrt(value)) V */
    EC_TRY(ec_linalg_eigen_symmetric(value, *root, m, err));
    for (size_t d = 0; d < m; d++)
        for (size_t e = 0; e < m; e++)
            (*root)[d * m + e] *= sqrt(fmax(0, value[d]));
done:
    ec_free(value);
    if (status != EC_OK) {
        ec_free(*root);
        *root = NULL;
    }
    return status;
}
