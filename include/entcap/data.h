/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ENTCAP_DATA_H
#define ENTCAP_DATA_H

/**
 * data: labelled samples, brought to the sites of an architecture; how entangled they are, and
 * which order of their features lowers that.
 *
 * A source is named by a SPEC:
 *   fashion-mnist    the Debian package dataset-fashion-mnist
 *   mnist            the same four files in EC_DATA_MNIST
 *   idx:IMAGES,LABELS[,TEST_IMAGES,TEST_LABELS]     idx files, gzip or not
 *   npy:X.npy,Y.npy                                 X: (samples, sites) or (samples, height, width)
 * File names hold no comma. Samples are uint8 (read as 0 .. 1 in steps of 1/255), bool, or floats
 * in [0, 1]; labels are integers below the number of outputs.
 */

#include "entcap/arch.h"
#include "entcap/io.h"

#define EC_DATA_FASHION_MNIST "/usr/share/datasets/fashion-mnist"
#define EC_DATA_MNIST         "/usr/share/datasets/mnist"

typedef enum ec_data_part { EC_DATA_TRAIN, EC_DATA_TEST } ec_data_part;

/** What to read. */
typedef struct ec_data_source {
    const char *spec;
    ec_data_part part;
    size_t limit; /* the first `limit` samples only; 0: all */
} ec_data_source;

/** Samples as stored, and how they are to be fitted to the sites. */
typedef struct ec_dataset {
    size_t n;        /* samples */
    uint32_t *label; /* n, each < outputs of the architecture */
    ec_array pixels; /* at least n x image[0] x image[1] */
    double scale;    /* a pixel is scale times the stored number */
    size_t image[2]; /* height (1 in 1-D), width */
    size_t grid[2];  /* of the sites */
    ec_image_fit fit;
} ec_dataset;

/** EC_OK if a SPEC is well-formed, whether or not its files are there. Errors: EC_EINVAL */
EC_NODISCARD ec_status ec_data_check_spec(const char *spec, ec_error *err);

/**
 * Read one part of a source for an architecture. A source without a test part gives n = 0 for it.
 *
 * Owns:   *out, to be cleared, also after an error.
 * Errors: EC_EINVAL (the SPEC; a network description), EC_EIO, EC_EPARSE (a bad file; numbers of
 *         images and labels differ; a size that does not fit the description; a value or label out
 *         of range; no samples), EC_ELIMIT, EC_ENOMEM
 */
EC_NODISCARD ec_status ec_data_read(ec_dataset *out, const ec_data_source *source,
                                    const ec_arch *arch, const ec_run *run, ec_error *err);
void ec_dataset_clear(ec_dataset *data);

/**
 * The sites' values of sample i, grid[0] x grid[1] numbers in [0, 1]: the image itself, or
 *   EC_FIT_PAD     centred among zeros (rounded to the top left);
 *   EC_FIT_RESIZE  every site the mean of the image over the site's share of its area.
 * `room` is for image[0] image[1] numbers of work. Cost: O(image + grid) for EC_FIT_PAD.
 */
void ec_data_sites(double *out, const ec_dataset *data, size_t i, double *room);

/* ----------------------------------------------------------------- samples */

/** Labelled samples on a grid of features, for what follows. */
typedef struct ec_samples {
    size_t n;        /* samples */
    size_t grid[2];  /* height (1 in 1-D), width; features are numbered row-major */
    ec_array values; /* n x grid[0] x grid[1], as stored */
    double *scale;   /* feature f of a sample is scale[f] times the stored number plus offset[f] */
    double *offset;
    uint32_t *label; /* n, or NULL if labels were not asked for */
    uint32_t labels; /* 1 + the largest */
} ec_samples;

/** Where samples come from. All borrowed. */
typedef struct ec_samples_source {
    const char *x;      /* npy, idx (gzip or not), or CSV by its name *.csv or *.csv.gz */
    const char *y;      /* labels, in any of these; NULL: a column of the CSV file x */
    const char *column; /* its name, or number from 0; NULL: the last */
    int n_dims;      /* 2: a sample is [height, width], or N = s^2 numbers; 1: a row of numbers */
    bool unlabelled; /* no labels are wanted; a CSV file has only features */
    bool minmax;     /* bring each feature to [0, 1] by its own extremes; a constant one to 0 */
    size_t limit;    /* the first `limit` samples only; 0: all */
} ec_samples_source;

