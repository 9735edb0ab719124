/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ENTCAP_TESTS_DESCRIBE_H
#define ENTCAP_TESTS_DESCRIBE_H

/** Descriptions of large regular ConvACs, which would be tedious as literals. */

#include "entcap/arch.h"

/** n times a convolution and a window of P sites: P^n sites in a row, or P = h h and a grid. */
typedef struct describe_uniform {
    bool grid;             /* 2-D: windows of `side` x `side` */
    uint32_t side;         /* 1-D: P; 2-D: h */
    size_t n;              /* levels of pooling */
    uint32_t sites;        /* channels M */
    const uint32_t *width; /* n: r0, r1, ... */
    bool shared;
} describe_uniform;

/** Read by ec_arch_parse; free it. */
ec_arch *describe_uniform_arch(const describe_uniform *u);

/**
 * A network of n x n tensors, each with a site and a bond to its four neighbours: dimensions 2 ..
 * `site` and 1 .. `bond` at random, or exactly these without rng. Free it.
 */
ec_arch *describe_lattice(size_t n, uint32_t site, uint32_t bond, ec_rng *rng);

/** Side A by ec_arch_partition, e.g. "left-right", "scale:2". Clear it. */
ec_sites describe_sides(const ec_arch *arch, const char *fmt, ...) EC_PRINTF(2, 3);

/**
 * Random windows (1 to 6 children, 1-D or 2-D, leading pools and ordinary bonds included) up to
 * max_sites sites, widths from a palette with many ties, sharing per level. By convac_make: to be
 * cleared by convac_clear.
 */
void describe_random(ec_arch *out, size_t max_sites, ec_rng *rng);

/** A random side A in runs of random length, so that whole subtrees lie on one side. Clear it. */
ec_sites describe_random_sides(size_t n_sites, ec_rng *rng);

#endif
