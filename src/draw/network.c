/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Additional permission under section 7 (linking with Graphviz): see LICENSE. */
#include "draw/draw_i.h"

#define LABEL_CHARS 16 /* of a tensor's or index's name in the picture */
#define NAME_CHARS  80 /* and in a tip */

#define FREE_NODES ((size_t)2000) /* an engine would take minutes for more */

static const char times_sign[] = " \xc3\x97 ";

/* A network description under construction. Nodes: first the sites, then the tensors. */
typedef struct builder {
    ec_drawing *drawing;
    const ec_arch *arch;
    const ec_draw_options *options;
    size_t *start;  /* pins of index e: the nodes              */
    uint32_t *pins; /*   pins[start[e] .. start[e+1]-1]        */
    ec_error *err;
} builder;

/* Gather the pins of every index: open sites, then tensors. */
static ec_status gather_pins(builder *b)
{
    ec_status status = EC_OK;
    ec_error *err = b->err;
    const ec_arch *arch = b->arch;
    size_t *next = NULL, n_pins = arch->n_sites;

    for (size_t v = 0; v < arch->n_tensors; v++)
        n_pins += arch->tensors[v].n_indices;
    EC_NEW(b->start, arch->n_indices + 1);
    EC_NEW(next, arch->n_indices + 1);
    EC_NEW(b->pins, n_pins);
    for (size_t s = 0; s < arch->n_sites; s++)
        b->start[arch->open[s] + 1]++;
    for (size_t v = 0; v < arch->n_tensors; v++) {
        for (size_t i = 0; i < arch->tensors[v].n_indices; i++)
            b->start[arch->tensors[v].index[i] + 1]++;
    }
    for (size_t e = 0; e < arch->n_indices; e++)
        next[e + 1] = b->start[e + 1] += b->start[e];
    for (size_t s = 0; s < arch->n_sites; s++)
        b->pins[next[arch->open[s]]++] = (uint32_t)s;
    for (size_t v = 0; v < arch->n_tensors; v++) {
        for (size_t i = 0; i < arch->tensors[v].n_indices; i++)
            b->pins[next[arch->tensors[v].index[i]]++] = (uint32_t)(arch->n_sites + v);
    }
done:
    ec_free(next);
    return status;
}

static void put_side(ec_text *text, ec_draw_side side)
{
    if (side != EC_DRAW_NO_SIDE)
        ec_text_printf(text, ", side %s", draw_side_name(side));
}

static ec_status add_site(builder *b, size_t site)
{
    const ec_named_index *index = &b->arch->indices[b->arch->open[site]];
    ec_draw_node n = {
        .kind = EC_DRAW_SITE, .side = draw_site_side(b->options, site), .number = site, .times = 1};
    ec_text tip = {0};

    ec_text_printf(&tip, "site %zu: open end of index ", site);
    draw_put_clean(&tip, index->name, NAME_CHARS);
    ec_text_printf(&tip, ", dimension %u", index->dim);
    put_side(&tip, n.side);
    n.label = draw_format(b->err, "%zu", site);
    n.tip = draw_take(&tip, b->err);
    return draw_add_node(b->drawing, n, b->err);
}

static ec_status add_tensor(builder *b, size_t v)
{
    const ec_named_tensor *tensor = &b->arch->tensors[v];
    ec_draw_node n = {
        .kind = EC_DRAW_TENSOR, .side = draw_tensor_side(b->options, v), .number = v, .times = 1};
    ec_text tip = {0};

    ec_text_puts(&tip, "tensor ");
    draw_put_clean(&tip, tensor->name, NAME_CHARS);
    for (size_t i = 0; i < tensor->n_indices; i++)
        ec_text_printf(&tip, "%s%u", i == 0 ? ", " : times_sign,
                       b->arch->indices[tensor->index[i]].dim);
    put_side(&tip, n.side);
    n.label = draw_clean(tensor->name, LABEL_CHARS, b->err);
    n.tip = draw_take(&tip, b->err);
    return draw_add_node(b->drawing, n, b->err);
}

static ec_status add_copy(builder *b, size_t e, bool cut)
{
    const ec_named_index *index = &b->arch->indices[e];
    ec_draw_node n = {.kind = EC_DRAW_COPY, .number = e, .times = 1, .cut = cut};
    size_t n_pins = b->start[e + 1] - b->start[e];
    ec_text tip = {0};

    ec_text_puts(&tip, "copy tensor of index ");
    draw_put_clean(&tip, index->name, NAME_CHARS);
    ec_text_printf(&tip, ", dimension %u, %zu pin%s%s", index->dim, n_pins, n_pins == 1 ? "" : "s",
                   cut ? ", cut" : "");
    n.label = ec_strdup("", b->err);
    n.tip = draw_take(&tip, b->err);
    return draw_add_node(b->drawing, n, b->err);
}

/* Append a bond of index e, labelled "name = dimension" if so wanted. */
static ec_status add_bond(builder *b, size_t e, ec_draw_bond bond, bool labelled)
{
    const ec_named_index *index = &b->arch->indices[e];
    char *name = draw_clean(labelled ? index->name : "", LABEL_CHARS, b->err);

    bond.dim = index->dim;
    if (name != NULL && labelled)
        bond.label = draw_format(b->err, "%s = %u", name, index->dim);
    else if (name != NULL)
        bond.label = ec_strdup("", b->err);
    ec_free(name);
    return draw_add_bond(b->drawing, bond, b->err);
}

static bool is_cut(const builder *b, size_t e)
{
    const ec_draw_node *nodes = b->drawing->nodes;

    for (size_t i = b->start[e] + 1; b->options->cut != NULL && i < b->start[e + 1]; i++) {
        if (nodes[b->pins[i]].side != nodes[b->pins[i - 1]].side)
            return true;
    }
    return false;
}

/* Two pins make a bond; any other number hangs on a copy tensor, labelled at its first bond. */
static ec_status add_index(builder *b, size_t e)
{
    ec_status status = EC_OK;
    size_t first = b->start[e], n = b->start[e + 1] - first;
    const uint32_t *pin = b->pins + first;
    bool cut = is_cut(b, e);
    uint32_t copy = (uint32_t)b->drawing->n_nodes;

    if (n == 2)
        return add_bond(b, e, (ec_draw_bond){.lower = pin[0], .upper = pin[1], .cut = cut}, true);
    EC_TRY(add_copy(b, e, cut));
    for (size_t i = 0; i < n; i++)
        EC_TRY(add_bond(b, e, (ec_draw_bond){.lower = pin[i], .upper = copy, .cut = cut}, i == 0));
done:
    return status;
}

ec_status draw_network(ec_drawing *drawing, const ec_arch *arch, const ec_draw_options *options,
                       ec_error *err)
{
    ec_status status = EC_OK;
    builder b = {.drawing = drawing, .arch = arch, .options = options, .err = err};

    if (arch->n_sites + arch->n_tensors > FREE_NODES || arch->n_indices > FREE_NODES)
        return ec_fail(
            err, EC_ELIMIT,
            "drawing: %zu sites, %zu tensors and %zu indices; at most %zu can be arranged",
            arch->n_sites, arch->n_tensors, arch->n_indices, FREE_NODES);
    for (size_t s = 0; s < arch->n_sites; s++)
        EC_TRY(add_site(&b, s));
    for (size_t v = 0; v < arch->n_tensors; v++)
        EC_TRY(add_tensor(&b, v));
    EC_TRY(gather_pins(&b));
    for (size_t e = 0; e < arch->n_indices; e++)
        EC_TRY(add_index(&b, e));
done:
    ec_free(b.start);
    ec_free(b.pins);
    return status;
}
