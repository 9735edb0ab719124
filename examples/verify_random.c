/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <entcap.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/*
 * Random weights almost surely reach the highest rank that any weights reach. Draw some, measure
 * what they carry, and hold it against the bound:  S_2 <= S <= ln rank <= ln bound.
 *
 *     verify_random models/fashion-convac.yaml left-right 7
 */

typedef struct subject {
    ec_arch *arch;
    ec_partition partition;
    ec_weights weights;
    ec_bound bound;
    ec_state state;
} subject;

static ec_status measure(subject *s, const char *file, const char *partition, const ec_run *run,
                         ec_error *err)
{
    const ec_bound_options bound_options = EC_BOUND_OPTIONS_INIT;
    ec_state_options state_options = EC_STATE_OPTIONS_INIT;
    ec_rng rng;

    state_options.max_seconds = 5;
    ec_rng_seed(&rng, run->seed);
    ec_status status = ec_arch_read(&s->arch, file, err);
    if (status == EC_OK)
        status = ec_arch_partition(&s->partition, s->arch, partition, err);
    if (status == EC_OK)
        status = ec_bound_compute(&s->bound, s->arch, &s->partition.a, &bound_options, run, err);
    if (status == EC_OK)
        status = ec_weights_random(&s->weights, s->arch, &rng, run, err);
    if (status == EC_OK) {
        const ec_state_input in = {s->arch, &s->weights, &s->partition.a, s->bound.rank, &s->bound};
        status = ec_state_verify(&s->state, &in, &state_options, run, err);
    }
    return status;
}

static void print(const subject *s)
{
    printf("ln bound %.4f\n", ec_int_log2(s->bound.rank) * log(2));
    for (size_t y = 0; y < s->state.n_labels; y++) {
        const ec_label_state *label = &s->state.labels[y];

        printf("label %2u ", label->label);
        if (label->rank.known)
            printf(" ln rank %.4f", log((double)label->rank.rank));
        else
            printf(" rank out of reach: %s;", label->rank.why);
        if (label->von_neumann.known)
            printf("  S %.4f  S_2 %.4f", label->von_neumann.value, label->renyi2.value);
        if (label->forward.known)
            printf("  rank of %llu x %llu outputs %llu", (unsigned long long)label->forward.inputs,
                   (unsigned long long)label->forward.inputs,
                   (unsigned long long)label->forward.rank);
        printf("  %s\n", label->holds ? "holds" : label->violation);
    }
}

int main(int argc, char **argv)
{
    ec_error err = {0};
    ec_run run = EC_RUN_INIT;
    subject s = {0};

    if (argc != 4) {
        fprintf(stderr, "usage: verify_random DESCRIPTION PARTITION SEED\n");
        return 2;
    }
    run.seed = strtoull(argv[3], NULL, 10);
    ec_status status = measure(&s, argv[1], argv[2], &run, &err);
    if (status == EC_OK)
        print(&s);
    else
        fprintf(stderr, "error: %s\n", err.msg);
    bool holds = status == EC_OK && s.state.holds;

    ec_state_clear(&s.state);
    ec_weights_clear(&s.weights);
    ec_bound_clear(&s.bound);
    ec_partition_clear(&s.partition);
    ec_arch_free(s.arch);
    return holds ? EXIT_SUCCESS : EXIT_FAILURE;
}
