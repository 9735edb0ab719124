/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "entcap/design.h"

#include <math.h>
#include <string.h>

#include "core/flow.h"

static const struct {
    const char *text;
    ec_relation relation;
} relations[] = {
    {"<=", EC_AT_MOST}, {">=", EC_AT_LEAST}, {"<", EC_LESS}, {">", EC_MORE}, {"=", EC_EQUAL}};

#define N_RELATIONS (sizeof relations / sizeof *relations)

/* The relation that stands last in the text, for a name may hold one; NULL if none does. */
static const char *find_relation(const char *text, ec_relation *relation, size_t *length)
{
    const char *at = NULL;

    for (const char *c = text; (c = strpbrk(c, "<>=")) != NULL; c++)
        at = c;
    if (at != NULL && at > text && *at == '=' && (at[-1] == '<' || at[-1] == '>'))
        at--;
    for (size_t i = 0; at != NULL && i < N_RELATIONS; i++) {
        *length = strlen(relations[i].text);
        if (strncmp(at, relations[i].text, *length) == 0) {
            *relation = relations[i].relation;
            return at;
        }
    }
    return NULL;
}

static bool is_word(const char *text, size_t length, const char *word)
{
    return strlen(word) == length && strncmp(text, word, length) == 0;
}

static ec_status find_quantity(ec_filter *out, const char *text, size_t length,
                               const ec_partitions *partitions, ec_error *err)
{
    if (is_word(text, length, "params") || is_word(text, length, "madds")) {
        out->quantity = *text == 'p' ? EC_QUANTITY_PARAMETERS : EC_QUANTITY_MULTIPLY_ADDS;
        return EC_OK;
    }
    out->quantity = EC_QUANTITY_BOUND;
    for (size_t k = 0; k < partitions->n; k++) {
        if (is_word(text, length, partitions->items[k].name)) {
            out->partition = k;
            return EC_OK;
        }
    }
    return ec_fail(err, EC_EINVAL,
                   "'%.60s': '%.*s' is neither params nor madds nor a partition of this sweep",
                   text, (int)(length < 40 ? length : 40), text);
}

ec_status ec_filter_parse(ec_filter *out, const char *text, const ec_partitions *partitions,
                          ec_error *err)
{
    ec_status status = EC_OK;
    size_t length = 0;
    const char *at;

    *out = (ec_filter){0};
    at = find_relation(text, &out->relation, &length);
    if (at == NULL || at == text)
        return ec_fail(err, EC_EINVAL, "'%.60s': expected a condition such as params<=100000",
                       text);
    EC_TRY(find_quantity(out, text, (size_t)(at - text), partitions, err));
    if (ec_int_parse(&out->value, at + length, NULL) != EC_OK)
        return ec_fail(err, EC_EINVAL, "'%.60s': '%.40s' is not a decimal integer", text,
                       at + length);
    out->log2 = ec_int_cmp_u64(&out->value, 0) == 0 ? -INFINITY : ec_int_log2(&out->value);
done:
    return status;
}

void ec_filter_clear(ec_filter *filter)
{
    if (filter == NULL)
        return;
    ec_int_clear(&filter->value);
    *filter = (ec_filter){0};
}
