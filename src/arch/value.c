/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "value.h"

#include <stdio.h>
#include <string.h>

const ec_range ec_range_dimension = {"a dimension", 1, EC_ARCH_MAX_DIMENSION};
const ec_range ec_range_extent = {"an extent", 1, EC_ARCH_MAX_SITES};

static const char digits[] = "0123456789";

static const char *const kinds[] = {
    [EC_NODE_SCALAR] = "a word", [EC_NODE_LIST] = "a list", [EC_NODE_MAP] = "a map"};

/* -------------------------------------------------------------------- maps */

/* "a, b, c" */
static void join_keys(char *out, size_t room, const ec_field *fields, size_t n)
{
    size_t used = 0;

    out[0] = '\0';
    for (size_t i = 0; i < n && used < room; i++) {
        int wrote = snprintf(out + used, room - used, "%s%s", i > 0 ? ", " : "", fields[i].key);
        used += wrote > 0 ? (size_t)wrote : 0;
    }
}

/* A misspelt key gets the nearest known one, a strange one all of them. */
static ec_status unknown_key(const ec_field *fields, size_t n, const ec_tree *tree,
                             const ec_node *key, const char *what, ec_error *err)
{
    const char *word = ec_tree_string(tree, key);
    ec_nearest nearest = {.word = word};
    char keys[200] = "it has ";

    for (size_t i = 0; i < n; i++)
        ec_nearest_offer(&nearest, fields[i].key);
    if (strchr(digits, word[0]) != NULL && word[0] != '\0') /* {name: x, a: 0-3,8} */
        return ec_source_fail(&tree->source, key->place, err,
                              "%s has no key %s; put a value with commas in quotes", what,
                              ec_quote(word).text);
    join_keys(keys + strlen(keys), sizeof keys - strlen(keys), fields, n);
    return ec_source_fail(&tree->source, key->place, err, "%s has no key %s; %s", what,
                          ec_quote(word).text, ec_hint(nearest.best, keys).text);
}

/* YAML allows repeated keys and libyaml passes them on: found by the second visit of a field. */
ec_status ec_value_fields(ec_field *fields, size_t n, const ec_tree *tree, const ec_node *map,
                          const char *what, ec_error *err)
{
    char keys[200];

    join_keys(keys, sizeof keys, fields, n);
    if (map->kind != EC_NODE_MAP)
        return ec_source_fail(&tree->source, map->place, err, "%s is a map of keys and values: %s",
                              what, keys);
    for (const ec_node *key = ec_tree_first(tree, map); key != NULL;) {
        const ec_node *value = ec_tree_next(tree, key);
        const char *word = ec_tree_string(tree, key);
        ec_field *field = fields;

        while (field < fields + n && strcmp(field->key, word) != 0)
            field++;
        if (field == fields + n)
            return unknown_key(fields, n, tree, key, what, err);
        if (field->value != NULL)
            return ec_source_fail(&tree->source, key->place, err,
                                  "key '%s' is repeated; the first one is on line %d", word,
                                  field->name->place.line);
        field->name = key;
        field->value = value;
        key = ec_tree_next(tree, value);
    }
    for (size_t i = 0; i < n; i++)
        if (fields[i].required && fields[i].value == NULL)
            return ec_source_fail(&tree->source, map->place, err, "%s lacks the key '%s'", what,
                                  fields[i].key);
    return EC_OK;
}

/* ----------------------------------------------------------------- numbers */

bool ec_value_scan(uint64_t *out, const char *text, const char **end)
{
    size_t n = strspn(text, digits);
    uint64_t value = 0;

    if (n == 0 || (n > 1 && text[0] == '0'))
        return false;
    for (size_t i = 0; i < n; i++) {
        uint64_t digit = (uint64_t)(text[i] - '0');
        if (value > (UINT64_MAX - digit) / 10)
            return false;
        value = 10 * value + digit;
    }
    *out = value;
    *end = text + n;
    return true;
}

/*
 * What YAML 1.1 reads as a number is wider than it looks: 016 is 14, 1_000 is 1000, 1:30 is 90,
 * 0x10 is 16. Scalars are therefore taken as written, and only plain decimals are numbers.
 */

