/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Additional permission under section 7 (linking with Graphviz): see LICENSE. */
#include "render.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define FACE              " font-family=\"Helvetica,sans-Serif\"" /* of every text */
#define ROUND_BOX_NUMBERS ((size_t)50) /* coordinates of Graphviz' path around a round box */

/* The SVG being rewritten: what is left of Graphviz' text, and ours so far. */
typedef struct rewriter {
    const ec_drawing *drawing;
    const char *at;
    ec_text out;
    size_t next_node; /* nodes come in the drawing's order: where to look first */
} rewriter;

static void put_element(ec_text *out, const char *tag, const char *id, const char *text)
{
    ec_text_printf(out, "<%s", tag);
    if (id != NULL)
        ec_text_printf(out, " id=\"%s-%s\"", id, tag);
    ec_text_puts(out, ">");
    ec_text_xml(out, text);
    ec_text_printf(out, "</%s>\n", tag);
}

/* Copy up to `mark` and pass it; false if it does not occur. */
static bool copy_until(rewriter *w, const char *mark)
{
    const char *found = strstr(w->at, mark);

    if (found == NULL)
        return false;
    ec_text_add(&w->out, w->at, (size_t)(found - w->at));
    w->at = found + strlen(mark);
    return true;
}

/* Pass everything up to and with `mark`. */
static bool skip_past(rewriter *w, const char *mark)
{
    const char *found = strstr(w->at, mark);

    if (found != NULL)
        w->at = found + strlen(mark);
    return found != NULL;
}

static const ec_draw_node *find_node(rewriter *w, ec_draw_kind kind, uint64_t number)
{
    const ec_drawing *drawing = w->drawing;

    for (size_t i = 0; i < drawing->n_nodes; i++) {
        size_t v = (w->next_node + i) % drawing->n_nodes;
        const ec_draw_node *node = &drawing->nodes[v];
        if (node->kind == kind && node->number == number) {
            w->next_node = v + 1;
            return node;
        }
    }
    return NULL;
}

/* A title for the element with this id, if it is a node ("s12") or a bond ("b7"). */
static void put_title(rewriter *w, const char *id)
{
    static const char letters[] = "stib"; /* the first three in the order of ec_draw_kind */
    const char *letter = strchr(letters, *id);
    char *end;
    uint64_t number = strtoull(id + 1, &end, 10);

    if (letter == NULL || end == id + 1 || *end != '"')
        return;
    if (*letter != 'b') {
        const ec_draw_node *node = find_node(w, (ec_draw_kind)(letter - letters), number);
        put_element(&w->out, "title", NULL, node != NULL ? node->tip : "");
    } else if (number < w->drawing->n_bonds) {
        const ec_draw_bond *bond = &w->drawing->bonds[number];
        if (bond->cut || bond->font > 0) /* a thousand hair lines need no words */
            ec_text_printf(&w->out, "<title>dimension %u%s</title>\n", bond->dim,
                           bond->cut ? ", cut" : "");
    }
}

/*
 * Graphviz draws a round box as a path of 8 curves. If a path is here and is of that shape, write
 * the element that SVG has for it.
 */
static void put_round_box(rewriter *w)
{
    static const char head[] = "<path fill=", data[] = " d=\"M";
    const char *end = strstr(w->at, "/>"), *d = strstr(w->at, data);
    double low[2] = {INFINITY, INFINITY}, high[2] = {-INFINITY, -INFINITY}, first = 0;
    size_t n = 0;

    if (strncmp(w->at, head, strlen(head)) != 0 || end == NULL || d == NULL || d > end)
        return;
    for (const char *at = d + strlen(data); at < end && *at != '"'; n++) {
        char *next;
        double number = strtod(at, &next);
        if (next == at)
            return;
        first = n == 0 ? number : first;
        low[n % 2] = fmin(low[n % 2], number);
        high[n % 2] = fmax(high[n % 2], number);
        at = *next == '"' ? next : next + 1;
    }
    if (n != ROUND_BOX_NUMBERS)
        return;
    ec_text_puts(&w->out, "<rect");
    ec_text_add(&w->out, w->at + strlen("<path"), (size_t)(d - w->at) - strlen("<path"));
    ec_text_printf(&w->out, " x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" height=\"%.2f\" rx=\"%.2f\"",
                   low[0], low[1], high[0] - low[0], high[1] - low[1], high[0] - first);
    w->at = end;
}

