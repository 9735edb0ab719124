/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Additional permission under section 7 (linking with Graphviz): see LICENSE. */
#ifndef ENTCAP_DRAW_PALETTE_H
#define ENTCAP_DRAW_PALETTE_H

/** Colours and sizes that every format shares. */

/* The palette of Okabe and Ito: told apart by colour-blind readers, and by lightness in print. */
#define BLUE       "#0072B2"
#define ORANGE     "#E69F00"
#define VERMILLION "#D55E00"
#define BLACK      "#000000"
#define GREY       "#5A5A5A"
#define PALE       "#A6A6A6"
#define WHITE      "#FFFFFF"

typedef struct colours {
    const char *fill, *line, *text;
} colours;

/* By side: none, A, B. A is always the darker one; of dots, where no letter helps, by far. */
static const colours site_colours[] = {
    {"#B8B8B8", "#5A5A5A", BLACK}, {BLUE, BLUE, WHITE}, {ORANGE, "#9A6A00", BLACK}};
static const colours dot_colours[] = {
    {"#8A8A8A", "#8A8A8A", BLACK}, {"#004C78", "#004C78", WHITE}, {"#F2B632", "#F2B632", BLACK}};
static const colours tensor_colours[] = {
    {"#EDEDED", "#4A4A4A", BLACK}, {"#94C6E8", "#00517F", BLACK}, {"#FEF1D6", "#9A6A00", BLACK}};

#define HAIR      0.35 /* thinner bonds are so many that they are pale */
#define CUT_WIDEN 1.7  /* a cut bond's line against that of any other bond */
#define CUT_COPY  1.35 /* size of a cut copy tensor against that of any other */
#define TINY      4.5  /* nodes below this size have hair lines and no round corners */

/* Samples of the key. */
#define SAMPLE_SIZE 11.0
#define SAMPLE_LINE 1.4

#endif
