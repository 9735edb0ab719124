/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "check.h"

#include <string.h>

static const char *nearest(const char *word)
{
    static const char *const known[] = {"channels", "shape", "image", "features", "r0", "r1"};
    ec_nearest n = {.word = word};

    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        ec_nearest_offer(&n, known[i]);
    return n.best;
}

static void each_kind_of_slip_is_one_edit(void **state)
{
    (void)state;
    assert_string_equal(nearest("chanels"), "channels");   /* left out */
    assert_string_equal(nearest("channnels"), "channels"); /* doubled */
    assert_string_equal(nearest("shope"), "shape");        /* replaced */
    assert_string_equal(nearest("iamge"), "image");        /* swapped */
    assert_string_equal(nearest("Shape"), "shape");        /* capital */
    assert_string_equal(nearest("faetrues"), "features");  /* two swaps: 1 + 8/4 edits are fine */
}

static void far_words_get_no_suggestion(void **state)
{
    (void)state;
    assert_null(nearest("colour"));
    assert_null(nearest(""));
    assert_null(nearest("x"));
    assert_null(nearest("q7")); /* nothing of r0 would be left */
    assert_null(nearest("a word that is far too long to be a slip of any known key"));
}

static void ties_go_to_the_first_offer(void **state)
{
    (void)state;
    assert_string_equal(nearest("r2"), "r0");
    assert_string_equal(nearest("r1"), "r1");
}

/* Edit distance by the recursive definition, restricted swaps included. */
static size_t slow_edits(const char *a, size_t n, const char *b, size_t m)
{
    size_t best, other;

    if (n == 0 || m == 0)
        return n + m;
    best = slow_edits(a, n - 1, b, m - 1) + (a[n - 1] != b[m - 1]);
    other = slow_edits(a, n - 1, b, m) + 1;
    best = other < best ? other : best;
    other = slow_edits(a, n, b, m - 1) + 1;
    best = other < best ? other : best;
    if (n > 1 && m > 1 && a[n - 1] == b[m - 2] && a[n - 2] == b[m - 1]) {
        other = slow_edits(a, n - 2, b, m - 2) + 1;
        best = other < best ? other : best;
    }
    return best;
}

static void the_distance_is_the_recursive_one(void **state)
{
    (void)state;
    size_t near = 0;
    ec_rng rng;

    ec_rng_seed(&rng, check_seed());
    for (size_t round = 0; round < check_count(2000); round++) {
        char a[8] = "", b[8] = "";
        size_t n = ec_rng_below(&rng, 7), m = ec_rng_below(&rng, 7), distance;
        for (size_t i = 0; i < n; i++)
            a[i] = (char)('a' + ec_rng_below(&rng, 3));
        for (size_t i = 0; i < m; i++)
            b[i] = (char)('a' + ec_rng_below(&rng, 3));
        ec_nearest got = {.word = a};
        ec_nearest_offer(&got, b);
        distance = slow_edits(a, n, b, m);
        assert_int_equal(got.best == b, distance <= 1 + n / 4 && distance < m);
        if (got.best != NULL)
            assert_int_equal(got.distance, distance);
        near += got.best != NULL;
    }
    assert_true(near > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_of_slip_is_one_edit),
        cmocka_unit_test(far_words_get_no_suggestion),
        cmocka_unit_test(ties_go_to_the_first_offer),
        cmocka_unit_test(the_distance_is_the_recursive_one),
    };
    return cmocka_run_group_tests_name("nearest", tests, NULL, NULL);
}
