/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "train_log.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const tool_usage usage = {
    .arguments = "FILE",
    .min_files = 1,
    .max_files = 1,
    .about =
        "Trains the network of a description with a feature map and saves its weights as\n"
        "safetensors: the ConvAC itself, without any further factor.\n"
        "The loss (--loss auto) is the squared error where the description says predict:\n"
        "magnitude, else cross-entropy.\n"
        "After every epoch, and when it is interrupted (Ctrl-C, SIGTERM), the state of training\n"
        "goes to OUTPUT.checkpoint; --resume goes on from there, to the same weights and log as\n"
        "without the interruption. The checkpoint is a file of weights, too.\n",
    .examples =
        "  entcap train models/fashion-convac.yaml --data fashion-mnist -o w.safetensors\n"
        "  entcap train net.yaml --data npy:x.npy,y.npy --epochs 5 --log log.jsonl -o w.st\n"
        "  entcap train net.yaml --data mnist --log log.jsonl --entropy-every 100 -o w.st "
        "--resume\n",
};

typedef struct train_verb {
    tool *t;
    const char *data, *weights, *output;
    uint64_t epochs, batch, limit, checkpoint_every, entropy_every;
    double rate;
    double decay;
    int optimizer, loss, schedule;
    tool_list bases;
    bool resume;

    char checkpoint[4096]; /* empty: none is kept */
    train_log log;
    ec_json results; /* all epochs, for --json */
    ec_error err;    /* of the log */
    ec_run inner;    /* progress as it came from the command line */
    double start_s;
} train_verb;

