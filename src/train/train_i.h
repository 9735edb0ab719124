/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ENTCAP_TRAIN_I_H
#define ENTCAP_TRAIN_I_H

/** Inside training: the plan of a network, the pass through it, workers, optimizers. */

#include "core/team.h"

#include "entcap/train.h"

typedef enum part_kind {
    PART_WEIGHT, /* W_l; without the constant's row and column if there are affine parts */
    PART_GAMMA,
    PART_BETA,
    PART_BIAS,
    PART_SLOPE,
    PART_OFFSET,
    PART_FREQUENCY,
    PART_MEAN,
    PART_VARIANCE,
} part_kind;

/** A run of the parameters' vector: one vector of ec_weights. */
typedef struct part {
    part_kind kind;
    size_t level; /* n_levels for those of the feature map */
    size_t start, n;
} part;

/**
 * An architecture prepared for passes. All parameters lie in one vector: for every level W_l and
 * its gamma, beta, bias; then the feature map's; then running means and variances, which have no
 * gradient. Each is as in ec_weights. Positions are in the order of subtrees: the children of
 * position i of level l are the positions (or sites) i P_l .. i P_l + P_l - 1 below.
 */
typedef struct plan {
    const ec_arch *arch;
    size_t n_levels;
    bool layerwise; /* batches go through the levels together, not each sample by itself */
    bool scaled;    /* no part is affine: products are rescaled, outputs taken over rho */
    ec_loss loss;   /* the default of the description, unless it is set otherwise */
    part *parts;
    size_t n_parts;
    size_t *matrix_start; /* n_levels + 1: where W_l begins; the last: the feature map */
    size_t n_parameters;
    size_t n_learned;      /* the first so many follow a gradient */
    uint32_t **place;      /* n_levels + 1: row-major number of every site, then of every position
                              of level 0, 1, .. */
    size_t widest;         /* largest d_l */
    size_t window;         /* largest P_l d_l */
    size_t largest_matrix; /* largest d_{l+1} d_l */
} plan;

/** Can it be trained? Errors: EC_EINVAL (a network description, or no feature map). */
EC_NODISCARD ec_status plan_check(const ec_arch *arch, ec_error *err);

/** Owns: *out, to be cleared. Errors: EC_EINVAL (no feature map), EC_ELIMIT, EC_ENOMEM. */
EC_NODISCARD ec_status plan_init(plan *out, const ec_arch *arch, const ec_run *run, ec_error *err);
void plan_clear(plan *p);

/** The level that parameter i belongs to, or n_levels for the feature map. */
size_t plan_level_of(const plan *p, size_t i);

/** "layer r2 (layers.2.weight)", "the dense layer (..)", "the feature map": for messages. */
const char *plan_name(char *text, size_t room, const plan *p, size_t level);

/** Where a part begins; SIZE_MAX if there is none. */
size_t plan_find(const plan *p, part_kind kind, size_t level);

/** The weights that a part holds. */
double *plan_values(const plan *p, const ec_weights *weights, size_t k);

/** Between weights and parameters in single precision; unpacking makes the weights single. */
void plan_pack(float *parameters, const plan *p, const ec_weights *weights);
void plan_unpack(ec_weights *weights, const plan *p, const float *parameters);

/** Likewise in double precision; unpacking sets the vectors alone. */
void plan_pack_f64(double *parameters, const plan *p, const ec_weights *weights);
void plan_unpack_f64(ec_weights *weights, const plan *p, const double *parameters);

/** What one sample gave. */
typedef struct verdict {
    double loss;
    uint32_t label; /* argmax of the logits */
    bool finite;    /* false: `level` is the first whose products are not */
    size_t level;
} verdict;

/* Samples that a pass takes at once: 32 bytes of them. */
#define PASS_LANES_F32 8
#define PASS_LANES_F64 4

/** Samples that were loaded into lanes 0 .. n-1 of a pass, and what they gave. */
typedef struct pass_batch {
    unsigned n; /* 1 .. lanes */
    const uint32_t *label;
    verdict *verdict;
    double *z; /* n x outputs, or NULL */
} pass_batch;

