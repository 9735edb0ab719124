/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "report_i.h"

#include "core/flow.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

/*
 * Charts of bounds over widths. Colours run from dark to light in one direction (cividis), so that
 * they read in grey and whatever colours the eye tells apart; where there is room a cell also says
 * its number. Marks differ in shape or dashes, not only in colour.
 */

enum {
    MAX_NUMBERED = 12,  /* columns and rows of a heat map with a number in every cell */
    MAX_TICKS = 14,     /* ticks with a number on one of its axes */
    BUCKETS_X = 120,    /* of all points that fall into one bucket of a Pareto plot, one is drawn */
    BUCKETS_Y = 60,     /*   (buckets are smaller than the marks) */
    PLOT_HEIGHT = 380,  /* of a Pareto plot */
    LOW_MAP = 340,      /* of a heat map of few rows, */
    HIGH_MAP = 420,     /*   and of one of many */
    LOG_FROM_RATIO = 20 /* costs that span a larger factor get a logarithmic axis */
};

#define SAME 1e-12 /* logarithms this close, relatively, are equal */

const char ec_plot_palette[] =
    "set palette defined (0 '#00224e', 1 '#123570', 2 '#3b496c', 3 '#575d6d', 4 '#707173', "
    "5 '#8a8678', 6 '#a59c74', 7 '#c3b369', 8 '#e1cc55', 9 '#fee838')\n";

void ec_plot_head(ec_text *script, int height)
{
    ec_text_printf(script,
                   "set terminal svg size 560,%d dynamic font 'sans-serif,14'\n"
                   "set encoding utf8\n"
                   "set border 3 lc rgb '#555555'\n"
                   "set tics nomirror out\n"
                   "set key above left Left reverse maxrows 2 noenhanced\n",
                   height);
}

double ec_row_log2(const ec_sweep_rows *rows, size_t row, size_t partition)
{
    const double *log2 = rows->log2 + row * rows->n_bounds + 2 * partition;

    return log2[0] < log2[1] ? log2[0] : log2[1];
}

const char *ec_cost_unit(ec_quantity cost)
{
    return cost == EC_QUANTITY_MULTIPLY_ADDS ? "multiply-adds" : "parameters";
}

/* ---------------------------------------------------------------- heat map */

/* Ticks at cell numbers, the widths written there; of many only every k-th. */
static void put_axis(ec_text *script, char axis, const ec_widths_found *found, int which)
{
    size_t level = found->axis[which];
    const ec_range *range = &found->ranges->level[level];
    size_t step = (range->n + MAX_TICKS - 1) / MAX_TICKS;

    ec_text_printf(script, "set %crange [-0.5:%zu.5]\nset %clabel 'width of %s (%s)'\n", axis,
                   range->n - 1, axis, level == 0 ? "the input" : found->arch->levels[level].name,
                   level == 0 ? "features" : "channels");
    ec_text_printf(script, "set %ctics (", axis);
    for (size_t i = 0; i < range->n; i += step)
        ec_text_printf(script, "%s'%" PRIu32 "' %zu", i > 0 ? "," : "", range->values[i], i);
    ec_text_puts(script, ")\n");
}

/* Decimals of a logarithm in a cell: three digits in all, none if it is whole. */
static int decimals(double log2)
{
    if (fabs(log2 - round(log2)) < 1e-9 || log2 >= 100)
        return 0;
    return log2 >= 10 ? 1 : 2;
}

/* Cells lower <= log2 < upper, by column and row: column, row, log2. */
static void put_cells(ec_text *script, const char *name, const ec_widths_found *found,
                      size_t partition, double lower, double upper)
{
    size_t rows = found->ranges->level[found->axis[1]].n;

    ec_text_printf(script, "$%s << EOD\n", name);
    for (size_t i = 0; i < found->slice->n; i++) {
        double log2 = ec_row_log2(found->slice, i, partition);

        if (log2 >= lower && log2 < upper)
            ec_text_printf(script, "%zu %zu %.*f\n", i / rows, i % rows, decimals(log2), log2);
    }
    ec_text_puts(script, "EOD\n");
}

