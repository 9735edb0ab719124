/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bound/sampling.h"

#include "core/flow.h"

#include <string.h>

/**
 * Rank of M_y = X D_y Z^T, X and Z the Kronecker products of the pieces' matrices of side A and of
 * the rest. Each piece is sampled, eliminated, and replaced by rows that span its row space. If all
 * pieces of a side have full column rank, that side is injective and the rank is that of the other:
 * the product of its pieces' ranks. This is the usual case, and needs no matrix of the size of the
 * cut unless one piece has it. Else the core, all combinations of rows, is multiplied out.
 */

typedef struct basis {
    uint64_t rank;
    uint64_t *x; /* rank x columns; NULL if the rank is full: any basis will do */
} basis;

typedef struct ranking {
    const ec_mod_pieces *pieces;
    const ec_sampler *sampler;
    basis *basis; /* of every piece; of the topmost, for the label at hand */
} ranking;

/* ---------------------------------------------------------------- one piece */

/* eliminate a copy of x, columns x columns; keep the rows that were pivots at the front of x */
static ec_status find_basis(basis *out, uint64_t *x, size_t columns, ec_mod_work *work,
                            ec_error *err)
{
    ec_status status = EC_OK;
    size_t *pivots = NULL;
    uint64_t *copy = NULL, *rows = NULL;

    EC_NEW(pivots, columns);
    EC_NEW(copy, columns * columns);
    memcpy(copy, x, columns * columns * sizeof *copy);
    EC_TRY(ec_mod_rank(&out->rank, pivots, ec_mod_view_of(copy, columns, columns), work, err));
    if (out->rank == columns)
        goto done;
    EC_NEW(rows, out->rank * columns);
    for (size_t i = 0; i < out->rank; i++)
        memcpy(rows + i * columns, x + pivots[i] * columns, columns * sizeof *rows);
    out->x = rows;
done:
    ec_free(pivots);
    ec_free(copy);
    return status;
}

static ec_status rank_piece(ranking *r, size_t i, ec_error *err)
{
    const ec_mod_piece *piece = &r->pieces->piece[i];
    ec_status status = EC_OK;
    uint64_t *x = NULL;

    EC_NEW(x, piece->columns * piece->columns);
    EC_TRY(ec_mod_piece_sample(x, r->pieces, piece, r->sampler, err));
    EC_TRY(find_basis(&r->basis[i], x, piece->columns, r->sampler->work, err));
done:
    ec_free(x);
    return status;
}

/* ----------------------------------------------------------------- the core */

/* rows x columns: the Kronecker product of the bases of a side, its labels in turn */
typedef struct factor {
    uint64_t *x;
    size_t rows, columns;
    size_t *label, n_labels;
} factor;

static void factor_clear(factor *f)
{
    ec_free(f->x);
    ec_free(f->label);
    *f = (factor){.rows = 0};
}

/* entry (i, j) of a basis; the unit matrix where it is not kept */
static uint64_t basis_entry(const basis *b, size_t columns, size_t i, size_t j)
{
    return b->x == NULL ? i == j : b->x[i * columns + j];
}

/* f <- f (x) the basis of a piece */
static ec_status extend(factor *f, const basis *b, const ec_mod_piece *piece, nmod_t mod,
                        ec_error *err)
{
    ec_status status = EC_OK;
    size_t w = piece->columns;
    factor out = {.rows = f->rows * b->rank, .columns = f->columns * w, .n_labels = f->n_labels};

    EC_NEW(out.x, out.rows * out.columns);
    EC_NEW(out.label, f->n_labels + piece->n_labels);
    if (f->n_labels > 0)
        memcpy(out.label, f->label, f->n_labels * sizeof *out.label);
    for (size_t k = 0; k < piece->n_labels; k++)
        out.label[out.n_labels++] = piece->label[k];
    for (size_t i = 0; i < out.rows; i++)
        for (size_t j = 0; j < out.columns; j++)
            out.x[i * out.columns + j] = nmod_mul(f->x[i / b->rank * f->columns + j / w],
                                                  basis_entry(b, w, i % b->rank, j % w), mod);
    factor_clear(f);
    *f = out;
    out = (factor){.rows = 0};
done:
    factor_clear(&out);
    return status;
}

