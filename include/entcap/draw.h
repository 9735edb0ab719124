/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Additional permission under section 7 (linking with Graphviz): see LICENSE. */
#ifndef ENTCAP_DRAW_H
#define ENTCAP_DRAW_H

/**
 * draw: pictures of tensor networks as plain data, and where everything in them stands.
 *
 * A drawing is built from an architecture, a partition and its min cut; written as text; read,
 * laid out and rendered by the separate program entcap-draw, the only one that links Graphviz.
 * The module therefore calls core alone: of arch and bound it uses open structs and inline
 * functions, so that src/core and src/draw link without the rest.
 *
 * What is drawn, after the conventions of the tensor-network literature: sites at the bottom,
 * marked and coloured by side; weight matrices as rounded boxes; an index of three or more pins as
 * a copy tensor, a small filled node; bonds labelled with their dimension, wider the larger it is;
 * one row per layer; the indices of the min cut marked. Lengths are points (1/72 inch), y upwards.
 */

#include "entcap/bound.h"

#define EC_DRAW_MAX_NODES ((size_t)12000) /* of one drawing, in all kinds together */
#define EC_DRAW_ROWS_MAX  ((size_t)160)   /* sites that still stand in one row; more form a ring */

typedef struct ec_point {
    double x, y;
} ec_point;

typedef enum ec_draw_kind { EC_DRAW_SITE, EC_DRAW_TENSOR, EC_DRAW_COPY } ec_draw_kind;
typedef enum ec_draw_side { EC_DRAW_NO_SIDE, EC_DRAW_SIDE_A, EC_DRAW_SIDE_B } ec_draw_side;

/** Tree: laid out by ec_drawing_layout. Free: placed by a Graphviz engine. */
typedef enum ec_draw_form { EC_DRAW_TREE, EC_DRAW_FREE } ec_draw_form;

/** How the parts of a tree are arranged. */
typedef enum ec_draw_shape {
    EC_DRAW_ROWS,   /* sites in one row at the bottom */
    EC_DRAW_RING,   /* that row bent into a ring */
    EC_DRAW_PLANES, /* the grids of a 2-D network above each other, seen from above at a slant */
    EC_DRAW_LAYERS  /* one box for each layer, the wider the more positions it has */
} ec_draw_shape;

/** A row of a tree: the sites (row 0), or the indices or the tensors of one level. */
typedef struct ec_draw_row {
    char *name;       /* "sites", "input", "r0", "W0", "dense" */
    char *note;       /* its dimension or shape, in words */
    uint32_t grid[2]; /* height and width of the grid of its nodes, if none is folded away */
    bool cut;         /* holds indices of the min cut */
    double at;        /* laid out: its y; in a ring its radius */
} ec_draw_row;

/** A site, a tensor or a copy tensor. */
typedef struct ec_draw_node {
    ec_draw_kind kind;
    ec_draw_side side;    /* of a site or tensor */
    uint32_t row;         /* < n_rows; 0 in a free drawing */
    uint64_t number;      /* of the site, tensor or index, as in ec_network; unique for its kind */
    uint64_t times;       /* how many equal ones it stands for; 1: itself alone */
    bool cut;             /* a copy tensor whose index is cut */
    char *label;          /* short: what stands in it (in a tree below a site); may be "" */
    char *tip;            /* one line: what it is */
    ec_point at;          /* laid out: its centre, */
    double width, height; /* its size, */
    double font;          /* and the font size of what stands in it; 0: no room for that */
} ec_draw_node;

/** A bond between two nodes; in a tree `upper` is the parent of `lower`, and lower < upper. */
typedef struct ec_draw_bond {
    uint32_t lower, upper;
    uint32_t dim;
    bool cut;          /* a bond of a cut index */
    char *label;       /* its dimension; "x2" below a copy tensor: equal subtrees; may be "" */
    double width;      /* laid out: of its line, */
    bool dashed;       /* is long enough for dashes, and cut */
    ec_point curve[4]; /* control points of a cubic Bezier curve, */
    ec_point label_at; /* the centre of its label, */
    double font;       /* and the label's font size; 0: no room for it */
} ec_draw_bond;

