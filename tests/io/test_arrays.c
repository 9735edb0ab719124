/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "shell.h"

#include "entcap/io.h"

#include <stdio.h>
#include <string.h>

/* Bytes of a string literal, zeros included, without its final one. */
#define BYTES(text) (const unsigned char *)(text), sizeof(text) - 1

typedef ec_status parse_fn(ec_array *, const unsigned char *, size_t, const char *, const ec_run *,
                           ec_error *);

static void assert_refused(parse_fn *parse, const unsigned char *data, size_t size, const char *msg)
{
    ec_array array;
    ec_error err = {0};

    assert_int_equal(parse(&array, data, size, "f", NULL, &err), EC_EPARSE);
    assert_null(array.data);
    assert_string_equal(err.file, "f");
    assert_string_equal(err.msg, msg);
}

/* ---------------------------------------------------------------------- idx */

static void idx_elements_are_big_endian(void **state)
{
    ec_array a;
    double x[4];
    (void)state;

    assert_ok(ec_idx_parse(&a, BYTES("\0\0\x0b\2\0\0\0\2\0\0\0\1\1\2\xff\xfe"), "f", NULL, NULL),
              NULL);
    assert_int_equal(a.type, EC_I16);
    assert_true(a.n_dims == 2 && a.shape[0] == 2 && a.shape[1] == 1 && a.count == 2);
    ec_array_get(x, &a, 0, 2);
    assert_true(x[0] == 258 && x[1] == -2);
    ec_array_clear(&a);
    assert_ok(ec_idx_parse(&a, BYTES("\0\0\x0e\1\0\0\0\1\xbf\xf8\0\0\0\0\0\0"), "f", NULL, NULL),
              NULL);
    ec_array_get(x, &a, 0, 1);
    assert_true(x[0] == -1.5);
    ec_array_clear(&a);
}

static void bad_idx_is_refused(void **state)
{
    const char *no_idx = "not an idx file: it must begin with 0, 0, a type (8, 9, 11 to 14) and "
                         "the number of dimensions";
    (void)state;

    assert_refused(ec_idx_parse, BYTES(""), no_idx);
    assert_refused(ec_idx_parse, BYTES("\0\0\x0a\1\0\0\0\0"), no_idx);
    assert_refused(ec_idx_parse, BYTES("\1\0\x08\1\0\0\0\0"), no_idx);
    assert_refused(ec_idx_parse, BYTES("\0\0\x08\0"), "0 dimensions, must be 1 to 8");
    assert_refused(ec_idx_parse, BYTES("\0\0\x08\x09"), "9 dimensions, must be 1 to 8");
    assert_refused(ec_idx_parse, BYTES("\0\0\x08\2\0\0\0\1\0\0"), "file ends within its header");
    assert_refused(ec_idx_parse, BYTES("\0\0\x08\1\0\0\0\3ab"),
                   "2 bytes of data, but shape [3] of uint8 needs 3");
    assert_refused(ec_idx_parse, BYTES("\0\0\x08\1\0\0\0\3abcd"),
                   "4 bytes of data, but shape [3] of uint8 needs 3");
    assert_refused(ec_idx_parse,
                   BYTES("\0\0\x0e\3\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"),
                   "shape [4294967295, 4294967295, 4294967295] overflows");
}

static ec_status parse_idx(void *arg, ec_error *err)
{
    ec_array a;
    ec_status status = ec_idx_parse(&a, BYTES("\0\0\x08\1\0\0\0\2ab"), "f", arg, err);
    ec_array_clear(&a);
    return status;
}

static void idx_respects_memory(void **state)
{
    ec_run run = EC_RUN_INIT;
    ec_error err = {0};
    (void)state;

    assert_survives_oom(parse_idx, NULL);
    run.memory_bytes = 1;
    assert_int_equal(parse_idx(&run, &err), EC_ELIMIT);
}

/* ---------------------------------------------------------------------- npy */

