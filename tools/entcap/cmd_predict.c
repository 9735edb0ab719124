/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tool.h"

static const tool_usage usage = {
    .arguments = "FILE",
    .min_files = 1,
    .max_files = 1,
    .about = "Classifies samples by the saved weights alone, in double precision and without the\n"
             "normalisation of training, and counts how often both give the same label. The\n"
             "samples are the test part of the data, or all if they have no such part.\n",
    .examples = "  entcap predict models/fashion-convac.yaml --weights w.safetensors "
                "--data fashion-mnist\n",
};

typedef struct predict_options {
    const char *weights, *data;
    uint64_t limit;
} predict_options;

/* How many of two lists of labels are equal. */
static size_t n_equal(const uint32_t *a, const uint32_t *b, size_t n)
{
    size_t equal = 0;

    for (size_t i = 0; i < n; i++)
        equal += a[i] == b[i];
    return equal;
}

static void print_result(const tool *t, ec_json *json, const tool_input *input,
                         const predict_options *o, const size_t counts[3])
{
    size_t n = counts[0], right = counts[1], same = counts[2];

    if (!t->json) {
        printf("%s: %zu of %zu right, accuracy %.4f; %zu of %zu as in training\n",
               input->arch->name, right, n, (double)right / (double)n, same, n);
        return;
    }
    ec_json_open(json, NULL, EC_JSON_OBJECT);
    ec_json_string(json, "name", input->arch->name);
    ec_json_string(json, "data", o->data);
    ec_json_uint(json, "samples", n);
    ec_json_uint(json, "right", right);
    ec_json_real(json, "accuracy", (double)right / (double)n);
    ec_json_uint(json, "same_as_in_training", same);
    ec_json_close(json);
}

/* The test part, or the only one. */
static ec_status read_samples(ec_dataset *out, const tool *t, const tool_input *input,
                              const predict_options *o, ec_error *err)
{
    ec_data_source source = {o->data, EC_DATA_TEST, (size_t)o->limit};
    ec_status status = ec_data_read(out, &source, input->arch, &t->run, err);

    if (status != EC_OK || out->n > 0)
        return status;
    source.part = EC_DATA_TRAIN;
    return ec_data_read(out, &source, input->arch, &t->run, err);
}

static int predict(tool *t, const tool_input *input, const predict_options *o, ec_json *json)
{
    ec_dataset data = {.n = 0};
    ec_weights weights = {.n_levels = 0};
    uint32_t *label = NULL, *trained = NULL;
    ec_error err = {0};

    tool_phase(t, "data");
    ec_status status = ec_weights_read(&weights, input->arch, o->weights, &t->run, &err);
    if (status == EC_OK)
        status = read_samples(&data, t, input, o, &err);
    if (status == EC_OK) {
        label = ec_calloc(data.n, sizeof *label, &err);
        trained = ec_calloc(data.n, sizeof *trained, &err);
        status = label != NULL && trained != NULL ? EC_OK : EC_ENOMEM;
    }
    tool_phase(t, "classify");
    if (status == EC_OK)
        status = ec_model_classify(label, input->arch, &weights, &data, &t->run, &err);
    if (status == EC_OK)
        status = ec_train_classify(trained, input->arch, &weights, &data, &t->run, &err);
    if (status == EC_OK)
        print_result(t, json, input, o,
                     (size_t[]){data.n, n_equal(label, data.label, data.n),
                                n_equal(label, trained, data.n)});
    ec_free(label);
    ec_free(trained);
    ec_weights_clear(&weights);
    ec_dataset_clear(&data);
    return status == EC_OK ? TOOL_GO_ON : tool_fail(t, input->file, &err);
}

static int predict_file(tool *t, const char *file, const void *options, ec_json *json)
{
    tool_input input = {.file = NULL};
    int code = tool_read(t, file, &input);

    if (code == TOOL_GO_ON)
        code = predict(t, &input, options, json);
    tool_input_clear(&input);
    return code;
}

int cmd_predict(tool *t)
{
    predict_options o = {.limit = 0};
    const tool_option options[] = {
        {"weights", 'w', TOOL_TEXT, &o.weights, "FILE.safetensors", "the weights", {0, 0}},
        {"data",
         'd',
         TOOL_SPEC,
         &o.data,
         "SPEC",
         "fashion-mnist, mnist, idx:IMAGES,LABELS[,TEST_IMAGES,TEST_LABELS], npy:X.npy,Y.npy",
         {0, 0}},
        {"limit",
         0,
         TOOL_COUNT,
         &o.limit,
         "N",
         "the first N samples only; 0: all",
         {0, 4294967295}},
        {0},
    };
    ec_error err = {0};
    int code = tool_parse(t, &usage, options);

    if (code != TOOL_GO_ON)
        return code;
    if (o.weights == NULL || o.data == NULL)
        return tool_misuse(t, "--weights and --data say what to classify, and by what");
    if (ec_linalg_threads(1, &err) != EC_OK) /* samples are what runs in parallel */
        return tool_fail(t, NULL, &err);
    return tool_each_file(t, predict_file, &o);
}
