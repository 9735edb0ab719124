/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "entcap/design.h"

#include <stdlib.h>
#include <string.h>

#include "core/flow.h"

void ec_ranges_clear(ec_ranges *ranges)
{
    if (ranges == NULL)
        return;
    for (size_t l = 0; ranges->level != NULL && l < ranges->n_levels; l++)
        ec_free(ranges->level[l].values);
    ec_free(ranges->level);
    *ranges = (ec_ranges){0};
}

ec_status ec_ranges_init(ec_ranges *out, const ec_arch *arch, ec_error *err)
{
    ec_status status = EC_OK;

    *out = (ec_ranges){0};
    if (ec_arch_is_network(arch))
        return ec_fail(err, EC_EINVAL, "ranges of widths need input and layers, not a network");
    EC_NEW(out->level, arch->n_levels);
    out->n_levels = arch->n_levels;
    for (size_t l = 0; l < arch->n_levels; l++) {
        EC_NEW(out->level[l].values, 1);
        out->level[l].values[0] = ec_level_channels(&arch->levels[l]);
        out->level[l].n = 1;
    }
done:
    return status;
}

uint64_t ec_ranges_count(const ec_ranges *ranges)
{
    uint64_t count = 1;

    for (size_t l = 0; l < ranges->n_levels; l++) {
        if (__builtin_mul_overflow(count, ranges->level[l].n, &count))
            return UINT64_MAX;
    }
    return count;
}

/* One run of values as written: first, first..last, first..last:+step, first..last:xfactor. */
struct run_of_values {
    uint64_t first, last, step;
    bool geometric;
};

/* A decimal number at *at, moved behind it; UINT64_MAX if there is none or it is too large. */
static uint64_t read_number(const char **at)
{
    uint64_t value = 0;
    const char *start = *at;

    for (; **at >= '0' && **at <= '9'; (*at)++)
        if (value <= EC_ARCH_MAX_DIMENSION) /* what is larger stays so */
            value = value * 10 + (uint64_t)(**at - '0');
    return *at == start || value > EC_ARCH_MAX_DIMENSION ? UINT64_MAX : value;
}

static ec_status read_step(struct run_of_values *run, const char **at, const char *text,
                           ec_error *err)
{
    if (**at != ':')
        return EC_OK;
    (*at)++;
    if (**at != '+' && **at != 'x')
        return ec_fail(err, EC_EINVAL, "'%.60s': a step is +N or xN", text);
    run->geometric = *(*at)++ == 'x';
    run->step = read_number(at);
    if (run->step == UINT64_MAX || run->step < (run->geometric ? 2u : 1u))
        return ec_fail(err, EC_EINVAL, "'%.60s': a step is at least %s and at most %u", text,
                       run->geometric ? "x2" : "+1", EC_ARCH_MAX_DIMENSION);
    return EC_OK;
}

static ec_status read_run(struct run_of_values *run, const char **at, const char *text,
                          ec_error *err)
{
    *run = (struct run_of_values){.first = read_number(at), .step = 1};
    run->last = run->first;
    if (strncmp(*at, "..", 2) == 0) {
        *at += 2;
        run->last = read_number(at);
        ec_status status = read_step(run, at, text, err);
        if (status != EC_OK)
            return status;
    }
    if (**at != ',' && **at != '\0')
        return ec_fail(err, EC_EINVAL, "'%.60s': expected N, N..N, N..N:+N or N..N:xN", text);
    if (run->first == UINT64_MAX || run->last == UINT64_MAX || run->first == 0)
        return ec_fail(err, EC_EINVAL, "'%.60s': a width is an integer from 1 to %u", text,
                       EC_ARCH_MAX_DIMENSION);
    if (run->last < run->first)
        return ec_fail(err, EC_EINVAL, "'%.60s': the range runs backwards, from %llu to %llu", text,
                       (unsigned long long)run->first, (unsigned long long)run->last);
    return EC_OK;
}

static bool has_value(const ec_range *range, uint32_t value)
{
    for (size_t i = 0; i < range->n; i++) {
        if (range->values[i] == value)
            return true;
    }
    return false;
}

/* Append the values of a run. A single run cannot repeat itself, so only lists are searched. */
static ec_status append(ec_range *range, const struct run_of_values *run, const char *text,
                        ec_error *err)
{
    size_t before = range->n, room = 0;
    ec_range earlier = {.values = range->values, .n = before};

    for (uint64_t v = run->first; v <= run->last;
         v = run->geometric ? v * run->step : v + run->step)
        room++;
    uint32_t *grown = ec_realloc(range->values, before + room, sizeof *grown, err);
    if (grown == NULL)
        return EC_ENOMEM;
    range->values = earlier.values = grown;
    for (uint64_t v = run->first; v <= run->last;
         v = run->geometric ? v * run->step : v + run->step) {
        if (has_value(&earlier, (uint32_t)v))
            return ec_fail(err, EC_EINVAL, "'%.60s': %llu is there twice", text,
                           (unsigned long long)v);
        range->values[range->n++] = (uint32_t)v;
    }
    return EC_OK;
}

/* Are the channels such that the constant fits beside them, and the feature map takes them? */
static ec_status check_values(const ec_range *range, const ec_arch *arch, size_t level,
                              ec_error *err)
{
    bool pairs = level == 0 && arch->input.features.kind == EC_FEATURES_COS_SIN;

    for (size_t i = 0; i < range->n; i++) {
        if (arch->levels[level].constant && range->values[i] == EC_ARCH_MAX_DIMENSION)
            return ec_fail(err, EC_EINVAL,
                           "%s carries a constant channel: at most %u others are fine",
                           arch->levels[level].name, EC_ARCH_MAX_DIMENSION - 1);
        if (pairs && range->values[i] % 2 != 0)
            return ec_fail(err, EC_EINVAL, "cos-sin needs an even number of channels, not %u",
                           range->values[i]);
    }
    return EC_OK;
}

static ec_status find_level(size_t *level, const ec_arch *arch, const char *text, size_t length,
                            ec_error *err)
{
    ec_nearest nearest = {0};
    char name[32] = "";

    if (length < sizeof name)
        memcpy(name, text, length);
    nearest.word = name;
    *level = ec_arch_find_level(arch, name);
    if (*level < arch->n_levels)
        return EC_OK;
    for (size_t l = 0; l < arch->n_levels; l++)
        ec_nearest_offer(&nearest, arch->levels[l].name);
    if (nearest.best != NULL)
        return ec_fail(err, EC_EINVAL, "'%.60s': unknown width, did you mean '%s'?", text,
                       nearest.best);
    return ec_fail(err, EC_EINVAL, "'%.60s': unknown width; they are input, r0 .. %s", text,
                   arch->levels[arch->n_levels - 1].name);
}

ec_status ec_ranges_set(ec_ranges *ranges, const ec_arch *arch, const char *text, ec_error *err)
{
    ec_status status = EC_OK;
    ec_range range = {0};
    const char *at = strchr(text, '=');
    size_t level;

    if (at == NULL)
        return ec_fail(err, EC_EINVAL, "'%.60s': expected WIDTH=VALUES, such as r0=4..64:x2", text);
    EC_TRY(find_level(&level, arch, text, (size_t)(at - text), err));
    do {
        struct run_of_values run;
        at++;
        EC_TRY(read_run(&run, &at, text, err));
        EC_TRY(append(&range, &run, text, err));
    } while (*at == ',');
    EC_TRY(check_values(&range, arch, level, err));
    ec_free(ranges->level[level].values);
    ranges->level[level] = range;
    range = (ec_range){0};
done:
    ec_free(range.values);
    return status;
}
