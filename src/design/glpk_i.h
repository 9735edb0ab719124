/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ENTCAP_DESIGN_GLPK_I_H
#define ENTCAP_DESIGN_GLPK_I_H

/** The functions of GLPK that the module uses, loaded when they are first needed. */

#include <glpk.h>

#include "core/library.h"

#define EC_GLPK_FUNCTIONS(X)                                                                       \
    X(glp_add_cols)                                                                                \
    X(glp_add_rows)                                                                                \
    X(glp_create_prob)                                                                             \
    X(glp_del_rows)                                                                                \
    X(glp_delete_prob)                                                                             \
    X(glp_exact)                                                                                   \
    X(glp_get_col_prim)                                                                            \
    X(glp_get_obj_val)                                                                             \
    X(glp_get_row_dual)                                                                            \
    X(glp_get_status)                                                                              \
    X(glp_init_smcp)                                                                               \
    X(glp_set_col_bnds)                                                                            \
    X(glp_set_mat_row)                                                                             \
    X(glp_set_obj_coef)                                                                            \
    X(glp_set_obj_dir)                                                                             \
    X(glp_set_row_bnds)                                                                            \
    X(glp_simplex)                                                                                 \
    X(glp_std_basis)                                                                               \
    X(glp_term_out)

typedef struct ec_glpk_functions {
    EC_GLPK_FUNCTIONS(EC_LIBRARY_MEMBER)
} ec_glpk_functions;

/** Valid after ec_glpk_load succeeded. */
extern ec_glpk_functions ec_glpk;

/** Load GLPK and turn its messages off in this thread. Errors: EC_EIO */
EC_NODISCARD ec_status ec_glpk_load(ec_error *err);

#endif
