/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "io_i.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

static bool continues_character(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

void io_quote(ec_error *err, const char *line, size_t length)
{
    const size_t width = sizeof err->source - 1, lead = width / 2;
    size_t at = err->col > 0 ? (size_t)err->col - 1 : 0;

    if (at > length || memchr(line, '\0', length) != NULL)
        return;
    size_t from = length > width && at > lead ? at - lead : 0;
    while (from < at && continues_character(line[from])) /* whole characters only */
        from++;
    size_t shown = length - from < width ? length - from : width;
    while (from + shown < length && shown > 0 && continues_character(line[from + shown]))
        shown--;
    memcpy(err->source, line + from, shown);
    err->source[shown] = '\0';
    err->caret = (int)(at - from);
}

/* Copy the line of the place into the report. */
static void quote_line(ec_error *err, const char *text, size_t size)
{
    const char *line = text, *end = text + size;

    for (int i = 1; i < err->line && line < end; i++) {
        const char *next = memchr(line, '\n', (size_t)(end - line));

        line = next != NULL ? next + 1 : end;
    }

    const char *stop = memchr(line, '\n', (size_t)(end - line));
    io_quote(err, line, (size_t)((stop != NULL ? stop : end) - line));
}

static ec_status malformed(ec_error *err, const json_error_t *why, const char *text, size_t size,
                           const char *file)
{
    if (json_error_code(why) == json_error_out_of_memory)
        return ec_fail(err, EC_ENOMEM, "out of memory for a JSON document of %zu bytes", size);
    if (err != NULL && err->status == EC_OK) {
        err->line = why->line > 0 ? why->line : 1;
        err->col = why->column > 0 ? why->column : 1;
        quote_line(err, text, size);
    }
    return ec_fail_file(err, EC_EPARSE, file, "JSON: %s", why->text);
}

ec_status ec_json_parse(ec_json_value **out, const char *text, size_t size, const char *file,
                        ec_error *err)
{
    json_error_t why;

    *out = json_loadb(text, size, JSON_REJECT_DUPLICATES, &why);
    return *out != NULL ? EC_OK : malformed(err, &why, text, size, file);
}

void ec_json_free(ec_json_value *document)
{
    json_decref(document);
}

const ec_json_value *ec_json_get(const ec_json_value *object, const char *key)
{
    return json_object_get(object, key);
}

const ec_json_value *ec_json_at(const ec_json_value *array, size_t i)
{
    return json_array_get(array, i);
}

size_t ec_json_size(const ec_json_value *container)
{
    return json_is_object(container) ? json_object_size(container) : json_array_size(container);
}

const char *ec_json_key(const ec_json_value *object, size_t i)
{
    /* jansson's iterators take a mutable object but change nothing */
    json_t *members = (json_t *)object;
    void *member = json_object_iter(members);

    while (member != NULL && i-- > 0)
        member = json_object_iter_next(members, member);
    return member != NULL ? json_object_iter_key(member) : NULL;
}

const char *ec_json_text(const ec_json_value *string)
{
    return json_string_value(string);
}

double ec_json_number(const ec_json_value *number)
{
    return json_is_number(number) ? json_number_value(number) : NAN;
}

bool ec_json_is_true(const ec_json_value *value)
{
    return json_is_true(value);
}

bool ec_json_is_null(const ec_json_value *value)
{
    return json_is_null(value);
}
