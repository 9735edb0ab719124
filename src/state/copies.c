/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "state/copies.h"

#include "entcap/linalg.h"

#include "state/table.h"

#include <math.h>

double ec_copies_numbers(double r, bool mixed)
{
    return r * r + (mixed ? r * r * r * (r + 1) / 2 : 0);
}

double ec_copies_flops(double in, double out, bool mixed, bool ring)
{
    /* W x W^T of an in x in matrix x: of every pair of in, then of every pair of out */
    double once = 2 * (out * in * in + out * out * in), lower = in * (in + 1) / 2;

    if (!mixed)
        return once;
    return once + (ring ? lower * (4 * in + 1) * out : lower * once) + out * (out + 1) / 2 * once;
}

/* ---------------------------------------------------------------- workspace */

void ec_workspace_add(ec_workspace_size *size, double in, double out, bool mixed)
{
    double pairs = in * (in + 1) / 2;

    size->gram = fmax(size->gram, in * in);
    size->matrix = fmax(size->matrix, in * out);
    size->sum = fmax(size->sum, fmax(in, out));
    size->scratch = fmax(size->scratch, in * in + in * out + 2 * (in + out));
    if (mixed) {
        size->four = fmax(size->four, pairs * in * in);
        size->half = fmax(size->half, pairs * out * out);
    }
}

double ec_workspace_numbers(const ec_workspace_size *size)
{
    return 3 * size->gram + 2 * size->matrix + size->four + size->half + size->scratch + size->sum;
}

ec_status ec_workspace_init(ec_workspace *out, const ec_workspace_size *size, ec_error *err)
{
    double **const part[] = {&out->gram, &out->pure[0], &out->pure[1], &out->w,  &out->transposed,
                             &out->four, &out->half,    &out->scratch, &out->sum};
    const double numbers[] = {size->gram, size->gram, size->gram,    size->matrix, size->matrix,
                              size->four, size->half, size->scratch, size->sum};
    double *at;

    *out = (ec_workspace){.memory = ec_calloc((size_t)ec_workspace_numbers(size), sizeof *at, err)};
    if (out->memory == NULL)
        return EC_ENOMEM;
    at = out->memory;
    for (size_t i = 0; i < sizeof part / sizeof *part; i++) {
        *part[i] = at;
        at += (size_t)numbers[i];
    }
    return EC_OK;
}

void ec_workspace_clear(ec_workspace *work)
{
    ec_free(work->memory);
    *work = (ec_workspace){.memory = NULL};
}

/* ----------------------------------------------------------------- messages */

/* norm from a sum of squares; numbers that are far from 1 are brought near it by a power of two,
   which rounds nothing, so that neither products nor squares of them overflow */
static void settle(ec_message *m, double sum, size_t r, bool four)
{
    size_t n = four ? r * r * ec_four_pairs(r) : r * r;
    double largest = 0, half, rest;
    int exponent;

    m->norm = sqrt(sum);
    if (sum > 0x1p-200 && sum < 0x1p200)
        return;
    for (size_t i = 0; i < n; i++)
        largest = fmax(largest, fabs(m->x[i]));
    if (largest == 0)
        return;
    frexp(largest, &exponent);
    half = ldexp(1, -exponent / 2); /* in two members: one alone may overflow */
    rest = ldexp(1, -exponent + exponent / 2);
    for (size_t i = 0; i < n; i++)
        m->x[i] = m->x[i] * half * rest;
    m->log_scale += exponent * log(2);
    m->norm = sqrt(four ? ec_four_sum_of_squares(m->x, r) : ec_entries_sum_of_squares(m->x, n));
}

/* m <- m u; an empty m borrows the memory of u, a product lies in `to` */
static void take(ec_message *m, double *to, const ec_message *u, size_t r, bool four)
{
    double norms = m->norm * u->norm, n = pow((double)r, four ? 4 : 2), sum;

    if (m->x == NULL) {
        *m = *u;
        return;
    }
    sum = four ? ec_four_multiply(to, m->x, u->x, r) : ec_entries_multiply(to, m->x, u->x, r * r);
    *m = (ec_message){to, m->log_scale + u->log_scale, 0, m->error + u->error};
    settle(m, sum, r, four);
    m->error = ec_table_grown_error(m->error, norms, n, m->norm);
}

