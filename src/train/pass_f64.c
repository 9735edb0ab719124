/* SPDX-License-Identifier: GPL-3.0-or-later */

/** The pass in double precision: for gradients that can be checked against differences. */

#include <float.h>

#define REAL             double
#define T(name)          name##_f64
#define LARGEST_EXPONENT (DBL_MAX_EXP - 1)
#define GEMM             ec_linalg_gemm
#define MAT              ec_mat_of
#define CMAT             ec_cmat_of
#define CMAT_T           ec_cmat_t

#include "pass_t.h"
