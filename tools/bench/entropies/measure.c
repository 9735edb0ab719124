/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the section `entropies` of `make bench` times of entcap, from inside: reading a description
 * and its weights is not counted.
 *
 * usage: measure FILE WEIGHTS PARTITION THREADS ROUNDS entropies|spectrum
 * prints: wall and CPU seconds of the best of ROUNDS calls, then S and S2 of label 0 (or nan)
 */
#include "entcap.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double seconds(clockid_t clock)
{
    struct timespec t;

    clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

typedef struct subject {
    ec_arch *arch;
    ec_weights weights;
    ec_partition partition;
} subject;

static ec_status read_subject(subject *s, char **argv, ec_error *err)
{
    ec_status status = ec_arch_read(&s->arch, argv[1], err);

    if (status == EC_OK)
        status = ec_weights_read(&s->weights, s->arch, argv[2], NULL, err);
    return status == EC_OK ? ec_arch_partition(&s->partition, s->arch, argv[3], err) : status;
}

/* S and S_2 of label 0 by way of its whole spectrum. */
static ec_status by_spectrum(ec_label_entropies *out, const ec_state_input *in,
                             const ec_state_options *options, const ec_run *run, ec_error *err)
{
    ec_spectrum spectrum = {.known = false};
    ec_status status = ec_state_spectra(&spectrum, in, options, run, err);

    out->von_neumann = ec_spectrum_von_neumann(&spectrum);
    out->renyi2 = ec_spectrum_renyi2(&spectrum);
    ec_spectrum_clear(&spectrum);
    return status;
}

static ec_status measure(const subject *s, unsigned threads, long rounds, bool spectrum,
                         ec_error *err)
{
    ec_label_entropies *entropies = ec_calloc(s->arch->outputs, sizeof *entropies, err);
    ec_state_input in = {.arch = s->arch, .weights = &s->weights, .a = &s->partition.a};
    ec_state_options options = EC_STATE_OPTIONS_INIT;
    ec_run run = EC_RUN_INIT;
    double wall = INFINITY, cpu = INFINITY;
    ec_status status = entropies != NULL ? EC_OK : EC_ENOMEM;

    run.threads = threads;
    for (long i = 0; status == EC_OK && i < rounds; i++) {
        double w = seconds(CLOCK_MONOTONIC), c = seconds(CLOCK_PROCESS_CPUTIME_ID);

        status = spectrum ? by_spectrum(entropies, &in, &options, &run, err)
                          : ec_state_entropies(entropies, &in, &options, &run, err);
        wall = fmin(wall, seconds(CLOCK_MONOTONIC) - w);
        cpu = fmin(cpu, seconds(CLOCK_PROCESS_CPUTIME_ID) - c);
    }
    if (status == EC_OK)
        printf("%.6f %.6f %.15g %.15g\n", wall, cpu,
               entropies->von_neumann.known ? entropies->von_neumann.value : NAN,
               entropies->renyi2.known ? entropies->renyi2.value : NAN);
    ec_free(entropies);
    return status;
}

int main(int argc, char **argv)
{
    subject s = {.arch = NULL};
    ec_error err = {0};
    ec_status status;

    if (argc != 7) {
        fprintf(stderr,
                "usage: measure FILE WEIGHTS PARTITION THREADS ROUNDS entropies|spectrum\n");
        return 2;
    }
    status = ec_linalg_threads(1, &err);
    if (status == EC_OK)
        status = read_subject(&s, argv, &err);
    if (status == EC_OK)
        status = measure(&s, (unsigned)strtoul(argv[4], NULL, 10), strtol(argv[5], NULL, 10),
                         strcmp(argv[6], "spectrum") == 0, &err);
    if (status != EC_OK)
        fprintf(stderr, "%s\n", err.msg);
    ec_partition_clear(&s.partition);
    ec_weights_clear(&s.weights);
    ec_arch_free(s.arch);
    return status == EC_OK ? 0 : 1;
}
