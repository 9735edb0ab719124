/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bound/sampling.h"

#include "core/flow.h"

#include <math.h>
#include <stdio.h>

/** Which way to the rank is taken: the faster one by the estimates, of those that fit memory. */
typedef struct plan {
    ec_mod_pieces pieces;
    bool through_cut;
    ec_sampled_cost cost; /* of the way taken */
} plan;

static void plan_clear(plan *p)
{
    ec_mod_pieces_clear(&p->pieces);
}

static ec_status check_sampling(const ec_sampling *what, ec_error *err)
{
    if (ec_arch_is_network(what->arch))
        return ec_fail(err, EC_EINVAL, "a network description has no weights to evaluate");
    if (what->inputs == 0 || what->n_labels == 0 || what->n_labels > what->arch->outputs)
        return ec_fail(err, EC_EINVAL, "%zu inputs for %u of %u outputs", what->inputs,
                       what->n_labels, what->arch->outputs);
    return ec_sites_check_sides(what->a, what->arch->n_sites, err);
}

/* b is worth more than a: fits where a does not, else faster */
static bool better(const ec_sampled_cost *b, const ec_sampled_cost *a, const ec_run *run)
{
    double limit = run != NULL ? (double)run->memory_bytes : 1e300;
    bool a_fits = a->bytes <= limit, b_fits = b->bytes <= limit;

    if (a_fits != b_fits)
        return b_fits;
    return a_fits ? b->seconds < a->seconds : b->bytes < a->bytes;
}

/* through the highest of equal cuts the pieces are simple; the lowest may have fewer vectors */
static ec_status plan_cut(plan *out, const ec_sampling *what, bool highest, const ec_run *run,
                          ec_error *err)
{
    unsigned threads = run != NULL && run->threads > 1 ? run->threads : 1;
    ec_sampled_cost cost;
    ec_mod_pieces pieces;
    ec_status status = EC_OK;

    EC_TRY(ec_mod_pieces_init(&pieces, what, highest, run, err));
    EC_TRY(ec_mod_pieces_cost(&cost, &pieces, threads, err));
    if (better(&cost, &out->cost, run)) {
        ec_mod_pieces swap = out->pieces;

        out->pieces = pieces;
        pieces = swap;
        out->cost = cost;
        out->through_cut = true;
    }
done:
    ec_mod_pieces_clear(&pieces);
    return status;
}

static ec_status plan_init(plan *out, const ec_sampling *what, const ec_run *run, ec_error *err)
{
    unsigned threads = run != NULL && run->threads > 1 ? run->threads : 1;
    ec_status status = EC_OK;

    *out = (plan){.through_cut = false};
    EC_TRY(check_sampling(what, err));
    EC_TRY(ec_direct_cost(&out->cost, what, threads, err));
    EC_TRY(plan_cut(out, what, true, run, err));
    EC_TRY(plan_cut(out, what, false, run, err));
done:
    return status;
}

#define SECONDS_TEXT 24

static const char *seconds_text(char out[SECONDS_TEXT], double seconds)
{
    if (seconds < 7200)
        snprintf(out, SECONDS_TEXT, "%.2g s", seconds);
    else
        snprintf(out, SECONDS_TEXT, "%.3g h", seconds / 3600);
    return out;
}

void ec_bound_describe_cost(char *out, size_t size, const ec_sampled_cost *cost)
{
    char time[SECONDS_TEXT], bytes[EC_SIZE_TEXT];

    snprintf(out, size, "; it would need about %s and %s", seconds_text(time, cost->seconds),
             ec_size_text(bytes, cost->bytes));
}

ec_status ec_bound_check_cost(const ec_sampled_cost *cost, const char *what, double max_seconds,
                              const ec_run *run, ec_error *err)
{
    char time[2][SECONDS_TEXT], size[2][EC_SIZE_TEXT];

    seconds_text(time[0], cost->seconds);
    seconds_text(time[1], max_seconds);
    ec_size_text(size[0], cost->bytes);
    if (run != NULL && cost->bytes > (double)run->memory_bytes)
        return ec_fail(err, EC_ELIMIT, "%s: needs about %s and %s, the memory limit is %s", what,
                       time[0], size[0], ec_size_text(size[1], (double)run->memory_bytes));
    if (cost->seconds > max_seconds)
        return ec_fail(err, EC_ELIMIT, "%s: needs about %s and %s, the time limit is %s", what,
                       time[0], size[0], time[1]);
    return EC_OK;
}

ec_status ec_bound_sampled_cost(ec_sampled_cost *out, const ec_sampling *sampling,
                                const ec_run *run, ec_error *err)
{
    plan p;
    ec_status status = plan_init(&p, sampling, run, err);

    *out = p.cost;
    plan_clear(&p);
    return status;
}

ec_status ec_bound_sampled_ranks(uint64_t *rank, const ec_sampling *sampling,
                                 const ec_mod_weights *weights, ec_rng *rng, const ec_run *run,
                                 ec_error *err)
{
    ec_sampler sampler = {.what = sampling, .weights = weights, .key = ec_rng_u64(rng)};
    ec_status status = EC_OK;
    plan p;

    EC_TRY(plan_init(&p, sampling, run, err));
    EC_TRY(ec_flint_load(err));
    EC_TRY(ec_bound_check_cost(&p.cost, "exact rank", INFINITY, run, err));
    ec_mod_work work = ec_mod_work_init(weights->prime, run, "exact rank", p.cost.seconds);
    sampler.work = &work;
    if (p.through_cut)
        EC_TRY(ec_mod_pieces_ranks(rank, &p.pieces, &sampler, err));
    else
        EC_TRY(ec_direct_ranks(rank, &sampler, err));
    for (uint32_t y = 0; y < sampling->n_labels; y++)
        rank[y] = rank[y] < sampling->inputs ? rank[y] : sampling->inputs;
done:
    plan_clear(&p);
    return status;
}
