/* SPDX-License-Identifier: GPL-3.0-or-later */

/**
 * The feature map of some sites, f_d = max(0, slope_d x + offset_d), and its gradient. See
 * lanes_t.h.
 */

#define FEATURE_BLOCK 4 /* features whose sums stay in registers */

/* Features d .. d + block - 1 of n sites. */
INLINE void T(features_some)(VEC *f, const VEC *value, size_t n, const REAL *map, size_t m,
                             const size_t block)
{
    VEC slope[FEATURE_BLOCK], offset[FEATURE_BLOCK];

    for (size_t i = 0; i < block; i++) {
        slope[i] = (VEC){0} + map[i];
        offset[i] = (VEC){0} + map[m + i];
    }
    for (size_t s = 0; s < n; s++, f += m)
        for (size_t i = 0; i < block; i++) {
            VEC x = slope[i] * value[s] + offset[i];
            f[i] = (VEC)((IVEC)x & (x > 0));
        }
}

/** Features of n sites: f[s m + d]; map: slopes, then offsets. */
INLINE void T(features)(VEC *f, const VEC *value, size_t n, const REAL *map, size_t m)
{
    size_t d = 0;

    for (; d + FEATURE_BLOCK <= m; d += FEATURE_BLOCK)
        T(features_some)(f + d, value, n, map + d, m, FEATURE_BLOCK);
    for (; d < m; d++)
        T(features_some)(f + d, value, n, map + d, m, 1);
}

/** What the gradient of the feature map is made of; all per sample. */
typedef struct T(feature_sums) {
    VEC *dslope, *doffset; /* m: added to */
    const VEC *df, *f;     /* n x m */
    const VEC *value;      /* n */
    size_t n, m;
} T(feature_sums);

INLINE void T(feature_block)(const T(feature_sums) * b, size_t d, const size_t block)
{
    VEC slope[FEATURE_BLOCK], offset[FEATURE_BLOCK];

    for (size_t i = 0; i < block; i++) {
        slope[i] = b->dslope[d + i];
        offset[i] = b->doffset[d + i];
    }
    for (size_t s = 0; s < b->n; s++)
        for (size_t i = 0; i < block; i++) {
            size_t at = s * b->m + d + i;
            VEC g = (VEC)((IVEC)b->df[at] & (b->f[at] > 0));
            slope[i] += g * b->value[s];
            offset[i] += g;
        }
    for (size_t i = 0; i < block; i++) {
        b->dslope[d + i] = slope[i];
        b->doffset[d + i] = offset[i];
    }
}

INLINE void T(features_back)(const T(feature_sums) * b)
{
    size_t d = 0;

    for (; d + FEATURE_BLOCK <= b->m; d += FEATURE_BLOCK)
        T(feature_block)(b, d, FEATURE_BLOCK);
    for (; d < b->m; d++)
        T(feature_block)(b, d, 1);
}
