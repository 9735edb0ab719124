/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Additional permission under section 7 (linking with Graphviz): see LICENSE. */
#include "draw/format_i.h"

#include <stdio.h>
#include <string.h>

static const char *const section_words[] = {"row", "node", "bond", "end", NULL};
enum { SECTION_ROW, SECTION_NODE, SECTION_BOND, SECTION_END };

/* A text being read; `at` ends with a 0 byte that is not part of it. */
typedef struct reader {
    const char *at, *end;
    int line;
    ec_error *err;
} reader;

/* -------------------------------------------------------------------- words */

static ec_status fail(const reader *r, const char *fmt, ...) EC_PRINTF(2, 3);
static ec_status fail(const reader *r, const char *fmt, ...)
{
    char msg[256];
    va_list args;

    va_start(args, fmt);
    vsnprintf(msg, sizeof msg, fmt, args);
    va_end(args);
    bool first = r->err != NULL && r->err->status == EC_OK;
    ec_fail_file(r->err, EC_EPARSE, "drawing", "%s", msg);
    if (first)
        r->err->line = r->line;
    return EC_EPARSE;
}

/* Go past one given character: a blank between words, or the end of a line. */
static ec_status pass(reader *r, char c)
{
    if (r->at == r->end || *r->at != c)
        return fail(r, "expected %s", c == '\n' ? "the end of the line" : "a blank");
    r->at++;
    r->line += c == '\n';
    return EC_OK;
}

/* Length of the word here: all up to a blank, the end of the line or of the text. */
static size_t word_length(const reader *r)
{
    size_t n = 0;

    while (r->at + n < r->end && r->at[n] != ' ' && r->at[n] != '\n')
        n++;
    return n;
}

/* One of the given words, right here; *which says which. */
static ec_status match(size_t *which, reader *r, const char *const *words)
{
    size_t n = word_length(r);

    for (*which = 0; words[*which] != NULL; ++*which) {
        if (strlen(words[*which]) == n && memcmp(words[*which], r->at, n) == 0) {
            r->at += n;
            return EC_OK;
        }
    }
    return fail(r, "expected '%s'%s", words[0], words[1] != NULL ? " or another of its kind" : "");
}

/* The fields of a line: a blank, then one of the given words, */
static ec_status read_word(size_t *which, reader *r, const char *const *words)
{
    ec_status status = pass(r, ' ');

    return status == EC_OK ? match(which, r, words) : status;
}

/* one of two words, the second of which means yes, */
static ec_status read_flag(bool *out, reader *r, const char *const *words)
{
    size_t which = 0;
    ec_status status = read_word(&which, r, words);

    *out = which == 1;
    return status;
}

/* a decimal number without sign or leading zeros, at most `max`, */
static ec_status read_number(uint64_t *out, reader *r, uint64_t max)
{
    ec_status status = pass(r, ' ');
    size_t n = word_length(r);

    *out = 0;
    if (status != EC_OK)
        return status;
    if (n == 0 || n > 20 || (n > 1 && *r->at == '0'))
        return fail(r, "expected a number");
    for (; n > 0; n--, r->at++) {
        uint64_t digit = (uint64_t)(unsigned char)*r->at - '0';
        if (digit > 9)
            return fail(r, "expected a number");
        if (*out > (max - digit) / 10 || digit > max)
            return fail(r, "number above %llu", (unsigned long long)max);
        *out = *out * 10 + digit;
    }
    return EC_OK;
}

static ec_status read_u32(uint32_t *out, reader *r, uint32_t max)
{
    uint64_t number = 0;
    ec_status status = read_number(&number, r, max);

    *out = (uint32_t)number;
    return status;
}

/* The characters of a quoted text, up to the closing quote. */
static ec_status read_characters(ec_text *text, reader *r)
{
    while (*r->at != '"') {
        bool escaped = *r->at == '\\';
        r->at += escaped;
        if (escaped && *r->at != '\\' && *r->at != '"')
            return fail(r, "a backslash stands before a quote or a backslash only");
        size_t n = draw_char(r->at);
        if (n == 0)
            return fail(r, "a text holds a control or malformed character, or does not end");
        ec_text_add(text, r->at, n);
        r->at += n;
    }
    return EC_OK;
}

