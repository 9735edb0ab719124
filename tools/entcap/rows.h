/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ENTCAP_TOOL_ROWS_H
#define ENTCAP_TOOL_ROWS_H

/**
 * The rows of a sweep on stdout, as they come: millions are usual, so they are neither kept nor
 * printed by printf.
 */

#include "tool.h"

typedef enum row_format {
    ROWS_AUTO, /* a table if the rows are few, else CSV */
    ROWS_CSV,
    ROWS_JSON, /* one document */
    ROWS_JSONL /* an object a line */
} row_format;

/** Takes the text of n whole rows. */
typedef ec_status rows_take(void *arg, const ec_text *text, uint64_t n, ec_error *err);

/** Zero-initialised, then the first block filled; cleared by rows_clear. */
typedef struct row_writer {
    const tool *t;
    const tool_input *input;
    const ec_sweep *sweep;
    row_format format;
    rows_take *take; /* text goes there instead of to stdout; NULL: to stdout */
    void *take_arg;

    uint64_t n; /* rows so far */
    int code;   /* TOOL_GO_ON, or the exit code of a failure that was reported */
    /* private: */
    ec_sweep_rows few; /* ROWS_AUTO: all rows, until they are too many for a table */
    ec_text out;       /* waits to be written */
    uint64_t n_out;    /* rows before those in `out` */
    ec_text *before;   /* what stands before each value of a row; n_columns */
    size_t n_columns;
    const char *after; /* what ends a row */
} row_writer;

/** Prepare the writer. Returns TOOL_GO_ON, or an exit code after the error was printed. */
int rows_start(row_writer *writer);

/** An ec_sweep_emit: `arg` is the writer. */
ec_status rows_emit(void *arg, const ec_sweep *sweep, const ec_sweep_rows *rows, ec_error *err);

/**
 * Rows of a part of the sweep as text for another writer: start a part, emit its rows, end it. What
 * `take` gets is for rows_emit_text of the other. A part that may yet belong to a table stays in
 * `few`, its format ROWS_AUTO.
 */
void rows_start_part(row_writer *writer, row_format format);
EC_NODISCARD ec_status rows_end_part(row_writer *writer, ec_error *err);

/** Emit n rows that another writer has made text, `size` bytes of it. */
EC_NODISCARD ec_status rows_emit_text(row_writer *writer, const char *text, size_t size, uint64_t n,
                                      ec_error *err);

/** Write what is left. Returns TOOL_YES or TOOL_IO. */
int rows_finish(row_writer *writer);

/**
 * The sweep failed, or was interrupted: write the rows that were found before, whole, and close a
 * JSON document by `"error": "interrupted"` or what else err says. A table is whole or nothing.
 */
void rows_break_off(row_writer *writer, const ec_error *err);

void rows_clear(row_writer *writer);

#endif
