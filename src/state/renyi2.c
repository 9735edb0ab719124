/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "state/basis.h"
#include "state/copies.h"
#include "state/state_i.h"
#include "state/subtrees.h"

#include "entcap/linalg.h"

#include "core/flow.h"

#include <math.h>
#include <stdio.h>

/**
 * Renyi-2 without a cut: tr rho_A^2 is a contraction of four copies of the network (copies.h),
 * |psi|^2 one of two, and for the row a^y of a label
 *
 *     S_2 = 2 ln |psi|^2 - ln m(a^y, a^y, a^y, a^y)
 *
 * Subtrees are done in rounds of those whose children are there, taken from a window that moves
 * along their depth-first order: what is alive at any time is known before, with any number of
 * threads, and no number depends on which thread made it.
 */

/* a value that may be wrong by more says nothing */
#define MAX_ERROR 1e-3

/* more than any machine has, less than would overflow */
#define MAX_BYTES 0x1p45

static const char what[] = "Renyi-2 entropy";

/* what of a subtree there is */
typedef enum stage { WAITING, IN_ROUND, DONE } stage;

typedef struct contraction {
    const ec_measurement *m;
    const ec_arch *arch;
    ec_subtrees tree;
    ec_copies site;      /* one of them: its gram alone */
    ec_copies *message;  /* of every subtree */
    stage *stage;        /* of every subtree */
    uint32_t *uses_left; /* parents that still wait for its message */
    ec_member *member;   /* children of one window for every thread */
    size_t most_children;
    ec_workspace *work; /* of every thread */
    ec_workspace_size size;
    size_t n_threads, look_ahead;
    size_t first;    /* all before it in tree.order are done */
    uint32_t *round; /* look_ahead subtrees at most */
    size_t n_round;
    double bytes, flops; /* of messages alive; done so far */
} contraction;

/* What it takes. */
typedef struct plan {
    double bytes, flops;
} plan;

/* ------------------------------------------------------------------- rounds */

static const ec_level *level_of(const contraction *c, const ec_subtree *s)
{
    return &c->arch->levels[s->level];
}

/* the whole tree has no matrix of its own: every label has a row */
static bool is_root(const contraction *c, uint32_t id)
{
    return id + 1 == c->tree.n;
}

static double message_bytes(const contraction *c, uint32_t id)
{
    const ec_subtree *s = &c->tree.item[id];

    return ec_copies_numbers(level_of(c, s)->out, s->mixed) * sizeof(double);
}

static double subtree_flops(const contraction *c, uint32_t id)
{
    const ec_subtree *s = &c->tree.item[id];
    const ec_level *level = level_of(c, s);

    return ec_copies_flops(level->dim, level->out, s->mixed, s->ring);
}

static bool children_done(const contraction *c, const ec_subtree *s)
{
    for (size_t i = 0; s->level > 0 && i < s->n; i++)
        if (c->stage[c->tree.child[s->first + i].subtree] != DONE)
            return false;
    return true;
}

/* the next subtrees that can be done at once; none at the end */
static void start_round(contraction *c)
{
    size_t end;

    while (c->first < c->tree.n - 1 && c->stage[c->tree.order[c->first]] == DONE)
        c->first++;
    end = c->tree.n - 1 - c->first < c->look_ahead ? c->tree.n - 1 : c->first + c->look_ahead;
    c->n_round = 0;
    for (size_t i = c->first; i < end; i++) {
        uint32_t id = c->tree.order[i];

        if (c->stage[id] != WAITING || !children_done(c, &c->tree.item[id]))
            continue;
        c->stage[id] = IN_ROUND;
        c->round[c->n_round++] = id;
        c->bytes += message_bytes(c, id);
        c->flops += subtree_flops(c, id);
    }
}

static void forget(contraction *c, uint32_t id)
{
    ec_free(c->message[id].gram.x); /* and of four, which is behind it */
    c->message[id] = (ec_copies){.r = 0};
    c->bytes -= message_bytes(c, id);
}

static void end_round(contraction *c)
{
    for (size_t i = 0; i < c->n_round; i++) {
        const ec_subtree *s = &c->tree.item[c->round[i]];

        c->stage[c->round[i]] = DONE;
        for (size_t k = 0; s->level > 0 && k < s->n; k++) {
            uint32_t child = c->tree.child[s->first + k].subtree;
            if (--c->uses_left[child] == 0)
                forget(c, child);
        }
    }
}

