/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "check/check_i.h"

#include <math.h>

const char *ec_verdict_text(ec_verdict verdict)
{
    switch (verdict) {
    case EC_VERDICT_FAILED:
        return "failed";
    case EC_VERDICT_UNDECIDED:
        return "undecided";
    case EC_VERDICT_MET:
        return "met";
    }
    return "undecided";
}

/* Is log2 x >= min? A tie can only be exact for a whole min, and then x = 2^min is compared so. */
static bool log2_reaches(const ec_int *x, double min)
{
    double log2 = ec_int_log2(x);
    ec_int power = {0};

    if (fabs(log2 - min) > 1 || min != floor(min) || min < 0)
        return log2 >= min;
    ec_int_pow_u64(&power, 2, (uint64_t)min);
    bool reaches = ec_int_cmp(x, &power) >= 0;
    ec_int_clear(&power);
    return reaches;
}

bool ec_requirement_reached(const ec_requirement *requirement, const ec_int *rank)
{
    return requirement->by_rank ? ec_int_cmp(rank, &requirement->min_rank) >= 0
                                : log2_reaches(rank, requirement->min_log2);
}

/* The largest proved lower bound of the generic rank; 1, because some weights do not give zero. */
static void lower_bound(ec_int *lower, const ec_bound *bound)
{
    uint64_t generic = bound->has_generic ? bound->generic.rank : 1;

    ec_int_set_u64(lower, generic > 1 ? generic : 1);
    if (bound->has_power && ec_int_cmp(&bound->power_rank, lower) > 0)
        ec_int_set(lower, &bound->power_rank);
}

ec_verdict ec_check_verdict(const ec_requirement *requirement, const ec_bound *bound)
{
    ec_int lower = {0};

    lower_bound(&lower, bound);
    bool met = ec_requirement_reached(requirement, &lower);
    ec_int_clear(&lower);
    if (!ec_requirement_reached(requirement, bound->rank))
        return EC_VERDICT_FAILED;
    return met ? EC_VERDICT_MET : EC_VERDICT_UNDECIDED;
}
