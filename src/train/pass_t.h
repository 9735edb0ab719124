/* SPDX-License-Identifier: GPL-3.0-or-later */

/**
 * The pass of LANES samples through a network, forward and backward, for one precision. The
 * formulas are in entcap/train.h, the layout in lanes_t.h.
 *
 * Level by level, and within a level in tiles of some positions: what a tile needs (features, or
 * the vectors pooled from below; their gradients) stays in the innermost cache between pooling and
 * product. The outputs of all matrices are kept, and overwritten by their gradients on the way
 * back; features are computed a second time instead.
 */

#include "train_i.h"

#include "core/flow.h"

#include <math.h>
#include <string.h>

#include "lanes_t.h"

#include "features_t.h"
#include "loss_t.h"
#include "pool_t.h"
#include "product_t.h"

#define TILE 12

struct T(pass) {
    const plan *p;
    void *memory;    /* of all that follows */
    VEC *value;      /* n_sites: what the feature map reads */
    VEC **v;         /* level l: pooled vectors, positions x d_l; NULL for features as they are */
    VEC **u;         /* level l: W_l v, positions x d_{l+1}, then its gradient */
    IVEC **exponent; /* level l: v is 2^-exponent times the product, per position */
    VEC *feature;    /* of the sites below a tile of level 0 */
    VEC *dfeature;
    VEC *dv;      /* of a tile */
    VEC *dmatrix; /* of the level at hand */
    VEC *dmap;    /* slopes and offsets */
    VEC *suffix;  /* room of unpooling, for one window */
    IVEC *suffix_exponent;
    double *softmax; /* Y */
    double rho[LANES];
};

/* ---------------------------------------------------------------- workspace */

/* Do the features themselves stand below the first matrix, without a pool between? */
INLINE bool T(is_bare)(const plan *p, size_t l)
{
    return l == 0 && ec_level_window(&p->arch->levels[0]) == 1;
}

/* Hand out n vectors of the memory; with no memory yet, only count. */
static void *T(carve)(VEC **next, size_t n)
{
    VEC *at = *next;

    *next += n;
    return at;
}

/* Lay out the workspace from `memory` on, which may be NULL; its end. */
static VEC *T(lay_out)(struct T(pass) * w, VEC *memory)
{
    const plan *p = w->p;
    const ec_level *base = &p->arch->levels[0];
    VEC *next = memory;

    w->value = T(carve)(&next, p->arch->n_sites);
    for (size_t l = 0; l < p->n_levels; l++) {
        const ec_level *level = &p->arch->levels[l];
        size_t positions = ec_level_positions(level);
        w->v[l] = T(carve)(&next, T(is_bare)(p, l) ? 0 : positions * level->dim);
        w->u[l] = T(carve)(&next, positions * level->out);
        w->exponent[l] = T(carve)(&next, positions);
    }
    w->feature = T(carve)(&next, TILE * ec_level_window(base) * base->dim);
    w->dfeature = T(carve)(&next, TILE * ec_level_window(base) * base->dim);
    w->dv = T(carve)(&next, TILE * p->widest);
    w->dmatrix = T(carve)(&next, p->largest_matrix);
    w->dmap = T(carve)(&next, 2 * (size_t)base->dim);
    w->suffix = T(carve)(&next, p->window);
    w->suffix_exponent = T(carve)(&next, p->window);
    return next;
}

void T(pass_free)(struct T(pass) * w)
{
    if (w == NULL)
        return;
    ec_free(w->memory);
    ec_free(w->v);
    ec_free(w->u);
    ec_free(w->exponent);
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
    EC_NEW(w->v, p->n_levels);
    EC_NEW(w->u, p->n_levels);
    EC_NEW(w->exponent, p->n_levels);
    EC_NEW(w->softmax, p->arch->outputs);
    VEC *size = T(lay_out)(w, NULL);
    w->memory = ec_calloc((size_t)(uintptr_t)size + sizeof(VEC), 1, err);
    if (w->memory == NULL) {
        status = EC_ENOMEM;
        goto done;
    }
    uintptr_t start = (uintptr_t)w->memory + sizeof(VEC) - 1;
    T(lay_out)(w, (VEC *)(start - start % sizeof(VEC)));
done:
    if (status == EC_OK)
        *out = w;
    else
        T(pass_free)(w);
    return status;
}

void T(pass_load)(struct T(pass) * w, unsigned lane, const double *values)
{
    const uint32_t *site = w->p->place[0];
    double scale = w->p->arch->input.features.scale;

    for (size_t s = 0; s < w->p->arch->n_sites; s++)
        w->value[s][lane] = (REAL)(scale * values[site[s]]);
}

/* ------------------------------------------------------------------ forward */

/* The features of the sites below positions first .. first + n - 1 of level 0. */
INLINE void T(tile_features)(struct T(pass) * w, VEC *f, const REAL *map, size_t first, size_t n)
{
    const ec_level *base = &w->p->arch->levels[0];
    size_t window = ec_level_window(base);

    T(features)(f, w->value + first * window, n * window, map, base->dim);
}

