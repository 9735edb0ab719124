/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "check.h"

#include <math.h>
#include <string.h>

static void first_report_wins(void **state)
{
    (void)state;
    ec_error err = {0};

    assert_int_equal(ec_fail(&err, EC_EINVAL, "width %d", 0), EC_EINVAL);
    assert_int_equal(ec_fail(&err, EC_EIO, "later"), EC_EIO);
    assert_int_equal(err.status, EC_EINVAL);
    assert_string_equal(err.msg, "width 0");
    assert_int_equal(ec_fail(NULL, EC_EIO, "nobody listens"), EC_EIO);
    assert_string_equal(ec_status_text((ec_status)99), "unknown status");
}

static void a_fault_of_a_file_names_it(void **state)
{
    (void)state;
    ec_error err = {0};
    char path[1000];

    assert_int_equal(ec_fail_file(&err, EC_EPARSE, "a.npy", "too short: %d bytes", 3), EC_EPARSE);
    assert_string_equal(err.file, "a.npy");
    assert_string_equal(err.msg, "too short: 3 bytes");
    assert_int_equal(ec_fail_file(&err, EC_EIO, "b.npy", "later"), EC_EIO);
    assert_string_equal(err.file, "a.npy");
    memset(path, 'x', sizeof path);
    memcpy(path + sizeof path - 7, "/c.npy", 7);
    err = (ec_error){0};
    assert_int_equal(ec_fail_file(&err, EC_EIO, path, "gone"), EC_EIO);
    assert_int_equal(strlen(err.file), sizeof err.file - 1);
    assert_string_equal(strrchr(err.file, '/'), "/c.npy");
}

static void overflowing_products_are_out_of_memory(void **state)
{
    (void)state;
    ec_error err = {0};

    assert_null(ec_calloc(SIZE_MAX / 2, 4, &err));
    assert_int_equal(err.status, EC_ENOMEM);
}

static ec_status copy_sites(void *arg, ec_error *err)
{
    ec_sites copy;
    ec_status status = ec_sites_copy(&copy, arg, err);
    ec_sites_clear(&copy);
    return status;
}

static void sites_are_counted_and_copied(void **state)
{
    (void)state;
    ec_sites a, b;

    assert_ok(ec_sites_init(&a, 130, NULL), NULL);
    ec_sites_add(&a, 0);
    ec_sites_add(&a, 64);
    ec_sites_add(&a, 129);
    ec_sites_remove(&a, 64);
    assert_ok(ec_sites_copy(&b, &a, NULL), NULL);
    assert_int_equal(ec_sites_count(&b), 2);
    assert_true(ec_sites_has(&b, 129) && !ec_sites_has(&b, 64));
    assert_survives_oom(copy_sites, &a);
    ec_sites_clear(&a);
    ec_sites_clear(&b);
}

static void random_numbers_repeat_with_their_seed(void **state)
{
    (void)state;
    ec_rng a, b;
    double mean = 0, square = 0;
    const int n = 100000;

    ec_rng_seed(&a, 7);
    ec_rng_seed(&b, 7);
    for (int i = 0; i < 100; i++) {
        assert_true(ec_rng_u64(&a) == ec_rng_u64(&b));
        assert_true(ec_rng_below(&a, 3) == ec_rng_below(&b, 3) && ec_rng_below(&a, 1) == 0);
        ec_rng_below(&b, 1);
    }
    for (int i = 0; i < n; i++) {
        double x = ec_rng_normal(&a);
        mean += x / n;
        square += x * x / n;
    }
    assert_close(mean, 0.0, 0.02);
    assert_close(square, 1.0, 0.03);
}

static void shuffle_keeps_every_item(void **state)
{
    (void)state;
    uint32_t items[100], seen[100] = {0}, moved = 0;
    ec_rng rng;

    ec_rng_seed(&rng, check_seed());
    for (uint32_t i = 0; i < 100; i++)
        items[i] = i;
    ec_rng_shuffle(&rng, items, 100);
    for (uint32_t i = 0; i < 100; i++) {
        seen[items[i]]++;
        moved += items[i] != i;
    }
    for (uint32_t i = 0; i < 100; i++)
        assert_int_equal(seen[i], 1);
    assert_true(moved > 50);
}

static bool stop_at_once(void *arg, const char *what, double done, double total)
{
    (void)what;
    *(double *)arg = done / total;
    return false;
}

static void a_run_can_be_stopped_and_limited(void **state)
{
    (void)state;
    double reached = 0;
    ec_run run = EC_RUN_INIT;
    ec_error err = {0};

    assert_ok(ec_run_step(&run, "work", 1, 4, &err), &err);
    run.progress = stop_at_once;
    run.progress_arg = &reached;
    assert_int_equal(ec_run_step(&run, "work", 1, 4, &err), EC_ECANCEL);
    assert_close(reached, 0.25, 0);
    err = (ec_error){0};
    run.memory_bytes = 1 << 20;
    assert_ok(ec_run_reserve(&run, "table", 1 << 20, &err), &err);
    assert_int_equal(ec_run_reserve(&run, "table", 2 << 20, &err), EC_ELIMIT);
    assert_string_equal(err.msg, "table: needs about 2 MiB, the memory limit is 1 MiB");
}

static void sizes_read_as_three_digits_and_a_unit(void **state)
{
    static const struct {
        double bytes;
        const char *text;
    } sizes[] = {
        {0, "0 B"},
        {999, "999 B"},
        {1000, "0.977 KiB"},
        {1024, "1 KiB"},
        {1047552, "0.999 MiB"},
        {4294967296.0, "4 GiB"},
        {2.953e10, "27.5 GiB"},
        {0x1p60, "1.05e+06 TiB"},
    };
    char text[EC_SIZE_TEXT];

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        assert_string_equal(ec_size_text(text, sizes[i].bytes), sizes[i].text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_report_wins),
        cmocka_unit_test(a_fault_of_a_file_names_it),
        cmocka_unit_test(overflowing_products_are_out_of_memory),
        cmocka_unit_test(sites_are_counted_and_copied),
        cmocka_unit_test(random_numbers_repeat_with_their_seed),
        cmocka_unit_test(shuffle_keeps_every_item),
        cmocka_unit_test(a_run_can_be_stopped_and_limited),
        cmocka_unit_test(sizes_read_as_three_digits_and_a_unit),
    };
    return cmocka_run_group_tests_name("core", tests, NULL, NULL);
}