static void restart(contraction *c)
{
    for (uint32_t id = 0; id < c->tree.n; id++) {
        c->stage[id] = WAITING;
        c->uses_left[id] = c->tree.item[id].uses;
    }
    c->first = 0;
    c->bytes = c->flops = 0;
}

/* ----------------------------------------------------------------- messages */

static ec_status message_new(contraction *c, uint32_t id, ec_error *err)
{
    const ec_subtree *s = &c->tree.item[id];
    ec_copies *m = &c->message[id];
    size_t r = level_of(c, s)->out;
    ec_status status = EC_OK;

    *m = (ec_copies){.r = r};
    EC_NEW(m->gram.x, (size_t)ec_copies_numbers((double)r, s->mixed));
    if (s->mixed)
        m->four.x = m->gram.x + r * r;
done:
    return status;
}

/* the product over the window below a subtree */
static void pool(ec_pooled *out, contraction *c, uint32_t id, size_t thread)
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

/* rows of the matrix of a subtree; the logarithm of their scale would cancel in S_2 */
static void load(contraction *c, uint32_t id, size_t thread, const size_t rows[2])
{
    const ec_subtree *s = &c->tree.item[id];

    ec_sweep_load_matrix(c->work[thread].w, c->arch, c->m->in->weights,
                         (ec_vertex){s->level, s->position}, rows);
}

static void compute(contraction *c, uint32_t id, size_t thread, size_t n_threads)
{
    ec_pooled pooled;

    pool(&pooled, c, id, thread);
    load(c, id, thread, (size_t[]){0, c->message[id].r});
    ec_copies_apply(&c->message[id], &pooled, &c->work[thread], n_threads);
}

/* subtrees of a round in parallel; a single one on all threads */
static ec_status run_round(contraction *c, ec_error *err)
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
    for (size_t thread = 0; thread < c->n_threads; thread++)
        for (;;) {
            size_t i;
#pragma omp atomic capture
            i = next++;
            if (i >= c->n_round)
                break;
            compute(c, c->round[i], thread, 1);
        }
done:
    return status;
}

/* -------------------------------------------------------------------- labels */

/* S_2 = 2 ln |psi|^2 - ln (four copies) */
static void set_renyi2(ec_measured *out, const ec_message *two, const ec_message *four)
{
    double value = 2 * two->log_scale - four->log_scale, error = 2 * two->error + four->error;

    if (two->log_scale == -INFINITY)
        ec_state_say_why(out, "the tensor is zero");
    else if (!isfinite(value) || !(error < MAX_ERROR))
        ec_state_say_why(out, "cancellation: four copies of the tensor are lost to rounding");
    else
        *out = (ec_measured){.known = true, .value = fmax(0, value), .error = error};
}

static void contract_labels(contraction *c)
{
    ec_state *state = c->m->out;
    uint32_t root = (uint32_t)c->tree.n - 1;
    ec_message two, four;
    ec_pooled pooled;

    pool(&pooled, c, root, 0);
    ec_copies_expand(&pooled, &c->work[0]);
    for (uint32_t y = 0; y < state->n_labels; y++) {
        if (state->labels[y].spectrum.known)
            continue;
        load(c, root, 0, (size_t[]){y, y + 1});
        ec_copies_contract(&two, &four, &pooled, &c->work[0]);
        set_renyi2(&state->labels[y].renyi2, &two, &four);
    }
}

/* ----------------------------------------------------------------- planning */

static double fixed_bytes(const contraction *c)
{
    double tree = (double)c->tree.n * (sizeof *c->tree.item + sizeof *c->tree.order +
                                       sizeof *c->message + sizeof *c->stage + sizeof(uint32_t));

    return tree + (double)c->n_threads * ec_workspace_numbers(&c->size) * sizeof(double);
}

/* the same rounds without numbers */
static plan make_plan(contraction *c, size_t n_threads, size_t look_ahead)
{
    const ec_subtree *root = &c->tree.item[c->tree.n - 1];
    plan p = {0, 0};
    double in;

    c->n_threads = n_threads;
    c->look_ahead = look_ahead;
    restart(c);
    for (start_round(c); c->n_round > 0; start_round(c)) {
        p.bytes = fmax(p.bytes, c->bytes);
        end_round(c);
    }
    in = level_of(c, root)->dim;
    p.flops = c->flops + (double)c->m->out->n_labels * in * in * in * (in + 1);
    p.bytes += fixed_bytes(c);
    return p;
}

