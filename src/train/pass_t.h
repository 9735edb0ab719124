/* SPDX-License-Identifier: GPL-3.0-or-later */

/**
 * The pass of LANES samples through a network, forward and backward, for one precision: all levels
 * in turn, or a stage of a pass that other samples take beside it. The formulas are in
 * entcap/train.h, the layout in lanes_t.h, what a level does in levels_t.h.
 */

#include "train_i.h"

#include "core/flow.h"

#include <math.h>
#include <string.h>

#include "lanes_t.h"

#include "features_t.h"
#include "loss_t.h"
#include "norm_t.h"
#include "pool_t.h"
#include "product_t.h"

#include "maps_t.h"
#include "workspace_t.h"

#include "levels_t.h"

typedef enum T(stage_kind) {
    T(STAGE_WHOLE), /* all there is, norms being as they are; without norms, backward, too */
    T(STAGE_RISE),  /* from the pooled vectors of level l-1 to those of level l, with moments */
    T(STAGE_TOP),   /* from those of the last level to the verdict, and back to its dV */
    T(STAGE_FALL),  /* from dV of level l to that of level l-1, with its sums */
} T(stage_kind);

typedef struct T(stage) {
    T(stage_kind) kind;
    size_t l;
    const REAL *parameters;
    REAL *gradient; /* added to; NULL: not wanted */
    const pass_batch *batch;
} T(stage);

/* --------------------------------------------------------------------- top */

/* The first level with a product of sample s that is not finite; n_levels if there is none. */
INLINE size_t T(first_not_finite)(const struct T(pass) * w, unsigned s)
{
    for (size_t l = 0; l < w->p->n_levels; l++) {
        const ec_level *level = &w->p->arch->levels[l];
        for (size_t i = 0; i < ec_level_positions(level) * ec_level_rows(w->p->arch, l); i++)
            if (!isfinite(w->u[l][i][s]))
                return l;
    }
    return w->p->n_levels;
}

/* Lanes without a sample take the first one's values, and their gradients are 0. */
INLINE void T(fill_idle_lanes)(struct T(pass) * w, unsigned n)
{
    for (unsigned s = 0; s < LANES; s++)
        (*w->alive)[s] = s < n ? 1 : 0;
    for (size_t i = 0; i < w->p->arch->n_sites; i++)
        for (unsigned s = n; s < LANES; s++)
            w->value[i][s] = w->value[i][0];
}

/* Verdicts on the n samples at the top; are all finite? */
INLINE bool T(judge_all)(struct T(pass) * w, const pass_batch *b)
{
    size_t top = w->p->n_levels - 1, outputs = w->p->arch->outputs;
    bool finite = true;

    for (size_t i = 0; b->z != NULL && i < b->n * outputs; i++)
        b->z[i] = (double)w->u[top][i % outputs][i / outputs];
    for (unsigned s = 0; s < b->n; s++) {
        verdict v = T(judge)(w->u[top], s, b->label[s], w->p, w->softmax);
        v.level = v.finite ? 0 : T(first_not_finite)(w, s);
        finite = finite && v.finite;
        b->verdict[s] = v;
    }
    for (size_t y = 0; y < outputs; y++)
        for (unsigned s = b->n; s < LANES; s++)
            w->u[top][y][s] = 0;
    return finite;
}

/* ------------------------------------------------------------- sample by sample */

INLINE void T(whole)(struct T(pass) * w, const T(stage) * s)
{
    const plan *p = w->p;

    T(fill_idle_lanes)(w, s->batch->n);
    for (size_t l = 0; l < p->n_levels; l++) {
        T(tile) t = T(tile_of)(w, s->parameters, l);
        for (size_t first = 0; T(tile_take)(&t, first); first += TILE) {
            T(tile_pool)(&t);
            T(tile_map)(&t);
        }
    }
    if (!T(judge_all)(w, s->batch) || s->gradient == NULL)
        return;
    for (size_t l = p->n_levels; l-- > 0;) {
        T(tile) t = T(tile_of)(w, s->parameters, l);
        for (size_t first = 0; T(tile_take)(&t, first); first += TILE) {
            if (T(reads_features)(w, l))
                T(tile_features)(&t);
            T(tile_map_back)(&t, w->dv, s->gradient);
            T(tile_pool_back)(&t, w->dv);
        }
        T(level_collect)(&t, s->gradient);
    }
    T(map_collect)(w, s->gradient);
}

