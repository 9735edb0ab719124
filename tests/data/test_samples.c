/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "shell.h"

#include "entcap/data.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static char paths[2][512];

/* FOLDER/NAME, good until the second next call. */
static const char *in_folder(void **state, const char *name)
{
    static int next;

    next = !next;
    snprintf(paths[next], sizeof paths[next], "%s/%s", (const char *)*state, name);
    return paths[next];
}

static void write_npy(const char *path, ec_dtype type, size_t n_dims, const size_t *shape,
                      const double *values)
{
    ec_array a;

    assert_ok(ec_array_init(&a, type, n_dims, shape, NULL, NULL), NULL);
    ec_array_set(&a, 0, a.count, values);
    assert_ok(ec_npy_write(&a, path, NULL), NULL);
    ec_array_clear(&a);
}

static void assert_refused(const ec_samples_source *source, ec_status status, const char *msg)
{
    ec_samples s;
    ec_error err = {0};

    assert_int_equal(ec_samples_read(&s, source, NULL, &err), status);
    assert_string_equal(err.msg, msg);
    assert_true(s.n == 0 && s.values.data == NULL && s.label == NULL && s.scale == NULL);
}

/* ------------------------------------------------------------------ readable */

static void bytes_count_from_0_to_1_and_squares_become_grids(void **state)
{
    const double values[8] = {0, 51, 255, 102, 0, 0, 0, 255}, labels[2] = {3, 0};
    ec_samples_source source = {
        .x = in_folder(state, "x.npy"), .y = in_folder(state, "y.npy"), .n_dims = 2};
    ec_samples s;
    ec_error err = {0};
    double row[4];

    write_npy(source.x, EC_U8, 2, (size_t[]){2, 4}, values);
    write_npy(source.y, EC_I64, 1, (size_t[]){2}, labels);
    assert_ok(ec_samples_read(&s, &source, NULL, &err), &err);
    assert_true(s.n == 2 && s.grid[0] == 2 && s.grid[1] == 2 && s.labels == 4 && s.label[0] == 3);
    ec_samples_row(row, &s, 0);
    assert_close(row[1], 0.2, 1e-15);
    assert_close(row[2], 1, 1e-15);
    ec_samples_clear(&s);
    source.n_dims = 1;
    source.limit = 1;
    assert_ok(ec_samples_read(&s, &source, NULL, &err), &err);
    assert_true(s.n == 1 && s.grid[0] == 1 && s.grid[1] == 4);
    ec_samples_clear(&s);
}

static void extremes_of_each_feature_become_0_and_1(void **state)
{
    const ec_samples_source source = {.x = in_folder(state, "t.csv"), .n_dims = 1, .minmax = true};
    ec_samples s;
    ec_error err = {0};
    double row[3];

    shell_write(*state, "t.csv", "a,b,c,label\n-5,7,1,0\n5,7,3,1\n0,7,2,1\n");
    assert_ok(ec_samples_read(&s, &source, NULL, &err), &err);
    assert_true(s.n == 3 && s.grid[1] == 3 && s.labels == 2 && s.label[2] == 1);
    ec_samples_row(row, &s, 2);
    assert_close(row[0], 0.5, 1e-15);
    assert_close(row[1], 0, 0); /* constant */
    assert_close(row[2], 0.5, 1e-15);
    ec_samples_row(row, &s, 1);
    assert_true(row[0] == 1 && row[2] == 1);
    ec_samples_clear(&s);
}

static void labels_stand_in_any_column(void **state)
{
    ec_samples_source source = {.x = in_folder(state, "t.csv"), .n_dims = 1, .column = "kind"};
    ec_samples s;
    ec_error err = {0};
    double row[2];

    shell_write(*state, "t.csv", "a,kind,b\n0.25,4,0.5\n0.75,2,1\n");
    assert_ok(ec_samples_read(&s, &source, NULL, &err), &err);
    assert_true(s.labels == 5 && s.label[0] == 4 && s.label[1] == 2);
    ec_samples_row(row, &s, 1);
    assert_true(row[0] == 0.75 && row[1] == 1);
    ec_samples_clear(&s);
    source.column = NULL;
    source.unlabelled = true;
    source.minmax = true;
    assert_ok(ec_samples_read(&s, &source, NULL, &err), &err);
    assert_true(s.grid[1] == 3 && s.label == NULL);
    ec_samples_clear(&s);
}

/* ----------------------------------------------------------------- refusals */

