/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "report_i.h"

#include "core/flow.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    MAX_DIGITS = 4000, /* of an exact rank; beyond it factors and log2 say it */
    MAX_SPECTRUM = 64,
};

/* An exact integer as a decimal string; null beyond MAX_DIGITS. */
void ec_json_rank(ec_json *json, const char *key, const ec_int *rank)
{
    if (ec_log2_of(rank) > MAX_DIGITS * 3.33 || ec_int_digits(rank) > MAX_DIGITS) {
        ec_json_null(json, key);
        return;
    }

    char *decimal = ec_int_print(rank, NULL);

    if (decimal == NULL)
        json->text.status = EC_ENOMEM;
    else
        ec_json_string(json, key, decimal);
    ec_free(decimal);
}

/* A number that was not computed: null, and NAME_why beside it. */
static void put_why(ec_json *json, const char *key, const char *why)
{
    char name[64];

    snprintf(name, sizeof name, "%s_why", key);
    ec_json_null(json, key);
    ec_json_string(json, name, why);
}

/* ------------------------------------------------------------------- bound */

static ec_status put_architecture(ec_json *json, const ec_arch *arch, ec_error *err)
{
    ec_status status = EC_OK;
    ec_int count = {0};

    ec_json_string(json, "name", arch->name);
    ec_json_uint(json, "sites", arch->n_sites);
    EC_TRY(ec_arch_parameters(&count, arch, err));
    ec_json_rank(json, "parameters", &count);
    if (ec_arch_is_network(arch)) {
        put_why(json, "multiply_adds", "a network description has no forward pass to count");
        goto done;
    }
    EC_TRY(ec_arch_multiply_adds(&count, arch, err));
    ec_json_rank(json, "multiply_adds", &count);
done:
    ec_int_clear(&count);
    return status;
}

static void put_cut(ec_json *json, const ec_cut *cut)
{
    ec_json_open(json, "min_cut", EC_JSON_OBJECT_LINE);
    ec_json_rank(json, "rank", &cut->rank);
    ec_json_real(json, "log2", cut->log2);
    ec_json_open(json, "factors", EC_JSON_OBJECT);
    for (size_t i = 0; i < cut->n_factors; i++) {
        char dim[16];

        snprintf(dim, sizeof dim, "%" PRIu32, cut->factors[i].dim);
        ec_json_uint(json, dim, cut->factors[i].count);
    }
    ec_json_close(json);
    ec_json_bool(json, "certified", cut->certified);
    ec_json_open(json, "cut", EC_JSON_ARRAY);
    for (size_t i = 0; i < cut->n_layers; i++) {
        ec_json_open(json, NULL, EC_JSON_OBJECT);
        ec_json_string(json, "layer", cut->layers[i].name);
        ec_json_uint(json, "dimension", cut->layers[i].dim);
        ec_json_uint(json, "count", cut->layers[i].count);
        ec_json_close(json);
    }
    ec_json_close(json);
    ec_json_close(json);
}

/* {"rank": ..., "log2": ...}, to be closed by the caller who may have more to say */
static void open_rank(ec_json *json, const char *key, const ec_int *rank)
{
    ec_json_open(json, key, EC_JSON_OBJECT_LINE);
    ec_json_rank(json, "rank", rank);
    ec_json_real(json, "log2", ec_log2_of(rank));
}

static void put_generic(ec_json *json, const ec_bound *bound)
{
    const ec_generic_rank *generic = &bound->generic;
    ec_int rank = {0};

    if (!bound->has_generic) {
        put_why(json, "generic_rank", generic->why[0] != '\0' ? generic->why : "needs --exact");
        return;
    }
    ec_int_set_u64(&rank, generic->rank);
    ec_json_open(json, "generic_rank", EC_JSON_OBJECT_LINE);
    ec_json_rank(json, "rank", &rank);
    ec_json_string(json, "status", generic->status == EC_RANK_PROVED ? "proved" : "probable");
    ec_json_real(json, "error", generic->error);
    ec_json_uint(json, "prime", generic->prime);
    ec_json_uint(json, "trials", generic->trials);
    ec_json_close(json);
    ec_int_clear(&rank);
}

void ec_json_bottleneck(ec_json *json, const char *key, const ec_bottleneck *bottleneck)
{
    ec_json_open(json, key, EC_JSON_ARRAY_LINE);
    for (size_t i = 0; i < bottleneck->n_sets; i++) {
        ec_json_open(json, NULL, EC_JSON_ARRAY);
        for (size_t j = bottleneck->set_start[i]; j < bottleneck->set_start[i + 1]; j++)
            ec_json_string(json, NULL, bottleneck->name[j]);
        ec_json_close(json);
    }
    ec_json_close(json);
}

