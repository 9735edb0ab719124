/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ENTCAP_REPORT_H
#define ENTCAP_REPORT_H

/**
 * report: what was found, for scripts (JSON) and for people (text tables, one HTML page). Nothing
 * is computed here; every number says whether it is proved, probable or measured.
 *
 * All functions append to a text or a JSON document with a sticky status; check it once at the end
 * (ec_text_check, ec_json_finish). Names are escaped for where they go: no name can act in HTML,
 * SVG or on a terminal.
 */

#include "entcap/check.h"
#include "entcap/data.h"
#include "entcap/design.h"
#include "entcap/fit.h"
#include "entcap/io.h"
#include "entcap/state.h"

/* ---------------------------------------------------------------- findings */

/** Bounds of one description. All borrowed. */
typedef struct ec_bounds_found {
    const ec_arch *arch;
    const ec_partitions *partitions;
    const ec_bound *bounds; /* one per partition */
} ec_bounds_found;

/** Measurements of one network with weights, across the same partitions. All borrowed. */
typedef struct ec_states_found {
    const ec_arch *arch;
    const ec_partitions *partitions;
    const ec_state *states;    /* one per partition */
    const ec_bound *bounds;    /* one per partition: what is proved, whatever was claimed */
    const ec_profile *profile; /* or NULL */
} ec_states_found;

/** The answer to a question of design. All borrowed. */
typedef struct ec_design_found {
    const ec_arch *arch;
    const ec_design_input *question;
    const ec_design_answer *answer;
    const ec_bound *bounds; /* at the best widths, one per goal; NULL where there are none */
} ec_design_found;

/**
 * Bounds over ranges of widths, for the charts of a page. All borrowed.
 *
 * The heat maps show `slice`: the axes run through their ranges, the other widths are the
 * description's. Rows are in the order of ec_sweep_run.
 */
typedef struct ec_widths_found {
    const ec_arch *arch;
    const ec_partitions *partitions; /* those that have charts: the first ones of the page */
    const ec_bound *bounds;          /* of the description, one per partition */
    const ec_ranges *ranges;
    size_t axis[2];        /* levels, ascending, of more than one value */
    ec_quantity cost;      /* parameters or multiply-adds */
    uint64_t budget;       /* of the best design; UINT64_MAX: none is marked */
    const ec_sweep *sweep; /* for the widths of rows of `all` and `fronts` */
    const ec_sweep_rows *slice, *all;
    const ec_sweep_rows *fronts; /* one per partition, with its bounds alone: the Pareto front */
} ec_widths_found;

/** Does every label keep the bound across every partition, and every cut of the profile? */
bool ec_report_holds(const ec_states_found *found);

/** Was anything of this partition measured that could have broken the bound? */
bool ec_report_measured(const ec_state *state);

/* ------------------------------------------------------------------ design */

/** The document of `entcap design`: widths, what they cost and carry, what limits them, runner-up.
 */
void ec_report_design_json(ec_json *json, const ec_design_found *found);

/** The same for people. Errors: EC_ENOMEM */
EC_NODISCARD ec_status ec_report_design_text(ec_text *out, const ec_design_found *found, bool color,
                                             ec_error *err);

/* -------------------------------------------------------------------- data */

/** Entropies of data. All borrowed. */
typedef struct ec_entropies_found {
    const ec_samples *samples;
    const ec_blocks *blocks;
    const ec_entropy_options *options;
    const ec_entropies *entropies;
} ec_entropies_found;

/** The document of `entcap data entropy`, and the same for people. */
void ec_report_entropies_json(ec_json *json, const ec_entropies_found *found);
void ec_report_entropies_text(ec_text *out, const ec_entropies_found *found, bool color);

/** Data against an architecture. All borrowed. */
typedef struct ec_fit_found {
    const ec_arch *arch;
    const ec_fit *fit;
    double theta;
} ec_fit_found;

/** The document of `entcap data fit`, and the same for people. */
void ec_report_fit_json(ec_json *json, const ec_fit_found *found);
void ec_report_fit_text(ec_text *out, const ec_fit_found *found, bool color);

/* -------------------------------------------------------------------- JSON */

/** The document of `entcap bound`; `certificate`: with the side of every tensor (needs side_a). */
EC_NODISCARD ec_status ec_report_bounds_json(ec_json *json, const ec_bounds_found *found,
                                             bool certificate, ec_error *err);

/** An entanglement profile as a member of a document. */
void ec_report_profile_json(ec_json *json, const char *key, const ec_profile *profile);

/** The document of `entcap verify`. */
EC_NODISCARD ec_status ec_report_states_json(ec_json *json, const ec_states_found *found,
                                             ec_error *err);

