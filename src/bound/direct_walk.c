/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bound/sampling.h"

#include "core/flow.h"

#include <math.h>

/**
 * F_y[s, t] = h_y(x_s, z_t) along the tree, depth first. A factor is what one position contributes,
 * as an array [s][t][channel]; s or t has length 1 where the subtree does not touch that side, and
 * is broadcast when factors are multiplied. Run without weights, the same walk only counts.
 */

typedef struct factor {
    uint64_t *x; /* n[0] x n[1] x r; NULL when only counting */
    size_t n[2], r;
} factor;

typedef struct walk {
    const ec_sampling *what;
    const ec_sampler *sampler; /* NULL: count only */
    double bytes, peak_bytes, product_bytes, seconds;
    unsigned threads;
    factor *window; /* of every level: the children of the open index, multiplied */
} walk;

static double factor_bytes(const factor *f)
{
    return (double)f->n[0] * (double)f->n[1] * (double)f->r * sizeof *f->x;
}

static size_t factor_rows(const factor *f)
{
    return f->n[0] * f->n[1];
}

static ec_status factor_new(factor *f, walk *w, const size_t n[2], size_t r, ec_error *err)
{
    *f = (factor){.n = {n[0], n[1]}, .r = r};
    w->bytes += factor_bytes(f);
    if (w->bytes > w->peak_bytes)
        w->peak_bytes = w->bytes;
    if (w->sampler == NULL)
        return EC_OK;
    f->x = ec_calloc(factor_rows(f) * r, sizeof *f->x, err);
    return f->x != NULL ? EC_OK : EC_ENOMEM;
}

static void factor_free(factor *f, walk *w)
{
    if (f->r != 0)
        w->bytes -= factor_bytes(f);
    ec_free(f->x);
    *f = (factor){.r = 0};
}

/* a site: `inputs` random vectors on its side */
static ec_status site_factor(factor *f, walk *w, size_t site, ec_error *err)
{
    bool in_a = ec_sites_has(w->what->a, site);
    size_t n[2] = {in_a ? w->what->inputs : 1, in_a ? 1 : w->what->inputs};
    ec_status status = factor_new(f, w, n, w->what->arch->levels[0].dim, err);

    w->seconds += ec_mod_multiply_seconds((double)factor_rows(f) * (double)f->r);
    for (size_t i = 0; status == EC_OK && f->x != NULL && i < factor_rows(f); i++)
        ec_sampler_site(f->x + i * f->r, w->sampler, site, i);
    return status;
}

/* out[s,t,:] = f[s or 0, t or 0,:] g[s or 0, t or 0,:] elementwise; out may be f itself */
static void multiply_into(factor *out, const factor *f, const factor *g, const ec_mod_work *work)
{
    size_t r = out->r;
    nmod_t mod = work->mod;

#pragma omp parallel for num_threads(work->threads) if (factor_rows(out) > 1 << 12)
    for (size_t s = 0; s < out->n[0]; s++)
        for (size_t t = 0; t < out->n[1]; t++) {
            const uint64_t *a =
                f->x + ((f->n[0] > 1 ? s : 0) * f->n[1] + (f->n[1] > 1 ? t : 0)) * r;
            const uint64_t *b =
                g->x + ((g->n[0] > 1 ? s : 0) * g->n[1] + (g->n[1] > 1 ? t : 0)) * r;
            uint64_t *c = out->x + (s * out->n[1] + t) * r;

            for (size_t i = 0; i < r; i++)
                c[i] = nmod_mul(a[i], b[i], mod);
        }
}

/* f <- f g, broadcast; g is used up */
static ec_status absorb(factor *f, factor *g, walk *w, ec_error *err)
{
    ec_status status = EC_OK;
    factor product = {.r = 0}, *out = f;
    size_t n[2] = {f->n[0] > g->n[0] ? f->n[0] : g->n[0], f->n[1] > g->n[1] ? f->n[1] : g->n[1]};

    if (f->r == 0) { /* the first child */
        *f = *g;
        *g = (factor){.r = 0};
        return EC_OK;
    }
    if (n[0] != f->n[0] || n[1] != f->n[1]) {
        EC_TRY(factor_new(&product, w, n, f->r, err));
        out = &product;
    }
    w->seconds += ec_mod_multiply_seconds((double)factor_rows(out) * (double)out->r);
    if (out->x != NULL)
        multiply_into(out, f, g, w->sampler->work);
    if (out == &product) {
        factor swap = *f;
        *f = product;
        product = swap;
    }
done:
    factor_free(&product, w);
    factor_free(g, w);
    return status;
}

/* out[s,t,o] = sum_i W[o,i] f[s,t,i] */
static ec_status apply_matrix(factor *out, const factor *f, walk *w, const size_t at[2],
                              ec_error *err)
{
    size_t rows = w->what->arch->levels[at[0]].out;
    ec_status status = factor_new(out, w, f->n, rows, err);

    w->seconds += ec_mod_product_seconds((double)factor_rows(f), (double)f->r, (double)rows);
    w->product_bytes =
        fmax(w->product_bytes,
             ec_mod_product_bytes((double)factor_rows(f), (double)f->r, (double)rows, w->threads));
    if (status != EC_OK || out->x == NULL)
        return status;
    return ec_mod_product(
        ec_mod_view_of(out->x, factor_rows(f), rows), ec_mod_view_of(f->x, factor_rows(f), f->r),
        ec_mod_view_of((uint64_t *)ec_sampler_matrix(w->sampler, at[0], at[1]), rows, f->r),
        EC_MOD_TRANSPOSED, w->sampler->work, err);
}

