/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ENTCAP_REPORT_I_H
#define ENTCAP_REPORT_I_H

/** What the files of report share: numbers and lists as people read them, in fixed buffers. */

#include "entcap/report.h"

enum {
    EC_CELL = 256,          /* bytes of a formatted cell */
    EC_DECIMAL_DIGITS = 15, /* longer integers are written as powers or rounded */
};

/** Append a name, control characters replaced by '?'. */
void ec_put_plain(ec_text *out, const char *name);

/** "1,234,567"; beyond EC_DECIMAL_DIGITS digits rounded, "~1.234e617". Returns out. */
char *ec_format_int(char out[EC_CELL], const ec_int *x);
char *ec_format_count(char out[EC_CELL], uint64_t x);

/** As ec_format_int, but large products of few dimensions are written so: "10^512 x 16". */
char *ec_format_cut_rank(char out[EC_CELL], const ec_cut *cut);

/** The cut layer by layer: "4 x r0 (16), r1 (8)". */
char *ec_format_cut(char out[EC_CELL], const ec_cut *cut);

/** "r4, or r0 with r1": every set that would raise the bound. */
char *ec_format_bottleneck(char out[EC_CELL], const ec_bottleneck *bottleneck);

/** The bound, or the shared one: as the cut's rank where they are equal. */
char *ec_format_bound(char out[EC_CELL], const ec_bound *bound);
char *ec_format_shared(char out[EC_CELL], const ec_bound *bound);

/** "2^512" for a power whose exponent is whole and large, else as ec_format_int. */
char *ec_format_power(char out[EC_CELL], const ec_int *rank, uint32_t base);

/** log2 x, and ln x; 0 for x < 1. */
double ec_log2_of(const ec_int *x);
double ec_nats_of(const ec_int *x);

/** Is the network held against another number than the proved bound? */
bool ec_is_claim(const ec_state *state, const ec_bound *bound);

/** What the entropies are of, and what does not change them: a line of plain text. */
const char *ec_basis_note(ec_basis basis);

/** The next cell: a measured number, small ones in powers of ten; "-" if it is absent or NULL. */
void ec_measured_cell(ec_table *table, const ec_measured *measured);

/**
 * Rows of the tables of bounds and of one partition's labels. `whole`: every link of the chain, not
 * only those that differ between labels.
 */
void ec_fill_bounds(ec_table *table, const ec_bounds_found *found);
void ec_fill_labels(ec_table *table, const ec_state *state, const ec_bound *bound, bool whole);

/** Least, mean and largest of what is known over the labels; NaN and n = 0 if nothing is. */
typedef struct ec_label_range {
    double least, mean, most;
    size_t n;
} ec_label_range;

ec_label_range ec_range_over_labels(const ec_measured *values, size_t n);

/** Rows of the table of a profile, and what it cannot say, a line of plain text each. */
void ec_fill_profile(ec_table *table, const ec_profile *profile);
void ec_put_profile_notes(ec_text *out, const ec_profile *profile);

/** Demand against capacity, a row per level. */
void ec_fill_fit(ec_table *table, const ec_fit *fit, const ec_fit_side *side);

/**
 * Tensors of a kind: all positions of a layer by its name in a weight file, or one tensor by its
 * own. `start` is the first one's number, as in ec_network. False past the last.
 */
typedef struct ec_tensor_group {
    char name[EC_CELL];
    size_t start, n;
} ec_tensor_group;

bool ec_next_group(ec_tensor_group *group, const ec_arch *arch, size_t i);

/** The sides of a group's tensors as letters, "AABB"; to be released, NULL after EC_ENOMEM. */
char *ec_sides_text(const ec_cut *cut, const ec_tensor_group *group, ec_error *err);

/** What the tables cannot say in a cell: lines of plain text, each ended by a line break. */
void ec_put_bound_notes(ec_text *out, const ec_bounds_found *found);
void ec_put_label_notes(ec_text *out, const ec_state *state);

/** An exact integer as a decimal string, null beyond 4,000 digits; the sets of layers. */
void ec_json_rank(ec_json *json, const char *key, const ec_int *rank);
void ec_json_bottleneck(ec_json *json, const char *key, const ec_bottleneck *bottleneck);

/** The documents of bound, verify and data fit as members of another. */
EC_NODISCARD ec_status ec_json_bounds(ec_json *json, const char *key, const ec_bounds_found *found,
                                      bool certificate, ec_error *err);
