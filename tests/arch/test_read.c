/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "parse.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define INPUT  "input: {shape: [4], channels: 2}\n"
#define LAYERS "layers: [{conv: {channels: 2}}, {pool: {window: 4}}, {dense: {outputs: 1}}]\n"

static void the_input_is_read(void **state)
{
    (void)state;
    ec_arch *arch = parsed("name: t\ninput:\n  shape: [6, 4]\n  channels: 3\n"
                           "  image: {size: [5, 4]}\n  features: {kind: affine-relu}\n"
                           "layers: [{pool: {window: [6, 4]}}, {dense: {outputs: 9}}]\n");

    assert_string_equal(arch->name, "t");
    assert_string_equal(arch->file, "text");
    assert_int_equal(arch->n_sites, 24);
    assert_int_equal(arch->outputs, 9);
    assert_int_equal(arch->input.n_dims, 2);
    assert_int_equal(arch->input.channels, 3);
    assert_true(arch->input.has_image);
    assert_int_equal(arch->input.image[0], 5);
    assert_int_equal(arch->input.image[1], 4);
    assert_int_equal(arch->input.fit, EC_FIT_PAD);
    assert_int_equal(arch->input.features.kind, EC_FEATURES_AFFINE_RELU);
    assert_int_equal(arch->layers[1].place.line, 7);
    assert_int_equal(arch->layers[1].place.col, 37);
    ec_arch_free(arch);

    arch = parsed(
        "name: t\ninput: {shape: [4], channels: 2, image: {size: [9], fit: resize}}\n" LAYERS);
    assert_int_equal(arch->input.fit, EC_FIT_RESIZE);
    assert_int_equal(arch->input.image[0], 1);
    assert_int_equal(arch->input.image[1], 9);
    assert_int_equal(arch->input.features.kind, EC_FEATURES_NONE);
    ec_arch_free(arch);
}

static void a_network_is_read(void **state)
{
    (void)state;
    ec_arch *arch = parsed("name: n\nnetwork:\n  indices: {w: 3, b: 11, a: 4, no: 1}\n"
                           "  tensors: {T: [a, b, w], U: [w, no]}\n  open: [no, a, b]\n");

    assert_true(ec_arch_is_network(arch));
    assert_int_equal(arch->n_sites, 3);
    assert_int_equal(arch->n_indices, 4);
    assert_string_equal(arch->indices[1].name, "b");
    assert_int_equal(arch->indices[1].dim, 11);
    assert_int_equal(arch->n_tensors, 2);
    assert_string_equal(arch->tensors[1].name, "U");
    assert_int_equal(arch->tensors[0].n_indices, 3);
    assert_int_equal(arch->tensors[0].index[0], 2);
    assert_int_equal(arch->tensors[1].index[1], 3);
    assert_int_equal(arch->open[0], 3);
    assert_int_equal(arch->open[2], 1);
    ec_arch_free(arch);
}

static void requirements_are_read(void **state)
{
    (void)state;
    ec_arch *arch =
        parsed("name: t\n" INPUT LAYERS "partitions: [{name: one, a: [1]}]\n"
               "requirements:\n"
               "  - {partition: one, min_rank: 340282366920938463463374607431768211456}\n"
               "  - {partition: left-right, min_log2: 12.375}\n"
               "  - {partition: block:1:3, min_log2: 0}\n");
    ec_requirement *r = arch->requirements;

    assert_int_equal(arch->n_requirements, 3);
    assert_string_equal(r[0].partition, "one");
    assert_true(r[0].by_rank && !r[1].by_rank && !r[2].by_rank);
    assert_int(&r[0].min_rank, "340282366920938463463374607431768211456");
    assert_close(r[1].min_log2, 12.375, 0);
    assert_close(r[2].min_log2, 0, 0);
    assert_int_equal(r[1].place.line, 7);
    assert_int_equal(r[1].place.col, 5);
    ec_arch_free(arch);
}

