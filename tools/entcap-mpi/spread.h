/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ENTCAP_MPI_SPREAD_H
#define ENTCAP_MPI_SPREAD_H

/** What tool_team asks for: a description read once, and a sweep spread over all processes. */

#include "team.h"

/** As ec_arch_read. `state` is the team. */
ec_status spread_read(void *state, ec_arch **out, const char *path, ec_error *err);

/**
 * As ec_sweep_run over all units by rows_emit, `state` being the team. The units are cut into
 * chunks, and chunk c is run by process c modulo their number; the leader takes the rows of all
 * chunks in order, so that what it writes does not depend on the number of processes. Workers make
 * the text. Fronts are merged unit by unit, as one process merges them.
 */
ec_status spread_sweep(void *state, const ec_sweep_input *input, row_writer *writer,
                       const ec_run *run, ec_error *err);

#endif
