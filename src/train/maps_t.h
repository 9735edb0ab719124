/* SPDX-License-Identifier: GPL-3.0-or-later */

/**
 * Feature maps of a site, for batches: values and gradients. See layerwise_t.h and entcap/model.h.
 */

static const double T(two_pi) = 6.28318530717958647693;

/* sqrt(2d + 1) P_d(t), d < m, by (d + 1) P_(d+1) = (2d + 1) t P_d - d P_(d-1) */
static void T(legendre)(REAL *f, size_t m, double t)
{
    double p[2] = {0, 1};

    for (size_t d = 0; d < m; d++) {
        double n = (double)d, next = ((2 * n + 1) * t * p[1] - n * p[0]) / (n + 1);
        f[d] = (REAL)(sqrt(2 * n + 1) * p[1]);
        p[0] = p[1];
        p[1] = next;
    }
}

/* f_d(x), d < m; map: what the feature map holds among the parameters. */
static void T(map_site)(REAL *f, const ec_features *kind, const REAL *map, size_t m, double x)
{
    if (kind->kind == EC_FEATURES_POLYNOMIAL) {
        T(legendre)(f, m, 2 * x - 1);
    } else if (kind->kind == EC_FEATURES_COS_SIN) {
        for (size_t n = 0; n < m / 2; n++) {
            double angle = T(two_pi) * (double)map[n] * x;
            f[2 * n] = (REAL)cos(angle);
            f[2 * n + 1] = (REAL)sin(angle);
        }
    } else {
        for (size_t d = 0; d < m; d++)
            f[d] = (REAL)fmax(0, (double)map[d] * x + (double)map[m + d]);
    }
}

/* dmap += what df makes of it; f as map_site gave it. */
static void T(map_site_back)(double *dmap, const ec_features *kind, const REAL *f, const REAL *df,
                             size_t m, double x)
{
    if (kind->kind == EC_FEATURES_COS_SIN)
        for (size_t n = 0; n < m / 2; n++)
            dmap[n] += T(two_pi) * x *
                       ((double)f[2 * n] * (double)df[2 * n + 1] -
                        (double)f[2 * n + 1] * (double)df[2 * n]);
    if (kind->kind == EC_FEATURES_AFFINE_RELU)
        for (size_t d = 0; d < m; d++) {
            double g = f[d] > 0 ? (double)df[d] : 0;
            dmap[d] += g * x;
            dmap[m + d] += g;
        }
}
