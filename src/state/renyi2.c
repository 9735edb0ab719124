/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "state/basis.h"
#include "state/copies.h"
#include "state/state_i.h"

#include "core/flow.h"

#include <math.h>

/**
 * Renyi-2 without a cut: tr rho_A^2 is a contraction of four copies of the network (copies.h),
 * |psi|^2 one of two, and for the row a^y of a label
 *
 *     S_2 = 2 ln |psi|^2 - ln m(a^y, a^y, a^y, a^y)
 */

/* a value that may be wrong by more says nothing */
#define MAX_ERROR 1e-3

typedef struct contraction {
    const ec_measurement *m;
    double *site;       /* root of the Gram matrix of the features, or NULL */
    double *matrix;     /* one W_l, scaled */
    ec_copies *window;  /* of every level: the children of the open index, multiplied */
    ec_copies *last[2]; /* of every level: the pure, the mixed message last completed... */
    size_t *last_at;    /* ... and the position of the latter; levels of shared weights only */
    bool *shared_below;
    ec_ledger ledger;
} contraction;

/* ------------------------------------------------------------------ subtrees */

/* rows and columns of sites below one position of a level */
static void block_size(size_t size[2], const ec_arch *arch, size_t level)
{
    size[0] = size[1] = 1;
    for (size_t l = 0; l <= level; l++)
        for (int axis = 0; axis < 2; axis++)
            size[axis] *= arch->levels[l].window[axis];
}

/* side of site (i, j) of the block below a position */
static bool side_in_block(const contraction *c, ec_vertex v, const size_t size[2], size_t i,
                          size_t j)
{
    const ec_arch *arch = c->m->in->arch;
    size_t width = arch->input.grid[1], columns = arch->levels[v.level].grid[1];

    return ec_sites_has(c->m->in->a, (v.position / columns * size[0] + i) * width +
                                         v.position % columns * size[1] + j);
}

/* are the sites below v and w, of one level, on the same sides, one by one? v = w: on one side? */
static bool same_sides(const contraction *c, ec_vertex v, ec_vertex w)
{
    size_t size[2];

    block_size(size, c->m->in->arch, v.level);
    for (size_t i = 0; i < size[0]; i++)
        for (size_t j = 0; j < size[1]; j++) {
            bool other = v.position == w.position ? side_in_block(c, v, size, 0, 0)
                                                  : side_in_block(c, w, size, i, j);
            if (side_in_block(c, v, size, i, j) != other)
                return false;
        }
    return true;
}

/* With shared weights equal sides make equal messages, pure ones whatever the side. */
static ec_status reuse(bool *ready, contraction *c, ec_vertex v, ec_error *err)
{
    const ec_copies *pure = &c->last[0][v.level], *mixed = &c->last[1][v.level];
    ec_copies *to = &c->window[v.level];
    ec_status status = EC_OK;

    *ready = false;
    if (!c->shared_below[v.level])
        return EC_OK;
    if (same_sides(c, v, v)) {
        size_t size[2] = {1, 1};
        bool on_a;

        if (pure->r == 0)
            return EC_OK;
        EC_TRY(ec_copies_copy(to, pure, &c->ledger, err));
        block_size(size, c->m->in->arch, v.level);
        on_a = side_in_block(c, v, size, 0, 0);
        to->on[0] = !on_a;
        to->on[1] = on_a;
        *ready = true;
    } else if (mixed->r != 0 && same_sides(c, v, (ec_vertex){v.level, c->last_at[v.level]})) {
        *ready = true;
        return ec_copies_copy(to, mixed, &c->ledger, err);
    }
done:
    return status;
}

/* the window below v is complete: its matrix, on every copy */
static ec_status complete(contraction *c, ec_vertex v, ec_error *err)
{
    const ec_level *level = &c->m->in->arch->levels[v.level];
    ec_copies *u = &c->window[v.level], *last;
    ec_table w = {.x = c->matrix, .rows = level->out, .cols = level->dim};
    ec_status status = EC_OK;

    if (!c->ledger.plan) /* the logarithm of its scale would cancel in S_2 */
        ec_sweep_load_matrix(w.x, c->m->in->arch, c->m->in->weights, v, (size_t[]){0, level->out});
    EC_TRY(ec_copies_apply(u, &w, &c->ledger, err));
    if (!c->shared_below[v.level])
        goto done;
    last = &c->last[ec_copies_mixed(u)][v.level];
    ec_copies_free(last, &c->ledger);
    EC_TRY(ec_copies_copy(last, u, &c->ledger, err));
    if (ec_copies_mixed(u))
        c->last_at[v.level] = v.position;
done:
    return status;
}

/* sites of a level-0 window */
static ec_status take_sites(contraction *c, ec_vertex v, ec_error *err)
{
    const ec_level *level = &c->m->in->arch->levels[0];
    ec_copies site = {.r = 0};
    ec_status status = EC_OK;

    for (size_t k = 0; k < ec_level_window(level); k++) {
        bool on_a = ec_sites_has(c->m->in->a, ec_level_child(level, v.position, k));
        EC_TRY(ec_copies_site(&site, level->dim, c->site, on_a, &c->ledger, err));
        EC_TRY(ec_copies_absorb(&c->window[0], &site, &c->ledger, err));
    }
done:
    ec_copies_free(&site, &c->ledger);
    return status;
}

static ec_status step(contraction *c, ec_walk *walk, ec_walk_event event, bool *ready,
                      ec_error *err)
{
    ec_vertex v = {walk->level, ec_walk_position(walk)};
    ec_status status = EC_OK;

    if (event == EC_WALK_ENTER) {
        EC_TRY(reuse(ready, c, v, err));
        if (*ready)
            ec_walk_skip(walk);
        return EC_OK;
    }
    if (!*ready && v.level == 0)
        EC_TRY(take_sites(c, v, err));
    if (v.level == walk->top) /* every label has a row of its own there */
        return EC_OK;
    if (!*ready)
        EC_TRY(complete(c, v, err));
    *ready = false;
    EC_TRY(ec_copies_absorb(&c->window[v.level + 1], &c->window[v.level], &c->ledger, err));
done:
    return status;
}

