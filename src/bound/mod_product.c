/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bound/mod_product.h"

#include "core/flow.h"

#include "entcap/linalg.h"

#include <math.h>
#include <string.h>

/* A block of the product: (ROWS, DEPTH)(DEPTH, COLS). DEPTH keeps the sums below 2^53. */
enum { ROWS = 192, DEPTH = 512, COLS = 1024 };

enum { DIGIT_BITS = 21, N_DIGITS = 3, N_PRODUCTS = 6 };

/* below this many terms, splitting into digits costs more than it saves */
enum { THIN = 40, FEW = 20 };

/* per multiply-add, and per entry of C */
#define THICK_SECONDS 0.40e-9
#define THIN_SECONDS  0.9e-9
#define ENTRY_SECONDS 12e-9
/* per product of residues that is not part of a sum */
#define MULTIPLY_SECONDS 3e-9

double ec_mod_multiply_seconds(double n)
{
    return n * MULTIPLY_SECONDS;
}

/* few rows or columns do not pay for the digits of the other matrix */
static bool is_thick(double m, double k, double n)
{
    return k >= THIN && m >= THIN && n >= FEW;
}

double ec_mod_product_seconds(double m, double k, double n)
{
    return m * n * (k * (is_thick(m, k, n) ? THICK_SECONDS : THIN_SECONDS) + ENTRY_SECONDS);
}

double ec_mod_product_bytes(double m, double k, double n, unsigned threads)
{
    double rows = fmin(m, ROWS), depth = fmin(k, DEPTH), cols = fmin(n, COLS);

    if (!is_thick(m, k, n))
        return k * n * sizeof(uint64_t); /* the columns of B */
    return sizeof(double) * N_PRODUCTS * (depth * cols + threads * rows * (depth + cols));
}

ec_mod_work ec_mod_work_init(uint64_t prime, const ec_run *run, const char *what, double total)
{
    ec_mod_work work = {.threads = run != NULL && run->threads > 1 ? run->threads : 1,
                        .run = run,
                        .what = what,
                        .total = total};

    nmod_init(&work.mod, prime);
    return work;
}

ec_status ec_mod_step(ec_mod_work *work, double seconds, ec_error *err)
{
    work->done += seconds;
    if (work->run == NULL)
        return EC_OK;
    return ec_run_step(work->run, work->what, work->done < work->total ? work->done : work->total,
                       work->total, err);
}

/* the old entry less the new one, or the new one */
static void put(uint64_t *c, uint64_t x, unsigned how, nmod_t mod)
{
    *c = how & EC_MOD_SUBTRACT ? nmod_sub(*c, x, mod) : x;
}

/* ------------------------------------------------------------ thin products */

/* columns of B one after the other; NULL after a reported failure */
static uint64_t *transpose(ec_mod_view b, ec_error *err)
{
    uint64_t *t = ec_calloc(b.rows * b.cols, sizeof *t, err);

    for (size_t i = 0; t != NULL && i < b.rows; i++)
        for (size_t j = 0; j < b.cols; j++)
            t[j * b.rows + i] = b.x[i * b.ld + j];
    return t;
}

/* b holds the columns: C = A b^T */
static void multiply_thin(ec_mod_view c, ec_mod_view a, ec_mod_view b, unsigned how,
                          const ec_mod_work *work)
{
    nmod_t mod = work->mod;

#pragma omp parallel for num_threads(work->threads)                                                \
    schedule(static) if (c.rows * c.cols * a.cols > 65536)
    for (size_t i = 0; i < c.rows; i++)
        for (size_t j = 0; j < c.cols; j++)
            put(&c.x[i * c.ld + j],
                ec_flint._nmod_vec_dot(a.x + i * a.ld, b.x + j * b.ld, (slong)a.cols, mod, 3), how,
                mod);
}

