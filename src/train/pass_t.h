/* SPDX-License-Identifier: GPL-3.0-or-later */

/**
 * The pass of one sample through a network, forward and backward, for one precision: included by
 * pass_f32.c and pass_f64.c, which define
 *     REAL, T(name)                  the type, and name_f32 or name_f64
 *     LARGEST_EXPONENT               of a power of two in range
 *     GEMM, MAT, CMAT, CMAT_T        product of linalg, and its packed matrices
 * The formulas are in entcap/train.h.
 */

#include "train_i.h"

#include "entcap/linalg.h"

#include "core/flow.h"

#include <math.h>
#include <string.h>

struct T(pass) {
    const plan *p;
    REAL *value;    /* n_sites: what the feature map reads */
    REAL *feature;  /* n_sites x M */
    REAL **v;       /* level l: pooled vectors, positions x d_l */
    REAL **u;       /* level l: W_l v, positions x d_{l+1}; the last: logits */
    int **exponent; /* level l: v is 2^-exponent times the product, per position */
    REAL *grad[2];  /* gradients with respect to v and to what was pooled, the widest of each */
    REAL *suffix;   /* products of the children to the right, per child of one window */
    int *suffix_exponent;
    double *softmax; /* Y */
};

void T(pass_free)(struct T(pass) * w)
{
    if (w == NULL)
        return;
    for (size_t l = 0; l < w->p->n_levels; l++) {
        ec_free(w->v != NULL ? w->v[l] : NULL);
        ec_free(w->u != NULL ? w->u[l] : NULL);
        ec_free(w->exponent != NULL ? w->exponent[l] : NULL);
    }
    ec_free(w->value);
    ec_free(w->feature);
    ec_free(w->v);
    ec_free(w->u);
    ec_free(w->exponent);
    ec_free(w->grad[0]);
    ec_free(w->grad[1]);
    ec_free(w->suffix);
    ec_free(w->suffix_exponent);
    ec_free(w->softmax);
    ec_free(w);
}

ec_status T(pass_new)(struct T(pass) * *out, const plan *p, ec_error *err)
{
    ec_status status = EC_OK;
    struct T(pass) *w = NULL;

    *out = NULL;
    EC_NEW(w, 1);
    w->p = p;
    EC_NEW(w->value, p->arch->n_sites);
    EC_NEW(w->feature, p->arch->n_sites * p->arch->input.channels);
    EC_NEW(w->v, p->n_levels);
    EC_NEW(w->u, p->n_levels);
    EC_NEW(w->exponent, p->n_levels);
    for (size_t l = 0; l < p->n_levels; l++) {
        const ec_level *level = &p->arch->levels[l];
        EC_NEW(w->v[l], ec_level_positions(level) * level->dim);
        EC_NEW(w->u[l], ec_level_positions(level) * level->out);
        EC_NEW(w->exponent[l], ec_level_positions(level));
    }
    EC_NEW(w->grad[0], p->widest);
    EC_NEW(w->grad[1], p->widest);
    EC_NEW(w->suffix, p->window);
    EC_NEW(w->suffix_exponent, p->window);
    EC_NEW(w->softmax, p->arch->outputs);
done:
    if (status == EC_OK)
        *out = w;
    else
        T(pass_free)(w);
    return status;
}

/* ------------------------------------------------------------------ products */

#define UNCHECKED_FACTORS 4 /* so many factors are multiplied before the range is looked at */

/* Scale v by the power of two that brings its largest magnitude into [1/2, 1); its exponent. */
static int T(rescale)(REAL *v, size_t n)
{
    REAL largest = 0;
    int exponent;

#pragma omp simd reduction(max : largest)
    for (size_t i = 0; i < n; i++) {
        REAL magnitude = v[i] < 0 ? -v[i] : v[i];
        largest = magnitude > largest ? magnitude : largest;
    }
    if (largest == 0 || !isfinite(largest))
        return 0;
    (void)frexp((double)largest, &exponent);
    if (exponent < -LARGEST_EXPONENT) /* 2^-exponent itself must be in range */
        exponent = -LARGEST_EXPONENT;
    REAL factor = (REAL)ldexp(1, -exponent);
    for (size_t i = 0; i < n; i++)
        v[i] *= factor;
    return exponent;
}

/* v_p = 2^-e_p prod over the children c of p of below_c */
static void T(pool)(struct T(pass) * w, size_t l, const REAL *below)
{
    const ec_level *level = &w->p->arch->levels[l];
    size_t dim = level->dim, window = ec_level_window(level);
    const uint32_t *child = w->p->child[l];

    for (size_t p = 0; p < ec_level_positions(level); p++, child += window) {
        REAL *v = w->v[l] + p * dim;
        int exponent = 0;
        memcpy(v, below + child[0] * dim, dim * sizeof *v);
        for (size_t k = 1; k < window; k++) {
            const REAL *factor = below + child[k] * dim;
            for (size_t i = 0; i < dim; i++)
                v[i] *= factor[i];
            if (k % UNCHECKED_FACTORS == UNCHECKED_FACTORS - 1)
                exponent += T(rescale)(v, dim);
        }
        w->exponent[l][p] = exponent + T(rescale)(v, dim);
    }
}

