/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Layers that do nothing, or less than they seem: EC010 to EC012. */
#include "check/check_i.h"

#include "core/flow.h"

#include <inttypes.h>

/* --------------------------------------------------------------- one channel */

/* A sum of one term: everything below is a product of functions of its own sites. */
static ec_status find_one_in_levels(ec_finder *f, ec_error *err)
{
    const ec_arch *arch = f->arch;
    ec_status status = EC_OK;

    for (size_t l = 0; l < arch->n_levels && status == EC_OK; l++) {
        const ec_level *level = &arch->levels[l];
        size_t blocks = ec_level_positions(level) * ec_level_window(level);
        ec_place place = l == 0 ? arch->input.place : arch->layers[level[-1].layer].place;

        if (level->dim != 1)
            continue;
        if (blocks == 1)
            ec_text_printf(&f->message, "%s has one channel", level->name);
        else
            ec_text_printf(&f->message,
                           "%s has one channel: the network is a product of %zu functions of %zu "
                           "site%s each, without entanglement between them",
                           level->name, blocks, arch->n_sites / blocks,
                           arch->n_sites == blocks ? "" : "s");
        ec_text_puts(&f->remedy, "give it 2 channels or more");
        status = ec_finder_add(f, EC_RULE_WIDTH_ONE, EC_CERTAINTY_PROVED, place, err);
    }
    return status;
}

static ec_status find_one_in_indices(ec_finder *f, ec_error *err)
{
    ec_status status = EC_OK;

    for (size_t i = 0; i < f->arch->n_indices && status == EC_OK; i++) {
        const ec_named_index *index = &f->arch->indices[i];

        if (index->dim != 1)
            continue;
        ec_text_printf(&f->message, "index %s has dimension 1 and carries nothing", index->name);
        ec_text_puts(&f->remedy, "remove it, or make it 2 or more");
        status = ec_finder_add(f, EC_RULE_WIDTH_ONE, EC_CERTAINTY_PROVED, index->place, err);
    }
    return status;
}

/* -------------------------------------------------------------- adjacent convs */

/* sum += count a b */
static void add_weights(ec_int *sum, uint64_t count, uint32_t a, uint32_t b)
{
    ec_int product = {0};

    ec_int_set_u64(&product, count);
    ec_int_mul_u64(&product, &product, a);
    ec_int_mul_u64(&product, &product, b);
    ec_int_add(sum, sum, &product);
    ec_int_clear(&product);
}

static uint64_t matrices(const ec_level *level)
{
    return level->shared ? 1 : ec_level_positions(level);
}

/* Parameters of matrices l-1 and l as they are, and of their product as one matrix. */
static void weigh(ec_int *apart, ec_int *merged, const ec_arch *arch, size_t l)
{
    const ec_level *upper = &arch->levels[l], *lower = &arch->levels[l - 1];
    uint32_t out = ec_level_rows(arch, l), in = ec_level_channels(lower);
    uint64_t once = lower->shared ? matrices(upper) : matrices(lower);

    ec_int_set_u64(apart, 0);
    ec_int_set_u64(merged, 0);
    add_weights(apart, matrices(lower), ec_level_channels(upper), in);
    add_weights(apart, matrices(upper), out, ec_level_channels(upper));
    add_weights(merged, once, out, in);
}

static ec_status find_adjacent(ec_finder *f, ec_error *err)
{
    const ec_arch *arch = f->arch;
    ec_status status = EC_OK;
    ec_int apart = {0}, merged = {0};

    for (size_t l = 1; l < arch->n_levels && status == EC_OK; l++) {
        const ec_layer *layer = &arch->layers[arch->levels[l].layer];

        if (ec_level_window(&arch->levels[l]) != 1 || layer->norm)
            continue;
        weigh(&apart, &merged, arch, l);
        if (ec_int_cmp(&merged, &apart) > 0)
            continue;
        ec_text_printf(&f->message, "%s and the layer below it multiply to one matrix, which has ",
                       layer->kind == EC_LAYER_DENSE ? "dense" : "this conv");
        ec_put_rank(&f->message, &merged);
        ec_text_puts(&f->message, " parameters instead of ");
        ec_put_rank(&f->message, &apart);
        ec_text_printf(&f->remedy, "remove the conv of %s, or pool between the two",
                       arch->levels[l].name);
        status = ec_finder_add(f, EC_RULE_CONVS_ADJACENT, EC_CERTAINTY_PROVED, layer->place, err);
    }
    ec_int_clear(&apart);
    ec_int_clear(&merged);
    return status;
}

/* ------------------------------------------------------------------- windows */

static ec_status find_window_of_one(ec_finder *f, ec_error *err)
{
    ec_status status = EC_OK;

    for (size_t i = 0; i < f->arch->n_layers && status == EC_OK; i++) {
        const ec_layer *layer = &f->arch->layers[i];

        if (layer->kind != EC_LAYER_POOL || layer->window[0] != 1 || layer->window[1] != 1)
            continue;
        ec_text_puts(&f->message, "a pool of one position does nothing");
        ec_text_puts(&f->remedy, "remove it, or give it a larger window");
        status = ec_finder_add(f, EC_RULE_WINDOW_ONE, EC_CERTAINTY_PROVED, layer->place, err);
    }
    return status;
}

ec_status ec_find_layers(ec_finder *f, ec_error *err)
{
    ec_status status = EC_OK;

    EC_TRY(find_one_in_levels(f, err));
    EC_TRY(find_one_in_indices(f, err));
    EC_TRY(find_adjacent(f, err));
    EC_TRY(find_window_of_one(f, err));
done:
    return status;
}
