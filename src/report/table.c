/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "paper.h"

#include "core/flow.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Within a cell: what follows is its label. No name can hold it, ec_table_cell replaces it. */
#define LABEL '\x01'
/* At the head of a cell: the rest is a percentage, to be drawn as a bar where one can draw. */
#define SHARE '\x02'
#define GAP   2

/* One heading: where it begins in `columns`, and what a walk over the cells finds. */
typedef struct column {
    const char *heading;
    int length;
    bool right, used;
    size_t width; /* in characters */
} column;

void ec_table_init(ec_table *table, const char *columns)
{
    *table = (ec_table){.columns = columns, .n_columns = 1};
    for (const char *c = columns; *c != '\0'; c++)
        table->n_columns += *c == '|';
}

void ec_table_clear(ec_table *table)
{
    ec_text_clear(&table->cells);
    *table = (ec_table){0};
}

void ec_table_cell(ec_table *table, const char *fmt, ...)
{
    size_t start = table->cells.size;
    char cell[1024];
    va_list args;

    va_start(args, fmt);
    vsnprintf(cell, sizeof cell, fmt, args);
    va_end(args);
    ec_text_add(&table->cells, cell, strlen(cell) + 1);
    table->n_cells++;
    for (size_t i = start; i + 1 < table->cells.size; i++)
        if ((unsigned char)table->cells.bytes[i] < 0x20 || table->cells.bytes[i] == 0x7f)
            table->cells.bytes[i] = '?';
}

void ec_table_label(ec_table *table, const char *label)
{
    if (table->cells.size == 0)
        return;
    table->cells.size--; /* over the '\0' of the last cell */
    ec_text_printf(&table->cells, "%c%s", LABEL, label);
    ec_text_add(&table->cells, "", 1);
}

void ec_table_share(ec_table *table, double share)
{
    ec_text_printf(&table->cells, "%c%.0f %%", SHARE, 100 * share);
    ec_text_add(&table->cells, "", 1);
    table->n_cells++;
}

/* Characters of UTF-8 text, its label counted with the blank that separates it. */
static size_t width_of(const char *s)
{
    size_t n = 0;

    for (; *s != '\0'; s++)
        n += ((unsigned char)*s & 0xc0) != 0x80 && *s != SHARE;
    return n;
}

static size_t next_column(const ec_table *table, size_t c)
{
    return c + 1 < table->n_columns ? c + 1 : 0;
}

/* Read the headings, and from the cells which columns are used and how wide they are. */
static ec_status measure(column **out, const ec_table *table, ec_error *err)
{
    column *columns = ec_calloc(table->n_columns, sizeof *columns, err);
    const char *heading = table->columns, *cell = ec_text_get(&table->cells);

    *out = columns;
    if (columns == NULL)
        return EC_ENOMEM;
    for (size_t c = 0; c < table->n_columns; c++) {
        size_t length = strcspn(heading, "|");

        columns[c] = (column){.heading = heading + 1,
                              .length = (int)length - 1,
                              .right = heading[0] == '>',
                              .width = length - 1};
        heading += length + (heading[length] == '|');
    }
    for (size_t i = 0, c = 0; i < table->n_cells; i++, c = next_column(table, c)) {
        size_t width = width_of(cell);

        columns[c].used |= cell[0] != '\0' && strcmp(cell, "-") != 0;
        columns[c].width = width > columns[c].width ? width : columns[c].width;
        cell += strlen(cell) + 1;
    }
    return EC_OK;
}

static void put_heading(ec_text *out, const column *c)
{
    size_t pad = c->width - (size_t)c->length;

    ec_text_repeat(out, " ", c->right ? pad : 0);
    ec_text_add(out, c->heading, (size_t)c->length);
    ec_text_repeat(out, " ", c->right ? 0 : pad);
}

/* ANSI colour of a label: verdicts stand out, the usual ones step back. */
static const char *ansi(const char *label)
{
    if (strcmp(label, "failed") == 0 || strcmp(label, "violated") == 0)
        return "\033[1;31m";
    if (strcmp(label, "probable") == 0 || strcmp(label, "undecided") == 0)
        return "\033[33m";
    return "\033[2m";
}

