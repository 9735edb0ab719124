/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "arch_i.h"

#include "core/flow.h"

#include <stdio.h>
#include <string.h>

enum { MAX_PARAMS = 8 };

/* What the layers read so far leave to the next one. */
struct shape {
    ec_arch *arch;
    const ec_source *source;
    size_t grid[2];     /* positions that are left */
    uint32_t window[2]; /* pools since the last matrix, as one window */
    uint32_t dim;       /* channels at every position */
    bool closed;        /* a dense layer has been read */
};

/* Apply layer number i to the shape; at[k] is the place of its parameter k. */
typedef ec_status shape_fn(struct shape *s, size_t i, const ec_place *at, ec_error *err);

/* A matrix over every position: the pending window becomes a level of the normal form. */
static void close_level(struct shape *s, size_t i)
{
    ec_arch *arch = s->arch;
    ec_level *level = &arch->levels[arch->n_levels];
    const ec_layer *layer = &arch->layers[i];

    *level = (ec_level){
        .dim = s->dim,
        .window = {s->window[0], s->window[1]},
        .grid = {s->grid[0], s->grid[1]},
        .out = layer->channels,
        .shared = layer->shared && s->grid[0] * s->grid[1] > 1,
        .layer = i,
    };
    if (arch->n_levels == 0)
        snprintf(level->name, sizeof level->name, "input");
    else
        snprintf(level->name, sizeof level->name, "r%u", (unsigned)arch->n_levels - 1);
    arch->n_levels++;
    s->dim = layer->channels;
    s->window[0] = s->window[1] = 1;
}

/* Two convs in a row: the window between them is 1 x 1, an ordinary bond. */
static ec_status conv_shape(struct shape *s, size_t i, const ec_place *at, ec_error *err)
{
    (void)at;
    (void)err;
    close_level(s, i);
    return EC_OK;
}

/* Pools wait for the next matrix, so that adjacent ones become one window. */
static ec_status pool_shape(struct shape *s, size_t i, const ec_place *at, ec_error *err)
{
    static const char *const axis[] = {"height", "width"};
    const uint32_t *window = s->arch->layers[i].window;

    for (int d = 0; d < 2; d++) {
        if (s->grid[d] % window[d] != 0 && s->arch->input.n_dims == 1)
            return ec_source_fail(s->source, at[0], err,
                                  "a window of %u does not divide the %zu positions left",
                                  window[d], s->grid[d]);
        if (s->grid[d] % window[d] != 0)
            return ec_source_fail(s->source, at[0], err,
                                  "the window's %s %u does not divide the %s left, %zu", axis[d],
                                  window[d], axis[d], s->grid[d]);
        s->grid[d] /= window[d];
        s->window[d] *= window[d];
    }
    return EC_OK;
}

/* The label needs one vector, whatever the input: all positions are pooled by now. */
static ec_status dense_shape(struct shape *s, size_t i, const ec_place *at, ec_error *err)
{
    (void)at;
    if (s->grid[0] * s->grid[1] != 1)
        return ec_source_fail(s->source, s->arch->layers[i].place, err,
                              "dense takes one position, but %zu are left; pool them before",
                              s->grid[0] * s->grid[1]);
    close_level(s, i);
    s->arch->outputs = s->arch->layers[i].channels;
    s->closed = true;
    return EC_OK;
}

/* ------------------------------------------------------------------- the table */

static const ec_layer_param conv_params[] = {
    {"channels", EC_PARAM_DIMENSION, NULL, NULL, "output channels, rK of the K-th conv",
     offsetof(ec_layer, channels)},
    {"shared", EC_PARAM_FLAG, "true", NULL, "one matrix for all positions, or one for each",
     offsetof(ec_layer, shared)},
    {"norm", EC_PARAM_WORD, "none", "batch", "batch: batch norm of every channel before the matrix",
     offsetof(ec_layer, norm)},
};
static const ec_layer_param pool_params[] = {
    {"window", EC_PARAM_WINDOW, NULL, NULL, "[height, width], in 1-D n or [n]; divides the grid",
     offsetof(ec_layer, window)},
};
static const ec_layer_param dense_params[] = {
    {"outputs", EC_PARAM_DIMENSION, NULL, NULL, "number of outputs Y, one per label",
     offsetof(ec_layer, channels)},
    {"norm", EC_PARAM_WORD, "none", "batch", "batch: batch norm of every channel before the matrix",
     offsetof(ec_layer, norm)},
    {"bias", EC_PARAM_FLAG, "false", NULL, "a constant is added to every output",
     offsetof(ec_layer, bias)},
    {"predict", EC_PARAM_WORD, "value", "magnitude",
     "magnitude: the label is the output that is largest without its sign",
     offsetof(ec_layer, magnitude)},
};

