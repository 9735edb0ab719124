/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "train_i.h"

#include "core/flow.h"

#include <math.h>

#define BETA_1  0.9
#define BETA_2  0.999
#define EPSILON 1e-8

ec_status optimizer_init(optimizer *out, ec_optimizer kind, size_t n, ec_error *err)
{
    ec_status status = EC_OK;

    *out = (optimizer){.kind = kind, .n = n};
    if (kind == EC_ADAM) {
        EC_NEW(out->mean, n);
        EC_NEW(out->square, n);
    }
done:
    if (status != EC_OK)
        optimizer_clear(out);
    return status;
}

void optimizer_clear(optimizer *o)
{
    ec_free(o->mean);
    ec_free(o->square);
    *o = (optimizer){.n = 0};
}

/* m = b1 m + (1-b1) g,  s = b2 s + (1-b2) g^2,  w -= rate m' / (sqrt(s') + eps), ' bias corrected
 */
static void adam_step(optimizer *o, float *parameters, const float *gradient, double factor,
                      double rate)
{
    double unbias_mean = 1 / (1 - pow(BETA_1, (double)o->step));
    double unbias_square = 1 / (1 - pow(BETA_2, (double)o->step));

    for (size_t i = 0; i < o->n; i++) {
        double g = factor * (double)gradient[i];
        double mean = BETA_1 * (double)o->mean[i] + (1 - BETA_1) * g;
        double square = BETA_2 * (double)o->square[i] + (1 - BETA_2) * g * g;
        double step = rate * unbias_mean * mean / (sqrt(unbias_square * square) + EPSILON);
        o->mean[i] = (float)mean;
        o->square[i] = (float)square;
        parameters[i] = (float)((double)parameters[i] - step);
    }
}

size_t optimizer_step(optimizer *o, float *parameters, const float *gradient, double factor,
                      double rate)
{
    for (size_t i = 0; i < o->n; i++)
        if (!isfinite(gradient[i]))
            return i;
    o->step++;
    for (size_t i = 0; i < o->n && o->decay > 0; i++)
        parameters[i] = (float)((1 - rate * o->decay) * (double)parameters[i]);
    if (o->kind == EC_ADAM)
        adam_step(o, parameters, gradient, factor, rate);
    else
        for (size_t i = 0; i < o->n; i++)
            parameters[i] = (float)((double)parameters[i] - rate * factor * (double)gradient[i]);
    return o->n;
}
