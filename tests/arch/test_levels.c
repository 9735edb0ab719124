/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "parse.h"

#include <stdio.h>

#define INPUT_2D "name: t\ninput: {shape: [8, 12], channels: 3}\n"
#define INPUT_1D "name: t\ninput: {shape: [8], channels: 3}\n"

/* One line a level: name, dim, window, grid, out, shared. */
static void check_levels(const char *text, const char *expected)
{
    ec_arch *arch = parsed(text);
    char got[512] = "";
    size_t used = 0;

    for (size_t l = 0; l < arch->n_levels; l++) {
        const ec_level *v = &arch->levels[l];
        used += (size_t)snprintf(got + used, sizeof got - used, "%s %u %ux%u %zux%zu %u %s\n",
                                 v->name, v->dim, v->window[0], v->window[1], v->grid[0],
                                 v->grid[1], v->out, v->shared ? "shared" : "own");
        assert_int_equal(arch->layers[v->layer].channels, v->out);
        assert_int_not_equal(arch->layers[v->layer].kind, EC_LAYER_POOL);
    }
    assert_string_equal(got, expected);
    ec_arch_free(arch);
}

static void conv_and_pool_alternate(void **state)
{
    (void)state;
    check_levels(INPUT_2D "layers:\n"
                          "  - conv: {channels: 4}\n  - pool: {window: [2, 3]}\n"
                          "  - conv: {channels: 5, shared: false}\n  - pool: {window: [4, 4]}\n"
                          "  - dense: {outputs: 7}\n",
                 "input 3 1x1 8x12 4 shared\n"
                 "r0 4 2x3 4x4 5 own\n"
                 "r1 5 4x4 1x1 7 own\n");
}

static void adjacent_pools_are_one_window(void **state)
{
    (void)state;
    check_levels(INPUT_2D "layers:\n"
                          "  - conv: {channels: 4}\n  - pool: {window: [2, 3]}\n"
                          "  - pool: {window: [2, 1]}\n  - pool: {window: [2, 4]}\n"
                          "  - dense: {outputs: 7}\n",
                 "input 3 1x1 8x12 4 shared\n"
                 "r0 4 8x12 1x1 7 own\n");
}

static void a_leading_pool_joins_the_sites(void **state)
{
    (void)state;
    check_levels(INPUT_1D "layers:\n"
                          "  - pool: {window: 2}\n  - pool: {window: [2]}\n"
                          "  - conv: {channels: 4}\n  - pool: {window: [2]}\n"
                          "  - dense: {outputs: 7}\n",
                 "input 3 1x4 1x2 4 shared\n"
                 "r0 4 1x2 1x1 7 own\n");
}

static void adjacent_convs_are_joined_by_a_bond(void **state)
{
    (void)state;
    check_levels(INPUT_1D "layers:\n"
                          "  - conv: {channels: 4}\n  - conv: {channels: 5, shared: false}\n"
                          "  - pool: {window: 8}\n  - conv: {channels: 6}\n"
                          "  - dense: {outputs: 7}\n",
                 "input 3 1x1 1x8 4 shared\n"
                 "r0 4 1x1 1x8 5 own\n"
                 "r1 5 1x8 1x1 6 own\n" /* one position: nothing to share */
                 "r2 6 1x1 1x1 7 own\n");
}

static void pools_of_one_change_nothing(void **state)
{
    (void)state;
    check_levels(INPUT_1D "layers:\n"
                          "  - pool: {window: 1}\n  - conv: {channels: 4}\n  - pool: {window: 1}\n"
                          "  - conv: {channels: 5}\n  - pool: {window: 8}\n"
                          "  - dense: {outputs: 7}\n",
                 "input 3 1x1 1x8 4 shared\n"
                 "r0 4 1x1 1x8 5 shared\n"
                 "r1 5 1x8 1x1 7 own\n");
}

static void a_dense_layer_alone_is_enough(void **state)
{
    (void)state;
    check_levels("name: t\ninput: {shape: [1], channels: 3}\nlayers: [{dense: {outputs: 2}}]\n",
                 "input 3 1x1 1x1 2 own\n");
    check_levels(INPUT_2D "layers: [{pool: {window: [8, 12]}}, {dense: {outputs: 2}}]\n",
                 "input 3 8x12 1x1 2 own\n");
}

