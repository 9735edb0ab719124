/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ENTCAP_BOUND_FLINT_I_H
#define ENTCAP_BOUND_FLINT_I_H

/** The functions of FLINT that the module uses, loaded when they are first needed. */

#include <flint/nmod_mat.h>
#include <flint/nmod_vec.h>
#include <flint/ulong_extras.h>

#include "core/library.h"

#define EC_FLINT_FUNCTIONS(X)                                                                      \
    X(_nmod_vec_dot)                                                                               \
    X(_nmod_vec_scalar_addmul_nmod)                                                                \
    X(n_is_prime)                                                                                  \
    X(nmod_mat_clear)                                                                              \
    X(nmod_mat_init)                                                                               \
    X(nmod_mat_lu)

typedef struct ec_flint_functions {
    EC_FLINT_FUNCTIONS(EC_LIBRARY_MEMBER)
} ec_flint_functions;

/** Valid after ec_flint_load succeeded. */
extern ec_flint_functions ec_flint;

/** Load FLINT. Errors: EC_EIO */
EC_NODISCARD ec_status ec_flint_load(ec_error *err);

#endif