/* suffix_k = 2^-suffix_exponent_k prod_{j > k} of the window's children */
static void T(suffixes)(struct T(pass) * w, const REAL *below, const uint32_t *child, size_t window,
                        size_t dim)
{
    REAL *last = w->suffix + (window - 1) * dim;

    for (size_t i = 0; i < dim; i++)
        last[i] = 1;
    w->suffix_exponent[window - 1] = 0;
    for (size_t k = window - 1; k > 0; k--) {
        const REAL *factor = below + child[k] * dim;
        const REAL *from = w->suffix + k * dim;
        REAL *to = w->suffix + (k - 1) * dim;
        for (size_t i = 0; i < dim; i++)
            to[i] = from[i] * factor[i];
        w->suffix_exponent[k - 1] = w->suffix_exponent[k];
        if ((window - k) % UNCHECKED_FACTORS == 0)
            w->suffix_exponent[k - 1] += T(rescale)(to, dim);
    }
}

/* One window: dbelow_k = dv 2^-e prod_{j != k} below_j; dv is used up as the prefix. */
static void T(unpool_window)(struct T(pass) * w, REAL *dbelow, REAL *dv, const REAL *below,
                             size_t l, size_t p)
{
    const ec_level *level = &w->p->arch->levels[l];
    size_t dim = level->dim, window = ec_level_window(level);
    const uint32_t *child = w->p->child[l] + p * window;
    int prefix_exponent = 0, known = 0;
    REAL factor = 1;

    T(suffixes)(w, below, child, window, dim);
    for (size_t k = 0; k < window; k++) {
        const REAL *suffix = w->suffix + k * dim, *x = below + child[k] * dim;
        REAL *to = dbelow + child[k] * dim;
        int exponent = prefix_exponent + w->suffix_exponent[k] - w->exponent[l][p];
        if (exponent != known) {
            factor = (REAL)ldexp(1, exponent);
            known = exponent;
        }
        for (size_t i = 0; i < dim; i++) {
            to[i] = dv[i] * suffix[i] * factor;
            dv[i] *= x[i];
        }
        if (k % UNCHECKED_FACTORS == UNCHECKED_FACTORS - 1)
            prefix_exponent += T(rescale)(dv, dim);
    }
}

/* The gradient of what was pooled, dbelow, from that of the vectors of level l, dv. */
static void T(unpool)(struct T(pass) * w, REAL *dbelow, REAL *dv, size_t l, const REAL *below)
{
    const ec_level *level = &w->p->arch->levels[l];

    for (size_t p = 0; p < ec_level_positions(level); p++)
        T(unpool_window)(w, dbelow, dv + p * level->dim, below, l, p);
}

/* ------------------------------------------------------------------ matrices */

/* Level l as products of one matrix with many positions (shared) or of many with one each. */
typedef struct T(blocks) {
    size_t n, rows, in, out;
} T(blocks);

static T(blocks) T(blocks_of)(const ec_level *level)
{
    size_t positions = ec_level_positions(level);
    return (T(blocks)){.n = level->shared ? 1 : positions,
                       .rows = level->shared ? positions : 1,
                       .in = level->dim,
                       .out = level->out};
}

static void T(map)(REAL *u, const REAL *matrix, const REAL *v, const ec_level *level)
{
    T(blocks) b = T(blocks_of)(level);

    for (size_t i = 0; i < b.n; i++) /* U = V W^T, (rows,in)(in,out) -> (rows,out) */
        GEMM(MAT(u + i * b.out, b.rows, b.out), 1, CMAT(v + i * b.in, b.rows, b.in),
             CMAT_T(matrix + i * b.out * b.in, b.out, b.in), 0);
}

static void T(map_back)(REAL *dv, REAL *dmatrix, const REAL *du, const REAL *matrix, const REAL *v,
                        const ec_level *level)
{
    T(blocks) b = T(blocks_of)(level);

    for (size_t i = 0; i < b.n; i++) {
        size_t at = i * b.out * b.in;
        /* dW += dU^T V, (out,rows)(rows,in) -> (out,in) */
        GEMM(MAT(dmatrix + at, b.out, b.in), 1, CMAT_T(du + i * b.out, b.rows, b.out),
             CMAT(v + i * b.in, b.rows, b.in), 1);
        /* dV = dU W, (rows,out)(out,in) -> (rows,in) */
        GEMM(MAT(dv + i * b.in, b.rows, b.in), 1, CMAT(du + i * b.out, b.rows, b.out),
             CMAT(matrix + at, b.out, b.in), 0);
    }
}

/* ------------------------------------------------------------------ features */

static void T(features)(struct T(pass) * w, const REAL *slope, const REAL *offset)
{
    size_t m = w->p->arch->input.channels;
    REAL *f = w->feature;

    for (size_t s = 0; s < w->p->arch->n_sites; s++, f += m)
        for (size_t d = 0; d < m; d++) {
            REAL x = slope[d] * w->value[s] + offset[d];
            f[d] = x > 0 ? x : 0;
        }
}

