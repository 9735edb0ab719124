/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bound/bound_i.h"

#include "bound/contract.h"
#include "core/flow.h"

#include <math.h>
#include <stdio.h>

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

/* Refuse what needs more than the memory limit, before anything is allocated. */
static ec_status reserve_tree(const question *q, const ec_sampling *sampling, ec_error *err)
{
    ec_sampled_cost cost = {.bytes = 0};
    ec_status status = ec_bound_sampled_cost(&cost, sampling, q->run, err);

    for (size_t l = 0; l < q->arch->n_levels; l++)
        cost.bytes += (double)weights_of_level(q->arch, l) * sizeof(uint64_t);
    return status == EC_OK ? ec_run_reserve(q->run, "generic rank", cost.bytes, err) : status;
}

static ec_status rank_of_tree(uint64_t *rank, question *q, ec_error *err)
{
    const ec_arch *arch = q->arch;
    ec_sampling sampling = {.arch = arch, .a = q->a, .inputs = q->inputs, .n_labels = 1};
    uint64_t **matrix = NULL;
    ec_status status = EC_OK;

    EC_TRY(reserve_tree(q, &sampling, err));
    EC_NEW(matrix, arch->n_levels);
    for (size_t l = 0; l < arch->n_levels; l++) {
        EC_NEW(matrix[l], weights_of_level(arch, l));
        for (size_t i = 0; i < weights_of_level(arch, l); i++)
            matrix[l][i] = ec_rng_below(&q->rng, q->prime);
    }
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
 * The rank R found is too small only if some minor of size R + 1 of F is a non-zero polynomial with
 * integer coefficients in the V tensors and the vectors of the N sites, of degree (R + 1)(V + N),
 * and vanishes for the prime p >= 2^62 and the numbers drawn:
 *  - drawn zero of a polynomial that is not zero modulo p: at most degree / p (Schwartz-Zippel);
 *  - zero modulo p: p divides a coefficient, at most (R + 1)! T^(R + 1), T = product of all
 *    dimensions. No more than its log2 / 62 of the 10^17 = 2^62/44 primes of this size do.
 */
static double error_probability(const ec_arch *arch, uint64_t rank)
{
    double minor = (double)rank + 1, tensors = (double)arch->n_tensors, log2_terms = 0;

    for (size_t l = 0; l < arch->n_levels; l++) {
        double n = (double)ec_level_positions(&arch->levels[l]);
        tensors += n;
        log2_terms += n * log2(arch->levels[l].dim);
    }
    for (size_t e = 0; e < arch->n_indices; e++)
        log2_terms += log2(arch->indices[e].dim);
    return minor * (tensors + (double)arch->n_sites + log2(minor) + log2_terms) * 0x1p-62;
}

static ec_status answer(ec_generic_rank *out, const question *q, uint64_t upper, ec_error *err)
{
    if (out->rank > upper)
        return ec_fail(err, EC_ENUMERIC,
                       "rank %llu found modulo %llu: %llu is no upper bound of the rank",
                       (unsigned long long)out->rank, (unsigned long long)out->prime,
                       (unsigned long long)upper);
    out->status = out->rank == upper ? EC_RANK_PROVED : EC_RANK_PROBABLE;
    if (out->status == EC_RANK_PROBABLE)
        out->error = error_probability(q->arch, out->rank);
    return EC_OK;
}

ec_status ec_bound_generic_rank(ec_generic_rank *out, const ec_arch *arch, const ec_sites *a,
                                const ec_int *upper, uint64_t limit, const ec_run *run,
                                ec_error *err)
{
    static const ec_run defaults = EC_RUN_INIT; /* sizes must be limited by something */
    question q = {.arch = arch, .a = a, .run = run != NULL ? run : &defaults};
    ec_error refusal = {.status = EC_OK};
    ec_status status = EC_OK;

    *out = (ec_generic_rank){.status = EC_RANK_NONE};
    EC_TRY(ec_sites_check_sides(a, arch->n_sites, err));
    if (ec_int_cmp_u64(upper, limit < MAX_RANK ? limit : MAX_RANK) > 0) {
        snprintf(out->why, sizeof out->why,
                 "the bound, 2^%.6g, is above the limit of %llu for exact ranks",
                 ec_int_log2(upper), (unsigned long long)limit);
        return EC_OK;
    }
    q.inputs = (size_t)ec_int_get_u64(upper) + 1;
    ec_rng_seed(&q.rng, q.run->seed);
    EC_TRY(ec_bound_random_prime(&q.prime, &q.rng, err));
    status = ec_arch_is_network(arch) ? rank_of_network(&out->rank, &q, &refusal)
                                      : rank_of_tree(&out->rank, &q, &refusal);
    if (status == EC_ELIMIT) {
        snprintf(out->why, sizeof out->why, "%.255s", refusal.msg);
        return EC_OK;
    }
    if (status != EC_OK) {
        ec_fail(err, status, "%s", refusal.msg);
        goto done;
    }
    out->prime = q.prime;
    EC_TRY(answer(out, &q, ec_int_get_u64(upper), err));
done:
    return status;
}
