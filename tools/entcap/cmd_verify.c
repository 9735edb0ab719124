/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tool.h"

#include <string.h>

static const tool_usage usage = {
    .arguments = "FILE",
    .min_files = 1,
    .max_files = 1,
    .about =
        "Measure a network with weights, for every label and partition, and hold what is measured\n"
        "against the bounds: S2 <= S <= ln rank <= ln generic rank <= ln bound. Exit code 1 if a\n"
        "link is broken.\n"
        "Proved: the bound, and a rank that meets it. Probable: another exact rank (modulo a "
        "prime).\n"
        "Measured: spectrum and entropies, in floating point.\n",
    .examples =
        "  entcap verify models/fashion-convac.yaml --weights build/demo/weights.safetensors\n"
        "  entcap verify models/gap-p3.yaml --seed 7\n"
        "  entcap verify models/gap-p3.yaml --claim BAABBBAAB=7\n"
        "  entcap verify models/fashion-convac.yaml --profile --csv\n",
};

enum { DEFAULT_POINTS = 64 };

typedef struct verify_options {
    tool_measure_options measure;
    tool_list claims;
    bool strict, exact, csv;
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

/* The profile alone, for other programs. */
static int print_csv(tool *t, const tool_input *input, const verify_options *o)
{
    tool_states states = {.n = 0};
    ec_text text = {0};
    ec_error err = {0};
    int code = tool_measure(t, input, NULL, &o->measure, &states);

    if (code == TOOL_GO_ON) {
        ec_status status = ec_report_profile_csv(&text, &states.profile, &err);

        code = status != EC_OK ? tool_fail(t, input->file, &err) : tool_print(t, &text);
        if (code == TOOL_YES)
            code = states.profile.holds ? TOOL_GO_ON : TOOL_NO;
    }
    ec_text_clear(&text);
    tool_states_clear(&states);
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
        const ec_states_found found = {input->arch, &input->partitions, states.items, bounds->items,
                                       o->measure.profile ? &states.profile : NULL};
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

    bound_options.exact = o.exact;
    bound_options.exact_limit = o.measure.rank_limit;
    bound_options.exact_seconds = o.measure.max_seconds;
    bound_options.trials = (unsigned)o.measure.trials;
    if (code == TOOL_GO_ON)
        code = read_claims(t, &o.claims, &input, &claims);
    o.measure.claims = claims;
    if (code == TOOL_GO_ON && o.csv) {
        code = print_csv(t, &input, &o);
    } else if (code == TOOL_GO_ON) {
        code = tool_bound(t, &input, &bound_options, &bounds);
        if (code == TOOL_GO_ON)
            code = verify(t, &input, &bounds, &o, json);
    }
    free_claims(claims, input.partitions.n);
    tool_bounds_clear(&bounds);
    tool_input_clear(&input);
    return code;
}

static int check_options(tool *t, const verify_options *o)
{
    if (o->csv && !o->measure.profile)
        return tool_misuse(t, "--csv is for the profile: give --profile, too");
    if (o->measure.points != DEFAULT_POINTS && !o->measure.profile)
        return tool_misuse(t, "--points is of the profile: give --profile, too");
    if (o->csv && t->json)
        return tool_misuse(t, "--csv and --json are two forms of one answer");
    if (o->measure.data_limit != 0 && o->measure.data == NULL)
        return tool_misuse(t, "--limit is for samples: give --data, too");
    if (o->measure.data != NULL && o->measure.basis == EC_BASIS_SITES)
        return tool_misuse(t, "--data is for basis features, not for basis sites");
    return TOOL_GO_ON;
}

/* The options in the order of the help: what is measured... */
static size_t add_measuring(tool_option *rows, verify_options *o)
{
    const tool_option own[] = {
        {"weights",
         'w',
         TOOL_TEXT,
         &o->measure.weights,
         "FILE.safetensors",
         "the network's weights (safetensors); without it random ones",
         {0, 0}},
        {"basis",
         0,
         TOOL_CHOICE,
         &o->measure.basis,
         "auto|sites|features",
         "inner product of the site features: orthonormal, or as functions on [0, 1]; auto: "
         "features where the description has a feature map",
         {0, 0}},
        {"spectrum-limit",
         0,
         TOOL_COUNT,
         &o->measure.spectrum_limit,
         "N",
         "largest cut for which the spectrum is computed; work is allowed up to 70 N^3 operations",
         {0, 0}},
        {"data",
         'd',
         TOOL_SPEC,
         &o->measure.data,
         "SPEC",
         "basis features over the pixels of these samples, not over [0, 1]: fashion-mnist, ...",
         {0, 0}},
        {"limit",
         0,
         TOOL_COUNT,
         &o->measure.data_limit,
         "N",
         "the first N samples of --data only; 0: all",
         {0, 4294967295}},
        {"profile",
         0,
         TOOL_FLAG,
         &o->measure.profile,
         NULL,
         "entropies of the network's blocks and of a scan of cut positions, too",
         {0, 0}},
        {"points",
         0,
         TOOL_COUNT,
         &o->measure.points,
         "N",
         "most positions of a scan, and most blocks of a level, in the profile",
         {1, 16777216}},
        {"csv", 0, TOOL_FLAG, &o->csv, NULL, "the profile as CSV, and nothing else", {0, 0}},
    };

    memcpy(rows, own, sizeof own);
    return sizeof own / sizeof *own;
}

/* ... and what it is held against. */
static void add_judging(tool_option *rows, verify_options *o)
{
    const tool_option own[] = {
        {"claim",
         0,
         TOOL_LIST,
         &o->claims,
         "NAME=RANK",
         "hold partition NAME against this rank instead of its bound; may be repeated",
         {0, 0}},
        {"exact",
         0,
         TOOL_FLAG,
         &o->exact,
         NULL,
         "the architecture's generic rank, too: another link of the chain",
         {0, 0}},
        {"exact-limit",
         0,
         TOOL_COUNT,
         &o->measure.rank_limit,
         "N",
         "largest bound for which exact ranks are found, of the weights and of the architecture",
         {1, 1e9}},
        {"trials",
         0,
         TOOL_COUNT,
         &o->measure.trials,
         "N",
         "find exact ranks N times, with other primes and inputs, to lower their error",
         {1, 1000}},
        {"time-limit",
         0,
         TOOL_REAL,
         &o->measure.max_seconds,
         "SECONDS",
         "most that a partition's exact ranks, and its forward check, may take by their estimate",
         {1e-9, 1e9}},
        {"strict",
         0,
         TOOL_FLAG,
         &o->strict,
         NULL,
         "exit 1 where nothing could be measured",
         {0, 0}},
        {0},
    };

    memcpy(rows, own, sizeof own);
}

int cmd_verify(tool *t)
{
    verify_options o = {.measure = {.spectrum_limit = 1024,
                                    .rank_limit = 2048,
                                    .trials = 1,
                                    .max_seconds = 120,
                                    .points = DEFAULT_POINTS}};
    tool_option options[20];

    add_judging(options + add_measuring(options, &o), &o);
    int code = tool_parse(t, &usage, options);

    o.measure.basis--; /* the first word is "auto" */
    if (code == TOOL_GO_ON)
        code = check_options(t, &o);
    if (code == TOOL_GO_ON)
        code = tool_each_file(t, verify_file, &o);
    ec_free(o.claims.items);
    return code;
}