typedef enum ec_draw_ink { EC_DRAW_BLACK, EC_DRAW_GREY, EC_DRAW_CUT_INK } ec_draw_ink;

/** A line of text that belongs to the picture, not to a node. */
typedef struct ec_draw_text {
    char *text;
    ec_point at; /* left end of a left-aligned line, else its centre; vertically the middle */
    double size; /* of the font */
    bool bold, left;
    ec_draw_ink ink;
} ec_draw_text;

/** A line of its own: the cut, where it runs through bonds; else the outline of a plane, at the
 * back. */
typedef struct ec_draw_stroke {
    bool cut;
    double width;
    ec_point *points; /* control points of cubic Bezier curves, joined end to end */
    size_t n;         /* 3 for each curve, and 1 */
} ec_draw_stroke;

/** What an entry of the key (legend) explains. */
typedef enum ec_draw_sample {
    EC_DRAW_KEY_SITE, /* + side */
    EC_DRAW_KEY_SITE_A,
    EC_DRAW_KEY_SITE_B,
    EC_DRAW_KEY_TENSOR, /* + side */
    EC_DRAW_KEY_TENSOR_A,
    EC_DRAW_KEY_TENSOR_B,
    EC_DRAW_KEY_COPY,
    EC_DRAW_KEY_BOND,
    EC_DRAW_KEY_TIMES,
    EC_DRAW_KEY_CUT,
    EC_DRAW_KEY_N
} ec_draw_sample;

/** An entry of the key: a sample of width EC_DRAW_KEY_WIDTH centred here; its words are a text. */
typedef struct ec_draw_key {
    ec_draw_sample sample;
    ec_point at;
} ec_draw_key;

#define EC_DRAW_KEY_WIDTH 18.0

/** A picture. Read its members freely; change them through the functions below only. */
typedef struct ec_drawing {
    ec_draw_form form;
    ec_draw_shape shape; /* of a tree */
    bool folded;         /* equal subtrees are drawn once */
    char *id;            /* prefix of the ids of SVG elements: letters, digits, '-' and '_' */
    char *name;          /* of the architecture */
    char *caption;       /* partition and bound: "left-right: rank <= 16 = r4"; may be "" */

    ec_draw_row *rows; /* bottom to top; none in a free drawing */
    size_t n_rows;
    ec_draw_node *nodes; /* a tree: children before parents, the root last, siblings in order */
    size_t n_nodes;
    ec_draw_bond *bonds;
    size_t n_bonds;

    ec_draw_text *texts; /* laid out: its frame */
    size_t n_texts;
    ec_draw_stroke *strokes;
    size_t n_strokes;
    ec_draw_key *keys;
    size_t n_keys;
} ec_drawing;

typedef enum ec_draw_fold {
    EC_DRAW_FOLD_AUTO, /* fold what would be thousands of nodes */
    EC_DRAW_FOLD_NEVER,
    EC_DRAW_FOLD_ALWAYS
} ec_draw_fold;

typedef enum ec_draw_view {
    EC_DRAW_VIEW_AUTO, /* a grid of few levels: planes; up to EC_DRAW_ROWS_MAX sites: rows */
    EC_DRAW_VIEW_ROWS,
    EC_DRAW_VIEW_RING,
    EC_DRAW_VIEW_PLANES,
    EC_DRAW_VIEW_LAYERS
} ec_draw_view;

/** What to draw besides the architecture; zero-initialised: the bare network. */
typedef struct ec_draw_options {
    const char *id;                /* NULL: "entcap" */
    const ec_partition *partition; /* colours the sites; NULL: no sides */
    const ec_cut *cut;             /* of that partition, with side_a: marked; NULL: no cut */
    const ec_int *shared_rank;     /* shared-weights bound, if it is the smaller one; or NULL */
    ec_draw_fold fold;             /* of a layers description, */
    ec_draw_view view;             /*   and how it is arranged */
} ec_draw_options;

