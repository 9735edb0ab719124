/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ENTCAP_BOUND_I_H
#define ENTCAP_BOUND_I_H

/** Shared inside the module bound. */

#include "entcap/bound.h"

/**
 * Which sides the pins of each index lie on: bit 0 for A, bit 1 for B, so 3 is a cut index. Pins
 * are sites and, unless side_a is NULL, tensors. pins_on: n_indices.
 */
void ec_bound_cut_indices(unsigned char *pins_on, const ec_network *network, const ec_sites *a,
                          const bool *side_a);

/** x = prod dim^count. */
void ec_bound_product(ec_int *x, const ec_factor *factors, size_t n);

/**
 * Everything of *cut (zeroed, or with sides only) that follows from how many indices of each layer
 * it holds: layers, factors, rank, log2. Entries of dimension 1 or count 0 are left out.
 * Owns: *cut, to be cleared, also after an error. Errors: EC_ENOMEM
 */
EC_NODISCARD ec_status ec_bound_fill_cut(ec_cut *cut, const ec_cut_layer *layers, size_t n_layers,
                                         ec_error *err);

/* ------------------------------------------------------------ integral flow */

/** Capacity of an index that no cut may contain. */
#define EC_FLOW_UNCUTTABLE UINT64_MAX

/** Largest sum of the cuttable capacities of one flow: doubles stay exact integers. */
#define EC_FLOW_MAX ((uint64_t)1 << 51)

/** A maximum flow, which is a minimum cut. */
typedef struct ec_flow {
    uint64_t value; /* EC_FLOW_UNCUTTABLE if every cut contains an uncuttable index */
    bool *side_a;   /* n_tensors: sides of a minimum cut; to be freed by ec_free */
} ec_flow;

/**
 * Maximum flow from side A to side B through a network whose index e lets capacity[e] pass.
 *
 *     value = min over sides of the tensors of  sum {capacity[e] : e has pins on both sides}
 *
 * Capacities are integers, 0 and EC_FLOW_UNCUTTABLE allowed; the cuttable ones may sum up to
 * EC_FLOW_MAX. The flow that igraph returns is checked (conservation, capacities) and the sides are
 * read from its residual graph here, so value and sides prove each other.
 *
 * Cost:   see ec_bound_min_cut_igraph. Calls are serialised by a lock.
 * Owns:   out->side_a; NULL after an error.
 * Errors: EC_ELIMIT (memory, capacities too large), EC_ENOMEM, EC_ENUMERIC (igraph failed)
 */
EC_NODISCARD ec_status ec_bound_flow(ec_flow *out, const ec_network *network,
                                     const uint64_t *capacity, const ec_sites *a, const ec_run *run,
                                     ec_error *err);

/** A network, a partition of its sites, and how to run. */
typedef struct ec_cut_problem {
    const ec_network *network;
    const ec_sites *a;
    const ec_run *run;
} ec_cut_problem;

/**
 * As ec_bound_min_cut_igraph, over the cuts that contain no index of the layers `avoid` (n_layers;
 * NULL: all cuts). *none: there is no such cut, and *out is empty.
 */
EC_NODISCARD ec_status ec_bound_min_cut_avoiding(ec_cut *out, bool *none,
                                                 const ec_cut_problem *problem, const bool *avoid,
                                                 ec_error *err);

/* -------------------------------------------------------------- bottlenecks */

/**
 * Does making the layers `wide` (n_layers) arbitrarily wide raise a bound? If not, *cut (n_layers,
 * zeroed) receives the layers, none of them wide, that hold it down: no set of layers that misses
 * them all raises it. *unsure: could not be decided.
 */
typedef ec_status ec_widening_fn(void *arg, const bool *wide, bool *raises, bool *unsure, bool *cut,
                                 ec_error *err);

/** Which bound, over how many layers of what names, and how often it may be asked for. */
typedef struct ec_widening {
    ec_widening_fn *widen;
    void *arg;
    size_t n_layers;
    const char *(*layer_name)(const void *arg, size_t layer);
    int max_questions;
} ec_widening;

/**
 * All minimal sets that raise the bound: the minimal sets that hit every set that holds it down,
 * which are found on the way. At most 64 sets; not complete if there are more, or no question is
 * left.
 * Owns: *out, to be cleared, also after an error. Errors: EC_ENOMEM and those of widen
 */
EC_NODISCARD ec_status ec_bound_minimal_widenings(ec_bottleneck *out, const ec_widening *problem,
                                                  ec_error *err);

/**
 * Bottlenecks of a network's min cut. An uncertified cut has none, incompletely.
 * Owns: *out, to be cleared, also after an error. Errors: as ec_bound_min_cut_igraph
 */
EC_NODISCARD ec_status ec_network_bottleneck(ec_bottleneck *out, const ec_network *network,
                                             const ec_sites *a, const ec_cut *min_cut,
                                             const ec_run *run, ec_error *err);

#endif
