/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "small.h"

/* ------------------------------------------------------------------- oracle */

/*
 * The loss as entcap/train.h defines it, from recursion over the network and in plain products: no
 * scaling, no workspace, nothing shared with src/train. Fit for small networks only.
 */
static void vector_at(double *out, const ec_arch *arch, const ec_weights *w, const double *x,
                      size_t level, size_t position)
{
    const ec_level *l = &arch->levels[level];
    size_t width = level == 0 ? arch->input.grid[1] : l[-1].grid[1];
    double part[16], below[16];

    for (size_t d = 0; d < l->dim; d++)
        out[d] = 1;
    for (size_t i = 0; i < l->window[0]; i++)
        for (size_t j = 0; j < l->window[1]; j++) {
            size_t at = (position / l->grid[1] * l->window[0] + i) * width +
                        position % l->grid[1] * l->window[1] + j;
            for (size_t d = 0; d < l->dim && level == 0; d++)
                part[d] = fmax(0, w->slope[d] * x[at] + w->offset[d]);
            if (level > 0) {
                const double *m = ec_weights_at(w, arch, level - 1, at);
                vector_at(below, arch, w, x, level - 1, at);
                for (size_t r = 0; r < l->dim; r++) {
                    part[r] = 0;
                    for (size_t c = 0; c < l[-1].dim; c++)
                        part[r] += m[r * l[-1].dim + c] * below[c];
                }
            }
            for (size_t d = 0; d < l->dim; d++)
                out[d] *= part[d];
        }
}

static double plain_loss(const ec_arch *arch, const ec_weights *w, const double *x, uint32_t label)
{
    size_t top = arch->n_levels - 1, dim = arch->levels[top].dim;
    double t[16], z[16], square = 0, sum = 0;

    vector_at(t, arch, w, x, top, 0);
    for (size_t d = 0; d < dim; d++)
        square += t[d] * t[d];
    for (uint32_t y = 0; y < arch->outputs; y++) {
        z[y] = 0;
        for (size_t d = 0; d < dim; d++)
            z[y] += w->matrix[top][y * dim + d] * t[d] / sqrt(square / (double)dim);
    }
    for (uint32_t y = 0; y < arch->outputs; y++)
        sum += y != label ? exp(z[y] - z[label]) : 0;
    return log1p(sum); /* -log softmax */
}

/* -------------------------------------------------------------------- tests */

static void check_network(const char *text, uint64_t seed)
{
    const double h = 1e-6;
    ec_arch *arch = small_arch(text);
    ec_weights w = small_weights(arch, seed), g;
    ec_dataset data = small_data(arch, 1, seed + 100);
    const double *x = data.pixels.data;
    double loss, largest = 0;
    size_t n;

    assert_ok(ec_weights_init(&g, arch, NULL, NULL), NULL);
    assert_ok(ec_train_gradient(&g, &loss, arch, &w, x, data.label[0], NULL), NULL);
    assert_close(loss, plain_loss(arch, &w, x, data.label[0]), 1e-12 * (1 + loss));
    for (size_t k = 0; k < w.n_levels + 2; k++) {
        double *vector = small_vector(&w, arch, k, &n);
        const double *gradient = small_vector(&g, arch, k, &n);
        for (size_t i = 0; i < n; i++) {
            double at = vector[i];
            vector[i] = at + h;
            double up = plain_loss(arch, &w, x, data.label[0]);
            vector[i] = at - h;
            double down = plain_loss(arch, &w, x, data.label[0]);
            vector[i] = at;
            double difference = (up - down) / (2 * h);
            if (!(fabs(gradient[i] - difference) <= 1e-7 * (1 + fabs(difference))))
                fail_msg("seed %d, %s: vector %zu, entry %zu: %.10g, differences give %.10g",
                         (int)seed, arch->name, k, i, gradient[i], difference);
            largest = fmax(largest, fabs(difference));
        }
    }
    assert_true(largest > 1e-3); /* there was something to check */
    ec_weights_clear(&w);
    ec_weights_clear(&g);
    ec_dataset_clear(&data);
    ec_arch_free(arch);
}

static void gradients_are_those_of_central_differences(void **state)
{
    (void)state;

    for (size_t i = 0; i < N_SMALL; i++)
        for (uint64_t draw = 0; draw < check_count(3); draw++)
            check_network(SMALL[i], check_seed() + draw);
}

