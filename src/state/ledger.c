/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "state/table.h"

#include <math.h>

ec_ledger ec_ledger_of(const ec_run *run, double max_flops, const char *what)
{
    double bytes = run != NULL ? fmax(1, (double)run->memory_bytes) : 0;

    return (ec_ledger){.max_bytes = bytes, .max_flops = max_flops, .run = run, .what = what};
}

void ec_ledger_start(ec_ledger *ledger, bool plan)
{
    ledger->planned_flops = ledger->flops;
    ledger->plan = plan;
    ledger->bytes = ledger->peak_bytes = ledger->flops = 0;
}

ec_status ec_ledger_bytes(ec_ledger *ledger, double bytes, ec_error *err)
{
    ledger->bytes += bytes;
    ledger->peak_bytes = fmax(ledger->peak_bytes, ledger->bytes);
    if (ledger->max_bytes <= 0 || ledger->bytes <= ledger->max_bytes)
        return EC_OK;

    char needed[EC_SIZE_TEXT], limit[EC_SIZE_TEXT];

    return ec_fail(err, EC_ELIMIT, "needs more than %s, the memory limit is %s",
                   ec_size_text(needed, ledger->bytes), ec_size_text(limit, ledger->max_bytes));
}

ec_status ec_ledger_flops(ec_ledger *ledger, double flops, ec_error *err)
{
    ledger->flops += flops;
    if (ledger->max_flops > 0 && ledger->flops > ledger->max_flops)
        return ec_fail(err, EC_ELIMIT, "needs more than %.3g operations, the limit is %.3g",
                       ledger->flops, ledger->max_flops);
    if (ledger->plan)
        return EC_OK;
    return ec_run_step(ledger->run, ledger->what, ledger->flops, ledger->planned_flops, err);
}
