/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "entcap/core.h"

#include <stdio.h>

ec_status ec_run_step(const ec_run *run, const char *what, double done, double total, ec_error *err)
{
    if (run == NULL || run->progress == NULL || run->progress(run->progress_arg, what, done, total))
        return EC_OK;
    return ec_fail(err, EC_ECANCEL, "%s: stopped on request", what);
}

const char *ec_size_text(char out[EC_SIZE_TEXT], double bytes)
{
    static const char *const unit[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    size_t u = 0;

    /* not 1024: three digits would print 1,000 to 1,023 as 1e+03 */
    for (; bytes >= 999.5 && u + 1 < sizeof unit / sizeof unit[0]; u++)
        bytes /= 1024;
    snprintf(out, EC_SIZE_TEXT, "%.3g %s", bytes, unit[u]);
    return out;
}

ec_status ec_run_reserve(const ec_run *run, const char *what, double bytes, ec_error *err)
{
    if (run == NULL || bytes <= (double)run->memory_bytes)
        return EC_OK;

    char needed[EC_SIZE_TEXT], limit[EC_SIZE_TEXT];

    return ec_fail(err, EC_ELIMIT, "%s: needs about %s, the memory limit is %s", what,
                   ec_size_text(needed, bytes), ec_size_text(limit, (double)run->memory_bytes));
}
