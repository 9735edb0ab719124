/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "state/plan.h"

#include "core/flow.h"

#include <float.h>
#include <math.h>
#include <stdio.h>

/* With an error beyond this share of the norm a spectrum says nothing. */
#define MAX_ERROR 1e-7

/* Operations a second, roughly, for the times in messages. */
#define SPEED 1e10

/**
 * M = X Z^T, X and Z being all pieces of a side multiplied. Only the piece with the top row depends
 * on the label: the other side is multiplied once, the other pieces of its own side are joined
 * once, and so is everything that hangs beside the way from the top row to the cut.
 */

/* one walk over all pieces and labels */
typedef struct walk {
    ec_sweep *sweep;
    const ec_pieces *pieces;
    ec_spectrum *out; /* NULL: plan */
} walk;

/* ---------------------------------------------------------------- one label */

/* sum_c |x_c| |z_c| over the columns */
static double column_norms(const ec_table *x, const ec_table *z)
{
    double sum = 0;

    for (size_t c = 0; c < x->cols; c++) {
        double xx = 0, zz = 0;
        for (size_t i = 0; i < x->rows; i++)
            xx += x->x[i * x->cols + c] * x->x[i * x->cols + c];
        for (size_t i = 0; i < z->rows; i++)
            zz += z->x[i * z->cols + c] * z->x[i * z->cols + c];
        sum += sqrt(xx * zz);
    }
    return sum;
}

/* s / |s|; returns |s|, or 0 for zero values */
static double normalise(double *s, size_t n)
{
    double sum = 0, first = s[0];

    if (first == 0)
        return 0;
    /* relative to the largest: squares must not leave the range of doubles */
    for (size_t i = 0; i < n; i++)
        sum += s[i] / first * (s[i] / first);
    for (size_t i = 0; i < n; i++)
        s[i] /= first * sqrt(sum);
    return first * sqrt(sum);
}

/* from n singular values `s`, taken over, and their floating-point error */
static void fill_spectrum(ec_spectrum *out, double *s, size_t n, double error)
{
    double norm = normalise(s, n);

    if (!(error < MAX_ERROR * norm)) { /* zero included */
        snprintf(out->why, sizeof out->why,
                 norm == 0 ? "the tensor is zero"
                           : "cancellation: the tensor is not larger than its rounding errors");
        ec_free(s);
        return;
    }
    out->known = true;
    out->value = s;
    out->n = n;
    out->log_norm += log(norm);
    out->threshold = error / norm;
    while (out->numeric_rank < n && s[out->numeric_rank] > out->threshold)
        out->numeric_rank++;
    size_t k = out->numeric_rank;
    out->gap = k > 0 && k < n && s[k] > 0 ? s[k - 1] / s[k] : INFINITY;
}

/* s = svd(R_X R_Z^T), (rows of X, W)(W, rows of Z) */
static ec_status decompose(ec_spectrum *out, ec_sweep *sweep, const ec_table *x, const ec_table *z,
                           ec_error *err)
{
    ec_status status = EC_OK;
    size_t n = x->rows < z->rows ? x->rows : z->rows;
    ec_table core = {.rows = 0};
    double *s = NULL, scale, error;
    /* the product, and LAPACK's reduction to two diagonals */
    double flops =
        ceil((double)x->rows * (double)z->rows * (2.0 * (double)x->cols + 8.0 / 3 * (double)n));

    EC_TRY(ec_table_new(&core, &sweep->ledger, x->rows, 1,
                        &(ec_index){EC_NO_INDEX, (uint32_t)z->rows}, err));
    EC_TRY(ec_ledger_flops(&sweep->ledger, flops, err));
    if (out == NULL) /* a plan */
        goto done;
    EC_NEW(s, n);
    ec_linalg_gemm(ec_mat_of(core.x, x->rows, z->rows), 1, ec_cmat_of(x->x, x->rows, x->cols),
                   ec_cmat_t(z->x, z->rows, z->cols), 0);
    scale = column_norms(x, z);
    EC_TRY(ec_linalg_svd_values(s, core.x, x->rows, z->rows, err));
    out->log_norm = x->log_scale + z->log_scale;
    out->route = sweep->ledger.route;
    error = fmax(DBL_EPSILON * (double)x->cols * s[0], (DBL_EPSILON + x->error + z->error) * scale);
    fill_spectrum(out, s, n, error);
    s = NULL;
done:
    ec_free(s);
    ec_table_free(&core, &sweep->ledger);
    return status;
}

