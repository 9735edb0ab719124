/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "oracle/convac.h"

#include "check.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_SITES = 64, MAX_WIDTH = 64 };

static const int64_t prime = 2147483647; /* 2^31 - 1 */

/* ------------------------------------------------------------ architectures */

void convac_make(ec_arch *out, const convac_level *levels, size_t n, uint32_t outputs)
{
    size_t height = 1, width = 1;

    *out = (ec_arch){.n_levels = n, .outputs = outputs};
    out->levels = ec_calloc(n, sizeof *out->levels, NULL);
    assert_non_null(out->levels);
    for (size_t l = n; l-- > 0;) {
        ec_level *level = &out->levels[l];
        bool one = height * width == 1;

        *level = (ec_level){.dim = levels[l].dim,
                            .window = {levels[l].height, levels[l].width},
                            .grid = {height, width},
                            .out = l + 1 < n ? levels[l + 1].dim : outputs,
                            .shared = levels[l].shared && !one,
                            .layer = l};
        height *= levels[l].height;
        width *= levels[l].width;
    }
    out->n_sites = height * width;
    out->input = (ec_input){
        .n_dims = height > 1 ? 2 : 1, .grid = {height, width}, .channels = levels[0].dim};
}

void convac_clear(ec_arch *arch)
{
    ec_free(arch->levels);
    *arch = (ec_arch){.n_levels = 0};
}

static bool fits(size_t dim, size_t sites, size_t max_sites)
{
    return sites <= max_sites && pow((double)dim, (double)sites) <= 4096;
}

void convac_random(ec_arch *out, size_t max_sites, ec_rng *rng)
{
    static const uint32_t windows[][2] = {{1, 1}, {1, 2}, {1, 2}, {2, 1}, {1, 3}, {2, 2}, {1, 4}};
    convac_level levels[5];
    size_t n, sites;

    do {
        n = 1 + (size_t)ec_rng_below(rng, 5);
        sites = 1;
        for (size_t l = 0; l < n; l++) {
            const uint32_t *window = windows[ec_rng_below(rng, 7)];
            levels[l] = (convac_level){.dim = 1 + (uint32_t)ec_rng_below(rng, l == 0 ? 3 : 5),
                                       .height = window[0],
                                       .width = window[1],
                                       .shared = ec_rng_below(rng, 2) == 0};
            sites *= window[0] * window[1];
        }
    } while (sites < 2 || !fits(levels[0].dim, sites, max_sites));
    convac_make(out, levels, n, 1 + (uint32_t)ec_rng_below(rng, 3));
}

void convac_random_side(ec_sites *out, size_t n_sites, ec_rng *rng)
{
    assert_ok(ec_sites_init(out, n_sites, NULL), NULL);
    for (size_t i = 0; i < n_sites; i++)
        if (ec_rng_below(rng, 2) == 0)
            ec_sites_add(out, i);
    size_t one = (size_t)ec_rng_below(rng, n_sites);
    if (ec_sites_count(out) == 0)
        ec_sites_add(out, one);
    if (ec_sites_count(out) == n_sites)
        ec_sites_remove(out, one);
}

void convac_sides(ec_sites *out, const char *letters)
{
    size_t n = strlen(letters);

    assert_ok(ec_sites_init(out, n, NULL), NULL);
    for (size_t i = 0; i < n; i++)
        if (letters[i] == 'A')
            ec_sites_add(out, i);
}

void convac_integer_weights(ec_weights *weights, const ec_arch *arch, unsigned range, ec_rng *rng)
{
    for (size_t l = 0; l < arch->n_levels; l++) {
        const ec_level *level = &arch->levels[l];
        size_t copies = level->shared ? 1 : level->grid[0] * level->grid[1];
        for (size_t i = 0; i < copies * level->out * level->dim; i++)
            weights->matrix[l][i] = (double)ec_rng_below(rng, 2 * range + 1) - range;
    }
}

/* ------------------------------------------------------ entries, by recursion */

