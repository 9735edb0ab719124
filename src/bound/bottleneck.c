/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bound/bound_i.h"

#include "core/flow.h"

#include <string.h>

#define MAX_SETS 64

/* Sets of layers, `size` bools each. */
struct sets {
    bool *member;
    size_t n, room, size;
};

struct enumeration {
    const ec_widening *problem;
    struct sets cuts;      /* sets that hold the bound down: a set that raises it hits them all */
    struct sets hitting;   /* minimal sets that hit all cuts so far, MAX_SETS at most */
    bool raises[MAX_SETS]; /* is that member of `hitting` known to raise the bound? */
    bool *needed;          /* scratch */
    bool complete;
};

static bool *set_at(const struct sets *sets, size_t i)
{
    return sets->member + i * sets->size;
}

static ec_status append(struct sets *sets, const bool *set, ec_error *err)
{
    if (sets->n == sets->room) {
        size_t room = sets->room == 0 ? 8 : 2 * sets->room;
        bool *member = ec_realloc(sets->member, room * sets->size, sizeof *member, err);
        if (member == NULL)
            return EC_ENOMEM;
        sets->member = member;
        sets->room = room;
    }
    memcpy(set_at(sets, sets->n++), set, sets->size * sizeof *set);
    return EC_OK;
}

/* The number of common members; *which is one of them. */
static size_t common(const bool *x, const bool *y, size_t size, size_t *which)
{
    size_t n = 0;

    for (size_t i = 0; i < size; i++) {
        if (!x[i] || !y[i])
            continue;
        n++;
        *which = i;
    }
    return n;
}

/* Is `set`, which hits all cuts, minimal: has every member a cut that it alone hits? */
static bool is_minimal(struct enumeration *e, const bool *set)
{
    size_t size = e->cuts.size, which;

    memset(e->needed, 0, size * sizeof *e->needed);
    for (size_t k = 0; k < e->cuts.n; k++)
        if (common(set, set_at(&e->cuts, k), size, &which) == 1)
            e->needed[which] = true;
    return memcmp(e->needed, set, size * sizeof *set) == 0;
}

/* Two sets may extend to the same one: it is kept once. */
static ec_status offer(struct enumeration *e, const bool *set, bool raises, ec_error *err)
{
    for (size_t k = 0; k < e->hitting.n; k++)
        if (memcmp(set_at(&e->hitting, k), set, e->hitting.size * sizeof *set) == 0)
            return EC_OK;
    if (e->hitting.n == MAX_SETS) {
        e->complete = false;
        return EC_OK;
    }
    e->raises[e->hitting.n] = raises;
    return append(&e->hitting, set, err);
}

/* Berge's step: a set that misses the new cut is replaced by its minimal extensions. */
static ec_status add_cut(struct enumeration *e, const bool *cut, ec_error *err)
{
    ec_status status = EC_OK;
    struct sets old = e->hitting;
    bool raised[MAX_SETS];
    size_t which;

    memcpy(raised, e->raises, sizeof raised);
    e->hitting = (struct sets){.size = old.size};
    EC_TRY(append(&e->cuts, cut, err));
    for (size_t k = 0; k < old.n; k++) {
        bool *set = set_at(&old, k);
        if (common(set, cut, old.size, &which) > 0) {
            EC_TRY(offer(e, set, raised[k], err));
            continue;
        }
        for (size_t i = 0; i < old.size && e->hitting.n < MAX_SETS; i++) {
            if (!cut[i])
                continue;
            set[i] = true;
            if (is_minimal(e, set))
                EC_TRY(offer(e, set, false, err));
            set[i] = false;
        }
        e->complete = e->complete && e->hitting.n < MAX_SETS;
    }
done:
    ec_free(old.member);
    return status;
}

static void drop(struct enumeration *e, size_t k)
{
    for (; k + 1 < e->hitting.n; k++) {
        memcpy(set_at(&e->hitting, k), set_at(&e->hitting, k + 1), e->hitting.size);
        e->raises[k] = e->raises[k + 1];
    }
    e->hitting.n--;
    e->complete = false;
}

static size_t first_unknown(const struct enumeration *e)
{
    size_t k = 0;

    while (k < e->hitting.n && e->raises[k])
        k++;
    return k;
}

/* Ask for every candidate until all are known to raise the bound. `set` and `cut` are scratch. */
static ec_status enumerate(struct enumeration *e, bool *set, bool *cut, ec_error *err)
{
    const ec_widening *problem = e->problem;
    ec_status status = EC_OK;
    size_t k;

    memset(set, 0, problem->n_layers);
    EC_TRY(append(&e->hitting, set, err)); /* the empty set hits all of no cuts */
    for (int asked = 0; (k = first_unknown(e)) < e->hitting.n; asked++) {
        bool unsure = asked >= problem->max_questions;

        memcpy(set, set_at(&e->hitting, k), problem->n_layers);
        memset(cut, 0, problem->n_layers);
        if (!unsure)
            EC_TRY(problem->widen(problem->arg, set, &e->raises[k], &unsure, cut, err));
        if (unsure)
            drop(e, k);
        else if (!e->raises[k])
            EC_TRY(add_cut(e, cut, err));
    }
done:
    return status;
}

static ec_status write_names(ec_bottleneck *out, const struct enumeration *e, ec_error *err)
{
    const ec_widening *problem = e->problem;
    size_t n_layers = problem->n_layers, total = 0;
    ec_status status = EC_OK;

    for (size_t i = 0; i < e->hitting.n * n_layers; i++)
        total += e->hitting.member[i];
    EC_NEW(out->name, total);
    EC_NEW(out->set_start, e->hitting.n + 1);
    total = 0;
    for (size_t k = 0; k < e->hitting.n; k++) {
        for (size_t i = 0; i < n_layers; i++) {
            const char *name = problem->layer_name(problem->arg, i);
            if (set_at(&e->hitting, k)[i])
                memcpy(out->name[total++], name, strnlen(name, sizeof *out->name - 1));
        }
        out->set_start[k + 1] = total;
    }
    out->n_sets = e->hitting.n;
    out->complete = e->complete;
done:
    return status;
}

ec_status ec_bound_minimal_widenings(ec_bottleneck *out, const ec_widening *problem, ec_error *err)
{
    ec_status status = EC_OK;
    size_t n = problem->n_layers;
    struct enumeration e = {.problem = problem, .complete = true};
    bool *set = NULL, *cut = NULL;

    *out = (ec_bottleneck){.n_sets = 0};
    e.cuts.size = n;
    e.hitting.size = n;
    EC_NEW(set, n);
    EC_NEW(cut, n);
    EC_NEW(e.needed, n);
    EC_TRY(enumerate(&e, set, cut, err));
    EC_TRY(write_names(out, &e, err));
done:
    ec_free(set);
    ec_free(cut);
    ec_free(e.needed);
    ec_free(e.cuts.member);
    ec_free(e.hitting.member);
    return status;
}

void ec_bottleneck_clear(ec_bottleneck *bottleneck)
{
    if (bottleneck == NULL)
        return;
    ec_free(bottleneck->name);
    ec_free(bottleneck->set_start);
    *bottleneck = (ec_bottleneck){.n_sets = 0};
}
