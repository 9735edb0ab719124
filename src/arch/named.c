/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "arch_i.h"

#include "core/flow.h"

/* The network form while it is read. */
struct network {
    ec_arch *arch;
    const ec_tree *tree;
    ec_names names;  /* of the indices */
    size_t *last_in; /* per index: 1 + the last tensor that has it, 0: none yet */
};

/* indices and tensors have free keys, so ec_value_fields is not for them */
static ec_status check_map(const ec_tree *tree, const ec_node *node, const char *what,
                           const char *form, ec_error *err)
{
    if (node->kind != EC_NODE_MAP || node->count == 0)
        return ec_source_fail(&tree->source, node->place, err, "%s is a map, such as %s", what,
                              form);
    return EC_OK;
}

/* {a: 4, b: 11}; repeated names are found by sorting, not by comparing all pairs */
static ec_status read_indices(struct network *net, const ec_node *map, ec_error *err)
{
    ec_arch *arch = net->arch;
    ec_status status = EC_OK;
    const ec_node *value;

    EC_TRY(check_map(net->tree, map, "indices", "{a: 4, b: 3}", err));
    EC_NEW(arch->indices, map->count / 2);
    EC_NEW(net->last_in, map->count / 2);
    EC_TRY(ec_names_init(&net->names, map->count / 2, err));
    for (const ec_node *key = ec_tree_first(net->tree, map); key != NULL;
         key = ec_tree_next(net->tree, value)) {
        ec_named_index *index = &arch->indices[arch->n_indices++];
        uint64_t dim = 0;
        value = ec_tree_next(net->tree, key);
        index->place = key->place;
        EC_TRY(ec_value_name(&index->name, net->tree, key, "an index's name", err));
        EC_TRY(ec_value_integer(&dim, net->tree, value, &ec_range_dimension, err));
        index->dim = (uint32_t)dim;
        ec_names_add(&net->names, index->name, index->place);
    }
    EC_TRY(ec_names_sort(&net->names, "index", &net->tree->source, err));
done:
    return status;
}

/* Number of the index that a scalar names. */
static ec_status find_index(uint32_t *out, const struct network *net, const ec_node *node,
                            ec_error *err)
{
    const char *name, *nearest;
    size_t number;
    ec_status status = ec_value_string(&name, net->tree, node, "an index", err);

    if (status != EC_OK)
        return status;
    number = ec_names_find(&net->names, name);
    *out = (uint32_t)number;
    if (number != SIZE_MAX)
        return EC_OK;
    nearest = ec_names_nearest(&net->names, name);
    return ec_source_fail(&net->tree->source, node->place, err, "there is no index %s; %s",
                          ec_quote(name).text, ec_hint(nearest, "list it under indices").text);
}

/* [a, b, w]: the axes of tensor number t. */
static ec_status read_axes(struct network *net, size_t t, const ec_node *list, ec_error *err)
{
    ec_named_tensor *tensor = &net->arch->tensors[t];
    ec_status status = EC_OK;

    EC_TRY(ec_value_list(net->tree, list, "a tensor's indices", err));
    EC_NEW(tensor->index, list->count);
    for (const ec_node *e = ec_tree_first(net->tree, list); e != NULL;
         e = ec_tree_next(net->tree, e)) {
        uint32_t index = 0;
        EC_TRY(find_index(&index, net, e, err));
        if (net->last_in[index] == t + 1)
            return ec_source_fail(&net->tree->source, e->place, err,
                                  "index %s is repeated; a tensor has it once",
                                  ec_quote(net->arch->indices[index].name).text);
        net->last_in[index] = t + 1;
        tensor->index[tensor->n_indices++] = index;
    }
done:
    return status;
}

/* {T: [a, b], U: [b, c]}; every index is in some tensor, or it would say nothing */
static ec_status read_tensors(struct network *net, const ec_node *map, ec_error *err)
{
    ec_arch *arch = net->arch;
    ec_status status = EC_OK;
    ec_names names = {.n = 0};
    const ec_node *value;

    EC_TRY(check_map(net->tree, map, "tensors", "{T: [a, b], U: [b, c]}", err));
    EC_NEW(arch->tensors, map->count / 2);
    EC_TRY(ec_names_init(&names, map->count / 2, err));
    for (const ec_node *key = ec_tree_first(net->tree, map); key != NULL;
         key = ec_tree_next(net->tree, value)) {
        size_t t = arch->n_tensors++;
        value = ec_tree_next(net->tree, key);
        arch->tensors[t].place = key->place;
        EC_TRY(ec_value_name(&arch->tensors[t].name, net->tree, key, "a tensor's name", err));
        EC_TRY(read_axes(net, t, value, err));
        ec_names_add(&names, arch->tensors[t].name, key->place);
    }
    EC_TRY(ec_names_sort(&names, "tensor", &net->tree->source, err));
    for (size_t i = 0; i < arch->n_indices; i++)
        if (net->last_in[i] == 0) {
            status = ec_source_fail(&net->tree->source, arch->indices[i].place, err,
                                    "no tensor has the index %s; use it or remove it",
                                    ec_quote(arch->indices[i].name).text);
            break;
        }
done:
    ec_names_clear(&names);
    return status;
}

/* [a, c]: site s is the open end of the s-th of them */
static ec_status read_open(struct network *net, const ec_node *list, ec_error *err)
{
    ec_arch *arch = net->arch;
    ec_status status = EC_OK;
    bool *is_open = NULL;

    EC_TRY(ec_value_list(net->tree, list, "open", err));
    EC_NEW(arch->open, list->count);
    EC_NEW(is_open, arch->n_indices);
    for (const ec_node *e = ec_tree_first(net->tree, list); e != NULL;
         e = ec_tree_next(net->tree, e)) {
        uint32_t index = 0;
        EC_TRY(find_index(&index, net, e, err));
        if (is_open[index]) {
            status = ec_source_fail(&net->tree->source, e->place, err,
                                    "index %s is repeated; an index is one site",
                                    ec_quote(arch->indices[index].name).text);
            goto done;
        }
        is_open[index] = true;
        arch->open[arch->n_sites++] = index;
    }
    if (arch->n_sites > EC_ARCH_MAX_SITES)
        status = ec_source_fail(&net->tree->source, list->place, err,
                                "%zu sites are too many; at most %zu are fine", arch->n_sites,
                                EC_ARCH_MAX_SITES);
done:
    ec_free(is_open);
    return status;
}

ec_status ec_named_network_read(ec_arch *arch, const ec_tree *tree, const ec_node *node,
                                ec_error *err)
{
    ec_status status = EC_OK;
    ec_field fields[] = {{.key = "indices", .required = true},
                         {.key = "tensors", .required = true},
                         {.key = "open", .required = true}};
    struct network net = {.arch = arch, .tree = tree};

    EC_TRY(ec_value_fields(fields, 3, tree, node, "network", err));
    EC_TRY(read_indices(&net, fields[0].value, err));
    EC_TRY(read_tensors(&net, fields[1].value, err));
    EC_TRY(read_open(&net, fields[2].value, err));
done:
    ec_names_clear(&net.names);
    ec_free(net.last_in);
    return status;
}
