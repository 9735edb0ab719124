/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "arch/arch_i.h"

#include <string.h>

#include "core/flow.h"

/* A name as a double-quoted scalar, which YAML and JSON read alike. */
static void put_quoted(ec_text *text, const char *s)
{
    ec_text_puts(text, "\"");
    for (; *s != '\0'; s++) {
        unsigned char c = (unsigned char)*s;
        if (c == '"' || c == '\\')
            ec_text_printf(text, "\\%c", c);
        else if (c < 0x20 || c == 0x7f)
            ec_text_printf(text, "\\u%04x", c);
        else
            ec_text_add(text, s, 1);
    }
    ec_text_puts(text, "\"");
}

/* "0-3,8": the sites of side A as ranges. */
static void put_sites(ec_text *text, const ec_sites *a)
{
    const char *separator = "";

    ec_text_puts(text, "\"");
    for (size_t i = 0; i < a->n; i++) {
        size_t first = i;
        if (!ec_sites_has(a, i))
            continue;
        while (i + 1 < a->n && ec_sites_has(a, i + 1))
            i++;
        ec_text_printf(text, i > first ? "%s%zu-%zu" : "%s%zu", separator, first, i);
        separator = ",";
    }
    ec_text_puts(text, "\"");
}

/* [height, width], or [width] in 1-D. */
static void put_pair(ec_text *text, const ec_arch *arch, size_t height, size_t width)
{
    if (arch->input.n_dims == 2)
        ec_text_printf(text, "[%zu, %zu]", height, width);
    else
        ec_text_printf(text, "[%zu]", width);
}

static void put_input(ec_text *text, const ec_arch *arch)
{
    const ec_input *in = &arch->input;

    ec_text_puts(text, "input:\n  shape: ");
    put_pair(text, arch, in->grid[0], in->grid[1]);
    ec_text_printf(text, "\n  channels: %u\n", in->channels);
    if (in->has_image) {
        ec_text_puts(text, "  image: {size: ");
        put_pair(text, arch, in->image[0], in->image[1]);
        ec_text_printf(text, ", fit: %s}\n", in->fit == EC_FIT_PAD ? "pad" : "resize");
    }
    if (in->features.kind == EC_FEATURES_NONE)
        return;
    ec_text_printf(text, "  features: {kind: %s", ec_arch_features_type(in->features.kind)->name);
    if (in->features.learned != (in->features.kind == EC_FEATURES_AFFINE_RELU))
        ec_text_printf(text, ", learned: %s", in->features.learned ? "true" : "false");
    if (in->features.scale != 1)
        ec_text_printf(text, ", scale: %.15g", in->features.scale);
    ec_text_puts(text, "}\n");
}

static void put_layers(ec_text *text, const ec_arch *arch)
{
    ec_text_puts(text, "layers:\n");
    for (size_t i = 0; i < arch->n_layers; i++) {
        const ec_layer *layer = &arch->layers[i];
        const char *norm = layer->norm ? ", norm: batch" : "";
        switch (layer->kind) {
        case EC_LAYER_CONV:
            ec_text_printf(text, "  - conv: {channels: %u%s%s}\n", layer->channels,
                           layer->shared ? "" : ", shared: false", norm);
            break;
        case EC_LAYER_POOL:
            ec_text_puts(text, "  - pool: {window: ");
            put_pair(text, arch, layer->window[0], layer->window[1]);
            ec_text_puts(text, "}\n");
            break;
        case EC_LAYER_DENSE:
            ec_text_printf(text, "  - dense: {outputs: %u%s%s%s}\n", layer->channels, norm,
                           layer->bias ? ", bias: true" : "",
                           layer->magnitude ? ", predict: magnitude" : "");
            break;
        }
    }
}

/* {"a": 4, ...} or [...]: the names of a list of indices. */
static void put_names(ec_text *text, const ec_arch *arch, const uint32_t *index, size_t n)
{
    ec_text_puts(text, "[");
    for (size_t i = 0; i < n; i++) {
        ec_text_puts(text, i > 0 ? ", " : "");
        put_quoted(text, arch->indices[index[i]].name);
    }
    ec_text_puts(text, "]");
}

