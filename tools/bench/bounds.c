/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <entcap.h>

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/*
 * Seconds for one minimum cut of a square 2 x 2 ConvAC, by both methods and for two partitions:
 * rows "sites partition method seconds log2" with the median of the repetitions.
 */

enum { REPEATS = 5, MOST_SECONDS = 6 };

static double now(void)
{
    struct timespec t;

    timespec_get(&t, TIME_UTC);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* 2^levels x 2^levels sites, M = 10, 16 channels in every layer: the shape of fashion-convac. */
static ec_status describe(ec_arch **out, unsigned levels, ec_error *err)
{
    char text[2048];
    size_t size = (size_t)snprintf(text, sizeof text,
                                   "name: bench\ninput: {shape: [%u, %u], channels: 10}\nlayers:\n",
                                   1u << levels, 1u << levels);

    for (unsigned l = 0; l < levels; l++)
        size += (size_t)snprintf(text + size, sizeof text - size, "%s",
                                 "  - conv: {channels: 16}\n  - pool: {window: [2, 2]}\n");
    size += (size_t)snprintf(text + size, sizeof text - size, "  - dense: {outputs: 10}\n");
    return ec_arch_parse(out, text, size, "bench", err);
}

static ec_status min_cut(double *log2, bool tree, const ec_arch *arch, const ec_network *network,
                         const ec_sites *a, ec_error *err)
{
    const ec_run run = EC_RUN_INIT;
    ec_cut cut = {0};

    ec_status status = tree ? ec_bound_min_cut_tree(&cut, arch, a, false, &run, err)
                            : ec_bound_min_cut_igraph(&cut, network, a, &run, err);
    *log2 = cut.log2;
    ec_cut_clear(&cut);
    return status;
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* Stops early once MOST_SECONDS are spent. */
static ec_status time_cut(bool tree, const ec_arch *arch, const ec_network *network,
                          const ec_partition *partition, ec_error *err)
{
    double seconds[REPEATS], log2 = 0, start = now();
    size_t n = 0;
    ec_status status = EC_OK;

    while (status == EC_OK && n < REPEATS && (n == 0 || now() - start < MOST_SECONDS)) {
        double before = now();
        status = min_cut(&log2, tree, arch, network, &partition->a, err);
        seconds[n++] = now() - before;
    }
    if (status != EC_OK)
        return status;
    qsort(seconds, n, sizeof *seconds, ascending);
    printf("%zu %s %s %.6g %.10g\n", arch->n_sites, partition->name, tree ? "tree" : "igraph",
           seconds[n / 2], log2);
    fflush(stdout);
    return EC_OK;
}

static ec_status time_network(unsigned levels, ec_error *err)
{
    static const char *const PARTITIONS[] = {"left-right", "interleaved"};
    const ec_run run = EC_RUN_INIT;
    ec_arch *arch = NULL;
    ec_network *network = NULL;

    ec_status status = describe(&arch, levels, err);
    if (status == EC_OK)
        status = ec_network_from_arch(&network, arch, &run, err);
    for (size_t i = 0; status == EC_OK && i < 2; i++) {
        ec_partition partition = {0};
        status = ec_arch_partition(&partition, arch, PARTITIONS[i], err);
        for (int tree = 1; status == EC_OK && tree >= 0; tree--)
            status = time_cut(tree == 1, arch, network, &partition, err);
        ec_partition_clear(&partition);
    }
    ec_network_free(network);
    ec_arch_free(arch);
    return status;
}

int main(void)
{
    ec_error err = {0};

    ec_status status = time_network(5, &err);
    if (status == EC_OK)
        status = time_network(8, &err);
    if (status != EC_OK)
        fprintf(stderr, "error: %s\n", err.msg);
    return status == EC_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
