/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "check.h"
#include "oracle/subject.h"

#include "entcap/linalg.h"

#include <math.h>
#include <string.h>

enum { M = 4, N_LABELS = 2 };

/* a network of four sites with a feature map of M features, bends inside and outside of [0, 1] */
static void make(subject *s)
{
    static const convac_level levels[] = {{M, 1, 1, true}, {5, 1, 2, true}, {6, 1, 2, false}};
    static const double slope[M] = {-1, 1, 3, -2.5}, offset[M] = {1, 0.125, -1, 0.75};

    subject_make(s, levels, 3, N_LABELS, "ABBA");
    s->weights.n_features = M;
    s->weights.features = (ec_features){EC_FEATURES_AFFINE_RELU, true, 1};
    s->weights.slope = ec_calloc(M, sizeof(double), NULL);
    s->weights.offset = ec_calloc(M, sizeof(double), NULL);
    memcpy(s->weights.slope, slope, sizeof slope);
    memcpy(s->weights.offset, offset, sizeof offset);
}

/* The same function, written otherwise: features times D, W_0 times D^-1. */
static void rescale(subject *s, const double scale[M])
{
    for (size_t d = 0; d < M; d++) {
        s->weights.slope[d] *= scale[d];
        s->weights.offset[d] *= scale[d];
        for (size_t o = 0; o < s->arch.levels[0].out; o++)
            s->weights.matrix[0][o * M + d] /= scale[d];
    }
}

/* samples of three pixels, padded to the four sites */
static void make_data(ec_dataset *data, size_t n, ec_rng *rng)
{
    *data = (ec_dataset){.n = n, .scale = 0.5, .image = {1, 3}, .grid = {1, 4}};
    assert_ok(ec_array_init(&data->pixels, EC_F64, 2, (size_t[]){n, 3}, NULL, NULL), NULL);
    for (size_t i = 0; i < 3 * n; i++)
        ((double *)data->pixels.data)[i] = 2 * ec_rng_uniform(rng);
}

static double feature(const subject *s, size_t d, double x)
{
    return fmax(0, s->weights.slope[d] * x + s->weights.offset[d]);
}

/* ------------------------------------------------------------------- Gram matrices */

static void known_integrals_come_out_exactly(void **state)
{
    double gram[M * M];
    subject s;
    (void)state;

    make(&s);
    memcpy(s.weights.slope, (double[]){-1, 1, 2, 0}, M * sizeof(double));
    memcpy(s.weights.offset, (double[]){1, 0, -1, -1}, M * sizeof(double));
    assert_ok(ec_state_gram_on_interval(gram, &s.weights, NULL), NULL);
    const double want[M * M] = {1.0 / 3,  1.0 / 6,  1.0 / 24, 0, 1.0 / 6, 1.0 / 3, 5.0 / 24, 0,
                                1.0 / 24, 5.0 / 24, 1.0 / 6,  0, 0,       0,       0,        0};
    for (size_t i = 0; i < M * M; i++)
        assert_close(gram[i], want[i], 1e-16);
    subject_clear(&s);
}

static void integrals_agree_with_many_small_steps(void **state)
{
    const size_t steps = 20000;
    double gram[M * M];
    subject s;
    (void)state;

    make(&s);
    assert_ok(ec_state_gram_on_interval(gram, &s.weights, NULL), NULL);
    for (size_t d = 0; d < M; d++)
        for (size_t e = 0; e < M; e++) {
            double sum = 0;

            for (size_t i = 0; i < steps; i++) {
                double x = ((double)i + 0.5) / (double)steps;
                sum += feature(&s, d, x) * feature(&s, e, x) / (double)steps;
            }
            assert_close(gram[d * M + e], sum, 1e-8);
        }
    subject_clear(&s);
}

/* Of whole frequencies: 1/2 on the diagonal but for the constant's 1, with any scale of pixels. */
static void cosines_and_sines_are_orthogonal_beside_the_constant(void **state)
{
    enum { N = 7 };
    double frequency[3] = {1, 2, 3}, gram[N * N];
    const ec_weights w = {.n_features = 6,
                          .constant = true,
                          .features = {EC_FEATURES_COS_SIN, false, 0.5},
                          .frequency = frequency};
    (void)state;

    assert_ok(ec_state_gram_on_interval(gram, &w, NULL), NULL);
    for (size_t d = 0; d < N; d++)
        for (size_t e = 0; e < N; e++)
            assert_close(gram[d * N + e], d != e ? 0 : d < 6 ? 0.5 : 1, 1e-14);
    frequency[1] = 2.5; /* learned ones need not be whole: int cos(2 pi x) cos(5 pi x) = 0 */
    assert_ok(ec_state_gram_on_interval(gram, &w, NULL), NULL);
    assert_close(gram[0 * N + 2], 0, 1e-14);
    assert_close(gram[0 * N + 3], 10 / (21 * M_PI), 1e-14); /* cos(2 pi x) sin(5 pi x) */
    frequency[1] = 1001;
    assert_int_equal(ec_state_gram_on_interval(gram, &w, NULL), EC_ELIMIT);
}