/* or a quoted text within its line. */
static ec_status read_quoted(char **out, reader *r)
{
    ec_status status = pass(r, ' ');
    ec_text text = {0};

    *out = NULL;
    if (status != EC_OK)
        return status;
    if (*r->at != '"')
        return fail(r, "expected a quoted text");
    r->at++;
    status = read_characters(&text, r);
    if (status == EC_OK) {
        r->at++;
        *out = draw_take(&text, r->err);
        status = *out != NULL ? EC_OK : EC_ENOMEM;
    }
    ec_text_clear(&text);
    return status;
}

/* -------------------------------------------------------------------- lines */

static ec_status read_keyword(reader *r, const char *keyword)
{
    const char *const words[] = {keyword, NULL};
    size_t which;

    return match(&which, r, words);
}

static ec_status read_text_line(char **out, reader *r, const char *keyword)
{
    ec_status status = EC_OK;

    EC_TRY(read_keyword(r, keyword));
    EC_TRY(read_quoted(out, r));
    EC_TRY(pass(r, '\n'));
done:
    return status;
}

/* A line of one of several words. */
static ec_status read_word_line(size_t *which, reader *r, const char *keyword,
                                const char *const *words)
{
    ec_status status = EC_OK;

    EC_TRY(read_keyword(r, keyword));
    EC_TRY(read_word(which, r, words));
    EC_TRY(pass(r, '\n'));
done:
    return status;
}

static ec_status read_header(ec_drawing *drawing, reader *r)
{
    ec_status status = EC_OK;
    const char *magic = draw_magic;
    size_t form = 0, shape = 0, folded = 0;

    /* compared as a whole, because it holds a blank */
    if ((size_t)(r->end - r->at) < strlen(magic) || memcmp(r->at, magic, strlen(magic)) != 0)
        return fail(r, "expected '%s'", magic);
    r->at += strlen(magic);
    EC_TRY(pass(r, '\n'));
    EC_TRY(read_text_line(&drawing->id, r, "id"));
    if (!draw_is_id(drawing->id)) {
        r->line--;
        status = fail(r, "id '%s': " DRAW_ID_RULE, drawing->id);
        goto done;
    }
    EC_TRY(read_word_line(&form, r, "form", draw_form_words));
    EC_TRY(read_word_line(&shape, r, "shape", draw_shape_words));
    EC_TRY(read_word_line(&folded, r, "folded", draw_fold_words));
    EC_TRY(read_text_line(&drawing->name, r, "name"));
    EC_TRY(read_text_line(&drawing->caption, r, "caption"));
    drawing->form = (ec_draw_form)form;
    drawing->shape = (ec_draw_shape)shape;
    drawing->folded = folded == 1;
done:
    return status;
}

static ec_status read_row(ec_drawing *drawing, reader *r)
{
    ec_status status = EC_OK;
    ec_draw_row row = {0};

    EC_TRY(read_flag(&row.cut, r, draw_cut_words));
    EC_TRY(read_u32(&row.grid[0], r, EC_DRAW_MAX_NODES));
    EC_TRY(read_u32(&row.grid[1], r, EC_DRAW_MAX_NODES));
    EC_TRY(read_quoted(&row.name, r));
    EC_TRY(read_quoted(&row.note, r));
    status = draw_add_row(drawing, row, r->err);
    row = (ec_draw_row){0};
done:
    ec_free(row.name);
    ec_free(row.note);
    return status;
}

static ec_status read_node(ec_drawing *drawing, reader *r)
{
    ec_status status = EC_OK;
    ec_draw_node node = {0};
    size_t kind, side;

    EC_TRY(read_word(&kind, r, draw_kind_words));
    EC_TRY(read_word(&side, r, draw_side_words));
    EC_TRY(read_u32(&node.row, r, drawing->n_rows != 0 ? (uint32_t)drawing->n_rows - 1 : 0));
    EC_TRY(read_number(&node.number, r, UINT64_MAX));
    EC_TRY(read_number(&node.times, r, UINT64_MAX));
    EC_TRY(read_flag(&node.cut, r, draw_cut_words));
    EC_TRY(read_quoted(&node.label, r));
    EC_TRY(read_quoted(&node.tip, r));
    node.kind = (ec_draw_kind)kind;
    node.side = (ec_draw_side)side;
    status = draw_add_node(drawing, node, r->err);
    node = (ec_draw_node){0};
done:
    ec_free(node.label);
    ec_free(node.tip);
    return status;
}

