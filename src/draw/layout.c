/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Additional permission under section 7 (linking with Graphviz): see LICENSE. */
#include "draw/draw_i.h"

#include <math.h>

#define FREE_FONT  10.0
#define FREE_SITE  17.0
#define FREE_BOX   22.0
#define FREE_COPY  8.0
#define LABEL_ROOM 14.0

#define SQUARE     0.9 /* size of the squares of side B against the circles of side A */
#define COLUMN_GAP 0.6 /* between names and notes of rows, of the font size */

#define MARGIN_FONT 9.0
#define MARGIN_GAP  30.0

size_t draw_count_sites(const ec_drawing *drawing)
{
    size_t n = 0;

    for (size_t v = 0; v < drawing->n_nodes; v++)
        n += drawing->nodes[v].kind == EC_DRAW_SITE;
    return n;
}

double draw_line_width(uint32_t dim, double scale)
{
    return scale * (0.6 + 0.24 * log2(dim > 0 ? dim : 1));
}

double draw_name_column(const ec_drawing *drawing, double font)
{
    double widest = 0;

    for (size_t r = 0; r < drawing->n_rows; r++)
        widest = fmax(widest, ec_draw_text_width(drawing->rows[r].name, font, true));
    return widest + COLUMN_GAP * font;
}

double draw_note_column(const ec_drawing *drawing, double font)
{
    double widest = 0;

    for (size_t r = 0; r < drawing->n_rows; r++)
        widest = fmax(widest, ec_draw_text_width(drawing->rows[r].note, font, false));
    return widest;
}

double draw_site_size(ec_draw_side side, double size)
{
    return side == EC_DRAW_SIDE_B ? SQUARE * size : size;
}

ec_status draw_add_row_text(ec_drawing *drawing, const ec_draw_row *row, ec_point at, double font,
                            ec_error *err)
{
    ec_draw_text name = {.at = at, .size = font, .bold = true, .left = true};
    ec_draw_text note = {.at = at, .size = font, .left = true, .ink = EC_DRAW_GREY};

    if (row->cut)
        name.ink = note.ink = EC_DRAW_CUT_INK;
    note.at.x += draw_name_column(drawing, font);
    name.text = ec_strdup(row->name, err);
    ec_status status = draw_add_text(drawing, name, err);
    if (status == EC_OK) {
        note.text = ec_strdup(row->note, err);
        status = draw_add_text(drawing, note, err);
    }
    return status;
}

ec_status draw_name_rows(ec_drawing *drawing, ec_error *err)
{
    ec_status status = EC_OK;
    double left = drawing->nodes[0].at.x;

    for (size_t v = 0; v < drawing->n_nodes; v++)
        left = fmin(left, drawing->nodes[v].at.x - drawing->nodes[v].width / 2);
    left -= MARGIN_GAP + draw_name_column(drawing, MARGIN_FONT) +
            draw_note_column(drawing, MARGIN_FONT);
    for (size_t r = 0; r < drawing->n_rows; r++) {
        const ec_draw_row *row = &drawing->rows[r];
        EC_TRY(draw_add_row_text(drawing, row, (ec_point){left, row->at}, MARGIN_FONT, err));
    }
done:
    return status;
}

static void extend(ec_point *low, ec_point *high, ec_point at, ec_point half)
{
    low->x = fmin(low->x, at.x - half.x);
    low->y = fmin(low->y, at.y - half.y);
    high->x = fmax(high->x, at.x + half.x);
    high->y = fmax(high->y, at.y + half.y);
}

void ec_drawing_box(const ec_drawing *drawing, ec_point *low, ec_point *high)
{
    *low = (ec_point){INFINITY, INFINITY};
    *high = (ec_point){-INFINITY, -INFINITY};
    for (size_t v = 0; v < drawing->n_nodes; v++) {
        const ec_draw_node *node = &drawing->nodes[v];
        extend(low, high, node->at, (ec_point){node->width / 2, node->height / 2});
    }
    for (size_t i = 0; i < drawing->n_strokes; i++) {
        for (size_t k = 0; k < drawing->strokes[i].n; k++)
            extend(low, high, drawing->strokes[i].points[k], (ec_point){0, 0});
    }
    for (size_t i = 0; i < drawing->n_texts; i++) {
        const ec_draw_text *text = &drawing->texts[i];
        double width = ec_draw_text_width(text->text, text->size, text->bold);
        ec_point middle = {text->at.x + (text->left ? width / 2 : 0), text->at.y};
        extend(low, high, middle, (ec_point){width / 2, text->size / 2});
    }
    for (size_t i = 0; i < drawing->n_keys; i++)
        extend(low, high, drawing->keys[i].at, (ec_point){EC_DRAW_KEY_WIDTH / 2, 0});
}

/* Sizes of a free drawing; the engine leaves room for them. */
static void measure_free(ec_drawing *drawing)
{
    for (size_t v = 0; v < drawing->n_nodes; v++) {
        ec_draw_node *node = &drawing->nodes[v];
        double label = ec_draw_text_width(node->label, FREE_FONT, false);
        node->font = FREE_FONT;
        node->width = node->height =
            node->kind == EC_DRAW_SITE ? draw_site_size(node->side, FREE_SITE) : FREE_COPY;
        if (node->kind == EC_DRAW_TENSOR) {
            node->height = FREE_BOX;
            node->width = fmax(label + LABEL_ROOM, 1.4 * FREE_BOX);
        }
    }
    for (size_t i = 0; i < drawing->n_bonds; i++) {
        drawing->bonds[i].width = draw_line_width(drawing->bonds[i].dim, 1);
        drawing->bonds[i].font = FREE_FONT;
        drawing->bonds[i].dashed = drawing->bonds[i].cut;
    }
}

ec_status ec_drawing_layout(ec_drawing *drawing, ec_error *err)
{
    static ec_status (*const arrange[])(ec_drawing *, ec_error *) = {
        [EC_DRAW_ROWS] = draw_rows,
        [EC_DRAW_RING] = draw_ring,
        [EC_DRAW_PLANES] = draw_planes,
        [EC_DRAW_LAYERS] = draw_layers,
    };
    ec_status status = EC_OK;
    ec_point low, high;

    if (drawing->form == EC_DRAW_FREE) {
        measure_free(drawing);
        return EC_OK;
    }
    EC_TRY(arrange[drawing->shape](drawing, err));
    EC_TRY(draw_cut_strokes(drawing, err));
    ec_drawing_box(drawing, &low, &high);
    EC_TRY(ec_drawing_frame(drawing, low, high, err));
done:
    return status;
}
