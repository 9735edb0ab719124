/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ENTCAP_EXPLAIN_H
#define ENTCAP_EXPLAIN_H

/**
 * The tables that parse, printed: as text for --help, as manual pages for man, and as the tables
 * that the completion of bash reads. Nothing here knows a verb or an option by name, so whatever
 * the tables hold is explained in all three forms.
 */

#include "tool.h"

/** All three are of one form: see tool_explain_fn. They print to stdout. */
void explain_text(const tool *t, const tool_usage *usage, const tool_option *rows, size_t n_own,
                  size_t n);
void explain_man(const tool *t, const tool_usage *usage, const tool_option *rows, size_t n_own,
                 size_t n);
void explain_bash(const tool *t, const tool_usage *usage, const tool_option *rows, size_t n_own,
                  size_t n);

/** entcap(1), the page of all verbs, from the tables of the verb `help`; as explain_man. */
void explain_man_overview(const tool *t, const tool_usage *usage, const tool_option *rows,
                          size_t n_own, size_t n);

/** What a description may hold: `entcap help layers`, and the page entcap-layers(5). */
void explain_layers_text(void);
void explain_layers_man(void);

/** What the completion knows without a verb: their names, built-in partitions. */
void explain_bash_names(void);

/** What an option's variable holds before parsing, or "" for nothing worth saying. */
void explain_default(char *out, size_t size, const tool_option *option);

/** " (default X)" for a parameter of a layer; "" without one. */
void explain_fallback(char *out, size_t size, const ec_layer_param *param);

#endif
