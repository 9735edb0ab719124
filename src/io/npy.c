/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "io_i.h"

#include "core/flow.h"

#include <stdio.h>
#include <string.h>

/* The header is a Python literal: {'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), } */
typedef struct npy_header {
    ec_dtype type;
    bool big_endian, fortran_order;
    size_t n_dims, shape[EC_MAX_DIMS];
    bool has_descr, has_order, has_shape;
} npy_header;

/* Text still to be read; a cursor that failed stays failed. */
typedef struct cursor {
    const char *at, *end;
} cursor;

static const struct {
    char code[4];
    ec_dtype type;
} codes[] = {
    {"b1", EC_BOOL}, {"u1", EC_U8},  {"i1", EC_I8},  {"u2", EC_U16}, {"i2", EC_I16}, {"u4", EC_U32},
    {"i4", EC_I32},  {"u8", EC_U64}, {"i8", EC_I64}, {"f4", EC_F32}, {"f8", EC_F64},
};

/* -------------------------------------------------------------- its grammar */

static void skip_blanks(cursor *c)
{
    while (c->at < c->end && (*c->at == ' ' || *c->at == '\n'))
        c->at++;
}

/* Read this character after any blanks, if it comes next. */
static bool take(cursor *c, char what)
{
    skip_blanks(c);
    if (c->at == c->end || *c->at != what)
        return false;
    c->at++;
    return true;
}

static bool take_word(cursor *c, const char *word)
{
    size_t length = strlen(word);

    skip_blanks(c);
    if ((size_t)(c->end - c->at) < length || memcmp(c->at, word, length) != 0)
        return false;
    c->at += length;
    return true;
}

/* A string in single or double quotes, without escapes. */
static bool take_string(cursor *c, char *out, size_t room)
{
    skip_blanks(c);
    if (c->at == c->end || (*c->at != '\'' && *c->at != '"'))
        return false;
    char quote = *c->at++;
    const char *close = memchr(c->at, quote, (size_t)(c->end - c->at));
    if (close == NULL || (size_t)(close - c->at) >= room)
        return false;
    memcpy(out, c->at, (size_t)(close - c->at));
    out[close - c->at] = '\0';
    c->at = close + 1;
    return true;
}

