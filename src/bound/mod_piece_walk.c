/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bound/sampling.h"

#include "core/flow.h"

#include <math.h>

/**
 * The matrix of a piece at random product vectors of its sites. A message is what one index, with
 * everything of the piece below it, contributes: an array [row][labels][channel], one row per
 * vector. Rows never multiply, so a chunk of them is done at a time, whatever their number. Without
 * weights the same walk only counts.
 */

/* vectors done at a time: so many, or less if their messages would take more than so much */
enum { MAX_CHUNK = 128 };
#define CHUNK_BYTES 128e6

typedef struct message {
    uint64_t *x; /* NULL when only counting */
    size_t rows; /* 1: the same for all rows */
    size_t labels, r;
} message;

typedef struct piece_walk {
    const ec_mod_pieces *pieces;
    const ec_mod_piece *piece;
    const ec_sampler *sampler; /* NULL: count only */
    ec_mod_work work;          /* of this thread alone */
    size_t first, rows;        /* of this chunk */
    size_t *label;             /* when counting: where to put the labels that are met, or NULL */
    size_t n_labels;
    double bytes, peak_bytes, seconds;
    message *window; /* of every level: the children of the open index, multiplied */
} piece_walk;

static double message_bytes(const message *m)
{
    return (double)m->rows * (double)m->labels * (double)m->r * sizeof *m->x;
}

static size_t message_size(const message *m)
{
    return m->rows * m->labels * m->r;
}

/* so many bytes are needed now, beside the messages */
static void note_bytes(piece_walk *w, double bytes)
{
    w->peak_bytes = fmax(w->peak_bytes, w->bytes + bytes);
}

/* m has its shape */
static ec_status message_new(message *m, piece_walk *w, ec_error *err)
{
    m->x = NULL;
    w->bytes += message_bytes(m);
    note_bytes(w, 0);
    if (w->sampler == NULL)
        return EC_OK;
    m->x = ec_calloc(message_size(m), sizeof *m->x, err);
    return m->x != NULL ? EC_OK : EC_ENOMEM;
}

static void message_free(message *m, piece_walk *w)
{
    w->bytes -= message_bytes(m);
    ec_free(m->x);
    *m = (message){.r = 0};
}

static ec_status site_message(message *m, piece_walk *w, size_t site, ec_error *err)
{
    ec_status status;

    *m = (message){.rows = w->rows, .labels = 1, .r = w->pieces->what->arch->levels[0].dim};
    status = message_new(m, w, err);
    w->seconds += ec_mod_multiply_seconds((double)message_size(m));
    for (size_t i = 0; status == EC_OK && m->x != NULL && i < m->rows; i++)
        ec_sampler_site(m->x + i * m->r, w->sampler, site, w->first + i);
    return status;
}

/* out[s; k, l; i] = f[s; k; i] g[s; l; i] */
static void multiply_into(message *out, const message *f, const message *g, nmod_t mod)
{
    size_t r = out->r;
    uint64_t *to = out->x;

    for (size_t s = 0; s < out->rows; s++)
        for (size_t k = 0; k < f->labels; k++)
            for (size_t l = 0; l < g->labels; l++, to += r) {
                const uint64_t *a = f->x + ((f->rows > 1 ? s * f->labels : 0) + k) * r;
                const uint64_t *b = g->x + ((g->rows > 1 ? s * g->labels : 0) + l) * r;
                for (size_t i = 0; i < r; i++)
                    to[i] = nmod_mul(a[i], b[i], mod);
            }
}

/* f <- f g; g is used up */
static ec_status absorb(message *f, message *g, piece_walk *w, ec_error *err)
{
    ec_status status = EC_OK;
    message out = {
        .rows = f->rows > g->rows ? f->rows : g->rows, .labels = f->labels * g->labels, .r = f->r};

    if (f->r == 0) { /* the first child */
        *f = *g;
        *g = (message){.r = 0};
        return EC_OK;
    }
    EC_TRY(message_new(&out, w, err));
    w->seconds += ec_mod_multiply_seconds((double)message_size(&out));
    if (out.x != NULL)
        multiply_into(&out, f, g, w->work.mod);
    message_free(f, w);
    *f = out;
    out = (message){.r = 0};
done:
    message_free(&out, w);
    message_free(g, w);
    return status;
}

