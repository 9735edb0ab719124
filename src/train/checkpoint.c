/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "train_i.h"

#include "core/flow.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

/*
 * The file: the tensors of the weights; train.mean and train.square for Adam; and train.state, the
 * numbers below as doubles, 64-bit ones as two halves.
 */
enum {
    FORMAT,
    OPTIMIZER,
    EPOCHS,
    BATCH,
    RATE,
    MEASURE_EVERY,
    LOSS_KIND,
    DECAY,
    SCHEDULE,
    SEED, /* 2 halves */
    NETWORK = SEED + 2 /* of identity[0] */,
    DATA = NETWORK + 2,
    STEP = DATA + 2,
    EPOCH,
    POSITION,
    MEASURED, /* -1: never */
    LOSS,
    RIGHT,
    RECENT_LOSS,
    RECENT_RIGHT,
    RECENT_N,
    RNG,                    /* 4 x 2 halves */
    CHECKSUM = RNG + 4 * 2, /* of all other numbers of the file */
    N_STATE = CHECKSUM + 2,
    N_OPTIONS = NETWORK, /* numbers before this one are options */
    FORMAT_NUMBER = 3,
};

static void put_u64(double *at, uint64_t value)
{
    at[0] = (double)(value >> 32);
    at[1] = (double)(value & UINT32_MAX);
}

static uint64_t get_u64(const double *at)
{
    return ((uint64_t)at[0] << 32) | (uint64_t)at[1];
}

static bool same_halves(const double *a, const double *b)
{
    return a[0] == b[0] && a[1] == b[1];
}

/* -------------------------------------------------------------- fingerprints */

/* A step of a 64-bit hash, over whole words and then the last bytes. */
static uint64_t mix(uint64_t hash, const void *data, size_t size)
{
    const unsigned char *bytes = data;

    for (size_t i = 0; i < size; i += sizeof hash) {
        uint64_t word = size - i;
        memcpy(&word, bytes + i, size - i < sizeof word ? size - i : sizeof word);
        hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
        hash ^= hash >> 29;
    }
    return hash;
}

static uint64_t mix_data(uint64_t hash, const ec_dataset *data)
{
    const size_t sizes[] = {data->n,       data->image[0], data->image[1],
                            data->grid[0], data->grid[1],  (size_t)data->fit};

    hash = mix(hash, sizes, sizeof sizes);
    if (data->n == 0)
        return hash;
    hash = mix(hash, data->label, data->n * sizeof *data->label);
    return mix(hash, data->pixels.data,
               data->n * data->image[0] * data->image[1] * ec_dtype_size(data->pixels.type));
}

void checkpoint_identify(trainer *t)
{
    const ec_arch *arch = t->arch;
    uint64_t hash = mix(1, arch->input.grid, sizeof arch->input.grid);

    const ec_features *features = &arch->input.features;
    const size_t map[] = {(size_t)features->kind, features->learned,
                          ec_arch_predicts_magnitude(arch)};

    hash = mix(hash, map, sizeof map);
    hash = mix(hash, &features->scale, sizeof features->scale);
    for (size_t l = 0; l < arch->n_levels; l++) {
        const ec_level *level = &arch->levels[l];
        const ec_layer *layer = &arch->layers[level->layer];
        const size_t numbers[] = {level->dim,     level->out,       level->shared, level->grid[0],
                                  level->grid[1], level->window[0], layer->norm,   layer->bias};
        hash = mix(hash, numbers, sizeof numbers);
    }
    t->identity[0] = hash;
    t->identity[1] = mix_data(1, t->train);
    if (t->test != NULL)
        t->identity[1] = mix_data(t->identity[1], t->test);
}

static uint64_t checksum(const ec_tensors *tensors, const double *state)
{
    uint64_t hash = mix(1, state, CHECKSUM * sizeof *state);

    for (size_t i = 0; i < tensors->n; i++) {
        const ec_array *a = &tensors->items[i].array;
        if (strcmp(tensors->items[i].name, "train.state") != 0)
            hash = mix(hash, a->data, a->count * ec_dtype_size(a->type));
    }
    return hash;
}

/* ------------------------------------------------------------------- writing */

