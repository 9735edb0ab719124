/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ENTCAP_CORE_TEAM_H
#define ENTCAP_CORE_TEAM_H

/**
 * Threads for many short jobs. They sleep between jobs, and a job ends when its items are done,
 * whether or not every thread woke up for it: where other programs use the processors, a team is
 * no slower than one thread. (Threads of libgomp spin, and wait for each other: on a busy machine,
 * two took five times as long as one.) On an idle machine a job costs some microseconds.
 */

#include "entcap/core.h"

#define EC_TEAM_ITEMS 64 /* of a job, at most */

typedef struct ec_team ec_team;

/** Item `item` of a job, by thread `thread` < ec_team_size. */
typedef void ec_team_fn(void *arg, unsigned thread, unsigned item);

/**
 * A team of `threads` >= 1, the caller's among them; fewer if the system refuses more. Owns: *out,
 * to be freed. Errors: EC_ENOMEM
 */
EC_NODISCARD ec_status ec_team_new(ec_team **out, unsigned threads, ec_error *err);
void ec_team_free(ec_team *team);

unsigned ec_team_size(const ec_team *team);

/**
 * Do items 0 .. items-1, each once, in any order; return when all are done. Thread i begins at item
 * items i / size, so that equal jobs find in its cache what the last one left. One job at a time.
 */
void ec_team_run(ec_team *team, unsigned items, ec_team_fn *fn, void *arg);

#endif
