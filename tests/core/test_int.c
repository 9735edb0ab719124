/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "check.h"

static void zeroed_object_is_zero(void **state)
{
    (void)state;
    ec_int x = {0};

    assert_int(&x, "0");
    assert_true(ec_int_digits(&x) == 1);
    ec_int_clear(&x);
    ec_int_clear(NULL);
}

static void powers_and_binomials_are_exact(void **state)
{
    (void)state;
    ec_int x = {0}, n = {0};

    ec_int_pow_u64(&x, 2, 100);
    assert_int(&x, "1267650600228229401496703205376");
    assert_true(ec_int_digits(&x) == 31);
    assert_close(ec_int_log2(&x), 100.0, 1e-12);
    ec_int_pow_u64(&x, 0, 0);
    assert_int(&x, "1");
    ec_int_set_u64(&n, 68);
    ec_int_binomial(&x, &n, 34);
    assert_int(&x, "28453041475240576740");
    assert_false(ec_int_fits_u64(&x) && ec_int_get_u64(&x) == UINT64_MAX);
    ec_int_clear(&x);
    ec_int_clear(&n);
}

static void arguments_may_be_the_same_object(void **state)
{
    (void)state;
    ec_int x = {0}, y = {0};

    ec_int_set_u64(&x, 7);
    ec_int_mul(&x, &x, &x);
    ec_int_add(&x, &x, &x);
    assert_int(&x, "98");
    ec_int_set(&y, &x);
    ec_int_mul_u64(&y, &y, 3);
    ec_int_sub(&y, &x, &y);
    assert_int(&y, "-196");
    assert_true(ec_int_cmp(&y, &x) < 0 && ec_int_cmp_u64(&x, 98) == 0);
    ec_int_swap(&x, &y);
    assert_int(&y, "98");
    ec_int_clear(&x);
    ec_int_clear(&y);
}

static void digits_are_counted_exactly_at_powers_of_ten(void **state)
{
    (void)state;
    ec_int x = {0}, one = {0};

    ec_int_set_u64(&one, 1);
    for (uint64_t e = 1; e < 60; e++) {
        ec_int_pow_u64(&x, 10, e);
        assert_int_equal(ec_int_digits(&x), e + 1);
        ec_int_sub(&x, &x, &one);
        assert_int_equal(ec_int_digits(&x), e);
    }
    ec_int_clear(&x);
    ec_int_clear(&one);
}

static void only_plain_decimals_are_read(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "-1", "+1", " 1", "1 ", "0x10", "1e3", "1.5"};
    ec_int x = {0};

    assert_ok(ec_int_parse(&x, "123456789012345678901234567890", NULL), NULL);
    assert_int(&x, "123456789012345678901234567890");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        ec_error err = {0};
        assert_int_equal(ec_int_parse(&x, bad[i], &err), EC_EINVAL);
        assert_true(err.msg[0] != '\0');
    }
    ec_int_clear(&x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(zeroed_object_is_zero),
        cmocka_unit_test(powers_and_binomials_are_exact),
        cmocka_unit_test(arguments_may_be_the_same_object),
        cmocka_unit_test(digits_are_counted_exactly_at_powers_of_ten),
        cmocka_unit_test(only_plain_decimals_are_read),
    };
    return cmocka_run_group_tests_name("core: int", tests, NULL, NULL);
}
