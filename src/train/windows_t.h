/* SPDX-License-Identifier: GPL-3.0-or-later */

/**
 * Product pooling of a batch and its gradient. See layerwise_t.h for the order of rows.
 */

/* Products over the windows of a level; below: rows of its children. */
static void T(pool)(REAL *out, const REAL *below, const ec_level *level, size_t n)
{
    size_t block = n * ec_level_channels(level), window = ec_level_window(level);

    for (size_t p = 0; p < ec_level_positions(level); p++, out += block) {
        memcpy(out, below + ec_level_child(level, p, 0) * block, block * sizeof *out);
        for (size_t k = 1; k < window; k++) {
            const REAL *factor = below + ec_level_child(level, p, k) * block;
            for (size_t i = 0; i < block; i++)
                out[i] *= factor[i];
        }
    }
}

/* dbelow_k = dx prod_(j != k) below_j, by prefix and suffix products: zeros need no exception. */
static void T(pool_back)(REAL *dbelow, REAL *dx, const REAL *below, const ec_level *level, size_t n)
{
    size_t block = n * ec_level_channels(level), window = ec_level_window(level);

    for (size_t p = 0; p < ec_level_positions(level); p++, dx += block) {
        for (size_t k = 0; k < window; k++) {
            size_t at = ec_level_child(level, p, k) * block;
            size_t before = k > 0 ? ec_level_child(level, p, k - 1) * block : 0;
            for (size_t i = 0; i < block; i++)
                dbelow[at + i] = k > 0 ? dbelow[before + i] * below[before + i] : 1;
        }
        for (size_t k = window; k-- > 0;) {
            size_t at = ec_level_child(level, p, k) * block;
            for (size_t i = 0; i < block; i++) {
                dbelow[at + i] *= dx[i];
                dx[i] *= below[at + i];
            }
        }
    }
}
