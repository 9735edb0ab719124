/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tool.h"

#include <stdlib.h>
#include <string.h>

static const tool_usage usage = {
    .arguments = "FILE",
    .min_files = 1,
    .max_files = 1,
    .about =
        "Choose the widths: the largest bounds within a budget, or the smallest cost that\n"
        "meets required bounds. The answer is proved optimal. Every channel width runs from 1\n"
        "to 512 unless --range says otherwise; M (also input) stays as it is. A budget of memory\n"
        "counts 4 bytes a parameter. Exit code 1: no design meets the requirements. A description\n"
        "with norm or bias is refused (its constant channel is no width to choose); entcap sweep\n"
        "takes it.\n",
    .examples =
        "  entcap design --maximize left-right --budget params=10000 models/fashion-convac.yaml\n"
        "  entcap design --maximize left-right=1,interleaved=0.01 --budget madds=500000 \\\n"
        "      --range r0=8..256:+8 -o designed.yaml models/fashion-convac.yaml\n"
        "  entcap design --require left-right=64 --minimize params models/closed-form-1d.yaml\n",
};

#define DEFAULT_RANGE "1..512"

typedef struct design_options {
    const char *maximize, *minimize, *budget, *output;
    tool_list require, ranges;
    bool lexicographic;
} design_options;

/* The question, as the options put it. */
typedef struct question {
    ec_partitions partitions;
    ec_ranges ranges;
    ec_design_goal *goals;
    ec_design_input input;
} question;

static void question_clear(question *q)
{
    for (size_t k = 0; q->goals != NULL && k < q->input.n_goals; k++)
        ec_int_clear(&q->goals[k].min_rank);
    ec_free(q->goals);
    ec_ranges_clear(&q->ranges);
    ec_partitions_clear(&q->partitions);
}

/* ------------------------------------------------------------------ options */

static int set_ranges(tool *t, const ec_arch *arch, const tool_list *ranges, question *q)
{
    ec_error err = {0};
    ec_status status = ec_ranges_init(&q->ranges, arch, &err);

    if (status != EC_OK)
        return tool_fail(t, arch->file, &err);
    for (size_t l = 1; status == EC_OK && l < arch->n_levels; l++) {
        char text[64];
        snprintf(text, sizeof text, "%s=" DEFAULT_RANGE, arch->levels[l].name);
        status = ec_ranges_set(&q->ranges, arch, text, &err);
    }
    for (size_t i = 0; status == EC_OK && i < ranges->n; i++)
        status = ec_ranges_set(&q->ranges, arch, ranges->items[i], &err);
    if (status == EC_EINVAL)
        return tool_misuse(t, "--range: %s", err.msg);
    return status == EC_OK ? TOOL_GO_ON : tool_fail(t, NULL, &err);
}

/* A name may hold one, a number cannot. */
static const char *last_equals(const char *text, size_t length)
{
    while (length > 0 && text[length - 1] != '=')
        length--;
    return length > 0 ? text + length - 1 : NULL;
}

/* "NAME" or "NAME=VALUE" of `length` bytes: adds the partition and the goal. */
static int add_goal(tool *t, const ec_arch *arch, question *q, const char *text, size_t length,
                    bool require)
{
    char name[256];
    const char *value = last_equals(text, length);
    size_t name_length = value != NULL ? (size_t)(value - text) : length;
    ec_design_goal *goal = &q->goals[q->input.n_goals];
    ec_error err = {0};
    ec_partitions one = {0};
    const char *names[] = {name};

    snprintf(name, sizeof name, "%.*s", (int)(name_length < 255 ? name_length : 255), text);
    if (ec_arch_partitions(&one, arch, names, 1, &err) != EC_OK || one.n != 1) {
        ec_partitions_clear(&one);
        return tool_misuse(t, "%s: %s", require ? "--require" : "--maximize",
                           err.status != EC_OK ? err.msg : "name one partition");
    }
    q->partitions.items[q->partitions.n++] = one.items[0];
    ec_free(one.items);
    goal->partition = q->input.n_goals++;
    char number[64] = "1";
    if (value != NULL)
        snprintf(number, sizeof number, "%.*s", (int)(text + length - value - 1), value + 1);
    if (require)
        return value != NULL && ec_int_parse(&goal->min_rank, number, NULL) == EC_OK
                   ? TOOL_GO_ON
                   : tool_misuse(t, "--require: '%.80s': expected PARTITION=RANK", text);
    char *end;
    goal->weight = strtod(number, &end);
    if (*end != '\0' || !(goal->weight > 0 && goal->weight < 1e9))
        return tool_misuse(t, "--maximize: '%.80s': a weight is a number above 0", text);
    return TOOL_GO_ON;
}

