/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The only file that knows igraph. What igraph returns is not trusted: a preflow of value F into
 * the target and a cut of capacity F, both checked here in exact integers, prove each other.
 */
#include "bound/bound_i.h"

#include "core/flow.h"
#include "core/library.h"

#include <igraph/igraph.h>

#include <math.h>
#include <pthread.h>

#define FUNCTIONS(X)                                                                               \
    X(igraph_create)                                                                               \
    X(igraph_destroy)                                                                              \
    X(igraph_maxflow)                                                                              \
    X(igraph_set_error_handler)                                                                    \
    X(igraph_set_warning_handler)                                                                  \
    X(igraph_strerror)                                                                             \
    X(igraph_vector_copy_to)                                                                       \
    X(igraph_vector_destroy)                                                                       \
    X(igraph_vector_init)                                                                          \
    X(igraph_vector_int_view)                                                                      \
    X(igraph_vector_size)                                                                          \
    X(igraph_vector_view)                                                                          \
    X(igraph_warning_handler_ignore)                                                               \
    X(IGRAPH_FINALLY_FREE)

static struct {
    FUNCTIONS(EC_LIBRARY_MEMBER)
} ig;

#define SYMBOL(f) {&ig.f, #f},

static const ec_symbol symbols[] = {FUNCTIONS(SYMBOL)};
static ec_library library = EC_LIBRARY(EC_SONAME_IGRAPH, symbols);

enum { SOURCE, TARGET, FIRST_TENSOR };

/* Bytes of igraph and of this file, measured at 8 10^6 arcs and 4 10^6 nodes, and a fifth more. */
static const double bytes_per_arc = 170, bytes_per_node = 100;

/* A flow network of igraph: arc k leads from ends[2k] to ends[2k+1]. */
struct graph {
    const ec_network *net;
    size_t n_nodes, n_arcs;
    uint64_t constant;      /* capacity of the indices that every cut contains */
    double uncuttable;      /* big-M: more than all cuttable capacities together */
    uint32_t *parent;       /* union-find over nodes: what uncuttable indices join is one node */
    unsigned char *pins_on; /* of an index: 1 has a site on side A, 2 on side B */
    igraph_integer_t *ends;
    double *capacity, *flow;
};

static uint32_t find(uint32_t *parent, uint32_t x)
{
    while (parent[x] != x) {
        parent[x] = parent[parent[x]];
        x = parent[x];
    }
    return x;
}

/* The smaller root wins, so SOURCE and TARGET stay roots unless they meet. */
static void join(uint32_t *parent, uint32_t x, uint32_t y)
{
    x = find(parent, x);
    y = find(parent, y);
    if (x < y)
        parent[y] = x;
    else
        parent[x] = y;
}

/* Contract uncuttable indices; sum up the others. False: source and target became one. */
static bool contract(struct graph *g, const uint64_t *capacity, double *total)
{
    const ec_network *net = g->net;

    *total = 0;
    for (uint32_t x = 0; x < FIRST_TENSOR + net->n_tensors; x++)
        g->parent[x] = x;
    for (size_t e = 0; e < net->n_indices; e++) {
        const uint32_t *pin = net->pin + net->pin_start[e];
        size_t n = net->pin_start[e + 1] - net->pin_start[e];

        if (capacity[e] != EC_FLOW_UNCUTTABLE) {
            *total += (double)capacity[e];
            continue;
        }
        if (g->pins_on[e] == 3)
            return false;
        for (size_t k = 1; k < n; k++)
            join(g->parent, FIRST_TENSOR + pin[0], FIRST_TENSOR + pin[k]);
        if (n > 0 && g->pins_on[e] != 0)
            join(g->parent, FIRST_TENSOR + pin[0], g->pins_on[e] == 1 ? SOURCE : TARGET);
    }
    return find(g->parent, TARGET) != find(g->parent, SOURCE);
}

