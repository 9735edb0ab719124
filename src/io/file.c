/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "io_i.h"

#include "core/flow.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FIRST_CHUNK ((size_t)1 << 16)

void ec_bytes_clear(ec_bytes *bytes)
{
    if (bytes == NULL)
        return;
    ec_free(bytes->data);
    *bytes = (ec_bytes){.data = NULL};
}

/* ------------------------------------------------------------------ reading */

ec_status io_reserve(const ec_run *run, const char *path, double bytes, ec_error *err)
{
    char needed[EC_SIZE_TEXT], limit[EC_SIZE_TEXT];

    if (ec_run_reserve(run, path, bytes, NULL) == EC_OK)
        return EC_OK;
    return ec_fail_file(err, EC_ELIMIT, path, "needs about %s, the memory limit is %s",
                        ec_size_text(needed, bytes),
                        ec_size_text(limit, (double)run->memory_bytes));
}

/* A first guess of the size; pipes and /proc files say 0, so reading goes on until the end. */
static size_t guess_size(int fd)
{
    struct stat info;

    if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode) || info.st_size <= 0)
        return FIRST_CHUNK;
    return (size_t)info.st_size;
}

static ec_status read_all(ec_bytes *out, int fd, const char *path, const ec_run *run, ec_error *err)
{
    ec_status status = EC_OK;
    size_t room = guess_size(fd);

    EC_TRY(io_reserve(run, path, (double)room, err));
    EC_NEW(out->data, room + 1);
    for (;;) {
        ssize_t got = read(fd, out->data + out->size, room - out->size + 1);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return ec_fail_file(err, EC_EIO, path, "cannot read: %s", strerror(errno));
        out->size += (size_t)got;
        if (got == 0)
            break;
        if (out->size > room) { /* the guess was too small: double it */
            room *= 2;
            EC_TRY(io_reserve(run, path, (double)room, err));
            unsigned char *data = ec_realloc(out->data, room + 1, 1, err);
            if (data == NULL)
                return EC_ENOMEM;
            out->data = data;
        }
    }
    out->data[out->size] = 0;
done:
    return status;
}

ec_status ec_file_read(ec_bytes *out, const char *path, const ec_run *run, ec_error *err)
{
    bool is_stdin = strcmp(path, "-") == 0;
    int fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);

    *out = (ec_bytes){.data = NULL};
    if (fd < 0)
        return ec_fail_file(err, EC_EIO, path, "cannot open: %s", strerror(errno));
    ec_status status = read_all(out, fd, path, run, err);
    if (!is_stdin)
        close(fd);
    if (status != EC_OK)
        ec_bytes_clear(out);
    return status;
}

/* ------------------------------------------------------------------ writing */

static ec_status write_all(int fd, const unsigned char *data, size_t size, const char *path,
                           ec_error *err)
{
    while (size > 0) {
        ssize_t put = write(fd, data, size);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return ec_fail_file(err, EC_EIO, path, "cannot write: %s", strerror(errno));
        data += put;
        size -= (size_t)put;
    }
    return EC_OK;
}

static ec_status write_in_place(const char *path, const void *data, size_t size, ec_error *err)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);

    if (fd < 0)
        return ec_fail_file(err, EC_EIO, path, "cannot open: %s", strerror(errno));
    ec_status status = write_all(fd, data, size, path, err);
    if (close(fd) != 0 && status == EC_OK)
        status = ec_fail_file(err, EC_EIO, path, "cannot write: %s", strerror(errno));
    return status;
}

/* Open a file that did not exist before, "TARGET.tmp-PID-N", with the mode a new file gets. */
static int open_beside(char *name, size_t room, const char *target)
{
    int fd = -1;

    errno = EEXIST;
    for (unsigned i = 0; fd < 0 && errno == EEXIST && i < 1000; i++) {
        snprintf(name, room, "%s.tmp-%ld-%u", target, (long)getpid(), i);
        fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    }
    return fd;
}

/* Make the rename itself durable. Some file systems cannot; the data are safe all the same. */
static void sync_directory(char *path)
{
    char *slash = strrchr(path, '/');

    if (slash != NULL)
        slash[slash == path ? 1 : 0] = '\0';
    int fd = open(slash != NULL ? path : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        (void)fsync(fd);
        close(fd);
    }
}

static ec_status replace(const char *target, const struct stat *old, const void *data, size_t size,
                         ec_error *err)
{
    ec_status status = EC_OK;
    size_t room = strlen(target) + 64;
    char *name = NULL;
    int fd = -1;

    EC_NEW(name, room);
    fd = open_beside(name, room, target);
    if (fd < 0) {
        status = ec_fail_file(err, EC_EIO, target, "cannot create: %s", strerror(errno));
        goto done;
    }
    status = write_all(fd, data, size, target, err);
    if (status == EC_OK && ((old != NULL && fchmod(fd, old->st_mode & 07777) != 0) || fsync(fd)))
        status = ec_fail_file(err, EC_EIO, target, "cannot write: %s", strerror(errno));
    if (close(fd) != 0 && status == EC_OK)
        status = ec_fail_file(err, EC_EIO, target, "cannot write: %s", strerror(errno));
    if (status == EC_OK && rename(name, target) != 0)
        status = ec_fail_file(err, EC_EIO, target, "cannot replace: %s", strerror(errno));
    if (status == EC_OK)
        sync_directory(name);
    else
        unlink(name);
done:
    ec_free(name);
    return status;
}

ec_status ec_file_write(const char *path, const void *data, size_t size, ec_error *err)
{
    struct stat old;

    if (stat(path, &old) != 0)
        return replace(path, NULL, data, size, err);
    if (!S_ISREG(old.st_mode))
        return write_in_place(path, data, size, err);
    char *target = realpath(path, NULL); /* what a link points at */
    if (target == NULL)
        return ec_fail_file(err, EC_EIO, path, "cannot resolve: %s", strerror(errno));
    ec_status status = replace(target, &old, data, size, err);
    free(target);
    return status;
}
