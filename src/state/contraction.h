/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ENTCAP_STATE_CONTRACTION_H
#define ENTCAP_STATE_CONTRACTION_H

/**
 * Contraction: two and four copies of a network, up to its topmost window (copies.h).
 *
 * Subtrees are done in rounds of those whose children are there, taken from a window that moves
 * along their depth-first order: what is alive at any time is known before, with any number of
 * threads, and no number depends on which thread made it.
 */

#include "state/block.h"
#include "state/copies.h"
#include "state/subtrees.h"

#include "entcap/state.h"

/** What there is of a subtree. */
typedef enum ec_stage { EC_STAGE_WAITING, EC_STAGE_IN_ROUND, EC_STAGE_DONE } ec_stage;

typedef struct ec_contraction {
    const ec_state_input *in;
    const ec_state_options *options;
    const ec_run *run;
    ec_subtrees tree;
    ec_copies site, leaf; /* one site, and all of a window: their grams alone */
    bool identity;        /* these are the identity */
    ec_copies *message;   /* of every subtree */
    ec_stage *stage;      /* of every subtree */
    uint32_t *uses_left;  /* of every subtree: parents that still wait for its message */
    size_t most_children, block_levels;
    ec_workspace_size size;
    ec_workspace *work;   /* of every thread */
    ec_block_work *block; /* of every thread */
    ec_member *member;    /* of every thread: children of the window at hand */
    size_t n_threads, look_ahead;
    size_t first;    /* all before it in tree.order are done */
    uint32_t *round; /* subtrees of the round at hand */
    size_t n_round;
    double bytes, flops; /* of messages alive; of what was begun */
} ec_contraction;

/**
 * Plan it, and choose how many threads and messages fit the limits.
 *
 * Owns:   *out, to be cleared, also after an error.
 * Errors: EC_ELIMIT with what it would take; EC_ENUMERIC (basis), EC_ENOMEM
 */
EC_NODISCARD ec_status ec_contraction_init(ec_contraction *out, const ec_state_input *in,
                                           const ec_state_options *options, const ec_run *run,
                                           ec_error *err);
void ec_contraction_clear(ec_contraction *c);

/** All but the topmost window, which comes as `top`, borrowed. Errors: EC_ENOMEM, EC_ECANCEL */
EC_NODISCARD ec_status ec_contraction_run(ec_pooled *top, ec_contraction *c, ec_error *err);

#endif
