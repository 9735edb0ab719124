/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "report_i.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/*
 * gnuplot draws axes better than we would. Its double-quoted strings run shell commands, so every
 * string here is single-quoted, in which only the quote itself means something.
 */

#define MAX_POINTS 600 /* of a line; more than a chart has pixels are thinned out */
#define MAX_MARKS  60  /* points that are marked one by one */

/* Dark on white and of different dash types: told apart without colour, too. */
static const char *const line_style[] = {
    "lc rgb '#0b3c8c' lw 2 dt 1",       "lc rgb '#b3420a' lw 2 dt (8,4)",
    "lc rgb '#1c6b3a' lw 2 dt (2,3)",   "lc rgb '#6a2c91' lw 2 dt (10,3,2,3)",
    "lc rgb '#444444' lw 1.5 dt 1",     "lc rgb '#8a6d00' lw 1.5 dt (6,3)",
    "lc rgb '#00687a' lw 1.5 dt (2,2)", "lc rgb '#9c1f4b' lw 1.5 dt (8,2,2,2)",
};
enum { N_STYLES = sizeof line_style / sizeof *line_style };

void ec_plot_quote(ec_text *script, const char *text)
{
    ec_text_puts(script, "'");
    for (; *text != '\0'; text++) {
        if (*text == '\'')
            ec_text_puts(script, "''");
        else
            ec_text_add(script, (unsigned char)*text < 0x20 || *text == 0x7f ? "?" : text, 1);
    }
    ec_text_puts(script, "'");
}

/* Points that cannot be seen, large enough to be met with a mouse. */
void ec_plot_hover(ec_text *script, const char *data, int column, const char *x_name,
                   const char *y_name)
{
    ec_text_printf(script,
                   ", %s using 1:%d:(sprintf('%s %%.6g, %s %%.6g', $1, $%d)) with labels hypertext "
                   "point pt 7 ps 1.1 lc rgb '#ff000000' notitle",
                   data, column, x_name, y_name, column);
}

static void put_points(ec_text *script, const ec_series *series, size_t number, bool log_y)
{
    size_t step = series->n / MAX_POINTS + 1, last = series->n - 1;

    ec_text_printf(script, "$d%zu << EOD\n", number);
    for (size_t i = 0; i < series->n; i = i < last && i + step > last ? last : i + step) {
        double x = series->x != NULL ? series->x[i] : (double)(i + 1), y = series->y[i];

        if (isfinite(x) && isfinite(y) && (!log_y || y > 0))
            ec_text_printf(script, "%.10g %.10g\n", x, y);
    }
    ec_text_puts(script, "EOD\n");
}

void ec_chart_script(ec_text *script, const ec_chart *chart)
{
    ec_text_puts(script, "set terminal svg size 560,300 dynamic font 'sans-serif,14'\n"
                         "set encoding utf8\n"
                         "set border 3 lc rgb '#555555'\n"
                         "set tics nomirror out\n"
                         "set grid ytics lc rgb '#d8d8d8' lw 1\n"
                         "set key above left Left reverse maxrows 2 noenhanced\n"
                         "set autoscale noextend\n"
                         "set offsets graph 0.03, graph 0.03, graph 0.06, graph 0.06\n");
    if (chart->log_y)
        ec_text_puts(script, "set logscale y\nset format y '10^{%L}'\nset mytics 1\n");
    ec_text_printf(script, "set xlabel '%s'\nset ylabel '%s'\n", chart->x_name, chart->y_name);
    for (size_t i = 0; i < chart->n_series; i++)
        put_points(script, &chart->series[i], i, chart->log_y);
    for (size_t i = 0; i < chart->n_series; i++) {
        bool few = chart->series[i].n <= MAX_MARKS;

        ec_text_printf(script, "%s $d%zu using 1:2 with %s %s ", i == 0 ? "plot" : ",", i,
                       few ? "linespoints pt 7 ps 0.4" : "lines", line_style[i % N_STYLES]);
        if (chart->series[i].title[0] == '\0') {
            ec_text_puts(script, "notitle");
        } else {
            ec_text_puts(script, "title ");
            ec_plot_quote(script, chart->series[i].title);
        }
    }
    for (size_t i = 0; i < chart->n_series; i++) {
        char data[32];

        snprintf(data, sizeof data, "$d%zu", i);
        if (chart->series[i].n <= MAX_MARKS)
            ec_plot_hover(script, data, 2, chart->x_name, chart->y_name);
    }
    ec_text_puts(script, "\n");
}

