/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "arch_i.h"

#include "core/flow.h"

#include <stdio.h>
#include <string.h>

/*
 * A built-in partition is a row of the table below. Finding one is cheap, whatever the number of
 * sites: its side A is a box, or those sites of a box that a function picks, and is spelt out only
 * when it is asked for.
 */

/* Is the site at (row, column) of the rule's box on side A? */
typedef bool side_fn(const ec_rule *rule, size_t row, size_t column);

/* Set the box of a rule and what its side_fn needs; EC_EINVAL where its numbers are out of range.
 */
typedef ec_status resolve_fn(ec_rule *rule, const ec_arch *arch, const char *name, ec_error *err);

/* Where a built-in partition is at home, and which axis must have two sites to have two sides. */
enum { IN_1D = 1, IN_2D = 2, IN_NETWORK = 4 };
enum { AXIS_ROWS, AXIS_COLUMNS, AXIS_ANY };

struct ec_builtin {
    ec_builtin_type type; /* the name ends in :NUMBER for each number */
    size_t n_numbers;
    int home, axis;
    resolve_fn *resolve;
    side_fn *has; /* NULL: the whole box */
    bool many;    /* not one partition: ec_rule_add_all spells them out */
};

/* Sites as rows and columns; the open order of a network is one row. */
static void site_grid(size_t grid[2], const ec_arch *arch)
{
    grid[0] = ec_arch_is_network(arch) ? 1 : arch->input.grid[0];
    grid[1] = ec_arch_is_network(arch) ? arch->n_sites : arch->input.grid[1];
}

/* --------------------------------------------------------------------- windows */

/* Windows of one position (between adjacent convs) are no level of the tree of subtrees. */
static size_t count_windows(const ec_arch *arch)
{
    size_t n = 0;

    for (size_t l = 0; l < arch->n_levels; l++)
        n += ec_level_window(&arch->levels[l]) > 1;
    return n;
}

/* Size in sites of the subtrees below the k-th window from below, and of that window. */
static void window_at(size_t block[2], size_t window[2], const ec_arch *arch, uint64_t k)
{
    uint64_t seen = 0;

    block[0] = block[1] = window[0] = window[1] = 1;
    for (size_t l = 0; l < arch->n_levels; l++) {
        const ec_level *level = &arch->levels[l];
        if (ec_level_window(level) == 1)
            continue;
        if (seen++ == k) {
            window[0] = level->window[0];
            window[1] = level->window[1];
            return;
        }
        block[0] *= level->window[0];
        block[1] *= level->window[1];
    }
}

static size_t blocks_on_level(const ec_arch *arch, const size_t block[2])
{
    return arch->input.grid[0] / block[0] * (arch->input.grid[1] / block[1]);
}

/* ------------------------------------------------------------ boxes and their sites */

static ec_status resolve_all(ec_rule *rule, const ec_arch *arch, const char *name, ec_error *err)
{
    (void)name;
    (void)err;
    site_grid(rule->end, arch);
    return EC_OK;
}

/* 1-D: site < floor(n/2); 2-D: column < width/2, so that the middle one of an odd width is in A. */
static ec_status resolve_left(ec_rule *rule, const ec_arch *arch, const char *name, ec_error *err)
{
    bool flat = ec_arch_is_network(arch) || arch->input.n_dims == 1;

    (void)name;
    (void)err;
    site_grid(rule->end, arch);
    rule->end[1] = flat ? rule->end[1] / 2 : (rule->end[1] + 1) / 2;
    return EC_OK;
}

/* row < height/2 */
static ec_status resolve_top(ec_rule *rule, const ec_arch *arch, const char *name, ec_error *err)
{
    (void)name;
    (void)err;
    site_grid(rule->end, arch);
    rule->end[0] = (rule->end[0] + 1) / 2;
    return EC_OK;
}

/* Windows are counted from below, subtrees (blocks) from the top: see the head of arch.h. */
static ec_status resolve_scale(ec_rule *rule, const ec_arch *arch, const char *name, ec_error *err)
{
    size_t n = count_windows(arch);

    if (rule->number[0] >= n)
        return ec_fail(err, EC_EINVAL, "%s: K counts the windows from below, 0 to %zu", name,
                       n - 1);
    window_at(rule->block, rule->window, arch, rule->number[0]);
    return resolve_all(rule, arch, name, err);
}

