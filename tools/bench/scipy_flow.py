# SPDX-License-Identifier: GPL-3.0-or-later
"""Compare the rows of tools/bench/bounds with scipy's maximum flow on the same networks.

usage: scipy_flow.py <ROWS. A ratio is scipy's seconds, building the graph left out, over entcap's,
everything in. scipy knows 32-bit capacities only, so its value is compared within the rounding.
"""
import math
import sys
import time

try:
    from numpy import array, int32
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import maximum_flow
except ImportError:
    maximum_flow = None

M, R, MOST_SECONDS = 10, 16, 6
FREE = 2**30  # more than any flow


def flow_graph(side, is_a, scale):
    """The square 2 x 2 ConvAC as a flow network; a pooled index is two nodes, in -> out."""
    source, sink, n = 0, 1, 2
    arcs = []
    # one vertex for each site's matrix, tied to its terminal by the site's index
    vertices = {}
    for y in range(side):
        for x in range(side):
            vertices[y, x], n = n, n + 1
            capacity = round(scale * math.log(M))
            if is_a(y, x):
                arcs.append((source, vertices[y, x], capacity))
            else:
                arcs.append((vertices[y, x], sink, capacity))
    while side > 1:
        side //= 2
        above = {}
        for y in range(side):
            for x in range(side):
                above[y, x], enter, leave, n = n, n + 1, n + 2, n + 3
                arcs.append((enter, leave, round(scale * math.log(R))))
                window = [vertices[2 * y + i, 2 * x + j] for i in (0, 1) for j in (0, 1)]
                for vertex in window + [above[y, x]]:
                    arcs += [(vertex, enter, FREE), (leave, vertex, FREE)]
        vertices = above
    tail, head, capacity = zip(*arcs)
    return csr_matrix((array(capacity, dtype=int32), (tail, head)), shape=(n, n))


def time_scipy(sites, partition):
    """Median seconds and log2 of the cut."""
    side = math.isqrt(sites)
    is_a = {"left-right": lambda y, x: x < side // 2, "interleaved": lambda y, x: (x + y) % 2 == 0}
    scale = 2**31 / (sites * math.log(M)) / 2
    graph = flow_graph(side, is_a[partition], scale)
    seconds, begin = [], time.perf_counter()
    while not seconds or (len(seconds) < 5 and time.perf_counter() - begin < MOST_SECONDS):
        before = time.perf_counter()
        flow = maximum_flow(graph, 0, 1).flow_value
        seconds.append(time.perf_counter() - before)
    return sorted(seconds)[len(seconds) // 2], flow / scale / math.log(2)


def main():
    print(f"{'sites':>7} {'partition':12} {'method':8} {'seconds':>10} {'log2':>12} {'scipy/this':>11}")
    rows = [line.split() for line in sys.stdin]
    peers = {}
    for sites, partition, method, seconds, log2 in rows:
        ratio = ""
        if maximum_flow is not None:
            key = sites, partition
            if key not in peers:
                peers[key] = time_scipy(int(sites), partition)
                print(f"{sites:>7} {partition:12} {'scipy':8} {peers[key][0]:10.4g} {peers[key][1]:12.6g}")
            if abs(peers[key][1] - float(log2)) > 1e-3 * float(log2):
                sys.exit(f"{sites} {partition}: scipy finds 2^{peers[key][1]}, entcap 2^{log2}")
            ratio = f"{peers[key][0] / float(seconds):11.3g}"
        print(f"{sites:>7} {partition:12} {method:8} {float(seconds):10.4g} {float(log2):12.6g} {ratio}")
    if maximum_flow is None:
        print("no scipy here (tools/bootstrap bench installs it): nothing to compare with")


main()
