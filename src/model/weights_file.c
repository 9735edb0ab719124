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

static size_t n_slots(const ec_weights *weights)
{
    return weights->n_levels + (weights->slope != NULL ? 2 : 0);
}

static slot matrix_slot(const ec_weights *weights, const ec_arch *arch, size_t l)
{
    const ec_level *level = &arch->levels[l];
    const ec_layer *layer = &arch->layers[level->layer];
    bool with_positions = !level->shared && layer->kind == EC_LAYER_CONV && !layer->shared;
    slot s = {.values = weights->matrix[l], .count = ec_weights_count(arch, l)};

    snprintf(s.name, sizeof s.name, "layers.%zu.weight", l);
    if (with_positions)
        s.shape[s.n_dims++] = ec_level_positions(level);
    s.shape[s.n_dims++] = level->out;
    s.shape[s.n_dims++] = level->dim;
    if (ec_level_positions(level) == 1) { /* the same numbers with or without the leading 1 */
        if (!with_positions)
            s.also[s.also_dims++] = 1;
        s.also[s.also_dims++] = level->out;
        s.also[s.also_dims++] = level->dim;
    }
    return s;
}

/* Slot i: the matrices in order, then features.weight and features.bias. */
static slot get_slot(const ec_weights *weights, const ec_arch *arch, size_t i)
{
    size_t m = weights->n_features;

    if (i < weights->n_levels)
        return matrix_slot(weights, arch, i);
    if (i == weights->n_levels)
        return (slot){.name = "features.weight",
                      .n_dims = 1,
                      .shape = {m},
                      .also_dims = 2,
                      .also = {m, 1},
                      .values = weights->slope,
                      .count = m};
    return (slot){
        .name = "features.bias", .n_dims = 1, .shape = {m}, .values = weights->offset, .count = m};
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

/* Every tensor of the file must be one of the slots. */
static ec_status check_no_others(const ec_tensors *tensors, const ec_weights *weights,
                                 const ec_arch *arch, const char *path, ec_error *err)
{
    for (size_t t = 0; t < tensors->n; t++) {
        size_t i = 0;
        while (i < n_slots(weights) &&
               strcmp(get_slot(weights, arch, i).name, tensors->items[t].name) != 0)
            i++;
        if (i == n_slots(weights))
            return ec_fail_file(err, EC_EPARSE, path,
                                "tensor '%.80s' is not of this architecture, which has "
                                "layers.0.weight to layers.%zu.weight%s",
                                tensors->items[t].name, weights->n_levels - 1,
                                weights->slope != NULL ? ", features.weight and features.bias"
                                                       : " and no features");
    }
    return EC_OK;
}

ec_status ec_weights_read(ec_weights *out, const ec_arch *arch, const char *path, const ec_run *run,
                          ec_error *err)
{
    ec_status status = EC_OK;
    ec_tensors tensors = {.n = 0};

    EC_TRY(ec_weights_init(out, arch, run, err));
    EC_TRY(ec_safetensors_read(&tensors, path, run, err));
    EC_TRY(check_no_others(&tensors, out, arch, path, err));
    for (size_t i = 0; i < n_slots(out); i++) {
        slot s = get_slot(out, arch, i);
        EC_TRY(load_slot(&s, &tensors, path, err));
    }
    out->single = true;
    for (size_t t = 0; t < tensors.n; t++)
        out->single = out->single && tensors.items[t].array.type == EC_F32;
done:
    ec_tensors_clear(&tensors);
    if (status != EC_OK)
        ec_weights_clear(out);
    return status;
}

ec_status ec_weights_write(const ec_weights *weights, const ec_arch *arch, const char *path,
                           ec_error *err)
{
    ec_status status = EC_OK;
    ec_tensors tensors = {.n = 0};

    EC_NEW(tensors.items, n_slots(weights));
    for (size_t i = 0; i < n_slots(weights); i++) {
        slot s = get_slot(weights, arch, i);
        ec_tensor *tensor = &tensors.items[tensors.n++];
        tensor->name = ec_strdup(s.name, err);
        if (tensor->name == NULL) {
            status = EC_ENOMEM;
            goto done;
        }
        EC_TRY(ec_array_init(&tensor->array, weights->single ? EC_F32 : EC_F64, s.n_dims, s.shape,
                             NULL, err));
        ec_array_set(&tensor->array, 0, s.count, s.values);
    }
    EC_TRY(ec_safetensors_write(&tensors, path, err));
done:
    ec_tensors_clear(&tensors);
    return status;
}
