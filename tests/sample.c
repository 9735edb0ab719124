/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sample.h"

#include <stdio.h>
#include <string.h>

static void why(char text[256], const char *reason)
{
    snprintf(text, 256, "%s", reason);
}

/* Rank 2 with s = (0.8, 0.6): p = (0.64, 0.36), S = 0.6534, S2 = 0.6175. */
static void measure_first(ec_label_state *label)
{
    *label = (ec_label_state){.label = 0, .holds = true};
    label->rank = (ec_exact_rank){.known = true, .rank = 2, .inputs = 5, .prime = 7};
    label->forward = (ec_forward_check){.known = true, .inputs = 12, .rank = 2};
    label->von_neumann = (ec_measured){.known = true, .value = 0.6534};
    label->renyi2 = (ec_measured){.known = true, .value = 0.6175};
    label->spectrum.known = true;
    label->spectrum.value = ec_calloc(2, sizeof(double), NULL);
    assert_non_null(label->spectrum.value);
    label->spectrum.value[0] = 0.8;
    label->spectrum.value[1] = 0.6;
    label->spectrum.n = label->spectrum.numeric_rank = 2;
    label->spectrum.threshold = 1e-15;
    label->spectrum.gap = 1.0 / 0.0;
}

static void measure_second(ec_label_state *label)
{
    *label = (ec_label_state){.label = 1, .holds = true};
    label->rank = (ec_exact_rank){.known = true, .rank = 1, .inputs = 5, .prime = 7};
    why(label->forward.why, "no time");
    why(label->spectrum.why, "too wide");
    why(label->von_neumann.why, "no spectrum");
    why(label->renyi2.why, "too many copies");
}

void sample_init(sample *out, const char *yaml)
{
    ec_bound_options options = EC_BOUND_OPTIONS_INIT;
    ec_run run = EC_RUN_INIT;
    ec_error err = {0};

    *out = (sample){.arch = NULL};
    options.exact = options.sides = true;
    assert_ok(ec_arch_parse(&out->arch, yaml, strlen(yaml), "sample.yaml", &err), &err);
    assert_ok(ec_arch_partitions(&out->partitions, out->arch, NULL, 0, &err), &err);
    assert_true(out->partitions.n <= SAMPLE_MAX);
    for (size_t i = 0; i < out->partitions.n; i++) {
        ec_state *state = &out->states[i];

        assert_ok(ec_bound_compute(&out->bounds[i], out->arch, &out->partitions.items[i].a,
                                   &options, &run, &err),
                  &err);
        ec_int_set(&state->bound, out->bounds[i].rank);
        state->labels = ec_calloc(2, sizeof *state->labels, &err);
        assert_non_null(state->labels);
        state->n_labels = 2;
        state->holds = true;
        measure_first(&state->labels[0]);
        measure_second(&state->labels[1]);
    }
    out->found = (ec_bounds_found){out->arch, &out->partitions, out->bounds};
    out->measured = (ec_states_found){out->arch, &out->partitions, out->states, out->bounds, NULL};
}

void sample_clear(sample *s)
{
    for (size_t i = 0; i < s->partitions.n; i++) {
        ec_bound_clear(&s->bounds[i]);
        ec_int_clear(&s->states[i].bound);
        ec_free(s->states[i].labels[0].spectrum.value);
        ec_free(s->states[i].labels);
    }
    ec_partitions_clear(&s->partitions);
    ec_arch_free(s->arch);
}

void sample_rename(char **name, const char *to)
{
    ec_free(*name);
    *name = ec_strdup(to, NULL);
    assert_non_null(*name);
}
