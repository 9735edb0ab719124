/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ENTCAP_ARCH_VALUE_H
#define ENTCAP_ARCH_VALUE_H

/**
 * Typed values out of a parse tree. Every call reports EC_EPARSE at the value's place, saying what
 * it should be. Private to src/arch.
 */

#include "tree.h"

/** A key of a map, and the value found under it. */
typedef struct ec_field {
    const char *key;
    bool required;
    const ec_node *name, *value; /* out: the key's own node and the value; NULL if not given */
} ec_field;

/** Look up the n keys of a map; unknown, repeated and missing keys are errors. `what`: the map. */
EC_NODISCARD ec_status ec_value_fields(ec_field *fields, size_t n, const ec_tree *tree,
                                       const ec_node *map, const char *what, ec_error *err);

/** What an integer counts, for messages ("channels"), and the values it may take. */
typedef struct ec_range {
    const char *what;
    uint64_t min, max;
} ec_range;

extern const ec_range ec_range_dimension; /* of an index: 1 .. EC_ARCH_MAX_DIMENSION */
extern const ec_range ec_range_extent;    /* of a grid: 1 .. EC_ARCH_MAX_SITES */

/** A plain decimal integer without sign, leading zeros or quotes. */
EC_NODISCARD ec_status ec_value_integer(uint64_t *out, const ec_tree *tree, const ec_node *node,
                                        const ec_range *range, ec_error *err);

/** As ec_value_integer, of any length, at least 1. */
EC_NODISCARD ec_status ec_value_big_integer(ec_int *out, const ec_tree *tree, const ec_node *node,
                                            const char *what, ec_error *err);

/** A plain decimal number, not negative, with at most 15 digits: 12 or 12.5. */
EC_NODISCARD ec_status ec_value_decimal(double *out, const ec_tree *tree, const ec_node *node,
                                        const char *what, ec_error *err);

/** true or false. */
EC_NODISCARD ec_status ec_value_flag(bool *out, const ec_tree *tree, const ec_node *node,
                                     ec_error *err);

/** A scalar that is not empty or null; *out is borrowed from the tree. */
EC_NODISCARD ec_status ec_value_string(const char **out, const ec_tree *tree, const ec_node *node,
                                       const char *what, ec_error *err);

/** A string of 1 .. EC_ARCH_MAX_NAME printable bytes. Owns: *out, to be released by ec_free. */
EC_NODISCARD ec_status ec_value_name(char **out, const ec_tree *tree, const ec_node *node,
                                     const char *what, ec_error *err);

/** A list with at least one entry. */
EC_NODISCARD ec_status ec_value_list(const ec_tree *tree, const ec_node *node, const char *what,
                                     ec_error *err);

/**
 * Height and width: [n] in 1-D, [height, width] in 2-D, EC_ARCH_MAX_SITES positions at most.
 * *n_dims says which is expected, or 0: both are fine, and *n_dims is set.
 */
EC_NODISCARD ec_status ec_value_extents(size_t out[2], int *n_dims, const ec_tree *tree,
                                        const ec_node *node, const char *what, ec_error *err);

/**
 * Read a decimal integer from the front of `text`; *end is the first byte after it. False if there
 * is none, it has a leading zero, or it does not fit 64 bits.
 */
bool ec_value_scan(uint64_t *out, const char *text, const char **end);

/* -------------------------------------------------------------------- names */

/** A set of borrowed names with their places: finds repetitions and members in O(log n). */
typedef struct ec_names {
    struct ec_name {
        const char *text;
        size_t number; /* in the order of adding */
        ec_place place;
    } * items;
    size_t n;
} ec_names;

/** Room for `room` names. Owns: *out, to be cleared. */
EC_NODISCARD ec_status ec_names_init(ec_names *out, size_t room, ec_error *err);
void ec_names_clear(ec_names *names);

/** Add a name; at most `room` of them, and none after ec_names_sort. */
void ec_names_add(ec_names *names, const char *text, ec_place place);

/** Make the set ready to be searched; a repeated name is an error. `what`: a thing so named. */
EC_NODISCARD ec_status ec_names_sort(ec_names *names, const char *what, const ec_source *source,
                                     ec_error *err);

/** Number of a name, SIZE_MAX if it is not there. */
size_t ec_names_find(const ec_names *names, const char *text);

/** The name nearest to a misspelt one, or NULL. */
const char *ec_names_nearest(const ec_names *names, const char *text);

#endif
