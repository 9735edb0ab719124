/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "report_i.h"

#include "core/flow.h"

#include <inttypes.h>
#include <math.h>

/*
 * Entropies against the place of the cut, below the bound. The entropies of a trained network may
 * lie many powers of ten below it, and then need a logarithmic axis.
 */

enum {
    PLOT_HEIGHT = 340,
    LOG_FROM_RATIO = 30, /* of the largest bound to the largest S_2 */
    MAX_MARKS = 64       /* points that are marked one by one */
};

/* One place of the cut: over all labels, and for blocks over all that were measured of a level. */
typedef struct place {
    double x, bound, least, mean, most, von_neumann;
} place;

typedef struct places {
    place *at;
    size_t n;
    bool log_y;
} places;

static double smaller(double a, double b)
{
    return isnan(a) || b < a ? b : a;
}

static double larger(double a, double b)
{
    return isnan(a) || b > a ? b : a;
}

/* blocks of one level fall on one place: ranges are joined, means averaged over `n` of them */
static void join(place *to, const place *from, double n)
{
    to->bound = larger(to->bound, from->bound);
    to->least = smaller(to->least, from->least);
    to->most = larger(to->most, from->most);
    to->mean += (from->mean - to->mean) / n;
    to->von_neumann += (from->von_neumann - to->von_neumann) / n;
}

static ec_status find_places(places *out, const ec_profile *profile, ec_profile_kind kind,
                             ec_error *err)
{
    double most_bound = 0, most_s2 = 0, joined = 1;
    ec_status status = EC_OK;

    EC_NEW(out->at, profile->n);
    for (size_t i = 0; i < profile->n; i++) {
        const ec_profile_point *point = &profile->points[i];
        ec_label_range s2 = ec_range_over_labels(point->renyi2, profile->n_labels);
        ec_label_range s = ec_range_over_labels(point->von_neumann, profile->n_labels);
        bool block = point->kind == EC_PROFILE_BLOCK;
        const place p = {(double)(block ? point->level : point->position),
                         ec_nats_of(&point->bound),
                         s2.least,
                         s2.mean,
                         s2.most,
                         s.mean};

        if (point->kind != kind)
            continue;
        joined = out->n > 0 && out->at[out->n - 1].x == p.x ? joined + 1 : 1;
        if (joined > 1)
            join(&out->at[out->n - 1], &p, joined);
        else
            out->at[out->n++] = p;
        most_bound = fmax(most_bound, p.bound);
        most_s2 = fmax(most_s2, s2.n > 0 ? s2.most : 0);
    }
    out->log_y = most_s2 > 0 && most_bound > LOG_FROM_RATIO * most_s2;
done:
    return status;
}

/* a row of numbers; what cannot be drawn is NaN */
static void put_place(ec_text *script, const place *p, bool log_y)
{
    const double y[] = {p->bound, p->least, p->mean, p->most, p->von_neumann};

    ec_text_printf(script, "%.10g", p->x);
    for (size_t i = 0; i < sizeof y / sizeof *y; i++)
        if (isfinite(y[i]) && (!log_y || y[i] > 0))
            ec_text_printf(script, " %.10g", y[i]);
        else
            ec_text_puts(script, " NaN");
    ec_text_puts(script, "\n");
}

static const char *const x_name[] = {"sites in A", "columns in A", "rows in A",
                                     "level of the block (1: the largest)"};

static void put_axes(ec_text *script, const places *p, ec_profile_kind kind)
{
    ec_plot_head(script, PLOT_HEIGHT);
    ec_text_puts(script, "set grid ytics lc rgb '#d8d8d8' lw 1\n"
                         "set offsets graph 0.03, graph 0.03, graph 0.06, graph 0.06\n"
                         "set autoscale noextend\n"
                         "set datafile missing 'NaN'\n");
    ec_text_printf(script, "set xlabel '%s'\nset ylabel 'nats'\n", x_name[kind]);
    if (p->log_y)
        ec_text_puts(script, "set logscale y\nset format y '10^{%L}'\nset mytics 1\n");
    else
        ec_text_puts(script, "set yrange [0:]\n");
    if (kind == EC_PROFILE_BLOCK)
        ec_text_puts(script, "set xtics 1\n");
}

static void put_lines(ec_text *script, const places *p, ec_profile_kind kind)
{
    bool few = p->n <= MAX_MARKS, von_neumann = false;

    for (size_t i = 0; i < p->n; i++)
        von_neumann = von_neumann || isfinite(p->at[i].von_neumann);
    ec_text_puts(script, "plot $d using 1:3:5 with filledcurves fc rgb '#c9d6ee' title "
                         "'S2 of all labels'");
    ec_text_printf(script,
                   ", $d using 1:2 with %s lc rgb '#b3420a' lw 1.5 dt (8,4) title "
                   "'ln bound'",
                   few ? "linespoints pt 7 ps 0.3" : "lines");
    if (von_neumann)
        ec_text_puts(script, ", $d using 1:6 with points pt 6 ps 0.6 lw 1.5 lc rgb '#1c6b3a' title "
                             "'S, mean'");
    ec_text_printf(script, ", $d using 1:4 with %s lc rgb '#0b3c8c' lw 2 title 'S2, mean'",
                   few ? "linespoints pt 7 ps 0.4" : "lines");
    if (few) {
        ec_plot_hover(script, "$d", 2, x_name[kind], "ln bound");
        ec_plot_hover(script, "$d", 4, x_name[kind], "S2");
    }
    if (few && von_neumann)
        ec_plot_hover(script, "$d", 6, x_name[kind], "S");
    ec_text_puts(script, "\n");
}

ec_status ec_plot_profile(ec_text *script, const ec_profile *profile, ec_profile_kind kind,
                          ec_error *err)
{
    places p = {.n = 0};
    ec_status status = EC_OK;

    EC_TRY(find_places(&p, profile, kind, err));
    put_axes(script, &p, kind);
    ec_text_puts(script, "$d << EOD\n");
    for (size_t i = 0; i < p.n; i++)
        put_place(script, &p.at[i], p.log_y);
    ec_text_puts(script, "EOD\n");
    put_lines(script, &p, kind);
done:
    ec_free(p.at);
    return status;
}
