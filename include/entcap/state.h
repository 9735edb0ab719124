/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ENTCAP_STATE_H
#define ENTCAP_STATE_H

/**
 * state: the entanglement that a network with weights really has, held against a bound.
 *
 * For a label y and a partition (A, B) the tensor A^y is a matrix M of shape M^|A| x M^|B|. With
 * its singular values s_i and p_i = s_i^2 / sum s^2:
 *
 *     S_2 = -ln sum p^2  <=  S = -sum p ln p  <=  ln rank M  <=  ln generic rank  <=  ln bound
 *
 * in nats; the generic rank is that of the architecture, for all weights but a null set.
 *
 * Two kinds of number, never mixed. Exact: the rank of the stored weights, and the rank of the
 * matrix of outputs of an ordinary forward pass; both by arithmetic modulo a random 63-bit prime,
 * both never too large, so that one of them above the bound refutes it. Floating point: spectrum,
 * entropies, numerical rank; these refute only by breaking the chain above by more than
 * EC_STATE_TOLERANCE, and never prove anything.
 *
 * What is out of reach is an answer, not a failure: the number is absent and `why` says why.
 */

#include "entcap/bound.h"
#include "entcap/model.h"

/** Allowed violation of a link of the chain beyond the estimated floating-point errors, in nats. */
#define EC_STATE_TOLERANCE 1e-9

/**
 * Inner product of the site features in which spectrum and entropies are taken. Those of the tensor
 * itself depend on how the function is written: features scaled by D and W_0 by D^-1 leave every
 * output as it is and change them. Those with a Gram matrix of the features are the function's own.
 */
typedef enum ec_basis {
    EC_BASIS_SITES,    /* features orthonormal: the tensor itself */
    EC_BASIS_FEATURES, /* Gram matrix of the feature map over [0, 1]: the function's entanglement */
    EC_BASIS_DATA,     /* that over the pixels of a data set */
} ec_basis;

/** A number that may be absent. */
typedef struct ec_measured {
    bool known;
    double value;
    double error;  /* estimate of its floating-point error */
    char why[256]; /* if not known */
} ec_measured;

/** How the two sides of a cut were brought to triangles; the first that fits the limits is taken.
 */
typedef enum ec_route {
    EC_ROUTE_QR,       /* products of messages written out, then QR */
    EC_ROUTE_STREAMED, /* a product and its QR at once, block by block: never written out */
    EC_ROUTE_GRAM,     /* Gram matrices of all messages in double-double, pivoted Cholesky */
    EC_N_ROUTES
} ec_route;

/** "qr", "streamed" or "gram-dd". */
const char *ec_route_name(ec_route route);

/**
 * Singular values of one label's matrix.
 *
 * Numerical rank: how many s_i exceed threshold = max(W eps s_1, e sum_c |x_c| |z_c|), the error of
 * M = X Z^T with W columns, on the scale of `value`; e is eps, grown by whatever cancelled on the
 * way to X and Z. It depends on that threshold, so the gap beside it says how much: s_rank /
 * s_(rank+1), infinite where nothing (or zero) follows. A threshold beyond 1e-7 leaves the spectrum
 * unknown.
 */
typedef struct ec_spectrum {
    bool known;
    double *value;   /* n values, largest first, squares sum to 1 */
    size_t n;        /* at most the cut W; what follows is exactly zero */
    double log_norm; /* ln of the Frobenius norm of M */
    size_t numeric_rank;
    double threshold, gap;
    ec_route route;
    char why[256]; /* if not known */
} ec_spectrum;

/**
 * Rank R by arithmetic modulo a prime, at random product vectors (ec_bound_sampled_ranks); never
 * above the true rank, below it with probability at most (Schwartz-Zippel, and primes that divide a
 * minor of the integers that the weights are multiples of)
 *
 *     error = ((R + 1) (N + log2(R + 1) + log2 T + b) / 2^62) ^ trials,
 *
 * N sites, T the product of all dimensions, b the bits of one weight from every matrix. If not
 * known, `rank` is still a proved lower bound (0: nothing was measured).
 */
