/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "state/block.h"

#include "core/flow.h"

#include <math.h>

/* numbers of the largest message and matrix, and the scratch, of levels below n_levels */
static void largest(double most[3], const ec_arch *arch, size_t n_levels)
{
    most[0] = most[1] = most[2] = 0;
    for (size_t l = 0; l < n_levels; l++) {
        double in = arch->levels[l].dim, out = arch->levels[l].out;

        most[0] = fmax(most[0], out * out);
        most[1] = fmax(most[1], out * in);
        most[2] = fmax(most[2], ec_map_scratch(in, out));
    }
}

double ec_block_numbers(const ec_arch *arch, size_t n_levels)
{
    double most[3], sum = 0;

    largest(most, arch, n_levels);
    for (size_t l = 0; l < n_levels; l++)
        sum += (double)arch->levels[l].dim * arch->levels[l].dim;
    return sum + most[0] + 2 * most[1] + most[2];
}

ec_status ec_block_init(ec_block_work *out, const ec_arch *arch, size_t n_levels, ec_error *err)
{
    ec_status status = EC_OK;
    double most[3], *at;

    *out = (ec_block_work){.memory = NULL};
    EC_NEW(out->step, n_levels);
    EC_NEW(out->room, n_levels);
    EC_NEW(out->memory, (size_t)ec_block_numbers(arch, n_levels));
    largest(most, arch, n_levels);
    at = out->memory;
    for (size_t l = 0; l < n_levels; l++) {
        out->room[l] = at;
        at += (size_t)arch->levels[l].dim * arch->levels[l].dim;
    }
    out->message = at;
    out->w = out->message + (size_t)most[0];
    out->transposed = out->w + (size_t)most[1];
    out->scratch = out->transposed + (size_t)most[1];
done:
    return status;
}

void ec_block_clear(ec_block_work *work)
{
    ec_free(work->step);
    ec_free(work->room);
    ec_free(work->memory);
    *work = (ec_block_work){.memory = NULL};
}

/* start on a matrix: nothing below it is done */
static void enter(ec_block_step *step, size_t position)
{
    *step = (ec_block_step){.position = position};
}

/* the window below a matrix is complete: H = W G W^T, to out->x */
static void leave(ec_message *out, ec_block_work *work, const ec_weights *weights,
                  const ec_arch *arch, size_t l, bool identity)
{
    const ec_level *level = &arch->levels[l];
    const ec_block_step *step = &work->step[l];
    ec_map map = {.in = level->dim, .out = level->out, .scratch = work->scratch};

    ec_map_load(&map, work->w, work->transposed, ec_weights_at(weights, arch, l, step->position));
    ec_message_apply(out, &step->gram, identity, &map);
}

void ec_block_gram(ec_message *out, ec_block_work *work, const ec_weights *weights,
                   const ec_arch *arch, const size_t at[2], const ec_message *leaf, bool identity)
{
    size_t l = at[0];

    enter(&work->step[l], at[1]);
    for (;;) {
        ec_block_step *step = &work->step[l], *above = step + 1;
        ec_message h = {.x = work->message};

        if (l > 0 && step->done < ec_level_window(&arch->levels[l])) {
            enter(step - 1, ec_level_child(&arch->levels[l], step->position, step->done++));
            l--;
            continue;
        }
        if (l == 0)
            step->gram = *leaf;
        if (l == at[0])
            break;
        /* the first child goes where the product will be */
        if (above->gram.x == NULL)
            h.x = work->room[l + 1];
        leave(&h, work, weights, arch, l, identity && l == 0);
        l++;
        ec_message_multiply(&above->gram, work->room[l], &h, arch->levels[l].dim, false);
    }
    leave(out, work, weights, arch, l, identity && l == 0);
}
