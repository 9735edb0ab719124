/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ENTCAP_STATE_BASIS_H
#define ENTCAP_STATE_BASIS_H

/** Basis: inner products of the feature map. */

#include "entcap/model.h"

/**
 * A root of the Gram matrix G_de = int_0^1 f_d(x) f_e(x) dx of the feature map, M x M row-major: R
 * with R^T R = G, so that row d of R is the vector of a site in orthonormal coordinate d. weights
 * must have a feature map. G may be singular (features that vanish on [0, 1], or depend on each
 * other): those rows are zero or tiny.
 *
 * Exact:  G by Gauss-Legendre with two nodes on the pieces between knots, which integrates the
 *         piecewise quadratic f_d f_e without error but rounding.
 * Owns:   *root, to be released by ec_free; NULL after an error.
 * Errors: EC_ENUMERIC, EC_ENOMEM
 */
EC_NODISCARD ec_status ec_basis_feature_root(double **root, const ec_weights *weights,
                                             ec_error *err);

#endif
