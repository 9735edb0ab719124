/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Additional permission under section 7 (linking with Graphviz): see LICENSE. */
#include "draw/draw_i.h"

#include <stdlib.h>

/*
 * What tells the subtrees of one level apart: the side of the tensor on top, then the sorted
 * classes of its children (of sites: their sides).
 */
typedef struct subtree {
    const uint32_t *key;
    size_t key_length;
    size_t position;
} subtree;

/* Classes being found, from the sites up. */
typedef struct folding {
    const ec_arch *arch;
    const ec_draw_options *options;
    const size_t *starts;
    uint32_t *class_of;
} folding;

static int compare_u32(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

static int compare_subtrees(const void *a, const void *b)
{
    const subtree *x = a, *y = b;

    for (size_t i = 0; i < x->key_length; i++) {
        if (x->key[i] != y->key[i])
            return x->key[i] < y->key[i] ? -1 : 1;
    }
    return 0;
}

/* Key of tensor (level, position), window + 1 numbers. */
static void fill_key(uint32_t *key, const folding *f, size_t level, size_t position)
{
    size_t window = ec_level_window(&f->arch->levels[level]);

    key[0] = (uint32_t)draw_tensor_side(f->options, f->starts[level] + position);
    for (size_t c = 0; c < window; c++) {
        size_t child = draw_child(f->arch, level, position, c);
        key[1 + c] = level == 0 ? (uint32_t)draw_site_side(f->options, child)
                                : f->class_of[f->starts[level - 1] + child];
    }
    qsort(key + 1, window, sizeof *key, compare_u32);
}

static ec_status fold_level(const folding *f, size_t level, ec_error *err)
{
    ec_status status = EC_OK;
    size_t n = ec_level_positions(&f->arch->levels[level]);
    size_t length = ec_level_window(&f->arch->levels[level]) + 1;
    uint32_t *keys = NULL, *own = f->class_of + f->starts[level];
    subtree *subtrees = NULL;

    EC_NEW(keys, n * length);
    EC_NEW(subtrees, n);
    for (size_t p = 0; p < n; p++) {
        fill_key(keys + p * length, f, level, p);
        subtrees[p] = (subtree){.key = keys + p * length, .key_length = length, .position = p};
    }
    qsort(subtrees, n, sizeof *subtrees, compare_subtrees);
    for (size_t i = 1; i < n; i++) {
        bool other = compare_subtrees(&subtrees[i - 1], &subtrees[i]) != 0;
        own[subtrees[i].position] = own[subtrees[i - 1].position] + other;
    }
done:
    ec_free(keys);
    ec_free(subtrees);
    return status;
}

ec_status draw_fold(uint32_t **out, const ec_arch *arch, const size_t *starts,
                    const ec_draw_options *options, const ec_run *run, ec_error *err)
{
    ec_status status = EC_OK;
    size_t n = starts[arch->n_levels];
    double widest = (double)ec_level_positions(&arch->levels[0]);

    *out = NULL;
    /* the classes, and at the widest level a key and a subtree a position */
    EC_TRY(ec_run_reserve(
        run, "drawing",
        4.0 * (double)n + (4.0 + sizeof(subtree)) * widest + 4.0 * (double)arch->n_sites, err));
    EC_NEW(*out, n);
    const folding f = {.arch = arch, .options = options, .starts = starts, .class_of = *out};
    for (size_t level = 0; level < arch->n_levels; level++)
        EC_TRY(fold_level(&f, level, err));
done:
    if (status != EC_OK) {
        ec_free(*out);
        *out = NULL;
    }
    return status;
}
