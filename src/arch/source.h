/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ENTCAP_ARCH_SOURCE_H
#define ENTCAP_ARCH_SOURCE_H

/**
 * The text of a description, and reports that point into it. Lines end at LF, CR or CRLF; columns
 * count characters (code points), not bytes. Private to src/arch.
 */

#include "entcap/arch.h"

/** Borrowed text and the name it is known by. */
typedef struct ec_source {
    const char *data;
    size_t size;
    const char *file;
} ec_source;

/** Is it UTF-8 without control characters other than tab and line ends? EC_EPARSE says where not.
 */
EC_NODISCARD ec_status ec_source_check(const ec_source *source, ec_error *err);

/** Byte offset of a place; the end of its line if the line is shorter, of the text if it ends. */
size_t ec_source_offset(const ec_source *source, ec_place place);

/** Report EC_EPARSE at a place, with its source line (cut around the place if long) and caret. */
ec_status ec_source_fail(const ec_source *source, ec_place place, ec_error *err, const char *fmt,
                         ...) EC_PRINTF(4, 5);

/** A word of the input as messages show it: in quotes, cut if long, made printable. */
typedef struct ec_quoted {
    char text[56];
} ec_quoted;

ec_quoted ec_quote(const char *word);

/** "did you mean 'BEST'?", or `otherwise` if best is NULL: the second half of a message. */
typedef struct ec_hint_text {
    char text[256];
} ec_hint_text;

ec_hint_text ec_hint(const char *best, const char *otherwise);

#endif
