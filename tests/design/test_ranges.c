/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "check.h"

#include <stdio.h>
#include <string.h>

#include "entcap/design.h"

static const char *const description = "name: t\ninput: {shape: [4], channels: 3}\nlayers:\n"
                                       "  - conv: {channels: 5}\n  - pool: {window: 2}\n"
                                       "  - conv: {channels: 7}\n  - pool: {window: 2}\n"
                                       "  - dense: {outputs: 2}\n";

static int make(void **state)
{
    ec_arch *arch;
    ec_error err = {0};

    assert_ok(ec_arch_parse(&arch, description, strlen(description), "t.yaml", &err), &err);
    *state = arch;
    return 0;
}

static int unmake(void **state)
{
    ec_arch_free(*state);
    return 0;
}

/* The values of all levels after one setting: "3 / 5 / 8 16". */
static void assert_values(const ec_arch *arch, const char *setting, const char *expected)
{
    ec_ranges ranges;
    ec_error err = {0};
    ec_text text = {0};

    assert_ok(ec_ranges_init(&ranges, arch, &err), &err);
    if (setting != NULL)
        assert_ok(ec_ranges_set(&ranges, arch, setting, &err), &err);
    for (size_t l = 0; l < ranges.n_levels; l++) {
        ec_text_puts(&text, l == 0 ? "" : " /");
        for (size_t i = 0; i < ranges.level[l].n; i++)
            ec_text_printf(&text, "%s%u", l + i == 0 ? "" : " ", ranges.level[l].values[i]);
    }
    assert_string_equal(ec_text_get(&text), expected);
    ec_text_clear(&text);
    ec_ranges_clear(&ranges);
}

static void a_setting_is_a_list_of_runs(void **state)
{
    assert_values(*state, NULL, "3 / 5 / 7");
    assert_values(*state, "r0=8", "3 / 8 / 7");
    assert_values(*state, "r1=16,8,32", "3 / 5 / 16 8 32");
    assert_values(*state, "input=2..5", "2 3 4 5 / 5 / 7");
    assert_values(*state, "M=2..4:x2", "2 4 / 5 / 7");
    assert_values(*state, "r0=4..17:+4", "3 / 4 8 12 16 / 7");
    assert_values(*state, "r0=4..64:x2", "3 / 4 8 16 32 64 / 7");
    assert_values(*state, "r0=3..90:x3", "3 / 3 9 27 81 / 7");
    assert_values(*state, "r0=1,4..6,64..256:x4", "3 / 1 4 5 6 64 256 / 7");
    assert_values(*state, "r0=9..9:x2", "3 / 9 / 7");
    assert_values(*state, "r0=1..1048576:x1024", "3 / 1 1024 1048576 / 7");
}

static void bad_settings_are_refused(void **state)
{
    static const struct {
        const char *setting, *message;
    } bad[] = {
        {"r0", "'r0': expected WIDTH=VALUES, such as r0=4..64:x2"},
        {"r2=4", "'r2=4': unknown width, did you mean 'r0'?"},
        {"=4", "'=4': unknown width; they are input, r0 .. r1"},
        {"channels=4", "'channels=4': unknown width; they are input, r0 .. r1"},
        {"r0=", "'r0=': a width is an integer from 1 to 1048576"},
        {"r0=x", "'r0=x': expected N, N..N, N..N:+N or N..N:xN"},
        {"r0=0", "'r0=0': a width is an integer from 1 to 1048576"},
        {"r0=-4", "'r0=-4': expected N, N..N, N..N:+N or N..N:xN"},
        {"r0=1048577", "'r0=1048577': a width is an integer from 1 to 1048576"},
        {"r0=18446744073709551617", "'r0=18446744073709551617': a width is an integer from 1 to "
                                    "1048576"},
        {"r0=1..99999999", "'r0=1..99999999': a width is an integer from 1 to 1048576"},
        {"r0=4,", "'r0=4,': a width is an integer from 1 to 1048576"},
        {"r0=4.5", "'r0=4.5': expected N, N..N, N..N:+N or N..N:xN"},
        {"r0=4..", "'r0=4..': a width is an integer from 1 to 1048576"},
        {"r0=64..4", "'r0=64..4': the range runs backwards, from 64 to 4"},
        {"r0=4..64:2", "'r0=4..64:2': a step is +N or xN"},
        {"r0=4..64:x1", "'r0=4..64:x1': a step is at least x2 and at most 1048576"},
        {"r0=4..64:+0", "'r0=4..64:+0': a step is at least +1 and at most 1048576"},
        {"r0=4..64:+", "'r0=4..64:+': a step is at least +1 and at most 1048576"},
        {"r0=8,4..9", "'r0=8,4..9': 8 is there twice"},
    };

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        ec_ranges ranges;
        ec_error err = {0};
        assert_ok(ec_ranges_init(&ranges, *state, &err), &err);
        assert_int_equal(ec_ranges_set(&ranges, *state, bad[i].setting, &err), EC_EINVAL);
        assert_string_equal(err.msg, bad[i].message);
        assert_int_equal(ec_ranges_count(&ranges), 1); /* as it was */
        ec_ranges_clear(&ranges);
    }
}

