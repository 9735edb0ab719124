/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Additional permission under section 7 (linking with Graphviz): see LICENSE. */
#include "draw/draw_i.h"

#include <math.h>

#define TITLE_FONT   15.0
#define CAPTION_FONT 11.0
#define KEY_FONT     9.0
#define LINE         1.5 /* from line to line, of the font size */
#define PICTURE_GAP  24.0
#define KEY_GAP      24.0 /* between entries */
#define KEY_INDENT   7.0  /* between a sample and its words */
#define WIDTH_MIN    420.0

static const char *const key_words[EC_DRAW_KEY_N] = {
    [EC_DRAW_KEY_SITE] = "site",
    [EC_DRAW_KEY_SITE_A] = "site, side A",
    [EC_DRAW_KEY_SITE_B] = "site, side B",
    [EC_DRAW_KEY_TENSOR] = "tensor",
    [EC_DRAW_KEY_TENSOR_A] = "tensor, side A",
    [EC_DRAW_KEY_TENSOR_B] = "tensor, side B",
    [EC_DRAW_KEY_COPY] = "copy tensor (one index, any number of pins)",
    [EC_DRAW_KEY_BOND] = "bond, wider with its dimension",
    [EC_DRAW_KEY_TIMES] = "equal subtrees, drawn once",
    [EC_DRAW_KEY_CUT] = "index of the min cut",
};

static ec_draw_sample sample_of(const ec_draw_node *node)
{
    if (node->kind == EC_DRAW_COPY)
        return EC_DRAW_KEY_COPY;
    return (node->kind == EC_DRAW_SITE ? EC_DRAW_KEY_SITE : EC_DRAW_KEY_TENSOR) + node->side;
}

static void find_used(bool used[EC_DRAW_KEY_N], const ec_drawing *drawing)
{
    for (size_t v = 0; v < drawing->n_nodes; v++)
        used[sample_of(&drawing->nodes[v])] = true;
    used[EC_DRAW_KEY_TIMES] = drawing->folded;
    used[EC_DRAW_KEY_BOND] = drawing->n_bonds > 0;
    for (size_t i = 0; i < drawing->n_bonds; i++)
        used[EC_DRAW_KEY_CUT] = used[EC_DRAW_KEY_CUT] || drawing->bonds[i].cut;
}

static ec_status add_line(ec_drawing *drawing, const char *line, ec_draw_text style, ec_error *err)
{
    if (line[0] == '\0')
        return EC_OK;
    style.left = true;
    style.text = ec_strdup(line, err);
    return draw_add_text(drawing, style, err);
}

/* The number of each site under it, where there is room. */
static ec_status number_sites(ec_drawing *drawing, ec_error *err)
{
    ec_status status = EC_OK;

    for (size_t v = 0; v < drawing->n_nodes; v++) {
        const ec_draw_node *node = &drawing->nodes[v];
        if (node->kind != EC_DRAW_SITE || node->font <= 0 || node->label[0] == '\0')
            continue;
        ec_draw_text text = {.size = node->font, .ink = EC_DRAW_GREY};
        text.at = (ec_point){node->at.x, node->at.y - node->height / 2 - 0.75 * node->font};
        text.text = ec_strdup(node->label, err);
        EC_TRY(draw_add_text(drawing, text, err));
    }
done:
    return status;
}

/* The key, from the left, as many entries a line as fit. */
static ec_status add_key(ec_drawing *drawing, ec_point at, double right, ec_error *err)
{
    ec_status status = EC_OK;
    bool used[EC_DRAW_KEY_N] = {false};
    double start = at.x;

    find_used(used, drawing);
    for (ec_draw_sample sample = 0; sample < EC_DRAW_KEY_N; sample++) {
        double words = ec_draw_text_width(key_words[sample], KEY_FONT, false);
        double width = EC_DRAW_KEY_WIDTH + KEY_INDENT + words;
        if (!used[sample])
            continue;
        if (at.x + width > right && at.x > start)
            at = (ec_point){start, at.y - 2 * KEY_FONT};
        ec_point middle = {at.x + EC_DRAW_KEY_WIDTH / 2, at.y};
        ec_point text = {at.x + EC_DRAW_KEY_WIDTH + KEY_INDENT, at.y};
        EC_TRY(draw_add_key(drawing, sample, middle, err));
        EC_TRY(add_line(drawing, key_words[sample], (ec_draw_text){.at = text, .size = KEY_FONT},
                        err));
        at.x += width + KEY_GAP;
    }
done:
    return status;
}

ec_status ec_drawing_frame(ec_drawing *drawing, ec_point low, ec_point high, ec_error *err)
{
    ec_status status = EC_OK;
    ec_draw_text title = {.size = TITLE_FONT, .bold = true};
    ec_draw_text caption = {.size = CAPTION_FONT};
    double right = fmax(high.x, low.x + WIDTH_MIN);
    ec_point numbered_low, numbered_high;

    caption.at = (ec_point){low.x, high.y + PICTURE_GAP};
    title.at = (ec_point){low.x, caption.at.y};
    if (drawing->caption[0] != '\0')
        title.at.y += LINE * CAPTION_FONT;
    EC_TRY(number_sites(drawing, err));
    ec_drawing_box(drawing, &numbered_low, &numbered_high);
    low.y = fmin(low.y, numbered_low.y);
    EC_TRY(add_line(drawing, drawing->name, title, err));
    EC_TRY(add_line(drawing, drawing->caption, caption, err));
    EC_TRY(add_key(drawing, (ec_point){low.x, low.y - PICTURE_GAP}, right, err));
done:
    return status;
}