/* The body: comments go; each group has an id and Graphviz' name, in whose place we put a title. */
static bool rewrite_groups(rewriter *w)
{
    static const char group[] = "<g id=\"", comment[] = "<!--";
    size_t prefix = strlen(w->drawing->id) + 1;

    while (copy_until(w, "<")) {
        w->at--; /* the element begins here */
        if (strncmp(w->at, comment, strlen(comment)) == 0) {
            if (!skip_past(w, "-->\n"))
                return false;
        } else if (strncmp(w->at, group, strlen(group)) == 0) {
            const char *id = w->at + strlen(group);
            if (!copy_until(w, "<title>") || !skip_past(w, "</title>\n"))
                return false;
            if (strncmp(id, w->drawing->id, prefix - 1) == 0) {
                put_title(w, id + prefix);
                put_round_box(w);
            }
        } else {
            ec_text_puts(&w->out, "<");
            w->at++;
        }
    }
    ec_text_puts(&w->out, w->at);
    return true;
}

/* The head: our prolog in place of Graphviz', and what the whole is. */
static bool rewrite_head(rewriter *w, bool inlined)
{
    const char *id = w->drawing->id;

    if (!skip_past(w, "<svg "))
        return false;
    if (!inlined) /* a page that this is put into says what it is in its own way */
        ec_text_puts(&w->out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    ec_text_printf(&w->out, "<svg id=\"%s\" class=\"entcap-drawing\"" FACE " ", id);
    if (!inlined)
        ec_text_printf(&w->out, "role=\"img\" aria-labelledby=\"%s-title %s-desc\" ", id, id);
    if (!copy_until(w, ">\n"))
        return false;
    ec_text_puts(&w->out, ">\n");
    put_element(&w->out, "title", id, w->drawing->name);
    put_element(&w->out, "desc", id, w->drawing->caption);
    return true;
}

/* All of a text, but for one part of it that becomes another wherever it occurs. */
static void put_replaced(ec_text *out, const char *svg, const char *part, const char *by)
{
    for (const char *next; (next = strstr(svg, part)) != NULL; svg = next + strlen(part)) {
        ec_text_add(out, svg, (size_t)(next - svg));
        ec_text_puts(out, by);
    }
    ec_text_puts(out, svg);
}

ec_status svg_finish(char **bytes, size_t *size, const char *svg, const ec_drawing *drawing,
                     bool inlined, ec_error *err)
{
    ec_text dashes = {0}, plain = {0};
    rewriter w = {.drawing = drawing};

    *bytes = NULL;
    *size = 0;
    /* Graphviz writes '-' as an entity, lest it end a comment; there will be none */
    put_replaced(&dashes, svg, "&#45;", "-");
    put_replaced(&plain, ec_text_get(&dashes), FACE, ""); /* said once, at the top */
    w.at = ec_text_get(&plain);
    bool understood = rewrite_head(&w, inlined) && rewrite_groups(&w);
    ec_status status = ec_text_check(&dashes, err);
    if (status == EC_OK)
        status = ec_text_check(&plain, err);
    if (status == EC_OK)
        status = ec_text_check(&w.out, err);
    if (status == EC_OK && !understood)
        status = ec_fail(err, EC_EINVAL, "Graphviz wrote SVG that entcap-draw does not understand");
    ec_text_clear(&dashes);
    ec_text_clear(&plain);
    if (status != EC_OK) {
        ec_text_clear(&w.out);
        return status;
    }
    *bytes = w.out.bytes; /* the caller's now */
    *size = w.out.size;
    return EC_OK;
}
