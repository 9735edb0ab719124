/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ENTCAP_STATE_PLAN_H
#define ENTCAP_STATE_PLAN_H

/**
 * Plans: how the spectra through one cut will be computed, and what that takes.
 *
 * Work and memory hang on more than the cut: on the uncut widths that labels are carried through,
 * on where the pieces are rooted, on the route. So the whole walk is done without numbers first,
 * by every route: plain QR is taken if it fits the limits, else what fits and takes least work.
 */

#include "state/pieces.h"

typedef struct ec_plan {
    ec_route route;
    ec_pieces pieces; /* with their roots */
    double flops, bytes;
    bool possible; /* apart from the limits */
    bool fits;     /* the limits */
    char why[256]; /* if it does not fit */
} ec_plan;

/**
 * Initialise `sweep`, whose inputs and limits (of its ledger) are set, and find the best plan of
 * the routes allowed. Owns: *out and *sweep, to be cleared, also after an error. Errors: EC_ELIMIT
 * (structures beyond run->memory_bytes), EC_ENOMEM
 */
EC_NODISCARD ec_status ec_plan_make(ec_plan *out, ec_sweep *sweep, const ec_run *run,
                                    ec_error *err);
void ec_plan_clear(ec_plan *plan);

/** What can be had without a spectrum. */
#define EC_PLAN_INSTEAD "Renyi-2 and the exact rank need no spectrum"

enum { EC_PLAN_TEXT = 96, EC_PLAN_REMEDY_TEXT = 128 };

/** Work, time and memory of a plan in words. */
void ec_plan_needs(char out[EC_PLAN_TEXT], const ec_plan *plan);

/**
 * What would let a plan through that does not fit: "; --spectrum-limit 4373 would allow it; ...".
 * `cut`: the smallest limit of cuts that will do, 0 if that is not what stands in its way.
 */
void ec_plan_remedy(char out[EC_PLAN_REMEDY_TEXT], const ec_plan *plan, const ec_sweep *sweep,
                    uint64_t cut);

/** Does a promise more than b? One that fits does, then plain QR, then less work, less memory. */
bool ec_plan_better(const ec_plan *a, const ec_plan *b);

/** Carry out a plan: the spectra of all labels. Errors: EC_ELIMIT if it does not fit; EC_ENOMEM,
 * EC_ECANCEL, EC_ENUMERIC. */
EC_NODISCARD ec_status ec_plan_run(ec_spectrum *out, const ec_plan *plan, ec_sweep *sweep,
                                   ec_error *err);

#endif