/* An npy file of version 1 from header text and data; its size. */
static size_t make_npy(unsigned char *out, const char *header, const void *data, size_t size)
{
    size_t length = strlen(header);

    memcpy(out, "\x93NUMPY\x01\x00", 8);
    out[8] = (unsigned char)(length & 0xff);
    out[9] = (unsigned char)(length >> 8);
    memcpy(out + 10, header, length);
    if (size > 0)
        memcpy(out + 10 + length, data, size);
    return 10 + length + size;
}

static void npy_survives_a_file_in_every_type(void **state)
{
    const double values[6] = {0, 1, 1, 0, 1, 1};
    const size_t shape[2] = {2, 3};
    char path[512];
    double back[6];

    snprintf(path, sizeof path, "%s/a.npy", (const char *)*state);
    for (ec_dtype type = EC_BOOL; type <= EC_F64; type++) {
        ec_array a, b;
        assert_ok(ec_array_init(&a, type, 2, shape, NULL, NULL), NULL);
        ec_array_set(&a, 0, 6, values);
        assert_ok(ec_npy_write(&a, path, NULL), NULL);
        assert_ok(ec_npy_read(&b, path, NULL, NULL), NULL);
        assert_int_equal(b.type, type);
        assert_true(b.n_dims == 2 && b.shape[0] == 2 && b.shape[1] == 3);
        ec_array_get(back, &b, 0, 6);
        assert_memory_equal(back, values, sizeof values);
        ec_array_clear(&a);
        ec_array_clear(&b);
    }
}

static void numpy_reads_what_is_written_and_is_read(void **state)
{
    const char *folder = *state;
    char path[512];
    double x[6];
    ec_array a;

    if (shell("/usr/bin/python3 -c 'import numpy'")->status != 0)
        skip();
    snprintf(path, sizeof path, "%s/b.npy", folder);
    assert_ok(ec_array_init(&a, EC_I64, 1, (size_t[]){3}, NULL, NULL), NULL);
    ec_array_set(&a, 0, 3, (double[]){3, -1, 2});
    assert_ok(ec_npy_write(&a, path, NULL), NULL);
    ec_array_clear(&a);
    assert_exits(0,
                 "/usr/bin/python3 -c 'import numpy; a = numpy.load(\"%s\"); "
                 "print(a.dtype, a.shape, a.tolist())'",
                 path);
    assert_printed("int64 (3,) [3, -1, 2]\n");
    assert_exits(0,
                 "/usr/bin/python3 -c 'import numpy; numpy.save(\"%s\", "
                 "numpy.arange(6, dtype=\">f4\").reshape(3, 2).T)'",
                 path);
    assert_ok(ec_npy_read(&a, path, NULL, NULL), NULL);
    ec_array_get(x, &a, 0, 6);
    assert_memory_equal(x, ((double[]){0, 2, 4, 1, 3, 5}), sizeof x);
    assert_true(a.shape[0] == 2 && a.shape[1] == 3);
    ec_array_clear(&a);
}

static void fortran_order_becomes_row_major(void **state)
{
    unsigned char file[300];
    const unsigned char data[] = {0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6};
    double x[6];
    ec_array a;
    (void)state;

    size_t size = make_npy(file, "{'descr': '>u2', 'fortran_order': True, 'shape': (2, 3), }\n",
                           data, sizeof data);
    assert_ok(ec_npy_parse(&a, file, size, "f", NULL, NULL), NULL);
    ec_array_get(x, &a, 0, 6);
    assert_memory_equal(x, ((double[]){1, 3, 5, 2, 4, 6}), sizeof x);
    ec_array_clear(&a);
    size = make_npy(file, "{\"shape\":(),\"descr\":\"|u1\",\"fortran_order\":False}", "\7", 1);
    file[6] = 1;
    assert_ok(ec_npy_parse(&a, file, size, "f", NULL, NULL), NULL);
    assert_true(a.n_dims == 0 && a.count == 1 && *(unsigned char *)a.data == 7);
    ec_array_clear(&a);
}