/* A plain run of digits without leading zeros, of any length; NULL after a report. */
static const char *plain_digits(const ec_tree *tree, const ec_node *node, const char *expected,
                                ec_error *err)
{
    const char *text = node->kind == EC_NODE_SCALAR ? ec_tree_string(tree, node) : NULL;
    size_t n = text != NULL ? strspn(text, digits) : 0;

    if (text == NULL)
        ec_source_fail(&tree->source, node->place, err, "%s, not %s", expected, kinds[node->kind]);
    else if (n == 0 || text[n] != '\0')
        ec_source_fail(&tree->source, node->place, err, "%s, not %s", expected,
                       ec_quote(text).text);
    else if (!node->plain)
        ec_source_fail(&tree->source, node->place, err, "%s, not a string; remove the quotes",
                       expected);
    else if (n > 1 && text[0] == '0')
        ec_source_fail(&tree->source, node->place, err, "%s, not %s; remove the leading zeros",
                       expected, ec_quote(text).text);
    else
        return text;
    return NULL;
}

ec_status ec_value_integer(uint64_t *out, const ec_tree *tree, const ec_node *node,
                           const ec_range *range, ec_error *err)
{
    char expected[120];
    const char *text, *end;

    snprintf(expected, sizeof expected, "%s is a plain integer from %llu to %llu", range->what,
             (unsigned long long)range->min, (unsigned long long)range->max);
    text = plain_digits(tree, node, expected, err);
    if (text == NULL)
        return EC_EPARSE;
    if (!ec_value_scan(out, text, &end) || *out < range->min || *out > range->max)
        return ec_source_fail(&tree->source, node->place, err, "%s, not %s", expected,
                              ec_quote(text).text);
    return EC_OK;
}

ec_status ec_value_big_integer(ec_int *out, const ec_tree *tree, const ec_node *node,
                               const char *what, ec_error *err)
{
    char expected[120];
    const char *text;
    ec_status status;

    snprintf(expected, sizeof expected, "%s is a plain integer, at least 1", what);
    text = plain_digits(tree, node, expected, err);
    if (text == NULL)
        return EC_EPARSE;
    status = ec_int_parse(out, text, err);
    if (status == EC_OK && ec_int_cmp_u64(out, 1) < 0)
        status = ec_source_fail(&tree->source, node->place, err, "%s, not '0'", expected);
    return status;
}

ec_status ec_value_decimal(double *out, const ec_tree *tree, const ec_node *node, const char *what,
                           ec_error *err)
{
    const size_t most = 15; /* digits: integer / power of ten is then correctly rounded */
    const char *text = node->kind == EC_NODE_SCALAR ? ec_tree_string(tree, node) : "";
    size_t whole = strspn(text, digits);
    size_t fraction = text[whole] == '.' ? strspn(text + whole + 1, digits) : 0;
    bool ends = text[whole + (text[whole] == '.') + fraction] == '\0';
    double mantissa = 0, scale = 1;

    if (whole == 0 || !ends || (text[whole] == '.' && fraction == 0) || !node->plain ||
        (whole > 1 && text[0] == '0') || whole + fraction > most)
        return ec_source_fail(&tree->source, node->place, err,
                              "%s is a plain decimal number of at most %zu digits, such as 12.5",
                              what, most);
    /* digits / 10^fraction; not strtod, whose decimal point depends on the locale */
    for (const char *p = text; *p != '\0'; p++)
        if (*p != '.')
            mantissa = 10 * mantissa + (*p - '0');
    for (size_t i = 0; i < fraction; i++)
        scale *= 10;
    *out = mantissa / scale;
    return EC_OK;
}

/* ------------------------------------------------------------------- words */

/* Not yes, no, on, off, True or y, which YAML 1.1 takes for the same. */
ec_status ec_value_flag(bool *out, const ec_tree *tree, const ec_node *node, ec_error *err)
{
    const char *text = node->kind == EC_NODE_SCALAR ? ec_tree_string(tree, node) : "";

    *out = strcmp(text, "true") == 0;
    if (!*out && strcmp(text, "false") != 0)
        return ec_source_fail(&tree->source, node->place, err, "expected true or false, not %s",
                              node->kind == EC_NODE_SCALAR ? ec_quote(text).text
                                                           : kinds[node->kind]);
    if (!node->plain)
        return ec_source_fail(&tree->source, node->place, err,
                              "expected true or false, not a string; remove the quotes");
    return EC_OK;
}

