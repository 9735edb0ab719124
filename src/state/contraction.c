/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "state/contraction.h"
#include "state/basis.h"

#include "entcap/linalg.h"

#include "core/flow.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* more than any machine has, less than would overflow */
#define MAX_BYTES 0x1p45

enum { REMEDY = 80 };

/* What it takes. */
typedef struct plan {
    double bytes, flops;
} plan;

/* ------------------------------------------------------------------- rounds */

static const ec_level *level_of(const ec_contraction *c, const ec_subtree *s)
{
    return &c->in->arch->levels[s->level];
}

/* the whole tree has no matrix of its own: every label has a row */
static bool is_root(const ec_contraction *c, uint32_t id)
{
    return id + 1 == c->tree.n;
}

static double message_bytes(const ec_contraction *c, uint32_t id)
{
    const ec_subtree *s = &c->tree.item[id];

    return ec_copies_numbers(level_of(c, s)->out, s->mixed) * sizeof(double);
}

static double subtree_flops(const ec_contraction *c, uint32_t id)
{
    const ec_subtree *s = &c->tree.item[id];
    const ec_level *level = level_of(c, s);
    double flops = ec_copies_flops(level->dim, level->out, s->mixed, s->ring), copies = 1;

    for (size_t l = s->level; s->block && l > 0; l--) {
        copies *= (double)ec_level_window(level);
        level--;
        flops += copies * ec_copies_flops(level->dim, level->out, false, false);
    }
    return flops;
}

static bool children_done(const ec_contraction *c, const ec_subtree *s)
{
    for (size_t i = 0; s->level > 0 && i < s->n; i++)
        if (c->stage[c->tree.child[s->first + i].subtree] != EC_STAGE_DONE)
            return false;
    return true;
}

/* the next subtrees that can be done at once; none at the end */
static void start_round(ec_contraction *c)
{
    size_t end;

    while (c->first < c->tree.n - 1 && c->stage[c->tree.order[c->first]] == EC_STAGE_DONE)
        c->first++;
    end = c->tree.n - 1 - c->first < c->look_ahead ? c->tree.n - 1 : c->first + c->look_ahead;
    c->n_round = 0;
    for (size_t i = c->first; i < end; i++) {
        uint32_t id = c->tree.order[i];

        if (c->stage[id] != EC_STAGE_WAITING || !children_done(c, &c->tree.item[id]))
            continue;
        c->stage[id] = EC_STAGE_IN_ROUND;
        c->round[c->n_round++] = id;
        c->bytes += message_bytes(c, id);
        c->flops += subtree_flops(c, id);
    }
}

static void forget(ec_contraction *c, uint32_t id)
{
    ec_free(c->message[id].gram.x); /* and of four, which is behind it */
    c->message[id] = (ec_copies){.r = 0};
    c->bytes -= message_bytes(c, id);
}

static void end_round(ec_contraction *c)
{
    for (size_t i = 0; i < c->n_round; i++) {
        const ec_subtree *s = &c->tree.item[c->round[i]];

        c->stage[c->round[i]] = EC_STAGE_DONE;
        for (size_t k = 0; s->level > 0 && k < s->n; k++) {
            uint32_t child = c->tree.child[s->first + k].subtree;
            if (--c->uses_left[child] == 0)
                forget(c, child);
        }
    }
}

static void restart(ec_contraction *c)
{
    for (uint32_t id = 0; id < c->tree.n; id++) {
        c->stage[id] = EC_STAGE_WAITING;
        c->uses_left[id] = c->tree.item[id].uses;
    }
    c->first = 0;
    c->bytes = c->flops = 0;
}

/* ----------------------------------------------------------------- messages */

static ec_status message_new(ec_contraction *c, uint32_t id, ec_error *err)
{
    const ec_subtree *s = &c->tree.item[id];
    ec_copies *m = &c->message[id];
    size_t r = level_of(c, s)->out, n = (size_t)ec_copies_numbers((double)r, s->mixed);

    /* not zeroed: every number will be written */
    *m = (ec_copies){.r = r};
    m->gram.x = ec_realloc(NULL, n, sizeof *m->gram.x, err);
    if (m->gram.x == NULL)
        return EC_ENOMEM;
    if (s->mixed)
        m->four.x = m->gram.x + r * r;
    return EC_OK;
}

/* the product over the window below a subtree */
static void pool(ec_pooled *out, ec_contraction *c, uint32_t id, size_t thread)
{
    const ec_subtree *s = &c->tree.item[id];
    ec_member *member = c->member + thread * c->most_children;

    for (size_t i = 0; i < s->n; i++) {
        const ec_child *child = &c->tree.child[s->first + i];
        const ec_copies *of = s->level > 0 ? &c->message[child->subtree] : &c->site;

        member[i] = (ec_member){of, child->on_a, child->count};
    }
    ec_copies_pool(out, &c->work[thread], member, s->n, level_of(c, s)->dim);
}

