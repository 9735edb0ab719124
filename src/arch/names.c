/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "value.h"

#include <stdlib.h>
#include <string.h>

ec_status ec_names_init(ec_names *out, size_t room, ec_error *err)
{
    *out = (ec_names){.n = 0};
    out->items = ec_calloc(room, sizeof *out->items, err);
    return out->items != NULL ? EC_OK : EC_ENOMEM;
}

void ec_names_clear(ec_names *names)
{
    ec_free(names->items);
    *names = (ec_names){.n = 0};
}

void ec_names_add(ec_names *names, const char *text, ec_place place)
{
    names->items[names->n] = (struct ec_name){.text = text, .number = names->n, .place = place};
    names->n++;
}

/* qsort is not stable: equal names stay in the order in which they were written. */
static int by_text_and_number(const void *a, const void *b)
{
    const struct ec_name *x = a, *y = b;
    int order = strcmp(x->text, y->text);

    return order != 0 ? order : (x->number > y->number) - (x->number < y->number);
}

ec_status ec_names_sort(ec_names *names, const char *what, const ec_source *source, ec_error *err)
{
    const struct ec_name *first = NULL, *again = NULL; /* the repetition that comes first */

    qsort(names->items, names->n, sizeof *names->items, by_text_and_number);
    for (size_t i = 1; i < names->n; i++) {
        const struct ec_name *a = &names->items[i - 1], *b = &names->items[i];
        if (strcmp(a->text, b->text) != 0 || (again != NULL && b->number > again->number))
            continue;
        first = a;
        again = b;
    }
    if (again == NULL)
        return EC_OK;
    return ec_source_fail(source, again->place, err, "%s %s is repeated; the first is on line %d",
                          what, ec_quote(again->text).text, first->place.line);
}

/* For bsearch: the key is the text alone. */
static int by_text(const void *key, const void *item)
{
    return strcmp(key, ((const struct ec_name *)item)->text);
}

size_t ec_names_find(const ec_names *names, const char *text)
{
    const struct ec_name *found =
        names->n > 0 ? bsearch(text, names->items, names->n, sizeof *names->items, by_text) : NULL;

    return found != NULL ? found->number : SIZE_MAX;
}

const char *ec_names_nearest(const ec_names *names, const char *text)
{
    ec_nearest nearest = {.word = text};

    for (size_t i = 0; i < names->n; i++)
        ec_nearest_offer(&nearest, names->items[i].text);
    return nearest.best;
}
