/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "entcap/bound.h"

#include "core/flow.h"

#include "bound/flint_i.h"

ec_status ec_bound_random_prime(uint64_t *prime, ec_rng *rng, ec_error *err)
{
    ec_status status = ec_flint_load(err);

    *prime = 0;
    if (status != EC_OK)
        return status;
    /* one in 22 odd numbers of this size is prime; n_is_prime proves it */
    do
        *prime = (ec_rng_u64(rng) >> 2) | (uint64_t)1 << 62 | 1;
    while (!ec_flint.n_is_prime(*prime));
    return EC_OK;
}

/* The copy that is eliminated in place, and the products of its halves. */
static size_t elimination_words(ec_mod_matrix m)
{
    return 2 * m.rows * m.cols + 2 * m.rows;
}

/* FLINT aborts where malloc fails: see that it will not. */
static ec_status probe_memory(ec_mod_matrix m, ec_error *err)
{
    uint64_t *probe = ec_calloc(elimination_words(m), sizeof *probe, err);

    ec_free(probe);
    return probe != NULL ? EC_OK : EC_ENOMEM;
}

ec_status ec_bound_rank_mod_p(uint64_t *rank, ec_mod_matrix matrix, const ec_run *run,
                              ec_error *err)
{
    ec_status status = EC_OK;
    slong *permutation = NULL;
    nmod_mat_t work;

    *rank = 0;
    EC_TRY(ec_flint_load(err));
    EC_TRY(ec_run_reserve(run, "rank modulo p",
                          (double)elimination_words(matrix) * sizeof(uint64_t), err));
    EC_NEW(permutation, matrix.rows);
    EC_TRY(probe_memory(matrix, err));
    ec_flint.nmod_mat_init(work, (slong)matrix.rows, (slong)matrix.cols, matrix.prime);
    for (size_t i = 0; i < matrix.rows; i++)
        for (size_t j = 0; j < matrix.cols; j++)
            nmod_mat_entry(work, i, j) = matrix.data[i * matrix.cols + j];
    *rank = (uint64_t)ec_flint.nmod_mat_lu(permutation, work, 0);
    ec_flint.nmod_mat_clear(work);
done:
    ec_free(permutation);
    return status;
}
