/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Additional permission under section 7 (linking with Graphviz): see LICENSE. */
#include "draw/draw_i.h"

#include <stdio.h>
#include <string.h>

/*
 * Advance widths of DejaVu Sans, the widest of the usual sans-serif faces, in 1/1000 of the font
 * size, for the characters 0x20 .. 0x7e: whatever face is found when a picture is rendered or
 * shown, its text stays within what is estimated here.
 */
static const short advance[] = {
    318,  401, 460, 838, 636, 950, 780, 275, 390, 390, 500, 838, 318, 361, 318,
    337, /* space .. / */
    636,  636, 636, 636, 636, 636, 636, 636, 636, 636, 337, 337, 838, 838, 838,
    531, /* 0 .. ? */
    1000, 684, 686, 698, 770, 632, 575, 775, 752, 295, 295, 656, 557, 863, 748,
    787, /* @ .. O */
    603,  787, 695, 635, 611, 732, 684, 989, 685, 611, 685, 390, 337, 390, 838,
    500, /* P .. _ */
    500,  613, 635, 550, 635, 615, 352, 635, 634, 278, 278, 579, 278, 974, 634,
    612,                                                                        /* ` .. o */
    635,  635, 411, 521, 392, 634, 592, 818, 592, 592, 525, 636, 337, 636, 838, /* p .. ~ */
};
#define WIDE 1000 /* a character that the table lacks */
#define BOLD 1.15 /* bold letters against regular ones */

static const char replacement[] = "\xef\xbf\xbd"; /* U+FFFD */
static const char ellipsis[] = "\xe2\x80\xa6";    /* U+2026 */

char *draw_format(ec_error *err, const char *fmt, ...)
{
    va_list args;
    char *text = NULL;

    va_start(args, fmt);
    int length = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    if (length < 0) {
        ec_fail(err, EC_EINVAL, "drawing: text cannot be formatted");
        return NULL;
    }
    text = ec_calloc((size_t)length + 1, 1, err);
    if (text == NULL)
        return NULL;
    va_start(args, fmt);
    vsnprintf(text, (size_t)length + 1, fmt, args);
    va_end(args);
    return text;
}

char *draw_take(ec_text *text, ec_error *err)
{
    char *bytes = NULL;

    if (ec_text_check(text, err) == EC_OK)
        bytes = ec_strdup(ec_text_get(text), err);
    ec_text_clear(text);
    return bytes;
}

/* Code point of the well-formed UTF-8 sequence of n bytes at s. */
static uint32_t decode(const unsigned char *s, size_t n)
{
    static const unsigned char lead_mask[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    uint32_t code = s[0] & lead_mask[n];

    for (size_t i = 1; i < n; i++)
        code = code << 6 | (s[i] & 0x3fu);
    return code;
}

size_t draw_char(const char *text)
{
    static const uint32_t smallest[] = {0, 0x20, 0x80, 0x800, 0x10000};
    const unsigned char *s = (const unsigned char *)text;
    size_t n = s[0] < 0x80 ? 1 : s[0] < 0xc0 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;

    if (n == 0 || s[0] >= 0xf8)
        return 0;
    for (size_t i = 1; i < n; i++) {
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    }
    uint32_t code = decode(s, n);
    bool control = code < 0x20 || (code >= 0x7f && code < 0xa0);
    bool surrogate = code >= 0xd800 && code < 0xe000;
    bool noncharacter = (code & 0xfffe) == 0xfffe;
    if (code < smallest[n] || code > 0x10ffff || control || surrogate || noncharacter)
        return 0;
    return n;
}

void draw_put_clean(ec_text *text, const char *raw, size_t max_chars)
{
    for (size_t chars = 0; *raw != '\0'; chars++) {
        size_t n = draw_char(raw);
        if (chars == max_chars) {
            ec_text_puts(text, ellipsis);
            break;
        }
        if (n == 0)
            ec_text_puts(text, replacement);
        ec_text_add(text, raw, n);
        raw += n != 0 ? n : 1;
    }
}

char *draw_clean(const char *raw, size_t max_chars, ec_error *err)
{
    ec_text text = {0};

    draw_put_clean(&text, raw, max_chars);
    return draw_take(&text, err);
}

double ec_draw_text_width(const char *text, double size, bool bold)
{
    double sum = 0;

    while (*text != '\0') {
        size_t n = draw_char(text);
        unsigned char first = (unsigned char)*text;
        sum += n == 1 ? advance[first - 0x20] : WIDE;
        text += n != 0 ? n : 1;
    }
    return sum / 1000 * size * (bold ? BOLD : 1);
}
