/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ENTCAP_DATA_I_H
#define ENTCAP_DATA_I_H

/** How a SPEC becomes files. */

#include "entcap/data.h"

/** The two files of one part; both NULL if the source has no such part. */
typedef struct data_files {
    char *images, *labels;
    bool is_npy;
} data_files;

void data_files_clear(data_files *files);

/** Owns: *out, to be cleared. Errors: EC_EINVAL, EC_EIO (a built-in source is not installed). */
EC_NODISCARD ec_status data_files_find(data_files *out, const char *spec, ec_data_part part,
                                       ec_error *err);

#endif
