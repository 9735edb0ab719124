/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ENTCAP_STATE_BLOCK_H
#define ENTCAP_STATE_BLOCK_H

/**
 * Blocks: the Gram matrix of a whole subtree on one side of a partition, by the recursion
 *
 *     G_0 = site^{o P_0},   H_l = W_l G_l W_l^T,   G_{l+1} = H_l^{(1)} o ... o H_l^{(P)}
 *
 * from the sites up, depth first, in the memory of one path.
 */

#include "state/message.h"

#include "entcap/model.h"

/** A matrix on the path, and how many of its children are done. */
typedef struct ec_block_step {
    size_t position, done;
    ec_message gram; /* their product */
} ec_block_step;

/** Where one thread works. */
typedef struct ec_block_work {
    ec_block_step *step; /* of every level */
    double **room;       /* of every level: for its gram */
    double *message, *w, *transposed, *scratch;
    double *memory; /* all of it */
} ec_block_work;

/** Numbers that blocks of levels below n_levels take. */
double ec_block_numbers(const ec_arch *arch, size_t n_levels);
EC_NODISCARD ec_status ec_block_init(ec_block_work *out, const ec_arch *arch, size_t n_levels,
                                     ec_error *err);
void ec_block_clear(ec_block_work *work);

/**
 * out = the Gram matrix of the subtree at (level, position), into memory at out->x. `leaf` is the
 * product over the sites of one window; `identity`: it is the identity.
 */
void ec_block_gram(ec_message *out, ec_block_work *work, const ec_weights *weights,
                   const ec_arch *arch, const size_t at[2], const ec_message *leaf, bool identity);

#endif
