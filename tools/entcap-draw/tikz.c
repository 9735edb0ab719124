/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Additional permission under section 7 (linking with Graphviz): see LICENSE. */
#include "palette.h"
#include "render.h"

#include <string.h>

/* A picture for LaTeX: a file that \input takes, and that compiles alone as well. */

#define PAPER_EDGE 40.0 /* that the paper is larger than the picture, when compiled alone */

static const char preamble[] =
    "%% A drawing by entcap: \\input it into a document that loads TikZ, or compile it as it is.\n"
    "\\expandafter\\ifx\\csname tikzpicture\\endcsname\\relax\n"
    "  \\RequirePackage{fix-cm}\n"
    "  \\documentclass{article}\n"
    "  \\usepackage{tikz}\n"
    "  \\usepackage[paperwidth=%.0fbp,paperheight=%.0fbp,margin=6bp]{geometry}\n"
    "  \\pagestyle{empty}\\parindent=0pt\n"
    "  \\def\\entcapend{\\end{document}}\n"
    "  \\begin{document}\n"
    "\\else\n"
    "  \\let\\entcapend\\relax\n"
    "\\fi\n"
    "\\begin{tikzpicture}[x=1bp,y=1bp,node font=\\sffamily,every node/.append style={inner "
    "sep=0pt,outer sep=0pt},\n"
    "  entcap size/.style={minimum width=#1bp,minimum height=#1bp},\n"
    "  entcap font/.style={node font=\\sffamily\\fontsize{#1}{#1}\\selectfont},\n"
    "  entcap bold/.style={node font=\\sffamily\\bfseries\\fontsize{#1}{#1}\\selectfont},\n"
    "  entcap bond/.style={draw=entcapGrey},\n"
    "  entcap hair/.style={draw=entcapPale},\n"
    "  entcap cut/.style={draw=entcapCut}";

static const char *const side_names[] = {"", " A", " B"};
static const char *const shapes[] = {"circle", "circle", "rectangle"};
static const char *const inks[] = {"black", "entcapGrey", "entcapCut"};

/* ------------------------------------------------------------------- words */

typedef struct translation {
    const char *from, *to;
} translation;

/* What TeX would take for something else, or print as something else. */
static const translation translations[] = {
    {"\\", "\\textbackslash{}"},
    {"{", "\\{"},
    {"}", "\\}"},
    {"$", "\\$"},
    {"&", "\\&"},
    {"#", "\\#"},
    {"_", "\\_"},
    {"%", "\\%"},
    {"~", "\\textasciitilde{}"},
    {"^", "\\textasciicircum{}"},
    {"<", "\\textless{}"},
    {">", "\\textgreater{}"},
    {"|", "\\textbar{}"},
    {"\"", "{\\ttfamily\\char34}"},
    {"`", "\\`{}"},
    {"-", "{-}"}, /* two would become a dash, */
    {"'", "{'}"}, /* or a closing quote */
    {"\xc3\x97", "\\ensuremath{\\times}"},
    {"\xc2\xb7", "\\ensuremath{\\cdot}"},
    {"\xe2\x89\xa4", "\\ensuremath{\\leq}"},
    {"\xe2\x80\xa6", "\\ldots{}"},
    {"\xef\xbf\xbd", "?"},
    {"\xe2\x81\xb0", "\\textsuperscript{0}"},
    {"\xc2\xb9", "\\textsuperscript{1}"},
    {"\xc2\xb2", "\\textsuperscript{2}"},
    {"\xc2\xb3", "\\textsuperscript{3}"},
    {"\xe2\x81\xb4", "\\textsuperscript{4}"},
    {"\xe2\x81\xb5", "\\textsuperscript{5}"},
    {"\xe2\x81\xb6", "\\textsuperscript{6}"},
    {"\xe2\x81\xb7", "\\textsuperscript{7}"},
    {"\xe2\x81\xb8", "\\textsuperscript{8}"},
    {"\xe2\x81\xb9", "\\textsuperscript{9}"},
};