/* A zero factor: prefix and suffix products need no exception, a quotient would be NaN. */
static void a_zero_factor_has_its_gradient(void **state)
{
    ec_arch *arch = small_arch(SMALL[2]);
    ec_weights w = small_weights(arch, 4), g;
    ec_dataset data = small_data(arch, 1, 5);
    double loss, sum = 0;
    (void)state;

    w.slope[0] = 1; /* feature 0 is exactly zero at a site of value 1/4 and not around it */
    w.offset[0] = -0.25;
    ((double *)data.pixels.data)[1] = 0.25;
    assert_ok(ec_weights_init(&g, arch, NULL, NULL), NULL);
    assert_ok(ec_train_gradient(&g, &loss, arch, &w, data.pixels.data, 0, NULL), NULL);
    for (size_t i = 0; i < ec_weights_count(arch, 0); i++) {
        assert_true(isfinite(g.matrix[0][i]));
        sum += fabs(g.matrix[0][i]);
    }
    assert_true(sum > 0);
    ec_weights_clear(&w);
    ec_weights_clear(&g);
    ec_dataset_clear(&data);
    ec_arch_free(arch);
}

static void a_network_that_is_zero_costs_ln_of_the_labels(void **state)
{
    ec_arch *arch = small_arch(SMALL[0]);
    ec_weights w = small_weights(arch, 1), g;
    double loss, x[16] = {0};
    (void)state;

    for (uint32_t d = 0; d < w.n_features; d++)
        w.slope[d] = w.offset[d] = -1; /* every feature is 0 */
    assert_ok(ec_weights_init(&g, arch, NULL, NULL), NULL);
    g.slope[0] = 7; /* what was there before is replaced */
    assert_ok(ec_train_gradient(&g, &loss, arch, &w, x, 1, NULL), NULL);
    assert_close(loss, log(3), 1e-15);
    assert_true(g.slope[0] == 0 && g.matrix[0][0] == 0 && g.matrix[2][0] == 0);
    ec_weights_clear(&w);
    ec_weights_clear(&g);
    ec_arch_free(arch);
}

/* Scaled by 1e60, the plain product over this network would be of size 1e2700. */
static void the_loss_does_not_see_the_scale_below_the_dense_layer(void **state)
{
    static const double factors[] = {1e-60, 1e-20, 3, 1e20, 1e60};
    ec_arch *arch = small_arch(SMALL[5]);
    ec_weights w = small_weights(arch, 3), g;
    ec_dataset data = small_data(arch, 1, 3);
    double loss, scaled;
    (void)state;

    assert_ok(ec_weights_init(&g, arch, NULL, NULL), NULL);
    assert_ok(ec_train_gradient(&g, &loss, arch, &w, data.pixels.data, 0, NULL), NULL);
    for (size_t f = 0; f < sizeof factors / sizeof *factors; f++) {
        double along = 0, before = g.matrix[1][0];
        ec_weights h;
        for (size_t i = 0; i < ec_weights_count(arch, 0); i++)
            w.matrix[0][i] *= factors[f];
        assert_ok(ec_weights_init(&h, arch, NULL, NULL), NULL);
        assert_ok(ec_train_gradient(&h, &scaled, arch, &w, data.pixels.data, 0, NULL), NULL);
        assert_close(scaled, loss, 1e-11);
        assert_close(h.matrix[1][0], before, 1e-9 * (1 + fabs(before)));
        for (size_t i = 0; i < ec_weights_count(arch, 0); i++) /* Euler: degree 0 */
            along += h.matrix[0][i] * w.matrix[0][i];
        assert_close(along, 0, 1e-11);
        for (size_t i = 0; i < ec_weights_count(arch, 0); i++)
            w.matrix[0][i] /= factors[f];
        ec_weights_clear(&h);
    }
    ec_weights_clear(&w);
    ec_weights_clear(&g);
    ec_dataset_clear(&data);
    ec_arch_free(arch);
}

static ec_status take_gradient(void *arg, ec_error *err)
{
    const ec_arch *arch = arg;
    ec_weights w, g = {.n_levels = 0};
    double loss, x[16] = {0};
    ec_rng rng;

    ec_rng_seed(&rng, 1);
    ec_status status = ec_weights_random(&w, arch, &rng, NULL, err);
    if (status == EC_OK)
        status = ec_weights_init(&g, arch, NULL, err);
    if (status == EC_OK)
        status = ec_train_gradient(&g, &loss, arch, &w, x, 0, err);
    ec_weights_clear(&w);
    ec_weights_clear(&g);
    return status;
}

static void a_gradient_survives_want_of_memory(void **state)
{
    ec_arch *arch = small_arch(SMALL[0]);
    (void)state;

    assert_survives_oom(take_gradient, arch);
    ec_arch_free(arch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gradients_are_those_of_central_differences),
        cmocka_unit_test(a_zero_factor_has_its_gradient),
        cmocka_unit_test(a_network_that_is_zero_costs_ln_of_the_labels),
        cmocka_unit_test(the_loss_does_not_see_the_scale_below_the_dense_layer),
        cmocka_unit_test(a_gradient_survives_want_of_memory),
    };
    return cmocka_run_group_tests_name("train: gradient", tests, NULL, NULL);
}
