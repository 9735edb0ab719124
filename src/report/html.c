/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "report_i.h"

#include "core/flow.h"

#include <stdio.h>
#include <string.h>

/*
 * Dark on light, one column; what a colour says is also said by a word or a border. Wide tables
 * scroll by themselves, so that the page never does.
 */
static const char style[] =
    ":root{--ink:#1a1a1a;--soft:#595959;--line:#c9c9c9;--pale:#f4f4f1;--accent:#0b3c8c}\n"
    "*{box-sizing:border-box}\n"
    "body{margin:0 auto;padding:2rem 1.25rem 4rem;max-width:66rem;background:#fff;"
    "color:var(--ink);font:1rem/1.55 system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',"
    "'Liberation Sans',Arial,sans-serif}\n"
    "h1{font-size:1.9rem;line-height:1.2;margin:0 0 .25rem;overflow-wrap:anywhere}\n"
    "h2{font-size:1.3rem;line-height:1.25;margin:0 0 .75rem}\n"
    "h3{font-size:1.05rem;margin:1.75rem 0 .4rem;overflow-wrap:anywhere}\n"
    "p{margin:.5rem 0;max-width:50rem}\n"
    "section{margin-top:2rem;padding-top:1.5rem;border-top:1px solid var(--line)}\n"
    ".size,.note,figcaption{color:var(--soft)}\n"
    ".note,figcaption{font-size:.9rem}\n"
    "nav ul{list-style:none;display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;margin:1rem 0 0;"
    "padding:0}\n"
    "a{color:var(--accent)}\n"
    "ul.plain{padding-left:1.2rem;margin:.5rem 0;max-width:62rem}\n"
    ".verdict{border-left:.35rem solid var(--accent);background:var(--pale);padding:.75rem 1rem;"
    "margin:1rem 0;max-width:50rem}\n"
    ".verdict.no{border-left:.35rem double #a3140e}\n"
    ".verdict p{margin:0}\n"
    ".scroll{overflow-x:auto;margin:.75rem 0;background:linear-gradient(to right,#fff 50%,"
    "transparent) left/2.5rem 100% no-repeat local,linear-gradient(to left,#fff 50%,transparent) "
    "right/2.5rem 100% no-repeat local,linear-gradient(to right,#0003,transparent) left/.7rem "
    "100% no-repeat,linear-gradient(to left,#0003,transparent) right/.7rem 100% no-repeat}\n"
    "table{border-collapse:collapse;font-size:.93rem;font-variant-numeric:tabular-nums}\n"
    "caption{text-align:left;color:var(--soft);font-size:.9rem;padding:0 0 .4rem}\n"
    "th,td{text-align:left;vertical-align:top;padding:.35rem .9rem .35rem 0;"
    "border-bottom:1px solid var(--line)}\n"
    "th:last-child,td:last-child{padding-right:0}\n"
    "thead th{border-bottom:2px solid var(--ink);font-weight:600;vertical-align:bottom}\n"
    "tbody th{font-weight:600}\n"
    ".n{text-align:right}\n"
    "td{white-space:nowrap}\n"
    "sup,sub{font-size:.75em;line-height:0}\n"
    "code{font:.88em ui-monospace,'Cascadia Mono','DejaVu Sans Mono',Menlo,monospace;"
    "overflow-wrap:anywhere}\n"
    ".label{display:inline-block;font-size:.78rem;line-height:1.3;padding:0 .45em;"
    "border:1px solid var(--soft);border-radius:.6em;color:var(--ink);white-space:nowrap}\n"
    ".label.probable,.label.undecided{border-style:dashed}\n"
    ".label.measured{border-style:dotted}\n"
    ".label.failed,.label.violated{border:2px solid #a3140e;color:#a3140e;font-weight:700}\n"
    "figure{margin:1rem 0}\n"
    "figure svg{display:block;width:100%;max-width:35rem;height:auto}\n"
    ".diagram svg{width:auto;max-width:100%}\n"
    ".wide{grid-column:1/-1}\n"
    ".charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,24rem),1fr));"
    "gap:0 2rem;align-items:start}\n"
    "@media (min-width:60rem){.beside{grid-template-columns:minmax(0,3fr) minmax(0,4fr)}}\n"
    ".beside>:only-child{grid-column:1/-1}\n"
    ".meter{display:inline-block;width:6rem;height:.6rem;margin-left:.4rem}\n"
    "summary{cursor:pointer;color:var(--accent);margin:.5rem 0}\n"
    "dl{display:grid;grid-template-columns:max-content 1fr;gap:.25rem 1.25rem;margin:.5rem 0}\n"
    "dt{color:var(--soft)}\n"
    "dd{margin:0;overflow-wrap:anywhere}\n"
    "@media (max-width:40rem){body{padding:1.25rem .9rem 3rem}h1{font-size:1.5rem}"
    "dl{grid-template-columns:1fr;gap:0}dd{margin-bottom:.5rem}}\n"
    "@media print{body{max-width:none;padding:0;font-size:10pt}nav{display:none}"
    ".scroll{overflow:visible}td{white-space:normal}table{font-size:8.5pt}"
    "section{border-top:1px solid #888}h2,h3{break-after:avoid}figure,tr,.verdict{"
    "break-inside:avoid}.diagrams{grid-template-columns:1fr 1fr}}\n";

