/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "spread.h"

#include <string.h>

/* Units of a chunk, per thread: as many as ec_sweep_run runs at a time. A process has several
 * chunks, as far as there are units, so that none waits long for another. */
#define CHUNK_UNITS        8
#define CHUNKS_PER_PROCESS 8

/* ---------------------------------------------------------------- description */

ec_status spread_read(void *state, ec_arch **out, const char *path, ec_error *err)
{
    team *tm = state;
    const ec_run limit = {.memory_bytes = EC_ARCH_MAX_TEXT, .threads = 1};
    ec_bytes bytes = {.data = NULL};
    ec_status status = EC_OK;

    *out = NULL;
    if (tm->rank == 0)
        status = ec_file_read(&bytes, path, &limit, err);
    if (status == EC_OK)
        status = team_meet(tm, err);
    if (status == EC_OK)
        status = team_share(tm, &bytes, err);
    if (status == EC_OK)
        status = ec_arch_parse(out, (const char *)bytes.data, bytes.size,
                               strcmp(path, "-") == 0 ? "<stdin>" : path, err);
    ec_bytes_clear(&bytes);
    return status;
}

/* ---------------------------------------------------------------------- sweep */

typedef struct spread {
    team *team;
    const ec_sweep_input *input;
    row_writer *writer;
    const ec_run *outer; /* as the tool would run it */
    ec_run run;          /* with the progress of all processes */
    size_t n_units, per_chunk;
    size_t first, n; /* units of the chunk at hand */

    /* of the leader */
    bool *ended;        /* of each process: it sends nothing more */
    ec_sweep_rows best; /* pareto: of the units so far */
    size_t reduced;
} spread;

static size_t count_chunks(const spread *s)
{
    return (s->n_units + s->per_chunk - 1) / s->per_chunk;
}

static void start_chunk(spread *s, size_t chunk)
{
    s->first = chunk * s->per_chunk;
    s->n = s->n_units - s->first < s->per_chunk ? s->n_units - s->first : s->per_chunk;
}

static ec_status run_chunk(spread *s, ec_sweep_emit *emit, void *arg, ec_error *err)
{
    return ec_sweep_run(s->writer->sweep, s->first, s->n, emit, arg, &s->run, err);
}

/* --------------------------------------------------------------------- leader */

/* Of a chunk, or of waiting for one (total is 0). */
static bool lead_on(void *arg, const char *what, double done, double total)
{
    const spread *s = arg;
    (void)total;

    return s->outer->progress(s->outer->progress_arg, what, (double)s->first + done,
                              (double)s->n_units);
}

static ec_status merge_unit(void *arg, const ec_sweep *sweep, const ec_sweep_rows *rows,
                            ec_error *err)
{
    spread *s = arg;

    (void)sweep;
    return ec_sweep_merge(&s->best, &s->reduced, rows, s->input->cost, err);
}

/* The rows of a piece, where they lie. */
static ec_sweep_rows view_rows(const spread *s, inbox *in)
{
    size_t n = in->head.n;
    uint64_t *columns = (uint64_t *)(void *)(in->buffer + sizeof in->head);

    return (ec_sweep_rows){.n = n,
                           .n_bounds = 2 * s->input->partitions->n,
                           .index = columns,
                           .parameters = columns + n,
                           .multiply_adds = columns + 2 * n,
                           .log2 = (double *)(void *)(columns + 3 * n)};
}

static ec_status take_rows(spread *s, inbox *in, ec_error *err)
{
    const ec_sweep_rows rows = view_rows(s, in);

    if (!s->input->pareto)
        return rows_emit(s->writer, s->writer->sweep, &rows, err);
    return in->head.more != 0 ? ec_sweep_append(&s->best, &rows, err)
                              : merge_unit(s, s->writer->sweep, &rows, err);
}

/* A worker ended before its time: its failure is that of the sweep. */
static ec_status take_failure(spread *s, int worker, ec_error *err)
{
    ec_error how;

    s->ended[worker] = true;
    memcpy(&how, s->team->in.bytes, sizeof how);
    if (how.status == EC_OK)
        return ec_fail(err, EC_EIO, "process %d ended too early", worker);
    return ec_fail(err, how.status, "process %d: %.400s", worker, how.msg);
}

/* The rows of a chunk that a worker runs. */
static ec_status take_chunk(spread *s, int worker, ec_error *err)
{
    inbox *in = &s->team->in;
    ec_status status = EC_OK;

    while (status == EC_OK) {
        status = team_receive(s->team, worker, &s->run, err);
        if (status != EC_OK || in->head.kind == PIECE_CHUNK)
            return status;
        if (in->head.kind == PIECE_END)
            return take_failure(s, worker, err);
        status = in->head.kind == PIECE_ROWS ? take_rows(s, in, err)
                                             : rows_emit_text(s->writer, (const char *)in->bytes,
                                                              in->size, in->head.n, err);
    }
    return status;
}

static ec_status lead(spread *s, ec_error *err)
{
    size_t n_chunks = count_chunks(s), n_processes = (size_t)s->team->size;
    ec_status status = EC_OK;

    for (size_t chunk = 0; chunk < n_chunks && status == EC_OK; chunk++) {
        int process = (int)(chunk % n_processes);

        start_chunk(s, chunk);
        if (process > 0)
            status = take_chunk(s, process, err);
        else
            status = s->input->pareto ? run_chunk(s, merge_unit, s, err)
                                      : run_chunk(s, rows_emit, s->writer, err);
    }
    if (status == EC_OK && s->input->pareto)
        status = ec_sweep_reduce(&s->best, s->input->cost, err);
    if (status == EC_OK && s->input->pareto)
        status = rows_emit(s->writer, s->writer->sweep, &s->best, err);
    return status;
}

