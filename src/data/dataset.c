/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data_i.h"

#include "core/flow.h"

#include <math.h>

void ec_dataset_clear(ec_dataset *data)
{
    if (data == NULL)
        return;
    ec_array_clear(&data->pixels);
    ec_free(data->label);
    *data = (ec_dataset){.n = 0};
}

/* ------------------------------------------------------------------- pixels */

static ec_status check_geometry(const ec_dataset *data, const char *file, const ec_arch *arch,
                                ec_error *err)
{
    char text[128], asked[64];
    const ec_array *x = &data->pixels;
    size_t wanted = data->image[0] * data->image[1], found = 1;

    if (x->n_dims < 2 || x->shape[0] == 0)
        return ec_fail_file(err, EC_EPARSE, file, "shape %s, must be [samples, ...], samples >= 1",
                            ec_shape_print(text, sizeof text, x->shape, x->n_dims));
    for (size_t i = 1; i < x->n_dims; i++)
        found *= x->shape[i];
    bool other_rows = arch->input.n_dims == 2 && x->n_dims == 3 && x->shape[1] != data->image[0];
    if (found == wanted && !other_rows)
        return EC_OK;
    return ec_fail_file(err, EC_EPARSE, file, "samples have shape %s, but %s is %s",
                        ec_shape_print(text, sizeof text, x->shape + 1, x->n_dims - 1),
                        arch->input.has_image ? "the description's image"
                                              : "without 'image:' the description's grid of sites",
                        ec_shape_print(asked, sizeof asked,
                                       data->image + (arch->input.n_dims == 1 ? 1 : 0),
                                       arch->input.n_dims == 1 ? 1 : 2));
}

static ec_status check_values(ec_dataset *data, const char *file, ec_error *err)
{
    const ec_array *x = &data->pixels;
    size_t per_sample = data->image[0] * data->image[1];

    data->scale = x->type == EC_U8 ? 1.0 / 255 : 1;
    if (x->type == EC_U8)
        return EC_OK;
    if (x->type != EC_BOOL && x->type != EC_F32 && x->type != EC_F64)
        return ec_fail_file(err, EC_EPARSE, file, "samples are %s, must be uint8, bool or floats",
                            ec_dtype_name(x->type));
    for (size_t i = 0; i < data->n * per_sample; i++) {
        double value;
        ec_array_get(&value, x, i, 1);
        if (!(value >= 0 && value <= 1))
            return ec_fail_file(err, EC_EPARSE, file,
                                "sample %zu: value %zu is %g, must lie in [0, 1]", i / per_sample,
                                i % per_sample, value);
    }
    return EC_OK;
}

/* ------------------------------------------------------------------- labels */

static ec_status load_labels(ec_dataset *data, const ec_array *y, const char *file,
                             uint32_t outputs, ec_error *err)
{
    size_t samples = data->pixels.shape[0];

    if (y->count != samples || y->n_dims == 0 || y->shape[0] != samples)
        return ec_fail_file(err, EC_EPARSE, file, "%zu labels for %zu samples", y->count, samples);
    data->label = ec_calloc(data->n, sizeof *data->label, err);
    if (data->label == NULL)
        return EC_ENOMEM;
    for (size_t i = 0; i < data->n; i++) {
        double value;
        ec_array_get(&value, y, i, 1);
        if (!(value >= 0 && value < outputs) || value != floor(value))
            return ec_fail_file(err, EC_EPARSE, file,
                                "label %zu is %g, must be an integer from 0 to %u, one of the "
                                "description's %u outputs",
                                i, value, outputs - 1, outputs);
        data->label[i] = (uint32_t)value;
    }
    return EC_OK;
}

/* --------------------------------------------------------------------- both */

static ec_status read_array(ec_array *out, const char *path, bool is_npy, const ec_run *run,
                            ec_error *err)
{
    return is_npy ? ec_npy_read(out, path, run, err) : ec_idx_read(out, path, run, err);
}

static void set_geometry(ec_dataset *out, const ec_input *input)
{
    for (int i = 0; i < 2; i++) {
        out->grid[i] = input->grid[i];
        out->image[i] = input->has_image ? input->image[i] : input->grid[i];
    }
    bool same = out->grid[0] == out->image[0] && out->grid[1] == out->image[1];
    out->fit = same ? EC_FIT_PAD : input->fit;
}

ec_status ec_data_read(ec_dataset *out, const ec_data_source *source, const ec_arch *arch,
                       const ec_run *run, ec_error *err)
{
    ec_status status = EC_OK;
    data_files files = {.images = NULL};
    ec_array labels = {.data = NULL};

    *out = (ec_dataset){.n = 0};
    if (ec_arch_is_network(arch))
        return ec_fail(err, EC_EINVAL, "data need a description with layers, not a network");
    set_geometry(out, &arch->input);
    if (out->fit == EC_FIT_PAD && (out->image[0] > out->grid[0] || out->image[1] > out->grid[1]))
        return ec_fail(err, EC_EINVAL, "an image of [%zu, %zu] cannot be padded to [%zu, %zu]",
                       out->image[0], out->image[1], out->grid[0], out->grid[1]);
    EC_TRY(data_files_find(&files, source->spec, source->part, err));
    if (files.images == NULL)
        goto done;
    EC_TRY(read_array(&out->pixels, files.images, files.is_npy, run, err));
    EC_TRY(check_geometry(out, files.images, arch, err));
    out->n = out->pixels.shape[0];
    if (source->limit > 0 && source->limit < out->n)
        out->n = source->limit;
    EC_TRY(check_values(out, files.images, err));
    EC_TRY(read_array(&labels, files.labels, files.is_npy, run, err));
    EC_TRY(load_labels(out, &labels, files.labels, arch->outputs, err));
done:
    ec_array_clear(&labels);
    data_files_clear(&files);
    if (status != EC_OK)
        ec_dataset_clear(out);
    return status;
}
