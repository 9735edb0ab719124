/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "state/state_i.h"

#include "core/flow.h"

#include <stdio.h>
#include <string.h>

/**
 * The independent witness. For a claimed rank, K random inputs on side A and K on the other are
 * combined to K^2 whole inputs, each is sent through the network as any image would be, position by
 * position and layer by layer, and the outputs of a label, as a K x K matrix, have at most the rank
 * of its tensor. Nothing here knows of cuts, sides of matrices, subtrees or hyperedges.
 */

enum { MAX_INPUTS = 512, SPARE_INPUTS = 8 };

typedef struct forward {
    const ec_arch *arch;
    const ec_residues *weights;
    uint64_t p;
    uint64_t wrap;                   /* 2^128 mod p */
    size_t inputs;                   /* K */
    uint64_t *input;                 /* K random inputs: [k][site][M] */
    uint64_t *below, *next, *pooled; /* vectors of all positions of a layer; one vector */
    uint64_t *output;                /* [label][s][t] */
} forward;

static unsigned __int128 product(uint64_t a, uint64_t b)
{
    return (unsigned __int128)a * b;
}

/* sum_i w_i x_i mod p: four products of residues below 2^63 fit 128 bits, sums of them carry */
static uint64_t dot(const uint64_t *w, const uint64_t *x, size_t n, const forward *f)
{
    unsigned __int128 sum = 0, four;
    uint64_t carry = 0;
    size_t i = 0;

    for (; i + 4 <= n; i += 4) {
        four = product(w[i], x[i]) + product(w[i + 1], x[i + 1]) + product(w[i + 2], x[i + 2]) +
               product(w[i + 3], x[i + 3]);
        sum += four;
        carry += sum < four;
    }
    for (; i < n; i++) {
        four = product(w[i], x[i]);
        sum += four;
        carry += sum < four;
    }
    return (uint64_t)((sum % f->p + ec_residues_mul(carry, f->wrap, f->p)) % f->p);
}

/* next[position] = W (product over the window of below), for all positions of a level */
static void run_level(forward *f, size_t l, size_t width_below)
{
    const ec_level *level = &f->arch->levels[l];
    size_t d = level->dim, height = level->window[0], width = level->window[1];
    uint64_t *pooled = f->pooled;

    for (size_t row = 0; row < level->grid[0]; row++)
        for (size_t col = 0; col < level->grid[1]; col++) {
            size_t position = row * level->grid[1] + col;
            const uint64_t *w =
                f->weights->matrix[l] + (level->shared ? 0 : position * level->out * d);

            for (size_t i = 0; i < d; i++)
                pooled[i] = f->below[(row * height * width_below + col * width) * d + i];
            for (size_t k = 1; k < height * width; k++) {
                size_t at = (row * height + k / width) * width_below + col * width + k % width;
                for (size_t i = 0; i < d; i++)
                    pooled[i] = ec_residues_mul(pooled[i], f->below[at * d + i], f->p);
            }
            for (size_t o = 0; o < level->out; o++)
                f->next[position * level->out + o] = dot(w + o * d, pooled, d, f);
        }
}

/* one ordinary forward pass of the input that has the sites of A from input s, the others from t */
static void run_pass(forward *f, const ec_sites *a, size_t s, size_t t)
{
    size_t n = f->arch->n_sites, m = f->arch->levels[0].dim, width = f->arch->input.grid[1];

    for (size_t i = 0; i < n; i++)
        memcpy(f->below + i * m, f->input + ((ec_sites_has(a, i) ? s : t) * n + i) * m,
               m * sizeof *f->below);
    for (size_t l = 0; l < f->arch->n_levels; l++) {
        uint64_t *swap = f->below;

        run_level(f, l, width);
        width = f->arch->levels[l].grid[1];
        f->below = f->next;
        f->next = swap;
    }
    for (size_t y = 0; y < f->arch->outputs; y++)
        f->output[(y * f->inputs + s) * f->inputs + t] = f->below[y];
}

/* ---------------------------------------------------------------- estimates */

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

