/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "check.h"

#include "bound/bound_i.h"
#include "bound/rounding.h"

#include <math.h>

static void init(ec_rounding *r, const uint32_t *dim, size_t n)
{
    uint32_t copy[64];
    ec_error err = {.status = EC_OK};

    assert_true(n <= 64);
    for (size_t i = 0; i < n; i++)
        copy[i] = dim[i];
    assert_ok(ec_rounding_init(r, copy, n, &err), &err);
    ec_rounding_choose(r, 0);
}

static void powers_of_one_integer_are_not_rounded(void **state)
{
    (void)state;
    ec_rounding r;

    init(&r, (uint32_t[]){216, 1, 6, 36, 6}, 5);
    assert_true(r.exact && r.n_dims == 3 && r.n_roots == 1);
    assert_int_equal(r.roots[0].base, 6);
    assert_int_equal(r.roots[0].most, 7);
    assert_int_equal(ec_rounding_capacity(&r, 216), 3);
    assert_int_equal(ec_rounding_capacity(&r, 1), 0);
    assert_int_equal(r.n_rounded, 0);
    ec_rounding_clear(&r);
    init(&r, (uint32_t[]){1, 1}, 2);
    assert_true(r.exact);
    assert_int_equal(ec_rounding_capacity(&r, 1), 0);
    ec_rounding_clear(&r);
}

static void powers_of_two_stay_exact_beside_others(void **state)
{
    (void)state;
    ec_rounding r;

    init(&r, (uint32_t[]){4, 8, 12, 12, 1024, 27}, 6);
    assert_false(r.exact);
    assert_int_equal(r.n_roots, 3);
    assert_int_equal(r.roots[0].base, 2); /* 15 powers, the most */
    assert_int_equal(r.n_rounded, 3);
    assert_int_equal(ec_rounding_capacity(&r, 1024), 5 * ec_rounding_capacity(&r, 4));
    ec_rounding_clear(&r);
}

/* Capacities are near s log2 d and sum up to what a double holds; no product of dimensions lets
 * more through than its powers of the roots may. */
static void capacities_keep_their_promises(void **state)
{
    (void)state;
    ec_rng rng;

    ec_rng_seed(&rng, check_seed());
    for (size_t i = 0; i < check_count(2000); i++) {
        uint32_t dim[64];
        size_t n = 1 + (size_t)ec_rng_below(&rng, 64);
        uint32_t limit = (uint32_t)1 << (1 + ec_rng_below(&rng, 20));
        uint64_t total = 0;
        ec_rounding r;

        for (size_t k = 0; k < n; k++)
            dim[k] = 1 + (uint32_t)ec_rng_below(&rng, limit);
        init(&r, dim, n);
        ec_rounding_choose(&r, (int)ec_rng_below(&rng, EC_ROUNDING_TRIES));
        for (size_t k = 0; k < n; k++)
            total += ec_rounding_capacity(&r, dim[k]);
        assert_true(total <= EC_FLOW_MAX);
        for (size_t k = 0; k < r.n_dims && !r.exact; k++) {
            const ec_root *root = &r.roots[r.root[k]];
            long double capacity = (long double)ec_rounding_capacity(&r, r.dims[k].dim);
            long double exact = r.scale * log2l((long double)r.dims[k].dim);
            long double m = rintl(log2l((long double)r.dims[k].dim) / root->log2);

            assert_true(fabsl(capacity - exact) <= 0.501L);
            assert_true(powl((long double)root->base, m) == (long double)r.dims[k].dim);
            assert_true(capacity <= m * root->most_through * (1 + 0x1p-60L));
        }
        ec_rounding_clear(&r);
    }
}

static bool certified(ec_rounding *r, const ec_factor *factors, size_t n, uint64_t flow)
{
    ec_cut cut = {.factors = (ec_factor *)(uintptr_t)factors, .n_factors = n};
    bool proved;

    ec_bound_product(&cut.rank, factors, n);
    assert_ok(ec_rounding_certify(&proved, r, &cut, flow, NULL), NULL);
    ec_int_clear(&cut.rank);
    return proved;
}

/* 3^5 = 243 against 7 31 = 217, 2^8 = 256 and others: a cut of 243 is minimal only if the flow is
 * its own; a flow that would let 217 through must keep it uncertified. */
static void flow_below_the_cut_is_no_proof(void **state)
{
    (void)state;
    static const uint32_t dim[] = {3, 3, 3, 3, 3, 7, 31, 2, 2, 2, 2, 2, 2, 2, 2};
    const ec_factor cut[] = {{3, 5}};
    ec_rounding r;
    uint64_t capacity;

    init(&r, dim, 15);
    capacity = 5 * ec_rounding_capacity(&r, 3);
    assert_true(certified(&r, cut, 1, capacity));
    ec_rounding_clear(&r);
    init(&r, dim, 15);
    capacity = ec_rounding_capacity(&r, 7) + ec_rounding_capacity(&r, 31);
    assert_false(certified(&r, cut, 1, capacity));
    ec_rounding_clear(&r);
}

static ec_status init_and_clear(void *arg, ec_error *err)
{
    uint32_t dim[] = {2, 3, 5, 9};
    ec_rounding r;
    ec_status status = ec_rounding_init(&r, dim, 4, err);

    (void)arg;
    ec_rounding_clear(&r);
    return status;
}

static void rounding_survives_failing_allocations(void **state)
{
    (void)state;
    assert_survives_oom(init_and_clear, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(powers_of_one_integer_are_not_rounded),
        cmocka_unit_test(powers_of_two_stay_exact_beside_others),
        cmocka_unit_test(capacities_keep_their_promises),
        cmocka_unit_test(flow_below_the_cut_is_no_proof),
        cmocka_unit_test(rounding_survives_failing_allocations),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
