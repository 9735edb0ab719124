/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ENTCAP_STATE_H
#define ENTCAP_STATE_H

/**
 * state: the entanglement that a network with weights really has, held against a bound.
 *
 * For a label y and a partition (A, B) the tensor A^y is a matrix M of shape M^|A| x M^|B|. With
 * its singular values s_i and p_i = s_i^2 / sum s^2:
 *
 *     S_2 = -ln sum p^2   <=   S = -sum p ln p   <=   ln rank M   <=   ln bound        (nats)
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

/** Inner product of the site features in which spectrum and entropies are taken. */
typedef enum ec_basis {
    EC_BASIS_SITES,   /* features orthonormal: the tensor itself */
    EC_BASIS_FEATURES /* Gram matrix of the feature map over [0, 1]: the function's entanglement */
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
    EC_N_ROUTES
} ec_route;

/** "qr" or "streamed". */
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
 * Rank by arithmetic modulo a prime, of random product inputs on both sides
 * (ec_bound_sampled_ranks); never above the true rank, below it with probability < 2^-30. If not
 * known, `rank` is still a proved lower bound (0: nothing was measured).
 */
typedef struct ec_exact_rank {
    bool known;
    uint64_t rank;
    uint64_t inputs; /* product inputs on each side that it was measured with */
    uint64_t prime;
    char why[256]; /* if not known */
} ec_exact_rank;

/** The independent witness: rank of h_y(x_s, z_t) from ordinary forward passes. */
typedef struct ec_forward_check {
    bool known;
    uint64_t inputs; /* product inputs on each side */
    uint64_t rank;   /* <= min(inputs, rank of the tensor) */
    char why[256];   /* if not known */
} ec_forward_check;

/** What was measured for one label. */
typedef struct ec_label_state {
    uint32_t label;
    ec_exact_rank rank;
    ec_spectrum spectrum;
    ec_measured von_neumann; /* nats; from the spectrum */
    ec_measured renyi2;      /* nats; from four copies of the network where that is absent */
    ec_forward_check forward;
    bool holds;
    char violation[256]; /* the broken link, if not `holds` */
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
    const ec_sites *a;   /* side A: neither empty nor everything */
    const ec_int *bound; /* the claim to hold the network against, >= 0; need not be right */
} ec_state_input;

/** What to measure it with; EC_STATE_OPTIONS_INIT gives the defaults. */
typedef struct ec_state_options {
    ec_basis basis;
    bool spectrum, rank, forward; /* parts to compute; a part left out says so in its `why` */
    uint64_t spectrum_limit;      /* largest cut for which a spectrum is computed */
    uint64_t rank_limit;          /* most product inputs a side for the exact rank */
    double max_flops;         /* most floating-point operations for the spectra of a partition */
    double max_multiply_adds; /* most modular ones for the rank, and for the forward check */
} ec_state_options;

#define EC_STATE_OPTIONS_INIT                                                                      \
    {                                                                                              \
        .basis = EC_BASIS_SITES, .spectrum = true, .rank = true, .forward = true,                  \
        .spectrum_limit = 1024, .rank_limit = 2048, .max_flops = 2e11, .max_multiply_adds = 2e10   \
    }

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
 * Cost:   spectrum: see ec_state_spectra. Renyi-2 without one: 8 r^5 flops and r^4 numbers for
 *         every subtree of width r with both sides below it, once where shared weights make
 *         them equal. Rank: S^2 in out modular multiply-adds for each of those and S^2 r words,
 *         S = min(bound + 1, M^|A|, M^|B|), more where the claim is broken. Forward check:
 *         min(bound + 8, 512)^2 forward passes. Each is estimated first and left out with its
 *         `why`.
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

/**
 * Spectra of all labels, through the minimum cut and never through the full tensor: M = X Z^T with
 * W columns, X and Z reduced to triangles by QR on the way, s = svd(R_X R_Z^T). Labels share
 * everything that does not contain the top row. `in->bound` is not used (NULL is fine).
 *
 * Shapes:  out: arch->outputs entries, zeroed or filled before (filled ones are cleared first).
 * Exact:   |ds| <~ eps sum_c |x_c| |z_c|; small singular values carry that absolute error.
 * Cost:    O(sites) for the cut, then QRs of (C r)^2 columns x rows, C <= W, r the uncut width at
 *          hand; predicted by the same walk without numbers, and left out with `why` beyond
 *          options->spectrum_limit, run->memory_bytes or options->max_flops.
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

#endif
