/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bound/monomial.h"

#include "core/flow.h"

#include <math.h>
#include <string.h>

/* Record prime^power as a factor of v_i; primes are few, so a linear search finds a known one. */
static void add_prime(ec_basis *basis, size_t i, uint32_t prime, uint8_t power)
{
    struct ec_factorization *f = &basis->factors[i];
    size_t k = 0;

    while (k < basis->n_primes && basis->prime[k] != prime)
        k++;
    if (k == basis->n_primes)
        basis->prime[basis->n_primes++] = prime;
    f->index[f->count] = (uint32_t)k;
    f->power[f->count++] = power;
}

static void factorize(ec_basis *basis, size_t i)
{
    uint32_t rest = basis->value[i];

    for (uint32_t d = 2; d * d <= rest; d++) {
        uint8_t power = 0;
        for (; rest % d == 0; rest /= d)
            power++;
        if (power > 0)
            add_prime(basis, i, d, power);
    }
    if (rest > 1)
        add_prime(basis, i, rest, 1);
}

ec_status ec_basis_init(ec_basis *out, const uint32_t *values, size_t n, ec_error *err)
{
    ec_status status = EC_OK;

    *out = (ec_basis){.n = n};
    EC_NEW(out->value, n);
    EC_NEW(out->log2, n);
    EC_NEW(out->factors, n);
    EC_NEW(out->prime, n * EC_MAX_PRIMES);
    EC_NEW(out->scratch, n * EC_MAX_PRIMES);
    for (size_t i = 0; i < n; i++) {
        out->value[i] = values[i];
        out->log2[i] = log2((double)values[i]);
        factorize(out, i);
    }
done:
    return status;
}

void ec_basis_clear(ec_basis *basis)
{
    if (basis == NULL)
        return;
    ec_free(basis->value);
    ec_free(basis->log2);
    ec_free(basis->factors);
    ec_free(basis->prime);
    ec_free(basis->scratch);
    *basis = (ec_basis){.n = 0};
}

/* Sign of the difference of the two products of primes with exponents `scratch`: the positive ones
 * against the negative ones. */
static int compare_integers(const ec_basis *basis)
{
    ec_int product[2] = {{0}, {0}}, power = {0};
    int sign;

    ec_int_set_u64(&product[0], 1);
    ec_int_set_u64(&product[1], 1);
    for (size_t k = 0; k < basis->n_primes; k++) {
        int64_t e = basis->scratch[k];
        ec_int *side = &product[e < 0];
        if (e == 0)
            continue;
        ec_int_pow_u64(&power, basis->prime[k], (uint64_t)(e < 0 ? -e : e));
        ec_int_mul(side, side, &power);
    }
    sign = ec_int_cmp(&product[0], &product[1]);
    ec_int_clear(&product[0]);
    ec_int_clear(&product[1]);
    ec_int_clear(&power);
    return (sign > 0) - (sign < 0);
}

int ec_basis_compare(ec_basis *basis, const uint32_t *x, const uint32_t *y, size_t n)
{
    double sum = 0, size = 0; /* log2 of the quotient, and of what it is made of */
    bool equal = true;

    for (size_t i = 0; i < n; i++) {
        double term = ((double)x[i] - (double)y[i]) * basis->log2[i];
        sum += term;
        size += fabs(term);
    }
    if (fabs(sum) > size * (double)(n + 4) * 0x1p-52) /* each term and each sum: half an ulp */
        return sum > 0 ? 1 : -1;

    memset(basis->scratch, 0, basis->n_primes * sizeof *basis->scratch);
    for (size_t i = 0; i < n; i++) {
        const struct ec_factorization *f = &basis->factors[i];
        for (size_t k = 0; k < f->count; k++)
            basis->scratch[f->index[k]] += ((int64_t)x[i] - (int64_t)y[i]) * f->power[k];
    }
    for (size_t k = 0; k < basis->n_primes; k++)
        equal = equal && basis->scratch[k] == 0;
    return equal ? 0 : compare_integers(basis);
}
