/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What widening does to the two upper bounds: the questions of bottleneck.c, answered. */
#include "bound/bound_i.h"
#include "bound/tree.h"

#include "core/flow.h"

/* Questions that one bottleneck may take, and pins that all flows of a network may meet. */
#define MAX_QUESTIONS 512
#define MAX_PINS      (1 << 20)

/* ------------------------------------------------------------------ on a tree */

struct tree_question {
    const ec_arch *arch;
    const ec_quotient *quotient;
    bool shared;
    const ec_int *bound;
    const ec_run *run;
};

static const char *level_name(const void *arg, size_t layer)
{
    const struct tree_question *q = arg;

    return q->arch->levels[layer].name;
}

/*
 * The recursion with the wide dimensions made infinite. A value that is still the bound is made of
 * symbols that hang on one dimension each, none of them wide; as long as these stay, so does it.
 */
static ec_status widen_tree(void *arg, const bool *wide, bool *raises, bool *unsure, bool *cut,
                            ec_error *err)
{
    const struct tree_question *q = arg;
    ec_status status = EC_OK;
    ec_symbols symbols = {.n = 0};
    ec_tree_value value = {.n_levels = 0};
    ec_int rank = {0};

    *unsure = false;
    EC_TRY(ec_symbols_init(&symbols, q->arch, q->quotient, q->shared, wide, err));
    EC_TRY(ec_tree_solve(&value, &symbols, q->quotient, q->run, err));
    *raises = value.infinite;
    if (!value.infinite) {
        ec_tree_value_rank(&rank, &value, &symbols);
        *raises = ec_int_cmp(&rank, q->bound) > 0;
    }
    for (size_t i = 0; i < symbols.n && !*raises; i++)
        if (value.exponent[i] > 0)
            cut[symbols.origin[i]] = true;
done:
    ec_int_clear(&rank);
    ec_symbols_clear(&symbols);
    ec_tree_value_clear(&value);
    return status;
}

ec_status ec_tree_bottleneck(ec_bottleneck *out, const ec_arch *arch, const ec_quotient *quotient,
                             const ec_bound *bound, const ec_run *run, ec_error *err)
{
    struct tree_question question = {arch, quotient, bound->has_shared, bound->rank, run};
    ec_widening problem = {widen_tree, &question, arch->n_levels, level_name, MAX_QUESTIONS};

    return ec_bound_minimal_widenings(out, &problem, err);
}

/* --------------------------------------------------------------- on a network */

struct network_question {
    ec_cut_problem problem;
    const ec_cut *min_cut;
};

static const char *index_name(const void *arg, size_t layer)
{
    const struct network_question *q = arg;

    return q->problem.network->layer_name[layer];
}

/* All layers of the cut, those of dimension 1 included: widening one of them ends the cut, too. */
static ec_status layers_of_cut(bool *layers, const struct network_question *q, const ec_cut *cut,
                               ec_error *err)
{
    const ec_network *net = q->problem.network;
    ec_status status = EC_OK;
    unsigned char *pins_on = NULL;

    EC_NEW(pins_on, net->n_indices);
    ec_bound_cut_indices(pins_on, net, q->problem.a, cut->side_a);
    for (size_t e = 0; e < net->n_indices; e++)
        if (pins_on[e] == 3)
            layers[net->layer[e]] = true;
done:
    ec_free(pins_on);
    return status;
}

static ec_status widen_network(void *arg, const bool *wide, bool *raises, bool *unsure, bool *cut,
                               ec_error *err)
{
    const struct network_question *q = arg;
    ec_status status = EC_OK;
    ec_cut avoiding;
    bool none, larger;

    EC_TRY(ec_bound_min_cut_avoiding(&avoiding, &none, &q->problem, wide, err));
    larger = none || ec_int_cmp(&avoiding.rank, &q->min_cut->rank) > 0;
    *raises = larger;
    *unsure = larger && !none && !avoiding.certified; /* a smaller one may hide */
    if (!larger)
        EC_TRY(layers_of_cut(cut, q, &avoiding, err));
done:
    ec_cut_clear(&avoiding);
    return status;
}

ec_status ec_network_bottleneck(ec_bottleneck *out, const ec_network *network, const ec_sites *a,
                                const ec_cut *min_cut, const ec_run *run, ec_error *err)
{
    struct network_question question = {{network, a, run}, min_cut};
    size_t pins = network->pin_start[network->n_indices];
    int questions = (int)(MAX_PINS / (pins + 1) + 1);
    ec_widening problem = {widen_network, &question, network->n_layers, index_name,
                           questions < MAX_QUESTIONS ? questions : MAX_QUESTIONS};

    *out = (ec_bottleneck){.complete = false};
    if (!min_cut->certified)
        return EC_OK;
    return ec_bound_minimal_widenings(out, &problem, err);
}
