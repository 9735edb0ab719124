/* SPDX-License-Identifier: GPL-3.0-or-later */

/** The pass in double precision: for gradients that can be checked against differences. */

#define REAL          double
#define INT           int64_t
#define LANES         PASS_LANES_F64
#define MANTISSA_BITS 52
#define BIAS          1023
#define T(name)       name##_f64

#include "pass_t.h"

#include "layerwise_t.h"