static void T(features_back)(const struct T(pass) * w, REAL *dslope, REAL *doffset, const REAL *df)
{
    size_t m = w->p->arch->input.channels;
    const REAL *f = w->feature;

    for (size_t s = 0; s < w->p->arch->n_sites; s++, f += m, df += m)
        for (size_t d = 0; d < m; d++) {
            REAL g = f[d] > 0 ? df[d] : 0;
            dslope[d] += g * w->value[s];
            doffset[d] += g;
        }
}

/* ---------------------------------------------------------------------- top */

/* w = t / rho in place; rho, or 0 where t = 0. */
static double T(normalise)(REAL *t, size_t n)
{
    double square = 0;

    for (size_t i = 0; i < n; i++)
        square += (double)t[i] * (double)t[i];
    double rho = sqrt(square / (double)n);
    for (size_t i = 0; i < n && rho > 0; i++)
        t[i] = (REAL)((double)t[i] / rho);
    return rho;
}

/* dt = (dw - w (w . dw) / d) / rho in place */
static void T(normalise_back)(REAL *dw, const REAL *unit, size_t n, double rho)
{
    double along = 0;

    for (size_t i = 0; i < n; i++)
        along += (double)dw[i] * (double)unit[i];
    along /= (double)n;
    for (size_t i = 0; i < n; i++)
        dw[i] = rho > 0 ? (REAL)(((double)dw[i] - along * (double)unit[i]) / rho) : 0;
}

/* softmax of the logits; loss and argmax */
static verdict T(judge)(struct T(pass) * w, const REAL *z, uint32_t label)
{
    verdict result = {.finite = true};
    size_t outputs = w->p->arch->outputs;
    double sum = 0;

    for (uint32_t y = 1; y < outputs; y++)
        if (z[y] > z[result.label])
            result.label = y;
    for (size_t y = 0; y < outputs; y++) {
        w->softmax[y] = exp((double)z[y] - (double)z[result.label]);
        sum += w->softmax[y];
    }
    for (size_t y = 0; y < outputs; y++)
        w->softmax[y] /= sum;
    result.loss = log(sum) + (double)z[result.label] - (double)z[label];
    return result;
}

/* --------------------------------------------------------------------- pass */

/* The first level with a product that is not finite; n_levels if there is none. */
static size_t T(first_not_finite)(const struct T(pass) * w)
{
    for (size_t l = 0; l < w->p->n_levels; l++) {
        const ec_level *level = &w->p->arch->levels[l];
        for (size_t i = 0; i < ec_level_positions(level) * level->out; i++)
            if (!isfinite(w->u[l][i]))
                return l;
    }
    return w->p->n_levels;
}

/* Logits, in u of the last level; rho of the vector below them. */
static double T(forward)(struct T(pass) * w, const REAL *parameters)
{
    const plan *p = w->p;
    const REAL *map = parameters + p->matrix_start[p->n_levels];
    double rho = 0;

    T(features)(w, map, map + p->arch->input.channels);
    for (size_t l = 0; l < p->n_levels; l++) {
        T(pool)(w, l, l == 0 ? w->feature : w->u[l - 1]);
        if (l + 1 == p->n_levels)
            rho = T(normalise)(w->v[l], p->arch->levels[l].dim);
        T(map)(w->u[l], parameters + p->matrix_start[l], w->v[l], &p->arch->levels[l]);
    }
    return rho;
}

static void T(backward)(struct T(pass) * w, REAL *gradient, const REAL *parameters, uint32_t label,
                        double rho)
{
    const plan *p = w->p;
    size_t top = p->n_levels - 1;
    REAL *du = w->grad[0], *dv = w->grad[1];

    for (size_t y = 0; y < p->arch->outputs; y++)
        du[y] = (REAL)(w->softmax[y] - (y == label ? 1 : 0));
    for (size_t l = p->n_levels; l-- > 0;) {
        const ec_level *level = &p->arch->levels[l];
        T(map_back)
        (dv, gradient + p->matrix_start[l], du, parameters + p->matrix_start[l], w->v[l], level);
        if (l == top)
            T(normalise_back)(dv, w->v[l], level->dim, rho);
        T(unpool)(w, du, dv, l, l == 0 ? w->feature : w->u[l - 1]);
    }
    REAL *map = gradient + p->matrix_start[p->n_levels];
    T(features_back)(w, map, map + p->arch->input.channels, du);
}

verdict T(pass_run)(struct T(pass) * w, REAL *gradient, const REAL *parameters,
                    const double *values, uint32_t label)
{
    for (size_t s = 0; s < w->p->arch->n_sites; s++)
        w->value[s] = (REAL)values[s];
    double rho = T(forward)(w, parameters);
    verdict result = T(judge)(w, w->u[w->p->n_levels - 1], label);
    if (!isfinite(result.loss)) {
        result.finite = false;
        result.level = T(first_not_finite)(w);
        return result;
    }
    if (gradient != NULL)
        T(backward)(w, gradient, parameters, label, rho);
    return result;
}
