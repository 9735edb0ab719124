/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "shell.h"

#include "entcap/io.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static ec_status parse(ec_csv *out, const char *text, const ec_run *run, ec_error *err)
{
    return ec_csv_parse(out, (const unsigned char *)text, strlen(text), "f", run, err);
}

static void assert_refused(const char *text, int line, int col, const char *msg)
{
    ec_csv csv;
    ec_error err = {0};

    assert_int_equal(parse(&csv, text, NULL, &err), EC_EPARSE);
    assert_string_equal(err.msg, msg);
    assert_string_equal(err.file, "f");
    assert_true(err.line == line && err.col == col);
    assert_true(csv.name == NULL && csv.cells.data == NULL);
}

static void header_is_a_first_row_with_a_word_in_it(void **state)
{
    ec_csv csv;
    ec_error err = {0};
    (void)state;

    assert_ok(parse(&csv, "1,\"a \"\"b\"\"\"\r\n\n2,-3e1\n4,nan", NULL, &err), &err);
    assert_true(csv.cells.shape[0] == 2 && csv.cells.shape[1] == 2 && csv.cells.count == 4);
    assert_string_equal(csv.name[0], "1");
    assert_string_equal(csv.name[1], "a \"b\"");
    const double *cell = csv.cells.data;
    assert_true(cell[0] == 2 && cell[1] == -30 && cell[2] == 4 && isnan(cell[3]));
    ec_csv_clear(&csv);
    assert_ok(parse(&csv, "1,2\n3,4\n", NULL, &err), &err);
    assert_true(csv.name == NULL && csv.cells.shape[0] == 2);
    ec_csv_clear(&csv);
}

static void bad_tables_are_refused(void **state)
{
    (void)state;
    assert_refused("", 0, 0, "no rows of numbers");
    assert_refused("a,b\n", 0, 0, "no rows of numbers");
    assert_refused("a,b\n1,2\n3,x\n", 3, 3, "field 2 is 'x', must be a number");
    assert_refused("1,2\r\n\r\n3,", 3, 3, "field 2 is '', must be a number");
    assert_refused("1,2\n3\n", 2, 1, "1 fields, must be 2 as in the first row");
    assert_refused("1,2\n3,4,5\n", 2, 1, "3 fields, must be 2 as in the first row");
    assert_refused("1,2\n3,4\"\n", 2, 3, "a quote out of place, or one that is not closed");
    assert_refused("1,2\n3,\"4\n", 2, 3, "a quote out of place, or one that is not closed");
    /* commas and ends of lines within quotes */
    assert_refused("\"a,\nb\",c\n1,2\n\"3\",x\n", 4, 5, "field 2 is 'x', must be a number");
    assert_refused("\"a,\",c\n1,2\n3,\"4\n,\"\n", 4, 1, "field 2 is '4\n,', must be a number");
}

static void places_are_quoted(void **state)
{
    char text[1200] = "a,b\n";
    ec_csv csv;
    ec_error err = {0};
    (void)state;

    assert_int_equal(parse(&csv, "a,b\n1, y\n5,6\n", NULL, &err), EC_EPARSE);
    assert_string_equal(err.source, "1, y");
    assert_int_equal(err.caret, 2);
    for (size_t i = 4; i < 1000; i++)
        text[i] = '1';
    memcpy(text + 1000, ",z2345", 7);
    err = (ec_error){0};
    assert_int_equal(parse(&csv, text, NULL, &err), EC_EPARSE);
    assert_true(err.line == 2 && err.col == 998);
    assert_string_equal(err.source + err.caret, "z2345");
}

static void zero_bytes_are_refused(void **state)
{
    ec_csv csv;
    ec_error err = {0};
    (void)state;

    assert_int_equal(
        ec_csv_parse(&csv, (const unsigned char *)"1,2\n3,\0004\n", 9, "f", NULL, &err), EC_EPARSE);
    assert_string_equal(err.msg, "a zero byte");
    assert_true(err.line == 2 && err.col == 3);
}

static void columns_are_found_by_name_or_number(void **state)
{
    ec_csv csv;
    size_t column = 9;
    ec_error err = {0};
    (void)state;

    assert_ok(parse(&csv, "width,height,1\n1,2,3\n", NULL, &err), &err);
    assert_ok(ec_csv_column(&column, &csv, "height", &err), &err);
    assert_int_equal(column, 1);
    assert_ok(ec_csv_column(&column, &csv, "1", &err), &err);
    assert_int_equal(column, 2); /* a name wins over a number */
    assert_ok(ec_csv_column(&column, &csv, "0", &err), &err);
    assert_int_equal(column, 0);
    assert_int_equal(ec_csv_column(&column, &csv, "heigth", &err), EC_EINVAL);
    assert_string_equal(err.msg, "no column 'heigth' among 3; did you mean 'height'?");
    err = (ec_error){0};
    assert_int_equal(ec_csv_column(&column, &csv, "3", &err), EC_EINVAL);
    ec_csv_clear(&csv);
}

