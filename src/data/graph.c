/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "graph.h"

#include "correlation.h"

#include "entcap/linalg.h"

#include "core/flow.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    BAND = 256,     /* features whose correlations with all are computed at a time */
    EDGE_BYTES = 40 /* here, in the graph that METIS is given, and within METIS */
};

void graph_clear(graph *g)
{
    ec_free(g->start);
    ec_free(g->target);
    ec_free(g->weight);
    *g = (graph){.n = 0};
}

static ec_status graph_reserve(graph *g, size_t n, size_t edges, ec_error *err)
{
    ec_status status = EC_OK;

    *g = (graph){.n = n};
    EC_NEW(g->start, n + 1);
    EC_NEW(g->target, edges);
    EC_NEW(g->weight, edges);
done:
    return status;
}

static void add_edge(graph *g, size_t from, uint32_t to, float weight)
{
    g->target[g->start[from + 1]] = to;
    g->weight[g->start[from + 1]++] = weight;
}

/* ------------------------------------------------------------------- dense */

static ec_status fill_dense(graph *g, const ec_samples *samples, const ec_run *run, ec_error *err)
{
    double *correlation = NULL;
    size_t n = samples->grid[0] * samples->grid[1];
    ec_status status = ec_data_correlation(&correlation, samples, run, err);

    if (status == EC_OK)
        status = graph_reserve(g, n, n * (n - 1), err);
    for (size_t i = 0; i < n && status == EC_OK; i++) {
        g->start[i + 1] = g->start[i];
        for (size_t j = 0; j < n; j++)
            if (correlation[i * n + j] > 0)
                add_edge(g, i, (uint32_t)j, (float)correlation[i * n + j]);
    }
    ec_free(correlation);
    return status;
}

/* ------------------------------------------------------------------ sparse */

/* An edge that one of its ends keeps. */
typedef struct kept {
    uint32_t from, to;
    float weight;
} kept;

static int by_weight(const void *a, const void *b)
{
    const kept *x = a, *y = b;

    if (x->weight != y->weight)
        return x->weight < y->weight ? 1 : -1;
    return (x->to > y->to) - (x->to < y->to);
}

static int by_ends(const void *a, const void *b)
{
    const kept *x = a, *y = b;

    if (x->from != y->from)
        return x->from < y->from ? -1 : 1;
    return (x->to > y->to) - (x->to < y->to);
}

/* The strongest of one row, in both directions; returns how many were added. */
static size_t keep_row(kept *out, kept *room, const double *row, size_t from, size_t n,
                       size_t neighbours)
{
    size_t found = 0, added = 0;

    for (size_t j = 0; j < n; j++)
        if (row[j] > 0)
            room[found++] = (kept){(uint32_t)from, (uint32_t)j, (float)row[j]};
    qsort(room, found, sizeof *room, by_weight);
    for (size_t k = 0; k < found && k < neighbours; k++) {
        out[added++] = room[k];
        out[added++] = (kept){room[k].to, room[k].from, room[k].weight};
    }
    return added;
}

/* Every feature's strongest correlations, twice each and unsorted; and the sum of all. */
static ec_status find_kept(kept *out, size_t *count, double *total, const ec_samples *samples,
                           size_t neighbours, const ec_run *run, ec_error *err)
{
    ec_status status = EC_OK;
    standard s = {.n = 0};
    size_t n = samples->grid[0] * samples->grid[1];
    double *band = NULL;
    kept *room = NULL;

    EC_TRY(ec_linalg_load(err));
    EC_TRY(standard_init(&s, samples, err));
    EC_NEW(band, BAND * n);
    EC_NEW(room, n);
    for (size_t first = 0; first < n; first += BAND) {
        size_t rows = n - first < BAND ? n - first : BAND;

        EC_TRY(ec_run_step(run, "correlations", (double)first, (double)n, err));
        EC_TRY(correlation_band(band, &s, samples, first, rows, err));
        for (size_t i = 0; i < rows; i++) {
            for (size_t j = 0; j < n; j++)
                *total += band[i * n + j];
            *count += keep_row(out + *count, room, band + i * n, first + i, n, neighbours);
        }
    }
done:
    standard_clear(&s);
    ec_free(band);
    ec_free(room);
    return status;
}

static ec_status fill_sparse(graph *g, const ec_samples *samples, size_t neighbours,
                             const ec_run *run, ec_error *err)
{
    ec_status status = EC_OK;
    size_t n = samples->grid[0] * samples->grid[1], count = 0;
    double total = 0, in = 0;
    kept *edges = NULL;

    EC_NEW(edges, 2 * n * neighbours);
    EC_TRY(find_kept(edges, &count, &total, samples, neighbours, run, err));
    qsort(edges, count, sizeof *edges, by_ends);
    EC_TRY(graph_reserve(g, n, count, err));
    for (size_t i = 0, k = 0; i < n; i++) {
        g->start[i + 1] = g->start[i];
        for (; k < count && edges[k].from == i; k++) {
            bool again = k > 0 && edges[k - 1].from == i && edges[k - 1].to == edges[k].to;

            if (!again) {
                add_edge(g, i, edges[k].to, edges[k].weight);
                in += (double)edges[k].weight;
            }
        }
    }
    g->dropped = total > 0 ? fmax(1 - in / total, 0) : 0;
done:
    ec_free(edges);
    return status;
}

ec_status graph_of_samples(graph *out, const ec_samples *samples, size_t neighbours,
                           const ec_run *run, ec_error *err)
{
    size_t n = samples->grid[0] * samples->grid[1];
    bool dense = neighbours == 0 && n <= EC_GRAPH_DENSE;
    size_t degree = neighbours > 0 ? neighbours : EC_GRAPH_NEIGHBOURS;
    double edges = (double)n * (dense ? (double)n : 2 * (double)degree);

    *out = (graph){.n = 0};
    ec_status status = ec_run_reserve(run, "correlation graph", edges * EDGE_BYTES, err);
    if (status != EC_OK)
        return status;
    if (dense)
        return fill_dense(out, samples, run, err);
    return fill_sparse(out, samples, degree < n ? degree : n, run, err);
}

/* -------------------------------------------------------------------- parts */

ec_status graph_induce(graph *out, const graph *g, const uint32_t *members, size_t n, ec_error *err)
{
    ec_status status = EC_OK;
    uint32_t *number = NULL;
    size_t edges = 0;

    *out = (graph){.n = 0};
    EC_NEW(number, g->n); /* 1 + the new number, 0: not a member */
    for (size_t i = 0; i < n; i++)
        number[members[i]] = (uint32_t)(i + 1);
    for (size_t i = 0; i < n; i++)
        for (size_t e = g->start[members[i]]; e < g->start[members[i] + 1]; e++)
            edges += number[g->target[e]] != 0;
    EC_TRY(graph_reserve(out, n, edges, err));
    for (size_t i = 0; i < n; i++) {
        out->start[i + 1] = out->start[i];
        for (size_t e = g->start[members[i]]; e < g->start[members[i] + 1]; e++)
            if (number[g->target[e]] != 0)
                add_edge(out, i, number[g->target[e]] - 1, g->weight[e]);
    }
done:
    ec_free(number);
    return status;
}

double graph_crossing(const graph *g, const uint32_t *owner)
{
    double sum = 0;

    for (size_t i = 0; i < g->n; i++)
        for (size_t e = g->start[i]; e < g->start[i + 1]; e++)
            if (owner[i] != owner[g->target[e]])
                sum += (double)g->weight[e];
    return sum;
}
