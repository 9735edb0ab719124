/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ENTCAP_BOUND_H
#define ENTCAP_BOUND_H

/**
 * bound: how large the matricization rank across a partition (A, B) of the sites can be.
 *
 * Three kinds of statement, never mixed:
 *  - upper bounds, proved for all weights: min cut, shared-weights bound;
 *  - lower bounds on the generic rank (all weights but a null set): power bound, proved; a rank
 *    found modulo a prime, proved, too;
 *  - the generic rank itself: proved where an upper and a lower bound meet, else probable with an
 *    error probability.
 * All numbers are exact integers; logarithms only choose.
 */

#include "entcap/network.h"

/** Cut indices of one layer. */
typedef struct ec_cut_layer {
    char name[64];
    uint32_t dim;
    uint64_t count;
} ec_cut_layer;

/** prod dim^count; distinct dimensions, ascending, none of them 1. */
typedef struct ec_factor {
    uint32_t dim;
    uint64_t count;
} ec_factor;

/** A cut of the network: a valid upper bound on the rank, minimal where `certified`. */
typedef struct ec_cut {
    ec_int rank; /* exact product of the cut dimensions */
    double log2; /* of rank */
    ec_factor *factors;
    size_t n_factors;
    ec_cut_layer *layers; /* in the network's layer order, dimension-1 layers left out */
    size_t n_layers;
    bool certified; /* proved minimal */
    bool *side_a;   /* n_tensors, numbered as in ec_network: on side A? NULL if not asked for */
    size_t n_tensors;
} ec_cut;

void ec_cut_clear(ec_cut *cut);

/**
 * Minimum cut by igraph's max flow, for every network.
 *
 *     rank [A; B]  <=  min over sides of the tensors of  prod {dim(e) : e has pins on both sides}
 *
 * A hyperedge is two nodes in -> out of capacity round(s log2 dim), with uncuttable arcs pin -> in
 * and out -> pin; a site pins its index to its terminal. s = 2^k, the largest that keeps the sum of
 * all capacities exact. The flow is checked, the cut is read from its residual graph, and the value
 * is multiplied exactly. `certified`: no smaller cut can hide behind the rounding, that is,
 *
 *     log2 V - (flow - E/2)/s < log2(V/(V-1)),   E = rounded indices that such a cut can hold,
 *
 * or no product of the dimensions lies between; other s are tried before giving up. Dimensions that
 * are powers of one integer are not rounded at all: then the cut is always certified.
 *
 * Cost:   push-relabel, up to O(V^2 sqrt(E)): quadratic on long trees with thin cuts (a tree of
 *         1,024 sites 5 to 20 ms, of 65,536 sites 0.3 s if its cut is fat and 20 s if thin, times 3
 *         if uncertified), near linear otherwise (2^20 sites 12 s). About 170 bytes an arc and
 *         100 a node, estimated first. A lock serialises calls (igraph is not thread-safe).
 * Owns:   *out, to be cleared, also after an error. side_a is always filled.
 * Errors: EC_EINVAL (a has another number of sites, or is empty or everything), EC_ELIMIT
 *         (memory, estimated), EC_ENOMEM, EC_ECANCEL (between two flows), EC_ENUMERIC (igraph
 *         failed, or returned what is no maximum flow)
 * Source: [LYCS18], [CFSSM]
 */
EC_NODISCARD ec_status ec_bound_min_cut_igraph(ec_cut *out, const ec_network *network,
                                               const ec_sites *a, const ec_run *run, ec_error *err);

/**
 * Refuse a ConvAC whose max flow would need more than run->memory_bytes, before it is lowered: by
 * the nodes and arcs that its network has for every partition. O(levels).
 * Errors: EC_ELIMIT
 */
EC_NODISCARD ec_status ec_bound_reserve_flow(const ec_arch *arch, const ec_run *run, ec_error *err);

