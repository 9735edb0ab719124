/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Additional permission under section 7 (linking with Graphviz): see LICENSE. */
#include "palette.h"
#include "render.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const site_shapes[] = {"circle", "circle", "square"};
static const char *const side_letters[] = {"", "A", "B"};
static const char *const side_classes[] = {"", " side-a", " side-b"};
static const char *const kind_letters[] = {"s", "t", "i"};
static const char *const kind_classes[] = {"site", "tensor", "copy"};

/* A text has a node that is surely wider: Graphviz aligns what fits to the node, else the node. */
#define ROOMY 1.3

/* Attributes and their defaults; Graphviz knows only those that were declared. */
static const struct {
    int kind;
    const char *name, *value;
} declared[] = {
    {AGRAPH, "outputorder", "edgesfirst"},
    {AGRAPH, "bgcolor", WHITE},
    {AGRAPH, "pad", "0.2"},
    {AGRAPH, "charset", "UTF-8"},
    {AGRAPH, "id", ""},
    {AGRAPH, "dpi", ""},
    {AGRAPH, "rankdir", ""},
    {AGRAPH, "ranksep", ""},
    {AGRAPH, "nodesep", ""},
    {AGRAPH, "splines", ""},
    {AGRAPH, "overlap", ""},
    {AGRAPH, "rank", ""},
    {AGNODE, "pos", ""},
    {AGNODE, "shape", "box"},
    {AGNODE, "style", "filled"},
    {AGNODE, "fixedsize", "shape"},
    {AGNODE, "width", "0.1"},
    {AGNODE, "height", "0.1"},
    {AGNODE, "margin", "0"},
    {AGNODE, "label", ""},
    {AGNODE, "fontsize", "9"},
    {AGNODE, "fontcolor", BLACK},
    {AGNODE, "color", BLACK},
    {AGNODE, "fillcolor", WHITE},
    {AGNODE, "penwidth", "0.7"},
    {AGNODE, "id", ""},
    {AGNODE, "class", ""},
    {AGEDGE, "headclip", "false"}, /* bonds run to the centres, under the nodes */
    {AGEDGE, "tailclip", "false"},
    {AGEDGE, "pos", ""},
    {AGEDGE, "lp", ""},
    {AGEDGE, "label", ""},
    {AGEDGE, "fontsize", "9"},
    {AGEDGE, "fontcolor", GREY},
    {AGEDGE, "color", GREY},
    {AGEDGE, "penwidth", "1"},
    {AGEDGE, "style", "solid"},
    {AGEDGE, "id", ""},
    {AGEDGE, "class", ""},
};

void graph_set(void *object, const char *name, const char *fmt, ...)
{
    char buffer[256], key[32];
    va_list args;

    va_start(args, fmt);
    vsnprintf(buffer, sizeof buffer, fmt, args);
    va_end(args);
    snprintf(key, sizeof key, "%s", name);
    agset(object, key, buffer);
}

/* A text from outside as a label: Graphviz reads backslashes and entities in labels. */
static void set_label(void *object, const char *text, bool left)
{
    char key[] = "label";
    ec_text label = {0};

    for (; *text != '\0'; text++) {
        if (*text == '\\')
            ec_text_puts(&label, "\\\\");
        else if (*text == '&')
            ec_text_puts(&label, "&amp;");
        else
            ec_text_add(&label, text, 1);
    }
    if (left)
        ec_text_puts(&label, "\\l");
    agset(object, key, (char *)(uintptr_t)ec_text_get(&label));
    ec_text_clear(&label);
}

static void set_size(Agnode_t *node, double width, double height)
{
    graph_set(node, "width", "%.4f", width / POINTS_PER_INCH);
    graph_set(node, "height", "%.4f", height / POINTS_PER_INCH);
}

static void set_at(Agnode_t *node, ec_point at)
{
    graph_set(node, "pos", "%.2f,%.2f", at.x, at.y);
}

static void set_colours(Agnode_t *node, const colours *paint)
{
    graph_set(node, "fillcolor", "%s", paint->fill);
    graph_set(node, "color", "%s", paint->line);
    graph_set(node, "fontcolor", "%s", paint->text);
}

/* A node with an id that is unique on a page of several drawings. */
static Agnode_t *new_node(const canvas *c, const char *prefix, unsigned long long number)
{
    char name[40];

    snprintf(name, sizeof name, "%s%llu", prefix, number);
    Agnode_t *node = agnode(c->graph, name, true);
    graph_set(node, "id", "%s-%s", c->drawing->id, name);
    return node;
}