/* Vectors of a tile of level l from what is pooled. */
INLINE void T(tile_pool)(struct T(pass) * w, size_t l, const VEC *below, size_t first, size_t n)
{
    const ec_level *level = &w->p->arch->levels[l];
    size_t dim = level->dim, window = ec_level_window(level);
    VEC *v = w->v[l] + first * dim;

    for (size_t p = 0; p < n; p++, v += dim, below += window * dim)
        T(pool_window)(v, &w->exponent[l][first + p], below, window, dim);
}

/* W_l of position i. */
INLINE size_t T(matrix_at)(const plan *p, size_t l, size_t i)
{
    const ec_level *level = &p->arch->levels[l];

    return p->matrix_start[l] +
           (level->shared ? 0 : (size_t)p->place[l + 1][i] * level->out * level->dim);
}

/* U = W V for n positions with vectors v */
INLINE void T(tile_map)(struct T(pass) * w, const REAL *parameters, size_t l, const VEC *v,
                        size_t first, size_t n)
{
    const ec_level *level = &w->p->arch->levels[l];
    size_t step = level->shared ? n : 1; /* positions with one matrix */
    T(product) m = {.rows = level->out, .cols = level->dim, .row = level->dim, .col = 1};

    for (size_t p = 0; p < n; p += step) {
        m.to = w->u[l] + (first + p) * level->out;
        m.from = v + p * level->dim;
        m.matrix = parameters + T(matrix_at)(w->p, l, first + p);
        T(product_run)(&m, step);
    }
}

INLINE void T(level_forward)(struct T(pass) * w, const REAL *parameters, size_t l)
{
    const plan *p = w->p;
    const ec_level *level = &p->arch->levels[l];
    size_t positions = ec_level_positions(level), dim = level->dim;

    for (size_t first = 0; first < positions; first += TILE) {
        size_t n = positions - first < TILE ? positions - first : TILE;
        const VEC *below = w->feature;
        if (l == 0)
            T(tile_features)(w, w->feature, parameters + p->matrix_start[p->n_levels], first, n);
        else
            below = w->u[l - 1] + first * ec_level_window(level) * dim;
        if (!T(is_bare)(p, l))
            T(tile_pool)(w, l, below, first, n);
        VEC *v = T(is_bare)(p, l) ? w->feature : w->v[l] + first * dim;
        if (l + 1 == p->n_levels)
            T(normalise)(v, dim, w->rho);
        T(tile_map)(w, parameters, l, v, first, n);
    }
}

/* ----------------------------------------------------------------- backward */

/* gradient += the sum of the samples' gradients, which start anew. */
INLINE void T(collect)(REAL *gradient, VEC *sums, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        gradient[i] += T(lane_sum)(&sums[i]);
        sums[i] = (VEC){0};
    }
}

/* dW += dU V^T into dmatrix (collected at once if the matrix is its position's own), dV = W^T dU */
INLINE void T(tile_map_back)(struct T(pass) * w, REAL *gradient, const REAL *parameters, size_t l,
                             const VEC *v, size_t first, size_t n)
{
    const ec_level *level = &w->p->arch->levels[l];
    size_t step = level->shared ? n : 1;
    size_t out = level->out, dim = level->dim;
    T(outer) o = {.sum = w->dmatrix, .rows = out, .cols = dim, .positions = step};
    T(product) m = {.rows = dim, .cols = out, .row = 1, .col = dim};

    for (size_t p = 0; p < n; p += step) {
        size_t at = T(matrix_at)(w->p, l, first + p);
        o.to = m.from = w->u[l] + (first + p) * out;
        o.from = v + p * dim;
        m.to = w->dv + p * dim;
        m.matrix = parameters + at;
        T(outer_run)(&o);
        T(product_run)(&m, step);
        if (!level->shared)
            T(collect)(gradient + at, w->dmatrix, out * dim);
    }
    if (l + 1 == w->p->n_levels)
        T(normalise_back)(w->dv, v, dim, w->rho);
}

/* From dv of a tile to the gradient of what was pooled, in its place. */
INLINE void T(tile_unpool)(struct T(pass) * w, size_t l, VEC *below, size_t first, size_t n)
{
    const ec_level *level = &w->p->arch->levels[l];
    T(unpooling)
    u = {.below = below,
         .dv = w->dv,
         .exponent = w->exponent[l] + first,
         .suffix = w->suffix,
         .suffix_exponent = w->suffix_exponent,
         .window = ec_level_window(level),
         .dim = level->dim};

    for (size_t p = 0; p < n; p++, u.exponent++) {
        T(unpool_window)(&u);
        u.below += u.window * u.dim;
        u.dv += u.dim;
    }
}

