/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "arch_i.h"

#include "core/flow.h"
#include "entcap/io.h"

#include <string.h>

/* ---------------------------------------------------------------------- input */

/* image: {size: [28, 28], fit: pad} */
static ec_status read_image(ec_input *input, const ec_tree *tree, const ec_node *node,
                            ec_error *err)
{
    ec_status status = EC_OK;
    ec_field fields[] = {{.key = "size", .required = true}, {.key = "fit"}};
    const ec_node *size, *fit;
    const char *word = "pad";

    EC_TRY(ec_value_fields(fields, 2, tree, node, "image", err));
    size = fields[0].value;
    fit = fields[1].value;
    input->has_image = true;
    EC_TRY(ec_value_extents(input->image, &input->n_dims, tree, size, "size", err));
    if (fit != NULL)
        EC_TRY(ec_value_string(&word, tree, fit, "fit", err));
    if (strcmp(word, "pad") == 0)
        input->fit = EC_FIT_PAD;
    else if (strcmp(word, "resize") == 0)
        input->fit = EC_FIT_RESIZE;
    else
        return ec_source_fail(&tree->source, fit->place, err, "fit is pad or resize, not %s",
                              ec_quote(word).text);
    if (input->fit == EC_FIT_PAD &&
        (input->image[0] > input->grid[0] || input->image[1] > input->grid[1]))
        return ec_source_fail(&tree->source, size->place, err,
                              "the image is larger than the shape and cannot be padded to it; "
                              "use fit: resize");
done:
    return status;
}

static const ec_builtin_type feature_maps[] = {
    [EC_FEATURES_NONE] = {"none", "sites come as vectors"},
    [EC_FEATURES_AFFINE_RELU] = {"affine-relu", "max(0, slope x + offset) for every channel; "
                                                "learned unless learned: false"},
    [EC_FEATURES_COS_SIN] = {"cos-sin", "cos(2 pi w x), sin(2 pi w x), w = 1, 2, ...; the w are "
                                        "learned with learned: true"},
    [EC_FEATURES_POLYNOMIAL] = {"polynomial", "Legendre polynomials, orthonormal on [0, 1]"},
};

enum { N_FEATURE_MAPS = sizeof feature_maps / sizeof *feature_maps };

const ec_builtin_type *ec_arch_features_type(size_t i)
{
    return i < N_FEATURE_MAPS ? &feature_maps[i] : NULL;
}

static ec_status find_features(ec_features *out, const ec_tree *tree, const ec_node *node,
                               ec_error *err)
{
    const char *word = NULL;
    ec_nearest nearest;
    ec_status status = ec_value_string(&word, tree, node, "kind", err);

    if (status != EC_OK)
        return status;
    nearest = (ec_nearest){.word = word};
    for (size_t i = 1; i < N_FEATURE_MAPS; i++) {
        ec_nearest_offer(&nearest, feature_maps[i].name);
        if (strcmp(word, feature_maps[i].name) == 0)
            out->kind = (ec_features_kind)i;
    }
    if (out->kind == EC_FEATURES_NONE)
        return ec_source_fail(
            &tree->source, node->place, err, "there is no feature map %s; %s", ec_quote(word).text,
            ec_hint(nearest.best, "there are affine-relu, cos-sin, polynomial").text);
    return EC_OK;
}

/* features: {kind: cos-sin, learned: true, scale: 0.5} */
static ec_status read_features(ec_input *input, const ec_tree *tree, const ec_node *node,
                               ec_error *err)
{
    ec_status status = EC_OK;
    ec_field fields[] = {{.key = "kind", .required = true}, {.key = "learned"}, {.key = "scale"}};
    ec_features *features = &input->features;
    const ec_node *learned, *scale;

    EC_TRY(ec_value_fields(fields, 3, tree, node, "features", err));
    learned = fields[1].value;
    scale = fields[2].value;
    EC_TRY(find_features(features, tree, fields[0].value, err));
    features->learned = features->kind == EC_FEATURES_AFFINE_RELU;
    features->scale = 1;
    if (learned != NULL)
        EC_TRY(ec_value_flag(&features->learned, tree, learned, err));
    if (scale != NULL)
        EC_TRY(ec_value_decimal(&features->scale, tree, scale, "scale", err));
    if (scale != NULL && features->scale == 0)
        return ec_source_fail(&tree->source, scale->place, err, "scale must be above 0");
    if (learned != NULL && features->kind == EC_FEATURES_POLYNOMIAL && features->learned)
        return ec_source_fail(&tree->source, learned->place, err,
                              "polynomial has nothing to learn: any change of its features is one "
                              "of the first matrix");
    if (features->kind == EC_FEATURES_COS_SIN && input->channels % 2 != 0)
        return ec_source_fail(&tree->source, fields[0].value->place, err,
                              "cos-sin needs an even number of channels, a cosine and a sine for "
                              "every frequency, not %u",
                              input->channels);
done:
    return status;
}