#define PARAMS(p) .params = (p), .n_params = sizeof(p) / sizeof *(p)

static const struct row {
    ec_layer_type type;
    shape_fn *shape;
} table[] = {
    [EC_LAYER_CONV] = {{"conv", "1x1 convolution: a matrix at every position", PARAMS(conv_params)},
                       conv_shape},
    [EC_LAYER_POOL] = {{"pool", "product of the positions of each window", PARAMS(pool_params)},
                       pool_shape},
    [EC_LAYER_DENSE] = {{"dense", "matrix at the one position left; the last layer",
                         PARAMS(dense_params)},
                        dense_shape},
};

enum { N_KINDS = sizeof table / sizeof *table };

const ec_layer_type *ec_arch_layer_type(size_t i)
{
    return i < N_KINDS ? &table[i].type : NULL;
}

/* ---------------------------------------------------------------------- reading */

/* [height, width]; in 1-D also a bare number. */
static ec_status read_window(uint32_t out[2], const struct shape *s, const ec_tree *tree,
                             const ec_node *node, ec_error *err)
{
    int n_dims = s->arch->input.n_dims;
    size_t extent[2] = {1, 1};
    uint64_t n = 1;
    ec_status status;

    if (n_dims == 1 && node->kind == EC_NODE_SCALAR) {
        status = ec_value_integer(&n, tree, node, &ec_range_extent, err);
        extent[1] = n;
    } else
        status = ec_value_extents(extent, &n_dims, tree, node, "the window", err);
    out[0] = (uint32_t)extent[0];
    out[1] = (uint32_t)extent[1];
    return status;
}

/* One of two words. */
static ec_status read_word(bool *out, const ec_layer_param *param, const ec_tree *tree,
                           const ec_node *node, ec_error *err)
{
    const char *word = NULL;
    ec_status status = ec_value_string(&word, tree, node, param->name, err);

    if (status != EC_OK)
        return status;
    *out = strcmp(word, param->second) == 0;
    if (!*out && strcmp(word, param->fallback) != 0)
        return ec_source_fail(&tree->source, node->place, err, "%s is %s or %s, not %s",
                              param->name, param->fallback, param->second, ec_quote(word).text);
    return EC_OK;
}

/* Read one parameter into the member of the layer that the table names. */
static ec_status read_param(ec_layer *layer, const ec_layer_param *param, const struct shape *s,
                            const ec_tree *tree, const ec_field *field, ec_error *err)
{
    void *member = (char *)layer + param->offset;
    uint64_t value = 0;
    ec_status status = EC_OK;

    if (field->value == NULL && param->type == EC_PARAM_FLAG)
        *(bool *)member = strcmp(param->fallback, "true") == 0;
    else if (field->value == NULL)
        *(bool *)member = false;
    else if (param->type == EC_PARAM_WORD)
        status = read_word(member, param, tree, field->value, err);
    else if (param->type == EC_PARAM_FLAG)
        status = ec_value_flag(member, tree, field->value, err);
    else if (param->type == EC_PARAM_WINDOW)
        status = read_window(member, s, tree, field->value, err);
    else {
        ec_range range = ec_range_dimension;
        range.what = param->name;
        status = ec_value_integer(&value, tree, field->value, &range, err);
        if (status == EC_OK)
            *(uint32_t *)member = (uint32_t)value;
    }
    return status;
}

