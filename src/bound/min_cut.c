/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bound/bound_i.h"

#include "core/flow.h"

#include <float.h>
#include <stdlib.h>
#include <string.h>

/* Scales tried before a cut is given uncertified. */
#define MAX_TRIES 3

/* They are the largest one times 1, 7/8, 6/8. */
#define SCALE_STEPS 8

/* Steps of the search for products that the rounding could hide, and products compared exactly. */
#define MAX_STEPS    (1 << 24)
#define MAX_PRODUCTS 64

/* Largest k for which round(2^k log2 dim) is off by less than 1/2 + 2^-10: dim <= 2^20. */
static const int max_scale = LDBL_MANT_DIG - 18;

struct search {
    const ec_network *net;
    const ec_sites *a;
    const ec_run *run;
    const bool *avoid; /* layers that no cut may contain, or NULL */
    ec_factor *dims;   /* the distinct dimensions above 1 of the others, and how many have each */
    size_t n_dims;
    uint64_t *capacity;
    long double scale;      /* capacity = round(scale log2 dim), unless exact in a common base */
    uint64_t n_rounded;     /* indices whose capacity is rounded */
    long double lower_log2; /* no cut is below */
};

/* ------------------------------------------------------------------ capacities */

static bool is_avoided(const struct search *s, size_t e)
{
    return s->avoid != NULL && s->avoid[s->net->layer[e]];
}

static int by_dim(const void *x, const void *y)
{
    uint32_t a = *(const uint32_t *)x, b = *(const uint32_t *)y;

    return (a > b) - (a < b);
}

