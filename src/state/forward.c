/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "state/forward.h"

#include "core/flow.h"

/* which sides a position sees */
enum { SEES_B = 1, SEES_A = 2, SEES_BOTH = 3 };

/* inputs t that are done together, so that weights are read once for all of them */
enum { BLOCK = 32 };

/* measured, per term of a sum and per product of a pooling */
#define TERM_SECONDS    0.8e-9
#define PRODUCT_SECONDS 2.5e-9

/* ------------------------------------------------------------------ the plan */

static uint8_t child_sees(const ec_forward *f, size_t l, size_t child)
{
    if (l > 0)
        return f->side[l - 1][child];
    return ec_sites_has(f->a, child) ? SEES_A : SEES_B;
}

static ec_status find_sides(ec_forward *f, ec_error *err)
{
    const ec_arch *arch = f->arch;
    ec_status status = EC_OK;

    EC_NEW(f->side, arch->n_levels);
    for (size_t l = 0; l < arch->n_levels; l++) {
        const ec_level *level = &arch->levels[l];

        EC_NEW(f->side[l], ec_level_positions(level));
        for (size_t v = 0; v < ec_level_positions(level); v++) {
            for (size_t k = 0; k < ec_level_window(level); k++)
                f->side[l][v] |= child_sees(f, l, ec_level_child(level, v, k));
            f->n += f->side[l][v] == SEES_BOTH;
        }
    }
done:
    return status;
}

/* number of each position of a level among those that see both sides, into place */
static void place_position(ec_forward *f, ec_forward_position *p, size_t *n_child,
                           const size_t *below)
{
    const ec_level *level = &f->arch->levels[p->level];

    p->value = f->value_words;
    f->value_words += level->out;
    p->child = *n_child;
    for (size_t k = 0; k < ec_level_window(level); k++) {
        size_t child = ec_level_child(level, p->position, k);
        uint8_t sees = child_sees(f, p->level, child);

        if (sees == SEES_BOTH)
            f->child[p->child + p->n_child++] = below[child];
        else
            p->has[sees == SEES_A] = true;
    }
    *n_child += p->n_child;
    for (size_t side = 0; side < 2; side++)
        if (p->has[side]) {
            p->share[side] = f->share_words;
            f->share_words += level->dim;
        }
}

static ec_status place_positions(ec_forward *f, ec_error *err)
{
    size_t most = ec_level_positions(&f->arch->levels[0]), n = 0, n_child = 0;
    size_t *numbers[2] = {NULL, NULL}; /* of this level, and of the one below */
    ec_status status = EC_OK;

    EC_NEW(f->position, f->n);
    EC_NEW(f->child, f->n);
    EC_NEW(numbers[0], most);
    EC_NEW(numbers[1], most);
    for (size_t l = 0; l < f->arch->n_levels; l++) {
        size_t *below = numbers[1];

        for (size_t v = 0; v < ec_level_positions(&f->arch->levels[l]); v++) {
            if (f->side[l][v] != SEES_BOTH)
                continue;
            f->position[n] = (ec_forward_position){.level = l, .position = v};
            place_position(f, &f->position[n], &n_child, below);
            numbers[0][v] = n++;
        }
        numbers[1] = numbers[0];
        numbers[0] = below;
    }
done:
    ec_free(numbers[0]);
    ec_free(numbers[1]);
    return status;
}

ec_status ec_forward_init(ec_forward *out, const ec_arch *arch, const ec_sites *a, size_t inputs,
                          ec_error *err)
{
    ec_status status;

    *out = (ec_forward){.arch = arch, .a = a, .inputs = inputs};
    status = find_sides(out, err);
    return status == EC_OK ? place_positions(out, err) : status;
}

void ec_forward_clear(ec_forward *f)
{
    for (size_t l = 0; f->side != NULL && l < f->arch->n_levels; l++)
        ec_free(f->side[l]);
    ec_free(f->side);
    ec_free(f->position);
    ec_free(f->child);
    *f = (ec_forward){.n = 0};
}