static void put_cell(ec_text *out, const column *c, const char *cell, bool color)
{
    size_t pad = c->width - width_of(cell);
    const char *label = strchr(cell, LABEL);

    ec_text_repeat(out, " ", c->right ? pad : 0);
    if (label == NULL) {
        ec_text_puts(out, cell[0] == SHARE ? cell + 1 : cell);
    } else {
        ec_text_add(out, cell, (size_t)(label - cell));
        ec_text_printf(out, " %s%s%s", color ? ansi(label + 1) : "", label + 1,
                       color ? "\033[0m" : "");
    }
    ec_text_repeat(out, " ", c->right ? 0 : pad);
}

/* Blanks at the end of a line are of no use to anybody. */
static void end_line(ec_text *out)
{
    while (out->size > 0 && out->bytes[out->size - 1] == ' ')
        out->bytes[--out->size] = '\0';
    ec_text_puts(out, "\n");
}

/* The headings, bold on a terminal, and a rule below each. */
static void put_head(ec_text *out, const column *columns, size_t n, bool color)
{
    ec_text_puts(out, color ? "\033[1m" : "");
    for (size_t c = 0; c < n; c++) {
        if (columns[c].used) {
            put_heading(out, &columns[c]);
            ec_text_repeat(out, " ", GAP);
        }
    }
    end_line(out);
    ec_text_puts(out, color ? "\033[0m" : "");
    for (size_t c = 0; c < n; c++) {
        if (columns[c].used) {
            ec_text_repeat(out, "-", columns[c].width);
            ec_text_repeat(out, " ", GAP);
        }
    }
    end_line(out);
}

void ec_table_text(ec_text *out, const ec_table *table, bool color)
{
    column *columns = NULL;
    const char *cell = ec_text_get(&table->cells);

    if (measure(&columns, table, NULL) != EC_OK || table->cells.status != EC_OK) {
        out->status = EC_ENOMEM;
        goto done;
    }
    put_head(out, columns, table->n_columns, color);
    for (size_t i = 0, c = 0; i < table->n_cells; i++, c = next_column(table, c)) {
        if (columns[c].used) {
            put_cell(out, &columns[c], cell, color);
            ec_text_repeat(out, " ", GAP);
        }
        if (c + 1 == table->n_columns)
            end_line(out);
        cell += strlen(cell) + 1;
    }
done:
    ec_free(columns);
}

static void html_share(ec_text *out, const char *percent)
{
    double width = strtod(percent, NULL);

    ec_text_printf(out,
                   "<td class=\"n\">%s <svg class=\"meter\" viewBox=\"0 0 102 10\" "
                   "aria-hidden=\"true\"><rect class=\"bar\" x=\"1\" y=\"1\" width=\"%.0f\" "
                   "height=\"8\"/><rect class=\"frame\" x=\"1\" y=\"1\" width=\"100\" "
                   "height=\"8\"/></svg></td>",
                   percent,
                   width < 0     ? 0
                   : width > 100 ? 100
                                 : width);
}

/* A cell: the first of a row is its heading, for those who hear the table. */
static void html_cell(ec_text *out, const column *c, const char *cell, bool first)
{
    const char *tag = first ? "th scope=\"row\"" : "td";
    const char *label = strchr(cell, LABEL);
    char value[1024];

    if (cell[0] == SHARE) {
        html_share(out, cell + 1);
        return;
    }
    snprintf(value, sizeof value, "%.*s",
             (int)(label != NULL ? (size_t)(label - cell) : strlen(cell)), cell);
    ec_text_printf(out, "<%s%s>", tag, c->right ? " class=\"n\"" : "");
    if (c->right)
        ec_html_number(out, value);
    else
        ec_text_xml(out, value);
    if (label != NULL)
        ec_text_printf(out, "%s<span class=\"label %s\">%s</span>", value[0] != '\0' ? " " : "",
                       label + 1, label + 1);
    ec_text_puts(out, first ? "</th>" : "</td>");
}

