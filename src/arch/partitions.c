/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "arch_i.h"

#include "core/flow.h"

#include <stdio.h>
#include <string.h>

/* Bytes of all sides of a list; a short text can ask for far more sites than it has bytes. */
static const double max_bytes = 1024.0 * 1024 * 1024;

void ec_partition_clear(ec_partition *partition)
{
    if (partition == NULL)
        return;
    ec_free(partition->name);
    ec_sites_clear(&partition->a);
    *partition = (ec_partition){.name = NULL};
}

void ec_partitions_clear(ec_partitions *partitions)
{
    if (partitions == NULL)
        return;
    for (size_t i = 0; i < partitions->n; i++)
        ec_partition_clear(&partitions->items[i]);
    ec_free(partitions->items);
    *partitions = (ec_partitions){.n = 0};
}

ec_status ec_partitions_reserve(ec_partitions *list, const ec_arch *arch, double more,
                                ec_error *err)
{
    double each = (double)sizeof *list->items + 64 + (double)arch->n_sites / 8;
    double total = (double)list->n + more;
    ec_partition *items;

    if (total * each > max_bytes)
        return ec_fail(err, EC_ELIMIT,
                       "%.0f partitions of %zu sites are too many at once; at most %zu fit", total,
                       arch->n_sites, (size_t)(max_bytes / each));
    items = ec_realloc(list->items, (size_t)total, sizeof *items, err);
    if (items == NULL)
        return EC_ENOMEM;
    list->items = items;
    return EC_OK;
}

ec_status ec_partitions_add(ec_partitions *list, const char *name, ec_sites *a, ec_place place,
                            ec_error *err)
{
    char *own = ec_strdup(name, err);

    if (own == NULL)
        return EC_ENOMEM;
    list->items[list->n++] = (ec_partition){.name = own, .a = *a, .place = place};
    *a = (ec_sites){.n = 0};
    return EC_OK;
}

/* ------------------------------------------------------------------ by name or sites */

static ec_status unknown_name(const ec_arch *arch, const char *name, ec_error *err)
{
    ec_nearest nearest = {.word = name};

    for (size_t i = 0; i < arch->partitions.n; i++)
        ec_nearest_offer(&nearest, arch->partitions.items[i].name);
    ec_rule_nearest(&nearest);
    return ec_fail(
        err, EC_EINVAL, "there is no partition %s; %s", ec_quote(name).text,
        ec_hint(nearest.best, "give a listed or built-in name, or sites as in 0-3,8").text);
}

/* "0-3,8": the text is its own name, cut if it is long. */
static ec_status from_sites(ec_partition *out, const ec_arch *arch, const char *text, ec_error *err)
{
    ec_sites_fault fault;
    char name[64];
    size_t count;
    ec_status status = ec_sites_read(&out->a, arch->n_sites, text, &fault, err);

    if (status == EC_EPARSE)
        return ec_fail(err, EC_EINVAL, "%s: %s", ec_quote(text).text, fault.msg);
    if (status != EC_OK)
        return status;
    count = ec_sites_count(&out->a);
    if (count == arch->n_sites)
        return ec_fail(err, EC_EINVAL, "%s: side A is everything; leave a site out",
                       ec_quote(text).text);
    snprintf(name, sizeof name, "%.60s%s", text, strlen(text) > 60 ? "..." : "");
    out->name = ec_strdup(name, err);
    return out->name != NULL ? EC_OK : EC_ENOMEM;
}

static const ec_partition *find_listed(const ec_arch *arch, const char *name)
{
    for (size_t i = 0; i < arch->partitions.n; i++)
        if (strcmp(arch->partitions.items[i].name, name) == 0)
            return &arch->partitions.items[i];
    return NULL;
}