static void legendre_features_are_orthonormal(void **state)
{
    enum { N = 9 };
    double gram[N * N];
    const ec_weights w = {.n_features = N, .features = {EC_FEATURES_POLYNOMIAL, false, 1}};
    (void)state;

    assert_ok(ec_state_gram_on_interval(gram, &w, NULL), NULL);
    for (size_t d = 0; d < N; d++)
        for (size_t e = 0; e < N; e++)
            assert_close(gram[d * N + e], d == e, 1e-13);
}

static void a_mean_over_data_takes_every_site_of_every_sample(void **state)
{
    double gram[M * M], room[3], value[4], want[M * M] = {0};
    ec_dataset data;
    ec_rng rng;
    subject s;
    (void)state;

    make(&s);
    ec_rng_seed(&rng, check_seed());
    make_data(&data, 7, &rng);
    assert_ok(ec_state_gram_over_data(gram, &s.weights, &data, NULL, NULL), NULL);
    for (size_t i = 0; i < data.n; i++) {
        ec_data_sites(value, &data, i, room);
        for (size_t site = 0; site < 4; site++)
            for (size_t k = 0; k < M * M; k++)
                want[k] += feature(&s, k / M, value[site]) * feature(&s, k % M, value[site]) / 28;
    }
    for (size_t k = 0; k < M * M; k++)
        assert_close(gram[k], want[k], 1e-14);
    ec_dataset_clear(&data);
    subject_clear(&s);
}

/* Of values spread evenly over [0, 1] the mean is the integral. */
static void evenly_spread_data_give_the_interval(void **state)
{
    double over_data[M * M], on_interval[M * M];
    ec_dataset data = {.n = 5000, .scale = 1, .image = {1, 4}, .grid = {1, 4}};
    subject s;
    (void)state;

    make(&s);
    assert_ok(ec_array_init(&data.pixels, EC_F64, 2, (size_t[]){5000, 4}, NULL, NULL), NULL);
    for (size_t i = 0; i < 20000; i++)
        ((double *)data.pixels.data)[i] = ((double)i + 0.5) / 20000;
    assert_ok(ec_state_gram_over_data(over_data, &s.weights, &data, NULL, NULL), NULL);
    assert_ok(ec_state_gram_on_interval(on_interval, &s.weights, NULL), NULL);
    for (size_t k = 0; k < M * M; k++)
        assert_close(over_data[k], on_interval[k], 1e-8);
    ec_dataset_clear(&data);
    subject_clear(&s);
}

/* ------------------------------------------------------------------------ entropies */

typedef struct entropies {
    double s[N_LABELS], s2[N_LABELS], s2_copies[N_LABELS]; /* S_2 by both ways */
} entropies;

static entropies measure(const subject *s, ec_basis basis, const double *gram)
{
    ec_state_options options = EC_STATE_OPTIONS_INIT;
    ec_int bound = {0};
    ec_state_input in = subject_input(s, &bound);
    entropies out;

    ec_int_set_u64(&bound, 1 << 20);
    options.basis = basis;
    options.gram = gram;
    options.rank = options.forward = false;
    for (int way = 0; way < 2; way++) {
        ec_error err = {0};
        ec_state got;

        options.spectrum_limit = way == 0 ? 1024 : 0;
        assert_ok(ec_state_verify(&got, &in, &options, NULL, &err), &err);
        for (size_t y = 0; y < N_LABELS; y++) {
            assert_true(got.labels[y].renyi2.known);
            (way == 0 ? out.s2 : out.s2_copies)[y] = got.labels[y].renyi2.value;
            if (way == 0)
                out.s[y] = got.labels[y].von_neumann.value;
        }
        ec_state_clear(&got);
    }
    ec_int_clear(&bound);
    return out;
}

static void assert_same(const entropies *a, const entropies *b)
{
    for (size_t y = 0; y < N_LABELS; y++) {
        assert_close(a->s[y], b->s[y], 1e-10);
        assert_close(a->s2[y], b->s2[y], 1e-10);
        assert_close(a->s2_copies[y], b->s2_copies[y], 1e-10);
        assert_close(a->s2[y], a->s2_copies[y], 1e-10);
    }
}

