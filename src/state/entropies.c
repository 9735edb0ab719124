/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "state/contraction.h"
#include "state/state_i.h"

#include "entcap/linalg.h"

#include "core/flow.h"

#include <float.h>
#include <math.h>
#include <string.h>

/**
 * Entropies without a cut: tr rho_A^2 is a contraction of four copies of the network (copies.h),
 * |psi|^2 one of two, and for the row a^y of a label
 *
 *     S_2 = 2 ln |psi|^2 - ln m(a^y, a^y, a^y, a^y)
 *
 * Where the topmost window alone is cut, its Gram matrices H_A, H_B have the whole spectrum, and
 * four copies are not needed:
 *
 *     p = eigenvalues of R (H_B o a a^T) R^T, R^T R = H_A, divided by their sum
 */

/* a value that may be wrong by more says nothing */
#define MAX_ERROR 1e-3

static const char zero[] = "the tensor is zero";
static const char lost[] = "cancellation: four copies of the tensor are lost to rounding";

/* S_2 = 2 ln |psi|^2 - ln (four copies) */
static void set_renyi2(ec_measured *out, const ec_message *two, const ec_message *four)
{
    double value = 2 * two->log_scale - four->log_scale, error = 2 * two->error + four->error;

    if (two->log_scale == -INFINITY)
        ec_state_say_why(out, zero);
    else if (!isfinite(value) || !(error < MAX_ERROR))
        ec_state_say_why(out, lost);
    else
        *out = (ec_measured){.known = true, .value = fmax(0, value), .error = error};
}

/* -------------------------------------------------------------- von Neumann */

/* What is needed of a topmost window that alone is cut; r x r. */
typedef struct ring_spectrum {
    double *root;    /* R, row i is sqrt(value_i) times eigenvector i */
    double *x, *r_x; /* H_B o a a^T, then R (...) R^T */
    double *value;   /* r */
} ring_spectrum;

static ec_status ring_init(ring_spectrum *s, const ec_pooled *top, ec_error *err)
{
    size_t r = top->r;
    ec_status status = EC_OK;

    EC_NEW(s->root, r * r);
    EC_NEW(s->x, r * r);
    EC_NEW(s->r_x, r * r);
    EC_NEW(s->value, r);
    memcpy(s->root, top->pure[1].x, r * r * sizeof *s->root);
    EC_TRY(ec_linalg_eigen_symmetric(s->value, s->root, r, err));
    for (size_t i = 0; i < r; i++)
        for (size_t j = 0; j < r; j++)
            s->root[i * r + j] *= sqrt(fmax(0, s->value[i]));
done:
    return status;
}

static void ring_clear(ring_spectrum *s)
{
    ec_free(s->root);
    ec_free(s->x);
    ec_free(s->r_x);
    ec_free(s->value);
}

static void say_why(ec_label_entropies *out, size_t n, const char *renyi2, const char *von_neumann)
{
    for (size_t y = 0; y < n; y++) {
        ec_state_say_why(&out[y].renyi2, renyi2);
        ec_state_say_why(&out[y].von_neumann, von_neumann);
    }
}

/* entropies of the eigenvalues in s->value, each of which may be wrong by error * norms */
static void set_entropies(ec_label_entropies *out, const ring_spectrum *s, size_t r, double norms,
                          double error)
{
    double sum = 0, entropy = 0, purity = 0, off = 0;

    for (size_t i = 0; i < r; i++)
        sum += fmax(0, s->value[i]);
    error *= norms / sum;
    if (!(sum > 0) || !(error < MAX_ERROR)) {
        const char *why = sum > 0 ? lost : zero;

        say_why(out, 1, why, why);
        return;
    }
    for (size_t i = 0; i < r; i++) {
        double p = fmax(0, s->value[i]) / sum;

        entropy -= p > 0 ? p * log(p) : 0;
        purity += p * p;
        off += error * (1 - log(fmax(p, error)));
    }
    out->von_neumann = (ec_measured){.known = true, .value = entropy, .error = off};
    out->renyi2 =
        (ec_measured){.known = true, .value = fmax(0, -log(purity)), .error = 2 * error / purity};
}

