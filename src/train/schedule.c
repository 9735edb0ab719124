/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "train_i.h"

/* It falls linearly, to 0 after the last step. */
double schedule_rate(const ec_train_options *options, size_t step, size_t n_steps)
{
    return options->rate * (1 - (double)step / (double)n_steps);
}
