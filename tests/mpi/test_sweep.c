/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "shell.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* `mpirun entcap-mpi sweep` against `entcap sweep`: the same bytes, and one clear end. */

#define MANY "--set r0=1..40 --set r1=1..40 --set r2=1..40 models/closed-form-1d.yaml"
#define SOME "--set r0=1..25 --set r1=1..25 --set r2=1..25 models/closed-form-1d.yaml"

/* 8e9 rows: it ends by what ends it */
#define ENDLESS "--json --set r0=1..2000 --set r1=1..2000 --set M=1..2000 models/gap-p3.yaml"

/* The programs and a folder, for all commands. mpirun: as root, more processes than cores, without
 * a remote shell, without ptrace between processes (containers), without its own words on exit
 * codes. No leak check: Open MPI unloads its plugins before one could tell its leaks from ours. */
static int setup(void **state)
{
    const char *build = getenv("BUILD");

    build = build != NULL ? build : "build";
    if (shell_make_folder(state) != 0)
        return -1;
    setenv("T", *state, 1);
    setenv("ENTCAP", build, 1);
    setenv("MPI", "timeout --foreground 100 mpirun --oversubscribe -q", 1);
    setenv("OMPI_ALLOW_RUN_AS_ROOT", "1", 1);
    setenv("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1", 1);
    setenv("OMPI_MCA_odls_base_sigkill_timeout", "0", 1);
    setenv("OMPI_MCA_plm", "isolated", 1);
    setenv("OMPI_MCA_btl_vader_single_copy_mechanism", "none", 1);
    setenv("ASAN_OPTIONS", "detect_leaks=0", 1);
    return 0;
}

/* With these options, the streams and the exit code of n processes are those of entcap. */
static void assert_same_by(int n, const char *options, int code)
{
    assert_exits(code, "$ENTCAP/entcap sweep %s >$T/out 2>$T/err", options);
    assert_exits(code, "$MPI -n %d $ENTCAP/entcap-mpi sweep %s >$T/out-mpi 2>$T/err-mpi", n,
                 options);
    if (shell("cmp $T/out $T/out-mpi && cmp $T/err $T/err-mpi")->status != 0)
        fail_msg("%d processes, sweep %s: %s", n, options, shell_output());
}

static void assert_same(const char *options, int code)
{
    assert_same_by(2, options, code);
}

static void rows_are_the_same_in_every_format(void **state)
{
    (void)state;
    assert_same("--csv " MANY, 0);
    assert_exits(0, "[ $(wc -l <$T/out) = 64001 ]");
    assert_same("--json " SOME, 0);
    assert_same("--jsonl " SOME, 0);
}

static void rows_are_the_same_by_any_number_of_processes(void **state)
{
    (void)state;
    assert_same_by(1, "--csv " SOME, 0);
    assert_same_by(3, "--csv --threads 3 " SOME, 0);
    assert_same_by(5, "--json --where 'params<=300' " MANY, 0);
}

static void a_table_is_the_same_or_gives_way_to_csv(void **state)
{
    (void)state;
    assert_same("--where 'params<=180' " MANY, 0); /* rows of several chunks */
    assert_exits(0, "grep '^closed-form-1d: [34][0-9] of 64000 configurations' $T/out");
    assert_same("--where 'params<=200' " MANY, 0);
    assert_exits(0, "head -1 $T/out | grep '^input,r0,' && [ $(wc -l <$T/out) = 55 ]");
    assert_same(SOME, 0);
}

static void fronts_are_the_same(void **state)
{
    (void)state;
    assert_same("--pareto " MANY, 0);
    assert_same("--pareto --json --cost madds --threads 2 " MANY, 0);
    assert_same("--pareto --csv --where 'left-right>=4' " MANY, 0);
}

static void only_the_first_process_writes_a_file(void **state)
{
    (void)state;
    assert_exits(0, "$ENTCAP/entcap sweep --csv " SOME " >$T/out");
    assert_exits(0, "$MPI -n 3 $ENTCAP/entcap-mpi sweep -o $T/rows " SOME);
    assert_string_equal(shell_output(), "");
    assert_exits(0, "cmp $T/out $T/rows");
    assert_exits(5, "$MPI -n 2 $ENTCAP/entcap-mpi sweep -o $T/none/rows " SOME);
    assert_printed("/none/rows: error: cannot open: No such file or directory\n");
}

static void nothing_left_is_said_once(void **state)
{
    (void)state;
    assert_same("--where 'params<3' " MANY, 1);
    assert_same("--where 'params<3' --json " MANY, 1);
}

static void errors_are_those_of_entcap_and_said_once(void **state)
{
    (void)state;
    assert_same("--bogus " MANY, 2);
    assert_same("--set r9=3 " MANY, 2);
    assert_same("models/none.yaml", 5);
    assert_same("models/bridge.yaml", 3);
    assert_same("tests/bad/conv-kernel.yaml", 3);
    assert_same("--memory 1 " MANY, 4);
}

