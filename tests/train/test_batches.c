/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "layered.h"

/* Weights after some steps with batches of 50 and 30. */
static ec_weights trained_by(const ec_arch *arch, unsigned threads)
{
    ec_dataset data = bright_and_dark(arch, 80);
    ec_train_options o = {.epochs = 3, .batch = 50, .rate = 0.02, .decay = 0.01};
    ec_weights w = start_of(arch, 7);
    ec_run run = EC_RUN_INIT;
    ec_error err = {0};

    run.threads = threads;
    assert_ok(ec_train(&w, arch, &data, NULL, &o, &run, &err), &err);
    ec_dataset_clear(&data);
    return w;
}

static void threads_change_no_bit(void **state)
{
    (void)state;

    for (size_t i = 0; i < N_LAYERED; i++) {
        ec_arch *arch = small_arch(LAYERED[i]);
        ec_weights one = trained_by(arch, 1);
        for (unsigned n = 2; n < 9; n += 3) {
            ec_weights many = trained_by(arch, n);
            assert_same_vectors(&one, &many, arch);
            ec_weights_clear(&many);
        }
        ec_weights_clear(&one);
        ec_arch_free(arch);
    }
}

/* ----------------------------------------------------- outputs beside model's */

enum { MANY = 21 }; /* two passes of eight, and some of a third */

/* Outputs of the reference, the largest of a sample 1 in magnitude, and its logarithm. */
static void reference(double *z, double *scale, const ec_arch *arch, const ec_weights *w,
                      const double *x)
{
    double *sites = ec_calloc(arch->n_sites * ec_weights_site_length(w), sizeof *sites, NULL);
    ec_error err = {0};

    assert_non_null(sites);
    ec_model_features(sites, w, x, arch->n_sites);
    assert_ok(ec_model_forward(z, scale, arch, w, sites, &err), &err);
    ec_free(sites);
}

static double largest_of(const double *z, size_t n)
{
    double largest = 0;

    for (size_t y = 0; y < n; y++)
        largest = fmax(largest, fabs(z[y]));
    return largest;
}

/*
 * Outputs of training are those of the model in double precision: themselves where a part is
 * affine, else up to a positive factor.
 */
static void check_outputs(const ec_arch *arch, const ec_weights *w, uint64_t seed, unsigned threads)
{
    ec_dataset data = small_data(arch, MANY, seed);
    size_t n = arch->outputs;
    double mine[MANY * 8], model[8], scale;
    double close = 1e-4 + 3e-6 * (double)arch->n_sites; /* every factor is rounded */
    ec_run run = EC_RUN_INIT;
    ec_error err = {0};

    run.threads = threads;
    assert_ok(ec_train_outputs(mine, arch, w, &data, &run, &err), &err);
    for (size_t s = 0; s < MANY; s++) {
        double *z = mine + s * n;
        reference(model, &scale, arch, w, (double *)data.pixels.data + s * arch->n_sites);
        double unit = ec_arch_is_affine(arch) ? exp(scale) : largest_of(z, n);
        assert_true(unit > 0 && isfinite(unit));
        for (size_t y = 0; y < n; y++)
            if (!(fabs(z[y] - model[y] * unit) <= close * unit))
                fail_msg("seed %d, %s: output %zu of sample %zu is %.8g, not %.8g", (int)seed,
                         arch->name, y, s, z[y], model[y] * unit);
    }
    ec_dataset_clear(&data);
}

static void outputs_are_those_of_the_model(void **state)
{
    (void)state;

    for (size_t i = 0; i < N_LAYERED + N_SMALL; i++)
        for (uint64_t draw = 0; draw < check_count(3); draw++) {
            uint64_t seed = check_seed() + draw;
            ec_arch *arch = small_arch(i < N_LAYERED ? LAYERED[i] : SMALL[i - N_LAYERED]);
            ec_weights w = layered_weights(arch, seed);
            check_outputs(arch, &w, seed + 50, 1 + (unsigned)draw);
            ec_weights_clear(&w);
            ec_arch_free(arch);
        }
}

#define LONG(kind, layers)                                                                         \
    "name: long " kind "\ninput: {shape: [32, 32], channels: 4, features: {kind: " kind            \
    "}}\nlayers:\n" layers "  - dense: {outputs: 3}\n"

/** Products of 1,024 factors, at once and by and by. */
static const char *const LONGS[] = {
    LONG("cos-sin", "  - pool: {window: [32, 32]}\n"),
    LONG("polynomial", "  - conv: {channels: 5}\n  - pool: {window: [32, 32]}\n"),
    LONG("cos-sin", "  - conv: {channels: 3}\n  - pool: {window: [4, 4]}\n"
                    "  - conv: {channels: 4}\n  - pool: {window: [8, 8]}\n"),
};
#define N_LONG (sizeof LONGS / sizeof *LONGS)

/* The first matrix times `factor`: outputs of the model grow by its 1,024th power. */
static void scale_first(ec_weights *w, const ec_arch *arch, double factor)
{
    for (size_t i = 0; i < ec_weights_count(arch, 0); i++)
        w->matrix[0][i] *= factor;
}

static void products_of_a_thousand_cosines_stay_in_range(void **state)
{
    (void)state;

    for (size_t i = 0; i < N_LONG; i++)
        for (int power = -2; power <= 2; power++) {
            ec_arch *arch = small_arch(LONGS[i]);
            ec_weights w = layered_weights(arch, check_seed());
            double h[8], scale, *x = NULL;
            ec_dataset data = small_data(arch, 1, 3);
            scale_first(&w, arch, pow(8, power));
            x = data.pixels.data;
            reference(h, &scale, arch, &w, x);
            if (power == -2) /* float ends at exp(-103) */
                assert_true(scale < -200);
            check_outputs(arch, &w, check_seed() + 9, 2);
            ec_dataset_clear(&data);
            ec_weights_clear(&w);
            ec_arch_free(arch);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_change_no_bit),
        cmocka_unit_test(outputs_are_those_of_the_model),
        cmocka_unit_test(products_of_a_thousand_cosines_stay_in_range),
    };
    return cmocka_run_group_tests_name("batches", tests, NULL, NULL);
}