static ec_status product_thin(ec_mod_view c, ec_mod_view a, ec_mod_view b, unsigned how,
                              ec_mod_work *work, ec_error *err)
{
    uint64_t *columns = NULL;

    if (!(how & EC_MOD_TRANSPOSED)) {
        columns = transpose(b, err);
        if (columns == NULL)
            return EC_ENOMEM;
        b = ec_mod_view_of(columns, b.cols, b.rows);
    }
    multiply_thin(c, a, b, how, work);
    ec_free(columns);
    return ec_mod_step(work, ec_mod_product_seconds((double)c.rows, (double)a.cols, (double)c.cols),
                       err);
}

/* ----------------------------------------------------------- thick products */

/* digits 0, 1, 2 and sums 0+1, 0+2, 1+2 of all entries, six packed matrices, `stride` apart */
static void split(double *out, size_t stride, ec_mod_view a)
{
    const uint64_t mask = ((uint64_t)1 << DIGIT_BITS) - 1;

    for (size_t i = 0; i < a.rows; i++)
        for (size_t j = 0; j < a.cols; j++) {
            uint64_t x = a.x[i * a.ld + j];
            double *to = out + i * a.cols + j;
            double d0 = (double)(x & mask), d1 = (double)(x >> DIGIT_BITS & mask);
            double d2 = (double)(x >> 2 * DIGIT_BITS);

            to[0] = d0;
            to[stride] = d1;
            to[2 * stride] = d2;
            to[3 * stride] = d0 + d1;
            to[4 * stride] = d0 + d2;
            to[5 * stride] = d1 + d2;
        }
}

static inline uint64_t residue(unsigned __int128 x, nmod_t mod)
{
    uint64_t high = (uint64_t)(x >> 64), r;

    high = high < mod.n ? high : high % mod.n; /* never, for primes of 63 bits */
    NMOD_RED2(r, high, (uint64_t)x, mod);
    return r;
}

/* the residue of sum_k c_k 2^(21 k), c_k the coefficients of the product of two polynomials */
static uint64_t join(const double *q, size_t stride, nmod_t mod)
{
    uint64_t p[N_PRODUCTS];

    for (size_t k = 0; k < N_PRODUCTS; k++)
        p[k] = (uint64_t)q[k * stride];
    unsigned __int128 low = p[0] + ((unsigned __int128)(p[3] - p[0] - p[1]) << DIGIT_BITS) +
                            ((unsigned __int128)(p[4] - p[0] - p[2] + p[1]) << 2 * DIGIT_BITS);
    unsigned __int128 high = p[5] - p[1] - p[2] + ((unsigned __int128)p[2] << DIGIT_BITS);

    return residue(low + ((unsigned __int128)residue(high, mod) << N_DIGITS * DIGIT_BITS), mod);
}

/* what the threads share, and the buffers: digits of B; of A and the six products, per thread */
typedef struct block {
    ec_mod_view c, a, b; /* this block's part of each; b as stored */
    unsigned how;
    double *b_digits;
    double *room;
    size_t thread_room, thread_digits; /* doubles of a thread; those for digits of A */
    const ec_mod_work *work;
} block;

/* rows [first, first + n) of the block's C */
static void multiply_rows(const block *k, size_t first, size_t n, double *room)
{
    size_t depth = k->a.cols, cols = k->c.cols;
    double *digits = room, *q = room + k->thread_digits;

    split(digits, n * depth, ec_mod_block(k->a, (size_t[]){first, 0}, (size_t[]){n, depth}));
    for (size_t d = 0; d < N_PRODUCTS; d++) {
        ec_cmat b = ec_cmat_of(k->b_digits + d * depth * cols, k->b.rows, k->b.cols);

        /* Q_d = A_d op(B_d), (n, depth)(depth, cols) -> (n, cols), integers below 2^53 */
        b.transposed = k->how & EC_MOD_TRANSPOSED;
        ec_linalg_gemm(ec_mat_of(q + d * n * cols, n, cols), 1,
                       ec_cmat_of(digits + d * n * depth, n, depth), b, 0);
    }
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < cols; j++)
            put(&k->c.x[(first + i) * k->c.ld + j], join(q + i * cols + j, n * cols, k->work->mod),
                k->how, k->work->mod);
}

