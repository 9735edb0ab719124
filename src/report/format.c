/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "report_i.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { MAX_LISTED = 6 }; /* layers of a cut, or sets of a bottleneck, that a cell lists */

/* Append to a fixed buffer; what does not fit is cut off. */
static void append(char out[EC_CELL], const char *fmt, ...) EC_PRINTF(2, 3);
static void append(char out[EC_CELL], const char *fmt, ...)
{
    size_t used = strlen(out);
    va_list args;

    va_start(args, fmt);
    vsnprintf(out + used, EC_CELL - used, fmt, args);
    va_end(args);
}

void ec_put_plain(ec_text *out, const char *name)
{
    for (; *name != '\0'; name++)
        ec_text_add(out, (unsigned char)*name < 0x20 || *name == 0x7f ? "?" : name, 1);
}

double ec_log2_of(const ec_int *x)
{
    return ec_int_cmp_u64(x, 1) >= 0 ? ec_int_log2(x) : 0;
}

double ec_nats_of(const ec_int *x)
{
    return ec_log2_of(x) * log(2);
}

char *ec_format_count(char out[EC_CELL], uint64_t x)
{
    char digits[24];
    int n = snprintf(digits, sizeof digits, "%" PRIu64, x);
    char *to = out;

    for (int i = 0; i < n; i++) {
        if (i > 0 && (n - i) % 3 == 0)
            *to++ = ',';
        *to++ = digits[i];
    }
    *to = '\0';
    return out;
}

/* 10^(log10 x) as mantissa and exponent: only people read it, three digits will do. */
static char *format_rounded(char out[EC_CELL], double log2)
{
    double log10 = log2 * log(2) / log(10);
    double exponent = floor(log10), mantissa = pow(10, log10 - exponent);

    if (mantissa >= 9.995) {
        mantissa = 1;
        exponent += 1;
    }
    snprintf(out, EC_CELL, "~%.2fe%.0f", mantissa, exponent);
    return out;
}

/* "2^1024", if a long x is a power of a small number; false if it is none. */
static bool format_power_of_small(char out[EC_CELL], const ec_int *x)
{
    double log2_x = ec_log2_of(x);
    ec_int power = {0};
    bool found = false;

    for (uint32_t base = 2; base <= 12 && !found; base++) {
        double exponent = log2_x / log2(base);

        if (fabs(exponent - round(exponent)) > 1e-6)
            continue;
        ec_int_pow_u64(&power, base, (uint64_t)round(exponent));
        found = ec_int_cmp(&power, x) == 0;
        snprintf(out, EC_CELL, "%" PRIu32 "^%.0f", base, exponent);
    }
    ec_int_clear(&power);
    return found;
}

static bool is_short(const ec_int *x)
{
    return ec_int_fits_u64(x) && ec_int_cmp_u64(x, UINT64_C(999999999999999)) <= 0;
}

char *ec_format_int(char out[EC_CELL], const ec_int *x)
{
    if (is_short(x))
        return ec_format_count(out, ec_int_get_u64(x));
    return format_power_of_small(out, x) ? out : format_rounded(out, ec_log2_of(x));
}

char *ec_format_cut_rank(char out[EC_CELL], const ec_cut *cut)
{
    if (is_short(&cut->rank))
        return ec_format_count(out, ec_int_get_u64(&cut->rank));
    if (cut->n_factors == 0 || cut->n_factors > 3)
        return format_rounded(out, cut->log2);
    out[0] = '\0';
    for (size_t i = cut->n_factors; i-- > 0;) {
        append(out, "%" PRIu32, cut->factors[i].dim);
        if (cut->factors[i].count > 1)
            append(out, "^%" PRIu64, cut->factors[i].count);
        append(out, "%s", i > 0 ? " x " : "");
    }
    return out;
}

char *ec_format_cut(char out[EC_CELL], const ec_cut *cut)
{
    out[0] = '\0';
    for (size_t i = 0; i < cut->n_layers && i < MAX_LISTED; i++) {
        const ec_cut_layer *layer = &cut->layers[i];

        append(out, "%s", i > 0 ? ", " : "");
        if (layer->count > 1)
            append(out, "%" PRIu64 " x ", layer->count);
        append(out, "%s (%" PRIu32 ")", layer->name, layer->dim);
    }
    if (cut->n_layers > MAX_LISTED)
        append(out, ", %zu more", cut->n_layers - MAX_LISTED);
    if (cut->n_layers == 0)
        append(out, "nothing");
    return out;
}

char *ec_format_bottleneck(char out[EC_CELL], const ec_bottleneck *bottleneck)
{
    out[0] = '\0';
    for (size_t i = 0; i < bottleneck->n_sets && i < MAX_LISTED; i++) {
        append(out, "%s", i > 0 ? " or " : "");
        for (size_t j = bottleneck->set_start[i]; j < bottleneck->set_start[i + 1]; j++)
            append(out, "%s%s", j > bottleneck->set_start[i] ? "+" : "", bottleneck->name[j]);
    }
    if (bottleneck->n_sets > MAX_LISTED || (bottleneck->n_sets > 0 && !bottleneck->complete))
        append(out, " or others");
    return out;
}

char *ec_format_bound(char out[EC_CELL], const ec_bound *bound)
{
    return bound->from_shared ? ec_format_int(out, bound->rank)
                              : ec_format_cut_rank(out, &bound->min_cut);
}

char *ec_format_shared(char out[EC_CELL], const ec_bound *bound)
{
    return ec_int_cmp(&bound->shared_rank, &bound->min_cut.rank) == 0
               ? ec_format_cut_rank(out, &bound->min_cut)
               : ec_format_int(out, &bound->shared_rank);
}

char *ec_format_power(char out[EC_CELL], const ec_int *rank, uint32_t base)
{
    if (is_short(rank))
        return ec_format_count(out, ec_int_get_u64(rank));
    snprintf(out, EC_CELL, "%" PRIu32 "^%.0f", base, ec_log2_of(rank) / log2(base));
    return out;
}

bool ec_next_group(ec_tensor_group *group, const ec_arch *arch, size_t i)
{
    size_t start = i == 0 ? 0 : group->start + group->n;

    if (i < arch->n_levels) {
        *group = (ec_tensor_group){.start = start, .n = ec_level_positions(&arch->levels[i])};
        snprintf(group->name, sizeof group->name, "layers.%zu.weight", i);
        return true;
    }
    if (arch->n_levels > 0 || i >= arch->n_tensors)
        return false;
    *group = (ec_tensor_group){.start = start, .n = 1};
    snprintf(group->name, sizeof group->name, "%s", arch->tensors[i].name);
    return true;
}

char *ec_sides_text(const ec_cut *cut, const ec_tensor_group *group, ec_error *err)
{
    char *letters = ec_calloc(group->n + 1, 1, err);

    for (size_t i = 0; letters != NULL && i < group->n; i++)
        letters[i] = cut->side_a[group->start + i] ? 'A' : 'B';
    return letters;
}

const char *ec_basis_note(ec_basis basis)
{
    switch (basis) {
    case EC_BASIS_SITES:
        return "S and S2 are the tensor's (basis sites): a rescaling of the features that leaves "
               "the function as it is changes them";
    case EC_BASIS_FEATURES:
        return "S and S2 are the function's, on [0, 1] (basis features): a rescaling of the "
               "features that leaves it as it is changes nothing";
    case EC_BASIS_DATA:
        return "S and S2 are the function's, on the pixels of the data (basis features): a "
               "rescaling of the features that leaves it as it is changes nothing";
    }
    return "";
}
