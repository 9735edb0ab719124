/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ENTCAP_DATA_VERBS_H
#define ENTCAP_DATA_VERBS_H

/** What the verbs `entcap data ...` share. */

#include "tool.h"

/** Where the samples come from: --x --y --label --mode --scale --limit. */
typedef struct data_options {
    const char *x, *y, *column;
    int mode;  /* 0: 1d, 1: 2d */
    int scale; /* 0: none, 1: minmax */
    uint64_t limit;
} data_options;

#define DATA_OPTIONS(o)                                                                            \
    {"x", 0, TOOL_TEXT, &(o).x, "FILE", "samples: npy, idx (gzip or not), *.csv", {0, 0}},         \
        {"mode",    0,       TOOL_CHOICE,                                                          \
         &(o).mode, "1d|2d", "halves of a row of features, or quadrants of an image",              \
         {0, 0}},                                                                                  \
        {"scale",       0,                                                                         \
         TOOL_CHOICE,   &(o).scale,                                                                \
         "none|minmax", "bring each feature to [0, 1] by its own extremes",                        \
         {0, 0}},                                                                                  \
    {                                                                                              \
        "limit", 0, TOOL_COUNT, &(o).limit, "N", "the first N samples only; 0: all",               \
        {                                                                                          \
            0, 0                                                                                   \
        }                                                                                          \
    }

#define DATA_LABEL_OPTIONS(o)                                                                      \
    {"y", 0, TOOL_TEXT, &(o).y, "FILE", "labels, a file of the same kinds", {0, 0}},               \
    {                                                                                              \
        "label", 0, TOOL_TEXT, &(o).column, "COLUMN",                                              \
            "without --y: the column of the CSV file that holds them, by name or number from 0; "  \
            "the last if it is not given",                                                         \
        {                                                                                          \
            0, 0                                                                                   \
        }                                                                                          \
    }

/** How data are held against an architecture. */
typedef struct data_fit_options {
    const char *data; /* SPEC */
    uint64_t limit, batch, batches, levels, max_width;
    double theta;
    bool as_is; /* do not rearrange */
} data_fit_options;

#define DATA_FIT_THETA 0.085

#define DATA_FIT_OPTIONS_INIT                                                                      \
    {                                                                                              \
        .batch = 300, .batches = 1, .levels = 3, .max_width = 512, .theta = DATA_FIT_THETA         \
    }

/** Do it, for t->files[0]: TOOL_GO_ON or an exit code; clear *out in either case. */
int data_fit(tool *t, const ec_arch *arch, const data_fit_options *o, ec_fit *out);

/** Read the samples: TOOL_GO_ON or an exit code; clear *out in either case. */
int data_read(tool *t, const data_options *o, bool unlabelled, ec_samples *out);

/** "4" or "1-4", from 1 to the depth of the grid; TOOL_GO_ON, or TOOL_USAGE after a message. */
int data_levels(const tool *t, const char *text, size_t depth, size_t *first, size_t *last);

#endif