static ec_status ring_entropies(ec_label_entropies *out, ring_spectrum *s, const ec_pooled *top,
                                const double *row, ec_error *err)
{
    const ec_message *h_a = &top->pure[1], *h_b = &top->pure[0];
    size_t r = top->r;
    double largest = 0, norm = 0;
    ec_status status = EC_OK;

    for (size_t i = 0; i < r; i++)
        largest = fmax(largest, fabs(row[i]));
    if (largest == 0) {
        say_why(out, 1, zero, zero);
        return EC_OK;
    }
    for (size_t i = 0; i < r * r; i++) {
        s->x[i] = h_b->x[i] * (row[i / r] / largest) * (row[i % r] / largest);
        norm += s->x[i] * s->x[i];
    }
    /* x <- R x R^T, (r,r)(r,r)(r,r) -> (r,r) */
    ec_linalg_gemm(ec_mat_of(s->r_x, r, r), 1, ec_cmat_of(s->root, r, r), ec_cmat_of(s->x, r, r),
                   0);
    ec_linalg_gemm(ec_mat_of(s->x, r, r), 1, ec_cmat_of(s->r_x, r, r), ec_cmat_t(s->root, r, r), 0);
    EC_TRY(ec_linalg_eigen_symmetric(s->value, s->x, r, err));
    set_entropies(out, s, r, h_a->norm * sqrt(norm),
                  h_a->error + h_b->error + (double)r * DBL_EPSILON);
done:
    return status;
}

/* -------------------------------------------------------------------- labels */

static const double *row_of(const ec_state_input *in, size_t y)
{
    size_t top = in->arch->n_levels - 1;

    return ec_weights_at(in->weights, in->arch, top, 0) + y * in->arch->levels[top].dim;
}

static ec_status ring_labels(ec_label_entropies *out, const ec_contraction *c, const ec_pooled *top,
                             ec_error *err)
{
    ring_spectrum spectrum = {.root = NULL};
    ec_status status = EC_OK;

    EC_TRY(ring_init(&spectrum, top, err));
    for (size_t y = 0; y < c->in->arch->outputs; y++)
        EC_TRY(ring_entropies(&out[y], &spectrum, top, row_of(c->in, y), err));
done:
    ring_clear(&spectrum);
    return status;
}

static void contract_labels(ec_label_entropies *out, ec_contraction *c, ec_pooled *top)
{
    ec_copies_expand(top, c->work);
    for (size_t y = 0; y < c->in->arch->outputs; y++) {
        ec_message two, four;

        ec_copies_contract(&two, &four, top, row_of(c->in, y), c->work);
        set_renyi2(&out[y].renyi2, &two, &four);
    }
}

/* ----------------------------------------------------------------- interface */

ec_status ec_state_copies(ec_label_entropies *out, const ec_state_input *in,
                          const ec_state_options *options, const ec_run *run, ec_error *err)
{
    static const char cut_below[] =
        "four copies have it only where the topmost window alone is cut";
    ec_contraction c;
    ec_pooled top;
    ec_status status;
    ec_error limit = {0};

    say_why(out, in->arch->outputs, "", cut_below);
    status = ec_contraction_init(&c, in, options, run, &limit);
    if (status == EC_OK)
        status = ec_contraction_run(&top, &c, &limit);
    if (status == EC_OK && top.four[0].x == NULL)
        status = ring_labels(out, &c, &top, &limit);
    else if (status == EC_OK)
        contract_labels(out, &c, &top);
    if (ec_state_out_of_reach(&status, &limit, err))
        say_why(out, in->arch->outputs, limit.msg, limit.msg);
    ec_contraction_clear(&c);
    return status;
}

ec_status ec_state_entropies(ec_label_entropies *out, const ec_state_input *in,
                             const ec_state_options *options, const ec_run *run, ec_error *err)
{
    ec_status status = ec_state_check(in, options, err);

    return status == EC_OK ? ec_state_copies(out, in, options, run, err) : status;
}
