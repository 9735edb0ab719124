/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ENTCAP_ARCH_H
#define ENTCAP_ARCH_H

/**
 * arch: architecture descriptions. Reads the YAML/JSON format, checks every rule and limit of it,
 * and offers the architecture in one normal form (levels) together with its partitions and
 * requirements.
 *
 * Normal form of a ConvAC ([LYCS18], [CS17]; ARCHITECTURE.md#sources). Levels l = 0 .. n-1:
 * an index of level l has dimension d_l (d_0 = M, the sites' feature length) and joins the P_l
 * children of one window: sites for l = 0, matrices of level l-1 otherwise. Above every index of
 * level l stands one matrix W_l of shape d_{l+1} x d_l; the last is the dense layer, Y x d_{n-1}.
 * P_0 > 1 is a pool before the first conv, P_l = 1 the ordinary bond between adjacent convs.
 * 1-D inputs are grids of height 1; windows are row-major.
 *
 * Affine parts ([AC21]). A batch norm x -> g x + z before a matrix W, or a bias b behind the dense
 * layer, is made linear by a constant channel 1 that runs from the sites up to it: product pooling
 * keeps 1 * 1 = 1, and the matrix becomes
 *
 *     [ W diag(g)   W z ]                                     [ W diag(g)   W z + b ]
 *     [ 0            1  ]  below another affine part, and     [                     ]  at the last.
 *
 * So d_l = channels + 1 on every level from which an affine part is reached; the description, the
 * options and the counts of parameters speak of channels.
 *
 * Subtrees. Only windows of more than one position count here: window K = 0, 1, ... from below, and
 * block level 1, 2, ... from the top; the blocks of level 1 are the children of the top window,
 * those of the last level are the sites. `scale:K` halves every window K, `block:LEVEL:INDEX` is
 * one subtree; in a network of equal windows P they hold P^K and P^(n - LEVEL) sites.
 *
 * Names are printable UTF-8 of at most EC_ARCH_MAX_NAME bytes. Columns in reports count characters.
 */

#include "entcap/core.h"

#define EC_ARCH_MAX_SITES     ((size_t)1 << 24)
#define EC_ARCH_MAX_DIMENSION ((uint32_t)1 << 20)
#define EC_ARCH_MAX_NAME      255               /* bytes of a name */
#define EC_ARCH_MAX_TEXT      ((size_t)1 << 27) /* bytes of a description */

/** Where in the description something stands; 1-based, 0: nowhere (a default or an override). */
typedef struct ec_place {
    int line, col;
} ec_place;

typedef enum ec_layer_kind { EC_LAYER_CONV, EC_LAYER_POOL, EC_LAYER_DENSE } ec_layer_kind;

/** One entry of `layers:` as written. */
typedef struct ec_layer {
    ec_layer_kind kind;
    uint32_t channels;  /* conv: channels; dense: outputs; pool: 0 */
    bool shared;        /* conv: as written, default true */
    bool norm;          /* conv, dense: batch norm of every channel before the matrix,
                           x -> gamma (x - mean) / sqrt(variance + eps) + beta */
    bool bias;          /* dense: a constant is added to every output */
    bool magnitude;     /* dense: the label is the largest |output|, not the largest output */
    uint32_t window[2]; /* pool: height, width; 1-D: height 1 */
    ec_place place;     /* of the entry's key */
} ec_layer;

/** One level of the normal form; see the head of this file. */
typedef struct ec_level {
    char name[16];      /* of its indices: "input" for l = 0, else "rK" of the conv below */
    uint32_t dim;       /* d_l */
    bool constant;      /* the last of the d_l entries is the constant channel */
    uint32_t window[2]; /* height, width of the window in the grid below; P_l is their product */
    size_t grid[2];     /* indices of this level (= matrices W_l): height, width */
    uint32_t out;       /* rows of W_l: d_{l+1}, of which the constant's is fixed; Y at the last */
    bool shared;        /* one W_l for all positions; always false at a single position */
    size_t layer;       /* entry of `layers` that is W_l */
} ec_level;

/** Named side A of a partition (A, rest). */
typedef struct ec_partition {
    char *name;
    ec_sites a;
    ec_place place;
} ec_partition;

typedef struct ec_partitions {
    ec_partition *items;
    size_t n;
} ec_partitions;

/** One entry of `requirements:`; exactly one of the two minima is given. */
typedef struct ec_requirement {
    char *partition;
    bool by_rank;
    ec_int min_rank;
    double min_log2;
    ec_place place;
} ec_requirement;

typedef enum ec_image_fit { EC_FIT_PAD, EC_FIT_RESIZE } ec_image_fit;