/* -------------------------------------------------------------------- labels */

/* ln of t contracted with the row w on all its copies; *error: its relative error */
static ec_status contract_row(double *log_value, double *error, const ec_table *t, int copies,
                              const ec_table *w, ec_ledger *ledger, ec_error *err)
{
    ec_status status = EC_OK;
    ec_table value = {.rows = 0};

    EC_TRY(ec_table_copy(&value, t, ledger, err));
    EC_TRY(ec_copies_transform(&value, copies, w, ledger, err));
    if (!ledger->plan) {
        *log_value = log(value.x[0]) + value.log_scale; /* NaN if negative */
        *error = value.error;
    }
done:
    ec_table_free(&value, ledger);
    return status;
}

/* S_2 = 2 ln |psi|^2 - ln (four copies) */
static void set_renyi2(ec_measured *out, double log_norm, double log_four, double error)
{
    double value = 2 * log_norm - log_four;

    if (log_norm == -INFINITY)
        ec_state_say_why(out, "the tensor is zero");
    else if (!isfinite(value) || !(error < MAX_ERROR))
        ec_state_say_why(out, "cancellation: four copies of the tensor are lost to rounding");
    else
        *out = (ec_measured){.known = true, .value = fmax(0, value), .error = error};
}

static ec_status finish_label(contraction *c, uint32_t y, ec_error *err)
{
    const ec_arch *arch = c->m->in->arch;
    ec_vertex top = {arch->n_levels - 1, 0};
    const ec_copies *u = &c->window[top.level];
    ec_measured *out = &c->m->out->labels[y].renyi2;
    ec_table row = {.x = c->matrix, .rows = 1, .cols = u->r};
    double log_norm = 0, log_four = 0, error[2] = {0, 0};
    ec_status status = EC_OK;

    if (!c->ledger.plan)
        ec_sweep_load_matrix(row.x, arch, c->m->in->weights, top, (size_t[]){y, y + 1});
    EC_TRY(contract_row(&log_norm, &error[0], &u->gram, 2, &row, &c->ledger, err));
    EC_TRY(contract_row(&log_four, &error[1], &u->four, 4, &row, &c->ledger, err));
    if (!c->ledger.plan)
        set_renyi2(out, log_norm, log_four, 2 * error[0] + error[1]);
done:
    return status;
}

/* ----------------------------------------------------------------- interface */

static void forget_messages(contraction *c)
{
    for (size_t l = 0; l < c->m->in->arch->n_levels; l++) {
        if (c->window != NULL)
            ec_copies_free(&c->window[l], &c->ledger);
        for (int kind = 0; kind < 2; kind++)
            if (c->last[kind] != NULL)
                ec_copies_free(&c->last[kind][l], &c->ledger);
    }
}

static ec_status contract(contraction *c, bool plan, ec_error *err)
{
    const ec_state *state = c->m->out;
    size_t top = c->m->in->arch->n_levels - 1;
    ec_walk_event event;
    ec_status status = EC_OK;
    bool ready = false;
    ec_walk walk;

    ec_ledger_start(&c->ledger, plan);
    EC_TRY(ec_walk_init(&walk, c->m->in->arch, top, 0, err));
    while ((event = ec_walk_next(&walk)) != EC_WALK_END)
        EC_TRY(step(c, &walk, event, &ready, err));
    for (uint32_t y = 0; y < state->n_labels; y++)
        if (!state->labels[y].spectrum.known)
            EC_TRY(finish_label(c, y, err));
done:
    ec_walk_clear(&walk);
    forget_messages(c);
    return status;
}

static ec_status contraction_init(contraction *c, ec_error *err)
{
    const ec_arch *arch = c->m->in->arch;
    ec_status status = EC_OK;

    EC_NEW(c->matrix, ec_sweep_largest_matrix(arch));
    EC_NEW(c->window, arch->n_levels);
    EC_NEW(c->last[0], arch->n_levels);
    EC_NEW(c->last[1], arch->n_levels);
    EC_NEW(c->last_at, arch->n_levels);
    EC_NEW(c->shared_below, arch->n_levels);
    for (size_t l = 0; l < arch->n_levels; l++)
        c->shared_below[l] = ec_arch_shared_below(arch, l);
    EC_TRY(ec_basis_root(&c->site, c->m->in, c->m->options, err));
done:
    return status;
}

static void contraction_clear(contraction *c)
{
    forget_messages(c);
    ec_free(c->site);
    ec_free(c->matrix);
    ec_free(c->window);
    ec_free(c->last[0]);
    ec_free(c->last[1]);
    ec_free(c->last_at);
    ec_free(c->shared_below);
}

ec_status ec_state_renyi2(ec_measurement *m, ec_error *err)
{
    contraction c = {.m = m,
                     .ledger = ec_ledger_of(m->run, m->options->max_flops, "Renyi-2 entropy")};
    ec_status status = EC_OK;
    ec_error limit = {0};

    EC_TRY(contraction_init(&c, err));
    status = contract(&c, true, &limit);
    if (status == EC_OK)
        status = contract(&c, false, &limit);
    if (ec_state_out_of_reach(&status, &limit, err))
        for (size_t y = 0; y < m->out->n_labels; y++)
            if (!m->out->labels[y].spectrum.known)
                ec_state_say_why(&m->out->labels[y].renyi2, limit.msg);
done:
    contraction_clear(&c);
    return status;
}