/* the factor of matrix v = {level, position}: its sites first, if it stands above them; then into
   the window above */
static ec_status leave_matrix(walk *w, const size_t v[2], ec_error *err)
{
    const ec_level *level = &w->what->arch->levels[v[0]];
    ec_status status = EC_OK;
    factor site = {.r = 0}, out = {.r = 0}, *below = &w->window[v[0]];

    for (size_t k = 0; v[0] == 0 && k < ec_level_window(level); k++) {
        EC_TRY(site_factor(&site, w, ec_level_child(level, v[1], k), err));
        EC_TRY(absorb(below, &site, w, err));
    }
    if (v[0] + 1 == w->what->arch->n_levels)
        goto done;
    EC_TRY(apply_matrix(&out, below, w, v, err));
    factor_free(below, w);
    EC_TRY(absorb(&w->window[v[0] + 1], &out, w, err));
done:
    factor_free(&site, w);
    factor_free(&out, w);
    return status;
}

/* the factor of the topmost index, [inputs][inputs][r], left in the topmost window */
static ec_status walk_tree(walk *w, ec_error *err)
{
    ec_status status = EC_OK;
    ec_walk_event event;
    ec_walk tree;

    EC_TRY(ec_walk_init(&tree, w->what->arch, w->what->arch->n_levels - 1, 0, err));
    while ((event = ec_walk_next(&tree)) != EC_WALK_END) {
        double before = w->seconds;

        if (event == EC_WALK_ENTER)
            continue;
        EC_TRY(leave_matrix(w, (size_t[]){tree.level, ec_walk_position(&tree)}, err));
        if (w->sampler != NULL) /* only what is not a product, which steps by itself */
            EC_TRY(ec_mod_step(w->sampler->work, 0.1 * (w->seconds - before), err));
    }
done:
    ec_walk_clear(&tree);
    return status;
}

static ec_status walk_init(walk *w, const ec_sampling *what, ec_error *err)
{
    *w = (walk){.what = what};
    w->window = ec_calloc(what->arch->n_levels, sizeof *w->window, err);
    return w->window != NULL ? EC_OK : EC_ENOMEM;
}

static void walk_clear(walk *w)
{
    if (w->window == NULL)
        return;
    for (size_t l = 0; l < w->what->arch->n_levels; l++)
        factor_free(&w->window[l], w);
    ec_free(w->window);
}

/* rank of F_y for every label: one row of the dense matrix at a time */
static ec_status rank_labels(uint64_t *rank, walk *w, ec_error *err)
{
    size_t top = w->what->arch->n_levels - 1, n = w->what->inputs;
    const factor *f = &w->window[top];
    const uint64_t *rows = ec_sampler_matrix(w->sampler, top, 0);
    ec_mod_work *work = w->sampler->work;
    ec_status status = EC_OK;
    uint64_t *matrix = NULL;

    EC_NEW(matrix, n * n);
    for (uint32_t y = 0; y < w->what->n_labels; y++) {
        EC_TRY(ec_mod_product(ec_mod_view_of(matrix, n * n, 1), ec_mod_view_of(f->x, n * n, f->r),
                              ec_mod_view_of((uint64_t *)rows + y * f->r, 1, f->r),
                              EC_MOD_TRANSPOSED, work, err));
        EC_TRY(ec_mod_rank(&rank[y], NULL, ec_mod_view_of(matrix, n, n), work, err));
    }
done:
    ec_free(matrix);
    return status;
}

ec_status ec_direct_cost(ec_sampled_cost *out, const ec_sampling *what, unsigned threads,
                         ec_error *err)
{
    walk w;
    ec_status status = walk_init(&w, what, err);

    w.threads = threads;
    if (status == EC_OK)
        status = walk_tree(&w, err);
    if (status == EC_OK) {
        double n = (double)what->inputs, labels = (double)what->n_labels;
        double r = (double)what->arch->levels[what->arch->n_levels - 1].dim;
        double last = n * n * (r + 1) * sizeof(uint64_t); /* a matrix beside the last factor */

        out->bytes =
            fmax(w.peak_bytes, last) + fmax(w.product_bytes, ec_mod_rank_bytes(n, n, threads));
        out->seconds =
            w.seconds + labels * (ec_mod_product_seconds(n * n, r, 1) + ec_mod_rank_seconds(n, n));
    }
    walk_clear(&w);
    return status;
}

ec_status ec_direct_ranks(uint64_t *rank, const ec_sampler *sampler, ec_error *err)
{
    walk w;
    ec_status status = EC_OK;

    EC_TRY(walk_init(&w, sampler->what, err));
    w.sampler = sampler;
    EC_TRY(walk_tree(&w, err));
    EC_TRY(rank_labels(rank, &w, err));
done:
    walk_clear(&w);
    return status;
}
