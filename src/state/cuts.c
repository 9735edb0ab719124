/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "state/cuts.h"

#include "core/flow.h"

#include <string.h>

/* A plan of less work is not worth a search. */
#define CHEAP 1e9

/* Beyond this cut not even the work is predicted: it is out of reach. */
#define HOPELESS (1u << 20)

/* what all candidates have in common */
typedef struct search {
    const ec_sweep *sweep;
    const ec_run *run;
    bool *cut; /* of every level, see ec_ties */
    bool side_b;
} search;

static ec_status plan_candidate(ec_candidate *out, const search *s, ec_error *err)
{
    out->sweep = *s->sweep;
    out->sweep.side_a = out->cut.side_a;
    return ec_plan_make(&out->plan, &out->sweep, s->run, err);
}

static bool same_sides(const ec_cut *a, const ec_cut *b)
{
    return memcmp(a->side_a, b->side_a, a->n_tensors * sizeof *a->side_a) == 0;
}

/* with ties broken as in s: put the candidate in the place of the best if it is better */
static ec_status try_ties(bool *better, ec_candidate *best, const search *s, ec_error *err)
{
    ec_status status = EC_OK;
    ec_candidate other = {.cut = {.n_factors = 0}};
    const ec_sweep *sweep = s->sweep;

    *better = false;
    EC_TRY(ec_bound_min_cut_ties(&other.cut, sweep->arch, sweep->a, &(ec_ties){s->cut, s->side_b},
                                 s->run, err));
    if (same_sides(&other.cut, &best->cut))
        goto done;
    EC_TRY(plan_candidate(&other, s, err));
    *better = ec_plan_better(&other.plan, &best->plan);
    if (*better) {
        ec_candidate swap = *best;
        *best = other;
        other = swap;
    }
done:
    ec_candidate_clear(&other);
    return status;
}

/* one choice after the other, kept where it is for the better */
static ec_status improve(ec_candidate *best, search *s, ec_error *err)
{
    ec_status status = EC_OK;
    size_t n = s->sweep->arch->n_levels;
    bool better;

    /* all ties at once first: choices of several levels may only pay together */
    memset(s->cut, true, n * sizeof *s->cut);
    EC_TRY(try_ties(&better, best, s, err));
    if (!better)
        memset(s->cut, false, n * sizeof *s->cut);
    s->side_b = true;
    EC_TRY(try_ties(&better, best, s, err));
    s->side_b = better;
    for (size_t l = n; l-- > 1;) {
        s->cut[l] = !s->cut[l];
        EC_TRY(try_ties(&better, best, s, err));
        if (!better)
            s->cut[l] = !s->cut[l];
    }
done:
    return status;
}

static ec_status refuse(const ec_candidate *best, uint64_t spectrum_limit, ec_error *err)
{
    char needs[EC_PLAN_TEXT], remedy[EC_PLAN_REMEDY_TEXT];

    if (!best->plan.possible)
        return ec_fail(err, EC_ELIMIT, "the cut is 2^%.6g, the spectrum limit %llu; %s",
                       best->cut.log2, (unsigned long long)spectrum_limit, EC_PLAN_INSTEAD);
    ec_plan_needs(needs, &best->plan);
    ec_plan_remedy(remedy, &best->plan, &best->sweep, ec_int_get_u64(&best->cut.rank));
    return ec_fail(err, EC_ELIMIT, "the cut is 2^%.6g, the spectrum limit %llu; needs %s%s",
                   best->cut.log2, (unsigned long long)spectrum_limit, needs, remedy);
}

ec_status ec_candidate_choose(ec_candidate *out, const ec_sweep *sweep, uint64_t spectrum_limit,
                              const ec_run *run, ec_error *err)
{
    ec_status status = EC_OK;
    search s = {.sweep = sweep, .run = run};
    bool within;

    *out = (ec_candidate){.cut = {.n_factors = 0}};
    EC_TRY(ec_bound_min_cut_tree(&out->cut, sweep->arch, sweep->a, true, run, err));
    within = ec_int_cmp_u64(&out->cut.rank, spectrum_limit) <= 0;
    if (within || ec_int_cmp_u64(&out->cut.rank, HOPELESS) <= 0)
        EC_TRY(plan_candidate(out, &s, err));
    EC_NEW(s.cut, sweep->arch->n_levels);
    if (out->plan.pieces.n > 0 && (!out->plan.fits || out->plan.flops > CHEAP))
        EC_TRY(improve(out, &s, err));
    if (!within)
        status = refuse(out, spectrum_limit, err);
done:
    ec_free(s.cut);
    return status;
}

void ec_candidate_clear(ec_candidate *candidate)
{
    ec_plan_clear(&candidate->plan);
    ec_sweep_clear(&candidate->sweep);
    ec_cut_clear(&candidate->cut);
}
