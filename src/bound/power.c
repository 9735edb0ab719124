/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bound/bound_i.h"

#include "core/flow.h"

#include <math.h>
#include <stdlib.h>

/*
 * The best of p^flow(p) over all integers p >= 2 is found among few. flow(p) is the minimum cut
 * with exponents e_p(d) = floor(log_p d) as capacities. If no dimension d has p = floor(d^(1/k))
 * for some k, then e_{p+1} = e_p for all of them, and p + 1 has the larger power unless the flow is
 * 0. So the smallest p that attains the best bound is 2 or some floor(d^(1/k)).
 */

/* floor(d^(1/k)), k >= 1 */
static uint32_t integer_root(uint32_t d, unsigned k)
{
    uint32_t root = (uint32_t)pow(d, 1.0 / k) + 1; /* at most one too large, or right */

    for (;; root--) {
        uint64_t power = 1;
        for (unsigned i = 0; i < k && power <= d; i++)
            power *= root;
        if (power <= d)
            return root;
    }
}

/* e_p(d): the largest e with p^e <= d */
static uint32_t exponent(uint32_t d, uint32_t p)
{
    uint32_t e = 0;

    for (; d >= p; d /= p) /* floor(floor(d/p)/p) = floor(d/p^2) */
        e++;
    return e;
}

