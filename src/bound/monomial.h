/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ENTCAP_BOUND_MONOMIAL_H
#define ENTCAP_BOUND_MONOMIAL_H

/**
 * Products of powers of a few integers, compared exactly without being multiplied out.
 *
 * Over a basis of integers v_0 .. v_{n-1} >= 1 the exponent vector x stands for prod v_i^x_i. The
 * integers need not be coprime: different vectors can be one number (2^4 and 4^2).
 */

#include "entcap/core.h"

/** An integer up to 2^20 has at most this many distinct primes. */
#define EC_MAX_PRIMES 7

typedef struct ec_basis {
    size_t n;
    uint32_t *value;
    double *log2;
    /* v_i = prod_k prime[ index_i[k] ] ^ power_i[k], k < count_i */
    struct ec_factorization {
        uint32_t index[EC_MAX_PRIMES];
        uint8_t power[EC_MAX_PRIMES], count;
    } * factors;
    uint32_t *prime;
    size_t n_primes;
    int64_t *scratch; /* n_primes */
} ec_basis;

/**
 * A basis of n integers 1 .. 2^20.
 * Owns: *out, to be cleared, also after an error. Errors: EC_ENOMEM
 */
EC_NODISCARD ec_status ec_basis_init(ec_basis *out, const uint32_t *values, size_t n,
                                     ec_error *err);
void ec_basis_clear(ec_basis *basis);

/**
 * Sign of prod v_i^x_i - prod v_i^y_i, i < n <= basis->n, exactly: by logarithms where they are
 * clear, then by prime exponents, which tell equality, then by the integers themselves. Uses
 * basis->scratch.
 */
int ec_basis_compare(ec_basis *basis, const uint32_t *x, const uint32_t *y, size_t n);

#endif
