/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "shell.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* The program itself, ended by signals at random moments: what it leaves must be enough. */

static const char *program(void)
{
    static char path[512];
    const char *build = getenv("BUILD");

    snprintf(path, sizeof path, "%s/entcap", build != NULL ? build : "build");
    return path;
}

/* Some bright and some dark rows of 16 sites, labelled so: idx files of one sample after another.
 */
static void write_samples(const char *folder)
{
    enum { N = 1000, SITES = 16 };
    char path[300];
    ec_rng rng;

    ec_rng_seed(&rng, 1);
    snprintf(path, sizeof path, "%s/x", folder);
    FILE *x = fopen(path, "w");
    snprintf(path, sizeof path, "%s/y", folder);
    FILE *y = fopen(path, "w");
    assert_non_null(x);
    assert_non_null(y);
    fwrite("\0\0\10\2\0\0\3\350\0\0\0\20", 1, 12, x);
    fwrite("\0\0\10\1\0\0\3\350", 1, 8, y);
    for (int i = 0; i < N; i++) {
        for (int s = 0; s < SITES; s++)
            putc((int)ec_rng_below(&rng, 200) + i % 2 * 55, x);
        putc(i % 2, y);
    }
    assert_int_equal(fclose(x) | fclose(y), 0);
    shell_write(folder, "net.yaml",
                "name: t\ninput: {shape: [16], channels: 3, features: {kind: affine-relu}}\n"
                "layers:\n- conv: {channels: 3}\n- pool: {window: 4}\n- conv: {channels: 3}\n"
                "- pool: {window: 4}\n- dense: {outputs: 2}\n");
}

/* Training in `folder`, to files with this suffix, under a process number of its own. */
static pid_t start(const char *folder, const char *suffix, bool resume)
{
    char data[900], output[300], log[300], net[300];

    snprintf(data, sizeof data, "idx:%s/x,%s/y,%s/x,%s/y", folder, folder, folder, folder);
    snprintf(output, sizeof output, "%s/w%s", folder, suffix);
    snprintf(log, sizeof log, "%s/log%s", folder, suffix);
    snprintf(net, sizeof net, "%s/net.yaml", folder);
    pid_t child = fork();
    if (child == 0) {
        assert_non_null(freopen("/dev/null", "w", stdout));
        assert_non_null(freopen("/dev/null", "w", stderr));
        execl(program(), "entcap", "train", net, "--data", data, "-o", output, "--log", log,
              "--epochs", "6", "--batch", "10", "--checkpoint-every", "7", "--entropy-every", "50",
              "--threads", "1", resume ? "--resume" : NULL, (char *)NULL);
        _exit(127);
    }
    assert_true(child > 0);
    return child;
}

static int wait_for(pid_t child)
{
    int status = 0;

    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static double seconds_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/*
 * Start, wait for a random time of at most `longest` seconds, send the signal, start again, twelve
 * times; then let it come to its end. Returns how often it was ended.
 */
static unsigned end_and_go_on(const char *folder, int signal_number, double longest, ec_rng *rng)
{
    for (unsigned ended = 0;; ended++) {
        pid_t child = start(folder, "", true);
        if (ended < 12) {
            usleep((useconds_t)(longest * ec_rng_uniform(rng) * 1e6));
            kill(child, signal_number);
        }
        int status = wait_for(child);
        if (status == 0)
            return ended;
        if (WIFSIGNALED(status))
            assert_int_equal(WTERMSIG(status), signal_number); /* or before it heeded the signal */
        else
            assert_int_equal(WEXITSTATUS(status), 130);
    }
}

static void assert_survives(const char *folder, int signal_number, ec_rng *rng)
{
    unsigned ended = 0;
    double begin = seconds_now();

    assert_int_equal(wait_for(start(folder, ".whole", false)), 0);
    double longest = 0.3 * (seconds_now() - begin);
    for (; ended == 0; longest /= 2) { /* it may have been quicker this time */
        assert_exits(0, "rm -f %s/w %s/log", folder, folder);
        ended = end_and_go_on(folder, signal_number, longest, rng);
    }
    assert_exits(0, "cmp %s/w %s/w.whole && cmp %s/log %s/log.whole", folder, folder, folder,
                 folder);
    assert_exits(1, "test -e %s/w.checkpoint", folder);
}

static void training_that_is_killed_again_and_again_ends_with_the_same_bytes(void **state)
{
    ec_rng rng;

    ec_rng_seed(&rng, check_seed());
    write_samples(*state);
    for (size_t i = 0; i < check_count(2); i++) {
        assert_exits(0, "rm -f %s/w* %s/log*", (char *)*state, (char *)*state);
        assert_survives(*state, SIGKILL, &rng);
    }
}

static void training_that_is_asked_to_stop_leaves_what_it_needs(void **state)
{
    static const int signals[] = {SIGINT, SIGTERM};
    ec_rng rng;

    ec_rng_seed(&rng, check_seed());
    write_samples(*state);
    for (size_t i = 0; i < 2; i++) {
        assert_exits(0, "rm -f %s/w* %s/log*", (char *)*state, (char *)*state);
        assert_survives(*state, signals[i], &rng);
    }
}

#define IN_FOLDER(test)                                                                            \
    cmocka_unit_test_setup_teardown(test, shell_make_folder, shell_remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(training_that_is_killed_again_and_again_ends_with_the_same_bytes),
        IN_FOLDER(training_that_is_asked_to_stop_leaves_what_it_needs),
    };
    return cmocka_run_group_tests_name("train: ended by signals", tests, NULL, NULL);
}