/* modular multiply-adds of one pass, pooling included */
static double pass_cost(const ec_arch *arch)
{
    double sum = 0;

    for (size_t l = 0; l < arch->n_levels; l++) {
        const ec_level *level = &arch->levels[l];
        sum += (double)ec_level_positions(level) * level->dim *
               ((double)level->out + (double)ec_level_window(level));
    }
    return sum;
}

/* EC_ELIMIT, with a reason, if K^2 passes are out of reach */
static ec_status predict(const ec_measurement *m, size_t inputs, ec_error *err)
{
    const ec_arch *arch = m->in->arch;
    double k = (double)inputs, labels = arch->outputs;
    double madds = k * k * pass_cost(arch) + labels * k * k * k / 3;
    double words = k * (double)arch->n_sites * arch->levels[0].dim + 2 * (double)widest(arch) +
                   (labels + 2) * k * k;

    if (madds > m->options->max_multiply_adds)
        return ec_fail(err, EC_ELIMIT,
                       "%zu x %zu forward passes need %.3g modular multiply-adds, the "
                       "limit is %.3g",
                       inputs, inputs, madds, m->options->max_multiply_adds);
    return ec_run_reserve(m->run, "forward check", words * sizeof(uint64_t), err);
}

/* --------------------------------------------------------------- the witness */

static ec_status run_all(forward *f, ec_measurement *m, ec_error *err)
{
    size_t n = f->inputs * f->arch->n_sites * f->arch->levels[0].dim;
    ec_status status = EC_OK;

    for (size_t i = 0; i < n; i++)
        f->input[i] = ec_rng_below(&m->rng, f->p);
    for (size_t s = 0; s < f->inputs; s++) {
        for (size_t t = 0; t < f->inputs; t++)
            run_pass(f, m->in->a, s, t);
        EC_TRY(ec_run_step(m->run, "forward check", (double)s + 1, (double)f->inputs, err));
    }
    for (size_t y = 0; y < m->out->n_labels; y++) {
        ec_forward_check *check = &m->out->labels[y].forward;
        const ec_mod_matrix matrix = {f->output + y * f->inputs * f->inputs, f->inputs, f->inputs,
                                      f->p};

        EC_TRY(ec_bound_rank_mod_p(&check->rank, matrix, m->run, err));
        check->inputs = f->inputs;
        check->known = true;
    }
done:
    return status;
}

/* min(bound + 8, 512) */
static size_t count_inputs(const ec_int *bound)
{
    uint64_t claim = ec_int_get_u64(bound);

    return claim < MAX_INPUTS - SPARE_INPUTS ? (size_t)claim + SPARE_INPUTS : MAX_INPUTS;
}

static uint64_t power_of_two(unsigned e, uint64_t p)
{
    uint64_t x = 1;

    while (e-- > 0)
        x = x * 2 % p;
    return x;
}

ec_status ec_state_forward_checks(ec_measurement *m, ec_error *err)
{
    const ec_arch *arch = m->in->arch;
    size_t inputs = count_inputs(m->in->bound);
    forward f = {.arch = arch, .weights = m->residues, .p = m->residues->prime, .inputs = inputs};
    ec_error limit = {0};
    ec_status status = predict(m, inputs, &limit);

    if (status != EC_OK) {
        for (size_t y = 0; y < m->out->n_labels; y++)
            snprintf(m->out->labels[y].forward.why, sizeof m->out->labels[y].forward.why, "%.255s",
                     limit.msg);
        return EC_OK;
    }
    f.wrap = power_of_two(128, f.p);
    EC_NEW(f.input, inputs * arch->n_sites * arch->levels[0].dim);
    EC_NEW(f.below, widest(arch));
    EC_NEW(f.next, widest(arch));
    EC_NEW(f.pooled, largest_dimension(arch));
    EC_NEW(f.output, arch->outputs * inputs * inputs);
    EC_TRY(run_all(&f, m, err));
done:
    ec_free(f.input);
    ec_free(f.below);
    ec_free(f.next);
    ec_free(f.pooled);
    ec_free(f.output);
    return status;
}
