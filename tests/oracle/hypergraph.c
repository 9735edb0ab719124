/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "oracle/oracle.h"

#include <stdio.h>
#include <stdlib.h>

#include "check.h"

static void *zeroed(size_t n, size_t size)
{
    void *p = calloc(n != 0 ? n : 1, size);

    assert_non_null(p);
    return p;
}

static void allocate(oracle_net *net, size_t n_legs)
{
    net->dim = zeroed(net->n_indices, sizeof *net->dim);
    net->layer = zeroed(net->n_indices, sizeof *net->layer);
    net->layer_name = zeroed(net->n_layers, sizeof *net->layer_name);
    net->leg_start = zeroed(net->n_tensors + 1, sizeof *net->leg_start);
    net->leg = zeroed(n_legs, sizeof *net->leg);
    net->array = zeroed(net->n_tensors, sizeof *net->array);
    net->site_index = zeroed(net->n_sites, sizeof *net->site_index);
}

/* Level l of a ConvAC, whose tensors and indices are numbered from `first` on. */
static void add_level(oracle_net *net, const ec_arch *arch, size_t l, size_t first)
{
    const ec_level *level = &arch->levels[l];
    size_t height = level->grid[0], width = level->grid[1];
    bool is_top = l + 1 == arch->n_levels;
    size_t n_legs = is_top ? 1 : 2;

    snprintf(net->layer_name[l], sizeof net->layer_name[l], "%s", level->name);
    for (size_t p = 0; p < height * width; p++) {
        size_t v = first + p;
        net->dim[v] = level->dim;
        net->layer[v] = l;
        net->leg_start[v + 1] = net->leg_start[v] + n_legs;
        net->leg[net->leg_start[v]] = v;
        if (!is_top) {
            const ec_level *above = &arch->levels[l + 1];
            size_t y = p / width / above->window[0], x = p % width / above->window[1];
            net->leg[net->leg_start[v] + 1] = first + height * width + y * above->grid[1] + x;
        }
        net->array[v] = level->shared && p > 0 ? net->array[v - 1] : net->n_arrays++;
    }
}

static void make_layers(oracle_net *net, const ec_arch *arch)
{
    const ec_level *bottom = &arch->levels[0];
    size_t width = bottom->grid[1] * bottom->window[1];
    size_t first = 0;

    net->n_layers = arch->n_levels;
    for (size_t l = 0; l < arch->n_levels; l++)
        net->n_tensors += arch->levels[l].grid[0] * arch->levels[l].grid[1];
    net->n_indices = net->n_tensors;
    net->n_sites = arch->n_sites;
    allocate(net, 2 * net->n_tensors);
    for (size_t l = 0; l < arch->n_levels; l++) {
        add_level(net, arch, l, first);
        first += arch->levels[l].grid[0] * arch->levels[l].grid[1];
    }
    for (size_t s = 0; s < net->n_sites; s++) {
        size_t y = s / width / bottom->window[0], x = s % width / bottom->window[1];
        net->site_index[s] = y * bottom->grid[1] + x;
    }
}

static void make_listed(oracle_net *net, const ec_arch *arch)
{
    size_t n_legs = 0;

    net->n_tensors = net->n_arrays = arch->n_tensors;
    net->n_indices = net->n_layers = arch->n_indices;
    net->n_sites = arch->n_sites;
    for (size_t v = 0; v < arch->n_tensors; v++)
        n_legs += arch->tensors[v].n_indices;
    allocate(net, n_legs);
    for (size_t e = 0; e < arch->n_indices; e++) {
        net->dim[e] = arch->indices[e].dim;
        net->layer[e] = e;
        snprintf(net->layer_name[e], sizeof net->layer_name[e], "%.63s", arch->indices[e].name);
    }
    for (size_t v = 0; v < arch->n_tensors; v++) {
        const ec_named_tensor *tensor = &arch->tensors[v];
        net->array[v] = v;
        net->leg_start[v + 1] = net->leg_start[v] + tensor->n_indices;
        for (size_t k = 0; k < tensor->n_indices; k++)
            net->leg[net->leg_start[v] + k] = tensor->index[k];
    }
    for (size_t s = 0; s < net->n_sites; s++)
        net->site_index[s] = arch->open[s];
}

void oracle_net_make(oracle_net *net, const ec_arch *arch)
{
    *net = (oracle_net){.n_tensors = 0};
    if (ec_arch_is_network(arch))
        make_listed(net, arch);
    else
        make_layers(net, arch);
}

void oracle_net_clear(oracle_net *net)
{
    free(net->dim);
    free(net->layer);
    free(net->layer_name);
    free(net->leg_start);
    free(net->leg);
    free(net->array);
    free(net->site_index);
    *net = (oracle_net){.n_tensors = 0};
}
