/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ENTCAP_TESTS_ORACLE_SUBJECT_H
#define ENTCAP_TESTS_ORACLE_SUBJECT_H

/** subject: what the tests of module state measure, a network with weights and a side A. */

#include "oracle/convac.h"

#include "entcap/state.h"

typedef struct subject {
    ec_arch arch;
    ec_weights weights;
    ec_sites a;
} subject;

/** Given levels and side (letters A and B), `outputs` labels, random weights of check_seed(). */
void subject_make(subject *s, const convac_level *levels, size_t n, uint32_t outputs,
                  const char *letters);

/** Random small network, side and weights; integer weights if asked for. */
void subject_random(subject *s, ec_rng *rng, bool integers);
void subject_clear(subject *s);

/** Weights i.i.d. uniform on -1 .. 1 in steps of 2^-20: exact, and generic. */
void subject_fill(subject *s, ec_rng *rng);

ec_state_input subject_input(const subject *s, const ec_int *bound);

/** All spectra with default limits; fails the test if the call fails. Clear them. */
void subject_measure(ec_spectrum *out, const subject *s, ec_basis basis);
void subject_clear_spectra(ec_spectrum *spectra, const subject *s);

/** Does the network keep the claim, all parts measured with default limits? */
bool subject_holds(const subject *s, const ec_int *claim);

#endif
