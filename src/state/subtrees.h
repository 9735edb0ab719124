/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ENTCAP_STATE_SUBTREES_H
#define ENTCAP_STATE_SUBTREES_H

/**
 * Subtrees: the tree of a ConvAC with equal subtrees collapsed. Two are equal if they have the same
 * weights and, up to the order of children in a window, sites on the same sides: where weights are
 * shared a structured partition leaves a few, where they are not every matrix has its own. A
 * subtree wholly on one side is equal to the same one on the other; which of the two it is, its
 * parents know.
 *
 * Where weights are not shared, what is wholly on one side and not large is kept as one block.
 */

#include "entcap/arch.h"

/** Equal children of one window; `subtree` says nothing at level 0, whose children are sites. */
typedef struct ec_child {
    uint32_t subtree;
    bool on_a; /* side of a pure one */
    uint32_t count;
} ec_child;

/** Most matrices of a block: enough to forget what surrounds them, few enough to share out. */
#define EC_BLOCK_MATRICES 512

/** A matrix and all below it. */
typedef struct ec_subtree {
    uint32_t level, position; /* of one matrix that it stands for */
    bool mixed;               /* has sites on both sides */
    bool ring;                /* is mixed, and none of its children is */
    bool block;               /* pure, with all below it: has no children here */
    size_t first, n;          /* its children */
    uint32_t uses;            /* as a child: entries of `child` */
} ec_subtree;

typedef struct ec_subtrees {
    ec_subtree *item; /* children before parents; the last is the whole tree */
    size_t n;
    ec_child *child;
    uint32_t *order; /* all, depth first: a parent comes as soon after its children as it can */
} ec_subtrees;

/**
 * Collapse the tree of `arch` (levels form) for side A.
 *
 * Cost:   O(sites log window) time, expected, and about 80 bytes a matrix; estimated first.
 * Owns:   *out, to be cleared, also after an error.
 * Errors: EC_ELIMIT, EC_ENOMEM
 */
EC_NODISCARD ec_status ec_subtrees_init(ec_subtrees *out, const ec_arch *arch, const ec_sites *a,
                                        const ec_run *run, ec_error *err);
void ec_subtrees_clear(ec_subtrees *subtrees);

#endif
