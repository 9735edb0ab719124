/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sample.h"

#include "entcap/check.h"

static ec_verdict verdict(const sample *s, const char *min_rank, double min_log2)
{
    ec_requirement requirement = {.by_rank = min_rank != NULL, .min_log2 = min_log2};

    if (min_rank != NULL)
        assert_ok(ec_int_parse(&requirement.min_rank, min_rank, NULL), NULL);
    ec_verdict answer = ec_check_verdict(&requirement, &s->bounds[0]);
    ec_int_clear(&requirement.min_rank);
    return answer;
}

static void verdicts_follow_from_the_bounds(void **state)
{
    sample s;
    (void)state;

    sample_init(&s, SAMPLE_FOUR); /* bound 4, generic rank 4 */
    assert_int_equal(verdict(&s, "5", 0), EC_VERDICT_FAILED);
    assert_int_equal(verdict(&s, "4", 0), EC_VERDICT_MET);
    assert_int_equal(verdict(&s, NULL, 2), EC_VERDICT_MET);
    assert_int_equal(verdict(&s, NULL, 2.0000001), EC_VERDICT_FAILED);
    s.bounds[0].has_generic = s.bounds[0].has_power = false;
    assert_int_equal(verdict(&s, "4", 0), EC_VERDICT_UNDECIDED);
    s.bounds[0].has_power = true;
    ec_int_set_u64(&s.bounds[0].power_rank, 3);
    assert_int_equal(verdict(&s, "4", 0), EC_VERDICT_UNDECIDED);
    assert_int_equal(verdict(&s, "3", 0), EC_VERDICT_MET);
    assert_int_equal(verdict(&s, NULL, 1.5), EC_VERDICT_MET);
    assert_string_equal(ec_verdict_text(EC_VERDICT_UNDECIDED), "undecided");
    sample_clear(&s);
}

/* A double cannot tell 2^14000 from 2^14000 - 1; the verdict can. */
static void a_requirement_in_bits_is_decided_exactly(void **state)
{
    sample s;
    ec_int one = {0};
    (void)state;

    sample_init(&s, SAMPLE_WIDE);
    assert_int_equal(verdict(&s, NULL, 14000), EC_VERDICT_MET); /* all widths are powers of 2 */
    s.bounds[0].has_power = false;
    assert_int_equal(verdict(&s, NULL, 14000), EC_VERDICT_UNDECIDED);
    ec_int_set_u64(&one, 1);
    ec_int_sub(&s.bounds[0].min_cut.rank, &s.bounds[0].min_cut.rank, &one);
    assert_int_equal(verdict(&s, NULL, 14000), EC_VERDICT_FAILED);
    ec_int_clear(&one);
    sample_clear(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(verdicts_follow_from_the_bounds),
        cmocka_unit_test(a_requirement_in_bits_is_decided_exactly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
