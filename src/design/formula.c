/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "entcap/design.h"

#include <stdio.h>
#include <string.h>

#include "design/monomials.h"

/* Values f(v, A), f(v, B) of every class of one level, each a set of monomials. */
typedef struct level_values {
    ec_monomials (*value)[2];
    size_t n_classes;
} level_values;

/* The recursion over sets of monomials. */
typedef struct symbolic {
    const ec_arch *arch;
    const ec_quotient *quotient;
    bool shared;
    const ec_run *run;
    ec_formula *formula; /* its variables come first, its terms last */
    level_values below, here;
} symbolic;

static void level_values_clear(level_values *values)
{
    for (size_t c = 0; values->value != NULL && c < values->n_classes; c++) {
        ec_monomials_clear(&values->value[c][0]);
        ec_monomials_clear(&values->value[c][1]);
    }
    ec_free(values->value);
    *values = (level_values){.n_classes = 0};
}

static ec_status level_values_init(level_values *values, size_t n_classes, size_t n_variables,
                                   ec_error *err)
{
    ec_status status = EC_OK;

    *values = (level_values){.n_classes = n_classes};
    EC_NEW(values->value, n_classes);
    for (size_t c = 0; c < n_classes; c++) {
        values->value[c][0].n_variables = n_variables;
        values->value[c][1].n_variables = n_variables;
    }
done:
    return status;
}

static ec_status add_one(ec_monomials *set, ec_error *err)
{
    ec_status status = ec_monomials_add_variable(set, 0, err);

    if (status == EC_OK)
        set->exponent[(set->n - 1) * set->n_variables] = 0;
    return status;
}

/* Level 0: a site is free on its own side and cannot be cut off from it but through its index. */
static ec_status solve_sites(symbolic *s, ec_error *err)
{
    ec_status status = EC_OK;
    level_values *values = &s->here;

    EC_TRY(level_values_init(values, EC_N_CLASSES_0, s->formula->n_variables, err));
    for (int side = 0; side < 2; side++) {
        int other = 1 - side;
        EC_TRY(add_one(&values->value[side == 0 ? EC_CLASS_A : EC_CLASS_B][side], err));
        EC_TRY(ec_monomials_add_variable(&values->value[side == 0 ? EC_CLASS_A : EC_CLASS_B][other],
                                         0, err));
        EC_TRY(ec_monomials_add_variable(&values->value[EC_CLASS_MIXED][side], 0, err));
    }
done:
    return status;
}

/*
 * Multiply by the q-th symmetric power below a level. The powers of one level grow with q, so that
 * rows hold exponents of the factors >= 1 by which each exceeds the next smaller one (G_0 itself
 * being d_0): only then does comparing exponents see the order. take_terms undoes this.
 */
static void multiply_power(ec_monomials *set, const ec_formula *f, size_t level, uint64_t q)
{
    for (size_t i = 0; i < set->n; i++) {
        uint64_t *row = set->exponent + i * set->n_variables;
        if (level == 0)
            row[0]++;
        for (size_t v = f->n_levels; v < f->n_variables; v++)
            row[v] += f->variables[v].level == level && f->variables[v].power <= q;
    }
}

/* first *= f(child, side)^count, or the symmetric power that `count` equal pure children span. */
static ec_status multiply_child(ec_monomials *first, symbolic *s, size_t level, size_t entry,
                                int side, ec_error *err)
{
    const ec_quotient_level *q = &s->quotient->level[level];
    uint32_t child = q->child[entry];
    bool opposite = child == s->quotient->level[level - 1].pure[1 - side];

    if (s->shared && opposite && q->count[entry] > 1 && ec_arch_shared_below(s->arch, level - 1)) {
        multiply_power(first, s->formula, level - 1, q->count[entry]);
        return EC_OK;
    }
    return ec_monomials_multiply(first, &s->below.value[child][side], q->count[entry], err);
}