static bool take_size(cursor *c, size_t *out)
{
    size_t value = 0;

    skip_blanks(c);
    const char *first = c->at;
    while (c->at < c->end && *c->at >= '0' && *c->at <= '9') {
        size_t digit = (size_t)(*c->at++ - '0');
        if (value > (SIZE_MAX - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    *out = value;
    return c->at > first;
}

static bool take_shape(cursor *c, npy_header *h)
{
    if (!take(c, '('))
        return false;
    while (!take(c, ')')) {
        if (h->n_dims == EC_MAX_DIMS || !take_size(c, &h->shape[h->n_dims]))
            return false;
        h->n_dims++;
        if (!take(c, ',')) /* (3) is no tuple in Python, but its meaning is plain */
            return take(c, ')');
    }
    return true;
}

/* The type behind '<f8' and its like: byte order, kind, bytes. */
static bool find_type(npy_header *h, const char *text)
{
    if (text[0] == '\0' || strchr("<>|=", text[0]) == NULL)
        return false;
    h->big_endian = text[0] == '>' || (text[0] == '=' && io_host_is_big_endian());
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (strcmp(codes[i].code, text + 1) == 0) {
            h->type = codes[i].type;
            return text[0] != '|' || ec_dtype_size(h->type) == 1;
        }
    return false;
}

static bool take_descr(cursor *c, npy_header *h)
{
    char text[16];

    skip_blanks(c);
    const char *start = c->at;
    if (take_string(c, text, sizeof text) && find_type(h, text))
        return true;
    c->at = start; /* the message points at the type */
    return false;
}

static bool take_order(cursor *c, npy_header *h)
{
    h->fortran_order = take_word(c, "True");
    return h->fortran_order || take_word(c, "False");
}

/* One entry; a key that comes twice is refused with the unknown ones. */
static bool take_entry(cursor *c, npy_header *h)
{
    char key[16];

    if (!take_string(c, key, sizeof key) || !take(c, ':'))
        return false;
    if (strcmp(key, "descr") == 0 && !h->has_descr)
        return h->has_descr = take_descr(c, h);
    if (strcmp(key, "fortran_order") == 0 && !h->has_order)
        return h->has_order = take_order(c, h);
    if (strcmp(key, "shape") == 0 && !h->has_shape)
        return h->has_shape = take_shape(c, h);
    return false;
}

static bool take_header(cursor *c, npy_header *h)
{
    bool more = take(c, '{');

    while (more && !take(c, '}')) {
        if (!take_entry(c, h))
            return false;
        if (!take(c, ','))
            more = false;
    }
    if (!more && !take(c, '}'))
        return false;
    skip_blanks(c);
    return c->at == c->end && h->has_descr && h->has_order && h->has_shape;
}

/* ------------------------------------------------------------------ reading */

/* Where the header's text starts and how long it is; false if this is no npy file. */
static bool find_header(size_t *start, size_t *length, const unsigned char *data, size_t size)
{
    if (size < 10 || memcmp(data, "\x93NUMPY", 6) != 0 || data[6] < 1 || data[6] > 3)
        return false;
    *start = data[6] == 1 ? 10 : 12;
    if (size < *start)
        return false;
    *length = (size_t)data[8] | (size_t)data[9] << 8;
    if (data[6] > 1)
        *length |= (size_t)data[10] << 16 | (size_t)data[11] << 24;
    return *length <= size - *start;
}

/* Element k of the row-major array from its place in the Fortran-ordered one. */
static void from_fortran(ec_array *out, const unsigned char *data)
{
    size_t size = ec_dtype_size(out->type), at[EC_MAX_DIMS] = {0};
    unsigned char *bytes = out->data;

    for (size_t k = 0; k < out->count; k++) {
        size_t place = 0;
        for (size_t i = out->n_dims; i-- > 0;)
            place = place * out->shape[i] + at[i];
        memcpy(bytes + k * size, data + place * size, size);
        for (size_t i = out->n_dims; i-- > 0 && ++at[i] == out->shape[i];)
            at[i] = 0;
    }
}

ec_status ec_npy_parse(ec_array *out, const unsigned char *data, size_t size, const char *file,
                       const ec_run *run, ec_error *err)
{
    npy_header h = {.n_dims = 0};
    size_t start = 0, length = 0;

    *out = (ec_array){.data = NULL};
    if (!find_header(&start, &length, data, size))
        return ec_fail_file(err, EC_EPARSE, file,
                            "not an npy file of version 1 to 3, or cut short within its header");
    cursor c = {(const char *)data + start, (const char *)data + start + length};
    bool is_header = take_header(&c, &h);
    size_t left = (size_t)(c.end - c.at);
    if (!is_header)
        return ec_fail_file(err, EC_EPARSE, file,
                            "npy header: cannot read from '%.*s' on; must be {'descr': '<f8' or "
                            "another number type, 'fortran_order': False, 'shape': (sizes)}",
                            (int)(left < 20 ? left : 20), c.at);
    data += start + length;
    ec_status status = io_check_size(h.shape, h.n_dims, h.type, size - start - length, file, err);
    if (status == EC_OK)
        status = ec_array_init(out, h.type, h.n_dims, h.shape, run, err);
    if (status != EC_OK)
        return status;
    if (h.fortran_order && h.n_dims > 1)
        from_fortran(out, data);
    else
        io_copy_elements(out->data, data, out->count, ec_dtype_size(h.type), h.big_endian);
    if (h.fortran_order && h.n_dims > 1 && h.big_endian != io_host_is_big_endian())
        io_swap_elements(out->data, out->count, ec_dtype_size(h.type));
    return EC_OK;
}

ec_status ec_npy_read(ec_array *out, const char *path, const ec_run *run, ec_error *err)
{
    ec_bytes bytes;
    ec_status status = ec_file_read_gzip(&bytes, path, run, err);

    *out = (ec_array){.data = NULL};
    if (status == EC_OK)
        status = ec_npy_parse(out, bytes.data, bytes.size, path, run, err);
    ec_bytes_clear(&bytes);
    return status;
}

/* ------------------------------------------------------------------ writing */

static const char *code_of(ec_dtype type)
{
    size_t i = 0;

    while (codes[i].type != type)
        i++;
    return codes[i].code;
}

/* Magic, version 1.0, length, literal, padded with blanks to a multiple of 64 and a newline. */
static size_t print_header(unsigned char *out, size_t room, const ec_array *array)
{
    char *text = (char *)out + 10;
    size_t used =
        (size_t)snprintf(text, room - 10,
                         "{'descr': '%c%s', 'fortran_order': False, "
                         "'shape': (",
                         ec_dtype_size(array->type) == 1 ? '|' : '<', code_of(array->type));

    for (size_t i = 0; i < array->n_dims; i++)
        used += (size_t)snprintf(text + used, room - 10 - used, "%zu,%s", array->shape[i],
                                 i + 1 < array->n_dims ? " " : "");
    used += (size_t)snprintf(text + used, room - 10 - used, "), }");
    size_t total = (10 + used + 1 + 63) / 64 * 64;
    memset(text + used, ' ', total - 10 - used);
    out[total - 1] = '\n';
    memcpy(out, "\x93NUMPY\x01\x00", 8);
    out[8] = (unsigned char)((total - 10) & 0xff);
    out[9] = (unsigned char)((total - 10) >> 8);
    return total;
}

ec_status ec_npy_write(const ec_array *array, const char *path, ec_error *err)
{
    enum { HEADER_ROOM = 512 }; /* 8 dimensions of 20 digits fit */
    ec_status status = EC_OK;
    size_t element = ec_dtype_size(array->type);
    unsigned char *file = NULL;

    EC_NEW(file, HEADER_ROOM + array->count * element);
    size_t start = print_header(file, HEADER_ROOM, array);
    io_copy_elements(file + start, array->data, array->count, element, false);
    EC_TRY(ec_file_write(path, file, start + array->count * element, err));
done:
    ec_free(file);
    return status;
}
