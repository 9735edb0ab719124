/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Additional permission under section 7 (linking with Graphviz): see LICENSE. */
#ifndef ENTCAP_DRAW_TREE_I_H
#define ENTCAP_DRAW_TREE_I_H

/** The drawing of a layers description under construction: whole, folded, or layer by layer. */

#include "draw/draw_i.h"

typedef struct tree_builder {
    ec_drawing *drawing;
    const ec_arch *arch;
    const ec_draw_options *options;
    size_t *starts;     /* number of the first tensor of each level */
    uint32_t *class_of; /* of the subtree under each tensor; NULL: nothing is folded */
    size_t top_window;  /* the highest level that pools; 0 if none does */
    size_t *clockwise;  /* order of the top window's children; NULL: as they are */
    uint64_t *n_cut;    /* indices of each level that the cut holds */
    ec_error *err;
} tree_builder;

/* Append the node of a site, a weight matrix, the copy tensor under a matrix; `times` of them. */
ec_status tree_add_site(tree_builder *b, size_t site, uint64_t times, uint32_t *node);
ec_status tree_add_matrix(tree_builder *b, size_t level, size_t position, uint64_t times,
                          uint32_t *node);
ec_status tree_add_copy(tree_builder *b, size_t level, size_t position, uint64_t times, bool cut);

/** Append a bond labelled "PREFIX NUMBER"; 0: without a label. */
ec_status tree_add_bond(tree_builder *b, ec_draw_bond bond, const char *prefix, uint64_t number);

/** Append the rows: the sites, then the index and the matrices of each level. */
ec_status tree_add_rows(tree_builder *b);

/** Fill the drawing with one node a layer; the sites of either side are one node each. */
ec_status tree_collapse(tree_builder *b);

#endif
