# SPDX-License-Identifier: GPL-3.0-or-later
"""Entropies of labelled samples across halves of a row of features, in numpy as one would write it.

usage: numpy_entropy.py X.npy Y.npy LEVELS      levels 1 .. LEVELS, theta 0.085

Grams of the finest blocks from cosines and sines, feature after feature; products up and down the
levels; a symmetric eigendecomposition for each block. Prints "SECONDS", then an entropy a line.
"""
import sys
import time

import numpy as np

THETA = 0.085


def gram(x):
    """prod_n cos(pi theta (x_n^i - x_n^j))"""
    out = np.ones((len(x), len(x)))
    for cos, sin in zip(np.cos(np.pi * THETA * x).T, np.sin(np.pi * THETA * x).T):
        out *= np.outer(cos, cos) + np.outer(sin, sin)
    return out


def entropy(inside, rest, sign):
    values, vectors = np.linalg.eigh(inside * np.outer(sign, sign))
    factor = vectors * np.sqrt(np.clip(values, 0, None))
    p = np.clip(np.linalg.eigvalsh(factor.T @ rest @ factor), 0, None)
    p = p[p > 0] / p.sum()
    return -(p * np.log(p)).sum()


def main():
    before = time.perf_counter()
    x, y, levels = np.load(sys.argv[1]), np.load(sys.argv[2]), int(sys.argv[3])
    if x.dtype == np.uint8:
        x = x / 255
    x = x.reshape(len(x), -1)
    sign = np.where(y > 0, 1.0, -1.0)
    inside = {levels: [gram(block) for block in np.split(x, 2**levels, axis=1)]}
    for level in range(levels - 1, 0, -1):
        below = inside[level + 1]
        inside[level] = [below[2 * b] * below[2 * b + 1] for b in range(2**level)]
    rest = {0: [np.ones((len(x), len(x)))]}
    found = []
    for level in range(1, levels + 1):
        rest[level] = [rest[level - 1][b // 2] * inside[level][b ^ 1] for b in range(2**level)]
        for b in range(1 if level == 1 else 2**level):
            found.append(entropy(inside[level][b], rest[level][b], sign))
    print(time.perf_counter() - before)
    print("\n".join(f"{value:.17g}" for value in found))


main()
