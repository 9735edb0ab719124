/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ENTCAP_DATA_GRAPH_H
#define ENTCAP_DATA_GRAPH_H

/** The correlation graph of features, and the parts of a level. */

#include "entcap/data.h"

/** Features joined by |correlation|: each edge stands in both rows. */
typedef struct graph {
    size_t n;
    size_t *start;    /* n + 1 */
    uint32_t *target; /* of the edges start[i] .. start[i + 1] - 1 of feature i, ascending */
    float *weight;    /* > 0 */
    double dropped;   /* share of the weight of all pairs that is not in it */
} graph;

/**
 * All pairs, or the `neighbours` strongest of each feature. Owns: *out, to be cleared, also after
 * an error. Errors: EC_ELIMIT, EC_EIO, EC_ENOMEM, EC_ECANCEL
 */
EC_NODISCARD ec_status graph_of_samples(graph *out, const ec_samples *samples, size_t neighbours,
                                        const ec_run *run, ec_error *err);
void graph_clear(graph *g);

/** The edges among `members` (n of them), renumbered. Owns as above. Errors: EC_ENOMEM */
EC_NODISCARD ec_status graph_induce(graph *out, const graph *g, const uint32_t *members, size_t n,
                                    ec_error *err);

/** Sum over edges between features of different owners, each counted once in each direction. */
double graph_crossing(const graph *g, const uint32_t *owner);

/**
 * Deal the features of g to parts of exactly size[0 .. parts - 1] (their sum is g->n) so that
 * little weight crosses. `part` takes the answer. Errors: EC_EIO, EC_ENUMERIC (METIS failed),
 * EC_ENOMEM
 */
EC_NODISCARD ec_status graph_split(uint32_t *part, const graph *g, const size_t *size, size_t parts,
                                   uint64_t seed, ec_error *err);

/** The baseline: feature[p] for every grid position p. Errors: EC_ELIMIT, EC_ENOMEM, EC_ECANCEL */
EC_NODISCARD ec_status igtd_arrange(uint32_t *feature, const ec_samples *samples, const ec_run *run,
                                    ec_error *err);

#endif
