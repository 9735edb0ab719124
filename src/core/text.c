/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "entcap/core.h"

#include <stdio.h>
#include <string.h>

void ec_text_clear(ec_text *text)
{
    ec_free(text->bytes);
    *text = (ec_text){0};
}

/* Room for n more bytes and the '\0', grown geometrically; false after a failure. */
static bool reserve(ec_text *text, size_t n)
{
    if (text->status != EC_OK)
        return false;
    if (n < text->allocated - text->size)
        return true;
    if (n > SIZE_MAX / 2 - text->size - 1) {
        text->status = EC_ENOMEM;
        return false;
    }

    size_t wanted = text->size + n + 1;
    size_t doubled = text->allocated < 64 ? 64 : text->allocated * 2;
    size_t allocated = wanted > doubled ? wanted : doubled;
    char *bytes = ec_realloc(text->bytes, allocated, 1, NULL);

    if (bytes == NULL) {
        text->status = EC_ENOMEM;
        return false;
    }
    text->bytes = bytes;
    text->allocated = allocated;
    return true;
}

void ec_text_add(ec_text *text, const char *bytes, size_t n)
{
    if (n == 0 || !reserve(text, n))
        return;
    memcpy(text->bytes + text->size, bytes, n);
    text->size += n;
    text->bytes[text->size] = '\0';
}

void ec_text_puts(ec_text *text, const char *s)
{
    ec_text_add(text, s, strlen(s));
}

void ec_text_printf(ec_text *text, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    int n = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    if (n < 0 || !reserve(text, (size_t)n))
        return;
    va_start(args, fmt);
    vsnprintf(text->bytes + text->size, (size_t)n + 1, fmt, args);
    va_end(args);
    text->size += (size_t)n;
}

void ec_text_repeat(ec_text *text, const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        ec_text_puts(text, s);
}

void ec_text_xml(ec_text *text, const char *s)
{
    for (; *s != '\0'; s++) {
        switch (*s) {
        case '&':
            ec_text_puts(text, "&amp;");
            break;
        case '<':
            ec_text_puts(text, "&lt;");
            break;
        case '>':
            ec_text_puts(text, "&gt;");
            break;
        case '"':
            ec_text_puts(text, "&quot;");
            break;
        case '\'':
            ec_text_puts(text, "&#39;");
            break;
        case '`':
            ec_text_puts(text, "&#96;");
            break;
        default:
            if ((unsigned char)*s < 0x20 || *s == 0x7f)
                ec_text_puts(text, "\xef\xbf\xbd");
            else
                ec_text_add(text, s, 1);
        }
    }
}

const char *ec_text_get(const ec_text *text)
{
    return text->bytes != NULL ? text->bytes : "";
}

ec_status ec_text_check(const ec_text *text, ec_error *err)
{
    if (text->status == EC_OK)
        return EC_OK;
    return ec_fail(err, text->status, "out of memory for a text of %zu bytes", text->size);
}
