/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "entcap/fit.h"

#include "core/flow.h"

#include <math.h>
#include <stdio.h>

enum { DEFAULT_LEVELS = 3, DEFAULT_WIDTH = 512 };

static void side_clear(ec_fit_side *side)
{
    for (size_t l = 0; l <= EC_BLOCKS_MAX_LEVELS; l++)
        ec_int_clear(&side->level[l].capacity);
    ec_entropies_clear(&side->entropies);
    ec_design_answer_clear(&side->smallest);
}

void ec_fit_clear(ec_fit *fit)
{
    if (fit == NULL)
        return;
    side_clear(&fit->as_is);
    side_clear(&fit->rearranged);
    ec_partitions_clear(&fit->partitions);
    *fit = (ec_fit){.n_samples = 0};
}

ec_estimate ec_fit_demand(size_t *label, const ec_entropies *entropies, size_t block)
{
    ec_estimate most = {-1, NAN};

    for (size_t y = 0; y < entropies->n_labels; y++) {
        ec_estimate here = ec_entropies_at(entropies, y, block);

        if (here.mean > most.mean) {
            most = here;
            if (label != NULL)
                *label = y;
        }
    }
    return most;
}

char *ec_fit_block_name(char out[48], const ec_blocks *blocks, size_t level, size_t block)
{
    ec_block b = ec_blocks_at(blocks, level, block);
    size_t across = blocks->grid[1] / b.width;

    snprintf(out, 48, "block:%zu:%zu", level, b.row / b.height * across + b.column / b.width);
    return out;
}

/* --------------------------------------------------------------- capacities */

/* The upper bound of any block of a level: they differ in place, not in structure. */
static ec_status bound_level(ec_fit_level *out, const ec_arch *arch, const ec_sites *a,
                             const ec_run *run, ec_error *err)
{
    ec_status status = EC_OK;
    ec_cut cut = {.side_a = NULL};
    ec_int shared = {0};
    bool applies = false;

    EC_TRY(ec_bound_min_cut_tree(&cut, arch, a, false, run, err));
    EC_TRY(ec_bound_shared(&applies, &shared, arch, a, run, err));
    out->from_shared = applies && ec_int_cmp(&shared, &cut.rank) < 0;
    ec_int_set(&out->capacity, out->from_shared ? &shared : &cut.rank);
    out->capacity_nats = ec_int_log2(&out->capacity) * log(2);
done:
    ec_int_clear(&shared);
    ec_cut_clear(&cut);
    return status;
}

/* block:L:0 of every level, one after the other; by its sites, whatever the names mean elsewhere.
 */
static ec_status find_partitions(ec_partitions *out, const ec_blocks *blocks, ec_error *err)
{
    ec_status status = EC_OK;
    char name[48];

    EC_NEW(out->items, blocks->n_levels);
    for (size_t l = 1; l <= blocks->n_levels; l++) {
        ec_partition *p = &out->items[out->n++];
        ec_block b = ec_blocks_at(blocks, l, 0);

        EC_TRY(ec_sites_init(&p->a, blocks->grid[0] * blocks->grid[1], err));
        for (size_t r = 0; r < b.height; r++)
            for (size_t c = 0; c < b.width; c++)
                ec_sites_add(&p->a, r * blocks->grid[1] + c);
        p->name = ec_strdup(ec_fit_block_name(name, blocks, l, 0), err);
        if (p->name == NULL)
            return EC_ENOMEM;
    }
done:
    return status;
}

/* ------------------------------------------------------------------ verdicts */

static ec_status judge(ec_fit_side *side, const ec_fit *fit, const ec_arch *arch, const ec_run *run,
                       ec_error *err)
{
    const ec_entropies *e = &side->entropies;
    ec_status status = EC_OK;

    for (size_t l = e->first; l <= e->last; l++) {
        ec_fit_level *level = &side->level[l];

        EC_TRY(bound_level(level, arch, &fit->partitions.items[l - 1].a, run, err));
        level->demand.mean = -1;
        for (size_t b = e->start[l]; b < e->start[l + 1]; b++) {
            size_t label = 0;
            ec_estimate demand = ec_fit_demand(&label, e, b);

            if (demand.mean > level->demand.mean) {
                level->demand = demand;
                level->worst = b;
                level->label = label;
            }
        }
        level->excluded = level->demand.mean > level->capacity_nats + EC_FIT_TOLERANCE;
        side->excluded = side->excluded || level->excluded;
    }
done:
    return status;
}

/* The least integer with a logarithm of at least x, up to the tolerance. */
static void smallest_rank(ec_int *out, double nats)
{
    ec_int_set_u64(out, (uint64_t)fmax(ceil(exp(nats - EC_FIT_TOLERANCE)), 1));
}

static ec_status set_ranges(ec_ranges *out, const ec_arch *arch, uint32_t max_width, ec_error *err)
{
    ec_status status = ec_ranges_init(out, arch, err);
    char text[64];

    for (size_t l = 1; l < arch->n_levels && status == EC_OK; l++) {
        snprintf(text, sizeof text, "%s=1..%u", arch->levels[l].name, max_width);
        status = ec_ranges_set(out, arch, text, err);
    }
    return status;
}