/**
 * Minimum cut of a ConvAC (a tree) by dynamic programming, equal subtrees with equal side patterns
 * collapsed; always certified. For a vertex v above a window with index dimension r, children c:
 *
 *     f(leaf, s) = 1 if the leaf is on side s, else M   (a site itself: 1 or infinity)
 *     f(v, s)    = min( prod_c f(c, s),  r prod_c min_t f(c, t) );   result min_s f(root, s)
 *
 * Values are exponent vectors over the levels' dimensions, compared exactly, multiplied out at the
 * end.
 *
 * Cost:   O(sites) time and 8 bytes a site for hashing, O(distinct classes x levels) arithmetic;
 *         the network is not materialised. 2^24 sites: about 0.5 s and 110 MiB for a structured
 *         partition, 1.2 s for a random one; the worst case is estimated first.
 * Owns:   *out, to be cleared, also after an error. side_a is filled if want_sides.
 * Errors: EC_EINVAL (a network description; a bad side), EC_ELIMIT, EC_ENOMEM, EC_ECANCEL
 * Source: [LYCS18]
 */
EC_NODISCARD ec_status ec_bound_min_cut_tree(ec_cut *out, const ec_arch *arch, const ec_sites *a,
                                             bool want_sides, const ec_run *run, ec_error *err);

/** Which of several minimum cuts to take. */
typedef struct ec_ties {
    const bool *cut; /* n_levels: where cutting an index of level l and leaving it whole are equal,
                        it is cut; NULL: none is */
    bool side_b;     /* a matrix that is as well on either side goes to B, else to A */
} ec_ties;

/** ec_bound_min_cut_tree with sides, ties broken as said; every answer is a minimum cut. The values
 * of out->factors and layers do not change with it: they are one of the equal monomials. */
EC_NODISCARD ec_status ec_bound_min_cut_ties(ec_cut *out, const ec_arch *arch, const ec_sites *a,
                                             const ec_ties *ties, const ec_run *run, ec_error *err);

/**
 * Upper bound for shared weights, also for partly shared networks: in the first branch of the tree
 * recursion the q children of a window that lie wholly on the side opposite to s, are equal shared
 * subtrees, and span G dimensions each, count C(min(G, r) + q - 1, q) instead of the product.
 *
 *     G_0 = M,  G_{l+1} = min(r_l, C(G_l + P_l - 1, P_l))
 *
 * Never above the min cut. *applies is false (and *rank untouched) if no pooling window has all
 * layers below it shared; a leading pool has no layer below it, so it has.
 *
 * Cost:   as the tree recursion, with a symbol more for every q that occurs on a level.
 * Errors: as ec_bound_min_cut_tree
 */
EC_NODISCARD ec_status ec_bound_shared(bool *applies, ec_int *rank, const ec_arch *arch,
                                       const ec_sites *a, const ec_run *run, ec_error *err);

/**
 * Lower bound on the generic rank for independent tensors, best over the integers p >= 2:
 *
 *     rank [A; B]  >=  p^flow(p),   flow(p) = min over cuts of  sum floor(log_p dim(e))
 *
 * *base is the smallest p that attains the best bound. *applies is false (and *rank, *base
 * untouched) if some conv is shared: the bound is false there; or if there is an affine part, whose
 * constant channel fixes a row of the matrices.
 *
 * Cost:   at most 20 bases per distinct dimension; O(sites) for each of a ConvAC's, a max flow for
 *         each of a network's that the cuts found so far do not rule out.
 * Errors: EC_EINVAL (a bad side), EC_ELIMIT, EC_ENOMEM, EC_ECANCEL, EC_ENUMERIC (igraph failed)
 * Source: [LYCS18], [CFSSM]
 */
EC_NODISCARD ec_status ec_bound_power(bool *applies, ec_int *rank, uint32_t *base,
                                      const ec_arch *arch, const ec_sites *a, const ec_run *run,
                                      ec_error *err);

/* ------------------------------------------------------ ranks modulo a prime */

