/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "entcap/io.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

/*
 * This file lays out the document; jansson writes the scalars, so that escapes, UTF-8 and locales
 * are its business. No tree is built: a certificate may have millions of entries.
 */

#define MAX_DEPTH (sizeof((ec_json *)NULL)->open / sizeof *((ec_json *)NULL)->open)

/* Append a scalar and release it; NULL is an allocation that failed. */
static void put(ec_text *text, json_t *scalar, size_t flags)
{
    char small[256];
    size_t n =
        scalar != NULL ? json_dumpb(scalar, small, sizeof small, flags | JSON_ENCODE_ANY) : 0;

    if (n > 0 && n <= sizeof small) {
        ec_text_add(text, small, n);
    } else if (n > 0) {
        char *large = ec_calloc(n, 1, NULL);

        if (large != NULL && json_dumpb(scalar, large, n, flags | JSON_ENCODE_ANY) == n)
            ec_text_add(text, large, n);
        else
            text->status = EC_ENOMEM;
        ec_free(large);
    } else {
        text->status = EC_ENOMEM;
    }
    json_decref(scalar);
}

static void put_string(ec_text *text, const char *value)
{
    json_t *scalar = json_string(value);
    char *ascii = NULL;

    if (scalar == NULL && (ascii = ec_strdup(value, NULL)) != NULL) { /* not UTF-8 */
        for (char *c = ascii; *c != '\0'; c++)
            if ((unsigned char)*c >= 0x80)
                *c = '?';
        scalar = json_string(ascii);
    }
    put(text, scalar, 0);
    ec_free(ascii);
}

static void new_line(ec_json *json)
{
    ec_text_puts(&json->text, "\n");
    ec_text_repeat(&json->text, "  ", json->depth);
}

/* What stands before a value: comma, line break, key. */
static void begin(ec_json *json, const char *key)
{
    if (json->depth == 0) {
        assert(key == NULL && json->text.size == 0);
        return;
    }

    size_t top = json->depth - 1;

    assert((key != NULL) == (json->open[top].close == '}'));
    if (json->open[top].filled)
        ec_text_puts(&json->text, json->open[top].line ? ", " : ",");
    if (!json->open[top].line)
        new_line(json);
    json->open[top].filled = true;
    if (key != NULL) {
        put_string(&json->text, key);
        ec_text_puts(&json->text, ": ");
    }
}

void ec_json_open(ec_json *json, const char *key, ec_json_kind kind)
{
    bool object = kind == EC_JSON_OBJECT || kind == EC_JSON_OBJECT_LINE;
    bool line = kind == EC_JSON_OBJECT_LINE || kind == EC_JSON_ARRAY_LINE;

    begin(json, key);
    assert(json->depth < MAX_DEPTH);
    if (json->depth > 0 && json->open[json->depth - 1].line)
        line = true;
    ec_text_puts(&json->text, object ? "{" : "[");
    json->open[json->depth].close = object ? '}' : ']';
    json->open[json->depth].line = line;
    json->open[json->depth].filled = false;
    json->depth++;
}

void ec_json_close(ec_json *json)
{
    assert(json->depth > 0);
    json->depth--;
    if (json->open[json->depth].filled && !json->open[json->depth].line)
        new_line(json);
    ec_text_add(&json->text, &json->open[json->depth].close, 1);
}

void ec_json_string(ec_json *json, const char *key, const char *value)
{
    begin(json, key);
    put_string(&json->text, value);
}

void ec_json_uint(ec_json *json, const char *key, uint64_t value)
{
    begin(json, key);
    ec_text_printf(&json->text, "%llu", (unsigned long long)value); /* may exceed jansson's long */
}

void ec_json_bool(ec_json *json, const char *key, bool value)
{
    begin(json, key);
    ec_text_puts(&json->text, value ? "true" : "false");
}

void ec_json_null(ec_json *json, const char *key)
{
    begin(json, key);
    ec_text_puts(&json->text, "null");
}

void ec_json_real(ec_json *json, const char *key, double value)
{
    char digits[40];
    size_t precision = 15;

    if (!isfinite(value)) {
        ec_json_null(json, key);
        return;
    }
    for (; precision < 17; precision++) {
        snprintf(digits, sizeof digits, "%.*g", (int)precision, value);
        if (strtod(digits, NULL) == value)
            break;
    }
    begin(json, key);
    put(&json->text, json_real(value), JSON_REAL_PRECISION(precision));
}

ec_status ec_json_finish(ec_json *json, ec_error *err)
{
    assert(json->depth == 0);
    ec_text_puts(&json->text, "\n");
    return ec_text_check(&json->text, err);
}

void ec_json_clear(ec_json *json)
{
    ec_text_clear(&json->text);
    *json = (ec_json){0};
}
