/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <entcap.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * Widen what limits a partition, step by step, until its bound reaches a target: each step doubles
 * the layers of the first bottleneck.
 *
 *     widen_bottleneck models/fashion-convac.yaml left-right 1024
 */

/* The present width of a layer of channels: input, r0, r1, ... */
static uint32_t width(const ec_arch *arch, const char *name)
{
    uint32_t dim = 1;

    for (size_t l = 0; l < arch->n_levels; l++)
        if (strcmp(arch->levels[l].name, name) == 0)
            dim = arch->levels[l].dim;
    return dim;
}

static ec_status widen(ec_arch *arch, const ec_bottleneck *bottleneck, ec_error *err)
{
    ec_status status = EC_OK;

    for (size_t i = 0; status == EC_OK && i < bottleneck->set_start[1]; i++) {
        char assignment[96];
        const char *name = bottleneck->name[i];

        snprintf(assignment, sizeof assignment, "%s=%u", name, 2 * width(arch, name));
        printf(" %s", assignment);
        status = ec_arch_set(arch, assignment, err);
    }
    return status;
}

/* One step; *done once the bound is at least the target, or nothing can raise it. */
static ec_status step(bool *done, ec_arch *arch, const ec_sites *a, uint64_t target, ec_error *err)
{
    const ec_bound_options options = EC_BOUND_OPTIONS_INIT;
    const ec_run run = EC_RUN_INIT;
    ec_int parameters = {0};
    ec_bound bound;

    ec_status status = ec_bound_compute(&bound, arch, a, &options, &run, err);
    if (status == EC_OK)
        status = ec_arch_parameters(&parameters, arch, err);
    if (status == EC_OK) {
        printf("rank <= 2^%-7.4g parameters 2^%-7.4g", ec_int_log2(bound.rank),
               ec_int_log2(&parameters));
        *done = ec_int_cmp_u64(bound.rank, target) >= 0 || bound.bottleneck.n_sets == 0;
        if (!*done)
            status = widen(arch, &bound.bottleneck, err);
        printf("\n");
    }
    ec_int_clear(&parameters);
    ec_bound_clear(&bound);
    return status;
}

int main(int argc, char **argv)
{
    ec_error err = {0};
    ec_arch *arch = NULL;
    ec_partition partition = {0};
    bool done = false;

    if (argc != 4) {
        fprintf(stderr, "usage: widen_bottleneck DESCRIPTION PARTITION RANK\n");
        return 2;
    }
    uint64_t target = strtoull(argv[3], NULL, 10);
    ec_status status = ec_arch_read(&arch, argv[1], &err);
    if (status == EC_OK)
        status = ec_arch_partition(&partition, arch, argv[2], &err);
    while (status == EC_OK && !done)
        status = step(&done, arch, &partition.a, target, &err);
    if (status != EC_OK)
        fprintf(stderr, "error: %s\n", err.msg);

    ec_partition_clear(&partition);
    ec_arch_free(arch);
    return status == EC_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
