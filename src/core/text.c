/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "entcap/core.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define MAX_WORD 63

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
    if (!reserve(text, n))
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

static size_t min3(size_t a, size_t b, size_t c)
{
    size_t least = a < b ? a : b;
    return least < c ? least : c;
}

static bool same(char a, char b)
{
    return tolower((unsigned char)a) == tolower((unsigned char)b);
}

/*
 * Edit distance with swaps of neighbours (optimal string alignment), three rows at a time:
 * d(i,j) = min( d(i-1,j) + 1, d(i,j-1) + 1, d(i-1,j-1) + [a_i != b_j], d(i-2,j-2) + 1 if swapped )
 */
static size_t distance(const char *a, const char *b)
{
    size_t na = strlen(a), nb = strlen(b);
    size_t row[3][MAX_WORD + 1];

    if (na > MAX_WORD || nb > MAX_WORD)
        return SIZE_MAX;
    for (size_t j = 0; j <= nb; j++)
        row[0][j] = j;
    for (size_t i = 1; i <= na; i++) {
        size_t *now = row[i % 3], *last = row[(i + 2) % 3], *before = row[(i + 1) % 3];

        now[0] = i;
        for (size_t j = 1; j <= nb; j++) {
            now[j] = min3(last[j] + 1, now[j - 1] + 1, last[j - 1] + !same(a[i - 1], b[j - 1]));
            if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) && same(a[i - 2], b[j - 1]))
                now[j] = min3(now[j], before[j - 2] + 1, SIZE_MAX);
        }
    }
    return row[na % 3][nb];
}

const char *ec_nearest(const char *word, const char *const *known, size_t n_known)
{
    const char *best = NULL;
    size_t limit = strlen(word) < 6 ? 1 : strlen(word) / 3;

    for (size_t i = 0; i < n_known; i++) {
        size_t d = distance(word, known[i]);

        if (d <= limit && (best == NULL || d < distance(word, best)))
            best = known[i];
    }
    return best;
}
