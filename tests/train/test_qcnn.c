/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "check.h"
#include "oracle/subject.h"

#include "entcap/linalg.h"
#include "entcap/train.h"

#include <math.h>
#include <string.h>

/* models/qcnn-*.yaml against the formulas of [AC21], written out. */

enum { SIDE = 16, SITES = SIDE * SIDE, LABELS = 10, MOST = 73, LAST = 65 };

static ec_arch *read_model(const char *path)
{
    ec_arch *arch = NULL;
    ec_error err = {0};

    assert_ok(ec_arch_read(&arch, path, &err), &err);
    return arch;
}

/* Random ones, with variances far from 1. */
static ec_weights draw(const ec_arch *arch, uint64_t seed)
{
    ec_weights w;
    ec_rng rng;

    ec_rng_seed(&rng, seed);
    assert_ok(ec_weights_random(&w, arch, &rng, NULL, NULL), NULL);
    for (size_t l = 0; l < arch->n_levels; l++)
        for (size_t c = 0; c < ec_level_channels(&arch->levels[l]); c++)
            w.affine[l].variance[c] = 0.2 + 2 * ec_rng_uniform(&rng);
    ec_weights_compose(&w, arch);
    return w;
}

/* ------------------------------------------------------------------ transposition */

static void left_right_is_top_bottom_of_the_transposed_image(void **state)
{
    ec_arch *upright = read_model("models/qcnn-left-right.yaml");
    ec_arch *lying = read_model("models/qcnn-top-bottom.yaml");
    ec_weights w = draw(upright, check_seed());
    ec_rng rng;

    (void)state;
    ec_rng_seed(&rng, check_seed() + 1);
    for (size_t i = 0; i < 5; i++) {
        double image[SITES], transposed[SITES], sites[SITES * 9], out[2][LABELS], scale[2];

        for (size_t s = 0; s < SITES; s++)
            image[s] = ec_rng_uniform(&rng);
        for (size_t s = 0; s < SITES; s++)
            transposed[s % SIDE * SIDE + s / SIDE] = image[s];
        ec_model_features(sites, &w, image, SITES);
        assert_ok(ec_model_forward(out[0], &scale[0], upright, &w, sites, NULL), NULL);
        ec_model_features(sites, &w, transposed, SITES);
        assert_ok(ec_model_forward(out[1], &scale[1], lying, &w, sites, NULL), NULL);
        assert_memory_equal(out[0], out[1], sizeof out[0]);
        assert_close(scale[0], scale[1], 1e-10);
        /* the image as it is gives something else */
        ec_model_features(sites, &w, image, SITES);
        assert_ok(ec_model_forward(out[1], &scale[1], lying, &w, sites, NULL), NULL);
        assert_memory_not_equal(out[0], out[1], sizeof out[0]);
    }
    ec_weights_clear(&w);
    ec_arch_free(upright);
    ec_arch_free(lying);
}

/* --------------------------------------------------------------- the Gram recursion */

/* Gram matrices lose half of the digits: extended precision. */
typedef long double square[MOST][MOST];

/* L = [[W diag(g), W z], [0, 1]] over the orthonormal {sqrt2 cos, sqrt2 sin, 1}: `root` is 1/sqrt2
 * for the first matrix, else 1. */
static void affine_matrix(square out, const ec_affine *a, size_t rows, size_t channels,
                          long double root)
{
    memset(out, 0, sizeof(square));
    for (size_t i = 0; i < rows; i++)
        for (size_t c = 0; c < channels; c++) {
            long double g = a->gamma[c] / sqrtl(a->variance[c] + 1e-5L);
            out[i][c] = a->weight[i * channels + c] * g * root;
            out[i][channels] += a->weight[i * channels + c] * (a->beta[c] - g * a->mean[c]);
        }
    out[rows][channels] = 1;
}

