/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "arch_i.h"

#include "core/flow.h"

#include <string.h>

/* A report without a place, made at one: what the partition calls say of a name in the file. */
static ec_status place_report(ec_status status, const ec_error *report, const ec_tree *tree,
                              ec_place place, ec_error *err)
{
    if (status == EC_OK)
        return EC_OK;
    if (status == EC_ENOMEM)
        return ec_fail(err, EC_ENOMEM, "%s", report->msg);
    return ec_source_fail(&tree->source, place, err, "%s", report->msg);
}

/* -------------------------------------------------------------------- partitions */

/* a: a list of integers */
static ec_status read_site_numbers(ec_sites *out, const ec_arch *arch, const ec_tree *tree,
                                   const ec_node *node, ec_error *err)
{
    const ec_range range = {"a site", 0, arch->n_sites - 1};
    ec_status status = EC_OK;

    EC_TRY(ec_value_list(tree, node, "side A", err));
    EC_TRY(ec_sites_init(out, arch->n_sites, err));
    for (const ec_node *e = ec_tree_first(tree, node); e != NULL; e = ec_tree_next(tree, e)) {
        uint64_t site = 0;
        size_t repeated;
        EC_TRY(ec_value_integer(&site, tree, e, &range, err));
        if (!ec_sites_add_range(out, site, site, &repeated))
            return ec_source_fail(&tree->source, e->place, err,
                                  "site %zu is repeated; list it once", repeated);
    }
done:
    return status;
}

/* a: "0-3,8" */
static ec_status read_site_string(ec_sites *out, const ec_arch *arch, const ec_tree *tree,
                                  const ec_node *node, ec_error *err)
{
    ec_sites_fault fault = {.offset = 0};
    ec_status status = ec_sites_read(out, arch->n_sites, ec_tree_string(tree, node), &fault, err);

    if (status == EC_EPARSE)
        return ec_source_fail(&tree->source, ec_tree_inside(tree, node, fault.offset), err, "%s",
                              fault.msg);
    return status;
}

/* a: one of the two forms; neither side may be empty. */
static ec_status read_side(ec_sites *out, const ec_arch *arch, const ec_tree *tree,
                           const ec_node *node, ec_error *err)
{
    ec_status status;

    if (node->kind == EC_NODE_MAP)
        return ec_source_fail(&tree->source, node->place, err,
                              "side A is a string of ranges or a list of integers, not a map");
    status = node->kind == EC_NODE_SCALAR ? read_site_string(out, arch, tree, node, err)
                                          : read_site_numbers(out, arch, tree, node, err);
    if (status == EC_OK && ec_sites_count(out) == arch->n_sites)
        status = ec_source_fail(&tree->source, node->place, err,
                                "side A is everything; leave a site out");
    return status;
}

/* {name: corner, a: ...} */
static ec_status read_own(ec_arch *arch, const ec_tree *tree, const ec_node *entry, ec_error *err)
{
    ec_status status = EC_OK;
    ec_field fields[] = {{.key = "name", .required = true}, {.key = "a", .required = true}};
    char *name = NULL;
    ec_sites a = {.n = 0};

    EC_TRY(ec_value_fields(fields, 2, tree, entry, "a partition", err));
    EC_TRY(ec_value_name(&name, tree, fields[0].value, "the name", err));
    EC_TRY(read_side(&a, arch, tree, fields[1].value, err));
    EC_TRY(ec_partitions_add(&arch->partitions, name, &a, fields[0].value->place, err));
done:
    ec_free(name);
    ec_sites_clear(&a);
    return status;
}

/* The name of a built-in partition; reports are without a place. */
static ec_status add_builtin(ec_arch *arch, const char *name, ec_place place, ec_error *report)
{
    ec_status status = EC_OK;
    ec_rule rule;
    ec_sites a = {.n = 0};

    EC_TRY(ec_rule_find(&rule, arch, name, report));
    if (rule.builtin == NULL) {
        ec_nearest nearest = {.word = name};
        ec_rule_nearest(&nearest);
        return ec_fail(report, EC_EINVAL, "there is no built-in partition %s; %s",
                       ec_quote(name).text,
                       ec_hint(nearest.best, "one of your own is {name: NAME, a: SITES}").text);
    }
    if (ec_rule_is_many(&rule))
        return ec_rule_add_all(&arch->partitions, arch, place, report);
    EC_TRY(ec_rule_sites(&a, arch, &rule, report));
    EC_TRY(ec_partitions_add(&arch->partitions, name, &a, place, report));
done:
    ec_sites_clear(&a);
    return status;
}

/* - left-right */
static ec_status read_builtin(ec_arch *arch, const ec_tree *tree, const ec_node *entry,
                              ec_error *err)
{
    ec_error report = {.status = EC_OK};
    const char *name;
    ec_status status = ec_value_string(&name, tree, entry, "a partition", err);

    if (status != EC_OK)
        return status;
    status = add_builtin(arch, name, entry->place, &report);
    return place_report(status, &report, tree, entry->place, err);
}

