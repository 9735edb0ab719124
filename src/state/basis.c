/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "state/basis.h"

#include "entcap/linalg.h"

#include "core/flow.h"

#include <math.h>
#include <string.h>

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

void ec_state_gram_on_interval(double *gram, const ec_weights *weights)
{
    size_t m = weights->n_features;

    for (size_t d = 0; d < m; d++)
        for (size_t e = 0; e < m; e++)
            gram[d * m + e] = gram_entry(weights, d, e);
}

ec_status ec_state_gram_over_data(double *gram, const ec_weights *weights, const ec_dataset *data,
                                  const ec_run *run, ec_error *err)
{
    size_t m = weights->n_features, n = data->grid[0] * data->grid[1];
    double *value = NULL, *room = NULL, *f = NULL;
    double weight = 1 / ((double)data->n * (double)n);
    ec_status status = EC_OK;

    if (weights->slope == NULL || weights->offset == NULL)
        return ec_fail(err, EC_EINVAL, "Gram matrix of features: there is no feature map");
    if (data->n == 0)
        return ec_fail(err, EC_EINVAL, "Gram matrix of features: no samples to average over");
    EC_TRY(ec_linalg_load(err));
    EC_NEW(value, n);
    EC_NEW(room, data->image[0] * data->image[1]);
    EC_NEW(f, n * m);
    for (size_t i = 0; i < data->n; i++) {
        ec_data_sites(value, data, i, room);
        ec_model_features(f, weights, value, n);
        /* G <- G + F^T F / (samples sites), (m,n)(n,m) -> (m,m) */
        ec_linalg_gemm(ec_mat_of(gram, m, m), weight, ec_cmat_t(f, n, m), ec_cmat_of(f, n, m),
                       i > 0 ? 1 : 0);
        EC_TRY(ec_run_step(run, "Gram matrix of features", (double)i + 1, (double)data->n, err));
    }
done:
    ec_free(value);
    ec_free(room);
    ec_free(f);
    return status;
}

ec_status ec_basis_root(double **root, const ec_state_input *in, const ec_state_options *options,
                        ec_error *err)
{
    size_t m = in->weights->n_features;
    ec_status status = EC_OK;
    double *value = NULL;

    *root = NULL;
    if (options->basis == EC_BASIS_SITES)
        return EC_OK;
    EC_NEW(value, m);
    EC_NEW(*root, m * m);
    if (options->basis == EC_BASIS_DATA)
        memcpy(*root, options->gram, m * m * sizeof **root);
    else
        ec_state_gram_on_interval(*root, in->weights);
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
