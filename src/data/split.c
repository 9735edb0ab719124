/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "graph.h"

#include "core/flow.h"
#include "core/library.h"

#include <metis.h>

#include <math.h>
#include <pthread.h>

/*
 * METIS seeds the process's random numbers, so calls stand behind a lock. Its indices have 32 bits:
 * weights become integers whose sum stays below 2^31.
 */
#define FUNCTIONS(X) X(METIS_PartGraphRecursive) X(METIS_SetDefaultOptions)

static struct {
    FUNCTIONS(EC_LIBRARY_MEMBER)
} metis;

#define SYMBOL(f) {&metis.f, #f},

static const ec_symbol symbols[] = {FUNCTIONS(SYMBOL)};
static ec_library library = EC_LIBRARY(EC_SONAME_METIS, symbols);

enum { TRIES = 4 }; /* cuts of which METIS keeps the best */

/* A graph as METIS takes it. */
typedef struct metis_graph {
    idx_t *start, *target, *weight, *part;
    real_t *share;
} metis_graph;

static void metis_graph_clear(metis_graph *m)
{
    ec_free(m->start);
    ec_free(m->target);
    ec_free(m->weight);
    ec_free(m->part);
    ec_free(m->share);
}

/* Edges too light to count as integers are left out. */
static ec_status metis_graph_init(metis_graph *m, const graph *g, const size_t *size, size_t parts,
                                  ec_error *err)
{
    ec_status status = EC_OK;
    size_t edges = g->start[g->n], count = 0;
    double total = 0, scale;

    if (edges > INT32_MAX / 2)
        return ec_fail(err, EC_ELIMIT,
                       "%zu correlations, METIS takes 2^30 at most: keep fewer "
                       "neighbours",
                       edges);
    for (size_t e = 0; e < edges; e++)
        total += (double)g->weight[e];
    scale = total > 0 ? (0x1p31 - 1 - (double)edges) / total : 1;
    scale = fmin(scale, 1 << 20);
    EC_NEW(m->start, g->n + 1);
    EC_NEW(m->target, edges);
    EC_NEW(m->weight, edges);
    EC_NEW(m->part, g->n);
    EC_NEW(m->share, parts);
    for (size_t i = 0; i < g->n; i++) {
        for (size_t e = g->start[i]; e < g->start[i + 1]; e++) {
            idx_t weight = (idx_t)lround((double)g->weight[e] * scale);

            m->target[count] = (idx_t)g->target[e];
            m->weight[count] = weight;
            count += weight > 0;
        }
        m->start[i + 1] = (idx_t)count;
    }
    for (size_t p = 0; p < parts; p++)
        m->share[p] = (real_t)((double)size[p] / (double)g->n);
done:
    return status;
}

static ec_status call_metis(metis_graph *m, size_t n, size_t parts, uint64_t seed, ec_error *err)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    idx_t options[METIS_NOPTIONS], vertices = (idx_t)n, one = 1, count = (idx_t)parts, cut = 0;
    ec_status status = ec_library_load(&library, err);

    if (status != EC_OK)
        return status;
    pthread_mutex_lock(&lock);
    metis.METIS_SetDefaultOptions(options);
    options[METIS_OPTION_SEED] = (idx_t)(seed & 0x3fffffff);
    options[METIS_OPTION_NCUTS] = TRIES;
    int code =
        metis.METIS_PartGraphRecursive(&vertices, &one, m->start, m->target, NULL, NULL, m->weight,
                                       &count, m->share, NULL, options, &cut, m->part);
    pthread_mutex_unlock(&lock);
    if (code == METIS_ERROR_MEMORY)
        return ec_fail(err, EC_ENOMEM, "METIS ran out of memory");
    if (code != METIS_OK)
        return ec_fail(err, EC_ENUMERIC, "METIS failed with code %d", code);
    return EC_OK;
}

/* --------------------------------------------------------------- exact sizes */

/* Weight from every feature to every part: n x parts. */
static void fill_pull(double *pull, const graph *g, const uint32_t *part, size_t parts)
{
    for (size_t i = 0; i < g->n; i++)
        for (size_t e = g->start[i]; e < g->start[i + 1]; e++)
            pull[i * parts + part[g->target[e]]] += (double)g->weight[e];
}

/* The move from a part that is too large to one that is too small that costs least. */
static void cheapest_move(size_t *feature, uint32_t *to, const double *pull, const uint32_t *part,
                          const ptrdiff_t *excess, const size_t count[2])
{
    size_t n = count[0], parts = count[1];
    double best = INFINITY;

    for (size_t i = 0; i < n; i++) {
        if (excess[part[i]] <= 0)
            continue;
        for (uint32_t p = 0; p < parts; p++) {
            double cost = pull[i * parts + part[i]] - pull[i * parts + p];

            if (excess[p] < 0 && cost < best) {
                best = cost;
                *feature = i;
                *to = p;
            }
        }
    }
}

/* Move features, cheapest first, until every part has its size. */
static ec_status balance(uint32_t *part, const graph *g, const size_t *size, size_t parts,
                         ec_error *err)
{
    ec_status status = EC_OK;
    double *pull = NULL;
    ptrdiff_t *excess = NULL, surplus = 0;

    EC_NEW(pull, g->n * parts);
    EC_NEW(excess, parts);
    for (size_t p = 0; p < parts; p++)
        excess[p] = -(ptrdiff_t)size[p];
    for (size_t i = 0; i < g->n; i++)
        excess[part[i]]++;
    for (size_t p = 0; p < parts; p++)
        surplus += excess[p] > 0 ? excess[p] : 0;
    fill_pull(pull, g, part, parts);
    for (; surplus > 0; surplus--) {
        size_t i = 0;
        uint32_t to = 0, from;

        cheapest_move(&i, &to, pull, part, excess, (size_t[]){g->n, parts});
        from = part[i];
        part[i] = to;
        excess[from]--;
        excess[to]++;
        for (size_t e = g->start[i]; e < g->start[i + 1]; e++) {
            pull[g->target[e] * parts + from] -= (double)g->weight[e];
            pull[g->target[e] * parts + to] += (double)g->weight[e];
        }
    }
done:
    ec_free(pull);
    ec_free(excess);
    return status;
}

ec_status graph_split(uint32_t *part, const graph *g, const size_t *size, size_t parts,
                      uint64_t seed, ec_error *err)
{
    ec_status status = EC_OK;
    metis_graph m = {.start = NULL};

    EC_TRY(metis_graph_init(&m, g, size, parts, err));
    /* METIS is for graphs larger than the number of parts */
    if (g->n > parts)
        EC_TRY(call_metis(&m, g->n, parts, seed, err));
    for (size_t i = 0; m.part != NULL && i < g->n; i++)
        part[i] = (uint32_t)m.part[i];
    EC_TRY(balance(part, g, size, parts, err));
done:
    metis_graph_clear(&m);
    return status;
}
