/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ENTCAP_STATE_TABLE_I_H
#define ENTCAP_STATE_TABLE_I_H

/** What the kinds of tables and the ways of joining them share. */

#include "state/table.h"

/** For every column of the product of t and u, the columns of t and u that meet in it. */
typedef struct ec_join_map {
    const ec_table *t, *u;
    const size_t *of_t, *of_u;
    size_t cols;
} ec_join_map;

/** out <- R of the QR of t . u, by streaming; out is a zeroed square table. Errors: EC_ENOMEM,
 * EC_ELIMIT, EC_ECANCEL, EC_ENUMERIC. */
EC_NODISCARD ec_status ec_stream_join(ec_table *out, const ec_join_map *map, ec_ledger *ledger,
                                      ec_error *err);

/** What that takes, if the product has `cols` columns. */
double ec_stream_flops(const ec_table *t, const ec_table *u, double cols);

/** The matrix of a Gram table. */
ec_dd_mat ec_gram_view(const ec_table *t);

/** out <- the Gram matrix of the factor t. Owns: *out, also after an error. */
EC_NODISCARD ec_status ec_gram_from(ec_table *out, const ec_table *t, ec_ledger *ledger,
                                    ec_error *err);

/** t <- its Gram matrix. */
EC_NODISCARD ec_status ec_gram_convert(ec_table *t, ec_ledger *ledger, ec_error *err);

/** out <- the product of two Gram tables, which is one. */
EC_NODISCARD ec_status ec_gram_multiply(ec_table *out, const ec_join_map *map, ec_ledger *ledger,
                                        ec_error *err);

/** out <- t op(W) over the last index of the Gram table t, (I (x) W)^T G (I (x) W). */
EC_NODISCARD ec_status ec_gram_contract(ec_table *out, const ec_table *t, ec_cmat w,
                                        ec_ledger *ledger, ec_error *err);

#endif