/* A text from outside; characters without a translation are TeX's own business. */
static void put_words(ec_text *out, const char *text)
{
    while (*text != '\0') {
        const char *to = NULL;
        size_t n = 1;
        for (size_t i = 0; i < sizeof translations / sizeof *translations && to == NULL; i++) {
            size_t length = strlen(translations[i].from);
            if (strncmp(text, translations[i].from, length) == 0) {
                to = translations[i].to;
                n = length;
            }
        }
        if (to != NULL)
            ec_text_puts(out, to);
        else
            ec_text_add(out, text, 1);
        text += n;
    }
}

static void put_point(ec_text *out, ec_point at)
{
    ec_text_printf(out, "(%.2f,%.2f)", at.x, at.y);
}

/* A node of a style, with a name if it has one, up to its position. */
static void put_node(ec_text *out, const char *style, const char *name, ec_point at)
{
    ec_text_printf(out, "\\node[%s]%s%s%s at ", style, *name != '\0' ? " (" : "", name,
                   *name != '\0' ? ")" : "");
    put_point(out, at);
    ec_text_puts(out, " {");
}

/* ------------------------------------------------------------------- styles */

static void define_colour(ec_text *out, const char *name, const char *side, const char *hex)
{
    ec_text_printf(out, "\\definecolor{entcap%s%s}{HTML}{%s}%%\n", name,
                   *side != '\0' ? side + 1 : "", hex + 1);
}

static void define_colours(ec_text *out)
{
    for (int side = 0; side < 3; side++) {
        define_colour(out, "SiteFill", side_names[side], site_colours[side].fill);
        define_colour(out, "SiteLine", side_names[side], site_colours[side].line);
        define_colour(out, "SiteText", side_names[side], site_colours[side].text);
        define_colour(out, "Dot", side_names[side], dot_colours[side].fill);
        define_colour(out, "TensorFill", side_names[side], tensor_colours[side].fill);
        define_colour(out, "TensorLine", side_names[side], tensor_colours[side].line);
    }
    define_colour(out, "Grey", "", GREY);
    define_colour(out, "Pale", "", PALE);
    define_colour(out, "Cut", "", VERMILLION);
}

static void define_styles(ec_text *out)
{
    for (int side = 0; side < 3; side++) {
        const char *name = side_names[side], *bare = *name != '\0' ? name + 1 : "";
        ec_text_printf(out,
                       ",\n  entcap site%s/.style={%s,draw=entcapSiteLine%s,fill=entcapSiteFill%s,"
                       "text=entcapSiteText%s,line width=0.6bp}",
                       name, shapes[side], bare, bare, bare);
        ec_text_printf(out, ",\n  entcap dot%s/.style={%s,fill=entcapDot%s}", name, shapes[side],
                       bare);
        ec_text_printf(out,
                       ",\n  entcap tensor%s/.style={rectangle,draw=entcapTensorLine%s,"
                       "fill=entcapTensorFill%s,line width=0.7bp}",
                       name, bare, bare);
    }
    ec_text_puts(out, ",\n  entcap copy/.style={circle,fill=black}"
                      ",\n  entcap cut copy/.style={circle,fill=entcapCut,draw=black,line "
                      "width=0.6bp}]\n");
}

/* ------------------------------------------------------------------- parts */

static void put_site(ec_text *out, const char *name, ec_draw_side side, ec_point at, double size,
                     double font)
{
    ec_text style = {0};

    ec_text_printf(&style, "entcap %s%s,entcap size=%.2f", size < TINY ? "dot" : "site",
                   side_names[side], size);
    if (font > 0)
        ec_text_printf(&style, ",entcap font=%.2f", font);
    put_node(out, ec_text_get(&style), name, at);
    ec_text_printf(out, "%s};\n", font > 0 && side != EC_DRAW_NO_SIDE ? side_names[side] + 1 : "");
    ec_text_clear(&style);
}

