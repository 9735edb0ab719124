/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "state/message.h"

#include "state/table.h"

#include <math.h>
#include <string.h>

/* norms of 2^-50 to 2^50: products of some, and their squares, are numbers */
static bool is_ordinary(double sum_of_squares)
{
    return sum_of_squares > 0x1p-100 && sum_of_squares < 0x1p100;
}

/* scale to largest |x| in [1/2, 1) by 2^-exponent; the exponent */
static int scale(double *x, size_t n)
{
    double largest = 0, half, rest;
    int exponent;

    for (size_t i = 0; i < n; i++)
        largest = fmax(largest, fabs(x[i]));
    if (largest == 0)
        return 0;
    frexp(largest, &exponent);
    half = ldexp(1, -exponent / 2); /* in two factors: one alone may overflow */
    rest = ldexp(1, -exponent + exponent / 2);
    for (size_t i = 0; i < n; i++)
        x[i] = x[i] * half * rest;
    return exponent;
}

double ec_message_settle(ec_message *m, double sum, size_t r, bool four)
{
    size_t n = four ? r * r * ec_four_pairs(r) : r * r;
    int exponent = 0;

    if (!is_ordinary(sum)) {
        exponent = scale(m->x, n);
        m->log_scale += exponent * log(2);
        sum = four ? ec_four_sum_of_squares(m->x, r) : ec_entries_sum_of_squares(m->x, n);
    }
    m->norm = sqrt(sum);
    return ldexp(1, -exponent);
}

void ec_message_multiply(ec_message *m, double *to, const ec_message *u, size_t r, bool four)
{
    double norms = m->norm * u->norm, n = (double)r * (double)r, sum;

    if (m->x == NULL) {
        *m = *u;
        return;
    }
    sum = four ? ec_four_multiply(to, m->x, u->x, r) : ec_entries_multiply(to, m->x, u->x, r * r);
    *m = (ec_message){to, m->log_scale + u->log_scale, 0, m->error + u->error};
    norms *= ec_message_settle(m, sum, r, four);
    m->error = ec_table_grown_error(m->error, norms, four ? n * n : n, m->norm);
}

void ec_message_apply(ec_message *out, const ec_message *m, bool identity, const ec_map *map)
{
    double in = (double)map->in, norms = m->norm * map->norm * map->norm, sum;

    ec_map_apply(out->x, identity ? NULL : m->x, map);
    out->log_scale = m->log_scale;
    sum = ec_entries_sum_of_squares(out->x, map->out * map->out);
    norms *= ec_message_settle(out, sum, map->out, false);
    out->error = ec_table_grown_error(m->error, norms, in * in, out->norm);
}

void ec_map_load(ec_map *map, double *room, double *transposed, const double *w)
{
    size_t n = map->in * map->out;
    double sum = ec_entries_sum_of_squares(w, n);

    map->w = w;
    if (!is_ordinary(sum)) {
        memcpy(room, w, n * sizeof *w);
        scale(room, n);
        map->w = room;
        sum = ec_entries_sum_of_squares(room, n);
    }
    map->norm = sqrt(sum);
    map->transposed = transposed;
    ec_map_transpose(transposed, map->w, map->out, map->in);
}
