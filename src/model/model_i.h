/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ENTCAP_MODEL_I_H
#define ENTCAP_MODEL_I_H

/** What the files of src/model share. */

#include "entcap/model.h"

/** Allocate weights->affine: zero weights, norms that change nothing. */
EC_NODISCARD ec_status ec_affine_init(ec_weights *weights, const ec_arch *arch, ec_error *err);

void ec_affine_clear(ec_weights *weights);

/** Draw all affine parts and set the matrices that follow from them. */
void ec_affine_random(ec_weights *weights, const ec_arch *arch, ec_rng *rng);

/** n independent normal entries. */
void ec_normal_entries(double *out, size_t n, double mean, double deviation, ec_rng *rng);

#endif
