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
    size->scratch = fmax(size->scratch, ec_map_scratch(in, out));
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

ec_map ec_workspace_map(ec_workspace *work, const double *w, size_t out, size_t in)
{
    ec_map map = {.in = in, .out = out, .scratch = work->scratch};

    ec_map_load(&map, work->w, work->transposed, w);
    return map;
}

/* ----------------------------------------------------------------- pooling */

static ec_factors factors_of(const ec_pooled *p)
{
    return (ec_factors){p->four[0].x, p->four[1].x, p->pure[1].x, p->pure[0].x};
}

/* the four copies without their numbers: scale and error, from the norm of their product, which was
   multiplied by `factor` after that */
static ec_message product_of(const ec_pooled *p, double norm, double factor)
{
    const ec_message *h[2] = {&p->pure[0], &p->pure[1]};
    ec_message m = {.norm = norm};
    double norms = factor;
    int k = 0;

    for (size_t i = 0; i < 2; i++) {
        if (p->four[i].x != NULL) {
            m.log_scale += p->four[i].log_scale;
            m.error += p->four[i].error;
            norms *= p->four[i].norm;
            k++;
        }
        if (h[i]->x != NULL) {
            m.log_scale += 2 * h[i]->log_scale;
            m.error += 2 * h[i]->error;
            norms *= h[i]->norm * h[i]->norm;
            k++;
        }
    }
    /* k factors of r^4 numbers: as for one product after the other */
    m.error = ec_table_grown_error(m.error, norms, pow((double)p->r, 4 * (k - 1)), m.norm);
    return m;
}

void ec_copies_expand(ec_pooled *p, ec_workspace *work)
{
    ec_factors factors = factors_of(p);
    ec_message x = {.x = work->four}, m;
    double sum = ec_four_expand(work->four, &factors, p->r, work->scratch), factor;

    factor = ec_message_settle(&x, sum, p->r, true);
    m = product_of(p, x.norm, factor);
    m.x = x.x;
    m.log_scale += x.log_scale;
    p->four[0] = m;
    p->four[1] = p->pure[0] = p->pure[1] = (ec_message){.x = NULL};
}

static void take_four(ec_pooled *p, ec_workspace *work, const ec_message *u)
{
    if (p->four[1].x != NULL) /* three are too many */
        ec_message_multiply(&p->four[0], work->four, &p->four[1], p->r, true);
    p->four[p->four[0].x != NULL] = *u;
}

void ec_copies_pool(ec_pooled *out, ec_workspace *work, const ec_member *members, size_t n,
                    size_t r)
{
    *out = (ec_pooled){.r = r};
    for (size_t i = 0; i < n; i++) {
        const ec_copies *of = members[i].of;
        bool side = members[i].on_a;

        for (uint32_t k = 0; k < members[i].count; k++) {
            ec_message_multiply(&out->gram, work->gram, &of->gram, r, false);
            if (of->four.x != NULL)
                take_four(out, work, &of->four);
            else
                ec_message_multiply(&out->pure[side], work->pure[side], &of->gram, r, false);
        }
    }
}

/* ----------------------------------------------------------------- matrices */

/* One window on its way through its matrix, for several threads: the matrices of a pair are a unit
   of work, and all sums are added up in the same order, whoever made them. */
typedef struct passage {
    ec_factors factors;
    double *out;
    const ec_map *map;
    ec_workspace *work;
    size_t n_threads;
    double *sum; /* of squares: of every d, or c */
} passage;

static ec_map map_of(const passage *p, size_t thread)
{
    ec_map map = *p->map;

    map.scratch = p->work[thread].scratch;
    return map;
}

static void first_half(const passage *p, size_t thread)
{
    ec_map map = map_of(p, thread);

    for (size_t d = thread; d < map.in; d += p->n_threads)
        p->sum[d] = ec_four_first(p->work->half, &p->factors, &map, d);
}

static void second_half(const passage *p, size_t thread)
{
    ec_map map = map_of(p, thread);

    for (size_t c = thread; c < map.out; c += p->n_threads)
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

/* out = W on all copies of a window. Its factors are settled, at most two and a ring of two, and so
   is the matrix: neither their product nor its square is near an end of the numbers. */
static void apply_four(ec_message *out, const passage *p, const ec_pooled *in)
{
    double n = pow((double)in->r, 4), norms = pow(p->map->norm, 4);
    size_t rows = p->map->out;
    ec_message m;

    on_threads(p, first_half);
    m = product_of(in, sqrt(total(p->sum, in->r)), 1);
    on_threads(p, second_half);
    out->log_scale = m.log_scale;
    norms *= m.norm * ec_message_settle(out, total(p->sum, rows), rows, true);
    out->error = ec_table_grown_error(m.error, norms, n, out->norm);
}

void ec_copies_apply(ec_copies *out, const ec_pooled *in, const double *w, ec_workspace *work,
                     size_t n_threads)
{
    ec_map map = ec_workspace_map(work, w, out->r, in->r);
    const passage p = {factors_of(in), out->four.x, &map, work, n_threads, work->sum};

    ec_message_apply(&out->gram, &in->gram, false, &map);
    if (out->four.x != NULL)
        apply_four(&out->four, &p, in);
}

/* --------------------------------------------------------------------- rows */

static ec_message contracted(double value, const ec_message *m, double r, int copies, double w_norm)
{
    ec_message out = {.x = NULL, .log_scale = log(value) + m->log_scale};

    out.error =
        ec_table_grown_error(m->error, m->norm * pow(w_norm, copies), pow(r, copies), fabs(value));
    return out;
}

void ec_copies_contract(ec_message *two, ec_message *four, const ec_pooled *in, const double *w,
                        ec_workspace *work)
{
    size_t r = in->r;
    ec_map map = ec_workspace_map(work, w, 1, r);
    double value = 0;

    for (size_t i = 0; i < r; i++)
        for (size_t j = 0; j < r; j++)
            value += map.w[i] * in->gram.x[i * r + j] * map.w[j];
    *two = contracted(value, &in->gram, (double)r, 2, map.norm);
    value = ec_four_contract(in->four[0].x, map.w, r);
    *four = contracted(value, &in->four[0], (double)r, 4, map.norm);
}
