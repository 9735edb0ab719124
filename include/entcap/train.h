/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ENTCAP_TRAIN_H
#define ENTCAP_TRAIN_H

/**
 * train: weights of a ConvAC with a feature map, learned from labelled samples.
 *
 * Loss. Let t be the vector below the dense layer, d entries, and rho = (|t|^2 / d)^(1/2) its root
 * mean square. A sample with label y costs
 *
 *     L = -log softmax(z)_y,    z = W_{n-1} t / rho = h / rho      (z = 0 where t = 0),
 *
 * so the logits z are the network's outputs h over a positive number of the sample: the argmax is
 * that of h, and the size of W_{n-1} is the temperature. Nothing but the weights of the ConvAC is
 * learned, and no factor is saved.
 *
 * Safe product pooling. The product over a window is scaled by a power of two, 2^-e with e taken
 * at every position so that its largest magnitude falls into [1/2, 1) (in between, too, after every
 * fourth factor of a large window). By multilinearity t is then 2^-(sum of all e) times the t of
 * the network, and rounding is untouched by powers of two: z is the z above, as long as no factor
 * leaves the range of float within four factors.
 *
 * Gradient. Because z does not depend on the scale of t, neither does L on any e: the gradient with
 * every e held constant is the gradient. rho is differentiated, with w = t / rho:
 *
 *     dL/dt = (dL/dw - w (w . dL/dw) / d) / rho.
 *
 * The product's gradient is by prefix and suffix products, so zeros need no exception.
 *
 * Where a part is affine (batch norm or bias), z = h, the outputs themselves, and no product is
 * scaled. A batch norm takes mean and biased variance of its channels over batch and positions,
 * which are differentiated; running means and (unbiased) variances follow with momentum 0.1 and
 * stand in the weights, which outputs are evaluated with. So networks with batch norm are trained
 * in layers: all samples of a batch pass a level before any passes the next.
 *
 * Precision: float; one source serves float and double (ec_train_gradient).
 * Parallel:  samples of a batch over up to 16 threads, eight at a time as the entries of a
 *            vector. Gradients are added up in 16 blocks of a batch, in their order, statistics
 *            sample by sample: equal seeds give equal bits, whatever the threads, on equal machines
 *            (AVX2 has fused products).
 * Cost:      6 flops a weight and position. At 32 x 32 sites with five layers of 16: 2.1 Mflop,
 *            about 42 us of a core where sgemm does 100 Gflop/s. Of these, 30 are products (at 70
 *            Gflop/s), 5 pooling and its gradient, 4 features, 2 to 3 the fitting of images.
 */

#include "entcap/data.h"
#include "entcap/model.h"

typedef enum ec_optimizer {
    EC_ADAM, /* beta 0.9 and 0.999, epsilon 1e-8, bias corrected */
    EC_SGD,  /* weight -= rate * mean gradient of the batch */
} ec_optimizer;

typedef enum ec_loss {
    EC_LOSS_DEFAULT,       /* squared if the description says predict: magnitude, else: */
    EC_LOSS_CROSS_ENTROPY, /* L above, -log softmax(z)_y */
    EC_LOSS_SQUARED,       /* mean over labels k of (z_k - [k = y])^2 */
} ec_loss;

/** The rate of a step, over the first rate, where a share x of all steps is done. */
typedef enum ec_schedule {
    EC_SCHEDULE_LINEAR,   /* 1 - x */
    EC_SCHEDULE_COSINE,   /* (1 + cos(pi x)) / 2 */
    EC_SCHEDULE_CONSTANT, /* 1 */
} ec_schedule;

/** After an epoch. The training figures are means over the epoch, each sample as it was met. */
typedef struct ec_train_report {
    size_t step, epoch; /* both done so far, from 1 */
    double loss, train_accuracy;
    double test_accuracy; /* NaN without test samples */
} ec_train_report;

/** Return false to stop, as with ec_progress_fn. */
typedef bool ec_train_report_fn(void *arg, const ec_train_report *report);

/**
 * Look at the weights of a step. In the report, epoch counts those that are complete, loss and
 * train_accuracy are means since the last such call (NaN at step 0), test_accuracy is NaN.
 */
typedef ec_status ec_train_measure_fn(void *arg, const ec_train_report *report,
                                      const ec_weights *weights, ec_error *err);

/** What a checkpoint holds when training goes on from it. */
typedef struct ec_train_resumed {
    size_t step;     /* done */
    size_t epoch;    /* complete and reported */
    size_t measured; /* step of the last measurement; SIZE_MAX: there was none */
} ec_train_resumed;

/** Called once, before anything else is. An error ends training. */
typedef ec_status ec_train_resumed_fn(void *arg, const ec_train_resumed *at, ec_error *err);

/**
 * Checkpoints. With a file name, everything that training depends on is written there (atomically)
 * after every epoch, after every checkpoint_every steps, and when training is stopped; with
 * `resume`, training goes on from that file, if there is one, and gives the bits that it would have
 * given without the interruption: weights, reports, measurements. The file is one of weights, too:
 * the tensors of the state are named train.*. It must be of the same network, data, options and
 * seed; threads may differ.
 */
