/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "entcap/core.h"

ec_status ec_run_step(const ec_run *run, const char *what, double done, double total, ec_error *err)
{
    if (run == NULL || run->progress == NULL || run->progress(run->progress_arg, what, done, total))
        return EC_OK;
    return ec_fail(err, EC_ECANCEL, "%s: stopped on request", what);
}

ec_status ec_run_reserve(const ec_run *run, const char *what, double bytes, ec_error *err)
{
    if (run == NULL || bytes <= (double)run->memory_bytes)
        return EC_OK;
    return ec_fail(err, EC_ELIMIT, "%s: needs about %.3g MiB, the memory limit is %.3g MiB", what,
                   bytes / 1048576.0, (double)run->memory_bytes / 1048576.0);
}
