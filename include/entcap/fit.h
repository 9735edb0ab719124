/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ENTCAP_FIT_H
#define ENTCAP_FIT_H

/**
 * fit: what data ask of an architecture. Demand is the entanglement of the data (data.h), capacity
 * the proved upper bound on the rank (bound.h), both across the canonical partitions, the subtrees
 * of the network against the rest.
 *
 * What it says, and no more: a rank-R matrix has entropy ln R at most, so that where the demand QE
 * exceeds ln R no weights give the tensor of the data, and whoever comes within a small distance of
 * it has nearly its entropy (Fannes). The condition is necessary. It is not sufficient: an
 * architecture that is not excluded may still fit badly, or generalise badly.
 */

#include "entcap/data.h"
#include "entcap/design.h"

typedef struct ec_fit_options {
    ec_entropy_options entropy; /* all_labels is set where the architecture has 3 outputs or more */
    size_t levels;              /* deepest level; 0: 3, or as many as there are */
    bool rearrange;             /* once more with the features in a better order */
    uint32_t max_width;         /* of the smallest widths; 0: 512 */
} ec_fit_options;

/** A level of canonical partitions; all of its blocks have the same capacity. */
typedef struct ec_fit_level {
    ec_int capacity; /* the smaller of min cut and shared-weights bound */
    double capacity_nats;
    bool from_shared;
    size_t worst;       /* entry of entropies.start with the largest demand */
    size_t label;       /* that asks for it */
    ec_estimate demand; /* that demand, nats */
    bool excluded;      /* demand > ln capacity, by more than EC_FIT_TOLERANCE */
} ec_fit_level;

#define EC_FIT_TOLERANCE 1e-9

/** Demand of one order of the features against the capacity. */
typedef struct ec_fit_side {
    ec_entropies entropies;
    ec_fit_level level[EC_BLOCKS_MAX_LEVELS + 1]; /* entropies.first .. entropies.last */
    bool excluded;                                /* some level is */
    ec_design_answer smallest; /* fewest parameters with capacities of at least exp(demand) */
} ec_fit_side;

typedef struct ec_fit {
    ec_blocks blocks;
    size_t n_samples;
    ec_fit_side as_is;
    bool has_rearranged;
    ec_fit_side rearranged;   /* features in the order that ec_data_rearrange (METIS) finds */
    ec_partitions partitions; /* block:L:0 of every level */
} ec_fit;

/**
 * Hold samples on the sites of `arch` (ec_samples_from_dataset) against it. The demand of a block
 * is that of its most demanding label against the rest; with at most two outputs, of the two
 * labels.
 *
 * The smallest widths are those of ec_design_solve: every width from 1 to max_width, M as it is,
 * bounds of at least exp(demand) rounded up on each level, fewest parameters.
 *
 * Cost:   that of ec_data_entropy, twice if rearranged, and of ec_design_solve.
 * Owns:   *out, to be cleared, also after an error.
 * Errors: EC_EINVAL (a network; samples of another grid), those of ec_data_entropy,
 *         ec_data_rearrange and ec_design_solve
 * Source: [ADRC23]
 */
EC_NODISCARD ec_status ec_fit_samples(ec_fit *out, const ec_arch *arch, const ec_samples *samples,
                                      const ec_fit_options *options, const ec_run *run,
                                      ec_error *err);
void ec_fit_clear(ec_fit *fit);

/** Demand of one block: of its most demanding label, which goes to *label (or NULL). */
ec_estimate ec_fit_demand(size_t *label, const ec_entropies *entropies, size_t block);

/** "block:LEVEL:INDEX" as in arch.h of block number `block` of a level. Returns out. */
char *ec_fit_block_name(char out[48], const ec_blocks *blocks, size_t level, size_t block);

#endif