static void only_the_first_process_reads(void **state)
{
    (void)state;
    assert_same("--csv --set r0=1..100 - <models/gap-p3.yaml", 0);
    assert_exits(0, "[ $(wc -l <$T/out) = 101 ]");
}

static void other_verbs_are_refused(void **state)
{
    (void)state;
    assert_exits(2, "$MPI -n 2 $ENTCAP/entcap-mpi bound models/gap-p3.yaml");
    assert_string_equal(shell_output(), "entcap-mpi: error: only sweep runs on several processes; "
                                        "use 'entcap bound'\n");
    assert_exits(2, "$MPI -n 2 $ENTCAP/entcap-mpi");
    assert_printed("usage: mpirun -n PROCESSES entcap-mpi sweep [options] FILE\n");
}

/* The second process alone fails, before the sweep and in it. */
static void failure_of_one_process_ends_all(void **state)
{
    (void)state;
    assert_exits(4, "$MPI -n 1 $ENTCAP/entcap-mpi sweep -q " MANY
                    " : -n 1 $ENTCAP/entcap-mpi sweep -q --memory 1 " MANY " >$T/out");
    assert_printed("error: process 1 on ");
    assert_printed(": error: tree recursion: needs about ");
    assert_exits(0, "[ ! -s $T/out ]");
    assert_exits(3, "$MPI -n 1 $ENTCAP/entcap-mpi sweep -q " MANY
                    " : -n 1 $ENTCAP/entcap-mpi sweep --bogus " MANY);
    assert_printed("error: process 1 on ");
    assert_printed(": entcap sweep: error: unknown option '--bogus'\n");
}

static void full_disk_ends_all(void **state)
{
    (void)state;
    assert_exits(5, "$MPI -n 1 sh -c 'exec $ENTCAP/entcap-mpi sweep " ENDLESS " >/dev/full'"
                    " : -n 2 $ENTCAP/entcap-mpi sweep " ENDLESS);
    assert_string_equal(shell_output(), "entcap sweep: error: standard output cannot be written\n");
}

static void closed_pipe_ends_all(void **state)
{
    (void)state;
    /* apart: mpirun forwards both as they come */
    assert_exits(0, "$MPI -n 1 sh -c '$ENTCAP/entcap-mpi sweep " ENDLESS " | head -2'"
                    " : -n 2 $ENTCAP/entcap-mpi sweep " ENDLESS " 2>$T/err");
    assert_string_equal(shell_output(), "{\n  \"name\": \"gap-p3\",\n");
    assert_exits(0, "cat $T/err");
    assert_string_equal(shell_output(), "entcap sweep: error: standard output cannot be written\n");
}

/* Ctrl-C in a process, once rows were written: JSON is closed after whole rows. */
static void assert_interrupted(const char *leader, const char *worker)
{
    assert_exits(130,
                 "rm -f $T/rows $T/pid; mkfifo $T/rows\n"
                 "$MPI -n 1 sh -c '%s exec $ENTCAP/entcap-mpi sweep " ENDLESS " >$T/rows' : "
                 "-n 1 sh -c '%s exec $ENTCAP/entcap-mpi sweep " ENDLESS "' &\n"
                 "{ head -c 10000000 >$T/out; kill -INT $(cat $T/pid); cat >>$T/out; } <$T/rows\n"
                 "wait $!",
                 leader, worker);
    assert_string_equal(shell_output(), "entcap sweep: interrupted\n");
    assert_exits(0, "tail -4 $T/out | cut -c 1-24");
    assert_string_equal(shell_output(),
                        "    {\"widths\": {\"input\":\n  ],\n  \"error\": \"interrupted\"\n}\n");
    assert_exits(0, "head -n -4 $T/out | sed 1,4d | grep -vc '^    {\"widths\": {.*}}]},$' | "
                    "grep -x 0 && tail -4 $T/out | grep -q '^    {\"widths\": {.*}}]}$'");
}

static void interrupt_of_any_process_ends_all(void **state)
{
    (void)state;
    assert_interrupted("echo $$ >$T/pid;", "");
    assert_interrupted("", "echo $$ >$T/pid;");
}

#define in_a_folder(test) cmocka_unit_test_setup_teardown(test, setup, shell_remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_a_folder(rows_are_the_same_in_every_format),
        in_a_folder(rows_are_the_same_by_any_number_of_processes),
        in_a_folder(a_table_is_the_same_or_gives_way_to_csv),
        in_a_folder(fronts_are_the_same),
        in_a_folder(only_the_first_process_writes_a_file),
        in_a_folder(nothing_left_is_said_once),
        in_a_folder(errors_are_those_of_entcap_and_said_once),
        in_a_folder(only_the_first_process_reads),
        in_a_folder(other_verbs_are_refused),
        in_a_folder(failure_of_one_process_ends_all),
        in_a_folder(full_disk_ends_all),
        in_a_folder(closed_pipe_ends_all),
        in_a_folder(interrupt_of_any_process_ends_all),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