typedef struct ec_exact_rank {
    bool known;
    uint64_t rank;
    uint64_t inputs; /* product inputs on each side that would show a rank up to that number */
    uint64_t prime;
    unsigned trials; /* with fresh primes and vectors; the largest rank counts */
    double error;    /* probability that the rank is larger; 0 if no larger one is possible */
    char why[256];   /* if not known */
} ec_exact_rank;

/** The independent witness: rank of h_y(x_s, z_t) from ordinary forward passes. */
typedef struct ec_forward_check {
    bool known;
    uint64_t inputs; /* product inputs on each side */
    uint64_t rank;   /* <= min(inputs, rank of the tensor) */
    char why[256];   /* if not known */
} ec_forward_check;

/** Two numbers in the wrong order: lower should have been at most upper. */
typedef struct ec_broken_link {
    const char *lower, *upper;     /* "renyi2", "von_neumann", "rank", "forward_check", ... */
    double lower_nats, upper_nats; /* logarithms of what are ranks */
} ec_broken_link;

/** What was measured for one label. */
typedef struct ec_label_state {
    uint32_t label;
    ec_exact_rank rank;
    ec_spectrum spectrum;
    ec_measured von_neumann; /* nats; from the spectrum */
    ec_measured renyi2;      /* nats; from four copies of the network where that is absent */
    ec_forward_check forward;
    bool holds;
    ec_broken_link broken; /* if not `holds`: the first link found broken, */
    char violation[256];   /* and that in words */
} ec_label_state;

/** What was measured across one partition. */
typedef struct ec_state {
    ec_int bound; /* as given */
    ec_basis basis;
    ec_label_state *labels; /* one per output y */
    size_t n_labels;
    bool holds; /* for every label */
} ec_state;

/** What to measure. All borrowed. */
typedef struct ec_state_input {
    const ec_arch *arch;
    const ec_weights *weights;
    const ec_sites *a;      /* side A: neither empty nor everything */
    const ec_int *bound;    /* the claim to hold the network against, >= 0; need not be right */
    const ec_bound *proved; /* what is proved of the architecture, or NULL: a computed generic rank
                               becomes a link of the chain */
} ec_state_input;

/** What to measure it with; EC_STATE_OPTIONS_INIT gives the defaults. */
typedef struct ec_state_options {
    ec_basis basis;
    const double *gram;           /* M x M, borrowed; EC_BASIS_DATA only */
    bool spectrum, rank, forward; /* parts to compute; a part left out says so in its `why` */
    uint64_t spectrum_limit;      /* largest cut for which a spectrum is computed */
    uint64_t rank_limit;          /* largest bound for which the exact rank is tried */
    unsigned trials;              /* of the exact rank; 0 counts as 1 */
    double max_flops;   /* most floating-point operations for the spectra of a partition */
    double max_seconds; /* most, as estimated, for a partition's ranks, and for its forward check */
} ec_state_options;

#define EC_STATE_OPTIONS_INIT                                                                      \
    {                                                                                              \
        .basis = EC_BASIS_SITES, .spectrum = true, .rank = true, .forward = true,                  \
        .spectrum_limit = 1024, .rank_limit = 2048, .trials = 1, .max_flops = 2e11,                \
        .max_seconds = 120                                                                         \
    }

/** Work for cuts up to n, 70 n^3 operations, at least 2e11; and the n that a refusal names. */
double ec_spectrum_flops(uint64_t n);
double ec_spectrum_limit_of(double flops);