static size_t count_goals(const design_options *o)
{
    size_t n = o->require.n;

    for (const char *s = o->maximize; s != NULL; s = strchr(s + 1, ','))
        n++;
    return n;
}

static int set_goals(tool *t, const ec_arch *arch, const design_options *o, question *q)
{
    size_t n = count_goals(o);
    int code = TOOL_GO_ON;
    ec_error err = {0};

    q->goals = ec_calloc(n, sizeof *q->goals, &err);
    q->partitions.items = ec_calloc(n, sizeof *q->partitions.items, &err);
    if (q->goals == NULL || q->partitions.items == NULL)
        return tool_fail(t, NULL, &err);
    for (const char *s = o->maximize; s != NULL && code == TOOL_GO_ON;) {
        size_t length = strcspn(s, ",");
        code = add_goal(t, arch, q, s, length, false);
        s = s[length] == ',' ? s + length + 1 : NULL;
    }
    for (size_t i = 0; i < o->require.n && code == TOOL_GO_ON; i++)
        code = add_goal(t, arch, q, o->require.items[i], strlen(o->require.items[i]), true);
    return code;
}

static int check_options(tool *t, const design_options *o)
{
    if ((o->maximize == NULL) == (o->minimize == NULL))
        return tool_misuse(t, "say either --maximize NAME,... or --minimize params|madds");
    if (o->maximize != NULL && o->budget == NULL)
        return tool_misuse(t, "--maximize needs a --budget");
    if (o->minimize != NULL && o->require.n == 0)
        return tool_misuse(t, "--minimize needs a --require");
    if (o->minimize != NULL && strcmp(o->minimize, "params") != 0 &&
        strcmp(o->minimize, "madds") != 0)
        return tool_misuse(t, "--minimize: '%.80s' is neither params nor madds", o->minimize);
    return TOOL_GO_ON;
}

static int ask(tool *t, const ec_arch *arch, const design_options *o, question *q)
{
    int code = set_goals(t, arch, o, q);

    q->input.arch = arch;
    q->input.partitions = &q->partitions;
    q->input.ranges = &q->ranges;
    q->input.goals = q->goals;
    q->input.maximize = o->maximize != NULL;
    q->input.lexicographic = o->lexicographic;
    q->input.budget = UINT64_MAX;
    if (code == TOOL_GO_ON)
        code = set_ranges(t, arch, &o->ranges, q);
    if (code == TOOL_GO_ON && o->budget != NULL)
        code = tool_budget(t, o->budget, &q->input.cost, &q->input.budget);
    if (o->minimize != NULL) {
        ec_quantity cost = *o->minimize == 'm' ? EC_QUANTITY_MULTIPLY_ADDS : EC_QUANTITY_PARAMETERS;
        if (code == TOOL_GO_ON && o->budget != NULL && cost != q->input.cost)
            return tool_misuse(t, "--budget and --minimize count different things");
        q->input.cost = cost;
    }
    return code;
}

/* ------------------------------------------------------------------- answers */

/* Widths of a design into a copy of the description's own. */
static ec_status apply_widths(ec_arch *arch, const ec_design *design, ec_error *err)
{
    ec_status status = EC_OK;

    for (size_t l = 0; l < design->n_levels && status == EC_OK; l++) {
        char text[64];
        snprintf(text, sizeof text, "%s=%u", arch->levels[l].name, (unsigned)design->widths[l]);
        status = ec_arch_set(arch, text, err);
    }
    return status;
}

static ec_status write_description(const ec_arch *arch, const char *path, ec_error *err)
{
    ec_text text = {0};
    ec_status status = ec_arch_print(&text, arch, err);

    if (status == EC_OK)
        status = ec_file_write(path, ec_text_get(&text), text.size, err);
    ec_text_clear(&text);
    return status;
}

