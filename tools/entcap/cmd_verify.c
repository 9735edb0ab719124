/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tool.h"

#include <string.h>

static const tool_usage usage = {
    .arguments = "FILE",
    .min_files = 1,
    .max_files = 1,
    .about =
        "Measure a network with weights, for every label and partition, and hold what is measured\n"
        "against the bounds: S2 <= S <= ln rank <= ln bound. Exit code 1 if a link is broken.\n"
        "Proved: the bound, and a rank that meets it. Probable: another exact rank (modulo a "
        "prime).\n"
        "Measured: spectrum and entropies, in floating point.\n",
    .examples =
        "  entcap verify models/fashion-convac.yaml --weights build/demo/weights.safetensors\n"
        "  entcap verify models/gap-p3.yaml --seed 7\n"
        "  entcap verify models/gap-p3.yaml --claim BAABBBAAB=7\n",
};

typedef struct verify_options {
    tool_measure_options measure;
    tool_list claims;
    bool strict;
} verify_options;

/* A claim "NAME=RANK" for one of the partitions. */
static int read_claim(const tool *t, const char *text, const tool_input *input, tool_claim *claims)
{
    const char *equals = strrchr(text, '='); /* a name may hold one, a rank cannot */
    ec_error err = {0};

    if (equals == NULL)
        return tool_misuse(t, "--claim: '%s' is no claim; write one as left-right=16", text);
    for (size_t i = 0; i < input->partitions.n; i++) {
        const char *name = input->partitions.items[i].name;
        size_t n = strlen(name);

        if (n != (size_t)(equals - text) || memcmp(name, text, n) != 0)
            continue;
        if (ec_int_parse(&claims[i].rank, equals + 1, &err) != EC_OK)
            return tool_misuse(t, "--claim: '%s': a rank is a plain whole number", text);
        claims[i].given = true;
        return TOOL_GO_ON;
    }
    return tool_misuse(t, "--claim: '%s' names no partition that is verified", text);
}

/* One claim per partition, most of them not given; to be released by free_claims. */
static int read_claims(const tool *t, const tool_list *list, const tool_input *input,
                       tool_claim **out)
{
    ec_error err = {0};
    int code = TOOL_GO_ON;

    *out = ec_calloc(input->partitions.n, sizeof **out, &err);
    if (*out == NULL)
        return tool_fail(t, input->file, &err);
    for (size_t i = 0; code == TOOL_GO_ON && i < list->n; i++)
        code = read_claim(t, list->items[i], input, *out);
    return code;
}

static void free_claims(tool_claim *claims, size_t n)
{
    for (size_t i = 0; claims != NULL && i < n; i++)
        ec_int_clear(&claims[i].rank);
    ec_free(claims);
}

/* The answer: no if a bound is broken; where nothing could be measured it is undecided. */
static int answer(const tool *t, const tool_input *input, const ec_states_found *found, bool strict)
{
    int code = ec_report_holds(found) ? TOOL_GO_ON : TOOL_NO;

    for (size_t i = 0; i < found->partitions->n; i++) {
        if (ec_report_measured(&found->states[i]))
            continue;
        tool_warn(t, "%s: %s: undecided, nothing could be measured", input->file,
                  found->partitions->items[i].name);
        code = strict ? TOOL_NO : code;
    }
    return code;
}

/* Measure and print. */
static int verify(tool *t, const tool_input *input, const tool_bounds *bounds,
                  const verify_options *o, ec_json *json)
{
    tool_states states = {.n = 0};
    ec_text text = {0};
    ec_error err = {0};
    int code = tool_measure(t, input, bounds, &o->measure, &states);

    if (code == TOOL_GO_ON) {
        const ec_states_found found = {input->arch, &input->partitions, states.items,
                                       bounds->items};
        ec_status status = t->json ? ec_report_states_json(json, &found, &err)
                                   : ec_report_states_text(&text, &found, t->color, &err);

        tool_phase(t, "print");
        code = status != EC_OK ? tool_fail(t, input->file, &err) : tool_print(t, &text);
        if (code == TOOL_YES)
            code = answer(t, input, &found, o->strict);
    }
    ec_text_clear(&text);
    tool_states_clear(&states);
    return code;
}

static int verify_file(tool *t, const char *file, const void *options, ec_json *json)
{
    verify_options o = *(const verify_options *)options;
    ec_bound_options bound_options = EC_BOUND_OPTIONS_INIT;
    tool_input input = {.file = NULL};
    tool_bounds bounds = {.n = 0};
    tool_claim *claims = NULL;
    int code = tool_read(t, file, &input);

    if (code == TOOL_GO_ON)
        code = read_claims(t, &o.claims, &input, &claims);
    o.measure.claims = claims;
    if (code == TOOL_GO_ON)
        code = tool_bound(t, &input, &bound_options, &bounds);
    if (code == TOOL_GO_ON)
        code = verify(t, &input, &bounds, &o, json);
    free_claims(claims, input.partitions.n);
    tool_bounds_clear(&bounds);
    tool_input_clear(&input);
    return code;
}

int cmd_verify(tool *t)
{
    verify_options o = {.measure = {.spectrum_limit = 1024}};
    int basis = 0;
    const tool_option options[] = {
        {"weights",
         'w',
         TOOL_TEXT,
         &o.measure.weights,
         "FILE",
         "the network's weights (safetensors); without it random ones",
         {0, 0}},
        {"basis",
         0,
         TOOL_CHOICE,
         &basis,
         "auto|sites|features",
         "inner product of the site features: orthonormal, or as functions on [0, 1]; auto: "
         "features where the description has a feature map",
         {0, 0}},
        {"spectrum-limit",
         0,
         TOOL_COUNT,
         &o.measure.spectrum_limit,
         "N",
         "largest cut for which the spectrum is computed",
         {0, 0}},
        {"claim",
         0,
         TOOL_LIST,
         &o.claims,
         "NAME=RANK",
         "hold partition NAME against this rank instead of its bound; may be repeated",
         {0, 0}},
        {"strict", 0, TOOL_FLAG, &o.strict, NULL, "exit 1 where nothing could be measured", {0, 0}},
        {0},
    };
    int code = tool_parse(t, &usage, options);

    if (code == TOOL_GO_ON) {
        o.measure.basis = basis - 1;
        code = tool_each_file(t, verify_file, &o);
    }
    ec_free(o.claims.items);
    return code;
}
