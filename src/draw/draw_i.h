/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Additional permission under section 7 (linking with Graphviz): see LICENSE. */
#ifndef ENTCAP_DRAW_I_H
#define ENTCAP_DRAW_I_H

/** Shared inside src/draw: text, growing a drawing, and the two halves of build and layout. */

#include "core/flow.h"
#include "entcap/draw.h"

/* -------------------------------------------------------------------- text */

/** Finish a text: its bytes, to be released by ec_free; NULL after EC_ENOMEM. Clears the text. */
char *draw_take(ec_text *text, ec_error *err);

/** A formatted string, to be released by ec_free; NULL after a reported EC_ENOMEM. */
char *draw_format(ec_error *err, const char *fmt, ...) EC_PRINTF(2, 3);

/**
 * Append text from outside so that no output format trips over it: control characters and malformed
 * UTF-8 become U+FFFD, and all beyond max_chars characters an ellipsis.
 */
void draw_put_clean(ec_text *text, const char *raw, size_t max_chars);

/** The same as a string of its own; NULL after EC_ENOMEM. */
char *draw_clean(const char *raw, size_t max_chars, ec_error *err);

/**
 * Length in bytes (1..4) of the printable UTF-8 character at s; 0: malformed, a control character
 * or the end.
 */
size_t draw_char(const char *s);

/* ------------------------------------------------------------ growing one */

/** May this prefix the ids of SVG elements? */
bool draw_is_id(const char *id);
#define DRAW_ID_RULE "letters, digits, '-' and '_' only"

ec_status draw_new(ec_drawing **out, ec_draw_form form, ec_error *err);

/** Append. Takes: the strings (NULL among them: an allocation that failed), also after an error. */
ec_status draw_add_row(ec_drawing *drawing, ec_draw_row row, ec_error *err);
ec_status draw_add_node(ec_drawing *drawing, ec_draw_node node, ec_error *err);
ec_status draw_add_bond(ec_drawing *drawing, ec_draw_bond bond, ec_error *err);
ec_status draw_add_text(ec_drawing *drawing, ec_draw_text text, ec_error *err);
ec_status draw_add_stroke(ec_drawing *drawing, ec_draw_stroke stroke, ec_error *err);
ec_status draw_add_key(ec_drawing *drawing, ec_draw_sample sample, ec_point at, ec_error *err);

/* ---------------------------------------------------------------- building */

/** Fill rows, nodes and bonds from a layers description; from a network description. */
ec_status draw_tree(ec_drawing *drawing, const ec_arch *arch, const ec_draw_options *options,
                    const ec_run *run, ec_error *err);
ec_status draw_network(ec_drawing *drawing, const ec_arch *arch, const ec_draw_options *options,
                       ec_error *err);

/* Words of a layers description's drawing. */
void draw_put_site_tip(ec_text *text, const ec_arch *arch, const ec_draw_node *site);
void draw_put_matrix_name(ec_text *text, const ec_arch *arch, size_t level);
void draw_put_matrix_label(ec_text *text, const ec_arch *arch, size_t level, size_t position);
void draw_put_matrix_tip(ec_text *text, const ec_arch *arch, size_t level, size_t position,
                         const ec_draw_node *matrix);
void draw_put_copy_tip(ec_text *text, const ec_arch *arch, size_t level, size_t position,
                       const ec_draw_node *copy);
void draw_put_sites_note(ec_text *text, const ec_arch *arch);
void draw_put_index_note(ec_text *text, const ec_arch *arch, size_t level, uint64_t n_cut);
void draw_put_matrix_note(ec_text *text, const ec_arch *arch, size_t level);

/** The caption of partition, cut and shared bound, "" without a partition; NULL after EC_ENOMEM. */
char *draw_caption(const ec_draw_options *options, ec_error *err);

/** Side of a site, of a tensor (numbered as in ec_network); none where not known. */
ec_draw_side draw_site_side(const ec_draw_options *options, size_t site);
ec_draw_side draw_tensor_side(const ec_draw_options *options, size_t tensor);

/** "A", "B" or "" */
const char *draw_side_name(ec_draw_side side);

/** Number of the first tensor (and index) of each level, n_levels + 1 entries, as in ec_network. */
ec_status draw_level_starts(size_t **out, const ec_arch *arch, ec_error *err);

/**
 * The children of a window in the order in which they stand around its centre, clockwise from
 * straight down: drawn as a ring, left is left and top is top. NULL where the window is a line.
 * Owns: *out, to be released by ec_free.
 */
ec_status draw_clockwise(size_t **out, const uint32_t window[2], ec_error *err);

/** Position of child c (row-major) of the window of index (level, position) in the grid below. */
size_t draw_child(const ec_arch *arch, size_t level, size_t position, size_t c);

/**
 * Classes of equal subtrees: entry starts[l] + p is a number that is the same for tensors (l, p) of
 * one level whose subtrees agree in the sides of sites and tensors, up to the order of children.
 * Owns: *out, to be released by ec_free.
 */
ec_status draw_fold(uint32_t **out, const ec_arch *arch, const size_t *starts,
                    const ec_draw_options *options, const ec_run *run, ec_error *err);

/* ------------------------------------------------------------------ layout */

/**
 * The shape of a tree, laid out on a line: node v stands over the interval of width width[v] that
 * starts at left[v], and so does all that is below it.
 */
typedef struct draw_intervals {
    uint32_t *parent; /* of each node; the root is its own */
    double *left, *width;
    double *row_spacing; /* of each row: the smallest width of its nodes; 0: no nodes */
} draw_intervals;

/** `pitch` is the width of a site, `gap` the room between neighbouring windows of any level. */
ec_status draw_intervals_init(draw_intervals *out, const ec_drawing *drawing, double pitch,
                              double gap, ec_error *err);
void draw_intervals_clear(draw_intervals *intervals);

size_t draw_count_sites(const ec_drawing *drawing);

/** Width and height of a site: squares look larger than circles. */
double draw_site_size(ec_draw_side side, double size);

/** Line width of a bond: grows with the logarithm of its dimension. */
double draw_line_width(uint32_t dim, double scale);

/** Widths of the two columns in which the names and notes of the rows are set. */
double draw_name_column(const ec_drawing *drawing, double font);
double draw_note_column(const ec_drawing *drawing, double font);

/** Name and note of a row as texts in these columns, the first of which starts at a point. */
ec_status draw_add_row_text(ec_drawing *drawing, const ec_draw_row *row, ec_point at, double font,
                            ec_error *err);

/** The names and notes of all rows at their heights, to the left of all nodes. */
ec_status draw_name_rows(ec_drawing *drawing, ec_error *err);

ec_status draw_rows(ec_drawing *drawing, ec_error *err);
ec_status draw_ring(ec_drawing *drawing, ec_error *err);
ec_status draw_planes(ec_drawing *drawing, ec_error *err);
ec_status draw_layers(ec_drawing *drawing, ec_error *err);

/** Append a stroke of straight lines through n points. */
ec_status draw_add_polyline(ec_drawing *drawing, const ec_point *points, size_t n, bool cut,
                            double width, ec_error *err);

/**
 * Draw the cut through the bonds of a tree that it cuts: between each cut index and its tensor
 * above, or its children on the other side of the cut.
 */
ec_status draw_cut_strokes(ec_drawing *drawing, ec_error *err);

/** Half the length of such a stroke through one bond. */
double draw_stroke_reach(const ec_drawing *drawing, const ec_draw_bond *bond);
#define DRAW_STROKE_AT 0.22 /* where on the visible part of a bond, from its lower end */

#endif