void ec_html_number(ec_text *out, const char *text)
{
    char plain[EC_CELL];

    while (*text != '\0') {
        size_t n = strcspn(text, "^");

        snprintf(plain, sizeof plain, "%.*s", (int)n, text);
        ec_text_xml(out, plain);
        text += n;
        if (*text == '\0')
            break;
        n = strspn(text + 1, "0123456789");
        ec_text_printf(out, n > 0 ? "<sup>%.*s</sup>" : "^%.*s", (int)n, text + 1);
        text += n + 1;
    }
}

void ec_html_section(ec_text *out, const char *id, const char *heading)
{
    ec_text_printf(out, "<section id=\"%s\" aria-labelledby=\"%s-h\">\n<h2 id=\"%s-h\">%s</h2>\n",
                   id, id, id, heading);
}

void ec_html_end_section(ec_text *out)
{
    ec_text_puts(out, "</section>\n");
}

void ec_html_notes(ec_text *out, const ec_text *notes)
{
    char line[1024];

    for (const char *note = ec_text_get(notes); *note != '\0';) {
        size_t n = strcspn(note, "\n");

        snprintf(line, sizeof line, "%.*s", (int)n, note);
        ec_text_puts(out, "<p class=\"note\">");
        ec_text_xml(out, line);
        ec_text_puts(out, "</p>\n");
        note += n + (note[n] == '\n');
    }
}

void ec_html_paragraph(ec_text *out, const char *html)
{
    ec_text_printf(out, "<p>%s</p>\n", html);
}

static void put_head(ec_text *out, const ec_arch *arch)
{
    ec_text_puts(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
                      "style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'\">\n"
                      "<meta name=\"referrer\" content=\"no-referrer\">\n"
                      "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
                      "<meta name=\"generator\" content=\"entcap " EC_VERSION "\">\n<title>");
    ec_text_xml(out, arch->name);
    ec_text_puts(out, ": entanglement capacity</title>\n<style>\n");
    ec_text_puts(out, style);
    ec_text_puts(out, "</style>\n</head>\n<body>\n");
}

static void put_navigation(ec_text *out, const ec_report_page *page)
{
    ec_text_puts(out, "<nav aria-label=\"Sections\"><ul>");
    if (page->required != NULL)
        ec_text_puts(out, "<li><a href=\"#requirements\">Requirements</a></li>");
    ec_text_puts(out, "<li><a href=\"#bounds\">Bounds</a></li>");
    if (page->states != NULL)
        ec_text_puts(out, "<li><a href=\"#verification\">Verification</a></li>");
    if (page->states != NULL && page->states->profile != NULL)
        ec_text_puts(out, "<li><a href=\"#profile\">Profile</a></li>");
    if (page->n_diagrams > 0)
        ec_text_puts(out, "<li><a href=\"#diagram\">Diagram</a></li>");
    if (page->widths != NULL)
        ec_text_puts(out, "<li><a href=\"#widths\">Widths</a></li>");
    if (page->fit != NULL)
        ec_text_puts(out, "<li><a href=\"#data\">Data</a></li>");
    if (page->formulas != NULL)
        ec_text_puts(out, "<li><a href=\"#formulas\">Formulas</a></li>");
    ec_text_puts(out, "<li><a href=\"#architecture\">Architecture</a></li>");
    if (page->log != NULL)
        ec_text_puts(out, "<li><a href=\"#training\">Training</a></li>");
    ec_text_puts(out, "<li><a href=\"#provenance\">Provenance</a></li></ul></nav>\n");
}

ec_status ec_report_html(ec_text *out, const ec_report_page *page, ec_error *err)
{
    ec_status status = EC_OK;

    put_head(out, page->bounds.arch);
    ec_text_puts(out, "<header>\n<h1>");
    ec_text_xml(out, page->bounds.arch->name);
    ec_text_puts(out, "</h1>\n");
    EC_TRY(ec_html_summary(out, page, err));
    put_navigation(out, page);
    ec_text_puts(out, "</header>\n<main>\n");
    ec_html_requirements(out, page);
    ec_html_bounds(out, page);
    EC_TRY(ec_html_verification(out, page, err));
    EC_TRY(ec_html_profile(out, page, err));
    ec_html_diagrams(out, page);
    EC_TRY(ec_html_widths(out, page, err));
    EC_TRY(ec_html_fit(out, page, err));
    EC_TRY(ec_html_formulas(out, page, err));
    EC_TRY(ec_html_architecture(out, page, err));
    EC_TRY(ec_html_training(out, page, err));
    ec_html_provenance(out, page);
    ec_text_puts(out, "</main>\n</body>\n</html>\n");
    status = ec_text_check(out, err);
done:
    return status;
}
