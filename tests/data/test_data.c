/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "shell.h"

#include "entcap/data.h"

#include <stdio.h>
#include <string.h>

/* A description with this input and 3 outputs. */
static ec_arch *arch_of(const char *input)
{
    char text[512];
    ec_arch *arch = NULL;
    ec_error err = {0};

    snprintf(text, sizeof text,
             "name: t\ninput: {%s, channels: 2}\nlayers:\n  - conv: {channels: 2}\n"
             "  - pool: {window: %s}\n  - dense: {outputs: 3}\n",
             input, strstr(input, "[4, 4]") != NULL ? "[4, 4]" : "4");
    assert_ok(ec_arch_parse(&arch, text, strlen(text), "t", &err), &err);
    return arch;
}

static void write_npy(void **state, const char *name, ec_dtype type, size_t n_dims,
                      const size_t *shape, const double *values)
{
    char path[512];
    ec_array a;

    snprintf(path, sizeof path, "%s/%s", (const char *)*state, name);
    assert_ok(ec_array_init(&a, type, n_dims, shape, NULL, NULL), NULL);
    ec_array_set(&a, 0, a.count, values);
    assert_ok(ec_npy_write(&a, path, NULL), NULL);
    ec_array_clear(&a);
}

/* "npy:FOLDER/X,FOLDER/Y" or with idx: */
static const char *spec_of(void **state, const char *kind, const char *x, const char *y)
{
    static char spec[1200];

    snprintf(spec, sizeof spec, "%s:%s/%s,%s/%s", kind, (const char *)*state, x,
             (const char *)*state, y);
    return spec;
}

/* The message of a source that cannot be read; the tail of the file it names. */
static void assert_refused(const char *spec, const ec_arch *arch, ec_status status,
                           const char *file, const char *msg)
{
    ec_dataset data;
    ec_error err = {0};
    const ec_data_source source = {spec, EC_DATA_TRAIN, 0};

    assert_int_equal(ec_data_read(&data, &source, arch, NULL, &err), status);
    assert_true(data.n == 0 && data.label == NULL && data.pixels.data == NULL);
    assert_string_equal(err.msg, msg);
    const char *slash = strrchr(err.file, '/');
    assert_string_equal(slash != NULL ? slash + 1 : err.file, file);
}

/* ------------------------------------------------------------------- images */

static ec_dataset image_of(const double *pixels, const size_t image[2], const size_t grid[2],
                           ec_image_fit fit)
{
    ec_dataset data = {
        .n = 1, .scale = 1, .image = {image[0], image[1]}, .grid = {grid[0], grid[1]}, .fit = fit};

    assert_ok(ec_array_init(&data.pixels, EC_F64, 2, image, NULL, NULL), NULL);
    ec_array_set(&data.pixels, 0, data.pixels.count, pixels);
    return data;
}

static void padding_centres_the_image_among_zeros(void **state)
{
    const double pixels[6] = {.1, .2, .3, .4, .5, .6};
    ec_dataset data =
        image_of(pixels, (size_t[]){2, 3}, (size_t[]){4, 4}, EC_FIT_PAD); /* odd rest: top left */
    double out[16], room[6];
    (void)state;

    ec_data_sites(out, &data, 0, room);
    const double right[16] = {0, 0, 0, 0, .1, .2, .3, 0, .4, .5, .6, 0, 0, 0, 0, 0};
    assert_memory_equal(out, right, sizeof right);
    ec_dataset_clear(&data);
}