/**
 * Draw an architecture, of either form.
 *
 * Layers form: a tree. Folded, the equal subtrees of a window (same level, same pattern of sides,
 * same sides of the cut) are drawn once, "x2". Planes show every node; in a view of layers
 * each layer is one box, whatever its subtrees.
 *
 * Cost:   O(sites) memory for folding, O(sites log sites) time; else O(nodes).
 * Owns:   *out, to be freed by ec_drawing_free; NULL after an error. Keeps nothing of its inputs.
 * Errors: EC_ELIMIT  more than EC_DRAW_MAX_NODES nodes, of a network more than an engine can place,
 *                    or memory
 *         EC_EINVAL  id has other characters, partition or cut is of another architecture, or the
 *                    view is not one of such an architecture
 *         EC_ENOMEM
 */
EC_NODISCARD ec_status ec_drawing_from_arch(ec_drawing **out, const ec_arch *arch,
                                            const ec_draw_options *options, const ec_run *run,
                                            ec_error *err);

void ec_drawing_free(ec_drawing *drawing);

/**
 * The drawing, not its layout, as text: lines "entcap-drawing 1", id, form, folded, name, caption,
 * then rows, nodes and bonds, and "end". Words are separated by one blank; texts are quoted, quotes
 * and backslashes in them behind a backslash. *size excludes the closing 0 byte. Owns: *text, to be
 * released by ec_free; NULL after an error. Errors: EC_ENOMEM
 */
EC_NODISCARD ec_status ec_drawing_write(char **text, size_t *size, const ec_drawing *drawing,
                                        ec_error *err);

/**
 * Read what ec_drawing_write wrote, and check all of it: every word, that bonds join existing
 * nodes, and that a tree is one.
 * Owns:   *out, to be freed; NULL after an error.
 * Errors: EC_EPARSE with the line, EC_ELIMIT (more than EC_DRAW_MAX_NODES nodes), EC_ENOMEM
 */
EC_NODISCARD ec_status ec_drawing_parse(ec_drawing **out, const char *text, size_t size,
                                        ec_error *err);

/**
 * Say how large everything is and, in a tree, where it stands, frame and cut included. Rows: sites
 * at the bottom, each subtree over an interval of its own, so that no nodes overlap and no bonds
 * cross. A ring: the same tree bent, sites outside. Planes: the grid of each level as a plane, the
 * smaller the higher. The nodes of a free drawing get their sizes only.
 * Cost: O(nodes). Errors: EC_ENOMEM
 */
EC_NODISCARD ec_status ec_drawing_layout(ec_drawing *drawing, ec_error *err);

/**
 * Draw the cut as one more stroke, of n control points (see ec_draw_stroke), which are copied.
 * ec_drawing_layout does so for a tree. Errors: EC_ENOMEM
 */
EC_NODISCARD ec_status ec_drawing_add_cut(ec_drawing *drawing, const ec_point *points, size_t n,
                                          double width, ec_error *err);

/**
 * Frame a picture that stands within the box low .. high: numbers under its sites, title and
 * caption above it, the key of what occurs in it below. ec_drawing_layout does so for a tree.
 * Errors: EC_ENOMEM
 */
EC_NODISCARD ec_status ec_drawing_frame(ec_drawing *drawing, ec_point low, ec_point high,
                                        ec_error *err);

/** The smallest box around all nodes, strokes, texts and keys of a laid out drawing. */
void ec_drawing_box(const ec_drawing *drawing, ec_point *low, ec_point *high);

/**
 * Width of a line of text in points, estimated from above, since the face that a picture will be
 * shown in is not known.
 */
double ec_draw_text_width(const char *text, double size, bool bold);

#endif
