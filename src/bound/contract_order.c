/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bound/contract.h"

#include "core/flow.h"

#include <math.h>

/* Two indices are neighbours if some tensor holds both. Eliminating an index makes its neighbours
 * one tensor: neighbours of each other. Nodes n and n + 1 are the inputs s and t; indices of
 * dimension 1 are no part of any tensor. */
typedef struct graph {
    size_t n, words;     /* n_indices; 64-bit words of a row */
    uint64_t *row;       /* (n + 2) x words: bit j of row i: neighbours? (i is its own) */
    double *log_dim;     /* n + 2 */
    double *log_size;    /* n: of the tensor that eliminating i would leave */
    unsigned char *gone; /* n */
} graph;

static void join(graph *g, size_t i, size_t j)
{
    if (g->log_dim[i] == 0 || g->log_dim[j] == 0)
        return;
    g->row[i * g->words + j / 64] |= (uint64_t)1 << (j % 64);
    g->row[j * g->words + i / 64] |= (uint64_t)1 << (i % 64);
}

static void weigh(graph *g, size_t i)
{
    double sum = -g->log_dim[i];

    for (size_t w = 0; w < g->words; w++)
        for (uint64_t bits = g->row[i * g->words + w]; bits != 0; bits &= bits - 1)
            sum += g->log_dim[w * 64 + (size_t)__builtin_ctzll(bits)];
    g->log_size[i] = sum;
}

/* Refuse a tensor of 2^log_size numbers that cannot be: no later step would make it smaller. */
static ec_status reserve(double log_size, const ec_run *run, ec_error *err)
{
    return ec_run_reserve(run, "generic rank", exp2(log_size) * sizeof(uint64_t), err);
}

/* Make the indices of a tensor neighbours of each other. */
static ec_status join_legs(graph *g, const uint32_t *leg, size_t n, const ec_run *run,
                           ec_error *err)
{
    double log_size = 0;

    for (size_t k = 0; k < n; k++)
        log_size += g->log_dim[leg[k]];
    ec_status status = reserve(log_size, run, err);
    for (size_t k = 0; status == EC_OK && k < n; k++)
        for (size_t m = 0; m <= k; m++)
            join(g, leg[k], leg[m]);
    return status;
}

static ec_status graph_init(graph *g, const ec_network *net, const ec_sites *a, size_t inputs,
                            const ec_run *run, ec_error *err)
{
    ec_status status = EC_OK;

    EC_TRY(ec_run_reserve(run, "generic rank", (double)(g->n + 2) * (double)g->words * 8, err));
    EC_NEW(g->row, (g->n + 2) * g->words);
    EC_NEW(g->log_dim, g->n + 2);
    EC_NEW(g->log_size, g->n);
    EC_NEW(g->gone, g->n);
    for (size_t e = 0; e < g->n; e++)
        g->log_dim[e] = log2(net->dim[e]);
    g->log_dim[g->n] = g->log_dim[g->n + 1] = log2((double)inputs);
    for (size_t v = 0; v < net->n_tensors; v++)
        EC_TRY(join_legs(g, net->leg + net->leg_start[v], net->leg_start[v + 1] - net->leg_start[v],
                         run, err));
    for (size_t s = 0; s < net->n_sites; s++)
        join(g, net->site_index[s], ec_sites_has(a, s) ? g->n : g->n + 1);
    for (size_t e = 0; e < g->n; e++) {
        join(g, e, e);
        weigh(g, e);
    }
done:
    return status;
}

static void graph_clear(graph *g)
{
    ec_free(g->row);
    ec_free(g->log_dim);
    ec_free(g->log_size);
    ec_free(g->gone);
}

static size_t cheapest(const graph *g)
{
    size_t best = SIZE_MAX;

    for (size_t i = 0; i < g->n; i++)
        if (!g->gone[i] && (best == SIZE_MAX || g->log_size[i] < g->log_size[best]))
            best = i;
    return best;
}

/* Make the neighbours of i neighbours of each other and take i out. */
static void eliminate(graph *g, size_t i)
{
    const uint64_t *from = g->row + i * g->words;

    g->gone[i] = 1;
    for (size_t j = 0; j < g->n + 2; j++) {
        uint64_t *to = g->row + j * g->words;
        if (j == i || (from[j / 64] >> (j % 64) & 1) == 0)
            continue;
        for (size_t w = 0; w < g->words; w++)
            to[w] |= from[w];
        to[i / 64] &= ~((uint64_t)1 << (i % 64));
        if (j < g->n)
            weigh(g, j);
    }
}

ec_status ec_contract_order(uint32_t *order, const ec_network *network, const ec_sites *a,
                            size_t inputs, const ec_run *run, ec_error *err)
{
    graph g = {.n = network->n_indices, .words = (network->n_indices + 2 + 63) / 64};
    ec_status status = EC_OK;

    if (g.n > EC_CONTRACT_MAX_INDICES)
        return ec_fail(err, EC_ELIMIT, "generic rank: %zu indices, the limit is %zu", g.n,
                       EC_CONTRACT_MAX_INDICES);
    EC_TRY(graph_init(&g, network, a, inputs, run, err));
    for (size_t k = 0; k < g.n; k++) {
        size_t i = cheapest(&g);
        order[k] = (uint32_t)i;
        EC_TRY(reserve(g.log_size[i], run, err));
        eliminate(&g, i);
    }
done:
    graph_clear(&g);
    return status;
}
