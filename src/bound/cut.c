/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bound/bound_i.h"

#include "core/flow.h"

#include <stdlib.h>
#include <string.h>

void ec_bound_cut_indices(unsigned char *pins_on, const ec_network *network, const ec_sites *a,
                          const bool *side_a)
{
    memset(pins_on, 0, network->n_indices);
    for (size_t s = 0; s < network->n_sites; s++)
        pins_on[network->site_index[s]] |= ec_sites_has(a, s) ? 1 : 2;
    for (size_t e = 0; side_a != NULL && e < network->n_indices; e++)
        for (size_t k = network->pin_start[e]; k < network->pin_start[e + 1]; k++)
            pins_on[e] |= side_a[network->pin[k]] ? 1 : 2;
}

static int by_dim(const void *x, const void *y)
{
    const ec_factor *a = x, *b = y;

    return (a->dim > b->dim) - (a->dim < b->dim);
}

/* One factor per distinct dimension, ascending. */
static ec_status fill_factors(ec_cut *cut, ec_error *err)
{
    ec_status status = EC_OK;

    EC_NEW(cut->factors, cut->n_layers);
    for (size_t i = 0; i < cut->n_layers; i++)
        cut->factors[i] = (ec_factor){cut->layers[i].dim, cut->layers[i].count};
    qsort(cut->factors, cut->n_layers, sizeof *cut->factors, by_dim);
    for (size_t i = 0; i < cut->n_layers; i++) {
        size_t n = cut->n_factors;
        if (n > 0 && cut->factors[n - 1].dim == cut->factors[i].dim)
            cut->factors[n - 1].count += cut->factors[i].count;
        else
            cut->factors[cut->n_factors++] = cut->factors[i];
    }
done:
    return status;
}

ec_status ec_bound_fill_cut(ec_cut *cut, const ec_cut_layer *layers, size_t n_layers, ec_error *err)
{
    ec_status status = EC_OK;

    EC_NEW(cut->layers, n_layers);
    for (size_t i = 0; i < n_layers; i++)
        if (layers[i].dim > 1 && layers[i].count > 0)
            cut->layers[cut->n_layers++] = layers[i];
    EC_TRY(fill_factors(cut, err));
    ec_bound_product(&cut->rank, cut->factors, cut->n_factors);
    cut->log2 = ec_int_log2(&cut->rank);
done:
    return status;
}

void ec_bound_product(ec_int *x, const ec_factor *factors, size_t n)
{
    ec_int power = {0};

    ec_int_set_u64(x, 1);
    for (size_t i = 0; i < n; i++) {
        ec_int_pow_u64(&power, factors[i].dim, factors[i].count);
        ec_int_mul(x, x, &power);
    }
    ec_int_clear(&power);
}

void ec_cut_clear(ec_cut *cut)
{
    if (cut == NULL)
        return;
    ec_int_clear(&cut->rank);
    ec_free(cut->factors);
    ec_free(cut->layers);
    ec_free(cut->side_a);
    *cut = (ec_cut){.n_factors = 0};
}