/* The outputs of both networks, on the same pixels. */
static void assert_same_function(const subject *a, const subject *b, ec_rng *rng)
{
    double pixel[4], sites[2][4 * M], out[2][N_LABELS], log_scale[2];

    for (size_t i = 0; i < 4; i++)
        pixel[i] = ec_rng_uniform(rng);
    for (int k = 0; k < 2; k++) {
        const subject *s = k == 0 ? a : b;

        ec_model_features(sites[k], &s->weights, pixel, 4);
        assert_ok(ec_model_forward(out[k], &log_scale[k], &s->arch, &s->weights, sites[k], NULL),
                  NULL);
    }
    for (size_t y = 0; y < N_LABELS; y++)
        assert_close(out[0][y] * exp(log_scale[0]), out[1][y] * exp(log_scale[1]), 1e-12);
}

static void rescaled_features_change_the_tensor_but_not_the_function(void **state)
{
    static const double scale[M] = {0.125, 3, 20, 0.5};
    double gram[2][M * M];
    subject s, rescaled;
    ec_dataset data;
    ec_rng rng;
    (void)state;

    make(&s);
    make(&rescaled);
    rescale(&rescaled, scale);
    ec_rng_seed(&rng, check_seed());
    for (int i = 0; i < 10; i++)
        assert_same_function(&s, &rescaled, &rng);

    entropies before = measure(&s, EC_BASIS_SITES, NULL);
    entropies after = measure(&rescaled, EC_BASIS_SITES, NULL);
    for (size_t y = 0; y < N_LABELS; y++) {
        assert_true(fabs(before.s[y] - after.s[y]) > 0.01);
        assert_true(fabs(before.s2[y] - after.s2[y]) > 0.01);
    }

    before = measure(&s, EC_BASIS_FEATURES, NULL);
    after = measure(&rescaled, EC_BASIS_FEATURES, NULL);
    assert_same(&before, &after);

    make_data(&data, 50, &rng);
    assert_ok(ec_state_gram_over_data(gram[0], &s.weights, &data, NULL, NULL), NULL);
    assert_ok(ec_state_gram_over_data(gram[1], &rescaled.weights, &data, NULL, NULL), NULL);
    before = measure(&s, EC_BASIS_DATA, gram[0]);
    after = measure(&rescaled, EC_BASIS_DATA, gram[1]);
    assert_same(&before, &after);
    ec_dataset_clear(&data);
    subject_clear(&rescaled);
    subject_clear(&s);
}

/* ----------------------------------------------------------------------- bad input */

static void what_has_no_features_or_samples_is_rejected(void **state)
{
    double gram[M * M];
    ec_state_options options = EC_STATE_OPTIONS_INIT;
    ec_error err = {0};
    ec_dataset data;
    ec_int bound = {0};
    ec_state got;
    ec_rng rng;
    subject s;
    (void)state;

    make(&s);
    ec_rng_seed(&rng, check_seed());
    make_data(&data, 1, &rng);
    ec_state_input in = subject_input(&s, &bound);
    options.basis = EC_BASIS_DATA;
    assert_int_equal(ec_state_verify(&got, &in, &options, NULL, &err), EC_EINVAL);
    assert_string_equal(err.msg, "basis data: the Gram matrix of the features is missing");
    ec_state_clear(&got);

    for (size_t k = 0; k < M * M; k++)
        gram[k] = k == 5 ? NAN : 0;
    options.gram = gram;
    err = (ec_error){0};
    assert_int_equal(ec_state_verify(&got, &in, &options, NULL, &err), EC_ENUMERIC);
    ec_state_clear(&got);

    data.n = 0;
    err = (ec_error){0};
    assert_int_equal(ec_state_gram_over_data(gram, &s.weights, &data, NULL, &err), EC_EINVAL);
    assert_string_equal(err.msg, "Gram matrix of features: no samples to average over");
    s.weights.features.kind = EC_FEATURES_NONE;
    err = (ec_error){0};
    assert_int_equal(ec_state_gram_over_data(gram, &s.weights, &data, NULL, &err), EC_EINVAL);
    assert_string_equal(err.msg, "Gram matrix of features: there is no feature map");
    ec_dataset_clear(&data);
    subject_clear(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_integrals_come_out_exactly),
        cmocka_unit_test(integrals_agree_with_many_small_steps),
        cmocka_unit_test(cosines_and_sines_are_orthogonal_beside_the_constant),
        cmocka_unit_test(legendre_features_are_orthonormal),
        cmocka_unit_test(a_mean_over_data_takes_every_site_of_every_sample),
        cmocka_unit_test(evenly_spread_data_give_the_interval),
        cmocka_unit_test(rescaled_features_change_the_tensor_but_not_the_function),
        cmocka_unit_test(what_has_no_features_or_samples_is_rejected),
    };

    if (ec_linalg_threads(1, NULL) != EC_OK)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
