/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "describe.h"

#include "check.h"
#include "oracle/convac.h"

#include <stdio.h>
#include <string.h>

ec_arch *describe_uniform_arch(const describe_uniform *u)
{
    char text[8192], window[32];
    size_t sites = 1, n = 0;
    ec_arch *arch;
    ec_error err = {.status = EC_OK};

    for (size_t l = 0; l < u->n; l++)
        sites *= u->side;
    snprintf(window, sizeof window, u->grid ? "[%u, %u]" : "[%u]", u->side, u->side);
    n += (size_t)snprintf(text, sizeof text, "name: uniform\ninput: {shape: [%zu", sites);
    if (u->grid)
        n += (size_t)snprintf(text + n, sizeof text - n, ", %zu", sites);
    n += (size_t)snprintf(text + n, sizeof text - n, "], channels: %u}\nlayers:\n", u->sites);
    for (size_t l = 0; l < u->n; l++)
        n += (size_t)snprintf(text + n, sizeof text - n,
                              "  - conv: {channels: %u, shared: %s}\n  - pool: {window: %s}\n",
                              u->width[l], u->shared ? "true" : "false", window);
    n += (size_t)snprintf(text + n, sizeof text - n, "  - dense: {outputs: 2}\n");
    assert_true(n < sizeof text);
    assert_ok(ec_arch_parse(&arch, text, n, "uniform", &err), &err);
    return arch;
}

/* ", h3" and the like: one bond of a tensor. */
static size_t add_bond(char *text, size_t size, const char *kind, size_t number)
{
    return (size_t)snprintf(text, size, ", %s%zu", kind, number);
}

ec_arch *describe_lattice(size_t n, uint32_t site, uint32_t bond, ec_rng *rng)
{
    size_t size = 120 * n * n + 100, at = 0;
    char *text = ec_calloc(size, 1, NULL);
    ec_arch *arch;
    ec_error err = {.status = EC_OK};

    assert_non_null(text);
    at += (size_t)snprintf(text, size, "name: lattice\nnetwork:\n  indices:\n");
    for (size_t i = 0; i < 3 * n * n; i++) {
        uint32_t dim = i % 3 == 0 ? site : bond, least = i % 3 == 0 ? 2 : 1;
        if (rng != NULL)
            dim = least + (uint32_t)ec_rng_below(rng, dim - least + 1);
        at += (size_t)snprintf(text + at, size - at, "    %c%zu: %u\n", "shv"[i % 3], i / 3, dim);
    }
    at += (size_t)snprintf(text + at, size - at, "  tensors:\n");
    for (size_t y = 0; y < n; y++)
        for (size_t x = 0; x < n; x++) {
            size_t i = y * n + x;
            at += (size_t)snprintf(text + at, size - at, "    T%zu: [s%zu", i, i);
            at += add_bond(text + at, size - at, "h", i);
            at += add_bond(text + at, size - at, "v", i);
            at += x > 0 ? add_bond(text + at, size - at, "h", i - 1) : 0;
            at += y > 0 ? add_bond(text + at, size - at, "v", i - n) : 0;
            at += (size_t)snprintf(text + at, size - at, "]\n");
        }
    at += (size_t)snprintf(text + at, size - at, "  open: [s0");
    for (size_t i = 1; i < n * n; i++)
        at += add_bond(text + at, size - at, "s", i);
    at += (size_t)snprintf(text + at, size - at, "]\n");
    assert_true(at < size);
    assert_ok(ec_arch_parse(&arch, text, at, "lattice", &err), &err);
    ec_free(text);
    return arch;
}

ec_sites describe_sides(const ec_arch *arch, const char *fmt, ...)
{
    char name[64];
    ec_partition partition;
    ec_sites a;
    va_list args;
    ec_error err = {.status = EC_OK};

    va_start(args, fmt);
    vsnprintf(name, sizeof name, fmt, args);
    va_end(args);
    assert_ok(ec_arch_partition(&partition, arch, name, &err), &err);
    assert_ok(ec_sites_copy(&a, &partition.a, &err), &err);
    ec_partition_clear(&partition);
    return a;
}

void describe_random(ec_arch *out, size_t max_sites, ec_rng *rng)
{
    static const uint32_t widths[][6] = {
        {2, 3, 4, 6, 8, 9}, {2, 4, 8, 16, 4, 2}, {1, 2, 3, 5, 7, 10}, {12, 18, 27, 8, 6, 4}};
    static const uint32_t windows[][2] = {{1, 1}, {1, 2}, {1, 2}, {2, 1}, {1, 3}, {2, 2}, {1, 6}};
    const uint32_t *palette = widths[ec_rng_below(rng, 4)];
    convac_level levels[12];
    size_t n = 0, sites = 1;

    while (n < 12 && (sites < 2 || ec_rng_below(rng, 8) != 0)) {
        size_t kind = n == 0 && ec_rng_below(rng, 3) != 0 ? 0 : (size_t)ec_rng_below(rng, 7);
        const uint32_t *window = windows[kind];
        if (sites * window[0] * window[1] > max_sites)
            break;
        sites *= window[0] * window[1];
        levels[n++] = (convac_level){.dim = palette[ec_rng_below(rng, 6)],
                                     .height = window[0],
                                     .width = window[1],
                                     .shared = ec_rng_below(rng, 4) != 0};
    }
    if (sites < 2) {
        describe_random(out, max_sites, rng);
        return;
    }
    convac_make(out, levels, n, 2);
}

ec_sites describe_random_sides(size_t n_sites, ec_rng *rng)
{
    size_t run = (size_t)1 << ec_rng_below(rng, 6), one = (size_t)ec_rng_below(rng, n_sites);
    bool side = false;
    ec_sites a;

    assert_ok(ec_sites_init(&a, n_sites, NULL), NULL);
    for (size_t s = 0; s < n_sites; s++) {
        if (s % run == 0)
            side = ec_rng_below(rng, 2) == 0;
        if (side)
            ec_sites_add(&a, s);
    }
    if (ec_sites_count(&a) == 0)
        ec_sites_add(&a, one);
    if (ec_sites_count(&a) == n_sites)
        ec_sites_remove(&a, one);
    return a;
}