/* Room is reserved entry by entry: a short file can list far more sites than it has bytes. */
static ec_status read_partitions(ec_arch *arch, const ec_tree *tree, const ec_node *list,
                                 ec_error *err)
{
    ec_status status = EC_OK;

    EC_TRY(ec_value_list(tree, list, "partitions", err));
    for (const ec_node *e = ec_tree_first(tree, list); e != NULL; e = ec_tree_next(tree, e)) {
        ec_error report = {.status = EC_OK};
        status = ec_partitions_reserve(&arch->partitions, arch, 1, &report);
        EC_TRY(place_report(status, &report, tree, e->place, err));
        EC_TRY(e->kind == EC_NODE_SCALAR ? read_builtin(arch, tree, e, err)
                                         : read_own(arch, tree, e, err));
    }
done:
    return status;
}

/* All names of the list, sorted; a repeated one is an error. */
static ec_status collect_names(ec_names *out, const ec_arch *arch, const ec_tree *tree,
                               ec_error *err)
{
    const ec_partitions *list = &arch->partitions;
    ec_status status = ec_names_init(out, list->n, err);

    if (status != EC_OK)
        return status;
    for (size_t i = 0; i < list->n; i++)
        ec_names_add(out, list->items[i].name, list->items[i].place);
    return ec_names_sort(out, "partition", &tree->source, err);
}

/* ------------------------------------------------------------------ requirements */

/* The name must be listed or built in; its sites are not spelt out here. */
static ec_status check_name(const ec_arch *arch, const ec_names *listed, const ec_tree *tree,
                            const ec_node *node, const char *name, ec_error *err)
{
    ec_error report = {.status = EC_OK};
    ec_nearest nearest = {.word = name};
    ec_rule rule;
    ec_status status;

    if (ec_names_find(listed, name) != SIZE_MAX)
        return EC_OK;
    status = ec_rule_find(&rule, arch, name, &report);
    if (status == EC_OK && rule.builtin != NULL && ec_rule_is_many(&rule))
        status =
            ec_fail(&report, EC_EINVAL, "%s is many partitions; name one, such as block:1:0", name);
    if (status != EC_OK || rule.builtin != NULL)
        return place_report(status, &report, tree, node->place, err);
    nearest.best = ec_names_nearest(listed, name);
    if (nearest.best == NULL)
        ec_rule_nearest(&nearest);
    return ec_source_fail(&tree->source, node->place, err, "there is no partition %s; %s",
                          ec_quote(name).text,
                          ec_hint(nearest.best, "name a listed or a built-in one").text);
}

/* {partition: left-right, min_rank: 16}, or min_log2: 4 */
static ec_status read_requirement(ec_requirement *out, const ec_arch *arch, const ec_names *listed,
                                  const ec_tree *tree, const ec_node *entry, ec_error *err)
{
    ec_status status = EC_OK;
    ec_field fields[] = {
        {.key = "partition", .required = true}, {.key = "min_rank"}, {.key = "min_log2"}};

    out->place = entry->place;
    EC_TRY(ec_value_fields(fields, 3, tree, entry, "a requirement", err));
    EC_TRY(ec_value_name(&out->partition, tree, fields[0].value, "the partition", err));
    EC_TRY(check_name(arch, listed, tree, fields[0].value, out->partition, err));
    out->by_rank = fields[1].value != NULL;
    if (out->by_rank && fields[2].value != NULL)
        return ec_source_fail(&tree->source, fields[2].name->place, err,
                              "a requirement has min_rank or min_log2, not both; remove one");
    if (out->by_rank)
        EC_TRY(ec_value_big_integer(&out->min_rank, tree, fields[1].value, "min_rank", err));
    else if (fields[2].value != NULL)
        EC_TRY(ec_value_decimal(&out->min_log2, tree, fields[2].value, "min_log2", err));
    else
        return ec_source_fail(&tree->source, entry->place, err,
                              "a requirement lacks its minimum; add min_rank or min_log2");
done:
    return status;
}

static ec_status read_requirements(ec_arch *arch, const ec_names *listed, const ec_tree *tree,
                                   const ec_node *list, ec_error *err)
{
    ec_status status = EC_OK;

    EC_TRY(ec_value_list(tree, list, "requirements", err));
    EC_NEW(arch->requirements, list->count);
    for (const ec_node *e = ec_tree_first(tree, list); e != NULL; e = ec_tree_next(tree, e))
        EC_TRY(read_requirement(&arch->requirements[arch->n_requirements++], arch, listed, tree, e,
                                err));
done:
    return status;
}

ec_status ec_listed_read(ec_arch *arch, const ec_tree *tree, const ec_node *partitions,
                         const ec_node *requirements, ec_error *err)
{
    ec_status status = EC_OK;
    ec_names listed = {.n = 0};

    if (partitions != NULL)
        EC_TRY(read_partitions(arch, tree, partitions, err));
    EC_TRY(collect_names(&listed, arch, tree, err));
    if (requirements != NULL)
        EC_TRY(read_requirements(arch, &listed, tree, requirements, err));
done:
    ec_names_clear(&listed);
    return status;
}