/* ------------------------------------------------------------------- styles */

static void style_site(Agnode_t *node, ec_draw_side side, double size, double font)
{
    graph_set(node, "shape", "%s", site_shapes[side]);
    set_colours(node, size < TINY ? &dot_colours[side] : &site_colours[side]);
    set_size(node, size, size);
    graph_set(node, "penwidth", "%.2f", size < TINY ? 0.1 : 0.6);
    if (font > 0)
        graph_set(node, "label", "%s", side_letters[side]);
    graph_set(node, "fontsize", "%.2f", font > 0 ? font : 1);
}

static void style_tensor(Agnode_t *node, ec_draw_side side, double width, double height)
{
    if (height >= TINY)
        graph_set(node, "style", "rounded,filled");
    set_colours(node, &tensor_colours[side]);
    set_size(node, width, height);
    graph_set(node, "penwidth", "%.2f", height < TINY ? 0.3 : 0.7);
}

static void style_copy(Agnode_t *node, bool cut, double size)
{
    static const colours plain = {BLACK, BLACK, WHITE}, marked = {VERMILLION, BLACK, WHITE};

    graph_set(node, "shape", "circle");
    set_colours(node, cut ? &marked : &plain);
    set_size(node, cut ? CUT_COPY * size : size, cut ? CUT_COPY * size : size);
    graph_set(node, "penwidth", "%.2f", size < TINY ? 0.2 : 0.6);
}

static void style_bond(const canvas *c, Agedge_t *edge, const ec_draw_bond *bond)
{
    graph_set(edge, "penwidth", "%.2f", bond->cut ? CUT_WIDEN * bond->width : bond->width);
    if (bond->dashed)
        graph_set(edge, "style", "dashed");
    if (bond->cut) {
        graph_set(edge, "fontname", "%s", c->fonts[true]);
        graph_set(edge, "color", VERMILLION);
        graph_set(edge, "fontcolor", VERMILLION);
    } else if (bond->width < HAIR) {
        graph_set(edge, "color", PALE);
    }
}

/* -------------------------------------------------------------------- parts */

static Agnode_t *add_node(const canvas *c, size_t i)
{
    const ec_draw_node *n = &c->drawing->nodes[i];
    Agnode_t *node = new_node(c, kind_letters[n->kind], n->number);

    graph_set(node, "class", "%s%s%s", kind_classes[n->kind], side_classes[n->side],
              n->cut ? " cut" : "");
    if (n->kind == EC_DRAW_SITE) {
        style_site(node, n->side, n->width, n->font);
    } else if (n->kind == EC_DRAW_COPY) {
        style_copy(node, n->cut, n->width);
    } else {
        style_tensor(node, n->side, n->width, n->height);
        graph_set(node, "fontsize", "%.2f", n->font > 0 ? n->font : 1);
        if (n->font > 0)
            set_label(node, n->label, false);
    }
    if (c->drawing->form == EC_DRAW_TREE)
        set_at(node, n->at);
    return node;
}

static void set_curve(Agedge_t *edge, const ec_point curve[4])
{
    graph_set(edge, "pos", "%.2f,%.2f %.2f,%.2f %.2f,%.2f %.2f,%.2f", curve[0].x, curve[0].y,
              curve[1].x, curve[1].y, curve[2].x, curve[2].y, curve[3].x, curve[3].y);
}

static void add_bond(const canvas *c, Agnode_t **nodes, size_t i)
{
    const ec_draw_bond *b = &c->drawing->bonds[i];
    char key[24];

    snprintf(key, sizeof key, "b%zu", i);
    Agedge_t *edge = agedge(c->graph, nodes[b->lower], nodes[b->upper], key, true);
    c->edges[i] = edge;
    graph_set(edge, "id", "%s-%s", c->drawing->id, key);
    graph_set(edge, "class", "bond%s", b->cut ? " cut" : "");
    style_bond(c, edge, b);
    if (c->drawing->form == EC_DRAW_TREE)
        set_curve(edge, b->curve);
    if (b->font > 0 && b->label[0] != '\0') {
        graph_set(edge, "fontsize", "%.2f", b->font);
        if (c->drawing->form == EC_DRAW_TREE)
            graph_set(edge, "lp", "%.2f,%.2f", b->label_at.x, b->label_at.y);
    }
}

void graph_label_bonds(const canvas *c)
{
    for (size_t i = 0; i < c->drawing->n_bonds; i++) {
        const ec_draw_bond *bond = &c->drawing->bonds[i];
        if (bond->font > 0 && bond->label[0] != '\0')
            set_label(c->edges[i], bond->label, false);
    }
}

