/* SPDX-License-Identifier: GPL-3.0-or-later */

/**
 * A sample is a lane. A pass takes LANES samples at once, and every number of it, an activation or
 * a gradient, is a vector with one entry per sample: all loops over positions, channels and
 * children are then vector arithmetic for any widths and windows, down to the single position at
 * the top.
 *
 * Included by pass_f32.c and pass_f64.c, which define
 *     REAL, INT            the type, and the signed integer of its size
 *     LANES                samples in a vector
 *     MANTISSA_BITS, BIAS  of REAL
 *     T(name)              name_f32 or name_f64
 */

typedef REAL VEC __attribute__((vector_size(LANES * sizeof(REAL))));
typedef INT IVEC __attribute__((vector_size(LANES * sizeof(INT))));

/* Inlined everywhere, so that constant arguments unroll loops and the caller's target applies. */
#define INLINE static inline __attribute__((always_inline))

/* Sum over the samples. */
INLINE REAL T(lane_sum)(const VEC *x)
{
    REAL sum = 0;

    for (unsigned s = 0; s < LANES; s++)
        sum += (*x)[s];
    return sum;
}
