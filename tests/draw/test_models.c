/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "boxes.h"

#include <glob.h>

/* The descriptions in models/, in every view that they have. */

enum { MANY = 300 }; /* sites: of larger models one partition is drawn, and not in a row */

/* Lay it out as the view says; false where there is no such view of it. */
static bool draw(ec_drawing **out, const ec_arch *arch, const ec_partition *partition,
                 const ec_cut *cut, ec_draw_view view)
{
    const ec_draw_options options = {.partition = partition, .cut = cut, .view = view};
    ec_error err = {0};

    if (ec_drawing_from_arch(out, arch, &options, NULL, &err) != EC_OK) {
        assert_int_equal(view, EC_DRAW_VIEW_PLANES);
        assert_int_equal(err.status, EC_EINVAL);
        return false;
    }
    assert_ok(ec_drawing_layout(*out, &err), &err);
    return true;
}

static void check_views(const ec_arch *arch, const ec_partition *partition)
{
    ec_cut cut = {0};
    ec_error err = {0};

    assert_ok(ec_bound_min_cut_tree(&cut, arch, &partition->a, true, NULL, &err), &err);
    for (ec_draw_view view = EC_DRAW_VIEW_AUTO; view <= EC_DRAW_VIEW_LAYERS; view++) {
        ec_drawing *drawing = NULL;
        if (arch->n_sites > MANY && view != EC_DRAW_VIEW_AUTO && view != EC_DRAW_VIEW_LAYERS)
            continue;
        if (draw(&drawing, arch, partition, &cut, view))
            check_nothing_overlaps(drawing);
        ec_drawing_free(drawing);
    }
    ec_cut_clear(&cut);
}

static void nothing_overlaps_in_any_view_of_any_model(void **state)
{
    (void)state;
    glob_t found;
    size_t n_drawn = 0;

    assert_int_equal(glob("models/*.yaml", 0, NULL, &found), 0);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        ec_arch *arch = NULL;
        ec_partitions partitions = {0};
        ec_error err = {0};
        assert_ok(ec_arch_read(&arch, found.gl_pathv[i], &err), &err);
        assert_ok(ec_arch_partitions(&partitions, arch, NULL, 0, &err), &err);
        size_t n = arch->n_sites > MANY && partitions.n > 1 ? 1 : partitions.n;
        for (size_t p = 0; p < n && !ec_arch_is_network(arch); p++, n_drawn++)
            check_views(arch, &partitions.items[p]);
        ec_partitions_clear(&partitions);
        ec_arch_free(arch);
    }
    assert_true(n_drawn >= 10);
    globfree(&found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_overlaps_in_any_view_of_any_model),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
