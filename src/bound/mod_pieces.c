/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bound/sampling.h"

#include "core/flow.h"

#include <math.h>

/* ------------------------------------------------------------------ the cut */

static bool side_of(const ec_mod_pieces *p, size_t level, size_t position)
{
    return p->side_a[p->first[level] + position];
}

/* has[side]: does the index below a matrix reach a child on that side? */
static void find_children(bool has[2], const ec_mod_pieces *p, size_t level, size_t position)
{
    const ec_level *at = &p->what->arch->levels[level];

    has[0] = has[1] = false;
    for (size_t k = 0; k < ec_level_window(at); k++) {
        size_t child = ec_level_child(at, position, k);
        has[level == 0 ? ec_sites_has(p->what->a, child) : side_of(p, level - 1, child)] = true;
    }
}

/* the top matrix, alone on its side, may as well go to the other one */
static void place_top(ec_mod_pieces *p)
{
    size_t top = p->what->arch->n_levels - 1;
    bool has[2];

    find_children(has, p, top, 0);
    p->top_is_cut = has[0] && has[1];
    p->side_a[p->first[top]] = has[1];
}

/* *n: how many pieces; p->columns; pieces are written if there is room for them */
static void find_pieces(ec_mod_pieces *p, size_t *n)
{
    const ec_arch *arch = p->what->arch;

    *n = 0;
    p->columns = 1;
    for (size_t l = 0; l < arch->n_levels; l++)
        for (size_t v = 0; v < ec_level_positions(&arch->levels[l]); v++) {
            bool has[2], own = side_of(p, l, v), top = l + 1 == arch->n_levels;

            find_children(has, p, l, v);
            if (has[!own])
                p->columns *= arch->levels[l].dim;
            for (int side = 0; side < 2; side++) {
                bool uncut_top = top && !p->top_is_cut && side == own;
                bool ends = has[side] && ((top && p->top_is_cut) || side != own);
                if (!uncut_top && !ends)
                    continue;
                if (p->piece != NULL)
                    p->piece[*n] =
                        (ec_mod_piece){.on_a = side, .level = l, .position = v, .top = uncut_top};
                ++*n;
            }
        }
}

static ec_status describe_piece(ec_mod_piece *piece, const ec_mod_pieces *p, ec_error *err)
{
    ec_status status = ec_mod_piece_survey(piece, p, err);
    const ec_arch *arch = p->what->arch;

    piece->columns = 1;
    for (size_t k = 0; status == EC_OK && k < piece->n_labels; k++) {
        size_t level = arch->n_levels - 1;
        while (p->first[level] > piece->label[k])
            level--;
        piece->columns *= arch->levels[level].dim;
    }
    return status;
}

ec_status ec_mod_pieces_init(ec_mod_pieces *out, const ec_sampling *what, bool highest,
                             const ec_run *run, ec_error *err)
{
    const ec_arch *arch = what->arch;
    ec_status status = EC_OK;
    double log2_columns;
    size_t n;

    *out = (ec_mod_pieces){.what = what, .columns = INFINITY};
    if (ec_run_reserve(run, "cut", ec_mod_cut_bytes(arch), NULL) != EC_OK)
        return EC_OK;
    EC_NEW(out->first, arch->n_levels);
    for (size_t l = 1; l < arch->n_levels; l++)
        out->first[l] = out->first[l - 1] + ec_level_positions(&arch->levels[l - 1]);
    EC_NEW(out->side_a, out->first[arch->n_levels - 1] + 1);
    EC_TRY(ec_mod_cut(out->side_a, &log2_columns, out, highest, err));
    place_top(out);
    find_pieces(out, &n);
    if (out->columns > EC_MOD_PIECES_MAX_COLUMNS)
        goto done;
    EC_NEW(out->piece, n);
    out->n = n;
    find_pieces(out, &n);
    for (size_t i = 0; i < out->n; i++)
        EC_TRY(describe_piece(&out->piece[i], out, err));
done:
    return status;
}

void ec_mod_pieces_clear(ec_mod_pieces *pieces)
{
    for (size_t i = 0; pieces->piece != NULL && i < pieces->n; i++)
        ec_free(pieces->piece[i].label);
    ec_free(pieces->piece);
    ec_free(pieces->first);
    ec_free(pieces->side_a);
    *pieces = (ec_mod_pieces){.n = 0};
}

ec_status ec_mod_pieces_cost(ec_sampled_cost *out, const ec_mod_pieces *pieces, unsigned threads,
                             ec_error *err)
{
    double kept = 0, passing = 0; /* bytes that stay; most that a piece takes besides */

    *out = (ec_sampled_cost){.bytes = INFINITY, .seconds = INFINITY};
    if (pieces->piece == NULL)
        return EC_OK;
    out->seconds = 0;
    for (size_t i = 0; i < pieces->n; i++) {
        const ec_mod_piece *piece = &pieces->piece[i];
        double columns = (double)piece->columns, labels = piece->top ? pieces->what->n_labels : 1;
        double matrix = columns * columns * sizeof(uint64_t);
        ec_sampled_cost cost;
        ec_status status = ec_mod_piece_cost(&cost, pieces, piece, threads, err);

        if (status != EC_OK)
            return status;
        out->seconds += cost.seconds + labels * ec_mod_rank_seconds(columns, columns);
        kept += labels * matrix;
        passing =
            fmax(passing, fmax(cost.bytes, matrix + ec_mod_rank_bytes(columns, columns, threads)));
    }
    out->bytes = kept + passing;
    return EC_OK;
}
