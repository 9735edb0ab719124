/* SPDX-License-Identifier: GPL-3.0-or-later */

/**
 * A batch through the levels, one after the other: batch norm needs the statistics of all samples
 * before any of them can go on. The vectors of a level are the rows of a matrix,
 * row = position * samples + sample, positions row-major in the level's grid, so that a shared W_l
 * is one product for all of them. On one thread.
 *
 * Included by layerwise_f32.c and layerwise_f64.c, which define REAL, T(name) and the matrix
 * product GEMM with its types MAT and CMAT.
 */

#include "train_i.h"

#include "core/flow.h"

#include "entcap/linalg.h"

#include <math.h>
#include <string.h>

#include "maps_t.h"
#include "norm_t.h"
#include "score_t.h"
#include "windows_t.h"

/* A level while a batch passes; rows as above. */
typedef struct T(stage) {
    REAL *pooled; /* products of windows; normalised in place where there is a norm */
    REAL *normed; /* gamma normalised + beta; pooled itself without a norm */
    REAL *out;    /* normed W^T + bias */
    double *mean, *variance, *inverse; /* channels, of the batch, or NULL */
} T(stage);

struct T(layerwise) {
    const plan *p;
    size_t n, batch; /* samples: of now, at most */
    double *value;   /* batch x sites */
    REAL *feature;   /* rows of sites x M */
    T(stage) * stage;
    REAL *d[2];   /* gradients of a level's outputs, and inputs */
    double *rho;  /* batch */
    double *sums; /* sums over rows for two vectors; or softmax */
};

/* ----------------------------------------------------------------- workspace */

static size_t T(rows)(const struct T(layerwise) * w, size_t l)
{
    return ec_level_positions(&w->p->arch->levels[l]) * w->n;
}

static bool T(has_norm)(const plan *p, size_t l)
{
    return p->arch->layers[p->arch->levels[l].layer].norm;
}

/* Numbers of the largest gradient: of features, or a level's vectors before or behind W. */
static size_t T(largest)(const plan *p)
{
    size_t most = p->arch->n_sites * p->arch->input.channels;

    for (size_t l = 0; l < p->n_levels; l++) {
        const ec_level *level = &p->arch->levels[l];
        size_t wide = level->dim > level->out ? level->dim : level->out;
        size_t n = ec_level_positions(level) * wide;
        most = n > most ? n : most;
    }
    return most;
}

static double T(bytes)(const plan *p, size_t batch)
{
    double n = (double)p->arch->n_sites * p->arch->input.channels + 2 * (double)T(largest)(p);

    for (size_t l = 0; l < p->n_levels; l++)
        n += (double)ec_level_positions(&p->arch->levels[l]) *
             (2.0 * p->arch->levels[l].dim + p->arch->levels[l].out);
    return (double)batch * (n * sizeof(REAL) + (double)p->arch->n_sites * sizeof(double));
}

static ec_status T(stage_init)(T(stage) * s, const plan *p, size_t l, size_t batch, ec_error *err)
{
    ec_status status = EC_OK;
    const ec_level *level = &p->arch->levels[l];
    size_t rows = ec_level_positions(level) * batch, channels = ec_level_channels(level);

    EC_NEW(s->pooled, rows * channels);
    s->normed = s->pooled;
    EC_NEW(s->out, rows * ec_level_rows(p->arch, l));
    if (T(has_norm)(p, l)) {
        EC_NEW(s->normed, rows * channels);
        EC_NEW(s->mean, channels);
        EC_NEW(s->variance, channels);
        EC_NEW(s->inverse, channels);
    }
done:
    return status;
}