static ec_status resolve_block(ec_rule *rule, const ec_arch *arch, const char *name, ec_error *err)
{
    size_t n = count_windows(arch), n_blocks, across, at[2];

    if (rule->number[0] < 1 || rule->number[0] > n)
        return ec_fail(err, EC_EINVAL, "%s: LEVEL is 1 (below the top window) to %zu (sites)", name,
                       n);
    window_at(rule->block, rule->window, arch, n - rule->number[0]);
    n_blocks = blocks_on_level(arch, rule->block);
    if (rule->number[1] >= n_blocks)
        return ec_fail(err, EC_EINVAL, "%s: level %llu has the blocks 0 to %zu", name,
                       (unsigned long long)rule->number[0], n_blocks - 1);
    across = arch->input.grid[1] / rule->block[1];
    at[0] = rule->number[1] / across;
    at[1] = rule->number[1] % across;
    for (int d = 0; d < 2; d++) {
        rule->start[d] = at[d] * rule->block[d];
        rule->end[d] = rule->start[d] + rule->block[d];
    }
    return EC_OK;
}

static bool in_checkerboard(const ec_rule *rule, size_t row, size_t column)
{
    (void)rule;
    return (row + column) % 2 == 0;
}

static bool in_even_row(const ec_rule *rule, size_t row, size_t column)
{
    (void)rule;
    (void)column;
    return row % 2 == 0;
}

static bool in_even_column(const ec_rule *rule, size_t row, size_t column)
{
    (void)rule;
    (void)row;
    return column % 2 == 0;
}

/* child of its window, row-major < floor(P/2) */
static bool in_first_half(const ec_rule *rule, size_t row, size_t column)
{
    size_t child = row / rule->block[0] % rule->window[0] * rule->window[1] +
                   column / rule->block[1] % rule->window[1];

    return child < rule->window[0] * rule->window[1] / 2;
}

static const struct ec_builtin table[] = {
    {.type = {"left-right", "A: 1-D the first n/2 sites, rounded down, 2-D column < width/2"},
     .home = IN_1D | IN_2D | IN_NETWORK,
     .axis = AXIS_COLUMNS,
     .resolve = resolve_left},
    {.type = {"top-bottom", "A: row < height/2"},
     .home = IN_2D,
     .axis = AXIS_ROWS,
     .resolve = resolve_top},
    {.type = {"interleaved", "A: 1-D the even sites, 2-D the checkerboard of even row + column"},
     .home = IN_1D | IN_2D | IN_NETWORK,
     .axis = AXIS_ANY,
     .resolve = resolve_all,
     .has = in_checkerboard},
    {.type = {"rows", "A: the even rows"},
     .home = IN_2D,
     .axis = AXIS_ROWS,
     .resolve = resolve_all,
     .has = in_even_row},
    {.type = {"columns", "A: the even columns"},
     .home = IN_2D,
     .axis = AXIS_COLUMNS,
     .resolve = resolve_all,
     .has = in_even_column},
    {.type = {"scale:K", "A: the first half of the subtrees of every K-th window; 0 is the lowest"},
     .n_numbers = 1,
     .home = IN_1D | IN_2D,
     .axis = AXIS_ANY,
     .resolve = resolve_scale,
     .has = in_first_half},
    {.type = {"block:LEVEL:INDEX",
              "A: one subtree; LEVEL 1 is below the top window, INDEX row-major"},
     .n_numbers = 2,
     .home = IN_1D | IN_2D,
     .axis = AXIS_ANY,
     .resolve = resolve_block},
    {.type = {"canonical", "every block against the rest, each partition once"},
     .home = IN_1D | IN_2D,
     .axis = AXIS_ANY,
     .resolve = resolve_all,
     .many = true},
};

enum { N_BUILTINS = sizeof table / sizeof *table };

const ec_builtin_type *ec_arch_builtin_type(size_t i)
{
    return i < N_BUILTINS ? &table[i].type : NULL;
}

/* --------------------------------------------------------------------- resolving */

/* Does `name` have the form of the built-in, with numbers for its capital words? */
static bool matches(ec_rule *out, const struct ec_builtin *builtin, const char *name)
{
    size_t stem = strcspn(builtin->type.name, ":");

    if (strncmp(name, builtin->type.name, stem) != 0)
        return false;
    name += stem;
    for (size_t i = 0; i < builtin->n_numbers; i++)
        if (*name != ':' || !ec_value_scan(&out->number[i], name + 1, &name))
            return false;
    return *name == '\0';
}

