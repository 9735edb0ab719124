/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "report_i.h"

#include <math.h>

/*
 * Where on the grid the demand is: in 2-D a map for each level, its quadrants coloured by their
 * entropy; in 1-D one strip for each level. Numbers stand in the cells where there is room.
 */

enum {
    MAX_MAPS = 3,      /* levels that get a map */
    NUMBERED_MAP = 16, /* blocks of a level with a number in each */
    NUMBERED_STRIP = 8,
    STRIP_HEIGHT = 60,
    MAP_HEIGHT = 240
};

/* Entropy of a block; of two that are one partition both have it. */
static double entropy_of(const ec_entropies *e, size_t level, size_t block)
{
    size_t listed = e->start[level + 1] - e->start[level];

    return ec_fit_demand(NULL, e, e->start[level] + (block < listed ? block : 0)).mean;
}

double ec_fit_extent(const ec_fit_side *side)
{
    double largest = 0;

    for (size_t l = side->entropies.first; l <= side->entropies.last; l++)
        largest = fmax(largest, side->level[l].demand.mean);
    return largest;
}

/* Rows of x, y, half width, half height, value; y from below. */
static void put_cells(ec_text *script, const ec_fit *fit, const ec_entropies *e, size_t level,
                      bool strip)
{
    double rows = (double)fit->blocks.grid[0];

    ec_text_printf(script, "$level%zu << EOD\n", level);
    for (size_t b = 0; b < ec_blocks_count(&fit->blocks, level); b++) {
        ec_block at = ec_blocks_at(&fit->blocks, level, b);
        double half_width = (double)at.width / 2, half_height = (double)at.height / 2;
        double x = (double)at.column + half_width, y = rows - (double)at.row - half_height;

        if (strip) {
            y = -(double)level;
            half_height = 0.5;
        }
        ec_text_printf(script, "%g %g %g %g %.4f\n", x, y, half_width, half_height,
                       entropy_of(e, level, b));
    }
    ec_text_puts(script, "EOD\n");
}

/* Cells with a thin white border, and their numbers: white on dark, black on light. */
static void put_layer(ec_text *script, size_t level, double bright, bool numbered)
{
    ec_text_printf(script,
                   "$level%zu using 1:2:3:4:5 with boxxyerror fs solid 1 border rgb '#ffffff' "
                   "lc palette notitle",
                   level);
    if (numbered)
        ec_text_printf(script,
                       ", $level%zu using 1:($5 < %g ? $2 : NaN):(sprintf('%%.2f', $5)) with "
                       "labels font ',11' tc rgb '#ffffff' notitle, $level%zu using 1:($5 < %g ? "
                       "NaN : $2):(sprintf('%%.2f', $5)) with labels font ',11' tc rgb '#000000' "
                       "notitle",
                       level, bright, level, bright);
}

static void put_head(ec_text *script, int height, double largest)
{
    ec_text_printf(script,
                   "set terminal svg size 560,%d dynamic font 'sans-serif,13'\n"
                   "set encoding utf8\nset border 0\nunset xtics\nunset ytics\nunset key\n%s"
                   "set cbrange [0:%.4f]\nset cblabel 'entropy (nats)'\nset cbtics nomirror\n",
                   height, ec_plot_palette, largest > 0 ? largest : 1);
}

static void put_maps(ec_text *script, const ec_fit *fit, const ec_entropies *e, double largest)
{
    size_t n = e->last - e->first + 1 < MAX_MAPS ? e->last - e->first + 1 : MAX_MAPS;

    put_head(script, MAP_HEIGHT, largest);
    ec_text_puts(script, "set size ratio -1\nset multiplot\n");
    for (size_t k = 0; k < n; k++) {
        size_t level = e->first + k;
        double left = 0.02 + 0.28 * (double)k;

        put_cells(script, fit, e, level, false);
        ec_text_printf(script,
                       "set lmargin at screen %.3f\nset rmargin at screen %.3f\n"
                       "set bmargin at screen 0.08\nset tmargin at screen 0.88\n"
                       "set title 'level %zu'\nset xrange [0:%zu]\nset yrange [0:%zu]\n",
                       left, left + 0.26, level, fit->blocks.grid[1], fit->blocks.grid[0]);
        if (k + 1 < n)
            ec_text_puts(script, "unset colorbox\n");
        else
            ec_text_printf(script, "set colorbox user origin %.3f,0.2 size 0.025,0.6\n",
                           left + 0.29);
        ec_text_puts(script, "plot ");
        put_layer(script, level, 0.48 * largest,
                  ec_blocks_count(&fit->blocks, level) <= NUMBERED_MAP);
        ec_text_puts(script, "\n");
    }
    ec_text_puts(script, "unset multiplot\n");
}

static void put_strips(ec_text *script, const ec_fit *fit, const ec_entropies *e, double largest)
{
    size_t n = e->last - e->first + 1;

    put_head(script, STRIP_HEIGHT * (int)(n < 8 ? n : 8) + 80, largest);
    for (size_t l = e->first; l <= e->last; l++)
        put_cells(script, fit, e, l, true);
    ec_text_printf(script,
                   "set rmargin at screen 0.82\nset xrange [0:%zu]\nset yrange [%.1f:%.1f]\n"
                   "set xtics nomirror out\nset xlabel 'site'\nset ytics (",
                   fit->blocks.grid[1], -(double)e->last - 0.5, -(double)e->first + 0.5);
    for (size_t l = e->first; l <= e->last; l++)
        ec_text_printf(script, "%s'level %zu' -%zu", l > e->first ? "," : "", l, l);
    ec_text_puts(script, ") scale 0\nplot ");
    for (size_t l = e->first; l <= e->last; l++) {
        ec_text_puts(script, l > e->first ? ", " : "");
        put_layer(script, l, 0.48 * largest, ec_blocks_count(&fit->blocks, l) <= NUMBERED_STRIP);
    }
    ec_text_puts(script, "\n");
}

void ec_plot_fit(ec_text *script, const ec_fit *fit, const ec_fit_side *side, double largest)
{
    if (fit->blocks.grid[0] == 1)
        put_strips(script, fit, &side->entropies, largest);
    else
        put_maps(script, fit, &side->entropies, largest);
}
