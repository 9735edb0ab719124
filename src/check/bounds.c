/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is known of the bounds themselves: EC015 to EC017. */
#include "check/check_i.h"

#include "core/flow.h"

#include <inttypes.h>

/* The partition's own line, else the description as a whole. */
static ec_place place_of(const ec_finder *f, size_t k)
{
    return f->out->partitions.items[k].place;
}

/* -------------------------------------------------------------------- sharing */

/* The conv that, unshared alone, lifts the bound to the min cut for the fewest parameters. */
typedef struct unsharing {
    size_t level; /* SIZE_MAX: none does */
    ec_int parameters;
} unsharing;

static ec_status try_unshared(bool *lifts, const ec_arch *arch, const ec_sites *a,
                              const ec_int *min_cut, const ec_run *run, ec_error *err)
{
    ec_int rank = {0};
    bool applies = false;
    ec_status status = ec_bound_shared(&applies, &rank, arch, a, run, err);

    *lifts = status == EC_OK && (!applies || ec_int_cmp(&rank, min_cut) >= 0);
    ec_int_clear(&rank);
    return status;
}

static ec_status find_unsharing(unsharing *out, const ec_finder *f, size_t k, ec_error *err)
{
    ec_status status = EC_OK;
    ec_arch fork = {.n_sites = 0};
    ec_int count = {0};

    out->level = SIZE_MAX;
    EC_TRY(ec_arch_fork(&fork, f->arch, err));
    for (size_t l = 0; l < fork.n_levels; l++) {
        bool lifts;

        if (!fork.levels[l].shared)
            continue;
        fork.levels[l].shared = false;
        EC_TRY(try_unshared(&lifts, &fork, &f->out->partitions.items[k].a,
                            &f->out->bounds[k].min_cut.rank, f->run, err));
        EC_TRY(ec_arch_parameters(&count, &fork, err));
        if (lifts && (out->level == SIZE_MAX || ec_int_cmp(&count, &out->parameters) < 0)) {
            out->level = l;
            ec_int_swap(&out->parameters, &count);
        }
        fork.levels[l].shared = true;
    }
done:
    ec_int_clear(&count);
    ec_arch_unfork(&fork);
    return status;
}

static ec_status find_sharing(ec_finder *f, size_t k, ec_error *err)
{
    const ec_bound *bound = &f->out->bounds[k];
    ec_status status = EC_OK;
    ec_int now = {0};
    unsharing cheapest = {.level = SIZE_MAX};

    if (!bound->from_shared || !ec_finder_wants(f, EC_RULE_SHARING_LOWERS))
        return EC_OK;
    EC_TRY(find_unsharing(&cheapest, f, k, err));
    ec_text_printf(&f->message,
                   "%s: equal subtrees share their weights, which lowers the bound to ",
                   f->out->partitions.items[k].name);
    ec_put_rank(&f->message, bound->rank);
    ec_text_puts(&f->message, " from the min cut ");
    ec_put_rank(&f->message, &bound->min_cut.rank);
    if (cheapest.level == SIZE_MAX)
        ec_text_puts(&f->remedy, "count on the smaller one");
    else {
        EC_TRY(ec_arch_parameters(&now, f->arch, err));
        ec_int_sub(&now, &cheapest.parameters, &now);
        ec_text_printf(&f->remedy, "shared: false for %s lifts the bound to the min cut, for ",
                       f->arch->levels[cheapest.level + 1].name);
        ec_put_rank(&f->remedy, &now);
        ec_text_puts(&f->remedy, " parameters more");
    }
    EC_TRY(ec_finder_add(f, EC_RULE_SHARING_LOWERS, EC_CERTAINTY_PROVED, place_of(f, k), err));
done:
    ec_int_clear(&now);
    ec_int_clear(&cheapest.parameters);
    return status;
}

/* --------------------------------------------------------------------- missed */

static ec_status find_missed(ec_finder *f, size_t k, ec_error *err)
{
    const ec_bound *bound = &f->out->bounds[k];

    if (!bound->has_generic || bound->generic.status != EC_RANK_PROBABLE)
        return EC_OK;
    ec_text_printf(&f->message, "%s: the bound ", f->out->partitions.items[k].name);
    ec_put_rank(&f->message, bound->rank);
    ec_text_printf(&f->message,
                   " is not attained: the generic rank is %" PRIu64
                   " (wrong with probability below %.1e)",
                   bound->generic.rank, bound->generic.error);
    ec_text_printf(&f->remedy,
                   "count on %" PRIu64 "; with independent weights and every dimension a power of "
                   "one integer the min cut is attained",
                   bound->generic.rank);
    return ec_finder_add(f, EC_RULE_BOUND_MISSED, EC_CERTAINTY_PROBABLE, place_of(f, k), err);
}

static ec_status find_uncertified(ec_finder *f, size_t k, ec_error *err)
{
    if (f->out->bounds[k].min_cut.certified)
        return EC_OK;
    ec_text_printf(&f->message, "%s: the cut is a valid bound, but not proved to be the smallest",
                   f->out->partitions.items[k].name);
    ec_text_puts(&f->remedy, "dimensions that are powers of one integer make cuts exact");
    return ec_finder_add(f, EC_RULE_CUT_UNCERTIFIED, EC_CERTAINTY_UNDECIDED, place_of(f, k), err);
}

ec_status ec_find_bounds(ec_finder *f, ec_error *err)
{
    ec_status status = EC_OK;

    for (size_t k = 0; k < f->out->partitions.n; k++) {
        EC_TRY(find_sharing(f, k, err));
        EC_TRY(find_missed(f, k, err));
        EC_TRY(find_uncertified(f, k, err));
    }
done:
    return status;
}
