/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "state/sweep.h"

#include "core/flow.h"

#include <math.h>
#include <string.h>

/* ---------------------------------------------------------------- structure */

size_t ec_sweep_largest_matrix(const ec_arch *arch)
{
    size_t most = 0;

    for (size_t l = 0; l < arch->n_levels; l++) {
        size_t entries = (size_t)arch->levels[l].out * arch->levels[l].dim;
        most = entries > most ? entries : most;
    }
    return most;
}

static bool child_side(const ec_sweep *sweep, size_t level, size_t child)
{
    return level == 0 ? ec_sites_has(sweep->a, child)
                      : sweep->side_a[sweep->level_start[level - 1] + child];
}

/* cut and pure of one vertex, from those below it */
static void mark_vertex(ec_sweep *sweep, ec_vertex v)
{
    const ec_level *level = &sweep->arch->levels[v.level];
    uint32_t id = ec_sweep_id(sweep, v);
    bool cut = false, pure = true;

    for (size_t k = 0; k < ec_level_window(level); k++) {
        size_t child = ec_level_child(level, v.position, k);
        cut = cut || child_side(sweep, v.level, child) != sweep->side_a[id];
        if (v.level > 0)
            pure = pure && sweep->pure[sweep->level_start[v.level - 1] + child];
    }
    sweep->cut[id] = cut;
    sweep->pure[id] = pure && !cut;
}

/* upwards, what is cut and what is pure; then downwards, components: a vertex belongs to that of
   the vertex above it unless the index between them is cut. In a tree that is all the connection
   there is: two children of one cut index are apart, although they share its label. */
static void mark_all(ec_sweep *sweep)
{
    const ec_arch *arch = sweep->arch;

    for (size_t l = 0; l < arch->n_levels; l++) {
        sweep->shared_below[l] = ec_arch_shared_below(arch, l);
        for (size_t p = 0; p < ec_level_positions(&arch->levels[l]); p++)
            mark_vertex(sweep, (ec_vertex){l, p});
    }
    for (size_t l = arch->n_levels; l-- > 0;)
        for (size_t p = 0; p < ec_level_positions(&arch->levels[l]); p++) {
            uint32_t id = ec_sweep_id(sweep, (ec_vertex){l, p}), above;

            sweep->component[id] = id;
            if (l + 1 == arch->n_levels)
                continue;
            above = ec_sweep_id(sweep, ec_sweep_parent(sweep, (ec_vertex){l, p}));
            if (!sweep->cut[above])
                sweep->component[id] = sweep->component[above];
        }
}

static ec_status number_vertices(ec_sweep *sweep, const ec_run *run, ec_error *err)
{
    const ec_arch *arch = sweep->arch;
    double tensors = 0;

    for (size_t l = 0; l < arch->n_levels; l++)
        tensors += (double)ec_level_positions(&arch->levels[l]);
    if (tensors >= UINT32_MAX) /* numbers are uint32_t, the last is EC_NO_INDEX */
        return ec_fail(err, EC_ELIMIT, "spectrum: %.3g matrices are more than 2^32", tensors);
    for (size_t l = 0; l < arch->n_levels; l++)
        sweep->level_start[l + 1] = sweep->level_start[l] + ec_level_positions(&arch->levels[l]);
    /* cut, pure, component, number of its piece, side */
    return ec_run_reserve(run, "spectrum", tensors * 12, err);
}

ec_status ec_sweep_init(ec_sweep *sweep, const ec_run *run, ec_error *err)
{
    ec_status status = EC_OK;
    size_t levels = sweep->arch->n_levels, n;

    sweep->max_bytes = sweep->ledger.max_bytes;
    sweep->max_flops = sweep->ledger.max_flops;
    sweep->ledger.max_bytes = sweep->ledger.max_flops = 0;
    EC_NEW(sweep->level_start, levels + 1);
    EC_TRY(number_vertices(sweep, run, err));
    n = sweep->level_start[levels];
    EC_NEW(sweep->cut, n);
    EC_NEW(sweep->pure, n);
    EC_NEW(sweep->component, n);
    EC_NEW(sweep->shared_below, levels);
    EC_NEW(sweep->scratch, ec_sweep_largest_matrix(sweep->arch));
    EC_NEW(sweep->whole, levels);
    EC_NEW(sweep->window, levels);
    mark_all(sweep);
done:
    return status;
}

