/* SPDX-License-Identifier: GPL-3.0-or-later */

/** The pass in single precision: what training runs. */

#include <float.h>

#define REAL             float
#define T(name)          name##_f32
#define LARGEST_EXPONENT (FLT_MAX_EXP - 1)
#define GEMM             ec_linalg_gemm_f32
#define MAT              ec_matf_of
#define CMAT             ec_cmatf_of
#define CMAT_T           ec_cmatf_t

#include "pass_t.h"