/* The three ways in which SVG names an id. */
static size_t id_at(const char *s)
{
    static const char *const forms[] = {" id=\"", " id='", "href=\"#", "href='#", "url(#"};

    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        if (strncmp(s, forms[i], strlen(forms[i])) == 0)
            return strlen(forms[i]);
    return 0;
}

/*
 * What a mouse would show, gnuplot leaves to a script. A page has none: the text becomes the title
 * of the group, which browsers show by themselves.
 *
 *     <g onmousemove="gnuplot_svg.showHypertext(evt,'TEXT')" onmouseout="..."><title> </title>
 */
static const char *put_hypertext(ec_text *out, const char *tag)
{
    static const char begin[] = "<g onmousemove=\"gnuplot_svg.showHypertext(evt,'";
    static const char title[] = "<title> </title>";
    const char *text = tag + strlen(begin);
    const char *after = strstr(text, title);

    if (strncmp(tag, begin, strlen(begin)) != 0 || after == NULL)
        return tag;
    ec_text_puts(out, "<g><title>");
    ec_text_add(out, text, strcspn(text, "'<&"));
    ec_text_puts(out, "</title>");
    return after + strlen(title);
}

/*
 * Append a whole SVG document as an element of a page: without its prolog, and every id that it
 * defines or refers to prefixed, so that several can stand on one page.
 */
static void put_inline(ec_text *out, const char *svg, const char *id, const char *label)
{
    const char *element = strstr(svg, "<svg");
    bool in_tag = true;

    if (element == NULL)
        return;
    ec_text_puts(out, "<svg role=\"img\" aria-label=\"");
    ec_text_xml(out, label);
    ec_text_puts(out, "\"");
    for (const char *c = element + strlen("<svg"); *c != '\0'; c++) {
        c = *c == '<' ? put_hypertext(out, c) : c;

        size_t n = in_tag ? id_at(c) : 0;

        in_tag = *c == '<' || (in_tag && *c != '>');
        ec_text_add(out, c, n > 0 ? n : 1);
        if (n > 0) {
            ec_text_printf(out, "%s-", id);
            c += n - 1;
        }
    }
}

/* Overwrite titles that begin so. */
static void blank_titles(ec_text *svg, const char *title)
{
    static const char end[] = "</title>";
    char *at = svg->size > 0 ? strstr(svg->bytes, title) : NULL;

    while (at != NULL) {
        char *after = strstr(at, end);

        if (after == NULL)
            return;
        memset(at, ' ', (size_t)(after - at) + strlen(end));
        at = strstr(after, title);
    }
}

ec_status ec_plot_svg(ec_text *out, const ec_text *script, const char *id, const char *label,
                      ec_error *err)
{
    static const char *const argv[] = {"gnuplot", NULL};
    ec_text svg = {0};

    ec_status status = ec_text_check(script, err);
    if (status == EC_OK)
        status = ec_program_run(&svg, argv, script->bytes, script->size, err);
    if (status == EC_OK) {
        /* its own titles would pop up over the chart, saying "Gnuplot" or "gnuplot_plot_2" */
        blank_titles(&svg, "<title>Gnuplot");
        blank_titles(&svg, "<title>gnuplot_plot_");
        put_inline(out, ec_text_get(&svg), id, label);
    }
    ec_text_clear(&svg);
    return status;
}
