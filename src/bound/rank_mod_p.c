/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "entcap/bound.h"

#include "core/flow.h"

#include "bound/mod_product.h"

#include <string.h>

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

ec_status ec_bound_rank_mod_p(uint64_t *rank, ec_mod_matrix matrix, const ec_run *run,
                              ec_error *err)
{
    double rows = (double)matrix.rows, cols = (double)matrix.cols;
    ec_status status = EC_OK;
    uint64_t *copy = NULL;

    *rank = 0;
    EC_TRY(ec_flint_load(err));
    ec_mod_work work =
        ec_mod_work_init(matrix.prime, run, "rank modulo p", ec_mod_rank_seconds(rows, cols));
    EC_TRY(ec_run_reserve(run, "rank modulo p",
                          rows * cols * sizeof *copy + ec_mod_rank_bytes(rows, cols, work.threads),
                          err));
    EC_NEW(copy, matrix.rows * matrix.cols);
    memcpy(copy, matrix.data, matrix.rows * matrix.cols * sizeof *copy);
    EC_TRY(ec_mod_rank(rank, NULL, ec_mod_view_of(copy, matrix.rows, matrix.cols), &work, err));
done:
    ec_free(copy);
    return status;
}