static void put_state(double *state, const trainer *t)
{
    const ec_train_options *o = t->options;

    state[FORMAT] = FORMAT_NUMBER;
    state[OPTIMIZER] = o->optimizer;
    state[EPOCHS] = (double)o->epochs;
    state[BATCH] = (double)o->batch;
    state[RATE] = o->rate;
    state[MEASURE_EVERY] = (double)o->measure_every;
    state[LOSS_KIND] = t->plan.loss;
    state[DECAY] = o->decay;
    state[SCHEDULE] = o->schedule;
    put_u64(state + SEED, t->run != NULL ? t->run->seed : 1);
    put_u64(state + NETWORK, t->identity[0]);
    put_u64(state + DATA, t->identity[1]);
    state[STEP] = (double)t->step;
    state[EPOCH] = (double)t->epoch;
    state[POSITION] = (double)t->position;
    state[MEASURED] = t->measured_step == SIZE_MAX ? -1 : (double)t->measured_step;
    state[LOSS] = t->sum.loss;
    state[RIGHT] = (double)t->sum.right;
    state[RECENT_LOSS] = t->recent.loss;
    state[RECENT_RIGHT] = (double)t->recent.right;
    state[RECENT_N] = (double)t->recent.n;
    for (size_t i = 0; i < 4; i++)
        put_u64(state + RNG + 2 * i, t->rng.state[i]);
}

static ec_status add_tensor(ec_tensors *tensors, const char *name, ec_dtype type, const void *data,
                            size_t n, ec_error *err)
{
    ec_tensor *tensor = &tensors->items[tensors->n++];

    tensor->name = ec_strdup(name, err);
    if (tensor->name == NULL)
        return EC_ENOMEM;
    ec_status status = ec_array_init(&tensor->array, type, 1, &n, NULL, err);
    if (status == EC_OK)
        memcpy(tensor->array.data, data, n * ec_dtype_size(type));
    return status;
}

ec_status checkpoint_write(trainer *t, ec_error *err)
{
    ec_status status = EC_OK;
    ec_tensors tensors = {.n = 0};
    const optimizer *o = &t->optimizer;
    double state[N_STATE] = {0};

    plan_unpack(t->weights, &t->plan, t->parameters);
    EC_TRY(ec_weights_to_tensors(&tensors, t->weights, t->arch, 3, err));
    if (o->kind == EC_ADAM) {
        EC_TRY(add_tensor(&tensors, "train.mean", EC_F32, o->mean, o->n, err));
        EC_TRY(add_tensor(&tensors, "train.square", EC_F32, o->square, o->n, err));
    }
    put_state(state, t);
    put_u64(state + CHECKSUM, checksum(&tensors, state));
    EC_TRY(add_tensor(&tensors, "train.state", EC_F64, state, N_STATE, err));
    EC_TRY(ec_safetensors_write(&tensors, t->options->checkpoint, err));
    t->saved_step = t->step;
done:
    ec_tensors_clear(&tensors);
    return status;
}

/* ------------------------------------------------------------------- reading */

static const ec_array *find(const ec_tensors *tensors, const char *name, ec_dtype type, size_t n)
{
    const ec_tensor *tensor = ec_tensors_find(tensors, name);

    if (tensor == NULL || tensor->array.type != type || tensor->array.count != n)
        return NULL;
    return &tensor->array;
}

/* The state of a checkpoint that is whole. */
static ec_status check_whole(const double **state, const ec_tensors *tensors, const char *path,
                             ec_error *err)
{
    const ec_array *array = find(tensors, "train.state", EC_F64, N_STATE);
    double sum[2];

    if (array == NULL)
        return ec_fail_file(err, EC_EPARSE, path,
                            "not a checkpoint: there is no tensor 'train.state' of %d F64 numbers",
                            N_STATE);
    *state = array->data;
    if ((*state)[FORMAT] != FORMAT_NUMBER)
        return ec_fail_file(err, EC_EPARSE, path, "checkpoint of format %g, must be %d",
                            (*state)[FORMAT], FORMAT_NUMBER);
    put_u64(sum, checksum(tensors, *state));
    if (!same_halves(sum, *state + CHECKSUM))
        return ec_fail_file(err, EC_EPARSE, path,
                            "damaged checkpoint: its numbers do not give its checksum");
    return EC_OK;
}

static bool is_count(double x, double most)
{
    return x >= 0 && x <= most && floor(x) == x;
}

