/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "state/basis.h"
#include "state/pieces.h"
#include "state/state_i.h"

#include "entcap/linalg.h"

#include "core/flow.h"

#include <float.h>
#include <math.h>
#include <stdio.h>

/* With an error beyond this share of the norm a spectrum says nothing. */
#define MAX_ERROR 1e-7

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
    double flops = (double)x->rows * (double)z->rows * (2.0 * (double)x->cols + 4.0 * (double)n);

    EC_TRY(ec_table_new(&core, &sweep->ledger, x->rows, 1,
                        &(ec_index){EC_NO_INDEX, (uint32_t)z->rows}, err));
    EC_TRY(ec_ledger_flops(&sweep->ledger, flops, err));
    if (sweep->ledger.plan)
        goto done;
    EC_NEW(s, n);
    ec_linalg_gemm(ec_mat_of(core.x, x->rows, z->rows), 1, ec_cmat_of(x->x, x->rows, x->cols),
                   ec_cmat_t(z->x, z->rows, z->cols), 0);
    scale = column_norms(x, z);
    EC_TRY(ec_linalg_svd_values(s, core.x, x->rows, z->rows, err));
    out->log_norm = x->log_scale + z->log_scale;
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
    EC_TRY(ec_parts_collect(&parts, w->sweep, w->pieces, !top_piece(w->pieces)->side_a, err));
    EC_TRY(ec_parts_multiply(z, &parts, w->sweep, err));
done:
    ec_parts_clear(&parts, w->sweep);
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
    EC_TRY(ec_parts_multiply(&x, parts, w->sweep, err));
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

    ec_sweep_restart(w->sweep, w->out == NULL);
    EC_TRY(other_side(&z, w, err));
    EC_TRY(ec_parts_collect(&parts, w->sweep, w->pieces, top->side_a, err));
    EC_TRY(ec_path_init(&path, w->sweep, top->root, err));
    EC_TRY(all_labels(w, &path, &parts, &z, err));
done:
    ec_table_free(&z, &w->sweep->ledger);
    ec_parts_clear(&parts, w->sweep);
    ec_path_clear(&path, w->sweep);
    return status;
}

/* ----------------------------------------------------------------- interface */

ec_status ec_state_through_cut(ec_spectrum *out, ec_sweep *sweep, const ec_run *run, ec_error *err)
{
    ec_status status = EC_OK;
    ec_pieces pieces = {.n = 0};

    EC_TRY(ec_sweep_init(sweep, run, err));
    EC_TRY(ec_pieces_find(&pieces, sweep, err));
    EC_TRY(walk_pieces(&(walk){sweep, &pieces, NULL}, err));
    EC_TRY(walk_pieces(&(walk){sweep, &pieces, out}, err));
done:
    ec_pieces_clear(&pieces);
    return status;
}

static void say_why(ec_spectrum *out, uint32_t labels, const char *why)
{
    for (uint32_t y = 0; y < labels; y++)
        snprintf(out[y].why, sizeof out[y].why, "%.255s", why);
}

/* the minimum cut, if a spectrum through it is within the options' limit */
static ec_status find_cut(ec_cut *cut, const ec_state_input *in, const ec_state_options *options,
                          const ec_run *run, ec_error *err)
{
    ec_status status = ec_bound_min_cut_tree(cut, in->arch, in->a, true, run, err);

    if (status == EC_OK && ec_int_cmp_u64(&cut->rank, options->spectrum_limit) > 0)
        return ec_fail(err, EC_ELIMIT, "the cut is 2^%.6g, the spectrum limit %llu", cut->log2,
                       (unsigned long long)options->spectrum_limit);
    return status;
}

ec_status ec_state_spectra(ec_spectrum *out, const ec_state_input *in,
                           const ec_state_options *options, const ec_run *run, ec_error *err)
{
    ec_status status = EC_OK;
    ec_error limit = {0};
    ec_cut cut = {.n_factors = 0};
    double *site = NULL;
    ec_sweep sweep = {.arch = NULL};

    EC_TRY(ec_state_check(in, options, err));
    for (uint32_t y = 0; y < in->arch->outputs; y++)
        ec_spectrum_clear(&out[y]);
    if (options->basis == EC_BASIS_FEATURES)
        EC_TRY(ec_basis_feature_root(&site, in->weights, err));
    status = find_cut(&cut, in, options, run, &limit);
    if (status == EC_OK) {
        sweep = (ec_sweep){.arch = in->arch,
                           .weights = in->weights,
                           .a = in->a,
                           .site = site,
                           .side_a = cut.side_a,
                           .ledger = ec_ledger_of(run, options->max_flops, "spectrum")};
        status = ec_state_through_cut(out, &sweep, run, &limit);
    }
    if (ec_state_out_of_reach(&status, &limit, err))
        say_why(out, in->arch->outputs, limit.msg);
done:
    ec_sweep_clear(&sweep);
    ec_cut_clear(&cut);
    ec_free(site);
    return status;
}

static ec_measured absent(const char *why)
{
    ec_measured m = {.known = false};

    snprintf(m.why, sizeof m.why, "%.255s", why);
    return m;
}

void ec_spectrum_clear(ec_spectrum *spectrum)
{
    if (spectrum == NULL)
        return;
    ec_free(spectrum->value);
    *spectrum = (ec_spectrum){.known = false};
}

/**
 * Errors of the entropies for |ds_i| <= d: to first order the derivatives, -2 s (1 + ln s^2) of S
 * and -4 s^3 / sum s^4 of S_2; beside it n values of pure noise, d^2 each.
 */
ec_measured ec_spectrum_von_neumann(const ec_spectrum *spectrum)
{
    double s = 0, slope = 0, d = spectrum->threshold, n = (double)spectrum->n;

    if (!spectrum->known)
        return absent(spectrum->why);
    for (size_t i = 0; i < spectrum->n; i++) {
        double value = spectrum->value[i], p = value * value;
        if (p == 0)
            continue;
        s -= p * log(p);
        slope += 2 * value * fabs(1 + log(p));
    }
    return (ec_measured){
        .known = true, .value = fmax(0, s), .error = slope * d + n * d * d * (1 - 2 * log(d))};
}

ec_measured ec_spectrum_renyi2(const ec_spectrum *spectrum)
{
    double purity = 0, cubes = 0, d = spectrum->threshold;

    if (!spectrum->known)
        return absent(spectrum->why);
    for (size_t i = 0; i < spectrum->n; i++) {
        purity += pow(spectrum->value[i], 4);
        cubes += pow(spectrum->value[i], 3);
    }
    return (ec_measured){
        .known = true, .value = fmax(0, -log(purity)), .error = 4 * cubes / purity * d};
}