/* All of these are the same description. */
static void one_description_has_many_spellings(void **state)
{
    (void)state;
    static const char *const spellings[] = {
        "name: t\n" INPUT LAYERS,
        "\xef\xbb\xbfname: t\n" INPUT LAYERS,
        "name: t\r\ninput: {shape: [4], channels: 2}\r\n" LAYERS,
        "name: t\rinput: {shape: [4], channels: 2}\r" LAYERS,
        "---\nname: t\n" INPUT LAYERS "...\n",
        "%YAML 1.1\n---\nname: t # the name\n" INPUT LAYERS,
        "# first\n\nlayers:\n- conv:\n    shared: true\n    channels: 2\n- pool: {window: [4]}\n"
        "- dense: {outputs: 1}\ninput:\n    channels: 2\n    shape:\n    - 4\nname: 't'",
        "{\n\t\"name\": \"t\",\n\t\"input\": {\"shape\": [4], \"channels\": 2},\n\t\"layers\": [\n"
        "\t\t{\"conv\": {\"channels\": 2, \"shared\": true}},\n\t\t{\"pool\": {\"window\": 4}},\n"
        "\t\t{\"dense\": {\"outputs\": 1}}\n\t]\n}\n",
        "{\"name\":\"\\u0074\",\"input\":{\"shape\":[4],\"channels\":2},\"layers\":[{\"conv\":"
        "{\"channels\":2}},{\"pool\":{\"window\":4}},{\"dense\":{\"outputs\":1}}]}",
    };

    for (size_t i = 0; i < sizeof spellings / sizeof *spellings; i++) {
        ec_arch *arch = parsed(spellings[i]);
        assert_string_equal(arch->name, "t");
        assert_int_equal(arch->n_sites, 4);
        assert_int_equal(arch->n_levels, 2);
        assert_int_equal(arch->levels[1].dim, 2);
        assert_true(arch->levels[0].shared);
        ec_arch_free(arch);
    }
}

static void names_that_yaml_reads_as_something_else_stay_names(void **state)
{
    (void)state;
    static const char *const names[][2] = {
        {"no", "no"},
        {"16", "16"},
        {"1e3", "1e3"},
        {"true", "true"},
        {"\"null\"", "null"},
        {"'~'", "~"},
        {"2001-01-01", "2001-01-01"},
        {"\"a\\x41\"", "aA"},
        {"'a''b'", "a'b"},
        {"two words", "two words"},
        {"na\xc3\xafve \xf0\x9f\x98\x80", "na\xc3\xafve \xf0\x9f\x98\x80"},
    };

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char text[300];
        snprintf(text, sizeof text, "name: %s\n" INPUT LAYERS, names[i][0]);
        ec_arch *arch = parsed(text);
        assert_string_equal(arch->name, names[i][1]);
        ec_arch_free(arch);
    }
}

static void columns_count_characters_and_lines_end_at_cr_too(void **state)
{
    (void)state;
    const ec_error *err = refused("name: t\rinput: {shape: [\xc3\xa9\xc3\xa9], x: 2}\r" LAYERS);

    assert_int_equal(err->line, 2);
    assert_int_equal(err->col, 22);
    assert_int_equal(err->caret, 23);
    err = refused(
        "name: t\rinput: {shape: [4], channels: 2, \"\xc3\xa9\xc3\xa9\": 1, x: 2}\r" LAYERS);
    assert_int_equal(err->line, 2);
    assert_int_equal(err->col, 34);
    assert_string_equal(err->source,
                        "input: {shape: [4], channels: 2, \"\xc3\xa9\xc3\xa9\": 1, x: 2}");
    assert_int_equal(err->caret, 33);
}

/* Text of n bytes in front of which stands `head`. */
static ec_status parse_padded(const char *head, size_t n, char pad, ec_error *err)
{
    char *text = ec_calloc(n, 1, NULL);
    ec_arch *arch;
    ec_status status;

    assert_non_null(text);
    for (size_t i = 0; i < n; i++)
        text[i] = pad;
    for (size_t i = 0; head[i] != '\0'; i++)
        text[i] = head[i];
    status = ec_arch_parse(&arch, text, n, "text", err);
    ec_arch_free(arch);
    ec_free(text);
    return status;
}

static void huge_texts_are_refused_or_survived(void **state)
{
    (void)state;
    ec_error err = {0};

    assert_int_equal(parse_padded("name: t\n", EC_ARCH_MAX_TEXT + 1, ' ', &err), EC_ELIMIT);
    assert_string_equal(err.msg, "134217729 bytes are too many; at most 134217728 are fine");
    err = (ec_error){0};
    assert_int_equal(parse_padded("name: \"", 1 << 20, 'x', &err), EC_EPARSE);
    assert_string_equal(err.msg, "this quote is not closed");
    err = (ec_error){0};
    assert_int_equal(parse_padded("name: ", 1 << 20, '[', &err), EC_EPARSE);
    assert_string_equal(err.msg, "nested more than 64 levels deep");
    err = (ec_error){0};
    assert_int_equal(parse_padded("name: ", 1 << 20, 'x', &err), EC_EPARSE);
}