static void a_count_that_overflows_is_the_largest(void **state)
{
    ec_range level[3] = {{NULL, 1 << 20}, {NULL, 1 << 20}, {NULL, 1 << 20}};
    ec_ranges ranges = {.level = level, .n_levels = 3};

    (void)state;
    assert_true(ec_ranges_count(&ranges) == (uint64_t)1 << 60);
    level[0].n = 1 << 25;
    assert_true(ec_ranges_count(&ranges) == UINT64_MAX);
}

static ec_status set_some(void *arg, ec_error *err)
{
    ec_ranges ranges;
    ec_status status = ec_ranges_init(&ranges, arg, err);

    if (status == EC_OK)
        status = ec_ranges_set(&ranges, arg, "r0=1,2..4", err);
    ec_ranges_clear(&ranges);
    return status;
}

static void ranges_survive_lack_of_memory(void **state)
{
    assert_survives_oom(set_some, *state);
}

/* ------------------------------------------------------------------ filters */

static void conditions_are_read(void **state)
{
    static const struct {
        const char *text;
        ec_quantity quantity;
        size_t partition;
        ec_relation relation;
        const char *value;
    } good[] = {
        {"params<=100000", EC_QUANTITY_PARAMETERS, 0, EC_AT_MOST, "100000"},
        {"madds<5", EC_QUANTITY_MULTIPLY_ADDS, 0, EC_LESS, "5"},
        {"left-right>=16", EC_QUANTITY_BOUND, 0, EC_AT_LEAST, "16"},
        {"interleaved>0", EC_QUANTITY_BOUND, 1, EC_MORE, "0"},
        {"interleaved=123456789012345678901234567890", EC_QUANTITY_BOUND, 1, EC_EQUAL,
         "123456789012345678901234567890"},
    };
    const char *names[] = {"left-right", "interleaved"};
    ec_partitions partitions;
    ec_error err = {0};

    assert_ok(ec_arch_partitions(&partitions, *state, names, 2, &err), &err);
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        ec_filter filter;
        assert_ok(ec_filter_parse(&filter, good[i].text, &partitions, &err), &err);
        assert_int_equal(filter.quantity, good[i].quantity);
        assert_int_equal(filter.partition, good[i].partition);
        assert_int_equal(filter.relation, good[i].relation);
        assert_int(&filter.value, good[i].value);
        ec_filter_clear(&filter);
    }
    ec_partitions_clear(&partitions);
}

static void bad_conditions_are_refused(void **state)
{
    static const struct {
        const char *text, *message;
    } bad[] = {
        {"params", "'params': expected a condition such as params<=100000"},
        {"<=4", "'<=4': expected a condition such as params<=100000"},
        {"", "'': expected a condition such as params<=100000"},
        {"width<4", "'width<4': 'width' is neither params nor madds nor a partition of this sweep"},
        {"params<=", "'params<=': '' is not a decimal integer"},
        {"params<=1e5", "'params<=1e5': '1e5' is not a decimal integer"},
        {"params==4",
         "'params==4': 'params=' is neither params nor madds nor a partition of this sweep"},
        {"params<-4", "'params<-4': '-4' is not a decimal integer"},
    };
    ec_partitions partitions;
    ec_error err = {0};

    assert_ok(ec_arch_partitions(&partitions, *state, NULL, 0, &err), &err);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        ec_filter filter;
        err = (ec_error){0};
        assert_int_equal(ec_filter_parse(&filter, bad[i].text, &partitions, &err), EC_EINVAL);
        assert_string_equal(err.msg, bad[i].message);
        ec_filter_clear(&filter);
    }
    ec_partitions_clear(&partitions);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_setting_is_a_list_of_runs, make, unmake),
        cmocka_unit_test_setup_teardown(bad_settings_are_refused, make, unmake),
        cmocka_unit_test(a_count_that_overflows_is_the_largest),
        cmocka_unit_test_setup_teardown(ranges_survive_lack_of_memory, make, unmake),
        cmocka_unit_test_setup_teardown(conditions_are_read, make, unmake),
        cmocka_unit_test_setup_teardown(bad_conditions_are_refused, make, unmake),
    };
    return cmocka_run_group_tests_name("design: ranges", tests, NULL, NULL);
}
