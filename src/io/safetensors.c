/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "io_i.h"

#include "core/flow.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define MAX_HEADER ((uint64_t)100000000)

/* A tensor as the header declares it; its bytes are data[begin .. end-1]. */
typedef struct declared {
    const char *name; /* borrowed from the JSON object */
    ec_dtype type;
    size_t n_dims, shape[EC_MAX_DIMS];
    size_t begin, end;
} declared;

void ec_tensors_clear(ec_tensors *tensors)
{
    if (tensors == NULL)
        return;
    for (size_t i = 0; i < tensors->n; i++) {
        ec_free(tensors->items[i].name);
        ec_array_clear(&tensors->items[i].array);
    }
    ec_free(tensors->items);
    *tensors = (ec_tensors){.n = 0};
}

const ec_tensor *ec_tensors_find(const ec_tensors *tensors, const char *name)
{
    for (size_t i = 0; i < tensors->n; i++)
        if (strcmp(tensors->items[i].name, name) == 0)
            return &tensors->items[i];
    return NULL;
}

/* ------------------------------------------------------------------- header */

/* The element as a size; false if it is no integer >= 0. */
static bool get_size(size_t *out, const json_t *value)
{
    if (!json_is_integer(value) || json_integer_value(value) < 0)
        return false;
    *out = (size_t)json_integer_value(value);
    return true;
}

static ec_status get_shape(declared *out, const json_t *shape, const char *file, ec_error *err)
{
    if (!json_is_array(shape) || json_array_size(shape) > EC_MAX_DIMS)
        return ec_fail_file(err, EC_EPARSE, file,
                            "tensor '%.80s': shape must be a list of at most %d sizes", out->name,
                            EC_MAX_DIMS);
    out->n_dims = json_array_size(shape);
    for (size_t i = 0; i < out->n_dims; i++)
        if (!get_size(&out->shape[i], json_array_get(shape, i)))
            return ec_fail_file(err, EC_EPARSE, file,
                                "tensor '%.80s': size %zu of the shape is not an integer >= 0",
                                out->name, i);
    return EC_OK;
}

static ec_status get_dtype(declared *out, const json_t *dtype, const char *file, ec_error *err)
{
    const char *text = json_is_string(dtype) ? json_string_value(dtype) : "(none)";

    if (strcmp(text, "F32") != 0 && strcmp(text, "F64") != 0)
        return ec_fail_file(err, EC_EPARSE, file, "tensor '%.80s': dtype %.20s, must be F32 or F64",
                            out->name, text);
    out->type = strcmp(text, "F32") == 0 ? EC_F32 : EC_F64;
    return EC_OK;
}

static ec_status get_range(declared *out, const json_t *range, const char *file, ec_error *err)
{
    size_t count = 0;

    if (!json_is_array(range) || json_array_size(range) != 2 ||
        !get_size(&out->begin, json_array_get(range, 0)) ||
        !get_size(&out->end, json_array_get(range, 1)) || out->begin > out->end)
        return ec_fail_file(err, EC_EPARSE, file,
                            "tensor '%.80s': data_offsets must be [begin, end], 0 <= begin <= end",
                            out->name);
    if (!io_count(&count, out->shape, out->n_dims, ec_dtype_size(out->type)))
        return ec_fail_file(err, EC_EPARSE, file, "tensor '%.80s': shape overflows", out->name);
    if (out->end - out->begin != count * ec_dtype_size(out->type))
        return ec_fail_file(err, EC_EPARSE, file,
                            "tensor '%.80s': data_offsets span %zu bytes, its shape needs %zu",
                            out->name, out->end - out->begin, count * ec_dtype_size(out->type));
    return EC_OK;
}

static ec_status get_tensor(declared *out, const char *name, const json_t *entry, const char *file,
                            ec_error *err)
{
    ec_status status = EC_OK;

    *out = (declared){.name = name};
    if (!json_is_object(entry) || json_object_size(entry) != 3)
        return ec_fail_file(err, EC_EPARSE, file,
                            "tensor '%.80s': must have dtype, shape and data_offsets", name);
    EC_TRY(get_dtype(out, json_object_get(entry, "dtype"), file, err));
    EC_TRY(get_shape(out, json_object_get(entry, "shape"), file, err));
    EC_TRY(get_range(out, json_object_get(entry, "data_offsets"), file, err));
done:
    return status;
}

static int by_place(const void *a, const void *b)
{
    const declared *x = a, *y = b;

    if (x->begin != y->begin)
        return x->begin < y->begin ? -1 : 1;
    if (x->end != y->end) /* an empty tensor before the one that starts where it stands */
        return x->end < y->end ? -1 : 1;
    return strcmp(x->name, y->name);
}

