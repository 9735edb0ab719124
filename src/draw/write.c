/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Additional permission under section 7 (linking with Graphviz): see LICENSE. */
#include "draw/format_i.h"

/* A blank and a quoted text. */
static void put_quoted(ec_text *text, const char *s)
{
    ec_text_puts(text, " \"");
    for (; *s != '\0'; s++) {
        if (*s == '"' || *s == '\\')
            ec_text_puts(text, "\\");
        ec_text_add(text, s, 1);
    }
    ec_text_puts(text, "\"");
}

static void put_line(ec_text *text, const char *keyword, const char *s)
{
    ec_text_puts(text, keyword);
    put_quoted(text, s);
    ec_text_puts(text, "\n");
}

static void put_row(ec_text *text, const ec_draw_row *row)
{
    ec_text_printf(text, "row %s %u %u", draw_cut_words[row->cut], row->grid[0], row->grid[1]);
    put_quoted(text, row->name);
    put_quoted(text, row->note);
    ec_text_puts(text, "\n");
}

static void put_node(ec_text *text, const ec_draw_node *node)
{
    ec_text_printf(text, "node %s %s %u %llu %llu %s", draw_kind_words[node->kind],
                   draw_side_words[node->side], node->row, (unsigned long long)node->number,
                   (unsigned long long)node->times, draw_cut_words[node->cut]);
    put_quoted(text, node->label);
    put_quoted(text, node->tip);
    ec_text_puts(text, "\n");
}

static void put_bond(ec_text *text, const ec_draw_bond *bond)
{
    ec_text_printf(text, "bond %u %u %u %s", bond->lower, bond->upper, bond->dim,
                   draw_cut_words[bond->cut]);
    put_quoted(text, bond->label);
    ec_text_puts(text, "\n");
}

ec_status ec_drawing_write(char **text, size_t *size, const ec_drawing *drawing, ec_error *err)
{
    ec_text t = {0};

    ec_text_printf(&t, "%s\n", draw_magic);
    put_line(&t, "id", drawing->id);
    ec_text_printf(&t, "form %s\n", draw_form_words[drawing->form]);
    ec_text_printf(&t, "shape %s\n", draw_shape_words[drawing->shape]);
    ec_text_printf(&t, "folded %s\n", draw_fold_words[drawing->folded]);
    put_line(&t, "name", drawing->name);
    put_line(&t, "caption", drawing->caption);
    for (size_t i = 0; i < drawing->n_rows; i++)
        put_row(&t, &drawing->rows[i]);
    for (size_t i = 0; i < drawing->n_nodes; i++)
        put_node(&t, &drawing->nodes[i]);
    for (size_t i = 0; i < drawing->n_bonds; i++)
        put_bond(&t, &drawing->bonds[i]);
    ec_text_puts(&t, "end\n");
    *size = t.size;
    *text = draw_take(&t, err);
    return *text != NULL ? EC_OK : EC_ENOMEM;
}