/* --------------------------------------------------------------------- workers */

static bool work_on(void *arg, const char *what, double done, double total)
{
    const spread *s = arg;

    return !team_stopped(s->team) && s->outer->progress(s->outer->progress_arg, what, done, total);
}

static ec_status send_text(void *arg, const ec_text *text, uint64_t n, ec_error *err)
{
    spread *s = arg;
    outbox *out = &s->team->out;
    const piece_head head = {.kind = PIECE_TEXT};
    ec_text *to = out->open ? &out->text[out->slot] : team_begin(s->team, &head, &s->run, err);

    if (to == NULL)
        return err->status;
    ec_text_add(to, text->bytes, text->size);
    out->head.n += n;
    return to->size < TEAM_PIECE_BYTES ? EC_OK : team_send(s->team, err);
}

/* Rows from .. from + n - 1. */
static ec_status send_columns(spread *s, const ec_sweep_rows *rows, size_t from, size_t n,
                              ec_error *err)
{
    const piece_head head = {.kind = PIECE_ROWS, .more = from + n < rows->n, .n = n};
    ec_text *to = team_begin(s->team, &head, &s->run, err);

    if (to == NULL)
        return err->status;
    ec_text_add(to, (const char *)(rows->index + from), n * sizeof *rows->index);
    ec_text_add(to, (const char *)(rows->parameters + from), n * sizeof *rows->parameters);
    ec_text_add(to, (const char *)(rows->multiply_adds + from), n * sizeof *rows->multiply_adds);
    ec_text_add(to, (const char *)(rows->log2 + from * rows->n_bounds),
                n * rows->n_bounds * sizeof *rows->log2);
    return team_send(s->team, err);
}

static ec_status send_rows(spread *s, const ec_sweep_rows *rows, ec_error *err)
{
    size_t most = TEAM_PIECE_BYTES / ((3 + rows->n_bounds) * sizeof(double)) + 1;
    ec_status status = EC_OK;

    for (size_t from = 0; from < rows->n && status == EC_OK; from += most)
        status = send_columns(s, rows, from, rows->n - from < most ? rows->n - from : most, err);
    return status;
}

static ec_status send_unit(void *arg, const ec_sweep *sweep, const ec_sweep_rows *rows,
                           ec_error *err)
{
    (void)sweep;
    return send_rows(arg, rows, err);
}

/* What is left of a chunk's rows, and that it is complete. */
static ec_status end_chunk(spread *s, ec_error *err)
{
    const piece_head head = {.kind = PIECE_CHUNK};
    ec_status status = rows_end_part(s->writer, err);

    if (status == EC_OK && s->writer->format == ROWS_AUTO)
        status = send_rows(s, &s->writer->few, err);
    if (status == EC_OK)
        status = team_send(s->team, err);
    if (status == EC_OK && team_begin(s->team, &head, &s->run, err) == NULL)
        status = err->status;
    return status == EC_OK ? team_send(s->team, err) : status;
}

static ec_status work(spread *s, ec_error *err)
{
    size_t n_chunks = count_chunks(s);
    row_format format = s->writer->format;
    ec_status status = EC_OK;

    s->writer->take = send_text;
    s->writer->take_arg = s;
    for (size_t chunk = (size_t)s->team->rank; chunk < n_chunks && status == EC_OK;
         chunk += (size_t)s->team->size) {
        start_chunk(s, chunk);
        rows_start_part(s->writer, format);
        status = s->input->pareto ? run_chunk(s, send_unit, s, err)
                                  : run_chunk(s, rows_emit, s->writer, err);
        if (status == EC_OK)
            status = end_chunk(s, err);
    }
    s->writer->take = NULL;
    return status;
}

/* ------------------------------------------------------------------------ all */

static size_t choose_chunk(const spread *s)
{
    size_t most = CHUNK_UNITS * (size_t)s->outer->threads;
    size_t fair = s->n_units / (CHUNKS_PER_PROCESS * (size_t)s->team->size);

    return (size_t)team_share_number(fair < 1 ? 1 : fair < most ? fair : most);
}

ec_status spread_sweep(void *state, const ec_sweep_input *input, row_writer *writer,
                       const ec_run *run, ec_error *err)
{
    team *tm = state;
    spread s = {.team = tm,
                .input = input,
                .writer = writer,
                .outer = run,
                .run = *run,
                .n_units = ec_sweep_units(writer->sweep),
                .best = {.n_bounds = 2 * input->partitions->n}};
    ec_status status = EC_OK;

    s.ended = ec_calloc((size_t)tm->size, sizeof *s.ended, err);
    if (s.ended == NULL)
        return EC_ENOMEM;
    status = team_meet(tm, err);
    if (status == EC_OK) {
        tm->over = true;
        s.per_chunk = choose_chunk(&s);
        s.run.progress = tm->rank == 0 ? lead_on : work_on;
        s.run.progress_arg = &s;
        status = tm->rank == 0 ? lead(&s, err) : work(&s, err);
        if (tm->rank == 0)
            team_end_workers(tm, s.ended);
        else
            team_end_work(tm, err);
    }
    ec_sweep_rows_clear(&s.best);
    ec_free(s.ended);
    return status;
}
