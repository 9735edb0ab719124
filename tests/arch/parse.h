/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ENTCAP_TESTS_ARCH_PARSE_H
#define ENTCAP_TESTS_ARCH_PARSE_H

/** Descriptions out of strings, for the tests of arch. */

#include "check.h"

#include "entcap/arch.h"

#include <string.h>

/** The checked description of a text. */
static inline ec_arch *parsed(const char *text)
{
    ec_arch *arch = NULL;
    ec_error err = {0};

    if (ec_arch_parse(&arch, text, strlen(text), "text", &err) != EC_OK) {
        print_error("%d:%d: %s\n%s\n", err.line, err.col, err.msg, text);
        fail();
    }
    return arch;
}

/** The place and message of a refused text, in static memory. */
static inline const ec_error *refused(const char *text)
{
    static ec_error err;
    ec_arch *arch = NULL;

    err = (ec_error){0};
    assert_int_not_equal(ec_arch_parse(&arch, text, strlen(text), "text", &err), EC_OK);
    assert_null(arch);
    return &err;
}

#endif
