/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ENTCAP_TESTS_CHECK_H
#define ENTCAP_TESTS_CHECK_H

/**
 * What every test program shares: cmocka with the headers it needs, and the checks it lacks.
 * Random tests take their seed from check_seed() and their count from check_count(), and print the
 * seed of a failing case.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "entcap/core.h"

/** |a - b| <= tol, NaN fails; prints both numbers. */
#define assert_close(a, b, tol) check_close((a), (b), (tol), __FILE__, __LINE__)
void check_close(double a, double b, double tol, const char *file, int line);

/** status is EC_OK; prints err's message otherwise. */
#define assert_ok(status, err) check_ok((status), (err), __FILE__, __LINE__)
void check_ok(ec_status status, const ec_error *err, const char *file, int line);

/** x equals the decimal string. */
#define assert_int(x, decimal) check_int((x), (decimal), __FILE__, __LINE__)
void check_int(const ec_int *x, const char *decimal, const char *file, int line);

/**
 * Run `call(arg, &err)` with 0, 1, 2, ... allowed allocations until it succeeds: every earlier run
 * must return EC_ENOMEM and no run may leak (the call clears what it made).
 */
#define assert_survives_oom(call, arg) check_survives_oom((call), (arg), __FILE__, __LINE__)
void check_survives_oom(ec_status (*call)(void *arg, ec_error *err), void *arg, const char *file,
                        int line);

/** Seed of the random tests: EC_TEST_SEED from the environment, else 1; printed once. */
uint64_t check_seed(void);

/** n scaled by EC_TEST_MULTIPLIER (default 1), at least 1. */
size_t check_count(size_t n);

#endif
