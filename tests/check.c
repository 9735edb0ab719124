/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "check.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void check_close(double a, double b, double tol, const char *file, int line)
{
    if (fabs(a - b) <= tol)
        return;
    print_error("%.17g is not within %g of %.17g\n", a, tol, b);
    _fail(file, line);
}

void check_ok(ec_status status, const ec_error *err, const char *file, int line)
{
    if (status == EC_OK)
        return;
    print_error("%s: %s\n", ec_status_text(status), err != NULL ? err->msg : "");
    _fail(file, line);
}

void check_int(const ec_int *x, const char *decimal, const char *file, int line)
{
    char *text = ec_int_print(x, NULL);
    bool equal = text != NULL && strcmp(text, decimal) == 0;

    if (!equal)
        print_error("%s is not %s\n", text != NULL ? text : "(no memory)", decimal);
    ec_free(text);
    if (!equal)
        _fail(file, line);
}

void check_survives_oom(ec_status (*call)(void *arg, ec_error *err), void *arg, const char *file,
                        int line)
{
    for (long allowed = 0; allowed < 100000; allowed++) {
        ec_error err = {0};
        long before = ec_memory_live();

        ec_memory_allow(allowed);
        ec_status status = call(arg, &err);
        ec_memory_allow(-1);
        if (ec_memory_live() != before) {
            print_error("%ld blocks leaked with %ld allocations allowed\n",
                        ec_memory_live() - before, allowed);
            _fail(file, line);
        }
        if (status == EC_OK)
            return;
        if (status != EC_ENOMEM || err.status != EC_ENOMEM) {
            print_error("with %ld allocations allowed: %s (%s), expected out of memory\n", allowed,
                        ec_status_text(status), err.msg);
            _fail(file, line);
        }
    }
    print_error("no success within 100000 allocations\n");
    _fail(file, line);
}

uint64_t check_seed(void)
{
    static bool said;
    const char *text = getenv("EC_TEST_SEED");
    uint64_t seed = text != NULL ? strtoull(text, NULL, 10) : 1;

    if (!said)
        print_message("seed %llu\n", (unsigned long long)seed);
    said = true;
    return seed;
}

size_t check_count(size_t n)
{
    const char *text = getenv("EC_TEST_MULTIPLIER");
    double scaled = text != NULL ? (double)n * strtod(text, NULL) : (double)n;

    return scaled >= 1 ? (size_t)scaled : 1;
}
