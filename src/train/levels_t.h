/* SPDX-License-Identifier: GPL-3.0-or-later */

/**
 * A level of a pass, forward and backward, in tiles of some positions: what a tile needs (features,
 * or the vectors pooled from below; their gradients) stays in the innermost cache between pooling
 * and product. The outputs of all matrices are kept, and overwritten by their gradients on the way
 * back; cheap features are computed a second time instead. See workspace_t.h.
 */

/* A level at hand, and some of its positions. */
typedef struct T(tile) {
    struct T(pass) * w;
    const REAL *parameters;
    size_t l, first, n;
    size_t window, dim, rows; /* of the level: P_l, channels below and above W_l */
    size_t bias;              /* where it begins, or SIZE_MAX */
    const REAL *gamma, *beta; /* if there is a norm */
} T(tile);

INLINE T(tile) T(tile_of)(struct T(pass) * w, const REAL *parameters, size_t l)
{
    const plan *p = w->p;
    const ec_level *level = &p->arch->levels[l];
    T(tile)
    t = {.w = w,
         .parameters = parameters,
         .l = l,
         .window = ec_level_window(level),
         .dim = ec_level_channels(level),
         .rows = ec_level_rows(p->arch, l),
         .bias = plan_find(p, PART_BIAS, l)};

    if (T(has_norm)(w, l)) {
        t.gamma = parameters + plan_find(p, PART_GAMMA, l);
        t.beta = parameters + plan_find(p, PART_BETA, l);
    }
    return t;
}

/* The tile from position `first` on; false if the level ends there. */
INLINE bool T(tile_take)(T(tile) * t, size_t first)
{
    size_t positions = ec_level_positions(&t->w->p->arch->levels[t->l]);

    t->first = first;
    t->n = first >= positions ? 0 : positions - first < TILE ? positions - first : TILE;
    return t->n > 0;
}

/* What stands below the matrix, before it is normed. */
INLINE VEC *T(tile_vectors)(const T(tile) * t)
{
    return T(is_bare)(t->w, t->l) ? t->w->feature : t->w->v[t->l] + t->first * t->dim;
}

/* Is the vector below the dense layer taken over its root mean square? */
INLINE bool T(is_unit)(const T(tile) * t)
{
    return t->l + 1 == t->w->p->n_levels && t->w->p->scaled;
}

/* W_l of position i. */
INLINE size_t T(matrix_at)(const T(tile) * t, size_t i)
{
    const plan *p = t->w->p;

    return p->matrix_start[t->l] +
           (p->arch->levels[t->l].shared ? 0 : (size_t)p->place[t->l + 1][i] * t->rows * t->dim);
}

/* Positions of a tile with one matrix. */
INLINE size_t T(matrix_step)(const T(tile) * t)
{
    return t->w->p->arch->levels[t->l].shared ? t->n : 1;
}

/* ------------------------------------------------------------------ forward */

INLINE void T(tile_features)(const T(tile) * t)
{
    const plan *p = t->w->p;

    T(map_sites)
    (t->w->feature, t->w->value + t->first * t->window, t->n * t->window,
     t->parameters + p->matrix_start[p->n_levels], &p->arch->input);
}

/* Vectors below the matrix from those of the level below, or from the features. */
INLINE void T(tile_pool)(const T(tile) * t)
{
    struct T(pass) *w = t->w;
    const VEC *below = w->feature;
    VEC *v = w->v[t->l] + t->first * t->dim;

    if (t->l == 0)
        T(tile_features)(t);
    else
        below = w->u[t->l - 1] + t->first * t->window * t->dim;
    if (T(is_bare)(w, t->l))
        return;
    for (size_t p = 0; p < t->n; p++, v += t->dim, below += t->window * t->dim)
        T(pool_window)(v, &w->exponent[t->l][t->first + p], below, t->window, t->dim, w->p->scaled);
}

/* What the matrix is applied to: the vectors, or gamma v + beta. */
INLINE const VEC *T(tile_normed)(const T(tile) * t)
{
    const VEC *v = T(tile_vectors)(t);

    if (!T(has_norm)(t->w, t->l))
        return v;
    T(norm_affine)
    (t->w->affine, v, t->gamma, t->beta, t->n, t->dim);
    return t->w->affine;
}

