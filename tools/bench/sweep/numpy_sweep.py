# SPDX-License-Identifier: GPL-3.0-or-later
"""The recursion of a sweep on numpy arrays, an entry for each configuration.

usage: numpy_sweep.py CHUNK LEFT-RIGHT INTERLEAVED VALUE...

The network: 1024 sites in a row, five windows of 4, unshared; each of six widths takes the values
given. Prints the seconds without start and imports, and the smallest number of parameters of a
configuration with a left-right and an interleaved rank of at least so much. CHUNK configurations
are worked on at a time: all of them is the plain way; 2^15 fit into the cache.
"""
import math
import sys
import time

import numpy as np

LEVELS, WINDOW, OUTPUTS = 6, 4, 10
SITES = WINDOW ** (LEVELS - 1)


def quotient(side_of):
    """Classes of subtrees, level by level: each a list of (child class, how many)."""
    levels, below = [], [side_of(site) for site in range(SITES)]
    for _ in range(1, LEVELS):
        classes, here = {}, []
        for at in range(0, len(below), WINDOW):
            children = below[at : at + WINDOW]
            key = tuple((child, children.count(child)) for child in sorted(set(children)))
            here.append(classes.setdefault(key, len(classes)))
        levels.append(list(classes))
        below = here
    return levels


def bound(levels, logs):
    """log2 of the min cut; f[class][side], a leaf is free on its own side."""
    f = [(0.0, logs[0]), (logs[0], 0.0)]
    for log, classes in zip(logs[1:], levels):
        g = []
        for children in classes:
            cut = log + sum(k * np.minimum(*f[c]) for c, k in children)
            g.append(tuple(np.minimum(sum(k * f[c][s] for c, k in children), cut) for s in (0, 1)))
        f = g
    return np.minimum(*f[0])


def sweep(values, least, chunk):
    quotients = [quotient(lambda i: int(i >= SITES // 2)), quotient(lambda i: i % 2)]
    total, best = len(values) ** LEVELS, math.inf
    log_values = np.log2(values)
    for first in range(0, total, chunk):
        numbers = np.arange(first, min(first + chunk, total))
        digits = np.unravel_index(numbers, (len(values),) * LEVELS)
        dims, logs = [values[d] for d in digits], [log_values[d] for d in digits]
        cost = OUTPUTS * dims[-1]
        for l in range(LEVELS - 1):
            cost = cost + SITES // WINDOW**l * dims[l] * dims[l + 1]
        keep = np.ones(len(numbers), dtype=bool)
        for levels, rank in zip(quotients, least):
            keep &= bound(levels, logs) >= math.log2(rank) - 1e-9
        if keep.any():
            best = min(best, int(cost[keep].min()))
    return best


def main():
    chunk, *least = map(int, sys.argv[1:4])
    values = np.array(sys.argv[4:], dtype=np.int64)
    before = time.perf_counter()
    best = sweep(values, least, chunk)
    print(time.perf_counter() - before, best)


main()
