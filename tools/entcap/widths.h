/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ENTCAP_WIDTHS_H
#define ENTCAP_WIDTHS_H

/** What a page says of widths: bounds over ranges of them, and the bounds as formulas. */

#include "tool.h"

enum {
    WIDTHS_CHARTED = 6,        /* partitions that get charts */
    WIDTHS_MAX_AXIS = 40,      /* values on an axis of a heat map */
    WIDTHS_MAX_ALL = 1000000,  /* configurations on a page */
    WIDTHS_MAX_FORMULAS = 100, /* partitions; beyond, the page has no formulas */
};

typedef struct widths {
    ec_partitions charted; /* the first of the input's, borrowed */
    ec_ranges ranges, slice_ranges;
    ec_sweep *sweep;
    ec_sweep_rows all, slice, fronts[WIDTHS_CHARTED];
    ec_widths_found found;
    ec_formula *formulas; /* two per partition of the input, or NULL */
    size_t n_formulas;
} widths;

/**
 * Sweep the ranges `--sweep` for the input's first partitions; found.bounds stays to be set.
 * `budget` ("params=N" or NULL) names the cost of the plots and the best designs. TOOL_GO_ON or an
 * exit code; clear *w in either case.
 */
int widths_sweep(tool *t, widths *w, const tool_input *input, const tool_list *ranges,
                 const char *budget);

/** The formulas of all partitions of an input of layers; one that is too long has no terms. */
int widths_formulas(tool *t, widths *w, const tool_input *input);

void widths_clear(widths *w);

#endif
