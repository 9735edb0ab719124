/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "entcap/state.h"

#include "core/flow.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

/* ------------------------------------------------------------ what to cut off */

/** The points under construction. */
typedef struct plan {
    ec_profile *out;
    const ec_arch *arch;
    size_t allocated;
    size_t most; /* points of a scan, blocks of a level */
} plan;

static ec_status add_point(plan *p, const ec_profile_point *point, ec_error *err)
{
    ec_profile *out = p->out;

    if (out->n == p->allocated) {
        size_t n = 2 * p->allocated + 64;
        ec_profile_point *points = ec_realloc(out->points, n, sizeof *points, err);

        if (points == NULL)
            return EC_ENOMEM;
        out->points = points;
        p->allocated = n;
    }
    out->points[out->n++] = *point;
    return EC_OK;
}

/* 1 .. n - 1, or every d-th of them */
static ec_status add_scan(plan *p, ec_profile_kind kind, size_t n, ec_error *err)
{
    size_t step = n > 1 ? 1 + (n - 2) / p->most : 1;
    ec_status status = EC_OK;

    for (size_t k = step; k < n && status == EC_OK; k += step)
        status = add_point(p, &(ec_profile_point){.kind = kind, .position = k, .equal = 1}, err);
    return status;
}

/* the lowest level whose subtrees cannot be exchanged freely: W_l differs from place to place */
static size_t first_unshared(const ec_arch *arch)
{
    size_t l = 0;

    while (l + 1 < arch->n_levels &&
           (arch->levels[l].shared || ec_level_positions(&arch->levels[l]) == 1))
        l++;
    return l;
}

/*
 * The children of the windows of level l, as `level` from the top. Those below one index of a level
 * `top`, all subtrees of which may be exchanged, are equal: the first of each is taken.
 */
static ec_status add_blocks(plan *p, size_t l, size_t level, ec_error *err)
{
    const ec_level *window = &p->arch->levels[l];
    size_t top = first_unshared(p->arch), step;
    size_t grid[2] = {window->grid[0] * window->window[0], window->grid[1] * window->window[1]};
    size_t classes[2] = {grid[0], grid[1]}, blocks = grid[0] * grid[1], n;
    ec_status status = EC_OK;

    for (int axis = 0; axis < 2 && l <= top; axis++)
        classes[axis] = p->arch->levels[top].grid[axis];
    if (blocks == 2) /* each is the rest of the other */
        classes[0] = classes[1] = 1;
    n = classes[0] * classes[1];
    step = 1 + (n - 1) / p->most;
    for (size_t i = 0; i < n && status == EC_OK; i += step) {
        size_t row = i / classes[1] * (grid[0] / classes[0]);
        size_t column = i % classes[1] * (grid[1] / classes[1]);

        status = add_point(p,
                           &(ec_profile_point){.kind = EC_PROFILE_BLOCK,
                                               .level = level,
                                               .position = row * grid[1] + column,
                                               .equal = blocks / n},
                           err);
    }
    return status;
}

static ec_status add_all(plan *p, ec_error *err)
{
    const ec_arch *arch = p->arch;
    size_t level = 0;
    ec_status status = EC_OK;

    for (size_t l = arch->n_levels; l-- > 0 && status == EC_OK;)
        if (ec_level_window(&arch->levels[l]) > 1)
            status = add_blocks(p, l, ++level, err);
    if (arch->input.n_dims == 1)
        return status == EC_OK ? add_scan(p, EC_PROFILE_SITES, arch->n_sites, err) : status;
    if (status == EC_OK)
        status = add_scan(p, EC_PROFILE_COLUMNS, arch->input.grid[1], err);
    return status == EC_OK ? add_scan(p, EC_PROFILE_ROWS, arch->input.grid[0], err) : status;
}

/* does an exchange of subtrees take rows to columns? */
static bool is_square(const ec_arch *arch)
{
    for (size_t l = 0; l < arch->n_levels; l++)
        if (arch->levels[l].window[0] != arch->levels[l].window[1])
            return false;
    return true;
}

/* of a fully shared network: the earlier cut of a scan that this one equals, or itself */
static size_t find_equal(const ec_profile *out, const ec_arch *arch, size_t i, bool square)
{
    const ec_profile_point *point = &out->points[i];
    size_t n = arch->input.grid[point->kind == EC_PROFILE_ROWS ? 0 : 1];

    for (size_t k = 0; k < i; k++) {
        const ec_profile_point *other = &out->points[k];
        bool mirror = other->kind == point->kind && other->position == n - point->position;
        bool transposed = square && other->kind == EC_PROFILE_COLUMNS &&
                          point->kind == EC_PROFILE_ROWS && other->position == point->position;

        if (mirror || transposed)
            return other->same_as;
    }
    return i;
}