/** Is a file CSV, by its name *.csv or *.csv.gz, so that one of its columns can be the labels? */
bool ec_data_is_table(const char *path);

/**
 * Read samples. uint8 counts as 0 .. 1 in steps of 1/255; other features must lie in [0, 1] unless
 * `minmax` brings them there. Labels are integers from 0 to 2^20 - 1.
 *
 * Owns:   *out, to be cleared, also after an error.
 * Errors: EC_EIO, EC_EPARSE (a bad file; shapes; NaN or a feature outside [0, 1]; a label that is
 *         no such integer; numbers of samples and labels differ), EC_EINVAL (no such column),
 *         EC_ELIMIT, EC_ENOMEM
 */
EC_NODISCARD ec_status ec_samples_read(ec_samples *out, const ec_samples_source *source,
                                       const ec_run *run, ec_error *err);

/** The samples of a data set as they come to the sites. Errors: EC_ELIMIT, EC_ENOMEM */
EC_NODISCARD ec_status ec_samples_from_dataset(ec_samples *out, const ec_dataset *data,
                                               const ec_run *run, ec_error *err);
void ec_samples_clear(ec_samples *samples);

/** The features of sample i, grid[0] grid[1] numbers. */
void ec_samples_row(double *out, const ec_samples *samples, size_t i);

/* ------------------------------------------------------------------ blocks */

enum { EC_BLOCKS_MAX_LEVELS = 24 };

/**
 * The canonical partitions: every block of a level is cut into split[l][0] x split[l][1] blocks of
 * the next, as evenly as can be (part i of p of a side of length m begins at floor(i m / p)).
 * Level 0 is everything. Blocks of a level are numbered parent after parent, row-major within one:
 * in 2 x 2 that is Z-order.
 */
typedef struct ec_blocks {
    size_t grid[2];
    size_t n_levels; /* below level 0 */
    size_t split[EC_BLOCKS_MAX_LEVELS][2];
} ec_blocks;

/** A rectangle of features. */
typedef struct ec_block {
    size_t row, column, height, width;
} ec_block;

/** How many times a grid can be cut into halves (n_dims 1) or quadrants (2), none of them empty. */
size_t ec_blocks_depth(const size_t grid[2], int n_dims);

/**
 * Halves (n_dims 1) or quadrants (2) of a grid, n_levels deep.
 * Errors: EC_EINVAL (n_levels is 0 or above the depth; 1-D with a grid of more than one row)
 */
EC_NODISCARD ec_status ec_blocks_dyadic(ec_blocks *out, const size_t grid[2], int n_dims,
                                        size_t n_levels, ec_error *err);

/** The subtrees of a ConvAC, from the top; single sites are left out. */
EC_NODISCARD ec_status ec_blocks_of_arch(ec_blocks *out, const ec_arch *arch, ec_error *err);

size_t ec_blocks_count(const ec_blocks *blocks, size_t level);

/** How many of them are partitions of their own: all, but of two only the first. */
size_t ec_blocks_distinct(const ec_blocks *blocks, size_t level);
ec_block ec_blocks_at(const ec_blocks *blocks, size_t level, size_t index);

/* ---------------------------------------------------------------- entropy */

/** What to measure; EC_ENTROPY_OPTIONS_INIT gives the defaults. */
typedef struct ec_entropy_options {
    double theta;    /* of the features (cos pi theta x, sin pi theta x) */
    size_t first;    /* coarsest level measured, >= 1 */
    size_t batch;    /* samples of a batch; 0: all samples, one batch */
    size_t batches;  /* disjoint random subsets (run->seed), each measured by itself */
    bool all_labels; /* each label against the rest; else labels must be 0 and 1 */
} ec_entropy_options;

#define EC_ENTROPY_OPTIONS_INIT                                                                    \
    {                                                                                              \
        .theta = 0.085, .first = 1, .batches = 1                                                   \
    }

/** What one batch shows of one block against the rest, for one label. */
typedef struct ec_block_entropy {
    double von_neumann; /* nats */
    double geometric;   /* 1 - the largest p */
} ec_block_entropy;

