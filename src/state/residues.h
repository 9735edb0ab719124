/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ENTCAP_STATE_RESIDUES_H
#define ENTCAP_STATE_RESIDUES_H

/** Residues: stored weights modulo a prime. Every double is m 2^e, so this is exact. */

#include "entcap/model.h"

typedef struct ec_residues {
    uint64_t prime; /* between 2^62 and 2^63 */
    size_t n_levels;
    uint64_t **matrix; /* shaped as ec_weights.matrix */
    double bits;       /* log2 of the product of one weight from every matrix, at most, as integers:
                          multiples of the lowest bit that a weight of its level has */
} ec_residues;

/** Owns: *out, cleared by ec_residues_clear, also after an error. Weights are finite. */
EC_NODISCARD ec_status ec_residues_init(ec_residues *out, const ec_arch *arch,
                                        const ec_weights *weights, uint64_t prime,
                                        const ec_run *run, ec_error *err);
void ec_residues_clear(ec_residues *residues);

/** a b mod p. */
static inline uint64_t ec_residues_mul(uint64_t a, uint64_t b, uint64_t p)
{
    return (uint64_t)((unsigned __int128)a * b % p);
}

#endif
