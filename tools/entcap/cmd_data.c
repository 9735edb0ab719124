/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data.h"

#include <stdlib.h>
#include <string.h>

const tool_verb tool_data_verbs[] = {
    {"data entropy", cmd_data_entropy, "how entangled samples are across the canonical partitions",
     NULL, NULL},
    {"data rearrange", cmd_data_rearrange, "an order of the features that lowers that", NULL, NULL},
    {"data fit", cmd_data_fit, "what they ask of an architecture, and what it can carry", NULL,
     NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static const tool_usage usage = {
    .about =
        "The demand side: how much entanglement a data set shows, whether another order of its\n"
        "features would lower that, and what widths an architecture needs for it.\n",
    .examples = "  entcap help data entropy\n",
};

/* What stands behind "data " in a row's name. */
static const char *short_name(const tool_verb *verb)
{
    return strchr(verb->name, ' ') + 1;
}

int cmd_data(tool *t)
{
    ec_nearest near = {.word = t->argc > 1 ? t->argv[1] : ""};

    if (t->argc < 2)
        return tool_misuse(t, "say what to do with the data: entropy, rearrange or fit");
    if (strcmp(t->argv[1], "-h") == 0 || strcmp(t->argv[1], "--help") == 0)
        return tool_explain(t, &usage);
    for (const tool_verb *verb = tool_data_verbs; verb->name != NULL; verb++) {
        if (strcmp(short_name(verb), t->argv[1]) == 0) {
            t->verb = verb;
            t->argc--;
            t->argv++;
            return verb->fn(t);
        }
        ec_nearest_offer(&near, short_name(verb));
    }
    return tool_misuse(t, "unknown verb '%.80s'%s%s%s", t->argv[1],
                       near.best != NULL ? "; did you mean '" : "",
                       near.best != NULL ? near.best : "", near.best != NULL ? "'?" : "");
}

int data_read(tool *t, const data_options *o, bool unlabelled, ec_samples *out)
{
    const ec_samples_source source = {.x = o->x,
                                      .y = o->y,
                                      .column = o->column,
                                      .n_dims = o->mode + 1,
                                      .unlabelled = unlabelled,
                                      .minmax = o->scale == 1,
                                      .limit = o->limit};
    ec_error err = {0};

    *out = (ec_samples){.n = 0};
    if (o->x == NULL)
        return tool_misuse(t, "--x FILE is missing: the samples");
    if (!unlabelled && o->y == NULL && !ec_data_is_table(o->x))
        return tool_misuse(t, "--y FILE is missing: the labels; only CSV has them as a column");
    tool_phase(t, "read");
    /* threads of BLAS spin, and the matrices are small */
    if (ec_linalg_threads(1, &err) != EC_OK ||
        ec_samples_read(out, &source, &t->run, &err) != EC_OK)
        return tool_fail(t, o->x, &err);
    return TOOL_GO_ON;
}

int data_levels(const tool *t, const char *text, size_t depth, size_t *first, size_t *last)
{
    char *end = NULL;

    *first = strtoul(text, &end, 10);
    *last = *first;
    if (*end == '-')
        *last = strtoul(end + 1, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || *first < 1 || *last < *first)
        return tool_misuse(t, "--levels: '%.40s': expected a level, or two as in 1-4", text);
    if (*last > depth)
        return tool_misuse(t, "--levels: '%.40s': the samples have the levels 1 to %zu", text,
                           depth);
    return TOOL_GO_ON;
}
