/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ENTCAP_MATERIAL_H
#define ENTCAP_MATERIAL_H

/** What the page of `entcap report` is made from: findings, files with their hashes, pictures. */

#include "widths.h"

enum {
    MATERIAL_SOURCES = 3, /* description, weights, log */
    MATERIAL_DRAWN = 6,   /* partitions that get a diagram */
};

typedef struct material_options {
    const char *log;              /* training log, or NULL */
    tool_list sweeps;             /* ranges of widths for charts; none: no charts */
    const char *budget;           /* of the best design on them, or NULL */
    const char *data;             /* SPEC that is held against the architecture, or NULL */
    bool pictures;                /* draw diagrams */
    uint64_t exact_limit;         /* largest bound for which the generic rank is found; 0: never */
    tool_measure_options measure; /* nothing is measured if it names no weights */
} material_options;

typedef struct material {
    tool_input input;
    tool_bounds bounds; /* of the check or, of very many, those: borrowed */
    tool_bounds many;
    bool widths_unjudged; /* too many partitions */
    ec_check check;       /* findings, and the bounds themselves */
    ec_bound *required;   /* of the partitions of the requirements, one each: borrowed parts */
    tool_states states;   /* none without weights */
    widths widths;
    ec_fit fit; /* of the data */
    ec_bytes log;
    ec_report_source sources[MATERIAL_SOURCES];
    size_t n_sources;
    ec_report_diagram diagrams[MATERIAL_DRAWN + 1];
    ec_text svg[MATERIAL_DRAWN + 1];        /* of the diagrams */
    char captions[MATERIAL_DRAWN + 1][320]; /* of the diagrams */
    size_t n_diagrams;
    ec_text libraries; /* "gnuplot 5.4 patchlevel 4, libgmp.so.10.4.1, ..." */
} material;

/** Gather it for t->files[0]: TOOL_GO_ON or an exit code; clear *m in either case. */
int material_gather(tool *t, material *m, const material_options *options);
void material_clear(material *m);

#endif