/* one entry's evaluation: value[i] is the basis vector that site i is set to */
typedef struct entry {
    const ec_arch *arch;
    const ec_weights *weights;
    const double *site;
    size_t value[MAX_SITES];
} entry;

static double site_component(const entry *e, size_t i, size_t d)
{
    if (e->site == NULL)
        return e->value[i] == d ? 1 : 0;
    return e->site[e->value[i] * e->arch->levels[0].dim + d];
}

static const double *matrix_at(const entry *e, size_t l, size_t row, size_t col)
{
    const ec_level *level = &e->arch->levels[l];
    size_t position = level->shared ? 0 : row * level->grid[1] + col;

    return e->weights->matrix[l] + position * level->out * level->dim;
}

/* component o of the output of the matrix at (row, col) of level l, in real numbers */
static double output(const entry *e, size_t l, size_t row, size_t col, size_t o)
{
    const ec_level *level = &e->arch->levels[l];
    const double *w = matrix_at(e, l, row, col) + o * level->dim;
    double sum = 0;

    for (size_t d = 0; d < level->dim; d++) {
        double product = 1;
        for (size_t i = row * level->window[0]; i < (row + 1) * level->window[0]; i++)
            for (size_t j = col * level->window[1]; j < (col + 1) * level->window[1]; j++)
                product *= l > 0 ? output(e, l - 1, i, j, d)
                                 : site_component(e, i * e->arch->input.grid[1] + j, d);
        sum += w[d] * product;
    }
    return sum;
}

/* the same modulo the prime, for integer weights on standard basis vectors */
static int64_t output_mod(const entry *e, size_t l, size_t row, size_t col, size_t o)
{
    const ec_level *level = &e->arch->levels[l];
    const double *w = matrix_at(e, l, row, col) + o * level->dim;
    int64_t sum = 0;

    for (size_t d = 0; d < level->dim; d++) {
        int64_t product = ((int64_t)w[d] % prime + prime) % prime;
        for (size_t i = row * level->window[0]; i < (row + 1) * level->window[0]; i++)
            for (size_t j = col * level->window[1]; j < (col + 1) * level->window[1]; j++)
                product = product *
                          (l > 0 ? output_mod(e, l - 1, i, j, d)
                                 : (int64_t)site_component(e, i * e->arch->input.grid[1] + j, d)) %
                          prime;
        sum = (sum + product) % prime;
    }
    return sum;
}

/* set the sites of side A (in_a) or of the rest to the digits of k, the last site fastest */
static void set_values(entry *e, const ec_sites *a, bool in_a, size_t k)
{
    for (size_t i = e->arch->n_sites; i-- > 0;)
        if (ec_sites_has(a, i) == in_a) {
            e->value[i] = k % e->arch->levels[0].dim;
            k /= e->arch->levels[0].dim;
        }
}

static void shape(size_t *rows, size_t *cols, const ec_arch *arch, const ec_sites *a)
{
    assert_true(arch->n_sites <= MAX_SITES);
    *rows = *cols = 1;
    for (size_t i = 0; i < arch->n_sites; i++)
        *(ec_sites_has(a, i) ? rows : cols) *= arch->levels[0].dim;
    assert_true(*rows * *cols <= 1 << 20);
}

double *convac_matrix(size_t *rows, size_t *cols, const ec_arch *arch, const ec_weights *weights,
                      uint32_t y, const ec_sites *a, const double *site)
{
    entry e = {.arch = arch, .weights = weights, .site = site};
    double *matrix;

    shape(rows, cols, arch, a);
    matrix = ec_calloc(*rows * *cols, sizeof *matrix, NULL);
    assert_non_null(matrix);
    for (size_t i = 0; i < *rows; i++)
        for (size_t j = 0; j < *cols; j++) {
            set_values(&e, a, true, i);
            set_values(&e, a, false, j);
            matrix[i * *cols + j] = output(&e, arch->n_levels - 1, 0, 0, y);
        }
    return matrix;
}

/* --------------------------------------------------------------------- rank */

