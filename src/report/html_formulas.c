/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "report_i.h"

#include "core/flow.h"

#include <string.h>

enum { MAX_OPEN_TERMS = 40 }; /* longer formulas are folded away */

/* A line of a formula as HTML: "r1^32" with a raised exponent. */
static void put_line(ec_text *out, const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        size_t digits = text[i] == '^' ? strspn(text + i + 1, "0123456789") : 0;
        char one[2] = {text[i], '\0'};

        if (digits > 0)
            ec_text_printf(out, "<sup>%.*s</sup>", (int)digits, text + i + 1);
        else
            ec_text_xml(out, one);
        i += digits;
    }
}

/* "where g1 = min(...), g2 = ..." */
static void put_definitions(ec_text *out, const char *definitions)
{
    const char *before = "<div>where ";

    if (*definitions == '\0')
        return;
    for (const char *line = definitions; *line != '\0';) {
        size_t n = strcspn(line, "\n");

        ec_text_printf(out, "%s<code>", before);
        put_line(out, line, n);
        ec_text_puts(out, "</code>");
        before = ", ";
        line += n + (line[n] == '\n');
    }
    ec_text_puts(out, "</div>");
}

static ec_status put_formula(ec_text *out, const ec_formula *formula, const char *what,
                             ec_error *err)
{
    bool folded = formula->n_terms > MAX_OPEN_TERMS;
    char *text = NULL, *definitions = NULL;
    ec_status status = EC_OK;

    ec_text_printf(out, "<dt>%s</dt><dd>", what);
    if (formula->n_terms == 0) {
        ec_text_puts(out, "too many terms to print</dd>\n");
        return EC_OK;
    }
    text = ec_formula_print(formula, EC_NOTATION_TEXT, err);
    definitions = ec_formula_print_definitions(formula, EC_NOTATION_TEXT, err);
    if (text == NULL || definitions == NULL) {
        status = EC_ENOMEM;
        goto done;
    }
    if (folded)
        ec_text_printf(out, "<details><summary>%zu terms</summary>", formula->n_terms);
    ec_text_puts(out, "rank &le; <code>");
    put_line(out, text, strlen(text));
    ec_text_puts(out, "</code>");
    put_definitions(out, definitions);
    ec_text_puts(out, folded ? "</details></dd>\n" : "</dd>\n");
done:
    ec_free(text);
    ec_free(definitions);
    return status;
}

ec_status ec_html_formulas(ec_text *out, const ec_report_page *page, ec_error *err)
{
    const ec_partitions *partitions = page->bounds.partitions;
    bool sharing = page->formulas != NULL && ec_bound_has_sharing(page->bounds.arch);
    ec_status status = EC_OK;

    if (page->formulas == NULL)
        return EC_OK;
    ec_html_section(out, "formulas", "Bounds as formulas");
    ec_html_paragraph(out, "The same bounds for all widths at once, exactly: M features of a site, "
                           "r0, r1, ... channels of the layers from the sites up, C(n,k) binomial "
                           "coefficients. The term that is smallest is the bottleneck. "
                           "<span class=\"label proved\">proved</span>");
    for (size_t k = 0; k < partitions->n; k++) {
        ec_text_puts(out, "<h3>");
        ec_text_xml(out, partitions->items[k].name);
        ec_text_puts(out, "</h3>\n<dl>\n");
        EC_TRY(put_formula(out, &page->formulas[2 * k], "Min cut", err));
        if (sharing)
            EC_TRY(put_formula(out, &page->formulas[2 * k + 1], "Shared weights", err));
        ec_text_puts(out, "</dl>\n");
    }
    ec_html_end_section(out);
done:
    return status;
}