/* Where a width stands in a range; the range's length if it does not. */
static size_t place_of(const ec_range *range, uint32_t width)
{
    size_t i = 0;

    while (i < range->n && range->values[i] != width)
        i++;
    return i;
}

/* Is the mark a cell of the map: its other widths the description's? */
static bool on_slice(const ec_widths_found *found, const ec_widths_mark *mark)
{
    if (mark->widths == NULL)
        return false;
    for (size_t l = 0; l < found->arch->n_levels; l++) {
        bool is_axis = l == found->axis[0] || l == found->axis[1];
        const ec_range *range = &found->ranges->level[l];

        if (is_axis ? place_of(range, mark->widths[l]) == range->n
                    : mark->widths[l] != ec_level_channels(&found->arch->levels[l]))
            return false;
    }
    return true;
}

/* A frame around a cell, a closed line `inset` from its border. */
static void put_frame(ec_text *script, const ec_widths_found *found, const ec_widths_mark *mark,
                      int number, double inset)
{
    size_t x = place_of(&found->ranges->level[found->axis[0]], mark->widths[found->axis[0]]);
    size_t y = place_of(&found->ranges->level[found->axis[1]], mark->widths[found->axis[1]]);
    double h = 0.5 - inset, cx = (double)x, cy = (double)y;

    ec_text_printf(script, "$m%d << EOD\n%g %g\n%g %g\n%g %g\n%g %g\n%g %g\nEOD\n", number, cx - h,
                   cy - h, cx + h, cy - h, cx + h, cy + h, cx - h, cy + h, cx - h, cy - h);
}

bool ec_slice_extent(double *low, double *high, const ec_widths_found *found, size_t partition)
{
    *low = INFINITY;
    *high = -INFINITY;
    for (size_t i = 0; i < found->slice->n; i++) {
        *low = fmin(*low, ec_row_log2(found->slice, i, partition));
        *high = fmax(*high, ec_row_log2(found->slice, i, partition));
    }
    return *high - *low > SAME * *high;
}

/* Cells in colours of log2; again, apart, dark and bright ones, for numbers that stand out. */
static void put_map(ec_text *script, const ec_widths_found *found, size_t partition)
{
    double low, high;
    bool varies = ec_slice_extent(&low, &high, found, partition);

    if (!varies) {
        low -= 1;
        high += 1;
        ec_text_puts(script, "unset colorbox\n");
    }
    double bright = low + 0.48 * (high - low);
    ec_text_puts(script, ec_plot_palette);
    ec_text_printf(script,
                   "set cbrange [%.10g:%.10g]\nset format cb '%%.6g'\nset cblabel 'log2 of "
                   "the bound' offset 1.5\nset rmargin at screen %s\n",
                   low, high, varies ? "0.78" : "0.97");
    put_axis(script, 'x', found, 0);
    put_axis(script, 'y', found, 1);
    put_cells(script, "cells", found, partition, -INFINITY, INFINITY);
    put_cells(script, "dark", found, partition, -INFINITY, bright);
    put_cells(script, "light", found, partition, bright, INFINITY);
}

void ec_plot_heat_map(ec_text *script, const ec_widths_found *found, size_t partition,
                      const ec_widths_mark marks[EC_N_MARKS])
{
    static const char *const dashes[EC_N_MARKS] = {"1", "(4,3)"};
    size_t columns = found->ranges->level[found->axis[0]].n;
    size_t rows = found->ranges->level[found->axis[1]].n;

    ec_plot_head(script, rows > 8 ? HIGH_MAP : LOW_MAP);
    put_map(script, found, partition);
    for (int m = 0; m < EC_N_MARKS; m++)
        if (on_slice(found, &marks[m]))
            put_frame(script, found, &marks[m], m, m == EC_MARK_DESCRIBED ? 0.03 : 0.14);
    ec_text_puts(script, "plot $cells using 1:2:(0.5):(0.5):3 with boxxyerror fs solid 1 noborder "
                         "lc palette notitle");
    if (columns <= MAX_NUMBERED && rows <= MAX_NUMBERED)
        ec_text_printf(script,
                       ", $dark using 1:2:3 with labels font ',%d' tc rgb '#ffffff' notitle, "
                       "$light using 1:2:3 with labels font ',%d' tc rgb '#000000' notitle",
                       columns <= 8 ? 13 : 11, columns <= 8 ? 13 : 11);
    for (int m = 0; m < EC_N_MARKS; m++) {
        if (!on_slice(found, &marks[m]))
            continue;
        ec_text_printf(script,
                       ", $m%d with lines lc rgb '#ffffff' lw 5 notitle, $m%d with lines lc rgb "
                       "'#000000' lw 2 dt %s title ",
                       m, m, dashes[m]);
        ec_plot_quote(script, marks[m].title);
    }
    ec_text_puts(script, "\n");
}

