/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ENTCAP_STATE_TABLE_H
#define ENTCAP_STATE_TABLE_H

/**
 * Tables: what is left of a part of the network on one side of a cut.
 *
 *     x[row; i_1, ..., i_n]    rows x cols, row-major, cols = prod dim(i_k)
 *
 * Rows stand for the part's own sites, whose basis does not matter: a table may be rotated from
 * the left, so QR keeps rows <= cols. Columns are values of network indices, copy indices among
 * them, whose basis matters. The indices ascend, but for the open one, through which the rest of
 * the part is still to come, which is last. Indices of dimension 1 are left out, unless open.
 *
 * On the Gram route a table holds the Gram matrix of its rows instead, as soon as it is joined or
 * contracted; every call takes both kinds.
 *
 * Without numbers (ledger->plan) the same calls only count, so that a prediction and a run
 * cannot disagree.
 */

#include "entcap/linalg.h"
#include "entcap/state.h"

enum { EC_TABLE_INDICES = 32 };

#define EC_NO_INDEX UINT32_MAX

typedef struct ec_index {
    uint32_t id, dim;
} ec_index;

typedef struct ec_table {
    double *x; /* NULL in a plan; in a Gram table all high parts, then all low ones */
    size_t rows, cols;
    bool gram; /* x is X^T X in double-double instead of X: cols x cols, rows = cols */
    size_t n;
    ec_index index[EC_TABLE_INDICES];
    double log_scale; /* the table is exp(log_scale) x; the largest |x| is about 1 */
    double error;     /* estimated rounding error relative to |x|_F, grown by cancellation */
} ec_table;

/** Frobenius norm of X; no overflow while the table is scaled. */
double ec_table_norm(const ec_table *t);

/**
 * Estimated relative error of sums of `terms` products of entries of two operands; `norms` is the
 * product of their norms, `error` the sum of their relative errors. Errors are taken to point
 * anywhere: through the sums they come out with the norm error norms / sqrt(terms), which is the
 * more of the result the more cancelled in it.
 */
double ec_table_grown_error(double error, double norms, double terms, double result);

/** What a walk takes, and the way it goes. */
typedef struct ec_ledger {
    bool plan;
    ec_route route;
    double bytes, peak_bytes; /* of tables alive now, and at most */
    double flops;
    double max_bytes, max_flops; /* EC_ELIMIT beyond; 0: no limit */
    const ec_run *run;           /* hears of progress, out of planned_flops */
    const char *what;
    double planned_flops;
} ec_ledger;

/** A ledger with the limits of a call, for `what`; run may be NULL. */
ec_ledger ec_ledger_of(const ec_run *run, double max_flops, const char *what);

/** Start counting: a plan, or the run of what was planned just before. */
void ec_ledger_start(ec_ledger *ledger, bool plan);

/** Note more bytes, or work ahead. Errors: EC_ELIMIT; EC_ECANCEL from progress. */
EC_NODISCARD ec_status ec_ledger_bytes(ec_ledger *ledger, double bytes, ec_error *err);
EC_NODISCARD ec_status ec_ledger_flops(ec_ledger *ledger, double flops, ec_error *err);

/** For ec_table_new instead of a number of rows: as many as columns; a Gram table. */
#define EC_TABLE_SQUARE 0
#define EC_TABLE_GRAM   SIZE_MAX

/** A zeroed table rows x prod dims. Owns: *out, freed by ec_table_free,
 * also after an error. Errors: EC_ELIMIT, EC_ENOMEM. */
EC_NODISCARD ec_status ec_table_new(ec_table *out, ec_ledger *ledger, size_t rows, size_t n,
                                    const ec_index *index, ec_error *err);
void ec_table_free(ec_table *t, ec_ledger *ledger);

EC_NODISCARD ec_status ec_table_copy(ec_table *out, const ec_table *from, ec_ledger *ledger,
                                     ec_error *err);

/** t <- u; u is left empty. */
void ec_table_move(ec_table *t, ec_table *u, ec_ledger *ledger);

/** Scale to largest |x| in [1/2, 1) by a power of two, noted in log_scale; zero stays zero. */
void ec_table_scale(ec_table *t);

/** Rotate the rows away: t <- R of QR if rows > cols; scales. */
EC_NODISCARD ec_status ec_table_reduce(ec_table *t, ec_ledger *ledger, ec_error *err);

/**
 * t <- t joined with u on the indices they share:
 *
 *     [(r1, r2); i u j] = t[r1; i] u[r2; j]
 *
 * rows multiply, columns are the union of the indices, ascending, `open` (or EC_NO_INDEX) last.
 * t is reduced first, u is expected to be. The result is not, unless the route is to stream and it
 * would have far more rows than columns.
 */
EC_NODISCARD ec_status ec_table_join(ec_table *t, const ec_table *u, uint32_t open,
                                     ec_ledger *ledger, ec_error *err);

/** Predicted flops of joining two tables, both reduced before and the result after. */
double ec_table_join_flops(const ec_table *t, const ec_table *u, const ec_ledger *ledger);

/** t <- sum over the open (last) index a of t[..., a] op(W)[a, b]; b is the new open index. */
EC_NODISCARD ec_status ec_table_contract(ec_table *t, ec_cmat w, ec_index b, ec_ledger *ledger,
                                         ec_error *err);

/** The open index becomes an ordinary one: into its place, or left out if its dimension is 1. */
EC_NODISCARD ec_status ec_table_close(ec_table *t, ec_ledger *ledger, ec_error *err);

/** A Gram table becomes a factor again, by pivoted Cholesky; any other stays as it is. */
EC_NODISCARD ec_status ec_table_factor(ec_table *t, ec_ledger *ledger, ec_error *err);

/** Columns that joining would give. */
double ec_table_union_cols(const ec_table *t, const ec_table *u);

bool ec_table_shares_index(const ec_table *t, const ec_table *u);
bool ec_table_same_indices(const ec_table *t, const ec_table *u);

#endif