/* Sorted by place, every tensor must begin where the one before it ends, the last at the end. */
static ec_status check_cover(const declared *list, size_t n, size_t size, const char *file,
                             ec_error *err)
{
    size_t at = 0;

    for (size_t i = 0; i < n; i++) {
        if (list[i].begin != at)
            return ec_fail_file(err, EC_EPARSE, file,
                                "tensor '%.80s' begins at byte %zu of the data, must begin at %zu",
                                list[i].name, list[i].begin, at);
        at = list[i].end;
    }
    if (at != size)
        return ec_fail_file(err, EC_EPARSE, file,
                            "the tensors take %zu bytes, but %zu follow the header", at, size);
    return EC_OK;
}

static ec_status parse_header(json_t **out, const unsigned char *data, uint64_t length,
                              const char *file, ec_error *err)
{
    json_error_t where;

    *out = json_loadb((const char *)data, (size_t)length, JSON_REJECT_DUPLICATES, &where);
    if (*out == NULL)
        return ec_fail_file(err, EC_EPARSE, file, "header is not JSON: %.120s at byte %d",
                            where.text, where.position);
    if (!json_is_object(*out))
        return ec_fail_file(err, EC_EPARSE, file, "header must be a JSON object");
    return EC_OK;
}

/* --------------------------------------------------------------------- file */

static ec_status list_tensors(declared *list, size_t *n, json_t *header, const char *file,
                              ec_error *err)
{
    const char *name;
    json_t *entry;

    json_object_foreach(header, name, entry)
    {
        if (strcmp(name, "__metadata__") == 0)
            continue;
        ec_status status = get_tensor(&list[*n], name, entry, file, err);
        if (status != EC_OK)
            return status;
        ++*n;
    }
    qsort(list, *n, sizeof *list, by_place);
    return EC_OK;
}

static ec_status load_tensors(ec_tensors *out, const declared *list, size_t n,
                              const unsigned char *data, const ec_run *run, ec_error *err)
{
    ec_status status = EC_OK;

    EC_NEW(out->items, n);
    for (size_t i = 0; i < n; i++) {
        ec_tensor *tensor = &out->items[out->n++];
        tensor->name = ec_strdup(list[i].name, err);
        if (tensor->name == NULL)
            return EC_ENOMEM;
        EC_TRY(
            ec_array_init(&tensor->array, list[i].type, list[i].n_dims, list[i].shape, run, err));
        io_copy_elements(tensor->array.data, data + list[i].begin, tensor->array.count,
                         ec_dtype_size(list[i].type), false);
    }
done:
    return status;
}

static uint64_t little_endian_u64(const unsigned char *bytes)
{
    uint64_t value = 0;

    for (int i = 7; i >= 0; i--)
        value = value << 8 | bytes[i];
    return value;
}

ec_status ec_safetensors_parse(ec_tensors *out, const unsigned char *data, size_t size,
                               const char *file, const ec_run *run, ec_error *err)
{
    ec_status status = EC_OK;
    json_t *header = NULL;
    declared *list = NULL;
    size_t n = 0;

    *out = (ec_tensors){.n = 0};
    uint64_t length = size >= 8 ? little_endian_u64(data) : 0;
    if (size < 8 || length > size - 8 || length > MAX_HEADER)
        return ec_fail_file(err, EC_EPARSE, file,
                            "not a safetensors file: %zu bytes cannot hold a header of %llu", size,
                            (unsigned long long)length);
    EC_TRY(parse_header(&header, data + 8, length, file, err));
    EC_NEW(list, json_object_size(header));
    EC_TRY(list_tensors(list, &n, header, file, err));
    size_t start = 8 + (size_t)length;
    EC_TRY(check_cover(list, n, size - start, file, err));
    EC_TRY(load_tensors(out, list, n, data + start, run, err));
done:
    ec_free(list);
    json_decref(header);
    if (status != EC_OK)
        ec_tensors_clear(out);
    return status;
}

ec_status ec_safetensors_read(ec_tensors *out, const char *path, const ec_run *run, ec_error *err)
{
    ec_bytes bytes;
    ec_status status = ec_file_read(&bytes, path, run, err);

    *out = (ec_tensors){.n = 0};
    if (status == EC_OK)
        status = ec_safetensors_parse(out, bytes.data, bytes.size, path, run, err);
    ec_bytes_clear(&bytes);
    return status;
}