static double now_s(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* ----------------------------------------------------------------- progress */

/* What training says, with the rate at which samples pass. */
static bool on_progress(void *arg, const char *what, double done, double total)
{
    train_verb *v = arg;
    char text[96];
    double seconds = now_s() - v->start_s;

    if (strncmp(what, "training", 8) != 0 || seconds <= 0)
        return v->inner.progress(v->inner.progress_arg, what, done, total);
    snprintf(text, sizeof text, "%s, %.0f samples/s", what, done / seconds);
    return v->inner.progress(v->inner.progress_arg, text, done, total);
}

static bool on_epoch(void *arg, const ec_train_report *r)
{
    train_verb *v = arg;

    if (v->t->json) {
        train_log_put_epoch(&v->results, r);
    } else {
        printf("epoch %zu: loss %.4f, train accuracy %.4f", r->epoch, r->loss, r->train_accuracy);
        if (r->test_accuracy >= 0) /* not NaN: there are test samples */
            printf(", test accuracy %.4f", r->test_accuracy);
        putchar('\n');
        fflush(stdout);
    }
    return train_log_epoch(&v->log, r, &v->err) == EC_OK;
}

static ec_status on_measure(void *arg, const ec_train_report *r, const ec_weights *weights,
                            ec_error *err)
{
    train_verb *v = arg;

    return train_log_entropy(&v->log, r, weights, err);
}

static ec_status on_resume(void *arg, const ec_train_resumed *at, ec_error *err)
{
    train_verb *v = arg;

    if (!v->t->quiet)
        fprintf(stderr, "entcap train: going on from step %zu\n", at->step);
    return train_log_resume(&v->log, at, err);
}

/* ----------------------------------------------------------------- training */

/* A checkpoint stands beside the output, if that is a file and not, say, /dev/null. */
static void name_checkpoint(train_verb *v)
{
    struct stat info;
    int length = snprintf(v->checkpoint, sizeof v->checkpoint, "%s.checkpoint", v->output);

    if ((stat(v->output, &info) == 0 && !S_ISREG(info.st_mode)) || length < 0 ||
        (size_t)length >= sizeof v->checkpoint)
        v->checkpoint[0] = '\0';
    else if (!v->resume && access(v->checkpoint, F_OK) == 0)
        tool_warn(v->t, "%s is of an earlier run and will be replaced; --resume goes on from it",
                  v->checkpoint);
}

/* Say before the work, not after it, that its result could not be written. */
static ec_status check_output(const char *path, ec_error *err)
{
    char folder[4096] = ".";
    const char *slash = strrchr(path, '/');

    if (slash != NULL && (size_t)(slash - path) < sizeof folder - 1) {
        size_t length = slash == path ? 1 : (size_t)(slash - path);
        memcpy(folder, path, length);
        folder[length] = '\0';
    }
    if (access(path, W_OK) == 0 || (errno == ENOENT && access(folder, W_OK | X_OK) == 0))
        return EC_OK;
    return ec_fail_file(err, EC_EIO, path, "cannot write: %s", strerror(errno));
}

static ec_train_options options_of(train_verb *v)
{
    return (ec_train_options){.optimizer = v->optimizer == 0 ? EC_ADAM : EC_SGD,
                              .epochs = (size_t)v->epochs,
                              .batch = (size_t)v->batch,
                              .rate = v->rate,
                              .schedule = (ec_schedule)v->schedule,
                              .decay = v->decay,
                              .loss = (ec_loss)v->loss,
                              .report = on_epoch,
                              .measure = on_measure,
                              .resumed = on_resume,
                              .report_arg = v,
                              .measure_every = (size_t)v->entropy_every,
                              .checkpoint = v->checkpoint[0] != '\0' ? v->checkpoint : NULL,
                              .checkpoint_every = (size_t)v->checkpoint_every,
                              .resume = v->resume};
}

/* The weights given, or random ones. */
static ec_status start(const train_verb *v, ec_weights *out, const ec_arch *arch, ec_error *err)
{
    ec_rng rng;

    if (v->weights != NULL)
        return ec_weights_read(out, arch, v->weights, &v->inner, err);
    ec_rng_seed(&rng, v->inner.seed);
    return ec_train_start(out, arch, &rng, &v->inner, err);
}

static ec_status run_training(train_verb *v, ec_weights *weights, const ec_arch *arch,
                              ec_error *err)
{
    ec_dataset train = {.n = 0}, test = {.n = 0};
    ec_data_source source = {v->data, EC_DATA_TRAIN, (size_t)v->limit};
    ec_train_options options = options_of(v);
    ec_run run = v->inner;

    ec_status status = start(v, weights, arch, err);
    if (status == EC_OK)
        status = ec_data_read(&train, &source, arch, &run, err);
    v->log.data = &train;
    source = (ec_data_source){v->data, EC_DATA_TEST, 0};
    if (status == EC_OK)
        status = ec_data_read(&test, &source, arch, &run, err);
    tool_phase(v->t, "training");
    v->start_s = now_s();
    run.progress = v->inner.progress != NULL ? on_progress : NULL;
    run.progress_arg = v;
    if (status == EC_OK)
        status = ec_train(weights, arch, &train, &test, &options, &run, err);
    if (v->err.status != EC_OK) { /* the log stopped it */
        *err = v->err;
        status = v->err.status;
    }
    v->log.data = NULL;
    ec_dataset_clear(&train);
    ec_dataset_clear(&test);
    return status;
}

/* How to go on after an interruption that left a checkpoint. */
static int stopped(const train_verb *v, const tool_input *input, const ec_error *err)
{
    int code = tool_fail(v->t, input->file, err);

    if (err->status == EC_ECANCEL && v->checkpoint[0] != '\0' && access(v->checkpoint, F_OK) == 0) {
        fputs("entcap train: the same command with --resume goes on from ", stderr);
        tool_put_safe(stderr, v->checkpoint);
        fputc('\n', stderr);
    }
    return code;
}

static int train(train_verb *v, const tool_input *input)
{
    ec_weights weights = {.n_levels = 0};
    ec_error err = {0};
    ec_status status = check_output(v->output, &err);

    if (status == EC_OK && v->log.file != NULL)
        status = check_output(v->log.file, &err);
    name_checkpoint(v);
    tool_phase(v->t, "data");
    ec_json_open(&v->results, NULL, EC_JSON_OBJECT);
    ec_json_string(&v->results, "name", input->arch->name);
    ec_json_open(&v->results, "epochs", EC_JSON_ARRAY);
    if (status == EC_OK)
        status = run_training(v, &weights, input->arch, &err);
    if (status == EC_OK)
        status = ec_weights_write(&weights, input->arch, v->output, &err);
    if (status == EC_OK && v->checkpoint[0] != '\0')
        unlink(v->checkpoint);
    ec_json_close(&v->results);
    ec_json_string(&v->results, "weights", v->output);
    ec_json_close(&v->results);
    if (status == EC_OK)
        status = ec_json_finish(&v->results, &err);
    ec_weights_clear(&weights);
    if (status != EC_OK)
        return stopped(v, input, &err);
    return v->t->json ? tool_print(v->t, &v->results.text) : tool_flush(v->t);
}

static int read_and_train(train_verb *v)
{
    tool_input input = {.file = NULL};
    tool_bounds bounds = {.n = 0};
    const ec_bound_options bound_options = EC_BOUND_OPTIONS_INIT;
    int code = tool_read(v->t, v->t->files[0], &input);

    if (code == TOOL_GO_ON && v->entropy_every > 0)
        code = tool_bound(v->t, &input, &bound_options, &bounds);
    v->log.t = v->t;
    v->log.input = &input;
    v->log.bounds = &bounds;
    if (code == TOOL_GO_ON)
        code = train(v, &input);
    ec_json_clear(&v->results);
    ec_text_clear(&v->log.text);
    tool_bounds_clear(&bounds);
    tool_input_clear(&input);
    return code;
}

static int check_options(train_verb *v)
{
    if (v->data == NULL || v->output == NULL)
        return tool_misuse(v->t,
                           "--data and --output say what to learn from, and where weights go");
    if (v->entropy_every > 0 && v->log.file == NULL)
        return tool_misuse(v->t, "--entropy-every writes to the log: give --log, too");
    if (v->entropy_every == 0 && v->bases.n > 0)
        return tool_misuse(v->t, "--basis is that of --entropy-every: give it, too");
    return train_log_bases(&v->log, v->t, &v->bases);
}

/* The options in the order of the help: what is learned, and how... */
static size_t add_learning(tool_option *rows, train_verb *v)
{
    const tool_option own[] = {
        {"data",
         'd',
         TOOL_SPEC,
         &v->data,
         "SPEC",
         "fashion-mnist, mnist, idx:IMAGES,LABELS[,TEST_IMAGES,TEST_LABELS], npy:X.npy,Y.npy",
         {0, 0}},
        {"weights",
         'w',
         TOOL_TEXT,
         &v->weights,
         "FILE.safetensors",
         "weights to start from, instead of random ones",
         {0, 0}},
        {"output", 'o', TOOL_TEXT, &v->output, "FILE.safetensors", "where the weights go", {0, 0}},
        {"epochs", 0, TOOL_COUNT, &v->epochs, "N", "times through the samples", {1, 1e6}},
        {"batch", 0, TOOL_COUNT, &v->batch, "N", "samples per step", {1, 1e6}},
        {"lr", 0, TOOL_REAL, &v->rate, "RATE", "first step size", {1e-12, 1e6}},
        {"schedule",
         0,
         TOOL_CHOICE,
         &v->schedule,
         "linear|cosine|constant",
         "how the step size goes on: to 0, or not",
         {0, 0}},
        {"optimizer", 0, TOOL_CHOICE, &v->optimizer, "adam|sgd", "how steps are taken", {0, 0}},
        {"decay", 0, TOOL_REAL, &v->decay, "RATE", "weights shrink by lr * RATE a step", {0, 1e6}},
        {"loss", 0, TOOL_CHOICE, &v->loss, "auto|cross-entropy|squared", "what falls", {0, 0}},
        {"limit", 0, TOOL_COUNT, &v->limit, "N", "first N samples only; 0: all", {0, 4294967295}},
    };

    memcpy(rows, own, sizeof own);
    return sizeof own / sizeof *own;
}

/* ... and what is written on the way. */
static void add_keeping(tool_option *rows, train_verb *v)
{
    const tool_option own[] = {
        {"log",
         0,
         TOOL_TEXT,
         &v->log.file,
         "FILE.jsonl",
         "lines of JSON: epochs, entropies",
         {0, 0}},
        {"entropy-every",
         0,
         TOOL_COUNT,
         &v->entropy_every,
         "STEPS",
         "measure the entanglement of every label and partition so often; 0: never",
         {0, 4294967295}},
        {"basis",
         0,
         TOOL_LIST,
         &v->bases,
         "features|sites|data",
         "of --entropy-every: site features as functions on [0, 1] (default), orthonormal, or over "
         "the pixels of the first 1,000 samples; may be repeated",
         {0, 0}},
        {"checkpoint-every",
         0,
         TOOL_COUNT,
         &v->checkpoint_every,
         "STEPS",
         "save the state so often, besides every epoch; 0: no more than that",
         {0, 4294967295}},
        {"resume",
         0,
         TOOL_FLAG,
         &v->resume,
         NULL,
         "go on from a checkpoint, if there is one",
         {0, 0}},
        {0},
    };

    memcpy(rows, own, sizeof own);
}

int cmd_train(tool *t)
{
    const ec_train_options defaults = EC_TRAIN_OPTIONS_INIT;
    train_verb v = {
        .t = t, .epochs = defaults.epochs, .batch = defaults.batch, .rate = defaults.rate};
    tool_option options[20];

    add_keeping(options + add_learning(options, &v), &v);
    int code = tool_parse(t, &usage, options);

    if (code == TOOL_GO_ON)
        code = check_options(&v);
    if (code == TOOL_GO_ON) {
        tool_heed_sigterm();
        v.inner = t->run;
        code = read_and_train(&v);
    }
    ec_free(v.bases.items);
    return code;
}
