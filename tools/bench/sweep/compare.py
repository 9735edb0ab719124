# SPDX-License-Identifier: GPL-3.0-or-later
"""A million configurations by `entcap sweep`, beside the vectorised recursion in numpy and beside a
maximum flow for each configuration. All report the smallest number of parameters of a configuration
with a left-right rank of at least 8 and an interleaved rank of at least 2^300, and must agree.
entcap is a whole process that starts, reads, plans, filters and prints the configurations that no
other beats; numpy is shown with and without its start, igraph as a whole process for one
configuration (`entcap bound --method=igraph`)."""
import os
import sys
import tempfile

import bench

LEVELS, VALUES, MORE_VALUES = 6, "2..20:+2", "1..100"
MILLION = 10**LEVELS
LEAST = {"left-right": 8, "interleaved": 2**300}
WAYS = {"numpy": MILLION, "numpy, in blocks that fit the cache": 2**15}


def describe(folder):
    path = os.path.join(folder, "row.yaml")
    with open(path, "w", encoding="utf-8") as file:
        file.write("name: bench\ninput: {shape: [1024], channels: 2}\nlayers:\n")
        file.write("  - conv: {channels: 2, shared: false}\n  - pool: {window: 4}\n" * (LEVELS - 1))
        file.write(f"  - dense: {{outputs: 10}}\npartitions: [{', '.join(LEAST)}]\n")
    return path


def entcap(path, threads, first_values=VALUES):
    """The fewest parameters."""
    names = ["input"] + [f"r{k}" for k in range(LEVELS - 1)]
    values = [first_values] + [VALUES] * (LEVELS - 1)
    rows = bench.entcap("sweep", "--csv", "--pareto", f"--threads={threads}",
                        *(f"--set={name}={value}" for name, value in zip(names, values)),
                        *(f"--where={name}>={least}" for name, least in LEAST.items()),
                        path).stdout.split()[1:]
    return min(int(row.split(",")[LEVELS]) for row in rows)


def numpy(chunk):
    """Seconds without the start, and the fewest parameters."""
    values = [str(value) for value in range(2, 22, 2)]
    seconds, best = bench.python("sweep/numpy_sweep.py", str(chunk), *map(str, LEAST.values()),
                                 *values).stdout.split()
    return float(seconds), int(best)


def main():
    with tempfile.TemporaryDirectory() as folder:
        path = describe(folder)
        entrants = {
            "entcap": lambda: entcap(path, 1),
            "entcap, 2 threads": lambda: entcap(path, 2),
            "entcap, 2 threads, 10 x as many": lambda: entcap(path, 2, MORE_VALUES),
            "entcap bound, igraph, one": lambda: bench.entcap("bound", "--method=igraph", path),
        }
        if not bench.lacks("numpy", "python3-numpy"):
            entrants |= {way: lambda chunk=chunk: numpy(chunk) for way, chunk in WAYS.items()}
        race = bench.race(entrants, rounds=20)
    fewest = race["entcap"].results[-1]
    table = bench.Table(f"{MILLION:,} configurations, 1024 sites, 2 partitions", race["entcap"],
                        MILLION)
    table.add("entcap", race["entcap"], MILLION)
    table.add("entcap, 2 threads", race["entcap, 2 threads"], MILLION)
    table.add("entcap, 2 threads, 10 x as many", race["entcap, 2 threads, 10 x as many"],
              10 * MILLION)
    for way in WAYS:
        if way not in race:
            continue
        if race[way].results[-1][1] != fewest:
            sys.exit(f"{way}: {race[way].results[-1][1]} parameters, entcap {fewest}")
        inside = bench.Timing(min(result[0] for result in race[way].results))
        table.add(way, race[way], MILLION)
        table.add(f"{way}, without its start", inside, MILLION, target=10)
    table.add("igraph, one configuration", race["entcap bound, igraph, one"], 1, target=1000)
    table.print()


main()
