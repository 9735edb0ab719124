/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Additional permission under section 7 (linking with Graphviz): see LICENSE. */
#include "render.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PNG_DPI     180.0  /* unless the picture is so large that it gets */
#define PNG_PIXELS  6000.0 /*   more than these many pixels a side */
#define PNG_DPI_MIN 40.0

const char *const render_format_names[RENDER_N_FORMATS] = {
    [RENDER_DOT] = "dot", [RENDER_SVG] = "svg", [RENDER_SVG_INLINE] = "svg-inline",
    [RENDER_PDF] = "pdf", [RENDER_PNG] = "png", [RENDER_TEX] = "tex",
};

/* Graphviz' name of each format. */
static const char *const plugin_names[RENDER_N_FORMATS] = {
    [RENDER_DOT] = "dot", [RENDER_SVG] = "svg", [RENDER_SVG_INLINE] = "svg",
    [RENDER_PDF] = "pdf", [RENDER_PNG] = "png",
};

/*
 * Text that stays text is set in a face by its PostScript name, which Graphviz turns into a family
 * and a weight; text that is rendered here, in the first of a list that fontconfig finds.
 */
#define TEXT_FACES                                                                                 \
    {                                                                                              \
        "Helvetica", "Helvetica-Bold"                                                              \
    }
#define RENDER_FACES                                                                               \
    {                                                                                              \
        "Helvetica,Arial,sans-serif", "Helvetica,Arial,sans-serif bold"                            \
    }
static const char *const fonts[RENDER_N_FORMATS][2] = {
    [RENDER_DOT] = TEXT_FACES, [RENDER_SVG] = TEXT_FACES,   [RENDER_SVG_INLINE] = TEXT_FACES,
    [RENDER_TEX] = TEXT_FACES, [RENDER_PDF] = RENDER_FACES, [RENDER_PNG] = RENDER_FACES,
};

/*
 * What Graphviz had to say: any word of it is a failure, because it also goes on after errors. A
 * global, because its callback takes no argument.
 */
static struct {
    char text[400];
    bool spoke;
} graphviz;

static int listen(char *message)
{
    size_t used = strlen(graphviz.text);

    graphviz.spoke = true;
    snprintf(graphviz.text + used, sizeof graphviz.text - used, "%s", message);
    return 0;
}

ec_status render_check(int code, const char *what, ec_error *err)
{
    if (code == 0 && !graphviz.spoke)
        return EC_OK;
    graphviz.text[strcspn(graphviz.text, "\n")] = '\0';
    return ec_fail(err, EC_ENUMERIC, "Graphviz, %s: %s", what,
                   graphviz.spoke ? graphviz.text : "failed without a message");
}

/* ------------------------------------------------------------------- render */

/* Dots per inch of a PNG, so that its longer side stays within limits. */
static void set_resolution(const canvas *c)
{
    ec_point low, high;

    ec_drawing_box(c->drawing, &low, &high);
    double inches = fmax(high.x - low.x, high.y - low.y) / POINTS_PER_INCH;
    double dpi = fmax(PNG_DPI_MIN, fmin(PNG_DPI, PNG_PIXELS / inches));
    graph_set(c->graph, "dpi", "%.0f", dpi);
}

/* The time in a PDF, set to the beginning of 1970: the same drawing gives the same bytes. */
static void blank_time(char *pdf, size_t size)
{
    static const char key[] = "/CreationDate (D:", time[] = "19700101000000";
    size_t length = strlen(key) + strlen(time);

    for (size_t i = 0; i + length <= size; i++) {
        if (memcmp(pdf + i, key, strlen(key)) == 0)
            memcpy(pdf + i + strlen(key), time, strlen(time));
    }
}

static ec_status copy_result(char **bytes, size_t *size, const char *data, unsigned length,
                             ec_error *err)
{
    *bytes = ec_calloc((size_t)length + 1, 1, err);
    if (*bytes == NULL)
        return EC_ENOMEM;
    memcpy(*bytes, data, length);
    *size = length;
    return EC_OK;
}

static ec_status draw_graph(char **bytes, size_t *size, GVC_t *gvc, const canvas *c,
                            render_format format, ec_error *err)
{
    char *data = NULL;
    unsigned length = 0;
    ec_status status = render_check(gvLayout(gvc, c->graph, "nop2"), "reading the places", err);

    if (status != EC_OK)
        return status;
    status = render_check(gvRenderData(gvc, c->graph, plugin_names[format], &data, &length),
                          "rendering", err);
    if (status != EC_OK || data == NULL)
        status = ec_fail(err, EC_ENUMERIC, "Graphviz rendered nothing");
    else if (format == RENDER_SVG || format == RENDER_SVG_INLINE)
        status = svg_finish(bytes, size, data, c->drawing, format == RENDER_SVG_INLINE, err);
    else
        status = copy_result(bytes, size, data, length, err);
    if (status == EC_OK && format == RENDER_PDF)
        blank_time(*bytes, *size);
    gvFreeRenderData(data);
    gvFreeLayout(gvc, c->graph);
    return status;
}

/* Everything has its place: add the frame and let Graphviz render it all. */
static ec_status finish(char **bytes, size_t *size, GVC_t *gvc, const canvas *c,
                        render_format format, ec_error *err)
{
    graph_add_frame(c);
    if (format == RENDER_PNG)
        set_resolution(c);
    if (format == RENDER_DOT) /* whoever reads it keeps the places */
        agattr(c->graph, AGRAPH, (char[]){"layout"}, (char[]){"nop2"});
    return draw_graph(bytes, size, gvc, c, format, err);
}

ec_status render(char **bytes, size_t *size, ec_drawing *drawing, render_format format,
                 ec_error *err)
{
    ec_status status = ec_drawing_layout(drawing, err);
    canvas c = {.drawing = drawing};

    *bytes = NULL;
    *size = 0;
    memcpy(c.fonts, fonts[format], sizeof c.fonts);
    agseterrf(listen);
    if (status == EC_OK)
        status = graph_open(&c, err);
    if (status != EC_OK)
        return status;
    GVC_t *gvc = gvContext();
    if (gvc == NULL)
        status = ec_fail(err, EC_ENUMERIC, "Graphviz does not start");
    else if (drawing->form == EC_DRAW_FREE)
        status = free_place(gvc, &c, err);
    if (status == EC_OK && format == RENDER_TEX)
        status = tikz_write(bytes, size, &c, err);
    else if (status == EC_OK)
        status = finish(bytes, size, gvc, &c, format, err);
    agclose(c.graph);
    ec_free(c.edges);
    if (gvc != NULL)
        gvFreeContext(gvc);
    return status;
}