/* A tile of level 0: its matrix, its pool if there is one, the feature map. */
INLINE void T(base_back)(struct T(pass) * w, REAL *gradient, const REAL *parameters, size_t first,
                         size_t n)
{
    const plan *p = w->p;
    const ec_level *base = &p->arch->levels[0];
    size_t window = ec_level_window(base), dim = base->dim;
    const REAL *map = parameters + p->matrix_start[p->n_levels];
    T(feature_sums)
    sums = {.dslope = w->dmap,
            .doffset = w->dmap + dim,
            .df = w->dv,
            .f = w->feature,
            .value = w->value + first * window,
            .n = n * window,
            .m = dim};

    T(tile_features)(w, w->feature, map, first, n);
    if (T(is_bare)(p, 0)) {
        T(tile_map_back)(w, gradient, parameters, 0, w->feature, first, n);
    } else {
        T(tile_map_back)(w, gradient, parameters, 0, w->v[0] + first * dim, first, n);
        memcpy(w->dfeature, w->feature, n * window * dim * sizeof(VEC));
        T(tile_unpool)(w, 0, w->dfeature, first, n);
        sums.df = w->dfeature;
    }
    T(features_back)(&sums);
}

INLINE void T(level_back)(struct T(pass) * w, REAL *gradient, const REAL *parameters, size_t l)
{
    const plan *p = w->p;
    const ec_level *level = &p->arch->levels[l];
    size_t positions = ec_level_positions(level), dim = level->dim;

    for (size_t first = 0; first < positions; first += TILE) {
        size_t n = positions - first < TILE ? positions - first : TILE;
        if (l == 0) {
            T(base_back)(w, gradient, parameters, first, n);
            continue;
        }
        const VEC *v = w->v[l] + first * dim;
        T(tile_map_back)(w, gradient, parameters, l, v, first, n);
        T(tile_unpool)(w, l, w->u[l - 1] + first * ec_level_window(level) * dim, first, n);
    }
    if (level->shared)
        T(collect)(gradient + p->matrix_start[l], w->dmatrix, (size_t)level->out * dim);
}

/* --------------------------------------------------------------------- pass */

/* The first level with a product of sample s that is not finite; n_levels if there is none. */
INLINE size_t T(first_not_finite)(const struct T(pass) * w, unsigned s)
{
    for (size_t l = 0; l < w->p->n_levels; l++) {
        const ec_level *level = &w->p->arch->levels[l];
        for (size_t i = 0; i < ec_level_positions(level) * level->out; i++)
            if (!isfinite(w->u[l][i][s]))
                return l;
    }
    return w->p->n_levels;
}

INLINE void T(fill_idle_lanes)(struct T(pass) * w, unsigned n)
{
    for (size_t i = 0; i < w->p->arch->n_sites; i++)
        for (unsigned s = n; s < LANES; s++)
            w->value[i][s] = w->value[i][0];
}

/* Verdicts on the n samples at the top; are all finite? */
INLINE bool T(judge_all)(struct T(pass) * w, verdict *verdicts, const uint32_t *label, unsigned n)
{
    size_t top = w->p->n_levels - 1, outputs = w->p->arch->outputs;
    bool finite = true;

    for (unsigned s = 0; s < n; s++) {
        verdict v = T(judge)(w->u[top], s, label[s], outputs, w->softmax);
        v.finite = isfinite(v.loss);
        v.level = v.finite ? 0 : T(first_not_finite)(w, s);
        finite = finite && v.finite;
        verdicts[s] = v;
    }
    for (size_t y = 0; y < outputs; y++) /* idle lanes learn nothing */
        for (unsigned s = n; s < LANES; s++)
            w->u[top][y][s] = 0;
    return finite;
}

INLINE void T(run)(struct T(pass) * w, REAL *gradient, const REAL *parameters, const pass_batch *b)
{
    const plan *p = w->p;

    T(fill_idle_lanes)(w, b->n);
    for (size_t l = 0; l < p->n_levels; l++)
        T(level_forward)(w, parameters, l);
    if (!T(judge_all)(w, b->verdict, b->label, b->n) || gradient == NULL)
        return;
    for (size_t l = p->n_levels; l-- > 0;)
        T(level_back)(w, gradient, parameters, l);
    T(collect)
    (gradient + p->matrix_start[p->n_levels], w->dmap, 2 * (size_t)p->arch->input.channels);
}

/* The same twice: the vectors of a machine with AVX2 are twice as long, and it has fused products.
 */
#ifdef __x86_64__
__attribute__((target("avx2,fma"))) static void
T(run_avx2)(struct T(pass) * w, REAL *gradient, const REAL *parameters, const pass_batch *b)
{
    T(run)(w, gradient, parameters, b);
}
#endif

static void T(run_plain)(struct T(pass) * w, REAL *gradient, const REAL *parameters,
                         const pass_batch *b)
{
    T(run)(w, gradient, parameters, b);
}

void T(pass_run)(struct T(pass) * w, REAL *gradient, const REAL *parameters, const pass_batch *b)
{
#ifdef __x86_64__
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
        T(run_avx2)(w, gradient, parameters, b);
        return;
    }
#endif
    T(run_plain)(w, gradient, parameters, b);
}
