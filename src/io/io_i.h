/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ENTCAP_IO_I_H
#define ENTCAP_IO_I_H

/** What the array formats share. */

#include "entcap/io.h"

/** *count = product of shape; false if its elements would not fit the address space. */
bool io_count(size_t *count, const size_t *shape, size_t n_dims, size_t element_size);

bool io_host_is_big_endian(void);

/** Copy `count` elements of `size` bytes between the host's byte order and the given one. */
void io_copy_elements(void *out, const unsigned char *data, size_t count, size_t size,
                      bool big_endian);

#endif