/*
 * The side of every tensor, by the names that tensors have elsewhere: those of a weight file, with
 * a letter for every position, row-major; or those of the description.
 */
static ec_status put_certificate(ec_json *json, const ec_arch *arch, const ec_cut *cut,
                                 ec_error *err)
{
    ec_tensor_group group = {.n = 0};

    ec_json_open(json, "certificate", EC_JSON_ARRAY);
    for (size_t i = 0; ec_next_group(&group, arch, i); i++) {
        char *sides = ec_sides_text(cut, &group, err);

        if (sides == NULL)
            return EC_ENOMEM;
        ec_json_open(json, NULL, EC_JSON_OBJECT_LINE);
        ec_json_string(json, "tensor", group.name);
        ec_json_string(json, "sides", sides);
        ec_json_close(json);
        ec_free(sides);
    }
    ec_json_close(json);
    return EC_OK;
}

static void put_bound(ec_json *json, const ec_partition *partition, const ec_bound *bound)
{
    ec_json_string(json, "name", partition->name);
    ec_json_uint(json, "size_a", ec_sites_count(&partition->a));
    open_rank(json, "bound", bound->rank);
    ec_json_string(json, "from", bound->from_shared ? "shared_bound" : "min_cut");
    ec_json_close(json);
    put_cut(json, &bound->min_cut);
    if (bound->has_shared) {
        open_rank(json, "shared_bound", &bound->shared_rank);
        ec_json_close(json);
    } else {
        ec_json_null(json, "shared_bound");
    }
    if (bound->has_power) {
        open_rank(json, "power_bound", &bound->power_rank);
        ec_json_uint(json, "base", bound->power_base);
        ec_json_close(json);
    } else {
        ec_json_null(json, "power_bound");
    }
    put_generic(json, bound);
    ec_json_bottleneck(json, "bottleneck", &bound->bottleneck);
}

ec_status ec_json_bounds(ec_json *json, const char *key, const ec_bounds_found *found,
                         bool certificate, ec_error *err)
{
    ec_status status = EC_OK;

    ec_json_open(json, key, EC_JSON_OBJECT);
    EC_TRY(put_architecture(json, found->arch, err));
    ec_json_open(json, "partitions", EC_JSON_ARRAY);
    for (size_t i = 0; i < found->partitions->n; i++) {
        ec_json_open(json, NULL, EC_JSON_OBJECT);
        put_bound(json, &found->partitions->items[i], &found->bounds[i]);
        if (certificate)
            EC_TRY(put_certificate(json, found->arch, &found->bounds[i].min_cut, err));
        ec_json_close(json);
    }
    ec_json_close(json);
    ec_json_close(json);
    status = ec_text_check(&json->text, err);
done:
    return status;
}

ec_status ec_report_bounds_json(ec_json *json, const ec_bounds_found *found, bool certificate,
                                ec_error *err)
{
    return ec_json_bounds(json, NULL, found, certificate, err);
}

/* ------------------------------------------------------------------ verify */

static void put_measured(ec_json *json, const char *key, const ec_measured *measured)
{
    if (measured->known)
        ec_json_real(json, key, measured->value);
    else
        put_why(json, key, measured->why);
}

static void put_exact_rank(ec_json *json, const ec_label_state *label, const ec_chain_term *chain)
{
    const ec_exact_rank *exact = &label->rank;
    ec_int rank = {0};

    if (!exact->known) {
        put_why(json, "rank", exact->why);
        return;
    }
    ec_int_set_u64(&rank, exact->rank);
    ec_json_rank(json, "rank", &rank);
    ec_json_string(json, "rank_status", ec_statement_text(chain[EC_CHAIN_RANK].statement));
    ec_int_clear(&rank);
}

static void put_numeric_rank(ec_json *json, const ec_spectrum *spectrum)
{
    if (!spectrum->known) {
        put_why(json, "numeric_rank", spectrum->why);
        return;
    }
    ec_json_open(json, "numeric_rank", EC_JSON_OBJECT_LINE);
    ec_json_uint(json, "value", spectrum->numeric_rank);
    ec_json_real(json, "threshold", spectrum->threshold);
    ec_json_real(json, "gap", spectrum->gap);
    ec_json_close(json);
}

static void put_spectrum(ec_json *json, const ec_spectrum *spectrum)
{
    if (!spectrum->known) {
        put_why(json, "spectrum", spectrum->why);
        return;
    }
    ec_json_open(json, "spectrum", EC_JSON_ARRAY_LINE);
    for (size_t i = 0; i < spectrum->n && i < MAX_SPECTRUM; i++)
        ec_json_real(json, NULL, spectrum->value[i]);
    ec_json_close(json);
}