/* ----------------------------------------------------------------- pooling */

static ec_ring ring_of(const ec_pooled *p)
{
    return (ec_ring){.h_a = p->pure[1].x, .h_b = p->pure[0].x};
}

/* what a ring brings to the norms and errors of a product that it is part of; its scale */
static void ring_scale(ec_message *m, double *norms, const ec_pooled *p)
{
    for (int side = 0; side < 2; side++) {
        const ec_message *h = &p->pure[side];

        if (h->x == NULL)
            continue;
        m->log_scale += 2 * h->log_scale;
        m->error += 2 * h->error;
        *norms *= h->norm * h->norm;
    }
}

/* k members of r^4 numbers: see ec_table_grown_error, once for each product */
static void set_error(ec_message *m, double norms, size_t r, int k)
{
    m->error = ec_table_grown_error(m->error, norms, pow((double)r, 4 * (k - 1)), m->norm);
}

/* four <- four times the ring of the pure children */
static void join_ring(ec_pooled *p, ec_workspace *work)
{
    ec_ring ring = ring_of(p);
    double norms = p->four.norm, sum;
    int k = 1 + (ring.h_a != NULL) + (ring.h_b != NULL);

    if (k == 1)
        return;
    sum = ec_four_join(work->four, p->four.x, &ring, p->r, work->scratch);
    p->four.x = work->four;
    ring_scale(&p->four, &norms, p);
    settle(&p->four, sum, p->r, true);
    set_error(&p->four, norms, p->r, k);
}

void ec_copies_pool(ec_pooled *out, ec_workspace *work, const ec_member *members, size_t n,
                    size_t r)
{
    *out = (ec_pooled){.r = r};
    for (size_t i = 0; i < n; i++) {
        const ec_copies *of = members[i].of;
        bool side = members[i].on_a;

        for (uint32_t k = 0; k < members[i].count; k++) {
            take(&out->gram, work->gram, &of->gram, r, false);
            if (of->four.x != NULL)
                take(&out->four, work->four, &of->four, r, true);
            else
                take(&out->pure[side], work->pure[side], &of->gram, r, false);
        }
    }
    if (out->four.x != NULL)
        join_ring(out, work);
}

void ec_copies_expand(ec_pooled *p, ec_workspace *work)
{
    ec_ring ring = ring_of(p);
    double norms = 1, sum;

    if (p->four.x != NULL)
        return;
    sum = ec_four_expand(work->four, &ring, p->r, work->scratch);
    p->four = (ec_message){.x = work->four};
    ring_scale(&p->four, &norms, p);
    settle(&p->four, sum, p->r, true);
    set_error(&p->four, norms, p->r, 2);
}

/* ----------------------------------------------------------------- matrices */

/* out = W m W^T, (out,in)(in,in)(in,out) -> (out,out) */
static void apply_gram(ec_message *out, const ec_message *m, const ec_workspace *work, size_t in,
                       size_t rows, double w_norm)
{
    ec_linalg_gemm_small(ec_mat_of(work->scratch, rows, in), ec_cmat_of(work->w, rows, in),
                         ec_cmat_of(m->x, in, in));
    ec_linalg_gemm_small(ec_mat_of(out->x, rows, rows), ec_cmat_of(work->scratch, rows, in),
                         ec_cmat_of(work->transposed, in, rows));
    out->log_scale = m->log_scale;
    settle(out, ec_entries_sum_of_squares(out->x, rows * rows), rows, false);
    out->error = ec_table_grown_error(m->error, m->norm * w_norm * w_norm, (double)in * (double)in,
                                      out->norm);
}

/* One window on its way through its matrix, for several threads: the matrices of a pair are a unit
   of work, and all sums are added up in the same order, whoever made them. */
