/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ENTCAP_ARCH_I_H
#define ENTCAP_ARCH_I_H

/** What the files of src/arch share beside text, tree and values. */

#include "value.h"

/** Read `layers:` into arch->layers and derive arch->levels; arch->input is read already. */
EC_NODISCARD ec_status ec_layers_read(ec_arch *arch, const ec_tree *tree, const ec_node *node,
                                      ec_error *err);

/** Read `network:`. */
EC_NODISCARD ec_status ec_named_network_read(ec_arch *arch, const ec_tree *tree,
                                             const ec_node *node, ec_error *err);

/** Read `partitions:` and `requirements:` (NULL: not given); the rest of arch is read already. */
EC_NODISCARD ec_status ec_listed_read(ec_arch *arch, const ec_tree *tree, const ec_node *partitions,
                                      const ec_node *requirements, ec_error *err);

/* --------------------------------------------------------- built-in partitions */

/** A built-in partition of one architecture, resolved but not yet spelt out. */
typedef struct ec_rule {
    const struct ec_builtin *builtin; /* NULL: no such name */
    uint64_t number[2];               /* scale:K, block:LEVEL:INDEX */
    size_t start[2], end[2];          /* box (rows, columns) that holds side A */
    size_t block[2];                  /* height, width of a subtree in sites */
    size_t window[2];                 /* of the windows over such subtrees, in subtrees */
} ec_rule;

/**
 * Find a built-in partition by name. *out is without a builtin if the name is none; EC_EINVAL if it
 * is one that this architecture does not have. Neither side of what it finds is empty.
 */
EC_NODISCARD ec_status ec_rule_find(ec_rule *out, const ec_arch *arch, const char *name,
                                    ec_error *err);

/** Side A of a rule. Owns: *out, to be cleared. */
EC_NODISCARD ec_status ec_rule_sites(ec_sites *out, const ec_arch *arch, const ec_rule *rule,
                                     ec_error *err);

/** Does the name stand for many partitions (`canonical`)? Then it has no one side A. */
bool ec_rule_is_many(const ec_rule *rule);

/** Append all partitions of `canonical`, in the order of levels and blocks. */
EC_NODISCARD ec_status ec_rule_add_all(ec_partitions *list, const ec_arch *arch, ec_place place,
                                       ec_error *err);

/** The built-in name nearest to a misspelt one, or nearest->best as it was. */
void ec_rule_nearest(ec_nearest *nearest);

/* ------------------------------------------------------------------- site lists */

/** Why a list of sites is refused, and at which byte of it. */
typedef struct ec_sites_fault {
    size_t offset;
    char msg[160];
} ec_sites_fault;

/**
 * Read "0-3,8" (blanks around commas and dashes are fine) into *out, of n sites. A malformed list
 * fills *fault and is EC_EPARSE without a report. Owns: *out, to be cleared.
 */
EC_NODISCARD ec_status ec_sites_read(ec_sites *out, size_t n, const char *text,
                                     ec_sites_fault *fault, ec_error *err);

/** Add sites lo .. hi; false, and *repeated, if one of them is there already. */
bool ec_sites_add_range(ec_sites *sites, size_t lo, size_t hi, size_t *repeated);

/* ------------------------------------------------------------ lists of partitions */

/** Room for `more` further partitions; EC_ELIMIT if all of them would take over 1 GiB. */
EC_NODISCARD ec_status ec_partitions_reserve(ec_partitions *list, const ec_arch *arch, double more,
                                             ec_error *err);

/** Append a partition into reserved room. Takes: the content of *a. */
EC_NODISCARD ec_status ec_partitions_add(ec_partitions *list, const char *name, ec_sites *a,
                                         ec_place place, ec_error *err);

#endif