static void mark_equal(ec_profile *out, const ec_arch *arch)
{
    bool shared = first_unshared(arch) + 1 == arch->n_levels, square = is_square(arch);

    for (size_t i = 0; i < out->n; i++)
        out->points[i].same_as = shared && out->points[i].kind != EC_PROFILE_BLOCK
                                     ? find_equal(out, arch, i, square)
                                     : i;
}

/* rows and columns of the grid that side A holds: first, and one past the last */
static void side_extent(size_t from[2], size_t to[2], const ec_arch *arch,
                        const ec_profile_point *point)
{
    size_t level = 0, grid[2] = {1, 1}, at[2];

    from[0] = from[1] = 0;
    to[0] = arch->input.grid[0];
    to[1] = arch->input.grid[1];
    if (point->kind != EC_PROFILE_BLOCK) {
        to[point->kind == EC_PROFILE_ROWS ? 0 : 1] = point->position;
        return;
    }
    for (size_t l = arch->n_levels; l-- > 0 && level < point->level;)
        if (ec_level_window(&arch->levels[l]) > 1) {
            level++;
            for (int axis = 0; axis < 2; axis++)
                grid[axis] = arch->levels[l].grid[axis] * arch->levels[l].window[axis];
        }
    at[0] = point->position / grid[1];
    at[1] = point->position % grid[1];
    for (int axis = 0; axis < 2; axis++) {
        size_t size = arch->input.grid[axis] / grid[axis];
        from[axis] = at[axis] * size;
        to[axis] = from[axis] + size;
    }
}

static size_t size_of(const ec_arch *arch, const ec_profile_point *point)
{
    size_t from[2], to[2];

    side_extent(from, to, arch, point);
    return (to[0] - from[0]) * (to[1] - from[1]);
}

static ec_status side_of(ec_sites *out, const ec_arch *arch, const ec_profile_point *point,
                         ec_error *err)
{
    size_t from[2], to[2];
    ec_status status = ec_sites_init(out, arch->n_sites, err);

    if (status != EC_OK)
        return status;
    side_extent(from, to, arch, point);
    for (size_t row = from[0]; row < to[0]; row++)
        for (size_t column = from[1]; column < to[1]; column++)
            ec_sites_add(out, row * arch->input.grid[1] + column);
    return EC_OK;
}

/* -------------------------------------------------------------------- measure */

/* what is proved of this cut, without the bottlenecks that nobody asks for here */
static ec_status bound_of(ec_int *out, const ec_arch *arch, const ec_sites *a, const ec_run *run,
                          ec_error *err)
{
    ec_cut cut = {.n_factors = 0};
    ec_int shared = {0};
    ec_status status = EC_OK;
    bool applies;

    EC_TRY(ec_bound_min_cut_tree(&cut, arch, a, false, run, err));
    EC_TRY(ec_bound_shared(&applies, &shared, arch, a, run, err));
    ec_int_set(out, applies && ec_int_cmp(&shared, &cut.rank) < 0 ? &shared : &cut.rank);
done:
    ec_int_clear(&shared);
    ec_cut_clear(&cut);
    return status;
}

/** What the workers share. */
typedef struct crew {
    ec_profile *out;
    const ec_arch *arch;
    const ec_weights *weights;
    const ec_state_options *options;
    const ec_run *run;
    size_t n; /* cuts to measure */
    atomic_size_t done;
    atomic_bool stop;
} crew;

/* Progress within a cut: one thread at a time asks whether to go on, for all. */
static bool on_step(void *arg, const char *what, double done, double total)
{
    crew *c = arg;
    const ec_run *run = c->run;

    (void)what;
    (void)done;
    (void)total;
    if (run->progress != NULL) {
#pragma omp critical(ec_profile_progress)
        if (!run->progress(run->progress_arg, "profile", (double)atomic_load(&c->done),
                           (double)c->n))
            atomic_store(&c->stop, true);
    }
    return !atomic_load(&c->stop);
}

static ec_status measure_side(ec_state *state, crew *c, ec_profile_point *point, const ec_sites *a,
                              const ec_run *run, ec_error *err)
{
    const ec_state_input in = {
        .arch = c->arch, .weights = c->weights, .a = a, .bound = &point->bound};
    uint32_t n = c->out->n_labels;
    ec_status status = EC_OK;

    EC_TRY(bound_of(&point->bound, c->arch, a, run, err));
    EC_TRY(ec_state_verify(state, &in, c->options, run, err));
    for (uint32_t y = 0; y < n; y++) {
        point->von_neumann[y] = state->labels[y].von_neumann;
        point->renyi2[y] = state->labels[y].renyi2;
    }
done:
    return status;
}