/* A built-in partition under its own name. */
static ec_status from_rule(ec_partition *out, const ec_arch *arch, const char *name,
                           const ec_rule *rule, ec_error *err)
{
    ec_status status;

    if (ec_rule_is_many(rule))
        return ec_fail(err, EC_EINVAL, "%s is many partitions; name one, such as block:1:0", name);
    status = ec_rule_sites(&out->a, arch, rule, err);
    if (status == EC_OK)
        out->name = ec_strdup(name, err);
    return status != EC_OK ? status : out->name != NULL ? EC_OK : EC_ENOMEM;
}

ec_status ec_arch_partition(ec_partition *out, const ec_arch *arch, const char *text, ec_error *err)
{
    const ec_partition *listed = find_listed(arch, text);
    ec_rule rule;
    ec_status status;

    *out = (ec_partition){.name = NULL};
    if (listed != NULL) {
        out->place = listed->place;
        out->name = ec_strdup(text, err);
        return out->name != NULL ? ec_sites_copy(&out->a, &listed->a, err) : EC_ENOMEM;
    }
    status = ec_rule_find(&rule, arch, text, err);
    if (status != EC_OK)
        return status;
    if (rule.builtin != NULL)
        return from_rule(out, arch, text, &rule, err);
    if (text[0] >= '0' && text[0] <= '9')
        return from_sites(out, arch, text, err);
    return unknown_name(arch, text, err);
}

/* -------------------------------------------------------------------------- lists */

/* One text of the caller: canonical is many, everything else is one. */
static ec_status add_one(ec_partitions *out, const ec_arch *arch, const char *text, ec_error *err)
{
    ec_partition one = {.name = NULL};
    ec_rule rule = {.builtin = NULL};
    ec_status status = EC_OK;

    if (find_listed(arch, text) == NULL)
        EC_TRY(ec_rule_find(&rule, arch, text, err));
    if (rule.builtin != NULL && ec_rule_is_many(&rule))
        return ec_rule_add_all(out, arch, (ec_place){0, 0}, err);
    EC_TRY(ec_partitions_reserve(out, arch, 1, err));
    EC_TRY(ec_arch_partition(&one, arch, text, err));
    EC_TRY(ec_partitions_add(out, one.name, &one.a, one.place, err));
done:
    ec_partition_clear(&one);
    return status;
}

/* Copies, so that a list outlives its architecture. */
static ec_status add_listed(ec_partitions *out, const ec_arch *arch, ec_error *err)
{
    ec_status status = ec_partitions_reserve(out, arch, (double)arch->partitions.n, err);

    for (size_t i = 0; i < arch->partitions.n && status == EC_OK; i++) {
        const ec_partition *listed = &arch->partitions.items[i];
        ec_sites a;
        status = ec_sites_copy(&a, &listed->a, err);
        if (status == EC_OK)
            status = ec_partitions_add(out, listed->name, &a, listed->place, err);
        ec_sites_clear(&a);
    }
    return status;
}

/* The defaults of the format, without those that have an empty side here. */
static ec_status add_defaults(ec_partitions *out, const ec_arch *arch, ec_error *err)
{
    bool flat = ec_arch_is_network(arch) || arch->input.n_dims == 1;
    size_t height = flat ? 1 : arch->input.grid[0];
    size_t width = flat ? arch->n_sites : arch->input.grid[1];
    ec_status status = EC_OK;

    if (width > 1)
        EC_TRY(add_one(out, arch, "left-right", err));
    if (height > 1)
        EC_TRY(add_one(out, arch, "top-bottom", err));
    if (width > 1 || height > 1)
        EC_TRY(add_one(out, arch, "interleaved", err));
done:
    return status;
}

ec_status ec_arch_partitions(ec_partitions *out, const ec_arch *arch, const char *const *texts,
                             size_t n_texts, ec_error *err)
{
    ec_status status = EC_OK;

    *out = (ec_partitions){.n = 0};
    for (size_t i = 0; i < n_texts; i++)
        EC_TRY(add_one(out, arch, texts[i], err));
    if (n_texts == 0 && arch->partitions.n > 0)
        status = add_listed(out, arch, err);
    else if (n_texts == 0)
        status = add_defaults(out, arch, err);
done:
    return status;
}
