/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ENTCAP_DRAWING_H
#define ENTCAP_DRAWING_H

/** Pictures for verbs: the drawing of a partition, and its rendering by the program entcap-draw. */

#include "entcap.h"

/**
 * The drawing of an architecture with the min cut of one partition; `partition` may be NULL: no
 * sides, no cut. `id` prefixes the ids of SVG elements, so that one page can hold several.
 * Owns: *out, to be freed by ec_drawing_free. Errors: those of ec_bound_* and ec_drawing_from_arch
 */
EC_NODISCARD ec_status drawing_make(ec_drawing **out, const ec_arch *arch,
                                    const ec_partition *partition, const char *id,
                                    ec_draw_fold fold, const ec_run *run, ec_error *err);

/** The same for options that say more; those of the cut are filled in. */
EC_NODISCARD ec_status drawing_make_as(ec_drawing **out, const ec_arch *arch,
                                       ec_draw_options options, const ec_run *run, ec_error *err);

/**
 * Append the picture to *out. `format`: dot, svg, pdf, png, or svg-inline: to stand in an HTML
 * page. entcap-draw is looked for beside this program, then in PATH. Owns: *out, to be cleared,
 * also after an error. Errors: EC_EIO, EC_ENOMEM
 */
EC_NODISCARD ec_status drawing_render(ec_text *out, const ec_drawing *drawing, const char *format,
                                      ec_error *err);

/** Is there an entcap-draw to render with? */
bool drawing_available(void);

#endif