/* Errors: EC_ELIMIT */
static ec_status check_plan(const plan *p, const contraction *c, ec_error *err)
{
    const ec_run *run = c->m->run;
    double max_flops = c->m->options->max_flops;
    double max_bytes = run != NULL ? (double)run->memory_bytes : MAX_BYTES;
    char bytes[EC_SIZE_TEXT], limit[EC_SIZE_TEXT];

    ec_size_text(bytes, p->bytes);
    if (p->bytes > max_bytes)
        return ec_fail(err, EC_ELIMIT,
                       "four copies need %s and %.3g operations, the memory limit is %s", bytes,
                       p->flops, ec_size_text(limit, max_bytes));
    if (max_flops > 0 && p->flops > max_flops)
        return ec_fail(err, EC_ELIMIT,
                       "four copies need %s and %.3g operations, the limit is %.3g operations",
                       bytes, p->flops, max_flops);
    return EC_OK;
}

/* as many threads, and subtrees to choose from, as fit the limits; one of each has to */
static ec_status choose_plan(contraction *c, ec_error *err)
{
    static const size_t choices[] = {64, 8, 1};
    const ec_run *run = c->m->run;
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

static ec_status site_init(contraction *c, ec_error *err)
{
    size_t m = c->arch->input.channels;
    double *root = NULL;
    ec_status status = EC_OK;

    c->site = (ec_copies){.r = m};
    EC_NEW(c->site.gram.x, m * m);
    EC_TRY(ec_basis_root(&root, c->m->in, c->m->options, err));
    if (root != NULL)
        ec_linalg_gemm(ec_mat_of(c->site.gram.x, m, m), 1, ec_cmat_t(root, m, m),
                       ec_cmat_of(root, m, m), 0);
    for (size_t d = 0; d < m && root == NULL; d++)
        c->site.gram.x[d * m + d] = 1;
    c->site.gram.norm = sqrt(ec_entries_sum_of_squares(c->site.gram.x, m * m));
done:
    ec_free(root);
    return status;
}

static ec_status contraction_init(contraction *c, ec_error *err)
{
    ec_status status = EC_OK;

    EC_TRY(ec_subtrees_init(&c->tree, c->arch, c->m->in->a, c->m->run, err));
    EC_NEW(c->message, c->tree.n);
    EC_NEW(c->stage, c->tree.n);
    EC_NEW(c->uses_left, c->tree.n);
    EC_NEW(c->round, c->tree.n);
    for (uint32_t id = 0; id < c->tree.n; id++) {
        const ec_subtree *s = &c->tree.item[id];
        const ec_level *level = level_of(c, s);

        ec_workspace_add(&c->size, level->dim, is_root(c, id) ? 1 : level->out, s->mixed);
        c->most_children = s->n > c->most_children ? s->n : c->most_children;
    }
    EC_TRY(choose_plan(c, err));
    EC_TRY(site_init(c, err));
    EC_NEW(c->member, c->n_threads * c->most_children);
    EC_NEW(c->work, c->n_threads);
    for (size_t t = 0; t < c->n_threads; t++)
        EC_TRY(ec_workspace_init(&c->work[t], &c->size, err));
done:
    return status;
}

static void contraction_clear(contraction *c)
{
    for (size_t id = 0; c->message != NULL && id < c->tree.n; id++)
        ec_free(c->message[id].gram.x);
    for (size_t t = 0; c->work != NULL && t < c->n_threads; t++)
        ec_workspace_clear(&c->work[t]);
    ec_free(c->site.gram.x);
    ec_free(c->message);
    ec_free(c->stage);
    ec_free(c->uses_left);
    ec_free(c->round);
    ec_free(c->member);
    ec_free(c->work);
    ec_subtrees_clear(&c->tree);
}

static ec_status contract(contraction *c, ec_error *err)
{
    double planned = c->flops;
    ec_status status = EC_OK;

    restart(c);
    for (start_round(c); c->n_round > 0; start_round(c)) {
        EC_TRY(ec_run_step(c->m->run, what, c->flops, planned, err));
        EC_TRY(run_round(c, err));
        end_round(c);
    }
    contract_labels(c);
done:
    return status;
}

ec_status ec_state_renyi2(ec_measurement *m, ec_error *err)
{
    contraction c = {.m = m, .arch = m->in->arch};
    ec_status status = EC_OK;
    ec_error limit = {0};

    status = contraction_init(&c, &limit);
    if (status == EC_OK)
        status = contract(&c, &limit);
    if (ec_state_out_of_reach(&status, &limit, err))
        for (size_t y = 0; y < m->out->n_labels; y++)
            if (!m->out->labels[y].spectrum.known)
                ec_state_say_why(&m->out->labels[y].renyi2, limit.msg);
    contraction_clear(&c);
    return status;
}
