/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Additional permission under section 7 (linking with Graphviz): see LICENSE. */
#include "draw/tree_i.h"

#define FULL_NODES ((size_t)6000) /* folded automatically above */
#define PLANES_MAX ((size_t)7)    /* levels of a stack of planes that is not too high */
#define MAX_LEVELS ((size_t)200)  /* bounds the height of a picture, and the recursion */

static const char times_sign[] = "\xc3\x97";

/* The children of one window that are drawn, and how many equal ones each stands for. */
typedef struct family {
    size_t *child; /* positions in the grid below */
    uint64_t *times;
    uint32_t *node; /* which nodes of the drawing they are */
    size_t n;
} family;

static void family_clear(family *f)
{
    ec_free(f->child);
    ec_free(f->times);
    ec_free(f->node);
    *f = (family){0};
}

static bool equal_children(const tree_builder *b, size_t level, size_t x, size_t y)
{
    if (level == 0)
        return draw_site_side(b->options, x) == draw_site_side(b->options, y);
    return b->class_of[b->starts[level - 1] + x] == b->class_of[b->starts[level - 1] + y];
}

/* Which child comes c-th: along a ring, those of the top window go round its centre. */
static size_t child_in_order(const tree_builder *b, size_t level, size_t c)
{
    return b->clockwise != NULL && level == b->top_window ? b->clockwise[c] : c;
}

static ec_status family_of(family *f, const tree_builder *b, size_t level, size_t position)
{
    ec_status status = EC_OK;
    ec_error *err = b->err;
    size_t window = ec_level_window(&b->arch->levels[level]);
    size_t room = window < EC_DRAW_MAX_NODES ? window : EC_DRAW_MAX_NODES;

    EC_NEW(f->child, room);
    EC_NEW(f->times, room);
    EC_NEW(f->node, room);
    for (size_t c = 0; c < window; c++) {
        size_t child = draw_child(b->arch, level, position, child_in_order(b, level, c));
        size_t i = b->class_of != NULL ? 0 : f->n;
        while (i < f->n && !equal_children(b, level, f->child[i], child))
            i++;
        if (i == room)
            return ec_fail(err, EC_ELIMIT, "drawing: a window has over %zu different children",
                           room);
        if (i == f->n)
            f->child[f->n++] = child;
        f->times[i]++;
    }
done:
    return status;
}

/* --------------------------------------------------------------- recursion */

/* Has the index between these children and the tensor above them pins on both sides? */
static bool is_cut(const tree_builder *b, const family *f, ec_draw_side above)
{
    if (b->options->cut == NULL)
        return false;
    for (size_t i = 0; i < f->n; i++) {
        if (b->drawing->nodes[f->node[i]].side != above)
            return true;
    }
    return false;
}

/* The index under tensor (level, position), then the tensor: all that stands on its children. */
static ec_status add_index_and_matrix(tree_builder *b, size_t level, size_t position,
                                      uint64_t times, const family *f, uint32_t *node)
{
    ec_status status = EC_OK;
    uint32_t dim = b->arch->levels[level].dim, below = f->node[0];
    bool pooled = ec_level_window(&b->arch->levels[level]) > 1;
    bool cut = is_cut(b, f, draw_tensor_side(b->options, b->starts[level] + position));

    if (pooled) {
        below = (uint32_t)b->drawing->n_nodes;
        EC_TRY(tree_add_copy(b, level, position, times, cut));
    }
    EC_TRY(tree_add_matrix(b, level, position, times, node));
    for (size_t i = 0; pooled && i < f->n; i++) {
        ec_draw_bond bond = {.lower = f->node[i], .upper = below, .dim = dim, .cut = cut};
        EC_TRY(tree_add_bond(b, bond, times_sign, f->times[i] > 1 ? f->times[i] : 0));
    }
    EC_TRY(tree_add_bond(b, (ec_draw_bond){.lower = below, .upper = *node, .dim = dim, .cut = cut},
                         "", dim));
    b->n_cut[level] += cut ? times : 0;
done:
    return status;
}

/* Everything below and with tensor (level, position), which occurs `times` times. */
static ec_status add_subtree(tree_builder *b, size_t level, size_t position, uint64_t times,
                             uint32_t *node)
{
    ec_status status = EC_OK;
    family f = {0};

    EC_TRY(family_of(&f, b, level, position));
    for (size_t i = 0; i < f.n; i++) {
        if (level == 0)
            EC_TRY(tree_add_site(b, f.child[i], times * f.times[i], &f.node[i]));
        else
            EC_TRY(add_subtree(b, level - 1, f.child[i], times * f.times[i], &f.node[i]));
    }
    EC_TRY(add_index_and_matrix(b, level, position, times, &f, node));
done:
    family_clear(&f);
    return status;
}

