/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "entcap/bound.h"

#include "core/flow.h"

#include "bound/flint_i.h"

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
    const ec_mod_weights *weights; /* NULL: count only */
    nmod_t mod;
    ec_rng *rng;
    double bytes, peak_bytes, multiply_adds;
    double total;   /* multiply-adds expected, for progress */
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
    if (w->weights == NULL)
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

    if (status == EC_OK && f->x != NULL)
        for (size_t i = 0; i < factor_rows(f) * f->r; i++)
            f->x[i] = ec_rng_below(w->rng, w->mod.n);
    return status;
}

/* out[s,t,:] = f[s or 0, t or 0,:] g[s or 0, t or 0,:] elementwise; out may be f itself */
static void multiply_into(factor *out, const factor *f, const factor *g, nmod_t mod)
{
    size_t r = out->r;

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
    w->multiply_adds += (double)factor_rows(out) * (double)out->r;
    if (out->x != NULL)
        multiply_into(out, f, g, w->mod);
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

/* out[s,t,o] = sum_i W[o,i] f[s,t,i] for the first `rows` rows of W_l at a position */
static ec_status apply_matrix(factor *out, const factor *f, walk *w, const size_t at[2],
                              size_t rows, ec_error *err)
{
    const ec_level *level = &w->what->arch->levels[at[0]];
    ec_status status = factor_new(out, w, f->n, rows, err);

    w->multiply_adds += (double)factor_rows(f) * (double)f->r * (double)rows;
    if (status != EC_OK || out->x == NULL)
        return status;
    const uint64_t *matrix = w->weights->matrix[at[0]];
    if (!level->shared)
        matrix += at[1] * level->out * level->dim;
    for (size_t k = 0; k < factor_rows(f); k++)
        for (size_t o = 0; o < rows; o++)
            out->x[k * rows + o] =
                ec_flint._nmod_vec_dot(f->x + k * f->r, matrix + o * f->r, (slong)f->r, w->mod, 3);
    return EC_OK;
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
    EC_TRY(apply_matrix(&out, below, w, v, level->out, err));
    factor_free(below, w);
    EC_TRY(absorb(&w->window[v[0] + 1], &out, w, err));
done:
    factor_free(&site, w);
    factor_free(&out, w);
    return status;
}

/* the factor of the topmost index, [inputs][inputs][r], left in the topmost window */
static ec_status walk_tree(walk *w, const ec_run *run, ec_error *err)
{
    ec_status status = EC_OK;
    ec_walk_event event;
    ec_walk tree;

    EC_TRY(ec_walk_init(&tree, w->what->arch, w->what->arch->n_levels - 1, 0, err));
    while ((event = ec_walk_next(&tree)) != EC_WALK_END) {
        if (event == EC_WALK_ENTER)
            continue;
        EC_TRY(leave_matrix(w, (size_t[]){tree.level, ec_walk_position(&tree)}, err));
        EC_TRY(ec_run_step(run, "exact rank", w->multiply_adds, w->total, err));
    }
done:
    ec_walk_clear(&tree);
    return status;
}

static ec_status check_sampling(const ec_sampling *what, ec_error *err)
{
    if (ec_arch_is_network(what->arch))
        return ec_fail(err, EC_EINVAL, "a network description has no weights to evaluate");
    if (what->inputs == 0 || what->n_labels == 0 || what->n_labels > what->arch->outputs)
        return ec_fail(err, EC_EINVAL, "%zu inputs for %u of %u outputs", what->inputs,
                       what->n_labels, what->arch->outputs);
    return ec_sites_check_sides(what->a, what->arch->n_sites, err);
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
static ec_status rank_labels(uint64_t *rank, walk *w, const ec_run *run, ec_error *err)
{
    const ec_sampling *what = w->what;
    size_t top = what->arch->n_levels - 1, n = what->inputs;
    const factor *f = &w->window[top];
    ec_status status = EC_OK;
    uint64_t *matrix = NULL;

    EC_NEW(matrix, n * n);
    for (uint32_t y = 0; y < what->n_labels; y++) {
        for (size_t k = 0; k < n * n; k++)
            matrix[k] = ec_flint._nmod_vec_dot(f->x + k * f->r, w->weights->matrix[top] + y * f->r,
                                               (slong)f->r, w->mod, 3);
        EC_TRY(ec_bound_rank_mod_p(&rank[y], (ec_mod_matrix){matrix, n, n, w->mod.n}, run, err));
        w->multiply_adds += (w->total - w->multiply_adds) / (what->n_labels - y);
        EC_TRY(ec_run_step(run, "exact rank", w->multiply_adds, w->total, err));
    }
done:
    ec_free(matrix);
    return status;
}

ec_status ec_bound_sampled_cost(ec_sampled_cost *out, const ec_sampling *sampling, ec_error *err)
{
    walk w;
    ec_status status = check_sampling(sampling, err);

    if (status != EC_OK)
        return status;
    status = walk_init(&w, sampling, err);
    if (status == EC_OK)
        status = walk_tree(&w, NULL, err);
    if (status == EC_OK) {
        double n = (double)sampling->inputs, labels = (double)sampling->n_labels;
        double r = (double)sampling->arch->levels[sampling->arch->n_levels - 1].dim;

        /* one matrix of a label, and the eliminator's two copies, beside the last factor */
        double last = n * n * (r + 3) * sizeof(uint64_t);
        out->bytes = w.peak_bytes > last ? w.peak_bytes : last;
        out->multiply_adds = w.multiply_adds + labels * (n * n * r + n * n * n / 3);
    }
    walk_clear(&w);
    return status;
}

ec_status ec_bound_sampled_ranks(uint64_t *rank, const ec_sampling *sampling,
                                 const ec_mod_weights *weights, ec_rng *rng, const ec_run *run,
                                 ec_error *err)
{
    walk w = {.window = NULL};
    ec_sampled_cost cost = {0};
    ec_status status = EC_OK;

    EC_TRY(ec_bound_sampled_cost(&cost, sampling, err));
    EC_TRY(ec_flint_load(err));
    EC_TRY(ec_run_reserve(run, "exact rank", cost.bytes, err));
    EC_TRY(walk_init(&w, sampling, err));
    w.weights = weights;
    w.rng = rng;
    w.total = cost.multiply_adds;
    nmod_init(&w.mod, weights->prime);
    EC_TRY(walk_tree(&w, run, err));
    EC_TRY(rank_labels(rank, &w, run, err));
done:
    walk_clear(&w);
    return status;
}