static int64_t power(int64_t base, int64_t exponent)
{
    int64_t result = 1;

    for (; exponent > 0; exponent >>= 1, base = base * base % prime)
        if (exponent & 1)
            result = result * base % prime;
    return result;
}

/* row_k -= factor row_pivot */
static void subtract(int64_t *row, const int64_t *pivot, int64_t factor, size_t cols)
{
    for (size_t j = 0; j < cols; j++)
        row[j] = ((row[j] - factor * pivot[j]) % prime + prime) % prime;
}

static size_t eliminate(int64_t *x, size_t rows, size_t cols)
{
    size_t rank = 0;

    for (size_t j = 0; j < cols && rank < rows; j++) {
        size_t i = rank;
        while (i < rows && x[i * cols + j] == 0)
            i++;
        if (i == rows)
            continue;
        for (size_t k = 0; k < cols; k++) {
            int64_t swap = x[i * cols + k];
            x[i * cols + k] = x[rank * cols + k];
            x[rank * cols + k] = swap;
        }
        int64_t inverse = power(x[rank * cols + j], prime - 2);
        for (i = rank + 1; i < rows; i++)
            subtract(x + i * cols, x + rank * cols, x[i * cols + j] * inverse % prime, cols);
        rank++;
    }
    return rank;
}

size_t convac_rank(const ec_arch *arch, const ec_weights *weights, uint32_t y, const ec_sites *a)
{
    entry e = {.arch = arch, .weights = weights};
    size_t rows, cols, rank;
    int64_t *matrix;

    shape(&rows, &cols, arch, a);
    matrix = ec_calloc(rows * cols, sizeof *matrix, NULL);
    assert_non_null(matrix);
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < cols; j++) {
            set_values(&e, a, true, i);
            set_values(&e, a, false, j);
            matrix[i * cols + j] = output_mod(&e, arch->n_levels - 1, 0, 0, y);
        }
    rank = eliminate(matrix, rows, cols);
    ec_free(matrix);
    return rank;
}

/* ---------------------------------------------------------- singular values */

static double dot(const double *x, const double *y, size_t n)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += x[i] * y[i];
    return sum;
}

/* rotate rows x and y to orthogonality; false if they were orthogonal */
static bool rotate(double *x, double *y, size_t n)
{
    double xx = dot(x, x, n), yy = dot(y, y, n), xy = dot(x, y, n);

    if (fabs(xy) <= 1e-16 * sqrt(xx * yy) || xy == 0)
        return false;
    double zeta = (yy - xx) / (2 * xy);
    double t = (zeta < 0 ? -1 : 1) / (fabs(zeta) + hypot(1, zeta));
    double c = 1 / hypot(1, t), s = c * t;
    for (size_t i = 0; i < n; i++) {
        double old = x[i];
        x[i] = c * old - s * y[i];
        y[i] = s * old + c * y[i];
    }
    return true;
}

static int descending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x < y) - (x > y);
}

double *convac_singular_values(double *matrix, size_t rows, size_t cols)
{
    size_t k = rows < cols ? rows : cols, length = rows < cols ? cols : rows;
    double *x = ec_calloc(k * length, sizeof *x, NULL), *s = ec_calloc(k, sizeof *s, NULL);
    bool moved = true;

    if (x == NULL || s == NULL)
        abort();
    for (size_t i = 0; i < k; i++) /* the shorter side as rows */
        for (size_t j = 0; j < length; j++)
            x[i * length + j] = rows < cols ? matrix[i * cols + j] : matrix[j * cols + i];
    for (int sweep = 0; moved && sweep < 60; sweep++) {
        moved = false;
        for (size_t i = 0; i < k; i++)
            for (size_t j = i + 1; j < k; j++)
                moved = rotate(x + i * length, x + j * length, length) || moved;
    }
    for (size_t i = 0; i < k; i++)
        s[i] = sqrt(dot(x + i * length, x + i * length, length));
    qsort(s, k, sizeof *s, descending);
    ec_free(x);
    return s;
}
