/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "entcap/core.h"

#include <stdio.h>
#include <string.h>

static const char *const status_text[] = {
    [EC_OK] = "ok",
    [EC_ENOMEM] = "out of memory",
    [EC_EIO] = "input/output error",
    [EC_EPARSE] = "malformed input",
    [EC_EINVAL] = "invalid argument",
    [EC_ENUMERIC] = "numerical failure",
    [EC_ELIMIT] = "limit exceeded",
    [EC_ECANCEL] = "cancelled",
};

const char *ec_status_text(ec_status status)
{
    size_t i = (size_t)status;
    return i < sizeof status_text / sizeof *status_text ? status_text[i] : "unknown status";
}

ec_status ec_vfail(ec_error *err, ec_status status, const char *fmt, va_list args)
{
    if (err != NULL && err->status == EC_OK) {
        err->status = status;
        vsnprintf(err->msg, sizeof err->msg, fmt, args);
    }
    return status;
}

ec_status ec_fail(ec_error *err, ec_status status, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    ec_vfail(err, status, fmt, args);
    va_end(args);
    return status;
}

ec_status ec_fail_file(ec_error *err, ec_status status, const char *file, const char *fmt, ...)
{
    va_list args;

    if (err != NULL && err->status == EC_OK) {
        size_t length = strlen(file);
        size_t skip = length < sizeof err->file ? 0 : length - (sizeof err->file - 1);
        memcpy(err->file, file + skip, length - skip + 1);
    }
    va_start(args, fmt);
    ec_vfail(err, status, fmt, args);
    va_end(args);
    return status;
}
