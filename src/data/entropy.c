/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "correlation.h"
#include "entropy_batch.h"

#include "core/flow.h"

#include <math.h>

void ec_entropies_clear(ec_entropies *entropies)
{
    if (entropies == NULL)
        return;
    ec_free(entropies->value);
    ec_free(entropies->surrogate);
    *entropies = (ec_entropies){.n_blocks = 0};
}

/* ------------------------------------------------------------------ question */

static ec_status check_levels(const ec_blocks *blocks, const ec_samples *samples, size_t first,
                              ec_error *err)
{
    if (blocks->grid[0] != samples->grid[0] || blocks->grid[1] != samples->grid[1])
        return ec_fail(err, EC_EINVAL, "blocks of %zu x %zu features, samples of %zu x %zu",
                       blocks->grid[0], blocks->grid[1], samples->grid[0], samples->grid[1]);
    if (first < 1 || first > blocks->n_levels)
        return ec_fail(err, EC_EINVAL, "level %zu, must be 1 to %zu", first, blocks->n_levels);
    return EC_OK;
}

ec_status ec_data_check_labels(const ec_samples *samples, bool all_labels, ec_error *err)
{
    if (samples->label == NULL)
        return ec_fail(err, EC_EINVAL, "samples without labels");
    for (size_t i = 0; i < samples->n && !all_labels; i++)
        if (samples->label[i] > 1)
            return ec_fail(err, EC_EINVAL,
                           "label %zu is %u, must be 0 or 1, unless each label is measured "
                           "against the rest (--one-vs-rest)",
                           i, samples->label[i]);
    return EC_OK;
}

/* How many samples and batches; a whole data set is one batch. */
static ec_status plan_batches(ec_entropies *out, const ec_samples *samples,
                              const ec_entropy_options *options, ec_error *err)
{
    out->samples = options->batch > 0 ? options->batch : samples->n;
    out->batches = options->batch > 0 ? options->batches : 1;
    if (samples->n > 0 && out->batches > 0 && out->batches <= samples->n / out->samples)
        return EC_OK;
    return ec_fail(err, EC_EINVAL,
                   "%zu batches of %zu different samples, but there are %zu samples", out->batches,
                   out->samples, samples->n);
}

static void plan_blocks(ec_entropies *out, const ec_blocks *blocks, size_t first)
{
    out->first = first;
    out->last = blocks->n_levels;
    for (size_t l = first; l <= out->last; l++) {
        out->start[l] = out->n_blocks;
        out->n_blocks += ec_blocks_distinct(blocks, l);
    }
    out->start[out->last + 1] = out->n_blocks;
}

/* ------------------------------------------------------------------ surrogate */

static ec_status measure_surrogate(ec_entropies *out, const ec_samples *samples,
                                   const ec_blocks *blocks, const ec_run *run, ec_error *err)
{
    double *correlation = NULL;
    ec_status status = ec_data_correlation(&correlation, samples, run, err);

    for (size_t l = out->first; l <= out->last && status == EC_OK; l++)
        status = data_surrogate(out->surrogate + out->start[l], correlation, blocks, l, err);
    ec_free(correlation);
    return status;
}

/* ------------------------------------------------------------------ entropies */

static ec_status measure_batches(ec_entropies *out, const ec_samples *samples,
                                 const ec_blocks *blocks, const ec_entropy_options *options,
                                 const ec_run *run, ec_error *err)
{
    ec_status status = EC_OK;
    uint32_t *index = NULL;
    ec_rng rng;

    EC_NEW(index, samples->n);
    for (size_t i = 0; i < samples->n; i++)
        index[i] = (uint32_t)i;
    ec_rng_seed(&rng, run != NULL ? run->seed : 1);
    if (options->batch > 0)
        ec_rng_shuffle(&rng, index, samples->n);
    for (size_t k = 0; k < out->batches; k++) {
        const entropy_batch batch = {.samples = samples,
                                     .index = index + k * out->samples,
                                     .n = out->samples,
                                     .blocks = blocks,
                                     .layout = out,
                                     .theta = options->theta,
                                     .done = (double)(k * out->n_blocks),
                                     .total = (double)(out->batches * out->n_blocks)};

        EC_TRY(entropy_batch_run(out->value + k * out->n_labels * out->n_blocks, &batch, run, err));
    }
done:
    ec_free(index);
    return status;
}

ec_status ec_data_entropy(ec_entropies *out, const ec_samples *samples, const ec_blocks *blocks,
                          const ec_entropy_options *options, const ec_run *run, ec_error *err)
{
    ec_status status = EC_OK;

    *out = (ec_entropies){.n_blocks = 0};
    EC_TRY(check_levels(blocks, samples, options->first, err));
    EC_TRY(ec_data_check_labels(samples, options->all_labels, err));
    EC_TRY(plan_batches(out, samples, options, err));
    EC_TRY(ec_run_reserve(run, "Gram matrices of a batch",
                          entropy_batch_bytes(blocks, out->samples), err));
    out->n_labels = options->all_labels && samples->labels > 2 ? samples->labels : 1;
    plan_blocks(out, blocks, options->first);
    EC_NEW(out->value, out->batches * out->n_labels * out->n_blocks);
    EC_NEW(out->surrogate, out->n_blocks);
    EC_TRY(measure_surrogate(out, samples, blocks, run, err));
    EC_TRY(measure_batches(out, samples, blocks, options, run, err));
done:
    if (status != EC_OK)
        ec_entropies_clear(out);
    return status;
}

/* ------------------------------------------------------------------ summaries */

/* Blocks first .. end - 1, of one label or all. */
typedef struct selection {
    size_t label, first, end;
    bool geometric;
} selection;

static double mean_of_batch(const ec_entropies *e, size_t batch, const selection *s)
{
    size_t from = s->label == EC_ALL_LABELS ? 0 : s->label;
    size_t to = s->label == EC_ALL_LABELS ? e->n_labels : s->label + 1;
    double sum = 0;

    for (size_t y = from; y < to; y++)
        for (size_t b = s->first; b < s->end; b++) {
            const ec_block_entropy *v = &e->value[(batch * e->n_labels + y) * e->n_blocks + b];
            sum += s->geometric ? v->geometric : v->von_neumann;
        }
    return sum / (double)((to - from) * (s->end - s->first));
}

static ec_estimate estimate(const ec_entropies *e, const selection *s)
{
    double sum = 0, squares = 0, n = (double)e->batches;

    for (size_t k = 0; k < e->batches; k++)
        sum += mean_of_batch(e, k, s);
    for (size_t k = 0; k < e->batches; k++)
        squares += pow(mean_of_batch(e, k, s) - sum / n, 2);
    return (ec_estimate){sum / n, e->batches > 1 ? sqrt(squares / (n - 1) / n) : NAN};
}

ec_estimate ec_entropies_at(const ec_entropies *entropies, size_t label, size_t block)
{
    return estimate(entropies, &(selection){label, block, block + 1, false});
}

ec_estimate ec_entropies_geometric_at(const ec_entropies *entropies, size_t label, size_t block)
{
    return estimate(entropies, &(selection){label, block, block + 1, true});
}

ec_estimate ec_entropies_level(const ec_entropies *entropies, size_t label, size_t level)
{
    return estimate(entropies, &(selection){label, entropies->start[level],
                                            entropies->start[level + 1], false});
}

double ec_entropies_surrogate(const ec_entropies *entropies, size_t level)
{
    size_t n = entropies->start[level + 1] - entropies->start[level];
    double sum = 0;

    for (size_t b = 0; b < n; b++)
        sum += entropies->surrogate[entropies->start[level] + b];
    return sum / (double)n;
}
