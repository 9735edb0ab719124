/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "design/sweep_i.h"

#include <math.h>

/* A sweep is cut into about this many units, whatever the number of threads, of this size. */
#define UNITS         64
#define UNIT_SMALLEST 4096
#define UNIT_LARGEST  65536

static ec_status check_input(const ec_sweep_input *in, ec_error *err)
{
    if (ec_arch_is_network(in->arch))
        return ec_fail(err, EC_EINVAL, "a sweep over widths needs input and layers, not a network");
    if (in->arch->n_levels > EC_SWEEP_MAX_LEVELS)
        return ec_fail(err, EC_ELIMIT, "%zu levels, a sweep takes at most %d", in->arch->n_levels,
                       EC_SWEEP_MAX_LEVELS);
    if (ec_ranges_count(in->ranges) >= (uint64_t)1 << 53)
        return ec_fail(err, EC_ELIMIT, "2^53 configurations or more; narrow the ranges");
    return EC_OK;
}

/* Factors of in * out for parameters and multiply-adds, and that no total reaches 2^63. */
static ec_status count_factors(ec_sweep *s, ec_error *err)
{
    ec_status status = EC_OK;
    const ec_arch *arch = s->in.arch;
    double total = 0;

    for (size_t q = 0; q < SWEEP_COUNTS; q++)
        EC_NEW(s->factor[q], s->n_levels);
    for (size_t l = 0; l < s->n_levels; l++) {
        size_t positions = ec_level_positions(&arch->levels[l]);
        double in = 0, out = l + 1 == s->n_levels ? arch->outputs : 0;
        s->factor[EC_QUANTITY_MULTIPLY_ADDS][l] = positions;
        s->factor[EC_QUANTITY_PARAMETERS][l] = arch->levels[l].shared ? 1 : positions;
        for (size_t j = 0; j < s->in.ranges->level[l].n; j++)
            in = fmax(in, s->in.ranges->level[l].values[j]);
        for (size_t j = 0; l + 1 < s->n_levels && j < s->in.ranges->level[l + 1].n; j++)
            out = fmax(out, s->in.ranges->level[l + 1].values[j]);
        total += (double)positions * in * out;
    }
    if (total >= 0x1p62)
        return ec_fail(err, EC_ELIMIT, "up to %.3g multiply-adds, a sweep counts to 2^62", total);
    if (s->in.pareto)
        s->counted[s->in.cost] = true;
    for (size_t f = 0; f < s->in.n_filters; f++) {
        if (s->in.filters[f].quantity != EC_QUANTITY_BOUND)
            s->counted[s->in.filters[f].quantity] = true;
    }
done:
    return status;
}

static ec_status collapse(ec_sweep *s, const ec_run *run, ec_error *err)
{
    ec_status status = EC_OK;
    const ec_partitions *p = s->in.partitions;
    bool sharing = ec_bound_has_sharing(s->in.arch);

    EC_NEW(s->quotients, p->n);
    EC_NEW(s->tasks, 2 * p->n);
    for (size_t k = 0; k < p->n; k++) {
        EC_TRY(ec_quotient_init(&s->quotients[k], s->in.arch, &p->items[k].a, false, run, err));
        for (size_t shared = 0; shared <= (sharing ? 1u : 0u); shared++)
            s->tasks[s->n_tasks++] = (sweep_task){&s->quotients[k], shared == 1, 2 * k + shared};
    }
done:
    return status;
}

static ec_status prepare_values(ec_sweep *s, ec_error *err)
{
    ec_status status = EC_OK;

    EC_NEW(s->values, s->n_levels);
    EC_NEW(s->log2_values, s->n_levels);
    for (size_t l = 0; l < s->n_levels; l++) {
        const ec_range *range = &s->in.ranges->level[l];
        EC_NEW(s->values[l], range->n + EC_SWEEP_PAD);
        EC_NEW(s->log2_values[l], range->n + EC_SWEEP_PAD);
        for (size_t j = 0; j < range->n; j++) {
            s->values[l][j] = range->values[j];
            s->log2_values[l][j] = log2(ec_sweep_dim(s->in.arch, l, range->values[j]));
        }
    }
done:
    return status;
}

/* Cut the configurations into units; size the arrays to stay in the cache. */
static ec_status divide(ec_sweep *s, ec_error *err)
{
    ec_status status = EC_OK;
    uint64_t wanted = s->n / UNITS + 1, prefixes = 1;

    s->per_unit = wanted < UNIT_SMALLEST  ? UNIT_SMALLEST
                  : wanted > UNIT_LARGEST ? UNIT_LARGEST
                                          : wanted;
    s->n_units = (size_t)((s->n - 1) / s->per_unit + 1);
    EC_NEW(s->capacity, s->n_levels);
    for (size_t l = 0; l < s->n_levels; l++) {
        size_t arrays = 1, capacity;
        for (size_t t = 0; t < s->n_tasks; t++)
            arrays += 2 * s->tasks[t].quotient->level[l].n_classes;
        capacity = EC_SWEEP_LEVEL_DOUBLES / arrays;
        capacity = capacity < 16 ? 16 : capacity > EC_SWEEP_CHUNK ? EC_SWEEP_CHUNK : capacity;
        prefixes *= s->in.ranges->level[l].n; /* up to here; the whole product is below 2^53 */
        s->capacity[l] = prefixes < capacity ? (size_t)prefixes : capacity;
    }
done:
    return status;
}

ec_status ec_sweep_new(ec_sweep **out, const ec_sweep_input *input, const ec_run *run,
                       ec_error *err)
{
    ec_status status = EC_OK;
    ec_sweep *s = NULL;

    *out = NULL;
    EC_TRY(check_input(input, err));
    EC_NEW(s, 1);
    s->in = *input;
    s->n_levels = input->arch->n_levels;
    s->n = ec_ranges_count(input->ranges);
    EC_TRY(count_factors(s, err));
    EC_TRY(collapse(s, run, err));
    EC_TRY(prepare_values(s, err));
    EC_TRY(divide(s, err));
    *out = s;
    s = NULL;
done:
    ec_sweep_free(s);
    return status;
}

void ec_sweep_free(ec_sweep *s)
{
    if (s == NULL)
        return;
    for (size_t k = 0; s->quotients != NULL && k < s->in.partitions->n; k++)
        ec_quotient_clear(&s->quotients[k]);
    for (size_t l = 0; s->values != NULL && l < s->n_levels; l++)
        ec_free(s->values[l]);
    for (size_t l = 0; s->log2_values != NULL && l < s->n_levels; l++)
        ec_free(s->log2_values[l]);
    for (size_t q = 0; q < SWEEP_COUNTS; q++)
        ec_free(s->factor[q]);
    ec_free(s->quotients);
    ec_free(s->tasks);
    ec_free(s->capacity);
    ec_free(s->values);
    ec_free(s->log2_values);
    ec_free(s);
}

size_t ec_sweep_units(const ec_sweep *sweep)
{
    return sweep->n_units;
}

uint64_t ec_sweep_count(const ec_sweep *sweep)
{
    return sweep->n;
}

void ec_sweep_widths(uint32_t *widths, const ec_sweep *sweep, uint64_t index)
{
    for (size_t l = sweep->n_levels; l > 0; l--) {
        const ec_range *range = &sweep->in.ranges->level[l - 1];
        widths[l - 1] = range->values[index % range->n];
        index /= range->n;
    }
}
