/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tool.h"

#include <string.h>

static const tool_usage usage = {
    .arguments = "FILE...",
    .min_files = 1,
    .max_files = SIZE_MAX,
    .about = "Bound the rank of the network's tensor across partitions of its sites, from the\n"
             "architecture alone: no weights have a larger one. FILE is a description in YAML or\n"
             "JSON; '-' is standard input.\n",
    .examples = "  entcap bound models/fashion-convac.yaml\n"
                "  entcap bound --set r4=32 --partition interleaved models/fashion-convac.yaml\n"
                "  entcap bound --exact --json models/bridge.yaml\n",
};

typedef struct bound_options {
    ec_bound_options compute;
    uint64_t trials;
    int method; /* ec_method */
    bool certificate, strict;
} bound_options;

/* A cut that is not proved minimal is a valid bound all the same: worth a warning. */
static int warn_uncertified(const tool *t, const tool_input *input, const tool_bounds *bounds,
                            bool strict)
{
    int code = TOOL_GO_ON;

    for (size_t i = 0; i < bounds->n; i++) {
        if (bounds->items[i].min_cut.certified)
            continue;
        tool_warn(t, "%s: %s: the cut is valid, but not proved minimal", input->file,
                  input->partitions.items[i].name);
        code = strict ? TOOL_NO : code;
    }
    return code;
}

/* One description: its document goes into the array, or its table to stdout. */
static int bound_file(tool *t, const char *file, const void *options, ec_json *json)
{
    const bound_options *o = options;
    tool_input input = {.file = NULL};
    tool_bounds bounds = {.n = 0};
    ec_text text = {0};
    ec_error err = {0};
    int code = tool_read(t, file, &input);

    if (code == TOOL_GO_ON)
        code = tool_bound(t, &input, &o->compute, &bounds);
    if (code == TOOL_GO_ON) {
        const ec_bounds_found found = {input.arch, &input.partitions, bounds.items};
        ec_status status =
            t->json ? ec_report_bounds_json(json, &found, o->certificate, &err)
                    : ec_report_bounds_text(&text, &found, o->certificate, t->color, &err);

        tool_phase(t, "print");
        code = status != EC_OK ? tool_fail(t, file, &err) : tool_print(t, &text);
        if (code == TOOL_YES)
            code = warn_uncertified(t, &input, &bounds, o->strict);
    }
    ec_text_clear(&text);
    tool_bounds_clear(&bounds);
    tool_input_clear(&input);
    return code;
}

static void add_options(tool_option *rows, bound_options *o)
{
    const tool_option own[] = {
        {"exact", 0, TOOL_FLAG, &o->compute.exact, NULL, "the generic rank, too", {0, 0}},
        {"exact-limit",
         0,
         TOOL_COUNT,
         &o->compute.exact_limit,
         "N",
         "largest bound for which the generic rank is tried",
         {1, 1e9}},
        {"exact-seconds",
         0,
         TOOL_REAL,
         &o->compute.exact_seconds,
         "N",
         "longest that it may take, as estimated; 0: any time",
         {0, 1e9}},
        {"trials",
         0,
         TOOL_COUNT,
         &o->trials,
         "N",
         "find a rank that is not proved N times, with other primes and weights, to lower its "
         "error",
         {1, 1000}},
        {"certificate",
         0,
         TOOL_FLAG,
         &o->certificate,
         NULL,
         "with the side of every tensor, which proves the cut",
         {0, 0}},
        {"method",
         0,
         TOOL_CHOICE,
         &o->method,
         "auto|igraph|tree",
         "how to find the min cut: by maximum flow, or by recursion where the network is a tree",
         {0, 0}},
        {"strict",
         0,
         TOOL_FLAG,
         &o->strict,
         NULL,
         "exit 1 where a cut is not proved minimal",
         {0, 0}},
        {0},
    };

    memcpy(rows, own, sizeof own);
}

int cmd_bound(tool *t)
{
    bound_options o = {.compute = EC_BOUND_OPTIONS_INIT, .trials = 1, .method = EC_METHOD_AUTO};
    tool_option options[8];

    add_options(options, &o);

    int code = tool_parse(t, &usage, options);

    if (code != TOOL_GO_ON)
        return code;
    if (o.trials > 1 && !o.compute.exact)
        return tool_misuse(t, "--trials is for the generic rank: give --exact, too");
    o.compute.method = (unsigned)o.method;
    o.compute.sides = o.certificate;
    o.compute.trials = (unsigned)o.trials;
    return tool_each_file(t, bound_file, &o);
}
