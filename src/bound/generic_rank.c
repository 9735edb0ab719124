/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bound/bound_i.h"

#include "bound/contract.h"
#include "bound/sampling.h"
#include "core/flow.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* F would have 8 TiB. */
#define MAX_RANK ((uint64_t)1 << 20)

/* What both forms need to find the rank: inputs = upper + 1, so that a rank above the bound would
 * be seen. */
typedef struct question {
    const ec_arch *arch;
    const ec_sites *a;
    size_t inputs;
    ec_rng rng;
    uint64_t prime;
    unsigned trials;
    double max_seconds;
    const ec_run *run;
} question;

/* ---------------------------------------------------------------- ConvACs */

/* Entries of W_l, all positions; of the dense layer only the row that is looked at. */
static size_t weights_of_level(const ec_arch *arch, size_t l)
{
    const ec_level *level = &arch->levels[l];

    if (l + 1 == arch->n_levels)
        return level->dim;
    return (level->shared ? 1 : ec_level_positions(level)) * level->dim * level->out;
}

/* random weights included */
static ec_status tree_cost(ec_sampled_cost *out, const question *q, ec_error *err)
{
    const ec_sampling sampling = {.arch = q->arch, .a = q->a, .inputs = q->inputs, .n_labels = 1};
    ec_status status = ec_bound_sampled_cost(out, &sampling, q->run, err);

    out->seconds *= q->trials;
    for (size_t l = 0; l < q->arch->n_levels; l++)
        out->bytes += (double)weights_of_level(q->arch, l) * sizeof(uint64_t);
    return status;
}

/* refuse what needs more than the memory limit, before anything is allocated */
static ec_status check_tree(const question *q, ec_error *err)
{
    ec_sampled_cost cost;
    ec_status status = tree_cost(&cost, q, err);

    return status == EC_OK ? ec_bound_check_cost(&cost, "generic rank", q->max_seconds, q->run, err)
                           : status;
}

/* W_l is [W, W z + b; 0, 1] where a constant channel runs through it (arch.h): z of a norm, b of a
   bias, else 0 */
static void keep_constant(uint64_t *matrix, question *q, size_t l, const uint64_t *z)
{
    const ec_arch *arch = q->arch;
    const ec_level *level = &arch->levels[l];
    const ec_layer *layer = &arch->layers[level->layer];
    bool top = l + 1 == arch->n_levels, above = !top && arch->levels[l + 1].constant;
    size_t d = level->dim, rows = weights_of_level(arch, l) / d;
    nmod_t mod;

    nmod_init(&mod, q->prime);
    for (size_t o = 0; o < rows; o++) {
        uint64_t *row = matrix + o * d;

        if (above && (o + 1) % level->out == 0) {
            memset(row, 0, (d - 1) * sizeof *row);
            row[d - 1] = 1;
            continue;
        }
        row[d - 1] = layer->bias ? row[d - 1] : 0; /* drawn at random */
        for (size_t i = 0; layer->norm && i + 1 < d; i++)
            row[d - 1] = nmod_add(row[d - 1], nmod_mul(row[i], z[i], mod), mod);
    }
}

static ec_status draw_matrix(uint64_t **matrix, question *q, size_t l, ec_error *err)
{
    const ec_level *level = &q->arch->levels[l];
    ec_status status = EC_OK;
    uint64_t *z = NULL;

    EC_NEW(*matrix, weights_of_level(q->arch, l));
    for (size_t i = 0; i < weights_of_level(q->arch, l); i++)
        (*matrix)[i] = ec_rng_below(&q->rng, q->prime);
    if (level->constant) {
        EC_NEW(z, level->dim);
        for (size_t i = 0; i < level->dim; i++)
            z[i] = ec_rng_below(&q->rng, q->prime);
        keep_constant(*matrix, q, l, z);
    }
done:
    ec_free(z);
    return status;
}