/* G <- L G L^T, L of (rows + 1) x (cols + 1) */
static void sandwich(square g, square l, size_t rows, size_t cols)
{
    static square lg, next;

    for (size_t i = 0; i <= rows; i++)
        for (size_t j = 0; j <= cols; j++) {
            lg[i][j] = 0;
            for (size_t k = 0; k <= cols; k++)
                lg[i][j] += l[i][k] * g[k][j];
        }
    for (size_t i = 0; i <= rows; i++)
        for (size_t j = 0; j <= rows; j++) {
            next[i][j] = 0;
            for (size_t k = 0; k <= cols; k++)
                next[i][j] += lg[i][k] * l[j][k];
        }
    memcpy(g, next, sizeof next);
}

/* Eigenvalues onto the diagonal of a symmetric matrix, eigenvectors into the columns of v: Jacobi.
 */
static void jacobi(square a, square v, size_t n)
{
    memset(v, 0, sizeof(square));
    for (size_t i = 0; i < n; i++)
        v[i][i] = 1;
    for (size_t turn = 0; turn < 12; turn++)
        for (size_t p = 0; p < n; p++)
            for (size_t q = p + 1; q < n; q++) {
                long double difference = a[q][q] - a[p][p];
                long double t = 2 * a[p][q] / (fabsl(difference) + hypotl(difference, 2 * a[p][q]));
                long double c = 1 / sqrtl(1 + t * t), s = (difference < 0 ? -t : t) * c;

                if (a[p][q] == 0)
                    continue;

                for (size_t k = 0; k < n; k++) {
                    long double x = a[k][p], y = a[k][q], vx = v[k][p], vy = v[k][q];
                    a[k][p] = c * x - s * y;
                    a[k][q] = s * x + c * y;
                    v[k][p] = c * vx - s * vy;
                    v[k][q] = s * vx + c * vy;
                }
                for (size_t k = 0; k < n; k++) {
                    long double x = a[p][k], y = a[q][k];
                    a[p][k] = c * x - s * y;
                    a[q][k] = s * x + c * y;
                }
            }
}

/* N^(1/2) */
static void square_root(square root, const square n, size_t size)
{
    static square value, v;

    memcpy(value, n, sizeof value);
    jacobi(value, v, size);
    for (size_t i = 0; i < size; i++)
        for (size_t j = 0; j < size; j++) {
            root[i][j] = 0;
            for (size_t k = 0; k < size; k++)
                root[i][j] += v[i][k] * sqrtl(fmaxl(0, value[k][k])) * v[j][k];
        }
}

/* Entropy of the eigenvalues of N^(1/2) (N o a a^T) N^(1/2), normalised. */
static double entropy_of(const square n, square root, const long double *a, size_t size)
{
    static square k, v;
    long double sum = 0, entropy = 0;

    for (size_t i = 0; i < size; i++)
        for (size_t j = 0; j < size; j++)
            k[i][j] = n[i][j] * a[i] * a[j];
    sandwich(k, root, size - 1, size - 1);
    jacobi(k, v, size);
    for (size_t i = 0; i < size; i++)
        sum += fmaxl(0, k[i][i]);
    for (size_t i = 0; i < size; i++) {
        long double p = fmaxl(0, k[i][i]) / sum;
        entropy -= p > 0 ? p * logl(p) : 0;
    }
    return (double)entropy;
}