static void files_that_cannot_be_read_are_reported(void **state)
{
    (void)state;
    ec_error err = {0};
    ec_arch *arch;

    assert_int_equal(ec_arch_read(&arch, "tests/arch/no-such-file.yaml", &err), EC_EIO);
    assert_null(arch);
    assert_string_equal(err.file, "tests/arch/no-such-file.yaml");
    assert_int_equal(err.line, 0);
    assert_int_equal(ec_arch_read(&arch, "tests/arch", NULL), EC_EIO);
    assert_int_equal(ec_arch_parse(&arch, NULL, 0, "nothing", NULL), EC_EPARSE);
    ec_arch_free(NULL);
}

static void a_large_description_is_read_quickly(void **state)
{
    (void)state;
    const size_t side = 4096;
    char *text = ec_calloc(1 << 17, 1, NULL);
    size_t used;
    clock_t start;
    ec_arch *arch;

    assert_non_null(text);
    used = (size_t)sprintf(text, "name: t\ninput: {shape: [%zu, %zu], channels: 2}\nlayers:\n",
                           side, side);
    for (size_t i = 0; i < 12; i++)
        used +=
            (size_t)sprintf(text + used, "  - conv: {channels: 4}\n  - pool: {window: [2, 2]}\n");
    used += (size_t)sprintf(text + used, "  - dense: {outputs: 1}\npartitions:\n  - left-right\n"
                                         "  - interleaved\n  - {name: left, a: \"");
    for (size_t row = 0; row < side; row++) /* a range of every row */
        used += (size_t)sprintf(text + used, "%s%zu-%zu", row > 0 ? "," : "", row * side,
                                row * side + side / 2 - 1);
    sprintf(text + used, "\"}\n");
    start = clock();
    arch = parsed(text);
    print_message("4096 x 4096 sites: %.3f s\n", (double)(clock() - start) / CLOCKS_PER_SEC);
    assert_true((double)(clock() - start) / CLOCKS_PER_SEC < 2);
    assert_int_equal(arch->n_sites, EC_ARCH_MAX_SITES);
    assert_memory_equal(arch->partitions.items[0].a.bits, arch->partitions.items[2].a.bits,
                        side * side / 8);
    ec_arch_free(arch);
    ec_free(text);
}

static ec_status parse_both_forms(void *arg, ec_error *err)
{
    const char *const *texts = arg;
    ec_status status = EC_OK;

    for (size_t i = 0; i < 2 && status == EC_OK; i++) {
        ec_arch *arch;
        status = ec_arch_parse(&arch, texts[i], strlen(texts[i]), "text", err);
        ec_arch_free(arch);
    }
    return status;
}

static ec_status read_model(void *arg, ec_error *err)
{
    ec_arch *arch;
    ec_status status = ec_arch_read(&arch, arg, err);

    ec_arch_free(arch);
    return status;
}

static void failing_allocations_are_survived(void **state)
{
    (void)state;
    const char *texts[] = {
        "name: t\ninput: {shape: [4], channels: 2, image: {size: [3]}}\n" LAYERS
        "partitions: [scale:0, {name: one, a: [1]}, {name: two, a: 1-2}, canonical]\n"
        "requirements: [{partition: one, min_rank: 3}, {partition: left-right, min_log2: 1}]\n",
        "name: n\nnetwork: {indices: {a: 2, b: 3}, tensors: {T: [a, b], U: [b]}, open: [a, b]}\n",
    };
    char model[] = "models/closed-form-2d.yaml";

    assert_survives_oom(parse_both_forms, texts);
    assert_survives_oom(read_model, model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_input_is_read),
        cmocka_unit_test(a_network_is_read),
        cmocka_unit_test(requirements_are_read),
        cmocka_unit_test(one_description_has_many_spellings),
        cmocka_unit_test(names_that_yaml_reads_as_something_else_stay_names),
        cmocka_unit_test(columns_count_characters_and_lines_end_at_cr_too),
        cmocka_unit_test(huge_texts_are_refused_or_survived),
        cmocka_unit_test(files_that_cannot_be_read_are_reported),
        cmocka_unit_test(a_large_description_is_read_quickly),
        cmocka_unit_test(failing_allocations_are_survived),
    };
    return cmocka_run_group_tests_name("arch read", tests, NULL, NULL);
}