bool graph_numbers(double *out, size_t n, void *object, const char *name)
{
    char key[8];

    snprintf(key, sizeof key, "%s", name);
    const char *text = agget(object, key);
    for (size_t i = 0; i < n; i++) {
        char *end = NULL;
        out[i] = text != NULL ? strtod(text, &end) : 0;
        if (end == text || (i + 1 < n && *end != ','))
            return false;
        text = end + 1;
    }
    return true;
}

bool graph_label_at(ec_point *at, const canvas *c, size_t i)
{
    double place[2];
    bool found = graph_numbers(place, 2, c->edges[i], "lp");

    if (found)
        *at = (ec_point){place[0], place[1]};
    return found;
}

/* Graphviz writes "x,y x,y ..." */
ec_status graph_path(spline *out, const canvas *c, size_t i, ec_error *err)
{
    char key[] = "pos";
    const char *text = agget(c->edges[i], key);
    size_t room = 1;

    *out = (spline){NULL, 0};
    for (const char *at = text; at != NULL && *at != '\0'; at++)
        room += *at == ' ';
    out->points = ec_calloc(room, sizeof *out->points, err);
    if (out->points == NULL)
        return EC_ENOMEM;
    while (text != NULL && *text != '\0' && out->n < room) {
        ec_point *point = &out->points[out->n];
        char *end;
        point->x = strtod(text, &end);
        if (*end != ',')
            break;
        point->y = strtod(end + 1, &end);
        text = *end == ' ' ? end + 1 : end;
        out->n++;
    }
    if (out->n % 3 != 1)
        out->n = 0;
    return EC_OK;
}

/* A line that is no bond: an edge between two nodes of no size that cannot be seen. */
static Agedge_t *add_line(const canvas *c, const char *name, size_t i, const ec_point *points,
                          size_t n)
{
    static const char *const ends[2] = {"from", "to"};
    Agnode_t *nodes[2];
    char key[32], pos[] = "pos";
    ec_text curve = {0};

    for (int end = 0; end < 2; end++) {
        snprintf(key, sizeof key, "%s-%s", name, ends[end]);
        nodes[end] = new_node(c, key, i);
        graph_set(nodes[end], "style", "invis");
        set_size(nodes[end], 0.01, 0.01);
        set_at(nodes[end], points[end == 0 ? 0 : n - 1]);
    }
    Agedge_t *edge = agedge(c->graph, nodes[0], nodes[1], NULL, true);
    graph_set(edge, "id", "%s-%s%zu", c->drawing->id, name, i);
    for (size_t k = 0; k < n; k++)
        ec_text_printf(&curve, "%s%.2f,%.2f", k == 0 ? "" : " ", points[k].x, points[k].y);
    agset(edge, pos, (char *)(uintptr_t)ec_text_get(&curve));
    ec_text_clear(&curve);
    return edge;
}

/* Outlines come first, at the back; the cut last. */
static void add_strokes(const canvas *c, bool cut)
{
    for (size_t i = 0; i < c->drawing->n_strokes; i++) {
        const ec_draw_stroke *stroke = &c->drawing->strokes[i];
        if (stroke->cut != cut)
            continue;
        Agedge_t *edge = add_line(c, cut ? "cut" : "plane", i, stroke->points, stroke->n);
        graph_set(edge, "class", cut ? "cut-line" : "plane");
        graph_set(edge, "color", "%s", cut ? VERMILLION : PALE);
        graph_set(edge, "penwidth", "%.2f", stroke->width);
    }
}

/* What is not bold. */
static void declare_font(const canvas *c)
{
    char name[] = "fontname", value[64];

    snprintf(value, sizeof value, "%s", c->fonts[false]);
    agattr(c->graph, AGNODE, name, value);
    agattr(c->graph, AGEDGE, name, value);
}

