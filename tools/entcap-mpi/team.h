/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ENTCAP_MPI_TEAM_H
#define ENTCAP_MPI_TEAM_H

/**
 * The processes of `mpirun entcap-mpi`. Number 0 leads: it alone writes, to stdout and to stderr.
 * The others work, and send it their rows in pieces, in the order in which it asks for them.
 *
 * Memory is bounded on both sides: the leader holds one piece at a time; a worker holds at most
 * TEAM_SLOTS pieces that were not received, and then waits. Waiting sleeps.
 */

#include <mpi.h>

#include "rows.h"

#define TEAM_SLOTS       64
#define TEAM_PIECE_BYTES ((size_t)1 << 20) /* a piece is sent once it is this long */

typedef enum piece_kind {
    PIECE_TEXT = 1, /* n rows, as rows_take gets them */
    PIECE_ROWS,     /* n rows in columns; `more` of the same unit follow */
    PIECE_CHUNK,    /* a chunk is complete */
    PIECE_END,      /* nothing follows; an ec_error says how it ended */
} piece_kind;

/** What stands before the bytes of a piece. */
typedef struct piece_head {
    uint32_t kind, more;
    uint64_t n;
} piece_head;

/** The pieces that a worker sends. */
typedef struct outbox {
    ec_text text[TEAM_SLOTS]; /* a head and its bytes */
    MPI_Request request[TEAM_SLOTS];
    size_t slot; /* where the next piece goes, or one is under way */
    bool open;   /* a piece is under way */
    piece_head head;
} outbox;

/** A piece that the leader has received: `bytes` are good until the next one. */
typedef struct inbox {
    unsigned char *buffer;
    size_t allocated;
    piece_head head;
    const unsigned char *bytes;
    size_t size;
} inbox;

typedef struct team {
    int rank, size;
    bool over;  /* all know how it ends: they meet no more */
    char *said; /* of a worker: what it would have printed to stderr */
    size_t said_size;
    MPI_Request stop; /* of a worker: the leader wants nothing more */
    outbox out;
    inbox in;
} team;

/** Join the others. The output of workers is turned away. */
void team_join(team *tm, int *argc, char ***argv);
void team_leave(team *tm);

/** Processor cores for this process: its share of the machine, as far as mpirun lets it. */
unsigned team_threads(void);

/* ------------------------------------------------------------------ meetings */

/**
 * Wait until all processes are here, or have ended before. EC_OK in the first case, else a report
 * of what the first one of those said.
 */
EC_NODISCARD ec_status team_meet(team *tm, ec_error *err);

/** End with an exit code where the others may meet. */
void team_end(team *tm, int code);

/** Give the leader's bytes, below 2 GiB, to all. Owns: *bytes, to be cleared. Errors: EC_ENOMEM */
EC_NODISCARD ec_status team_share(const team *tm, ec_bytes *bytes, ec_error *err);

/** The leader's number. */
uint64_t team_share_number(uint64_t n);

/* -------------------------------------------------------------------- pieces */

/**
 * A worker begins a piece; the text to append its bytes to, or NULL.
 * Errors: EC_ENOMEM, EC_ECANCEL (run->progress, or the leader, while it waits for a slot)
 */
ec_text *team_begin(team *tm, const piece_head *head, const ec_run *run, ec_error *err);

/** Send the piece that was begun, if any. Errors: EC_ENOMEM */
EC_NODISCARD ec_status team_send(team *tm, ec_error *err);

/** Has the leader told this worker to stop? */
bool team_stopped(team *tm);

/** A worker sends its last piece, and waits until all are received. */
void team_end_work(team *tm, const ec_error *how);

/** The leader receives a worker's next piece into tm->in. Errors: EC_ENOMEM, EC_ECANCEL */
EC_NODISCARD ec_status team_receive(team *tm, int worker, const ec_run *run, ec_error *err);

/** The leader stops all workers, and drops what they still send. */
void team_end_workers(team *tm, const bool *ended);

#endif