/* A scalar that is not empty or null; NULL after a report. */
static const char *take_string(const ec_tree *tree, const ec_node *node, const char *what,
                               ec_error *err)
{
    static const char *const nulls[] = {"~", "null", "Null", "NULL"};
    const char *text;
    bool empty;

    if (node->kind != EC_NODE_SCALAR) {
        ec_source_fail(&tree->source, node->place, err, "%s is a string, not %s", what,
                       kinds[node->kind]);
        return NULL;
    }
    text = ec_tree_string(tree, node);
    empty = text[0] == '\0';
    for (size_t i = 0; i < sizeof nulls / sizeof *nulls && node->plain; i++)
        empty = empty || strcmp(text, nulls[i]) == 0;
    if (!empty)
        return text;
    ec_source_fail(&tree->source, node->place, err, "%s is empty; write a string", what);
    return NULL;
}

ec_status ec_value_string(const char **out, const ec_tree *tree, const ec_node *node,
                          const char *what, ec_error *err)
{
    *out = take_string(tree, node, what, err);
    return *out != NULL ? EC_OK : EC_EPARSE;
}

/* Names reach tables, terminals, DOT and HTML: they are one line of printable text. */
ec_status ec_value_name(char **out, const ec_tree *tree, const ec_node *node, const char *what,
                        ec_error *err)
{
    const char *text = take_string(tree, node, what, err);
    size_t size;

    if (text == NULL)
        return EC_EPARSE;
    size = strlen(text);
    if (size > EC_ARCH_MAX_NAME)
        return ec_source_fail(&tree->source, node->place, err,
                              "%s has %zu bytes, at most %d are fine", what, size,
                              EC_ARCH_MAX_NAME);
    for (size_t i = 0, length; i < size; i += length) {
        uint32_t c = 0;
        length = ec_utf8_decode(&c, text + i, size - i);
        if (length == 0 || !ec_utf8_printable(c))
            return ec_source_fail(&tree->source, node->place, err,
                                  "%s holds the character U+%04X; use printable ones on one line",
                                  what, (unsigned)c);
    }
    *out = ec_strdup(text, err);
    return *out != NULL ? EC_OK : EC_ENOMEM;
}

/* ------------------------------------------------------------------- lists */

ec_status ec_value_list(const ec_tree *tree, const ec_node *node, const char *what, ec_error *err)
{
    if (node->kind != EC_NODE_LIST)
        return ec_source_fail(&tree->source, node->place, err,
                              "%s is a list; each entry starts with '- '", what);
    if (node->count == 0)
        return ec_source_fail(&tree->source, node->place, err,
                              "%s is empty; list at least one entry", what);
    return EC_OK;
}

ec_status ec_value_extents(size_t out[2], int *n_dims, const ec_tree *tree, const ec_node *node,
                           const char *what, ec_error *err)
{
    static const char *const forms[] = {"[n] or [height, width]", "[n]", "[height, width]"};
    const ec_node *item = ec_tree_first(tree, node);
    uint64_t extent[2] = {1, 1};

    if (node->kind != EC_NODE_LIST || node->count < 1 || node->count > 2 ||
        (*n_dims != 0 && node->count != (uint32_t)*n_dims))
        return ec_source_fail(&tree->source, node->place, err, "%s is %s", what, forms[*n_dims]);
    *n_dims = (int)node->count;
    /* [n] fills the width and leaves the height at 1 */
    for (size_t i = 2 - node->count; i < 2; i++, item = ec_tree_next(tree, item)) {
        ec_status status = ec_value_integer(&extent[i], tree, item, &ec_range_extent, err);
        if (status != EC_OK)
            return status;
    }
    out[0] = extent[0];
    out[1] = extent[1];
    if (out[0] * out[1] > EC_ARCH_MAX_SITES)
        return ec_source_fail(&tree->source, node->place, err,
                              "%s has %zu positions; at most %zu are fine", what, out[0] * out[1],
                              EC_ARCH_MAX_SITES);
    return EC_OK;
}
