/* SPDX-License-Identifier: GPL-3.0-or-later */

/**
 * The feature maps of some sites and their gradients; affine-relu is in features_t.h. See lanes_t.h
 * and entcap/model.h.
 */

static const double T(two_pi) = 6.28318530717958647693;

/* Terms of sin and cos up to pi / 4 for double precision: the next is below 5e-17. */
#define SINE_TERMS 8

/* sin a and cos a by their power series, |a| <= pi / 4 */
INLINE void T(sine_series)(VEC *sine, VEC *cosine, const VEC *a)
{
    VEC square = *a * *a, s = (VEC){0} + 1, c = s;

    for (int k = SINE_TERMS; k > 0; k--) {
        s = 1 - square * s * (REAL)(1.0 / (2 * k * (2 * k + 1)));
        c = 1 - square * c * (REAL)(1.0 / (2 * k * (2 * k - 1)));
    }
    *sine = *a * s;
    *cosine = c;
}

/* cos 2 pi t and sin 2 pi t, by t = quarter / 4 + (what is left, at most 1/8) */
INLINE void T(turn)(VEC *cosine, VEC *sine, const VEC *t)
{
    VEC near = 4 * *t + (REAL)0.5, a, s, c;
    IVEC quarter = __builtin_convertvector(near, IVEC);

    quarter += __builtin_convertvector(quarter, VEC) > near; /* rounded towards zero: down */
    a = (*t - __builtin_convertvector(quarter, VEC) * (REAL)0.25) * (REAL)T(two_pi);
    T(sine_series)(&s, &c, &a);
    IVEC odd = -(quarter & 1);
    IVEC swapped_c = SELECT(odd, (IVEC)s, (IVEC)c), swapped_s = SELECT(odd, (IVEC)c, (IVEC)s);
    *cosine = (VEC)swapped_c * __builtin_convertvector(1 - ((quarter + 1) & 2), VEC);
    *sine = (VEC)swapped_s * __builtin_convertvector(1 - (quarter & 2), VEC);
}

/* cos 2 pi w_k x, sin 2 pi w_k x for d = 2k, 2k + 1 */
INLINE void T(waves)(VEC *f, const VEC *value, size_t n, const REAL *frequency, size_t m)
{
    for (size_t s = 0; s < n; s++, f += m)
        for (size_t k = 0; k < m / 2; k++) {
            VEC t = frequency[k] * value[s];
            T(turn)(&f[2 * k], &f[2 * k + 1], &t);
        }
}

/* sqrt(2d + 1) P_d(t), t = 2x - 1, by (d + 1) P_(d+1) = (2d + 1) t P_d - d P_(d-1) */
INLINE void T(legendre)(VEC *f, const VEC *value, size_t n, size_t m)
{
    for (size_t s = 0; s < n; s++, f += m) {
        VEC t = 2 * value[s] - 1, last = {0}, here = last + 1;
        for (size_t d = 0; d < m; d++) {
            REAL k = (REAL)d;
            VEC next = ((2 * k + 1) * t * here - k * last) * (1 / (k + 1));
            f[d] = here * (REAL)sqrt(2 * (double)d + 1);
            last = here;
            here = next;
        }
    }
}

/* Features of n sites: f[s m + d]; map: what the feature map holds among the parameters. */
INLINE void T(map_sites)(VEC *f, const VEC *value, size_t n, const REAL *map, const ec_input *input)
{
    size_t m = input->channels;

    if (input->features.kind == EC_FEATURES_COS_SIN)
        T(waves)(f, value, n, map, m);
    else if (input->features.kind == EC_FEATURES_POLYNOMIAL)
        T(legendre)(f, value, n, m);
    else
        T(features)(f, value, n, map, m);
}

/* dw_k += 2 pi x (cos dsin - sin dcos) */
INLINE void T(waves_back)(VEC *dfrequency, const T(feature_sums) * b)
{
    for (size_t s = 0; s < b->n; s++) {
        const VEC *f = b->f + s * b->m, *df = b->df + s * b->m;
        VEC x = b->value[s] * (REAL)T(two_pi);
        for (size_t k = 0; k < b->m / 2; k++)
            dfrequency[k] += x * (f[2 * k] * df[2 * k + 1] - f[2 * k + 1] * df[2 * k]);
    }
}

INLINE void T(map_sites_back)(const T(feature_sums) * b, const ec_input *input)
{
    if (input->features.kind == EC_FEATURES_COS_SIN)
        T(waves_back)(b->dslope, b);
    else if (input->features.kind == EC_FEATURES_AFFINE_RELU)
        T(features_back)(b);
}
