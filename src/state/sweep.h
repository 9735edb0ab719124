/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ENTCAP_STATE_SWEEP_H
#define ENTCAP_STATE_SWEEP_H

/**
 * Sweeps: the messages that run through a tree towards an edge of a cut.
 *
 * Vertex v = (level, position) is the matrix W_level there; the index below it has the same number,
 * level_start[level] + position, the one above it belongs to its parent. Given a side for every
 * vertex, an index is cut if its pins (vertices, sites) lie on both sides. A message is the table
 * of everything on its own side that hangs behind an index, up to the cut indices, which remain as
 * labels:
 *
 *     up(v)    of v and all below it, open in the index above v
 *     down(v)  of v and all above and beside it, open in the index below v
 */

#include "state/parts.h"

#include "entcap/model.h"
#include "entcap/network.h"

typedef struct ec_vertex {
    size_t level, position;
} ec_vertex;

typedef struct ec_sweep {
    const ec_arch *arch;
    const ec_weights *weights;
    const ec_sites *a;
    const bool *side_a;  /* of every vertex */
    const double *site;  /* M x M, row d the vector of physical value d; NULL: the identity */
    size_t *level_start; /* n_levels + 1 */
    bool *cut;           /* of every index */
    bool *pure;          /* nothing below v is cut */
    uint32_t *component; /* topmost vertex that v is connected to without crossing the cut */
    bool *shared_below;  /* of every level: all matrices up to it shared */
    double *scratch;     /* one matrix, scaled */
    ec_table *whole;  /* of every level: up(v) of pure subtrees with shared weights, once known */
    ec_parts *window; /* of every level: children of the open index that are done */
    ec_table message; /* up(v) in the making */
    ec_ledger ledger;
    double max_bytes, max_flops; /* the ledger's limits at first; plans go without */
    unsigned without_routes;     /* bit r: ec_route r is not to be used */
} ec_sweep;

/** From `arch`, `weights`, `a`, `side_a` and `site`, set by the caller, work out the rest. Owns:
 * *sweep, cleared by ec_sweep_clear, also after an error. */
EC_NODISCARD ec_status ec_sweep_init(ec_sweep *sweep, const ec_run *run, ec_error *err);
void ec_sweep_clear(ec_sweep *sweep);

/** Forget all tables and start a new walk, in numbers or as a plan. */
void ec_sweep_restart(ec_sweep *sweep, bool plan);

static inline uint32_t ec_sweep_id(const ec_sweep *sweep, ec_vertex v)
{
    return (uint32_t)(sweep->level_start[v.level] + v.position);
}

static inline ec_vertex ec_sweep_parent(const ec_sweep *sweep, ec_vertex v)
{
    return (ec_vertex){v.level + 1, ec_network_parent(sweep->arch, v.level, v.position)};
}

/** Message up(v), reduced. Iterative: depth is only limited by memory. */
EC_NODISCARD ec_status ec_sweep_up(ec_table *out, ec_sweep *sweep, ec_vertex v, ec_error *err);

/** Rows rows[0] .. rows[1]-1 of W_v into `out`, scaled by a power of two to largest magnitude about
 * 1; returns the logarithm of what was divided out. */
double ec_sweep_load_matrix(double *out, const ec_arch *arch, const ec_weights *weights,
                            ec_vertex v, const size_t rows[2]);

/** Entries of the largest W_l. */
size_t ec_sweep_largest_matrix(const ec_arch *arch);

/** The way from the topmost vertex of a component down to one of its vertices, with what hangs
 * beside it; independent of the label. */
typedef struct ec_path {
    size_t from, to;   /* levels: bottom, top */
    ec_vertex *vertex; /* of every level from .. to */
    ec_table *beside;  /* of every level: product of up() of the other children of vertex[level];
                          open in the index below vertex[level] */
} ec_path;

EC_NODISCARD ec_status ec_path_init(ec_path *path, ec_sweep *sweep, ec_vertex bottom,
                                    ec_error *err);
void ec_path_clear(ec_path *path, ec_sweep *sweep);

/** Message down(v) of the path's bottom vertex, reduced; `label` is the row of the dense matrix,
 * used if the path begins there. */
EC_NODISCARD ec_status ec_sweep_down(ec_table *out, ec_sweep *sweep, const ec_path *path,
                                     uint32_t label, ec_error *err);

/** The sites of one side in the window of a level-0 index: a table open in that index. At least
 * one of them must be on that side. */
EC_NODISCARD ec_status ec_sweep_sites(ec_table *out, ec_sweep *sweep, size_t position, bool side_a,
                                      ec_error *err);

#endif
