/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "design/formula_i.h"

#include <math.h>

double ec_log2_symmetric(uint32_t g, uint64_t q)
{
    double sum = 0;
    int sign;

    if (g == 1)
        return 0;
    if (q <= 64) { /* differences of lgamma lose digits */
        for (uint64_t i = 1; i <= q; i++)
            sum += log2(((double)g + (double)i - 1) / (double)i);
        return sum;
    }
    sum = lgamma_r((double)g + (double)q, &sign);
    return (sum - lgamma_r((double)g, &sign) - lgamma_r((double)q + 1, &sign)) / M_LN2;
}

uint32_t ec_grow_span(uint32_t below, size_t window, uint32_t dim)
{
    uint64_t span = 1;

    for (size_t i = 1; below > 1 && i <= window; i++) {
        span = span * (below + i - 1) / i;
        if (span >= dim)
            return dim;
    }
    return span < dim ? (uint32_t)span : dim;
}

static double variable_log2(const ec_formula *f, size_t variable, const uint32_t *widths)
{
    const ec_formula_variable *v = &f->variables[variable];
    uint32_t span = widths[0];

    if (v->power == 0)
        return log2(widths[v->level]);
    for (size_t l = 1; l <= v->level; l++)
        span = ec_grow_span(span, f->window[l], widths[l]);
    return ec_log2_symmetric(span, v->power);
}

double ec_formula_log2(const ec_formula *f, const uint32_t *widths)
{
    double least = INFINITY;

    for (size_t t = 0; t < f->n_terms; t++) {
        double sum = 0;
        for (size_t v = 0; v < f->n_variables; v++) {
            uint64_t e = f->exponent[t * f->n_variables + v];
            if (e > 0)
                sum += (double)e * variable_log2(f, v, widths);
        }
        least = sum < least ? sum : least;
    }
    return least;
}
