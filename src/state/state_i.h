/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ENTCAP_STATE_STATE_I_H
#define ENTCAP_STATE_STATE_I_H

/** What the parts of the module share. */

#include "entcap/state.h"
#include "state/residues.h"
#include "state/sweep.h"

/** Reject what no part can work with; see ec_state_verify. O(weights). */
EC_NODISCARD ec_status ec_state_check(const ec_state_input *in, const ec_state_options *options,
                                      ec_error *err);

/**
 * What a part does with a failure that it kept in `local`: EC_ELIMIT is an answer, not a failure
 * (true; *status becomes EC_OK); any other is passed on to err.
 */
bool ec_state_out_of_reach(ec_status *status, const ec_error *local, ec_error *err);

/** One measurement under way: what every part of it works on. */
typedef struct ec_measurement {
    const ec_state_input *in;
    const ec_state_options *options;
    const ec_run *run;
    const ec_residues *residues;
    ec_rng rng;
    ec_state *out; /* labels allocated */
} ec_measurement;

/** Fill the `rank` of every label. Errors: EC_ENOMEM, EC_ECANCEL. */
EC_NODISCARD ec_status ec_state_exact_ranks(ec_measurement *m, ec_error *err);

/** Fill the `forward` of every label. Errors: EC_ENOMEM, EC_ECANCEL. */
EC_NODISCARD ec_status ec_state_forward_checks(ec_measurement *m, ec_error *err);

/** As ec_state_entropies, of arguments that were checked. */
EC_NODISCARD ec_status ec_state_copies(ec_label_entropies *out, const ec_state_input *in,
                                       const ec_state_options *options, const ec_run *run,
                                       ec_error *err);

/** `m` is absent, and why. */
void ec_state_say_why(ec_measured *m, const char *why);

/**
 * Spectra of all labels through any cut: `sweep` has its inputs and limits set, and is cleared by
 * the caller. EC_ELIMIT comes before any number is computed.
 */
EC_NODISCARD ec_status ec_state_through_cut(ec_spectrum *out, ec_sweep *sweep, const ec_run *run,
                                            ec_error *err);

#endif
