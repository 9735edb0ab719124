/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "train_i.h"

#include <math.h>

#define PI 3.14159265358979323846

double schedule_rate(const ec_train_options *options, size_t step, size_t n_steps)
{
    double done = (double)step / (double)n_steps;

    switch (options->schedule) {
    case EC_SCHEDULE_COSINE:
        return options->rate * (1 + cos(PI * done)) / 2;
    case EC_SCHEDULE_CONSTANT:
        return options->rate;
    default:
        return options->rate * (1 - done);
    }
}
