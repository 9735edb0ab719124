/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "entcap/bound.h"

#include "core/flow.h"

#include <math.h>
#include <stdlib.h>

/* Growing classes of one level, found again by hash: open addressing, class + 1 in each slot. */
struct builder {
    ec_quotient_level *level;
    size_t class_room, entry_room, n_slots;
    uint64_t *hash;            /* class_room */
    uint32_t *slot;            /* n_slots, a power of two, more than 2 n_classes */
    uint32_t *tally, *touched; /* per class below: how many in this window; which are above 0 */
    size_t n_touched;
};

/* The positions of one window in the grid below, row after row. */
struct window {
    size_t first, rows, cols, stride;
};

static struct window window_at(const ec_level *level, size_t below_width, size_t position)
{
    size_t row = position / level->grid[1] * level->window[0];
    size_t col = position % level->grid[1] * level->window[1];

    return (struct window){row * below_width + col, level->window[0], level->window[1],
                           below_width};
}

static void classify_sites(uint32_t *class_of, const ec_arch *arch, const ec_sites *a)
{
    const ec_level *level = &arch->levels[0];

    for (size_t p = 0; p < ec_level_positions(level); p++) {
        struct window w = window_at(level, arch->input.grid[1], p);
        unsigned seen = 0;
        for (size_t i = 0; i < w.rows; i++)
            for (size_t j = 0; j < w.cols; j++)
                seen |= ec_sites_has(a, w.first + i * w.stride + j) ? 1u : 2u;
        class_of[p] = seen == 1 ? EC_CLASS_A : seen == 2 ? EC_CLASS_B : EC_CLASS_MIXED;
    }
}

static int ascending(const void *x, const void *y)
{
    uint32_t a = *(const uint32_t *)x, b = *(const uint32_t *)y;

    return (a > b) - (a < b);
}

/* Few classes occur in most windows: insertion, which qsort's call would dwarf. */
static void sort(uint32_t *x, size_t n)
{
    if (n > 32) {
        qsort(x, n, sizeof *x, ascending);
        return;
    }
    for (size_t i = 1; i < n; i++) {
        uint32_t v = x[i];
        size_t j = i;
        for (; j > 0 && x[j - 1] > v; j--)
            x[j] = x[j - 1];
        x[j] = v;
    }
}

static uint64_t mix(uint64_t h, uint64_t x)
{
    h = (h ^ x) * UINT64_C(0x9e3779b97f4a7c15);
    return h ^ (h >> 29);
}

/* Count the children of a window by class; their hash. */
static uint64_t tally_window(struct builder *b, const uint32_t *below, struct window w)
{
    uint64_t h = 0;

    b->n_touched = 0;
    for (size_t i = 0; i < w.rows; i++) {
        for (size_t j = 0; j < w.cols; j++) {
            uint32_t c = below[w.first + i * w.stride + j];
            if (b->tally[c]++ == 0)
                b->touched[b->n_touched++] = c;
        }
    }
    sort(b->touched, b->n_touched);
    for (size_t i = 0; i < b->n_touched; i++)
        h = mix(h, (uint64_t)b->touched[i] << 32 | b->tally[b->touched[i]]);
    return mix(h, b->n_touched);
}

static bool same_children(const struct builder *b, uint32_t c)
{
    const ec_quotient_level *level = b->level;
    size_t start = level->start[c];

    if (level->start[c + 1] - start != b->n_touched)
        return false;
    for (size_t i = 0; i < b->n_touched; i++)
        if (level->child[start + i] != b->touched[i] ||
            level->count[start + i] != b->tally[b->touched[i]])
            return false;
    return true;
}

/* The slot of the tallied window: of its class if there is one, else free. */
static uint32_t *find_slot(const struct builder *b, uint64_t h)
{
    size_t mask = b->n_slots - 1, i = h & mask;

    while (b->slot[i] != 0 && (b->hash[b->slot[i] - 1] != h || !same_children(b, b->slot[i] - 1)))
        i = (i + 1) & mask;
    return &b->slot[i];
}

static ec_status resize(void *array, size_t n, size_t size, ec_error *err)
{
    void **p = array;
    void *q = ec_realloc(*p, n, size, err);

    if (q == NULL)
        return EC_ENOMEM;
    *p = q;
    return EC_OK;
}

static ec_status grow_slots(struct builder *b, size_t n_slots, ec_error *err)
{
    ec_status status = EC_OK;

    ec_free(b->slot);
    b->slot = NULL;
    b->n_slots = n_slots;
    EC_NEW(b->slot, n_slots);
    for (size_t c = 0; c < b->level->n_classes; c++) {
        size_t i = b->hash[c] & (n_slots - 1);
        while (b->slot[i] != 0)
            i = (i + 1) & (n_slots - 1);
        b->slot[i] = (uint32_t)c + 1;
    }
done:
    return status;
}

/* Room for one more class with the tallied children. */
static ec_status reserve(struct builder *b, ec_error *err)
{
    ec_status status = EC_OK;
    ec_quotient_level *level = b->level;
    size_t entries = level->start != NULL ? level->start[level->n_classes] : 0;

    if (level->n_classes + 1 > b->class_room) {
        b->class_room = b->class_room == 0 ? 16 : 2 * b->class_room;
        EC_TRY(resize(&level->start, b->class_room + 1, sizeof *level->start, err));
        EC_TRY(resize(&b->hash, b->class_room, sizeof *b->hash, err));
        EC_TRY(grow_slots(b, 4 * b->class_room, err));
        level->start[0] = 0;
    }
    if (entries + b->n_touched > b->entry_room) {
        b->entry_room = 2 * b->entry_room + b->n_touched;
        EC_TRY(resize(&level->child, b->entry_room, sizeof *level->child, err));
        EC_TRY(resize(&level->count, b->entry_room, sizeof *level->count, err));
    }
done:
    return status;
}