void ec_sweep_restart(ec_sweep *sweep, bool plan)
{
    for (size_t l = 0; l < sweep->arch->n_levels; l++) {
        if (sweep->whole != NULL)
            ec_table_free(&sweep->whole[l], &sweep->ledger);
        if (sweep->window != NULL)
            ec_parts_clear(&sweep->window[l], &sweep->ledger);
    }
    ec_table_free(&sweep->message, &sweep->ledger);
    ec_ledger_start(&sweep->ledger, plan);
}

void ec_sweep_clear(ec_sweep *sweep)
{
    if (sweep->arch != NULL)
        ec_sweep_restart(sweep, true);
    ec_free(sweep->level_start);
    ec_free(sweep->cut);
    ec_free(sweep->pure);
    ec_free(sweep->component);
    ec_free(sweep->shared_below);
    ec_free(sweep->scratch);
    ec_free(sweep->whole);
    ec_free(sweep->window);
    *sweep = (ec_sweep){.arch = NULL};
}

/* ----------------------------------------------------------------- vertices */

double ec_sweep_load_matrix(double *out, const ec_arch *arch, const ec_weights *weights,
                            ec_vertex v, const size_t rows[2])
{
    size_t in = arch->levels[v.level].dim, n = rows[1] - rows[0];
    ec_table view = {.x = out, .rows = n, .cols = in};

    memcpy(out, ec_weights_at(weights, arch, v.level, v.position) + rows[0] * in,
           n * in * sizeof *out);
    ec_table_scale(&view);
    return view.log_scale;
}

static double load_rows(ec_sweep *sweep, ec_vertex v, size_t first, size_t end)
{
    return ec_sweep_load_matrix(sweep->scratch, sweep->arch, sweep->weights, v,
                                (size_t[]){first, end});
}

/* t <- t W_v, from the index below v to the one above it or the other way. QR comes first unless
   the matrix narrows. */
static ec_status apply_matrix(ec_table *t, ec_sweep *sweep, ec_vertex v, bool up, ec_error *err)
{
    const ec_level *level = &sweep->arch->levels[v.level];
    ec_index to = {0, up ? level->out : level->dim};
    ec_status status = EC_OK;
    double log_scale = 0;

    to.id = ec_sweep_id(sweep, up ? ec_sweep_parent(sweep, v) : v);
    /* on the wide side the QR costs most: stay on the narrow one */
    if (to.dim >= (up ? level->dim : level->out))
        EC_TRY(ec_table_reduce(t, &sweep->ledger, err));
    if (!sweep->ledger.plan)
        log_scale = load_rows(sweep, v, 0, level->out);
    EC_TRY(ec_table_contract(t, (ec_cmat){sweep->scratch, level->out, level->dim, level->dim, up},
                             to, &sweep->ledger, err));
    t->log_scale += log_scale;
    EC_TRY(ec_table_reduce(t, &sweep->ledger, err));
done:
    return status;
}

/* W_v itself, its cut leg a label: x[label; open], one row */
static ec_status label_table(ec_table *out, ec_sweep *sweep, ec_vertex v, bool up, ec_error *err)
{
    const ec_level *level = &sweep->arch->levels[v.level];
    ec_index below = {ec_sweep_id(sweep, v), level->dim};
    ec_index above = {ec_sweep_id(sweep, ec_sweep_parent(sweep, v)), level->out};
    ec_index index[2] = {up ? below : above, up ? above : below};
    bool drop = index[0].dim == 1; /* no label needed */
    ec_status status = ec_table_new(out, &sweep->ledger, 1, drop ? 1 : 2, index + drop, err);

    if (status != EC_OK || out->x == NULL)
        return status;
    out->log_scale = load_rows(sweep, v, 0, level->out);
    for (size_t o = 0; o < level->out; o++)
        for (size_t i = 0; i < level->dim; i++)
            out->x[up ? i * level->out + o : o * level->dim + i] =
                sweep->scratch[o * level->dim + i];
    return EC_OK;
}

/* row y of the dense matrix, open in the topmost index */
static ec_status top_row(ec_table *out, ec_sweep *sweep, uint32_t y, ec_error *err)
{
    ec_vertex top = {sweep->arch->n_levels - 1, 0};
    ec_index open = {ec_sweep_id(sweep, top), sweep->arch->levels[top.level].dim};
    ec_status status = ec_table_new(out, &sweep->ledger, 1, 1, &open, err);

    if (status != EC_OK || out->x == NULL)
        return status;
    out->log_scale = load_rows(sweep, top, y, y + 1);
    memcpy(out->x, sweep->scratch, open.dim * sizeof *out->x);
    return EC_OK;
}

