/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ENTCAP_CORE_LIBRARY_H
#define ENTCAP_CORE_LIBRARY_H

/**
 * Libraries that are loaded when they are first needed. igraph, FLINT, LAPACKE, OpenBLAS and GLPK
 * bring 30 shared objects with them, whose loading takes longer than most bounds: a call that does
 * not use one should not wait for it. The module that fences a library in lists the functions it
 * uses once:
 *
 *     #define FUNCTIONS(X) X(glp_create_prob) X(glp_delete_prob)
 *     static struct { FUNCTIONS(EC_LIBRARY_MEMBER) } glpk;
 *     #define SYMBOL(f) {&glpk.f, #f},
 *     static const ec_symbol symbols[] = {FUNCTIONS(SYMBOL)};
 *     static ec_library library = EC_LIBRARY(EC_SONAME_GLPK, symbols);
 *
 * and after EC_TRY(ec_library_load(&library, err)) calls glpk.glp_create_prob(). Types come from
 * the library's own header; EC_SONAME_* from the Makefile, which asks the linker. Private to src/.
 */

#include <stdatomic.h>

#include "entcap/core.h"

/** A function of a library, and the function pointer that its address goes to. */
typedef struct ec_symbol {
    void *pointer;
    const char *name;
} ec_symbol;

typedef struct ec_library {
    const char *name; /* its soname */
    const ec_symbol *symbols;
    size_t n_symbols;
    atomic_bool loaded;
} ec_library;

#define EC_LIBRARY_MEMBER(f) __typeof__(f) *(f);
#define EC_LIBRARY(soname, table)                                                                  \
    {                                                                                              \
        .name = (soname), .symbols = (table), .n_symbols = sizeof(table) / sizeof *(table)         \
    }

/**
 * Load a library and fill its function pointers, once per process; it stays loaded. Any number of
 * threads may ask at once.
 * Errors: EC_EIO (it is not installed, or lacks a function)
 */
EC_NODISCARD ec_status ec_library_load(ec_library *library, ec_error *err);

#endif
