/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "entcap/core.h"

#include <math.h>

static uint64_t splitmix64(uint64_t *x)
{
    uint64_t z = (*x += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static uint64_t rotate_left(uint64_t x, int k)
{
    return (x << k) | (x >> (64 - k));
}

void ec_rng_seed(ec_rng *rng, uint64_t seed)
{
    for (int i = 0; i < 4; i++)
        rng->state[i] = splitmix64(&seed);
}

uint64_t ec_rng_u64(ec_rng *rng)
{
    uint64_t *s = rng->state;
    uint64_t result = rotate_left(s[1] * 5, 7) * 9;
    uint64_t t = s[1] << 17;

    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate_left(s[3], 45);
    return result;
}

uint64_t ec_rng_below(ec_rng *rng, uint64_t bound)
{
    uint64_t reject_below = (0 - bound) % bound; /* 2^64 mod bound */
    uint64_t x;

    do
        x = ec_rng_u64(rng);
    while (x < reject_below);
    return x % bound;
}

double ec_rng_uniform(ec_rng *rng)
{
    return (double)(ec_rng_u64(rng) >> 11) * 0x1p-53;
}

double ec_rng_normal(ec_rng *rng)
{
    /* Box-Muller; 1 - u lies in (0, 1] */
    double radius = sqrt(-2.0 * log(1.0 - ec_rng_uniform(rng)));
    return radius * cos(6.283185307179586476925 * ec_rng_uniform(rng));
}

void ec_rng_shuffle(ec_rng *rng, uint32_t *items, size_t n)
{
    for (size_t i = n; i > 1; i--) {
        size_t j = (size_t)ec_rng_below(rng, i);
        uint32_t swap = items[i - 1];
        items[i - 1] = items[j];
        items[j] = swap;
    }
}