/* ---------------------------------------------------------------- all labels */

static const ec_piece *top_piece(const ec_pieces *pieces)
{
    const ec_piece *piece = pieces->items;

    while (!piece->top)
        piece++;
    return piece;
}

/* Z, the side that no label touches */
static ec_status other_side(ec_table *z, const walk *w, ec_error *err)
{
    ec_parts parts;
    ec_status status = EC_OK;

    *z = (ec_table){.rows = 0};
    EC_TRY(ec_pieces_join(&parts, w->sweep, w->pieces, !top_piece(w->pieces)->side_a, err));
    EC_TRY(ec_pieces_multiply(z, &parts, w->sweep, err));
    EC_TRY(ec_table_factor(z, &w->sweep->ledger, err));
done:
    ec_parts_clear(&parts, &w->sweep->ledger);
    return status;
}

/* X of one label: the piece with its row, times the rest of that side; then the spectrum */
static ec_status one_label(const walk *w, const ec_path *path, const ec_parts *parts,
                           const ec_table *z, uint32_t y, ec_error *err)
{
    ec_status status = EC_OK;
    ec_table x;

    EC_TRY(ec_sweep_down(&x, w->sweep, path, y, err));
    EC_TRY(ec_table_close(&x, &w->sweep->ledger, err));
    EC_TRY(ec_pieces_multiply(&x, parts, w->sweep, err));
    EC_TRY(ec_table_factor(&x, &w->sweep->ledger, err));
    EC_TRY(decompose(w->out != NULL ? &w->out[y] : NULL, w->sweep, &x, z, err));
done:
    ec_table_free(&x, &w->sweep->ledger);
    return status;
}

static ec_status all_labels(const walk *w, const ec_path *path, const ec_parts *parts,
                            const ec_table *z, ec_error *err)
{
    uint32_t labels = w->sweep->arch->outputs;
    double before = w->sweep->ledger.flops;
    ec_status status = EC_OK;

    if (w->out == NULL) { /* every label takes the same */
        EC_TRY(one_label(w, path, parts, z, 0, err));
        return ec_ledger_flops(&w->sweep->ledger,
                               (labels - 1.0) * (w->sweep->ledger.flops - before), err);
    }
    for (uint32_t y = 0; y < labels; y++)
        EC_TRY(one_label(w, path, parts, z, y, err));
done:
    return status;
}

static ec_status walk_pieces(const walk *w, ec_error *err)
{
    ec_status status = EC_OK;
    const ec_piece *top = top_piece(w->pieces);
    ec_table z = {.rows = 0};
    ec_parts parts = {.n = 0};
    ec_path path = {.from = 0};

    EC_TRY(other_side(&z, w, err));
    EC_TRY(ec_pieces_join(&parts, w->sweep, w->pieces, top->side_a, err));
    EC_TRY(ec_path_init(&path, w->sweep, top->root, err));
    EC_TRY(all_labels(w, &path, &parts, &z, err));
done:
    ec_table_free(&z, &w->sweep->ledger);
    ec_parts_clear(&parts, &w->sweep->ledger);
    ec_path_clear(&path, w->sweep);
    return status;
}

/* -------------------------------------------------------------------- plans */

static bool within(double need, double limit)
{
    return limit <= 0 || need <= limit;
}

static const char *time_text(char out[24], double seconds)
{
    static const struct {
        double seconds;
        const char *name;
    } unit[] = {{86400, "days"}, {3600, "h"}, {60, "min"}, {0, "s"}};
    size_t k = 0;

    while (seconds < 2 * unit[k].seconds)
        k++;
    snprintf(out, 24, "%.2g %s", seconds / fmax(1, unit[k].seconds), unit[k].name);
    return out;
}

void ec_plan_needs(char out[EC_PLAN_TEXT], const ec_plan *plan)
{
    char size[EC_SIZE_TEXT], seconds[24];

    snprintf(out, EC_PLAN_TEXT, "%.3g operations (about %s) and %s", plan->flops,
             time_text(seconds, plan->flops / SPEED), ec_size_text(size, plan->bytes));
}

