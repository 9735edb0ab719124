/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ENTCAP_STATE_JOIN_I_H
#define ENTCAP_STATE_JOIN_I_H

/** What the ways of joining two tables share. */

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

#endif
