/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "state/basis.h"

#include "entcap/linalg.h"

#include "core/flow.h"

#include <math.h>
#include <string.h>

ec_status ec_basis_root(double **root, const ec_state_input *in, const ec_state_options *options,
                        ec_error *err)
{
    size_t m = ec_weights_site_length(in->weights);
    ec_status status = EC_OK;
    double *value = NULL;

    *root = NULL;
    if (options->basis == EC_BASIS_SITES)
        return EC_OK;
    EC_NEW(value, m);
    EC_NEW(*root, m * m);
    if (options->basis == EC_BASIS_DATA)
        memcpy(*root, options->gram, m * m * sizeof **root);
    else
        EC_TRY(ec_state_gram_on_interval(*root, in->weights, err));
    /* G = V^T diag(value) V = R^T R, R = diag(sqrt(value)) V */
    EC_TRY(ec_linalg_eigen_symmetric(value, *root, m, err));
    for (size_t d = 0; d < m; d++)
        for (size_t e = 0; e < m; e++)
            (*root)[d * m + e] *= sqrt(fmax(0, value[d]));
done:
    ec_free(value);
    if (status != EC_OK) {
        ec_free(*root);
        *root = NULL;
    }
    return status;
}