typedef struct ec_train_options {
    ec_optimizer optimizer;
    size_t epochs, batch;
    double rate; /* of the first step */
    ec_schedule schedule;
    double decay; /* of weights, apart from the gradient (AdamW): weight -= rate * decay * weight */
    ec_loss loss;
    ec_train_report_fn *report;   /* after every epoch; or NULL */
    ec_train_measure_fn *measure; /* before the first step and after every measure_every; or NULL */
    ec_train_resumed_fn *resumed; /* or NULL */
    void *report_arg;             /* of all three */
    size_t measure_every;         /* steps; 0: never */
    const char *checkpoint;       /* file, or NULL */
    size_t checkpoint_every;      /* steps; 0: after every epoch only */
    bool resume;
} ec_train_options;

#define EC_TRAIN_OPTIONS_INIT                                                                      \
    {                                                                                              \
        .optimizer = EC_ADAM, .epochs = 1, .batch = 32, .rate = 0.02                               \
    }

/**
 * Weights to start from, in single precision. Features are spread over [0, 1]; with u uniform on
 * [0, 1) and g standard normal, entries are independent and
 *
 *     u in W_0,     (1 + g sqrt(d / P)) / 2 between,     0.3 g / sqrt(d) in the dense layer
 *
 * for P factors in the product above W_l. W_0 is positive because the signs of a thousand factors
 * would make the sign of h random. Above it, every channel is the mean of the d below plus a
 * deviation: if these differ from each other by shares of size e, independently, the deviation is
 * one of e / sqrt(P), and P such factors differ by e again. So differences neither die out on the
 * way up, which would leave a product state, nor does one channel outweigh all others. By the scale
 * invariance the size of the entries, about 1/2, only sets the relative size of a step. How other
 * starts fare: examples/findings/training.md.
 *
 * With affine parts: rows of W_l are softmax(2 g) in front of the dense layer, g / sqrt(d) in it,
 * gamma is 1/4, beta 1, bias 0 ([AC21]): every channel is near 1, and so are their products.
 *
 * Errors: EC_EINVAL (network, or no feature map), EC_ELIMIT, EC_ENOMEM
 */
EC_NODISCARD ec_status ec_train_start(ec_weights *out, const ec_arch *arch, ec_rng *rng,
                                      const ec_run *run, ec_error *err);

/**
 * Train, from the weights given (or the checkpoint) to the weights trained, which are single. The
 * order of samples and nothing else is random: by run->seed.
 *
 * Progress: run->progress gets samples done of samples in all, its text the running loss.
 * Errors:   EC_EINVAL  no feature map; no samples; epochs, batch or rate not positive; negative
 *                      decay
 *           EC_ENUMERIC loss or gradient not finite, or loss above 1000: layer and step are named
 *           EC_EIO, EC_EPARSE a checkpoint that cannot be written, or is damaged
 *           EC_EINVAL         a checkpoint of another network, other data or options
 *           EC_ECANCEL, EC_ELIMIT, EC_ENOMEM. After an error the weights are as given.
 */
EC_NODISCARD ec_status ec_train(ec_weights *weights, const ec_arch *arch, const ec_dataset *train,
                                const ec_dataset *test, const ec_train_options *options,
                                const ec_run *run, ec_error *err);

/** Label of every sample by the normalised network of training, in float; n entries. */
EC_NODISCARD ec_status ec_train_classify(uint32_t *label, const ec_arch *arch,
                                         const ec_weights *weights, const ec_dataset *data,
                                         const ec_run *run, ec_error *err);

/**
 * Outputs z of every sample by the same network, batch norms by their running statistics: data->n x
 * arch->outputs entries, row after row. Errors: as ec_train_classify.
 */
EC_NODISCARD ec_status ec_train_outputs(double *z, const ec_arch *arch, const ec_weights *weights,
                                        const ec_dataset *data, const ec_run *run, ec_error *err);

/**
 * Loss of one sample and its gradient in double precision, of a network that is not trained in
 * layers: gradient has the shapes of weights (and is set, not added to). `values` are the n_sites
 * numbers that the feature map reads.
 * Errors: EC_EINVAL (no feature map; trained in layers), EC_ENUMERIC, EC_ENOMEM
 */
EC_NODISCARD ec_status ec_train_gradient(ec_weights *gradient, double *loss, const ec_arch *arch,
                                         const ec_weights *weights, const double *values,
                                         uint32_t label, ec_error *err);

/**
 * Mean loss of all samples as one batch and its gradient in double precision, in layers: through
 * the batch's own statistics, as training sees it. Gradients of running statistics and of features
 * that are not learned count as 0. Errors: EC_EINVAL (no feature map), EC_ENUMERIC, EC_ELIMIT,
 * EC_ENOMEM, EC_EIO (BLAS cannot be loaded)
 */
EC_NODISCARD ec_status ec_train_batch_gradient(ec_weights *gradient, double *loss,
                                               const ec_arch *arch, const ec_weights *weights,
                                               const ec_dataset *data, ec_loss of, ec_error *err);

#endif
