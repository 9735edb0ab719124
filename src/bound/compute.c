/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bound/bound_i.h"
#include "bound/tree.h"

#include "core/flow.h"

#include <stdio.h>
#include <string.h>

struct request {
    const ec_arch *arch;
    const ec_network *network; /* NULL where no method needs it */
    const ec_sites *a;
    const ec_bound_options *options;
    const ec_run *run;
};

/* The smaller of the two upper bounds. The shared one never exceeds the min cut. */
static void choose(ec_bound *out)
{
    out->from_shared = out->has_shared && ec_int_cmp(&out->shared_rank, &out->min_cut.rank) < 0;
    out->rank = out->from_shared ? &out->shared_rank : &out->min_cut.rank;
}

static ec_status bound_network(ec_bound *out, const struct request *r, ec_error *err)
{
    ec_status status = EC_OK;

    EC_TRY(ec_bound_min_cut_igraph(&out->min_cut, r->network, r->a, r->run, err));
    choose(out);
    EC_TRY(ec_network_bottleneck(&out->bottleneck, r->network, r->a, &out->min_cut, r->run, err));
done:
    return status;
}

static ec_status bound_tree(ec_bound *out, const struct request *r, ec_error *err)
{
    ec_status status = EC_OK;
    ec_quotient quotient = {.n_levels = 0};
    bool by_igraph = r->options->method == EC_METHOD_IGRAPH;

    EC_TRY(ec_sites_check_sides(r->a, r->arch->n_sites, err));
    EC_TRY(
        ec_quotient_init(&quotient, r->arch, r->a, r->options->sides && !by_igraph, r->run, err));
    if (by_igraph)
        EC_TRY(ec_bound_min_cut_igraph(&out->min_cut, r->network, r->a, r->run, err));
    else
        EC_TRY(ec_tree_min_cut(&out->min_cut, r->arch, &quotient, r->options->sides, NULL, r->run,
                               err));
    out->has_shared = ec_bound_has_sharing(r->arch);
    if (out->has_shared)
        EC_TRY(ec_tree_shared(&out->shared_rank, r->arch, &quotient, r->run, err));
    choose(out);
    EC_TRY(ec_tree_bottleneck(&out->bottleneck, r->arch, &quotient, out, r->run, err));
done:
    ec_quotient_clear(&quotient);
    return status;
}

/* a rank that was not computed, but is known all the same */
static void say_power_meets(ec_generic_rank *generic)
{
    size_t n = strlen(generic->why);

    snprintf(generic->why + n, sizeof generic->why - n,
             "; the power bound meets the bound, which is the generic rank then (proved)");
}

static ec_status lower_bounds(ec_bound *out, const struct request *r, ec_error *err)
{
    ec_status status = EC_OK;

    EC_TRY(ec_bound_power(&out->has_power, &out->power_rank, &out->power_base, r->arch, r->a,
                          r->run, err));
    if (r->options->exact) {
        const ec_rank_request request = {out->rank, r->options->exact_limit, r->options->trials,
                                         r->options->exact_seconds};

        EC_TRY(ec_bound_generic_rank(&out->generic, r->arch, r->a, &request, r->run, err));
        out->has_generic = out->generic.status != EC_RANK_NONE;
        if (!out->has_generic && out->has_power && ec_int_cmp(&out->power_rank, out->rank) == 0)
            say_power_meets(&out->generic);
    }
done:
    return status;
}

ec_status ec_bound_compute(ec_bound *out, const ec_arch *arch, const ec_sites *a,
                           const ec_bound_options *options, const ec_run *run, ec_error *err)
{
    ec_status status = EC_OK;
    struct request request = {arch, options->network, a, options, run};
    ec_network *lowered = NULL;
    bool is_network = ec_arch_is_network(arch);

    *out = (ec_bound){.has_shared = false};
    if (is_network && options->method == EC_METHOD_TREE)
        return ec_fail(err, EC_EINVAL,
                       "method tree: '%s' is a network, not a description with layers; use igraph "
                       "or auto",
                       arch->name);
    if (options->network == NULL && (is_network || options->method == EC_METHOD_IGRAPH)) {
        EC_TRY(ec_bound_reserve_flow(arch, run, err));
        EC_TRY(ec_network_from_arch(&lowered, arch, run, err));
        request.network = lowered;
    }
    if (is_network)
        EC_TRY(bound_network(out, &request, err));
    else
        EC_TRY(bound_tree(out, &request, err));
    EC_TRY(lower_bounds(out, &request, err));
done:
    ec_network_free(lowered);
    if (status != EC_OK)
        ec_bound_clear(out);
    return status;
}

void ec_bound_clear(ec_bound *bound)
{
    if (bound == NULL)
        return;
    ec_cut_clear(&bound->min_cut);
    ec_int_clear(&bound->shared_rank);
    ec_int_clear(&bound->power_rank);
    ec_bottleneck_clear(&bound->bottleneck);
    *bound = (ec_bound){.has_shared = false};
}