double ec_forward_seconds(const ec_forward *f)
{
    const ec_arch *arch = f->arch;
    double once = 0, per_pass = 0;

    for (size_t l = 0; l < arch->n_levels; l++) {
        const ec_level *level = &arch->levels[l];
        once += (double)ec_level_positions(level) * level->dim *
                (level->out * TERM_SECONDS + (double)ec_level_window(level) * PRODUCT_SECONDS);
    }
    for (size_t i = 0; i < f->n; i++) {
        const ec_forward_position *p = &f->position[i];
        const ec_level *level = &arch->levels[p->level];
        double products = (double)(p->n_child + p->has[0] + p->has[1]) - 1;

        per_pass += level->dim * (level->out * TERM_SECONDS + products * PRODUCT_SECONDS);
    }
    return (double)f->inputs * (once + (double)f->inputs * per_pass);
}

/* longest row of vectors that a pass holds */
static size_t widest(const ec_arch *arch)
{
    size_t most = arch->n_sites * arch->levels[0].dim;

    for (size_t l = 0; l < arch->n_levels; l++) {
        size_t entries = ec_level_positions(&arch->levels[l]) * arch->levels[l].out;
        most = entries > most ? entries : most;
    }
    return most;
}

static size_t largest_dimension(const ec_arch *arch)
{
    size_t most = 0;

    for (size_t l = 0; l < arch->n_levels; l++)
        most = arch->levels[l].dim > most ? arch->levels[l].dim : most;
    return most;
}

double ec_forward_bytes(const ec_forward *f)
{
    double words = (double)f->inputs * (double)f->share_words + 2 * (double)widest(f->arch) +
                   BLOCK * (double)f->value_words;

    for (size_t l = 0; l < f->arch->n_levels; l++)
        words += (double)ec_weights_count(f->arch, l);
    return words * sizeof(uint64_t);
}

/* ---------------------------------------------------------------- arithmetic */

/*
 * Montgomery's: reduce(x) = x / 2^64 mod p for x < 2^64 p. A pooling of P vectors takes P - 1
 * reductions and the sum after it one, so weights that hold a factor 2^(64 P) make all values
 * exactly those of the network. Needs 2^62 <= p < 2^63.
 */
typedef struct modulus {
    uint64_t p, inverse; /* -1 / p mod 2^64 */
    uint64_t wrap;       /* 2^128 mod p */
} modulus;

typedef unsigned __int128 wide;

static modulus modulus_of(uint64_t p)
{
    uint64_t inverse = p, word = (uint64_t)(((wide)1 << 64) % p);

    for (int k = 0; k < 5; k++) /* of p, right to 3 bits; each step doubles them */
        inverse *= 2 - p * inverse;
    return (modulus){p, -inverse, ec_residues_mul(word, word, p)};
}

/* x - y if x >= y; as random as the numbers are, a branch would be mispredicted */
static inline uint64_t take_off(uint64_t x, uint64_t y)
{
    return x - (y & -(uint64_t)(x >= y));
}

static inline uint64_t reduce(wide x, modulus m)
{
    uint64_t q = (uint64_t)x * m.inverse;

    return take_off((uint64_t)((x + (wide)q * m.p) >> 64), m.p);
}

/* sum_i w_i x_i / 2^64: four products fit 128 bits, sums of them carry */
static inline uint64_t dot(const uint64_t *w, const uint64_t *x, size_t n, modulus m)
{
    wide sum = 0, four;
    uint64_t carry = 0, high;
    size_t i = 0;

    for (; i + 4 <= n; i += 4) {
        four = (wide)w[i] * x[i] + (wide)w[i + 1] * x[i + 1] + (wide)w[i + 2] * x[i + 2] +
               (wide)w[i + 3] * x[i + 3];
        sum += four;
        carry += sum < four;
    }
    for (; i < n; i++) {
        four = (wide)w[i] * x[i];
        sum += four;
        carry += sum < four;
    }
    high = take_off(take_off((uint64_t)(sum >> 64), 2 * m.p), m.p);
    sum = (wide)high << 64 | (uint64_t)sum;
    return take_off(reduce(sum, m) + reduce((wide)carry * m.wrap, m), m.p);
}

