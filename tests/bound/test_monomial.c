/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "check.h"

#include "bound/monomial.h"

/* Sign of the difference of the two products, multiplied out. */
static int multiplied_out(const uint32_t *value, const uint32_t *x, const uint32_t *y, size_t n)
{
    ec_int product[2] = {{0}, {0}}, power = {0};
    const uint32_t *exponent[2] = {x, y};
    int sign;

    for (int k = 0; k < 2; k++) {
        ec_int_set_u64(&product[k], 1);
        for (size_t i = 0; i < n; i++) {
            ec_int_pow_u64(&power, value[i], exponent[k][i]);
            ec_int_mul(&product[k], &product[k], &power);
        }
    }
    sign = ec_int_cmp(&product[0], &product[1]);
    ec_int_clear(&product[0]);
    ec_int_clear(&product[1]);
    ec_int_clear(&power);
    return (sign > 0) - (sign < 0);
}

static int compare(const uint32_t *value, const uint32_t *x, const uint32_t *y, size_t n)
{
    ec_basis basis;
    int sign;

    assert_ok(ec_basis_init(&basis, value, n, NULL), NULL);
    sign = ec_basis_compare(&basis, x, y, n);
    assert_int_equal(ec_basis_compare(&basis, y, x, n), -sign);
    ec_basis_clear(&basis);
    return sign;
}

static void different_powers_can_be_one_number(void **state)
{
    (void)state;
    static const uint32_t value[] = {2, 4, 6, 9, 1};

    assert_int_equal(compare(value, (uint32_t[]){4, 0, 0, 0, 0}, (uint32_t[]){0, 2, 0, 0, 7}, 5),
                     0);
    assert_int_equal(compare(value, (uint32_t[]){2, 0, 0, 1, 0}, (uint32_t[]){0, 0, 2, 0, 0}, 5),
                     0);
    assert_int_equal(compare(value, (uint32_t[]){2000002, 0, 0, 1000000, 0},
                             (uint32_t[]){2, 0, 2000000, 0, 9}, 5),
                     0);
    assert_int_equal(compare(value, (uint32_t[]){2000001, 0, 0, 1000000, 0},
                             (uint32_t[]){2, 0, 2000000, 0, 9}, 5),
                     -1);
}

/* 999999 1000001 = 10^12 - 1; multiplied by a common factor of 10^6 bits, which must not matter. */
static void common_factors_do_not_hide_a_near_tie(void **state)
{
    (void)state;
    static const uint32_t value[] = {999999, 1000001, 1000000, 7};

    assert_int_equal(
        compare(value, (uint32_t[]){1, 1, 0, 400000}, (uint32_t[]){0, 0, 2, 400000}, 4), -1);
}

/* 2^a against 3^b with a/b a convergent of log2 3: relative gaps of the logarithms down to 10^-17.
 */
static void convergents_of_log2_3_are_told_apart(void **state)
{
    (void)state;
    static const uint32_t value[] = {2, 3};
    static const uint32_t power[][2] = {{19, 12},
                                        {65, 41},
                                        {84, 53},
                                        {485, 306},
                                        {1054, 665},
                                        {24727, 15601},
                                        {50508, 31867},
                                        {125743, 79335},
                                        {176251, 111202},
                                        {301994, 190537},
                                        {16785921, 10590737},
                                        {17087915, 10781274}};

    for (size_t i = 0; i < sizeof power / sizeof *power; i++) {
        uint32_t x[] = {power[i][0], 0}, y[] = {0, power[i][1]};
        int sign = compare(value, x, y, 2);
        assert_int_not_equal(sign, 0);
        assert_int_equal(sign, multiplied_out(value, x, y, 2));
    }
}

static void random_monomials_compare_as_integers(void **state)
{
    (void)state;
    ec_rng rng;

    ec_rng_seed(&rng, check_seed());
    for (size_t i = 0; i < check_count(5000); i++) {
        uint32_t value[5], x[5], y[5];
        for (size_t k = 0; k < 5; k++) {
            value[k] = 1 + (uint32_t)ec_rng_below(&rng, 12);
            x[k] = (uint32_t)ec_rng_below(&rng, 4);
            y[k] = (uint32_t)ec_rng_below(&rng, 4);
        }
        assert_int_equal(compare(value, x, y, 5), multiplied_out(value, x, y, 5));
    }
}

static ec_status make_and_clear(void *arg, ec_error *err)
{
    ec_basis basis;
    ec_status status = ec_basis_init(&basis, arg, 3, err);

    ec_basis_clear(&basis);
    return status;
}

static void basis_survives_failing_allocations(void **state)
{
    (void)state;
    uint32_t value[] = {12, 1, 1048576};

    assert_survives_oom(make_and_clear, value);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(different_powers_can_be_one_number),
        cmocka_unit_test(common_factors_do_not_hide_a_near_tie),
        cmocka_unit_test(convergents_of_log2_3_are_told_apart),
        cmocka_unit_test(random_monomials_compare_as_integers),
        cmocka_unit_test(basis_survives_failing_allocations),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
