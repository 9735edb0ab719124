/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ENTCAP_STATE_CUTS_H
#define ENTCAP_STATE_CUTS_H

/**
 * Of the minimum cuts, which are often many, the one through which the spectra cost least.
 *
 * All have the same W; what lies between them does not. Where a wide layer meets narrow ones whose
 * product it equals, a cut through the wide index leaves two small pieces, one through the narrow
 * indices carries their labels through all that is above.
 */

#include "state/plan.h"

/** A minimum cut, and how to compute through it. */
typedef struct ec_candidate {
    ec_cut cut;
    ec_sweep sweep; /* borrows the sides of `cut` */
    ec_plan plan;
} ec_candidate;

/**
 * The best of the cuts found by breaking ties, level by level and side by side, in the way that the
 * plan gains by; only where the first one takes long or does not fit. `sweep`: inputs and limits.
 * Owns: *out, to be cleared, also after an error.
 * Errors: EC_ELIMIT (the cut is beyond spectrum_limit: says what it would take; structures beyond
 * run->memory_bytes), EC_ENOMEM, EC_ECANCEL
 */
EC_NODISCARD ec_status ec_candidate_choose(ec_candidate *out, const ec_sweep *sweep,
                                           uint64_t spectrum_limit, const ec_run *run,
                                           ec_error *err);
void ec_candidate_clear(ec_candidate *candidate);

#endif
