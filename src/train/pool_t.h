/* SPDX-License-Identifier: GPL-3.0-or-later */

/**
 * Product pooling of one window with its scale, and its gradient. See lanes_t.h; children of a
 * window are neighbours in memory: below[k dim + d]. Without `scaled`, e = 0.
 */

#define UNCHECKED_FACTORS 4 /* so many factors are multiplied before the range is looked at */

/* a where mask is set, else b */
#define SELECT(mask, a, b) (((a) & (mask)) | ((b) & ~(mask)))

/* The vector 2^-e, for any e: the exponent bits of a number, kept within those of normal ones. */
INLINE void T(power)(VEC *out, const IVEC *e)
{
    const IVEC least = (IVEC){0} + 1, most = least * (2 * (INT)BIAS);
    IVEC bits = BIAS - *e;

    bits = SELECT(bits > least, bits, least);
    bits = SELECT(bits < most, bits, most);
    *out = (VEC)(bits << MANTISSA_BITS);
}

/* largest = max(largest, |x|), as bits: magnitudes are ordered as their bits are. */
INLINE void T(note_magnitude)(IVEC *largest, const VEC *x)
{
    const INT high = (INT)1 << (8 * sizeof(INT) - 2); /* all bits but the sign: */
    const INT magnitude = high - 1 + high;
    IVEC bits = (IVEC)*x & magnitude;

    *largest = SELECT(bits > *largest, bits, *largest);
}

/* v *= 2^-e, *exponent += e, with e such that the largest magnitude falls into [1/2, 1). */
INLINE void T(scale_by)(VEC *v, IVEC *exponent, const IVEC *largest, size_t n)
{
    IVEC e = (*largest >> MANTISSA_BITS) - (BIAS - 1);
    VEC factor;

    T(power)(&factor, &e);
    for (size_t i = 0; i < n; i++)
        v[i] *= factor;
    *exponent += e;
}

INLINE void T(rescale)(VEC *v, IVEC *exponent, size_t n)
{
    IVEC largest = {0};

    for (size_t i = 0; i < n; i++)
        T(note_magnitude)(&largest, &v[i]);
    T(scale_by)(v, exponent, &largest, n);
}

/* v = 2^-e prod_k below_k, and e */
INLINE void T(pool_any)(VEC *v, IVEC *exponent, const VEC *below, size_t window, size_t dim,
                        bool scaled)
{
    *exponent = (IVEC){0};
    memcpy(v, below, dim * sizeof *v);
    for (size_t k = 1; k < window; k++) {
        below += dim;
        for (size_t d = 0; d < dim; d++)
            v[d] *= below[d];
        if (scaled && k % UNCHECKED_FACTORS == UNCHECKED_FACTORS - 1 && k + 1 < window)
            T(rescale)(v, exponent, dim);
    }
    if (scaled)
        T(rescale)(v, exponent, dim);
}

/* The same without looking at the range in between: a product stays in a register. */
INLINE void T(pool_few)(VEC *v, IVEC *exponent, const VEC *below, const size_t window, size_t dim,
                        bool scaled)
{
    IVEC largest = {0};

    for (size_t d = 0; d < dim; d++) {
        VEC product = below[d];
        for (size_t k = 1; k < window; k++)
            product *= below[k * dim + d];
        T(note_magnitude)(&largest, &product);
        v[d] = product;
    }
    *exponent = (IVEC){0};
    if (scaled)
        T(scale_by)(v, exponent, &largest, dim);
}

INLINE void T(pool_window)(VEC *v, IVEC *exponent, const VEC *below, size_t window, size_t dim,
                           bool scaled)
{
    if (window == 4)
        T(pool_few)(v, exponent, below, 4, dim, scaled);
    else if (window == 2)
        T(pool_few)(v, exponent, below, 2, dim, scaled);
    else
        T(pool_any)(v, exponent, below, window, dim, scaled);
}

/**
 * The gradient of the children, in their place: below_k = dv 2^-e prod_{j != k} below_j, by
 * products of the children to the left and to the right. dv is used up as the left ones.
 */
typedef struct T(unpooling) {
    VEC *below, *dv;
    const IVEC *exponent;
    VEC *suffix; /* room: window x dim */
    IVEC *suffix_exponent;
    size_t window, dim;
} T(unpooling);

/* suffix_k = 2^-suffix_exponent_k prod_{j > k} below_j */
INLINE void T(suffixes)(const T(unpooling) * u)
{
    size_t dim = u->dim;
    VEC *last = u->suffix + (u->window - 1) * dim;

    for (size_t d = 0; d < dim; d++)
        last[d] = (VEC){0} + 1;
    u->suffix_exponent[u->window - 1] = (IVEC){0};
    for (size_t k = u->window - 1; k > 0; k--) {
        const VEC *below = u->below + k * dim, *from = u->suffix + k * dim;
        VEC *to = u->suffix + (k - 1) * dim;
        for (size_t d = 0; d < dim; d++)
            to[d] = from[d] * below[d];
        u->suffix_exponent[k - 1] = u->suffix_exponent[k];
        if ((u->window - k) % UNCHECKED_FACTORS == 0)
            T(rescale)(to, &u->suffix_exponent[k - 1], dim);
    }
}

INLINE void T(unpool_any)(const T(unpooling) * u)
{
    IVEC prefix_exponent = {0};
    VEC factor;

    T(suffixes)(u);
    for (size_t k = 0; k < u->window; k++) {
        VEC *below = u->below + k * u->dim;
        const VEC *suffix = u->suffix + k * u->dim;
        IVEC e = *u->exponent - prefix_exponent - u->suffix_exponent[k];
        T(power)(&factor, &e);
        for (size_t d = 0; d < u->dim; d++) {
            VEC left = u->dv[d];
            u->dv[d] = left * below[d];
            below[d] = left * suffix[d] * factor;
        }
        if (k % UNCHECKED_FACTORS == UNCHECKED_FACTORS - 1)
            T(rescale)(u->dv, &prefix_exponent, u->dim);
    }
}

/* The same without looking at the range in between: products stay in registers. */
INLINE void T(unpool_few)(const T(unpooling) * u, const size_t window)
{
    VEC factor;

    T(power)(&factor, u->exponent);
    for (size_t d = 0; d < u->dim; d++) {
        VEC x[UNCHECKED_FACTORS], right[UNCHECKED_FACTORS], left = u->dv[d] * factor;
        for (size_t k = 0; k < window; k++)
            x[k] = u->below[k * u->dim + d];
        right[window - 1] = (VEC){0} + 1;
        for (size_t k = window - 1; k > 0; k--)
            right[k - 1] = right[k] * x[k];
        for (size_t k = 0; k < window; k++) {
            u->below[k * u->dim + d] = left * right[k];
            left *= x[k];
        }
    }
}

INLINE void T(unpool_window)(const T(unpooling) * u)
{
    if (u->window == 4)
        T(unpool_few)(u, 4);
    else if (u->window == 2)
        T(unpool_few)(u, 2);
    else
        T(unpool_any)(u);
}
