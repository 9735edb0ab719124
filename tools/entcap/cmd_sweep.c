/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rows.h"

static const tool_usage usage = {
    .arguments = "FILE",
    .min_files = 1,
    .max_files = 1,
    .about =
        "Run through ranges of widths: a row for every configuration with its widths, parameters,\n"
        "multiply-adds of one forward pass, and log2 of the bounds of every partition. Up to 50\n"
        "rows are printed as a table, more as CSV. Exit code 1: no configuration is left.\n"
        "After Ctrl-C (130) or a failure, the rows found before are there, whole, and a JSON\n"
        "document is closed by a member \"error\".\n",
    .examples =
        "  entcap sweep --set r0=4..64:x2 --set r4=8,16,32 models/fashion-convac.yaml\n"
        "  entcap sweep --set r0=1..100 --set r1=1..100 --pareto models/gap-p3.yaml\n"
        "  entcap sweep --set r4=4..64 --where 'left-right>=16' --where 'params<=2000' --csv \\\n"
        "      models/fashion-convac.yaml\n",
};

typedef struct sweep_options {
    tool_list sets, where;
    const char *output;
    bool csv, jsonl, pareto;
    int cost; /* 0: parameters, 1: multiply-adds */
} sweep_options;

/* Ranges and filters as parsed. */
typedef struct sweep_question {
    ec_ranges ranges;
    ec_filter *filters;
    size_t n_filters;
} sweep_question;

static void question_clear(sweep_question *q)
{
    for (size_t i = 0; i < q->n_filters; i++)
        ec_filter_clear(&q->filters[i]);
    ec_free(q->filters);
    ec_ranges_clear(&q->ranges);
}

/* What an option says may not fit the description; that is misuse. */
static int read_question(tool *t, const tool_input *input, const sweep_options *o,
                         sweep_question *q)
{
    ec_error err = {0};

    if (ec_ranges_init(&q->ranges, input->arch, &err) != EC_OK)
        return tool_fail(t, input->file, &err);
    for (size_t i = 0; i < o->sets.n; i++) {
        if (ec_ranges_set(&q->ranges, input->arch, o->sets.items[i], &err) != EC_OK)
            return err.status == EC_EINVAL ? tool_misuse(t, "--set: %s", err.msg)
                                           : tool_fail(t, input->file, &err);
    }
    q->filters = ec_calloc(o->where.n, sizeof *q->filters, &err);
    if (q->filters == NULL)
        return tool_fail(t, input->file, &err);
    for (; q->n_filters < o->where.n; q->n_filters++) {
        if (ec_filter_parse(&q->filters[q->n_filters], o->where.items[q->n_filters],
                            &input->partitions, &err) != EC_OK)
            return err.status == EC_EINVAL ? tool_misuse(t, "--where: %s", err.msg)
                                           : tool_fail(t, input->file, &err);
    }
    return TOOL_GO_ON;
}

/* Run all units, and say how it ended. */
static int run_units(tool *t, const tool_input *input, const ec_sweep_input *in, row_writer *writer)
{
    const tool_team *team = t->team;
    ec_error err = {0};
    ec_status status = team != NULL ? team->sweep(team->state, in, writer, &t->run, &err)
                                    : ec_sweep_run(writer->sweep, 0, ec_sweep_units(writer->sweep),
                                                   rows_emit, writer, &t->run, &err);

    if (status == EC_OK)
        return TOOL_GO_ON;
    rows_break_off(writer, &err);
    return writer->code > TOOL_YES ? writer->code : tool_fail(t, input->file, &err);
}

/* A file is for programs: no table. */
static row_format choose_format(const tool *t, const sweep_options *o)
{
    return t->json                       ? ROWS_JSON
           : o->jsonl                    ? ROWS_JSONL
           : o->csv || o->output != NULL ? ROWS_CSV
                                         : ROWS_AUTO;
}

