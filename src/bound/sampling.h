/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ENTCAP_BOUND_SAMPLING_H
#define ENTCAP_BOUND_SAMPLING_H

/**
 * The two ways to the rank of a ConvAC with weights over Z/p, from random product vectors:
 *
 *  - direct: F[s, t] = h(x_s, z_t) along the tree, S^2 r numbers at a mixed subtree; no cut;
 *  - through the cut: one small matrix for every piece that the min cut leaves on a side.
 *
 * Both come with an estimate by the same walk without numbers. Private to the module bound.
 */

#include "bound/mod_product.h"

/** What both ways work on. */
typedef struct ec_sampler {
    const ec_sampling *what;
    const ec_mod_weights *weights; /* NULL: only count */
    uint64_t key;                  /* of the random vectors */
    ec_mod_work *work;             /* NULL: only count */
} ec_sampler;

/** The random vector of a site for an input on its side: the same whatever the order of calls. */
static inline void ec_sampler_site(uint64_t *x, const ec_sampler *s, size_t site, size_t input)
{
    ec_rng rng;

    ec_rng_seed(&rng, s->key + ((uint64_t)site << 32 | input));
    for (size_t i = 0; i < s->what->arch->levels[0].dim; i++)
        x[i] = ec_rng_below(&rng, s->work->mod.n);
}

/** W_l at a position. */
static inline const uint64_t *ec_sampler_matrix(const ec_sampler *s, size_t level, size_t position)
{
    const ec_level *l = &s->what->arch->levels[level];

    return s->weights->matrix[level] + (l->shared ? 0 : position * l->out * l->dim);
}

/** "; it would need about 40 s and 2.1 GiB" */
void ec_bound_describe_cost(char *out, size_t size, const ec_sampled_cost *cost);

/** Errors: EC_ENOMEM */
EC_NODISCARD ec_status ec_direct_cost(ec_sampled_cost *out, const ec_sampling *what,
                                      unsigned threads, ec_error *err);

/** rank[y] = min(inputs, rank), y < n_labels. Errors: EC_ENOMEM, EC_ECANCEL, EC_EIO */
EC_NODISCARD ec_status ec_direct_ranks(uint64_t *rank, const ec_sampler *sampler, ec_error *err);

/**
 * A part of one side that no index outside the cut joins to the rest of the side. Its cut indices
 * are the columns of its matrix X_i, its sites the rows. No cut index belongs to two pieces of a
 * side, and no site does, so that a side's matrix is the Kronecker product of its pieces'.
 */
typedef struct ec_mod_piece {
    bool on_a;
    size_t level, position; /* of the matrix above its topmost index */
    bool top;               /* it ends in the row a^y: a matrix for every label */
    size_t *label;          /* its cut indices, first slowest, numbered as in ec_network */
    size_t n_labels;
    size_t columns; /* W_i, product of the labels' dimensions */
    size_t chunk;   /* product vectors done at a time */
} ec_mod_piece;

/**
 * The min cut of a ConvAC and its pieces. Where the index below the top matrix is cut, that matrix
 * is a diagonal D_y between the sides, and belongs to neither.
 */
typedef struct ec_mod_pieces {
    const ec_sampling *what;
    bool *side_a;  /* of every matrix */
    size_t *first; /* n_levels: number of a level's first matrix and index */
    ec_mod_piece *piece;
    size_t n;
    bool top_is_cut;
    double columns; /* W; the pieces are listed only if it is at most EC_MOD_PIECES_MAX_COLUMNS */
} ec_mod_pieces;

#define EC_MOD_PIECES_MAX_COLUMNS ((double)(1 << 16))

/**
 * Sides of all matrices for a min cut, and log2 of its columns; of equal cuts the highest or the
 * lowest. pieces: what and first are set. O(sites) time, ec_mod_cut_bytes. Errors: EC_ENOMEM
 */
EC_NODISCARD ec_status ec_mod_cut(bool *side_a, double *log2_columns, const ec_mod_pieces *pieces,
                                  bool highest, ec_error *err);
double ec_mod_cut_bytes(const ec_arch *arch);

/**
 * The pieces of a min cut, which of equal cuts `highest` says. No pieces where there would be too
 * many columns, or too little memory.
 * Owns: *out, to be cleared, also after an error. Errors: EC_ENOMEM
 */
EC_NODISCARD ec_status ec_mod_pieces_init(ec_mod_pieces *out, const ec_sampling *what, bool highest,
                                          const ec_run *run, ec_error *err);
void ec_mod_pieces_clear(ec_mod_pieces *pieces);

/** Infinite if the cut has too many columns. Errors: EC_ENOMEM */
EC_NODISCARD ec_status ec_mod_pieces_cost(ec_sampled_cost *out, const ec_mod_pieces *pieces,
                                          unsigned threads, ec_error *err);

/** Fill label, n_labels and chunk. The cut has few columns. Errors: EC_ENOMEM */
EC_NODISCARD ec_status ec_mod_piece_survey(ec_mod_piece *piece, const ec_mod_pieces *pieces,
                                           ec_error *err);

/**
 * X_i at W_i random product vectors, modulo p: columns x columns numbers, for the topmost piece one
 * such matrix for every label. Errors: EC_ENOMEM, EC_ECANCEL, EC_EIO
 */
EC_NODISCARD ec_status ec_mod_piece_sample(uint64_t *x, const ec_mod_pieces *pieces,
                                           const ec_mod_piece *piece, const ec_sampler *sampler,
                                           ec_error *err);

/** Seconds and bytes of that call, without x. */
EC_NODISCARD ec_status ec_mod_piece_cost(ec_sampled_cost *out, const ec_mod_pieces *pieces,
                                         const ec_mod_piece *piece, unsigned threads,
                                         ec_error *err);

/** rank[y], y < n_labels, of the whole: never cut short. Errors: EC_ELIMIT (memory, of a core that
 * is seldom needed), EC_ENOMEM, EC_ECANCEL, EC_EIO */
EC_NODISCARD ec_status ec_mod_pieces_ranks(uint64_t *rank, const ec_mod_pieces *pieces,
                                           const ec_sampler *sampler, ec_error *err);

#endif
