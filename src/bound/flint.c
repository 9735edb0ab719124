/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bound/flint_i.h"

#define SYMBOL(f) {&ec_flint.f, #f},

ec_flint_functions ec_flint;

static const ec_symbol symbols[] = {EC_FLINT_FUNCTIONS(SYMBOL)};
static ec_library library = EC_LIBRARY(EC_SONAME_FLINT, symbols);

ec_status ec_flint_load(ec_error *err)
{
    return ec_library_load(&library, err);
}
