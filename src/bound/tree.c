/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bound/tree.h"

#include "bound/bound_i.h"
#include "core/flow.h"

#include <string.h>

static const uint8_t cut_on[2] = {EC_CUT_ON_A, EC_CUT_ON_B};
static const uint8_t tie_on[2] = {EC_TIE_ON_A, EC_TIE_ON_B};

/* f(c, A) and f(c, B) of the classes c of one level: row 2c + side. */
struct rows {
    uint32_t *exponent; /* width numbers a row */
    bool *infinite;
    size_t width;
};

struct solver {
    ec_symbols *symbols;
    const ec_quotient *quotient;
    struct rows below, here;
    const uint8_t *below_choice;
};

static ec_status rows_init(struct rows *rows, size_t n_classes, size_t width, ec_error *err)
{
    ec_status status = EC_OK;

    *rows = (struct rows){.width = width};
    EC_NEW(rows->exponent, 2 * n_classes * width);
    EC_NEW(rows->infinite, 2 * n_classes);
done:
    return status;
}

static void rows_clear(struct rows *rows)
{
    ec_free(rows->exponent);
    ec_free(rows->infinite);
    *rows = (struct rows){.width = 0};
}

/* Row 2c + side of *to times (row 2c + side of *from)^count. */
static void multiply(struct rows *to, size_t row, const struct rows *from, size_t from_row,
                     uint32_t count)
{
    uint32_t *x = to->exponent + row * to->width;
    const uint32_t *y = from->exponent + from_row * from->width;

    for (size_t i = 0; i < from->width; i++)
        x[i] += count * y[i];
    to->infinite[row] = to->infinite[row] || from->infinite[from_row];
}

static void multiply_symbol(struct rows *to, size_t row, uint32_t symbol)
{
    if (symbol == EC_NO_SYMBOL)
        to->infinite[row] = true;
    else
        to->exponent[row * to->width + symbol]++;
}

/* Is row x less than, equal to, or larger than row y? */
static int compare(const struct rows *r, size_t x, const struct rows *s, size_t y,
                   ec_symbols *symbols)
{
    if (r->infinite[x] || s->infinite[y])
        return (int)r->infinite[x] - (int)s->infinite[y];
    return ec_basis_compare(&symbols->basis, r->exponent + x * r->width, s->exponent + y * s->width,
                            r->width);
}

static size_t best_row(const uint8_t *choice, uint32_t c)
{
    return 2 * (size_t)c + ((choice[c] & EC_BEST_B) != 0);
}

/* The index below is not cut: prod_c f(c, s), with equal shared children of the other side taken
 * together. */
static void product_on_side(struct solver *s, struct rows *out, size_t l, size_t c, int side)
{
    const ec_quotient_level *level = &s->quotient->level[l];
    uint32_t other = s->quotient->level[l - 1].pure[1 - side];

    for (size_t i = level->start[c]; i < level->start[c + 1]; i++) {
        if (s->symbols->group[l] != NULL && level->child[i] == other)
            multiply_symbol(out, (size_t)side, s->symbols->group[l][level->count[i]]);
        else
            multiply(out, (size_t)side, &s->below, 2 * (size_t)level->child[i] + (size_t)side,
                     level->count[i]);
    }
}

/* The index below is cut: d_l prod_c min_t f(c, t). */
static void product_cut(struct solver *s, struct rows *out, size_t l, size_t c)
{
    const ec_quotient_level *level = &s->quotient->level[l];

    for (size_t i = level->start[c]; i < level->start[c + 1]; i++)
        multiply(out, 0, &s->below, best_row(s->below_choice, level->child[i]), level->count[i]);
    multiply_symbol(out, 0, (uint32_t)s->symbols->end[l] - 1);
    out->infinite[0] = out->infinite[0] || s->symbols->wide[l];
}

static void reset(struct rows *rows, size_t n)
{
    memset(rows->exponent, 0, n * rows->width * sizeof *rows->exponent);
    memset(rows->infinite, 0, n * sizeof *rows->infinite);
}

/* f(c, A), f(c, B) and the choices of one class, level >= 1; `uncut` has 2 rows, `cut` one. */
static uint8_t solve_class(struct solver *s, size_t l, size_t c, struct rows *uncut,
                           struct rows *cut)
{
    uint8_t choice = 0;

