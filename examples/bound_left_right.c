/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <entcap.h>

#include <stdio.h>
#include <stdlib.h>

/*
 * How much can each partition of a description carry, and which layers hold it back?
 *
 *     bound_left_right models/fashion-convac.yaml
 */

static int complain(const ec_error *err)
{
    if (err->line > 0)
        fprintf(stderr, "%s:%d:%d: ", err->file, err->line, err->col);
    fprintf(stderr, "error: %s\n", err->msg);
    return EXIT_FAILURE;
}

static void print_bottleneck(const ec_bottleneck *bottleneck)
{
    for (size_t set = 0; set < bottleneck->n_sets; set++) {
        printf("%s", set == 0 ? "  widen " : " or ");
        for (size_t i = bottleneck->set_start[set]; i < bottleneck->set_start[set + 1]; i++)
            printf("%s%s", i > bottleneck->set_start[set] ? "+" : "", bottleneck->name[i]);
    }
    printf("\n");
}

/* rank of the matricization across (a, rest) <= the bound, for every choice of the weights */
static ec_status print_bound(const ec_arch *arch, const ec_partition *partition, ec_error *err)
{
    const ec_bound_options options = EC_BOUND_OPTIONS_INIT;
    const ec_run run = EC_RUN_INIT;
    ec_bound bound;

    ec_status status = ec_bound_compute(&bound, arch, &partition->a, &options, &run, err);
    if (status == EC_OK) {
        printf("%-12s rank <= 2^%-8.6g", partition->name, ec_int_log2(bound.rank));
        printf(" %-16s", bound.from_shared ? "(shared weights)" : "(min cut)");
        print_bottleneck(&bound.bottleneck);
    }
    ec_bound_clear(&bound);
    return status;
}

int main(int argc, char **argv)
{
    ec_error err = {0};
    ec_arch *arch = NULL;
    ec_partitions partitions = {0};

    if (argc != 2) {
        fprintf(stderr, "usage: bound_left_right DESCRIPTION\n");
        return 2;
    }
    ec_status status = ec_arch_read(&arch, argv[1], &err);
    if (status == EC_OK)
        status = ec_arch_partitions(&partitions, arch, NULL, 0, &err);
    for (size_t i = 0; status == EC_OK && i < partitions.n; i++)
        status = print_bound(arch, &partitions.items[i], &err);

    ec_partitions_clear(&partitions);
    ec_arch_free(arch);
    return status == EC_OK ? EXIT_SUCCESS : complain(&err);
}