/* second *= min_t f(child, t)^count. */
static ec_status multiply_free(ec_monomials *second, const symbolic *s, size_t level, size_t entry,
                               ec_error *err)
{
    ec_status status = EC_OK;
    const ec_quotient_level *q = &s->quotient->level[level];
    ec_monomials(*value)[2] = &s->below.value[q->child[entry]];
    ec_monomials either = {.n_variables = second->n_variables};

    EC_TRY(ec_monomials_unite(&either, &(*value)[0], err));
    EC_TRY(ec_monomials_unite(&either, &(*value)[1], err));
    EC_TRY(ec_monomials_reduce(&either, s->run, err));
    EC_TRY(ec_monomials_multiply(second, &either, q->count[entry], err));
    EC_TRY(ec_monomials_reduce(second, s->run, err));
done:
    ec_monomials_clear(&either);
    return status;
}

/* f(v, side) = min( prod_c f(c, side), d_l prod_c min_t f(c, t) ) for class c of a level. */
static ec_status solve_class(symbolic *s, size_t level, size_t class, int side, ec_error *err)
{
    ec_status status = EC_OK;
    const ec_quotient_level *q = &s->quotient->level[level];
    ec_monomials *first = &s->here.value[class][side];
    ec_monomials second = {.n_variables = s->formula->n_variables};

    EC_TRY(add_one(first, err));
    EC_TRY(add_one(&second, err));
    for (size_t e = q->start[class]; e < q->start[class + 1]; e++) {
        EC_TRY(multiply_child(first, s, level, e, side, err));
        EC_TRY(ec_monomials_reduce(first, s->run, err));
        EC_TRY(multiply_free(&second, s, level, e, err));
    }
    ec_monomials_shift(&second, level);
    EC_TRY(ec_monomials_unite(first, &second, err));
    EC_TRY(ec_monomials_reduce(first, s->run, err));
done:
    ec_monomials_clear(&second);
    return status;
}

static ec_status solve_level(symbolic *s, size_t level, ec_error *err)
{
    ec_status status = EC_OK;
    size_t n_classes = s->quotient->level[level].n_classes;

    level_values_clear(&s->below);
    s->below = s->here;
    s->here = (level_values){.n_classes = 0};
    EC_TRY(level_values_init(&s->here, n_classes, s->formula->n_variables, err));
    for (size_t c = 0; c < n_classes; c++) {
        EC_TRY(solve_class(s, level, c, 0, err));
        EC_TRY(solve_class(s, level, c, 1, err));
    }
done:
    return status;
}

/* Insert the symmetric power (level, q) unless it is there, keeping level and power ascending. */
static void insert_power(ec_formula *f, size_t level, uint64_t q)
{
    ec_formula_variable *v = f->variables;
    size_t at = f->n_variables;

    while (at > f->n_levels && v[at - 1].level == level && v[at - 1].power >= q)
        at--;
    if (q < 2 || (at < f->n_variables && v[at].power == q))
        return; /* a single child counts what it spans by the recursion itself */
    for (size_t i = f->n_variables++; i > at; i--)
        v[i] = v[i - 1];
    v[at] = (ec_formula_variable){level, q};
}

static bool is_pure(const ec_quotient *quotient, size_t level, uint32_t class)
{
    const uint32_t *pure = quotient->level[level].pure;

    return class == pure[0] || class == pure[1];
}

/* One variable for every number of equal pure children that occurs in a window. */
static void list_powers(ec_formula *f, const symbolic *s)
{
    for (size_t l = 1; l < f->n_levels && ec_arch_shared_below(s->arch, l - 1); l++) {
        const ec_quotient_level *q = &s->quotient->level[l];
        for (size_t e = 0; e < q->start[q->n_classes]; e++) {
            if (is_pure(s->quotient, l - 1, q->child[e]))
                insert_power(f, l - 1, q->count[e]);
        }
    }
}

/* Room for them: no level has more than entries, or than children of a window. */
static size_t count_variables(const ec_arch *arch, const ec_quotient *quotient, bool shared)
{
    size_t n = arch->n_levels;

    for (size_t l = 1; l < arch->n_levels && shared; l++) {
        const ec_quotient_level *q = &quotient->level[l];
        size_t entries = q->start[q->n_classes], window = ec_level_window(&arch->levels[l]);
        n += entries < window ? entries : window;
    }
    return n;
}

