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

#include "state/message.h"

typedef struct ec_copies {
    size_t r;
    ec_message gram; /* two copies, joined at all sites: r x r, H if it is pure */
    ec_message four; /* if it is mixed (four.h); else x is NULL */
} ec_copies;

/** Children of one window that are equal. A mixed window without a mixed child is a ring (four.h),
 * which is cheaper. */
typedef struct ec_member {
    const ec_copies *of;
    bool on_a; /* side of a pure one */
    uint32_t count;
} ec_member;

/** Numbers in the message of a subtree of width r, in floating point because it can be anything. */
double ec_copies_numbers(double r, bool mixed);

/** Flops of the matrix above a window. */
double ec_copies_flops(double in, double out, bool mixed, bool ring);

/** Where one thread works: the product of the children of the window at hand, and a matrix. */
typedef struct ec_workspace {
    double *gram, *pure[2], *four; /* over the lower index; pure[1]: of side A */
    double *half;                  /* W on two copies of `four` */
    double *w, *transposed, *scratch, *sum;
    double *memory; /* all of it */
} ec_workspace;

/** Numbers that it takes: at least those of every window that was added. */
typedef struct ec_workspace_size {
    double gram, matrix, four, half, scratch, sum;
} ec_workspace_size;

/** in, out: columns and rows of the matrix above the window. */
void ec_workspace_add(ec_workspace_size *size, double in, double out, bool mixed);
double ec_workspace_numbers(const ec_workspace_size *size);
EC_NODISCARD ec_status ec_workspace_init(ec_workspace *out, const ec_workspace_size *size,
                                         ec_error *err);
void ec_workspace_clear(ec_workspace *work);

/** The matrix w, out x in, to be applied in this workspace. */
ec_map ec_workspace_map(ec_workspace *work, const double *w, size_t out, size_t in);

/**
 * A window: the product of its children, in a workspace, or the memory of an only child. The four
 * copies stay a product: of two messages, and of the ring of the pure children.
 */
typedef struct ec_pooled {
    size_t r;
    ec_message gram, pure[2], four[2]; /* x is NULL where there is none */
} ec_pooled;

/** Multiply the children of a window of dimension r. */
void ec_copies_pool(ec_pooled *out, ec_workspace *work, const ec_member *members, size_t n,
                    size_t r);

/**
 * The matrix w, out->r x in->r, on every copy of a window. The memory of *out was allocated by the
 * caller; `n_threads` threads work, each with the scratch of its own workspace. The number of
 * threads does not change a bit of the result.
 */
void ec_copies_apply(ec_copies *out, const ec_pooled *in, const double *w, ec_workspace *work,
                     size_t n_threads);

/** Write the product of the four copies out, to in->four[0]. */
void ec_copies_expand(ec_pooled *in, ec_workspace *work);

/** A window, written out, contracted with the row w on all of two, and of four copies: ln of the
 * value (NaN if negative) in log_scale, its relative error in error. */
void ec_copies_contract(ec_message *two, ec_message *four, const ec_pooled *in, const double *w,
                        ec_workspace *work);

#endif
