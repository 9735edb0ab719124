/* SPDX-License-Identifier: GPL-3.0-or-later */
/* entcap-mpi: `entcap sweep`, spread over the processes that mpirun starts, with the same output.
 */
#include "spread.h"

#include <signal.h>
#include <string.h>

static const char usage[] =
    "usage: mpirun -n PROCESSES entcap-mpi sweep [options] FILE\n"
    "\n"
    "Runs `entcap sweep` on several processes, on one machine or many; the output is the same,\n"
    "byte for byte. Only the first process opens FILE and writes. --threads is the number of each\n"
    "process; by default the cores of a machine are shared out. All other verbs: entcap.\n"
    "Try 'entcap help sweep'.\n";

static bool is_one_of(const char *word, const char *a, const char *b)
{
    return strcmp(word, a) == 0 || strcmp(word, b) == 0;
}

static int run(tool *t, int argc, char **argv)
{
    const char *word = argc < 2 ? "" : argv[1];
    const tool_verb *verb;

    if (is_one_of(word, "-h", "--help") || is_one_of(word, "help", "help")) {
        fputs(usage, stdout);
        return tool_flush(t);
    }
    if (is_one_of(word, "-V", "--version")) {
        puts("entcap " EC_VERSION);
        return tool_flush(t);
    }
    if (argc < 2) {
        fputs(usage, stderr);
        return TOOL_USAGE;
    }
    verb = tool_find_verb(word);
    if (verb == NULL)
        return TOOL_USAGE;
    if (verb->fn != cmd_sweep) {
        fprintf(stderr,
                "entcap-mpi: error: only sweep runs on several processes; use 'entcap %s'\n",
                verb->name);
        return TOOL_USAGE;
    }
    return tool_run(t, verb, argc - 1, argv + 1);
}

int main(int argc, char **argv)
{
    static team tm; /* too large for the stack of a thread */
    tool t = {.run = EC_RUN_INIT};
    int code;

    team_join(&tm, &argc, &argv);
    t.team = &(tool_team){&tm, tm.rank == 0, spread_read, spread_sweep};
    tool_start(&t);
    tool_heed_sigterm();      /* what mpirun makes of Ctrl-C */
    signal(SIGPIPE, SIG_IGN); /* the others must learn that nobody reads */
    t.color = false;          /* stdout looks like a terminal: mpirun's, which copies it */
    t.quiet = tm.rank > 0;
    t.run.threads = team_threads();

    code = run(&t, argc, argv);
    team_end(&tm, code);
    team_leave(&tm);
    return tm.rank == 0 ? code : TOOL_YES;
}