/* U = W V + bias */
INLINE void T(tile_map)(const T(tile) * t)
{
    size_t step = T(matrix_step)(t);
    T(product) m = {.rows = t->rows, .cols = t->dim, .row = t->dim, .col = 1};
    VEC *u = t->w->u[t->l] + t->first * t->rows;

    if (T(has_norm)(t->w, t->l))
        T(norm_unit)(T(tile_vectors)(t), &t->w->norm[t->l], t->n, t->dim);
    if (T(is_unit)(t))
        T(normalise)(T(tile_vectors)(t), t->dim, t->w->rho);
    const VEC *v = T(tile_normed)(t);
    for (size_t p = 0; p < t->n; p += step) {
        m.to = u + p * t->rows;
        m.from = v + p * t->dim;
        m.matrix = t->parameters + T(matrix_at)(t, t->first + p);
        T(product_run)(&m, step);
    }
    for (size_t i = 0; t->bias != SIZE_MAX && i < t->n * t->rows; i++)
        u[i] += t->parameters[t->bias + i % t->rows];
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

/*
 * dW += dU V^T into dmatrix (collected at once if the matrix is its position's own), dV = W^T dU.
 * dv: of the tile.
 */
INLINE void T(tile_map_back)(const T(tile) * t, VEC *dv, REAL *gradient)
{
    struct T(pass) *w = t->w;
    size_t step = T(matrix_step)(t);
    const VEC *v = T(tile_normed)(t), *du = w->u[t->l] + t->first * t->rows;
    T(outer) o = {.sum = w->dmatrix, .rows = t->rows, .cols = t->dim, .positions = step};
    T(product) m = {.rows = t->dim, .cols = t->rows, .row = 1, .col = t->dim};

    for (size_t p = 0; p < t->n; p += step) {
        size_t at = T(matrix_at)(t, t->first + p);
        o.to = m.from = du + p * t->rows;
        o.from = v + p * t->dim;
        m.to = dv + p * t->dim;
        m.matrix = t->parameters + at;
        T(outer_run)(&o);
        T(product_run)(&m, step);
        if (!w->p->arch->levels[t->l].shared)
            T(collect)(gradient + at, w->dmatrix, t->rows * t->dim);
    }
    for (size_t i = 0; t->bias != SIZE_MAX && i < t->n * t->rows; i++)
        w->dbias[i % t->rows] += du[i];
    if (T(is_unit)(t))
        T(normalise_back)(dv, v, t->dim, w->rho);
}

/* What was added up for a level. */
INLINE void T(level_collect)(const T(tile) * t, REAL *gradient)
{
    struct T(pass) *w = t->w;

    if (w->p->arch->levels[t->l].shared)
        T(collect)(gradient + w->p->matrix_start[t->l], w->dmatrix, t->rows * t->dim);
    if (t->bias != SIZE_MAX)
        T(collect)(gradient + t->bias, w->dbias, t->rows);
}

/* From dv of a tile to the gradient of what was pooled, which stands at `below` and gives place. */
INLINE void T(tile_unpool)(const T(tile) * t, VEC *below, VEC *dv)
{
    struct T(pass) *w = t->w;
    T(unpooling)
    u = {.below = below,
         .dv = dv,
         .exponent = w->exponent[t->l] + t->first,
         .suffix = w->suffix,
         .suffix_exponent = w->suffix_exponent,
         .window = t->window,
         .dim = t->dim};

    for (size_t p = 0; p < t->n; p++, u.exponent++) {
        T(unpool_window)(&u);
        u.below += u.window * u.dim;
        u.dv += u.dim;
    }
}

/* Does the way back of a level need its features (w->feature)? */
INLINE bool T(reads_features)(const struct T(pass) * w, size_t l)
{
    return l == 0 && (T(is_bare)(w, 0) || w->p->arch->input.features.learned);
}

/* From dv of a tile of level 0 through its pool, if there is one, to the feature map. */
INLINE void T(tile_features_back)(const T(tile) * t, VEC *dv)
{
    struct T(pass) *w = t->w;
    T(feature_sums)
    sums = {.dslope = w->dmap,
            .doffset = w->dmap + t->dim,
            .df = dv,
            .f = w->feature,
            .value = w->value + t->first * t->window,
            .n = t->n * t->window,
            .m = t->dim};

    if (!w->p->arch->input.features.learned)
        return;
    if (!T(is_bare)(w, 0)) {
        memcpy(w->dfeature, w->feature, t->n * t->window * t->dim * sizeof(VEC));
        T(tile_unpool)(t, w->dfeature, dv);
        sums.df = w->dfeature;
    }
    T(map_sites_back)(&sums, &w->p->arch->input);
}

/* From dv of a tile to what is below. */
INLINE void T(tile_pool_back)(const T(tile) * t, VEC *dv)
{
    if (t->l == 0)
        T(tile_features_back)(t, dv);
    else
        T(tile_unpool)(t, t->w->u[t->l - 1] + t->first * t->window * t->dim, dv);
}

/* What was added up for the feature map: its own parameters, if they are learned. */
INLINE void T(map_collect)(struct T(pass) * w, REAL *gradient)
{
    size_t start = w->p->matrix_start[w->p->n_levels];

    T(collect)(gradient + start, w->dmap, w->p->n_learned - start);
}
