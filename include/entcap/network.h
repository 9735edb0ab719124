/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ENTCAP_NETWORK_H
#define ENTCAP_NETWORK_H

/**
 * network: the tensor network of an architecture as a hypergraph.
 *
 * Tensors are vertices. An index is one hyperedge of its dimension, whatever the number of tensors
 * it joins: a pooled channel index (the copy tensor of a window) touches the matrices of the window
 * and the one above, P + 1 pins, and is cut once. A site is the open end of an index; sites are
 * numbered as in the description, row-major.
 */

#include "entcap/arch.h"

/** A tensor network. Read its members freely; change them through the functions below only. */
typedef struct ec_network {
    size_t n_tensors, n_indices, n_sites, n_layers;

    uint32_t *dim;          /* n_indices: dimension of each index */
    uint32_t *layer;        /* n_indices: its layer, < n_layers */
    char (*layer_name)[64]; /* n_layers: "input", "rK", or the index's own name (cut at 63 bytes) */

    size_t *pin_start; /* n_indices + 1: the tensors of index e are                 */
    uint32_t *pin;     /*   pin[pin_start[e] .. pin_start[e+1]-1], ascending        */
    size_t *leg_start; /* n_tensors + 1: the indices of tensor v, in axis order, are */
    uint32_t *leg;     /*   leg[leg_start[v] .. leg_start[v+1]-1]                    */

    uint32_t *site_index; /* n_sites: the index that site s opens; sites of one leading pooling
                             window share an index */
    size_t *level_start;  /* layers form: tensors (and indices) of level l are numbered
                             level_start[l] .. level_start[l+1]-1, positions row-major;
                             n_levels + 1 entries. NULL for a network description */
    size_t n_levels;
} ec_network;

/**
 * Lower an architecture.
 *
 * Layers form: index and tensor number level_start[l] + position; tensor (l, p) is W_l at p with
 * legs (index (l, p), index of level l+1 above it); the top tensor is the row a^y of the dense
 * matrix and has the single leg (n-1, 0): the label never enters. Network form: tensors, indices
 * and layers as listed.
 *
 * Cost:   O(tensors + pins) time and memory, estimated by ec_network_bytes and refused before it
 *         is allocated.
 * Owns:   *out, to be freed by ec_network_free; NULL after an error.
 * Errors: EC_ELIMIT beyond run->memory_bytes or 2^32-1 tensors or indices; EC_ENOMEM
 */
EC_NODISCARD ec_status ec_network_from_arch(ec_network **out, const ec_arch *arch,
                                            const ec_run *run, ec_error *err);

void ec_network_free(ec_network *network);

/** Bytes that ec_network_from_arch would need. */
double ec_network_bytes(const ec_arch *arch);

/**
 * Position (row-major in the grid of level l+1) of the window that holds position p of level l.
 * For l = -1 (pass SIZE_MAX) p is a site and the result a position of level 0.
 */
size_t ec_network_parent(const ec_arch *arch, size_t level, size_t position);

/**
 * Depth-first walk through the matrices of a ConvAC, from one of them down to the sites and back
 * up: each is entered, then its children are walked in window order, then it is left.
 *
 *     while ((event = ec_walk_next(&walk)) != EC_WALK_END)
 *         ... walk.level, ec_walk_position(&walk) ...
 */
typedef struct ec_walk {
    const ec_arch *arch;
    size_t level; /* of the matrix at hand */
    size_t top;   /* where the walk began */
    struct ec_walk_frame {
        size_t position, next;
    } * frame;   /* private: one per level */
    bool ascend; /* private: the matrix at hand was left */
} ec_walk;

typedef enum ec_walk_event { EC_WALK_ENTER, EC_WALK_LEAVE, EC_WALK_END } ec_walk_event;

/** Owns: *out, to be cleared, also after an error. Errors: EC_ENOMEM. Memory: one frame a level. */
EC_NODISCARD ec_status ec_walk_init(ec_walk *out, const ec_arch *arch, size_t level,
                                    size_t position, ec_error *err);
void ec_walk_clear(ec_walk *walk);
ec_walk_event ec_walk_next(ec_walk *walk);

/** Do not walk the children of the matrix just entered: it is left next. */
void ec_walk_skip(ec_walk *walk);

/** Position of the matrix at hand in the grid of its level. */
static inline size_t ec_walk_position(const ec_walk *walk)
{
    return walk->frame[walk->level].position;
}

#endif
