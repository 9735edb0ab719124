/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drawing.h"
#include "tool.h"

#include <string.h>

static const tool_usage usage = {
    .arguments = "FILE",
    .min_files = 1,
    .max_files = 1,
    .about =
        "Draws the tensor network: tensors, copy tensors, sites and bonds, the sides of a\n"
        "partition coloured and its min cut marked. The ending of the output file says the\n"
        "format: .dot, .svg, .pdf, .png, or .tex (TikZ). Without --partition: the description's\n"
        "first.\n",
    .examples = "  entcap draw models/bridge.yaml -o bridge.svg\n"
                "  entcap draw models/fashion-convac.yaml --partition interleaved -o picture.pdf\n"
                "  entcap draw models/fashion-convac.yaml --collapse layers -o layers.svg\n",
};

/* The format that a file name's ending asks for; NULL for any other. */
static const char *format_of(const char *path)
{
    static const char *const formats[] = {"dot", "svg", "pdf", "png", "tex"};
    const char *dot = strrchr(path, '.');

    for (size_t i = 0; dot != NULL && i < sizeof formats / sizeof *formats; i++) {
        if (strcmp(dot + 1, formats[i]) == 0)
            return formats[i];
    }
    return NULL;
}

/* Render a drawing into the file; an exit code. */
static int render(tool *t, const ec_drawing *drawing, const char *output)
{
    ec_text picture = {0};
    ec_error err = {0};

    tool_phase(t, "render");
    ec_status status = drawing_render(&picture, drawing, format_of(output), &err);
    if (status == EC_OK)
        status = ec_file_write(output, ec_text_get(&picture), picture.size, &err);
    ec_text_clear(&picture);
    return status == EC_OK ? TOOL_YES : tool_fail(t, NULL, &err);
}

static int draw(tool *t, const tool_input *input, const char *output, ec_draw_options options)
{
    const ec_partitions *partitions = &input->partitions;
    ec_drawing *drawing = NULL;
    ec_error err = {0};
    int code;

    tool_phase(t, "draw");
    options.partition = partitions->n > 0 ? &partitions->items[0] : NULL;
    if (drawing_make_as(&drawing, input->arch, options, &t->run, &err) == EC_OK)
        code = render(t, drawing, output);
    else
        code = tool_fail(t, input->file, &err);
    ec_drawing_free(drawing);
    return code;
}

/* What the command line says about the picture; an exit code, or TOOL_GO_ON. */
static int parse(tool *t, const char **output, ec_draw_options *out)
{
    int fold = EC_DRAW_FOLD_AUTO, view = EC_DRAW_VIEW_AUTO, collapse = 0;
    bool unfold = false;
    const tool_option options[] = {
        {"output",
         'o',
         TOOL_TEXT,
         output,
         "FILE.svg|pdf|png|dot|tex",
         "the picture to write",
         {0, 0}},
        {"view",
         0,
         TOOL_CHOICE,
         &view,
         "auto|rows|ring|planes",
         "how it is arranged; auto: a 2-D grid in planes, else rows, many sites in a ring",
         {0, 0}},
        {"collapse",
         0,
         TOOL_CHOICE,
         &collapse,
         "none|layers",
         "layers: one box for each layer, as on a whiteboard",
         {0, 0}},
        {"fold",
         0,
         TOOL_CHOICE,
         &fold,
         "auto|never|always",
         "draw equal subtrees once; auto: where there are very many",
         {0, 0}},
        {"unfold", 0, TOOL_FLAG, &unfold, NULL, "the same as --fold never", {0, 0}},
        {0},
    };
    int code = tool_parse(t, &usage, options);

    if (code != TOOL_GO_ON)
        return code;
    if (*output == NULL || format_of(*output) == NULL)
        return tool_misuse(t, "--output says where to draw: a file .dot, .svg, .pdf, .png or .tex");
    if (t->partitions.n > 1)
        return tool_misuse(t, "a picture shows one --partition");
    if (collapse == 1 && (view != EC_DRAW_VIEW_AUTO || fold != EC_DRAW_FOLD_AUTO || unfold))
        return tool_misuse(t, "--collapse layers leaves nothing to arrange or to fold");
    if (unfold && fold == EC_DRAW_FOLD_ALWAYS)
        return tool_misuse(t, "--unfold and --fold always contradict each other");
    out->fold = unfold ? EC_DRAW_FOLD_NEVER : (ec_draw_fold)fold;
    out->view = collapse == 1 ? EC_DRAW_VIEW_LAYERS : (ec_draw_view)view;
    return TOOL_GO_ON;
}

int cmd_draw(tool *t)
{
    const char *output = NULL;
    ec_draw_options options = {0};
    tool_input input = {.file = NULL};
    int code = parse(t, &output, &options);

    if (code == TOOL_GO_ON)
        code = tool_read(t, t->files[0], &input);
    if (code == TOOL_GO_ON)
        code = draw(t, &input, output, options);
    tool_input_clear(&input);
    return code;
}