/* ---------------------------------------------------------------- level by level */

INLINE void T(level_map)(struct T(pass) * w, const T(stage) * s, size_t l)
{
    T(tile) t = T(tile_of)(w, s->parameters, l);

    for (size_t first = 0; T(tile_take)(&t, first); first += TILE) {
        if (T(is_bare)(w, l))
            T(tile_features)(&t);
        T(tile_map)(&t);
    }
}

INLINE void T(rise)(struct T(pass) * w, const T(stage) * s)
{
    T(tile) t = T(tile_of)(w, s->parameters, s->l);

    if (s->l == 0)
        T(fill_idle_lanes)(w, s->batch->n);
    else
        T(level_map)(w, s, s->l - 1);
    for (size_t first = 0; T(tile_take)(&t, first); first += TILE)
        T(tile_pool)(&t);
    if (T(has_norm)(w, s->l))
        T(lane_moments)
    (w->sums, w->sums + t.dim, w->v[s->l], ec_level_positions(&w->p->arch->levels[s->l]), t.dim);
}

/* dV of a level from dU, and what its norm needs of it. */
INLINE void T(level_map_back)(struct T(pass) * w, const T(stage) * s, size_t l)
{
    T(tile) t = T(tile_of)(w, s->parameters, l);

    memset(w->sums, 0, 2 * t.dim * sizeof *w->sums);
    for (size_t first = 0; T(tile_take)(&t, first); first += TILE) {
        VEC *dv = w->dv + first * t.dim;
        if (T(is_bare)(w, l))
            T(tile_features)(&t);
        T(tile_map_back)(&t, dv, s->gradient);
        if (T(has_norm)(w, l))
            T(norm_sums)(w->sums, w->sums + t.dim, dv, T(tile_vectors)(&t), t.n, t.dim);
    }
    T(level_collect)(&t, s->gradient);
}

INLINE void T(top)(struct T(pass) * w, const T(stage) * s)
{
    size_t top = w->p->n_levels - 1;

    T(level_map)(w, s, top);
    if (T(judge_all)(w, s->batch))
        T(level_map_back)(w, s, top);
}

INLINE void T(fall)(struct T(pass) * w, const T(stage) * s)
{
    T(tile) t = T(tile_of)(w, s->parameters, s->l);

    for (size_t first = 0; T(tile_take)(&t, first); first += TILE) {
        T(norm_back)
        b = {.dy = w->dv + first * t.dim, .alive = w->alive, .n = t.n, .c = t.dim};
        if (T(has_norm)(w, s->l)) {
            b.u = T(tile_vectors)(&t);
            b.norm = &w->norm[s->l];
            b.gamma = t.gamma;
            T(norm_back_run)(&b);
        }
        if (T(reads_features)(w, s->l))
            T(tile_features)(&t);
        T(tile_pool_back)(&t, b.dy);
    }
    if (s->l > 0)
        T(level_map_back)(w, s, s->l - 1);
    else
        T(map_collect)(w, s->gradient);
}

/* ----------------------------------------------------------------- dispatch */

INLINE void T(run)(struct T(pass) * w, const T(stage) * s)
{
    switch (s->kind) {
    case T(STAGE_WHOLE):
        T(whole)(w, s);
        break;
    case T(STAGE_RISE):
        T(rise)(w, s);
        break;
    case T(STAGE_TOP):
        T(top)(w, s);
        break;
    case T(STAGE_FALL):
        T(fall)(w, s);
        break;
    }
}

/* The same twice: the vectors of a machine with AVX2 are twice as long, and it has fused products.
 */
#ifdef __x86_64__
__attribute__((target("avx2,fma"))) static void T(run_avx2)(struct T(pass) * w, const T(stage) * s)
{
    T(run)(w, s);
}
#endif

static void T(run_plain)(struct T(pass) * w, const T(stage) * s)
{
    T(run)(w, s);
}

static void T(pass_stage)(struct T(pass) * w, const T(stage) * s)
{
#ifdef __x86_64__
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
        T(run_avx2)(w, s);
        return;
    }
#endif
    T(run_plain)(w, s);
}

void T(pass_run)(struct T(pass) * w, REAL *gradient, const REAL *parameters, const pass_batch *b)
{
    T(pass_stage)
    (w, &(T(stage)){
            .kind = T(STAGE_WHOLE), .parameters = parameters, .gradient = gradient, .batch = b});
}
