/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Additional permission under section 7 (linking with Graphviz): see LICENSE. */
#include "draw/draw_i.h"

#include <string.h>

#define NAME_CHARS 80 /* of an architecture's name, in the title */

ec_status draw_new(ec_drawing **out, ec_draw_form form, ec_error *err)
{
    *out = ec_calloc(1, sizeof **out, err);
    if (*out == NULL)
        return EC_ENOMEM;
    (*out)->form = form;
    return EC_OK;
}

void ec_drawing_free(ec_drawing *drawing)
{
    if (drawing == NULL)
        return;
    for (size_t i = 0; i < drawing->n_rows; i++) {
        ec_free(drawing->rows[i].name);
        ec_free(drawing->rows[i].note);
    }
    for (size_t i = 0; i < drawing->n_nodes; i++) {
        ec_free(drawing->nodes[i].label);
        ec_free(drawing->nodes[i].tip);
    }
    for (size_t i = 0; i < drawing->n_bonds; i++)
        ec_free(drawing->bonds[i].label);
    for (size_t i = 0; i < drawing->n_texts; i++)
        ec_free(drawing->texts[i].text);
    for (size_t i = 0; i < drawing->n_strokes; i++)
        ec_free(drawing->strokes[i].points);
    ec_free(drawing->strokes);
    ec_free(drawing->rows);
    ec_free(drawing->nodes);
    ec_free(drawing->bonds);
    ec_free(drawing->texts);
    ec_free(drawing->keys);
    ec_free(drawing->id);
    ec_free(drawing->name);
    ec_free(drawing->caption);
    ec_free(drawing);
}

/*
 * Append an item to an array that only this function grows: its capacity is the power of two at or
 * above *n. `array` is the address of the pointer to the items.
 */
static ec_status push(void *array, size_t *n, const void *item, size_t size, ec_error *err)
{
    void *items;

    memcpy(&items, array, sizeof items);
    if (*n == 0 || (*n & (*n - 1)) == 0) {
        items = ec_realloc(items, *n != 0 ? 2 * *n : 1, size, err);
        if (items == NULL)
            return EC_ENOMEM;
        memcpy(array, &items, sizeof items);
    }
    memcpy((char *)items + *n * size, item, size);
    ++*n;
    return EC_OK;
}

ec_status draw_add_row(ec_drawing *drawing, ec_draw_row row, ec_error *err)
{
    ec_status status = EC_ENOMEM;

    if (row.name != NULL && row.note != NULL)
        status = push(&drawing->rows, &drawing->n_rows, &row, sizeof row, err);
    if (status != EC_OK) {
        ec_free(row.name);
        ec_free(row.note);
    }
    return status;
}

ec_status draw_add_node(ec_drawing *drawing, ec_draw_node node, ec_error *err)
{
    ec_status status = EC_ENOMEM;

    if (node.label != NULL && node.tip != NULL && drawing->n_nodes < EC_DRAW_MAX_NODES)
        status = push(&drawing->nodes, &drawing->n_nodes, &node, sizeof node, err);
    else if (drawing->n_nodes >= EC_DRAW_MAX_NODES)
        status = ec_fail(err, EC_ELIMIT, "a drawing of more than %zu nodes would not be readable",
                         EC_DRAW_MAX_NODES);
    if (status != EC_OK) {
        ec_free(node.label);
        ec_free(node.tip);
    }
    return status;
}

ec_status draw_add_bond(ec_drawing *drawing, ec_draw_bond bond, ec_error *err)
{
    ec_status status = EC_ENOMEM;

    if (bond.label != NULL)
        status = push(&drawing->bonds, &drawing->n_bonds, &bond, sizeof bond, err);
    if (status != EC_OK)
        ec_free(bond.label);
    return status;
}

ec_status draw_add_text(ec_drawing *drawing, ec_draw_text text, ec_error *err)
{
    ec_status status = EC_ENOMEM;

    if (text.text != NULL)
        status = push(&drawing->texts, &drawing->n_texts, &text, sizeof text, err);
    if (status != EC_OK)
        ec_free(text.text);
    return status;
}

ec_status draw_add_stroke(ec_drawing *drawing, ec_draw_stroke stroke, ec_error *err)
{
    ec_status status = EC_ENOMEM;

    if (stroke.points != NULL)
        status = push(&drawing->strokes, &drawing->n_strokes, &stroke, sizeof stroke, err);
    if (status != EC_OK)
        ec_free(stroke.points);
    return status;
}

ec_status draw_add_key(ec_drawing *drawing, ec_draw_sample sample, ec_point at, ec_error *err)
{
    ec_draw_key key = {.sample = sample, .at = at};

    return push(&drawing->keys, &drawing->n_keys, &key, sizeof key, err);
}

bool draw_is_id(const char *id)
{
    static const char id_characters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

    return *id != '\0' && id[strspn(id, id_characters)] == '\0';
}

static size_t count_tensors(const ec_arch *arch)
{
    size_t n = arch->n_tensors;

    for (size_t level = 0; level < arch->n_levels; level++)
        n += ec_level_positions(&arch->levels[level]);
    return n;
}

static ec_status check_options(const ec_arch *arch, const ec_draw_options *options, ec_error *err)
{
    const char *id = options->id;

    if (options->view != EC_DRAW_VIEW_AUTO && ec_arch_is_network(arch))
        return ec_fail(err, EC_EINVAL, "drawing: a network description has one view");
    if (id != NULL && !draw_is_id(id))
        return ec_fail(err, EC_EINVAL, "drawing id '%s': " DRAW_ID_RULE, id);
    if (options->partition != NULL && options->partition->a.n != arch->n_sites)
        return ec_fail(err, EC_EINVAL, "partition of %zu sites, the architecture has %zu",
                       options->partition->a.n, arch->n_sites);
    if (options->cut == NULL)
        return EC_OK;
    if (options->partition == NULL || options->cut->side_a == NULL)
        return ec_fail(err, EC_EINVAL, "a cut is drawn with its partition and its sides");
    if (options->cut->n_tensors != count_tensors(arch))
        return ec_fail(err, EC_EINVAL, "cut of %zu tensors, the architecture has %zu",
                       options->cut->n_tensors, count_tensors(arch));
    return EC_OK;
}

ec_status ec_drawing_from_arch(ec_drawing **out, const ec_arch *arch,
                               const ec_draw_options *options, const ec_run *run, ec_error *err)
{
    ec_status status = EC_OK;
    ec_drawing *drawing = NULL;
    bool tree = !ec_arch_is_network(arch);

    *out = NULL;
    EC_TRY(check_options(arch, options, err));
    EC_TRY(draw_new(&drawing, tree ? EC_DRAW_TREE : EC_DRAW_FREE, err));
    drawing->id = ec_strdup(options->id != NULL ? options->id : "entcap", err);
    drawing->name = draw_clean(arch->name != NULL ? arch->name : "", NAME_CHARS, err);
    drawing->caption = draw_caption(options, err);
    if (drawing->id == NULL || drawing->name == NULL || drawing->caption == NULL)
        status = EC_ENOMEM;
    else if (tree)
        status = draw_tree(drawing, arch, options, run, err);
    else
        status = draw_network(drawing, arch, options, err);
    EC_TRY(status);
    *out = drawing;
    drawing = NULL;
done:
    ec_drawing_free(drawing);
    return status;
}
