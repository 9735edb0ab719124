# SPDX-License-Identifier: GPL-3.0-or-later
"""The minimum cuts of a square 2 x 2 ConvAC by scipy's maximum flow, as one would write it.

usage: maximum_flow.py LEVELS PARTITION...      (2^LEVELS x 2^LEVELS sites, 10 channels, then 16)

Prints a line "PARTITION SECONDS LOG2" for each cut: the time to build the graph, arrays at a time,
and to solve. scipy knows 32-bit capacities only, so the logarithm is rounded.
"""
import math
import sys
import time

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import maximum_flow

M, R = 10, 16
FREE = 2**30  # more than any flow
SIDES = {
    "left-right": lambda y, x, side: x < side // 2,
    "interleaved": lambda y, x, side: (x + y) % 2 == 0,
}


def flow_graph(levels, partition, scale):
    """Source 0, sink 1; a node for each tensor, and two, in -> out, for each pooled index."""
    side, n = 2**levels, 2
    tensors = n + np.arange(side * side).reshape(side, side)
    n += side * side
    in_a = SIDES[partition](*np.indices((side, side)), side).ravel()
    # a site's matrix is tied to the terminal of its side by the site's index
    tails, heads = [np.where(in_a, 0, tensors.ravel())], [np.where(in_a, tensors.ravel(), 1)]
    capacities = [np.full(side * side, round(scale * math.log2(M)))]

    def arcs(tail, head, capacity):
        tails.append(tail)
        heads.append(head)
        capacities.append(np.full(tail.size, capacity))

    for _ in range(levels):
        side //= 2
        above, enter, leave = n + np.arange(3 * side * side).reshape(3, side, side)
        n += 3 * side * side
        arcs(enter.ravel(), leave.ravel(), round(scale * math.log2(R)))
        for tensor in [tensors[i::2, j::2] for i in (0, 1) for j in (0, 1)] + [above]:
            arcs(tensor.ravel(), enter.ravel(), FREE)
            arcs(leave.ravel(), tensor.ravel(), FREE)
        tensors = above
    matrix = np.concatenate(capacities).astype(np.int32)
    return csr_matrix((matrix, (np.concatenate(tails), np.concatenate(heads))), shape=(n, n))


def main():
    levels = int(sys.argv[1])
    scale = 2**30 / (4**levels * math.log2(M))
    for partition in sys.argv[2:]:
        before = time.perf_counter()
        flow = maximum_flow(flow_graph(levels, partition, scale), 0, 1).flow_value
        print(partition, time.perf_counter() - before, flow / scale)


main()
