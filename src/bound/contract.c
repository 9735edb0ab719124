/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bound/contract.h"

#include "core/flow.h"

#include <flint/nmod_vec.h>

/*
 * A factor is an array over a list of indices, row-major: a tensor, the inputs of a site, or a
 * product of such, summed over the indices that are done. It waits in the bucket of the first of
 * its indices in the order, so that the bucket of an index holds all factors with that index when
 * its turn comes. Without numbers (x = NULL everywhere) the same steps only count bytes.
 */
typedef struct factor {
    uint32_t *index;
    size_t n;
    double size; /* product of the dimensions; may exceed what fits */
    uint64_t *x;
    struct factor *next;
} factor;

typedef struct contraction {
    const ec_samples *what;
    ec_rng *rng; /* NULL: only count */
    nmod_t mod;
    size_t n;        /* network indices; n and n + 1 are the inputs s and t */
    size_t *turn;    /* n + 2: place of an index in the order */
    factor **bucket; /* n + 1; the last is for factors that hold no index but s and t */
    double bytes, peak_bytes;
} contraction;

static size_t dimension(const contraction *c, uint32_t e)
{
    return e < c->n ? c->what->network->dim[e] : c->what->inputs;
}

/* ----------------------------------------------------------------- factors */

static void factor_free(contraction *c, factor *f)
{
    if (f == NULL)
        return;
    c->bytes -= f->size * sizeof *f->x;
    ec_free(f->index);
    ec_free(f->x);
    ec_free(f);
}

/* A zeroed factor over the members of `index` of dimension > 1; NULL after a reported failure. */
static factor *factor_new(contraction *c, const uint32_t *index, size_t n, ec_error *err)
{
    factor *f = ec_calloc(1, sizeof *f, err);

    if (f == NULL)
        return NULL;
    f->index = ec_calloc(n, sizeof *f->index, err);
    f->size = 1;
    for (size_t k = 0; f->index != NULL && k < n; k++) {
        if (dimension(c, index[k]) == 1)
            continue;
        f->index[f->n++] = index[k];
        f->size *= (double)dimension(c, index[k]);
    }
    c->bytes += f->size * sizeof *f->x;
    c->peak_bytes = c->bytes > c->peak_bytes ? c->bytes : c->peak_bytes;
    if (f->index != NULL && c->rng != NULL)
        f->x = ec_calloc((size_t)f->size, sizeof *f->x, err);
    if (f->index == NULL || (c->rng != NULL && f->x == NULL)) {
        factor_free(c, f);
        return NULL;
    }
    return f;
}

static void into_bucket(contraction *c, factor *f)
{
    size_t first = c->n;

    for (size_t k = 0; k < f->n; k++)
        if (c->turn[f->index[k]] < first)
            first = c->turn[f->index[k]];
    f->next = c->bucket[first];
    c->bucket[first] = f;
}

/* A factor of random entries, put into its bucket. */
static ec_status add_random(contraction *c, const uint32_t *index, size_t n, ec_error *err)
{
    factor *f = factor_new(c, index, n, err);

    if (f == NULL)
        return EC_ENOMEM;
    for (size_t i = 0; f->x != NULL && i < (size_t)f->size; i++)
        f->x[i] = ec_rng_below(c->rng, c->mod.n);
    into_bucket(c, f);
    return EC_OK;
}

/* ---------------------------------------------------------------- products */

#define NO_INDEX UINT32_MAX

/* Stride of index e in f; 0 if f does not hold it, and is broadcast along it. */
static size_t stride(const contraction *c, const factor *f, uint32_t e)
{
    size_t step = 1;

    for (size_t k = f->n; k-- > 0;) {
        if (f->index[k] == e)
            return step;
        step *= dimension(c, f->index[k]);
    }
    return 0;
}