static void resizing_keeps_the_mean_and_halves_exactly(void **state)
{
    double pixels[35], out[99], room[35], mean_in = 0, mean_out = 0;
    ec_rng rng;
    (void)state;

    ec_rng_seed(&rng, check_seed());
    for (int i = 0; i < 35; i++)
        mean_in += (pixels[i] = ec_rng_uniform(&rng)) / 35;
    const size_t grids[4][2] = {{9, 11}, {2, 3}, {5, 7}, {1, 1}};
    for (int g = 0; g < 4; g++) {
        ec_dataset data = image_of(pixels, (size_t[]){5, 7}, grids[g], EC_FIT_RESIZE);
        ec_data_sites(out, &data, 0, room);
        mean_out = 0;
        for (size_t i = 0; i < grids[g][0] * grids[g][1]; i++)
            mean_out += out[i] / (double)(grids[g][0] * grids[g][1]);
        assert_close(mean_out, mean_in, 1e-14);
        ec_dataset_clear(&data);
    }
    ec_dataset data = image_of((double[]){1, 0, 0, 0, 0, 0, 1, 1}, (size_t[]){2, 4},
                               (size_t[]){1, 2}, EC_FIT_RESIZE);
    ec_data_sites(out, &data, 0, room);
    assert_true(out[0] == 0.25 && out[1] == 0.5);
    ec_dataset_clear(&data);
}

/* ------------------------------------------------------------------ sources */

static void idx_with_a_test_part_is_read_with_a_limit(void **state)
{
    ec_arch *arch = arch_of("shape: [4]");
    const char *f = *state;
    char spec[2400];
    ec_dataset data;
    double x[4], room[4];

    assert_exits(0,
                 "cd '%s' && printf '\\0\\0\\10\\2\\0\\0\\0\\2\\0\\0\\0\\4\\0\\377\\063\\0\\1\\2\\3"
                 "\\4' >x && printf '\\0\\0\\10\\1\\0\\0\\0\\2\\2\\0' | gzip >y && "
                 "printf '\\0\\0\\10\\2\\0\\0\\0\\1\\0\\0\\0\\4\\0\\0\\0\\377' >tx && "
                 "printf '\\0\\0\\10\\1\\0\\0\\0\\1\\1' >ty",
                 f);
    snprintf(spec, sizeof spec, "idx:%s/x,%s/y,%s/tx,%s/ty", f, f, f, f);
    ec_data_source source = {spec, EC_DATA_TRAIN, 0};
    assert_ok(ec_data_read(&data, &source, arch, NULL, NULL), NULL);
    assert_int_equal(data.n, 2);
    assert_true(data.label[0] == 2 && data.label[1] == 0);
    ec_data_sites(x, &data, 0, room);
    assert_true(x[0] == 0 && x[1] == 1 && x[2] == 51 * (1.0 / 255) && x[3] == 0);
    ec_dataset_clear(&data);
    source.limit = 1;
    assert_ok(ec_data_read(&data, &source, arch, NULL, NULL), NULL);
    assert_int_equal(data.n, 1);
    ec_dataset_clear(&data);
    source.part = EC_DATA_TEST;
    assert_ok(ec_data_read(&data, &source, arch, NULL, NULL), NULL);
    assert_true(data.n == 1 && data.label[0] == 1);
    ec_dataset_clear(&data);
    ec_arch_free(arch);
}

static void a_source_without_a_test_part_gives_none(void **state)
{
    ec_arch *arch = arch_of("shape: [4]");
    const ec_data_source source = {"npy:x,y", EC_DATA_TEST, 0};
    ec_dataset data;
    (void)state;

    assert_ok(ec_data_read(&data, &source, arch, NULL, NULL), NULL);
    assert_true(data.n == 0 && data.label == NULL);
    ec_arch_free(arch);
}