/* Whatever the checksum says, nothing may be out of its range. */
static ec_status check_ranges(const trainer *t, const double *state, ec_error *err)
{
    const double largest = 9007199254740992; /* 2^53 */
    double n = (double)t->train->n, epochs = (double)t->options->epochs;
    bool good = is_count(state[STEP], (double)t->n_steps) && is_count(state[EPOCH], epochs) &&
                is_count(state[POSITION], state[EPOCH] < epochs ? n : 0) &&
                is_count(state[MEASURED] + 1, (double)t->n_steps + 1) &&
                is_count(state[RIGHT], n) && is_count(state[RECENT_RIGHT], largest) &&
                is_count(state[RECENT_N], largest) && isfinite(state[LOSS]) &&
                isfinite(state[RECENT_LOSS]);

    for (size_t i = RNG; i < CHECKSUM; i++)
        good = good && is_count(state[i], UINT32_MAX);
    if (good)
        return EC_OK;
    return ec_fail_file(err, EC_EPARSE, t->options->checkpoint,
                        "damaged checkpoint: a number of 'train.state' is out of its range");
}

/* It must be of this run; `mine` is what this run would write. */
static ec_status check_same_run(const double *state, const double *mine, const char *path,
                                ec_error *err)
{
    static const char *const option[N_OPTIONS] = {[OPTIMIZER] = "optimizer",
                                                  [EPOCHS] = "epochs",
                                                  [BATCH] = "batch",
                                                  [RATE] = "lr",
                                                  [MEASURE_EVERY] = "entropy-every",
                                                  [LOSS_KIND] = "loss",
                                                  [DECAY] = "decay",
                                                  [SCHEDULE] = "schedule"};

    if (!same_halves(state + NETWORK, mine + NETWORK))
        return ec_fail_file(err, EC_EINVAL, path, "checkpoint of another network");
    if (!same_halves(state + DATA, mine + DATA))
        return ec_fail_file(err, EC_EINVAL, path, "checkpoint of training on other data");
    for (size_t i = OPTIMIZER; i < SEED; i++)
        if (state[i] != mine[i])
            return ec_fail_file(err, EC_EINVAL, path,
                                "checkpoint of training with %s %.10g, not %.10g", option[i],
                                state[i], mine[i]);
    if (!same_halves(state + SEED, mine + SEED))
        return ec_fail_file(err, EC_EINVAL, path, "checkpoint of training with another seed");
    return EC_OK;
}

static void take_state(trainer *t, const double *state)
{
    t->step = t->optimizer.step = t->saved_step = (size_t)state[STEP];
    t->epoch = (size_t)state[EPOCH];
    t->position = (size_t)state[POSITION];
    t->measured_step = state[MEASURED] < 0 ? SIZE_MAX : (size_t)state[MEASURED];
    t->sum = (tally){.loss = state[LOSS], .right = (size_t)state[RIGHT], .n = t->position};
    t->recent = (tally){.loss = state[RECENT_LOSS],
                        .right = (size_t)state[RECENT_RIGHT],
                        .n = (size_t)state[RECENT_N]};
    for (size_t i = 0; i < 4; i++)
        t->rng.state[i] = get_u64(state + RNG + 2 * i);
}

static ec_status take_moments(trainer *t, const ec_tensors *tensors, ec_error *err)
{
    optimizer *o = &t->optimizer;
    const ec_array *mean = find(tensors, "train.mean", EC_F32, o->n);
    const ec_array *square = find(tensors, "train.square", EC_F32, o->n);

    if (o->kind != EC_ADAM)
        return EC_OK;
    if (mean == NULL || square == NULL)
        return ec_fail_file(err, EC_EPARSE, t->options->checkpoint,
                            "damaged checkpoint: train.mean and train.square of %zu F32 numbers "
                            "are missing",
                            o->n);
    memcpy(o->mean, mean->data, o->n * sizeof *o->mean);
    memcpy(o->square, square->data, o->n * sizeof *o->square);
    return EC_OK;
}

ec_status checkpoint_read(trainer *t, ec_error *err)
{
    ec_status status = EC_OK;
    const char *path = t->options->checkpoint;
    ec_tensors tensors = {.n = 0};
    ec_weights weights = {.n_levels = 0};
    double mine[N_STATE] = {0};
    const double *state = mine;

    if (access(path, F_OK) != 0 && errno == ENOENT)
        return EC_OK;
    EC_TRY(ec_safetensors_read(&tensors, path, t->run, err));
    EC_TRY(check_whole(&state, &tensors, path, err));
    put_state(mine, t);
    EC_TRY(check_same_run(state, mine, path, err));
    EC_TRY(check_ranges(t, state, err));
    EC_TRY(ec_weights_from_tensors(&weights, t->arch, &tensors, path, t->run, err));
    EC_TRY(take_moments(t, &tensors, err));
    plan_pack(t->parameters, &t->plan, &weights);
    take_state(t, state);
done:
    ec_tensors_clear(&tensors);
    ec_weights_clear(&weights);
    return status;
}