/* What limits the best design: its bounds, by the engine of `entcap bound`. */
static ec_status bound_best(tool *t, ec_arch *arch, const question *q, const ec_design *best,
                            tool_bounds *out, ec_error *err)
{
    const ec_bound_options options = EC_BOUND_OPTIONS_INIT;
    ec_status status = apply_widths(arch, best, err);

    out->items = ec_calloc(q->input.n_goals, sizeof *out->items, err);
    if (out->items == NULL)
        return EC_ENOMEM;
    out->n = q->input.n_goals;
    for (size_t k = 0; k < out->n && status == EC_OK; k++)
        status =
            ec_bound_compute(&out->items[k], arch, &q->partitions.items[q->goals[k].partition].a,
                             &options, &t->run, err);
    return status;
}

static ec_status print_answer(tool *t, const ec_design_found *found, ec_text *out, ec_error *err)
{
    ec_json json = {.depth = 0};
    ec_status status;

    if (!t->json)
        return ec_report_design_text(out, found, t->color, err);
    ec_report_design_json(&json, found);
    status = ec_json_finish(&json, err);
    if (status == EC_OK) {
        *out = json.text;
        json.text = (ec_text){0};
    }
    ec_json_clear(&json);
    return status;
}

static int answer_file(tool *t, tool_input *input, const design_options *o, question *q)
{
    ec_design_answer answer = {0};
    tool_bounds bounds = {.n = 0};
    ec_text text = {0};
    ec_error err = {0};
    const char *where = input->file;

    tool_phase(t, "design");
    ec_status status = ec_design_solve(&answer, &q->input, &t->run, &err);
    if (status == EC_OK && answer.feasible)
        status = bound_best(t, input->arch, q, &answer.best, &bounds, &err);
    if (status == EC_OK && answer.feasible && o->output != NULL) {
        where = o->output;
        status = write_description(input->arch, o->output, &err);
    }
    const ec_design_found found = {input->arch, &q->input, &answer, bounds.items};
    if (status == EC_OK)
        status = print_answer(t, &found, &text, &err);
    int code = status == EC_OK ? tool_print(t, &text) : tool_fail(t, where, &err);
    if (code == TOOL_YES && !answer.feasible)
        code = TOOL_NO;
    ec_text_clear(&text);
    tool_bounds_clear(&bounds);
    ec_design_answer_clear(&answer);
    return code;
}

static int design_file(tool *t, const design_options *o)
{
    tool_input input = {.file = NULL};
    question q = {.goals = NULL};
    int code = tool_read(t, t->files[0], &input);

    if (code == TOOL_GO_ON)
        code = ask(t, input.arch, o, &q);
    if (code == TOOL_GO_ON)
        code = answer_file(t, &input, o, &q);
    question_clear(&q);
    tool_input_clear(&input);
    return code;
}

int cmd_design(tool *t)
{
    design_options o = {.maximize = NULL};
    const tool_option options[] = {
        {"maximize",
         0,
         TOOL_TEXT,
         &o.maximize,
         "NAME[=WEIGHT],...",
         "make the weighted sum of these log2 bounds as large as the budget allows",
         {0, 0}},
        {"lexicographic",
         0,
         TOOL_FLAG,
         &o.lexicographic,
         NULL,
         "the first bound first, then the next, instead of a sum",
         {0, 0}},
        {"budget",
         0,
         TOOL_TEXT,
         &o.budget,
         "WHAT=N",
         "at most: params=N, madds=N, memory=BYTES (suffixes as in --memory)",
         {0, 0}},
        {"require",
         0,
         TOOL_LIST,
         &o.require,
         "NAME=RANK",
         "a bound that must be reached; may be repeated",
         {0, 0}},
        {"minimize", 0, TOOL_TEXT, &o.minimize, "params|madds", "the cost to make small", {0, 0}},
        {"range",
         0,
         TOOL_LIST,
         &o.ranges,
         "WIDTH=VALUES",
         "values to choose from: r0=2..512, r0=8..256:+8, r0=2..512:x2, r0=3,5,8; may be repeated",
         {0, 0}},
        {"output",
         'o',
         TOOL_TEXT,
         &o.output,
         "FILE.yaml",
         "write the description with the best widths",
         {0, 0}},
        {0},
    };
    int code = tool_parse(t, &usage, options);

    if (code == TOOL_GO_ON)
        code = check_options(t, &o);
    if (code == TOOL_GO_ON)
        code = design_file(t, &o);
    ec_free(o.require.items);
    ec_free(o.ranges.items);
    return code;
}