static const char partly_shared[] = INPUT_1D "layers:\n"
                                             "  - conv: {channels: 4}\n  - pool: {window: 2}\n"
                                             "  - conv: {channels: 5, shared: false}\n"
                                             "  - pool: {window: 2}\n"
                                             "  - conv: {channels: 6, shared: true}\n"
                                             "  - pool: {window: 2}\n  - dense: {outputs: 7}\n";

static void weights_and_products_are_counted(void **state)
{
    (void)state;
    ec_arch *arch = parsed(partly_shared);
    ec_int n = {0};

    assert_ok(ec_arch_parameters(&n, arch, NULL), NULL);
    assert_int(&n, "164"); /* 4*3 + 4 * 5*4 + 6*5 + 7*6 */
    assert_ok(ec_arch_multiply_adds(&n, arch, NULL), NULL);
    assert_int(&n, "278"); /* 8 * 4*3 + 4 * 5*4 + 2 * 6*5 + 7*6 */
    assert_true(ec_arch_shared_below(arch, 0));
    assert_false(ec_arch_shared_below(arch, 1));
    assert_false(ec_arch_shared_below(arch, 2));
    ec_int_clear(&n);
    ec_arch_free(arch);
}

static void counts_are_exact_beyond_64_bits(void **state)
{
    (void)state;
    ec_arch *arch = parsed("name: t\nnetwork:\n"
                           "  indices: {a: 1048576, b: 1048576, c: 1048576, d: 1048576, e: 3}\n"
                           "  tensors: {T: [a, b, c, d, e], U: [e]}\n  open: [a, b]\n");
    ec_error err = {0};
    ec_int n = {0};

    assert_ok(ec_arch_parameters(&n, arch, NULL), NULL);
    assert_int(&n, "3626777458843887524118531"); /* 3 * 2^80 + 3 */
    assert_int_equal(ec_arch_multiply_adds(&n, arch, &err), EC_EINVAL);
    assert_string_equal(err.msg, "a network description has no forward pass to count");
    ec_int_clear(&n);
    ec_arch_free(arch);
}

static void widths_are_overridden(void **state)
{
    (void)state;
    ec_arch *arch = parsed(partly_shared);

    assert_ok(ec_arch_set(arch, "r1=9", NULL), NULL);
    assert_ok(ec_arch_set(arch, "input=1048576", NULL), NULL);
    assert_int_equal(arch->levels[2].dim, 9);
    assert_int_equal(arch->levels[1].out, 9);
    assert_int_equal(arch->layers[2].channels, 9);
    assert_int_equal(arch->levels[0].dim, 1048576);
    assert_int_equal(arch->input.channels, 1048576);
    assert_int_equal(arch->levels[3].out, 7);
    ec_arch_free(arch);

    arch = parsed("name: t\nnetwork: {indices: {a: 2, b=c: 3}, tensors: {T: [a, b=c]}, "
                  "open: [a, b=c]}\n");
    assert_ok(ec_arch_set(arch, "b=c=5", NULL), NULL);
    assert_int_equal(arch->indices[1].dim, 5);
    assert_int_equal(arch->indices[0].dim, 2);
    ec_arch_free(arch);
}

static void m_is_another_name_of_input(void **state)
{
    (void)state;
    ec_arch *arch = parsed(partly_shared);
    ec_error err = {0};

    assert_ok(ec_arch_set(arch, "M=6", NULL), NULL);
    assert_int_equal(arch->levels[0].dim, 6);
    assert_int_equal(arch->input.channels, 6);
    ec_arch_free(arch);

    /* but where an index has the name, it has it */
    arch = parsed("name: t\nnetwork: {indices: {a: 2, M: 3}, tensors: {T: [a, M]}, "
                  "open: [a, M]}\n");
    assert_ok(ec_arch_set(arch, "M=5", NULL), NULL);
    assert_int_equal(arch->indices[1].dim, 5);
    ec_arch_free(arch);
    arch = parsed("name: t\nnetwork: {indices: {a: 2, b: 3}, tensors: {T: [a, b]}, "
                  "open: [a, b]}\n");
    assert_int_equal(ec_arch_set(arch, "M=5", &err), EC_EINVAL);
    assert_string_equal(err.msg, "there is no width 'M'; name an index of the network");
    ec_arch_free(arch);
}

