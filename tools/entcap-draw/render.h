/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Additional permission under section 7 (linking with Graphviz): see LICENSE. */
#ifndef ENTCAP_DRAW_RENDER_H
#define ENTCAP_DRAW_RENDER_H

/**
 * Graphviz, fenced in: a laid out drawing becomes a cgraph graph with every position pinned, and
 * that the bytes of a picture. Graphviz is not thread-safe and keeps some memory for itself; this
 * program renders one picture and ends.
 */

#include <graphviz/cgraph.h>
#include <graphviz/gvc.h>

#include "entcap/draw.h"

typedef enum render_format {
    RENDER_DOT,
    RENDER_SVG,
    RENDER_SVG_INLINE, /* to stand in an HTML page: no prolog */
    RENDER_PDF,
    RENDER_PNG,
    RENDER_TEX,
    RENDER_N_FORMATS
} render_format;

/** Names of the formats on the command line. */
extern const char *const render_format_names[RENDER_N_FORMATS];

/** Lay a drawing out and render it. Owns: *bytes, to be released by ec_free. */
ec_status render(char **bytes, size_t *size, ec_drawing *drawing, render_format format,
                 ec_error *err);

/* ------------------------------------------------------------------- parts */

/** A drawing on its way to a picture. */
typedef struct canvas {
    ec_drawing *drawing;
    const char *fonts[2]; /* regular, bold */
    Agraph_t *graph;
    Agedge_t **edges; /* of the bonds */
} canvas;

/** A curve: control points of cubic Bezier curves, joined end to end. */
typedef struct spline {
    ec_point *points;
    size_t n; /* 3 for each curve, and 1; 0: the bond has no place yet */
} spline;

/** Make the graph of nodes and bonds, with positions where the drawing is a tree. EC_ENOMEM. */
ec_status graph_open(canvas *c, ec_error *err);

/** Write the labels of bonds that have one. */
void graph_label_bonds(const canvas *c);

/** The curve of bond i, wherever its places come from. Owns: out->points. Errors: EC_ENOMEM */
ec_status graph_path(spline *out, const canvas *c, size_t i, ec_error *err);

/** Where the label of bond i stands; false: it has none. */
bool graph_label_at(ec_point *at, const canvas *c, size_t i);

/** The n numbers of an attribute "1.5,2,...": false if it holds fewer, or is not there. */
bool graph_numbers(double *out, size_t n, void *object, const char *name);

/** EC_OK if a call returned 0 and Graphviz stayed silent, else EC_ENUMERIC with what it said. */
ec_status render_check(int code, const char *what, ec_error *err);

/**
 * Let an engine place the nodes of a free drawing, draw the cut and frame the picture. The places
 * are attributes of the graph then. Errors: EC_ENUMERIC, EC_ENOMEM
 */
ec_status free_place(GVC_t *gvc, const canvas *c, ec_error *err);

/**
 * Draw the cut through a placed free drawing within the box low .. high, which grows with it: one
 * line through all that is cut if it meets nothing else, else a stroke for each bond. EC_ENOMEM.
 */
ec_status cut_free(const canvas *c, ec_point *low, ec_point *high, ec_error *err);

/** Add the frame of the drawing, texts and key, as nodes and edges of their own. */
void graph_add_frame(const canvas *c);

/**
 * Turn Graphviz' SVG into ours: no prolog, no comments, title and description for the whole, and a
 * title for each node and bond. Owns: *bytes. Errors: EC_ENOMEM, EC_EINVAL (unexpected SVG)
 */
ec_status svg_finish(char **bytes, size_t *size, const char *svg, const ec_drawing *drawing,
                     bool inlined, ec_error *err);

/**
 * The picture as TikZ, once every place is known: nodes are named s0, t0, i0, as in SVG. Owns:
 * *bytes. Errors: EC_ENOMEM
 */
ec_status tikz_write(char **bytes, size_t *size, const canvas *c, ec_error *err);

/** Set an attribute, printf-like; every attribute is declared by graph_open. */
void graph_set(void *object, const char *name, const char *fmt, ...) EC_PRINTF(3, 4);

#endif