static ec_status find_smallest(ec_fit_side *side, const ec_fit *fit, const ec_arch *arch,
                               uint32_t max_width, const ec_run *run, ec_error *err)
{
    const ec_entropies *e = &side->entropies;
    ec_status status = EC_OK;
    ec_design_goal goals[EC_BLOCKS_MAX_LEVELS] = {{.weight = 0}};
    ec_ranges ranges = {.n_levels = 0};
    ec_design_input input = {.arch = arch,
                             .partitions = &fit->partitions,
                             .ranges = &ranges,
                             .goals = goals,
                             .cost = EC_QUANTITY_PARAMETERS,
                             .budget = UINT64_MAX};

    EC_TRY(set_ranges(&ranges, arch, max_width, err));
    for (size_t l = e->first; l <= e->last; l++) {
        ec_design_goal *goal = &goals[input.n_goals++];

        goal->partition = l - 1;
        smallest_rank(&goal->min_rank, side->level[l].demand.mean);
    }
    EC_TRY(ec_design_solve(&side->smallest, &input, run, err));
done:
    for (size_t k = 0; k < input.n_goals; k++)
        ec_int_clear(&goals[k].min_rank);
    ec_ranges_clear(&ranges);
    return status;
}

static ec_status fill_side(ec_fit_side *side, const ec_fit *fit, const ec_arch *arch,
                           const ec_samples *samples, const ec_fit_options *options,
                           const ec_run *run, ec_error *err)
{
    ec_status status = EC_OK;
    ec_entropy_options entropy = options->entropy;

    entropy.all_labels = arch->outputs > 2;
    EC_TRY(ec_data_entropy(&side->entropies, samples, &fit->blocks, &entropy, run, err));
    EC_TRY(judge(side, fit, arch, run, err));
    EC_TRY(find_smallest(side, fit, arch,
                         options->max_width > 0 ? options->max_width : DEFAULT_WIDTH, run, err));
done:
    return status;
}

/* One number per feature, in the order of the places. */
static ec_status move_numbers(double **out, double *x, const ec_order *order,
                              const ec_blocks *blocks, ec_error *err)
{
    const ec_array row = {
        .type = EC_F64, .n_dims = 2, .shape = {1, order->n}, .count = order->n, .data = x};
    ec_array moved;
    ec_status status = ec_order_apply(&moved, &row, order, blocks, NULL, err);

    *out = moved.data;
    return status;
}

/* The samples with their features in another order; labels stay with the original. */
static ec_status move_samples(ec_samples *out, const ec_samples *samples, const ec_order *order,
                              const ec_blocks *blocks, const ec_run *run, ec_error *err)
{
    ec_status status = EC_OK;

    *out = *samples;
    out->values.data = NULL;
    out->scale = out->offset = NULL;
    EC_TRY(ec_order_apply(&out->values, &samples->values, order, blocks, run, err));
    EC_TRY(move_numbers(&out->scale, samples->scale, order, blocks, err));
    EC_TRY(move_numbers(&out->offset, samples->offset, order, blocks, err));
done:
    return status;
}

static ec_status rearrange(ec_fit *fit, const ec_arch *arch, const ec_samples *samples,
                           const ec_fit_options *options, const ec_run *run, ec_error *err)
{
    const ec_rearrange_options how = {.method = EC_REARRANGE_METIS};
    ec_status status = EC_OK;
    ec_order order = {.n = 0};
    ec_blocks all;
    ec_samples moved = {.n = 0};

    EC_TRY(ec_blocks_of_arch(&all, arch, err)); /* all levels, not only those measured */
    EC_TRY(ec_data_rearrange(&order, samples, &all, &how, run, err));
    EC_TRY(move_samples(&moved, samples, &order, &all, run, err));
    fit->has_rearranged = true;
    EC_TRY(fill_side(&fit->rearranged, fit, arch, &moved, options, run, err));
done:
    moved.label = NULL;
    ec_samples_clear(&moved);
    ec_order_clear(&order);
    return status;
}

ec_status ec_fit_samples(ec_fit *out, const ec_arch *arch, const ec_samples *samples,
                         const ec_fit_options *options, const ec_run *run, ec_error *err)
{
    ec_status status = EC_OK;
    size_t levels = options->levels > 0 ? options->levels : DEFAULT_LEVELS;

    *out = (ec_fit){.n_samples = samples->n};
    EC_TRY(ec_blocks_of_arch(&out->blocks, arch, err));
    if (levels < out->blocks.n_levels)
        out->blocks.n_levels = levels;
    EC_TRY(find_partitions(&out->partitions, &out->blocks, err));
    EC_TRY(fill_side(&out->as_is, out, arch, samples, options, run, err));
    if (options->rearrange)
        EC_TRY(rearrange(out, arch, samples, options, run, err));
done:
    if (status != EC_OK)
        ec_fit_clear(out);
    return status;
}
