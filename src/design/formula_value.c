/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "entcap/design.h"

#include "core/flow.h"

/* x = C(x + q - 1, q) */
static void symmetric_power(ec_int *x, uint64_t q)
{
    ec_int shift = {0};

    ec_int_set_u64(&shift, q - 1);
    ec_int_add(x, x, &shift);
    ec_int_binomial(x, x, q);
    ec_int_clear(&shift);
}

/* G of a level: G_0 = d_0, G_l = min(d_l, C(G_{l-1} + P_l - 1, P_l)). */
static void window_span(ec_int *g, const ec_formula *formula, const uint32_t *widths, size_t level)
{
    ec_int_set_u64(g, widths[0]);
    for (size_t l = 1; l <= level; l++) {
        symmetric_power(g, formula->window[l]);
        if (ec_int_cmp_u64(g, widths[l]) > 0)
            ec_int_set_u64(g, widths[l]);
    }
}

static void variable_value(ec_int *value, const ec_formula *formula, size_t variable,
                           const uint32_t *widths)
{
    const ec_formula_variable *v = &formula->variables[variable];

    if (v->power == 0) {
        ec_int_set_u64(value, widths[v->level]);
        return;
    }
    window_span(value, formula, widths, v->level);
    symmetric_power(value, v->power);
}

/* product *= value^e, by repeated squaring */
static void multiply_power(ec_int *product, const ec_int *value, uint64_t e)
{
    ec_int square = {0};

    ec_int_set(&square, value);
    for (; e > 0; e >>= 1) {
        if (e & 1)
            ec_int_mul(product, product, &square);
        if (e > 1)
            ec_int_mul(&square, &square, &square);
    }
    ec_int_clear(&square);
}

void ec_formula_evaluate(ec_int *value, size_t *argmin, const ec_formula *formula,
                         const uint32_t *widths)
{
    ec_int term = {0}, factor = {0};

    for (size_t t = 0; t < formula->n_terms; t++) {
        const uint64_t *exponent = formula->exponent + t * formula->n_variables;
        ec_int_set_u64(&term, 1);
        for (size_t v = 0; v < formula->n_variables; v++) {
            if (exponent[v] == 0)
                continue;
            variable_value(&factor, formula, v, widths);
            multiply_power(&term, &factor, exponent[v]);
        }
        if (t == 0 || ec_int_cmp(&term, value) < 0) {
            ec_int_swap(value, &term);
            if (argmin != NULL)
                *argmin = t;
        }
    }
    ec_int_clear(&term);
    ec_int_clear(&factor);
}
