/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "state/pieces.h"

#include "core/flow.h"

#include <math.h>

/**
 * A piece may be swept towards any of its cut indices. What that costs depends on the labels that
 * ride along: a piece rooted away from a large label carries it through all of its width. So every
 * candidate is walked as a plan, without numbers, and the cheapest is taken.
 */

/* ------------------------------------------------------------------ finding */

/* what sweeping one piece towards a root takes; infinite if it cannot be done */
typedef struct cost {
    double flops, bytes;
    bool fits; /* the memory limit */
} cost;

/* the table of a piece; the top one for label 0 */
static ec_status build_piece(ec_table *out, ec_sweep *sweep, const ec_piece *piece, ec_error *err)
{
    ec_status status = EC_OK;
    ec_path path = {.from = 0};

    *out = (ec_table){.rows = 0};
    if (piece->kind == EC_PIECE_BARE) {
        EC_TRY(ec_sweep_sites(out, sweep, piece->root.position, piece->side_a, err));
    } else if (piece->kind == EC_PIECE_UP) {
        EC_TRY(ec_sweep_up(out, sweep, piece->root, err));
    } else {
        EC_TRY(ec_path_init(&path, sweep, piece->root, err));
        EC_TRY(ec_sweep_down(out, sweep, &path, 0, err));
    }
    EC_TRY(ec_table_close(out, &sweep->ledger, err));
done:
    ec_path_clear(&path, sweep);
    return status;
}

/* what building a piece for all labels takes, without numbers */
static ec_status plan_piece(ec_sweep *sweep, const ec_piece *piece, ec_error *err)
{
    ec_status status = EC_OK;
    ec_path path = {.from = 0};
    ec_table t = {.rows = 0};
    double before;

    if (!piece->top) {
        EC_TRY(build_piece(&t, sweep, piece, err));
        goto done;
    }
    /* the way down is gone once for every label, what hangs beside it is kept */
    EC_TRY(ec_path_init(&path, sweep, piece->root, err));
    before = sweep->ledger.flops;
    EC_TRY(ec_sweep_down(&t, sweep, &path, 0, err));
    sweep->ledger.flops += (sweep->arch->outputs - 1.0) * (sweep->ledger.flops - before);
done:
    ec_path_clear(&path, sweep);
    ec_table_free(&t, &sweep->ledger);
    return status;
}

static ec_status predict(cost *out, ec_sweep *sweep, const ec_piece *piece, ec_error *err)
{
    ec_error limit = {0};

    /* from scratch: a table remembered from another candidate would make this one look cheap */
    ec_sweep_restart(sweep, true);
    ec_status status = plan_piece(sweep, piece, &limit);
    *out = (cost){sweep->ledger.flops, sweep->ledger.peak_bytes,
                  sweep->max_bytes <= 0 || sweep->ledger.peak_bytes <= sweep->max_bytes};
    if (status == EC_ELIMIT)
        *out = (cost){INFINITY, INFINITY, false};
    else if (status != EC_OK)
        return ec_fail(err, limit.status, "%s", limit.msg);
    return EC_OK;
}

/* what does not fit the memory at all is worse than any work; then work, then memory */
static bool cheaper(cost a, cost b)
{
    if (a.fits != b.fits)
        return a.fits;
    return a.flops < b.flops || (a.flops == b.flops && a.bytes < b.bytes);
}

/* the largest number of pieces: one per component, two bare ones per cut level-0 index */
static size_t count_pieces(const ec_sweep *sweep)
{
    size_t n = sweep->level_start[sweep->arch->n_levels], count = 0;

    for (size_t v = 0; v < n; v++)
        count += (sweep->component[v] == v) +
                 (v < sweep->level_start[1] && sweep->cut[v] ? (size_t)2 : (size_t)0);
    return count;
}

/* the components, swept up to their topmost vertex; number[component] is the piece's */
static void list_components(ec_pieces *out, uint32_t *number, const ec_sweep *sweep)
{
    const ec_arch *arch = sweep->arch;

    for (size_t l = 0; l < arch->n_levels; l++)
        for (size_t p = 0; p < ec_level_positions(&arch->levels[l]); p++) {
            uint32_t id = ec_sweep_id(sweep, (ec_vertex){l, p});
            if (sweep->component[id] != id)
                continue;
            number[id] = (uint32_t)out->n;
            out->items[out->n++] = (ec_piece){.kind = EC_PIECE_UP,
                                              .root = {l, p},
                                              .side_a = sweep->side_a[id],
                                              .top = l + 1 == arch->n_levels};
        }
}

static void list_bare(ec_pieces *out, const ec_sweep *sweep)
{
    const ec_level *level = &sweep->arch->levels[0];

    for (size_t p = 0; p < ec_level_positions(level); p++) {
        size_t in_a = 0;
        if (!sweep->cut[p])
            continue;
        for (size_t k = 0; k < ec_level_window(level); k++)
            in_a += ec_sites_has(sweep->a, ec_level_child(level, p, k));
        /* one on each side that has sites in the window, whichever side the matrix is on */
        if (in_a > 0)
            out->items[out->n++] = (ec_piece){EC_PIECE_BARE, {0, p}, true, false};
        if (in_a < ec_level_window(level))
            out->items[out->n++] = (ec_piece){EC_PIECE_BARE, {0, p}, false, false};
    }
}