/* One arc; only counted while there is no room yet. */
static void arc(struct graph *g, uint32_t from, uint32_t to, double capacity)
{
    if (from == to)
        return;
    if (g->ends != NULL) {
        g->ends[2 * g->n_arcs] = from;
        g->ends[2 * g->n_arcs + 1] = to;
        g->capacity[g->n_arcs] = capacity;
    }
    g->n_arcs++;
}

/*
 * A hyperedge is two nodes in -> out; a side that holds a site of it takes the place of in or out,
 * and two pins without a site need neither.
 */
static void add_index(struct graph *g, size_t e, double capacity)
{
    const uint32_t *pin = g->net->pin + g->net->pin_start[e];
    size_t n = g->net->pin_start[e + 1] - g->net->pin_start[e];
    bool on_a = g->pins_on[e] == 1, on_b = g->pins_on[e] == 2;
    uint32_t in = SOURCE, out = TARGET;

    if (n == 0 || (n == 1 && !on_a && !on_b))
        return;
    if (n == 1 || (n == 2 && !on_a && !on_b)) {
        uint32_t u = find(g->parent, FIRST_TENSOR + pin[0]);
        uint32_t v = on_a ? SOURCE : on_b ? TARGET : find(g->parent, FIRST_TENSOR + pin[1]);
        if (!on_a)
            arc(g, u, v, capacity);
        if (!on_b)
            arc(g, v, u, capacity);
        return;
    }
    if (!on_a)
        in = (uint32_t)g->n_nodes++;
    if (!on_b)
        out = (uint32_t)g->n_nodes++;
    arc(g, in, out, capacity);
    for (size_t k = 0; k < n; k++) {
        uint32_t v = find(g->parent, FIRST_TENSOR + pin[k]);
        if (!on_a)
            arc(g, v, in, g->uncuttable);
        if (!on_b)
            arc(g, out, v, g->uncuttable);
    }
}

/* Count the arcs, or write them once there is room; indices of capacity 0 leave no trace. */
static void build(struct graph *g, const uint64_t *capacity)
{
    g->n_nodes = FIRST_TENSOR + g->net->n_tensors;
    g->n_arcs = 0;
    g->constant = 0;
    for (size_t e = 0; e < g->net->n_indices; e++) {
        if (capacity[e] == 0 || capacity[e] == EC_FLOW_UNCUTTABLE)
            continue;
        if (g->pins_on[e] == 3)
            g->constant += capacity[e];
        else
            add_index(g, e, (double)capacity[e]);
    }
}

/* igraph calls it once per stack level; returning lets the error code reach the caller. */
static void on_igraph_error(const char *reason, const char *file, int line, igraph_error_t code)
{
    (void)reason, (void)file, (void)line, (void)code;
    ig.IGRAPH_FINALLY_FREE();
}

/* g->flow by igraph, whose objects live here only. */
static igraph_error_t igraph_solve(struct graph *g)
{
    igraph_t graph;
    igraph_vector_t capacity, flow;
    igraph_vector_int_t ends;
    igraph_real_t value;
    igraph_error_t code;

    ig.igraph_vector_view(&capacity, g->capacity, (igraph_integer_t)g->n_arcs);
    ig.igraph_vector_int_view(&ends, g->ends, (igraph_integer_t)(2 * g->n_arcs));
    code = ig.igraph_create(&graph, &ends, (igraph_integer_t)g->n_nodes, IGRAPH_DIRECTED);
    if (code != IGRAPH_SUCCESS)
        return code;
    code = ig.igraph_vector_init(&flow, 0);
    if (code == IGRAPH_SUCCESS) {
        code = ig.igraph_maxflow(&graph, &value, &flow, NULL, NULL, NULL, SOURCE, TARGET, &capacity,
                                 NULL);
        if (code == IGRAPH_SUCCESS && (size_t)ig.igraph_vector_size(&flow) == g->n_arcs)
            ig.igraph_vector_copy_to(&flow, g->flow);
        ig.igraph_vector_destroy(&flow);
    }
    ig.igraph_destroy(&graph);
    return code;
}