/* sum_i x[i dx] y[i dy], i < n, in three limbs: n < 2^32 products of 126 bits cannot overflow */
static uint64_t dot(const uint64_t *x, size_t dx, const uint64_t *y, size_t dy, size_t n,
                    nmod_t mod)
{
    uint64_t s2 = 0, s1 = 0, s0 = 0, result;

    for (size_t i = 0; i < n; i++) {
        uint64_t hi, lo;
        umul_ppmm(hi, lo, x[i * dx], y[i * dy]);
        add_sssaaaaaa(s2, s1, s0, s2, s1, s0, 0, hi, lo);
    }
    NMOD_RED(s2, s2, mod);
    NMOD_RED3(result, s2, s1, s0, mod);
    return result;
}

/* The indices of f and g together, without `summed`, in their order. */
static size_t unite(uint32_t *out, const factor *f, const factor *g, uint32_t summed)
{
    size_t n = 0;

    for (size_t k = 0; k < f->n; k++)
        if (f->index[k] != summed)
            out[n++] = f->index[k];
    for (size_t k = 0; k < g->n; k++) {
        bool known = g->index[k] == summed;
        for (size_t m = 0; m < f->n && !known; m++)
            known = f->index[m] == g->index[k];
        if (!known)
            out[n++] = g->index[k];
    }
    return n;
}

/* One index of a product: its dimension, the value it stands at, its strides in both factors. */
typedef struct axis {
    size_t dim, at, in_f, in_g;
} axis;

/* out[...] = sum over `summed` (axis[n]) of f g, axis by axis like an odometer. */
static void multiply(factor *out, const factor *f, const factor *g, axis *axes, nmod_t mod)
{
    const axis *inner = &axes[out->n];
    const uint64_t *x = f->x, *y = g->x;

    for (size_t i = 0; i < (size_t)out->size; i++) {
        out->x[i] = dot(x, inner->in_f, y, inner->in_g, inner->dim, mod);
        for (size_t k = out->n; k-- > 0;) {
            axis *e = &axes[k];
            x += e->in_f;
            y += e->in_g;
            if (++e->at < e->dim)
                break;
            x -= e->dim * e->in_f;
            y -= e->dim * e->in_g;
            e->at = 0;
        }
    }
}

/* *f <- f g, summed over an index (or none); g is used up. */
static ec_status absorb(contraction *c, factor **f, factor *g, uint32_t summed, ec_error *err)
{
    ec_status status = EC_OK;
    uint32_t *index = NULL;
    axis *axes = NULL;
    factor *out = NULL;

    EC_NEW(index, (*f)->n + g->n);
    out = factor_new(c, index, unite(index, *f, g, summed), err);
    status = out != NULL ? EC_OK : EC_ENOMEM;
    if (status != EC_OK || c->rng == NULL)
        goto done;
    EC_NEW(axes, out->n + 1);
    for (size_t k = 0; k < out->n; k++)
        axes[k] = (axis){dimension(c, out->index[k]), 0, stride(c, *f, out->index[k]),
                         stride(c, g, out->index[k])};
    axes[out->n] = (axis){.dim = 1};
    if (summed != NO_INDEX)
        axes[out->n] = (axis){dimension(c, summed), 0, stride(c, *f, summed), stride(c, g, summed)};
    multiply(out, *f, g, axes, c->mod);
done:
    ec_free(index);
    ec_free(axes);
    factor_free(c, g);
    if (status != EC_OK) {
        factor_free(c, out);
        return status;
    }
    factor_free(c, *f);
    *f = out;
    return EC_OK;
}

/* Take the smallest factor out of a bucket. */
static factor *take_smallest(factor **bucket)
{
    factor **best = bucket, *f;

    for (factor **at = bucket; *at != NULL; at = &(*at)->next)
        if ((*at)->size < (*best)->size)
            best = at;
    f = *best;
    *best = f->next;
    return f;
}

/* ------------------------------------------------------------- elimination */

/* The smallest factor of a bucket, or the number 1 from an empty one. */
static factor *take_or_one(contraction *c, factor **bucket, ec_error *err)
{
    factor *one;

    if (*bucket != NULL)
        return take_smallest(bucket);
    one = factor_new(c, NULL, 0, err);
    if (one != NULL && one->x != NULL)
        one->x[0] = 1;
    return one;
}