/* ------------------------------------------------------------------ pareto */

/* A configuration on the plot. */
typedef struct point {
    double cost, log2;
} point;

static point point_of(const ec_sweep_rows *rows, size_t row, size_t partition, ec_quantity cost)
{
    const uint64_t *costs =
        cost == EC_QUANTITY_MULTIPLY_ADDS ? rows->multiply_adds : rows->parameters;

    return (point){(double)costs[row], ec_row_log2(rows, row, partition)};
}

static int by_cost(const void *a, const void *b)
{
    uint64_t x = ((const ec_front_point *)a)->cost, y = ((const ec_front_point *)b)->cost;

    return (x > y) - (x < y);
}

ec_status ec_front_points(ec_front_point **out, const ec_sweep_rows *front, ec_quantity cost,
                          ec_error *err)
{
    const uint64_t *costs =
        cost == EC_QUANTITY_MULTIPLY_ADDS ? front->multiply_adds : front->parameters;

    *out = ec_calloc(front->n, sizeof **out, err);
    if (*out == NULL)
        return EC_ENOMEM;
    for (size_t i = 0; i < front->n; i++)
        (*out)[i] = (ec_front_point){costs[i], ec_row_log2(front, i, 0), i};
    qsort(*out, front->n, sizeof **out, by_cost);
    return EC_OK;
}

/* The box of everything that the plot shows. */
typedef struct extent {
    double min_x, max_x, min_y, max_y;
    bool log_x;
} extent;

static void extend(extent *e, point p)
{
    e->min_x = fmin(e->min_x, p.cost);
    e->max_x = fmax(e->max_x, p.cost);
    e->min_y = fmin(e->min_y, p.log2);
    e->max_y = fmax(e->max_y, p.log2);
}

static extent measure(const ec_widths_found *found, size_t partition,
                      const ec_widths_mark marks[EC_N_MARKS])
{
    extent e = {INFINITY, -INFINITY, INFINITY, -INFINITY, false};

    for (size_t i = 0; i < found->all->n; i++)
        extend(&e, point_of(found->all, i, partition, found->cost));
    for (int m = 0; m < EC_N_MARKS; m++)
        if (marks[m].widths != NULL)
            extend(&e, (point){(double)marks[m].cost, marks[m].log2});
    e.log_x = e.min_x > 0 && e.max_x / e.min_x > LOG_FROM_RATIO;
    return e;
}

static size_t bucket(double x, double min, double max, size_t n)
{
    double share = max > min ? (x - min) / (max - min) : 0;

    return (size_t)(share * (double)(n - 1) + 0.5);
}

/* All configurations, as many of them as can be told apart. */
static void put_cloud(ec_text *script, const ec_widths_found *found, size_t partition,
                      const extent *e)
{
    bool taken[BUCKETS_X * BUCKETS_Y] = {false};

    ec_text_puts(script, "$all << EOD\n");
    for (size_t i = 0; i < found->all->n; i++) {
        point p = point_of(found->all, i, partition, found->cost);
        size_t x = e->log_x ? bucket(log(p.cost), log(e->min_x), log(e->max_x), BUCKETS_X)
                            : bucket(p.cost, e->min_x, e->max_x, BUCKETS_X);
        bool *here = &taken[x * BUCKETS_Y + bucket(p.log2, e->min_y, e->max_y, BUCKETS_Y)];

        if (!*here)
            ec_text_printf(script, "%.10g %.6g\n", p.cost, p.log2);
        *here = true;
    }
    ec_text_puts(script, "EOD\n");
}

