/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "shell.h"

#include "entcap/io.h"

#include <stdio.h>
#include <string.h>

/* A file from its header and `size` bytes 0, 1, 2, ..; in static memory. */
static const unsigned char *file_of(const char *header, size_t size, size_t *total)
{
    static unsigned char file[4096];
    size_t length = strlen(header);

    memset(file, 0, 8);
    file[0] = (unsigned char)(length & 0xff);
    file[1] = (unsigned char)(length >> 8);
    memcpy(file + 8, header, length);
    for (size_t i = 0; i < size; i++)
        file[8 + length + i] = (unsigned char)i;
    *total = 8 + length + size;
    return file;
}

static void assert_refused(const char *header, size_t size, const char *msg)
{
    ec_tensors tensors;
    ec_error err = {0};
    size_t total;
    const unsigned char *file = file_of(header, size, &total);

    assert_int_equal(ec_safetensors_parse(&tensors, file, total, "w", NULL, &err), EC_EPARSE);
    assert_true(tensors.n == 0 && tensors.items == NULL);
    assert_string_equal(err.file, "w");
    assert_string_equal(err.msg, msg);
}

static const char *const GOOD =
    "{\"b\":{\"dtype\":\"F64\",\"shape\":[1,2],\"data_offsets\":[8,24]},"
    "\"__metadata__\":{\"format\":\"pt\"},"
    "\"a\":{\"shape\":[2],\"data_offsets\":[0,8],\"dtype\":\"F32\"}}      ";

static void tensors_are_found_whatever_their_order(void **state)
{
    ec_tensors t;
    ec_error err = {0};
    size_t total;
    const unsigned char *file = file_of(GOOD, 24, &total);
    (void)state;

    assert_ok(ec_safetensors_parse(&t, file, total, "w", NULL, &err), &err);
    assert_int_equal(t.n, 2);
    assert_string_equal(t.items[0].name, "a");
    const ec_tensor *b = ec_tensors_find(&t, "b");
    assert_non_null(b);
    assert_null(ec_tensors_find(&t, "__metadata__"));
    assert_true(b->array.type == EC_F64 && b->array.n_dims == 2 && b->array.shape[1] == 2);
    assert_memory_equal(b->array.data, file + total - 16, 16);
    assert_memory_equal(t.items[0].array.data, file + total - 24, 8);
    ec_tensors_clear(&t);
}

static void every_cut_of_a_file_is_refused(void **state)
{
    size_t total;
    const unsigned char *file = file_of(GOOD, 24, &total);
    (void)state;

    for (size_t cut = 0; cut < total; cut++) {
        ec_tensors t;
        ec_error err = {0};
        assert_int_equal(ec_safetensors_parse(&t, file, cut, "w", NULL, &err), EC_EPARSE);
        assert_null(t.items);
    }
}

static void bad_lengths_of_the_header_are_refused(void **state)
{
    ec_tensors t;
    ec_error err = {0};
    (void)state;

    assert_int_equal(ec_safetensors_parse(&t,
                                          (const unsigned char *)"\xff\xff\xff\xff\xff\xff\xff"
                                                                 "\xff{}",
                                          10, "w", NULL, &err),
                     EC_EPARSE);
    assert_string_equal(err.msg, "not a safetensors file: 10 bytes cannot hold a header of "
                                 "18446744073709551615");
    err = (ec_error){0};
    assert_int_equal(ec_safetensors_parse(&t, NULL, 0, "w", NULL, &err), EC_EPARSE);
    assert_refused("[]", 0, "header must be a JSON object");
}

#define ONE(dtype, shape, range)                                                                   \
    "{\"a\":{\"dtype\":\"" dtype "\",\"shape\":" shape ",\"data_offsets\":" range "}}"

static void bad_entries_are_refused_by_name(void **state)
{
    (void)state;

    assert_refused(ONE("BF16", "[1]", "[0,2]"), 2, "tensor 'a': dtype BF16, must be F32 or F64");
    assert_refused("{\"a\":{\"dtype\":7,\"shape\":[],\"data_offsets\":[0,4]}}", 4,
                   "tensor 'a': dtype (none), must be F32 or F64");
    assert_refused("{\"a\":{\"dtype\":\"F32\"}}", 0,
                   "tensor 'a': must have dtype, shape and data_offsets");
    assert_refused(ONE("F32", "[1,1,1,1,1,1,1,1,1]", "[0,4]"), 4,
                   "tensor 'a': shape must be a list of at most 8 sizes");
    assert_refused(ONE("F32", "[1,-1]", "[0,4]"), 4,
                   "tensor 'a': size 1 of the shape is not an integer >= 0");
    assert_refused(ONE("F32", "[1.0]", "[0,4]"), 4,
                   "tensor 'a': size 0 of the shape is not an integer >= 0");
    assert_refused(ONE("F32", "[1]", "[4,0]"), 4,
                   "tensor 'a': data_offsets must be [begin, end], 0 <= begin <= end");
    assert_refused(ONE("F32", "[1]", "[0]"), 4,
                   "tensor 'a': data_offsets must be [begin, end], 0 <= begin <= end");
    assert_refused(ONE("F32", "[3]", "[0,8]"), 8,
                   "tensor 'a': data_offsets span 8 bytes, its shape needs 12");
    assert_refused(ONE("F32", "[4294967296,4294967296]", "[0,0]"), 0,
                   "tensor 'a': shape overflows");
}

