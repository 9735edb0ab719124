# SPDX-License-Identifier: GPL-3.0-or-later
"""A tensor network to SVG by `entcap draw`, beside Graphviz' dot and networkx with matplotlib, which
know nothing of its layers: a tree of windows of two over 64 and over 1,024 sites, with copy tensors
and the dimension of every bond written beside it. All are whole processes, entcap with the renderer
that it starts; entcap alone finds and marks the min cut, too. Every picture must show all nodes."""
import os
import re
import shutil
import sys
import tempfile

import bench

ENTCAP_NODE = re.compile(r'class="node (?:site|tensor|copy)\b')
DOT_NODE = re.compile(r'class="node"')


def describe(folder, depth):
    path = os.path.join(folder, f"tree-{depth}.yaml")
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"name: tree\ninput: {{shape: [{2**depth}], channels: 2}}\nlayers:\n")
        file.write("  - conv: {channels: 4, shared: false}\n  - pool: {window: 2}\n" * depth)
        file.write("  - dense: {outputs: 1}\npartitions: [left-right]\n")
    return path


def edges(depth):
    """The same network: (node, node, dimension). Site - W0 - copy - W1 - copy - ... - dense."""
    n = 2**depth
    yield from ((f"s{p}", f"w0_{p}", 2) for p in range(n))
    for level in range(1, depth + 1):
        n //= 2
        for p in range(n):
            copy = f"c{level}_{p}"
            yield from ((f"w{level - 1}_{2 * p + k}", copy, 4) for k in range(2))
            yield copy, f"w{level}_{p}", 4


def write_edges(folder, depth):
    """As DOT and as lines of words: both paths, and the number of nodes."""
    dot, words = (os.path.join(folder, f"tree-{depth}.{end}") for end in ("gv", "txt"))
    nodes = set()
    with open(dot, "w", encoding="utf-8") as graph, open(words, "w", encoding="utf-8") as table:
        graph.write("graph tree {\n")
        for a, b, dim in edges(depth):
            nodes |= {a, b}
            graph.write(f'{a} -- {b} [label="{dim}"];\n')
            table.write(f"{a} {b} {dim}\n")
        graph.write("}\n")
    return dot, words, len(nodes)


def count(path, pattern):
    with open(path, encoding="utf-8") as file:
        return len(pattern.findall(file.read()))


def by_entcap(path, *options):
    bench.entcap("draw", path, "-o", path + ".svg", *options)
    return count(path + ".svg", ENTCAP_NODE)


def by_dot(path):
    bench.process("dot", "-Tsvg", path, "-o", path + ".svg")
    return count(path + ".svg", DOT_NODE)


def by_networkx(path):
    return int(bench.python("draw/networkx_draw.py", path, path + ".svg").stdout)


def compare(folder, depth, peers, target):
    sites = 2**depth
    path = describe(folder, depth)
    dot, words, n_nodes = write_edges(folder, depth)
    entrants = {"entcap draw": lambda: by_entcap(path)}
    if "dot" in peers:
        entrants["dot"] = lambda: by_dot(dot)
    if "networkx" in peers:
        entrants["networkx, spring layout"] = lambda: by_networkx(words)
    race = bench.race(entrants)
    table = bench.Table(f"{sites:,} sites, {n_nodes:,} nodes to SVG, whole processes",
                        race["entcap draw"])
    for name, timing in race.items():
        for shown in timing.results:
            if shown != n_nodes:
                sys.exit(f"{name}: {shown} nodes, there are {n_nodes}")
        table.add(name, timing, target=target.get(name))
    table.print()


def main():
    peers = set()
    if shutil.which("dot") is None:
        print("no dot here (graphviz has it): nothing to compare with")
    else:
        peers.add("dot")
    if not bench.lacks("networkx", "python3-networkx") and not bench.lacks("matplotlib",
                                                                           "python3-matplotlib"):
        peers.add("networkx")
    with tempfile.TemporaryDirectory() as folder:
        compare(folder, 6, peers, {"networkx, spring layout": 10})  # for dot they are easy
        compare(folder, 10, peers - {"networkx"}, {"dot": 10})  # networkx takes minutes


main()