static void bad_specs_are_refused(void **state)
{
    ec_arch *arch = arch_of("shape: [4]");
    const char *idx = "must name 2 or 4 files: idx:IMAGES,LABELS[,TEST_IMAGES,TEST_LABELS]";
    const char *const bad[] = {"idx:", "idx:a", "idx:a,", "idx:,b", "idx:a,b,c", "idx:a,,c,d"};
    char msg[400];
    (void)state;

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        snprintf(msg, sizeof msg, "data '%s': %s", bad[i], idx);
        assert_refused(bad[i], arch, EC_EINVAL, "", msg);
    }
    assert_refused("npy:a,b,c,d", arch, EC_EINVAL, "",
                   "data 'npy:a,b,c,d': must name 2 files: npy:X.npy,Y.npy");
    assert_refused("cifar", arch, EC_EINVAL, "",
                   "data 'cifar': must be fashion-mnist, mnist, "
                   "idx:IMAGES,LABELS[,TEST_IMAGES,TEST_LABELS] or npy:X.npy,Y.npy");
    ec_arch_free(arch);
}

static void labels_must_fit_samples_and_outputs(void **state)
{
    ec_arch *arch = arch_of("shape: [4]");
    const double x[8] = {0, 1, 0.5, 0, 1, 1, 0, 0};
    const char *range = "must be an integer from 0 to 2, one of the description's 3 outputs";
    char msg[200];

    write_npy(state, "x.npy", EC_F32, 2, (size_t[]){2, 4}, x);
    const double bad[3] = {3, -1, 0.5};
    for (int i = 0; i < 3; i++) {
        write_npy(state, "y.npy", EC_F64, 1, (size_t[]){2}, (double[]){2, bad[i]});
        snprintf(msg, sizeof msg, "label 1 is %g, %s", bad[i], range);
        assert_refused(spec_of(state, "npy", "x.npy", "y.npy"), arch, EC_EPARSE, "y.npy", msg);
    }
    write_npy(state, "y.npy", EC_I64, 1, (size_t[]){3}, (double[]){0, 1, 2});
    assert_refused(spec_of(state, "npy", "x.npy", "y.npy"), arch, EC_EPARSE, "y.npy",
                   "3 labels for 2 samples");
    ec_arch_free(arch);
}

static void samples_must_fit_the_description(void **state)
{
    ec_arch *arch = arch_of("shape: [4]");
    const char *spec = spec_of(state, "npy", "x.npy", "y.npy");
    const double x[8] = {0, 1, 0.5, 0, 1, 1.25, 0, 0};

    write_npy(state, "y.npy", EC_I64, 1, (size_t[]){2}, (double[]){0, 1});
    write_npy(state, "x.npy", EC_F64, 2, (size_t[]){2, 4}, x);
    assert_refused(spec, arch, EC_EPARSE, "x.npy", "sample 1: value 1 is 1.25, must lie in [0, 1]");
    write_npy(state, "x.npy", EC_I32, 2, (size_t[]){2, 4}, (double[8]){0});
    assert_refused(spec, arch, EC_EPARSE, "x.npy",
                   "samples are int32, must be uint8, bool or floats");
    write_npy(state, "x.npy", EC_F64, 2, (size_t[]){2, 3}, x);
    assert_refused(spec, arch, EC_EPARSE, "x.npy",
                   "samples have shape [3], but without 'image:' the description's grid of sites "
                   "is [4]");
    write_npy(state, "x.npy", EC_F64, 1, (size_t[]){4}, x);
    assert_refused(spec, arch, EC_EPARSE, "x.npy",
                   "shape [4], must be [samples, ...], samples >= 1");
    write_npy(state, "x.npy", EC_F64, 2, (size_t[]){0, 4}, x);
    assert_refused(spec, arch, EC_EPARSE, "x.npy",
                   "shape [0, 4], must be [samples, ...], samples >= 1");
    ec_arch_free(arch);
}