/* by this thread, and n_threads - 1 after it */
static void compute(ec_contraction *c, uint32_t id, size_t thread, size_t n_threads)
{
    const ec_subtree *s = &c->tree.item[id];
    const ec_arch *arch = c->in->arch;
    ec_pooled pooled;

    if (s->block) {
        ec_block_gram(&c->message[id].gram, &c->block[thread], c->in->weights, arch,
                      (size_t[]){s->level, s->position}, &c->leaf.gram, c->identity);
        return;
    }
    pool(&pooled, c, id, thread);
    ec_copies_apply(&c->message[id], &pooled,
                    ec_weights_at(c->in->weights, arch, s->level, s->position), &c->work[thread],
                    n_threads);
}

/* subtrees of a round in parallel; a single one on all threads */
static ec_status run_round(ec_contraction *c, ec_error *err)
{
    size_t next = 0;
    ec_status status = EC_OK;

    for (size_t i = 0; i < c->n_round; i++)
        EC_TRY(message_new(c, c->round[i], err));
    if (c->n_round == 1) {
        compute(c, c->round[0], 0, c->n_threads);
        return EC_OK;
    }
#pragma omp parallel for num_threads((int)c->n_threads) schedule(static, 1)
    for (size_t t = 0; t < c->n_threads; t++)
        for (;;) {
            size_t i;
#pragma omp atomic capture
            i = next++;
            if (i >= c->n_round)
                break;
            compute(c, c->round[i], t, 1);
        }
done:
    return status;
}

/* ----------------------------------------------------------------- planning */

static double fixed_bytes(const ec_contraction *c)
{
    double tree = (double)c->tree.n * (sizeof *c->tree.item + sizeof *c->tree.order +
                                       sizeof *c->message + sizeof *c->stage + sizeof *c->round);
    double numbers =
        ec_workspace_numbers(&c->size) + ec_block_numbers(c->in->arch, c->block_levels);

    return tree + (double)c->n_threads * numbers * sizeof(double);
}

/* the same rounds without numbers */
static plan make_plan(ec_contraction *c, size_t n_threads, size_t look_ahead)
{
    const ec_subtree *root = &c->tree.item[c->tree.n - 1];
    plan p = {0, 0};
    double in, labels;

    c->n_threads = n_threads;
    c->look_ahead = look_ahead;
    restart(c);
    for (start_round(c); c->n_round > 0; start_round(c)) {
        p.bytes = fmax(p.bytes, c->bytes);
        end_round(c);
    }
    in = level_of(c, root)->dim;
    labels = c->in->arch->outputs;
    p.flops = c->flops;
    p.flops += root->ring ? (9 + labels * 13) * in * in * in : labels * in * in * in * (in + 1);
    p.bytes += root->ring ? 3 * in * in * sizeof(double) : 0;
    p.bytes += fixed_bytes(c);
    return p;
}

/* The partitions that are left: what weighs most are the fourth powers of the widest layer that
   has a divided subtree below it; of equals the topmost, so that what stays divided is narrower. */
static void say_what_needs_less(char out[REMEDY], const ec_contraction *c)
{
    uint32_t width = 0, level = 0;

    for (size_t i = 0; i + 1 < c->tree.n; i++) {
        const ec_subtree *s = &c->tree.item[i];
        uint32_t r = level_of(c, s)->out;

        if (s->mixed && (r > width || (r == width && s->level > level))) {
            width = r;
            level = s->level;
        }
    }
    out[0] = '\0';
    if (width > 0)
        snprintf(out, REMEDY, "; partitions that divide no subtree below r%u need less", level);
}

/* Errors: EC_ELIMIT */
static ec_status check_plan(const plan *p, const ec_contraction *c, ec_error *err)
{
    const ec_run *run = c->run;
    double max_flops = c->options->max_flops;
    double max_bytes = run != NULL ? (double)run->memory_bytes : MAX_BYTES;
    char bytes[EC_SIZE_TEXT], limit[EC_SIZE_TEXT], less[REMEDY];

    if (p->bytes <= max_bytes && (max_flops <= 0 || p->flops <= max_flops))
        return EC_OK;
    ec_size_text(bytes, p->bytes);
    say_what_needs_less(less, c);
    if (p->bytes > max_bytes)
        return ec_fail(err, EC_ELIMIT,
                       "four copies need %s and %.3g operations, the memory limit is %s; --memory "
                       "%.0fM would do%s",
                       bytes, p->flops, ec_size_text(limit, max_bytes), ceil(p->bytes / (1 << 20)),
                       less);
    return ec_fail(err, EC_ELIMIT,
                   "four copies need %s and %.3g operations, the limit is %.3g operations; "
                   "--spectrum-limit %.0f would do%s",
                   bytes, p->flops, max_flops, ec_spectrum_limit_of(p->flops), less);
}

/* as many threads, and subtrees to choose from, as fit the limits; one of each has to */
static ec_status choose_plan(ec_contraction *c, ec_error *err)
{
    static const size_t choices[] = {64, 8, 1};
    const ec_run *run = c->run;
    size_t threads = run != NULL && run->threads > 1 ? run->threads : 1;
    plan p;

    for (size_t i = 0; threads > 1 && i < sizeof choices / sizeof *choices; i++) {
        p = make_plan(c, threads, choices[i] * threads);
        if (check_plan(&p, c, NULL) == EC_OK)
            return EC_OK;
    }
    p = make_plan(c, 1, 1);
    return check_plan(&p, c, err);
}

