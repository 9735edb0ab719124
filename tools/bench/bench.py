# SPDX-License-Identifier: GPL-3.0-or-later
"""What the sections of `make bench` share: races between programs, and tables of ratios.

    race = bench.race({"entcap": lambda: bench.entcap("bound", path), "peer": peer})
    table = bench.Table("what is compared", race["entcap"])
    table.add("entcap bound, whole process", race["entcap"])
    table.add("peer", race["peer"], target=10)
    table.print()

A section compares results, too, and fails (sys.exit with a message) where they differ. It says so
and goes on where a peer is not installed (bench.lacks).
"""
import gzip
import importlib.util
import json
import math
import os
import resource
import subprocess
import sys
import time
from dataclasses import dataclass, field

BUILD = os.environ.get("BUILD", "build")
FASHION = "/usr/share/datasets/fashion-mnist/train-"


@dataclass
class Timing:
    """Least seconds, children included, and what each round returned. cpu is None where it is not
    known, for a part of a process."""

    wall: float
    cpu: float = None
    results: list = field(default_factory=list)


def lacks(module, package):
    """Is a Python module missing? Then say which package has it."""
    missing = importlib.util.find_spec(module) is None
    if missing:
        print(f"no {module} here ({package} has it): nothing to compare with")
    return missing


def process(*command):
    """Run a process that must succeed: .stdout and .stderr. A failure ends the section."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}: exit {done.returncode}\n{done.stderr}")
    return done


def entcap(*arguments):
    """Run entcap."""
    return process(os.path.join(BUILD, "entcap"), *arguments)


def python(script, *arguments):
    """Run a script of tools/bench by a Python of its own."""
    return process("/usr/bin/python3", os.path.join("tools/bench", script), *arguments)


def lacks_fashion_mnist():
    """Is there no Fashion-MNIST, or nothing to read it with? Then it says so."""
    if lacks("numpy", "python3-numpy"):
        return True
    if os.path.exists(FASHION + "labels-idx1-ubyte.gz"):
        return False
    print("left out: dataset-fashion-mnist is not installed")
    return True


def fashion_mnist(n):
    """The first n training images (n, 28, 28) and their labels."""
    import numpy as np
    with gzip.open(FASHION + "images-idx3-ubyte.gz") as file:
        images = np.frombuffer(file.read(), np.uint8, offset=16).reshape(-1, 28, 28)[:n]
    with gzip.open(FASHION + "labels-idx1-ubyte.gz") as file:
        labels = np.frombuffer(file.read(), np.uint8, offset=8)[:n]
    return images, labels


def check_labels(arguments, n, right):
    """`entcap predict` must be right as often on n samples, but for ties in the last bits."""
    found = json.loads(entcap("predict", "--json", f"--limit={n}", *arguments).stdout)["right"]
    if abs(found - right) > n / 1000:
        sys.exit(f"of {n} labels the peer has {right} right, entcap {found}")


def cpu_seconds():
    """Of this process and its children so far."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in used)


def race(entrants, rounds=7, most_seconds=10):
    """Timing of each entrant, a call without arguments: the best of several rounds, in which they
    take turns, so that a busy moment of the machine meets all of them. An entrant that has used
    `most_seconds` drops out."""
    best = {name: Timing(math.inf, math.inf) for name in entrants}
    used = dict.fromkeys(entrants, 0.0)
    for _ in range(rounds):
        for name, call in entrants.items():
            if used[name] >= most_seconds:
                continue
            wall, cpu = time.perf_counter(), cpu_seconds()
            best[name].results.append(call())
            wall, cpu = time.perf_counter() - wall, cpu_seconds() - cpu
            used[name] += wall
            best[name].wall = min(best[name].wall, wall)
            best[name].cpu = min(best[name].cpu, cpu)
    return best


class Table:
    """Rows of one comparison. A ratio says how many times as long as `reference` (entcap) a row
    takes: wall seconds for each item, of which `items` are done. A row with a target is met if its
    ratio is at least that."""

    def __init__(self, title, reference, items=1):
        self.title, self.unit, self.rows = title, reference.wall / items, []

    def add(self, name, timing, items=1, target=None, note=""):
        """`note` stands at the end of the row: what limits it, or what it leaves out."""
        self.rows.append((name, timing, timing.wall / items / self.unit, target, note))

    def print(self):
        width = max(len(row[0]) for row in self.rows)
        print(f"{self.title}\n{'':{width}}  {'wall s':>9} {'CPU s':>9} {'ratio':>8}  target")
        for name, timing, ratio, target, note in self.rows:
            cpu = "" if timing.cpu is None else f"{timing.cpu:.4f}"
            shown = f"{ratio:.3g}" if ratio < 1000 else f"{ratio:,.0f}"
            met = "" if target is None else f">= {target:,} " + ("met" if ratio >= target else "MISSED")
            end = f"{met}  {note}" if note and target is None else f"{note + '  ' if note else ''}{met}"
            print(f"{name:{width}}  {timing.wall:9.4f} {cpu:>9} {shown:>8}  {end}".rstrip())
        print()
