/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "page.h"

#include "check.h"

#include <stdio.h>
#include <string.h>

static bool is_void(const char *tag)
{
    return strcmp(tag, "meta") == 0 || strcmp(tag, "!DOCTYPE") == 0;
}

void assert_well_formed(const char *html)
{
    static const char *const banned[] = {"script", "iframe", "object", "embed", "link",
                                         "form",   "img",    "base",   "image", "foreignObject"};
    char stack[64][24];
    size_t depth = 0;

    for (const char *c = strchr(html, '<'); c != NULL; c = strchr(c + 1, '<')) {
        bool closes = c[1] == '/';
        const char *name = c + 1 + closes, *end = strchr(c, '>');
        char tag[24];

        if (strncmp(c, "<!--", 4) == 0)
            continue;
        snprintf(tag, sizeof tag, "%.*s", (int)strcspn(name, " \t\n/>"), name);
        assert_non_null(end);
        for (size_t i = 0; i < sizeof banned / sizeof *banned; i++)
            assert_string_not_equal(tag, banned[i]);
        if (closes) {
            assert_true(depth > 0);
            assert_string_equal(stack[--depth], tag);
        } else if (end[-1] != '/' && !is_void(tag)) {
            assert_true(depth < 64);
            memcpy(stack[depth++], tag, sizeof tag);
        }
    }
    assert_int_equal(depth, 0);
}

size_t page_count(const char *text, const char *what)
{
    size_t n = 0;

    for (const char *c = strstr(text, what); c != NULL; c = strstr(c + 1, what))
        n++;
    return n;
}

void assert_self_contained(const char *html)
{
    assert_int_equal(page_count(html, "http"),
                     page_count(html, "http-equiv") + page_count(html, "=\"http://www.w3.org/"));
    assert_int_equal(page_count(html, "src="), 0);
    assert_int_equal(page_count(html, "@import"), 0);
    assert_int_equal(page_count(html, "javascript:"), 0);
    assert_int_equal(page_count(html,
                                "Content-Security-Policy\" content=\"default-src 'none'; style-src "
                                "'unsafe-inline'; base-uri 'none'; form-action 'none'\""),
                     1);
}

void assert_ids_differ(const char *html, size_t at_least)
{
    enum { MAX_IDS = 2048 };
    static const char *id[MAX_IDS];
    size_t n = 0;

    for (const char *c = html; *c != '\0' && n < MAX_IDS; c++)
        if (strncmp(c, " id=\"", 5) == 0 || strncmp(c, " id='", 5) == 0)
            id[n++] = c + 5;
    assert_in_range(n, at_least, MAX_IDS - 1);
    for (size_t i = 0; i < n; i++) {
        size_t length = strcspn(id[i], "\"'");

        assert_true(length > 0);
        for (size_t j = 0; j < i; j++)
            assert_false(strncmp(id[i], id[j], length + 1) == 0);
    }
}
