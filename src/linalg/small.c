/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "entcap/linalg.h"

#include "core/hot.h"

#include <assert.h>

/*
 * BLAS packs its operands into panels first, which costs more than it saves while they fit the
 * first cache as they are: twice the time at 16 x 16. Here a tile of C stays in registers over the
 * whole sum. The compiler vectorises the innermost loop, once per instruction set named below; the
 * machine's own is picked when the program is loaded.
 */

enum { TILE_ROWS = 4, TILE_COLS = 8, BLAS_FROM = 80 };

/* c = a b for one tile of rows x cols, both constants where this is inlined */
EC_HOT_PART void tile(ec_mat c, ec_cmat a, ec_cmat b, size_t rows, size_t cols)
{
    double sum[TILE_ROWS][TILE_COLS] = {{0}};

    for (size_t k = 0; k < a.cols; k++)
        for (size_t i = 0; i < rows; i++) {
            double x = a.data[i * a.ld + k];
#pragma omp simd
            for (size_t j = 0; j < cols; j++)
                sum[i][j] += x * b.data[k * b.ld + j];
        }
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < cols; j++)
            c.data[i * c.ld + j] = sum[i][j];
}

/* `rows` rows of C */
EC_HOT_PART void strip(ec_mat c, ec_cmat a, ec_cmat b, size_t rows)
{
    size_t j = 0;

    for (; j + TILE_COLS <= c.cols; j += TILE_COLS, c.data += TILE_COLS, b.data += TILE_COLS)
        tile(c, a, b, rows, TILE_COLS);
    for (; j + TILE_COLS / 2 <= c.cols;
         j += TILE_COLS / 2, c.data += TILE_COLS / 2, b.data += TILE_COLS / 2)
        tile(c, a, b, rows, TILE_COLS / 2);
    for (; j < c.cols; j++, c.data++, b.data++)
        tile(c, a, b, rows, 1);
}

EC_HOT static void multiply(ec_mat c, ec_cmat a, ec_cmat b)
{
    size_t i = 0;

    for (; i + TILE_ROWS <= c.rows;
         i += TILE_ROWS, c.data += TILE_ROWS * c.ld, a.data += TILE_ROWS * a.ld)
        strip(c, a, b, TILE_ROWS);
    for (; i < c.rows; i++, c.data += c.ld, a.data += a.ld)
        strip(c, a, b, 1);
}

void ec_linalg_gemm_small(ec_mat c, ec_cmat a, ec_cmat b)
{
    assert(!a.transposed && !b.transposed);
    assert(a.cols == b.rows && a.rows == c.rows && b.cols == c.cols);
    if (c.rows >= BLAS_FROM && c.cols >= BLAS_FROM && a.cols >= BLAS_FROM)
        ec_linalg_gemm(c, 1, a, b, 0);
    else
        multiply(c, a, b);
}
