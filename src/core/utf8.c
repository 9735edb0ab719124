/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "entcap/core.h"

#include <string.h>

/* UTF-8 as in RFC 3629. */

size_t ec_utf8_decode(uint32_t *c, const char *p, size_t left)
{
    /* smallest code point of each length: anything below is an overlong form */
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    unsigned char head = (unsigned char)*p;
    size_t length = head < 0x80             ? 1
                    : (head & 0xe0) == 0xc0 ? 2
                    : (head & 0xf0) == 0xe0 ? 3
                    : (head & 0xf8) == 0xf0 ? 4
                                            : 0;

    if (length == 0 || length > left)
        return 0;
    *c = length == 1 ? head : head & (0x7fu >> length);
    for (size_t i = 1; i < length; i++) {
        unsigned char tail = (unsigned char)p[i];
        if ((tail & 0xc0) != 0x80)
            return 0;
        *c = *c << 6 | (tail & 0x3f);
    }
    if (*c < smallest[length] || *c > 0x10ffff || (*c >= 0xd800 && *c <= 0xdfff))
        return 0;
    return length;
}

/* Not C0, DEL, C1, the two separators that YAML 1.1 would take for line ends, nor what turns the
 * writing direction, by which a name could show another text than it holds. */
bool ec_utf8_printable(uint32_t c)
{
    bool control = c < 0x20 || (c >= 0x7f && c < 0xa0);
    bool breaks_line = c == 0x2028 || c == 0x2029;
    bool turns_text = (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);

    return !control && !breaks_line && !turns_text;
}

void ec_make_printable(char *text)
{
    for (size_t left = strlen(text), length; left > 0; text += length, left -= length) {
        uint32_t c = 0;
        length = ec_utf8_decode(&c, text, left);
        if (length == 0 || (!ec_utf8_printable(c) && c != '\t')) {
            length = length > 0 ? length : 1;
            memset(text, '?', length);
        }
    }
}
