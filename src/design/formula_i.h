/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ENTCAP_DESIGN_FORMULA_I_H
#define ENTCAP_DESIGN_FORMULA_I_H

/** Formulas in logarithms, for choosing; shared inside the module. */

#include "entcap/design.h"

/** log2 C(g + q - 1, q), relative error below 1e-12; g, q >= 1. */
double ec_log2_symmetric(uint32_t g, uint64_t q);

/** G of the next level: min(dim, C(below + window - 1, window)). */
uint32_t ec_grow_span(uint32_t below, size_t window, uint32_t dim);

/** log2 of a formula at widths[n_levels]; choose by it, do not report it. */
double ec_formula_log2(const ec_formula *formula, const uint32_t *widths);

#endif
