/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data.h"

static const tool_usage usage = {
    .arguments = "FILE --data SPEC",
    .min_files = 1,
    .max_files = 1,
    .about =
        "Hold the entanglement that data show (demand) against what an architecture can carry\n"
        "(capacity, a proved upper bound), across each canonical partition; name the smallest\n"
        "widths whose capacities reach the demand, for the features as they are and for a\n"
        "better order of them. A necessary condition, no more. Exit code 1: for the features\n"
        "as they are the architecture is excluded.\n",
    .examples =
        "  entcap data fit models/fashion-convac.yaml --data fashion-mnist\n"
        "  entcap data fit net.yaml --data npy:X.npy,Y.npy --batch 500 --batches 5 --levels 4\n",
};

static int print(tool *t, const ec_fit_found *found)
{
    ec_json json = {.depth = 0};
    ec_text text = {0};
    ec_error err = {0};
    int code;

    if (t->json) {
        ec_report_fit_json(&json, found);
        code = ec_json_finish(&json, &err) == EC_OK ? tool_print(t, &json.text)
                                                    : tool_fail(t, NULL, &err);
    } else {
        ec_report_fit_text(&text, found, t->color);
        code = tool_print(t, &text);
    }
    ec_json_clear(&json);
    ec_text_clear(&text);
    if (code == TOOL_YES && found->fit->as_is.excluded)
        code = TOOL_NO;
    return code;
}

int data_fit(tool *t, const ec_arch *arch, const data_fit_options *o, ec_fit *out)
{
    const ec_data_source source = {.spec = o->data, .part = EC_DATA_TRAIN, .limit = o->limit};
    ec_fit_options options = {.entropy = EC_ENTROPY_OPTIONS_INIT,
                              .levels = o->levels,
                              .rearrange = !o->as_is,
                              .max_width = (uint32_t)o->max_width};
    ec_dataset data = {.n = 0};
    ec_samples samples = {.n = 0};
    const char *where = t->files[0];
    ec_error err = {0};

    *out = (ec_fit){.n_samples = 0};
    tool_phase(t, "data");
    ec_status status = ec_linalg_threads(1, &err);
    if (status == EC_OK)
        status = ec_data_read(&data, &source, arch, &t->run, &err);
    if (status == EC_OK)
        status = ec_samples_from_dataset(&samples, &data, &t->run, &err);
    if (status == EC_OK)
        where = o->data; /* from here on the description is fine */
    ec_dataset_clear(&data);
    tool_phase(t, "fit");
    options.entropy.theta = o->theta;
    options.entropy.batch = o->batch < samples.n ? o->batch : 0;
    options.entropy.batches = o->batches;
    if (status == EC_OK)
        status = ec_fit_samples(out, arch, &samples, &options, &t->run, &err);
    ec_samples_clear(&samples);
    return status == EC_OK ? TOOL_GO_ON : tool_fail(t, where, &err);
}

static int fit(tool *t, const ec_arch *arch, const data_fit_options *o)
{
    ec_fit result;
    int code = data_fit(t, arch, o, &result);

    if (code == TOOL_GO_ON)
        code = print(t, &(ec_fit_found){arch, &result, o->theta});
    ec_fit_clear(&result);
    return code;
}

int cmd_data_fit(tool *t)
{
    data_fit_options o = DATA_FIT_OPTIONS_INIT;
    const tool_option options[] = {
        {"data",
         0,
         TOOL_SPEC,
         &o.data,
         "SPEC",
         "fashion-mnist, mnist, idx:IMAGES,LABELS or npy:X.npy,Y.npy",
         {0, 0}},
        {"limit", 0, TOOL_COUNT, &o.limit, "N", "the first N samples only; 0: all", {0, 0}},
        {"batch", 0, TOOL_COUNT, &o.batch, "N", "measure random subsets of N samples", {1, 1e9}},
        {"batches",
         0,
         TOOL_COUNT,
         &o.batches,
         "K",
         "how many disjoint ones; they give the error bars",
         {1, 1e6}},
        {"levels", 0, TOOL_COUNT, &o.levels, "L", "deepest level", {1, 24}},
        {"theta",
         0,
         TOOL_REAL,
         &o.theta,
         "T",
         "a feature x enters as cos, sin of pi T x",
         {1e-6, 1e3}},
        {"max-width", 0, TOOL_COUNT, &o.max_width, "N", "of the smallest widths", {1, 1048576}},
        {"as-is", 0, TOOL_FLAG, &o.as_is, NULL, "do not rearrange the features", {0, 0}},
        {0},
    };
    tool_input input = {.file = NULL};
    int code = tool_parse(t, &usage, options);

    if (code == TOOL_GO_ON && o.data == NULL)
        code = tool_misuse(t, "--data SPEC is missing: the samples");
    if (code == TOOL_GO_ON)
        code = tool_read(t, t->files[0], &input);
    if (code == TOOL_GO_ON)
        code = fit(t, input.arch, &o);
    tool_input_clear(&input);
    return code;
}
