/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "entcap/io.h"

#include <stdlib.h>

/* The readers of arrays and tables: no input may crash them, and a failure leaves nothing behind.
 */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef ec_status parse_fn(ec_array *, const unsigned char *, size_t, const char *, const ec_run *,
                           ec_error *);

static void check(bool holds)
{
    if (!holds)
        abort();
}

static void parse_array(parse_fn *parse, const uint8_t *data, size_t size, const ec_run *run)
{
    ec_array array;
    ec_error err = {0};
    ec_status status = parse(&array, data, size, "fuzz", run, &err);

    check(status == err.status);
    check(status == EC_OK || (array.data == NULL && err.msg[0] != '\0'));
    for (size_t i = 0; i < array.count; i++) { /* every element is there to be read */
        double value;
        ec_array_get(&value, &array, i, 1);
    }
    ec_array_clear(&array);
}

static void parse_tensors(const uint8_t *data, size_t size, const ec_run *run)
{
    ec_tensors tensors;
    ec_error err = {0};
    ec_status status = ec_safetensors_parse(&tensors, data, size, "fuzz", run, &err);

    check(status == err.status);
    check(status == EC_OK || (tensors.items == NULL && err.msg[0] != '\0'));
    for (size_t i = 0; i < tensors.n; i++)
        check(ec_tensors_find(&tensors, tensors.items[i].name) != NULL);
    ec_tensors_clear(&tensors);
}

static void parse_table(const uint8_t *data, size_t size, const ec_run *run)
{
    ec_csv csv;
    ec_error err = {0};
    ec_status status = ec_csv_parse(&csv, data, size, "fuzz", run, &err);

    check(status == err.status);
    check(status == EC_OK || (csv.cells.data == NULL && csv.name == NULL && err.msg[0] != '\0'));
    for (size_t j = 0; csv.name != NULL && j < csv.cells.shape[1]; j++) {
        size_t column = csv.cells.shape[1];
        check(ec_csv_column(&column, &csv, csv.name[j], NULL) == EC_OK && column <= j);
    }
    ec_csv_clear(&csv);
}

static void unzip(const uint8_t *data, size_t size, const ec_run *run)
{
    ec_bytes bytes;
    ec_error err = {0};
    ec_status status = ec_gunzip(&bytes, data, size, "fuzz", run, &err);

    check(status == err.status && (status == EC_OK || bytes.data == NULL));
    ec_bytes_clear(&bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ec_run run = EC_RUN_INIT;
    long before = ec_memory_live();

    run.memory_bytes = 1 << 24;
    parse_array(ec_idx_parse, data, size, &run);
    parse_array(ec_npy_parse, data, size, &run);
    parse_tensors(data, size, &run);
    parse_table(data, size, &run);
    unzip(data, size, &run);
    check(ec_memory_live() == before);
    return 0;
}