/** A random prime between 2^62 and 2^63. Errors: EC_EIO (FLINT cannot be loaded) */
EC_NODISCARD ec_status ec_bound_random_prime(uint64_t *prime, ec_rng *rng, ec_error *err);

/** A packed row-major matrix over Z/p, borrowed: entries < prime, prime a prime < 2^63. */
typedef struct ec_mod_matrix {
    const uint64_t *data;
    size_t rows, cols;
    uint64_t prime;
} ec_mod_matrix;

/**
 * Rank of a matrix over Z/p, by elimination: FLINT for narrow panels, products of exact integers in
 * double precision (BLAS) for the rest.
 *
 * Cost:   rows cols min(rows, cols) / 3 multiply-adds at most, 0.5 ns each on one core (2048 x 2048
 *         in 2 s, 4096 x 4096 in 11 s), and a copy of the matrix. Progress in run.
 * Errors: EC_ELIMIT beyond run->memory_bytes; EC_ENOMEM; EC_ECANCEL; EC_EIO (a library is missing)
 */
EC_NODISCARD ec_status ec_bound_rank_mod_p(uint64_t *rank, ec_mod_matrix matrix, const ec_run *run,
                                           ec_error *err);

/** Weights of a ConvAC over Z/p, borrowed; shaped as in ec_weights (model.h): level l is [out, in]
 * if shared, else [positions, out, in], row-major, entries < prime. */
typedef struct ec_mod_weights {
    uint64_t prime;
    const uint64_t *const *matrix; /* n_levels */
} ec_mod_weights;

/** Random product inputs across a partition. All borrowed. */
typedef struct ec_sampling {
    const ec_arch *arch;
    const ec_sites *a;
    size_t inputs;     /* on each side, >= 1 */
    uint32_t n_labels; /* outputs to look at: the first 1 .. arch->outputs */
} ec_sampling;

/**
 * min(inputs, rank of the matricization modulo p) for each output y < n_labels, by random product
 * vectors: never more; less with probability at most rank (sites + 1) / p (Schwartz-Zippel). The
 * cheaper of two ways, by the estimates below, is taken:
 *
 *  - through the min cut of W columns: M_y = X Z^T, where X and Z are Kronecker products of the
 *    matrices of the pieces that the cut leaves on each side. Each piece is evaluated at as many
 *    product vectors as it has columns and eliminated. If all pieces of one side have full column
 *    rank, the rank is the product of the other side's ranks; else what is left of X and of Z is
 *    multiplied. Correct for every cut, so that the minimum only matters for the cost;
 *  - direct: F_y[s, t] = h_y(x_s, z_t) for `inputs` vectors on each side, built along the tree: a
 *    subtree wholly on one side carries inputs x r numbers, a mixed one inputs^2 x r.
 *
 * Owns:    rank: n_labels entries. The same for any number of run->threads.
 * Errors:  EC_EINVAL (a network description, a bad side), EC_ELIMIT beyond run->memory_bytes,
 *          EC_ENOMEM, EC_ECANCEL, EC_EIO (a library is missing)
 */
EC_NODISCARD ec_status ec_bound_sampled_ranks(uint64_t *rank, const ec_sampling *sampling,
                                              const ec_mod_weights *weights, ec_rng *rng,
                                              const ec_run *run, ec_error *err);

/** What ec_bound_sampled_ranks takes. */
typedef struct ec_sampled_cost {
    double bytes;
    double seconds; /* on one core of a 2.6 GHz AMD EPYC (Zen 4), whose rates were measured */
} ec_sampled_cost;

/** Estimate of that call, by the same walks without numbers. O(sites). Errors: as above. */
EC_NODISCARD ec_status ec_bound_sampled_cost(ec_sampled_cost *out, const ec_sampling *sampling,
                                             const ec_run *run, ec_error *err);

