/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ENTCAP_LIBRARIES_H
#define ENTCAP_LIBRARIES_H

/** What a result was made with. */

#include "entcap/core.h"

/**
 * Append the file names of the libraries that this process has loaded, sorted and separated by
 * commas: "libgmp.so.10.4.1, libyaml-0.so.2.0.9". They say their versions, and which of those that
 * are loaded when needed were. Nothing where the system does not tell.
 */
void list_libraries(ec_text *out);

#endif
