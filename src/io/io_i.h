/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ENTCAP_IO_I_H
#define ENTCAP_IO_I_H

/** What the array formats share. */

#include "entcap/io.h"

/** *count = product of shape; false if its elements would not fit the address space. */
bool io_count(size_t *count, const size_t *shape, size_t n_dims, size_t element_size);

bool io_host_is_big_endian(void);

/**
 * Copy a line (without its end) to err->source, or, of a long one, what is around err->col, so that
 * a caret can be drawn below the place. A line with zero bytes is not copied.
 */
void io_quote(ec_error *err, const char *line, size_t length);

/** Reverse the bytes of every element. */
void io_swap_elements(void *data, size_t count, size_t size);

/** Copy elements between the host's byte order and the given one. */
void io_copy_elements(void *out, const void *data, size_t count, size_t size, bool big_endian);

/** EC_OK if an array of this shape and type takes exactly `size` bytes, else EC_EPARSE. */
EC_NODISCARD ec_status io_check_size(const size_t *shape, size_t n_dims, ec_dtype type, size_t size,
                                     const char *file, ec_error *err);

/** As ec_run_reserve for what a file asks for: the error is one of that file. */
EC_NODISCARD ec_status io_reserve(const ec_run *run, const char *path, double bytes, ec_error *err);

#endif