ec_status graph_open(canvas *c, ec_error *err)
{
    char graph_name[] = "entcap";
    Agnode_t **nodes = ec_calloc(c->drawing->n_nodes, sizeof *nodes, err);

    c->edges = ec_calloc(c->drawing->n_bonds, sizeof(Agedge_t *), err);
    if (nodes == NULL || c->edges == NULL) {
        ec_free(nodes);
        return EC_ENOMEM;
    }
    c->graph = agopen(graph_name, Agundirected, NULL);
    for (size_t i = 0; i < sizeof declared / sizeof *declared; i++) {
        char name[32], value[32];
        snprintf(name, sizeof name, "%s", declared[i].name);
        snprintf(value, sizeof value, "%s", declared[i].value);
        agattr(c->graph, declared[i].kind, name, value);
    }
    declare_font(c);
    graph_set(c->graph, "id", "%s-picture", c->drawing->id);
    add_strokes(c, false);
    for (size_t i = 0; i < c->drawing->n_nodes; i++)
        nodes[i] = add_node(c, i);
    for (size_t i = 0; i < c->drawing->n_bonds; i++)
        add_bond(c, nodes, i);
    graph_label_bonds(c);
    ec_free(nodes);
    return EC_OK;
}

/* -------------------------------------------------------------------- frame */

static void add_text(const canvas *c, size_t i)
{
    const ec_draw_text *text = &c->drawing->texts[i];
    static const char *const inks[] = {BLACK, GREY, VERMILLION};
    Agnode_t *node = new_node(c, "text", i);
    double width = ROOMY * ec_draw_text_width(text->text, text->size, text->bold);

    graph_set(node, "shape", "plaintext");
    graph_set(node, "style", "solid");
    graph_set(node, "fontsize", "%.2f", text->size);
    graph_set(node, "fontname", "%s", c->fonts[text->bold]);
    graph_set(node, "fontcolor", "%s", inks[text->ink]);
    graph_set(node, "class", "text");
    set_label(node, text->text, text->left);
    set_size(node, width, text->size);
    set_at(node, (ec_point){text->at.x + (text->left ? width / 2 : 0), text->at.y});
}

/* A line sample, for the cut with what cuts it. */
static void add_line_sample(const canvas *c, size_t i)
{
    const ec_draw_key *key = &c->drawing->keys[i];
    ec_draw_bond sample = {.cut = key->sample == EC_DRAW_KEY_CUT, .width = SAMPLE_LINE};
    double half = EC_DRAW_KEY_WIDTH / 2, up = SAMPLE_SIZE / 2;
    const ec_point left = {key->at.x - half, key->at.y}, right = {key->at.x + half, key->at.y};
    const ec_point low = {key->at.x, key->at.y - up}, high = {key->at.x, key->at.y + up};

    for (size_t b = 0; b < c->drawing->n_bonds; b++)
        sample.dashed = sample.dashed || (sample.cut && c->drawing->bonds[b].dashed);
    style_bond(c, add_line(c, "line", i, (ec_point[]){left, left, right, right}, 4), &sample);
    if (sample.cut) {
        sample = (ec_draw_bond){.cut = true, .width = 0.8 * SAMPLE_LINE};
        style_bond(c, add_line(c, "stroke", i, (ec_point[]){low, low, high, high}, 4), &sample);
    }
}

static void style_sample(Agnode_t *node, ec_draw_sample sample)
{
    switch (sample) {
    case EC_DRAW_KEY_SITE:
    case EC_DRAW_KEY_SITE_A:
    case EC_DRAW_KEY_SITE_B:
        style_site(node, (ec_draw_side)(sample - EC_DRAW_KEY_SITE), SAMPLE_SIZE, 7);
        break;
    case EC_DRAW_KEY_TENSOR:
    case EC_DRAW_KEY_TENSOR_A:
    case EC_DRAW_KEY_TENSOR_B:
        style_tensor(node, (ec_draw_side)(sample - EC_DRAW_KEY_TENSOR), EC_DRAW_KEY_WIDTH,
                     SAMPLE_SIZE);
        break;
    case EC_DRAW_KEY_TIMES:
        graph_set(node, "shape", "plaintext");
        graph_set(node, "style", "solid");
        graph_set(node, "fontcolor", GREY);
        graph_set(node, "label", "\xc3\x97k");
        break;
    default:
        style_copy(node, false, 0.55 * SAMPLE_SIZE);
    }
}

static void add_sample(const canvas *c, size_t i)
{
    const ec_draw_key *key = &c->drawing->keys[i];

    if (key->sample == EC_DRAW_KEY_BOND || key->sample == EC_DRAW_KEY_CUT) {
        add_line_sample(c, i);
        return;
    }
    Agnode_t *node = new_node(c, "key", i);
    style_sample(node, key->sample);
    set_at(node, key->at);
}

void graph_add_frame(const canvas *c)
{
    add_strokes(c, true);
    for (size_t i = 0; i < c->drawing->n_texts; i++)
        add_text(c, i);
    for (size_t i = 0; i < c->drawing->n_keys; i++)
        add_sample(c, i);
}
