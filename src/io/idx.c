/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "io_i.h"

#include "core/flow.h"

static size_t big_endian_u32(const unsigned char *b)
{
    return (size_t)b[0] << 24 | (size_t)b[1] << 16 | (size_t)b[2] << 8 | b[3];
}

static const struct {
    unsigned char code;
    ec_dtype type;
} types[] = {
    {0x08, EC_U8}, {0x09, EC_I8}, {0x0b, EC_I16}, {0x0c, EC_I32}, {0x0d, EC_F32}, {0x0e, EC_F64},
};
enum { N_TYPES = sizeof types / sizeof *types };

static bool idx_type(ec_dtype *type, unsigned char code)
{
    for (size_t i = 0; i < N_TYPES; i++) {
        if (types[i].code == code) {
            *type = types[i].type;
            return true;
        }
    }
    return false;
}

ec_status ec_idx_parse(ec_array *out, const unsigned char *data, size_t size, const char *file,
                       const ec_run *run, ec_error *err)
{
    ec_dtype type = EC_U8;
    size_t shape[EC_MAX_DIMS];

    *out = (ec_array){.data = NULL};
    if (size < 4 || data[0] != 0 || data[1] != 0 || !idx_type(&type, data[2]))
        return ec_fail_file(err, EC_EPARSE, file,
                            "not an idx file: it must begin with 0, 0, a type (8, 9, 11 to 14) and "
                            "the number of dimensions");
    size_t n_dims = data[3], start = 4 + 4 * n_dims;
    if (n_dims == 0 || n_dims > EC_MAX_DIMS)
        return ec_fail_file(err, EC_EPARSE, file, "%zu dimensions, must be 1 to %d", n_dims,
                            EC_MAX_DIMS);
    if (size < start)
        return ec_fail_file(err, EC_EPARSE, file, "file ends within its header");
    for (size_t i = 0; i < n_dims; i++)
        shape[i] = big_endian_u32(data + 4 + 4 * i);
    ec_status status = io_check_size(shape, n_dims, type, size - start, file, err);
    if (status == EC_OK)
        status = ec_array_init(out, type, n_dims, shape, run, err);
    if (status == EC_OK)
        io_copy_elements(out->data, data + start, out->count, ec_dtype_size(type), true);
    return status;
}

ec_status ec_idx_read(ec_array *out, const char *path, const ec_run *run, ec_error *err)
{
    ec_bytes bytes;
    ec_status status = ec_file_read_gzip(&bytes, path, run, err);

    *out = (ec_array){.data = NULL};
    if (status == EC_OK)
        status = ec_idx_parse(out, bytes.data, bytes.size, path, run, err);
    ec_bytes_clear(&bytes);
    return status;
}

ec_status ec_idx_write(const ec_array *array, const char *path, ec_error *err)
{
    ec_status status = EC_OK;
    size_t element = ec_dtype_size(array->type), start = 4 + 4 * array->n_dims, kind = 0;
    unsigned char *file = NULL;

    while (kind < N_TYPES && types[kind].type != array->type)
        kind++;
    if (kind == N_TYPES)
        return ec_fail_file(err, EC_EINVAL, path,
                            "idx cannot hold %s, only uint8, int8, int16, int32 and floats",
                            ec_dtype_name(array->type));
    EC_NEW(file, start + array->count * element);
    file[2] = types[kind].code;
    file[3] = (unsigned char)array->n_dims;
    for (size_t i = 0; i < array->n_dims; i++) {
        if (array->shape[i] > UINT32_MAX) {
            status = ec_fail_file(err, EC_EINVAL, path, "a side of %zu, idx holds 2^32 - 1 at most",
                                  array->shape[i]);
            goto done;
        }
        for (size_t k = 0; k < 4; k++)
            file[4 + 4 * i + k] = (unsigned char)(array->shape[i] >> (24 - 8 * k));
    }
    io_copy_elements(file + start, array->data, array->count, element, true);
    EC_TRY(ec_file_write(path, file, start + array->count * element, err));
done:
    ec_free(file);
    return status;
}
