/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bound/sampling.h"

#include "core/flow.h"

#include <math.h>

/**
 * A minimum cut of a ConvAC by the tree recursion in logarithms (bound.h): exact enough for a cut
 * that only decides how much work there is. Of equal cuts it takes the highest or the lowest one.
 */

/* what is best for a matrix: its index cut, if the matrix is on side B, A; the side, if free */
enum { CUT_ON_B = 1, CUT_ON_A = 2, BEST_A = 4 };

/* logarithms this close are of equal numbers */
#define TIE 1e-9

typedef struct recursion {
    const ec_arch *arch;
    const ec_sites *a;
    bool highest;
    uint8_t *choice; /* of every matrix */
    const size_t *first;
    double *value[2]; /* [position][side], of this level and of the one below */
} recursion;

/* ln f(child, side) of a child of level l */
static double child_value(const recursion *r, size_t l, size_t child, size_t side)
{
    if (l > 0)
        return r->value[1][2 * child + side];
    return ec_sites_has(r->a, child) == (side == 1) ? 0 : INFINITY; /* a cut site is a cut index */
}

static uint8_t choose(double f[2], const recursion *r, size_t l, size_t position)
{
    const ec_level *level = &r->arch->levels[l];
    double kept[2] = {0, 0}, cut = log(level->dim);
    uint8_t choice = 0;

    for (size_t k = 0; k < ec_level_window(level); k++) {
        size_t child = ec_level_child(level, position, k);
        double b = child_value(r, l, child, 0), a = child_value(r, l, child, 1);

        kept[0] += b;
        kept[1] += a;
        cut += a < b ? a : b;
    }
    for (size_t side = 0; side < 2; side++) {
        double gain = kept[side] - cut; /* of cutting */
        bool cuts = r->highest ? gain >= -TIE : gain > TIE;

        f[side] = cuts ? cut : kept[side];
        choice |= (uint8_t)(cuts ? CUT_ON_B << side : 0);
    }
    return choice | (f[1] <= f[0] ? BEST_A : 0);
}

/* from the root down: the children of a cut index are free, the others stay with their matrix */
static void take_sides(bool *side_a, const recursion *r)
{
    for (size_t l = r->arch->n_levels; l-- > 0;)
        for (size_t v = 0; v < ec_level_positions(&r->arch->levels[l]); v++) {
            size_t at = r->first[l] + v;
            bool cut;

            if (l + 1 == r->arch->n_levels)
                side_a[at] = r->choice[at] & BEST_A;
            cut = r->choice[at] & (side_a[at] ? CUT_ON_A : CUT_ON_B);
            for (size_t k = 0; l > 0 && k < ec_level_window(&r->arch->levels[l]); k++) {
                size_t child = r->first[l - 1] + ec_level_child(&r->arch->levels[l], v, k);
                side_a[child] = cut ? r->choice[child] & BEST_A : side_a[at];
            }
        }
}

ec_status ec_mod_cut(bool *side_a, double *log2_columns, const ec_mod_pieces *pieces, bool highest,
                     ec_error *err)
{
    const ec_arch *arch = pieces->what->arch;
    size_t most = ec_level_positions(&arch->levels[0]), top = arch->n_levels - 1;
    recursion r = {.arch = arch, .a = pieces->what->a, .highest = highest, .first = pieces->first};
    ec_status status = EC_OK;

    EC_NEW(r.choice, pieces->first[top] + 1);
    EC_NEW(r.value[0], 2 * most);
    EC_NEW(r.value[1], 2 * most);
    for (size_t l = 0; l <= top; l++) {
        double *done = r.value[1];

        for (size_t v = 0; v < ec_level_positions(&arch->levels[l]); v++)
            r.choice[r.first[l] + v] = choose(r.value[0] + 2 * v, &r, l, v);
        r.value[1] = r.value[0];
        r.value[0] = done;
    }
    *log2_columns = fmin(r.value[1][0], r.value[1][1]) / log(2);
    take_sides(side_a, &r);
done:
    ec_free(r.choice);
    ec_free(r.value[0]);
    ec_free(r.value[1]);
    return status;
}

double ec_mod_cut_bytes(const ec_arch *arch)
{
    double sites = (double)ec_level_positions(&arch->levels[0]);

    return sites * 4 * sizeof(double) + 2 * sites * (sizeof(uint8_t) + 2 * sizeof(bool));
}