/**
 * Measure every label across one partition and hold it against `in->bound`.
 *
 * The rank and the forward check are of the tensor in either basis: a change of basis is a
 * matrix on every site, so the rank of the function is at most that of the tensor, and the chain
 * holds with the latter. Zero tensors have rank 0, no spectrum, and keep every bound.
 *
 * Broken (holds = false) by: rank > bound; forward rank > bound; S_2 > S + tol; S > ln rank + tol;
 * S (or S_2) > ln bound + tol; tol = EC_STATE_TOLERANCE and the errors of the entropies.
 *
 * Cost:   spectrum: see ec_state_spectra. Renyi-2 without one: see ec_state_entropies. Rank:
 *         ec_bound_sampled_ranks with S = min(bound + 1, M^|A|, M^|B|) inputs,
 *         more where the claim is broken. Forward check: min(bound + 8, 512)^2 forward passes, of
 *         which what sees one side only is computed once for every input of that side. Each is
 *         estimated first and left out with its `why`.
 * Owns:   *out, to be cleared, also after an error. Deterministic for run->seed.
 * Errors: EC_EINVAL   a network description; side A empty, everything, or of another size; weights
 *                     of another shape; basis features without a feature map
 *         EC_ENUMERIC a weight is not finite, or an SVD did not converge
 *         EC_ENOMEM, EC_ECANCEL
 */
EC_NODISCARD ec_status ec_state_verify(ec_state *out, const ec_state_input *in,
                                       const ec_state_options *options, const ec_run *run,
                                       ec_error *err);

void ec_state_clear(ec_state *state);

/* ------------------------------------------------------------------- basis */

/**
 * Gram matrix of the feature map, m x m row-major, m = ec_weights_site_length (with the constant
 * channel, if there is one): G_de = int_0^1 f_d(x) f_e(x) dx. x is the map's own argument, so that
 * a scale of the pixels does not change the inner product ([AC21]: cosines and sines stay
 * orthogonal). affine-relu: Gauss-Legendre with two nodes on the pieces between the bends of the
 * two features, which integrates the piecewise quadratic product without error but rounding; the
 * smooth maps: as many nodes as leave no error but rounding.
 *
 * Errors: EC_EINVAL (no feature map), EC_ELIMIT (a frequency above 1000), EC_EIO (no BLAS),
 * EC_ENOMEM
 */
EC_NODISCARD ec_status ec_state_gram_on_interval(double *gram, const ec_weights *weights,
                                                 ec_error *err);

/**
 * The same over data: the mean of f_d(x) f_e(x) over the values x at all sites of all samples, as
 * the network reads them (padding and scale count).
 *
 * Cost:   2 M^2 flops a site and sample.
 * Errors: EC_EINVAL (no feature map, no samples), EC_EIO (no BLAS), EC_ENOMEM, EC_ECANCEL
 */
EC_NODISCARD ec_status ec_state_gram_over_data(double *gram, const ec_weights *weights,
                                               const ec_dataset *data, const ec_run *run,
                                               ec_error *err);

/* ------------------------------------------------------------------- chain */

/** What kind of statement a number is. */
typedef enum ec_statement {
    EC_STATEMENT_MEASURED, /* floating point, with an estimate of its error */
    EC_STATEMENT_PROBABLE, /* exact, but too small with a stated probability */
    EC_STATEMENT_PROVED,
    EC_STATEMENT_CLAIMED /* an assumption, to be refuted */
} ec_statement;

const char *ec_statement_text(ec_statement statement); /* "measured", "probable", ... */

/** The numbers of the chain, each at most the next. */
enum {
    EC_CHAIN_RENYI2,      /* S_2 */
    EC_CHAIN_VON_NEUMANN, /* S */
    EC_CHAIN_RANK,        /* ln rank of the stored weights */
    EC_CHAIN_GENERIC,     /* ln generic rank of the architecture */
    EC_CHAIN_BOUND,       /* ln bound, or ln claim */
    EC_N_CHAIN
};

/**
 * One number of the chain. The generic rank is the largest rank of the family of weights that the
 * description names (shared weights stay shared), so it bounds every member, special ones too.
 */
