/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bound/bound_i.h"
#include "bound/tree.h"

#include "core/flow.h"

#include <string.h>

/* is the index of level l cut below a matrix on that side, where its choices are these? */
static bool is_cut(uint8_t choice, bool on_a, const ec_ties *ties, size_t l)
{
    if ((choice & (on_a ? EC_TIE_ON_A : EC_TIE_ON_B)) != 0)
        return ties != NULL && ties->cut != NULL && ties->cut[l];
    return (choice & (on_a ? EC_CUT_ON_A : EC_CUT_ON_B)) != 0;
}

/* the side of a matrix that is free to choose */
static bool best_a(uint8_t choice, const ec_ties *ties)
{
    if ((choice & EC_TIE_SIDES) != 0)
        return ties == NULL || !ties->side_b;
    return (choice & EC_BEST_B) == 0;
}

/* From the top down: below a cut index each matrix takes its own best side, else its parent's. */
static ec_status fill_sides(ec_cut *cut, const ec_arch *arch, const ec_quotient *quotient,
                            const ec_tree_value *value, const ec_ties *ties, ec_error *err)
{
    ec_status status = EC_OK;
    size_t top = arch->n_levels - 1, here; /* where the sides of level l start */

    for (size_t l = 0; l < arch->n_levels; l++)
        cut->n_tensors += ec_level_positions(&arch->levels[l]);
    EC_NEW(cut->side_a, cut->n_tensors);
    here = cut->n_tensors - 1;
    cut->side_a[here] = best_a(value->choice[top][quotient->level[top].of_position[0]], ties);
    for (size_t l = top; l > 0; l--) {
        size_t n_below = ec_level_positions(&arch->levels[l - 1]);
        const uint32_t *parents = quotient->level[l].of_position;
        const uint32_t *children = quotient->level[l - 1].of_position;

        for (size_t p = 0; p < n_below; p++) {
            size_t parent = ec_network_parent(arch, l - 1, p);
            bool on_a = cut->side_a[here + parent];

            cut->side_a[here - n_below + p] =
                is_cut(value->choice[l][parents[parent]], on_a, ties, l)
                    ? best_a(value->choice[l - 1][children[p]], ties)
                    : on_a;
        }
        here -= n_below;
    }
done:
    return status;
}

static ec_status fill_layers(ec_cut *cut, const ec_arch *arch, const ec_tree_value *value,
                             ec_error *err)
{
    ec_status status = EC_OK;
    ec_cut_layer *layers = NULL;

    EC_NEW(layers, arch->n_levels);
    for (size_t l = 0; l < arch->n_levels; l++) {
        layers[l].dim = arch->levels[l].dim;
        layers[l].count = value->exponent[l];
        memcpy(layers[l].name, arch->levels[l].name, sizeof arch->levels[l].name);
    }
    EC_TRY(ec_bound_fill_cut(cut, layers, arch->n_levels, err));
done:
    ec_free(layers);
    return status;
}

ec_status ec_tree_min_cut(ec_cut *out, const ec_arch *arch, const ec_quotient *quotient,
                          bool want_sides, const ec_ties *ties, const ec_run *run, ec_error *err)
{
    ec_status status = EC_OK;
    ec_symbols symbols = {.n = 0};
    ec_tree_value value = {.n_levels = 0};

    *out = (ec_cut){.certified = true};
    EC_TRY(ec_symbols_init(&symbols, arch, quotient, false, NULL, err));
    EC_TRY(ec_tree_solve(&value, &symbols, quotient, run, err));
    EC_TRY(fill_layers(out, arch, &value, err));
    if (want_sides)
        EC_TRY(fill_sides(out, arch, quotient, &value, ties, err));
done:
    ec_symbols_clear(&symbols);
    ec_tree_value_clear(&value);
    if (status != EC_OK)
        ec_cut_clear(out);
    return status;
}

ec_status ec_tree_shared(ec_int *rank, const ec_arch *arch, const ec_quotient *quotient,
                         const ec_run *run, ec_error *err)
{
    ec_status status = EC_OK;
    ec_symbols symbols = {.n = 0};
    ec_tree_value value = {.n_levels = 0};

    EC_TRY(ec_symbols_init(&symbols, arch, quotient, true, NULL, err));
    EC_TRY(ec_tree_solve(&value, &symbols, quotient, run, err));
    ec_tree_value_rank(rank, &value, &symbols);
done:
    ec_symbols_clear(&symbols);
    ec_tree_value_clear(&value);
    return status;
}

static ec_status check_tree(const ec_arch *arch, const ec_sites *a, ec_error *err)
{
    if (ec_arch_is_network(arch))
        return ec_fail(err, EC_EINVAL,
                       "the tree recursion is for descriptions with layers, '%s' is a network",
                       arch->name);
    return ec_sites_check_sides(a, arch->n_sites, err);
}

static ec_status min_cut(ec_cut *out, const ec_arch *arch, const ec_sites *a, bool want_sides,
                         const ec_ties *ties, const ec_run *run, ec_error *err)
{
    ec_status status = EC_OK;
    ec_quotient quotient = {.n_levels = 0};

    *out = (ec_cut){.n_factors = 0};
    EC_TRY(check_tree(arch, a, err));
    EC_TRY(ec_quotient_init(&quotient, arch, a, want_sides, run, err));
    EC_TRY(ec_tree_min_cut(out, arch, &quotient, want_sides, ties, run, err));
done:
    ec_quotient_clear(&quotient);
    return status;
}

ec_status ec_bound_min_cut_tree(ec_cut *out, const ec_arch *arch, const ec_sites *a,
                                bool want_sides, const ec_run *run, ec_error *err)
{
    return min_cut(out, arch, a, want_sides, NULL, run, err);
}

ec_status ec_bound_min_cut_ties(ec_cut *out, const ec_arch *arch, const ec_sites *a,
                                const ec_ties *ties, const ec_run *run, ec_error *err)
{
    return min_cut(out, arch, a, true, ties, run, err);
}

ec_status ec_bound_shared(bool *applies, ec_int *rank, const ec_arch *arch, const ec_sites *a,
                          const ec_run *run, ec_error *err)
{
    ec_status status = EC_OK;
    ec_quotient quotient = {.n_levels = 0};

    *applies = false;
    EC_TRY(check_tree(arch, a, err));
    if (!ec_bound_has_sharing(arch))
        return EC_OK;
    EC_TRY(ec_quotient_init(&quotient, arch, a, false, run, err));
    EC_TRY(ec_tree_shared(rank, arch, &quotient, run, err));
    *applies = true;
done:
    ec_quotient_clear(&quotient);
    return status;
}