/* igraph is not thread-safe, graph creation included, and its handlers are global: one lock. */
static ec_status solve(struct graph *g, ec_error *err)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    igraph_error_handler_t *old_error;
    igraph_warning_handler_t *old_warning;
    igraph_error_t code;
    ec_status status = ec_library_load(&library, err);

    if (status != EC_OK)
        return status;

    pthread_mutex_lock(&lock);
    old_error = ig.igraph_set_error_handler(on_igraph_error);
    old_warning = ig.igraph_set_warning_handler(ig.igraph_warning_handler_ignore);
    code = igraph_solve(g);
    ig.igraph_set_warning_handler(old_warning);
    ig.igraph_set_error_handler(old_error);
    pthread_mutex_unlock(&lock);

    if (code == IGRAPH_ENOMEM)
        return ec_fail(err, EC_ENOMEM, "out of memory in igraph: max flow with %zu arcs",
                       g->n_arcs);
    if (code != IGRAPH_SUCCESS)
        return ec_fail(err, EC_ENUMERIC, "igraph: max flow failed: %s", ig.igraph_strerror(code));
    return EC_OK;
}

/* Is g->flow an integral preflow within the capacities? *value: what arrives at the target. */
static bool check_preflow(const struct graph *g, double *excess, uint64_t *value)
{
    bool ok = true;

    for (size_t k = 0; k < g->n_arcs; k++) {
        double f = g->flow[k];
        ok = ok && f >= 0 && f <= g->capacity[k] && f == rint(f);
        excess[g->ends[2 * k]] -= f;
        excess[g->ends[2 * k + 1]] += f;
    }
    for (size_t x = TARGET; x < g->n_nodes; x++)
        ok = ok && excess[x] >= 0;
    *value = ok ? (uint64_t)excess[TARGET] : 0;
    return ok;
}

/* Arcs at each node: start[x] .. start[x+1]-1 of `arcs`, 2k for arc k at its tail, 2k+1 at its
 * head. */
static void fill_incidence(const struct graph *g, size_t *start, size_t *arcs)
{
    for (size_t i = 0; i < 2 * g->n_arcs; i++)
        start[g->ends[i] + 2]++;
    for (size_t x = 2; x < g->n_nodes + 2; x++)
        start[x] += start[x - 1];
    for (size_t i = 0; i < 2 * g->n_arcs; i++)
        arcs[start[g->ends[i] + 1]++] = i;
}

/* reach[x]: can x send something to the target in the residual graph? Breadth first, backwards. */
static ec_status residual_reach(bool *reach, const struct graph *g, ec_error *err)
{
    ec_status status = EC_OK;
    size_t *start = NULL, *arcs = NULL, n = 0;
    uint32_t *queue = NULL;

    EC_NEW(start, g->n_nodes + 2);
    EC_NEW(arcs, 2 * g->n_arcs);
    EC_NEW(queue, g->n_nodes);
    fill_incidence(g, start, arcs);
    reach[TARGET] = true;
    queue[n++] = TARGET;
    for (size_t i = 0; i < n; i++) {
        for (size_t j = start[queue[i]]; j < start[queue[i] + 1]; j++) {
            size_t k = arcs[j] / 2;
            bool at_head = arcs[j] % 2 == 1;
            size_t other = (size_t)g->ends[2 * k + !at_head];
            bool room = at_head ? g->flow[k] < g->capacity[k] : g->flow[k] > 0;

            if (room && !reach[other]) {
                reach[other] = true;
                queue[n++] = (uint32_t)other;
            }
        }
    }
done:
    ec_free(start);
    ec_free(arcs);
    ec_free(queue);
    return status;
}

static uint64_t cut_capacity(const ec_network *net, const uint64_t *capacity, const ec_sites *a,
                             const bool *side_a, unsigned char *pins_on)
{
    uint64_t sum = 0;

    ec_bound_cut_indices(pins_on, net, a, side_a);
    for (size_t e = 0; e < net->n_indices; e++)
        sum += pins_on[e] == 3 ? capacity[e] : 0;
    return sum;
}