typedef struct ec_chain_term {
    bool known;
    ec_statement statement;
    double nats;
    double error; /* measured: of `nats`; probable: probability that the rank is larger; else 0 */
    const char *name; /* "renyi2", "von_neumann", "rank", "generic_rank", "bound" */
    const char *why;  /* if not known; borrowed from the arguments */
} ec_chain_term;

/** The chain of one label. A rank that meets the proved bound is proved. */
void ec_state_chain(ec_chain_term chain[EC_N_CHAIN], const ec_label_state *label,
                    const ec_int *bound, const ec_bound *proved);

/**
 * Hold all numbers of a label against each other, exact ones first, and set holds, broken and
 * violation. Every pair counts, so that an absent number in between hides nothing. Exact numbers
 * are compared as integers, others with EC_STATE_TOLERANCE and their errors.
 */
void ec_state_judge(ec_label_state *label, const ec_int *bound, const ec_bound *proved);

/* --------------------------------------------------------------- entropies */

/** Entropies of one label, in nats. */
typedef struct ec_label_entropies {
    ec_measured von_neumann, renyi2;
} ec_label_entropies;

/**
 * Entropies of all labels without a spectrum, across any partition and however large the cut. S_2
 * by four copies of the network; where the topmost window alone is cut (left-right, for one) both
 * by Gram matrices.
 * `in->bound` is not used (NULL is fine).
 *
 * Shapes:  out: arch->outputs entries.
 * Exact:   the error is estimated; a label whose tensor is much smaller than its parts loses digits
 *          in each of four copies, and is absent when none are left.
 * Cost:    r^4 / 2 numbers for a subtree of width r with both sides below it, and 4 r^5 flops (2
 *          r^5 where none of its children has), once where shared weights make them equal; r^3 for
 *          others. Predicted, and left out with `why` beyond run->memory_bytes or
 *          options->max_flops. On run->threads threads, which change no bit of the result.
 * Errors:  as ec_state_verify
 */
EC_NODISCARD ec_status ec_state_entropies(ec_label_entropies *out, const ec_state_input *in,
                                          const ec_state_options *options, const ec_run *run,
                                          ec_error *err);

/* ---------------------------------------------------------------- spectra */

/**
 * Spectra of all labels, through the minimum cut and never through the full tensor: M = X Z^T with
 * W columns, X and Z reduced to triangles by QR on the way, s = svd(R_X R_Z^T). Labels share
 * everything that does not contain the top row. `in->bound` is not used (NULL is fine).
 *
 * Shapes:  out: arch->outputs entries, zeroed or filled before (filled ones are cleared first).
 * Exact:   |ds| <~ eps sum_c |x_c| |z_c|; small singular values carry that absolute error.
 *          EC_ROUTE_GRAM finds small ones of graded networks, too, down to 1e-24 s_1 where each
 *          side has half of that range.
 * Cost:    O(sites) for the cut, then by ec_route, with C <= W values of the labels at hand and r
 *          of the uncut index there:
 *          - qr: 2 C^3 r^4 flops and 8 C^2 r^3 bytes for a product of messages at worst
 *          - streamed: 1/3 to 2 times C^3 r^4 flops and 32 C^2 r^2 bytes
 *          - gram-dd: 80 C^2 r^3 flops and 48 C^2 r^2 bytes, then 4 W^3 flops a side
 *          and 5 W^3 flops for every label. Predicted by the same walk without numbers, for every
 *          route and for the minimum cuts that breaking ties gives, before anything is allocated.
 *          Beyond options->spectrum_limit, run->memory_bytes or options->max_flops the spectrum is
 *          left out, and `why` says what it would take.
 * Owns:    every out[y], to be cleared by ec_spectrum_clear, also after an error.
 * Errors:  as ec_state_verify
 */
EC_NODISCARD ec_status ec_state_spectra(ec_spectrum *out, const ec_state_input *in,
                                        const ec_state_options *options, const ec_run *run,
                                        ec_error *err);