void ec_plan_remedy(char out[EC_PLAN_REMEDY_TEXT], const ec_plan *plan, const ec_sweep *sweep,
                    uint64_t cut)
{
    bool more_bytes = !within(plan->bytes, sweep->max_bytes);
    char limit[40] = "", memory[40] = "";

    if (!within(plan->flops, sweep->max_flops))
        cut = (uint64_t)fmax((double)cut, ec_spectrum_limit_of(plan->flops));
    if (cut > 0)
        snprintf(limit, sizeof limit, "--spectrum-limit %llu", (unsigned long long)cut);
    if (more_bytes)
        snprintf(memory, sizeof memory, "--memory %.0fM", ceil(plan->bytes / (1 << 20)));
    snprintf(out, EC_PLAN_REMEDY_TEXT, "; %s%s%s would allow it; " EC_PLAN_INSTEAD, limit,
             cut > 0 && more_bytes ? " and " : "", memory);
}

static void say_what_is_needed(ec_plan *plan, const ec_sweep *sweep)
{
    char needs[EC_PLAN_TEXT], bytes[EC_SIZE_TEXT], limit[48], remedy[EC_PLAN_REMEDY_TEXT];

    ec_plan_needs(needs, plan);
    if (!within(plan->bytes, sweep->max_bytes))
        snprintf(limit, sizeof limit, "the memory limit is %s",
                 ec_size_text(bytes, sweep->max_bytes));
    else
        snprintf(limit, sizeof limit, "the limit is %.3g operations", sweep->max_flops);
    ec_plan_remedy(remedy, plan, sweep, 0);
    snprintf(plan->why, sizeof plan->why, "needs %.80s, %.40s%.120s", needs, limit, remedy);
}

/* the plan by one route */
static ec_status plan_route(ec_plan *out, ec_sweep *sweep, ec_route route, ec_error *err)
{
    ec_status status = EC_OK;
    ec_error limit = {0};

    *out = (ec_plan){.route = route};
    sweep->ledger.route = route;
    EC_TRY(ec_pieces_find(&out->pieces, sweep, err));
    ec_sweep_restart(sweep, true);
    status = walk_pieces(&(walk){sweep, &out->pieces, NULL}, &limit);
    out->possible = status == EC_OK;
    out->flops = sweep->ledger.flops;
    out->bytes = sweep->ledger.peak_bytes;
    if (status == EC_ELIMIT) {
        snprintf(out->why, sizeof out->why, "%.255s", limit.msg);
        return EC_OK;
    }
    if (status != EC_OK)
        return ec_fail(err, limit.status, "%s", limit.msg);
    out->fits = within(out->bytes, sweep->max_bytes) && within(out->flops, sweep->max_flops);
    if (!out->fits)
        say_what_is_needed(out, sweep);
done:
    return status;
}

bool ec_plan_better(const ec_plan *a, const ec_plan *b)
{
    if (a->fits != b->fits)
        return a->fits;
    if (a->possible != b->possible)
        return a->possible;
    if (a->fits && (a->route == EC_ROUTE_QR) != (b->route == EC_ROUTE_QR))
        return a->route == EC_ROUTE_QR;
    return a->flops < b->flops || (a->flops == b->flops && a->bytes < b->bytes);
}

ec_status ec_plan_make(ec_plan *out, ec_sweep *sweep, const ec_run *run, ec_error *err)
{
    ec_status status = EC_OK;
    ec_plan plan = {.possible = false};

    *out = plan;
    EC_TRY(ec_sweep_init(sweep, run, err));
    for (ec_route route = 0; route < EC_N_ROUTES; route++) {
        if (out->fits && out->route == EC_ROUTE_QR)
            break;
        if ((sweep->without_routes >> route & 1u) != 0)
            continue;
        EC_TRY(plan_route(&plan, sweep, route, err));
        if (out->pieces.items == NULL || ec_plan_better(&plan, out)) {
            ec_plan swap = *out;
            *out = plan;
            plan = swap;
        }
        ec_plan_clear(&plan);
    }
done:
    ec_plan_clear(&plan);
    return status;
}

void ec_plan_clear(ec_plan *plan)
{
    ec_pieces_clear(&plan->pieces);
    *plan = (ec_plan){.possible = false};
}

ec_status ec_plan_run(ec_spectrum *out, const ec_plan *plan, ec_sweep *sweep, ec_error *err)
{
    if (!plan->fits)
        return ec_fail(err, EC_ELIMIT, "%s", plan->why);
    sweep->ledger.route = plan->route;
    ec_sweep_restart(sweep, false);
    sweep->ledger.planned_flops = plan->flops;
    return walk_pieces(&(walk){sweep, &plan->pieces, out}, err);
}
