/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bound/rounding.h"

#include "bound/bound_i.h"
#include "core/flow.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

/* The scales that are tried are the largest one times 1, 7/8, 6/8. */
#define SCALE_STEPS 8

/* Steps of the search for products that the rounding could hide, and products compared exactly. */
#define MAX_STEPS    (1 << 22)
#define MAX_PRODUCTS 64

/* Largest k for which round(2^k log2 dim) is off by less than 1/2 + 2^-10: dim <= 2^20. */
static const int max_scale = LDBL_MANT_DIG - 18;

/* -------------------------------------------------------------- dimensions */

static int by_dim(const void *x, const void *y)
{
    uint32_t a = *(const uint32_t *)x, b = *(const uint32_t *)y;

    return (a > b) - (a < b);
}

static ec_status count_dims(ec_rounding *r, uint32_t *dim, size_t n, ec_error *err)
{
    ec_status status = EC_OK;
    size_t n_distinct = 0;

    qsort(dim, n, sizeof *dim, by_dim);
    for (size_t i = 0; i < n; i++)
        n_distinct += i == 0 || dim[i] != dim[i - 1];
    EC_NEW(r->dims, n_distinct);
    for (size_t i = 0; i < n; i++) {
        if (dim[i] == 1)
            continue;
        if (r->n_dims == 0 || r->dims[r->n_dims - 1].dim != dim[i])
            r->dims[r->n_dims++].dim = dim[i];
        r->dims[r->n_dims - 1].count++;
    }
done:
    return status;
}

/* The exponent m with base^m = x, or 0. */
static uint64_t exponent_of(uint32_t x, uint32_t base)
{
    uint64_t m = 0;

    for (; x % base == 0; x /= base)
        m++;
    return x == 1 ? m : 0;
}

/* The smallest integer of which x >= 2 is a power. */
static uint32_t root_of(uint32_t x)
{
    for (uint32_t base = 2; base * base <= x; base++)
        if (exponent_of(x, base) > 0)
            return base;
    return x;
}

static int by_base(const void *x, const void *y)
{
    const ec_root *a = x, *b = y;

    return (a->base > b->base) - (a->base < b->base);
}

/* The root with the most powers is left to the innermost loop of the search, which solves for it.
 */
static void put_largest_first(ec_rounding *r)
{
    size_t largest = 0;
    ec_root first;

    for (size_t k = 1; k < r->n_roots; k++)
        if (r->roots[k].most > r->roots[largest].most)
            largest = k;
    first = r->roots[largest];
    r->roots[largest] = r->roots[0];
    r->roots[0] = first;
    for (size_t i = 0; i < r->n_dims; i++)
        if (r->root[i] == 0 || r->root[i] == largest)
            r->root[i] = r->root[i] == 0 ? largest : 0;
}

static ec_status find_roots(ec_rounding *r, ec_error *err)
{
    ec_status status = EC_OK;

    EC_NEW(r->roots, r->n_dims);
    EC_NEW(r->root, r->n_dims);
    for (size_t i = 0; i < r->n_dims; i++)
        r->roots[i].base = root_of(r->dims[i].dim);
    qsort(r->roots, r->n_dims, sizeof *r->roots, by_base);
    for (size_t i = 0; i < r->n_dims; i++)
        if (i == 0 || r->roots[i].base != r->roots[r->n_roots - 1].base)
            r->roots[r->n_roots++] = r->roots[i];
    for (size_t i = 0; i < r->n_dims; i++) {
        ec_root key = {.base = root_of(r->dims[i].dim)};
        ec_root *root = bsearch(&key, r->roots, r->n_roots, sizeof key, by_base);

        r->root[i] = (size_t)(root - r->roots);
        root->log2 = log2l((long double)root->base);
        root->most += r->dims[i].count * exponent_of(r->dims[i].dim, root->base);
    }
    put_largest_first(r);
done:
    return status;
}

/* The largest power of two that keeps the sum of all capacities exact. */
static long double largest_scale(const ec_rounding *r)
{
    long double total = 0;
    int k = max_scale;

    for (size_t i = 0; i < r->n_dims; i++)
        total += (long double)r->dims[i].count * (log2l((long double)r->dims[i].dim) + 0.5L);
    while (ldexpl(total, k) > (long double)EC_FLOW_MAX)
        k--;
    return ldexpl(1, k);
}

ec_status ec_rounding_init(ec_rounding *out, uint32_t *dim, size_t n, ec_error *err)
{
    ec_status status = EC_OK;

    *out = (ec_rounding){.n_dims = 0};
    EC_TRY(count_dims(out, dim, n, err));
    EC_TRY(find_roots(out, err));
    out->exact = out->n_roots <= 1;
    out->largest_scale = largest_scale(out);
done:
    return status;
}

void ec_rounding_clear(ec_rounding *rounding)
{
    if (rounding == NULL)
        return;
    ec_free(rounding->dims);
    ec_free(rounding->roots);
    ec_free(rounding->root);
    *rounding = (ec_rounding){.n_dims = 0};
}

/* ------------------------------------------------------------------ capacities */

uint64_t ec_rounding_capacity(const ec_rounding *rounding, uint32_t dim)
{
    if (dim == 1)
        return 0;
    if (rounding->exact)
        return exponent_of(dim, rounding->roots[0].base);
    return (uint64_t)llrintl(rounding->scale * log2l((long double)dim));
}