static ec_status multiply_side(factor *out, const ranking *r, bool on_a, ec_error *err)
{
    ec_status status = EC_OK;

    *out = (factor){.rows = 1, .columns = 1};
    EC_NEW(out->x, 1);
    out->x[0] = 1;
    for (size_t i = 0; i < r->pieces->n; i++)
        if (r->pieces->piece[i].on_a == on_a)
            EC_TRY(extend(out, &r->basis[i], &r->pieces->piece[i], r->sampler->work->mod, err));
done:
    return status;
}

static size_t dimension(const ec_mod_pieces *p, size_t label)
{
    size_t level = p->what->arch->n_levels - 1;

    while (p->first[level] > label)
        level--;
    return p->what->arch->levels[level].dim;
}

/* value of every label (in the order of `of`) at a column */
static void decode(size_t *value, const ec_mod_pieces *p, const factor *of, size_t column)
{
    for (size_t k = of->n_labels; k-- > 0;) {
        size_t d = dimension(p, of->label[k]);
        value[k] = column % d;
        column /= d;
    }
}

/* to[i, c] = f[i, column of f with the label values of column c of `like`]; scaled by D_y */
static ec_status align(uint64_t *to, const factor *f, const factor *like, const ranking *r,
                       uint32_t y, ec_error *err)
{
    const ec_mod_pieces *p = r->pieces;
    size_t top = p->what->arch->n_levels - 1, dim = p->what->arch->levels[top].dim;
    const uint64_t *row = ec_sampler_matrix(r->sampler, top, 0) + y * dim;
    ec_status status = EC_OK;
    size_t *value = NULL;

    EC_NEW(value, like->n_labels);
    for (size_t c = 0; c < like->columns; c++) {
        size_t column = 0;
        uint64_t scale = 1;

        decode(value, p, like, c);
        for (size_t k = 0; k < f->n_labels; k++)
            for (size_t m = 0; m < like->n_labels; m++)
                if (like->label[m] == f->label[k])
                    column = column * dimension(p, f->label[k]) + value[m];
        for (size_t m = 0; p->top_is_cut && m < like->n_labels; m++)
            if (like->label[m] == p->first[top])
                scale = row[value[m]];
        for (size_t i = 0; i < f->rows; i++)
            to[i * like->columns + c] =
                nmod_mul(f->x[i * f->columns + column], scale, r->sampler->work->mod);
    }
done:
    ec_free(value);
    return status;
}

/* bytes of the core: both sides, one of them twice, their product */
static double core_bytes(const ranking *r)
{
    double rows[2] = {1, 1}, columns = r->pieces->columns;

    for (size_t i = 0; i < r->pieces->n; i++)
        rows[r->pieces->piece[i].on_a] *= (double)r->basis[i].rank;
    return sizeof(uint64_t) * (columns * (2 * rows[0] + rows[1]) + rows[0] * rows[1]) +
           ec_mod_rank_bytes(rows[0], rows[1], r->sampler->work->threads);
}

