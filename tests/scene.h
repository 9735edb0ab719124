/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ENTCAP_TESTS_SCENE_H
#define ENTCAP_TESTS_SCENE_H

/** What the tests of sweeps share: a network, partitions of it and ranges of its widths. */

#include "check.h"

#include "entcap/design.h"

enum { SCENE_PARTITIONS = 3 };

typedef struct scene {
    ec_arch arch;
    char names[SCENE_PARTITIONS][4];
    ec_partition items[SCENE_PARTITIONS];
    ec_partitions partitions;
    ec_ranges ranges;
    ec_sweep_input in;
} scene;

/** One more partition, p0, p1, ...; the scene owns `a` then. */
void scene_add(scene *s, ec_sites a);

/** Once the network is made: its own widths as ranges, and a sweep over them. */
void scene_begin(scene *s);

/** The values of one level; or first .. first + n - 1. */
void scene_set(scene *s, size_t level, const uint32_t *values, size_t n);
void scene_set_run(scene *s, size_t level, uint32_t first, size_t n);

/** Random network, one to three random partitions, up to three levels with two to four widths. */
void scene_random(scene *s, ec_rng *rng);

/** P = 2 three times, widths 2 .. 98, 1 .. 89 and three more: seven units, cut anywhere. */
void scene_large(scene *s);

void scene_clear(scene *s);

/** All rows of the sweep; the second one fails the test if anything fails. */
ec_status scene_try(ec_sweep_rows *rows, const ec_sweep_input *in, unsigned threads, ec_error *err);
void scene_sweep(ec_sweep_rows *rows, const scene *s);

/** Give the network itself the widths of a configuration: top level fastest. */
void scene_apply(scene *s, uint64_t index);

/** The exact bounds of partition k as the network stands; *shared is 0 if none applies. */
void scene_bounds(ec_int *cut, ec_int *shared, const scene *s, size_t k);

/** The smaller of the two. */
void scene_bound(ec_int *bound, const scene *s, size_t k);

#endif