typedef struct passage {
    const ec_pooled *in;
    double *out;
    ec_workspace *work;
    size_t rows, n_threads;
    double *sum; /* of squares: of every d, or c */
} passage;

static ec_four_map map_of(const passage *p, size_t thread)
{
    const ec_workspace *work = &p->work[thread];

    return (ec_four_map){p->in->r, p->rows, p->work->w, p->work->transposed, work->scratch};
}

static void first_half(const passage *p, size_t thread)
{
    ec_four_map map = map_of(p, thread);
    ec_ring ring = ring_of(p->in);

    for (size_t d = thread; d < p->in->r; d += p->n_threads)
        if (p->in->four.x == NULL)
            p->sum[d] = ec_four_first_ring(p->work->half, &ring, &map, d);
        else
            ec_four_first(p->work->half, p->in->four.x, &map, d);
}

static void second_half(const passage *p, size_t thread)
{
    ec_four_map map = map_of(p, thread);

    for (size_t c = thread; c < p->rows; c += p->n_threads)
        p->sum[c] = ec_four_second(p->out, p->work->half, &map, c);
}

static void on_threads(const passage *p, void (*half)(const passage *p, size_t thread))
{
    if (p->n_threads == 1) {
        half(p, 0);
        return;
    }
#pragma omp parallel for num_threads((int)p->n_threads) schedule(static, 1)
    for (size_t t = 0; t < p->n_threads; t++)
        half(p, t);
}

static double total(const double *x, size_t n)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += x[i];
    return sum;
}

/* out = W on all copies of m */
static void apply_four(ec_message *out, const passage *p, double w_norm)
{
    ec_message m = p->in->four;
    size_t in = p->in->r;

    on_threads(p, first_half);
    if (m.x == NULL) { /* a ring: its norm was found on the way */
        double norms = 1;

        m.norm = sqrt(total(p->sum, in));
        ring_scale(&m, &norms, p->in);
        set_error(&m, norms, in, 2);
    }
    on_threads(p, second_half);
    out->log_scale = m.log_scale;
    settle(out, total(p->sum, p->rows), p->rows, true);
    out->error =
        ec_table_grown_error(m.error, m.norm * pow(w_norm, 4), pow((double)in, 4), out->norm);
}

void ec_copies_apply(ec_copies *out, const ec_pooled *in, ec_workspace *work, size_t n_threads)
{
    size_t rows = out->r;
    double w_norm = sqrt(ec_entries_sum_of_squares(work->w, rows * in->r));
    const passage p = {in, out->four.x, work, rows, n_threads, work->sum};

    for (size_t i = 0; i < rows; i++)
        for (size_t k = 0; k < in->r; k++)
            work->transposed[k * rows + i] = work->w[i * in->r + k];
    apply_gram(&out->gram, &in->gram, work, in->r, rows, w_norm);
    if (out->four.x != NULL)
        apply_four(&out->four, &p, w_norm);
}

/* --------------------------------------------------------------------- rows */

static ec_message contracted(double value, const ec_message *m, double r, int copies, double w_norm)
{
    ec_message out = {.x = NULL, .log_scale = log(value) + m->log_scale};

    out.error =
        ec_table_grown_error(m->error, m->norm * pow(w_norm, copies), pow(r, copies), fabs(value));
    return out;
}

void ec_copies_contract(ec_message *two, ec_message *four, const ec_pooled *in,
                        const ec_workspace *work)
{
    size_t r = in->r;
    double w_norm = sqrt(ec_entries_sum_of_squares(work->w, r)), value = 0;

    for (size_t i = 0; i < r; i++)
        for (size_t j = 0; j < r; j++)
            value += work->w[i] * in->gram.x[i * r + j] * work->w[j];
    *two = contracted(value, &in->gram, (double)r, 2, w_norm);
    *four = contracted(ec_four_contract(in->four.x, work->w, r), &in->four, (double)r, 4, w_norm);
}
