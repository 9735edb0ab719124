/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ENTCAP_STATE_FORWARD_H
#define ENTCAP_STATE_FORWARD_H

/**
 * Ordinary forward passes in Z/p, many at a time: input (s, t) has the sites of side A from the
 * s-th of K random inputs and the others from the t-th. Every position of every layer is computed
 * from the positions below it, as in any forward pass; but one that sees sites of a single side has
 * the same value in K of the K^2 passes, and is computed once for them.
 */

#include "state/residues.h"

/** A position that sees both sides: all that a pass (s, t) has to compute. */
typedef struct ec_forward_position {
    size_t level, position;
    size_t value;          /* where its value stands, per input t of a block */
    size_t share[2];       /* where the products of its children of side B, A stand, */
    bool has[2];           /* if it has such */
    size_t child, n_child; /* the other children: entries of ec_forward.child */
} ec_forward_position;

typedef struct ec_forward {
    const ec_arch *arch;
    const ec_sites *a;
    size_t inputs;                 /* K, on each side */
    ec_forward_position *position; /* n, level by level; the last is the output */
    size_t n;
    size_t *child;      /* entries of `position` */
    size_t value_words; /* of all values of an input t */
    size_t share_words; /* of all shares of an input */
    uint8_t **side;     /* of every position of a level: which sides it sees, bits 0 (B), 1 (A) */
} ec_forward;

/** Owns: *out, to be cleared, also after an error. Errors: EC_ENOMEM */
EC_NODISCARD ec_status ec_forward_init(ec_forward *out, const ec_arch *arch, const ec_sites *a,
                                       size_t inputs, ec_error *err);
void ec_forward_clear(ec_forward *forward);

/** What ec_forward_outputs takes: seconds on one core of a 2.6 GHz AMD EPYC (Zen 4); bytes. */
double ec_forward_seconds(const ec_forward *forward);
double ec_forward_bytes(const ec_forward *forward);

/**
 * h_y of all inputs: output[y][s][t], on run->threads threads, the same for any number of them.
 * Errors: EC_ENOMEM, EC_ECANCEL
 */
EC_NODISCARD ec_status ec_forward_outputs(uint64_t *output, const ec_forward *forward,
                                          const ec_residues *weights, ec_rng *rng,
                                          const ec_run *run, ec_error *err);

#endif
