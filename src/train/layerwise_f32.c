/* SPDX-License-Identifier: GPL-3.0-or-later */

/** Batches in single precision: what training runs. */

#define REAL    float
#define T(name) name##_f32
#define GEMM    ec_linalg_gemm_f32
#define MAT     ec_matf
#define CMAT    ec_cmatf

#include "layerwise_t.h"
