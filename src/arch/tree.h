/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ENTCAP_ARCH_TREE_H
#define ENTCAP_ARCH_TREE_H

/**
 * The parse tree of one YAML (or JSON) document: scalars, lists and maps, each with its place. The
 * subset of descriptions is enforced here: one document, no anchors, aliases or tags, keys are
 * scalars, nesting at most 64. Private to src/arch, and the only user of libyaml.
 */

#include "source.h"

enum { EC_TREE_MAX_DEPTH = 64 };

typedef enum ec_node_kind { EC_NODE_SCALAR, EC_NODE_LIST, EC_NODE_MAP } ec_node_kind;

/** A node; children of a map alternate key, value. Links are node numbers, 0: none. */
typedef struct ec_node {
    ec_node_kind kind;
    bool plain;     /* scalar: written without quotes */
    uint32_t value; /* scalar: offset of its text in the tree's strings */
    uint32_t count; /* list, map: number of children (keys and values each count) */
    uint32_t first, next;
    ec_place place;
} ec_node;

typedef struct ec_tree {
    ec_source source; /* borrowed */
    ec_node *nodes;   /* nodes[0] is the root */
    size_t n_nodes, room;
    ec_text strings; /* scalars, each closed by NUL */
} ec_tree;

/** Parse a checked source. Owns: *out, to be cleared, also after an error. */
EC_NODISCARD ec_status ec_tree_parse(ec_tree *out, const ec_source *source, ec_error *err);
void ec_tree_clear(ec_tree *tree);

/** First child, next sibling; NULL if there is none. */
const ec_node *ec_tree_first(const ec_tree *tree, const ec_node *node);
const ec_node *ec_tree_next(const ec_tree *tree, const ec_node *node);

/** Text of a scalar. */
const char *ec_tree_string(const ec_tree *tree, const ec_node *node);

/** Place of byte `offset` of a scalar's text; of the scalar where its text is not as written. */
ec_place ec_tree_inside(const ec_tree *tree, const ec_node *node, size_t offset);

#endif