ec_status T(layerwise_new)(struct T(layerwise) * *out, const plan *p, size_t batch,
                           const ec_run *run, ec_error *err)
{
    ec_status status = EC_OK;
    struct T(layerwise) *w = NULL;

    *out = NULL;
    EC_TRY(ec_linalg_load(err));
    EC_TRY(ec_run_reserve(run, "training", T(bytes)(p, batch), err));
    EC_NEW(w, 1);
    w->p = p;
    w->batch = batch;
    EC_NEW(w->value, batch * p->arch->n_sites);
    EC_NEW(w->feature, batch * p->arch->n_sites * p->arch->input.channels);
    EC_NEW(w->stage, p->n_levels);
    for (size_t l = 0; l < p->n_levels; l++)
        EC_TRY(T(stage_init)(&w->stage[l], p, l, batch, err));
    for (int i = 0; i < 2; i++)
        EC_NEW(w->d[i], batch * T(largest)(p));
    EC_NEW(w->rho, batch);
    EC_NEW(w->sums, 2 * (p->widest + p->arch->outputs));
    *out = w;
    w = NULL;
done:
    T(layerwise_free)(w);
    return status;
}

void T(layerwise_free)(struct T(layerwise) * w)
{
    if (w == NULL)
        return;
    for (size_t l = 0; w->stage != NULL && l < w->p->n_levels; l++) {
        T(stage) *s = &w->stage[l];
        if (s->normed != s->pooled)
            ec_free(s->normed);
        ec_free(s->pooled);
        ec_free(s->out);
        ec_free(s->mean);
        ec_free(s->variance);
        ec_free(s->inverse);
    }
    ec_free(w->stage);
    ec_free(w->value);
    ec_free(w->feature);
    ec_free(w->d[0]);
    ec_free(w->d[1]);
    ec_free(w->rho);
    ec_free(w->sums);
    ec_free(w);
}

void T(layerwise_load)(struct T(layerwise) * w, size_t s, const double *values)
{
    double scale = w->p->arch->input.features.scale;

    for (size_t i = 0; i < w->p->arch->n_sites; i++)
        w->value[s * w->p->arch->n_sites + i] = scale * values[i];
}

/* ------------------------------------------------------------------- forward */

static void T(map_all)(struct T(layerwise) * w, const REAL *map)
{
    const ec_arch *arch = w->p->arch;
    size_t m = arch->input.channels;

    for (size_t site = 0; site < arch->n_sites; site++)
        for (size_t s = 0; s < w->n; s++)
            T(map_site)
    (w->feature + (site * w->n + s) * m, &arch->input.features, map, m,
     w->value[s * arch->n_sites + site]);
}

static T(norm_of) T(norm_at)(const struct T(layerwise) * w, size_t l, const REAL *parameters)
{
    const T(stage) *s = &w->stage[l];

    return (T(norm_of)){.n = T(rows)(w, l),
                        .c = ec_level_channels(&w->p->arch->levels[l]),
                        .mean = s->mean,
                        .inverse = s->inverse,
                        .gamma = parameters + plan_find(w->p, PART_GAMMA, l),
                        .beta = parameters + plan_find(w->p, PART_BETA, l)};
}

/* With the batch's statistics if it learns, else with the running ones. */
static void T(normalise)(struct T(layerwise) * w, size_t l, const REAL *parameters, bool learn)
{
    const plan *p = w->p;
    T(stage) *s = &w->stage[l];
    T(norm_of) norm = {.n = 0};

    if (!T(has_norm)(p, l)) {
        if (l + 1 == p->n_levels && !ec_arch_is_affine(p->arch))
            T(unit_rows)(s->pooled, w->n, p->arch->levels[l].dim, w->rho);
        return;
    }
    norm = T(norm_at)(w, l, parameters);
    if (learn)
        T(statistics)(s->mean, s->variance, s->pooled, norm.n, norm.c);
    for (size_t j = 0; j < norm.c; j++) {
        if (!learn) {
            s->mean[j] = (double)parameters[plan_find(p, PART_MEAN, l) + j];
            s->variance[j] = (double)parameters[plan_find(p, PART_VARIANCE, l) + j];
        }
        s->inverse[j] = 1 / sqrt(s->variance[j] + EC_NORM_EPSILON);
    }
    T(norm)(s->normed, s->pooled, &norm);
}

/* Matrices that a level has, and the rows that each of them stands over. */
static size_t T(matrices)(const ec_level *level)
{
    return level->shared ? 1 : ec_level_positions(level);
}

