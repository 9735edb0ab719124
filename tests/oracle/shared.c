/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "oracle/oracle.h"

#include "check.h"

/* The recursion for shared weights as it is written in the literature of this project:
 *
 *     f(v, s) = min( Sym^q of the q children wholly on the other side, if all below is shared,
 *                      times prod of f(c, s) over the others,
 *                    r prod_c min_t f(c, t) )
 *
 * on doubles that hold exact integers: every value of interest stays below 2^53. */
typedef struct side_values {
    double on_a, on_b; /* f(v, A), f(v, B) */
    bool all_a, all_b; /* the whole subtree is on one side */
} side_values;

static double at_most(double x, double y)
{
    return x < y ? x : y;
}

/* C(n + k - 1, k): dimension of Sym^k of n dimensions. */
static double symmetric(double n, size_t k)
{
    double c = 1;

    for (size_t i = 1; i <= k; i++)
        c = c * (n + (double)i - 1) / (double)i;
    return c;
}

/* P of a level. */
static size_t window(const ec_arch *arch, size_t l)
{
    return (size_t)arch->levels[l].window[0] * arch->levels[l].window[1];
}

/* Dimension that shared subtrees can span at an index of level l: G_l = min(d_l, Sym^P(G_{l-1})),
 * G_0 = M. */
static double span(const ec_arch *arch, size_t l)
{
    if (l == 0)
        return arch->levels[0].dim;
    return at_most(arch->levels[l].dim, symmetric(span(arch, l - 1), window(arch, l)));
}

static bool all_shared_below(const ec_arch *arch, size_t l)
{
    for (size_t k = 0; k < l; k++)
        if (!arch->levels[k].shared)
            return false;
    return true;
}

static side_values site_value(const ec_arch *arch, const ec_sites *a, size_t y, size_t x)
{
    size_t width = arch->levels[0].grid[1] * arch->levels[0].window[1];
    bool in_a = ec_sites_has(a, y * width + x);

    return (side_values){
        .on_a = in_a ? 1 : 0x1p52, .on_b = in_a ? 0x1p52 : 1, .all_a = in_a, .all_b = !in_a};
}

/* The vertex above the index (y, x) of level l. */
static side_values vertex_value(const ec_arch *arch, const ec_sites *a, size_t l, size_t y,
                                size_t x)
{
    const ec_level *level = &arch->levels[l];
    side_values v = {.on_a = 1, .on_b = 1, .all_a = true, .all_b = true};
    bool symmetrize = l > 0 && all_shared_below(arch, l);
    double child_span = l > 0 ? at_most(span(arch, l - 1), level->dim) : 1;
    size_t whole_a = 0, whole_b = 0;
    double through = level->dim;

    for (size_t i = 0; i < window(arch, l); i++) {
        size_t cy = y * level->window[0] + i / level->window[1];
        size_t cx = x * level->window[1] + i % level->window[1];
        side_values c = l == 0 ? site_value(arch, a, cy, cx) : vertex_value(arch, a, l - 1, cy, cx);
        whole_a += c.all_a;
        whole_b += c.all_b;
        v.on_a = at_most(0x1p52, v.on_a * (symmetrize && c.all_b ? 1 : c.on_a));
        v.on_b = at_most(0x1p52, v.on_b * (symmetrize && c.all_a ? 1 : c.on_b));
        v.all_a = v.all_a && c.all_a;
        v.all_b = v.all_b && c.all_b;
        through *= at_most(c.on_a, c.on_b);
    }
    if (symmetrize) {
        v.on_a *= symmetric(child_span, whole_b);
        v.on_b *= symmetric(child_span, whole_a);
    }
    v.on_a = at_most(v.on_a, through);
    v.on_b = at_most(v.on_b, through);
    return v;
}

static double shared_value(const ec_arch *arch, const ec_sites *a)
{
    side_values top = vertex_value(arch, a, arch->n_levels - 1, 0, 0);

    return at_most(top.on_a, top.on_b);
}

bool oracle_shared_bound(uint64_t *rank, const ec_arch *arch, const ec_sites *a)
{
    bool applies = false;
    double value;

    for (size_t l = 0; l < arch->n_levels; l++) /* below a leading pool is nothing unshared */
        applies = applies || (window(arch, l) > 1 && all_shared_below(arch, l));
    if (!applies)
        return false;
    value = shared_value(arch, a);
    assert_true(value < 0x1p40);
    *rank = (uint64_t)value;
    return true;
}

bool oracle_widening_helps_shared(const ec_arch *arch, const ec_sites *a, uint64_t layers)
{
    ec_level levels[16] = {{.dim = 0}};
    ec_arch wide = *arch;

    assert_true(arch->n_levels <= 16);
    wide.levels = levels;
    for (size_t l = 0; l < arch->n_levels; l++) {
        levels[l] = arch->levels[l];
        if (layers >> l & 1)
            levels[l].dim = 1 << 20;
    }
    return shared_value(&wide, a) > shared_value(arch, a);
}
