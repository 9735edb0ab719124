/* SPDX-License-Identifier: GPL-3.0-or-later */

/**
 * The memory of a pass: every number of it is a vector with an entry per sample. See lanes_t.h.
 */

#define TILE 12 /* positions that are in the innermost cache at once */

struct T(pass) {
    const plan *p;
    const T(norm) * norm; /* of every level; NULL without batch norms */
    void *memory;         /* of all that follows */
    VEC *value;           /* n_sites: what the feature map reads */
    VEC **v;         /* level l: pooled (normed) vectors, positions x d_l; NULL for bare features */
    VEC **u;         /* level l: W_l v, positions x d_{l+1}, then its gradient */
    IVEC **exponent; /* level l: v is 2^-exponent times the product, per position */
    VEC *feature;    /* of the sites below a tile of level 0 */
    VEC *dfeature;
    VEC *affine;  /* of a tile: gamma v + beta */
    VEC *dv;      /* of a tile; of a level if batches are passed level by level */
    VEC *dmatrix; /* of the level at hand */
    VEC *dbias;   /* outputs */
    VEC *dmap;    /* of the feature map's parameters */
    VEC *alive;   /* one: 1, and 0 in lanes without a sample */
    VEC *sums;    /* two for every channel of the level at hand: moments; sums of gradients */
    VEC *suffix;  /* room of unpooling, for one window */
    IVEC *suffix_exponent;
    double *softmax; /* Y */
    double rho[LANES];
};

INLINE bool T(has_norm)(const struct T(pass) * w, size_t l)
{
    return w->norm != NULL && w->norm[l].shift != NULL;
}

/* Do the features stand below the first matrix as they are, so cheap that they are not kept? */
INLINE bool T(is_bare)(const struct T(pass) * w, size_t l)
{
    return l == 0 && ec_level_window(&w->p->arch->levels[0]) == 1 && !T(has_norm)(w, 0) &&
           w->p->arch->input.features.kind == EC_FEATURES_AFFINE_RELU;
}

/* Hand out n vectors of the memory; with no memory yet, only count. */
static void *T(carve)(VEC **next, size_t n)
{
    VEC *at = *next;

    *next += n;
    return at;
}

static size_t T(carve_levels)(struct T(pass) * w, VEC **next)
{
    size_t largest = TILE * w->p->widest;

    for (size_t l = 0; l < w->p->n_levels; l++) {
        const ec_level *level = &w->p->arch->levels[l];
        size_t positions = ec_level_positions(level), n = positions * level->dim;
        w->v[l] = T(carve)(next, T(is_bare)(w, l) ? 0 : n);
        w->u[l] = T(carve)(next, positions * level->out);
        w->exponent[l] = T(carve)(next, positions);
        if (w->p->layerwise && n > largest)
            largest = n;
    }
    return largest;
}

/* Lay out the workspace from `memory` on, which may be NULL; its end. */
static VEC *T(lay_out)(struct T(pass) * w, VEC *memory)
{
    const plan *p = w->p;
    const ec_level *base = &p->arch->levels[0];
    VEC *next = memory;

    w->value = T(carve)(&next, p->arch->n_sites);
    w->alive = T(carve)(&next, 1);
    w->dv = T(carve)(&next, T(carve_levels)(w, &next));
    w->feature = T(carve)(&next, TILE * ec_level_window(base) * base->dim);
    w->dfeature = T(carve)(&next, TILE * ec_level_window(base) * base->dim);
    w->affine = T(carve)(&next, TILE * p->widest);
    w->dmatrix = T(carve)(&next, p->largest_matrix);
    w->dbias = T(carve)(&next, p->arch->outputs);
    w->dmap = T(carve)(&next, 2 * (size_t)p->arch->input.channels);
    w->sums = T(carve)(&next, 2 * p->widest);
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

static ec_status T(pass_create)(struct T(pass) * *out, const plan *p, const T(norm) * norm,
                                ec_error *err)
{
    ec_status status = EC_OK;
    struct T(pass) *w = NULL;

    *out = NULL;
    EC_NEW(w, 1);
    w->p = p;
    w->norm = norm;
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

ec_status T(pass_new)(struct T(pass) * *out, const plan *p, ec_error *err)
{
    return T(pass_create)(out, p, NULL, err);
}

void T(pass_load)(struct T(pass) * w, unsigned lane, const double *values)
{
    const uint32_t *site = w->p->place[0];
    double scale = w->p->arch->input.features.scale;

    for (size_t s = 0; s < w->p->arch->n_sites; s++)
        w->value[s][lane] = (REAL)(scale * values[site[s]]);
}