/* ----------------------------------------------------------------- interface */

static ec_status site_init(ec_contraction *c, ec_error *err)
{
    const ec_level *level = &c->in->arch->levels[0];
    size_t m = level->dim;
    double *root = NULL;
    ec_message product;
    ec_status status = EC_OK;

    c->site.r = c->leaf.r = m;
    EC_NEW(c->site.gram.x, m * m);
    EC_NEW(c->leaf.gram.x, m * m);
    EC_TRY(ec_basis_root(&root, c->in, c->options, err));
    c->identity = root == NULL;
    /* G = R^T R, (m,m)(m,m) -> (m,m) */
    if (root != NULL)
        ec_linalg_gemm(ec_mat_of(c->site.gram.x, m, m), 1, ec_cmat_t(root, m, m),
                       ec_cmat_of(root, m, m), 0);
    for (size_t d = 0; d < m && root == NULL; d++)
        c->site.gram.x[d * m + d] = 1;
    ec_message_settle(&c->site.gram, ec_entries_sum_of_squares(c->site.gram.x, m * m), m, false);
    product = c->site.gram;
    for (size_t k = 1; k < ec_level_window(level); k++)
        ec_message_multiply(&product, c->leaf.gram.x, &c->site.gram, m, false);
    memcpy(c->leaf.gram.x, product.x, m * m * sizeof *product.x);
    product.x = c->leaf.gram.x;
    c->leaf.gram = product;
done:
    ec_free(root);
    return status;
}

static void measure_tree(ec_contraction *c)
{
    for (uint32_t id = 0; id < c->tree.n; id++) {
        const ec_subtree *s = &c->tree.item[id];
        const ec_level *level = level_of(c, s);

        if (s->block)
            c->block_levels = s->level >= c->block_levels ? s->level + 1 : c->block_levels;
        else if (is_root(c, id)) /* of a ring the Gram matrices are enough */
            ec_workspace_add(&c->size, level->dim, 1, !s->ring);
        else
            ec_workspace_add(&c->size, level->dim, level->out, s->mixed);
        c->most_children = s->n > c->most_children ? s->n : c->most_children;
    }
}

static ec_status threads_init(ec_contraction *c, ec_error *err)
{
    ec_status status = EC_OK;

    EC_NEW(c->work, c->n_threads);
    EC_NEW(c->block, c->n_threads);
    EC_NEW(c->member, c->n_threads * c->most_children);
    for (size_t t = 0; t < c->n_threads; t++) {
        EC_TRY(ec_workspace_init(&c->work[t], &c->size, err));
        EC_TRY(ec_block_init(&c->block[t], c->in->arch, c->block_levels, err));
    }
done:
    return status;
}

ec_status ec_contraction_init(ec_contraction *out, const ec_state_input *in,
                              const ec_state_options *options, const ec_run *run, ec_error *err)
{
    ec_contraction *c = out;
    ec_status status = EC_OK;

    *c = (ec_contraction){.in = in, .options = options, .run = run};
    EC_TRY(ec_subtrees_init(&c->tree, in->arch, in->a, run, err));
    EC_NEW(c->message, c->tree.n);
    EC_NEW(c->stage, c->tree.n);
    EC_NEW(c->uses_left, c->tree.n);
    EC_NEW(c->round, c->tree.n);
    measure_tree(c);
    EC_TRY(choose_plan(c, err));
    EC_TRY(site_init(c, err));
    EC_TRY(threads_init(c, err));
done:
    return status;
}

void ec_contraction_clear(ec_contraction *c)
{
    for (size_t id = 0; c->message != NULL && id < c->tree.n; id++)
        ec_free(c->message[id].gram.x);
    for (size_t t = 0; c->work != NULL && t < c->n_threads; t++)
        ec_workspace_clear(&c->work[t]);
    for (size_t t = 0; c->block != NULL && t < c->n_threads; t++)
        ec_block_clear(&c->block[t]);
    ec_free(c->site.gram.x);
    ec_free(c->leaf.gram.x);
    ec_free(c->message);
    ec_free(c->stage);
    ec_free(c->uses_left);
    ec_free(c->round);
    ec_free(c->work);
    ec_free(c->block);
    ec_free(c->member);
    ec_subtrees_clear(&c->tree);
}

ec_status ec_contraction_run(ec_pooled *top, ec_contraction *c, ec_error *err)
{
    double planned = c->flops;
    ec_status status = EC_OK;

    restart(c);
    for (start_round(c); c->n_round > 0; start_round(c)) {
        EC_TRY(ec_run_step(c->run, "four copies", c->flops, planned, err));
        EC_TRY(run_round(c, err));
        end_round(c);
    }
    pool(top, c, (uint32_t)c->tree.n - 1, 0);
done:
    return status;
}
