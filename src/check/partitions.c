/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How partitions lie to the windows, and to each other: EC013, EC014. */
#include "check/check_i.h"

#include "core/flow.h"

#include <stdlib.h>
#include <string.h>

/* -------------------------------------------------------------------- windows */

/* What one window's children are: how many lie on both sides, and whether others on either. */
typedef struct children {
    uint64_t n, mixed;
    bool on[2];
} children;

static children look_at(const ec_quotient *quotient, size_t l, size_t class)
{
    const ec_quotient_level *level = &quotient->level[l], *below = &level[-1];
    children c = {.n = 0};

    for (size_t e = level->start[class]; e < level->start[class + 1]; e++) {
        c.n += level->count[e];
        if (level->child[e] == below->pure[0])
            c.on[0] = true;
        else if (level->child[e] == below->pure[1])
            c.on[1] = true;
        else
            c.mixed += level->count[e];
    }
    return c;
}

/* The windows that a partition splits: the highest level with some, how many, and one of them. */
typedef struct split {
    size_t level;
    uint64_t windows;
    children example;
} split;

/* times[c]: how many windows of the level at hand are of class c; walked down from the top. */
static ec_status find_split(split *out, const ec_quotient *quotient, ec_error *err)
{
    ec_status status = EC_OK;
    uint64_t *times = NULL, *below = NULL;

    *out = (split){.level = 0};
    EC_NEW(times, 1);
    times[0] = 1;
    for (size_t l = quotient->n_levels; l-- > 1;) {
        const ec_quotient_level *level = &quotient->level[l];

        EC_NEW(below, quotient->level[l - 1].n_classes);
        for (size_t c = 0; c < level->n_classes; c++) {
            children kids = look_at(quotient, l, c);

            for (size_t e = level->start[c]; e < level->start[c + 1]; e++)
                below[level->child[e]] += times[c] * level->count[e];
            if (times[c] == 0 || kids.mixed == 0 || !kids.on[0] || !kids.on[1])
                continue;
            out->level = l;
            out->windows += times[c];
            out->example = kids;
        }
        if (out->windows > 0)
            goto done;
        ec_free(times);
        times = below;
        below = NULL;
    }
done:
    ec_free(times);
    ec_free(below);
    return status;
}

/* The pool of a level's window; its matrix where there is none. */
static ec_place window_place(const ec_arch *arch, size_t level)
{
    size_t i = arch->levels[level].layer;

    return i > 0 && arch->layers[i - 1].kind == EC_LAYER_POOL ? arch->layers[i - 1].place
                                                              : arch->layers[i].place;
}

static ec_status find_windows(ec_finder *f, size_t k, ec_error *err)
{
    const ec_partition *partition = &f->out->partitions.items[k];
    ec_status status = EC_OK;
    ec_quotient quotient = {.n_levels = 0};
    split found;

    EC_TRY(ec_quotient_init(&quotient, f->arch, &partition->a, false, f->run, err));
    EC_TRY(find_split(&found, &quotient, err));
    if (found.windows == 0)
        goto done;

    const ec_level *level = &f->arch->levels[found.level];
    ec_text_printf(&f->message,
                   "%s runs through %llu of the %llu subtrees that a window of %u x %u joins, and "
                   "between others",
                   partition->name, (unsigned long long)found.example.mixed,
                   (unsigned long long)found.example.n, level->window[0], level->window[1]);
    if (found.windows > 1)
        ec_text_printf(&f->message, ", in %llu such windows", (unsigned long long)found.windows);
    ec_text_puts(&f->remedy, "windows of an even number of positions across the boundary, or a "
                             "partition along them, keep subtrees whole");
    status = ec_finder_add(
        f, EC_RULE_WINDOW_SPLIT, EC_CERTAINTY_PROVED,
        partition->place.line > 0 ? partition->place : window_place(f->arch, found.level), err);
done:
    ec_quotient_clear(&quotient);
    return status;
}

/* ------------------------------------------------------------------ repetitions */

/* A partition by its sides, whichever is called A. */
typedef struct sides {
    const ec_partition *partition;
    size_t number, n_words;
    uint64_t flip, last; /* words are seen through flip; the last one's valid bits */
} sides;

static uint64_t word(const sides *s, size_t i)
{
    uint64_t bits = s->partition->a.bits[i] ^ s->flip;

    return i + 1 == s->n_words ? bits & s->last : bits;
}

static int compare_sides(const sides *a, const sides *b)
{
    for (size_t i = 0; i < a->n_words; i++) {
        uint64_t x = word(a, i), y = word(b, i);

        if (x != y)
            return x < y ? -1 : 1;
    }
    return 0;
}

static int by_sides(const void *x, const void *y)
{
    const sides *a = x, *b = y;
    int order = compare_sides(a, b);

    if (order != 0)
        return order;
    return (a->number > b->number) - (a->number < b->number);
}

/* Entries of one line of the description, such as `canonical`, are its own business. */
static ec_status find_repetitions(ec_finder *f, ec_error *err)
{
    const ec_partitions *list = &f->out->partitions;
    ec_status status = EC_OK;
    sides *all = NULL;

    EC_NEW(all, list->n);
    for (size_t k = 0; k < list->n; k++) {
        const ec_sites *a = &list->items[k].a;

        all[k] = (sides){.partition = &list->items[k],
                         .number = k,
                         .n_words = (a->n + 63) / 64,
                         .flip = ec_sites_has(a, 0) ? UINT64_MAX : 0,
                         .last = a->n % 64 == 0 ? UINT64_MAX : ((uint64_t)1 << a->n % 64) - 1};
    }
    if (list->n > 1)
        qsort(all, list->n, sizeof *all, by_sides);
    for (size_t k = 1, first = 0; k < list->n; k++) {
        const ec_partition *one = all[first].partition, *other = all[k].partition;

        if (compare_sides(&all[first], &all[k]) != 0) {
            first = k;
            continue;
        }
        if (other->place.line == 0 ||
            (other->place.line == one->place.line && other->place.col == one->place.col))
            continue;
        ec_text_printf(&f->message, "%s has the same two sides as %s", other->name, one->name);
        ec_text_puts(&f->remedy, "keep one of the two");
        EC_TRY(
            ec_finder_add(f, EC_RULE_PARTITION_REPEATED, EC_CERTAINTY_PROVED, other->place, err));
    }
done:
    ec_free(all);
    return status;
}

ec_status ec_find_partitions(ec_finder *f, ec_error *err)
{
    ec_status status = EC_OK;

    EC_TRY(find_repetitions(f, err));
    if (ec_arch_is_network(f->arch) || !ec_finder_wants(f, EC_RULE_WINDOW_SPLIT))
        goto done;
    for (size_t k = 0; k < f->out->partitions.n; k++)
        EC_TRY(find_windows(f, k, err));
done:
    return status;
}