static void multiply_block(const block *k)
{
    size_t n_parts = (k->c.rows + ROWS - 1) / ROWS;
    unsigned threads = k->work->threads;

    split(k->b_digits, k->b.rows * k->b.cols, k->b);
#pragma omp parallel for num_threads(threads) schedule(static, 1)
    for (unsigned t = 0; t < threads; t++)
        for (size_t part = t; part < n_parts; part += threads) {
            size_t first = part * ROWS, left = k->c.rows - first;
            multiply_rows(k, first, left < ROWS ? left : ROWS, k->room + t * k->thread_room);
        }
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

static ec_status block_init(block *k, ec_mod_view c, ec_mod_view a, ec_error *err)
{
    size_t rows = smaller(c.rows, ROWS), depth = smaller(a.cols, DEPTH),
           cols = smaller(c.cols, COLS);
    ec_status status = EC_OK;

    k->thread_digits = N_PRODUCTS * rows * depth;
    k->thread_room = N_PRODUCTS * rows * (depth + cols);
    EC_TRY(ec_linalg_load(err));
    EC_NEW(k->b_digits, N_PRODUCTS * depth * cols);
    EC_NEW(k->room, k->work->threads * k->thread_room);
done:
    return status;
}

/* what a product is added to; the sum of its blocks is then subtracted from 0 */
static void clear_view(ec_mod_view c)
{
    for (size_t i = 0; i < c.rows; i++)
        memset(c.x + i * c.ld, 0, c.cols * sizeof *c.x);
}

static void negate(ec_mod_view c, nmod_t mod)
{
    for (size_t i = 0; i < c.rows; i++)
        for (size_t j = 0; j < c.cols; j++)
            c.x[i * c.ld + j] = nmod_neg(c.x[i * c.ld + j], mod);
}

static ec_status product_thick(ec_mod_view c, ec_mod_view a, ec_mod_view b, unsigned how,
                               ec_mod_work *work, ec_error *err)
{
    ec_status status = EC_OK;
    block k = {.how = how | EC_MOD_SUBTRACT, .work = work};

    EC_TRY(block_init(&k, c, a, err));
    if (!(how & EC_MOD_SUBTRACT))
        clear_view(c);
    for (size_t j = 0; j < c.cols; j += COLS)
        for (size_t l = 0; l < a.cols; l += DEPTH) {
            size_t cols = smaller(c.cols - j, COLS), depth = smaller(a.cols - l, DEPTH);

            k.c = ec_mod_block(c, (size_t[]){0, j}, (size_t[]){c.rows, cols});
            k.a = ec_mod_block(a, (size_t[]){0, l}, (size_t[]){c.rows, depth});
            k.b = how & EC_MOD_TRANSPOSED
                      ? ec_mod_block(b, (size_t[]){j, l}, (size_t[]){cols, depth})
                      : ec_mod_block(b, (size_t[]){l, j}, (size_t[]){depth, cols});
            multiply_block(&k);
            EC_TRY(ec_mod_step(
                work, ec_mod_product_seconds((double)c.rows, (double)depth, (double)cols), err));
        }
    if (!(how & EC_MOD_SUBTRACT))
        negate(c, work->mod);
done:
    ec_free(k.b_digits);
    ec_free(k.room);
    return status;
}

ec_status ec_mod_product(ec_mod_view c, ec_mod_view a, ec_mod_view b, unsigned how,
                         ec_mod_work *work, ec_error *err)
{
    bool thick = is_thick((double)c.rows, (double)a.cols, (double)c.cols);

    if (thick)
        return product_thick(c, a, b, how, work, err);
    return product_thin(c, a, b, how, work, err);
}
