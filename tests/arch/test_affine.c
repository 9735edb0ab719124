/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "parse.h"

#define INPUT "name: t\ninput: {shape: [8], channels: 4}\n"

/* Batch norm before the second conv only: the constant runs from the sites to it. */
#define NORM_IN_THE_MIDDLE                                                                         \
    "layers:\n  - conv: {channels: 5}\n  - pool: {window: 2}\n"                                    \
    "  - conv: {channels: 6, norm: batch}\n  - pool: {window: 4}\n  - dense: {outputs: 3}\n"

static void the_constant_runs_up_to_the_last_affine_part(void **state)
{
    (void)state;
    ec_arch *arch = parsed(INPUT NORM_IN_THE_MIDDLE);
    const uint32_t dim[] = {5, 6, 6}, out[] = {6, 6, 3}, channels[] = {4, 5, 6};

    assert_true(ec_arch_is_affine(arch));
    for (size_t l = 0; l < 3; l++) {
        assert_int_equal(arch->levels[l].dim, dim[l]);
        assert_int_equal(arch->levels[l].out, out[l]);
        assert_int_equal(arch->levels[l].constant, l < 2);
        assert_int_equal(ec_level_channels(&arch->levels[l]), channels[l]);
    }
    ec_arch_free(arch);
}

static void a_bias_carries_the_constant_to_the_top(void **state)
{
    (void)state;
    ec_arch *arch = parsed(INPUT "layers:\n  - conv: {channels: 5}\n  - pool: {window: 8}\n"
                                 "  - dense: {outputs: 3, bias: true, predict: magnitude}\n");

    assert_int_equal(arch->levels[0].dim, 5);
    assert_int_equal(arch->levels[0].out, 6);
    assert_int_equal(arch->levels[1].dim, 6);
    assert_int_equal(arch->levels[1].out, 3);
    assert_true(ec_arch_predicts_magnitude(arch));
    ec_arch_free(arch);
}

static void counts_and_overrides_speak_of_channels(void **state)
{
    (void)state;
    ec_arch *arch = parsed(INPUT NORM_IN_THE_MIDDLE);
    ec_int n = {.limbs = NULL};
    ec_error err = {0};

    assert_ok(ec_arch_parameters(&n, arch, &err), &err);
    assert_int(&n, "68"); /* 5 4 + 6 5 + 3 6 */
    assert_ok(ec_arch_multiply_adds(&n, arch, &err), &err);
    assert_int(&n, "298"); /* 8 20 + 4 30 + 18 */
    assert_ok(ec_arch_set(arch, "r0=9", &err), &err);
    assert_int_equal(arch->levels[1].dim, 10);
    assert_int_equal(arch->levels[0].out, 10);
    assert_int_equal(arch->layers[0].channels, 9);
    assert_ok(ec_arch_set(arch, "r1=9", &err), &err);
    assert_int_equal(arch->levels[2].dim, 9);
    assert_int_equal(ec_arch_set(arch, "r0=1048576", &err), EC_EINVAL);
    assert_string_equal(err.msg, "r0 carries a constant channel: at most 1048575 others are fine");
    ec_int_clear(&n);
    ec_arch_free(arch);
}

static void an_odd_override_of_cosines_and_sines_is_refused(void **state)
{
    (void)state;
    ec_arch *arch = parsed("name: t\ninput: {shape: [8], channels: 4, features: {kind: cos-sin, "
                           "scale: 0.5, learned: true}}\n" NORM_IN_THE_MIDDLE);
    ec_error err = {0};

    assert_int_equal(arch->input.features.kind, EC_FEATURES_COS_SIN);
    assert_true(arch->input.features.learned);
    assert_close(arch->input.features.scale, 0.5, 0);
    assert_int_equal(ec_arch_set(arch, "input=5", &err), EC_EINVAL);
    assert_string_equal(err.msg, "cos-sin needs an even number of channels, not 5");
    ec_arch_free(arch);
}

/* The print leaves out what is the default; nothing may be lost on the way. */
static void affine_parts_and_features_are_read_back_from_their_print(void **state)
{
    (void)state;
    static const char *const features[] = {
        "{kind: affine-relu}", "{kind: affine-relu, learned: false}",
        "{kind: cos-sin, learned: true, scale: 0.5}", "{kind: polynomial, scale: 2.25}"};
    ec_error err = {0};

    for (size_t i = 0; i < sizeof features / sizeof *features; i++) {
        ec_text text = {0}, printed = {0};
        ec_arch *arch, *again;

        ec_text_printf(&text,
                       "name: t\ninput: {shape: [8], channels: 4, features: %s}\nlayers:\n"
                       "  - conv: {channels: 5, norm: batch}\n  - pool: {window: 8}\n"
                       "  - dense: {outputs: 3, norm: batch, bias: true, predict: magnitude}\n",
                       features[i]);
        arch = parsed(ec_text_get(&text));
        assert_ok(ec_arch_print(&printed, arch, &err), &err);
        again = parsed(ec_text_get(&printed));
        assert_int_equal(again->input.features.kind, arch->input.features.kind);
        assert_int_equal(again->input.features.learned, arch->input.features.learned);
        assert_close(again->input.features.scale, arch->input.features.scale, 0);
        assert_true(again->layers[0].norm && again->layers[2].norm && again->layers[2].bias);
        assert_true(again->layers[2].magnitude);
        ec_arch_free(arch);
        ec_arch_free(again);
        ec_text_clear(&text);
        ec_text_clear(&printed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_constant_runs_up_to_the_last_affine_part),
        cmocka_unit_test(a_bias_carries_the_constant_to_the_top),
        cmocka_unit_test(counts_and_overrides_speak_of_channels),
        cmocka_unit_test(an_odd_override_of_cosines_and_sines_is_refused),
        cmocka_unit_test(affine_parts_and_features_are_read_back_from_their_print),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
