/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "source.h"

#include <stdio.h>
#include <string.h>

/* May it stand in a description? libyaml refuses most of the others without saying where. */
static bool allowed(uint32_t c)
{
    if (c == '\t' || c == '\n' || c == '\r')
        return true;
    return ec_utf8_printable(c) && c != 0xfeff && c != 0xfffe && c != 0xffff;
}

/* Step over the character at *i; a malformed byte counts as one character. */
static void step(const ec_source *source, size_t *i, ec_place *place)
{
    const char *p = source->data + *i;
    size_t left = source->size - *i, length;
    uint32_t c;

    if (*p == '\n' || *p == '\r') {
        *i += *p == '\r' && left > 1 && p[1] == '\n' ? 2 : 1;
        place->line++;
        place->col = 1;
        return;
    }
    length = ec_utf8_decode(&c, p, left);
    *i += length > 0 ? length : 1;
    place->col++;
}

ec_status ec_source_check(const ec_source *source, ec_error *err)
{
    ec_place place = {.line = 1, .col = 1};

    if (source->size >= 2 &&
        (memcmp(source->data, "\xff\xfe", 2) == 0 || memcmp(source->data, "\xfe\xff", 2) == 0))
        return ec_source_fail(source, place, err, "this is UTF-16 text; save the file as UTF-8");
    for (size_t i = 0; i < source->size; step(source, &i, &place)) {
        uint32_t c = 0;
        if (ec_utf8_decode(&c, source->data + i, source->size - i) == 0)
            return ec_source_fail(source, place, err,
                                  "byte 0x%02X is not UTF-8; save the file as UTF-8",
                                  (unsigned char)source->data[i]);
        if (!allowed(c))
            return ec_source_fail(source, place, err, "character U+%04X is not allowed; remove it",
                                  (unsigned)c);
    }
    return EC_OK;
}

/* Only reports need it: a walk from the start is fast enough. */
size_t ec_source_offset(const ec_source *source, ec_place place)
{
    ec_place at = {.line = 1, .col = 1};
    size_t i = 0;

    while (i < source->size && at.line < place.line)
        step(source, &i, &at);
    while (i < source->size && at.col < place.col && source->data[i] != '\n' &&
           source->data[i] != '\r')
        step(source, &i, &at);
    return i;
}

static bool continues_character(char byte)
{
    return ((unsigned char)byte & 0xc0) == 0x80;
}

/* Copy the line around source->data[at] into err->source, cut on both sides if it does not fit. */
static void excerpt(const ec_source *source, size_t at, ec_error *err)
{
    const size_t room = sizeof err->source - 1, ellipsis = 3;
    size_t start = at, end = at, from, to;

    while (start > 0 && source->data[start - 1] != '\n' && source->data[start - 1] != '\r')
        start--;
    while (end < source->size && source->data[end] != '\n' && source->data[end] != '\r')
        end++;
    from = start;
    to = end;
    if (end - start > room) {
        size_t width = room - 2 * ellipsis; /* the place in its middle, or nearer to an end */
        from = at - start > width / 2 ? at - width / 2 : start;
        to = end - from > width ? from + width : end;
        /* whole characters only */
        while (from < at && continues_character(source->data[from]))
            from++;
        while (to > at && to < end && continues_character(source->data[to]))
            to--;
    }
    snprintf(err->source, sizeof err->source, "%s%.*s%s", from > start ? "..." : "",
             (int)(to - from), source->data + from, to < end ? "..." : "");
    err->caret = (int)(at - from + (from > start ? ellipsis : 0));
}

ec_status ec_source_fail(const ec_source *source, ec_place place, ec_error *err, const char *fmt,
                         ...)
{
    va_list args;
    char msg[sizeof err->msg];

    if (err == NULL || err->status != EC_OK)
        return EC_EPARSE;
    va_start(args, fmt);
    vsnprintf(msg, sizeof msg, fmt, args);
    va_end(args);
    ec_fail_file(err, EC_EPARSE, source->file, "%s", msg);
    err->line = place.line;
    err->col = place.col;
    if (place.line > 0)
        excerpt(source, ec_source_offset(source, place), err);
    ec_make_printable(err->source);
    return EC_EPARSE;
}

ec_quoted ec_quote(const char *word)
{
    ec_quoted quoted;
    const size_t room = sizeof quoted.text - sizeof "'...'";
    size_t n = strlen(word);
    bool cut = n > room;

    if (cut)
        for (n = room; n > 0 && continues_character(word[n]);)
            n--;
    snprintf(quoted.text, sizeof quoted.text, "'%.*s%s'", (int)n, word, cut ? "..." : "");
    ec_make_printable(quoted.text);
    /* a tab is fine in a source line, but not in a message */
    for (char *tab = strchr(quoted.text, '\t'); tab != NULL; tab = strchr(tab, '\t'))
        *tab = '?';
    return quoted;
}

ec_hint_text ec_hint(const char *best, const char *otherwise)
{
    ec_hint_text hint;

    if (best != NULL)
        snprintf(hint.text, sizeof hint.text, "did you mean %s?", ec_quote(best).text);
    else
        snprintf(hint.text, sizeof hint.text, "%s", otherwise);
    return hint;
}