static void what_is_written_reads_back_the_same(void **state)
{
    static char plain[] = "x", odd[] = "a,\"b\"\nc";
    char *names[] = {plain, odd, plain};
    const double values[6] = {0.1, 1.0 / 3, -2.5e-300, 1e22, 0, 123456789.123456789};
    char path[512];
    ec_array a;
    ec_csv csv;
    ec_error err = {0};

    snprintf(path, sizeof path, "%s/t.csv", (const char *)*state);
    assert_ok(ec_array_init(&a, EC_F64, 2, (size_t[]){2, 3}, NULL, NULL), NULL);
    ec_array_set(&a, 0, 6, values);
    assert_ok(ec_csv_write(&a, names, path, &err), &err);
    assert_ok(ec_csv_read(&csv, path, NULL, &err), &err);
    assert_memory_equal(csv.cells.data, values, sizeof values);
    assert_string_equal(csv.name[1], odd);
    ec_csv_clear(&csv);
    assert_ok(ec_csv_write(&a, NULL, path, &err), &err);
    assert_ok(ec_csv_read(&csv, path, NULL, &err), &err);
    assert_null(csv.name);
    assert_memory_equal(csv.cells.data, values, sizeof values);
    ec_csv_clear(&csv);
    a.n_dims = 1;
    assert_int_equal(ec_csv_write(&a, NULL, path, &err), EC_EINVAL);
    ec_array_clear(&a);
}

/* ---------------------------------------------------------------------- idx */

static void idx_is_written_as_it_is_read(void **state)
{
    static const ec_dtype types[] = {EC_U8, EC_I8, EC_I16, EC_I32, EC_F32, EC_F64};
    const double values[6] = {1, 2, 3, 100, 5, 127};
    char path[512];
    ec_array a, b;
    ec_error err = {0};

    snprintf(path, sizeof path, "%s/a.idx", (const char *)*state);
    for (size_t t = 0; t < sizeof types / sizeof *types; t++) {
        assert_ok(ec_array_init(&a, types[t], 3, (size_t[]){3, 1, 2}, NULL, NULL), NULL);
        ec_array_set(&a, 0, 6, values);
        assert_ok(ec_idx_write(&a, path, &err), &err);
        assert_ok(ec_idx_read(&b, path, NULL, &err), &err);
        assert_true(b.type == types[t] && b.n_dims == 3 && b.shape[0] == 3 && b.shape[2] == 2);
        assert_memory_equal(a.data, b.data, 6 * ec_dtype_size(types[t]));
        ec_array_clear(&a);
        ec_array_clear(&b);
    }
    assert_ok(ec_array_init(&a, EC_I64, 1, (size_t[]){2}, NULL, NULL), NULL);
    assert_int_equal(ec_idx_write(&a, path, &err), EC_EINVAL);
    assert_string_equal(err.msg,
                        "idx cannot hold int64, only uint8, int8, int16, int32 and floats");
    ec_array_clear(&a);
}

/* ------------------------------------------------------------------- memory */

static ec_status parse_table(void *arg, ec_error *err)
{
    ec_csv csv;
    ec_status status = parse(&csv, arg, NULL, err);

    ec_csv_clear(&csv);
    return status;
}

static void every_failed_allocation_is_reported(void **state)
{
    static char text[] = "a,b\n1,2\n3,4\n";
    (void)state;

    assert_survives_oom(parse_table, text);
}

static void memory_is_respected(void **state)
{
    ec_run run = EC_RUN_INIT;
    ec_csv csv;
    ec_error err = {0};
    (void)state;

    run.memory_bytes = 100;
    assert_int_equal(parse(&csv, "1,2\n", &run, &err), EC_ELIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(header_is_a_first_row_with_a_word_in_it),
        cmocka_unit_test(bad_tables_are_refused),
        cmocka_unit_test(places_are_quoted),
        cmocka_unit_test(zero_bytes_are_refused),
        cmocka_unit_test(columns_are_found_by_name_or_number),
        cmocka_unit_test_setup_teardown(what_is_written_reads_back_the_same, shell_make_folder,
                                        shell_remove_folder),
        cmocka_unit_test_setup_teardown(idx_is_written_as_it_is_read, shell_make_folder,
                                        shell_remove_folder),
        cmocka_unit_test(every_failed_allocation_is_reported),
        cmocka_unit_test(memory_is_respected),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