/* one site: row d is the vector of its value d */
static ec_status site_table(ec_table *out, ec_sweep *sweep, size_t position, ec_error *err)
{
    size_t m = sweep->arch->levels[0].dim;
    ec_index open = {(uint32_t)position, (uint32_t)m};
    ec_status status = ec_table_new(out, &sweep->ledger, m, 1, &open, err);

    if (status != EC_OK || out->x == NULL)
        return status;
    if (sweep->site != NULL)
        memcpy(out->x, sweep->site, m * m * sizeof *out->x);
    for (size_t d = 0; d < m && sweep->site == NULL; d++)
        out->x[d * m + d] = 1;
    return EC_OK;
}

ec_status ec_sweep_sites(ec_table *out, ec_sweep *sweep, size_t position, bool side_a,
                         ec_error *err)
{
    const ec_level *level = &sweep->arch->levels[0];
    ec_table more = {.rows = 0};
    ec_status status = EC_OK;
    size_t factors = 0;

    *out = (ec_table){.rows = 0};
    EC_TRY(site_table(out, sweep, position, err));
    for (size_t k = 0; k < ec_level_window(level); k++) {
        size_t site = ec_level_child(level, position, k);
        if (ec_sites_has(sweep->a, site) != side_a || factors++ == 0)
            continue;
        if (sweep->site == NULL)
            break; /* elementwise products of orthonormal columns are such: one will do */
        EC_TRY(site_table(&more, sweep, position, err));
        EC_TRY(ec_table_join(out, &more, (uint32_t)position, &sweep->ledger, err));
        ec_table_free(&more, &sweep->ledger);
    }
    EC_TRY(ec_table_reduce(out, &sweep->ledger, err));
done:
    ec_table_free(&more, &sweep->ledger);
    return status;
}

/* ----------------------------------------------------------------- messages */

/* Start up(v) in *t: with the message itself if it needs no children (*ready), else, at the sites,
   with their product. */
static ec_status begin_up(bool *ready, ec_table *t, ec_sweep *sweep, ec_vertex v, ec_error *err)
{
    uint32_t id = ec_sweep_id(sweep, v);
    ec_status status = EC_OK;

    *ready = true;
    if (sweep->cut[id]) /* what hangs below is another piece's, or the other side's */
        return label_table(t, sweep, v, true, err);
    /* equal weights, no label: the same table wherever it stands, on either side */
    if (sweep->pure[id] && sweep->shared_below[v.level] && sweep->whole[v.level].rows != 0) {
        status = ec_table_copy(t, &sweep->whole[v.level], &sweep->ledger, err);
        t->index[0].id = ec_sweep_id(sweep, ec_sweep_parent(sweep, v));
        return status;
    }
    *ready = false;
    return v.level > 0 ? EC_OK : ec_sweep_sites(t, sweep, v.position, sweep->side_a[id], err);
}

/* t, all children of v: its matrix. Equal subtrees need it once. */
static ec_status complete_up(ec_table *t, ec_sweep *sweep, ec_vertex v, ec_error *err)
{
    ec_status status = EC_OK;

    if (v.level > 0) {
        EC_TRY(ec_parts_join(&sweep->window[v.level], ec_sweep_id(sweep, v), &sweep->ledger, err));
        ec_parts_take(t, &sweep->window[v.level]);
    }
    EC_TRY(apply_matrix(t, sweep, v, true, err));
    if (sweep->pure[ec_sweep_id(sweep, v)] && sweep->shared_below[v.level])
        EC_TRY(ec_table_copy(&sweep->whole[v.level], t, &sweep->ledger, err));
done:
    return status;
}

/* one step of the upward walk at vertex v; *ready: between enter and leave, up(v) is complete */
static ec_status step_up(ec_sweep *sweep, ec_walk *walk, ec_walk_event event, bool *ready,
                         ec_error *err)
{
    ec_vertex v = {walk->level, ec_walk_position(walk)};
    ec_table *t = &sweep->message;
    ec_status status = EC_OK;

    if (event == EC_WALK_ENTER) {
        EC_TRY(begin_up(ready, t, sweep, v, err));
        if (*ready)
            ec_walk_skip(walk);
        return EC_OK;
    }
    if (!*ready)
        EC_TRY(complete_up(t, sweep, v, err));
    *ready = false;
    if (v.level < walk->top)
        EC_TRY(ec_parts_add(&sweep->window[v.level + 1], t,
                            ec_sweep_id(sweep, ec_sweep_parent(sweep, v)), &sweep->ledger, err));
done:
    return status;
}