static void put_tensor(ec_text *out, const char *name, const ec_draw_node *node)
{
    ec_text style = {0};

    ec_text_printf(&style, "entcap tensor%s,minimum width=%.2fbp,minimum height=%.2fbp",
                   side_names[node->side], node->width, node->height);
    if (node->height >= TINY)
        ec_text_printf(&style, ",rounded corners=%.2fbp", 0.28 * node->height);
    else
        ec_text_puts(&style, ",line width=0.3bp");
    if (node->font > 0)
        ec_text_printf(&style, ",entcap font=%.2f", node->font);
    put_node(out, ec_text_get(&style), name, node->at);
    if (node->font > 0)
        put_words(out, node->label);
    ec_text_puts(out, "};\n");
    ec_text_clear(&style);
}

static void put_copy(ec_text *out, const char *name, bool cut, ec_point at, double size)
{
    ec_text style = {0};

    ec_text_printf(&style, "entcap %s,entcap size=%.2f", cut ? "cut copy" : "copy",
                   cut ? CUT_COPY * size : size);
    put_node(out, ec_text_get(&style), name, at);
    ec_text_puts(out, "};\n");
    ec_text_clear(&style);
}

static void put_drawn(ec_text *out, const ec_draw_node *node)
{
    static const char letters[] = "sti";
    char name[40];

    snprintf(name, sizeof name, "%c%llu", letters[node->kind], (unsigned long long)node->number);
    if (node->kind == EC_DRAW_SITE)
        put_site(out, name, node->side, node->at, node->width, node->font);
    else if (node->kind == EC_DRAW_TENSOR)
        put_tensor(out, name, node);
    else
        put_copy(out, name, node->cut, node->at, node->width);
}

static void put_curve(ec_text *out, const char *style, double width, bool dashed,
                      const ec_point *points, size_t n)
{
    ec_text_printf(out, "\\draw[entcap %s,line width=%.2fbp%s] ", style, width,
                   dashed ? ",dash pattern=on 5bp off 4bp" : "");
    put_point(out, points[0]);
    for (size_t i = 1; i + 2 < n; i += 3) {
        ec_text_puts(out, " .. controls ");
        put_point(out, points[i]);
        ec_text_puts(out, " and ");
        put_point(out, points[i + 1]);
        ec_text_puts(out, " .. ");
        put_point(out, points[i + 2]);
    }
    ec_text_puts(out, ";\n");
}

static ec_status put_bond(ec_text *out, const canvas *c, size_t i, ec_error *err)
{
    const ec_draw_bond *bond = &c->drawing->bonds[i];
    double width = bond->cut ? CUT_WIDEN * bond->width : bond->width;
    spline curve;
    ec_status status = graph_path(&curve, c, i, err);

    if (status == EC_OK && curve.n > 0)
        put_curve(out,
                  bond->cut            ? "cut"
                  : bond->width < HAIR ? "hair"
                                       : "bond",
                  width, bond->dashed, curve.points, curve.n);
    ec_free(curve.points);
    return status;
}

/* A line of text; `anchor` is what of it stands at the point. */
static void put_text(ec_text *out, const ec_draw_text *text)
{
    ec_text style = {0};

    ec_text_printf(&style, "entcap %s=%.2f,text=%s%s", text->bold ? "bold" : "font", text->size,
                   inks[text->ink], text->left ? ",anchor=west" : "");
    put_node(out, ec_text_get(&style), "", text->at);
    put_words(out, text->text);
    ec_text_puts(out, "};\n");
    ec_text_clear(&style);
}

static void put_label(ec_text *out, const canvas *c, size_t i)
{
    const ec_draw_bond *bond = &c->drawing->bonds[i];
    ec_draw_text text = {.text = bond->label, .size = bond->font, .bold = bond->cut};

    text.ink = bond->cut ? EC_DRAW_CUT_INK : EC_DRAW_GREY;
    if (bond->font > 0 && bond->label[0] != '\0' && graph_label_at(&text.at, c, i))
        put_text(out, &text);
}

