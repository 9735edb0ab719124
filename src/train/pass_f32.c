/* SPDX-License-Identifier: GPL-3.0-or-later */

/** Passes and batches in single precision: what training runs. */

#define REAL          float
#define INT           int32_t
#define LANES         PASS_LANES_F32
#define MANTISSA_BITS 23
#define BIAS          127
#define T(name)       name##_f32

#include "pass_t.h"

#include "layerwise_t.h"
