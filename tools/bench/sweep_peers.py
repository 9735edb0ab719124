# SPDX-License-Identifier: GPL-3.0-or-later
"""Configurations per second: `entcap sweep` beside what an expert would write in numpy, and beside
one maximum flow for every configuration.

usage: sweep_peers.py ENTCAP

The network: 1024 sites in a row, five windows of 4, unshared; two partitions; ten values for each of
six widths, a million configurations. All three report the smallest number of parameters of a
configuration with a left-right rank of at least 8 and an interleaved rank of at least 2^300, and
must agree. entcap is timed as a whole process, which starts, reads, filters and prints the
configurations that no other beats; numpy without its start; igraph, through `entcap bound`, as a
whole process for one configuration. Each is the best of several runs.
"""
import math
import os
import resource
import subprocess
import sys
import tempfile
import time

try:
    import numpy as np
except ImportError:
    np = None

LEVELS, WINDOW, OUTPUTS, RUNS = 6, 4, 10, 7
SITES = WINDOW ** (LEVELS - 1)
WIDTHS = [list(range(2, 22, 2)) for _ in range(LEVELS)]
LEAST = {"left-right": 8, "interleaved": 2**300}

DESCRIPTION = "name: bench\ninput: {shape: [1024], channels: 2}\nlayers:\n" + (
    "  - conv: {channels: 2, shared: false}\n  - pool: {window: 4}\n" * (LEVELS - 1)
) + "  - dense: {outputs: 10}\npartitions: [left-right, interleaved]\n"


def quotient(partition):
    """Classes of subtrees, level by level: each a dict child class -> how many."""
    sites = [partition(i) for i in range(SITES)]  # class of a leaf: its side
    levels, below = [], sites
    for level in range(1, LEVELS):
        classes, here = {}, []
        for at in range(0, len(below), WINDOW):
            children = {}
            for child in below[at : at + WINDOW]:
                children[child] = children.get(child, 0) + 1
            key = tuple(sorted(children.items()))
            here.append(classes.setdefault(key, len(classes)))
        levels.append(list(classes))
        below = here
    return levels


def numpy_sweep(quotients, chunk=1 << 17):
    """The same recursion on arrays of configurations, chunk by chunk to stay near the cache."""
    values = [np.array(w) for w in WIDTHS]
    counts = [len(w) for w in WIDTHS]
    total, best = math.prod(counts), None
    positions = [SITES // WINDOW**l for l in range(LEVELS)]
    need = [math.log2(LEAST[name]) - 1e-9 for name in LEAST]
    for first in range(0, total, chunk):
        digits = np.unravel_index(np.arange(first, min(first + chunk, total)), counts)
        dims = [v[d] for v, d in zip(values, digits)]
        logs = [np.log2(v)[d] for v, d in zip(values, digits)]
        cost = OUTPUTS * dims[-1]
        for l in range(LEVELS - 1):
            cost = cost + positions[l] * dims[l] * dims[l + 1]
        keep = np.ones(len(cost), dtype=bool)
        for levels, least in zip(quotients, need):
            # f[class][side]; a leaf is free on its own side and costs log2 M on the other
            f = [(0.0, logs[0]), (logs[0], 0.0)]
            for l, classes in enumerate(levels, start=1):
                g = []
                for children in classes:
                    second = logs[l] + sum(k * np.minimum(*f[c]) for c, k in children)
                    g.append(tuple(np.minimum(sum(k * f[c][s] for c, k in children), second)
                                   for s in (0, 1)))
                f = g
            keep &= np.minimum(*f[0]) >= least
        if keep.any():
            smallest = int(cost[keep].min())
            best = smallest if best is None else min(best, smallest)
    return best


def cpu_seconds():
    """Of this process and its children so far."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in used)


def seconds_of(work):
    """Best wall and CPU seconds of several runs, children included, and what the last returned."""
    wall = cpu = math.inf
    for _ in range(RUNS):
        before, used = time.perf_counter(), cpu_seconds()
        result = work()
        wall = min(wall, time.perf_counter() - before)
        cpu = min(cpu, cpu_seconds() - used)
    return wall, cpu, result


def time_entcap(entcap):
    """Rows (what, configurations, wall, CPU) and the fewest parameters found."""
    environment = dict(os.environ, OPENBLAS_NUM_THREADS="1")
    names = ["input"] + [f"r{k}" for k in range(LEVELS - 1)]
    sets = [f"--set={name}=2..20:+2" for name in names]
    wheres = [f"--where={name}>={least}" for name, least in LEAST.items()]
    million = math.prod(len(w) for w in WIDTHS)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "bench.yaml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(DESCRIPTION)

        def run(*options):
            return subprocess.run([entcap, *options, path], env=environment, check=True,
                                  capture_output=True, text=True).stdout

        def cheapest(*options):
            rows = run("sweep", "--csv", "--pareto", *options, *wheres).split()[1:]
            return min(int(row.split(",")[LEVELS]) for row in rows)

        one = seconds_of(lambda: cheapest("--threads=1", *sets))
        two = seconds_of(lambda: cheapest("--threads=2", *sets))
        ten = seconds_of(lambda: cheapest("--threads=2", "--set=input=1..100", *sets[1:]))
        flow = seconds_of(lambda: run("bound", "--method=igraph"))
    assert one[2] == two[2], (one, two)
    return [("entcap sweep, 1 thread", million, *one[:2]),
            ("entcap sweep, 2 threads", million, *two[:2]),
            ("the same, 10 x as many", 10 * million, *ten[:2]),
            ("igraph, a flow each", 1, *flow[:2])], one[2]


def main():
    rows, found = time_entcap(sys.argv[1])
    if np is None:
        print("python3-numpy is missing: nothing to compare with")
    else:
        quotients = [quotient(lambda i: int(i >= SITES // 2)), quotient(lambda i: i % 2)]
        wall, cpu, same = seconds_of(lambda: numpy_sweep(quotients))
        assert same == found, (same, found)
        rows.append(("numpy, array by array", rows[0][1], wall, cpu))
    print(f"{'':24s} {'configurations':>14s} {'wall s':>8s} {'CPU s':>8s} {'per CPU second':>15s}")
    for name, n, wall, cpu in rows:
        print(f"{name:24s} {n:14,d} {wall:8.3f} {cpu:8.3f} {n / cpu:15,.0f}")


main()
