/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ENTCAP_IO_H
#define ENTCAP_IO_H

/**
 * io: files and formats, with the libraries behind them fenced in. Whole files, files replaced
 * atomically, gzip, idx, npy, CSV, safetensors, hashes, and JSON documents.
 */

#include "entcap/core.h"

/* ------------------------------------------------------------------- files */

/** Bytes of a file. Zero-initialised objects are empty. */
typedef struct ec_bytes {
    unsigned char *data; /* data[size] is 0, so that text may be read as a string */
    size_t size;
} ec_bytes;

void ec_bytes_clear(ec_bytes *bytes);

/**
 * Read a whole file ("-": standard input).
 *
 * Owns:   *out, to be cleared.
 * Errors: EC_EIO, EC_ELIMIT beyond run->memory_bytes (run may be NULL), EC_ENOMEM
 */
EC_NODISCARD ec_status ec_file_read(ec_bytes *out, const char *path, const ec_run *run,
                                    ec_error *err);

/** As ec_file_read, uncompressed if the file is gzip. Errors: EC_EPARSE for a bad gzip, too. */
EC_NODISCARD ec_status ec_file_read_gzip(ec_bytes *out, const char *path, const ec_run *run,
                                         ec_error *err);

/**
 * Uncompress gzip data of one or more members; anything after the last member is an error.
 * `file` names it in messages. Errors: EC_EPARSE, EC_ELIMIT, EC_ENOMEM
 */
EC_NODISCARD ec_status ec_gunzip(ec_bytes *out, const unsigned char *data, size_t size,
                                 const char *file, const ec_run *run, ec_error *err);

/**
 * Make a file hold exactly these bytes, or leave it as it was: they go to a new file in the same
 * directory, are synced, and replace `path` by one rename. A link is followed, a mode kept; what
 * is not a regular file (a pipe, /dev/null) is written in place.
 *
 * Errors: EC_EIO (the old file, if any, is untouched and no other file is left), EC_ENOMEM
 */
EC_NODISCARD ec_status ec_file_write(const char *path, const void *data, size_t size,
                                     ec_error *err);

/** SHA-256 of `size` bytes, as 64 hexadecimal digits and a final 0. */
void ec_sha256(char out[65], const void *data, size_t size);

/* -------------------------------------------------------------------- data */

/** Types of array elements; the letters are those of numpy. */
typedef enum ec_dtype {
    EC_BOOL, /* one byte, 0 or 1 */
    EC_U8,
    EC_I8,
    EC_U16,
    EC_I16,
    EC_U32,
    EC_I32,
    EC_U64,
    EC_I64,
    EC_F32,
    EC_F64,
} ec_dtype;

#define EC_MAX_DIMS 8

/** A dense array in memory: row-major, elements in native byte order. */
typedef struct ec_array {
    ec_dtype type;
    size_t n_dims;
    size_t shape[EC_MAX_DIMS];
    size_t count; /* product of shape; 1 for n_dims = 0 */
    void *data;   /* count elements */
} ec_array;

size_t ec_dtype_size(ec_dtype type);      /* bytes of one element */
const char *ec_dtype_name(ec_dtype type); /* "uint8", "float32", ... */

/** A zero array. Owns: *out, to be cleared. Errors: EC_ELIMIT (run may be NULL), EC_ENOMEM. */
EC_NODISCARD ec_status ec_array_init(ec_array *out, ec_dtype type, size_t n_dims,
                                     const size_t *shape, const ec_run *run, ec_error *err);
void ec_array_clear(ec_array *array);

/** Elements start .. start+n-1 as doubles (integers beyond 2^53 are rounded). */
void ec_array_get(double *out, const ec_array *array, size_t start, size_t n);

/** Set elements start .. start+n-1; values must be representable in the type (floats round). */
void ec_array_set(ec_array *array, size_t start, size_t n, const double *values);

/** Write a shape as "[2, 3]" into text, cut at `size` bytes; returns text. */
const char *ec_shape_print(char *text, size_t size, const size_t *shape, size_t n_dims);

/**
 * Read idx (gzip or not): magic 0 0 type n_dims, big-endian sizes, elements.
 *
 * Owns:   *out, to be cleared.
 * Errors: EC_EIO; EC_EPARSE (bad gzip, magic, type; size of the file and of the array differ);
 *         EC_ELIMIT; EC_ENOMEM. Declared sizes are checked before anything is allocated for them.
 */
