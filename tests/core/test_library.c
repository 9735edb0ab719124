/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "check.h"

#include <math.h>
#include <string.h>

#include "core/library.h"

#define FUNCTIONS(X) X(cos) X(fabs)
static struct {
    FUNCTIONS(EC_LIBRARY_MEMBER)
} libm;
#define SYMBOL(f) {&libm.f, #f},
static const ec_symbol symbols[] = {FUNCTIONS(SYMBOL)};

static void functions_are_found_once_loaded(void **state)
{
    (void)state;
    ec_library library = EC_LIBRARY("libm.so.6", symbols);
    ec_error err = {0};

    assert_ok(ec_library_load(&library, &err), &err);
    assert_ok(ec_library_load(&library, &err), &err);
    assert_close(libm.cos(0.0), 1.0, 0.0);
    assert_close(libm.fabs(-2.0), 2.0, 0.0);
}

static void a_missing_library_is_named(void **state)
{
    (void)state;
    ec_library library = EC_LIBRARY("libentcap-is-not-there.so.1", symbols);
    ec_error err = {0};

    for (int again = 0; again < 2; again++) {
        err = (ec_error){0};
        assert_int_equal(ec_library_load(&library, &err), EC_EIO);
        assert_non_null(strstr(err.msg, "libentcap-is-not-there.so.1"));
    }
}

static void a_missing_function_is_named(void **state)
{
    (void)state;
    static const ec_symbol wrong[] = {{&libm.cos, "cos"}, {&libm.fabs, "no_such_function"}};
    ec_library library = EC_LIBRARY("libm.so.6", wrong);
    ec_error err = {0};

    assert_int_equal(ec_library_load(&library, &err), EC_EIO);
    assert_string_equal(err.msg, "libm.so.6 has no function no_such_function");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(functions_are_found_once_loaded),
        cmocka_unit_test(a_missing_library_is_named),
        cmocka_unit_test(a_missing_function_is_named),
    };
    return cmocka_run_group_tests_name("core: library", tests, NULL, NULL);
}
