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
} canvas;

/** Make the graph of nodes and bonds, with positions where the drawing is a tree. EC_ENOMEM. */
ec_status graph_open(canvas *c, ec_error *err);

/** Add the frame of the drawing, texts and key, as nodes and edges of their own. */
void graph_add_frame(const canvas *c);

/**
 * Turn Graphviz' SVG into ours: no prolog, no comments, title and description for the whole, and a
 * title for each node and bond. Owns: *bytes. Errors: EC_ENOMEM, EC_EINVAL (unexpected SVG)
 */
ec_status svg_finish(char **bytes, size_t *size, const char *svg, const ec_drawing *drawing,
                     bool inlined, ec_error *err);

/** Set an attribute, printf-like; every attribute is declared by graph_open. */
void graph_set(void *object, const char *name, const char *fmt, ...) EC_PRINTF(3, 4);

#endif