/* out[s; l; o] = sum_i W[o, i] m[s; l; i] */
static ec_status sum_index(message *out, const message *m, piece_walk *w, const size_t v[2],
                           ec_error *err)
{
    ec_status status;
    size_t rows = m->rows * m->labels;

    *out = (message){.rows = m->rows, .labels = m->labels, .r = out->r};
    status = message_new(out, w, err);
    w->seconds += ec_mod_product_seconds((double)rows, (double)m->r, (double)out->r);
    note_bytes(w, ec_mod_product_bytes((double)rows, (double)m->r, (double)out->r, 1));
    if (status != EC_OK || out->x == NULL)
        return status;
    return ec_mod_product(
        ec_mod_view_of(out->x, rows, out->r), ec_mod_view_of(m->x, rows, m->r),
        ec_mod_view_of((uint64_t *)ec_sampler_matrix(w->sampler, v[0], v[1]), out->r, m->r),
        EC_MOD_TRANSPOSED, &w->work, err);
}

/* out[s; l, i; o] = W[o, i] m[s; l; i]: a cut index is kept; m may be absent, all ones */
static ec_status keep_index(message *out, const message *m, piece_walk *w, const size_t v[2],
                            ec_error *err)
{
    size_t dim = w->pieces->what->arch->levels[v[0]].dim, r = out->r;
    size_t rows = m->r != 0 ? m->rows : 1, labels = m->r != 0 ? m->labels : 1;
    ec_status status;

    *out = (message){.rows = rows, .labels = labels * dim, .r = r};
    status = message_new(out, w, err);
    w->seconds += ec_mod_multiply_seconds((double)message_size(out));
    if (w->label != NULL)
        w->label[w->n_labels] = w->pieces->first[v[0]] + v[1];
    w->n_labels++;
    if (status != EC_OK || out->x == NULL)
        return status;
    const uint64_t *matrix = ec_sampler_matrix(w->sampler, v[0], v[1]);
    for (size_t k = 0; k < rows * labels; k++)
        for (size_t i = 0; i < dim; i++)
            for (size_t o = 0; o < r; o++) {
                uint64_t entry = matrix[o * dim + i];
                out->x[(k * dim + i) * r + o] =
                    m->r != 0 ? nmod_mul(m->x[k * dim + i], entry, w->work.mod) : entry;
            }
    return EC_OK;
}

/* is the index below the matrix cut, that is, has it a pin on the other side? */
static bool is_cut(const ec_mod_pieces *p, const size_t v[2])
{
    const ec_level *level = &p->what->arch->levels[v[0]];
    bool own = p->side_a[p->first[v[0]] + v[1]];

    for (size_t k = 0; k < ec_level_window(level); k++) {
        size_t child = ec_level_child(level, v[1], k);
        bool side =
            v[0] == 0 ? ec_sites_has(p->what->a, child) : p->side_a[p->first[v[0] - 1] + child];
        if (side != own)
            return true;
    }
    return false;
}

/* multiply the sites of the piece below a matrix of level 0 into its window */
static ec_status absorb_sites(piece_walk *w, size_t position, ec_error *err)
{
    const ec_sampling *what = w->pieces->what;
    const ec_level *level = &what->arch->levels[0];
    ec_status status = EC_OK;
    message site = {.r = 0};

    for (size_t k = 0; k < ec_level_window(level); k++) {
        size_t child = ec_level_child(level, position, k);
        if (ec_sites_has(what->a, child) != w->piece->on_a)
            continue;
        EC_TRY(site_message(&site, w, child, err));
        EC_TRY(absorb(&w->window[0], &site, w, err));
    }
done:
    message_free(&site, w);
    return status;
}