/* The row of an entry `- KIND: {...}`; NULL after a report. */
static const struct row *find_row(const ec_tree *tree, const ec_node *entry, ec_error *err)
{
    const ec_node *key = ec_tree_first(tree, entry);
    const char *word;
    ec_nearest nearest;
    char kinds[200] = "there are";

    if (entry->kind != EC_NODE_MAP || entry->count != 2) {
        ec_source_fail(&tree->source, entry->place, err,
                       "a layer is one key and its parameters, such as conv: {channels: 16}");
        return NULL;
    }
    word = ec_tree_string(tree, key);
    nearest = (ec_nearest){.word = word};
    for (size_t k = 0; k < N_KINDS; k++) {
        if (strcmp(word, table[k].type.name) == 0)
            return &table[k];
        ec_nearest_offer(&nearest, table[k].type.name);
    }
    for (size_t k = 0, used = strlen(kinds); k < N_KINDS && used < sizeof kinds; k++)
        used += (size_t)snprintf(kinds + used, sizeof kinds - used, "%s %s", k > 0 ? "," : "",
                                 table[k].type.name);
    ec_source_fail(&tree->source, key->place, err, "there is no layer kind %s; %s",
                   ec_quote(word).text, ec_hint(nearest.best, kinds).text);
    return NULL;
}

/* `- KIND: {...}`: look up the row, read its parameters, apply its shape function. */
static ec_status read_layer(struct shape *s, const ec_tree *tree, const ec_node *entry,
                            ec_error *err)
{
    ec_field fields[MAX_PARAMS] = {{.key = NULL}};
    ec_place at[MAX_PARAMS];
    const struct row *row = find_row(tree, entry, err);
    size_t i = s->arch->n_layers;
    ec_layer *layer = &s->arch->layers[i];
    ec_status status;

    if (row == NULL)
        return EC_EPARSE;
    layer->kind = (ec_layer_kind)(row - table);
    layer->place = ec_tree_first(tree, entry)->place;
    if (s->closed)
        return ec_source_fail(s->source, layer->place, err,
                              "dense is the last layer; remove this one");
    for (size_t k = 0; k < row->type.n_params; k++)
        fields[k] = (ec_field){.key = row->type.params[k].name,
                               .required = row->type.params[k].fallback == NULL};
    status = ec_value_fields(fields, row->type.n_params, tree,
                             ec_tree_next(tree, ec_tree_first(tree, entry)), row->type.name, err);
    for (size_t k = 0; k < row->type.n_params && status == EC_OK; k++) {
        at[k] = fields[k].value != NULL ? fields[k].value->place : layer->place;
        status = read_param(layer, &row->type.params[k], s, tree, &fields[k], err);
    }
    if (status != EC_OK)
        return status;
    s->arch->n_layers++;
    return row->shape(s, i, at, err);
}

/* The constant channel runs from the sites up to the last affine part. */
static ec_status add_constant(ec_arch *arch, const ec_source *source, ec_error *err)
{
    bool needed = false;

    for (size_t l = arch->n_levels; l-- > 0;) {
        ec_level *level = &arch->levels[l];
        const ec_layer *layer = &arch->layers[level->layer];

        level->out += needed ? 1 : 0;
        needed = needed || layer->norm || layer->bias;
        if (needed && level->dim == EC_ARCH_MAX_DIMENSION)
            return ec_source_fail(source, layer->place, err,
                                  "norm and bias add a constant channel, so at most %u channels "
                                  "may lie below, not %u",
                                  EC_ARCH_MAX_DIMENSION - 1, level->dim);
        level->constant = needed;
        level->dim += needed ? 1 : 0;
    }
    return EC_OK;
}

ec_status ec_layers_read(ec_arch *arch, const ec_tree *tree, const ec_node *node, ec_error *err)
{
    ec_status status = EC_OK;
    struct shape s = {.arch = arch,
                      .source = &tree->source,
                      .grid = {arch->input.grid[0], arch->input.grid[1]},
                      .window = {1, 1},
                      .dim = arch->input.channels};

    EC_TRY(ec_value_list(tree, node, "layers", err));
    EC_NEW(arch->layers, node->count);
    EC_NEW(arch->levels, node->count); /* a level for every layer that is no pool */
    for (const ec_node *e = ec_tree_first(tree, node); e != NULL; e = ec_tree_next(tree, e))
        EC_TRY(read_layer(&s, tree, e, err));
    if (!s.closed)
        status =
            ec_source_fail(s.source, arch->layers[arch->n_layers - 1].place, err,
                           "the last layer is a dense one; add dense: {outputs: Y} after this");
    else
        status = add_constant(arch, s.source, err);
done:
    return status;
}
