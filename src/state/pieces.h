/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ENTCAP_STATE_PIECES_H
#define ENTCAP_STATE_PIECES_H

/**
 * Pieces: the connected parts that a cut leaves, and their product on one side,
 *
 *     X[x; c] = prod_i X_i[x on piece i; c on the cut indices of piece i]
 *
 * rows multiply, columns multiply elementwise on shared cut indices.
 */

#include "state/sweep.h"

/** One piece. It is swept towards `root`, up or down; a bare one holds just the sites of its side
 * in the window of a cut level-0 index. */
typedef struct ec_piece {
    enum { EC_PIECE_UP, EC_PIECE_DOWN, EC_PIECE_BARE } kind;
    ec_vertex root; /* bare: level 0 and the index's position */
    bool side_a;
    bool top; /* holds the row of the dense matrix: depends on the label */
} ec_piece;

typedef struct ec_pieces {
    ec_piece *items;
    size_t n;
} ec_pieces;

/** The pieces of a cut, each with the root towards which the predicted work is least of those that
 * fit sweep->max_bytes, by the route of the sweep's ledger; which must have no limits of its own.
 */
EC_NODISCARD ec_status ec_pieces_find(ec_pieces *out, ec_sweep *sweep, ec_error *err);
void ec_pieces_clear(ec_pieces *pieces);

/** All pieces of one side but the top one, joined as far as they share indices, reduced. Owns:
 * *out, cleared by ec_parts_clear, also after an error. */
EC_NODISCARD ec_status ec_pieces_join(ec_parts *out, ec_sweep *sweep, const ec_pieces *pieces,
                                      bool side_a, ec_error *err);

/** t <- t with all parts, indices ascending, reduced; t may be empty. */
EC_NODISCARD ec_status ec_pieces_multiply(ec_table *t, const ec_parts *parts, ec_sweep *sweep,
                                          ec_error *err);

#endif