void ec_rounding_choose(ec_rounding *rounding, int attempt)
{
    ec_rounding *r = rounding;

    r->scale = r->largest_scale * (long double)(SCALE_STEPS - attempt) / SCALE_STEPS;
    r->n_rounded = 0;
    for (size_t k = 0; k < r->n_roots; k++)
        r->roots[k].most_through = 0;
    for (size_t i = 0; i < r->n_dims; i++) {
        uint32_t dim = r->dims[i].dim;
        ec_root *root = &r->roots[r->root[i]];
        long double through =
            (long double)ec_rounding_capacity(r, dim) / (long double)exponent_of(dim, root->base);

        if (!r->exact && root->base != 2)
            r->n_rounded += r->dims[i].count;
        root->most_through = fmaxl(root->most_through, through);
    }
}

/* --------------------------------------------------------------- certification */

/* Products of powers of the roots that may be a cut smaller than `rank`. */
struct window {
    const ec_rounding *r;
    const ec_int *rank;
    uint64_t flow;
    long double low, high; /* of their log2 */
    long double clear;     /* log2 below which a product is surely smaller */
    ec_factor *chosen;     /* n_roots: the product in hand */
    int steps, products;
};

/* Can the product in hand, of logarithm `sum`, be a cut smaller than the rank? */
static bool is_hidden(struct window *w, long double sum)
{
    ec_int product = {0};
    long double through = 0.5L; /* more than the error of the sum */
    bool smaller;

    for (size_t i = 0; i < w->r->n_roots; i++)
        through += (long double)w->chosen[i].count * w->r->roots[i].most_through;
    if (through < (long double)w->flow)
        return false; /* no cut lets less through than the flow */
    if (sum < w->clear || ++w->products > MAX_PRODUCTS)
        return true;
    ec_bound_product(&product, w->chosen, w->r->n_roots);
    smaller = ec_int_cmp(&product, w->rank) < 0;
    ec_int_clear(&product);
    return smaller;
}

/*
 * The same for all products of roots[0..i] with what is chosen above, of logarithm `sum`; `rest` is
 * the most that roots[0..i-1] can add. True also when the search grows too long.
 */
static bool any_hidden(struct window *w, size_t i, long double sum, long double rest)
{
    const ec_root *root = &w->r->roots[i];
    long double least = fmaxl(0, ceill((w->low - sum - rest) / root->log2));
    long double most = fminl((long double)root->most, floorl((w->high - sum) / root->log2));

    if (i > 0)
        rest -= (long double)w->r->roots[i - 1].most * w->r->roots[i - 1].log2;
    if (least > most)
        return false;
    for (uint64_t n = (uint64_t)least; n <= (uint64_t)most; n++) {
        long double total = sum + (long double)n * root->log2;
        if (++w->steps > MAX_STEPS)
            return true;
        w->chosen[i] = (ec_factor){root->base, n};
        if (i > 0 ? any_hidden(w, i - 1, total, rest) : is_hidden(w, total))
            return true;
    }
    return false;
}

/* No product of the dimensions lies in [lower, log2 V) and lets the flow through. */
static ec_status search_window(bool *certified, const ec_rounding *r, struct window *w,
                               ec_error *err)
{
    ec_status status = EC_OK;
    long double rest = 0;

    EC_NEW(w->chosen, r->n_roots);
    for (size_t i = 0; i + 1 < r->n_roots; i++)
        rest += (long double)r->roots[i].most * r->roots[i].log2;
    *certified = !any_hidden(w, r->n_roots - 1, 0, rest);
done:
    ec_free(w->chosen);
    return status;
}

ec_status ec_rounding_certify(bool *certified, ec_rounding *rounding, const ec_cut *cut,
                              uint64_t flow, ec_error *err)
{
    ec_rounding *r = rounding;
    struct window w = {.r = r, .rank = &cut->rank, .flow = flow};
    long double log2_rank = 0, in_cut, slack, doubt;

    *certified = r->n_rounded == 0 || ec_int_cmp_u64(&cut->rank, 1) == 0;
    if (*certified)
        return EC_OK;
    for (size_t i = 0; i < cut->n_factors; i++)
        log2_rank += (long double)cut->factors[i].count * log2l((long double)cut->factors[i].dim);
    in_cut = floorl(log2_rank / log2l((long double)r->dims[0].dim)) + 1;
    slack = fminl((long double)r->n_rounded, in_cut) * (0.5L + 0x1p-10L);
    r->lower_log2 = fmaxl(r->lower_log2, ((long double)flow - slack) / r->scale);
    doubt = (log2_rank + 1) * 16 * LDBL_EPSILON; /* rounding of log2_rank and lower */
    if (log2_rank < 62) {
        long double v = (long double)ec_int_get_u64(&cut->rank);
        *certified = log2_rank - r->lower_log2 + doubt < -log1pl(-1 / v) / logl(2.0L);
    }
    if (*certified)
        return EC_OK;
    w.low = r->lower_log2 - doubt;
    w.high = log2_rank + doubt;
    w.clear = log2_rank - doubt;
    return search_window(certified, r, &w, err);
}