static void multiply(uint64_t *x, const uint64_t *y, size_t n, modulus m)
{
    for (size_t i = 0; i < n; i++)
        x[i] = reduce((wide)x[i] * y[i], m);
}

/* -------------------------------------------------------- values of one side */

typedef struct passes {
    const ec_forward *f;
    modulus mod;
    uint64_t **matrix; /* weights with the factor 2^(64 P) */
    uint64_t *share;   /* [input][share_words] */
    uint64_t *output;
} passes;

static const uint64_t *matrix_at(const passes *p, size_t l, size_t position)
{
    const ec_level *level = &p->f->arch->levels[l];

    return p->matrix[l] + (level->shared ? 0 : position * level->out * level->dim);
}

static void apply(uint64_t *out, const passes *p, size_t l, size_t position, const uint64_t *in)
{
    const ec_level *level = &p->f->arch->levels[l];
    const uint64_t *w = matrix_at(p, l, position);

    for (size_t o = 0; o < level->out; o++)
        out[o] = dot(w + o * level->dim, in, level->dim, p->mod);
}

/* to <- the product of the children that see just these sides; below: values of the level below */
static void pool(uint64_t *to, const passes *p, const size_t v[2], uint8_t sees,
                 const uint64_t *below)
{
    const ec_level *level = &p->f->arch->levels[v[0]];
    bool first = true;

    for (size_t k = 0; k < ec_level_window(level); k++) {
        size_t child = ec_level_child(level, v[1], k);
        const uint64_t *x = below + child * level->dim;

        if (child_sees(p->f, v[0], child) != sees)
            continue;
        if (first)
            for (size_t i = 0; i < level->dim; i++)
                to[i] = x[i];
        else
            multiply(to, x, level->dim, p->mod);
        first = false;
    }
}

/* the k-th input on both sides: values of what sees one side, and what they give to the others;
   below: the input, and room for the values of a level, as next; pooled: room for a vector */
static void run_sides(const passes *p, size_t k, uint64_t *below, uint64_t *next, uint64_t *pooled)
{
    const ec_forward *f = p->f;
    uint64_t *share = p->share + k * f->share_words;
    size_t n = 0;

    for (size_t l = 0; l < f->arch->n_levels; l++) {
        uint64_t *swap = below;

        for (size_t position = 0; position < ec_level_positions(&f->arch->levels[l]); position++) {
            const size_t v[2] = {l, position};
            uint8_t sees = f->side[l][position];

            if (sees != SEES_BOTH) {
                pool(pooled, p, v, sees, below);
                apply(next + position * f->arch->levels[l].out, p, l, position, pooled);
                continue;
            }
            for (size_t side = 0; side < 2; side++)
                if (f->position[n].has[side])
                    pool(share + f->position[n].share[side], p, v, side ? SEES_A : SEES_B, below);
            n++;
        }
        below = next;
        next = swap;
    }
}

/* ------------------------------------------------------- values of both sides */

/* the positions that see both sides, for one s and the inputs t, t + 1, ... t + n - 1 */
static void run_both(const passes *p, size_t s, size_t t, size_t n, uint64_t *value,
                     uint64_t *pooled)
{
    const ec_forward *f = p->f;

    for (size_t i = 0; i < f->n; i++) {
        const ec_forward_position *at = &f->position[i];
        size_t d = f->arch->levels[at->level].dim;
        const size_t input[2] = {t, s};

        for (size_t k = 0; k < n; k++) {
            bool first = true;

            for (size_t c = 0; c < at->n_child + 2; c++) {
                const uint64_t *x;
                if (c < 2 && !at->has[c])
                    continue;
                if (c < 2)
                    x = p->share + (input[c] + (c == 0 ? k : 0)) * f->share_words + at->share[c];
                else
                    x = value + k * f->value_words + f->position[f->child[at->child + c - 2]].value;
                if (first)
                    for (size_t m = 0; m < d; m++)
                        pooled[m] = x[m];
                else
                    multiply(pooled, x, d, p->mod);
                first = false;
            }
            apply(value + k * f->value_words + at->value, p, at->level, at->position, pooled);
        }
    }
}

