/* SPDX-License-Identifier: GPL-3.0-or-later */

/**
 * Products of a weight matrix with the vectors of some positions, and the matrix's gradient, in
 * blocks that stay in registers: 4 x 3 sums of a vector each leave four of sixteen registers for
 * the operands. See lanes_t.h.
 */

#define BLOCK_ROWS      4
#define BLOCK_POSITIONS 3

/**
 * to_p[r] = sum_k matrix[r row + k col] from_p[k],  r < rows, k < cols, p < positions:
 * U = W V with (row, col) = (in, 1), V = W^T U with (1, in).
 */
typedef struct T(product) {
    VEC *to;         /* positions x rows */
    const VEC *from; /* positions x cols */
    const REAL *matrix;
    size_t rows, cols, row, col;
} T(product);

INLINE void T(product_block)(const T(product) * m, size_t r, size_t p, const size_t rows,
                             const size_t positions)
{
    const REAL *matrix = m->matrix + r * m->row;
    const VEC *from = m->from + p * m->cols;
    VEC *to = m->to + p * m->rows + r;
    VEC sum[BLOCK_ROWS][BLOCK_POSITIONS] = {{{0}}};

    for (size_t k = 0; k < m->cols; k++, matrix += m->col)
        for (size_t i = 0; i < rows; i++)
            for (size_t j = 0; j < positions; j++)
                sum[i][j] += matrix[i * m->row] * from[j * m->cols + k];
    for (size_t j = 0; j < positions; j++)
        for (size_t i = 0; i < rows; i++)
            to[j * m->rows + i] = sum[i][j];
}

INLINE void T(product_rows)(const T(product) * m, size_t p, const size_t positions)
{
    size_t r = 0;

    for (; r + BLOCK_ROWS <= m->rows; r += BLOCK_ROWS)
        T(product_block)(m, r, p, BLOCK_ROWS, positions);
    for (; r < m->rows; r++)
        T(product_block)(m, r, p, 1, positions);
}

INLINE void T(product_run)(const T(product) * m, size_t positions)
{
    size_t p = 0;

    for (; p + BLOCK_POSITIONS <= positions; p += BLOCK_POSITIONS)
        T(product_rows)(m, p, BLOCK_POSITIONS);
    for (; p < positions; p++)
        T(product_rows)(m, p, 1);
}

/** sum[r cols + c] += sum_p to_p[r] from_p[c], sample by sample;  to: positions x rows. */
typedef struct T(outer) {
    VEC *sum; /* rows x cols */
    const VEC *to, *from;
    size_t rows, cols, positions;
} T(outer);

INLINE void T(outer_block)(const T(outer) * m, size_t r, size_t c, const size_t rows,
                           const size_t cols)
{
    const VEC *to = m->to + r, *from = m->from + c;
    VEC *out = m->sum + r * m->cols + c;
    VEC sum[BLOCK_ROWS][BLOCK_POSITIONS];

    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < cols; j++)
            sum[i][j] = out[i * m->cols + j];
    for (size_t p = 0; p < m->positions; p++, to += m->rows, from += m->cols)
        for (size_t i = 0; i < rows; i++)
            for (size_t j = 0; j < cols; j++)
                sum[i][j] += to[i] * from[j];
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < cols; j++)
            out[i * m->cols + j] = sum[i][j];
}

INLINE void T(outer_cols)(const T(outer) * m, size_t r, const size_t rows)
{
    size_t c = 0;

    for (; c + BLOCK_POSITIONS <= m->cols; c += BLOCK_POSITIONS)
        T(outer_block)(m, r, c, rows, BLOCK_POSITIONS);
    for (; c < m->cols; c++)
        T(outer_block)(m, r, c, rows, 1);
}

INLINE void T(outer_run)(const T(outer) * m)
{
    size_t r = 0;

    for (; r + BLOCK_ROWS <= m->rows; r += BLOCK_ROWS)
        T(outer_cols)(m, r, BLOCK_ROWS);
    for (; r < m->rows; r++)
        T(outer_cols)(m, r, 1);
}
