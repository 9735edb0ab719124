/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "state/subtrees.h"

#include "core/flow.h"

#include <stdlib.h>

/* A child as one number: 2 subtree + side; sites count as subtree 0, and a mixed one has side 0. A
   part of a block, which has no number yet, is 2 PENDING + side. */
typedef uint32_t code;

#define PENDING (UINT32_MAX / 2)

typedef struct builder {
    ec_subtrees *out;
    const ec_arch *arch;
    const ec_sites *a;
    code *below, *here; /* of every position of the level below, of this one */
    code *window;       /* children at hand */
    ec_child *tally;    /* the same, sorted and counted */
    size_t n_tally, n_children;
    uint32_t *slot; /* subtrees of this level by hash, + 1; NULL where all are different */
    size_t n_slots;
    double matrices; /* in one subtree of this level */
    bool blocks;     /* may such a one be a block? */
} builder;

/* ------------------------------------------------------------------ windows */

static int ascending(const void *x, const void *y)
{
    code a = *(const code *)x, b = *(const code *)y;

    return (a > b) - (a < b);
}

static uint32_t add_subtree(builder *b, ec_subtree *s)
{
    ec_subtrees *out = b->out;

    s->first = b->n_children;
    for (size_t i = 0; i < s->n; i++) {
        out->child[b->n_children++] = b->tally[i];
        if (s->level > 0)
            out->item[b->tally[i].subtree].uses++;
    }
    out->item[out->n] = *s;
    return (uint32_t)out->n++;
}

/* the children of a window; whether all are of one side, and part of a block if this is one */
static bool gather_window(builder *b, size_t l, size_t position)
{
    const ec_level *level = &b->arch->levels[l];
    size_t n = ec_level_window(level);
    bool one_block = b->blocks;

    for (size_t k = 0; k < n; k++) {
        size_t child = ec_level_child(level, position, k);

        b->window[k] = l > 0 ? b->below[child] : ec_sites_has(b->a, child);
        one_block = one_block && b->window[k] == b->window[0];
    }
    return one_block && (l == 0 || b->window[0] / 2 == PENDING);
}

/* blocks among the children end here and get their numbers */
static void end_blocks(builder *b, size_t l, size_t position)
{
    const ec_level *level = &b->arch->levels[l];

    for (size_t k = 0; l > 0 && k < ec_level_window(level); k++) {
        ec_subtree block = {.level = (uint32_t)l - 1, .block = true};

        if (b->window[k] / 2 != PENDING)
            continue;
        block.position = (uint32_t)ec_level_child(level, position, k);
        b->window[k] = 2 * add_subtree(b, &block) + b->window[k] % 2;
    }
}

static bool is_mixed(const builder *b, size_t level, code c)
{
    return level > 0 && b->out->item[c / 2].mixed;
}

/* sort and count the children of a window; what they make */
static ec_subtree tally_window(builder *b, size_t l, size_t position)
{
    size_t n = ec_level_window(&b->arch->levels[l]);
    ec_subtree s = {.level = (uint32_t)l, .position = (uint32_t)position};
    bool on[2] = {false, false};

    qsort(b->window, n, sizeof *b->window, ascending);
    b->n_tally = 0;
    s.ring = true;
    for (size_t k = 0; k < n; k++) {
        code c = b->window[k];

        if (k > 0 && c == b->window[k - 1]) {
            b->tally[b->n_tally - 1].count++;
            continue;
        }
        b->tally[b->n_tally++] = (ec_child){c / 2, c % 2, 1};
        on[c % 2] = true;
        s.ring = s.ring && !is_mixed(b, l, c);
    }
    s.mixed = !s.ring || (on[0] && on[1]);
    s.ring = s.ring && s.mixed;
    s.n = b->n_tally;
    return s;
}

/* --------------------------------------------------------------- collapsing */

static uint64_t hash_tally(const builder *b, bool mixed)
{
    uint64_t h = b->n_tally;

    for (size_t i = 0; i < b->n_tally; i++) {
        const ec_child *c = &b->tally[i];

        h ^= (uint64_t)c->subtree << 32 | c->count;
        h *= UINT64_C(0x9e3779b97f4a7c15);
        h ^= h >> 29;
        h += mixed && c->on_a; /* the side of a pure subtree is left open */
    }
    return h;
}

static bool same_children(const builder *b, const ec_subtree *s, const ec_subtree *t)
{
    if (s->n != t->n || s->mixed != t->mixed)
        return false;
    for (size_t i = 0; i < s->n; i++) {
        const ec_child *c = &b->out->child[s->first + i], *d = &b->tally[i];

        if (c->subtree != d->subtree || c->count != d->count || (s->mixed && c->on_a != d->on_a))
            return false;
    }
    return true;
}

/* the slot of the tallied window: of a subtree equal to it, or free */
static uint32_t *find_slot(const builder *b, const ec_subtree *s)
{
    size_t mask = b->n_slots - 1, i = hash_tally(b, s->mixed) & mask;

    while (b->slot[i] != 0 && !same_children(b, &b->out->item[b->slot[i] - 1], s))
        i = (i + 1) & mask;
    return &b->slot[i];
}

