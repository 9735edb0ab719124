/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "entcap/io.h"
#include "entcap/model.h"

#include "core/flow.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* A tensor of a weight file: its name, its shape, and the weights behind it. */
typedef struct slot {
    char name[40];
    size_t n_dims, shape[3];
    size_t also_dims, also[3]; /* another shape that is accepted; 0 dimensions: none */
    double *values;
    size_t count;
} slot;

/* Slots of a level: the matrix, and what belongs to its affine part. */
enum { MATRIX, GAMMA, BETA, MEAN, VARIANCE, BIAS, N_PARTS };

static slot matrix_slot(const ec_weights *weights, const ec_arch *arch, size_t l)
{
    const ec_level *level = &arch->levels[l];
    const ec_layer *layer = &arch->layers[level->layer];
    bool with_positions = !level->shared && layer->kind == EC_LAYER_CONV && !layer->shared;
    size_t out = ec_level_rows(arch, l), in = ec_level_channels(level);
    slot s = {.values = weights->matrix[l], .count = ec_weights_raw_count(arch, l)};

    if (weights->affine != NULL)
        s.values = weights->affine[l].weight;
    snprintf(s.name, sizeof s.name, "layers.%zu.weight", l);
    if (with_positions)
        s.shape[s.n_dims++] = ec_level_positions(level);
    s.shape[s.n_dims++] = out;
    s.shape[s.n_dims++] = in;
    if (ec_level_positions(level) == 1) { /* the same numbers with or without the leading 1 */
        if (!with_positions)
            s.also[s.also_dims++] = 1;
        s.also[s.also_dims++] = out;
        s.also[s.also_dims++] = in;
    }
    return s;
}

/* A vector of the weights; without values where the description has no such part. */
static slot vector_slot(double *values, size_t n)
{
    return (slot){.n_dims = 1, .shape = {n}, .values = values, .count = n};
}

static slot affine_slot(const ec_weights *weights, const ec_arch *arch, size_t l, int part)
{
    static const char *const names[] = {[GAMMA] = "norm.weight",
                                        [BETA] = "norm.bias",
                                        [MEAN] = "norm.mean",
                                        [VARIANCE] = "norm.variance",
                                        [BIAS] = "bias"};
    const ec_affine *a = &weights->affine[l];
    double *const values[] = {[GAMMA] = a->gamma,
                              [BETA] = a->beta,
                              [MEAN] = a->mean,
                              [VARIANCE] = a->variance,
                              [BIAS] = a->bias};
    slot s = vector_slot(values[part],
                         part == BIAS ? arch->outputs : ec_level_channels(&arch->levels[l]));

    snprintf(s.name, sizeof s.name, "layers.%zu.%s", l, names[part]);
    return s;
}

static slot features_slot(const ec_weights *weights, size_t i)
{
    static const char *const names[] = {"features.weight", "features.bias", "features.frequency"};
    size_t m = weights->n_features;
    double *const values[] = {weights->slope, weights->offset, weights->frequency};
    slot s = vector_slot(values[i], i < 2 ? m : m / 2);

    snprintf(s.name, sizeof s.name, "%s", names[i]);
    if (i == 0) { /* a 1 x 1 convolution of one channel */
        s.also_dims = 2;
        s.also[0] = m;
        s.also[1] = 1;
    }
    return s;
}

/* Places for slots, of which some stay empty (values NULL). */
static size_t n_slots(const ec_weights *weights)
{
    return weights->n_levels * N_PARTS + 3;
}

/* Slot i: the matrices in order, each with its affine part, then the feature map's. */
static slot get_slot(const ec_weights *weights, const ec_arch *arch, size_t i)
{
    size_t l = i / N_PARTS, part = i % N_PARTS;

    if (l >= weights->n_levels)
        return features_slot(weights, i - weights->n_levels * N_PARTS);
    if (part == MATRIX)
        return matrix_slot(weights, arch, l);
    return weights->affine != NULL ? affine_slot(weights, arch, l, (int)part)
                                   : (slot){.values = NULL};
}

static bool has_shape(const ec_array *array, const size_t *shape, size_t n_dims)
{
    return n_dims > 0 && array->n_dims == n_dims &&
           memcmp(array->shape, shape, n_dims * sizeof *shape) == 0;
}

static ec_status load_slot(const slot *s, const ec_tensors *tensors, const char *path,
                           ec_error *err)
{
    char found[128], right[128];
    const ec_tensor *tensor = ec_tensors_find(tensors, s->name);

    ec_shape_print(right, sizeof right, s->shape, s->n_dims);
    if (tensor == NULL)
        return ec_fail_file(err, EC_EPARSE, path, "tensor '%s' of shape %s is missing", s->name,
                            right);
    const ec_array *array = &tensor->array;
    if (!has_shape(array, s->shape, s->n_dims) && !has_shape(array, s->also, s->also_dims))
        return ec_fail_file(err, EC_EPARSE, path, "tensor '%s' has shape %s, must be %s", s->name,
                            ec_shape_print(found, sizeof found, array->shape, array->n_dims),
                            right);
    ec_array_get(s->values, array, 0, array->count);
    for (size_t i = 0; i < array->count; i++)
        if (!isfinite(s->values[i]))
            return ec_fail_file(err, EC_EPARSE, path,
                                "tensor '%s': entry %zu is %g, must be finite", s->name, i,
                                s->values[i]);
    return EC_OK;
}