static void shapes_that_are_no_samples_are_refused(void **state)
{
    const double values[16] = {0};
    ec_samples_source source = {.x = in_folder(state, "x.npy"), .unlabelled = true, .n_dims = 1};

    write_npy(source.x, EC_F32, 1, (size_t[]){4}, values);
    assert_refused(&source, EC_EPARSE,
                   "shape [4], must be [samples, features] or [samples, height, width]");
    write_npy(source.x, EC_F32, 4, (size_t[]){2, 2, 2, 2}, values);
    assert_refused(&source, EC_EPARSE,
                   "shape [2, 2, 2, 2], must be [samples, features] or [samples, height, width]");
    write_npy(source.x, EC_F32, 2, (size_t[]){0, 4}, values);
    assert_refused(&source, EC_EPARSE,
                   "shape [0, 4], must be [samples, features] or [samples, height, width]");
    write_npy(source.x, EC_F32, 2, (size_t[]){2, 8}, values);
    source.n_dims = 2;
    assert_refused(&source, EC_EPARSE,
                   "8 features are no square: 2-D needs [samples, height, width]");
}

static void numbers_out_of_range_are_refused(void **state)
{
    double values[4] = {0, 1, -0.5, 1};
    ec_samples_source source = {.x = in_folder(state, "x.npy"), .unlabelled = true, .n_dims = 1};

    write_npy(source.x, EC_F64, 2, (size_t[]){2, 2}, values);
    assert_refused(&source, EC_EPARSE,
                   "sample 1: feature 0 is -0.5, must lie in [0, 1] (--scale minmax brings it "
                   "there)");
    values[2] = INFINITY;
    write_npy(source.x, EC_F64, 2, (size_t[]){2, 2}, values);
    assert_refused(&source, EC_EPARSE, "sample 1: feature 0 is inf, must be a number");
    source.minmax = true;
    assert_refused(&source, EC_EPARSE, "sample 1: feature 0 is inf, must be a number");
}

static void labels_that_are_none_are_refused(void **state)
{
    const double values[4] = {0, 1, 0, 1}, half[2] = {0, 0.5}, negative[2] = {-1, 0};
    ec_samples_source source = {
        .x = in_folder(state, "x.npy"), .y = in_folder(state, "y.npy"), .n_dims = 1};

    write_npy(source.x, EC_F64, 2, (size_t[]){2, 2}, values);
    write_npy(source.y, EC_F64, 1, (size_t[]){2}, half);
    assert_refused(&source, EC_EPARSE, "label 1 is 0.5, must be an integer from 0 to 1048575");
    write_npy(source.y, EC_F64, 1, (size_t[]){2}, negative);
    assert_refused(&source, EC_EPARSE, "label 0 is -1, must be an integer from 0 to 1048575");
    write_npy(source.y, EC_F64, 1, (size_t[]){1}, half);
    assert_refused(&source, EC_EPARSE, "1 labels for 2 samples");
    source.y = NULL;
    assert_refused(&source, EC_EINVAL,
                   "no labels: --y must name their file; only CSV has them as a column");
    shell_write(*state, "one.csv", "1\n2\n");
    source.x = in_folder(state, "one.csv");
    assert_refused(&source, EC_EPARSE, "one column, must be features and labels");
}

static ec_status read_table(void *arg, ec_error *err)
{
    const ec_samples_source source = {.x = arg, .n_dims = 1, .minmax = true};
    ec_samples s;
    ec_status status = ec_samples_read(&s, &source, NULL, err);

    ec_samples_clear(&s);
    return status;
}

static void every_failed_allocation_is_reported(void **state)
{
    char path[512];

    snprintf(path, sizeof path, "%s", in_folder(state, "t.csv"));
    shell_write(*state, "t.csv", "a,b\n1,0\n2,1\n");
    assert_survives_oom(read_table, path);
}

#define in_a_folder(test)                                                                          \
    cmocka_unit_test_setup_teardown(test, shell_make_folder, shell_remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_a_folder(bytes_count_from_0_to_1_and_squares_become_grids),
        in_a_folder(extremes_of_each_feature_become_0_and_1),
        in_a_folder(labels_stand_in_any_column),
        in_a_folder(shapes_that_are_no_samples_are_refused),
        in_a_folder(numbers_out_of_range_are_refused),
        in_a_folder(labels_that_are_none_are_refused),
        in_a_folder(every_failed_allocation_is_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
