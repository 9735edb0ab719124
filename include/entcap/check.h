/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ENTCAP_CHECK_H
#define ENTCAP_CHECK_H

/**
 * check: what is wrong with a description, before anything is trained. Verdicts on its
 * requirements.
 */

#include "entcap/design.h"

/** What a bound says of a requirement. */
typedef enum ec_verdict {
    EC_VERDICT_FAILED,    /* the upper bound is below it: no weights can meet it */
    EC_VERDICT_UNDECIDED, /* neither is proved */
    EC_VERDICT_MET        /* a proved lower bound of the generic rank reaches it */
} ec_verdict;

const char *ec_verdict_text(ec_verdict verdict); /* "failed", "undecided", "met" */

/**
 * Hold a requirement (rank >= min_rank, or log2 rank >= min_log2) against the bounds of its
 * partition. Exact: a bound within 1 of min_log2 is compared as an integer with 2^min_log2 where
 * that is whole. Met by the power bound or by a computed generic rank.
 */
ec_verdict ec_check_verdict(const ec_requirement *requirement, const ec_bound *bound);

#endif