static void add_class(struct builder *b, uint64_t h)
{
    ec_quotient_level *level = b->level;
    size_t c = level->n_classes++, end = level->start[c];

    for (size_t i = 0; i < b->n_touched; i++, end++) {
        level->child[end] = b->touched[i];
        level->count[end] = b->tally[b->touched[i]];
    }
    level->start[c + 1] = end;
    b->hash[c] = h;
    *find_slot(b, h) = (uint32_t)c + 1;
}

/* The class of one window, a new one if need be. Leaves the tally zeroed. */
static ec_status classify_window(uint32_t *class_of, struct builder *b, const uint32_t *below,
                                 struct window w, ec_error *err)
{
    ec_status status = EC_OK;
    uint64_t h = tally_window(b, below, w);

    if (b->n_slots == 0 || *find_slot(b, h) == 0) {
        EC_TRY(reserve(b, err));
        add_class(b, h);
    }
    *class_of = *find_slot(b, h) - 1;
    for (size_t i = 0; i < b->n_touched; i++)
        b->tally[b->touched[i]] = 0;
done:
    return status;
}

static void find_pure(ec_quotient_level *level, const ec_quotient_level *below)
{
    for (int side = 0; side < 2; side++) {
        level->pure[side] = EC_NO_CLASS;
        for (size_t c = 0; c < level->n_classes; c++)
            if (level->start[c + 1] - level->start[c] == 1 &&
                level->child[level->start[c]] == below->pure[side])
                level->pure[side] = (uint32_t)c;
    }
}

/* Classes of level l >= 1 from those of the level below. */
static ec_status classify_level(ec_quotient *q, const ec_arch *arch, size_t l, ec_error *err)
{
    ec_status status = EC_OK;
    const ec_level *level = &arch->levels[l];
    const ec_quotient_level *below = &q->level[l - 1];
    struct builder b = {.level = &q->level[l]};
    size_t n = ec_level_positions(level);

    EC_NEW(q->level[l].of_position, n);
    EC_NEW(b.tally, below->n_classes);
    EC_NEW(b.touched, below->n_classes);
    for (size_t p = 0; p < n; p++)
        EC_TRY(classify_window(&q->level[l].of_position[p], &b, below->of_position,
                               window_at(level, arch->levels[l - 1].grid[1], p), err));
    find_pure(b.level, below);
done:
    ec_free(b.tally);
    ec_free(b.touched);
    ec_free(b.hash);
    ec_free(b.slot);
    return status;
}

/* C(n + k - 1, k): multisets of size k, in doubles; stops growing at 10^18. */
static double multisets(double n, size_t k)
{
    double x = 1;

    for (size_t i = 1; i <= k && x < 1e18; i++)
        x *= (n + (double)i - 1) / (double)i;
    return x;
}

/* Bytes in the worst case: classes are bounded by positions and by multisets of classes below. */
static double worst_bytes(const ec_arch *arch, bool keep_positions)
{
    double classes = EC_N_CLASSES_0, kept = 0, worst = 0;

    for (size_t l = 0; l < arch->n_levels; l++) {
        double n = (double)ec_level_positions(&arch->levels[l]);
        double window = (double)ec_level_window(&arch->levels[l]);
        double scratch = classes * 8;
        double below = l > 0 ? 4 * (double)ec_level_positions(&arch->levels[l - 1]) : 0;
        double entries;

        if (l > 0)
            classes = fmin(n, multisets(classes, (size_t)window));
        entries = classes * fmin(window, scratch / 8);
        kept += (keep_positions ? 4 * n : 0) + 2 * (8 * classes + 8 * entries); /* doubling */
        scratch += 4 * n + below + 2 * (8 + 16) * classes;
        worst = fmax(worst, kept + scratch);
    }
    return worst;
}

ec_status ec_quotient_init(ec_quotient *out, const ec_arch *arch, const ec_sites *a,
                           bool keep_positions, const ec_run *run, ec_error *err)
{
    ec_status status = EC_OK;

    *out = (ec_quotient){.n_levels = arch->n_levels};
    EC_TRY(ec_run_reserve(run, "tree recursion", worst_bytes(arch, keep_positions), err));
    EC_NEW(out->level, arch->n_levels);
    EC_NEW(out->level[0].of_position, ec_level_positions(&arch->levels[0]));
    out->level[0].n_classes = EC_N_CLASSES_0;
    out->level[0].pure[0] = EC_CLASS_A;
    out->level[0].pure[1] = EC_CLASS_B;
    classify_sites(out->level[0].of_position, arch, a);
    for (size_t l = 1; l < arch->n_levels; l++) {
        EC_TRY(ec_run_step(run, "tree recursion", (double)l, (double)arch->n_levels, err));
        EC_TRY(classify_level(out, arch, l, err));
        if (!keep_positions) {
            ec_free(out->level[l - 1].of_position);
            out->level[l - 1].of_position = NULL;
        }
    }
done:
    return status;
}

void ec_quotient_clear(ec_quotient *quotient)
{
    if (quotient == NULL)
        return;
    for (size_t l = 0; quotient->level != NULL && l < quotient->n_levels; l++) {
        ec_free(quotient->level[l].start);
        ec_free(quotient->level[l].child);
        ec_free(quotient->level[l].count);
        ec_free(quotient->level[l].of_position);
    }
    ec_free(quotient->level);
    *quotient = (ec_quotient){.n_levels = 0};
}
