/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ENTCAP_TESTS_ORACLE_H
#define ENTCAP_TESTS_ORACLE_H

/**
 * oracle: slow and obvious answers to the questions that src/bound answers fast. Shares no code
 * with src/network and src/bound: it reads the numbers of a checked description and goes its own
 * way, by enumeration. For small networks only, unless stated otherwise. A size that an oracle
 * cannot take fails the test.
 */

#include "entcap/arch.h"

/** The hypergraph of a description. Numbers of tensors and indices: layers form, level after level
 * from the sites up, positions row-major; network form, as listed. */
typedef struct oracle_net {
    size_t n_tensors, n_indices, n_sites, n_layers;
    uint64_t *dim;          /* n_indices */
    size_t *layer;          /* n_indices */
    char (*layer_name)[64]; /* n_layers */
    size_t *leg_start;      /* n_tensors + 1 */
    size_t *leg;   /* the indices of tensor v: leg[leg_start[v]] .. leg[leg_start[v+1]-1] */
    size_t *array; /* n_tensors: tensors of one number carry the same weights */
    size_t n_arrays;
    size_t *site_index; /* n_sites: the index that a site opens */
} oracle_net;

void oracle_net_make(oracle_net *net, const ec_arch *arch);
void oracle_net_clear(oracle_net *net);

/* -------------------------------------------------------------------- cuts */

/** What enumerating all 2^n_tensors side assignments tells. */
typedef struct oracle_cut {
    uint64_t rank;  /* smallest product of cut dimensions */
    size_t n_cuts;  /* minimal cuts that differ in an index of dimension > 1; 2 stands for more */
    uint64_t joins; /* cut copy indices (3 pins or more) of the first minimal cut */
} oracle_cut;

/** Minimum cut by brute force; at most 20 tensors, 64 indices, product of dimensions < 2^63. */
oracle_cut oracle_min_cut(const oracle_net *net, const ec_sites *a);

/**
 * Check a certificate, for networks of any size: given the side of every tensor, which indices are
 * cut, and what is the product of their dimensions? Fills *rank and counts[dim layer pairs].
 * count: n_layers numbers of cut indices of dimension > 1.
 */
void oracle_cut_value(ec_int *rank, uint64_t *count, const oracle_net *net, const ec_sites *a,
                      const bool *side_a);

/** Does widening a set of layers (bit l: layer l) far beyond all others raise the minimum cut? */
bool oracle_widening_helps(const oracle_net *net, const ec_sites *a, uint64_t layers);

/** The same for the shared-weights bound, where it applies. */
bool oracle_widening_helps_shared(const ec_arch *arch, const ec_sites *a, uint64_t layers);

/** All minimal sets of layers whose joint widening raises the best upper bound, as bit sets,
 * ascending; at most `max` of them. Returns their number. */
size_t oracle_bottleneck(uint64_t *sets, size_t max, const ec_arch *arch, const ec_sites *a);

/** max over p >= 2 of p^(minimum cut of floor(log_p dim)); *base is the smallest best p. */
uint64_t oracle_power_bound(uint32_t *base, const oracle_net *net, const ec_sites *a);

/** Shared-weights bound, by plain recursion over the levels; false if it does not apply. */
bool oracle_shared_bound(uint64_t *rank, const ec_arch *arch, const ec_sites *a);

/* ------------------------------------------------------------------- ranks */

/**
 * Rank of the matricization of the whole tensor for random weights modulo 2^61 - 1, by plain
 * Gaussian elimination. Layers form: every entry is a forward pass on standard basis vectors;
 * network form: every entry is summed over all values of all inner indices.
 */
size_t oracle_rank(const ec_arch *arch, const ec_sites *a, uint64_t seed);

/** The same by summation over all inner indices for both forms: checks the forward pass. */
size_t oracle_rank_by_summation(const ec_arch *arch, const ec_sites *a, uint64_t seed);

/** Rank modulo 2^61 - 1 of an m x n row-major matrix, which is destroyed. */
size_t oracle_matrix_rank(uint64_t *x, size_t m, size_t n);

/* ---------------------------------------------------------- random networks */

/** A kind of random small network. */
typedef enum oracle_stratum {
    ORACLE_BINARY,     /* P = 2, unshared */
    ORACLE_TERNARY,    /* P = 3 */
    ORACLE_QUATERNARY, /* P = 4 */
    ORACLE_MIXED,      /* windows that differ from level to level */
    ORACLE_GRID,       /* 2-D */
    ORACLE_LEADING,    /* a pool before the first conv */
    ORACLE_ADJACENT,   /* convs side by side */
    ORACLE_HYPERGRAPH, /* network form with hyperedges */
    ORACLE_BRIDGE,     /* network form, two tensors and a few bonds */
    ORACLE_N_STRATA
} oracle_stratum;

typedef enum oracle_sharing { ORACLE_UNSHARED, ORACLE_SHARED, ORACLE_PARTLY } oracle_sharing;

extern const char *const oracle_stratum_name[ORACLE_N_STRATA];

/** A random description and a partition of its sites. */
typedef struct oracle_case {
    uint64_t seed;   /* makes this case again */
    char text[4096]; /* the description as read by ec_arch_parse */
    ec_arch *arch;
    ec_sites a;
} oracle_case;

/** A random case of a stratum; `sharing` is for the layers form. */
void oracle_case_make(oracle_case *c, oracle_stratum stratum, oracle_sharing sharing,
                      uint64_t seed);
void oracle_case_clear(oracle_case *c);

/** Show a case that fails. */
void oracle_case_print(const oracle_case *c);

/** A case from literals: the description, and one letter A or B a site. */
void oracle_case_parse(oracle_case *c, const char *text, const char *sides);

#endif
