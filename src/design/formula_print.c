/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "entcap/design.h"

#include <stdio.h>
#include <string.h>

#include "core/flow.h"

/* A width: r12, or r_{12} in LaTeX; (r12+1) with the constant channel. */
static void print_width(ec_text *text, const ec_formula *f, size_t level, ec_notation notation)
{
    const char *name = f->name[level], *letter = name + (name[0] == '(');
    size_t digits = strspn(letter + 1, "0123456789");

    if (notation == EC_NOTATION_LATEX && digits > 0)
        ec_text_printf(text, "%.*s_{%.*s}%s", (int)(letter + 1 - name), name, (int)digits,
                       letter + 1, letter + 1 + digits);
    else
        ec_text_puts(text, name);
}

/* G of a level by name: the width M at level 0, else g1, g2, ... */
static void print_span(ec_text *text, const ec_formula *f, size_t level, ec_notation notation)
{
    if (level == 0)
        print_width(text, f, 0, notation);
    else
        ec_text_printf(text, notation == EC_NOTATION_LATEX ? "g_{%zu}" : "g%zu", level);
}

/* C(. + q - 1, q), opened before and closed after the span */
static void open_binomial(ec_text *text, ec_notation notation)
{
    ec_text_puts(text, notation == EC_NOTATION_LATEX ? "\\binom{" : "C(");
}

static void close_binomial(ec_text *text, uint64_t q, ec_notation notation)
{
    ec_text_printf(text, "+%llu", (unsigned long long)q - 1);
    ec_text_printf(text, notation == EC_NOTATION_LATEX ? "}{%llu}" : ",%llu)",
                   (unsigned long long)q);
}

static void print_variable(ec_text *text, const ec_formula *f, size_t variable,
                           ec_notation notation)
{
    const ec_formula_variable *v = &f->variables[variable];

    if (v->power == 0) {
        print_width(text, f, v->level, notation);
    } else {
        open_binomial(text, notation);
        print_span(text, f, v->level, notation);
        close_binomial(text, v->power, notation);
    }
}

void ec_formula_variable_name(char *name, size_t size, const ec_formula *formula, size_t variable)
{
    ec_text text = {0};

    print_variable(&text, formula, variable, EC_NOTATION_TEXT);
    snprintf(name, size, "%s", ec_text_get(&text));
    ec_text_clear(&text);
}

static void print_term(ec_text *text, const ec_formula *f, const uint64_t *exponent,
                       ec_notation notation)
{
    const char *separator = "";

    for (size_t i = f->n_variables; i > 0; i--) { /* highest layer first */
        size_t v = i - 1;
        if (exponent[v] == 0)
            continue;
        ec_text_puts(text, separator);
        print_variable(text, f, v, notation);
        if (exponent[v] > 1)
            ec_text_printf(text, notation == EC_NOTATION_LATEX ? "^{%llu}" : "^%llu",
                           (unsigned long long)exponent[v]);
        separator = notation == EC_NOTATION_LATEX ? " " : "*";
    }
    if (*separator == '\0')
        ec_text_puts(text, "1");
}

/* Hand the text over as a string of its own. */
static char *finish(ec_text *text, ec_error *err)
{
    char *s = NULL;

    if (ec_text_check(text, err) == EC_OK)
        s = ec_strdup(ec_text_get(text), err);
    ec_text_clear(text);
    return s;
}

char *ec_formula_print(const ec_formula *formula, ec_notation notation, ec_error *err)
{
    ec_text text = {0};
    bool latex = notation == EC_NOTATION_LATEX, many = formula->n_terms > 1;

    if (many)
        ec_text_puts(&text, latex ? "\\min\\left(" : "min(");
    for (size_t t = 0; t < formula->n_terms; t++) {
        if (t > 0)
            ec_text_puts(&text, latex ? ",\\, " : ", ");
        print_term(&text, formula, formula->exponent + t * formula->n_variables, notation);
    }
    if (many)
        ec_text_puts(&text, latex ? "\\right)" : ")");
    return finish(&text, err);
}

/* The highest level whose G some term uses, 0 if none does. */
static size_t highest_span(const ec_formula *f)
{
    size_t highest = 0;

    for (size_t v = f->n_levels; v < f->n_variables; v++) {
        bool used = false;
        for (size_t t = 0; t < f->n_terms && !used; t++)
            used = f->exponent[t * f->n_variables + v] > 0;
        if (used && f->variables[v].level > highest)
            highest = f->variables[v].level;
    }
    return highest;
}

char *ec_formula_print_definitions(const ec_formula *formula, ec_notation notation, ec_error *err)
{
    ec_text text = {0};
    bool latex = notation == EC_NOTATION_LATEX;
    size_t highest = highest_span(formula);

    for (size_t l = 1; l <= highest; l++) {
        print_span(&text, formula, l, notation);
        ec_text_puts(&text, latex ? " = \\min(" : " = min(");
        print_width(&text, formula, l, notation);
        ec_text_puts(&text, ", ");
        if (formula->window[l] > 1)
            open_binomial(&text, notation);
        print_span(&text, formula, l - 1, notation);
        if (formula->window[l] > 1)
            close_binomial(&text, formula->window[l], notation);
        ec_text_puts(&text, ")");
        ec_text_puts(&text, "\n");
    }
    return finish(&text, err);
}