static ec_status read_cut(ec_flow *out, struct graph *g, const uint64_t *capacity,
                          const ec_sites *a, ec_error *err)
{
    ec_status status = EC_OK;
    double *excess = NULL;
    bool *reach = NULL, ok;

    EC_NEW(excess, g->n_nodes);
    EC_NEW(reach, g->n_nodes);
    EC_NEW(out->side_a, g->net->n_tensors);
    ok = check_preflow(g, excess, &out->value);
    EC_TRY(residual_reach(reach, g, err));
    for (size_t v = 0; v < g->net->n_tensors; v++)
        out->side_a[v] = !reach[find(g->parent, (uint32_t)(FIRST_TENSOR + v))];
    out->value += g->constant;
    if (!ok || cut_capacity(g->net, capacity, a, out->side_a, g->pins_on) != out->value)
        status = ec_fail(err, EC_ENUMERIC, "igraph: the flow returned is not a maximum flow");
done:
    ec_free(excess);
    ec_free(reach);
    return status;
}

static ec_status reserve(double n_arcs, double n_nodes, const ec_run *run, ec_error *err)
{
    return ec_run_reserve(run, "max flow", bytes_per_arc * n_arcs + bytes_per_node * n_nodes, err);
}

/* An index above the sites' has all its arcs: see add_index; those of the sites depend on their
   sides, and dimension 1 leaves none. */
ec_status ec_bound_reserve_flow(const ec_arch *arch, const ec_run *run, ec_error *err)
{
    double n_arcs = 0, n_nodes = 0;

    for (size_t l = 0; l < arch->n_levels; l++) {
        double n = (double)ec_level_positions(&arch->levels[l]);
        double window = (double)ec_level_window(&arch->levels[l]);

        n_nodes += n;
        if (l == 0 || arch->levels[l].dim == 1)
            continue;
        n_arcs += n * (window > 1 ? 1 + 2 * (window + 1) : 2);
        n_nodes += window > 1 ? 2 * n : 0;
    }
    return reserve(n_arcs, n_nodes, run, err);
}

static ec_status allocate_arcs(struct graph *g, const ec_run *run, ec_error *err)
{
    ec_status status = EC_OK;

    EC_TRY(reserve((double)g->n_arcs, (double)g->n_nodes, run, err));
    EC_NEW(g->flow, g->n_arcs);
    EC_NEW(g->capacity, g->n_arcs);
    EC_NEW(g->ends, 2 * g->n_arcs);
done:
    return status;
}

ec_status ec_bound_flow(ec_flow *out, const ec_network *network, const uint64_t *capacity,
                        const ec_sites *a, const ec_run *run, ec_error *err)
{
    ec_status status = EC_OK;
    struct graph g = {.net = network};
    double total;

    *out = (ec_flow){.value = EC_FLOW_UNCUTTABLE};
    EC_NEW(g.parent, FIRST_TENSOR + network->n_tensors);
    EC_NEW(g.pins_on, network->n_indices);
    ec_bound_cut_indices(g.pins_on, network, a, NULL);
    if (!contract(&g, capacity, &total))
        goto done;
    if (total > (double)EC_FLOW_MAX) {
        status = ec_fail(err, EC_ELIMIT,
                         "max flow: capacities sum up to %.0f, at most 2^51 is "
                         "exact",
                         total);
        goto done;
    }
    g.uncuttable = total + 1;
    build(&g, capacity);
    EC_TRY(allocate_arcs(&g, run, err));
    build(&g, capacity);
    EC_TRY(solve(&g, err));
    EC_TRY(read_cut(out, &g, capacity, a, err));
done:
    ec_free(g.parent);
    ec_free(g.pins_on);
    ec_free(g.ends);
    ec_free(g.capacity);
    ec_free(g.flow);
    if (status != EC_OK) {
        ec_free(out->side_a);
        *out = (ec_flow){.value = 0};
    }
    return status;
}