/* Multiply all factors of a bucket and sum over its index (or none). */
static ec_status empty_bucket(contraction *c, factor **product, size_t k, ec_error *err)
{
    uint32_t summed = k < c->n ? c->what->order[k] : NO_INDEX;
    ec_status status = EC_OK;

    *product = take_or_one(c, &c->bucket[k], err);
    if (*product == NULL)
        return EC_ENOMEM;
    do {
        factor *f = take_or_one(c, &c->bucket[k], err);
        if (f == NULL)
            return EC_ENOMEM;
        status = absorb(c, product, f, c->bucket[k] == NULL ? summed : NO_INDEX, err);
    } while (status == EC_OK && c->bucket[k] != NULL);
    return status;
}

static ec_status fill_buckets(contraction *c, ec_error *err)
{
    const ec_network *net = c->what->network;
    ec_status status = EC_OK;

    EC_NEW(c->turn, c->n + 2);
    EC_NEW(c->bucket, c->n + 1);
    for (size_t k = 0; k < c->n; k++)
        c->turn[c->what->order[k]] = k;
    c->turn[c->n] = c->turn[c->n + 1] = c->n;
    for (size_t v = 0; v < net->n_tensors; v++)
        EC_TRY(add_random(c, net->leg + net->leg_start[v],
                          net->leg_start[v + 1] - net->leg_start[v], err));
    for (size_t s = 0; s < net->n_sites; s++) {
        uint32_t input = (uint32_t)(ec_sites_has(c->what->a, s) ? c->n : c->n + 1);
        EC_TRY(add_random(c, (uint32_t[]){input, net->site_index[s]}, 2, err));
    }
done:
    return status;
}

/* Everything but s and t summed; *result holds no other index. */
static ec_status contract(contraction *c, factor **result, const ec_run *run, ec_error *err)
{
    ec_status status = EC_OK;
    factor *f = NULL;

    EC_TRY(fill_buckets(c, err));
    for (size_t k = 0; k < c->n; k++) {
        EC_TRY(empty_bucket(c, &f, k, err));
        into_bucket(c, f);
        f = NULL;
        EC_TRY(ec_run_step(run, "generic rank", (double)k + 1, (double)c->n, err));
    }
    EC_TRY(empty_bucket(c, &f, c->n, err));
    *result = f;
    f = NULL;
done:
    factor_free(c, f);
    return status;
}

static void contraction_clear(contraction *c)
{
    for (size_t k = 0; c->bucket != NULL && k <= c->n; k++)
        while (c->bucket[k] != NULL)
            factor_free(c, take_smallest(&c->bucket[k]));
    ec_free(c->bucket);
    ec_free(c->turn);
}

ec_status ec_contract_bytes(double *out, const ec_samples *samples, ec_error *err)
{
    contraction c = {.what = samples, .n = samples->network->n_indices};
    factor *result = NULL;
    ec_status status = contract(&c, &result, NULL, err);

    factor_free(&c, result);
    contraction_clear(&c);
    *out = c.peak_bytes;
    return status;
}

ec_status ec_contract_samples(uint64_t *f, const ec_samples *samples, ec_rng *rng,
                              const ec_run *run, ec_error *err)
{
    contraction c = {.what = samples, .rng = rng, .n = samples->network->n_indices};
    factor *result = NULL;
    ec_status status;

    nmod_init(&c.mod, samples->prime);
    status = contract(&c, &result, run, err);
    if (status == EC_OK) {
        size_t step_s = stride(&c, result, (uint32_t)c.n);
        size_t step_t = stride(&c, result, (uint32_t)c.n + 1);
        for (size_t s = 0; s < samples->inputs; s++)
            for (size_t t = 0; t < samples->inputs; t++)
                f[s * samples->inputs + t] = result->x[s * step_s + t * step_t];
    }
    factor_free(&c, result);
    contraction_clear(&c);
    return status;
}
