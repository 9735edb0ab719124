/* SPDX-License-Identifier: GPL-3.0-or-later */

/** Batches in double precision: what gradients are checked in. */

#define REAL    double
#define T(name) name##_f64
#define GEMM    ec_linalg_gemm
#define MAT     ec_mat
#define CMAT    ec_cmat

#include "layerwise_t.h"