ec_status ec_sweep_up(ec_table *out, ec_sweep *sweep, ec_vertex v, ec_error *err)
{
    ec_status status = EC_OK;
    ec_walk_event event;
    ec_walk walk;
    bool ready = false;

    *out = (ec_table){.rows = 0};
    EC_TRY(ec_walk_init(&walk, sweep->arch, v.level, v.position, err));
    while ((event = ec_walk_next(&walk)) != EC_WALK_END)
        EC_TRY(step_up(sweep, &walk, event, &ready, err));
    *out = sweep->message;
    sweep->message = (ec_table){.rows = 0};
done:
    ec_walk_clear(&walk);
    return status; /* after an error what is open is freed with the sweep */
}

/* product of up() of the children of v other than `child`; left empty if there is no other */
static ec_status sweep_beside(ec_table *out, ec_sweep *sweep, ec_vertex v, size_t child,
                              ec_error *err)
{
    const ec_level *level = &sweep->arch->levels[v.level];
    uint32_t open = ec_sweep_id(sweep, v);
    ec_parts parts = {.n = 0};
    ec_table up = {.rows = 0};
    ec_status status = EC_OK;

    for (size_t k = 0; k < ec_level_window(level); k++) {
        size_t other = ec_level_child(level, v.position, k);
        if (other == child)
            continue;
        EC_TRY(ec_sweep_up(&up, sweep, (ec_vertex){v.level - 1, other}, err));
        EC_TRY(ec_parts_add(&parts, &up, open, &sweep->ledger, err));
    }
    EC_TRY(ec_parts_join(&parts, open, &sweep->ledger, err));
    if (parts.n > 0) {
        ec_parts_take(out, &parts);
        EC_TRY(ec_table_reduce(out, &sweep->ledger, err));
    }
done:
    ec_table_free(&up, &sweep->ledger);
    ec_parts_clear(&parts, &sweep->ledger);
    return status;
}

ec_status ec_path_init(ec_path *path, ec_sweep *sweep, ec_vertex bottom, ec_error *err)
{
    uint32_t root = sweep->component[ec_sweep_id(sweep, bottom)];
    ec_status status = EC_OK;

    *path = (ec_path){.from = bottom.level, .to = bottom.level};
    EC_NEW(path->vertex, sweep->arch->n_levels);
    EC_NEW(path->beside, sweep->arch->n_levels);
    path->vertex[bottom.level] = bottom;
    while (ec_sweep_id(sweep, path->vertex[path->to]) != root) {
        ec_vertex below = path->vertex[path->to], v = ec_sweep_parent(sweep, below);

        path->vertex[++path->to] = v;
        EC_TRY(sweep_beside(&path->beside[path->to], sweep, v, below.position, err));
    }
done:
    return status;
}

void ec_path_clear(ec_path *path, ec_sweep *sweep)
{
    for (size_t l = path->from; l <= path->to && path->beside != NULL; l++)
        ec_table_free(&path->beside[l], &sweep->ledger);
    ec_free(path->vertex);
    ec_free(path->beside);
    *path = (ec_path){.from = 0};
}

ec_status ec_sweep_down(ec_table *out, ec_sweep *sweep, const ec_path *path, uint32_t label,
                        ec_error *err)
{
    ec_status status = EC_OK;

    *out = (ec_table){.rows = 0};
    /* T <- (T joined with what hangs beside the way) W, one level after the other */
    if (path->to + 1 == sweep->arch->n_levels)
        EC_TRY(top_row(out, sweep, label, err));
    else
        EC_TRY(label_table(out, sweep, path->vertex[path->to], false, err));
    for (size_t l = path->to; l > path->from; l--) {
        const ec_table *beside = &path->beside[l];

        if (beside->rows != 0)
            EC_TRY(ec_table_join(out, beside, ec_sweep_id(sweep, path->vertex[l]), &sweep->ledger,
                                 err));
        EC_TRY(apply_matrix(out, sweep, path->vertex[l - 1], false, err));
    }
done:
    return status;
}
