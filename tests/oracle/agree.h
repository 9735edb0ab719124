/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ENTCAP_TESTS_AGREE_H
#define ENTCAP_TESTS_AGREE_H

/**
 * Hold everything that src/bound says of a network against the oracles, and count what occurred.
 */

#include "oracle/oracle.h"

/** Occurrences among the cases of one stratum; as a demand: at least so many in 1000 cases. */
typedef struct oracle_tally {
    size_t cases;
    size_t gaps;           /* the generic rank is below the best upper bound */
    size_t ties;           /* several minimal cuts */
    size_t shared_smaller; /* the shared bound is below the min cut */
    size_t power_smaller;  /* the power bound is below the min cut */
    size_t odd_base;       /* the best base of the power bound is not 2 */
    size_t copy_cuts;      /* the min cut holds an index with three pins or more */
    size_t mixed_windows;  /* windows of different sizes > 1 */
    size_t partly_shared;  /* a shared and an unshared conv, both at several positions */
    size_t bottlenecks;    /* held against the oracle */
} oracle_tally;

/** All checks on one case; fails the test, after printing the case, if something disagrees. */
void oracle_agree(oracle_tally *tally, const oracle_case *c, bool bottleneck);

/** A stratum to draw, as the state of a cmocka test. */
typedef struct oracle_plan {
    oracle_stratum stratum;
    oracle_sharing sharing;
    size_t cases;
    oracle_tally at_least; /* in 1000 cases */
} oracle_plan;

/** cmocka test: draw plan->cases random cases, check each, print the tally, demand the floors. */
void oracle_run_plan(void **state);

/** Every nth case has its bottleneck checked. */
#define ORACLE_BOTTLENECK_EVERY 5

#endif
