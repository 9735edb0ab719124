/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ENTCAP_CHECK_I_H
#define ENTCAP_CHECK_I_H

/** What the files of check share: how findings are collected, and how numbers are written. */

#include "check/gauge.h"

/** A check under way. */
typedef struct ec_finder {
    ec_check *out;
    size_t room; /* of out->findings */
    const ec_arch *arch;
    const ec_check_options *options;
    const ec_run *run;
    ec_gauge *gauge;         /* NULL: the bounds at other widths are out of reach */
    ec_error unexamined;     /* why, then */
    ec_text message, remedy; /* of the finding under construction */
} ec_finder;

/** Is the rule looked for? */
bool ec_finder_wants(const ec_finder *f, ec_rule_code rule);

/** Add the finding whose message and remedy were written; both are empty again. */
EC_NODISCARD ec_status ec_finder_add(ec_finder *f, ec_rule_code rule, ec_certainty certainty,
                                     ec_place place, ec_error *err);

/** What a question of widths came to: EC_ELIMIT is no failure, but ends all such questions. */
EC_NODISCARD ec_status ec_finder_limit(ec_finder *f, ec_status status, const ec_error *report,
                                       ec_error *err);

/** Append an integer: decimal, "2^1024", or "about 2^1023.4". */
void ec_put_rank(ec_text *out, const ec_int *rank);

/** Append a finding's message and, in brackets, what kind of statement it is. */
void ec_put_message(ec_text *out, const ec_finding *finding);

/** Append how many parameters `fewer` has less than `more`: "448 of 1344 parameters". */
void ec_put_saving(ec_text *out, const ec_int *fewer, const ec_int *more);

/** Does a rank reach the minimum? Exact. */
bool ec_requirement_reached(const ec_requirement *requirement, const ec_int *rank);

/** The groups of rules. */
EC_NODISCARD ec_status ec_find_requirements(ec_finder *f, ec_error *err);
EC_NODISCARD ec_status ec_find_widths(ec_finder *f, ec_error *err);
EC_NODISCARD ec_status ec_find_layers(ec_finder *f, ec_error *err);
EC_NODISCARD ec_status ec_find_partitions(ec_finder *f, ec_error *err);
EC_NODISCARD ec_status ec_find_bounds(ec_finder *f, ec_error *err);

/**
 * Few parameters that reach the goals, with no width above widths[n], which do: `widths` becomes
 * what it found, *proved says whether nothing has fewer.
 */
EC_NODISCARD ec_status ec_fewest_widths(uint32_t *widths, bool *proved, ec_finder *f,
                                        ec_goals goals, ec_error *err);

#endif