static ec_status put_front(ec_text *script, const ec_widths_found *found, size_t partition,
                           ec_error *err)
{
    ec_front_point *points = NULL;
    ec_status status = ec_front_points(&points, &found->fronts[partition], found->cost, err);

    if (status != EC_OK)
        return status;
    ec_text_puts(script, "$front << EOD\n");
    for (size_t i = 0; i < found->fronts[partition].n; i++)
        ec_text_printf(script, "%" PRIu64 " %.6g\n", points[i].cost, points[i].log2);
    ec_text_puts(script, "EOD\n");
    ec_free(points);
    return EC_OK;
}

/* Ticks of a logarithmic axis at 1, 2 and 5 of every decade; at 1 alone if there are many. */
static void put_log_ticks(ec_text *script, const extent *e)
{
    static const double steps[] = {1, 2, 5};
    bool many = e->max_x / e->min_x > 1e4;
    const char *comma = "";

    ec_text_puts(script, "set logscale x\nset format x '%.0s%c'\nset xtics (");
    for (int k = (int)log10(e->min_x); pow(10, k) <= 2 * e->max_x; k++) {
        for (size_t i = 0; i < (many ? 1 : 3); i++, comma = ",")
            ec_text_printf(script, "%s%.10g", comma, steps[i] * pow(10, k));
    }
    ec_text_puts(script, ")\n");
}

ec_status ec_plot_pareto(ec_text *script, const ec_widths_found *found, size_t partition,
                         const ec_widths_mark marks[EC_N_MARKS], ec_error *err)
{
    static const char *const styles[EC_N_MARKS] = {
        "pt 4 ps 1.3 lw 2.5 lc rgb '#b3420a'",
        "pt 7 ps 1.0 lw 2 lc rgb '#000000'",
    };
    extent e = measure(found, partition, marks);
    ec_status status = EC_OK;

    ec_plot_head(script, PLOT_HEIGHT);
    ec_text_puts(script, "set grid ytics lc rgb '#d8d8d8' lw 1\n"
                         "set offsets graph 0.03, graph 0.03, graph 0.05, graph 0.05\n"
                         "set autoscale noextend\n");
    if (e.max_y - e.min_y < SAME * e.max_y)
        ec_text_printf(script, "set yrange [%.10g:%.10g]\n", e.min_y - 1, e.max_y + 1);
    if (e.log_x)
        put_log_ticks(script, &e);
    else
        ec_text_printf(script, "set format x '%s'\n", e.max_x < 1e5 ? "%.0f" : "%.1s%c");
    ec_text_printf(script, "set xlabel '%s%s'\nset ylabel 'log2 of the bound'\n",
                   ec_cost_unit(found->cost), e.log_x ? " (logarithmic scale)" : "");
    put_cloud(script, found, partition, &e);
    EC_TRY(put_front(script, found, partition, err));
    ec_text_puts(script, "plot $all using 1:2 with points pt 7 ps 0.35 lc rgb '#8f8f8f' title "
                         "'configurations', $front using 1:2 with steps lc rgb '#0b3c8c' lw 2 "
                         "title 'Pareto front', $front using 1:2 with points pt 7 ps 0.35 lc rgb "
                         "'#0b3c8c' notitle");
    ec_plot_hover(script, "$front", 2, ec_cost_unit(found->cost), "log2 of the bound");
    for (int m = 0; m < EC_N_MARKS; m++) {
        if (marks[m].widths == NULL)
            continue;
        ec_text_printf(script, ", '+' using (%.10g):(%.6g) every ::0::0 with points %s title ",
                       (double)marks[m].cost, marks[m].log2, styles[m]);
        ec_plot_quote(script, marks[m].title);
    }
    ec_text_puts(script, "\n");
done:
    return status;
}
