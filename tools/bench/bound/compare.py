# SPDX-License-Identifier: GPL-3.0-or-later
"""Two bounds of a square ConvAC, by `entcap bound` and by scipy's maximum flow: whole processes, and
what each computes inside. For entcap that is all that --timings prints: it reads the description,
builds the partitions, bounds and prints; for scipy, the graph and the flow, without the imports."""
import json
import os
import sys
import tempfile

import bench

PARTITIONS = ["left-right", "interleaved"]
LARGE, SMALL = 8, 5  # 65,536 sites, which the targets are for, and 1,024


def describe(folder, levels):
    """The shape of fashion-convac: 16 channels in every layer, windows of 2 x 2."""
    path = os.path.join(folder, f"{4**levels}-sites.yaml")
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"name: bench\ninput: {{shape: [{2**levels}, {2**levels}], channels: 10}}\n")
        file.write("layers:\n")
        file.write("  - conv: {channels: 16}\n  - pool: {window: [2, 2]}\n" * levels)
        file.write(f"  - dense: {{outputs: 10}}\npartitions: [{', '.join(PARTITIONS)}]\n")
    return path


def entcap(path, *options):
    """Seconds that --timings prints, and log2 of each cut."""
    done = bench.entcap("bound", "--json", "--timings", *options, path)
    found = json.loads(done.stdout)["partitions"]
    return (sum(float(line.split()[0]) for line in done.stderr.splitlines()),
            [partition["min_cut"]["log2"] for partition in found])


def scipy(levels):
    done = bench.python("bound/maximum_flow.py", str(levels), *PARTITIONS)
    rows = [line.split() for line in done.stdout.splitlines()]
    return sum(float(row[1]) for row in rows), [float(row[2]) for row in rows]


def compare(path, levels, targets):
    entrants = {
        "entcap": lambda: entcap(path),
        "entcap --method=igraph": lambda: entcap(path, "--method=igraph"),
    }
    if not bench.lacks("scipy", "python3-scipy"):
        entrants["scipy"] = lambda: scipy(levels)
    race = bench.race(entrants)
    logs = {name: timing.results[-1][1] for name, timing in race.items()}
    for name, found in logs.items():
        if any(abs(x - y) > 1e-3 * y for x, y in zip(found, logs["entcap"])):
            sys.exit(f"{name} finds cuts of 2^{found}, entcap of 2^{logs['entcap']}")
    inside = {name: bench.Timing(min(result[0] for result in timing.results))
              for name, timing in race.items()}
    title = f"{4**levels:,} sites, min cuts of {len(PARTITIONS)} partitions"
    for what, timings, target in (("whole process", race, targets[0]),
                                  ("computation", inside, targets[1])):
        table = bench.Table(f"{title}, {what}", timings["entcap"])
        for name, timing in timings.items():
            table.add(name, timing, target=target if name == "scipy" else None)
        table.print()


def main():
    with tempfile.TemporaryDirectory() as folder:
        compare(describe(folder, LARGE), LARGE, (5, 10))
        compare(describe(folder, SMALL), SMALL, (None, None))


main()