EC_NODISCARD ec_status ec_idx_read(ec_array *out, const char *path, const ec_run *run,
                                   ec_error *err);
EC_NODISCARD ec_status ec_idx_parse(ec_array *out, const unsigned char *data, size_t size,
                                    const char *file, const ec_run *run, ec_error *err);

/**
 * Read npy, versions 1 to 3, either byte order, C or Fortran order (out is row-major always).
 * As ec_idx_read; element types other than those of ec_dtype are EC_EPARSE.
 */
EC_NODISCARD ec_status ec_npy_read(ec_array *out, const char *path, const ec_run *run,
                                   ec_error *err);
EC_NODISCARD ec_status ec_npy_parse(ec_array *out, const unsigned char *data, size_t size,
                                    const char *file, const ec_run *run, ec_error *err);

/** Write npy, version 1, little-endian, C order, atomically. Errors: EC_EIO, EC_ENOMEM. */
EC_NODISCARD ec_status ec_npy_write(const ec_array *array, const char *path, ec_error *err);

/** Write idx, uncompressed, atomically. Errors: EC_EINVAL (a type that idx does not have; a side of
 * 2^32 or more), EC_EIO, EC_ENOMEM. */
EC_NODISCARD ec_status ec_idx_write(const ec_array *array, const char *path, ec_error *err);

/** A table of numbers. */
typedef struct ec_csv {
    ec_array cells; /* EC_F64, [rows, columns] */
    char **name;    /* columns; NULL if the file has no header */
} ec_csv;

/**
 * Read comma-separated values (RFC 4180; gzip or not). The first row is a header if one of its
 * fields is not a number; every other field must be one ("nan" and "inf" are). Empty lines are
 * skipped.
 *
 * Owns:   *out, to be cleared, also after an error.
 * Errors: EC_EIO; EC_EPARSE (bad gzip; quotes out of place; a field that is no number; a row of
 *         another length; no rows); EC_ELIMIT; EC_ENOMEM
 */
EC_NODISCARD ec_status ec_csv_read(ec_csv *out, const char *path, const ec_run *run, ec_error *err);
EC_NODISCARD ec_status ec_csv_parse(ec_csv *out, const unsigned char *data, size_t size,
                                    const char *file, const ec_run *run, ec_error *err);
void ec_csv_clear(ec_csv *csv);

/** Number of the column of this name, or written as a number from 0. Errors: EC_EINVAL */
EC_NODISCARD ec_status ec_csv_column(size_t *column, const ec_csv *csv, const char *name,
                                     ec_error *err);

/**
 * Write a 2-D array as CSV, atomically: names[columns] (or NULL) as a header, numbers so that they
 * read back the same. Errors: EC_EINVAL (not 2-D), EC_EIO, EC_ENOMEM
 */
EC_NODISCARD ec_status ec_csv_write(const ec_array *array, char *const *names, const char *path,
                                    ec_error *err);

/* ------------------------------------------------------------- safetensors */

/** A named array. */
typedef struct ec_tensor {
    char *name;
    ec_array array; /* EC_F32 or EC_F64 */
} ec_tensor;

/** The tensors of a file, in the order of their data. */
typedef struct ec_tensors {
    ec_tensor *items;
    size_t n;
} ec_tensors;

void ec_tensors_clear(ec_tensors *tensors);

/** The tensor of this name, or NULL; borrowed. */
const ec_tensor *ec_tensors_find(const ec_tensors *tensors, const char *name);

/**
 * Read safetensors: u64 length of the header, a JSON object, then the data, whose parts must cover
 * it without gap or overlap. __metadata__ is skipped, blanks after the header are allowed, names
 * come in any order. Only F32 and F64 are read.
 *
 * Owns:   *out, to be cleared, also after an error.
 * Errors: EC_EIO; EC_EPARSE; EC_ELIMIT; EC_ENOMEM. The header is at most 100 MB, as in the
 *         format's own reader.
 */
EC_NODISCARD ec_status ec_safetensors_read(ec_tensors *out, const char *path, const ec_run *run,
                                           ec_error *err);
EC_NODISCARD ec_status ec_safetensors_parse(ec_tensors *out, const unsigned char *data, size_t size,
                                            const char *file, const ec_run *run, ec_error *err);