static void put_network(ec_text *text, const ec_arch *arch)
{
    ec_text_puts(text, "network:\n  indices:\n");
    for (size_t i = 0; i < arch->n_indices; i++) {
        ec_text_puts(text, "    ");
        put_quoted(text, arch->indices[i].name);
        ec_text_printf(text, ": %u\n", arch->indices[i].dim);
    }
    ec_text_puts(text, "  tensors:\n");
    for (size_t i = 0; i < arch->n_tensors; i++) {
        ec_text_puts(text, "    ");
        put_quoted(text, arch->tensors[i].name);
        ec_text_puts(text, ": ");
        put_names(text, arch, arch->tensors[i].index, arch->tensors[i].n_indices);
        ec_text_puts(text, "\n");
    }
    ec_text_puts(text, "  open: ");
    put_names(text, arch, arch->open, arch->n_sites);
    ec_text_puts(text, "\n");
}

static ec_status put_requirement(ec_text *text, const ec_requirement *r, ec_error *err)
{
    ec_text_puts(text, "  - {partition: ");
    put_quoted(text, r->partition);
    if (r->by_rank) {
        char *rank = ec_int_print(&r->min_rank, err);
        if (rank == NULL)
            return EC_ENOMEM;
        ec_text_printf(text, ", min_rank: %s}\n", rank);
        ec_free(rank);
    } else {
        ec_text_printf(text, ", min_log2: %.15g}\n", r->min_log2);
    }
    return EC_OK;
}

/* Is it the built-in partition of its name, so that the name says it all? */
static ec_status is_builtin(bool *builtin, const ec_arch *arch, const ec_partition *p,
                            ec_error *err)
{
    ec_rule rule;
    ec_sites a = {.n = 0};
    ec_error unknown = {.status = EC_OK}; /* a name that is built in elsewhere only */

    *builtin = false;
    if (ec_rule_find(&rule, arch, p->name, &unknown) != EC_OK || rule.builtin == NULL ||
        ec_rule_is_many(&rule))
        return EC_OK;
    if (ec_rule_sites(&a, arch, &rule, err) != EC_OK)
        return EC_ENOMEM;
    *builtin = memcmp(a.bits, p->a.bits, (a.n + 63) / 64 * sizeof *a.bits) == 0;
    ec_sites_clear(&a);
    return EC_OK;
}

static ec_status put_partition(ec_text *text, const ec_arch *arch, const ec_partition *p,
                               ec_error *err)
{
    bool builtin;
    ec_status status = is_builtin(&builtin, arch, p, err);

    ec_text_puts(text, builtin ? "  - " : "  - {name: ");
    put_quoted(text, p->name);
    if (!builtin) {
        ec_text_puts(text, ", a: ");
        put_sites(text, &p->a);
        ec_text_puts(text, "}");
    }
    ec_text_puts(text, "\n");
    return status;
}

ec_status ec_arch_print(ec_text *text, const ec_arch *arch, ec_error *err)
{
    ec_status status = EC_OK;

    ec_text_puts(text, "name: ");
    put_quoted(text, arch->name);
    ec_text_puts(text, "\n");
    if (ec_arch_is_network(arch)) {
        put_network(text, arch);
    } else {
        put_input(text, arch);
        put_layers(text, arch);
    }
    if (arch->partitions.n > 0)
        ec_text_puts(text, "partitions:\n");
    for (size_t i = 0; i < arch->partitions.n; i++)
        EC_TRY(put_partition(text, arch, &arch->partitions.items[i], err));
    if (arch->n_requirements > 0)
        ec_text_puts(text, "requirements:\n");
    for (size_t i = 0; i < arch->n_requirements; i++)
        EC_TRY(put_requirement(text, &arch->requirements[i], err));
    status = ec_text_check(text, err);
done:
    return status;
}