EC_NODISCARD ec_status ec_json_states(ec_json *json, const char *key, const ec_states_found *found,
                                      ec_error *err);
void ec_json_fit(ec_json *json, const char *key, const ec_fit_found *found);

/* ------------------------------------------------------------------ charts */

/** A line of a chart; what is not finite is left out. */
typedef struct ec_series {
    const char *title; /* may come from a user */
    const double *x;   /* NULL: 1, 2, ..., n */
    const double *y;
    size_t n;
} ec_series;

/** Up to 8 lines over common axes. Axis names and `label` are fixed texts, not a user's. */
typedef struct ec_chart {
    const char *id;    /* prefix of the ids in the SVG: letters and digits */
    const char *label; /* what it shows, for those who cannot see it */
    const char *x_name, *y_name;
    bool log_y;
    const ec_series *series;
    size_t n_series;
} ec_chart;

/** Append the chart's script for gnuplot. */
void ec_chart_script(ec_text *script, const ec_chart *chart);

/** Append what gnuplot draws as an SVG element, `id` and `label` as in ec_chart. Errors: EC_EIO
 * (gnuplot cannot be run, or failed), EC_ENOMEM */
EC_NODISCARD ec_status ec_plot_svg(ec_text *out, const ec_text *script, const char *id,
                                   const char *label, ec_error *err);

/** Append what all scripts of one's own begin with: size, fonts, border, key. */
void ec_plot_head(ec_text *script, int height);

/** Append the script of a profile's chart: S_2, S and bound against the place of the cut. */
EC_NODISCARD ec_status ec_plot_profile(ec_text *script, const ec_profile *profile,
                                       ec_profile_kind kind, ec_error *err);

/** Colours from dark to light in one direction. */
extern const char ec_plot_palette[];

/** Append the script of where the demand is; `largest` is the end of the colour scale. */
void ec_plot_fit(ec_text *script, const ec_fit *fit, const ec_fit_side *side, double largest);

/** Largest demand of any level. */
double ec_fit_extent(const ec_fit_side *side);

/** Append to a plot command: points of $data, its columns 1 and `column`, say their numbers where
 * the mouse rests. */
void ec_plot_hover(ec_text *script, const char *data, int column, const char *x_name,
                   const char *y_name);

/** Append a string to a script, in quotes in which nothing acts. */
void ec_plot_quote(ec_text *script, const char *text);

/** A choice of widths on the charts of one partition. */
typedef struct ec_widths_mark {
    const char *title;
    uint32_t *widths; /* of all levels, borrowed; NULL: not marked */
    uint64_t cost;
    double log2; /* of the bound */
} ec_widths_mark;

enum { EC_MARK_DESCRIBED, EC_MARK_BEST, EC_N_MARKS };

/** The best design within the budget into mark->widths, cost and log2; NULL widths if none is. */
void ec_mark_best(ec_widths_mark *mark, const ec_widths_found *found, size_t partition);

/** Append the script of one partition's chart: bounds over two widths, bounds against cost. */
void ec_plot_heat_map(ec_text *script, const ec_widths_found *found, size_t partition,
                      const ec_widths_mark marks[EC_N_MARKS]);
EC_NODISCARD ec_status ec_plot_pareto(ec_text *script, const ec_widths_found *found,
                                      size_t partition, const ec_widths_mark marks[EC_N_MARKS],
                                      ec_error *err);

/** A design of a Pareto front. */
typedef struct ec_front_point {
    uint64_t cost;
    double log2; /* of the bound */
    size_t row;
} ec_front_point;

/** The rows of a front from the cheapest up; *out to be released. */
EC_NODISCARD ec_status ec_front_points(ec_front_point **out, const ec_sweep_rows *front,
                                       ec_quantity cost, ec_error *err);

/** Smaller of min cut and shared bound in a row, as a logarithm. */
double ec_row_log2(const ec_sweep_rows *rows, size_t row, size_t partition);

/** Range of the bounds on a heat map; false if they are all equal. */
bool ec_slice_extent(double *low, double *high, const ec_widths_found *found, size_t partition);

/** What a cost counts: "parameters", "multiply-adds". */
const char *ec_cost_unit(ec_quantity cost);

/* -------------------------------------------------------------------- HTML */

/** Append a number as escaped HTML, "16^256" with a raised exponent. */
void ec_html_number(ec_text *out, const char *text);

#endif
