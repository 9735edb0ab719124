/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Additional permission under section 7 (linking with Graphviz): see LICENSE. */
#include "render.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* Networks that are no trees: a Graphviz engine places their nodes. */

#define LABEL_LIFT   3.0
#define LABEL_LINE   1.2 /* height of a label, of its font size */
#define LABEL_PAD    2.0
#define FREE_DOT_MAX ((size_t)400) /* nodes that the engine dot arranges; neato, beyond */

/* Sites of side A at the left, of side B at the right: the cut runs down between them. */
static void part_sides(const canvas *c)
{
    const ec_drawing *drawing = c->drawing;
    static const char *const ranks[] = {"same", "min", "max"};

    for (ec_draw_side side = EC_DRAW_SIDE_A; side <= EC_DRAW_SIDE_B; side++) {
        char name[32];
        snprintf(name, sizeof name, "side%d", (int)side);
        Agraph_t *group = agsubg(c->graph, name, true);
        graph_set(group, "rank", "%s", ranks[side]);
        for (size_t i = 0; i < drawing->n_nodes; i++) {
            const ec_draw_node *node = &drawing->nodes[i];
            snprintf(name, sizeof name, "s%llu", (unsigned long long)node->number);
            if (node->kind == EC_DRAW_SITE && node->side == side)
                agsubnode(group, agnode(c->graph, name, false), true);
        }
    }
}

/* Take over where the engine put the nodes, and lift labels off the lines that they lie on. */
static void read_places(const canvas *c)
{
    size_t i = 0;

    for (Agnode_t *n = agfstnode(c->graph); n != NULL; n = agnxtnode(c->graph, n), i++) {
        double at[2], label[2];
        if (graph_numbers(at, 2, n, "pos"))
            c->drawing->nodes[i].at = (ec_point){at[0], at[1]};
        for (Agedge_t *e = agfstout(c->graph, n); e != NULL; e = agnxtout(c->graph, e)) {
            if (graph_numbers(label, 2, e, "lp"))
                graph_set(e, "lp", "%.2f,%.2f", label[0], label[1] + LABEL_LIFT);
        }
    }
}

/*
 * Graphviz measures labels in the fonts that it finds. While it places them each is an empty cell
 * of the size that it may take, so that a picture is the same everywhere.
 */
static void reserve_labels(const canvas *c)
{
    char key[] = "label", cell[200];

    for (size_t i = 0; i < c->drawing->n_bonds; i++) {
        const ec_draw_bond *bond = &c->drawing->bonds[i];
        double width = ec_draw_text_width(bond->label, bond->font, bond->cut);
        if (bond->font <= 0 || bond->label[0] == '\0')
            continue;
        snprintf(cell, sizeof cell,
                 "<TABLE BORDER=\"0\" CELLBORDER=\"0\" CELLPADDING=\"0\" CELLSPACING=\"0\"><TR>"
                 "<TD FIXEDSIZE=\"TRUE\" WIDTH=\"%.0f\" HEIGHT=\"%.0f\"></TD></TR></TABLE>",
                 ceil(width) + LABEL_PAD, ceil(LABEL_LINE * bond->font));
        char *html = agstrdup_html(c->graph, cell);
        agset(c->edges[i], key, html);
        agstrfree(c->graph, html);
    }
}

/* Let an engine place the nodes, keep the places as attributes, and frame the picture. */
ec_status free_place(GVC_t *gvc, const canvas *c, ec_error *err)
{
    Agraph_t *graph = c->graph;
    bool layered = c->drawing->n_nodes <= FREE_DOT_MAX;
    double box[4];
    ec_status status;

    graph_set(graph, "rankdir", "LR");
    graph_set(graph, "ranksep", "0.7");
    graph_set(graph, "nodesep", "0.45");
    graph_set(graph, "splines", layered ? "spline" : "line");
    graph_set(graph, "overlap", layered ? "" : "false");
    if (layered)
        part_sides(c);
    reserve_labels(c);
    status =
        render_check(gvLayout(gvc, graph, layered ? "dot" : "neato"), "placing the nodes", err);
    if (status != EC_OK)
        return status;
    attach_attrs(graph);
    gvFreeLayout(gvc, graph);
    read_places(c);
    graph_label_bonds(c);
    graph_set(graph, "rankdir", "TB");
    if (!graph_numbers(box, 4, graph, "bb"))
        return ec_fail(err, EC_ENUMERIC, "Graphviz did not say where the nodes stand");
    ec_point low = {box[0], box[1]}, high = {box[2], box[3]};
    status = cut_free(c, &low, &high, err);
    return status == EC_OK ? ec_drawing_frame(c->drawing, low, high, err) : status;
}