void ec_table_html(ec_text *out, const ec_table *table, const char *caption)
{
    column *columns = NULL;
    const char *cell = ec_text_get(&table->cells);

    if (measure(&columns, table, NULL) != EC_OK || table->cells.status != EC_OK) {
        out->status = EC_ENOMEM;
        goto done;
    }
    ec_text_puts(out, "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"");
    ec_text_xml(out, caption[0] != '\0' ? caption : "Table");
    ec_text_puts(out, "\"><table>\n");
    if (caption[0] != '\0') {
        ec_text_puts(out, "<caption><span>");
        ec_text_xml(out, caption);
        ec_text_puts(out, "</span></caption>\n");
    }
    ec_text_puts(out, "<thead><tr>");
    for (size_t c = 0; c < table->n_columns; c++)
        if (columns[c].used)
            ec_text_printf(out, "<th scope=\"col\"%s>%.*s</th>",
                           columns[c].right ? " class=\"n\"" : "", columns[c].length,
                           columns[c].heading);
    ec_text_puts(out, "</tr></thead>\n<tbody>\n");
    for (size_t i = 0, c = 0; i < table->n_cells; i++, c = next_column(table, c)) {
        ec_text_puts(out, c == 0 ? "<tr>" : "");
        if (columns[c].used)
            html_cell(out, &columns[c], cell, c == 0);
        ec_text_puts(out, c + 1 == table->n_columns ? "</tr>\n" : "");
        cell += strlen(cell) + 1;
    }
    ec_text_puts(out, "</tbody></table></div>\n");
done:
    ec_free(columns);
}

/* "16^256" with a raised exponent, or a name. */
static void markdown_value(ec_text *out, const column *c, const char *value, size_t n)
{
    ec_text line = {0};
    char number[1024];

    if (!c->right) {
        ec_markdown_text(out, value, n);
        return;
    }
    snprintf(number, sizeof number, "%.*s", (int)n, value);
    ec_put_number(&line, number);
    ec_markdown_line(out, ec_text_get(&line));
    out->status = line.status != EC_OK ? line.status : out->status;
    ec_text_clear(&line);
}

static void markdown_cell(ec_text *out, const column *c, const char *cell)
{
    const char *label = strchr(cell, LABEL);
    size_t n = label != NULL ? (size_t)(label - cell) : strlen(cell);

    ec_text_puts(out, " ");
    if (cell[0] == SHARE)
        ec_text_puts(out, cell + 1);
    else
        markdown_value(out, c, cell, n);
    if (label != NULL)
        ec_text_printf(out, "%s*%s*", n > 0 ? " " : "", label + 1);
    ec_text_puts(out, " |");
}

void ec_table_markdown(ec_text *out, const ec_table *table, const char *caption)
{
    column *columns = NULL;
    const char *cell = ec_text_get(&table->cells);

    if (measure(&columns, table, NULL) != EC_OK || table->cells.status != EC_OK) {
        out->status = EC_ENOMEM;
        goto done;
    }
    if (caption[0] != '\0') {
        ec_markdown_text(out, caption, strlen(caption));
        ec_text_puts(out, ":\n\n");
    }
    ec_text_puts(out, "|");
    for (size_t c = 0; c < table->n_columns; c++)
        if (columns[c].used)
            ec_text_printf(out, " %.*s |", columns[c].length, columns[c].heading);
    ec_text_puts(out, "\n|");
    for (size_t c = 0; c < table->n_columns; c++)
        if (columns[c].used)
            ec_text_puts(out, columns[c].right ? "-:|" : "-|");
    for (size_t i = 0, c = 0; i < table->n_cells; i++, c = next_column(table, c)) {
        ec_text_puts(out, c == 0 ? "\n|" : "");
        if (columns[c].used)
            markdown_cell(out, &columns[c], cell);
        cell += strlen(cell) + 1;
    }
    ec_text_puts(out, "\n\n");
done:
    ec_free(columns);
}
