/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Additional permission under section 7 (linking with Graphviz): see LICENSE. */
#ifndef ENTCAP_DRAW_FORMAT_I_H
#define ENTCAP_DRAW_FORMAT_I_H

/** The words of the text format, in the order of what they stand for; each list ends with NULL. */

#include "draw/draw_i.h"

static const char draw_magic[] = "entcap-drawing 1";
static const char *const draw_form_words[] = {"tree", "free", NULL};
static const char *const draw_shape_words[] = {"rows", "ring", "planes", "layers", NULL};
static const char *const draw_fold_words[] = {"no", "yes", NULL};
static const char *const draw_cut_words[] = {"-", "cut", NULL};
static const char *const draw_kind_words[] = {"site", "tensor", "copy", NULL};
static const char *const draw_side_words[] = {"-", "A", "B", NULL};

#endif