/* Is the built-in at home here, and are both of its sides there? */
static ec_status check_home(const struct ec_builtin *builtin, const ec_arch *arch, const char *name,
                            ec_error *err)
{
    size_t grid[2];
    bool two_sides;
    int home = ec_arch_is_network(arch) ? IN_NETWORK : arch->input.n_dims == 1 ? IN_1D : IN_2D;

    site_grid(grid, arch);
    if ((builtin->home & home) == 0)
        return ec_fail(err, EC_EINVAL, "%s is not for %s", name,
                       home == IN_NETWORK
                           ? "a network; it has left-right and interleaved"
                           : "1-D inputs; they have left-right, interleaved, scale:K "
                             "and block:LEVEL:INDEX");
    two_sides = builtin->axis == AXIS_ROWS      ? grid[0] > 1
                : builtin->axis == AXIS_COLUMNS ? grid[1] > 1
                                                : grid[0] * grid[1] > 1;
    if (!two_sides)
        return ec_fail(err, EC_EINVAL, "%s leaves a side empty on %zu x %zu sites", name, grid[0],
                       grid[1]);
    return EC_OK;
}

ec_status ec_rule_find(ec_rule *out, const ec_arch *arch, const char *name, ec_error *err)
{
    ec_status status = EC_OK;

    *out = (ec_rule){.builtin = NULL};
    for (size_t i = 0; i < N_BUILTINS && out->builtin == NULL; i++)
        if (matches(out, &table[i], name))
            out->builtin = &table[i];
    if (out->builtin == NULL)
        return EC_OK;
    status = check_home(out->builtin, arch, name, err);
    if (status == EC_OK)
        status = out->builtin->resolve(out, arch, name, err);
    return status;
}

ec_status ec_rule_sites(ec_sites *out, const ec_arch *arch, const ec_rule *rule, ec_error *err)
{
    size_t grid[2], repeated;
    ec_status status = ec_sites_init(out, arch->n_sites, err);

    if (status != EC_OK)
        return status;
    site_grid(grid, arch);
    for (size_t row = rule->start[0]; row < rule->end[0]; row++) {
        size_t first = row * grid[1];
        if (rule->builtin->has == NULL) /* whole words at a time */
            ec_sites_add_range(out, first + rule->start[1], first + rule->end[1] - 1, &repeated);
        else
            for (size_t column = rule->start[1]; column < rule->end[1]; column++)
                if (rule->builtin->has(rule, row, column))
                    ec_sites_add(out, first + column);
    }
    return EC_OK;
}

void ec_rule_nearest(ec_nearest *nearest)
{
    const ec_builtin_type *type;

    for (size_t i = 0; (type = ec_arch_builtin_type(i)) != NULL; i++)
        ec_nearest_offer(nearest, type->name);
}

/* --------------------------------------------------------------------- canonical */

bool ec_rule_is_many(const ec_rule *rule)
{
    return rule->builtin->many;
}

/* Blocks of a level, from the top; of two, the second is the complement of the first. */
static size_t distinct_blocks(const ec_arch *arch, size_t level)
{
    size_t block[2], window[2], n;

    window_at(block, window, arch, count_windows(arch) - level);
    n = blocks_on_level(arch, block);
    return n == 2 ? 1 : n;
}

/* By its name, so that block:LEVEL:INDEX has one meaning. */
static ec_status add_block(ec_partitions *list, const ec_arch *arch, const char *name,
                           ec_place place, ec_error *err)
{
    ec_status status = EC_OK;
    ec_rule rule;
    ec_sites a = {.n = 0};

    EC_TRY(ec_rule_find(&rule, arch, name, err));
    EC_TRY(ec_rule_sites(&a, arch, &rule, err));
    EC_TRY(ec_partitions_add(list, name, &a, place, err));
done:
    ec_sites_clear(&a);
    return status;
}

ec_status ec_rule_add_all(ec_partitions *list, const ec_arch *arch, ec_place place, ec_error *err)
{
    ec_status status = EC_OK;
    size_t n_levels = count_windows(arch);
    double total = 0;
    char name[64];

    for (size_t level = 1; level <= n_levels; level++)
        total += (double)distinct_blocks(arch, level);
    EC_TRY(ec_partitions_reserve(list, arch, total, err)); /* 2 N blocks of N bits: check first */
    for (size_t level = 1; level <= n_levels; level++) {
        size_t n = distinct_blocks(arch, level);
        for (size_t index = 0; index < n; index++) {
            snprintf(name, sizeof name, "block:%zu:%zu", level, index);
            EC_TRY(add_block(list, arch, name, place, err));
        }
    }
done:
    return status;
}