static void bad_npy_headers_are_refused(void **state)
{
    static const char *const bad[][2] = {
        {"", ""},
        {"{'descr': '<f8', 'fortran_order': False}", ""},
        {"{'descr': '<c8', 'fortran_order': False, 'shape': (1,)}", "'<c8', 'fortran_order"},
        {"{'descr': '|O', 'fortran_order': False, 'shape': (1,)}", "'|O', 'fortran_order'"},
        {"{'descr': '|f8', 'fortran_order': False, 'shape': (1,)}", "'|f8', 'fortran_ord"},
        {"{'descr': '<f8', 'fortran_order': 0, 'shape': (1,)}", "0, 'shape': (1,)}"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (-1,)}", "-1,)}"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (1,)} x", "x"},
        {"{'descr': '<f8', 'descr': '<f8', 'shape': (1,)}", " '<f8', 'shape': (1,)}"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,1)}", "1)}"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999999999999,)}", ",)}"},
        {"{'descr': '<f8", "'<f8"},
    };
    unsigned char file[300];
    (void)state;

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        ec_array a;
        ec_error err = {0};
        size_t size = make_npy(file, bad[i][0], NULL, 0);
        assert_int_equal(ec_npy_parse(&a, file, size, "f", NULL, &err), EC_EPARSE);
        assert_null(a.data);
        char prefix[80];
        snprintf(prefix, sizeof prefix, "npy header: cannot read from '%.18s", bad[i][1]);
        if (strncmp(err.msg, prefix, strlen(prefix)) != 0)
            fail_msg("%s\n%s\n%s", bad[i][0], err.msg, prefix);
    }
}

static void bad_npy_files_are_refused(void **state)
{
    const char *header = "{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }\n";
    const char *no_npy = "not an npy file of version 1 to 3, or cut short within its header";
    unsigned char file[300] = {0};
    (void)state;

    size_t size = make_npy(file, header, "0123456789abcdef", 16);
    for (size_t cut = 0; cut < size - 16; cut++)
        assert_refused(ec_npy_parse, file, cut, no_npy);
    assert_refused(ec_npy_parse, file, size - 1,
                   "15 bytes of data, but shape [2] of float64 "
                   "needs 16");
    file[6] = 4;
    assert_refused(ec_npy_parse, file, size, no_npy);
    size = make_npy(file,
                    "{'descr': '<f8', 'fortran_order': False, 'shape': (4294967296, "
                    "4294967296)}",
                    NULL, 0);
    assert_refused(ec_npy_parse, file, size, "shape [4294967296, 4294967296] overflows");
}

static void arrays_refuse_sizes_that_overflow(void **state)
{
    ec_array a;
    ec_error err = {0};
    const size_t shape[3] = {SIZE_MAX, 2, 0};
    char text[8];
    (void)state;

    assert_int_equal(ec_array_init(&a, EC_F64, 2, shape, NULL, &err), EC_ELIMIT);
    assert_ok(ec_array_init(&a, EC_F64, 3, shape, NULL, NULL), NULL); /* no elements */
    assert_int_equal(a.count, 0);
    ec_array_clear(&a);
    err = (ec_error){0};
    assert_int_equal(ec_array_init(&a, EC_F64, 9, shape, NULL, &err), EC_EINVAL);
    assert_string_equal(ec_shape_print(text, sizeof text, (size_t[]){12, 345678}, 2), "[12, 34");
}

int main(void)
{
#define IN_FOLDER(test)                                                                            \
    cmocka_unit_test_setup_teardown(test, shell_make_folder, shell_remove_folder)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(idx_elements_are_big_endian),
        cmocka_unit_test(bad_idx_is_refused),
        cmocka_unit_test(idx_respects_memory),
        IN_FOLDER(npy_survives_a_file_in_every_type),
        IN_FOLDER(numpy_reads_what_is_written_and_is_read),
        cmocka_unit_test(fortran_order_becomes_row_major),
        cmocka_unit_test(bad_npy_headers_are_refused),
        cmocka_unit_test(bad_npy_files_are_refused),
        cmocka_unit_test(arrays_refuse_sizes_that_overflow),
    };
    return cmocka_run_group_tests_name("io: arrays", tests, NULL, NULL);
}
