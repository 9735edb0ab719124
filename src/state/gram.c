/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "entcap/state.h"

#include "entcap/linalg.h"

#include "core/flow.h"

#include <math.h>

static const double pi = 3.14159265358979323846;

/* --------------------------------------------------------------- hinges, exactly */

/* entry d of a site's vector at the pixel x; the last may be the constant */
static double hinge(const ec_weights *weights, size_t d, double x)
{
    return d < weights->n_features ? fmax(0, weights->slope[d] * x + weights->offset[d]) : 1;
}

/* where hinge d bends, kept within [0, 1] */
static double knot(const ec_weights *weights, size_t d)
{
    if (d == weights->n_features || weights->slope[d] == 0)
        return 0;
    return fmin(1, fmax(0, -weights->offset[d] / weights->slope[d]));
}

/* int_a^b f_d f_e, without a knot of either inside: two nodes are exact for the quadratic */
static double integrate(const ec_weights *weights, size_t d, size_t e, double a, double b)
{
    double middle = 0.5 * (a + b), half = 0.5 * (b - a), node = half / sqrt(3);
    double left = middle - node, right = middle + node;

    return half * (hinge(weights, d, left) * hinge(weights, e, left) +
                   hinge(weights, d, right) * hinge(weights, e, right));
}

static double hinge_product(const ec_weights *weights, size_t d, size_t e)
{
    double k = knot(weights, d), m = knot(weights, e), low = fmin(k, m), high = fmax(k, m);

    return integrate(weights, d, e, 0, low) + integrate(weights, d, e, low, high) +
           integrate(weights, d, e, high, 1);
}

/* ------------------------------------------------------ smooth maps, by quadrature */

/* Nodes after which Gauss-Legendre is exact to rounding: for polynomials of degree 2 M - 2, or for
 * products of waves up to frequency 2 w, whose error falls faster than exponentially once there are
 * more than 2 pi w of them. */
static size_t count_nodes(const ec_weights *weights, double fastest)
{
    return weights->frequency == NULL ? weights->n_features : (size_t)ceil(2 * pi * fastest) + 32;
}

static double fastest_wave(const ec_weights *weights)
{
    double fastest = 0;

    for (size_t n = 0; weights->frequency != NULL && n < weights->n_features / 2; n++)
        fastest = fmax(fastest, fabs(weights->frequency[n]));
    return fastest;
}

/* Node i of n on [0, 1] and its weight: a root of P_n by Newton's method. */
static void gauss_node(double *x, double *weight, size_t i, size_t n)
{
    double t = cos(pi * ((double)i + 0.75) / ((double)n + 0.5)), slope = 1;

    for (int step = 0; step < 20; step++) {
        double before = 0, p = 1;
        for (size_t k = 0; k < n; k++) {
            double next = ((2.0 * (double)k + 1) * t * p - (double)k * before) / ((double)k + 1);
            before = p;
            p = next;
        }
        slope = (double)n * (t * p - before) / (t * t - 1);
        if (fabs(p / slope) < 1e-16)
            break;
        t -= p / slope;
    }
    *x = 0.5 * (1 + t);
    *weight = 1 / ((1 - t * t) * slope * slope);
}

/* G = sum over nodes of weight f f^T, f at the map's own argument: whatever the scale of pixels */
static ec_status integrate_smooth(double *gram, const ec_weights *weights, ec_error *err)
{
    double *f = NULL, fastest = fastest_wave(weights);
    size_t m = ec_weights_site_length(weights), n = count_nodes(weights, fmin(fastest, 1000));
    ec_weights unscaled = *weights;
    ec_status status = EC_OK;

    if (fastest > 1000)
        return ec_fail(err, EC_ELIMIT, "Gram matrix of features: a frequency of %g, at most 1000",
                       fastest);
    unscaled.features.scale = 1;
    EC_TRY(ec_linalg_load(err));
    EC_NEW(f, n * m);
    for (size_t i = 0; i < n; i++) {
        double x, weight;
        gauss_node(&x, &weight, i, n);
        ec_model_features(f + i * m, &unscaled, &x, 1);
        for (size_t d = 0; d < m; d++)
            f[i * m + d] *= sqrt(weight);
    }
    /* G = F^T F, (m,n)(n,m) -> (m,m) */
    ec_linalg_gemm(ec_mat_of(gram, m, m), 1, ec_cmat_t(f, n, m), ec_cmat_of(f, n, m), 0);
done:
    ec_free(f);
    return status;
}

ec_status ec_state_gram_on_interval(double *gram, const ec_weights *weights, ec_error *err)
{
    size_t m = ec_weights_site_length(weights);

    if (weights->features.kind == EC_FEATURES_NONE)
        return ec_fail(err, EC_EINVAL, "Gram matrix of features: there is no feature map");
    if (weights->features.kind != EC_FEATURES_AFFINE_RELU)
        return integrate_smooth(gram, weights, err);
    for (size_t d = 0; d < m; d++)
        for (size_t e = 0; e < m; e++)
            gram[d * m + e] = hinge_product(weights, d, e);
    return EC_OK;
}

/* --------------------------------------------------------------------- over data */

ec_status ec_state_gram_over_data(double *gram, const ec_weights *weights, const ec_dataset *data,
                                  const ec_run *run, ec_error *err)
{
    size_t m = ec_weights_site_length(weights), n = data->grid[0] * data->grid[1];
    double *value = NULL, *room = NULL, *f = NULL;
    double weight = 1 / ((double)data->n * (double)n);
    ec_status status = EC_OK;

    if (weights->features.kind == EC_FEATURES_NONE)
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
