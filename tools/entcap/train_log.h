/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ENTCAP_TRAIN_LOG_H
#define ENTCAP_TRAIN_LOG_H

/**
 * The log of training, a line of JSON for every epoch and for every measurement of entropies:
 *   {"step", "epoch", "loss", "train_accuracy", "test_accuracy"}
 *   {"step", "epoch", "recent_loss", "basis", "entropy": {PARTITION: [per label]}, "kind": {..}}
 * epoch counts those that are complete, recent_loss is the mean since the measurement before, kind
 * says of each partition whether its entropies are "von_neumann" (where a spectrum is in reach) or
 * "renyi2". A measurement has a line for every basis: "features", "sites" or "data". The file is
 * replaced as a whole, so that it never ends within a line.
 */

#include "tool.h"

enum { TRAIN_LOG_BASES = 3, TRAIN_LOG_SAMPLES = 1000 };

typedef struct train_log {
    const char *file; /* NULL: no log */
    ec_text text;     /* the whole of it */

    /* what entropies are measured of, and with */
    tool *t;
    const tool_input *input;
    const tool_bounds *bounds;
    ec_basis bases[TRAIN_LOG_BASES];
    size_t n_bases;
    const ec_dataset *data; /* what EC_BASIS_DATA is over: the first TRAIN_LOG_SAMPLES of it */
} train_log;

/** Which bases, by their names; none: features. Returns TOOL_GO_ON, or TOOL_MISUSE after a message.
 */
int train_log_bases(train_log *log, const tool *t, const tool_list *names);

/** The members of an epoch, as one object. */
void train_log_put_epoch(ec_json *json, const ec_train_report *report);

/** Add a line and write the file, if there is one. Errors: EC_EIO, EC_ENOMEM */
EC_NODISCARD ec_status train_log_epoch(train_log *log, const ec_train_report *report,
                                       ec_error *err);

/** Measure the weights, add a line for every basis, write the file. Errors: as ec_state_verify;
 * EC_EIO */
EC_NODISCARD ec_status train_log_entropy(train_log *log, const ec_train_report *report,
                                         const ec_weights *weights, ec_error *err);

/** Begin with the lines of the file that were written up to the checkpoint.
 * Errors: EC_EPARSE, EC_EIO, EC_ENOMEM */
EC_NODISCARD ec_status train_log_resume(train_log *log, const ec_train_resumed *at, ec_error *err);

#endif
