/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "entcap/io.h"

#include "core/flow.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/*
 * The three streams are unnamed temporary files, not pipes: nothing can deadlock, whatever the
 * order in which the program reads and writes.
 */
typedef struct streams {
    FILE *file[3];
} streams;

static void close_streams(streams *s)
{
    for (int i = 0; i < 3; i++)
        if (s->file[i] != NULL)
            fclose(s->file[i]);
}

static ec_status open_streams(streams *s, const char *input, size_t size, ec_error *err)
{
    for (int i = 0; i < 3; i++) {
        s->file[i] = tmpfile();
        if (s->file[i] == NULL)
            return ec_fail(err, EC_EIO, "cannot make a temporary file: %s", strerror(errno));
    }
    if (fwrite(input, 1, size, s->file[0]) != size || fflush(s->file[0]) != 0)
        return ec_fail(err, EC_EIO, "cannot write a temporary file: %s", strerror(errno));
    rewind(s->file[0]);
    return EC_OK;
}

/* Start the program on the streams, with the default action for signals that the caller ignores. */
static int start(pid_t *child, const streams *s, const char *const *argv)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t reset;
    int error = posix_spawn_file_actions_init(&actions);

    if (error != 0)
        return error;
    error = posix_spawnattr_init(&attributes);
    if (error == 0) {
        for (int i = 0; i < 3 && error == 0; i++)
            error = posix_spawn_file_actions_adddup2(&actions, fileno(s->file[i]), i);
        sigemptyset(&reset);
        sigaddset(&reset, SIGPIPE);
        posix_spawnattr_setsigdefault(&attributes, &reset);
        posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
        if (error ==
            0) /* the strings are not written to: POSIX keeps argv mutable for old callers */
            error =
                posix_spawnp(child, argv[0], &actions, &attributes, (char *const *)argv, environ);
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&actions);
    return error;
}

static ec_status read_back(ec_text *out, FILE *file, ec_error *err)
{
    char part[4096];
    size_t n;

    rewind(file);
    while ((n = fread(part, 1, sizeof part, file)) > 0)
        ec_text_add(out, part, n);
    if (ferror(file))
        return ec_fail(err, EC_EIO, "cannot read a temporary file: %s", strerror(errno));
    return ec_text_check(out, err);
}

/* The program's own last words, for the message. */
static ec_status report_failure(const streams *s, const char *name, int wait_status, ec_error *err)
{
    char line[200] = "", last[200] = "";

    rewind(s->file[2]);
    while (fgets(line, sizeof line, s->file[2]) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        if (line[0] != '\0')
            memcpy(last, line, sizeof last);
    }
    if (WIFSIGNALED(wait_status))
        return ec_fail(err, EC_EIO, "%s was ended by signal %d", name, WTERMSIG(wait_status));
    return ec_fail(err, EC_EIO, "%s ended with exit code %d%s%s", name, WEXITSTATUS(wait_status),
                   last[0] != '\0' ? ": " : "", last);
}

ec_status ec_program_run(ec_text *out, const char *const *argv, const char *input, size_t size,
                         ec_error *err)
{
    ec_status status = EC_OK;
    streams s = {{NULL, NULL, NULL}};
    pid_t child = 0;
    int wait_status = 0;

    EC_TRY(open_streams(&s, input, size, err));
    int error = start(&child, &s, argv);
    if (error != 0) {
        status = ec_fail(err, EC_EIO, "cannot run %s: %s", argv[0], strerror(error));
        goto done;
    }
    while (waitpid(child, &wait_status, 0) < 0) {
        if (errno != EINTR) {
            status = ec_fail(err, EC_EIO, "cannot wait for %s: %s", argv[0], strerror(errno));
            goto done;
        }
    }
    if (!WIFEXITED(wait_status) || WEXITSTATUS(wait_status) != 0)
        status = report_failure(&s, argv[0], wait_status, err);
    else
        status = read_back(out, s.file[1], err);
done:
    close_streams(&s);
    return status;
}

bool ec_program_exists(const char *name)
{
    const char *path = getenv("PATH");
    char full[4096];

    if (strchr(name, '/') != NULL)
        return access(name, X_OK) == 0;
    while (path != NULL && *path != '\0') {
        size_t n = strcspn(path, ":");
        int length = snprintf(full, sizeof full, "%.*s/%s", (int)n, path, name);

        if (n > 0 && length > 0 && (size_t)length < sizeof full && access(full, X_OK) == 0)
            return true;
        path += n + (path[n] == ':');
    }
    return false;
}
