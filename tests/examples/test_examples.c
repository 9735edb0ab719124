/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "shell.h"

#include <stdlib.h>

/* Every program of examples/ runs, and prints what theory says. */

/* EXAMPLE ARGUMENTS, from the build under test. */
static const shell_result *run(const char *command)
{
    const char *build = getenv("BUILD");

    return shell("%s/examples/%s", build != NULL ? build : "build", command);
}

static void every_example_has_a_test_here(void **state)
{
    (void)state;
    assert_exits(0, "for f in examples/*.c; do f=${f##*/}; "
                    "grep -q \"${f%%.c} \" tests/examples/test_examples.c || "
                    "{ echo $f; exit 1; }; done");
}

static void every_example_is_short_and_public(void **state)
{
    (void)state;
    assert_exits(0, "for f in examples/*.c; do [ $(wc -l <$f) -lt 100 ] || exit 1; done");
    assert_exits(1, "grep -n '#include \"' examples/*.c");
}

/* The bridge network (4 x 11 x 3 twice) is cut at 44; log2 44 = 5.459. */
static void bounds_of_a_description_are_printed(void **state)
{
    (void)state;
    assert_int_equal(run("bound_left_right models/bridge.yaml")->status, 0);
    assert_printed("across       rank <= 2^5.45943  (min cut)");
}

/* Shared weights over AABB with M = 2: C(2 + 1, 2) = 3 where the min cut is 4. */
static void shared_weights_give_the_smaller_bound(void **state)
{
    (void)state;
    assert_int_equal(run("bound_left_right models/shared-4.yaml")->status, 0);
    assert_printed("rank <= 2^1.58496  (shared weights)");
}

static void faulty_description_is_reported_with_its_place(void **state)
{
    (void)state;
    assert_int_equal(run("bound_left_right tests/arch/no-such-file.yaml")->status, 1);
    assert_printed("error: ");
}

/* Only the layers of the bottleneck grow: r4 first, and r3 once Sym^2 of its 16 is too small. */
static void widening_the_bottleneck_reaches_the_target(void **state)
{
    (void)state;
    assert_int_equal(run("widen_bottleneck models/fashion-convac.yaml left-right 1024")->status, 0);
    assert_printed("rank <= 2^4       parameters 2^10.39   r4=32\n");
    assert_printed("rank <= 2^7.087   parameters 2^12.89   r3=32\n");
    assert_printed("rank <= 2^10      parameters");
}

/* min(4r, 100)^1024 against min(r, 100)^1024, and r against 4r, for r = 10 */
static void wide_base_and_wide_tip_win_one_partition_each(void **state)
{
    (void)state;
    assert_int_equal(run("compare_architectures 10")->status, 0);
    assert_printed("interleaved        5449.654       3401.654\n");
    assert_printed("left-right         3.321928       5.321928\n");
}

/* The P = 3 network whose generic rank, 7, is below its min cut, 8. */
static void random_weights_reach_the_generic_rank(void **state)
{
    (void)state;
    assert_int_equal(run("verify_random models/gap-p3.yaml BAABBBAAB 7")->status, 0);
    assert_printed("ln bound 2.0794\nlabel  0  ln rank 1.9459 ");
    assert_printed("rank of 16 x 16 outputs 7  holds\n");
}

/* The checkerboard of fashion-convac is cut at 16^256: too large to measure, and said so. */
static void what_is_out_of_reach_is_named(void **state)
{
    (void)state;
    assert_int_equal(run("verify_random models/fashion-convac.yaml interleaved 7")->status, 0);
    assert_printed("label  9  rank out of reach: ");
}

/* The reference digits, 3 against 8: published entropies, and a better order of the pixels. */
static void rearranged_digits_have_a_smaller_surrogate(void **state)
{
    (void)state;
    assert_int_equal(run("data_demand tests/data/digits38_8x8_x.npy "
                         "tests/data/digits38_8x8_y01.npy")
                         ->status,
                     0);
    assert_printed("as is      level 1  mean entropy 0.5007  surrogate 66.48\n");
    assert_printed("as is      level 2  mean entropy 0.1678  surrogate 23.42\n");
    assert_printed("rearranged level 1  mean entropy 0.");
    assert_printed("surrogate 57.23\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_example_has_a_test_here),
        cmocka_unit_test(every_example_is_short_and_public),
        cmocka_unit_test(bounds_of_a_description_are_printed),
        cmocka_unit_test(shared_weights_give_the_smaller_bound),
        cmocka_unit_test(faulty_description_is_reported_with_its_place),
        cmocka_unit_test(widening_the_bottleneck_reaches_the_target),
        cmocka_unit_test(wide_base_and_wide_tip_win_one_partition_each),
        cmocka_unit_test(random_weights_reach_the_generic_rank),
        cmocka_unit_test(what_is_out_of_reach_is_named),
        cmocka_unit_test(rearranged_digits_have_a_smaller_surrogate),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