static int by_value(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

/* Sort, and drop what is repeated; returns how many are left. */
static size_t sort_unique(uint32_t *x, size_t n)
{
    size_t kept = 0;

    qsort(x, n, sizeof *x, by_value);
    for (size_t i = 0; i < n; i++)
        if (kept == 0 || x[i] != x[kept - 1])
            x[kept++] = x[i];
    return kept;
}

/* Bases worth a try, ascending. */
typedef struct bases {
    uint32_t *p;
    size_t n;
} bases;

/* The bases of n dimensions, which are sorted and stripped of repetitions on the way. */
static ec_status find_bases(bases *out, uint32_t *dim, size_t *n, ec_error *err)
{
    *n = sort_unique(dim, *n);
    out->p = ec_calloc(1 + *n * 31, sizeof *out->p, err); /* 2^31 is the largest power of two */
    if (out->p == NULL)
        return EC_ENOMEM;
    out->p[out->n++] = 2;
    for (size_t i = 0; i < *n; i++)
        for (unsigned k = 1; dim[i] >> k != 0; k++)
            out->p[out->n++] = integer_root(dim[i], k);
    out->n = sort_unique(out->p, out->n);
    return EC_OK;
}

/* ------------------------------------------------------------- best of them */

typedef struct power {
    uint32_t base;
    uint64_t flow;
} power;

/* Is base^flow of x larger than that of y? Exact where logarithms cannot tell. */
static bool is_larger(power x, power y)
{
    double log_x = (double)x.flow * log2(x.base), log_y = (double)y.flow * log2(y.base);
    ec_int exact_x = {0}, exact_y = {0};
    bool larger;

    if (fabs(log_x - log_y) > 1e-9 * (log_x + log_y))
        return log_x > log_y;
    ec_int_pow_u64(&exact_x, x.base, x.flow);
    ec_int_pow_u64(&exact_y, y.base, y.flow);
    larger = ec_int_cmp(&exact_x, &exact_y) > 0;
    ec_int_clear(&exact_x);
    ec_int_clear(&exact_y);
    return larger;
}

/* ------------------------------------------------------------------- a tree */

/*
 * Sums over the children c of a window, in exponents of p:
 *     on_a = sum f(c, A),  on_b = sum f(c, B),  either = sum min_s f(c, s).
 * They stay below sites * 20 < 2^32, which the all-sites cut already attains.
 */
typedef struct window_sum {
    uint32_t on_a, on_b, either;
} window_sum;

typedef struct tree {
    const ec_arch *arch;
    unsigned char *bottom;      /* per index of level 0: 1 if it has sites in A, 2 in B */
    window_sum *window, *above; /* of one level and of the next */
} tree;

static void tree_clear(tree *t)
{
    ec_free(t->bottom);
    ec_free(t->window);
    ec_free(t->above);
}

static ec_status tree_init(tree *t, const ec_arch *arch, const ec_sites *a, const ec_run *run,
                           ec_error *err)
{
    size_t n = ec_level_positions(&arch->levels[0]);
    ec_status status = EC_OK;

    *t = (tree){.arch = arch};
    EC_TRY(ec_run_reserve(run, "power bound", (double)n * (1 + 2 * sizeof(window_sum)), err));
    EC_NEW(t->bottom, n);
    EC_NEW(t->window, n);
    EC_NEW(t->above, n);
    for (size_t s = 0; s < arch->n_sites; s++)
        t->bottom[ec_network_parent(arch, SIZE_MAX, s)] |= ec_sites_has(a, s) ? 1 : 2;
done:
    return status;
}

static uint32_t least(uint32_t x, uint32_t y)
{
    return x < y ? x : y;
}

/* f(v, s) = min( sum_c f(c, s), e + sum_c min_t f(c, t) ); a site that is on the other side costs
 * the index it opens. Returns min_s f(root, s). */
static uint64_t tree_flow(tree *t, uint32_t p)
{
    const ec_arch *arch = t->arch;
    size_t top = arch->n_levels - 1;

    for (size_t i = 0; i < ec_level_positions(&arch->levels[0]); i++)
        t->window[i] = (window_sum){.on_a = (t->bottom[i] & 2) != 0 ? UINT32_MAX : 0,
                                    .on_b = (t->bottom[i] & 1) != 0 ? UINT32_MAX : 0};
    for (size_t l = 0;; l++) {
        uint32_t e = exponent(arch->levels[l].dim, p);
        window_sum *swap = t->above;
        for (size_t i = 0; l < top && i < ec_level_positions(&arch->levels[l + 1]); i++)
            t->above[i] = (window_sum){.on_a = 0};
        for (size_t i = 0; i < ec_level_positions(&arch->levels[l]); i++) {
            uint32_t on_a = least(t->window[i].on_a, e + t->window[i].either);
            uint32_t on_b = least(t->window[i].on_b, e + t->window[i].either);
            if (l == top)
                return least(on_a, on_b);
            window_sum *parent = &t->above[ec_network_parent(arch, l, i)];
            parent->on_a += on_a;
            parent->on_b += on_b;
            parent->either += least(on_a, on_b);
        }
        t->above = t->window;
        t->window = swap;
    }
}

static ec_status best_of_tree(power *best, const ec_arch *arch, const ec_sites *a,
                              const ec_run *run, ec_error *err)
{
    size_t n_dims = arch->n_levels;
    uint32_t *dim = NULL;
    bases try = {.n = 0};
    tree t = {.arch = arch};
    ec_status status = EC_OK;

    EC_NEW(dim, n_dims);
    for (size_t l = 0; l < n_dims; l++)
        dim[l] = arch->levels[l].dim;
    EC_TRY(find_bases(&try, dim, &n_dims, err));
    EC_TRY(tree_init(&t, arch, a, run, err));
    for (size_t i = 0; i < try.n; i++) {
        power x = {try.p[i], tree_flow(&t, try.p[i])};
        if (best->base == 0 || is_larger(x, *best))
            *best = x;
        EC_TRY(ec_run_step(run, "power bound", (double)i + 1, (double)try.n, err));
    }
done:
    tree_clear(&t);
    ec_free(try.p);
    ec_free(dim);
    return status;
}

/* -------------------------------------------------------------- any network */

/* State of the search in a network; every cut found limits the flow of every other base. */
typedef struct search {
    const ec_network *network;
    const ec_sites *a;
    uint32_t *dim; /* distinct dimensions, ascending */
    size_t n_dims;
    uint64_t *capacity;     /* n_indices */
    unsigned char *pins_on; /* n_indices, see ec_bound_cut_indices */
    uint64_t *cut_count;    /* per distinct dimension: indices in the best base's cut */
} search;

/* Exponents of p that the cut of the best base has: at least flow(p). */
static uint64_t flow_limit(const search *s, uint32_t p)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < s->n_dims; i++)
        sum += s->cut_count[i] * exponent(s->dim[i], p);
    return sum;
}

