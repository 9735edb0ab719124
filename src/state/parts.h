/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ENTCAP_STATE_PARTS_H
#define ENTCAP_STATE_PARTS_H

/**
 * Parts: tables that are to be joined, in the order that costs least.
 *
 * Two tables of the same indices are joined as soon as they meet: neither rows nor columns grow by
 * it. The others wait, since a join is the dearer the more labels ride along: of all pairs that
 * share an index the one of the least predicted work goes first.
 */

#include "state/table.h"

typedef struct ec_parts {
    ec_table *items;
    size_t n, capacity;
} ec_parts;

/** Put t among the parts; `open` is the index that goes last, or EC_NO_INDEX. Takes: t, left empty,
 * also after an error. Errors: EC_ELIMIT, EC_ENOMEM, EC_ECANCEL, EC_ENUMERIC. */
EC_NODISCARD ec_status ec_parts_add(ec_parts *parts, ec_table *t, uint32_t open, ec_ledger *ledger,
                                    ec_error *err);

/** Join until no two parts share an index. What was joined last is not reduced. */
EC_NODISCARD ec_status ec_parts_join(ec_parts *parts, uint32_t open, ec_ledger *ledger,
                                     ec_error *err);

/** Take the only part out, which must be there: *out is the caller's. */
void ec_parts_take(ec_table *out, ec_parts *parts);

void ec_parts_clear(ec_parts *parts, ec_ledger *ledger);

#endif