/**
 * Entropies of the levels first .. blocks->n_levels. Block number b of level l is entry
 * start[l] + b of its batch and label, level by level.
 */
typedef struct ec_entropies {
    size_t first, last; /* levels */
    size_t start[EC_BLOCKS_MAX_LEVELS + 2];
    size_t n_blocks; /* of all levels together */
    size_t samples;  /* of a batch */
    size_t batches;
    size_t n_labels;         /* 1: the two labels against each other */
    ec_block_entropy *value; /* batches x n_labels x n_blocks, row-major */
    double *surrogate;       /* n_blocks, over all samples */
} ec_entropies;

/**
 * Entanglement of the data, label y_i = +-1 for sample i,
 *
 *     psi = sum_i y_i  (x)_n (cos pi theta x_n^i, sin pi theta x_n^i)
 *
 * across block K against the rest, without forming the tensor. With the Gram matrices
 *
 *     G_K[i, j] = prod_{n in K} cos(pi theta (x_n^i - x_n^j)) = L L^T   (pivoted Cholesky)
 *
 * the squares of the singular values are the eigenvalues of (Y L)^T G_rest (Y L), Y = diag(y);
 * p = these over their sum, clipped at 0. Grams of the finest blocks are built once,
 * prod (c_i c_j + s_i s_j), and multiplied elementwise up the tree (a block's) and down it (the
 * rest's). The surrogate of a block is the sum over pairs across its border of |correlation|.
 *
 * Exact:  L is cut at the rank where its residual diagonal is below S eps (S samples of a batch);
 *         entropies are right to about 1e-10.
 * Cost:   per batch S^2 (3/2 N + blocks) and, for a block whose Gram has rank r <= min(S, 2^|K|),
 *         S r^2 and for every label about 2 S^2 r + S r^2 (S^3 where r = S) + 4/3 r^3 flops;
 *         4 S^2 bytes a block, estimated first. The surrogate S N^2 flops once, 8 N^2 bytes.
 * Owns:   *out, to be cleared, also after an error.
 * Errors: EC_EINVAL (labels other than 0 and 1 without all_labels; more samples asked for
 *         than there are; levels), EC_ELIMIT, EC_ENUMERIC, EC_ENOMEM, EC_ECANCEL
 * Source: [ADRC23]
 */
EC_NODISCARD ec_status ec_data_entropy(ec_entropies *out, const ec_samples *samples,
                                       const ec_blocks *blocks, const ec_entropy_options *options,
                                       const ec_run *run, ec_error *err);

/** What ec_data_entropy asks of the labels; apart, so that a caller can name their file. */
EC_NODISCARD ec_status ec_data_check_labels(const ec_samples *samples, bool all_labels,
                                            ec_error *err);
void ec_entropies_clear(ec_entropies *entropies);

/** A mean over batches, and its standard error (NaN for one batch). */
typedef struct ec_estimate {
    double mean, error;
} ec_estimate;

#define EC_ALL_LABELS SIZE_MAX

/**
 * Entropy of entry `block` (see start), of one label or of the mean over labels; the same of the
 * geometric measure; and of the mean over the blocks of a level.
 */
ec_estimate ec_entropies_at(const ec_entropies *entropies, size_t label, size_t block);
ec_estimate ec_entropies_geometric_at(const ec_entropies *entropies, size_t label, size_t block);
ec_estimate ec_entropies_level(const ec_entropies *entropies, size_t label, size_t level);

/** Mean surrogate of the blocks of a level. */
double ec_entropies_surrogate(const ec_entropies *entropies, size_t level);

/* ------------------------------------------------------------- correlation */

/**
 * |Pearson correlation| of all pairs of features, N x N, symmetric, zeros on the diagonal. A pair
 * with a constant feature counts a tenth of the smallest correlation of other pairs that is not 0
 * (0 if there is none).
 *
 * Owns:   *out, N^2 numbers, to be released by ec_free; NULL after an error.
 * Cost:   S N^2 / 2 multiply-adds (BLAS), 8 N^2 bytes, estimated first.
 * Errors: EC_ELIMIT, EC_ENOMEM, EC_EIO (BLAS cannot be loaded)
 */