static void place(builder *b, size_t level, size_t position)
{
    uint32_t *slot, id;
    ec_subtree s;

    if (gather_window(b, level, position)) {
        b->here[position] = 2 * PENDING + b->window[0] % 2;
        return;
    }
    end_blocks(b, level, position);
    s = tally_window(b, level, position);
    slot = b->slot != NULL ? find_slot(b, &s) : NULL;
    if (slot == NULL) {
        id = add_subtree(b, &s);
    } else {
        if (*slot == 0)
            *slot = add_subtree(b, &s) + 1;
        id = *slot - 1;
    }
    b->here[position] = 2 * id + (!s.mixed && b->tally[0].on_a);
}

static ec_status place_level(builder *b, size_t l, ec_error *err)
{
    ec_status status = EC_OK;
    size_t n = ec_level_positions(&b->arch->levels[l]);
    code *swap = b->below;

    b->matrices = 1 + b->matrices * (l > 0 ? (double)ec_level_window(&b->arch->levels[l]) : 0);
    b->blocks = !ec_arch_shared_below(b->arch, 0) && b->matrices <= EC_BLOCK_MATRICES &&
                l + 1 < b->arch->n_levels;
    if (ec_arch_shared_below(b->arch, l)) {
        for (b->n_slots = 4; b->n_slots < 2 * n; b->n_slots *= 2)
            ;
        EC_NEW(b->slot, b->n_slots);
    }
    for (size_t p = 0; p < n; p++)
        place(b, l, p);
    b->below = b->here;
    b->here = swap;
done:
    ec_free(b->slot);
    b->slot = NULL;
    return status;
}

/* -------------------------------------------------------------------- order */

/* from the whole tree down, iteratively: there is no limit to the levels */
static ec_status put_in_order(ec_subtrees *s, ec_error *err)
{
    ec_status status = EC_OK;
    struct frame {
        uint32_t id, next;
    } *stack = NULL;
    bool *seen = NULL;
    size_t depth = 0, n = 0;

    EC_NEW(stack, (size_t)s->item[s->n - 1].level + 1);
    EC_NEW(seen, s->n);
    stack[depth++] = (struct frame){(uint32_t)s->n - 1, 0};
    while (depth > 0) {
        struct frame *top = &stack[depth - 1];
        const ec_subtree *item = &s->item[top->id];

        if (item->level == 0 || top->next == item->n) {
            s->order[n++] = top->id;
            depth--;
        } else {
            uint32_t child = s->child[item->first + top->next++].subtree;
            if (!seen[child])
                stack[depth++] = (struct frame){child, 0};
            seen[child] = true;
        }
    }
done:
    ec_free(stack);
    ec_free(seen);
    return status;
}

/* ----------------------------------------------------------------- interface */

/* matrices, and children of all windows, at most; the largest window and level */
static void count(const ec_arch *arch, double *matrices, double *children, double most[2])
{
    *matrices = *children = most[0] = most[1] = 0;
    for (size_t l = 0; l < arch->n_levels; l++) {
        double n = (double)ec_level_positions(&arch->levels[l]);
        double window = (double)ec_level_window(&arch->levels[l]);

        *matrices += n;
        *children += n * window;
        most[0] = window > most[0] ? window : most[0];
        most[1] = n > most[1] ? n : most[1];
    }
}

ec_status ec_subtrees_init(ec_subtrees *out, const ec_arch *arch, const ec_sites *a,
                           const ec_run *run, ec_error *err)
{
    ec_status status = EC_OK;
    builder b = {.out = out, .arch = arch, .a = a};
    double matrices, children, most[2];

    *out = (ec_subtrees){.n = 0};
    count(arch, &matrices, &children, most);
    if (matrices >= PENDING)
        return ec_fail(err, EC_ELIMIT, "%.3g matrices are more than 2^31", matrices);
    EC_TRY(ec_run_reserve(run, "Renyi-2 entropy",
                          matrices * (sizeof *out->item + sizeof *out->order) +
                              children * sizeof *out->child +
                              most[0] * (sizeof *b.window + sizeof *b.tally) +
                              most[1] * (2 * sizeof *b.here + 4 * sizeof *b.slot),
                          err));
    EC_NEW(out->item, (size_t)matrices);
    EC_NEW(out->order, (size_t)matrices);
    EC_NEW(out->child, (size_t)children);
    EC_NEW(b.window, (size_t)most[0]);
    EC_NEW(b.tally, (size_t)most[0]);
    EC_NEW(b.below, (size_t)most[1]);
    EC_NEW(b.here, (size_t)most[1]);
    for (size_t l = 0; l < arch->n_levels; l++)
        EC_TRY(place_level(&b, l, err));
    EC_TRY(put_in_order(out, err));
done:
    ec_free(b.window);
    ec_free(b.tally);
    ec_free(b.below);
    ec_free(b.here);
    return status;
}

void ec_subtrees_clear(ec_subtrees *subtrees)
{
    ec_free(subtrees->item);
    ec_free(subtrees->child);
    ec_free(subtrees->order);
    *subtrees = (ec_subtrees){.n = 0};
}