/** How a pixel x becomes the M features f_d of a site. */
typedef enum ec_features_kind {
    EC_FEATURES_NONE,
    EC_FEATURES_AFFINE_RELU, /* max(0, slope_d x + offset_d) */
    EC_FEATURES_COS_SIN,     /* cos(2 pi w_n x), sin(2 pi w_n x), n < M / 2; w_n = n + 1 at first */
    EC_FEATURES_POLYNOMIAL,  /* sqrt(2d + 1) P_d(2x - 1), Legendre: orthonormal on [0, 1] */
} ec_features_kind;

/** `features:` of a description. */
typedef struct ec_features {
    ec_features_kind kind;
    bool learned; /* training changes slopes and offsets, or frequencies */
    double scale; /* x is the pixel times this */
} ec_features;

/** `input:` of a description. */
typedef struct ec_input {
    int n_dims;        /* 1 or 2 */
    size_t grid[2];    /* height (1 in 1-D), width */
    uint32_t channels; /* M */
    ec_place place;    /* of `channels` */
    bool has_image;    /* `image:` is given */
    size_t image[2];   /* its height, width (1-D: height 1) */
    ec_image_fit fit;
    ec_features features;
} ec_input;

/** An index of a `network:` description. */
typedef struct ec_named_index {
    char *name;
    uint32_t dim;
    ec_place place;
} ec_named_index;

/** A tensor of a `network:` description: its indices in the order of its axes. */
typedef struct ec_named_tensor {
    char *name;
    uint32_t *index;
    size_t n_indices;
    ec_place place;
} ec_named_tensor;

/** A checked description. Either n_levels > 0 (layers form) or n_tensors > 0 (network form). */
typedef struct ec_arch {
    char *name;
    char *file; /* as given to the reader, for messages */
    size_t n_sites;

    ec_input input; /* layers form */
    ec_layer *layers;
    size_t n_layers;
    ec_level *levels;
    size_t n_levels;
    uint32_t outputs; /* Y */

    ec_named_index *indices; /* network form */
    size_t n_indices;
    ec_named_tensor *tensors;
    size_t n_tensors;
    uint32_t *open; /* n_sites index numbers: site s is the open end of index open[s] */

    ec_partitions partitions; /* as listed; empty if none are */
    ec_requirement *requirements;
    size_t n_requirements;
} ec_arch;

/** Is it a `network:` description? */
static inline bool ec_arch_is_network(const ec_arch *arch)
{
    return arch->n_levels == 0;
}

/** P_l of a level. */
static inline size_t ec_level_window(const ec_level *level)
{
    return (size_t)level->window[0] * level->window[1];
}

/** Channels of a level as the description has them. */
static inline uint32_t ec_level_channels(const ec_level *level)
{
    return level->dim - (level->constant ? 1 : 0);
}

/** Rows of W_l as the description has them: without the constant's. */
static inline uint32_t ec_level_rows(const ec_arch *arch, size_t l)
{
    return l + 1 < arch->n_levels ? ec_level_channels(&arch->levels[l + 1]) : arch->levels[l].out;
}

/** Number of indices of a level, which is also the number of matrices above them. */
static inline size_t ec_level_positions(const ec_level *level)
{
    return level->grid[0] * level->grid[1];
}

/**
 * Position, row-major in the grid below, of child k < P_l (row-major in the window) of the index at
 * `position` of a level: a site for level 0, else a position of level l-1.
 */
static inline size_t ec_level_child(const ec_level *level, size_t position, size_t k)
{
    size_t row = position / level->grid[1] * level->window[0] + k / level->window[1];
    size_t col = position % level->grid[1] * level->window[1] + k % level->window[1];

    return row * level->grid[1] * level->window[1] + col;
}

/**
 * Read and check a description file ("-": standard input).
 *
 * Cost:   O(bytes + sites per listed partition) time and memory
 * Owns:   *out, to be freed by ec_arch_free; NULL after an error.
 * Errors: EC_EPARSE  with file, line, col, source line and caret; declared sizes are checked before
 *                    anything is allocated for them
 *         EC_EIO; EC_ELIMIT  more than EC_ARCH_MAX_TEXT bytes; EC_ENOMEM
 */
EC_NODISCARD ec_status ec_arch_read(ec_arch **out, const char *path, ec_error *err);

/**
 * As ec_arch_read, from `size` bytes of text, which need not be closed by NUL; `file` names it in
 * messages. A byte order mark at its front is skipped.
 */
EC_NODISCARD ec_status ec_arch_parse(ec_arch **out, const char *text, size_t size, const char *file,
                                     ec_error *err);

void ec_arch_free(ec_arch *arch);

/**
 * Append the description as YAML that ec_arch_parse reads back to an equal one; comments are lost.
 * Errors: EC_ENOMEM
 */
EC_NODISCARD ec_status ec_arch_print(ec_text *text, const ec_arch *arch, ec_error *err);