EC_NODISCARD ec_status ec_data_correlation(double **out, const ec_samples *samples,
                                           const ec_run *run, ec_error *err);

/* ----------------------------------------------------------- rearrangement */

typedef enum ec_rearrange_method {
    EC_REARRANGE_METIS, /* recursive balanced cuts of the correlation graph */
    EC_REARRANGE_IGTD,  /* near features for like features, by swaps: the baseline */
    EC_REARRANGE_SWAPS  /* random swaps of two features: to shuffle */
} ec_rearrange_method;

typedef struct ec_rearrange_options {
    ec_rearrange_method method;
    size_t swaps;      /* of EC_REARRANGE_SWAPS */
    size_t neighbours; /* keep so many of each feature's strongest correlations; 0: all of them up
                          to EC_GRAPH_DENSE features, EC_GRAPH_NEIGHBOURS beyond */
} ec_rearrange_options;

#define EC_GRAPH_DENSE      16384
#define EC_GRAPH_NEIGHBOURS 64

/**
 * An order of features. Places are numbered block after block at the finest level (in 2 x 2:
 * Z-order), row-major within a block; the feature at place k is feature from[k] of the samples,
 * numbered row-major.
 */
typedef struct ec_order {
    uint32_t *from;
    size_t n;
    double dropped; /* share of the sum of |correlation| that a sparse graph left out; 0: none */
    double before[EC_BLOCKS_MAX_LEVELS + 1], after[EC_BLOCKS_MAX_LEVELS + 1]; /* mean surrogate of
                       each level from 1 on, over the graph; 0 for EC_REARRANGE_SWAPS */
} ec_order;

/**
 * An order that makes the surrogate small, level after level from the top: the features of a block
 * are dealt to its parts so that few correlations cross, each part as large as its block.
 *
 * METIS gives parts of nearly these sizes (several at once, weights scaled to a sum below 2^31);
 * features then move between parts, cheapest first, until the sizes are exact. That equals padding
 * to a full power by constant features and dropping them afterwards: a constant feature is
 * correlated alike with all others, so that only how many stand in a part matters, and they are
 * dealt evenly. IGTD ([IGTD]) minimises sum |rank of distance - rank of dissimilarity| over pairs
 * by swaps, each of the best partner for the feature that has waited longest, until a whole round
 * brings nothing or 30,000 steps are made. Deterministic for run->seed.
 *
 * Exact:  with `neighbours` the graph has the strongest |correlation| of each feature, and of each
 *         feature that has it; a surrogate over it is too small by at most `dropped` of the total.
 * Cost:   S N^2 for the correlations; METIS O(edges) a level; IGTD O(N^2) a step.
 *         40 bytes an edge and direction, 16 N^2 for IGTD, estimated first.
 * Owns:   *out, to be cleared, also after an error.
 * Errors: EC_EINVAL (blocks of another grid), EC_ELIMIT, EC_ENUMERIC (METIS failed), EC_EIO (a
 *         library cannot be loaded), EC_ENOMEM, EC_ECANCEL
 * Source: [ADRC23], [IGTD]
 */
EC_NODISCARD ec_status ec_data_rearrange(ec_order *out, const ec_samples *samples,
                                         const ec_blocks *blocks,
                                         const ec_rearrange_options *options, const ec_run *run,
                                         ec_error *err);

/** An order read from an array of integers, a permutation of 0 .. n-1. Errors: EC_EINVAL, EC_ENOMEM
 */
EC_NODISCARD ec_status ec_order_init(ec_order *out, const ec_array *from, ec_error *err);
void ec_order_clear(ec_order *order);

/** As an array of int64. Errors: EC_ENOMEM */
EC_NODISCARD ec_status ec_order_array(ec_array *out, const ec_order *order, ec_error *err);

/**
 * Put the features of every sample in place: values is [samples, ...], each sample blocks->grid;
 * *out has the same shape and type.
 * Errors: EC_EINVAL (another number of features), EC_ELIMIT, EC_ENOMEM
 */
EC_NODISCARD ec_status ec_order_apply(ec_array *out, const ec_array *values, const ec_order *order,
                                      const ec_blocks *blocks, const ec_run *run, ec_error *err);

#endif