/**
 * The pass, once per precision (pass_t.h). pass_load: the sites' values of a sample into a lane.
 * pass_run: verdicts on the loaded samples and, unless gradient is NULL or a sample is not finite,
 * their gradients added there. A run leaves nothing in the lanes.
 */
typedef struct pass_f32 pass_f32;
typedef struct pass_f64 pass_f64;

EC_NODISCARD ec_status pass_new_f32(pass_f32 **out, const plan *p, ec_error *err);
EC_NODISCARD ec_status pass_new_f64(pass_f64 **out, const plan *p, ec_error *err);
void pass_free_f32(pass_f32 *w);
void pass_free_f64(pass_f64 *w);
void pass_load_f32(pass_f32 *w, unsigned lane, const double *values);
void pass_load_f64(pass_f64 *w, unsigned lane, const double *values);
void pass_run_f32(pass_f32 *w, float *gradient, const float *parameters, const pass_batch *b);
void pass_run_f64(pass_f64 *w, double *gradient, const double *parameters, const pass_batch *b);

/** Bytes of one workspace, about. */
double pass_bytes(const plan *p);

/**
 * A whole batch, level by level, once per precision (layerwise_t.h); for plans with `layerwise`.
 * load: the sites' values of sample s < batch. run: verdicts on the first b->n samples. With a
 * gradient (which is set) batch norms take the batch's statistics, otherwise the running ones.
 * keep: running statistics <- 0.9 running + 0.1 of the last batch with a gradient, its variance
 * unbiased. The team is borrowed.
 */
typedef struct layerwise_f32 layerwise_f32;
typedef struct layerwise_f64 layerwise_f64;

EC_NODISCARD ec_status layerwise_new_f32(layerwise_f32 **out, const plan *p, ec_team *team,
                                         size_t batch, const ec_run *run, ec_error *err);
EC_NODISCARD ec_status layerwise_new_f64(layerwise_f64 **out, const plan *p, ec_team *team,
                                         size_t batch, const ec_run *run, ec_error *err);
void layerwise_free_f32(layerwise_f32 *w);
void layerwise_free_f64(layerwise_f64 *w);
void layerwise_load_f32(layerwise_f32 *w, size_t s, const double *values);
void layerwise_load_f64(layerwise_f64 *w, size_t s, const double *values);
void layerwise_run_f32(layerwise_f32 *w, float *gradient, const float *parameters,
                       const pass_batch *b);
void layerwise_run_f64(layerwise_f64 *w, double *gradient, const double *parameters,
                       const pass_batch *b);
void layerwise_keep_f32(const layerwise_f32 *w, float *parameters);
void layerwise_keep_f64(const layerwise_f64 *w, double *parameters);

/** Sums over samples. */
typedef struct tally {
    double loss;
    size_t n, right;
    verdict bad; /* of the first sample that was not finite; bad.finite otherwise */
} tally;

#define WORKERS_BLOCKS 16 /* in which the samples of a batch are summed; most threads of use */

/** Threads with their workspaces, and the gradients of the blocks of a batch. */
typedef struct workers {
    const plan *p;
    ec_team *team;
    unsigned n;
    pass_f32 **pass; /* n */
    double **values; /* n: values of the sites, then the room for an image */
    size_t n_gradients;
    float **gradient; /* n_gradients, n_parameters each */
    tally tally[WORKERS_BLOCKS];
} workers;

/** Threads that a run is given, at most WORKERS_BLOCKS. */
unsigned workers_threads(const ec_run *run);

/** batch: the most samples to learn from at once; 0 if only forward passes are wanted. */
EC_NODISCARD ec_status workers_init(workers *out, const plan *p, const ec_dataset *data,
                                    size_t batch, const ec_run *run, ec_error *err);
void workers_clear(workers *w);

