/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ENTCAP_STATE_MESSAGE_H
#define ENTCAP_STATE_MESSAGE_H

/**
 * Messages: arrays of numbers that keep their scale and an estimate of their error to themselves,
 * so that products over any number of sites neither overflow nor hide what was lost. Of two copies
 * of a subtree, r x r numbers (its Gram matrix), or of four (four.h).
 */

#include "state/four.h"

#include "entcap/core.h"

/** exp(log_scale) x; norm: Frobenius, of x; error: estimated rounding error relative to it. */
typedef struct ec_message {
    double *x; /* NULL: none */
    double log_scale, norm, error;
} ec_message;

/**
 * Set the norm from a sum of squares of x. Numbers that are far from 1 are brought near it by a
 * power of two, which rounds nothing, so that neither products nor squares of them overflow; that
 * power is returned.
 */
double ec_message_settle(ec_message *m, double sum, size_t r, bool four);

/** m <- m u, entry by entry; an empty m borrows the memory of u, a product lies in `to`. */
void ec_message_multiply(ec_message *m, double *to, const ec_message *u, size_t r, bool four);

/** out = W m W^T on a message of two copies; out->x is there. `identity`: m is the identity. */
void ec_message_apply(ec_message *out, const ec_message *m, bool identity, const ec_map *map);

/**
 * Make `map` of a matrix as it stands, if it is of ordinary size, else of a copy in `room` that is
 * scaled by a power of two; the logarithm of that would cancel in S_2. The transpose goes to
 * `transposed`. Both have room for out x in numbers.
 */
void ec_map_load(ec_map *map, double *room, double *transposed, const double *w);

#endif