static ec_status rank_core(uint64_t *rank, const ranking *r, uint32_t y, ec_error *err)
{
    ec_mod_work *work = r->sampler->work;
    ec_status status = EC_OK;
    factor a = {.rows = 0}, b = {.rows = 0};
    uint64_t *aligned = NULL, *core = NULL;

    EC_TRY(ec_run_reserve(work->run, work->what, core_bytes(r), err));
    EC_TRY(multiply_side(&a, r, true, err));
    EC_TRY(multiply_side(&b, r, false, err));
    EC_NEW(aligned, b.rows * b.columns);
    EC_NEW(core, a.rows * b.rows);
    EC_TRY(align(aligned, &b, &a, r, y, err));
    EC_TRY(
        ec_mod_product(ec_mod_view_of(core, a.rows, b.rows), ec_mod_view_of(a.x, a.rows, a.columns),
                       ec_mod_view_of(aligned, b.rows, b.columns), EC_MOD_TRANSPOSED, work, err));
    EC_TRY(ec_mod_rank(rank, NULL, ec_mod_view_of(core, a.rows, b.rows), work, err));
done:
    factor_clear(&a);
    factor_clear(&b);
    ec_free(aligned);
    ec_free(core);
    return status;
}

/* -------------------------------------------------------------------- labels */

/* is D_y invertible? */
static bool is_regular(const ranking *r, uint32_t y)
{
    const ec_arch *arch = r->pieces->what->arch;
    size_t top = arch->n_levels - 1, dim = arch->levels[top].dim;
    const uint64_t *row = ec_sampler_matrix(r->sampler, top, 0) + y * dim;

    for (size_t i = 0; r->pieces->top_is_cut && i < dim; i++)
        if (row[i] == 0)
            return false;
    return true;
}

/* the ranks of all pieces are known */
static ec_status rank_label(uint64_t *rank, const ranking *r, uint32_t y, ec_error *err)
{
    uint64_t product[2] = {1, 1};
    bool full[2] = {true, true};

    for (size_t i = 0; i < r->pieces->n; i++) {
        const ec_mod_piece *piece = &r->pieces->piece[i];
        product[piece->on_a] *= r->basis[i].rank;
        full[piece->on_a] = full[piece->on_a] && r->basis[i].rank == piece->columns;
    }
    *rank = full[0] ? product[1] : product[0];
    if (product[0] == 0 || product[1] == 0)
        *rank = 0;
    else if ((!full[0] && !full[1]) || !is_regular(r, y))
        return rank_core(rank, r, y, err);
    return EC_OK;
}

/* the topmost piece has a matrix of its own for every label */
static ec_status rank_labels(uint64_t *rank, ranking *r, size_t top, ec_error *err)
{
    const ec_mod_piece *piece = &r->pieces->piece[top];
    size_t size = piece->columns * piece->columns;
    ec_status status = EC_OK;
    uint64_t *x = NULL;

    EC_NEW(x, r->pieces->what->n_labels * size);
    EC_TRY(ec_mod_piece_sample(x, r->pieces, piece, r->sampler, err));
    for (uint32_t y = 0; y < r->pieces->what->n_labels; y++) {
        ec_free(r->basis[top].x);
        r->basis[top] = (basis){.x = NULL};
        EC_TRY(find_basis(&r->basis[top], x + y * size, piece->columns, r->sampler->work, err));
        EC_TRY(rank_label(&rank[y], r, y, err));
    }
done:
    ec_free(x);
    return status;
}

ec_status ec_mod_pieces_ranks(uint64_t *rank, const ec_mod_pieces *pieces,
                              const ec_sampler *sampler, ec_error *err)
{
    ranking r = {.pieces = pieces, .sampler = sampler};
    size_t top = pieces->n; /* none */
    ec_status status = EC_OK;

    EC_NEW(r.basis, pieces->n);
    for (size_t i = 0; i < pieces->n; i++) {
        if (pieces->piece[i].top)
            top = i;
        else
            EC_TRY(rank_piece(&r, i, err));
    }
    if (top < pieces->n)
        EC_TRY(rank_labels(rank, &r, top, err));
    for (uint32_t y = 0; top == pieces->n && y < pieces->what->n_labels; y++)
        EC_TRY(rank_label(&rank[y], &r, y, err));
done:
    for (size_t i = 0; r.basis != NULL && i < pieces->n; i++)
        ec_free(r.basis[i].x);
    ec_free(r.basis);
    return status;
}