/* input: everything that the data must fit */
static ec_status read_input(ec_arch *arch, const ec_tree *tree, const ec_node *node, ec_error *err)
{
    ec_status status = EC_OK;
    ec_field fields[] = {{.key = "shape", .required = true},
                         {.key = "channels", .required = true},
                         {.key = "image"},
                         {.key = "features"}};
    const ec_range channels = {"channels", 1, EC_ARCH_MAX_DIMENSION};
    ec_input *input = &arch->input;
    uint64_t dim = 0;

    EC_TRY(ec_value_fields(fields, 4, tree, node, "input", err));
    EC_TRY(ec_value_extents(input->grid, &input->n_dims, tree, fields[0].value, "shape", err));
    arch->n_sites = input->grid[0] * input->grid[1];
    EC_TRY(ec_value_integer(&dim, tree, fields[1].value, &channels, err));
    input->channels = (uint32_t)dim;
    input->place = fields[1].name->place;
    if (fields[2].value != NULL)
        EC_TRY(read_image(input, tree, fields[2].value, err));
    if (fields[3].value != NULL)
        EC_TRY(read_features(input, tree, fields[3].value, err));
done:
    return status;
}

/* ------------------------------------------------------------------ whole files */

enum { NAME, INPUT, LAYERS, NETWORK, PARTITIONS, REQUIREMENTS, N_KEYS };

/* Either input and layers or network. */
static ec_status check_form(const ec_field *fields, const ec_tree *tree, ec_error *err)
{
    const ec_node *root = tree->nodes;

    if (fields[NETWORK].value != NULL &&
        (fields[INPUT].value != NULL || fields[LAYERS].value != NULL))
        return ec_source_fail(&tree->source, fields[NETWORK].name->place, err,
                              "network stands instead of input and layers; remove one of them");
    if (fields[NETWORK].value != NULL)
        return EC_OK;
    if (fields[INPUT].value == NULL)
        return ec_source_fail(&tree->source, root->place, err,
                              "a description lacks the key 'input' (or 'network')");
    if (fields[LAYERS].value == NULL)
        return ec_source_fail(&tree->source, root->place, err,
                              "a description lacks the key 'layers'");
    return EC_OK;
}

/* Partitions come last: they need the sites and windows that the rest defines. */
static ec_status read_root(ec_arch *arch, const ec_tree *tree, ec_error *err)
{
    ec_status status = EC_OK;
    ec_field fields[N_KEYS] = {
        [NAME] = {.key = "name", .required = true},
        [INPUT] = {.key = "input"},
        [LAYERS] = {.key = "layers"},
        [NETWORK] = {.key = "network"},
        [PARTITIONS] = {.key = "partitions"},
        [REQUIREMENTS] = {.key = "requirements"},
    };

    EC_TRY(ec_value_fields(fields, N_KEYS, tree, tree->nodes, "a description", err));
    EC_TRY(check_form(fields, tree, err));
    EC_TRY(ec_value_name(&arch->name, tree, fields[NAME].value, "the name", err));
    if (fields[NETWORK].value != NULL)
        EC_TRY(ec_named_network_read(arch, tree, fields[NETWORK].value, err));
    else {
        EC_TRY(read_input(arch, tree, fields[INPUT].value, err));
        EC_TRY(ec_layers_read(arch, tree, fields[LAYERS].value, err));
    }
    EC_TRY(ec_listed_read(arch, tree, fields[PARTITIONS].value, fields[REQUIREMENTS].value, err));
done:
    return status;
}

ec_status ec_arch_parse(ec_arch **out, const char *text, size_t size, const char *file,
                        ec_error *err)
{
    ec_status status = EC_OK;
    ec_arch *arch = NULL;
    ec_tree tree = {.n_nodes = 0};
    size_t bom = size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    ec_source source = {size > bom ? text + bom : "", size - bom, file};

    *out = NULL;
    if (size > EC_ARCH_MAX_TEXT)
        return ec_fail_file(err, EC_ELIMIT, file, "%zu bytes are too many; at most %zu are fine",
                            size, EC_ARCH_MAX_TEXT);
    EC_TRY(ec_source_check(&source, err));
    EC_TRY(ec_tree_parse(&tree, &source, err));
    EC_NEW(arch, 1);
    arch->file = ec_strdup(file, err);
    if (arch->file == NULL) {
        status = EC_ENOMEM;
        goto done;
    }
    EC_TRY(read_root(arch, &tree, err));
    *out = arch;
    arch = NULL;
done:
    ec_tree_clear(&tree);
    ec_arch_free(arch);
    return status;
}

ec_status ec_arch_read(ec_arch **out, const char *path, ec_error *err)
{
    ec_status status = EC_OK;
    const ec_run limit = {.memory_bytes = EC_ARCH_MAX_TEXT, .threads = 1};
    ec_bytes bytes = {.data = NULL};

    *out = NULL;
    EC_TRY(ec_file_read(&bytes, path, &limit, err));
    EC_TRY(ec_arch_parse(out, (const char *)bytes.data, bytes.size,
                         strcmp(path, "-") == 0 ? "<stdin>" : path, err));
done:
    ec_bytes_clear(&bytes);
    return status;
}

void ec_arch_free(ec_arch *arch)
{
    if (arch == NULL)
        return;
    for (size_t i = 0; i < arch->n_indices; i++)
        ec_free(arch->indices[i].name);
    for (size_t i = 0; i < arch->n_tensors; i++) {
        ec_free(arch->tensors[i].name);
        ec_free(arch->tensors[i].index);
    }
    for (size_t i = 0; i < arch->n_requirements; i++) {
        ec_free(arch->requirements[i].partition);
        ec_int_clear(&arch->requirements[i].min_rank);
    }
    ec_partitions_clear(&arch->partitions);
    ec_free(arch->requirements);
    ec_free(arch->indices);
    ec_free(arch->tensors);
    ec_free(arch->open);
    ec_free(arch->layers);
    ec_free(arch->levels);
    ec_free(arch->name);
    ec_free(arch->file);
    ec_free(arch);
}
