/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ENTCAP_TESTS_SAMPLE_H
#define ENTCAP_TESTS_SAMPLE_H

/** Findings for the tests of what is printed: real bounds of a description, made-up measurements.
 */

#include "check.h"

#include "entcap/report.h"

#define SAMPLE_MAX 8

/** Unshared, so that it has a power bound; min cut 4 across both defaults. */
#define SAMPLE_FOUR                                                                                \
    "name: four\n"                                                                                 \
    "input: {shape: [4], channels: 2}\n"                                                           \
    "layers:\n"                                                                                    \
    "  - conv: {channels: 4, shared: false}\n"                                                     \
    "  - pool: {window: 2}\n"                                                                      \
    "  - conv: {channels: 4, shared: false}\n"                                                     \
    "  - pool: {window: 2}\n"                                                                      \
    "  - dense: {outputs: 2}\n"

/** One bound of 2^14000, of more than 4,000 digits. */
#define SAMPLE_WIDE                                                                                \
    "name: wide\n"                                                                                 \
    "input: {shape: [14000], channels: 4}\n"                                                       \
    "layers:\n"                                                                                    \
    "  - conv: {channels: 4, shared: false}\n"                                                     \
    "  - pool: {window: 2}\n"                                                                      \
    "  - conv: {channels: 16, shared: false}\n"                                                    \
    "  - pool: {window: 7000}\n"                                                                   \
    "  - dense: {outputs: 1}\n"                                                                    \
    "partitions: [interleaved]\n"

/** A network: of two tensors, one site each. */
#define SAMPLE_PAIR                                                                                \
    "name: pair\n"                                                                                 \
    "network:\n"                                                                                   \
    "  indices: {a: 2, b: 2, w: 2}\n"                                                              \
    "  tensors: {T: [a, w], U: [b, w]}\n"                                                          \
    "  open: [a, b]\n"

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