static void data_must_be_covered_without_gap_or_overlap(void **state)
{
    (void)state;

    assert_refused(ONE("F32", "[1]", "[4,8]"), 8,
                   "tensor 'a' begins at byte 4 of the data, must begin at 0");
    assert_refused(ONE("F32", "[1]", "[0,4]"), 5,
                   "the tensors take 4 bytes, but 5 follow the header");
    assert_refused(ONE("F32", "[2]", "[0,8]"), 4,
                   "the tensors take 8 bytes, but 4 follow the header");
    assert_refused("{}", 1, "the tensors take 0 bytes, but 1 follow the header");
    assert_refused("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},"
                   "\"b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[4,12]}}",
                   12, "tensor 'b' begins at byte 4 of the data, must begin at 8");
}

static void names_that_repeat_are_refused(void **state)
{
    ec_tensors t;
    ec_error err = {0};
    size_t total;
    const unsigned char *file = file_of(
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]},\"a\":{}}", 0, &total);
    (void)state;

    assert_int_equal(ec_safetensors_parse(&t, file, total, "w", NULL, &err), EC_EPARSE);
    assert_non_null(strstr(err.msg, "header is not JSON: duplicate object key"));
}

static ec_status parse_good(void *arg, ec_error *err)
{
    ec_tensors t;
    size_t total;
    const unsigned char *file = file_of(GOOD, 24, &total);
    ec_status status = ec_safetensors_parse(&t, file, total, "w", arg, err);

    ec_tensors_clear(&t);
    return status;
}

static void reading_respects_memory(void **state)
{
    ec_run run = EC_RUN_INIT;
    ec_error err = {0};
    (void)state;

    assert_survives_oom(parse_good, NULL);
    run.memory_bytes = 4;
    assert_int_equal(parse_good(&run, &err), EC_ELIMIT);
}

static void what_is_written_is_read(void **state)
{
    char path[512];
    ec_tensor items[2] = {{.name = (char[]){"x \"quoted\""}}, {.name = (char[]){"empty"}}};
    const ec_tensors out = {items, 2};
    ec_tensors back;
    ec_error err = {0};

    snprintf(path, sizeof path, "%s/w.safetensors", (const char *)*state);
    assert_ok(ec_array_init(&items[0].array, EC_F64, 2, (size_t[]){3, 1}, NULL, NULL), NULL);
    assert_ok(ec_array_init(&items[1].array, EC_F32, 1, (size_t[]){0}, NULL, NULL), NULL);
    ec_array_set(&items[0].array, 0, 3, (double[]){0.1, -2, 1e300});
    assert_ok(ec_safetensors_write(&out, path, &err), &err);
    assert_ok(ec_safetensors_read(&back, path, NULL, &err), &err);
    const ec_tensor *x = ec_tensors_find(&back, items[0].name);
    assert_non_null(x);
    assert_non_null(ec_tensors_find(&back, "empty"));
    assert_true(x->array.n_dims == 2 && x->array.shape[0] == 3);
    assert_memory_equal(x->array.data, items[0].array.data, 24);
    ec_tensors_clear(&back);
    ec_array_clear(&items[0].array);
    ec_array_clear(&items[1].array);
    ec_bytes raw;
    assert_ok(ec_file_read(&raw, path, NULL, NULL), NULL);
    assert_int_equal(raw.data[0] % 8, 0); /* so that the data are aligned */
    ec_bytes_clear(&raw);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tensors_are_found_whatever_their_order),
        cmocka_unit_test(every_cut_of_a_file_is_refused),
        cmocka_unit_test(bad_lengths_of_the_header_are_refused),
        cmocka_unit_test(bad_entries_are_refused_by_name),
        cmocka_unit_test(data_must_be_covered_without_gap_or_overlap),
        cmocka_unit_test(names_that_repeat_are_refused),
        cmocka_unit_test(reading_respects_memory),
        cmocka_unit_test_setup_teardown(what_is_written_is_read, shell_make_folder,
                                        shell_remove_folder),
    };
    return cmocka_run_group_tests_name("io: safetensors", tests, NULL, NULL);
}
