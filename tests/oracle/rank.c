/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "oracle/oracle.h"

#include <stdlib.h>

#include "check.h"

static const uint64_t prime = ((uint64_t)1 << 61) - 1;

static uint64_t mul(uint64_t a, uint64_t b)
{
    unsigned __int128 product = (unsigned __int128)a * b;
    uint64_t folded = (uint64_t)(product & prime) + (uint64_t)(product >> 61);

    return folded >= prime ? folded - prime : folded;
}

static uint64_t add(uint64_t a, uint64_t b)
{
    return a + b >= prime ? a + b - prime : a + b;
}

static uint64_t inverse(uint64_t a)
{
    uint64_t result = 1;

    for (uint64_t e = prime - 2; e != 0; e >>= 1, a = mul(a, a)) /* Fermat */
        if (e & 1)
            result = mul(result, a);
    return result;
}

static uint64_t *vector(size_t n)
{
    uint64_t *x = calloc(n != 0 ? n : 1, sizeof *x);

    assert_non_null(x);
    return x;
}

size_t oracle_matrix_rank(uint64_t *x, size_t m, size_t n)
{
    size_t rank = 0;

    for (size_t col = 0; col < n && rank < m; col++) {
        size_t pivot = rank;
        while (pivot < m && x[pivot * n + col] == 0)
            pivot++;
        if (pivot == m)
            continue;
        for (size_t j = col; j < n; j++) {
            uint64_t swap = x[pivot * n + j];
            x[pivot * n + j] = x[rank * n + j];
            x[rank * n + j] = swap;
        }
        uint64_t scale = inverse(x[rank * n + col]);
        for (size_t i = rank + 1; i < m; i++) {
            uint64_t factor = prime - mul(x[i * n + col], scale);
            for (size_t j = col; j < n && factor != prime; j++)
                x[i * n + j] = add(x[i * n + j], mul(factor, x[rank * n + j]));
        }
        rank++;
    }
    return rank;
}

/* ----------------------------------------------------------------- weights */

/* One random array per class of tensors, each as large as its tensor. */
typedef struct weights {
    oracle_net net;
    uint64_t **array;
} weights;

static void draw_weights(weights *w, const ec_arch *arch, uint64_t seed)
{
    ec_rng rng;

    ec_rng_seed(&rng, seed);
    oracle_net_make(&w->net, arch);
    w->array = calloc(w->net.n_arrays + 1, sizeof *w->array);
    assert_non_null(w->array);
    for (size_t v = 0; v < w->net.n_tensors; v++) {
        size_t size = 1;
        if (w->array[w->net.array[v]] != NULL)
            continue;
        for (size_t k = w->net.leg_start[v]; k < w->net.leg_start[v + 1]; k++)
            size *= w->net.dim[w->net.leg[k]];
        w->array[w->net.array[v]] = vector(size);
        for (size_t i = 0; i < size; i++)
            w->array[w->net.array[v]][i] = ec_rng_below(&rng, prime);
    }
}

static void clear_weights(weights *w)
{
    for (size_t i = 0; i < w->net.n_arrays; i++)
        free(w->array[i]);
    free(w->array);
    oracle_net_clear(&w->net);
}

/* -------------------------------------------------- one entry of the tensor */

/* Sum over all values of indices e, e+1, ... that no site fixes of the product of all tensors;
 * fixed[e]: index e has the value value[e]. */
static uint64_t sum_from(const weights *w, size_t e, const bool *fixed, uint64_t *value)
{
    const oracle_net *net = &w->net;
    uint64_t sum = 0, product = 1;

    if (e < net->n_indices) {
        if (fixed[e])
            return sum_from(w, e + 1, fixed, value);
        for (value[e] = 0; value[e] < net->dim[e]; value[e]++)
            sum = add(sum, sum_from(w, e + 1, fixed, value));
        return sum;
    }
    for (size_t v = 0; v < net->n_tensors; v++) {
        uint64_t place = 0; /* row-major in the order of the axes */
        for (size_t k = net->leg_start[v]; k < net->leg_start[v + 1]; k++)
            place = place * net->dim[net->leg[k]] + value[net->leg[k]];
        product = mul(product, w->array[net->array[v]][place]);
    }
    return product;
}

