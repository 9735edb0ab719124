/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ENTCAP_CORE_FLOW_H
#define ENTCAP_CORE_FLOW_H

/**
 * The two control-flow macros of the library, for functions of the one shape
 *
 *     ec_status status = EC_OK;
 *     double *x = NULL;
 *     EC_NEW(x, n);              allocate, else goto done
 *     EC_TRY(step(x, n, err));   call, else goto done
 * done:
 *     ec_free(x);
 *     return status;
 *
 * Both expect `status`, `err` and the label `done` in scope. Private to src/.
 */

#include "entcap/core.h"

#define EC_TRY(call)                                                                               \
    do {                                                                                           \
        status = (call);                                                                           \
        if (status != EC_OK)                                                                       \
            goto done;                                                                             \
    } while (0)

#define EC_NEW(p, n)                                                                               \
    do {                                                                                           \
        (p) = ec_calloc((n), sizeof *(p), err);                                                    \
        if ((p) == NULL) {                                                                         \
            status = EC_ENOMEM;                                                                    \
            goto done;                                                                             \
        }                                                                                          \
    } while (0)

#endif
