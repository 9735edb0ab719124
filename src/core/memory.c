/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "entcap/core.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static atomic_long live_blocks;
static atomic_long allowed_allocations = -1; /* negative: no limit */

void ec_memory_allow(long allowed)
{
    atomic_store(&allowed_allocations, allowed);
}

long ec_memory_live(void)
{
    return atomic_load(&live_blocks);
}

static bool may_allocate(void)
{
    long left = atomic_load(&allowed_allocations);
    while (left >= 0) {
        if (left == 0)
            return false;
        if (atomic_compare_exchange_weak(&allowed_allocations, &left, left - 1))
            return true;
    }
    return true;
}

static bool product_fits(size_t n, size_t size)
{
    return size == 0 || n <= (size_t)PTRDIFF_MAX / size;
}

void *ec_calloc(size_t n, size_t size, ec_error *err)
{
    void *p = NULL;

    if (product_fits(n, size) && may_allocate())
        p = calloc(n != 0 ? n : 1, size != 0 ? size : 1);
    if (p == NULL) {
        ec_fail(err, EC_ENOMEM, "out of memory: cannot allocate %zu x %zu bytes", n, size);
        return NULL;
    }
    atomic_fetch_add(&live_blocks, 1);
    return p;
}

void *ec_realloc(void *p, size_t n, size_t size, ec_error *err)
{
    void *q = NULL;

    if (p == NULL)
        return ec_calloc(n, size, err);
    if (product_fits(n, size) && may_allocate())
        q = realloc(p, n != 0 && size != 0 ? n * size : 1);
    if (q == NULL)
        ec_fail(err, EC_ENOMEM, "out of memory: cannot allocate %zu x %zu bytes", n, size);
    return q;
}

char *ec_strdup(const char *s, ec_error *err)
{
    size_t bytes = strlen(s) + 1;
    char *copy = ec_calloc(bytes, 1, err);

    if (copy != NULL)
        memcpy(copy, s, bytes);
    return copy;
}

void ec_free(void *p)
{
    if (p == NULL)
        return;
    atomic_fetch_sub(&live_blocks, 1);
    free(p);
}