static void images_must_have_the_declared_size(void **state)
{
    ec_arch *arch = arch_of("shape: [4, 4], image: {size: [2, 3], fit: pad}");
    const char *spec = spec_of(state, "npy", "x.npy", "y.npy");
    const double x[6] = {0, 1, 0.5, 0, 1, 1};
    ec_dataset data;

    write_npy(state, "y.npy", EC_U8, 1, (size_t[]){1}, (double[]){1});
    write_npy(state, "x.npy", EC_F64, 3, (size_t[]){1, 3, 2}, x);
    assert_refused(spec, arch, EC_EPARSE, "x.npy",
                   "samples have shape [3, 2], but the description's image is [2, 3]");
    write_npy(state, "x.npy", EC_F64, 2, (size_t[]){1, 6}, x);
    const ec_data_source source = {spec, EC_DATA_TRAIN, 5};
    assert_ok(ec_data_read(&data, &source, arch, NULL, NULL), NULL);
    assert_int_equal(data.n, 1);
    assert_int_equal(data.fit, EC_FIT_PAD);
    ec_dataset_clear(&data);
    ec_arch_free(arch);
}

typedef struct source_of {
    const ec_arch *arch;
    ec_data_source source;
} source_of;

static ec_status read_source(void *arg, ec_error *err)
{
    const source_of *from = arg;
    ec_dataset data;
    ec_status status = ec_data_read(&data, &from->source, from->arch, NULL, err);

    ec_dataset_clear(&data);
    return status;
}

static void reading_survives_want_of_memory(void **state)
{
    ec_arch *arch = arch_of("shape: [4]");
    source_of from = {arch, {spec_of(state, "npy", "x.npy", "y.npy"), EC_DATA_TRAIN, 0}};

    write_npy(state, "x.npy", EC_U8, 2, (size_t[]){2, 4}, (double[8]){255});
    write_npy(state, "y.npy", EC_U8, 1, (size_t[]){2}, (double[2]){0, 2});
    assert_survives_oom(read_source, &from);
    ec_arch_free(arch);
}

static void fashion_mnist_has_seventy_thousand_images(void **state)
{
    ec_arch *arch = NULL;
    ec_error err = {0};
    ec_dataset data;
    double x[1024], room[784], sum = 0;
    size_t count[10] = {0};
    (void)state;

    assert_ok(ec_arch_read(&arch, "models/fashion-convac.yaml", &err), &err);
    ec_data_source source = {"fashion-mnist", EC_DATA_TEST, 0};
    assert_ok(ec_data_read(&data, &source, arch, NULL, &err), &err);
    assert_int_equal(data.n, 10000);
    for (size_t i = 0; i < data.n; i++)
        count[data.label[i]]++;
    for (int y = 0; y < 10; y++)
        assert_int_equal(count[y], 1000);
    ec_data_sites(x, &data, 0, room);
    for (int i = 0; i < 32; i++) /* the two outer rows on each side are padding */
        sum += x[i] + x[32 + i] + x[30 * 32 + i] + x[31 * 32 + i];
    assert_true(sum == 0);
    ec_dataset_clear(&data);
    source.part = EC_DATA_TRAIN;
    assert_ok(ec_data_read(&data, &source, arch, NULL, &err), &err);
    assert_int_equal(data.n, 60000);
    ec_dataset_clear(&data);
    ec_arch_free(arch);
}

int main(void)
{
#define IN_FOLDER(test)                                                                            \
    cmocka_unit_test_setup_teardown(test, shell_make_folder, shell_remove_folder)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(padding_centres_the_image_among_zeros),
        cmocka_unit_test(resizing_keeps_the_mean_and_halves_exactly),
        IN_FOLDER(idx_with_a_test_part_is_read_with_a_limit),
        cmocka_unit_test(a_source_without_a_test_part_gives_none),
        cmocka_unit_test(bad_specs_are_refused),
        IN_FOLDER(labels_must_fit_samples_and_outputs),
        IN_FOLDER(samples_must_fit_the_description),
        IN_FOLDER(images_must_have_the_declared_size),
        IN_FOLDER(reading_survives_want_of_memory),
        cmocka_unit_test(fashion_mnist_has_seventy_thousand_images),
    };
    return cmocka_run_group_tests_name("data", tests, NULL, NULL);
}
