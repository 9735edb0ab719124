/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "entcap/check.h"

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

static bool reaches(const ec_int *rank, const ec_requirement *requirement)
{
    return requirement->by_rank ? ec_int_cmp(rank, &requirement->min_rank) >= 0
                                : log2_reaches(rank, requirement->min_log2);
}

ec_verdict ec_check_verdict(const ec_requirement *requirement, const ec_bound *bound)
{
    ec_int generic = {0};
    bool met = bound->has_power && reaches(&bound->power_rank, requirement);

    if (!reaches(bound->rank, requirement))
        return EC_VERDICT_FAILED;
    if (!met && bound->has_generic) {
        ec_int_set_u64(&generic, bound->generic.rank);
        met = reaches(&generic, requirement);
        ec_int_clear(&generic);
    }
    return met ? EC_VERDICT_MET : EC_VERDICT_UNDECIDED;
}
