/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tool.h"

#include <string.h>

#define BOUNDS  "What an architecture can carry"
#define DATA    "What data ask for"
#define WEIGHTS "Networks with weights"
#define SHOW    "Pictures and pages"
#define HELP    "Help"

/* In the order in which one uses them; `entcap help` prints this table. */
const tool_verb tool_verbs[] = {
    {"bound", cmd_bound, "how much entanglement the architecture can carry across partitions",
     BOUNDS, NULL},
    {"check", cmd_check, "requirements with verdicts, wasted and starved widths: for CI", BOUNDS,
     NULL},
    {"explain", cmd_explain, "what a finding of check means, and what to do", BOUNDS, NULL},
    {"formula", cmd_formula, "the bounds as formulas in the widths", BOUNDS, NULL},
    {"sweep", cmd_sweep, "the bounds over ranges of widths, filtered, or the best for their cost",
     BOUNDS, NULL},
    {"design", cmd_design, "the widths that are proved best under a budget or a requirement",
     BOUNDS, NULL},
    {"data", cmd_data, "how entangled data are, an order that lowers it, and what it asks for",
     DATA, tool_data_verbs},
    {"train", cmd_train, "learn weights from labelled samples", WEIGHTS, NULL},
    {"predict", cmd_predict, "classify samples by saved weights", WEIGHTS, NULL},
    {"verify", cmd_verify, "measure a network with weights and hold it against the bounds", WEIGHTS,
     NULL},
    {"report", cmd_report, "all of it on one self-contained HTML page", SHOW, NULL},
    {"draw", cmd_draw, "draw the tensor network, a partition and its min cut", SHOW, NULL},
    {"help", cmd_help, "explain a verb, or the layers a description may have", HELP, NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

const tool_verb *tool_find_verb(const char *name)
{
    ec_nearest near = {.word = name};

    for (const tool_verb *verb = tool_verbs; verb->name != NULL; verb++) {
        if (strcmp(verb->name, name) == 0)
            return verb;
        ec_nearest_offer(&near, verb->name);
    }
    fputs("entcap: error: unknown verb '", stderr);
    tool_put_safe(stderr, name);
    fputc('\'', stderr);
    if (near.best != NULL)
        fprintf(stderr, "; did you mean '%s'?", near.best);
    fputs("\nTry 'entcap help'.\n", stderr);
    return NULL;
}

int tool_run(tool *t, const tool_verb *verb, int argc, char **argv)
{
    int code;

    t->verb = verb;
    t->argc = argc;
    t->argv = argv;
    code = verb->fn(t);
    tool_phase(t, NULL);
    ec_free(t->files);
    ec_free(t->partitions.items);
    ec_free(t->sets.items);
    return code;
}