/* Entry of the tensor at site[0 .. n_sites-1], by its definition as a sum. */
static uint64_t entry_by_summation(const weights *w, const ec_arch *arch, const uint64_t *site)
{
    bool *fixed = calloc(w->net.n_indices, sizeof *fixed);
    uint64_t *value = vector(w->net.n_indices), entry;
    bool agree = true; /* sites that open one index must have one value */

    (void)arch;
    assert_non_null(fixed);
    for (size_t s = 0; s < w->net.n_sites; s++) {
        size_t e = w->net.site_index[s];
        agree = agree && (!fixed[e] || value[e] == site[s]);
        fixed[e] = true;
        value[e] = site[s];
    }
    entry = agree ? sum_from(w, 0, fixed, value) : 0;
    free(fixed);
    free(value);
    return entry;
}

/* Pool the n = height x width positions of `in` (vectors of dim entries) over the windows of a
 * level: elementwise products. */
static uint64_t *pool(const uint64_t *in, const ec_level *level)
{
    size_t dim = level->dim, width = level->grid[1] * level->window[1];
    size_t n = level->grid[0] * level->window[0] * width;
    uint64_t *out = vector(level->grid[0] * level->grid[1] * dim);

    for (size_t i = 0; i < level->grid[0] * level->grid[1] * dim; i++)
        out[i] = 1;
    for (size_t p = 0; p < n; p++) {
        size_t y = p / width / level->window[0], x = p % width / level->window[1];
        uint64_t *to = out + (y * level->grid[1] + x) * dim;
        for (size_t d = 0; d < dim; d++)
            to[d] = mul(to[d], in[p * dim + d]);
    }
    return out;
}

/* Entry of the tensor, by a forward pass on standard basis vectors: pool, multiply, pool, ... */
static uint64_t entry_by_forward_pass(const weights *w, const ec_arch *arch, const uint64_t *site)
{
    uint64_t *below = vector(arch->n_sites * arch->levels[0].dim);
    uint64_t entry;
    size_t first = 0; /* number of the level's first matrix */

    for (size_t s = 0; s < arch->n_sites; s++)
        below[s * arch->levels[0].dim + site[s]] = 1;
    for (size_t l = 0; l < arch->n_levels; l++) {
        const ec_level *level = &arch->levels[l];
        size_t n = level->grid[0] * level->grid[1], in = level->dim;
        size_t out = l + 1 < arch->n_levels ? arch->levels[l + 1].dim : 1;
        uint64_t *pooled = pool(below, level), *above = vector(n * out);

        for (size_t p = 0; p < n; p++)
            for (size_t o = 0; o < out; o++)
                for (size_t d = 0; d < in; d++) {
                    uint64_t weight = w->array[w->net.array[first + p]][d * out + o];
                    above[p * out + o] = add(above[p * out + o], mul(weight, pooled[p * in + d]));
                }
        free(pooled);
        free(below);
        below = above;
        first += n;
    }
    entry = below[0];
    free(below);
    return entry;
}

/* ----------------------------------------------------------- matricization */

typedef uint64_t entry_fn(const weights *w, const ec_arch *arch, const uint64_t *site);

/* Write the digits of `number` to the sites of one side, each in base dim(site). */
static void set_side(uint64_t *site, const oracle_net *net, const ec_sites *a, bool side,
                     size_t number)
{
    for (size_t s = 0; s < net->n_sites; s++) {
        uint64_t dim = net->dim[net->site_index[s]];
        if (ec_sites_has(a, s) != side)
            continue;
        site[s] = number % dim;
        number /= dim;
    }
}

static size_t rank_of(const ec_arch *arch, const ec_sites *a, uint64_t seed, entry_fn *entry)
{
    size_t m = 1, n = 1, rank;
    uint64_t *matrix, *site;
    weights w;

    draw_weights(&w, arch, seed);
    for (size_t s = 0; s < w.net.n_sites; s++) {
        uint64_t dim = w.net.dim[w.net.site_index[s]];
        *(ec_sites_has(a, s) ? &m : &n) *= dim;
        assert_true(m * n < (size_t)1 << 24);
    }
    matrix = vector(m * n);
    site = vector(w.net.n_sites);
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j < n; j++) {
            set_side(site, &w.net, a, true, i);
            set_side(site, &w.net, a, false, j);
            matrix[i * n + j] = entry(&w, arch, site);
        }
    rank = oracle_matrix_rank(matrix, m, n);
    free(matrix);
    free(site);
    clear_weights(&w);
    return rank;
}

size_t oracle_rank(const ec_arch *arch, const ec_sites *a, uint64_t seed)
{
    return rank_of(arch, a, seed,
                   ec_arch_is_network(arch) ? entry_by_summation : entry_by_forward_pass);
}

size_t oracle_rank_by_summation(const ec_arch *arch, const ec_sites *a, uint64_t seed)
{
    return rank_of(arch, a, seed, entry_by_summation);
}
