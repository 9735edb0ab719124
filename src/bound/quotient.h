/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ENTCAP_BOUND_QUOTIENT_H
#define ENTCAP_BOUND_QUOTIENT_H

/**
 * The tree of a ConvAC with equal subtrees collapsed. Two matrices of one level are of one class
 * if the windows below them hold the same numbers of each class of children; the sides of the
 * sites are the classes below level 0. Nothing else about a subtree matters to a bound: the order
 * of children does not, and dimensions are the same all over a level. A structured partition
 * leaves O(levels) classes, whatever the number of sites.
 */

#include "entcap/arch.h"

#define EC_NO_CLASS UINT32_MAX

/** Classes of level 0, always all three: every site of the window on A, every site on B, both. */
enum { EC_CLASS_A, EC_CLASS_B, EC_CLASS_MIXED, EC_N_CLASSES_0 };

/** Classes 0 .. n_classes-1 of one level. */
typedef struct ec_quotient_level {
    size_t n_classes;
    size_t *start;         /* n_classes + 1: the children of class c are entries start[c] .. */
    uint32_t *child;       /*   start[c+1]-1: a class of the level below, ascending,        */
    uint32_t *count;       /*   and how many of it; all three NULL at level 0               */
    uint32_t pure[2];      /* class of the subtrees wholly on side A, B, or EC_NO_CLASS */
    uint32_t *of_position; /* class of each matrix, row-major; NULL unless asked for */
} ec_quotient_level;

typedef struct ec_quotient {
    ec_quotient_level *level;
    size_t n_levels;
} ec_quotient;

/**
 * Collapse the tree of `arch` (levels form) for side A.
 *
 * Cost:   O(sites) time, expected; 8 bytes a site, plus the classes, of which a random partition
 *         can have one for every position of a middle level. The worst case is estimated first.
 * Owns:   *out, to be cleared, also after an error.
 * Errors: EC_ELIMIT (memory), EC_ENOMEM, EC_ECANCEL
 */
EC_NODISCARD ec_status ec_quotient_init(ec_quotient *out, const ec_arch *arch, const ec_sites *a,
                                        bool keep_positions, const ec_run *run, ec_error *err);

void ec_quotient_clear(ec_quotient *quotient);

#endif
