/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "state/residues.h"

#include "core/flow.h"

#include <float.h>
#include <limits.h>
#include <math.h>

/* exponents e of m 2^e with integers |m| < 2^53: of the smallest subnormal, frexp gives -1073 */
enum { LOWEST = DBL_MIN_EXP - 2 * DBL_MANT_DIG, HIGHEST = DBL_MAX_EXP - DBL_MANT_DIG };

/* powers[e - LOWEST] = 2^e mod p; p is odd, so that 2 has an inverse */
static void fill_powers(uint64_t *powers, uint64_t p)
{
    powers[-LOWEST] = 1;
    for (int k = -LOWEST; k > 0; k--)
        powers[k - 1] = powers[k] % 2 == 0 ? powers[k] / 2 : (powers[k] + p) / 2;
    for (int k = -LOWEST; k < HIGHEST - LOWEST; k++)
        powers[k + 1] = powers[k] * 2 % p;
}

static uint64_t residue(double x, const uint64_t *powers, uint64_t p)
{
    int exponent;
    /* |x| = mantissa 2^(exponent - 53), the mantissa an integer */
    double mantissa = ldexp(frexp(fabs(x), &exponent), DBL_MANT_DIG);

    if (x == 0)
        return 0;
    uint64_t r =
        ec_residues_mul((uint64_t)mantissa % p, powers[exponent - DBL_MANT_DIG - LOWEST], p);
    return x < 0 && r != 0 ? p - r : r;
}

/* bits of n weights as multiples of the lowest bit that one of them has; 0 if all are zero */
static int bits_of(const double *x, size_t n)
{
    int highest = INT_MIN, lowest = INT_MAX, exponent;

    for (size_t i = 0; i < n; i++) {
        if (x[i] == 0)
            continue;
        uint64_t mantissa = (uint64_t)ldexp(frexp(fabs(x[i]), &exponent), DBL_MANT_DIG);
        int low = exponent - DBL_MANT_DIG + __builtin_ctzll(mantissa);

        highest = exponent > highest ? exponent : highest;
        lowest = low < lowest ? low : lowest;
    }
    return highest > lowest ? highest - lowest : 0;
}

ec_status ec_residues_init(ec_residues *out, const ec_arch *arch, const ec_weights *weights,
                           uint64_t prime, const ec_run *run, ec_error *err)
{
    ec_status status = EC_OK;
    uint64_t *powers = NULL;
    double count = 0;

    *out = (ec_residues){.prime = prime};
    for (size_t l = 0; l < arch->n_levels; l++)
        count += (double)ec_weights_count(arch, l);
    EC_TRY(ec_run_reserve(run, "weights modulo a prime", count * sizeof(uint64_t), err));
    EC_NEW(powers, HIGHEST - LOWEST + 1);
    fill_powers(powers, prime);
    EC_NEW(out->matrix, arch->n_levels);
    out->n_levels = arch->n_levels;
    for (size_t l = 0; l < arch->n_levels; l++) {
        EC_NEW(out->matrix[l], ec_weights_count(arch, l));
        for (size_t i = 0; i < ec_weights_count(arch, l); i++)
            out->matrix[l][i] = residue(weights->matrix[l][i], powers, prime);
        out->bits += (double)ec_level_positions(&arch->levels[l]) *
                     bits_of(weights->matrix[l], ec_weights_count(arch, l));
    }
done:
    ec_free(powers);
    return status;
}

void ec_residues_clear(ec_residues *residues)
{
    for (size_t l = 0; l < residues->n_levels; l++)
        ec_free(residues->matrix[l]);
    ec_free(residues->matrix);
    *residues = (ec_residues){.n_levels = 0};
}