    reset(uncut, 2);
    reset(cut, 1);
    product_cut(s, cut, l, c);
    for (int side = 0; side < 2; side++) {
        size_t row = 2 * c + (size_t)side;
        product_on_side(s, uncut, l, c, side);
        int order = compare(uncut, (size_t)side, cut, 0, s->symbols);
        if (order > 0) {
            choice |= cut_on[side];
            multiply(&s->here, row, cut, 0, 1);
        } else {
            choice |= order == 0 ? tie_on[side] : 0;
            multiply(&s->here, row, uncut, (size_t)side, 1);
        }
    }
    int sides = compare(&s->here, 2 * c, &s->here, 2 * c + 1, s->symbols);
    if (sides >= 0)
        choice |= sides > 0 ? EC_BEST_B : EC_TIE_SIDES;
    return choice;
}

static ec_status solve_level(uint8_t *choice, struct solver *s, size_t l, ec_error *err)
{
    ec_status status = EC_OK;
    struct rows uncut = {.width = 0}, cut = {.width = 0};

    EC_TRY(rows_init(&uncut, 1, s->here.width, err));
    EC_TRY(rows_init(&cut, 1, s->here.width, err));
    for (size_t c = 0; c < s->quotient->level[l].n_classes; c++)
        choice[c] = solve_class(s, l, c, &uncut, &cut);
done:
    rows_clear(&uncut);
    rows_clear(&cut);
    return status;
}

/* Above the sites: 1 if all are on the matrix's side, else the index is cut. */
static void solve_sites(uint8_t *choice, struct solver *s)
{
    static const uint8_t choices[EC_N_CLASSES_0] = {
        [EC_CLASS_A] = EC_CUT_ON_B,
        [EC_CLASS_B] = EC_CUT_ON_A | EC_BEST_B,
        [EC_CLASS_MIXED] = EC_CUT_ON_A | EC_CUT_ON_B,
    };

    for (size_t c = 0; c < EC_N_CLASSES_0; c++) {
        choice[c] = choices[c];
        for (size_t side = 0; side < 2; side++) {
            if ((choice[c] & cut_on[side]) == 0)
                continue;
            s->here.exponent[2 * c + side] = 1; /* the only symbol so far is d_0 */
            s->here.infinite[2 * c + side] = s->symbols->wide[0];
        }
    }
}

static double solver_bytes(const ec_symbols *symbols, const ec_quotient *quotient)
{
    double bytes = 0, below = 0;

    for (size_t l = 0; l < quotient->n_levels; l++) {
        double here = 8.0 * (double)symbols->end[l] * (double)quotient->level[l].n_classes;
        bytes = here + below > bytes ? here + below : bytes;
        below = here;
    }
    return bytes;
}

ec_status ec_tree_solve(ec_tree_value *out, ec_symbols *symbols, const ec_quotient *quotient,
                        const ec_run *run, ec_error *err)
{
    ec_status status = EC_OK;
    struct solver s = {.symbols = symbols, .quotient = quotient};
    size_t top = quotient->n_levels - 1, best;

    *out = (ec_tree_value){.n_levels = quotient->n_levels};
    EC_TRY(ec_run_reserve(run, "tree recursion", solver_bytes(symbols, quotient), err));
    EC_NEW(out->exponent, symbols->n);
    EC_NEW(out->choice, quotient->n_levels);
    for (size_t l = 0; l <= top; l++) {
        size_t n = quotient->level[l].n_classes;
        EC_NEW(out->choice[l], n);
        EC_TRY(rows_init(&s.here, n, symbols->end[l], err));
        if (l == 0)
            solve_sites(out->choice[0], &s);
        else
            EC_TRY(solve_level(out->choice[l], &s, l, err));
        rows_clear(&s.below);
        s.below = s.here;
        s.here = (struct rows){.width = 0};
        s.below_choice = out->choice[l];
    }
    best = best_row(out->choice[top], quotient->level[top].of_position[0]);
    out->infinite = s.below.infinite[best];
    memcpy(out->exponent, s.below.exponent + best * s.below.width,
           symbols->n * sizeof *out->exponent);
done:
    rows_clear(&s.below);
    rows_clear(&s.here);
    return status;
}

void ec_tree_value_clear(ec_tree_value *value)
{
    if (value == NULL)
        return;
    for (size_t l = 0; value->choice != NULL && l < value->n_levels; l++)
        ec_free(value->choice[l]);
    ec_free(value->choice);
    ec_free(value->exponent);
    *value = (ec_tree_value){.n_levels = 0};
}

void ec_tree_value_rank(ec_int *rank, const ec_tree_value *value, const ec_symbols *symbols)
{
    ec_int_set_u64(rank, 1);
    for (size_t i = 0; i < symbols->n; i++) {
        ec_factor factor = {symbols->basis.value[i], value->exponent[i]};
        ec_int power = {0};
        ec_bound_product(&power, &factor, 1);
        ec_int_mul(rank, rank, &power);
        ec_int_clear(&power);
    }
}
