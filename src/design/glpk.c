/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "design/glpk_i.h"

#define SYMBOL(f) {&ec_glpk.f, #f},

ec_glpk_functions ec_glpk;

static const ec_symbol symbols[] = {EC_GLPK_FUNCTIONS(SYMBOL)};
static ec_library library = EC_LIBRARY(EC_SONAME_GLPK, symbols);

ec_status ec_glpk_load(ec_error *err)
{
    ec_status status = ec_library_load(&library, err);

    if (status == EC_OK)
        ec_glpk.glp_term_out(GLP_OFF);
    return status;
}