/**
 * Number of the level whose width is called `name`: "input" or, as in formulas, "M" for level 0,
 * else "r0", "r1", ...; n_levels if there is none.
 */
size_t ec_arch_find_level(const ec_arch *arch, const char *name);

/**
 * Override a width: "r0=16", "input=8" or "M=8" in the layers form, "INDEX=4" in a network.
 * Errors: EC_EINVAL (unknown name, with the nearest known one; value outside 1 .. 2^20).
 */
EC_NODISCARD ec_status ec_arch_set(ec_arch *arch, const char *assignment, ec_error *err);

/**
 * Side A of one partition: the name of a listed or built-in partition, or a list of sites
 * ("0-3,8"). A listed name wins over a built-in one.
 *
 * Owns:   *out, to be cleared.
 * Cost:   O(sites + length of the text)
 * Errors: EC_EINVAL  an unknown name, with the nearest known; a site out of range or repeated; a
 *                    side that is empty; a built-in that this input does not have; `canonical`,
 *                    which is many
 *         EC_ENOMEM
 */
EC_NODISCARD ec_status ec_arch_partition(ec_partition *out, const ec_arch *arch, const char *text,
                                         ec_error *err);

/**
 * The partitions to work on: `texts` (each as for ec_arch_partition, or `canonical`) if n_texts >
 * 0, else the description's own, else its defaults (left-right; top-bottom in 2-D; interleaved).
 * Defaults that would leave a side empty are left out; the list is empty for a single site.
 *
 * Owns:   *out, to be cleared, also after an error.
 * Errors: as ec_arch_partition; EC_ELIMIT if all sides together would take over 1 GiB
 */
EC_NODISCARD ec_status ec_arch_partitions(ec_partitions *out, const ec_arch *arch,
                                          const char *const *texts, size_t n_texts, ec_error *err);

void ec_partition_clear(ec_partition *partition);
void ec_partitions_clear(ec_partitions *partitions);

/**
 * Weights of the conv and dense layers: sum over layers of (shared ? 1 : positions) out in
 * channels, without those of norms and biases; of a network: sum over tensors of the product of
 * their dimensions. Exact.
 */
EC_NODISCARD ec_status ec_arch_parameters(ec_int *out, const ec_arch *arch, ec_error *err);

/** Multiply-adds of one forward pass of one sample: sum of positions out in; EC_EINVAL for a
 * network. */
EC_NODISCARD ec_status ec_arch_multiply_adds(ec_int *out, const ec_arch *arch, ec_error *err);

/* --------------------------------------------------- what there is to write */

typedef enum ec_param_type {
    EC_PARAM_DIMENSION, /* uint32_t, 1 .. EC_ARCH_MAX_DIMENSION */
    EC_PARAM_FLAG,      /* bool */
    EC_PARAM_WINDOW,    /* uint32_t[2], height and width */
    EC_PARAM_WORD,      /* bool: the second of two words */
} ec_param_type;

/** A parameter of a layer kind. */
typedef struct ec_layer_param {
    const char *name;
    ec_param_type type;
    const char *fallback; /* its value if it is left out; NULL: it must be given */
    const char *second;   /* of a word: the other one than the fallback */
    const char *doc;
    size_t offset; /* of the member of ec_layer that takes it */
} ec_layer_param;

/** A layer kind: what `layers:` may list. The reader and `entcap help layers` share the table. */
typedef struct ec_layer_type {
    const char *name;
    const char *doc;
    const ec_layer_param *params;
    size_t n_params;
} ec_layer_type;

/** The i-th layer kind, i = ec_layer_kind; NULL past the last. */
const ec_layer_type *ec_arch_layer_type(size_t i);

/** Something built in, as it is written, and what it is. */
typedef struct ec_builtin_type {
    const char *name; /* "left-right", "scale:K", "cos-sin", ... */
    const char *doc;
} ec_builtin_type;

/** The i-th built-in partition and which sites are on side A; NULL past the last. */
const ec_builtin_type *ec_arch_builtin_type(size_t i);

/** Has it a norm or a bias, so that some levels carry the constant channel? */
bool ec_arch_is_affine(const ec_arch *arch);

/** Is the label the largest |output| (predict: magnitude), not the largest output? */
static inline bool ec_arch_predicts_magnitude(const ec_arch *arch)
{
    return arch->n_layers > 0 && arch->layers[arch->n_layers - 1].magnitude;
}

/** The i-th feature map, i = ec_features_kind > 0; NULL past the last. */
const ec_builtin_type *ec_arch_features_type(size_t i);

/** Do all matrices of levels 0 .. level (inclusive) share their weights over positions? */
bool ec_arch_shared_below(const ec_arch *arch, size_t level);

#endif