/**
 * EC_OK if `cost` is within max_seconds and run->memory_bytes, else a reported EC_ELIMIT: "`what`:
 * needs about 40 s and 2.1 GiB, the memory limit is 1 GiB".
 */
EC_NODISCARD ec_status ec_bound_check_cost(const ec_sampled_cost *cost, const char *what,
                                           double max_seconds, const ec_run *run, ec_error *err);

typedef enum ec_rank_status { EC_RANK_NONE, EC_RANK_PROVED, EC_RANK_PROBABLE } ec_rank_status;

/** What is known of the generic rank. */
typedef struct ec_generic_rank {
    ec_rank_status status; /* EC_RANK_NONE: not computed, `why` says why */
    uint64_t rank;         /* a proved lower bound; the rank itself as `status` says */
    double error;          /* probability that the generic rank is larger; 0 if proved */
    uint64_t prime;        /* of the trial that found it */
    unsigned trials;       /* how many there were */
    char why[256];
} ec_generic_rank;

/** What generic rank to look for. */
typedef struct ec_rank_request {
    const ec_int *upper; /* a proved upper bound of it */
    uint64_t limit;      /* largest `upper` for which it is tried */
    unsigned trials;     /* 0 counts as 1 */
    double max_seconds;  /* most that it may take, estimated, of a ConvAC; 0: any time */
} ec_rank_request;

/**
 * Generic rank: the rank for all weights but a null set, of the family that the description names
 * (shared weights stay shared). It is the rank for random weights modulo a random 63-bit prime:
 * ConvACs go through ec_bound_sampled_ranks, with upper + 1 inputs so that a rank above it would be
 * seen; network descriptions are contracted at upper + 1 random product inputs on each side, index
 * after index in a greedy order. No full tensor is formed.
 *
 * A rank equal to `upper` is proved, a smaller one R probable: the generic rank is larger with
 * probability at most (Schwartz-Zippel, and primes that divide a minor)
 *
 *     error = ((R + 1) (V + N + log2(R + 1) + log2 T) / 2^62) ^ trials,
 *
 * V tensors, N sites, T the product of all dimensions. Trials have primes, weights and vectors of
 * their own; the largest rank counts, and one that is proved ends them. Out of reach (upper above
 * the limit, or memory) is an answer, not a failure: status EC_RANK_NONE and `why`, which has the
 * estimate of time and memory.
 *
 * Cost:   ConvACs: ec_bound_sampled_cost. Networks: (upper + 1)^2 evaluations of the part that both
 *         sides share, upper + 1 of the rest. Progress in run.
 * Errors: EC_EINVAL (a bad side), EC_ENUMERIC (the rank exceeds `upper`, which is no bound then),
 *         EC_ENOMEM, EC_ECANCEL, EC_EIO (a library is missing)
 */
EC_NODISCARD ec_status ec_bound_generic_rank(ec_generic_rank *out, const ec_arch *arch,
                                             const ec_sites *a, const ec_rank_request *request,
                                             const ec_run *run, ec_error *err);

/**
 * Sets of layers, each a minimal set whose joint widening raises the bound (by how much they are
 * widened does not matter). No set: no widening helps.
 */
typedef struct ec_bottleneck {
    char (*name)[64];  /* all names, set after set */
    size_t *set_start; /* n_sets + 1 */
    size_t n_sets;
    bool complete; /* false: there may be more sets than the 64 listed at most, or the min cut is
                      not certified and says nothing */
} ec_bottleneck;

void ec_bottleneck_clear(ec_bottleneck *bottleneck);

/** What ec_bound_compute is to do; EC_BOUND_OPTIONS_INIT gives the defaults. */
typedef struct ec_bound_options {
    enum { EC_METHOD_AUTO, EC_METHOD_IGRAPH, EC_METHOD_TREE } method;
    bool exact;                /* generic rank, too */
    uint64_t exact_limit;      /* largest bound for which it is tried */
    double exact_seconds;      /* most that it may take, estimated, of a ConvAC; 0: any time */
    unsigned trials;           /* of it; 0 counts as 1 */
    bool sides;                /* keep the side of every tensor */
    const ec_network *network; /* the architecture's, to be used again; NULL: lowered when needed */
} ec_bound_options;