/* The distinct dimensions above 1, ascending, with their numbers of indices. */
static ec_status count_dims(struct search *s, ec_error *err)
{
    ec_status status = EC_OK;
    size_t n = 0;
    uint32_t *sorted = NULL;

    EC_NEW(sorted, s->net->n_indices);
    for (size_t e = 0; e < s->net->n_indices; e++)
        if (!is_avoided(s, e))
            sorted[n++] = s->net->dim[e];
    qsort(sorted, n, sizeof *sorted, by_dim);
    for (int pass = 0; pass < 2; pass++) {
        s->n_dims = 0;
        for (size_t i = 0; i < n; i++) {
            if (sorted[i] == 1)
                continue;
            if (i == 0 || sorted[i] != sorted[i - 1])
                s->n_dims++;
            if (pass == 1) {
                s->dims[s->n_dims - 1].dim = sorted[i];
                s->dims[s->n_dims - 1].count++;
            }
        }
        if (pass == 0)
            EC_NEW(s->dims, s->n_dims);
    }
done:
    ec_free(sorted);
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

/* The smallest integer of which all dimensions are powers, or 0. */
static uint32_t common_base(const struct search *s)
{
    for (uint32_t base = 2; s->n_dims > 0 && base <= s->dims[0].dim; base++) {
        size_t i = 0;
        while (i < s->n_dims && exponent_of(s->dims[i].dim, base) > 0)
            i++;
        if (i == s->n_dims)
            return base;
    }
    return 0;
}

static bool is_power_of_two(uint32_t x)
{
    return (x & (x - 1)) == 0;
}

static uint64_t rounded(long double scale, uint32_t dim)
{
    return (uint64_t)llrintl(scale * log2l((long double)dim));
}

/* capacity = log_base dim, exactly, or round(scale log2 dim), which rounds all but powers of 2. */
static void fill_capacities(struct search *s, uint32_t base)
{
    s->n_rounded = 0;
    for (size_t e = 0; e < s->net->n_indices; e++) {
        uint32_t dim = s->net->dim[e];

        if (is_avoided(s, e)) {
            s->capacity[e] = EC_FLOW_UNCUTTABLE;
        } else if (base != 0) {
            s->capacity[e] = dim == 1 ? 0 : exponent_of(dim, base);
        } else {
            s->capacity[e] = rounded(s->scale, dim);
            s->n_rounded += !is_power_of_two(dim);
        }
    }
}

/* The largest power of two that keeps the sum of all capacities exact. */
static long double largest_scale(const struct search *s)
{
    long double total = 0;
    int k = max_scale;

    for (size_t i = 0; i < s->n_dims; i++)
        total += (long double)s->dims[i].count * (log2l((long double)s->dims[i].dim) + 0.5L);
    while (ldexpl(total, k) > (long double)EC_FLOW_MAX)
        k--;
    return ldexpl(1, k);
}

/* --------------------------------------------------------------- certification */

/* Products of dimensions that may be a cut smaller than `rank`. */
struct window {
    const struct search *s;
    const ec_int *rank;
    uint64_t flow;
    long double low, high; /* of their log2 */
    long double clear;     /* log2 below which a product is surely smaller */
    ec_factor *chosen;     /* n_dims: the product in hand */
    int steps, products;
};

/* Can the product in hand, of logarithm `sum`, be a cut smaller than the rank? */
static bool is_hidden(struct window *w, long double sum)
{
    ec_int product = {0};
    uint64_t capacity = 0;
    bool smaller;

    for (size_t i = 0; i < w->s->n_dims; i++)
        capacity += w->chosen[i].count * rounded(w->s->scale, w->chosen[i].dim);
    if (capacity < w->flow)
        return false; /* no cut lets less through than the flow */
    if (sum < w->clear || ++w->products > MAX_PRODUCTS)
        return true;
    ec_bound_product(&product, w->chosen, w->s->n_dims);
    smaller = ec_int_cmp(&product, w->rank) < 0;
    ec_int_clear(&product);
    return smaller;
}

/* The same for all products of dims[0..i] with what is chosen above, of logarithm `sum`; true also
 * when the search grows too long. */
static bool any_hidden(struct window *w, size_t i, long double sum)
{
    const ec_factor *dim = &w->s->dims[i];
    long double step = log2l((long double)dim->dim);
    long double least = i > 0 ? 0 : fmaxl(0, ceill((w->low - sum) / step));
    long double most = fminl((long double)dim->count, floorl((w->high - sum) / step));

    if (least > most)
        return false;
    for (uint64_t n = (uint64_t)least; n <= (uint64_t)most; n++) {
        long double total = sum + (long double)n * step;
        if (++w->steps > MAX_STEPS)
            return true;
        w->chosen[i] = (ec_factor){dim->dim, n};
        if (i > 0 ? any_hidden(w, i - 1, total) : is_hidden(w, total))
            return true;
    }
    return false;
}

/*
 * Is `cut` proved minimal? A smaller cut C has at most log2 V / log2 dmin indices, and
 *     flow <= capacity(C) <= scale log2 prod(C) + E/2,   E = rounded indices in C,
 * so log2 prod(C) lies in [lower, log2 V). Proved if no integer does, log2 V - lower <
 * log2(V/(V-1)), or no product of the dimensions does that lets the flow through.
 */
static ec_status certify(ec_cut *cut, struct search *s, uint64_t flow, ec_error *err)
{
    ec_status status = EC_OK;
    struct window w = {.s = s, .rank = &cut->rank, .flow = flow};
    long double log2_rank = 0, in_cut, slack, doubt;

    if (s->n_rounded == 0 || ec_int_cmp_u64(&cut->rank, 1) == 0) {
        cut->certified = true;
        return EC_OK;
    }
    for (size_t i = 0; i < cut->n_factors; i++)
        log2_rank += (long double)cut->factors[i].count * log2l((long double)cut->factors[i].dim);
    in_cut = floorl(log2_rank / log2l((long double)s->dims[0].dim)) + 1;
    slack = fminl((long double)s->n_rounded, in_cut) * (0.5L + 0x1p-10L);
    s->lower_log2 = fmaxl(s->lower_log2, ((long double)flow - slack) / s->scale);
    doubt = (log2_rank + 1) * 16 * LDBL_EPSILON; /* rounding of log2_rank and lower */
    if (log2_rank < 62) {
        long double v = (long double)ec_int_get_u64(&cut->rank);
        cut->certified = log2_rank - s->lower_log2 + doubt < -log1pl(-1 / v) / logl(2.0L);
    }
    if (cut->certified)
        return EC_OK;
    EC_NEW(w.chosen, s->n_dims);
    w.low = s->lower_log2 - doubt;
    w.high = log2_rank + doubt;
    w.clear = log2_rank - doubt;
    cut->certified = !any_hidden(&w, s->n_dims - 1, 0);
done:
    ec_free(w.chosen);
    return status;
}

/* -------------------------------------------------------------------- the cut */

/* The cut that `side_a` makes, which it takes over. */
static ec_status cut_from_sides(ec_cut *cut, const struct search *s, bool *side_a, ec_error *err)
{
    const ec_network *net = s->net;
    ec_status status = EC_OK;
    unsigned char *pins_on = NULL;
    ec_cut_layer *layers = NULL;

    cut->side_a = side_a;
    cut->n_tensors = net->n_tensors;
    EC_NEW(pins_on, net->n_indices);
    EC_NEW(layers, net->n_layers);
    ec_bound_cut_indices(pins_on, net, s->a, side_a);
    for (size_t e = 0; e < net->n_indices; e++) {
        ec_cut_layer *layer = &layers[net->layer[e]];
        layer->dim = net->dim[e];
        layer->count += pins_on[e] == 3;
    }
    for (size_t l = 0; l < net->n_layers; l++)
        memcpy(layers[l].name, net->layer_name[l], sizeof layers[l].name);
    EC_TRY(ec_bound_fill_cut(cut, layers, net->n_layers, err));
done:
    ec_free(pins_on);
    ec_free(layers);
    return status;
}

/* One flow at the capacities in hand; *best keeps the smaller cut. */
static ec_status try_capacities(ec_cut *best, bool *none, struct search *s, ec_error *err)
{
    ec_status status = EC_OK;
    ec_flow flow;
    ec_cut cut = {.n_factors = 0};

    EC_TRY(ec_bound_flow(&flow, s->net, s->capacity, s->a, s->run, err));
    *none = flow.value == EC_FLOW_UNCUTTABLE;
    if (*none)
        return EC_OK;
    EC_TRY(cut_from_sides(&cut, s, flow.side_a, err));
    if (best->side_a == NULL || ec_int_cmp(&cut.rank, &best->rank) < 0) {
        ec_cut swap = *best;
        *best = cut;
        cut = swap;
    }
    EC_TRY(certify(best, s, flow.value, err));
done:
    ec_cut_clear(&cut);
    return status;
}

ec_status ec_bound_min_cut_avoiding(ec_cut *out, bool *none, const struct ec_cut_problem *problem,
                                    const bool *avoid, ec_error *err)
{
    ec_status status = EC_OK;
    struct search s = {.net = problem->network, .a = problem->a, .run = problem->run};
    uint32_t base;
    long double largest;

    *out = (ec_cut){.n_factors = 0};
    *none = false;
    s.avoid = avoid;
    EC_TRY(count_dims(&s, err));
    EC_NEW(s.capacity, s.net->n_indices);
    base = common_base(&s);
    largest = largest_scale(&s);
    for (int i = 0; i < MAX_TRIES && !out->certified && !*none; i++) {
        EC_TRY(ec_run_step(s.run, "min cut", i, MAX_TRIES, err));
        s.scale = largest * (SCALE_STEPS - i) / SCALE_STEPS;
        fill_capacities(&s, base);
        EC_TRY(try_capacities(out, none, &s, err));
    }
done:
    ec_free(s.dims);
    ec_free(s.capacity);
    if (status != EC_OK)
        ec_cut_clear(out);
    return status;
}

ec_status ec_bound_min_cut_igraph(ec_cut *out, const ec_network *network, const ec_sites *a,
                                  const ec_run *run, ec_error *err)
{
    struct ec_cut_problem problem = {network, a, run};
    bool none;

    *out = (ec_cut){.n_factors = 0};
    if (ec_bound_check_sides(a, network->n_sites, err) != EC_OK)
        return EC_EINVAL;
    return ec_bound_min_cut_avoiding(out, &none, &problem, NULL, err);
}