/* Count the dimensions of the indices that a cut holds. */
static void count_cut(search *s, const bool *side_a)
{
    for (size_t i = 0; i < s->n_dims; i++)
        s->cut_count[i] = 0;
    ec_bound_cut_indices(s->pins_on, s->network, s->a, side_a);
    for (size_t e = 0; e < s->network->n_indices; e++)
        if (s->pins_on[e] == 3) {
            uint32_t *at =
                bsearch(&s->network->dim[e], s->dim, s->n_dims, sizeof *s->dim, by_value);
            s->cut_count[at - s->dim]++;
        }
}

/* Try one base and keep it if it is better. */
static ec_status try_base(power *best, search *s, uint32_t p, const ec_run *run, ec_error *err)
{
    ec_status status = EC_OK;
    ec_flow flow = {.side_a = NULL};
    power x = {.base = p};

    for (size_t e = 0; e < s->network->n_indices; e++)
        s->capacity[e] = exponent(s->network->dim[e], p);
    EC_TRY(ec_bound_flow(&flow, s->network, s->capacity, s->a, run, err));
    x.flow = flow.value;
    if (best->base == 0 || is_larger(x, *best)) {
        *best = x;
        count_cut(s, flow.side_a);
    }
done:
    ec_free(flow.side_a);
    return status;
}

static ec_status best_of_network(power *best, const ec_arch *arch, const ec_sites *a,
                                 const ec_run *run, ec_error *err)
{
    ec_network *network = NULL;
    search s = {.a = a};
    bases try = {.n = 0};
    ec_status status = EC_OK;

    EC_TRY(ec_network_from_arch(&network, arch, run, err));
    s.network = network;
    s.n_dims = network->n_indices;
    EC_TRY(ec_run_reserve(run, "power bound", 150.0 * (double)s.n_dims, err)); /* all below */
    EC_NEW(s.dim, s.n_dims);
    EC_NEW(s.capacity, s.n_dims);
    EC_NEW(s.pins_on, s.n_dims);
    EC_NEW(s.cut_count, s.n_dims);
    for (size_t e = 0; e < s.n_dims; e++)
        s.dim[e] = network->dim[e];
    EC_TRY(find_bases(&try, s.dim, &s.n_dims, err));
    for (size_t i = 0; i < try.n; i++) {
        if (best->base == 0 || is_larger((power){try.p[i], flow_limit(&s, try.p[i])}, *best))
            EC_TRY(try_base(best, &s, try.p[i], run, err));
        EC_TRY(ec_run_step(run, "power bound", (double)i + 1, (double)try.n, err));
    }
done:
    ec_free(try.p);
    ec_free(s.dim);
    ec_free(s.capacity);
    ec_free(s.pins_on);
    ec_free(s.cut_count);
    ec_network_free(network);
    return status;
}

ec_status ec_bound_power(bool *applies, ec_int *rank, uint32_t *base, const ec_arch *arch,
                         const ec_sites *a, const ec_run *run, ec_error *err)
{
    power best = {.base = 0};
    ec_status status = EC_OK;

    *applies = false;
    EC_TRY(ec_sites_check_sides(a, arch->n_sites, err));
    for (size_t l = 0; l < arch->n_levels; l++)
        if (arch->levels[l].shared || arch->levels[l].constant)
            return EC_OK;
    if (ec_arch_is_network(arch))
        EC_TRY(best_of_network(&best, arch, a, run, err));
    else
        EC_TRY(best_of_tree(&best, arch, a, run, err));
    ec_int_pow_u64(rank, best.base, best.flow);
    *base = best.base;
    *applies = true;
done:
    return status;
}