/** Samples to be passed. */
typedef struct job {
    const float *parameters;
    const ec_dataset *data;
    const uint32_t *samples;
    size_t n;
    bool learn;      /* leave the sum of the gradients in gradient[0] of the workers */
    uint32_t *found; /* n labels, or NULL */
    double *z;       /* n x outputs, or NULL */
} job;

tally workers_run(workers *w, const job *j);

/** What passes samples: workers, or the levels one by one. */
typedef struct engine {
    const plan *p;
    workers workers;
    layerwise_f32 *layerwise;
    size_t batch; /* of layerwise */
    ec_team *team;
    unsigned n_threads;
    double **values;  /* n_threads: of the sites, then the room for an image */
    uint32_t *label;  /* batch */
    verdict *verdict; /* batch */
    float *gradient;  /* of the last job that learned; borrowed from the workers */
} engine;

/** As workers_init. */
EC_NODISCARD ec_status engine_init(engine *out, const plan *p, const ec_dataset *data, size_t batch,
                                   const ec_run *run, ec_error *err);
void engine_clear(engine *e);

/** At most the batch of engine_init if it learns, then with the sum of the gradients in gradient;
 * otherwise at most ENGINE_PORTION. */
#define ENGINE_PORTION 1024
tally engine_run(engine *e, const job *j);

/** After a step: what the batch showed goes into the running statistics. */
void engine_keep_statistics(const engine *e, float *parameters);

/** Labels, and outputs z unless NULL, of all samples; the run can be stopped in between. */
EC_NODISCARD ec_status engine_classify(uint32_t *label, double *z, engine *e,
                                       const float *parameters, const ec_dataset *data,
                                       const ec_run *run, ec_error *err);

/** Moments of Adam; both NULL for SGD. */
typedef struct optimizer {
    ec_optimizer kind;
    size_t n, step;
    double decay; /* parameters shrink by rate * decay, besides their step */
    float *mean, *square;
} optimizer;

EC_NODISCARD ec_status optimizer_init(optimizer *out, ec_optimizer kind, size_t n, ec_error *err);
void optimizer_clear(optimizer *o);

/**
 * One step with gradient * factor. Returns the first parameter whose gradient is not finite, before
 * anything is changed, or n.
 */
size_t optimizer_step(optimizer *o, float *parameters, const float *gradient, double factor,
                      double rate);

/** Size of the steps: the rate of step `step` = 0 .. n_steps - 1. */
double schedule_rate(const ec_train_options *options, size_t step, size_t n_steps);

/** Where training stands. */
typedef struct trainer {
    const ec_arch *arch;
    const ec_dataset *train, *test;
    const ec_train_options *options;
    const ec_run *run;
    plan plan;
    engine engine;
    uint32_t *order;
    size_t n_steps;
    uint64_t identity[2]; /* fingerprints of the network and of the data, for checkpoints */
    size_t saved_step;    /* of the checkpoint; SIZE_MAX: there is none */
    ec_weights *weights;  /* room: the parameters for those who measure */

    /* what a checkpoint holds */
    float *parameters;
    optimizer optimizer;
    ec_rng rng;                   /* as it was before the samples of this epoch were shuffled */
    size_t step, epoch, position; /* done: steps, epochs, samples of this epoch */
    tally sum;                    /* over the samples of this epoch */
    tally recent;                 /* since the last measurement */
    size_t measured_step;         /* of the last measurement; SIZE_MAX: there was none */
} trainer;

/** Fill in t->identity. */
void checkpoint_identify(trainer *t);

/** Errors: EC_EIO, EC_ENOMEM */
EC_NODISCARD ec_status checkpoint_write(trainer *t, ec_error *err);

/**
 * Take over what the checkpoint holds; nothing happens if there is no file.
 * Errors: EC_EIO; EC_EPARSE (damaged); EC_EINVAL (of another description, data or options);
 *         EC_ELIMIT, EC_ENOMEM
 */
EC_NODISCARD ec_status checkpoint_read(trainer *t, ec_error *err);

#endif