/* a matrix of the piece: from the window below it into the one above */
static ec_status leave_matrix(piece_walk *w, const size_t v[2], ec_error *err)
{
    const ec_arch *arch = w->pieces->what->arch;
    ec_status status = EC_OK;
    message out = {.r = arch->levels[v[0]].out}, *below = &w->window[v[0]];

    if (v[0] == 0)
        EC_TRY(absorb_sites(w, v[1], err));
    if (v[0] + 1 == arch->n_levels)
        out.r = w->pieces->what->n_labels;
    status = is_cut(w->pieces, v) ? keep_index(&out, below, w, v, err)
                                  : sum_index(&out, below, w, v, err);
    message_free(below, w);
    if (status != EC_OK)
        goto done;
    if (v[0] + 1 == arch->n_levels) {
        *below = out;
        return EC_OK;
    }
    EC_TRY(absorb(&w->window[v[0] + 1], &out, w, err));
done:
    message_free(&out, w);
    return status;
}

/* the topmost index of the piece (with the row a^y, if it ends there), left in its window */
static ec_status walk_piece(piece_walk *w, ec_error *err)
{
    const ec_mod_pieces *p = w->pieces;
    ec_status status = EC_OK;
    ec_walk_event event;
    ec_walk tree;

    EC_TRY(ec_walk_init(&tree, p->what->arch, w->piece->level, w->piece->position, err));
    while ((event = ec_walk_next(&tree)) != EC_WALK_END) {
        size_t v[2] = {tree.level, ec_walk_position(&tree)};
        bool root = v[0] == w->piece->level;
        bool inside = p->side_a[p->first[v[0]] + v[1]] == w->piece->on_a;

        if (event == EC_WALK_ENTER && !root && !inside)
            ec_walk_skip(&tree);
        else if (event == EC_WALK_LEAVE && (root ? w->piece->top : inside))
            EC_TRY(leave_matrix(w, v, err));
        else if (event == EC_WALK_LEAVE && root && v[0] == 0)
            EC_TRY(absorb_sites(w, v[1], err));
    }
    if (!w->piece->top) {
        if (w->label != NULL)
            w->label[w->n_labels] = p->first[w->piece->level] + w->piece->position;
        w->n_labels++;
    }
done:
    ec_walk_clear(&tree);
    return status;
}

static ec_status walk_init(piece_walk *w, const ec_mod_pieces *pieces, const ec_mod_piece *piece,
                           ec_error *err)
{
    *w = (piece_walk){.pieces = pieces, .piece = piece};
    w->window = ec_calloc(pieces->what->arch->n_levels, sizeof *w->window, err);
    return w->window != NULL ? EC_OK : EC_ENOMEM;
}

static void walk_clear(piece_walk *w)
{
    for (size_t l = 0; w->window != NULL && l < w->pieces->what->arch->n_levels; l++)
        message_free(&w->window[l], w);
    ec_free(w->window);
}

/* ---------------------------------------------------------------- estimates */

ec_status ec_mod_piece_survey(ec_mod_piece *piece, const ec_mod_pieces *pieces, ec_error *err)
{
    ec_status status = EC_OK;

    for (int pass = 0; pass < 2; pass++) { /* count the labels, then list them */
        piece_walk w;

        status = walk_init(&w, pieces, piece, err);
        w.label = piece->label;
        w.rows = 1;
        if (status == EC_OK)
            status = walk_piece(&w, err);
        walk_clear(&w);
        if (status != EC_OK)
            goto done;
        piece->n_labels = w.n_labels;
        piece->chunk = (size_t)fmin(fmax(CHUNK_BYTES / (1 + w.peak_bytes), 1), MAX_CHUNK);
        if (pass == 0)
            EC_NEW(piece->label, piece->n_labels);
    }
done:
    return status;
}

static size_t n_chunks(const ec_mod_piece *piece)
{
    return (piece->columns + piece->chunk - 1) / piece->chunk;
}