static void put_strokes(ec_text *out, const ec_drawing *drawing, bool cut)
{
    for (size_t i = 0; i < drawing->n_strokes; i++) {
        const ec_draw_stroke *s = &drawing->strokes[i];
        if (s->cut == cut)
            put_curve(out, cut ? "cut" : "hair", s->width, false, s->points, s->n);
    }
}

/* A line of the key's width, and where it stands for the cut a stroke through it. */
static void put_line_sample(ec_text *out, ec_point at, bool cut)
{
    const double half = EC_DRAW_KEY_WIDTH / 2, up = SAMPLE_SIZE / 2;
    const ec_point a = {at.x - half, at.y}, b = {at.x + half, at.y};
    const ec_point low = {at.x, at.y - up}, high = {at.x, at.y + up};
    const ec_point line[4] = {a, a, b, b}, stroke[4] = {low, low, high, high};

    put_curve(out, cut ? "cut" : "bond", (cut ? CUT_WIDEN : 1) * SAMPLE_LINE, cut, line, 4);
    if (cut)
        put_curve(out, "cut", SAMPLE_LINE, false, stroke, 4);
}

static void put_key(ec_text *out, const ec_draw_key *key)
{
    char none[] = "";
    ec_draw_node box = {
        .label = none, .at = key->at, .width = EC_DRAW_KEY_WIDTH, .height = SAMPLE_SIZE};
    ec_draw_text times = {.at = key->at, .size = 9, .ink = EC_DRAW_GREY};

    switch (key->sample) {
    case EC_DRAW_KEY_SITE:
    case EC_DRAW_KEY_SITE_A:
    case EC_DRAW_KEY_SITE_B:
        put_site(out, "", (ec_draw_side)(key->sample - EC_DRAW_KEY_SITE), key->at, SAMPLE_SIZE, 7);
        break;
    case EC_DRAW_KEY_TENSOR:
    case EC_DRAW_KEY_TENSOR_A:
    case EC_DRAW_KEY_TENSOR_B:
        box.side = (ec_draw_side)(key->sample - EC_DRAW_KEY_TENSOR);
        put_tensor(out, "", &box);
        break;
    case EC_DRAW_KEY_TIMES:
        times.text = (char[]){"\xc3\x97k"};
        put_text(out, &times);
        break;
    case EC_DRAW_KEY_COPY:
        put_copy(out, "", false, key->at, 0.55 * SAMPLE_SIZE);
        break;
    default:
        put_line_sample(out, key->at, key->sample == EC_DRAW_KEY_CUT);
    }
}

/* ------------------------------------------------------------------- whole */

ec_status tikz_write(char **bytes, size_t *size, const canvas *c, ec_error *err)
{
    const ec_drawing *drawing = c->drawing;
    ec_status status = EC_OK;
    ec_text out = {0};
    ec_point low, high;

    ec_drawing_box(drawing, &low, &high);
    ec_text_printf(&out, preamble, high.x - low.x + PAPER_EDGE, high.y - low.y + PAPER_EDGE);
    define_styles(&out);
    define_colours(&out);
    put_strokes(&out, drawing, false);
    for (size_t i = 0; i < drawing->n_bonds && status == EC_OK; i++)
        status = put_bond(&out, c, i, err);
    for (size_t v = 0; v < drawing->n_nodes; v++)
        put_drawn(&out, &drawing->nodes[v]);
    put_strokes(&out, drawing, true);
    for (size_t i = 0; i < drawing->n_bonds; i++)
        put_label(&out, c, i);
    for (size_t i = 0; i < drawing->n_texts; i++)
        put_text(&out, &drawing->texts[i]);
    for (size_t i = 0; i < drawing->n_keys; i++)
        put_key(&out, &drawing->keys[i]);
    ec_text_puts(&out, "\\end{tikzpicture}%\n\\entcapend\n");
    if (status == EC_OK)
        status = ec_text_check(&out, err);
    if (status != EC_OK) {
        ec_text_clear(&out);
        return status;
    }
    *bytes = out.bytes; /* the caller's now */
    *size = out.size;
    return EC_OK;
}
