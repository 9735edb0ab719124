/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "arch_i.h"

#include <stdio.h>
#include <string.h>

/* Bits of word w that stand for sites lo .. hi. */
static uint64_t mask_of(size_t w, size_t lo, size_t hi)
{
    uint64_t mask = ~(uint64_t)0;

    if (w == lo / 64)
        mask &= ~(uint64_t)0 << (lo % 64);
    if (w == hi / 64)
        mask &= ~(uint64_t)0 >> (63 - hi % 64);
    return mask;
}

/* By words: a list of ranges can name 2^24 sites. */
bool ec_sites_add_range(ec_sites *sites, size_t lo, size_t hi, size_t *repeated)
{
    for (size_t w = lo / 64; w <= hi / 64; w++) {
        uint64_t mask = mask_of(w, lo, hi), twice = sites->bits[w] & mask;
        if (twice != 0) {
            *repeated = 64 * w + (size_t)__builtin_ctzll(twice);
            return false;
        }
        sites->bits[w] |= mask;
    }
    return true;
}

static const char *skip_blanks(const char *p)
{
    return p + strspn(p, " ");
}

/* One site number at *p, which moves behind it. */
static bool read_site(uint64_t *site, size_t n, const char **p, const char *text,
                      ec_sites_fault *fault)
{
    const char *at = *p = skip_blanks(*p);
    bool number = ec_value_scan(site, at, p);

    fault->offset = (size_t)(at - text);
    if (!number && *at >= '0' && *at <= '9')
        snprintf(fault->msg, sizeof fault->msg, "sites are plain integers from 0 to %zu, not %s",
                 n - 1, ec_quote(at).text);
    else if (!number)
        snprintf(fault->msg, sizeof fault->msg,
                 "a site from 0 to %zu is expected here, as in \"0-3,8\"", n - 1);
    else if (*site >= n)
        snprintf(fault->msg, sizeof fault->msg, "site %llu is out of range; the sites are 0 to %zu",
                 (unsigned long long)*site, n - 1);
    else
        return true;
    return false;
}

/* The loop reads one site or range and the comma behind it; any way out but its break is a fault.
 */
ec_status ec_sites_read(ec_sites *out, size_t n, const char *text, ec_sites_fault *fault,
                        ec_error *err)
{
    ec_status status = ec_sites_init(out, n, err);
    const char *p = text;

    while (status == EC_OK) {
        uint64_t lo, hi;
        size_t repeated;
        const char *start = skip_blanks(p);
        if (!read_site(&lo, n, &p, text, fault))
            return EC_EPARSE;
        hi = lo;
        p = skip_blanks(p);
        if (*p == '-') {
            p++;
            if (!read_site(&hi, n, &p, text, fault))
                return EC_EPARSE;
            p = skip_blanks(p);
        }
        fault->offset = (size_t)(start - text);
        if (hi < lo)
            snprintf(fault->msg, sizeof fault->msg,
                     "the range %llu-%llu is reversed; write %llu-%llu", (unsigned long long)lo,
                     (unsigned long long)hi, (unsigned long long)hi, (unsigned long long)lo);
        else if (!ec_sites_add_range(out, lo, hi, &repeated))
            snprintf(fault->msg, sizeof fault->msg, "site %zu is repeated; list it once", repeated);
        else if (*p == '\0')
            break;
        else if (*p++ == ',')
            continue;
        else {
            fault->offset = (size_t)(p - 1 - text);
            snprintf(fault->msg, sizeof fault->msg,
                     "a comma or a dash is expected here, as in \"0-3,8\"");
        }
        return EC_EPARSE;
    }
    return status;
}