static void put_forward(ec_json *json, const ec_forward_check *forward)
{
    if (!forward->known) {
        put_why(json, "forward_check", forward->why);
        return;
    }
    ec_json_open(json, "forward_check", EC_JSON_OBJECT_LINE);
    ec_json_uint(json, "inputs", forward->inputs);
    ec_json_uint(json, "rank", forward->rank);
    ec_json_close(json);
}

/* S2 <= S <= ln rank <= ln generic rank <= ln bound, each with the kind of statement it is */
static void put_chain(ec_json *json, const ec_chain_term *chain)
{
    ec_json_open(json, "chain", EC_JSON_ARRAY);
    for (int i = 0; i < EC_N_CHAIN; i++) {
        ec_json_open(json, NULL, EC_JSON_OBJECT_LINE);
        ec_json_string(json, "term", chain[i].name);
        if (chain[i].known) {
            ec_json_real(json, "nats", chain[i].nats);
            ec_json_string(json, "statement", ec_statement_text(chain[i].statement));
            ec_json_real(json, "error", chain[i].error);
        } else {
            put_why(json, "nats", chain[i].why);
        }
        ec_json_close(json);
    }
    ec_json_close(json);
}

static void put_violation(ec_json *json, const ec_label_state *label)
{
    ec_json_string(json, "violation", label->violation);
    ec_json_open(json, "broken_link", EC_JSON_OBJECT_LINE);
    ec_json_string(json, "lower", label->broken.lower);
    ec_json_string(json, "upper", label->broken.upper);
    ec_json_real(json, "lower_nats", label->broken.lower_nats);
    ec_json_real(json, "upper_nats", label->broken.upper_nats);
    ec_json_close(json);
}

static void put_label(ec_json *json, const ec_state *state, size_t y, const ec_bound *bound)
{
    const ec_label_state *label = &state->labels[y];
    ec_chain_term chain[EC_N_CHAIN];

    ec_state_chain(chain, label, &state->bound, bound);
    ec_json_open(json, NULL, EC_JSON_OBJECT);
    ec_json_uint(json, "label", label->label);
    put_exact_rank(json, label, chain);
    put_numeric_rank(json, &label->spectrum);
    put_measured(json, "von_neumann", &label->von_neumann);
    put_measured(json, "renyi2", &label->renyi2);
    put_spectrum(json, &label->spectrum);
    put_forward(json, &label->forward);
    put_chain(json, chain);
    if (!label->holds)
        put_violation(json, label);
    ec_json_close(json);
}

/* all labels go the same way to their spectra; null where none has one */
static void put_route(ec_json *json, const ec_state *state)
{
    for (size_t y = 0; y < state->n_labels; y++)
        if (state->labels[y].spectrum.known) {
            ec_json_string(json, "route", ec_route_name(state->labels[y].spectrum.route));
            return;
        }
    ec_json_null(json, "route");
}

ec_status ec_json_states(ec_json *json, const char *key, const ec_states_found *found,
                         ec_error *err)
{
    const ec_partitions *partitions = found->partitions;
    ec_basis basis = partitions->n > 0 ? found->states[0].basis : EC_BASIS_SITES;

    ec_json_open(json, key, EC_JSON_OBJECT);
    ec_json_string(json, "name", found->arch->name);
    ec_json_bool(json, "holds", ec_report_holds(found));
    ec_json_string(json, "basis", basis == EC_BASIS_SITES ? "sites" : "features");
    if (basis != EC_BASIS_SITES)
        ec_json_string(json, "gram", basis == EC_BASIS_DATA ? "data" : "interval");
    ec_json_string(json, "basis_note", ec_basis_note(basis));
    ec_json_open(json, "partitions", EC_JSON_ARRAY);
    for (size_t i = 0; i < partitions->n; i++) {
        const ec_state *state = &found->states[i];

        ec_json_open(json, NULL, EC_JSON_OBJECT);
        ec_json_string(json, "name", partitions->items[i].name);
        ec_json_rank(json, "bound", &state->bound);
        ec_json_real(json, "bound_log2", ec_log2_of(&state->bound));
        ec_json_bool(json, "holds", state->holds);
        ec_json_bool(json, "measured", ec_report_measured(state));
        put_route(json, state);
        ec_json_open(json, "classes", EC_JSON_ARRAY);
        for (size_t y = 0; y < state->n_labels; y++)
            put_label(json, state, y, &found->bounds[i]);
        ec_json_close(json);
        ec_json_close(json);
    }
    ec_json_close(json);
    if (found->profile != NULL)
        ec_report_profile_json(json, "profile", found->profile);
    ec_json_close(json);
    return ec_text_check(&json->text, err);
}

ec_status ec_report_states_json(ec_json *json, const ec_states_found *found, ec_error *err)
{
    return ec_json_states(json, NULL, found, err);
}