/** Write tensors (distinct names; F32 or F64) in their order, atomically, data 8-byte aligned. */
EC_NODISCARD ec_status ec_safetensors_write(const ec_tensors *tensors, const char *path,
                                            ec_error *err);

/* ---------------------------------------------------------------- programs */

/**
 * Run another program, without a shell: `input` is its standard input, its standard output is
 * appended to *out. argv[0] is looked for in PATH unless it holds a slash; argv ends with NULL.
 *
 * Owns:   *out, to be cleared, also after an error.
 * Errors: EC_EIO (it cannot be run; or it failed: the message has the last line of its standard
 *         error), EC_ENOMEM
 */
EC_NODISCARD ec_status ec_program_run(ec_text *out, const char *const *argv, const char *input,
                                      size_t size, ec_error *err);

/** Is this program found in PATH (or, with a slash, where it says)? */
bool ec_program_exists(const char *name);

/* -------------------------------------------------------------------- JSON */

/**
 * A JSON document under construction: values are appended in order, to memory, and nothing but the
 * text is kept. A failure is kept, too, and reported once, by ec_json_finish.
 *
 *     ec_json json = {0};
 *     ec_json_open(&json, NULL, EC_JSON_OBJECT);
 *     ec_json_string(&json, "name", arch->name);
 *     ec_json_real(&json, "log2", 4.0);
 *     ec_json_close(&json);
 *     status = ec_json_finish(&json, err);       then json.text holds the document
 *     ec_json_clear(&json);
 *
 * `key` names a member of an object and is NULL for an element of an array and for the document
 * itself. Containers opened with a _LINE kind, and all within, are laid out on one line; the others
 * have a line for every member.
 */
typedef struct ec_json {
    ec_text text;
    struct {
        char close; /* '}' or ']' */
        bool line, filled;
    } open[16];   /* private: the containers that are open */
    size_t depth; /* private */
} ec_json;

typedef enum ec_json_kind {
    EC_JSON_OBJECT,
    EC_JSON_ARRAY,
    EC_JSON_OBJECT_LINE,
    EC_JSON_ARRAY_LINE,
} ec_json_kind;

void ec_json_open(ec_json *json, const char *key, ec_json_kind kind);
void ec_json_close(ec_json *json); /* the innermost container */

/** A string; in text that is not UTF-8 every byte beyond ASCII becomes '?'. */
void ec_json_string(ec_json *json, const char *key, const char *value);
void ec_json_uint(ec_json *json, const char *key, uint64_t value);
void ec_json_bool(ec_json *json, const char *key, bool value);
void ec_json_null(ec_json *json, const char *key);

/** The shortest decimal that reads back as the same double; null if it is not finite. */
void ec_json_real(ec_json *json, const char *key, double value);

/** EC_OK with a final line break if every append succeeded, else a reported EC_ENOMEM. */
EC_NODISCARD ec_status ec_json_finish(ec_json *json, ec_error *err);

void ec_json_clear(ec_json *json);

/** A value of a JSON document that was read; borrowed from the document. */
typedef struct json_t ec_json_value;

/**
 * Read a JSON document. Repeated keys are errors; so is anything after the document.
 *
 * Owns:   *out, to be freed by ec_json_free; NULL after an error.
 * Errors: EC_EPARSE with file, line and column; EC_ENOMEM
 */
EC_NODISCARD ec_status ec_json_parse(ec_json_value **out, const char *text, size_t size,
                                     const char *file, ec_error *err);
void ec_json_free(ec_json_value *document);

/**
 * Look into a value. Every one of these takes NULL and values of another type and then answers
 * NULL, 0 or NaN, so that a path can be followed without a check at each step.
 */
const ec_json_value *ec_json_get(const ec_json_value *object, const char *key);
const ec_json_value *ec_json_at(const ec_json_value *array, size_t i);
size_t ec_json_size(const ec_json_value *container);            /* members or elements */
const char *ec_json_key(const ec_json_value *object, size_t i); /* in the order of the text */
const char *ec_json_text(const ec_json_value *string);
double ec_json_number(const ec_json_value *number); /* NaN if it is none */
bool ec_json_is_true(const ec_json_value *value);
bool ec_json_is_null(const ec_json_value *value); /* JSON's null, not an absent value */

#endif
