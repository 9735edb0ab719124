/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "entcap/network.h"

#include "core/flow.h"

#include <string.h>

size_t ec_network_parent(const ec_arch *arch, size_t level, size_t position)
{
    const size_t *grid = level == SIZE_MAX ? arch->input.grid : arch->levels[level].grid;
    const ec_level *above = &arch->levels[level + 1]; /* SIZE_MAX + 1 is level 0 */
    size_t row = position / grid[1] / above->window[0];
    size_t col = position % grid[1] / above->window[1];

    return row * above->grid[1] + col;
}

/* Tensors, indices and (tensor, index) incidences: all that the size of a network depends on. */
struct extent {
    size_t tensors, indices, legs, layers;
};

static struct extent extent_of(const ec_arch *arch)
{
    struct extent x = {.layers = arch->n_levels};

    if (ec_arch_is_network(arch)) {
        x = (struct extent){.tensors = arch->n_tensors, .indices = arch->n_indices};
        x.layers = arch->n_indices;
        for (size_t v = 0; v < arch->n_tensors; v++)
            x.legs += arch->tensors[v].n_indices;
        return x;
    }
    for (size_t l = 0; l < arch->n_levels; l++)
        x.tensors += ec_level_positions(&arch->levels[l]);
    x.indices = x.tensors;
    x.legs = 2 * x.tensors - 1; /* the top tensor has one leg */
    return x;
}

double ec_network_bytes(const ec_arch *arch)
{
    struct extent x = extent_of(arch);
    double per_index = 2 * sizeof(uint32_t) + sizeof(size_t); /* dim, layer, pin_start */
    double per_layer = sizeof *((ec_network *)0)->layer_name;

    return sizeof(ec_network) + per_index * (double)x.indices + per_layer * (double)x.layers +
           2 * sizeof(uint32_t) * (double)x.legs + sizeof(size_t) * (double)x.tensors +
           sizeof(uint32_t) * (double)arch->n_sites + sizeof(size_t) * (double)arch->n_levels;
}

static ec_status allocate(ec_network *net, const ec_arch *arch, ec_error *err)
{
    struct extent x = extent_of(arch);
    ec_status status = EC_OK;

    net->n_tensors = x.tensors;
    net->n_indices = x.indices;
    net->n_layers = x.layers;
    net->n_sites = arch->n_sites;
    net->n_levels = arch->n_levels;
    EC_NEW(net->dim, x.indices);
    EC_NEW(net->layer, x.indices);
    EC_NEW(net->layer_name, x.layers);
    EC_NEW(net->pin_start, x.indices + 1);
    EC_NEW(net->pin, x.legs);
    EC_NEW(net->leg_start, x.tensors + 1);
    EC_NEW(net->leg, x.legs);
    EC_NEW(net->site_index, arch->n_sites);
    if (arch->n_levels > 0)
        EC_NEW(net->level_start, arch->n_levels + 1);
done:
    return status;
}

static void set_layer_name(ec_network *net, size_t layer, const char *name)
{
    size_t size = sizeof net->layer_name[layer];
    size_t n = strnlen(name, size - 1);

    memcpy(net->layer_name[layer], name, n);
    net->layer_name[layer][n] = '\0';
}

static void lower_levels(ec_network *net, const ec_arch *arch)
{
    size_t v = 0, n_legs = 0;

    for (size_t l = 0; l < arch->n_levels; l++) {
        net->level_start[l + 1] = net->level_start[l] + ec_level_positions(&arch->levels[l]);
        set_layer_name(net, l, arch->levels[l].name);
    }
    for (size_t l = 0; l < arch->n_levels; l++) {
        for (size_t p = 0; p < ec_level_positions(&arch->levels[l]); p++, v++) {
            net->dim[v] = arch->levels[l].dim;
            net->layer[v] = (uint32_t)l;
            net->leg[n_legs++] = (uint32_t)v;
            if (l + 1 < arch->n_levels)
                net->leg[n_legs++] =
                    (uint32_t)(net->level_start[l + 1] + ec_network_parent(arch, l, p));
            net->leg_start[v + 1] = n_legs;
        }
    }
    for (size_t s = 0; s < arch->n_sites; s++)
        net->site_index[s] = (uint32_t)ec_network_parent(arch, SIZE_MAX, s);
}

static void lower_network(ec_network *net, const ec_arch *arch)
{
    size_t n_legs = 0;

    for (size_t e = 0; e < arch->n_indices; e++) {
        net->dim[e] = arch->indices[e].dim;
        net->layer[e] = (uint32_t)e;
        set_layer_name(net, e, arch->indices[e].name);
    }
    for (size_t v = 0; v < arch->n_tensors; v++) {
        for (size_t k = 0; k < arch->tensors[v].n_indices; k++)
            net->leg[n_legs++] = arch->tensors[v].index[k];
        net->leg_start[v + 1] = n_legs;
    }
    memcpy(net->site_index, arch->open, arch->n_sites * sizeof *arch->open);
}

/* Transpose legs into pins by counting; filling in the order of tensors leaves the pins ascending.
 */
static void fill_pins(ec_network *net)
{
    size_t *start = net->pin_start;

    for (size_t k = 0; k < net->leg_start[net->n_tensors]; k++)
        start[net->leg[k] + 1]++;
    for (size_t e = 0; e < net->n_indices; e++)
        start[e + 1] += start[e];
    for (size_t v = 0; v < net->n_tensors; v++)
        for (size_t k = net->leg_start[v]; k < net->leg_start[v + 1]; k++)
            net->pin[start[net->leg[k]]++] = (uint32_t)v;
    memmove(start + 1, start, net->n_indices * sizeof *start); /* each start had moved to its end */
    start[0] = 0;
}

ec_status ec_network_from_arch(ec_network **out, const ec_arch *arch, const ec_run *run,
                               ec_error *err)
{
    ec_status status = EC_OK;
    struct extent x = extent_of(arch);
    ec_network *net = NULL;

    *out = NULL;
    if (x.tensors > UINT32_MAX || x.indices > UINT32_MAX)
        return ec_fail(err, EC_ELIMIT, "network: %zu tensors and %zu indices, at most %u of each",
                       x.tensors, x.indices, UINT32_MAX);
    EC_TRY(ec_run_reserve(run, "network", ec_network_bytes(arch), err));
    EC_NEW(net, 1);
    EC_TRY(allocate(net, arch, err));
    if (ec_arch_is_network(arch))
        lower_network(net, arch);
    else
        lower_levels(net, arch);
    fill_pins(net);
    *out = net;
    net = NULL;
done:
    ec_network_free(net);
    return status;
}

void ec_network_free(ec_network *network)
{
    if (network == NULL)
        return;
    ec_free(network->dim);
    ec_free(network->layer);
    ec_free(network->layer_name);
    ec_free(network->pin_start);
    ec_free(network->pin);
    ec_free(network->leg_start);
    ec_free(network->leg);
    ec_free(network->site_index);
    ec_free(network->level_start);
    ec_free(network);
}