/* Run and print. */
static int run_sweep(tool *t, const tool_input *input, const sweep_options *o,
                     const sweep_question *q)
{
    const ec_sweep_input in = {
        .arch = input->arch,
        .partitions = &input->partitions,
        .ranges = &q->ranges,
        .filters = q->filters,
        .n_filters = q->n_filters,
        .pareto = o->pareto,
        .cost = o->cost == 1 ? EC_QUANTITY_MULTIPLY_ADDS : EC_QUANTITY_PARAMETERS,
        .apart = t->team != NULL,
    };
    row_writer writer = {.t = t, .input = input, .format = choose_format(t, o)};
    ec_sweep *sweep = NULL;
    ec_error err = {0};
    int code;

    tool_phase(t, "plan");
    if (ec_sweep_new(&sweep, &in, &t->run, &err) != EC_OK)
        return tool_fail(t, input->file, &err);
    writer.sweep = sweep;
    tool_phase(t, "sweep");
    code = o->output != NULL ? tool_write_to(t, o->output) : TOOL_GO_ON;
    if (code == TOOL_GO_ON)
        code = rows_start(&writer);
    if (code == TOOL_GO_ON)
        code = run_units(t, input, &in, &writer);
    if (code == TOOL_GO_ON)
        code = rows_finish(&writer);
    if (code == TOOL_YES && writer.n == 0) {
        tool_say(t, "%s: none of %llu configurations passes --where", input->file,
                 (unsigned long long)ec_sweep_count(sweep));
        code = TOOL_NO;
    }
    rows_clear(&writer);
    ec_sweep_free(sweep);
    return code;
}

static int sweep_file(tool *t, const char *file, const sweep_options *o)
{
    tool_input input = {.file = NULL};
    sweep_question question = {.n_filters = 0};
    int code = tool_read(t, file, &input);

    if (code == TOOL_GO_ON)
        code = read_question(t, &input, o, &question);
    if (code == TOOL_GO_ON)
        code = run_sweep(t, &input, o, &question);
    question_clear(&question);
    tool_input_clear(&input);
    return code;
}

int cmd_sweep(tool *t)
{
    sweep_options o = {.cost = 0};
    const tool_option options[] = {
        {"set",
         0,
         TOOL_LIST,
         &o.sets,
         "NAME=RANGE",
         "values of a width: r0=8,16,32, r0=4..64 (step 1), r0=4..64:+4, r0=4..64:x2; M (also "
         "input) is the channels of a site; may be repeated",
         {0, 0}},
        {"where",
         0,
         TOOL_LIST,
         &o.where,
         "CONDITION",
         "keep what fulfils it: params, madds or a partition's name (its rank), one of <= < >= > "
         "=, an integer; may be repeated, all must hold",
         {0, 0}},
        {"pareto",
         0,
         TOOL_FLAG,
         &o.pareto,
         NULL,
         "keep what no other beats: cheaper or as cheap, all bounds as high, one of them better",
         {0, 0}},
        {"cost", 0, TOOL_CHOICE, &o.cost, "params|madds", "what is cheap for --pareto", {0, 0}},
        {"csv", 0, TOOL_FLAG, &o.csv, NULL, "comma-separated values, however few rows", {0, 0}},
        {"jsonl", 0, TOOL_FLAG, &o.jsonl, NULL, "a JSON object a line", {0, 0}},
        {"output",
         'o',
         TOOL_TEXT,
         &o.output,
         "FILE",
         "write there instead of to standard output; CSV unless --json or --jsonl",
         {0, 0}},
        {0},
    };
    int code = tool_parse(t, &usage, options);

    if (code == TOOL_GO_ON && (int)o.csv + (int)o.jsonl + (int)t->json > 1)
        code = tool_misuse(t, "--csv, --jsonl and --json exclude each other");
    if (code == TOOL_GO_ON)
        code = sweep_file(t, t->files[0], &o);
    ec_free(o.sets.items);
    ec_free(o.where.items);
    return code;
}
