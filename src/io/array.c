/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "io_i.h"

#include "core/flow.h"

#include <stdio.h>
#include <string.h>

static const struct {
    size_t size;
    const char *name;
} dtypes[] = {
    [EC_BOOL] = {1, "bool"},   [EC_U8] = {1, "uint8"},    [EC_I8] = {1, "int8"},
    [EC_U16] = {2, "uint16"},  [EC_I16] = {2, "int16"},   [EC_U32] = {4, "uint32"},
    [EC_I32] = {4, "int32"},   [EC_U64] = {8, "uint64"},  [EC_I64] = {8, "int64"},
    [EC_F32] = {4, "float32"}, [EC_F64] = {8, "float64"},
};

size_t ec_dtype_size(ec_dtype type)
{
    return dtypes[type].size;
}

const char *ec_dtype_name(ec_dtype type)
{
    return dtypes[type].name;
}

bool io_count(size_t *count, const size_t *shape, size_t n_dims, size_t element_size)
{
    size_t product = 1;
    bool empty = false;

    for (size_t i = 0; i < n_dims; i++)
        empty = empty || shape[i] == 0;
    for (size_t i = 0; i < n_dims && !empty; i++) {
        if (product > (size_t)PTRDIFF_MAX / element_size / shape[i])
            return false;
        product *= shape[i];
    }
    *count = empty ? 0 : product;
    return true;
}

ec_status ec_array_init(ec_array *out, ec_dtype type, size_t n_dims, const size_t *shape,
                        const ec_run *run, ec_error *err)
{
    char text[128];
    size_t count = 0, size = ec_dtype_size(type);

    *out = (ec_array){.data = NULL};
    if (n_dims > EC_MAX_DIMS)
        return ec_fail(err, EC_EINVAL, "array of %zu dimensions, at most %d are supported", n_dims,
                       EC_MAX_DIMS);
    if (!io_count(&count, shape, n_dims, size))
        return ec_fail(err, EC_ELIMIT, "array of shape %s is too large for memory",
                       ec_shape_print(text, sizeof text, shape, n_dims));
    ec_status status = ec_run_reserve(run, "array", (double)count * (double)size, err);
    if (status != EC_OK)
        return status;
    void *data = ec_calloc(count, size, err);
    if (data == NULL)
        return EC_ENOMEM;
    *out = (ec_array){.type = type, .n_dims = n_dims, .count = count, .data = data};
    memcpy(out->shape, shape, n_dims * sizeof *shape);
    return EC_OK;
}

void ec_array_clear(ec_array *array)
{
    if (array == NULL)
        return;
    ec_free(array->data);
    *array = (ec_array){.data = NULL};
}

/* One loop per element type, for both directions of the conversion. */
#define GET(type)                                                                                  \
    for (size_t i = 0; i < n; i++)                                                                 \
        out[i] = (double)((const type *)array->data)[start + i];                                   \
    break
#define SET(type)                                                                                  \
    for (size_t i = 0; i < n; i++)                                                                 \
        ((type *)array->data)[start + i] = (type)values[i];                                        \
    break

void ec_array_get(double *out, const ec_array *array, size_t start, size_t n)
{
    switch (array->type) {
    case EC_BOOL:
    case EC_U8:
        GET(uint8_t);
    case EC_I8:
        GET(int8_t);
    case EC_U16:
        GET(uint16_t);
    case EC_I16:
        GET(int16_t);
    case EC_U32:
        GET(uint32_t);
    case EC_I32:
        GET(int32_t);
    case EC_U64:
        GET(uint64_t);
    case EC_I64:
        GET(int64_t);
    case EC_F32:
        GET(float);
    case EC_F64:
        GET(double);
    }
}

void ec_array_set(ec_array *array, size_t start, size_t n, const double *values)
{
    switch (array->type) {
    case EC_BOOL:
    case EC_U8:
        SET(uint8_t);
    case EC_I8:
        SET(int8_t);
    case EC_U16:
        SET(uint16_t);
    case EC_I16:
        SET(int16_t);
    case EC_U32:
        SET(uint32_t);
    case EC_I32:
        SET(int32_t);
    case EC_U64:
        SET(uint64_t);
    case EC_I64:
        SET(int64_t);
    case EC_F32:
        SET(float);
    case EC_F64:
        SET(double);
    }
}

const char *ec_shape_print(char *text, size_t size, const size_t *shape, size_t n_dims)
{
    size_t used = (size_t)snprintf(text, size, "[");

    for (size_t i = 0; i < n_dims && used < size; i++)
        used += (size_t)snprintf(text + used, size - used, i > 0 ? ", %zu" : "%zu", shape[i]);
    if (used < size)
        snprintf(text + used, size - used, "]");
    return text;
}

bool io_host_is_big_endian(void)
{
    const uint16_t one = 1;
    unsigned char first;

    memcpy(&first, &one, 1);
    return first == 0;
}

void io_swap_elements(void *data, size_t count, size_t size)
{
    unsigned char *bytes = data;

    for (size_t i = 0; i < count; i++, bytes += size) {
        for (size_t k = 0; k < size / 2; k++) {
            unsigned char swap = bytes[k];
            bytes[k] = bytes[size - 1 - k];
            bytes[size - 1 - k] = swap;
        }
    }
}

void io_copy_elements(void *out, const void *data, size_t count, size_t size, bool big_endian)
{
    if (count > 0)
        memcpy(out, data, count * size);
    if (size > 1 && big_endian != io_host_is_big_endian())
        io_swap_elements(out, count, size);
}

ec_status io_check_size(const size_t *shape, size_t n_dims, ec_dtype type, size_t size,
                        const char *file, ec_error *err)
{
    char text[128];
    size_t count = 0;

    ec_shape_print(text, sizeof text, shape, n_dims);
    if (!io_count(&count, shape, n_dims, ec_dtype_size(type)))
        return ec_fail_file(err, EC_EPARSE, file, "shape %s overflows", text);
    if (count * ec_dtype_size(type) != size)
        return ec_fail_file(err, EC_EPARSE, file, "%zu bytes of data, but shape %s of %s needs %zu",
                            size, text, ec_dtype_name(type), count * ec_dtype_size(type));
    return EC_OK;
}
