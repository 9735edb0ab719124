/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "shell.h"

#include "entcap/io.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <zlib.h>

static const char *in_folder(void **state, const char *name)
{
    static char path[512];

    snprintf(path, sizeof path, "%s/%s", (const char *)*state, name);
    return path;
}

static void assert_holds(const char *path, const char *text)
{
    ec_bytes bytes;
    ec_error err = {0};

    assert_ok(ec_file_read(&bytes, path, NULL, &err), &err);
    assert_int_equal(bytes.size, strlen(text));
    assert_string_equal((const char *)bytes.data, text);
    ec_bytes_clear(&bytes);
}

/* gzip of a text by zlib's own front end, into static memory */
static const unsigned char *gzipped(const char *text, size_t *size)
{
    static unsigned char out[4096];
    z_stream stream = {.next_in = (Bytef *)(uintptr_t)text, .avail_in = (uInt)strlen(text)};

    assert_int_equal(deflateInit2(&stream, 9, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
    stream.next_out = out;
    stream.avail_out = sizeof out;
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    deflateEnd(&stream);
    *size = sizeof out - stream.avail_out;
    return out;
}

/* ------------------------------------------------------------------ writing */

static void a_file_is_written_and_replaced(void **state)
{
    const char *path = in_folder(state, "a.txt");

    assert_ok(ec_file_write(path, "first", 5, NULL), NULL);
    assert_holds(path, "first");
    assert_int_equal(chmod(path, 0640), 0);
    assert_ok(ec_file_write(path, "", 0, NULL), NULL);
    assert_holds(path, "");
    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0640);
    assert_exits(0, "ls '%s'", (const char *)*state);
    assert_printed("a.txt\n"); /* and nothing beside it */
}

static void a_link_stays_a_link(void **state)
{
    assert_exits(0, "cd '%s' && echo old >b.txt && ln -s b.txt link", (const char *)*state);
    assert_ok(ec_file_write(in_folder(state, "link"), "new", 3, NULL), NULL);
    assert_exits(0, "cd '%s' && test -L link && cat b.txt", (const char *)*state);
    assert_printed("new");
}

static void what_is_no_file_is_written_in_place(void **state)
{
    struct stat info;
    (void)state;

    assert_ok(ec_file_write("/dev/null", "x", 1, NULL), NULL);
    assert_int_equal(stat("/dev/null", &info), 0);
    assert_true(S_ISCHR(info.st_mode));
    ec_error err = {0};
    assert_int_equal(ec_file_write("/dev/full", "x", 1, &err), EC_EIO);
    assert_string_equal(err.file, "/dev/full");
    assert_string_equal(err.msg, "cannot write: No space left on device");
}

/* A file size limit makes the write fail halfway, as a full disk would. */
static void a_failed_write_keeps_the_old_file_and_leaves_no_other(void **state)
{
    const char *folder = *state;

    assert_exits(0, "cd '%s' && echo precious >w", folder);
    pid_t child = fork();
    if (child == 0) {
        static char big[1 << 16];
        ec_error err = {0};
        /* the shell's ulimit would hit the test's own output, too: limit this process alone */
        signal(SIGXFSZ, SIG_IGN);
        setrlimit(RLIMIT_FSIZE, &(struct rlimit){4096, 4096});
        _exit(ec_file_write(in_folder(state, "w"), big, sizeof big, &err) == EC_EIO ? 0 : 1);
    }
    int code = 0;
    assert_int_equal(waitpid(child, &code, 0), child);
    assert_int_equal(code, 0);
    assert_exits(0, "cd '%s' && ls && cat w", folder);
    assert_printed("w\nprecious\n");
}

static ec_status write_again(void *path, ec_error *err)
{
    return ec_file_write(path, "new", 3, err);
}

static void a_write_survives_want_of_memory(void **state)
{
    char path[512];

    snprintf(path, sizeof path, "%s", in_folder(state, "m"));
    assert_ok(ec_file_write(path, "old", 3, NULL), NULL);
    assert_survives_oom(write_again, path);
    assert_holds(path, "new");
}

/* ------------------------------------------------------------------ reading */

static void a_missing_file_is_named(void **state)
{
    ec_bytes bytes;
    ec_error err = {0};
    (void)state;

    assert_int_equal(ec_file_read(&bytes, "/no/such", NULL, &err), EC_EIO);
    assert_string_equal(err.file, "/no/such");
    assert_string_equal(err.msg, "cannot open: No such file or directory");
    err = (ec_error){0};
    assert_int_equal(ec_file_read(&bytes, "/", NULL, &err), EC_EIO);
    assert_string_equal(err.msg, "cannot read: Is a directory");
    err = (ec_error){0};
    assert_int_equal(ec_file_write("/no/such/file", "x", 1, &err), EC_EIO);
    assert_string_equal(err.msg, "cannot create: No such file or directory");
}

static void a_file_of_unknown_size_is_read_to_its_end(void **state)
{
    ec_bytes bytes;
    ec_run run = EC_RUN_INIT;
    ec_error err = {0};
    (void)state;

    assert_ok(ec_file_read(&bytes, "/proc/self/status", NULL, &err), &err);
    assert_memory_equal(bytes.data, "Name:", 5);
    assert_int_equal(bytes.data[bytes.size], 0);
    ec_bytes_clear(&bytes);
    run.memory_bytes = 1 << 20;
    assert_int_equal(ec_file_read(&bytes, "/dev/zero", &run, &err), EC_ELIMIT);
}

static ec_status unzip_text(void *arg, ec_error *err)
{
    ec_bytes out;
    size_t size;
    const unsigned char *data = gzipped(arg, &size);
    ec_status status = ec_gunzip(&out, data, size, "t.gz", NULL, err);

    if (status == EC_OK)
        assert_string_equal((const char *)out.data, arg);
    ec_bytes_clear(&out);
    return status;
}

static void gzip_is_recognised_and_undone(void **state)
{
    const char *path = in_folder(state, "t.gz");
    char text[3000] = "";
    size_t size;
    ec_bytes bytes;

    memset(text, 'a', sizeof text - 1);
    const unsigned char *data = gzipped(text, &size);
    assert_ok(ec_file_write(path, data, size, NULL), NULL);
    assert_ok(ec_file_read_gzip(&bytes, path, NULL, NULL), NULL);
    assert_string_equal((const char *)bytes.data, text);
    ec_bytes_clear(&bytes);
    assert_ok(ec_file_write(path, "plain", 5, NULL), NULL);
    assert_ok(ec_file_read_gzip(&bytes, path, NULL, NULL), NULL);
    assert_string_equal((const char *)bytes.data, "plain");
    ec_bytes_clear(&bytes);
    assert_survives_oom(unzip_text, text);
}

static void assert_gunzip_fails(const unsigned char *data, size_t size, const char *msg)
{
    ec_bytes out;
    ec_error err = {0};

    assert_int_equal(ec_gunzip(&out, data, size, "t.gz", NULL, &err), EC_EPARSE);
    assert_null(out.data);
    assert_string_equal(err.file, "t.gz");
    if (strncmp(err.msg, msg, strlen(msg)) != 0)
        assert_string_equal(err.msg, msg);
}

static void bad_gzip_is_refused(void **state)
{
    unsigned char data[4096];
    size_t size;
    (void)state;

    memcpy(data, gzipped("some text, some text, some text", &size), sizeof data);
    for (size_t cut = 0; cut < size; cut++)
        assert_gunzip_fails(data, cut, "gzip data is cut short");
    memcpy(data + size, "tail", 4);
    assert_gunzip_fails(data, size + 4, "4 bytes after the end of the gzip data");
    data[size - 8] ^= 1; /* of the checksum */
    assert_gunzip_fails(data, size, "gzip data is damaged: incorrect data check");
    data[2] = 9; /* compression method */
    assert_gunzip_fails(data, size, "gzip data is damaged: unknown compression method");
}

static void gzip_members_follow_each_other_and_respect_the_limit(void **state)
{
    unsigned char data[8192];
    size_t first, second;
    ec_bytes out;
    ec_run run = EC_RUN_INIT;
    ec_error err = {0};
    (void)state;

    memcpy(data, gzipped("one ", &first), 2000);
    memcpy(data + first, gzipped("two", &second), 2000);
    assert_ok(ec_gunzip(&out, data, first + second, "t.gz", NULL, &err), &err);
    assert_string_equal((const char *)out.data, "one two");
    ec_bytes_clear(&out);
    run.memory_bytes = 100;
    assert_int_equal(ec_gunzip(&out, data, first + second, "t.gz", &run, &err), EC_ELIMIT);
}

int main(void)
{
#define IN_FOLDER(test)                                                                            \
    cmocka_unit_test_setup_teardown(test, shell_make_folder, shell_remove_folder)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(a_file_is_written_and_replaced),
        IN_FOLDER(a_link_stays_a_link),
        cmocka_unit_test(what_is_no_file_is_written_in_place),
        IN_FOLDER(a_failed_write_keeps_the_old_file_and_leaves_no_other),
        IN_FOLDER(a_write_survives_want_of_memory),
        cmocka_unit_test(a_missing_file_is_named),
        cmocka_unit_test(a_file_of_unknown_size_is_read_to_its_end),
        IN_FOLDER(gzip_is_recognised_and_undone),
        cmocka_unit_test(bad_gzip_is_refused),
        cmocka_unit_test(gzip_members_follow_each_other_and_respect_the_limit),
    };
    return cmocka_run_group_tests_name("io: files", tests, NULL, NULL);
}
