/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bound/tree.h"

#include "core/flow.h"

/* How many dimensions something spans, and on which level's dimension that number hangs. */
struct span {
    uint64_t dim; /* UINT64_MAX: without limit */
    uint32_t origin;
};

static struct span smaller(struct span x, struct span y)
{
    return y.dim < x.dim ? y : x;
}

/* dim Sym^q of a space of dimension g: C(g + q - 1, q), or UINT64_MAX beyond `limit` < 2^40. */
static uint64_t symmetric_dim(uint64_t g, size_t q, uint64_t limit)
{
    uint64_t c = 1;

    if (g > limit && q > 0)
        return UINT64_MAX;
    for (size_t i = 1; g > 1 && i <= q; i++) {
        c = c * (g + i - 1) / i; /* C(g + i - 1, i): an integer at every step */
        if (c > limit)
            return UINT64_MAX;
    }
    return c;
}

bool ec_bound_has_sharing(const ec_arch *arch)
{
    for (size_t l = 0; l < arch->n_levels; l++)
        if (ec_level_window(&arch->levels[l]) > 1 && (l == 0 || ec_arch_shared_below(arch, l - 1)))
            return true;
    return false;
}

/* Mark the numbers q of pure children that occur in the windows of a level. */
static size_t mark_groups(uint32_t *group, size_t window, const ec_quotient_level *level,
                          const ec_quotient_level *below)
{
    size_t n = 0;

    for (size_t q = 0; q <= window; q++)
        group[q] = EC_NO_SYMBOL;
    for (size_t i = 0; i < level->start[level->n_classes]; i++) {
        if (level->child[i] != below->pure[0] && level->child[i] != below->pure[1])
            continue;
        n += group[level->count[i]] == EC_NO_SYMBOL;
        group[level->count[i]] = 0;
    }
    return n;
}

static ec_status allocate(ec_symbols *out, const ec_arch *arch, const ec_quotient *quotient,
                          bool shared, ec_error *err)
{
    ec_status status = EC_OK;
    size_t n = arch->n_levels;

    EC_NEW(out->end, n);
    EC_NEW(out->wide, n);
    EC_NEW(out->group, n);
    for (size_t l = 1; l < arch->n_levels && shared && ec_arch_shared_below(arch, l - 1); l++) {
        size_t window = ec_level_window(&arch->levels[l]);
        EC_NEW(out->group[l], window + 1);
        n += mark_groups(out->group[l], window, &quotient->level[l], &quotient->level[l - 1]);
    }
    EC_NEW(out->level, n);
    EC_NEW(out->origin, n);
done:
    return status;
}

static void add(ec_symbols *out, uint32_t *value, uint64_t v, size_t level, size_t origin)
{
    value[out->n] = (uint32_t)v;
    out->level[out->n] = (uint32_t)level;
    out->origin[out->n++] = (uint32_t)origin;
}

/*
 * `whole` is what a whole shared subtree spans over the index of the level below, K_{l-1}:
 *     g = min(K_{l-1}, d_l)            a child of this level's windows
 *     q children: C(g + q - 1, q)      K_l = min(d_l, C(g + P_l - 1, P_l)),  K_0 = d_0
 * A group larger than d_l is never worth it: cutting the index itself costs d_l and frees the rest.
 */
static void add_level(ec_symbols *out, uint32_t *value, struct span *whole, const ec_level *level,
                      size_t l)
{
    struct span index = {out->wide[l] ? UINT64_MAX : level->dim, (uint32_t)l};

    if (out->group[l] != NULL) {
        struct span child = smaller(*whole, index), all = {.origin = child.origin};
        size_t window = ec_level_window(level);

        for (size_t q = 1; q <= window; q++) {
            uint64_t dim;
            if (out->group[l][q] == EC_NO_SYMBOL)
                continue;
            dim = symmetric_dim(child.dim, q, level->dim);
            out->group[l][q] = dim != UINT64_MAX ? (uint32_t)out->n : EC_NO_SYMBOL;
            if (dim != UINT64_MAX)
                add(out, value, dim, l, child.origin);
        }
        all.dim = symmetric_dim(child.dim, window, EC_ARCH_MAX_DIMENSION);
        *whole = smaller(index, all);
    } else {
        *whole = index; /* right at level 0; above, unused from here on */
    }
    add(out, value, level->dim, l, l);
    out->end[l] = out->n;
}

ec_status ec_symbols_init(ec_symbols *out, const ec_arch *arch, const ec_quotient *quotient,
                          bool shared, const bool *wide, ec_error *err)
{
    ec_status status = EC_OK;
    struct span whole = {UINT64_MAX, 0};
    uint32_t *value = NULL;
    size_t room = arch->n_levels;

    *out = (ec_symbols){.n_levels = arch->n_levels};
    EC_TRY(allocate(out, arch, quotient, shared, err));
    for (size_t l = 0; l < arch->n_levels; l++)
        for (size_t q = 0; out->group[l] != NULL && q <= ec_level_window(&arch->levels[l]); q++)
            room += out->group[l][q] != EC_NO_SYMBOL;
    EC_NEW(value, room);
    for (size_t l = 0; l < arch->n_levels; l++) {
        out->wide[l] = wide != NULL && wide[l];
        add_level(out, value, &whole, &arch->levels[l], l);
    }
    EC_TRY(ec_basis_init(&out->basis, value, out->n, err));
done:
    ec_free(value);
    return status;
}

void ec_symbols_clear(ec_symbols *symbols)
{
    if (symbols == NULL)
        return;
    for (size_t l = 0; symbols->group != NULL && l < symbols->n_levels; l++)
        ec_free(symbols->group[l]);
    ec_free(symbols->group);
    ec_free(symbols->level);
    ec_free(symbols->origin);
    ec_free(symbols->end);
    ec_free(symbols->wide);
    ec_basis_clear(&symbols->basis);
    *symbols = (ec_symbols){.n = 0};
}
