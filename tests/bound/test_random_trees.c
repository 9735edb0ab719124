/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "check.h"
#include "oracle/agree.h"

/* ConvACs without shared weights: see oracle/agree.h for what is checked in each case. The floors
 * demand that what the checks are about occurs. */

static const oracle_plan plans[] = {
    {ORACLE_BINARY,
     ORACLE_UNSHARED,
     1200,
     {.ties = 300, .power_smaller = 30, .odd_base = 100, .copy_cuts = 300, .bottlenecks = 200}},
    {ORACLE_TERNARY,
     ORACLE_UNSHARED,
     1200,
     {.gaps = 8,
      .ties = 200,
      .power_smaller = 120,
      .odd_base = 30,
      .copy_cuts = 400,
      .bottlenecks = 200}},
    {ORACLE_QUATERNARY,
     ORACLE_UNSHARED,
     600,
     {.ties = 150,
      .power_smaller = 100,
      .odd_base = 30,
      .copy_cuts = 350,
      .mixed_windows = 500,
      .bottlenecks = 200}},
    {ORACLE_MIXED,
     ORACLE_UNSHARED,
     600,
     {.ties = 150,
      .power_smaller = 80,
      .odd_base = 80,
      .copy_cuts = 400,
      .mixed_windows = 400,
      .bottlenecks = 200}},
    {ORACLE_GRID,
     ORACLE_UNSHARED,
     600,
     {.ties = 150,
      .power_smaller = 80,
      .odd_base = 60,
      .copy_cuts = 400,
      .mixed_windows = 200,
      .bottlenecks = 200}},
    {ORACLE_LEADING,
     ORACLE_UNSHARED,
     600,
     {.ties = 40, .odd_base = 80, .copy_cuts = 10, .mixed_windows = 150, .bottlenecks = 200}},
    {ORACLE_ADJACENT,
     ORACLE_UNSHARED,
     600,
     {.ties = 200,
      .power_smaller = 30,
      .odd_base = 100,
      .copy_cuts = 250,
      .mixed_windows = 70,
      .bottlenecks = 200}},
};

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"windows_of_two_agree", oracle_run_plan, NULL, NULL, (void *)&plans[0]},
        {"windows_of_three_agree", oracle_run_plan, NULL, NULL, (void *)&plans[1]},
        {"windows_of_four_agree", oracle_run_plan, NULL, NULL, (void *)&plans[2]},
        {"mixed_windows_agree", oracle_run_plan, NULL, NULL, (void *)&plans[3]},
        {"grids_agree", oracle_run_plan, NULL, NULL, (void *)&plans[4]},
        {"leading_pools_agree", oracle_run_plan, NULL, NULL, (void *)&plans[5]},
        {"adjacent_convs_agree", oracle_run_plan, NULL, NULL, (void *)&plans[6]},
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
