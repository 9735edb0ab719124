/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "entcap/arch.h"

#include <stdlib.h>
#include <string.h>

/*
 * Any bytes are a description or a report of what is wrong with them. What is accepted satisfies
 * the promises of arch.h, and every call on it keeps its own.
 */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Not an assert: it must hold in every build. */
static void require(bool promise)
{
    if (!promise)
        abort();
}

static void check_report(const ec_error *err)
{
    size_t source = strnlen(err->source, sizeof err->source);

    require(err->status == EC_EPARSE || err->status == EC_ELIMIT || err->status == EC_ENOMEM);
    require(err->msg[0] != '\0' && memchr(err->msg, '\0', sizeof err->msg) != NULL);
    require(strpbrk(err->msg, "\n\r\t\x1b") == NULL);
    require(source < sizeof err->source && strpbrk(err->source, "\n\r\x1b") == NULL);
    require(err->caret >= 0 && (size_t)err->caret <= source);
    if (err->status == EC_EPARSE)
        require(err->line >= 1 && err->col >= 1);
}

static void check_dimension(uint32_t dim)
{
    require(dim >= 1 && dim <= EC_ARCH_MAX_DIMENSION);
}

/* Levels: every window divides the grid below, every matrix joins the dimensions around it. */
static void check_levels(const ec_arch *arch)
{
    size_t grid[2] = {arch->input.grid[0], arch->input.grid[1]};
    uint32_t dim = arch->input.channels;

    require(arch->n_levels >= 1 && arch->n_levels <= arch->n_layers);
    require(arch->n_sites == grid[0] * grid[1] && arch->n_tensors == 0);
    for (size_t l = 0; l < arch->n_levels; l++) {
        const ec_level *level = &arch->levels[l];
        check_dimension(level->dim);
        check_dimension(level->out);
        require(level->dim == dim);
        for (int d = 0; d < 2; d++)
            require(level->window[d] >= 1 && level->grid[d] * level->window[d] == grid[d]);
        require(!level->shared || ec_level_positions(level) > 1);
        require(level->layer < arch->n_layers && arch->layers[level->layer].channels == level->out);
        memcpy(grid, level->grid, sizeof grid);
        dim = level->out;
    }
    require(grid[0] == 1 && grid[1] == 1 && dim == arch->outputs);
    require(arch->layers[arch->n_layers - 1].kind == EC_LAYER_DENSE);
}

static void check_network(const ec_arch *arch)
{
    require(arch->n_tensors >= 1 && arch->n_layers == 0);
    for (size_t i = 0; i < arch->n_indices; i++) {
        require(arch->indices[i].name[0] != '\0');
        check_dimension(arch->indices[i].dim);
    }
    for (size_t t = 0; t < arch->n_tensors; t++) {
        const ec_named_tensor *tensor = &arch->tensors[t];
        require(tensor->n_indices >= 1);
        for (size_t i = 0; i < tensor->n_indices; i++)
            require(tensor->index[i] < arch->n_indices);
    }
    for (size_t s = 0; s < arch->n_sites; s++)
        require(arch->open[s] < arch->n_indices);
}

/* Neither side is empty, no bit stands beyond the last site. */
static void check_partitions(const ec_partitions *list, size_t n_sites)
{
    for (size_t i = 0; i < list->n; i++) {
        const ec_sites *a = &list->items[i].a;
        size_t in_a = ec_sites_count(a);
        require(a->n == n_sites && in_a > 0 && in_a < n_sites);
        require(n_sites % 64 == 0 || a->bits[n_sites / 64] >> (n_sites % 64) == 0);
        require(list->items[i].name[0] != '\0');
    }
}

static void check_arch(ec_arch *arch)
{
    ec_partitions list;
    ec_int count = {.limbs = NULL};

    require(arch->name[0] != '\0' && strlen(arch->name) <= EC_ARCH_MAX_NAME);
    require(arch->n_sites >= 1 && arch->n_sites <= EC_ARCH_MAX_SITES);
    if (ec_arch_is_network(arch))
        check_network(arch);
    else
        check_levels(arch);
    check_partitions(&arch->partitions, arch->n_sites);
    require(ec_arch_partitions(&list, arch, NULL, 0, NULL) == EC_OK);
    require(list.n > 0 || arch->n_sites == 1);
    check_partitions(&list, arch->n_sites);
    ec_partitions_clear(&list);
    for (size_t i = 0; i < arch->n_requirements; i++) {
        ec_partition p;
        require(ec_arch_partition(&p, arch, arch->requirements[i].partition, NULL) == EC_OK);
        ec_partition_clear(&p);
    }
    require(ec_arch_parameters(&count, arch, NULL) == EC_OK && ec_int_cmp_u64(&count, 0) > 0);
    ec_int_clear(&count);
}

/* The name of the description serves as the text of a partition and of an override, too. */
static void try_texts(ec_arch *arch)
{
    ec_error err = {.status = EC_OK};
    ec_partition p;
    ec_status status = ec_arch_partition(&p, arch, arch->name, &err);

    require(status == EC_OK || status == EC_EINVAL);
    require(status == err.status);
    if (status == EC_OK)
        check_partitions(&(ec_partitions){.items = &p, .n = 1}, arch->n_sites);
    ec_partition_clear(&p);
    status = ec_arch_set(arch, arch->name, NULL);
    require(status == EC_OK || status == EC_EINVAL);
    if (status == EC_OK && !ec_arch_is_network(arch))
        check_levels(arch);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ec_error err = {.status = EC_OK};
    ec_arch *arch;
    ec_status status = ec_arch_parse(&arch, (const char *)data, size, "fuzz", &err);

    require(status == err.status && (arch != NULL) == (status == EC_OK));
    if (status == EC_OK) {
        check_arch(arch);
        try_texts(arch);
    } else
        check_report(&err);
    ec_arch_free(arch);
    return 0;
}