static void run_row(const passes *p, size_t s, uint64_t *value, uint64_t *pooled)
{
    const ec_forward *f = p->f;
    size_t K = f->inputs, last = f->position[f->n - 1].value;

    for (size_t t = 0; t < K; t += BLOCK) {
        size_t n = K - t < BLOCK ? K - t : BLOCK;

        run_both(p, s, t, n, value, pooled);
        for (size_t k = 0; k < n; k++)
            for (size_t y = 0; y < f->arch->outputs; y++)
                p->output[(y * K + s) * K + t + k] = value[k * f->value_words + last + y];
    }
}

/* ------------------------------------------------------------------ all passes */

/* W_l 2^(64 P) */
static ec_status scale_weights(uint64_t **matrix, const ec_arch *arch, const ec_residues *weights,
                               ec_error *err)
{
    ec_status status = EC_OK;
    uint64_t p = weights->prime, word = (uint64_t)(((wide)1 << 64) % p);

    for (size_t l = 0; l < arch->n_levels; l++) {
        size_t n = ec_weights_count(arch, l);
        uint64_t factor = 1;

        for (size_t k = 0; k < ec_level_window(&arch->levels[l]); k++)
            factor = ec_residues_mul(factor, word, p);
        EC_NEW(matrix[l], n);
        for (size_t i = 0; i < n; i++)
            matrix[l][i] = ec_residues_mul(weights->matrix[l][i], factor, p);
    }
done:
    return status;
}

static ec_status run_all_sides(passes *p, ec_rng *rng, ec_error *err)
{
    const ec_forward *f = p->f;
    size_t n = f->arch->n_sites * f->arch->levels[0].dim;
    uint64_t *below = NULL, *next = NULL, *pooled = NULL;
    ec_status status = EC_OK;

    EC_NEW(below, widest(f->arch));
    EC_NEW(next, widest(f->arch));
    EC_NEW(pooled, largest_dimension(f->arch));
    for (size_t k = 0; k < f->inputs; k++) {
        for (size_t i = 0; i < n; i++)
            below[i] = ec_rng_below(rng, p->mod.p);
        run_sides(p, k, below, next, pooled);
    }
done:
    ec_free(below);
    ec_free(next);
    ec_free(pooled);
    return status;
}

/* row by row, one row a thread between two looks at run */
static ec_status run_rows(const passes *p, const ec_run *run, ec_error *err)
{
    const ec_forward *f = p->f;
    size_t threads = run != NULL && run->threads > 1 ? run->threads : 1;
    size_t words = BLOCK * f->value_words, d = largest_dimension(f->arch);
    uint64_t *value = NULL, *pooled = NULL;
    ec_status status = EC_OK;

    EC_NEW(value, threads * words);
    EC_NEW(pooled, threads * d);
    for (size_t s = 0; s < f->inputs; s += threads) {
        size_t n = f->inputs - s < threads ? f->inputs - s : threads;

#pragma omp parallel for num_threads((int)threads) schedule(static, 1)
        for (size_t i = 0; i < n; i++)
            run_row(p, s + i, value + i * words, pooled + i * d);
        EC_TRY(ec_run_step(run, "forward check", (double)(s + n), (double)f->inputs, err));
    }
done:
    ec_free(value);
    ec_free(pooled);
    return status;
}

ec_status ec_forward_outputs(uint64_t *output, const ec_forward *f, const ec_residues *weights,
                             ec_rng *rng, const ec_run *run, ec_error *err)
{
    passes p = {.f = f, .mod = modulus_of(weights->prime), .output = output};
    ec_status status = EC_OK;

    EC_NEW(p.matrix, f->arch->n_levels);
    EC_TRY(scale_weights(p.matrix, f->arch, weights, err));
    EC_NEW(p.share, f->inputs * f->share_words);
    EC_TRY(run_all_sides(&p, rng, err));
    EC_TRY(run_rows(&p, run, err));
done:
    for (size_t l = 0; p.matrix != NULL && l < f->arch->n_levels; l++)
        ec_free(p.matrix[l]);
    ec_free(p.matrix);
    ec_free(p.share);
    return status;
}