static ec_status rank_of_tree(uint64_t *rank, question *q, ec_error *err)
{
    const ec_arch *arch = q->arch;
    ec_sampling sampling = {.arch = arch, .a = q->a, .inputs = q->inputs, .n_labels = 1};
    uint64_t **matrix = NULL;
    ec_status status = EC_OK;

    EC_TRY(check_tree(q, err));
    EC_NEW(matrix, arch->n_levels);
    for (size_t l = 0; l < arch->n_levels; l++)
        EC_TRY(draw_matrix(&matrix[l], q, l, err));
    ec_mod_weights weights = {q->prime, (const uint64_t *const *)matrix};
    EC_TRY(ec_bound_sampled_ranks(rank, &sampling, &weights, &q->rng, q->run, err));
done:
    for (size_t l = 0; matrix != NULL && l < arch->n_levels; l++)
        ec_free(matrix[l]);
    ec_free(matrix);
    return status;
}

/* ------------------------------------------------------------ any network */

static ec_status reserve_network(const question *q, const ec_samples *samples, ec_error *err)
{
    double bytes = 0, n = (double)q->inputs;
    ec_status status = ec_contract_bytes(&bytes, samples, err);

    bytes += 3 * n * n * sizeof(uint64_t); /* F and what elimination copies */
    return status == EC_OK ? ec_run_reserve(q->run, "generic rank", bytes, err) : status;
}

static ec_status rank_of_network(uint64_t *rank, question *q, ec_error *err)
{
    ec_network *network = NULL;
    uint32_t *order = NULL;
    uint64_t *f = NULL;
    ec_samples samples = {.a = q->a, .inputs = q->inputs, .prime = q->prime};
    ec_status status = EC_OK;

    EC_TRY(ec_network_from_arch(&network, q->arch, q->run, err));
    EC_NEW(order, network->n_indices);
    EC_TRY(ec_contract_order(order, network, q->a, q->inputs, q->run, err));
    samples.network = network;
    samples.order = order;
    EC_TRY(reserve_network(q, &samples, err));
    EC_NEW(f, q->inputs * q->inputs);
    EC_TRY(ec_contract_samples(f, &samples, &q->rng, q->run, err));
    EC_TRY(
        ec_bound_rank_mod_p(rank, (ec_mod_matrix){f, q->inputs, q->inputs, q->prime}, q->run, err));
done:
    ec_free(f);
    ec_free(order);
    ec_network_free(network);
    return status;
}

/* ---------------------------------------------------------------- answers */

/*
 * The rank R found is too small only if some minor of size R + 1 of F, or of the matrix at a grid
 * of vectors for the pieces of a cut, is a non-zero polynomial with integer coefficients in the V
 * tensors and the vectors of the N sites, of degree at most (R + 1)(V + N), and vanishes for the
 * prime p >= 2^62 and the numbers drawn:
 *  - drawn zero of a polynomial that is not zero modulo p: at most degree / p (Schwartz-Zippel);
 *  - zero modulo p: p divides a coefficient, at most (R + 1)! T^(R + 1), T = product of all
 *    dimensions. No more than its log2 / 62 of the 10^17 = 2^62/44 primes of this size do.
 * Independent trials all fail with the product of their probabilities; never 0, whatever
 * underflows.
 */
static double error_probability(const ec_arch *arch, uint64_t rank, unsigned trials)
{
    double minor = (double)rank + 1, tensors = (double)arch->n_tensors, log2_terms = 0, error;

    for (size_t l = 0; l < arch->n_levels; l++) {
        double n = (double)ec_level_positions(&arch->levels[l]);
        tensors += arch->levels[l].constant ? 2 * n : n; /* W z is of second degree */
        log2_terms += n * log2(arch->levels[l].dim);
    }
    for (size_t e = 0; e < arch->n_indices; e++)
        log2_terms += log2(arch->indices[e].dim);
    error = minor * (tensors + (double)arch->n_sites + log2(minor) + log2_terms) * 0x1p-62;
    return fmax(pow(fmin(error, 1), trials), DBL_MIN);
}