/* would sweeping its piece down to v be better than the root chosen so far? Indices of dimension 1
   are no good roots: looked at only where nothing else is there. */
static ec_status try_root(ec_piece *piece, cost *best, ec_sweep *sweep, ec_vertex v, ec_error *err)
{
    ec_piece candidate = {EC_PIECE_DOWN, v, piece->side_a, piece->top};
    bool none = piece->top && piece->kind == EC_PIECE_UP;
    ec_status status = EC_OK;
    cost c;

    if (sweep->arch->levels[v.level].dim == 1 && !none)
        return EC_OK;
    status = predict(&c, sweep, &candidate, err);
    if (status == EC_OK && (none || cheaper(c, *best))) {
        *piece = candidate;
        *best = c;
    }
    return status;
}

static ec_status choose_roots(ec_pieces *pieces, const uint32_t *number, ec_sweep *sweep,
                              ec_error *err)
{
    const ec_arch *arch = sweep->arch;
    ec_status status = EC_OK;
    cost *best = NULL;

    EC_NEW(best, pieces->n);
    /* the top piece has no index above it: it must get some root below */
    for (size_t i = 0; i < pieces->n; i++)
        if (pieces->items[i].top)
            best[i] = (cost){INFINITY, INFINITY, false};
        else
            EC_TRY(predict(&best[i], sweep, &pieces->items[i], err));
    for (size_t l = 0; l < arch->n_levels; l++)
        for (size_t p = 0; p < ec_level_positions(&arch->levels[l]); p++) {
            uint32_t id = ec_sweep_id(sweep, (ec_vertex){l, p});
            uint32_t i = number[sweep->component[id]];
            if (sweep->cut[id])
                EC_TRY(try_root(&pieces->items[i], &best[i], sweep, (ec_vertex){l, p}, err));
        }
done:
    ec_free(best);
    return status;
}

ec_status ec_pieces_find(ec_pieces *out, ec_sweep *sweep, ec_error *err)
{
    ec_status status = EC_OK;
    uint32_t *number = NULL;

    *out = (ec_pieces){.n = 0};
    EC_NEW(out->items, count_pieces(sweep));
    EC_NEW(number, sweep->level_start[sweep->arch->n_levels]);
    list_components(out, number, sweep);
    EC_TRY(choose_roots(out, number, sweep, err));
    list_bare(out, sweep);
done:
    ec_free(number);
    return status;
}

void ec_pieces_clear(ec_pieces *pieces)
{
    ec_free(pieces->items);
    *pieces = (ec_pieces){.n = 0};
}

/* ------------------------------------------------------------------ joining */

ec_status ec_pieces_join(ec_parts *out, ec_sweep *sweep, const ec_pieces *pieces, bool side_a,
                         ec_error *err)
{
    ec_status status = EC_OK;
    ec_table t = {.rows = 0};

    *out = (ec_parts){.n = 0};
    for (size_t i = 0; i < pieces->n; i++) {
        const ec_piece *piece = &pieces->items[i];
        if (piece->side_a != side_a || piece->top)
            continue;
        EC_TRY(build_piece(&t, sweep, piece, err));
        EC_TRY(ec_parts_add(out, &t, EC_NO_INDEX, &sweep->ledger, err));
    }
    EC_TRY(ec_parts_join(out, EC_NO_INDEX, &sweep->ledger, err));
    for (size_t i = 0; i < out->n; i++)
        EC_TRY(ec_table_reduce(&out->items[i], &sweep->ledger, err));
done:
    ec_table_free(&t, &sweep->ledger);
    return status;
}

ec_status ec_pieces_multiply(ec_table *t, const ec_parts *parts, ec_sweep *sweep, ec_error *err)
{
    ec_status status = EC_OK;
    ec_table own;
    size_t first = 0;

    if (t->rows == 0)
        EC_TRY(ec_table_copy(t, &parts->items[first++], &sweep->ledger, err));
    /* first those that share an index with t as it is now, while it is small; the parts share none
       with each other, so what is left only adds columns */
    own = *t;
    for (int sharing = 1; sharing >= 0; sharing--)
        for (size_t i = first; i < parts->n; i++) {
            if (ec_table_shares_index(&own, &parts->items[i]) != (sharing == 1))
                continue;
            EC_TRY(ec_table_join(t, &parts->items[i], EC_NO_INDEX, &sweep->ledger, err));
            EC_TRY(ec_table_reduce(t, &sweep->ledger, err));
        }
    EC_TRY(ec_table_reduce(t, &sweep->ledger, err));
done:
    return status;
}
