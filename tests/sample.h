/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ENTCAP_TESTS_SAMPLE_H
#define ENTCAP_TESTS_SAMPLE_H

/** Findings for the tests of what is printed: real bounds of a description, made-up measurements.
 */

#include "check.h"

#include "entcap/report.h"

#define SAMPLE_MAX 8

typedef struct sample {
    ec_arch *arch;
    ec_partitions partitions;
    ec_bound bounds[SAMPLE_MAX]; /* with the generic rank */
    ec_state states[SAMPLE_MAX]; /* two labels; of the second nothing but a rank is known */
    ec_bounds_found found;
    ec_states_found measured;
} sample;

/** Fill *out from the text of a description; fails the test if anything fails. */
void sample_init(sample *out, const char *yaml);
void sample_clear(sample *s);

/** Give the description, or one of its partitions, another name, however unfit. */
void sample_rename(char **name, const char *to);

#endif
