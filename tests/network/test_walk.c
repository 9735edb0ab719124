/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "check.h"
#include "oracle/convac.h"

#include "entcap/network.h"

#include <stdio.h>
#include <string.h>

/* the walk as text: a letter for every level, its position, "(" where it is entered, ")" left */
static void write_walk(char *text, size_t size, const ec_arch *arch, size_t level, size_t position,
                       size_t skip_level)
{
    ec_walk walk;
    ec_walk_event event;
    size_t at = 0;

    assert_ok(ec_walk_init(&walk, arch, level, position, NULL), NULL);
    text[0] = '\0';
    while ((event = ec_walk_next(&walk)) != EC_WALK_END) {
        if (event == EC_WALK_LEAVE) {
            at += (size_t)snprintf(text + at, size - at, ")");
            continue;
        }
        at += (size_t)snprintf(text + at, size - at, "%c%zu(", (char)('a' + walk.level),
                               ec_walk_position(&walk));
        if (walk.level == skip_level)
            ec_walk_skip(&walk);
    }
    assert_true(at < size);
    ec_walk_clear(&walk);
}

/* 4 x 4 sites in leading windows of 2 rows, then windows 2 x 2: grids 2 x 4 and 1 x 2, then 1 */
static const convac_level levels[] = {{2, 2, 1, true}, {2, 2, 2, true}, {2, 1, 2, true}};

static void children_are_walked_in_window_order_between_enter_and_leave(void **state)
{
    char text[256];
    ec_arch arch;

    (void)state;
    convac_make(&arch, levels, 3, 1);
    write_walk(text, sizeof text, &arch, 2, 0, 9);
    assert_string_equal(text, "c0(b0(a0()a1()a4()a5())b1(a2()a3()a6()a7()))");
    write_walk(text, sizeof text, &arch, 1, 1, 9);
    assert_string_equal(text, "b1(a2()a3()a6()a7())");
    write_walk(text, sizeof text, &arch, 0, 3, 9);
    assert_string_equal(text, "a3()");
    convac_clear(&arch);
}

static void skipped_children_are_not_walked(void **state)
{
    char text[256];
    ec_arch arch;

    (void)state;
    convac_make(&arch, levels, 3, 1);
    write_walk(text, sizeof text, &arch, 2, 0, 1);
    assert_string_equal(text, "c0(b0()b1())");
    convac_clear(&arch);
}

/* every matrix is left once, after all of its children, whose parent it is */
static void every_matrix_is_left_once_after_its_children(void **state)
{
    ec_rng rng;

    (void)state;
    ec_rng_seed(&rng, check_seed());
    for (size_t i = 0; i < check_count(100); i++) {
        size_t seen[5][64] = {{0}};
        ec_walk_event event;
        ec_walk walk;
        ec_arch arch;

        convac_random(&arch, 12, &rng);
        assert_ok(ec_walk_init(&walk, &arch, arch.n_levels - 1, 0, NULL), NULL);
        while ((event = ec_walk_next(&walk)) != EC_WALK_END) {
            size_t l = walk.level, p = ec_walk_position(&walk);
            if (event == EC_WALK_ENTER)
                continue;
            if (l > 0)
                assert_int_equal(seen[l][p], ec_level_window(&arch.levels[l]));
            if (l + 1 < arch.n_levels)
                seen[l + 1][ec_network_parent(&arch, l, p)]++;
        }
        ec_walk_clear(&walk);
        convac_clear(&arch);
    }
}

static ec_status init_walk(void *arg, ec_error *err)
{
    ec_walk walk;
    ec_status status = ec_walk_init(&walk, arg, 2, 0, err);

    ec_walk_clear(&walk);
    return status;
}

static void a_walk_survives_running_out_of_memory(void **state)
{
    ec_arch arch;

    (void)state;
    convac_make(&arch, levels, 3, 1);
    assert_survives_oom(init_walk, &arch);
    convac_clear(&arch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(children_are_walked_in_window_order_between_enter_and_leave),
        cmocka_unit_test(skipped_children_are_not_walked),
        cmocka_unit_test(every_matrix_is_left_once_after_its_children),
        cmocka_unit_test(a_walk_survives_running_out_of_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
