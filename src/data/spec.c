/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data_i.h"

#include "core/flow.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MAX_PATH_BYTES 512

static const struct {
    const char *name, *directory, *hint;
} built_in[] = {
    {"fashion-mnist", EC_DATA_FASHION_MNIST, "install the Debian package dataset-fashion-mnist"},
    {"mnist", EC_DATA_MNIST, "put the four idx files there, or name them: idx:IMAGES,LABELS"},
};

void data_files_clear(data_files *files)
{
    ec_free(files->images);
    ec_free(files->labels);
    *files = (data_files){.images = NULL};
}

/* DIRECTORY/NAME.gz, or DIRECTORY/NAME if that is what there is. */
static ec_status find_built_in(char **out, size_t source, const char *name, ec_error *err)
{
    char path[MAX_PATH_BYTES];
    int length = snprintf(path, sizeof path, "%s/%s.gz", built_in[source].directory, name);

    if (access(path, R_OK) != 0)
        path[length - 3] = '\0';
    if (access(path, R_OK) != 0) {
        path[length - 3] = '.';
        return ec_fail_file(err, EC_EIO, path, "not found: %s", built_in[source].hint);
    }
    *out = ec_strdup(path, err);
    return *out != NULL ? EC_OK : EC_ENOMEM;
}

static ec_status find_built_ins(data_files *out, size_t source, ec_data_part part, ec_error *err)
{
    bool test = part == EC_DATA_TEST;
    ec_status status = find_built_in(
        &out->images, source, test ? "t10k-images-idx3-ubyte" : "train-images-idx3-ubyte", err);

    if (status == EC_OK)
        status = find_built_in(&out->labels, source,
                               test ? "t10k-labels-idx1-ubyte" : "train-labels-idx1-ubyte", err);
    return status;
}

/* The number of its files in *n if the list is one; `spec` is for the message. */
static ec_status count_listed(size_t *n, const char *spec, const char *list, bool is_npy,
                              ec_error *err)
{
    bool empty = *list == '\0' || *list == ',';

    *n = 1;
    for (const char *c = list; *c != '\0'; c++) {
        *n += *c == ',';
        empty = empty || (*c == ',' && (c[1] == '\0' || c[1] == ','));
    }
    if (empty || (*n != 2 && (*n != 4 || is_npy)))
        return ec_fail(err, EC_EINVAL, "data '%.200s': must name %s", spec,
                       is_npy ? "2 files: npy:X.npy,Y.npy"
                              : "2 or 4 files: idx:IMAGES,LABELS[,TEST_IMAGES,TEST_LABELS]");
    return EC_OK;
}

static bool is_listed(const char *spec, bool *is_npy)
{
    *is_npy = strncmp(spec, "npy:", 4) == 0;
    return *is_npy || strncmp(spec, "idx:", 4) == 0;
}

/* The row of a name; EC_EINVAL if there is none. */
static ec_status find_name(size_t *source, const char *spec, ec_error *err)
{
    size_t n = sizeof built_in / sizeof *built_in;

    for (*source = 0; *source < n; (*source)++)
        if (strcmp(spec, built_in[*source].name) == 0)
            return EC_OK;
    return ec_fail(err, EC_EINVAL,
                   "data '%.200s': must be fashion-mnist, mnist, "
                   "idx:IMAGES,LABELS[,TEST_IMAGES,TEST_LABELS] or npy:X.npy,Y.npy",
                   spec);
}

ec_status ec_data_check_spec(const char *spec, ec_error *err)
{
    bool is_npy;
    size_t n;

    return is_listed(spec, &is_npy) ? count_listed(&n, spec, spec + 4, is_npy, err)
                                    : find_name(&n, spec, err);
}

/* Item `index` of a comma-separated list. */
static char *list_item(const char *list, size_t index, ec_error *err)
{
    while (index-- > 0)
        list = strchr(list, ',') + 1;
    size_t length = strcspn(list, ",");
    char *item = ec_calloc(length + 1, 1, err);
    if (item != NULL)
        memcpy(item, list, length);
    return item;
}

static ec_status find_listed(data_files *out, const char *spec, ec_data_part part, ec_error *err)
{
    size_t n, first = part == EC_DATA_TEST ? 2 : 0;
    ec_status status = count_listed(&n, spec, spec + 4, out->is_npy, err);

    if (status != EC_OK || n <= first) /* no test part */
        return status;
    out->images = list_item(spec + 4, first, err);
    if (out->images != NULL)
        out->labels = list_item(spec + 4, first + 1, err);
    return out->labels != NULL ? EC_OK : EC_ENOMEM;
}

ec_status data_files_find(data_files *out, const char *spec, ec_data_part part, ec_error *err)
{
    ec_status status;
    size_t source;

    *out = (data_files){.images = NULL};
    if (is_listed(spec, &out->is_npy)) {
        status = find_listed(out, spec, part, err);
    } else {
        status = find_name(&source, spec, err);
        if (status == EC_OK)
            status = find_built_ins(out, source, part, err);
    }
    if (status != EC_OK)
        data_files_clear(out);
    return status;
}
