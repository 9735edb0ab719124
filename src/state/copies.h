/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ENTCAP_STATE_COPIES_H
#define ENTCAP_STATE_COPIES_H

/**
 * Copies: what a subtree contributes to a contraction of four copies of its network. psi, psi*,
 * psi, psi* in the order a, b, c, d are joined pairwise at the sites: (a d)(b c) on side A, (a b)
 * (c d) on side B. A subtree is then a message m[a,b,c,d] over the four copies of its upper index;
 * one wholly on a side needs its Gram matrix H alone:
 *
 *     A: m[a,b,c,d] = H[a,d] H[b,c]        B: m[a,b,c,d] = H[a,b] H[c,d]
 *
 * Pooling is the elementwise product of messages; a matrix acts on every copy.
 */

#include "state/table.h"

/** The tables are plain vectors of r^2 and r^4 rows, without indices. */
typedef struct ec_copies {
    size_t r;
    bool on[2];    /* has sites on side B, on side A */
    ec_table gram; /* two copies, joined at all sites: H if it is pure */
    ec_table four; /* if it is mixed; else empty */
} ec_copies;

static inline bool ec_copies_mixed(const ec_copies *u)
{
    return u->on[0] && u->on[1];
}

/** A site of dimension m: the Gram matrix root^T root of its vectors, the identity for NULL. */
EC_NODISCARD ec_status ec_copies_site(ec_copies *out, size_t m, const double *root, bool on_a,
                                      ec_ledger *ledger, ec_error *err);
EC_NODISCARD ec_status ec_copies_copy(ec_copies *out, const ec_copies *u, ec_ledger *ledger,
                                      ec_error *err);
void ec_copies_free(ec_copies *u, ec_ledger *ledger);

/** t <- t u, pooled; t may still be empty; u is used up, also after an error. */
EC_NODISCARD ec_status ec_copies_absorb(ec_copies *t, ec_copies *u, ec_ledger *ledger,
                                        ec_error *err);

/** u <- W on every copy; w is a rows x cols matrix, cols = u->r. */
EC_NODISCARD ec_status ec_copies_apply(ec_copies *u, const ec_table *w, ec_ledger *ledger,
                                       ec_error *err);

/** t, of `copies` indices of dimension w->cols, <- W on each of them. */
EC_NODISCARD ec_status ec_copies_transform(ec_table *t, int copies, const ec_table *w,
                                           ec_ledger *ledger, ec_error *err);

#endif
