/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "io_i.h"

#include "core/flow.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static size_t bytes_of(const ec_tensor *tensor)
{
    return tensor->array.count * ec_dtype_size(tensor->array.type);
}

/* {"dtype": .., "shape": [..], "data_offsets": [begin, end]}; NULL if memory runs out. */
static json_t *describe(const ec_tensor *tensor, size_t begin)
{
    json_t *shape = json_array();

    for (size_t i = 0; i < tensor->array.n_dims; i++)
        json_array_append_new(shape, json_integer((json_int_t)tensor->array.shape[i]));
    return json_pack("{s:s, s:o, s:[I,I]}", "dtype", tensor->array.type == EC_F32 ? "F32" : "F64",
                     "shape", shape, "data_offsets", (json_int_t)begin,
                     (json_int_t)(begin + bytes_of(tensor)));
}

/* The header's JSON text, to be released by free(); NULL if memory runs out. */
static char *print_header(const ec_tensors *tensors, size_t *size)
{
    json_t *header = json_object();
    char *text = NULL;
    bool complete = header != NULL;

    *size = 0;
    for (size_t i = 0; i < tensors->n && complete; i++) {
        complete = json_object_set_new(header, tensors->items[i].name,
                                       describe(&tensors->items[i], *size)) == 0;
        *size += bytes_of(&tensors->items[i]);
    }
    if (complete)
        text = json_dumps(header, JSON_COMPACT);
    json_decref(header);
    return text;
}

static void put_u64(unsigned char *out, uint64_t value)
{
    for (int i = 0; i < 8; i++)
        out[i] = (unsigned char)(value >> 8 * i);
}

ec_status ec_safetensors_write(const ec_tensors *tensors, const char *path, ec_error *err)
{
    ec_status status = EC_OK;
    unsigned char *file = NULL;
    size_t data_size = 0;
    char *text = print_header(tensors, &data_size);

    if (text == NULL)
        return ec_fail(err, EC_ENOMEM, "out of memory for the header of %s", path);
    size_t length = strlen(text), padded = (length + 7) / 8 * 8;
    EC_NEW(file, 8 + padded + data_size);
    put_u64(file, padded);
    memset(file + 8, ' ', padded);
    memcpy(file + 8, text, length);

    unsigned char *at = file + 8 + padded;
    for (size_t i = 0; i < tensors->n; i++) {
        const ec_array *array = &tensors->items[i].array;
        io_copy_elements(at, array->data, array->count, ec_dtype_size(array->type), false);
        at += bytes_of(&tensors->items[i]);
    }
    EC_TRY(ec_file_write(path, file, 8 + padded + data_size, err));
done:
    ec_free(file);
    free(text);
    return status;
}
