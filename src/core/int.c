/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "entcap/core.h"

#include <gmp.h>
#include <math.h>
#include <string.h>

/*
 * ec_int has the three members of mpz_t under neutral names, so that the public header needs no
 * gmp.h. The two are copied into each other member by member; a zeroed mpz_t with alloc 0 is a
 * valid 0 that owns nothing (GMP >= 6.2).
 */
static void load(mpz_t z, const ec_int *x)
{
    z->_mp_alloc = x->alloc;
    z->_mp_size = x->size;
    z->_mp_d = x->limbs;
    if (x->limbs == NULL)
        mpz_init(z);
}

static void store(ec_int *x, mpz_t z)
{
    x->alloc = z->_mp_alloc;
    x->size = z->_mp_size;
    x->limbs = x->alloc != 0 ? z->_mp_d : NULL;
}

void ec_int_clear(ec_int *x)
{
    if (x == NULL)
        return;
    if (x->limbs != NULL) {
        mpz_t z;
        load(z, x);
        mpz_clear(z);
    }
    *x = (ec_int){.limbs = NULL};
}

void ec_int_set(ec_int *x, const ec_int *y)
{
    mpz_t zx, zy;

    if (x == y)
        return;
    load(zx, x);
    load(zy, y);
    mpz_set(zx, zy);
    store(x, zx);
}

void ec_int_set_u64(ec_int *x, uint64_t v)
{
    mpz_t z;

    load(z, x);
    mpz_set_ui(z, v);
    store(x, z);
}

void ec_int_swap(ec_int *x, ec_int *y)
{
    ec_int t = *x;
    *x = *y;
    *y = t;
}

typedef void binary_op(mpz_ptr, mpz_srcptr, mpz_srcptr);

/* x = op(a, b) through a fresh result, so that any of the three may be the same object. */
static void apply(ec_int *x, const ec_int *a, const ec_int *b, binary_op *op)
{
    mpz_t za, zb, result;

    load(za, a);
    load(zb, b);
    mpz_init(result);
    op(result, za, zb);
    ec_int_clear(x);
    store(x, result);
}

void ec_int_add(ec_int *x, const ec_int *a, const ec_int *b)
{
    apply(x, a, b, mpz_add);
}

void ec_int_sub(ec_int *x, const ec_int *a, const ec_int *b)
{
    apply(x, a, b, mpz_sub);
}

void ec_int_mul(ec_int *x, const ec_int *a, const ec_int *b)
{
    apply(x, a, b, mpz_mul);
}

void ec_int_mul_u64(ec_int *x, const ec_int *a, uint64_t b)
{
    mpz_t za, result;

    load(za, a);
    mpz_init(result);
    mpz_mul_ui(result, za, b);
    ec_int_clear(x);
    store(x, result);
}

void ec_int_pow_u64(ec_int *x, uint64_t base, uint64_t e)
{
    mpz_t z;

    load(z, x);
    mpz_ui_pow_ui(z, base, e);
    store(x, z);
}

void ec_int_binomial(ec_int *x, const ec_int *n, uint64_t k)
{
    mpz_t zn, result;

    load(zn, n);
    mpz_init(result);
    mpz_bin_ui(result, zn, k);
    ec_int_clear(x);
    store(x, result);
}

int ec_int_cmp(const ec_int *a, const ec_int *b)
{
    mpz_t za, zb;

    load(za, a);
    load(zb, b);
    return mpz_cmp(za, zb);
}

int ec_int_cmp_u64(const ec_int *a, uint64_t b)
{
    mpz_t z;

    load(z, a);
    return mpz_cmp_ui(z, b);
}

bool ec_int_fits_u64(const ec_int *x)
{
    mpz_t z;

    load(z, x);
    return mpz_fits_ulong_p(z) != 0;
}

uint64_t ec_int_get_u64(const ec_int *x)
{
    mpz_t z;

    load(z, x);
    return mpz_fits_ulong_p(z) ? mpz_get_ui(z) : UINT64_MAX;
}

double ec_int_log2(const ec_int *x)
{
    mpz_t z;
    long exponent;
    double mantissa;

    load(z, x);
    if (mpz_fits_ulong_p(z)) /* small values exactly as log2 gives them */
        return log2((double)mpz_get_ui(z));
    mantissa = mpz_get_d_2exp(&exponent, z);
    return (double)exponent + log2(mantissa);
}

ec_status ec_int_parse(ec_int *out, const char *decimal, ec_error *err)
{
    mpz_t z;

    ec_int_clear(out);
    if (*decimal == '\0' || decimal[strspn(decimal, "0123456789")] != '\0')
        return ec_fail(err, EC_EINVAL, "'%.40s' is not a decimal integer", decimal);
    mpz_init_set_str(z, decimal, 10);
    store(out, z);
    return EC_OK;
}

size_t ec_int_digits(const ec_int *x)
{
    mpz_t z, power;
    size_t digits;

    load(z, x);
    digits = mpz_sizeinbase(z, 10); /* exact or one too many */
    if (digits <= 1)
        return 1;
    mpz_init(power);
    mpz_ui_pow_ui(power, 10, digits - 1);
    if (mpz_cmpabs(z, power) < 0)
        digits--;
    mpz_clear(power);
    return digits;
}

char *ec_int_print(const ec_int *x, ec_error *err)
{
    mpz_t z;
    char *text;

    load(z, x);
    text = ec_calloc(mpz_sizeinbase(z, 10) + 2, 1, err);
    if (text != NULL)
        mpz_get_str(text, 10, z);
    return text;
}
