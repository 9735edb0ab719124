/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bound/bound_i.h"
#include "bound/rounding.h"

#include "core/flow.h"

#include <string.h>

struct search {
    const ec_network *net;
    const ec_sites *a;
    const ec_run *run;
    const bool *avoid; /* layers that no cut may contain, or NULL */
    ec_rounding rounding;
    uint64_t *capacity;
};

static bool is_avoided(const struct search *s, size_t e)
{
    return s->avoid != NULL && s->avoid[s->net->layer[e]];
}

static ec_status init_rounding(struct search *s, ec_error *err)
{
    ec_status status = EC_OK;
    uint32_t *dim = NULL;
    size_t n = 0;

    EC_NEW(dim, s->net->n_indices);
    for (size_t e = 0; e < s->net->n_indices; e++)
        if (!is_avoided(s, e))
            dim[n++] = s->net->dim[e];
    EC_TRY(ec_rounding_init(&s->rounding, dim, n, err));
done:
    ec_free(dim);
    return status;
}

static void fill_capacities(struct search *s)
{
    for (size_t e = 0; e < s->net->n_indices; e++)
        s->capacity[e] = is_avoided(s, e) ? EC_FLOW_UNCUTTABLE
                                          : ec_rounding_capacity(&s->rounding, s->net->dim[e]);
}

/* The cut that `side_a` makes, which it takes over. */
static ec_status cut_from_sides(ec_cut *cut, const struct search *s, bool *side_a, ec_error *err)
{
    const ec_network *net = s->net;
    ec_status status = EC_OK;
    unsigned char *pins_on = NULL;
    ec_cut_layer *layers = NULL;

    cut->side_a = side_a;
    cut->n_tensors = net->n_tensors;
    EC_NEW(pins_on, net->n_indices);
    EC_NEW(layers, net->n_layers);
    ec_bound_cut_indices(pins_on, net, s->a, side_a);
    for (size_t e = 0; e < net->n_indices; e++) {
        ec_cut_layer *layer = &layers[net->layer[e]];
        layer->dim = net->dim[e];
        layer->count += pins_on[e] == 3;
    }
    for (size_t l = 0; l < net->n_layers; l++)
        memcpy(layers[l].name, net->layer_name[l], sizeof layers[l].name);
    EC_TRY(ec_bound_fill_cut(cut, layers, net->n_layers, err));
done:
    ec_free(pins_on);
    ec_free(layers);
    return status;
}

/* One flow at the capacities in hand; *best keeps the smaller cut. */
static ec_status try_capacities(ec_cut *best, bool *none, struct search *s, ec_error *err)
{
    ec_status status = EC_OK;
    ec_flow flow;
    ec_cut cut = {.n_factors = 0};

    EC_TRY(ec_bound_flow(&flow, s->net, s->capacity, s->a, s->run, err));
    *none = flow.value == EC_FLOW_UNCUTTABLE;
    if (*none)
        return EC_OK;
    EC_TRY(cut_from_sides(&cut, s, flow.side_a, err));
    if (best->side_a == NULL || ec_int_cmp(&cut.rank, &best->rank) < 0) {
        ec_cut swap = *best;
        *best = cut;
        cut = swap;
    }
    EC_TRY(ec_rounding_certify(&best->certified, &s->rounding, best, flow.value, err));
done:
    ec_cut_clear(&cut);
    return status;
}

ec_status ec_bound_min_cut_avoiding(ec_cut *out, bool *none, const ec_cut_problem *problem,
                                    const bool *avoid, ec_error *err)
{
    ec_status status = EC_OK;
    struct search s = {problem->network, problem->a, problem->run, .avoid = avoid};

    *out = (ec_cut){.n_factors = 0};
    *none = false;
    EC_NEW(s.capacity, s.net->n_indices);
    EC_TRY(init_rounding(&s, err));
    for (int i = 0; i < EC_ROUNDING_TRIES && !out->certified && !*none; i++) {
        EC_TRY(ec_run_step(s.run, "min cut", i, EC_ROUNDING_TRIES, err));
        ec_rounding_choose(&s.rounding, i);
        fill_capacities(&s);
        EC_TRY(try_capacities(out, none, &s, err));
    }
done:
    ec_rounding_clear(&s.rounding);
    ec_free(s.capacity);
    if (status != EC_OK)
        ec_cut_clear(out);
    return status;
}

ec_status ec_bound_min_cut_igraph(ec_cut *out, const ec_network *network, const ec_sites *a,
                                  const ec_run *run, ec_error *err)
{
    ec_cut_problem problem = {network, a, run};
    bool none;

    *out = (ec_cut){.n_factors = 0};
    if (ec_sites_check_sides(a, network->n_sites, err) != EC_OK)
        return EC_EINVAL;
    return ec_bound_min_cut_avoiding(out, &none, &problem, NULL, err);
}