/* ---------------------------------------------------------------- whole tree */

/* Nodes of the drawing if nothing is folded. */
static double count_nodes(const ec_arch *arch)
{
    double n = (double)arch->n_sites;

    for (size_t level = 0; level < arch->n_levels; level++) {
        const ec_level *l = &arch->levels[level];
        n += (double)ec_level_positions(l) * (ec_level_window(l) > 1 ? 2 : 1);
    }
    return n;
}

static ec_status choose_fold(tree_builder *b, const ec_run *run)
{
    double n_nodes = count_nodes(b->arch);
    ec_draw_fold fold = b->options->fold;
    bool all_shown = b->options->view == EC_DRAW_VIEW_PLANES;

    if (fold == EC_DRAW_FOLD_ALWAYS && all_shown)
        return ec_fail(b->err, EC_EINVAL, "drawing: planes show every node, nothing is folded");
    if (fold == EC_DRAW_FOLD_ALWAYS ||
        (fold == EC_DRAW_FOLD_AUTO && !all_shown && n_nodes > FULL_NODES))
        b->drawing->folded = true;
    else if (n_nodes > EC_DRAW_MAX_NODES)
        return ec_fail(b->err, EC_ELIMIT,
                       "drawing: %.0f nodes, at most %zu can be drawn one by one; fold equal "
                       "subtrees",
                       n_nodes, EC_DRAW_MAX_NODES);
    if (!b->drawing->folded)
        return EC_OK;
    return draw_fold(&b->class_of, b->arch, b->starts, b->options, run, b->err);
}

/* The sites left after folding are not known yet; they are few. */
static ec_status choose_shape(tree_builder *b)
{
    static const ec_draw_shape shapes[] = {[EC_DRAW_VIEW_ROWS] = EC_DRAW_ROWS,
                                           [EC_DRAW_VIEW_RING] = EC_DRAW_RING,
                                           [EC_DRAW_VIEW_PLANES] = EC_DRAW_PLANES};
    const size_t *grid = b->arch->input.grid;
    bool flat = grid[0] > 1 && grid[1] > 1 && !b->drawing->folded;
    ec_draw_view view = b->options->view;

    if (view == EC_DRAW_VIEW_PLANES && !flat)
        return ec_fail(b->err, EC_EINVAL, "drawing: only a grid of two dimensions has planes");
    if (view != EC_DRAW_VIEW_AUTO)
        b->drawing->shape = shapes[view];
    else if (flat && b->arch->n_levels <= PLANES_MAX)
        b->drawing->shape = EC_DRAW_PLANES;
    else if (!b->drawing->folded && b->arch->n_sites > EC_DRAW_ROWS_MAX)
        b->drawing->shape = EC_DRAW_RING;
    return EC_OK;
}

/* Every subtree, or one of each kind. */
static ec_status add_subtrees(tree_builder *b, const ec_run *run)
{
    ec_status status = EC_OK;
    size_t top = b->arch->n_levels - 1;
    uint32_t root = 0;

    for (b->top_window = top; b->top_window > 0; b->top_window--) {
        if (ec_level_window(&b->arch->levels[b->top_window]) > 1)
            break;
    }
    EC_TRY(choose_fold(b, run));
    EC_TRY(choose_shape(b));
    if (b->drawing->shape == EC_DRAW_RING && !b->drawing->folded)
        EC_TRY(draw_clockwise(&b->clockwise, b->arch->levels[b->top_window].window, b->err));
    EC_TRY(add_subtree(b, top, 0, 1, &root));
done:
    return status;
}

ec_status draw_tree(ec_drawing *drawing, const ec_arch *arch, const ec_draw_options *options,
                    const ec_run *run, ec_error *err)
{
    ec_status status = EC_OK;
    tree_builder b = {.drawing = drawing, .arch = arch, .options = options, .err = err};

    if (arch->n_levels > MAX_LEVELS)
        return ec_fail(err, EC_ELIMIT, "drawing: %zu layers of weights, at most %zu can be drawn",
                       arch->n_levels, MAX_LEVELS);
    EC_TRY(draw_level_starts(&b.starts, arch, err));
    EC_NEW(b.n_cut, arch->n_levels);
    if (options->view == EC_DRAW_VIEW_LAYERS)
        EC_TRY(tree_collapse(&b));
    else
        EC_TRY(add_subtrees(&b, run));
    EC_TRY(tree_add_rows(&b));
done:
    ec_free(b.starts);
    ec_free(b.class_of);
    ec_free(b.clockwise);
    ec_free(b.n_cut);
    return status;
}
