/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "state/parts.h"

#include "core/flow.h"

#include <assert.h>
#include <math.h>

static ec_status append(ec_parts *parts, ec_table *t, ec_error *err)
{
    if (parts->n == parts->capacity) {
        size_t capacity = 2 * parts->capacity + 2;
        ec_table *items = ec_realloc(parts->items, capacity, sizeof *items, err);
        if (items == NULL)
            return EC_ENOMEM;
        parts->items = items;
        parts->capacity = capacity;
    }
    parts->items[parts->n++] = *t;
    *t = (ec_table){.rows = 0};
    return EC_OK;
}

ec_status ec_parts_add(ec_parts *parts, ec_table *t, uint32_t open, ec_ledger *ledger,
                       ec_error *err)
{
    ec_status status = EC_OK;

    for (size_t i = 0; i < parts->n; i++)
        if (ec_table_same_indices(&parts->items[i], t)) {
            EC_TRY(ec_table_reduce(t, ledger, err));
            EC_TRY(ec_table_join(&parts->items[i], t, open, ledger, err));
            goto done;
        }
    EC_TRY(append(parts, t, err));
done:
    ec_table_free(t, ledger);
    return status;
}

/* the two parts that share an index and are cheapest to join; false if none share one */
static bool cheapest_pair(size_t pair[2], const ec_parts *parts, const ec_ledger *ledger)
{
    double least = INFINITY;

    for (size_t i = 0; i < parts->n; i++)
        for (size_t j = i + 1; j < parts->n; j++) {
            const ec_table *t = &parts->items[i], *u = &parts->items[j];
            if (!ec_table_shares_index(t, u))
                continue;
            double flops = ec_table_join_flops(t, u, ledger);
            if (flops >= least)
                continue;
            least = flops;
            pair[0] = i;
            pair[1] = j;
        }
    return least < INFINITY;
}

ec_status ec_parts_join(ec_parts *parts, uint32_t open, ec_ledger *ledger, ec_error *err)
{
    ec_status status = EC_OK;
    ec_table other = {.rows = 0};
    size_t pair[2] = {0, 0};

    while (cheapest_pair(pair, parts, ledger)) {
        other = parts->items[pair[1]];
        parts->items[pair[1]] = parts->items[--parts->n];
        EC_TRY(ec_table_reduce(&other, ledger, err));
        EC_TRY(ec_table_join(&parts->items[pair[0]], &other, open, ledger, err));
        ec_table_free(&other, ledger);
    }
done:
    ec_table_free(&other, ledger);
    return status;
}

void ec_parts_take(ec_table *out, ec_parts *parts)
{
    assert(parts->n == 1);
    *out = parts->items[0];
    parts->n = 0;
}

void ec_parts_clear(ec_parts *parts, ec_ledger *ledger)
{
    for (size_t i = 0; i < parts->n; i++)
        ec_table_free(&parts->items[i], ledger);
    ec_free(parts->items);
    *parts = (ec_parts){.n = 0};
}