/* out = normed W^T + bias */
static void T(apply)(struct T(layerwise) * w, size_t l, const REAL *parameters)
{
    const ec_level *level = &w->p->arch->levels[l];
    const T(stage) *s = &w->stage[l];
    size_t r = ec_level_rows(w->p->arch, l), c = ec_level_channels(level);
    size_t n = T(matrices)(level), rows = T(rows)(w, l) / n;
    size_t bias = plan_find(w->p, PART_BIAS, l);
    const REAL *matrix = parameters + w->p->matrix_start[l];

    for (size_t i = 0; i < n; i++)
        GEMM((MAT){s->out + i * rows * r, rows, r, r}, 1,
             (CMAT){s->normed + i * rows * c, rows, c, c, false},
             (CMAT){matrix + i * r * c, r, c, c, true}, 0);
    for (size_t i = 0; bias != SIZE_MAX && i < T(rows)(w, l); i++)
        for (size_t j = 0; j < r; j++)
            s->out[i * r + j] += parameters[bias + j];
}

static const REAL *T(below)(const struct T(layerwise) * w, size_t l)
{
    return l == 0 ? w->feature : w->stage[l - 1].out;
}

static void T(forward)(struct T(layerwise) * w, const REAL *parameters, bool learn)
{
    const plan *p = w->p;

    T(map_all)(w, parameters + p->matrix_start[p->n_levels]);
    for (size_t l = 0; l < p->n_levels; l++) {
        T(pool)(w->stage[l].pooled, T(below)(w, l), &p->arch->levels[l], w->n);
        T(normalise)(w, l, parameters, learn);
        T(apply)(w, l, parameters);
    }
}

/* ---------------------------------------------------------------------- loss */

static bool T(all_finite)(const REAL *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!isfinite(x[i]))
            return false;
    return true;
}

/* The first level whose outputs are not finite for sample s; the last if none is. */
static size_t T(first_bad)(const struct T(layerwise) * w, size_t s)
{
    for (size_t l = 0; l < w->p->n_levels; l++) {
        size_t r = ec_level_rows(w->p->arch, l);
        for (size_t i = s; i < T(rows)(w, l); i += w->n)
            if (!T(all_finite)(w->stage[l].out + i * r, r))
                return l;
    }
    return w->p->n_levels - 1;
}

/* What the outputs z of sample s say; their gradient goes to dz. */
static verdict T(verdict_on)(const struct T(layerwise) * w, REAL *dz, size_t s, uint32_t label)
{
    const plan *p = w->p;
    size_t n = p->arch->outputs;
    const REAL *z = w->stage[p->n_levels - 1].out + s * n;
    bool magnitude = ec_arch_predicts_magnitude(p->arch);
    verdict v = {.finite = T(all_finite)(z, n)};

    if (!v.finite) {
        v.level = T(first_bad)(w, s);
        return v;
    }
    for (uint32_t y = 1; y < n; y++) {
        double here = (double)z[y], best = (double)z[v.label];
        if (magnitude ? fabs(here) > fabs(best) : here > best)
            v.label = y;
    }
    v.loss = p->loss == EC_LOSS_SQUARED ? T(squared)(dz, z, n, label)
                                        : T(cross_entropy)(dz, z, n, label, w->sums);
    return v;
}

/* ------------------------------------------------------------------ backward */

/* dW = dout^T normed, dbias = sum dout, din = dout W */
static void T(apply_back)(struct T(layerwise) * w, size_t l, REAL *gradient, const REAL *parameters)
{
    const ec_level *level = &w->p->arch->levels[l];
    size_t r = ec_level_rows(w->p->arch, l), c = ec_level_channels(level);
    size_t n = T(matrices)(level), rows = T(rows)(w, l) / n;
    size_t start = w->p->matrix_start[l], bias = plan_find(w->p, PART_BIAS, l);

    for (size_t i = 0; i < n; i++) {
        const REAL *dout = w->d[0] + i * rows * r;
        GEMM((MAT){gradient + start + i * r * c, r, c, c}, 1, (CMAT){dout, rows, r, r, true},
             (CMAT){w->stage[l].normed + i * rows * c, rows, c, c, false}, 0);
        GEMM((MAT){w->d[1] + i * rows * c, rows, c, c}, 1, (CMAT){dout, rows, r, r, false},
             (CMAT){parameters + start + i * r * c, r, c, c, false}, 0);
    }
    for (size_t i = 0; bias != SIZE_MAX && i < T(rows)(w, l); i++)
        for (size_t j = 0; j < r; j++)
            gradient[bias + j] += w->d[0][i * r + j];
}