/* G_1 = L_1 L_1^T, G_(l+1) = L_(l+1) (G_l o G_l) L_(l+1)^T, N = G_8, and every label's top row */
static void gram_recursion(double entropy[LABELS], const ec_arch *arch, const ec_weights *w)
{
    static square g, l, root;
    size_t n_levels = arch->n_levels;
    const ec_affine *top = &w->affine[n_levels - 1];
    size_t width = ec_level_channels(&arch->levels[n_levels - 1]);

    memset(g, 0, sizeof g);
    for (size_t i = 0; i < MOST; i++)
        g[i][i] = 1;
    for (size_t level = 0; level + 1 < n_levels; level++) {
        size_t channels = ec_level_channels(&arch->levels[level]);
        size_t rows = ec_level_channels(&arch->levels[level + 1]);

        for (size_t i = 0; level > 0 && i <= channels; i++)
            for (size_t j = 0; j <= channels; j++)
                g[i][j] *= g[i][j];
        affine_matrix(l, &w->affine[level], rows, channels, level == 0 ? sqrtl(0.5L) : 1);
        sandwich(g, l, rows, channels);
    }
    square_root(root, g, width + 1);
    for (size_t y = 0; y < LABELS; y++) {
        long double a[MOST] = {0};

        a[width] = top->bias[y];
        for (size_t c = 0; c < width; c++) {
            long double scale = top->gamma[c] / sqrtl(top->variance[c] + 1e-5L);
            a[c] = top->weight[y * width + c] * scale;
            a[width] += top->weight[y * width + c] * (top->beta[c] - scale * top->mean[c]);
        }
        entropy[y] = entropy_of(g, root, a, width + 1);
    }
}

/* What module state finds through the cut, and that its bound is 8r + 1. */
static void assert_recursion_agrees(const ec_arch *arch, const ec_weights *w)
{
    ec_state_options options = EC_STATE_OPTIONS_INIT;
    double expected[LABELS];
    ec_bound bound = {0};
    ec_bound_options bounding = EC_BOUND_OPTIONS_INIT;
    ec_state got;
    ec_error err = {0};

    assert_ok(ec_bound_compute(&bound, arch, &arch->partitions.items[0].a, &bounding, NULL, &err),
              &err);
    assert_int(bound.rank, "65");
    const ec_state_input in = {arch, w, &arch->partitions.items[0].a, bound.rank, NULL};
    options.basis = EC_BASIS_FEATURES;
    options.rank = options.forward = false;
    assert_ok(ec_state_verify(&got, &in, &options, NULL, &err), &err);
    gram_recursion(expected, arch, w);
    for (size_t y = 0; y < LABELS; y++) {
        assert_true(got.labels[y].von_neumann.known);
        assert_close(got.labels[y].von_neumann.value, expected[y], 1e-9);
        assert_true(expected[y] <= log(LAST));
    }
    ec_state_clear(&got);
    ec_bound_clear(&bound);
}

static void entropies_of_random_weights_follow_the_gram_recursion(void **state)
{
    static const char *const models[] = {"models/qcnn-left-right.yaml",
                                         "models/qcnn-top-bottom.yaml"};
    (void)state;

    for (size_t i = 0; i < 2; i++) {
        ec_arch *arch = read_model(models[i]);
        ec_weights w = draw(arch, check_seed() + i);

        assert_recursion_agrees(arch, &w);
        ec_weights_clear(&w);
        ec_arch_free(arch);
    }
}

static void entropies_of_trained_weights_follow_the_gram_recursion(void **state)
{
    ec_arch *arch = read_model("models/qcnn-left-right.yaml");
    const ec_data_source source = {"fashion-mnist", EC_DATA_TRAIN, 640};
    ec_train_options options = EC_TRAIN_OPTIONS_INIT;
    ec_run run = EC_RUN_INIT;
    ec_dataset data;
    ec_weights w;
    ec_rng rng;
    ec_error err = {0};

    (void)state;
    options.rate = 0.003;
    ec_rng_seed(&rng, check_seed());
    assert_ok(ec_data_read(&data, &source, arch, &run, &err), &err);
    assert_ok(ec_train_start(&w, arch, &rng, &run, &err), &err);
    assert_recursion_agrees(arch, &w);
    assert_ok(ec_train(&w, arch, &data, NULL, &options, &run, &err), &err);
    assert_recursion_agrees(arch, &w);
    ec_weights_clear(&w);
    ec_dataset_clear(&data);
    ec_arch_free(arch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(left_right_is_top_bottom_of_the_transposed_image),
        cmocka_unit_test(entropies_of_random_weights_follow_the_gram_recursion),
        cmocka_unit_test(entropies_of_trained_weights_follow_the_gram_recursion),
    };

    return cmocka_run_group_tests_name("train: q-CNN", tests, NULL, NULL);
}
