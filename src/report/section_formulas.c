/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "paper.h"

#include "core/flow.h"

#include <stdio.h>
#include <string.h>

enum { MAX_OPEN_TERMS = 40 }; /* longer formulas are folded away */

/* "where g1 = min(...), g2 = ..." */
static void put_definitions(ec_text *line, const char *definitions)
{
    const char *before = ", where ";

    while (*definitions != '\0') {
        size_t n = strcspn(definitions, "\n");

        ec_text_printf(line, "%s" EC_MARK_FORMULA, before);
        ec_text_add(line, definitions, n);
        ec_text_puts(line, EC_MARK_END);
        before = ", ";
        definitions += n + (definitions[n] == '\n');
    }
}

/* Folded away where it is long. */
static ec_status put_formula(ec_paper *paper, const ec_formula *formula, const char *what,
                             ec_error *err)
{
    bool folded = formula->n_terms > MAX_OPEN_TERMS;
    char *text = NULL, *definitions = NULL, summary[64];
    ec_status status = EC_OK;

    if (formula->n_terms == 0) {
        ec_paper_say(paper, EC_PARAGRAPH, "%s: too many terms to print", what);
        return EC_OK;
    }
    text = ec_formula_print(formula, EC_NOTATION_TEXT, err);
    definitions = ec_formula_print_definitions(formula, EC_NOTATION_TEXT, err);
    if (text == NULL || definitions == NULL) {
        status = EC_ENOMEM;
        goto done;
    }
    snprintf(summary, sizeof summary, "%s: %zu terms", what, formula->n_terms);
    if (folded)
        ec_paper_details(paper, summary);

    ec_text *line = ec_paper_open(paper, EC_PARAGRAPH);

    ec_text_printf(line, "%s: rank ≤ " EC_MARK_FORMULA, what);
    ec_text_puts(line, text);
    ec_text_puts(line, EC_MARK_END);
    put_definitions(line, definitions);
    ec_paper_close(paper);
    if (folded)
        ec_paper_end_details(paper);
done:
    ec_free(text);
    ec_free(definitions);
    return status;
}

ec_status ec_section_formulas(ec_paper *paper, const ec_report_page *page, ec_error *err)
{
    const ec_partitions *partitions = page->bounds.partitions;
    bool sharing = page->formulas != NULL && ec_bound_has_sharing(page->bounds.arch);
    ec_status status = EC_OK;

    if (page->formulas == NULL)
        return EC_OK;
    ec_paper_section(paper, "formulas", "Bounds as formulas", "Formulas");
    ec_paper_say(paper, EC_PARAGRAPH,
                 "The same bounds for all widths at once, exactly: M features of a site, r0, r1, "
                 "... channels of the layers from the sites up, C(n,k) binomial coefficients. The "
                 "term that is smallest is the bottleneck. " EC_LABEL("proved"));
    for (size_t k = 0; k < partitions->n; k++) {
        ec_put_plain(ec_paper_open(paper, EC_HEADING), partitions->items[k].name);
        ec_paper_close(paper);
        EC_TRY(put_formula(paper, &page->formulas[2 * k], "Min cut", err));
        if (sharing)
            EC_TRY(put_formula(paper, &page->formulas[2 * k + 1], "Shared weights", err));
    }
    ec_paper_end_section(paper);
done:
    return status;
}