/* rows of a chunk that begins at `first` */
static size_t chunk_rows(const ec_mod_piece *piece, size_t first)
{
    size_t left = piece->columns - first;

    return left < piece->chunk ? left : piece->chunk;
}

ec_status ec_mod_piece_cost(ec_sampled_cost *out, const ec_mod_pieces *pieces,
                            const ec_mod_piece *piece, unsigned threads, ec_error *err)
{
    piece_walk w;
    ec_status status = walk_init(&w, pieces, piece, err);

    if (status == EC_OK) {
        w.rows = chunk_rows(piece, 0);
        status = walk_piece(&w, err);
    }
    *out = (ec_sampled_cost){.seconds = w.seconds * (double)n_chunks(piece),
                             .bytes = w.peak_bytes * threads};
    walk_clear(&w);
    return status;
}

/* ------------------------------------------------------------------ numbers */

/* the rows of one chunk: x[label][row][column] */
static ec_status sample_chunk(uint64_t *x, piece_walk *w, ec_error *err)
{
    message *m = &w->window[w->piece->level];
    size_t columns = w->piece->columns, n_y;
    ec_status status = EC_OK;

    EC_TRY(walk_piece(w, err));
    n_y = w->piece->top ? m->r : 1;
    for (size_t s = 0; s < w->rows; s++)
        for (size_t c = 0; c < columns; c++)
            for (size_t y = 0; y < n_y; y++)
                x[(y * columns + w->first + s) * columns + c] =
                    m->x[((m->rows > 1 ? s * columns : 0) + c) * n_y + y];
    message_free(m, w);
done:
    return status;
}

/* chunk `number`, on the calling thread */
static ec_status sample_part(uint64_t *x, const ec_mod_pieces *pieces, const ec_mod_piece *piece,
                             const ec_sampler *sampler, size_t number, ec_error *err)
{
    piece_walk w;
    ec_status status = walk_init(&w, pieces, piece, err);

    if (status == EC_OK) {
        w.sampler = sampler;
        w.work = ec_mod_work_init(sampler->work->mod.n, NULL, sampler->work->what, 0);
        w.first = number * piece->chunk;
        w.rows = chunk_rows(piece, w.first);
        status = sample_chunk(x, &w, err);
    }
    walk_clear(&w);
    return status;
}

/* one chunk a thread */
static ec_status sample_parts(uint64_t *x, const ec_mod_pieces *pieces, const ec_mod_piece *piece,
                              const ec_sampler *sampler, const size_t range[2], ec_error *err)
{
    size_t n = range[1] - range[0];
    ec_status status = EC_OK;
    ec_error *errors = NULL;

    EC_NEW(errors, n);
#pragma omp parallel for num_threads((int)n) schedule(static, 1) if (n > 1)
    for (size_t i = 0; i < n; i++)
        errors[i].status = sample_part(x, pieces, piece, sampler, range[0] + i, &errors[i]);
    for (size_t i = 0; i < n; i++)
        if (errors[i].status != EC_OK) {
            status = ec_fail(err, errors[i].status, "%s", errors[i].msg);
            break;
        }
done:
    ec_free(errors);
    return status;
}

ec_status ec_mod_piece_sample(uint64_t *x, const ec_mod_pieces *pieces, const ec_mod_piece *piece,
                              const ec_sampler *sampler, ec_error *err)
{
    size_t n = n_chunks(piece), threads = sampler->work->threads;
    ec_sampled_cost cost;
    ec_status status = ec_mod_piece_cost(&cost, pieces, piece, 1, err);

    for (size_t i = 0; status == EC_OK && i < n; i += threads) {
        size_t range[2] = {i, n - i < threads ? n : i + threads};

        status = sample_parts(x, pieces, piece, sampler, range, err);
        if (status == EC_OK)
            status =
                ec_mod_step(sampler->work, cost.seconds * (double)(range[1] - i) / (double)n, err);
    }
    return status;
}