/* ------------------------------------------------------------------ tables */

/**
 * A table under construction, to be printed as aligned text or as HTML. Columns in which every cell
 * is empty or "-" are left out. Zero-initialised, then ec_table_init; clear it with ec_table_clear.
 */
typedef struct ec_table {
    const char *columns; /* private: "<partition|>sites in A|..." */
    size_t n_columns;    /* private */
    size_t n_cells;      /* private */
    ec_text cells;       /* private: cells, each ended by '\0' */
} ec_table;

/** `columns` (borrowed): headings separated by '|', each after '<' (left) or '>' (right). */
void ec_table_init(ec_table *table, const char *columns);
void ec_table_clear(ec_table *table);

/** The next cell, row by row; control characters become '?'. */
void ec_table_cell(ec_table *table, const char *fmt, ...) EC_PRINTF(2, 3);

/** What kind of statement the last cell is: "proved", "probable", "measured", "failed", ... */
void ec_table_label(ec_table *table, const char *label);

/** The next cell: a share of 1 as a percentage, with a bar in HTML. */
void ec_table_share(ec_table *table, double share);

/** Append the table as text; `color`: headings and labels marked for a terminal. */
void ec_table_text(ec_text *out, const ec_table *table, bool color);

/** Append the table as HTML, with a caption (escaped; "" for none). */
void ec_table_html(ec_text *out, const ec_table *table, const char *caption);

/* -------------------------------------------------------------------- text */

/** The tables of `entcap bound` and `entcap verify`. */
EC_NODISCARD ec_status ec_report_bounds_text(ec_text *out, const ec_bounds_found *found,
                                             bool certificate, bool color, ec_error *err);
EC_NODISCARD ec_status ec_report_states_text(ec_text *out, const ec_states_found *found, bool color,
                                             ec_error *err);

/** A profile as a table for people, and as CSV, a line for every cut and label. */
EC_NODISCARD ec_status ec_report_profile_text(ec_text *out, const ec_profile *profile, bool color,
                                              ec_error *err);
EC_NODISCARD ec_status ec_report_profile_csv(ec_text *out, const ec_profile *profile,
                                             ec_error *err);

/* ------------------------------------------------------------------- pages */

/** A file that the report rests on. */
typedef struct ec_report_source {
    const char *role; /* "description", "weights", "log" */
    const char *path;
    char sha256[65]; /* in hexadecimal */
} ec_report_source;

/** A picture of the network. */
typedef struct ec_report_diagram {
    const char *svg;     /* a document whose ids occur nowhere else on the page */
    const char *caption; /* plain text */
    bool wide;           /* takes the width of the page, not half of it */
} ec_report_diagram;

/** Everything a page may show. All borrowed; what is NULL or empty is left out. */
typedef struct ec_report_page {
    ec_bounds_found bounds;
    const ec_states_found *states;
    const ec_bound *required; /* bounds for the requirements' partitions, one each */
    const ec_check *check;    /* findings on the description */
    bool widths_unjudged;     /* too many partitions: it has none on widths */
    const ec_report_diagram *diagrams;
    size_t n_diagrams;
    const ec_widths_found *widths; /* heat maps and Pareto plots */
    const ec_fit_found *fit;       /* what data ask for */
    const ec_formula *formulas;    /* two per partition, min cut and shared; no terms: none */
    const char *log;               /* text of a training log, JSON lines */
    size_t log_size;
    const char *log_file; /* its name, for messages */
    const ec_report_source *sources;
    size_t n_sources;
    const char *libraries; /* that it was made with, and their versions */
    const char *command;   /* as typed */
    uint64_t seed;
    bool charts; /* draw charts with gnuplot */
} ec_report_page;

/**
 * Append one self-contained HTML page: no scripts, no requests, a Content-Security-Policy that
 * forbids both; readable without colour, on narrow screens and in print. Values of charts are
 * shown where the mouse rests and stand in tables.
 *
 * Errors: EC_EPARSE (the log), EC_EIO (gnuplot failed), EC_ENOMEM
 */
EC_NODISCARD ec_status ec_report_html(ec_text *out, const ec_report_page *page, ec_error *err);

/** The same without pictures, as Markdown for pull requests (GitHub's). Errors: as above */
EC_NODISCARD ec_status ec_report_markdown(ec_text *out, const ec_report_page *page, ec_error *err);

/**
 * The same for machines: one document, made of those of bound, verify and data fit; what a page
 * would leave out is absent. Errors: EC_EPARSE (the log), EC_ENOMEM
 */
EC_NODISCARD ec_status ec_report_json(ec_json *json, const ec_report_page *page, ec_error *err);

#endif