static ec_status measure(crew *c, ec_profile_point *point, const ec_run *run, ec_error *err)
{
    ec_status status = EC_OK;
    ec_state state = {.n_labels = 0};
    ec_sites a = {.n = 0};

    EC_TRY(ec_run_step(run, "profile", 0, 1, err));
    EC_TRY(side_of(&a, c->arch, point, err));
    EC_TRY(measure_side(&state, c, point, &a, run, err));
    for (size_t y = state.n_labels; y-- > 0;)
        if (!state.labels[y].holds)
            snprintf(point->violation, sizeof point->violation, "label %zu: %s", y,
                     state.labels[y].violation);
    atomic_fetch_add(&c->done, 1);
done:
    ec_state_clear(&state);
    ec_sites_clear(&a);
    return status;
}

/* what was measured for another cut */
static void copy_point(ec_profile_point *to, const ec_profile_point *from, size_t n_labels)
{
    ec_int_set(&to->bound, &from->bound);
    memcpy(to->von_neumann, from->von_neumann, 2 * n_labels * sizeof *to->von_neumann);
    memcpy(to->violation, from->violation, sizeof to->violation);
}

/* the failure to report: what stopped the others, not that they were stopped */
static ec_status first_failure(const ec_error *failure, size_t n, ec_error *err)
{
    const ec_error *first = NULL;

    for (size_t i = 0; i < n; i++)
        if (failure[i].status != EC_OK &&
            (first == NULL || (first->status == EC_ECANCEL && failure[i].status != EC_ECANCEL)))
            first = &failure[i];
    return first != NULL ? ec_fail(err, first->status, "%s", first->msg) : EC_OK;
}

static ec_status measure_all(crew *c, ec_error *err)
{
    ec_profile *out = c->out;
    int threads = c->run->threads > 1 ? (int)c->run->threads : 1;
    ec_run inner = *c->run;
    ec_error *failure = NULL;
    ec_status status = EC_OK;

    EC_TRY(ec_run_reserve(c->run, "profile",
                          (double)out->n * out->n_labels * 2 * sizeof(ec_measured), err));
    EC_NEW(failure, out->n);
    for (size_t i = 0; i < out->n; i++) {
        EC_NEW(out->points[i].von_neumann, 2 * (size_t)out->n_labels);
        out->points[i].renyi2 = out->points[i].von_neumann + out->n_labels;
        out->points[i].size_a = size_of(c->arch, &out->points[i]);
        c->n += out->points[i].same_as == i;
    }
    inner.threads = 1;
    inner.memory_bytes /= (uint64_t)threads;
    inner.progress = on_step;
    inner.progress_arg = c;
#pragma omp parallel for schedule(dynamic) num_threads(threads)
    for (size_t i = 0; i < out->n; i++)
        if (out->points[i].same_as == i &&
            measure(c, &out->points[i], &inner, &failure[i]) != EC_OK)
            atomic_store(&c->stop, true);
    EC_TRY(first_failure(failure, out->n, err));
    for (size_t i = 0; i < out->n; i++) {
        size_t measured = out->points[i].same_as;

        if (measured != i)
            copy_point(&out->points[i], &out->points[measured], out->n_labels);
        out->holds = out->holds && out->points[i].violation[0] == '\0';
    }
done:
    ec_free(failure);
    return status;
}

/* ------------------------------------------------------------------ interface */

const char *ec_profile_name(char out[EC_PROFILE_NAME], const ec_profile_point *point)
{
    static const char *const what[] = {"site", "column", "row"};

    if (point->kind == EC_PROFILE_BLOCK)
        snprintf(out, EC_PROFILE_NAME, "block:%zu:%zu", point->level, point->position);
    else
        snprintf(out, EC_PROFILE_NAME, "first %zu %s%s", point->position, what[point->kind],
                 point->position > 1 ? "s" : "");
    return out;
}

ec_status ec_state_profile(ec_profile *out, const ec_arch *arch, const ec_weights *weights,
                           const ec_profile_options *options, const ec_run *run, ec_error *err)
{
    static const ec_run default_run = EC_RUN_INIT;
    ec_state_options only_entropies = options->state;
    crew c = {out, arch, weights, &only_entropies, run != NULL ? run : &default_run, 0, 0, false};
    plan p = {out, arch, 0, options->points > 0 ? options->points : 1};

    *out = (ec_profile){.basis = options->state.basis, .n_labels = arch->outputs, .holds = true};
    if (ec_arch_is_network(arch))
        return ec_fail(err, EC_EINVAL, "a profile needs input and layers, not a network");
    only_entropies.rank = only_entropies.forward = false;
    ec_status status = add_all(&p, err);
    mark_equal(out, arch);
    if (status == EC_OK && out->n > 0)
        status = measure_all(&c, err);
    return status;
}

void ec_profile_clear(ec_profile *profile)
{
    if (profile == NULL)
        return;
    for (size_t i = 0; i < profile->n; i++) {
        ec_free(profile->points[i].von_neumann);
        ec_int_clear(&profile->points[i].bound);
    }
    ec_free(profile->points);
    *profile = (ec_profile){.n = 0};
}
