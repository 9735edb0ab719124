/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "check.h"
#include "oracle/agree.h"

/* Listed networks: see oracle/agree.h for what is checked in each case. */

static const oracle_plan plans[] = {
    {ORACLE_HYPERGRAPH,
     ORACLE_UNSHARED,
     1250,
     {.ties = 70, .power_smaller = 90, .odd_base = 150, .copy_cuts = 150, .bottlenecks = 200}},
    {ORACLE_BRIDGE,
     ORACLE_UNSHARED,
     1250,
     {.gaps = 10, .ties = 120, .power_smaller = 250, .odd_base = 200, .bottlenecks = 200}},
};

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"hypergraphs_agree", oracle_run_plan, NULL, NULL, (void *)&plans[0]},
        {"bridges_agree", oracle_run_plan, NULL, NULL, (void *)&plans[1]},
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
