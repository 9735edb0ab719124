/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "entcap/bound.h"

#include <flint/nmod_mat.h>
#include <flint/ulong_extras.h>

uint64_t ec_bound_random_prime(ec_rng *rng)
{
    uint64_t p;

    /* one in 22 odd numbers of this size is prime; n_is_prime proves it */
    do
        p = (ec_rng_u64(rng) >> 2) | (uint64_t)1 << 62 | 1;
    while (!n_is_prime(p));
    return p;
}

/* elimination copies halves of the matrix on its way down */
static double elimination_bytes(ec_mod_matrix m)
{
    return 2.0 * (double)m.rows * (double)m.cols * sizeof *m.data;
}

ec_status ec_bound_rank_mod_p(uint64_t *rank, ec_mod_matrix matrix, const ec_run *run,
                              ec_error *err)
{
    ec_status status = ec_run_reserve(run, "rank modulo p", elimination_bytes(matrix), err);
    nmod_mat_t work;

    *rank = 0;
    if (status != EC_OK)
        return status;
    nmod_mat_init(work, (slong)matrix.rows, (slong)matrix.cols, matrix.prime);
    for (size_t i = 0; i < matrix.rows; i++)
        for (size_t j = 0; j < matrix.cols; j++)
            nmod_mat_entry(work, i, j) = matrix.data[i * matrix.cols + j];
    *rank = (uint64_t)nmod_mat_rank(work);
    nmod_mat_clear(work);
    return EC_OK;
}
