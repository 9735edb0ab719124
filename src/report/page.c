/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "paper.h"

#include "core/flow.h"

#include <string.h>

/*
 * One column, dark on light or as the reader's screen is set, charts always dark on white; what a
 * colour says is also said by a word or a border. Wide tables scroll by themselves, so that the
 * page never does.
 */
static const char style[] =
    ":root{--ink:#1a1a1a;--soft:#595959;--line:#c9c9c9;--pale:#f4f4f1;--accent:#0b3c8c;"
    "--paper:#fff;--bad:#a3140e;color-scheme:light dark}\n"
    "*{box-sizing:border-box}\n"
    "body{margin:0 auto;padding:2rem 1.25rem 4rem;max-width:66rem;background:var(--paper);"
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
    ".verdict.no{border-left:.35rem double var(--bad)}\n"
    ".verdict p{margin:0}\n"
    ".scroll{overflow-x:auto;margin:.75rem 0;background:linear-gradient(to right,var(--paper) 50%,"
    "transparent) left/2.5rem 100% no-repeat local,linear-gradient(to left,var(--paper) "
    "50%,transparent) "
    "right/2.5rem 100% no-repeat local,linear-gradient(to right,#0003,transparent) left/.7rem "
    "100% no-repeat,linear-gradient(to left,#0003,transparent) right/.7rem 100% no-repeat}\n"
    "table{border-collapse:collapse;font-size:.93rem;font-variant-numeric:tabular-nums}\n"
    "caption{text-align:left;color:var(--soft);font-size:.9rem;padding:0 0 .4rem}\n"
    "caption span{display:inline-block;position:sticky;left:0;max-width:calc(100vw - 2rem)}\n"
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
    ".label.failed,.label.violated{border:2px solid var(--bad);color:var(--bad);"
    "font-weight:700}\n"
    "figure{margin:1rem 0}\n"
    "figure svg{display:block;width:100%;max-width:35rem;height:auto}\n"
    ".diagram svg{width:auto;max-width:100%}\n"
    ".wide{grid-column:1/-1}\n"
    ".charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,24rem),1fr));"
    "gap:0 2rem;align-items:start}\n"
    "@media (min-width:60rem){.beside{grid-template-columns:minmax(0,3fr) minmax(0,4fr)}}\n"
    ".beside>:only-child{grid-column:1/-1}\n"
    ".meter{display:inline-block;width:6rem;height:.6rem;margin-left:.4rem}\n"
    ".meter .bar{fill:var(--accent)}\n"
    ".meter .frame{fill:none;stroke:var(--soft)}\n"
    "summary{cursor:pointer;color:var(--accent);margin:.5rem 0}\n"
    "dl{display:grid;grid-template-columns:max-content 1fr;gap:.25rem 1.25rem;margin:.5rem 0}\n"
    "dt{color:var(--soft)}\n"
    "dd{margin:0;overflow-wrap:anywhere}\n"
    "@media (max-width:40rem){body{padding:1.25rem .9rem 3rem}h1{font-size:1.5rem}"
    "dl{grid-template-columns:1fr;gap:0}dd{margin-bottom:.5rem}}\n"
    "@media screen and (prefers-color-scheme:dark){:root{--ink:#e6e6e3;--soft:#b4b4af;"
    "--line:#4b4d50;--pale:#24272b;--accent:#9fc4ff;--paper:#17191c;--bad:#ff9c92}"
    "figure svg{background:#fff;border-radius:.25rem}}\n"
    "@media print{body{max-width:none;padding:0;font-size:10pt}nav{display:none}"
    ".scroll{overflow:visible;break-inside:avoid}td{white-space:normal}table{font-size:8.5pt}"
    "section{border-top:1px solid #888}h2,h3,caption,thead{break-after:avoid}"
    "figure,tr,.verdict{break-inside:avoid}.charts{grid-template-columns:1fr 1fr}"
    ".beside{grid-template-columns:minmax(0,2fr) minmax(0,4fr)}}\n";

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

/* From what is asked for and what bounds it to what was measured, and how to get it again. */
static ec_status put_sections(ec_paper *paper, const ec_report_page *page, ec_error *err)
{
    ec_status status = EC_OK;

    ec_section_requirements(paper, page);
    ec_section_findings(paper, page);
    ec_section_architecture(paper, page);
    ec_section_bounds(paper, page);
    ec_section_diagrams(paper, page);
    EC_TRY(ec_section_formulas(paper, page, err));
    EC_TRY(ec_section_widths(paper, page, err));
    EC_TRY(ec_section_training(paper, page, err));
    EC_TRY(ec_section_verification(paper, page, err));
    EC_TRY(ec_section_profile(paper, page, err));
    EC_TRY(ec_section_fit(paper, page, err));
    ec_section_provenance(paper, page);
    status = ec_text_check(paper->out, err);
done:
    return status;
}

ec_status ec_report_html(ec_text *out, const ec_report_page *page, ec_error *err)
{
    ec_text body = {0};
    ec_paper paper = {.out = &body, .charts = page->charts};
    ec_paper top = {.out = out};
    ec_status status = put_sections(&paper, page, err);

    if (status != EC_OK)
        goto done;
    put_head(out, page->bounds.arch);
    ec_text_puts(out, "<header>\n<h1>");
    ec_text_xml(out, page->bounds.arch->name);
    ec_text_puts(out, "</h1>\n");
    EC_TRY(ec_section_summary(&top, page, err));
    ec_text_puts(out, "<nav aria-label=\"Sections\"><ul>");
    ec_text_puts(out, ec_text_get(&paper.nav));
    ec_text_puts(out, "</ul></nav>\n</header>\n<main>\n");
    ec_text_add(out, body.bytes, body.size);
    ec_text_puts(out, "</main>\n</body>\n</html>\n");
    EC_TRY(ec_text_check(&paper.nav, err));
    status = ec_text_check(out, err);
done:
    ec_paper_clear(&top);
    ec_paper_clear(&paper);
    ec_text_clear(&body);
    return status;
}

ec_status ec_report_markdown(ec_text *out, const ec_report_page *page, ec_error *err)
{
    ec_paper paper = {.out = out, .markdown = true};
    const char *name = page->bounds.arch->name;
    ec_status status = EC_OK;

    ec_text_puts(out, "# ");
    ec_markdown_text(out, name, strlen(name));
    ec_text_puts(out, ": entanglement capacity\n\n");
    EC_TRY(ec_section_summary(&paper, page, err));
    status = put_sections(&paper, page, err);
done:
    ec_paper_clear(&paper);
    return status;
}
