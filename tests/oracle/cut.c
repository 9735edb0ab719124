/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "oracle/oracle.h"

#include <stdlib.h>

#include "check.h"

enum { MAX_TENSORS = 20, MAX_INDICES = 64 };

/* Where the pins of every index are: tensors as a bit set, and the sides of its sites. */
typedef struct pins {
    uint32_t tensors[MAX_INDICES];
    bool in_a[MAX_INDICES], in_b[MAX_INDICES];
} pins;

static void find_pins(pins *out, const oracle_net *net, const ec_sites *a)
{
    assert_true(net->n_tensors <= MAX_TENSORS && net->n_indices <= MAX_INDICES);
    *out = (pins){.tensors = {0}};
    for (size_t v = 0; v < net->n_tensors; v++)
        for (size_t k = net->leg_start[v]; k < net->leg_start[v + 1]; k++)
            out->tensors[net->leg[k]] |= (uint32_t)1 << v;
    for (size_t s = 0; s < net->n_sites; s++) {
        if (ec_sites_has(a, s))
            out->in_a[net->site_index[s]] = true;
        else
            out->in_b[net->site_index[s]] = true;
    }
}

/* Has index e pins on both sides, if side A is this set of tensors? */
static bool is_cut(const pins *p, size_t e, uint32_t side_a)
{
    bool in_a = p->in_a[e] || (p->tensors[e] & side_a) != 0;
    bool in_b = p->in_b[e] || (p->tensors[e] & ~side_a) != 0;

    return in_a && in_b;
}

/* a b, or UINT64_MAX for anything larger. */
static uint64_t times(uint64_t a, uint64_t b)
{
    uint64_t product;

    return __builtin_mul_overflow(a, b, &product) ? UINT64_MAX : product;
}

/* Smallest product of weight[e] over the cut indices, over all side assignments. If n_cuts is not
 * NULL: how many sets of indices of dimension > 1 attain it, 2 standing for more. */
static uint64_t smallest_product(const pins *p, const oracle_net *net, const uint64_t *weight,
                                 size_t *n_cuts, uint64_t *first_set)
{
    uint64_t best = UINT64_MAX, best_set = 0;
    size_t n_best = 0, heavy[MAX_INDICES], n_heavy = 0;

    for (size_t e = 0; e < net->n_indices; e++)
        if (weight[e] > 1)
            heavy[n_heavy++] = e;
    for (uint32_t side = 0; side < (uint32_t)1 << net->n_tensors; side++) {
        uint64_t product = 1, set = 0;
        for (size_t i = 0; i < n_heavy && product <= best; i++)
            if (is_cut(p, heavy[i], side)) {
                product = times(product, weight[heavy[i]]);
                set |= (uint64_t)1 << heavy[i];
            }
        if (product < best) {
            best = product;
            best_set = set;
            n_best = 1;
        } else if (product == best && set != best_set)
            n_best = 2;
    }
    if (n_cuts != NULL)
        *n_cuts = n_best;
    if (first_set != NULL)
        *first_set = best_set;
    return best;
}

oracle_cut oracle_min_cut(const oracle_net *net, const ec_sites *a)
{
    oracle_cut cut = {.rank = 0};
    uint64_t set = 0;
    pins p;

    find_pins(&p, net, a);
    cut.rank = smallest_product(&p, net, net->dim, &cut.n_cuts, &set);
    for (size_t e = 0; e < net->n_indices; e++)
        cut.joins += (set >> e & 1) && __builtin_popcount(p.tensors[e]) >= 3;
    assert_true(cut.rank < UINT64_MAX);
    return cut;
}

void oracle_cut_value(ec_int *rank, uint64_t *count, const oracle_net *net, const ec_sites *a,
                      const bool *side_a)
{
    unsigned char *sides = calloc(net->n_indices, 1); /* 1: a pin in A, 2: in B */

    assert_non_null(sides);
    for (size_t v = 0; v < net->n_tensors; v++)
        for (size_t k = net->leg_start[v]; k < net->leg_start[v + 1]; k++)
            sides[net->leg[k]] |= side_a[v] ? 1 : 2;
    for (size_t s = 0; s < net->n_sites; s++)
        sides[net->site_index[s]] |= ec_sites_has(a, s) ? 1 : 2;
    for (size_t l = 0; l < net->n_layers; l++)
        count[l] = 0;
    ec_int_set_u64(rank, 1);
    for (size_t e = 0; e < net->n_indices; e++) {
        if (sides[e] != 3 || net->dim[e] == 1)
            continue;
        ec_int_mul_u64(rank, rank, net->dim[e]);
        count[net->layer[e]]++;
    }
    free(sides);
}

bool oracle_widening_helps(const oracle_net *net, const ec_sites *a, uint64_t layers)
{
    uint64_t wide[MAX_INDICES];
    pins p;

    find_pins(&p, net, a);
    for (size_t e = 0; e < net->n_indices; e++)
        wide[e] = (layers >> net->layer[e] & 1) ? (uint64_t)1 << 40 : net->dim[e];
    return smallest_product(&p, net, wide, NULL, NULL) >
           smallest_product(&p, net, net->dim, NULL, NULL);
}

size_t oracle_bottleneck(uint64_t *sets, size_t max, const ec_arch *arch, const ec_sites *a)
{
    size_t n = 0;
    uint64_t bound;
    bool by_shared = !ec_arch_is_network(arch) && oracle_shared_bound(&bound, arch, a);
    oracle_net net;

    oracle_net_make(&net, arch);
    assert_true(net.n_layers < 16);
    for (uint64_t set = 1; set < (uint64_t)1 << net.n_layers; set++) {
        bool holds_smaller = false; /* subsets have smaller numbers */
        for (size_t i = 0; i < n; i++)
            holds_smaller = holds_smaller || (sets[i] & ~set) == 0;
        if (!holds_smaller && (by_shared ? oracle_widening_helps_shared(arch, a, set)
                                         : oracle_widening_helps(&net, a, set))) {
            assert_true(n < max);
            sets[n++] = set;
        }
    }
    oracle_net_clear(&net);
    return n;
}

uint64_t oracle_power_bound(uint32_t *base, const oracle_net *net, const ec_sites *a)
{
    uint64_t best = 0, widest = 2, rounded[MAX_INDICES];
    pins p;

    find_pins(&p, net, a);
    for (size_t e = 0; e < net->n_indices; e++)
        widest = net->dim[e] > widest ? net->dim[e] : widest;
    for (uint64_t b = 2; b <= widest; b++) {
        uint64_t bound;
        for (size_t e = 0; e < net->n_indices; e++)
            for (rounded[e] = 1; rounded[e] * b <= net->dim[e];)
                rounded[e] *= b;
        bound = smallest_product(&p, net, rounded, NULL, NULL);
        if (bound > best) {
            best = bound;
            *base = (uint32_t)b;
        }
    }
    return best;
}