#define EC_BOUND_OPTIONS_INIT                                                                      \
    {                                                                                              \
        .method = EC_METHOD_AUTO, .exact_limit = 2048, .exact_seconds = 60, .trials = 1            \
    }

/** Everything that `entcap bound` says of one partition. */
typedef struct ec_bound {
    ec_cut min_cut;
    bool has_shared, has_power, has_generic;
    ec_int shared_rank;
    ec_int power_rank;
    uint32_t power_base;
    ec_generic_rank generic;
    bool from_shared;   /* the bound is the shared one (strictly smaller), else the min cut */
    const ec_int *rank; /* the bound: borrowed, one of the two above */
    ec_bottleneck bottleneck;
} ec_bound;

/**
 * All bounds of one partition. Method auto: the tree recursion where the network is a tree, else
 * igraph. The bottlenecks are those of the bound: of the shared bound where it applies (it is never
 * above the min cut, for any widths), else of the min cut.
 *
 * Owns:   *out, to be cleared, also after an error. out->rank points into *out: do not copy *out.
 * Errors: EC_EINVAL (a bad side; method tree for a network), those of the single bounds
 */
EC_NODISCARD ec_status ec_bound_compute(ec_bound *out, const ec_arch *arch, const ec_sites *a,
                                        const ec_bound_options *options, const ec_run *run,
                                        ec_error *err);

void ec_bound_clear(ec_bound *bound);

/* ---------------------------------------------------------------- quotient */

/*
 * The tree of a ConvAC with equal subtrees collapsed. Two matrices of one level are of one class
 * if the windows below them hold the same numbers of each class of children; the sides of the
 * sites are the classes below level 0. Nothing else about a subtree matters to a bound: the order
 * of children does not, and dimensions are the same all over a level. A structured partition
 * leaves O(levels) classes, whatever the number of sites, so that bounds for many widths are
 * found by walking the classes (design.h).
 */

#define EC_NO_CLASS UINT32_MAX

/** Classes of level 0, always all three: every site of the window on A, every site on B, both. */
enum { EC_CLASS_A, EC_CLASS_B, EC_CLASS_MIXED, EC_N_CLASSES_0 };

/** Classes 0 .. n_classes-1 of one level. */
typedef struct ec_quotient_level {
    size_t n_classes;
    size_t *start;         /* n_classes + 1: the children of class c are entries start[c] .. */
    uint32_t *child;       /*   start[c+1]-1: a class of the level below, ascending,        */
    uint32_t *count;       /*   and how many of it; all three NULL at level 0               */
    uint32_t pure[2];      /* class of the subtrees wholly on side A, B, or EC_NO_CLASS */
    uint32_t *of_position; /* class of each matrix, row-major; NULL unless asked for */
} ec_quotient_level;

typedef struct ec_quotient {
    ec_quotient_level *level;
    size_t n_levels;
} ec_quotient;

/**
 * Collapse the tree of `arch` (levels form) for side A.
 *
 * Cost:   O(sites) time, expected; 8 bytes a site, plus the classes, of which a random partition
 *         can have one for every position of a middle level. The worst case is estimated first.
 * Owns:   *out, to be cleared, also after an error.
 * Errors: EC_ELIMIT (memory), EC_ENOMEM, EC_ECANCEL
 */
EC_NODISCARD ec_status ec_quotient_init(ec_quotient *out, const ec_arch *arch, const ec_sites *a,
                                        bool keep_positions, const ec_run *run, ec_error *err);

void ec_quotient_clear(ec_quotient *quotient);

/** Is there a pooling window with all layers below it shared, so that the shared bound applies? */
bool ec_bound_has_sharing(const ec_arch *arch);

#endif
