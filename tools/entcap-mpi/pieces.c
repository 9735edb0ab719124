/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "team.h"

#include <string.h>
#include <time.h>

enum { TAG_PIECE = 1, TAG_STOP };

#define SHORTEST_NAP_NS 20000
#define LONGEST_NAP_NS  1000000

/* Sleep a little, longer each time: MPI's own waiting burns a core that another process could use.
 */
static void nap(long *ns)
{
    nanosleep(&(struct timespec){.tv_nsec = *ns}, NULL);
    *ns = 2 * *ns < LONGEST_NAP_NS ? 2 * *ns : LONGEST_NAP_NS;
}

/* ------------------------------------------------------------------- sending */

bool team_stopped(team *tm)
{
    int stopped = 0;

    if (tm->rank > 0)
        MPI_Iprobe(0, TAG_STOP, MPI_COMM_WORLD, &stopped, MPI_STATUS_IGNORE);
    return stopped != 0;
}

/* Wait until what was sent from a slot is received. */
static ec_status await_slot(team *tm, size_t slot, const ec_run *run, ec_error *err)
{
    ec_status status = EC_OK;
    int done = 0;

    MPI_Test(&tm->out.request[slot], &done, MPI_STATUS_IGNORE);
    for (long ns = SHORTEST_NAP_NS; !done && status == EC_OK; nap(&ns)) {
        status = ec_run_step(run, "sweep", 0, 0, err);
        MPI_Test(&tm->out.request[slot], &done, MPI_STATUS_IGNORE);
    }
    return status;
}

ec_text *team_begin(team *tm, const piece_head *head, const ec_run *run, ec_error *err)
{
    outbox *out = &tm->out;
    ec_text *text = &out->text[out->slot];

    if (await_slot(tm, out->slot, run, err) != EC_OK)
        return NULL;
    out->head = *head;
    out->open = true;
    text->size = 0;
    ec_text_add(text, (const char *)head, sizeof *head);
    return text;
}

ec_status team_send(team *tm, ec_error *err)
{
    outbox *out = &tm->out;
    ec_text *text = &out->text[out->slot];
    ec_status status;

    if (!out->open)
        return EC_OK;
    status = ec_text_check(text, err);
    if (status != EC_OK)
        return status;
    memcpy(text->bytes, &out->head, sizeof out->head);
    /* synchronous: complete when the leader receives it, so that no queue grows there */
    MPI_Issend(text->bytes, (int)text->size, MPI_BYTE, 0, TAG_PIECE, MPI_COMM_WORLD,
               &out->request[out->slot]);
    out->slot = (out->slot + 1) % TEAM_SLOTS;
    out->open = false;
    return EC_OK;
}

void team_end_work(team *tm, const ec_error *how)
{
    struct {
        piece_head head;
        ec_error how;
    } last = {{.kind = PIECE_END}, *how};
    MPI_Request request;
    int done = 0;

    MPI_Issend(&last, sizeof last, MPI_BYTE, 0, TAG_PIECE, MPI_COMM_WORLD, &request);
    for (long ns = SHORTEST_NAP_NS; !done; nap(&ns))
        MPI_Test(&request, &done, MPI_STATUS_IGNORE);
    /* those before it have been received, and what is under way is dropped */
    MPI_Waitall(TEAM_SLOTS, tm->out.request, MPI_STATUSES_IGNORE);
    MPI_Recv(NULL, 0, MPI_BYTE, 0, TAG_STOP, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
}

/* ----------------------------------------------------------------- receiving */

static ec_status make_room(inbox *in, size_t size, ec_error *err)
{
    unsigned char *grown;

    if (size <= in->allocated)
        return EC_OK;
    grown = ec_realloc(in->buffer, size, 1, err);
    if (grown == NULL)
        return EC_ENOMEM;
    in->buffer = grown;
    in->allocated = size;
    return EC_OK;
}

ec_status team_receive(team *tm, int worker, const ec_run *run, ec_error *err)
{
    inbox *in = &tm->in;
    ec_status status = EC_OK;
    MPI_Status probed;
    int there = 0, size;

    MPI_Iprobe(worker, TAG_PIECE, MPI_COMM_WORLD, &there, &probed);
    for (long ns = SHORTEST_NAP_NS; !there; nap(&ns)) {
        status = ec_run_step(run, "sweep", 0, 0, err);
        if (status != EC_OK)
            return status;
        MPI_Iprobe(worker, TAG_PIECE, MPI_COMM_WORLD, &there, &probed);
    }
    MPI_Get_count(&probed, MPI_BYTE, &size);
    status = make_room(in, (size_t)size, err);
    if (status != EC_OK)
        return status;
    MPI_Recv(in->buffer, size, MPI_BYTE, worker, TAG_PIECE, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    memcpy(&in->head, in->buffer, sizeof in->head);
    in->bytes = in->buffer + sizeof in->head;
    in->size = (size_t)size - sizeof in->head;
    return EC_OK;
}

void team_end_workers(team *tm, const bool *ended)
{
    for (int worker = 1; worker < tm->size; worker++)
        MPI_Send(NULL, 0, MPI_BYTE, worker, TAG_STOP, MPI_COMM_WORLD);
    for (int worker = 1; worker < tm->size; worker++) {
        tm->in.head.kind = ended[worker] ? PIECE_END : 0;
        while (tm->in.head.kind != PIECE_END) {
            if (team_receive(tm, worker, NULL, NULL) != EC_OK)
                MPI_Abort(MPI_COMM_WORLD, TOOL_IO); /* no memory to listen till the end */
        }
    }
}
