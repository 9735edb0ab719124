/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "paper.h"

#include <stdio.h>
#include <string.h>

void ec_paper_clear(ec_paper *paper)
{
    ec_text_clear(&paper->nav);
    ec_text_clear(&paper->line);
}

ec_text *ec_paper_open(ec_paper *paper, ec_passage block)
{
    paper->block = block;
    ec_text_clear(&paper->line);
    return &paper->line;
}

bool ec_next_run(ec_run_of_text *run, const char **line)
{
    static const char marks[] =
        EC_MARK_STRONG EC_MARK_LOWERED EC_MARK_RAISED EC_MARK_CODE EC_MARK_FORMULA EC_MARK_LABEL;
    const char *text = *line;
    bool marked = *text != '\0' && strchr(marks, *text) != NULL;

    if (*text == '\0')
        return false;
    *run = (ec_run_of_text){.mark = (char)(marked ? *text : ' '), .text = text + marked};
    run->n = strcspn(run->text, marked ? EC_MARK_END : marks);
    *line = run->text + run->n;
    *line += marked && **line != '\0';
    return true;
}

/* Captions are of figures, and Markdown has none. */
static bool is_shown(const ec_paper *paper, ec_passage block)
{
    return !paper->markdown || block != EC_CAPTION;
}

void ec_paper_close(ec_paper *paper)
{
    ec_passage block = paper->block;

    if (paper->line.status != EC_OK)
        paper->out->status = paper->line.status;
    if (paper->line.bytes == NULL || !is_shown(paper, block))
        return;
    ec_text_puts(paper->out, paper->markdown ? ec_markdown_before(block) : ec_html_before(block));
    if (paper->markdown)
        ec_markdown_line(paper->out, paper->line.bytes);
    else
        ec_html_line(paper->out, paper->line.bytes);
    ec_text_puts(paper->out, paper->markdown ? ec_markdown_after(block) : ec_html_after(block));
}

/* One of two texts, by what is written. */
static void put(ec_paper *paper, const char *html, const char *markdown)
{
    ec_text_puts(paper->out, paper->markdown ? markdown : html);
}

void ec_paper_section(ec_paper *paper, const char *id, const char *heading, const char *short_name)
{
    if (paper->markdown) {
        ec_text_printf(paper->out, "## %s\n\n", heading);
        return;
    }
    ec_text_printf(paper->out,
                   "<section id=\"%s\" aria-labelledby=\"%s-h\">\n<h2 id=\"%s-h\">%s</h2>\n", id,
                   id, id, heading);
    ec_text_printf(&paper->nav, "<li><a href=\"#%s\">%s</a></li>", id, short_name);
}

void ec_paper_end_section(ec_paper *paper)
{
    put(paper, "</section>\n", "");
}

void ec_paper_list(ec_paper *paper)
{
    put(paper, "<ul class=\"plain\">\n", "");
}

void ec_paper_end_list(ec_paper *paper)
{
    put(paper, "</ul>\n", "\n");
}

void ec_paper_terms(ec_paper *paper)
{
    put(paper, "<dl>\n", "");
}

void ec_paper_end_terms(ec_paper *paper)
{
    put(paper, "</dl>\n", "\n");
}

ec_text *ec_paper_term(ec_paper *paper, const char *term)
{
    ec_text_printf(paper->out, paper->markdown ? "- %s: " : "<dt>%s</dt>", term);
    return ec_paper_open(paper, EC_VALUE);
}

void ec_paper_details(ec_paper *paper, const char *summary)
{
    ec_text_printf(paper->out, "<details><summary>%s</summary>\n%s", summary,
                   paper->markdown ? "\n" : "");
}

void ec_paper_end_details(ec_paper *paper)
{
    put(paper, "</details>\n", "</details>\n\n");
}

void ec_paper_aside(ec_paper *paper, const char *summary)
{
    if (paper->markdown)
        ec_paper_details(paper, summary);
}

void ec_paper_end_aside(ec_paper *paper)
{
    if (paper->markdown)
        ec_paper_end_details(paper);
}

void ec_paper_columns(ec_paper *paper, const char *classes)
{
    if (!paper->markdown)
        ec_text_printf(paper->out, "<div class=\"charts%s\">\n", classes);
}

void ec_paper_end_columns(ec_paper *paper)
{
    put(paper, "</div>\n", "");
}

void ec_paper_table(ec_paper *paper, const ec_table *table, const char *caption)
{
    if (paper->markdown)
        ec_table_markdown(paper->out, table, caption);
    else
        ec_table_html(paper->out, table, caption);
}

ec_status ec_paper_plot(ec_paper *paper, const ec_text *script, const char *id, const char *label,
                        ec_error *err)
{
    if (paper->markdown)
        return EC_OK;
    ec_text_puts(paper->out, "<figure>");
    return ec_plot_svg(paper->out, script, id, label, err);
}

ec_status ec_paper_chart(ec_paper *paper, const ec_chart *chart, ec_error *err)
{
    ec_text script = {0};

    ec_chart_script(&script, chart);
    ec_status status = ec_paper_plot(paper, &script, chart->id, chart->label, err);
    ec_text_clear(&script);
    return status;
}

void ec_paper_svg(ec_paper *paper, const char *svg, const char *classes, const char *label)
{
    static const char begin[] = "<svg";
    const char *element = strstr(svg, begin); /* without the document's prolog */

    if (paper->markdown || element == NULL)
        return;
    ec_text_printf(paper->out, "<figure class=\"%s\">%s role=\"img\" aria-label=\"", classes,
                   begin);
    ec_text_xml(paper->out, label);
    ec_text_puts(paper->out, "\"");
    ec_text_puts(paper->out, element + strlen(begin));
}

void ec_put_number(ec_text *line, const char *text)
{
    while (*text != '\0') {
        size_t n = strcspn(text, "^");

        ec_text_add(line, text, n);
        text += n;
        n = *text == '^' ? strspn(text + 1, "0123456789") : 0;
        if (n > 0)
            ec_text_printf(line, EC_RAISED("%.*s"), (int)n, text + 1);
        text += n + (*text == '^');
    }
}

void ec_paper_notes(ec_paper *paper, const ec_text *notes)
{
    for (const char *note = ec_text_get(notes); *note != '\0';) {
        size_t n = strcspn(note, "\n");

        ec_text_add(ec_paper_open(paper, EC_NOTE), note, n);
        ec_paper_close(paper);
        note += n + (note[n] == '\n');
    }
}