void ec_spectrum_clear(ec_spectrum *spectrum);

/** S = -sum p ln p, p_i = s_i^2, in nats, with its error to first order in the threshold. */
ec_measured ec_spectrum_von_neumann(const ec_spectrum *spectrum);

/** S_2 = -ln sum p^2 in nats, likewise. */
ec_measured ec_spectrum_renyi2(const ec_spectrum *spectrum);

/* ---------------------------------------------------------------- profile */

/** What is cut off: the first sites of a scan, or one subtree. */
typedef enum ec_profile_kind {
    EC_PROFILE_SITES,   /* 1-D: the first k sites against the rest */
    EC_PROFILE_COLUMNS, /* 2-D: the first k columns */
    EC_PROFILE_ROWS,    /* 2-D: the first k rows */
    EC_PROFILE_BLOCK    /* block:LEVEL:INDEX */
} ec_profile_kind;

/** One cut of the profile, measured for every label. */
typedef struct ec_profile_point {
    ec_profile_kind kind;
    size_t level;    /* of a block; else 0 */
    size_t position; /* k, or the INDEX of a block */
    size_t equal;    /* blocks of the level that have the same entropies, this one among them */
    size_t same_as;  /* the point that was measured for it: itself, or one that is equal to it */
    size_t size_a;   /* sites in A */
    ec_int bound;    /* proved: the smaller of min cut and shared bound */
    ec_measured *von_neumann, *renyi2; /* n_labels each; one block of memory */
    char violation[300];               /* the first label that breaks its chain; empty: none does */
} ec_profile_point;

#define EC_PROFILE_NAME 64

/** "block:1:0", "first 5 columns". Returns out. */
const char *ec_profile_name(char out[EC_PROFILE_NAME], const ec_profile_point *point);

/** Entanglement against the place of the cut. */
typedef struct ec_profile {
    ec_basis basis;
    uint32_t n_labels;
    ec_profile_point *points; /* blocks level by level, then scans, each in ascending order */
    size_t n;
    bool holds; /* S_2 <= S <= ln bound everywhere */
} ec_profile;

typedef struct ec_profile_options {
    ec_state_options state; /* basis and limits; only entropies are measured */
    size_t points;          /* most cuts of a scan, and most blocks of a level; at least 1 */
} ec_profile_options;

/**
 * S_2, and S where the spectrum is within the limits, of the blocks of all levels and of a scan of
 * cut positions (1-D: first k sites; 2-D: first k columns, first k rows).
 *
 * Positions: all if they are no more than options->points, else every d-th with the least d.
 * Blocks:    exchanging two subtrees of one window whose matrices are all shared leaves every A^y
 *            as it is, so blocks that such exchanges take to each other have the same entropies:
 *            one of them is measured, `equal` says for how many. Of a fully shared network that is
 *            one block a level. Two blocks that are all of the sites are one partition.
 * Mirrors:   such exchanges also turn a fully shared network around, so that the last k columns
 *            equal the first k, and those the first n - k, the rest of the last; with square
 * windows they transpose it, so that rows equal columns. Equal cuts are measured once.
 *
 * Parallel:  cuts over run->threads, each with its part of run->memory_bytes; the numbers do not
 *            depend on the threads. BLAS should have one thread (ec_linalg_threads).
 * Progress:  cuts done of all.
 * Owns:      *out, to be cleared, also after an error.
 * Errors:    as ec_state_verify, and EC_ELIMIT (the numbers of all cuts and labels, or the bound of
 * a cut, beyond run->memory_bytes)
 */
EC_NODISCARD ec_status ec_state_profile(ec_profile *out, const ec_arch *arch,
                                        const ec_weights *weights,
                                        const ec_profile_options *options, const ec_run *run,
                                        ec_error *err);

void ec_profile_clear(ec_profile *profile);

#endif