static ec_status describe_variables(ec_formula *out, const symbolic *s, ec_error *err)
{
    ec_status status = EC_OK;
    const ec_arch *arch = s->arch;

    EC_NEW(out->variables, count_variables(arch, s->quotient, s->shared));
    EC_NEW(out->name, arch->n_levels);
    EC_NEW(out->window, arch->n_levels);
    out->n_variables = out->n_levels = arch->n_levels;
    for (size_t l = 0; l < arch->n_levels; l++) {
        out->variables[l].level = l;
        out->window[l] = ec_level_window(&arch->levels[l]);
        snprintf(out->name[l], sizeof out->name[l], arch->levels[l].constant ? "(%s+1)" : "%s",
                 l == 0 ? "M" : arch->levels[l].name);
    }
    if (s->shared)
        list_powers(out, s);
done:
    return status;
}

/* The root's terms, with exponents of the symmetric powers themselves. */
static ec_status take_terms(ec_formula *out, const ec_monomials *root, ec_error *err)
{
    ec_status status = EC_OK;

    EC_NEW(out->exponent, root->n * out->n_variables);
    memcpy(out->exponent, root->exponent, root->n * out->n_variables * sizeof *out->exponent);
    out->n_terms = root->n;
    for (size_t v = out->n_levels; v < out->n_variables; v++) {
        const ec_formula_variable *x = &out->variables[v];
        bool first = v == out->n_levels || x[-1].level != x->level;
        if (first && x->level > 0)
            continue;
        for (size_t t = 0; t < out->n_terms; t++) {
            uint64_t *row = out->exponent + t * out->n_variables;
            row[first ? 0 : v - 1] -= row[v];
        }
    }
done:
    return status;
}

static ec_status check_arch(const ec_arch *arch, const ec_sites *a, bool shared, ec_error *err)
{
    size_t size = ec_sites_count(a);

    if (ec_arch_is_network(arch))
        return ec_fail(err, EC_EINVAL,
                       "a formula in the widths needs input and layers, not a "
                       "network");
    if (a->n != arch->n_sites || size == 0 || size == a->n)
        return ec_fail(err, EC_EINVAL,
                       "side A has %zu of %zu sites, expected some but not all of "
                       "%zu",
                       size, a->n, arch->n_sites);
    if (shared && !ec_bound_has_sharing(arch))
        return ec_fail(err, EC_EINVAL, "no pooling window has all layers below it shared");
    return EC_OK;
}

ec_status ec_design_formula(ec_formula *out, const ec_arch *arch, const ec_sites *a, bool shared,
                            const ec_run *run, ec_error *err)
{
    ec_status status = EC_OK;
    ec_quotient quotient = {0};
    ec_monomials *root;
    symbolic s = {
        .arch = arch, .quotient = &quotient, .shared = shared, .run = run, .formula = out};

    *out = (ec_formula){0};
    EC_TRY(check_arch(arch, a, shared, err));
    EC_TRY(ec_quotient_init(&quotient, arch, a, false, run, err));
    EC_TRY(describe_variables(out, &s, err));
    EC_TRY(solve_sites(&s, err));
    for (size_t l = 1; l < arch->n_levels; l++) {
        EC_TRY(ec_run_step(run, "formula", (double)l, (double)arch->n_levels, err));
        EC_TRY(solve_level(&s, l, err));
    }
    root = s.here.value[arch->n_levels == 1 ? EC_CLASS_MIXED : 0]; /* the only matrix at the top */
    EC_TRY(ec_monomials_unite(&root[0], &root[1], err));
    EC_TRY(ec_monomials_reduce(&root[0], run, err));
    EC_TRY(take_terms(out, &root[0], err));
done:
    level_values_clear(&s.below);
    level_values_clear(&s.here);
    ec_quotient_clear(&quotient);
    if (status != EC_OK)
        ec_formula_clear(out);
    return status;
}

void ec_formula_clear(ec_formula *formula)
{
    if (formula == NULL)
        return;
    ec_free(formula->variables);
    ec_free(formula->name);
    ec_free(formula->window);
    ec_free(formula->exponent);
    *formula = (ec_formula){0};
}
