/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ENTCAP_DATA_ENTROPY_BATCH_H
#define ENTCAP_DATA_ENTROPY_BATCH_H

/** Entropies of all blocks for one batch of samples. */

#include "gram.h"

/** One batch. All borrowed. */
typedef struct entropy_batch {
    const ec_samples *samples;
    const uint32_t *index; /* n: which samples */
    size_t n;
    const ec_blocks *blocks;
    const ec_entropies *layout; /* levels, start, n_labels */
    double theta;
    double done, total; /* of all batches, for progress */
} entropy_batch;

/** Bytes of the work for batches of n samples. */
double entropy_batch_bytes(const ec_blocks *blocks, size_t n);

/**
 * Measure: value is n_labels x n_blocks, as in ec_entropies.
 * Errors: EC_ENUMERIC, EC_ENOMEM, EC_EIO, EC_ECANCEL
 */
EC_NODISCARD ec_status entropy_batch_run(ec_block_entropy *value, const entropy_batch *batch,
                                         const ec_run *run, ec_error *err);

#endif