/* d[1], of what W saw, becomes the gradient of the products. */
static void T(normalise_back)(struct T(layerwise) * w, size_t l, REAL *gradient,
                              const REAL *parameters)
{
    const plan *p = w->p;

    if (T(has_norm)(p, l)) {
        T(norm_of) norm = T(norm_at)(w, l, parameters);
        T(norm_back)
        (w->d[1], w->stage[l].pooled, &norm, gradient + plan_find(p, PART_GAMMA, l),
         gradient + plan_find(p, PART_BETA, l), w->sums);
    } else if (l + 1 == p->n_levels && !ec_arch_is_affine(p->arch)) {
        T(unit_rows_back)(w->d[1], w->stage[l].pooled, w->n, p->arch->levels[l].dim, w->rho);
    }
}

static void T(map_all_back)(struct T(layerwise) * w, REAL *gradient)
{
    const ec_arch *arch = w->p->arch;
    const plan *p = w->p;
    size_t m = arch->input.channels, start = p->matrix_start[p->n_levels];

    memset(w->sums, 0, 2 * m * sizeof *w->sums);
    for (size_t site = 0; site < arch->n_sites; site++)
        for (size_t s = 0; s < w->n; s++) {
            size_t at = (site * w->n + s) * m;
            T(map_site_back)
            (w->sums, &arch->input.features, w->feature + at, w->d[0] + at, m,
             w->value[s * arch->n_sites + site]);
        }
    for (size_t i = start; i < p->n_learned; i++)
        gradient[i] = (REAL)w->sums[i - start];
}

static void T(backward)(struct T(layerwise) * w, REAL *gradient, const REAL *parameters)
{
    const plan *p = w->p;

    memset(gradient, 0, p->n_parameters * sizeof *gradient);
    for (size_t l = p->n_levels; l-- > 0;) {
        T(apply_back)(w, l, gradient, parameters);
        T(normalise_back)(w, l, gradient, parameters);
        if (l > 0 || p->arch->input.features.learned)
            T(pool_back)(w->d[0], w->d[1], T(below)(w, l), &p->arch->levels[l], w->n);
    }
    if (p->arch->input.features.learned)
        T(map_all_back)(w, gradient);
}

void T(layerwise_run)(struct T(layerwise) * w, REAL *gradient, const REAL *parameters,
                      const pass_batch *b)
{
    bool finite = true;

    w->n = b->n;
    T(forward)(w, parameters, gradient != NULL);
    for (size_t s = 0; s < w->n; s++) {
        b->verdict[s] = T(verdict_on)(w, w->d[0] + s * w->p->arch->outputs, s, b->label[s]);
        finite = finite && b->verdict[s].finite;
    }
    if (gradient != NULL && finite)
        T(backward)(w, gradient, parameters);
}

void T(layerwise_keep)(const struct T(layerwise) * w, REAL *parameters)
{
    for (size_t l = 0; l < w->p->n_levels; l++) {
        const T(stage) *s = &w->stage[l];
        double n = (double)T(rows)(w, l), unbias = n > 1 ? n / (n - 1) : 1;

        for (size_t j = 0; s->mean != NULL && j < ec_level_channels(&w->p->arch->levels[l]); j++) {
            REAL *mean = parameters + plan_find(w->p, PART_MEAN, l) + j;
            REAL *variance = parameters + plan_find(w->p, PART_VARIANCE, l) + j;
            *mean = (REAL)((1 - MOMENTUM) * (double)*mean + MOMENTUM * s->mean[j]);
            *variance =
                (REAL)((1 - MOMENTUM) * (double)*variance + MOMENTUM * unbias * s->variance[j]);
        }
    }
}
