/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "entcap/core.h"

#include <string.h>

static size_t words(size_t n)
{
    return n / 64 + (n % 64 != 0);
}

ec_status ec_sites_init(ec_sites *out, size_t n, ec_error *err)
{
    *out = (ec_sites){.n = 0};
    out->bits = ec_calloc(words(n), sizeof *out->bits, err);
    if (out->bits == NULL)
        return EC_ENOMEM;
    out->n = n;
    return EC_OK;
}

void ec_sites_clear(ec_sites *sites)
{
    if (sites == NULL)
        return;
    ec_free(sites->bits);
    *sites = (ec_sites){.n = 0};
}

ec_status ec_sites_copy(ec_sites *out, const ec_sites *from, ec_error *err)
{
    ec_status status = ec_sites_init(out, from->n, err);

    if (status == EC_OK)
        memcpy(out->bits, from->bits, words(from->n) * sizeof *from->bits);
    return status;
}

size_t ec_sites_count(const ec_sites *sites)
{
    size_t count = 0;

    for (size_t i = 0; i < words(sites->n); i++)
        count += (size_t)__builtin_popcountll(sites->bits[i]);
    return count;
}

ec_status ec_sites_check_sides(const ec_sites *a, size_t n_sites, ec_error *err)
{
    size_t count = ec_sites_count(a);

    if (a->n != n_sites)
        return ec_fail(err, EC_EINVAL, "side A is drawn from %zu sites, the network has %zu", a->n,
                       n_sites);
    if (count == 0 || count == n_sites)
        return ec_fail(err, EC_EINVAL, "side A holds %s of the %zu sites, both sides need one",
                       count == 0 ? "none" : "all", n_sites);
    return EC_OK;
}
