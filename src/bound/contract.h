/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ENTCAP_BOUND_CONTRACT_H
#define ENTCAP_BOUND_CONTRACT_H

/** Contraction of any tensor network modulo a prime. Private to the module bound. */

#include "entcap/bound.h"

/** Most indices of a network that is contracted: choosing the order takes n^2 bits. */
#define EC_CONTRACT_MAX_INDICES ((size_t)1 << 14)

/**
 * Order in which to sum over the indices: next is always the one whose elimination leaves the
 * smallest tensor. Two virtual indices of dimension `inputs` stand for the inputs s and t of side A
 * and of the rest; they join all their sites and stay to the end.
 *
 * Shapes: order: n_indices entries, a permutation.
 * Cost:   O(n^2) bits, O(n^2 + n times the neighbours squared) time.
 * Errors: EC_ELIMIT (too many indices; memory, also if a tensor of the order would not fit),
 *         EC_ENOMEM
 */
EC_NODISCARD ec_status ec_contract_order(uint32_t *order, const ec_network *network,
                                         const ec_sites *a, size_t inputs, const ec_run *run,
                                         ec_error *err);

/** A network at random product inputs of both sides. All borrowed. */
typedef struct ec_samples {
    const ec_network *network;
    const ec_sites *a;
    const uint32_t *order; /* of ec_contract_order */
    size_t inputs;         /* on each side, >= 1 */
    uint64_t prime;
} ec_samples;

/** Bytes that ec_contract_samples needs, by the same steps without numbers; may be infinite. */
EC_NODISCARD ec_status ec_contract_bytes(double *out, const ec_samples *samples, ec_error *err);

/**
 * F[s, t] = value of the network with independent random tensors at random product vectors x_s on
 * side A and z_t on the rest, modulo the prime:
 *
 *     F = X^T [[A]] Z,  X and Z random with product columns
 *
 * by bucket elimination: one index after the other, all tensors that hold it are multiplied
 * (elementwise on what they share) and summed over it.
 *
 * Shapes: f: inputs x inputs, row-major.
 * Cost:   ec_contract_bytes first: the sizes are not checked again.
 * Errors: EC_ENOMEM, EC_ECANCEL
 */
EC_NODISCARD ec_status ec_contract_samples(uint64_t *f, const ec_samples *samples, ec_rng *rng,
                                           const ec_run *run, ec_error *err);

#endif
