/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "entcap/core.h"

#include <string.h>

enum { LONGEST = 40 }; /* longer words are not worth a suggestion */

static size_t smallest(size_t a, size_t b, size_t c)
{
    size_t least = a < b ? a : b;
    return least < c ? least : c;
}

/*
 * Edits that turn a into b: insert, delete, replace, swap two neighbours. row[i % 3][j] is the
 * distance of the first i bytes of a to the first j of b.
 */
static size_t edits(const char *a, size_t n, const char *b, size_t m)
{
    size_t row[3][LONGEST + 1] = {{0}};

    for (size_t j = 0; j <= m; j++)
        row[0][j] = j;
    for (size_t i = 1; i <= n; i++) {
        size_t *now = row[i % 3], *above = row[(i - 1) % 3], *two_above = row[(i + 1) % 3];
        now[0] = i;
        for (size_t j = 1; j <= m; j++) {
            now[j] = smallest(above[j] + 1, now[j - 1] + 1, above[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                now[j] = smallest(now[j], two_above[j - 2] + 1, now[j]);
        }
    }
    return row[n % 3][m];
}

void ec_nearest_offer(ec_nearest *nearest, const char *known)
{
    size_t n = strlen(nearest->word), m = strlen(known), distance;

    if (n > LONGEST || m > LONGEST)
        return;
    distance = edits(nearest->word, n, known, m);
    if (distance > 1 + n / 4 || distance >= m) /* nothing of the known word would be left */
        return;
    if (nearest->best == NULL || distance < nearest->distance) {
        nearest->best = known;
        nearest->distance = distance;
    }
}