static void wrong_overrides_are_refused_and_change_nothing(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"r0", "'r0' is no assignment; write one as r0=16"},
        {"=16", "'=16' is no assignment; write one as r0=16"},
        {"r0=", "'r0=': a width is a plain integer from 1 to 1048576"},
        {"r0=0", "'r0=0': a width is a plain integer from 1 to 1048576"},
        {"r0=016", "'r0=016': a width is a plain integer from 1 to 1048576"},
        {"r0=-1", "'r0=-1': a width is a plain integer from 1 to 1048576"},
        {"r0=1048577", "'r0=1048577': a width is a plain integer from 1 to 1048576"},
        {"r0=99999999999999999999",
         "'r0=99999999999999999999': a width is a plain integer from 1 to 1048576"},
        {"r3=4", "there is no width 'r3'; did you mean 'r0'?"},
        {"inptu=4", "there is no width 'inptu'; did you mean 'input'?"},
        {"channels=4", "there is no width 'channels'; the widths are input, r0, r1, ..."},
    };
    ec_arch *arch = parsed(partly_shared);

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ec_error err = {0};
        assert_int_equal(ec_arch_set(arch, cases[i][0], &err), EC_EINVAL);
        assert_string_equal(err.msg, cases[i][1]);
    }
    assert_int_equal(arch->levels[1].dim, 4);
    ec_arch_free(arch);
}

static void layer_kinds_and_builtins_can_be_listed(void **state)
{
    (void)state;
    const ec_layer_type *conv = ec_arch_layer_type(EC_LAYER_CONV);
    size_t n = 0;

    assert_string_equal(conv->name, "conv");
    assert_int_equal(conv->n_params, 3);
    assert_string_equal(conv->params[1].fallback, "true");
    assert_string_equal(ec_arch_layer_type(EC_LAYER_POOL)->name, "pool");
    assert_string_equal(ec_arch_layer_type(EC_LAYER_DENSE)->params[0].name, "outputs");
    assert_null(ec_arch_layer_type(EC_LAYER_DENSE + 1));
    for (size_t i = 0; ec_arch_layer_type(i) != NULL; i++)
        for (size_t k = 0; k < ec_arch_layer_type(i)->n_params; k++) {
            const ec_layer_param *param = &ec_arch_layer_type(i)->params[k];
            assert_true(param->fallback == NULL || param->type == EC_PARAM_FLAG ||
                        param->type == EC_PARAM_WORD);
            assert_int_equal(param->second != NULL, param->type == EC_PARAM_WORD);
            assert_non_null(param->doc);
        }
    while (ec_arch_builtin_type(n) != NULL)
        n++;
    assert_int_equal(n, 8);
    assert_string_equal(ec_arch_builtin_type(0)->name, "left-right");
    assert_string_equal(ec_arch_features_type(EC_FEATURES_POLYNOMIAL)->name, "polynomial");
    assert_null(ec_arch_features_type(EC_FEATURES_POLYNOMIAL + 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(conv_and_pool_alternate),
        cmocka_unit_test(adjacent_pools_are_one_window),
        cmocka_unit_test(a_leading_pool_joins_the_sites),
        cmocka_unit_test(adjacent_convs_are_joined_by_a_bond),
        cmocka_unit_test(pools_of_one_change_nothing),
        cmocka_unit_test(a_dense_layer_alone_is_enough),
        cmocka_unit_test(weights_and_products_are_counted),
        cmocka_unit_test(counts_are_exact_beyond_64_bits),
        cmocka_unit_test(widths_are_overridden),
        cmocka_unit_test(m_is_another_name_of_input),
        cmocka_unit_test(wrong_overrides_are_refused_and_change_nothing),
        cmocka_unit_test(layer_kinds_and_builtins_can_be_listed),
    };
    return cmocka_run_group_tests_name("arch levels", tests, NULL, NULL);
}
