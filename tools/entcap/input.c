/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tool.h"

#include <string.h>

/* An option that does not fit the description is misuse; a failure of another kind is its own. */
static int bad_option(const tool *t, const char *file, const char *option, const ec_error *err)
{
    if (err->status != EC_EINVAL)
        return tool_fail(t, file, err);
    return tool_misuse(t, "%s: %s", option, err->msg);
}

int tool_read(tool *t, const char *file, tool_input *out)
{
    ec_error err = {0};

    *out = (tool_input){.file = file};
    tool_phase(t, "read");
    if ((t->team != NULL ? t->team->read(t->team->state, &out->arch, file, &err)
                         : ec_arch_read(&out->arch, file, &err)) != EC_OK)
        return tool_fail(t, file, &err);
    return tool_override(t, out);
}

int tool_override(tool *t, tool_input *out)
{
    const char *file = out->file;
    ec_error err = {0};

    for (size_t i = 0; i < t->sets.n; i++)
        if (ec_arch_set(out->arch, t->sets.items[i], &err) != EC_OK)
            return bad_option(t, file, "--set", &err);
    if (ec_arch_partitions(&out->partitions, out->arch, t->partitions.items, t->partitions.n,
                           &err) != EC_OK)
        return bad_option(t, file, "--partition", &err);
    return TOOL_GO_ON;
}

void tool_input_clear(tool_input *input)
{
    ec_partitions_clear(&input->partitions);
    ec_arch_free(input->arch);
    *input = (tool_input){.file = NULL};
}

int tool_bound(tool *t, const tool_input *input, const ec_bound_options *options, tool_bounds *out)
{
    ec_network *network = NULL; /* lowered once, where it is needed at all */
    ec_bound_options with_network = *options;
    ec_status status = EC_OK;
    ec_error err = {0};

    tool_phase(t, "bounds");
    *out = (tool_bounds){.n = input->partitions.n};
    out->items = ec_calloc(out->n, sizeof *out->items, &err);
    if (out->items == NULL)
        return tool_fail(t, input->file, &err);
    if (options->method != EC_METHOD_TREE &&
        (options->method == EC_METHOD_IGRAPH || ec_arch_is_network(input->arch))) {
        status = ec_bound_reserve_flow(input->arch, &t->run, &err);
        if (status == EC_OK)
            status = ec_network_from_arch(&network, input->arch, &t->run, &err);
    }
    with_network.network = network;
    t->n_items = out->n;
    for (size_t i = 0; status == EC_OK && i < out->n; i++) {
        t->item = i + 1;
        status = ec_bound_compute(&out->items[i], input->arch, &input->partitions.items[i].a,
                                  &with_network, &t->run, &err);
    }
    t->n_items = 0;
    ec_network_free(network);
    return status == EC_OK ? TOOL_GO_ON : tool_fail(t, input->file, &err);
}

void tool_bounds_clear(tool_bounds *bounds)
{
    for (size_t i = 0; bounds->items != NULL && i < bounds->n; i++)
        ec_bound_clear(&bounds->items[i]);
    ec_free(bounds->items);
    *bounds = (tool_bounds){.n = 0};
}

int tool_budget(const tool *t, const char *text, ec_quantity *cost, uint64_t *budget)
{
    static const char *const names[] = {"params=", "madds=", "memory="};
    uint64_t value = 0;
    size_t which = 0;

    while (which < 3 && strncmp(text, names[which], strlen(names[which])) != 0)
        which++;
    if (which == 3 || !tool_count(&value, text + strlen(names[which]), which == 2) ||
        value >= (uint64_t)1 << 62)
        return tool_misuse(t, "--budget: '%.80s': expected params=N, madds=N or memory=BYTES",
                           text);
    *cost = which == 1 ? EC_QUANTITY_MULTIPLY_ADDS : EC_QUANTITY_PARAMETERS;
    *budget = value / (which == 2 ? 4 : 1);
    return TOOL_GO_ON;
}

int tool_each_file(tool *t, tool_file_fn *fn, const void *options)
{
    ec_json json = {.depth = 0};
    ec_error err = {0};
    int code = TOOL_YES;

    if (t->n_files > 1)
        ec_json_open(&json, NULL, EC_JSON_ARRAY);
    for (size_t i = 0; i < t->n_files && code <= TOOL_NO; i++) {
        if (i > 0 && !t->json)
            puts("");

        int one = fn(t, t->files[i], options, &json);

        code = one > code ? one : code;
    }
    if (t->n_files > 1 && code <= TOOL_NO)
        ec_json_close(&json);
    if (t->json && code <= TOOL_NO) {
        if (ec_json_finish(&json, &err) != EC_OK)
            code = tool_fail(t, NULL, &err);
        else if (tool_print(t, &json.text) != TOOL_YES)
            code = TOOL_IO;
    }
    ec_json_clear(&json);
    return code;
}
