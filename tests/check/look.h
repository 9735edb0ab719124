/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ENTCAP_TESTS_LOOK_H
#define ENTCAP_TESTS_LOOK_H

/** What the tests of module check share: a description checked, and findings looked up. */

#include "check.h"

#include <stdlib.h>
#include <string.h>

#include "entcap/check.h"

/** Check `arch` across the partitions of its own, with default options. Clear *out. */
static inline void look_at(ec_check *out, const ec_arch *arch)
{
    ec_check_options options;
    ec_partitions given = {.n = 0};
    ec_run run = EC_RUN_INIT;
    ec_error err = {.status = EC_OK};

    ec_check_options_init(&options);
    assert_ok(ec_arch_partitions(&given, arch, NULL, 0, &err), &err);
    assert_ok(ec_check_arch(out, arch, &given, &options, &run, &err), &err);
    ec_partitions_clear(&given);
}

/** The same for a text. */
static inline void look(ec_check *out, const char *yaml)
{
    ec_arch *arch = NULL;
    ec_error err = {.status = EC_OK};

    assert_ok(ec_arch_parse(&arch, yaml, strlen(yaml), "look.yaml", &err), &err);
    look_at(out, arch);
    ec_arch_free(arch);
}

/** Number k of the findings of this rule whose message has `part`; NULL if there is none. */
static inline const ec_finding *look_for(const ec_check *check, ec_rule_code rule, const char *part,
                                         size_t k)
{
    for (size_t i = 0; i < check->n_findings; i++) {
        const ec_finding *finding = &check->findings[i];

        if (finding->rule == rule && strstr(finding->message, part) != NULL && k-- == 0)
            return finding;
    }
    return NULL;
}

/** There is exactly one finding of this rule, so said and so placed. */
static inline const ec_finding *look_one(const ec_check *check, ec_rule_code rule, int line,
                                         const char *message)
{
    const ec_finding *finding = look_for(check, rule, "", 0);

    assert_non_null(finding);
    assert_null(look_for(check, rule, "", 1));
    assert_string_equal(finding->message, message);
    assert_int_equal(finding->place.line, line);
    return finding;
}

#endif