static ec_status read_bond(ec_drawing *drawing, reader *r)
{
    ec_status status = EC_OK;
    ec_draw_bond bond = {0};
    uint32_t last = (uint32_t)drawing->n_nodes - 1;

    if (drawing->n_nodes == 0)
        return fail(r, "a bond before any node");
    EC_TRY(read_u32(&bond.lower, r, last));
    EC_TRY(read_u32(&bond.upper, r, last));
    EC_TRY(read_u32(&bond.dim, r, EC_ARCH_MAX_DIMENSION));
    EC_TRY(read_flag(&bond.cut, r, draw_cut_words));
    EC_TRY(read_quoted(&bond.label, r));
    if (bond.lower == bond.upper || (drawing->form == EC_DRAW_TREE && bond.lower > bond.upper)) {
        status = fail(r, "a bond from node %u to node %u", bond.lower, bond.upper);
        goto done;
    }
    status = draw_add_bond(drawing, bond, r->err);
    bond.label = NULL;
done:
    ec_free(bond.label);
    return status;
}

/* Rows, then nodes, then bonds, up to the end. */
static ec_status read_body(ec_drawing *drawing, reader *r)
{
    static ec_status (*const read[])(ec_drawing *, reader *) = {
        [SECTION_ROW] = read_row, [SECTION_NODE] = read_node, [SECTION_BOND] = read_bond};
    ec_status status = EC_OK;
    size_t section = SECTION_ROW, next = SECTION_ROW;

    while (section != SECTION_END) {
        EC_TRY(match(&next, r, section_words));
        if (next < section) {
            status = fail(r, "'%s' after '%s'", section_words[next], section_words[section]);
            goto done;
        }
        section = next;
        if (section != SECTION_END)
            EC_TRY(read[section](drawing, r));
        EC_TRY(pass(r, '\n'));
    }
    if (r->at != r->end)
        status = fail(r, "text after the end");
done:
    return status;
}

/* -------------------------------------------------------------------- whole */

/* A tree: every node but the last has one upper bond, and stands in a lower row than its parent. */
static ec_status check_tree(const ec_drawing *drawing, const reader *r)
{
    ec_status status = EC_OK;
    ec_error *err = r->err;
    bool *has_upper = NULL;

    if (drawing->n_nodes == 0 || drawing->n_rows == 0)
        return fail(r, "a tree without nodes or rows");
    for (size_t i = 0; drawing->shape == EC_DRAW_PLANES && i < drawing->n_rows; i++) {
        if (drawing->rows[i].grid[0] == 0 || drawing->rows[i].grid[1] == 0)
            return fail(r, "row %zu of planes has no grid", i);
    }
    EC_NEW(has_upper, drawing->n_nodes);
    for (size_t i = 0; i < drawing->n_bonds; i++) {
        const ec_draw_bond *bond = &drawing->bonds[i];
        if (has_upper[bond->lower] ||
            drawing->nodes[bond->lower].row >= drawing->nodes[bond->upper].row) {
            status = fail(r, "bond %zu does not fit into a tree", i);
            goto done;
        }
        has_upper[bond->lower] = true;
    }
    if (drawing->n_bonds != drawing->n_nodes - 1)
        status = fail(r, "a tree of %zu nodes with %zu bonds", drawing->n_nodes, drawing->n_bonds);
done:
    ec_free(has_upper);
    return status;
}

ec_status ec_drawing_parse(ec_drawing **out, const char *text, size_t size, ec_error *err)
{
    ec_status status = EC_OK;
    ec_drawing *drawing = NULL;
    char *copy = NULL; /* with a 0 byte behind it, on which every scan stops */

    *out = NULL;
    EC_NEW(copy, size + 1);
    memcpy(copy, text, size);
    reader r = {.at = copy, .end = copy + size, .line = 1, .err = err};
    EC_TRY(draw_new(&drawing, EC_DRAW_TREE, err));
    EC_TRY(read_header(drawing, &r));
    EC_TRY(read_body(drawing, &r));
    if (drawing->form == EC_DRAW_TREE)
        EC_TRY(check_tree(drawing, &r));
    *out = drawing;
    drawing = NULL;
done:
    ec_free(copy);
    ec_drawing_free(drawing);
    return status;
}