static bool is_named(const ec_weights *weights, const ec_arch *arch, size_t i, const char *name)
{
    slot s = get_slot(weights, arch, i);

    return s.values != NULL && strcmp(s.name, name) == 0;
}

/* What there is beside the matrices, for a message. */
static const char *others_named(const ec_weights *weights)
{
    bool affine = weights->affine != NULL;

    if (weights->slope != NULL)
        return affine ? ", norms and biases, features.weight and features.bias"
                      : ", features.weight and features.bias";
    if (weights->frequency != NULL)
        return affine ? ", norms and biases, and features.frequency" : " and features.frequency";
    return affine ? ", norms and biases, and no features" : " and no features";
}

static bool is_of_training(const ec_tensor *tensor)
{
    return strncmp(tensor->name, "train.", 6) == 0;
}

/* Every tensor of the file must be one of the slots, or of the state of training. */
static ec_status check_no_others(const ec_tensors *tensors, const ec_weights *weights,
                                 const ec_arch *arch, const char *path, ec_error *err)
{
    for (size_t t = 0; t < tensors->n; t++) {
        size_t i = 0;
        while (i < n_slots(weights) && !is_named(weights, arch, i, tensors->items[t].name))
            i++;
        if (i == n_slots(weights) && !is_of_training(&tensors->items[t]))
            return ec_fail_file(err, EC_EPARSE, path,
                                "tensor '%.80s' is not of this architecture, which has "
                                "layers.0.weight to layers.%zu.weight%s",
                                tensors->items[t].name, weights->n_levels - 1,
                                others_named(weights));
    }
    return EC_OK;
}

static ec_status check_variances(const ec_weights *weights, const ec_arch *arch, const char *path,
                                 ec_error *err)
{
    for (size_t l = 0; weights->affine != NULL && l < weights->n_levels; l++)
        for (size_t c = 0; c < ec_level_channels(&arch->levels[l]); c++)
            if (weights->affine[l].variance != NULL && weights->affine[l].variance[c] < 0)
                return ec_fail_file(err, EC_EPARSE, path,
                                    "tensor 'layers.%zu.norm.variance': entry %zu is %g, must not "
                                    "be negative",
                                    l, c, weights->affine[l].variance[c]);
    return EC_OK;
}

ec_status ec_weights_from_tensors(ec_weights *out, const ec_arch *arch, const ec_tensors *tensors,
                                  const char *path, const ec_run *run, ec_error *err)
{
    ec_status status = EC_OK;

    EC_TRY(ec_weights_init(out, arch, run, err));
    EC_TRY(check_no_others(tensors, out, arch, path, err));
    for (size_t i = 0; i < n_slots(out); i++) {
        slot s = get_slot(out, arch, i);
        if (s.values != NULL)
            EC_TRY(load_slot(&s, tensors, path, err));
    }
    EC_TRY(check_variances(out, arch, path, err));
    ec_weights_compose(out, arch);
    out->single = true;
    for (size_t t = 0; t < tensors->n; t++)
        if (!is_of_training(&tensors->items[t]))
            out->single = out->single && tensors->items[t].array.type == EC_F32;
done:
    if (status != EC_OK)
        ec_weights_clear(out);
    return status;
}

ec_status ec_weights_read(ec_weights *out, const ec_arch *arch, const char *path, const ec_run *run,
                          ec_error *err)
{
    ec_status status = EC_OK;
    ec_tensors tensors = {.n = 0};

    *out = (ec_weights){.n_levels = 0};
    EC_TRY(ec_safetensors_read(&tensors, path, run, err));
    EC_TRY(ec_weights_from_tensors(out, arch, &tensors, path, run, err));
done:
    ec_tensors_clear(&tensors);
    return status;
}

ec_status ec_weights_to_tensors(ec_tensors *out, const ec_weights *weights, const ec_arch *arch,
                                size_t more, ec_error *err)
{
    ec_status status = EC_OK;

    *out = (ec_tensors){.n = 0};
    EC_NEW(out->items, n_slots(weights) + more);
    for (size_t i = 0; i < n_slots(weights); i++) {
        slot s = get_slot(weights, arch, i);
        if (s.values == NULL)
            continue;
        ec_tensor *tensor = &out->items[out->n++];
        tensor->name = ec_strdup(s.name, err);
        if (tensor->name == NULL) {
            status = EC_ENOMEM;
            goto done;
        }
        EC_TRY(ec_array_init(&tensor->array, weights->single ? EC_F32 : EC_F64, s.n_dims, s.shape,
                             NULL, err));
        ec_array_set(&tensor->array, 0, s.count, s.values);
    }
done:
    if (status != EC_OK)
        ec_tensors_clear(out);
    return status;
}

ec_status ec_weights_write(const ec_weights *weights, const ec_arch *arch, const char *path,
                           ec_error *err)
{
    ec_tensors tensors;
    ec_status status = ec_weights_to_tensors(&tensors, weights, arch, 0, err);

    if (status == EC_OK)
        status = ec_safetensors_write(&tensors, path, err);
    ec_tensors_clear(&tensors);
    return status;
}
