/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What do data ask for? Reads samples and their labels, measures how entangled they are across the
 * quadrants of the image, and once more with the pixels in the order that METIS finds.
 *
 * usage: data_demand X.npy Y.npy
 */
#include <stdio.h>

#include <entcap.h>

/* exp(entropy) of every level: the rank that the most even spectrum of this entropy would have. */
static ec_status print_demand(const char *what, const ec_samples *samples, const ec_blocks *blocks,
                              const ec_run *run, ec_error *err)
{
    ec_entropy_options options = EC_ENTROPY_OPTIONS_INIT;
    ec_entropies entropies;

    options.all_labels = true;
    ec_status status = ec_data_entropy(&entropies, samples, blocks, &options, run, err);
    for (size_t l = 1; l <= blocks->n_levels && status == EC_OK; l++)
        printf("%-10s level %zu  mean entropy %.4f  surrogate %.2f\n", what, l,
               ec_entropies_level(&entropies, EC_ALL_LABELS, l).mean,
               ec_entropies_surrogate(&entropies, l));
    ec_entropies_clear(&entropies);
    return status;
}

static ec_status compare(ec_samples *samples, const ec_blocks *blocks, const ec_run *run,
                         ec_error *err)
{
    const ec_rearrange_options how = {.method = EC_REARRANGE_METIS};
    ec_order order;
    ec_array moved;

    ec_status status = print_demand("as is", samples, blocks, run, err);
    if (status != EC_OK)
        return status;
    status = ec_data_rearrange(&order, samples, blocks, &how, run, err);
    if (status == EC_OK)
        status = ec_order_apply(&moved, &samples->values, &order, blocks, run, err);
    ec_order_clear(&order);
    if (status != EC_OK)
        return status;
    ec_array_clear(&samples->values);
    samples->values = moved; /* all features of npy files have the same scale */
    return print_demand("rearranged", samples, blocks, run, err);
}

int main(int argc, char **argv)
{
    ec_run run = EC_RUN_INIT;
    ec_samples samples = {0};
    ec_blocks blocks;
    ec_error err = {0};

    if (argc != 3) {
        fputs("usage: data_demand X.npy Y.npy\n", stderr);
        return 2;
    }
    const ec_samples_source source = {.x = argv[1], .y = argv[2], .n_dims = 2};
    ec_status status = ec_samples_read(&samples, &source, &run, &err);
    if (status == EC_OK)
        status = ec_blocks_dyadic(&blocks, samples.grid, 2, 2, &err);
    if (status == EC_OK)
        status = compare(&samples, &blocks, &run, &err);
    if (status != EC_OK)
        fprintf(stderr, "error: %s: %s\n", err.file, err.msg);
    ec_samples_clear(&samples);
    return status == EC_OK ? 0 : 1;
}
