/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "team.h"

#include <omp.h>
#include <string.h>
#include <unistd.h>

void team_join(team *tm, int *argc, char ***argv)
{
    int provided;

    MPI_Init_thread(argc, argv, MPI_THREAD_FUNNELED, &provided);
    MPI_Comm_rank(MPI_COMM_WORLD, &tm->rank);
    MPI_Comm_size(MPI_COMM_WORLD, &tm->size);
    tm->stop = MPI_REQUEST_NULL;
    for (size_t s = 0; s < TEAM_SLOTS; s++)
        tm->out.request[s] = MPI_REQUEST_NULL;
    if (tm->rank == 0)
        return;

    FILE *said = open_memstream(&tm->said, &tm->said_size);
    if (said != NULL)
        stderr = said; /* a variable in glibc; sanitizers and MPI keep the file behind it */
    if (freopen("/dev/null", "w", stdout) == NULL)
        fclose(stdout);
}

void team_leave(team *tm)
{
    for (size_t s = 0; s < TEAM_SLOTS; s++)
        ec_text_clear(&tm->out.text[s]);
    ec_free(tm->in.buffer);
    MPI_Finalize();
}

unsigned team_threads(void)
{
    MPI_Comm machine;
    int processes, allowed = omp_get_num_procs();
    int cores = (int)sysconf(_SC_NPROCESSORS_ONLN);

    MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &machine);
    MPI_Comm_size(machine, &processes);
    MPI_Comm_free(&machine);
    cores /= processes;
    cores = cores < allowed ? cores : allowed;
    return cores < 1 ? 1 : (unsigned)cores;
}

/* ------------------------------------------------------------------ meetings */

/* Of a process that ended before a meeting. */
typedef struct last_words {
    int code;
    char host[MPI_MAX_PROCESSOR_NAME];
    char said[400];
} last_words;

/* What the first process said that has ended; -1 if none has. */
static int listen(const team *tm, bool ended, last_words *words)
{
    int length, mine = ended ? tm->rank : tm->size, first;

    MPI_Allreduce(&mine, &first, 1, MPI_INT, MPI_MIN, MPI_COMM_WORLD);
    if (first == tm->size)
        return -1;
    MPI_Get_processor_name(words->host, &length);
    fflush(stderr);
    snprintf(words->said, sizeof words->said, "%s", tm->said != NULL ? tm->said : "");
    words->said[strcspn(words->said, "\n")] = '\0';
    MPI_Bcast(words, sizeof *words, MPI_BYTE, first, MPI_COMM_WORLD);
    return first;
}

static ec_status status_of(int code)
{
    return code == TOOL_INTERRUPT ? EC_ECANCEL
           : code == TOOL_IO      ? EC_EIO
           : code == TOOL_LIMIT   ? EC_ELIMIT
                                  : EC_EINVAL;
}

ec_status team_meet(team *tm, ec_error *err)
{
    last_words words = {0};
    int first = listen(tm, false, &words);

    if (first < 0)
        return EC_OK;
    tm->over = true;
    return ec_fail(err, status_of(words.code), "process %d on %.64s: %s", first, words.host,
                   words.said);
}

void team_end(team *tm, int code)
{
    last_words words = {.code = code};

    if (!tm->over)
        listen(tm, true, &words);
    tm->over = true;
}

ec_status team_share(const team *tm, ec_bytes *bytes, ec_error *err)
{
    size_t size = team_share_number(bytes->size);

    if (tm->rank > 0) {
        bytes->data = ec_calloc(size + 1, 1, err);
        bytes->size = size;
    }
    /* whether all have the memory is seen at the next meeting: each takes part in this one */
    char *at = bytes->data != NULL ? (char *)bytes->data : NULL;
    for (size_t done = 0; done < size;) {
        char dropped[4096];
        size_t part = size - done < sizeof dropped ? size - done : sizeof dropped;
        MPI_Bcast(at != NULL ? at + done : dropped, (int)part, MPI_BYTE, 0, MPI_COMM_WORLD);
        done += part;
    }
    return bytes->data != NULL ? EC_OK : EC_ENOMEM;
}

uint64_t team_share_number(uint64_t n)
{
    MPI_Bcast(&n, 1, MPI_UINT64_T, 0, MPI_COMM_WORLD);
    return n;
}
