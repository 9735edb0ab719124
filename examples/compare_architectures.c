/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <entcap.h>

#include <stdio.h>
#include <stdlib.h>

/*
 * Wide base against wide tip ([LYCS18], the width experiment): two networks with the same number of
 * parameters on 64 x 64 sites, six layers of 1x1 convolution and 2 x 2 pooling. The wide base can
 * carry more between neighbours, the wide tip more between far sides.
 *
 *     compare_architectures 10
 */

static const unsigned BASE[] = {4, 4, 2, 2, 1, 1}, TIP[] = {1, 1, 2, 2, 4, 4};

/* A description in memory: channels r times each factor. */
static ec_status describe(ec_arch **out, const char *name, const unsigned *factor, unsigned r,
                          ec_error *err)
{
    char text[1024];
    size_t size = (size_t)snprintf(
        text, sizeof text, "name: %s\ninput: {shape: [64, 64], channels: 10}\nlayers:\n", name);

    for (size_t i = 0; i < 6; i++)
        size += (size_t)snprintf(text + size, sizeof text - size,
                                 "  - conv: {channels: %u}\n  - pool: {window: [2, 2]}\n",
                                 factor[i] * r);
    size += (size_t)snprintf(text + size, sizeof text - size, "  - dense: {outputs: 10}\n");
    return ec_arch_parse(out, text, size, name, err);
}

static ec_status log2_bound(double *out, const ec_arch *arch, const char *partition, ec_error *err)
{
    const ec_bound_options options = EC_BOUND_OPTIONS_INIT;
    const ec_run run = EC_RUN_INIT;
    ec_partition sides = {0};
    ec_bound bound = {0};

    ec_status status = ec_arch_partition(&sides, arch, partition, err);
    if (status == EC_OK)
        status = ec_bound_compute(&bound, arch, &sides.a, &options, &run, err);
    if (status == EC_OK)
        *out = bound.min_cut.log2;
    ec_bound_clear(&bound);
    ec_partition_clear(&sides);
    return status;
}

static ec_status compare(const ec_arch *base, const ec_arch *tip, ec_error *err)
{
    static const char *const PARTITIONS[] = {"interleaved", "left-right"};
    ec_status status = EC_OK;

    printf("%-12s %14s %14s\n", "log2 min cut", base->name, tip->name);
    for (size_t i = 0; status == EC_OK && i < 2; i++) {
        double left, right;
        status = log2_bound(&left, base, PARTITIONS[i], err);
        if (status == EC_OK)
            status = log2_bound(&right, tip, PARTITIONS[i], err);
        if (status == EC_OK)
            printf("%-12s %14.7g %14.7g\n", PARTITIONS[i], left, right);
    }
    return status;
}

int main(int argc, char **argv)
{
    ec_error err = {0};
    ec_arch *base = NULL, *tip = NULL;
    unsigned r = argc == 2 ? (unsigned)strtoul(argv[1], NULL, 10) : 0;

    if (r == 0) {
        fprintf(stderr, "usage: compare_architectures R\n");
        return 2;
    }
    ec_status status = describe(&base, "wide-base", BASE, r, &err);
    if (status == EC_OK)
        status = describe(&tip, "wide-tip", TIP, r, &err);
    if (status == EC_OK)
        status = compare(base, tip, &err);
    if (status != EC_OK)
        fprintf(stderr, "error: %s\n", err.msg);
    ec_arch_free(base);
    ec_arch_free(tip);
    return status == EC_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
