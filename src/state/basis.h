/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ENTCAP_STATE_BASIS_H
#define ENTCAP_STATE_BASIS_H

/** Basis: inner products of the feature map. */

#include "entcap/state.h"

/**
 * A root R of the Gram matrix G that options->basis stands for, M x M row-major: R^T R = G, so that
 * row d of R is the vector of a site in orthonormal coordinate d; NULL for EC_BASIS_SITES, the
 * identity. G may be singular (features that vanish, or depend on each other): those rows are zero
 * or tiny.
 *
 * Needs:  what ec_state_check requires of the basis.
 * Owns:   *root, to be released by ec_free; NULL after an error.
 * Errors: EC_ENUMERIC, EC_ENOMEM
 */
EC_NODISCARD ec_status ec_basis_root(double **root, const ec_state_input *in,
                                     const ec_state_options *options, ec_error *err);

#endif