/* one prime, one draw of weights and vectors; *rank 0 and EC_ELIMIT out of reach */
static ec_status run_trial(uint64_t *rank, question *q, ec_error *err)
{
    ec_status status = EC_OK;

    *rank = 0;
    EC_TRY(ec_bound_random_prime(&q->prime, &q->rng, err));
    EC_TRY(ec_arch_is_network(q->arch) ? rank_of_network(rank, q, err)
                                       : rank_of_tree(rank, q, err));
done:
    return status;
}

static ec_status run_trials(ec_generic_rank *out, question *q, uint64_t upper, ec_error *err)
{
    ec_status status = EC_OK;
    uint64_t rank;

    while (out->trials < q->trials && (out->trials == 0 || out->rank < upper)) {
        EC_TRY(run_trial(&rank, q, err));
        if (out->trials++ > 0 && rank <= out->rank)
            continue;
        out->rank = rank;
        out->prime = q->prime;
    }
    if (out->rank > upper)
        return ec_fail(err, EC_ENUMERIC,
                       "rank %llu found modulo %llu: %llu is no upper bound of the rank",
                       (unsigned long long)out->rank, (unsigned long long)out->prime,
                       (unsigned long long)upper);
    out->status = out->rank == upper ? EC_RANK_PROVED : EC_RANK_PROBABLE;
    if (out->status == EC_RANK_PROBABLE)
        out->error = error_probability(q->arch, out->rank, out->trials);
done:
    return status;
}

/* the estimate that goes with a bound above the limit, if there is one */
static void say_beyond(ec_generic_rank *out, question *q, const ec_rank_request *request)
{
    ec_sampled_cost cost;
    ec_error none = {.status = EC_OK};
    int n = snprintf(out->why, sizeof out->why,
                     "the bound, 2^%.6g, is above the limit of %llu for exact ranks",
                     ec_int_log2(request->upper), (unsigned long long)request->limit);

    if (ec_int_cmp_u64(request->upper, MAX_RANK) > 0 || ec_arch_is_network(q->arch))
        return;
    q->inputs = (size_t)ec_int_get_u64(request->upper) + 1;
    if (tree_cost(&cost, q, &none) == EC_OK)
        ec_bound_describe_cost(out->why + n, sizeof out->why - (size_t)n, &cost);
}

ec_status ec_bound_generic_rank(ec_generic_rank *out, const ec_arch *arch, const ec_sites *a,
                                const ec_rank_request *request, const ec_run *run, ec_error *err)
{
    static const ec_run defaults = EC_RUN_INIT; /* sizes must be limited by something */
    question q = {.arch = arch,
                  .a = a,
                  .run = run != NULL ? run : &defaults,
                  .trials = request->trials > 1 ? request->trials : 1,
                  .max_seconds = request->max_seconds != 0 ? request->max_seconds : INFINITY};
    uint64_t limit = request->limit < MAX_RANK ? request->limit : MAX_RANK;
    ec_error refusal = {.status = EC_OK};
    ec_status status = EC_OK;

    *out = (ec_generic_rank){.status = EC_RANK_NONE};
    EC_TRY(ec_sites_check_sides(a, arch->n_sites, err));
    if (ec_int_cmp_u64(request->upper, limit) > 0) {
        say_beyond(out, &q, request);
        return EC_OK;
    }
    q.inputs = (size_t)ec_int_get_u64(request->upper) + 1;
    ec_rng_seed(&q.rng, q.run->seed);
    status = run_trials(out, &q, ec_int_get_u64(request->upper), &refusal);
    if (status == EC_ELIMIT) {
        *out = (ec_generic_rank){.status = EC_RANK_NONE};
        snprintf(out->why, sizeof out->why, "%.255s", refusal.msg);
        return EC_OK;
    }
    if (status != EC_OK)
        ec_fail(err, status, "%s", refusal.msg);
done:
    return status;
}
