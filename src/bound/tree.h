/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ENTCAP_BOUND_TREE_H
#define ENTCAP_BOUND_TREE_H

/**
 * The tree recursion over the classes of a quotient. Values are monomials in symbols: the
 * dimension d_l of each level and, where weights are shared, the dimensions C(g + q - 1, q) of
 * the symmetric tensors that q equal children of a window span together.
 */

#include "bound/monomial.h"
#include "entcap/bound.h"

/** The symbols of a recursion, those of lower levels first. */
typedef struct ec_symbols {
    size_t n;
    uint32_t *level;  /* n: the level at whose windows it is multiplied */
    uint32_t *origin; /* n: the level whose dimension it hangs on: only its growth lets it grow */
    size_t *end;      /* n_levels: symbols of levels 0 .. l are 0 .. end[l]-1, d_l is the last */
    bool *wide;       /* n_levels: is d_l without limit? */
    uint32_t **group; /* n_levels: symbol of q equal children, q <= P_l; EC_NO_SYMBOL: larger than
                         d_l, never worth it. NULL at levels without sharing below */
    size_t n_levels;
    ec_basis basis; /* n: their values */
} ec_symbols;

#define EC_NO_SYMBOL UINT32_MAX

/**
 * Symbols for the min cut (shared false) or the shared bound (true), with the dimensions of the
 * levels in `wide` (n_levels; NULL: none) without limit.
 * Owns: *out, to be cleared, also after an error. Errors: EC_ENOMEM
 */
EC_NODISCARD ec_status ec_symbols_init(ec_symbols *out, const ec_arch *arch,
                                       const ec_quotient *quotient, bool shared, const bool *wide,
                                       ec_error *err);
void ec_symbols_clear(ec_symbols *symbols);

/** What the best choice was for the matrices of a class. */
enum {
    EC_CUT_ON_A = 1, /* a matrix on side A: the index below it is cut */
    EC_CUT_ON_B = 2, /* the same on side B */
    EC_BEST_B = 4,   /* a matrix free to choose takes side B, else A */
    /* equal values: cutting is no worse than not cutting, the sides are no different */
    EC_TIE_ON_A = 8,
    EC_TIE_ON_B = 16,
    EC_TIE_SIDES = 32,
};

/** The smallest value, min_s f(root, s), and how it comes about. */
typedef struct ec_tree_value {
    bool infinite;      /* every choice needs a dimension without limit */
    uint32_t *exponent; /* of each symbol */
    uint8_t **choice;   /* n_levels x classes */
    size_t n_levels;
} ec_tree_value;

/**
 * Run the recursion.
 *
 * Cost:   O(entries of the quotient x symbols); values of two levels are kept at a time.
 * Owns:   *out, to be cleared, also after an error.
 * Errors: EC_ELIMIT (memory), EC_ENOMEM
 */
EC_NODISCARD ec_status ec_tree_solve(ec_tree_value *out, ec_symbols *symbols,
                                     const ec_quotient *quotient, const ec_run *run, ec_error *err);

void ec_tree_value_clear(ec_tree_value *value);

/** The value as an integer. */
void ec_tree_value_rank(ec_int *rank, const ec_tree_value *value, const ec_symbols *symbols);

/**
 * The min cut on a quotient, which must have kept its positions if sides are wanted; of equal cuts
 * the one that `ties` chooses (NULL: any).
 * Owns, errors: as ec_bound_min_cut_tree.
 */
EC_NODISCARD ec_status ec_tree_min_cut(ec_cut *out, const ec_arch *arch,
                                       const ec_quotient *quotient, bool want_sides,
                                       const ec_ties *ties, const ec_run *run, ec_error *err);

/** The shared bound on a quotient. *rank is the caller's. Errors: EC_ELIMIT, EC_ENOMEM */
EC_NODISCARD ec_status ec_tree_shared(ec_int *rank, const ec_arch *arch,
                                      const ec_quotient *quotient, const ec_run *run,
                                      ec_error *err);

/**
 * Bottlenecks of a tree's bound, bound->rank: of the shared bound where it applies, which is never
 * above the min cut, else of the min cut.
 * Owns: *out, to be cleared, also after an error. Errors: EC_ELIMIT, EC_ENOMEM
 */
EC_NODISCARD ec_status ec_tree_bottleneck(ec_bottleneck *out, const ec_arch *arch,
                                          const ec_quotient *quotient, const ec_bound *bound,
                                          const ec_run *run, ec_error *err);

#endif
